//! Works off what sources have brought: reads it, takes the alerts over, parks what cannot be read; wakes alerts that slept or
//! waited too long; tells of sources that are silent.

use alerts::Alert;
use midwatch_domain::access::Viewer;
use midwatch_domain::alert_source::AlertSource;
use midwatch_domain::moment::Moment;
use midwatch_domain::ticket::Open;
use midwatch_domain::words::{Origin, Severity};
use midwatch_store::plain::inbound::{self, Inbound};
use midwatch_store::{Fault, StoreError, WriteTx};
use std::time::Duration;
use tokio::sync::watch;

use super::caught;
use crate::Desk;
use crate::act::{Conditions, open};
use crate::intake;

/// Name of this part of the engine.
pub(super) const PART: &str = "intake of alerts";
/// How often it is looked whether something waits, if nobody says so.
const EVERY: Duration = Duration::from_secs(2);
/// Bodies that are read at once.
const PAGE: i64 = 200;
/// Alerts that are taken over in one write, so that people need not wait long.
const AT_ONCE: usize = 250;
/// For how long bodies that were worked off are kept, in milliseconds: 90 days.
const KEPT_MS: i64 = 90 * 24 * 3_600_000;

/// A body, read or not.
#[derive(Clone)]
struct Read {
    id: i64,
    source: AlertSource,
    alerts: Result<Vec<Alert>, String>,
}

/// Works off what comes, until told to stop.
pub(super) async fn run(desk: Desk, mut stop: watch::Receiver<bool>) {
    let mut timer = tokio::time::interval(EVERY);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = timer.tick() => {}
            () = desk.inbound.notified() => {}
            _ = stop.wait_for(|s| *s) => return,
        }
        let at = desk.clone();
        match caught(async move { at.work_intake().await.map(drop) }).await {
            Ok(()) if desk.vitals.ran(PART, desk.store.now()) => {
                tracing::info!(part = PART, "background work goes on");
            }
            Ok(()) => {}
            Err(e) => {
                if desk.vitals.failed(PART, e.to_string()) {
                    tracing::error!(part = PART, error = %e, "background work failed and will be tried again");
                }
            }
        }
    }
}

impl Desk {
    /// Works off everything that waits, wakes alerts whose time has come, tells of silent sources; how many bodies.
    ///
    /// # Errors
    /// Storage failed; the next time goes on from there.
    pub async fn work_intake(&self) -> Result<u64, Fault> {
        let mut done = 0;
        loop {
            let page = self.blocking(read_page).await?;
            if page.is_empty() {
                break;
            }
            done += page.len() as u64;
            let mut batch = Vec::new();
            let mut held = 0;
            for one in page {
                held += one.alerts.as_ref().map_or(1, Vec::len).max(1);
                batch.push(one);
                if held >= AT_ONCE {
                    self.take_over(std::mem::take(&mut batch)).await?;
                    held = 0;
                }
            }
            self.take_over(batch).await?;
        }
        while self.store.write(intake::due).await? > 0 {}
        self.tell_silence().await?;
        Ok(done)
    }

    /// Takes over what was read: whole bodies together while they are small, a large one piece by piece.
    async fn take_over(&self, batch: Vec<Read>) -> Result<(), Fault> {
        for mut one in batch_up(batch) {
            // What comes before the last piece is taken without the body being done: after a crash it is taken again, which
            // changes nothing.
            if let [only] = one.as_mut_slice()
                && let Ok(alerts) = &mut only.alerts
            {
                while alerts.len() > AT_ONCE {
                    let rest = alerts.split_off(AT_ONCE);
                    let piece = std::mem::replace(alerts, rest);
                    let (id, source) = (only.id, only.source.clone());
                    self.store
                        .write(move |w| intake::take(w, &source, id, &piece))
                        .await?;
                }
            }
            let one = std::sync::Arc::new(one);
            let all = one.clone();
            match self.store.write(move |w| finish(w, &all)).await {
                Err(fault) if !is_passing(&fault) => self.one_by_one(&one, fault).await?,
                done => done?,
            }
        }
        Ok(())
    }

    /// A body that cannot be taken over must not keep the others waiting: each alone, and the one that fails is parked.
    async fn one_by_one(&self, batch: &[Read], fault: Fault) -> Result<(), Fault> {
        if let [only] = batch {
            let (id, source, why) = (only.id, only.source.id.clone(), fault.to_string());
            tracing::error!(inbound = id, error = %why, "a body cannot be taken over and is parked");
            return self
                .store
                .write(move |w| {
                    let now = w.now;
                    if inbound::park(&mut w.tx, id, &why)? {
                        inbound::wrong(&mut w.tx, source.as_str(), &why, now)?;
                    }
                    Ok(())
                })
                .await;
        }
        for only in batch {
            let one = vec![only.clone()];
            match self.store.write(move |w| finish(w, &one)).await {
                Err(fault) if !is_passing(&fault) => {
                    Box::pin(self.one_by_one(std::slice::from_ref(only), fault)).await?;
                }
                done => done?,
            }
        }
        Ok(())
    }

