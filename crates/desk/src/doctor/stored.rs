//! What is stored: schema, durability, clock, checkpoints, people who must be there, the record, evidence.

use midwatch_domain::moment::Moment;
use midwatch_store::{Head, Location, StoreError, checkpoint, health, log, migrate, rows};

use super::{Check, Level, check, running};
use crate::Desk;

/// Entries that a quick look verifies.
const QUICK: i64 = 1000;
/// Evidence files that a quick look asks for.
const SAMPLE: i64 = 100;
const MINUTE_MS: i64 = 60_000;

type Part = (&'static str, fn(&Desk, bool) -> Result<Check, StoreError>);

pub(super) fn checks(desk: &Desk, full: bool) -> Vec<Check> {
    let parts: [Part; 15] = [
        ("database", schema),
        ("durability", durability),
        ("clock", clock),
        ("clock skew", running::skew),
        ("nodes", running::nodes),
        ("engine", running::engine),
        ("audit", running::audit),
        ("checkpoints", checkpoints),
        ("last resort", last_resort),
        ("owners", owners),
        ("time zone", time_zone),
        ("record", record),
        ("evidence", evidence),
        ("channels", super::post::channels),
        ("messages", super::post::messages),
    ];
    let look = |(name, part): Part| {
        part(desk, full).unwrap_or_else(|e| check(name, Level::Fail, format!("{e}.")))
    };
    parts.into_iter().map(look).collect()
}

fn schema(desk: &Desk, _: bool) -> Result<Check, StoreError> {
    let at = desk.store.read(migrate::schema)?;
    let engine = match desk.store.location() {
        Location::Sqlite { path, .. } => format!("SQLite, {}", path.display()),
        Location::Postgres(_) => "PostgreSQL".to_owned(),
    };
    Ok(check(
        "database",
        Level::Ok,
        format!("{engine}; schema {at} of {}", migrate::newest()),
    ))
}

fn durability(desk: &Desk, _: bool) -> Result<Check, StoreError> {
    let mut set = desk.store.read(health::durability)?;
    if let Location::Sqlite { synchronous, .. } = desk.store.location() {
        set.push(("synchronous", synchronous.to_lowercase()));
    }
    let safe = |(name, value): &(&str, String)| match *name {
        "journal_mode" => value == "wal",
        "synchronous" => value == "full" || value == "extra",
        _ => value != "off",
    };
    let says: Vec<String> = set.iter().map(|(n, v)| format!("{n}={v}")).collect();
    Ok(if set.iter().all(safe) {
        check("durability", Level::Ok, says.join(", "))
    } else {
        check(
            "durability",
            Level::Fail,
            format!(
                "{}: acknowledged work can get lost. Switch full durability on.",
                says.join(", ")
            ),
        )
    })
}

fn head(desk: &Desk) -> Result<Head, StoreError> {
    desk.store.read(rows::head::read)
}

fn clock(desk: &Desk, _: bool) -> Result<Check, StoreError> {
    let (now, last) = (desk.store.now(), head(desk)?.recorded_at);
    let behind = last.since(now);
    Ok(if behind > MINUTE_MS {
        let seconds = behind / 1000;
        check(
            "clock",
            Level::Fail,
            format!(
                "It is {now} here, but the last entry was recorded at {last}, {seconds} s later. Set the clock (NTP)."
            ),
        )
    } else {
        check(
            "clock",
            Level::Ok,
            format!("{now}, not before the last entry"),
        )
    })
}

fn checkpoints(desk: &Desk, _: bool) -> Result<Check, StoreError> {
    let head = head(desk)?;
    let Some(last) = desk.store.read(checkpoint::last)? else {
        return Ok(match head.seq {
            0 => check("checkpoints", Level::Ok, "nothing to sign yet"),
            _ => check(
                "checkpoints",
                Level::Warn,
                "There is none yet. One is made within a minute while `midwatch serve` runs.",
            ),
        });
    };
    if let Err(why) = checkpoint::open(&last.note, &desk.key().verifying_key()) {
        return Ok(check(
            "checkpoints",
            Level::Fail,
            format!(
                "{why} This folder has not the record's key: copy checkpoint.key from another node or a backup."
            ),
        ));
    }
    let waiting = desk
        .store
        .now()
        .since(Moment(head.recorded_at.0.min(desk.store.now().0)));
    Ok(if head.seq > last.seq && waiting > 10 * MINUTE_MS {
        let entries = head.seq - last.seq;
        check(
            "checkpoints",
            Level::Warn,
            format!(
                "{entries} entries wait for a checkpoint since {}. Does `midwatch serve` run?",
                last.at
            ),
        )
    } else {
        check(
            "checkpoints",
            Level::Ok,
            format!(
                "the newest vouches for entry {} of {}, made at {}",
                last.seq, head.seq, last.at
            ),
        )
    })
}

fn last_resort(desk: &Desk, _: bool) -> Result<Check, StoreError> {
    let directory = desk.store.read(|tx| desk.store.directory(tx))?;
    let Some(organisation) = &directory.organisation else {
        return Ok(check(
            "last resort",
            Level::Warn,
            "Midwatch is not set up yet. Open the one-time link that `midwatch serve` prints.",
        ));
    };
    Ok(match directory.owner(&organisation.last_resort) {
        Some(p) => check(
            "last resort",
            Level::Ok,
            format!("{} is responsible when nobody else is", p.name),
        ),
        None => check(
            "last resort",
            Level::Fail,
            "The last-resort person cannot own tickets. Name another one under People.",
        ),
    })
}

fn owners(desk: &Desk, _: bool) -> Result<Check, StoreError> {
    let (directory, owners) = desk
        .store
        .read(|tx| Ok::<_, StoreError>((desk.store.directory(tx)?, health::owners(tx)?)))?;
    let cannot: Vec<String> = owners
        .iter()
        .filter(|(p, _)| directory.owner(p).is_none())
        .map(|(p, n)| format!("{} ({n})", directory.name(p)))
        .collect();
    let open: i64 = owners.iter().map(|(_, n)| n).sum();
    Ok(if cannot.is_empty() {
        check(
            "owners",
            Level::Ok,
            format!("{open} open tickets, each with an owner who can act"),
        )
    } else {
        check(
            "owners",
            Level::Fail,
            format!(
                "Open tickets belong to people who cannot act: {}. A lead must release them.",
                cannot.join(", ")
            ),
        )
    })
}

fn time_zone(desk: &Desk, _: bool) -> Result<Check, StoreError> {
    let directory = desk.store.read(|tx| desk.store.directory(tx))?;
    let name = directory
        .organisation
        .as_ref()
        .map_or("UTC", |o| o.time_zone.as_str());
    Ok(match jiff::tz::TimeZone::get(name) {
        Ok(_) => check("time zone", Level::Ok, name),
        Err(e) => check(
            "time zone",
            Level::Fail,
            format!("{name} is not known: {e}. Choose another one in the organisation."),
        ),
    })
}

fn record(desk: &Desk, full: bool) -> Result<Check, StoreError> {
    if full {
        let finding = desk.verify(|_| {})?;
        return Ok(match finding.problems.first() {
            None => check(
                "record",
                Level::Ok,
                format!(
                    "{} entries hold, {} checkpoints",
                    finding.entries, finding.checkpoints
                ),
            ),
            Some(p) => check(
                "record",
                Level::Fail,
                format!(
                    "entry {}: {}. Keep the data as they are and look for who altered them.",
                    p.seq, p.what
                ),
            ),
        });
    }
    let (head, from, mut hash, entries) = desk.store.read(|tx| {
        let head = rows::head::read(tx)?;
        let from = (head.seq - QUICK).max(0);
        Ok::<_, StoreError>((
            head,
            from,
            log::hash(tx, from)?,
            log::after(tx, from, QUICK + 1)?,
        ))
    })?;
    for (expected, e) in (from + 1..).zip(&entries) {
        if e.seq != expected || e.compute_hash(&hash) != e.hash {
            return Ok(check(
                "record",
                Level::Fail,
                format!(
                    "Entry {expected} does not hold. Run `midwatch verify` for the whole record."
                ),
            ));
        }
        hash = e.hash;
    }
    Ok(if hash == head.hash {
        check(
            "record",
            Level::Ok,
            format!(
                "the last {} of {} entries hold; `midwatch verify` looks at all",
                entries.len(),
                head.seq
            ),
        )
    } else {
        check(
            "record",
            Level::Fail,
            format!(
                "The record does not end at entry {} as it says. Run `midwatch verify`.",
                head.seq
            ),
        )
    })
}

fn evidence(desk: &Desk, full: bool) -> Result<Check, StoreError> {
    let (mut before, mut looked, mut missing) = (i64::MAX, 0, Vec::new());
    loop {
        let page = desk
            .store
            .read(|tx| health::latest_of_kind(tx, "evidence_attached", before, SAMPLE))?;
        let Some(oldest) = page.last() else { break };
        before = oldest.seq;
        for e in &page {
            let payload = e.payload();
            let digest = payload
                .get("sha256")
                .and_then(|v| v.as_str())
                .unwrap_or_default();
            let well = if full {
                desk.store.blobs().rehash(digest).as_deref() == Some(digest)
            } else {
                desk.store.blobs().open(digest).is_ok()
            };
            looked += 1;
            if !well {
                missing.push(digest.to_owned());
            }
        }
        if !full {
            break;
        }
    }
    let what = if full {
        "are there and unaltered"
    } else {
        "are there"
    };
    Ok(if missing.is_empty() {
        check("evidence", Level::Ok, format!("{looked} files {what}"))
    } else {
        missing.truncate(5);
        check(
            "evidence",
            Level::Fail,
            format!(
                "Files are missing or altered: {}. Restore them from a backup.",
                missing.join(", ")
            ),
        )
    })
}
