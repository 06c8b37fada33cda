//! Time: steps of the clock are written into the record, and the node's clock is held against that of the database's server.

use midwatch_domain::actor::Actor;
use midwatch_domain::revise::ClockJumped;
use midwatch_store::{Fault, StoreError, health, rows};

use crate::Desk;
use crate::clock::Keeper;

/// Records the steps that the clock has made since.
pub(super) async fn record_jumps(desk: &Desk) -> Result<(), Fault> {
    let Some(keeper) = &desk.keeper else {
        return Ok(());
    };
    // A step is seen when the clock is read, and told before anything is done by it.
    keeper.now();
    let jumps = keeper.jumps();
    if jumps.is_empty() {
        return Ok(());
    }
    let node = desk.vitals.name().to_owned();
    let told: Vec<ClockJumped> = jumps
        .iter()
        .map(|j| ClockJumped {
            node: node.clone(),
            by_ms: j.by_ms,
            wall: j.wall,
            now: j.now,
        })
        .collect();
    for t in &told {
        tracing::warn!(node = t.node, by_ms = t.by_ms, "{}", t.say());
    }
    let write = desk.store.write(move |w| {
        for t in &told {
            let serde_json::Value::Object(payload) =
                serde_json::to_value(t).map_err(|e| StoreError::Corrupt(e.to_string()))?
            else {
                return Err(StoreError::Corrupt(
                    "a step of the clock is not an object".into(),
                ));
            };
            let (kind, version) = (ClockJumped::KIND, ClockJumped::VERSION);
            w.append(&Actor::System, None, kind, version, None, payload)?;
        }
        Ok(())
    });
    write.await?;
    keeper.recorded(jumps.len());
    Ok(())
}

/// Goes on from the last entry of the record if the clock is behind it. Another node's clock may have leapt ahead before it was
/// corrected: what is opened now is recorded by that time, and must not wait until this node's clock is there.
pub(super) async fn follow_record(desk: &Desk) -> Result<(), Fault> {
    if desk.keeper.is_none() {
        return Ok(());
    }
    let head = desk.blocking(|d| Ok(d.store.read(rows::head::read)?));
    let last = head.await?.recorded_at;
    if let Some(keeper) = &desk.keeper {
        keeper.not_before(last);
    }
    Ok(())
}

/// Holds the node's clock against that of the database's server, which all nodes share, and goes by that if they differ.
/// Blocks.
pub(crate) fn compare(desk: &Desk) -> Result<(), StoreError> {
    let Some(keeper) = &desk.keeper else {
        return Ok(());
    };
    let measured = desk.store.read(|tx| {
        // The first time readies the statement and the connection; the second one counts.
        if health::server_clock(tx)?.is_none() {
            return Ok(None);
        }
        let before = keeper.reading();
        let server = health::server_clock(tx)?;
        Ok::<_, StoreError>(server.map(|s| (before, s, keeper.reading())))
    })?;
    if let Some((before, server, after)) = measured {
        tell(keeper, keeper.compare(before, server, after));
    }
    Ok(())
}

fn tell(keeper: &Keeper, correction: Option<i64>) {
    match correction {
        Some(0) => tracing::info!("the clock agrees with the database's server again"),
        Some(ms) => tracing::warn!(
            by_ms = ms,
            "the clock of this node is wrong: it goes by the clock of the database's server until that is mended"
        ),
        None => tracing::debug!(skew_ms = keeper.skew_ms(), "the clock was compared"),
    }
}
