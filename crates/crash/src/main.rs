//! A program to be killed: 64 clients of one desk, each saying what it tries before and what was acknowledged after.
//!
//! `midwatch-crash DATA LOCATION ROUND CLIENTS` opens the desk in the folder DATA at LOCATION (a `postgres://` address or the
//! path of a SQLite file). From its input it first reads commands to repeat, one a line, until an empty line. Then CLIENTS
//! clients work until it is killed; with 0 clients it ends.
//!
//! Lines it writes: `try KEY open` or `try KEY note NUMBER`, then `ack KEY NUMBER`. A key is the idempotency key of a command
//! and stands in the text it writes, so that the record shows how often it was done.

use midwatch_desk::act::{Conditions, Done};
use midwatch_desk::{Desk, Fault, Settings};
use midwatch_domain::access::Viewer;
use midwatch_domain::id::TicketNo;
use midwatch_domain::ticket::{AddNote, Open};
use midwatch_domain::words::Origin;
use midwatch_store::Location;
use std::collections::BTreeSet;
use std::error::Error;
use std::io::{BufRead, Write};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || {
        arguments
            .next()
            .ok_or("expected DATA LOCATION ROUND CLIENTS")
    };
    let (data, location, round, clients) = (next()?, next()?, next()?, next()?.parse::<u32>()?);
    let location = if location.starts_with("postgres://") {
        Location::Postgres(location)
    } else {
        Location::sqlite(location)
    };
    let settings = Settings {
        location,
        readers: 1,
        ..Settings::in_folder(data)
    };
    let opened = tokio::task::spawn_blocking(move || -> Result<(Desk, Viewer), Fault> {
        let desk = Desk::open(settings)?;
        let viewer = somebody(&desk)?;
        Ok((desk, viewer))
    });
    let (desk, viewer) = opened.await??;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        match line.split(' ').collect::<Vec<_>>()[..] {
            [key, "open"] => open(&desk, &viewer, key).await?,
            [key, "note", number] => note(&desk, &viewer, key, number.parse()?).await?,
            _ => break,
        };
    }
    let mut running = Vec::new();
    for client in 0..clients {
        let (desk, viewer, round) = (desk.clone(), viewer.clone(), round.clone());
        running.push(tokio::spawn(async move {
            let ticket = open(&desk, &viewer, &format!("{round}.{client}.0")).await?;
            for n in 1_u64.. {
                let key = format!("{round}.{client}.{n}");
                if n % 4 == 0 {
                    open(&desk, &viewer, &key).await?;
                } else {
                    note(&desk, &viewer, &key, ticket).await?;
                }
            }
            Ok::<(), Fault>(())
        }));
    }
    for client in running {
        client.await??;
    }
    Ok(())
}

/// Anybody who can own tickets.
fn somebody(desk: &Desk) -> Result<Viewer, Fault> {
    let directory = desk.store.read(|tx| desk.store.directory(tx))?;
    let person = directory.people.values().find(|p| p.can_own());
    let person = person.ok_or_else(|| midwatch_domain::Refusal::missing("person"))?;
    Ok(Viewer::person(
        person.id.clone(),
        person.role,
        BTreeSet::new(),
    ))
}

fn once(key: &str) -> Conditions {
    Conditions {
        idempotency: Some((key.to_owned(), "same".to_owned())),
        if_version: None,
    }
}

async fn open(desk: &Desk, viewer: &Viewer, key: &str) -> Result<TicketNo, Fault> {
    say(&format!("try {key} open"));
    let open: Open = serde_json::from_value(serde_json::json!({ "title": key }))
        .map_err(|e| midwatch_store::StoreError::Corrupt(e.to_string()))?;
    let done = desk
        .open_ticket(viewer.clone(), open, Origin::Api, once(key))
        .await?;
    Ok(acknowledged(key, &done))
}

async fn note(
    desk: &Desk,
    viewer: &Viewer,
    key: &str,
    number: TicketNo,
) -> Result<TicketNo, Fault> {
    say(&format!("try {key} note {number}"));
    let note = AddNote {
        text: key.to_owned(),
        occurred_at: None,
        observables: None,
    };
    let done = desk.act(viewer.clone(), number, note, once(key)).await?;
    Ok(acknowledged(key, &done))
}

fn acknowledged(key: &str, done: &Done) -> TicketNo {
    say(&format!("ack {key} {}", done.ticket));
    done.ticket
}

/// Writes a line in one piece. When nobody reads any more, it is time to end.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    if out
        .write_all(format!("{line}\n").as_bytes())
        .and_then(|()| out.flush())
        .is_err()
    {
        std::process::exit(1);
    }
}