    /// Raises a ticket for each source that has not been heard for longer than it is expected to be silent.
    async fn tell_silence(&self) -> Result<(), Fault> {
        let silent = self.blocking(|d| {
            let now = d.store.now();
            d.store.read(|tx| {
                let directory = d.store.directory(tx)?;
                let mut silent = Vec::new();
                for s in directory.alert_sources.values().filter(|s| s.is_heard()) {
                    if let Some(minutes) = s.expect_minutes {
                        let state = inbound::state(tx, s.id.as_str())?;
                        if is_silent(&state, minutes, now) {
                            silent.push(s.clone());
                        }
                    }
                }
                Ok::<_, Fault>(silent)
            })
        });
        for source in silent.await? {
            self.store.write(move |w| raise(w, &source)).await?;
        }
        Ok(())
    }

    /// Forgets bodies that were worked off long ago; how many.
    pub(super) async fn forget_inbound(&self) -> Result<u64, Fault> {
        let forgotten = self.store.write(|w| {
            let before = w.now.plus_ms(-KEPT_MS);
            Ok::<_, Fault>(inbound::forget(&mut w.tx, before, 2000)?)
        });
        forgotten.await
    }
}

/// Whether trying again may help.
fn is_passing(fault: &Fault) -> bool {
    matches!(fault, Fault::Store(StoreError::Unavailable(_)))
}

/// A source that was never heard has not begun, and one is told of once.
fn is_silent(state: &inbound::SourceState, minutes: i64, now: Moment) -> bool {
    state.silent_at.is_none()
        && state
            .heard_at
            .is_some_and(|heard| now.since(heard) > minutes * 60_000)
}

fn read_page(desk: &Desk) -> Result<Vec<Read>, Fault> {
    let (waiting, directory) = desk.store.read(|tx| {
        let waiting = inbound::waiting(tx, PAGE)?;
        Ok::<_, Fault>((waiting, desk.store.directory(tx)?))
    })?;
    let mut out = Vec::with_capacity(waiting.len());
    for body in waiting {
        let source = body.source.parse().ok();
        let source = source.and_then(|id| directory.alert_sources.get(&id));
        let Some(source) = source else {
            // Its source was deleted before it was read; nothing says any more how.
            out.push(Read {
                id: body.id,
                source: nameless(&body)?,
                alerts: Err("Its source was deleted before it was read.".into()),
            });
            continue;
        };
        let read = alerts::read(source.format, source.mapping.as_ref(), &body.body);
        let alerts = read.map_err(|fault| fault.to_string()).map(|mut alerts| {
            alerts.iter_mut().for_each(intake::observe);
            alerts
        });
        out.push(Read {
            id: body.id,
            source: source.clone(),
            alerts,
        });
    }
    Ok(out)
}

fn nameless(body: &Inbound) -> Result<AlertSource, Fault> {
    let known = serde_json::json!({ "id": body.source, "name": body.source, "format": "generic" });
    let read = serde_json::from_value(known);
    read.map_err(|e| StoreError::Corrupt(e.to_string()).into())
}

/// Small bodies together, each large one alone.
fn batch_up(batch: Vec<Read>) -> Vec<Vec<Read>> {
    let mut out: Vec<Vec<Read>> = Vec::new();
    let mut room = 0;
    for one in batch {
        let size = one.alerts.as_ref().map_or(1, Vec::len).max(1);
        match out.last_mut() {
            Some(last) if size <= room => {
                last.push(one);
                room -= size;
            }
            _ => {
                room = AT_ONCE.saturating_sub(size);
                out.push(vec![one]);
            }
        }
    }
    out
}

fn finish(w: &mut WriteTx<'_>, batch: &[Read]) -> Result<(), Fault> {
    let now = w.now;
    for one in batch {
        match &one.alerts {
            Ok(alerts) => {
                let n = i64::try_from(alerts.len()).unwrap_or(i64::MAX);
                // Another node may have been quicker.
                if inbound::done(&mut w.tx, one.id, n)? {
                    intake::take(w, &one.source, one.id, alerts)?;
                    inbound::was_read(&mut w.tx, one.source.id.as_str(), n)?;
                }
            }
            Err(error) => {
                if inbound::park(&mut w.tx, one.id, error)? {
                    inbound::wrong(&mut w.tx, one.source.id.as_str(), error, now)?;
                }
            }
        }
    }
    Ok(())
}

fn raise(w: &mut WriteTx<'_>, source: &AlertSource) -> Result<(), Fault> {
    let now = w.now;
    if !inbound::silent(&mut w.tx, source.id.as_str(), now)? {
        return Ok(());
    }
    let minutes = source.expect_minutes.unwrap_or_default();
    let command = Open {
        title: format!("The source “{}” is silent", source.name),
        description: format!(
            "Nothing was heard of the source “{}” for more than {minutes} minutes. Look whether it still runs and still reaches Midwatch: what happens there now is seen by nobody.",
            source.name
        ),
        template: None,
        kind: None,
        severity: Some(Severity::High),
        tlp: None,
        pap: None,
        tags: ["silent-source".to_owned()].into(),
        fields: Default::default(),
        team: source.team.clone(),
        discovered_at: None,
        observables: Some(Vec::new()),
    };
    let conditions = Conditions::default();
    open(w, &Viewer::system(), &command, Origin::System, &conditions)?;
    Ok(())
}
