//! What is measured with: a desk with one analyst, tickets as real ones are, and the requests.

use midwatch_desk::act::{Conditions, act, open};
use midwatch_desk::{Desk, Settings, begin};
use midwatch_domain::access::{Role, TokenScope, Viewer};
use midwatch_domain::id::{PersonId, TicketNo};
use midwatch_domain::ticket::{AddNote, Close, Command, Open};
use midwatch_domain::words::{Origin, Outcome};
use midwatch_store::{Fault, Location, verify};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use crate::demo::dice::Dice;

/// Pages that are read, with `{n}` a ticket's number.
pub const READS: &[(&str, &str)] = &[
    ("queue page", "/tickets"),
    (
        "filtered list by the API",
        "/api/v1/tickets?q=is:open+severity%3E%3Dhigh+tag:vpn&limit=50",
    ),
    (
        "full-text search by the API",
        "/api/v1/tickets?q=quarterly+harbour&limit=50",
    ),
    ("ticket page", "/tickets/MW-{n}"),
    ("ticket by the API", "/api/v1/tickets/MW-{n}"),
];

const WORDS: &[&str] = &[
    "login",
    "failed",
    "address",
    "harbour",
    "gateway",
    "script",
    "mail",
    "attachment",
    "token",
    "session",
    "process",
    "network",
    "quarterly",
    "invoice",
    "portal",
    "upload",
    "denied",
    "vpn",
    "account",
    "review",
    "unusual",
    "transfer",
    "device",
    "lost",
    "report",
    "service",
    "query",
    "admin",
    "night",
    "country",
];

/// What a desk under measurement is opened with.
pub fn settings(folder: &Path, url: Option<&str>) -> Settings {
    let settings = Settings::in_folder(folder);
    match url {
        Some(url) => Settings {
            location: Location::Postgres(url.to_owned()),
            ..settings
        },
        None => settings,
    }
}

/// The organisation under measurement.
pub fn organisation() -> begin::Begin {
    begin::Begin {
        organisation: "Bench".into(),
        time_zone: "UTC".into(),
        name: "Bench".into(),
        email: "bench@example.org".into(),
    }
}

/// Sets a desk up; the secret of a token that may do everything.
///
/// # Errors
/// Says what failed.
pub fn prepare(folder: &Path, url: Option<&str>) -> Result<String, String> {
    let settings = settings(folder, url);
    let work = move || {
        let desk = Desk::open(settings).map_err(|e| e.to_string())?;
        let me = desk
            .store
            .write_blocking(move |w| begin::begin(w, &organisation()))
            .map_err(|e| e.to_string())?;
        let scopes: BTreeSet<TokenScope> = TokenScope::ALL.iter().copied().collect();
        let viewer = Viewer::person(me, Role::Administrator, BTreeSet::new());
        let made = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(|e| e.to_string())?;
        let (_, secret) = made
            .block_on(desk.make_token(viewer, "bench".into(), scopes, 1))
            .map_err(|e| e.to_string())?;
        desk.store.close();
        Ok(secret.expose().to_owned())
    };
    aside(work)
}

/// Runs something that blocks, outside the runtime.
pub fn aside<T: Send>(work: impl FnOnce() -> Result<T, String> + Send) -> Result<T, String> {
    std::thread::scope(|s| {
        s.spawn(work)
            .join()
            .unwrap_or_else(|_| Err("a part of the measurement failed".into()))
    })
}

fn sentence(dice: &mut Dice, words: usize) -> String {
    (0..words)
        .map(|_| *dice.pick(WORDS))
        .collect::<Vec<_>>()
        .join(" ")
}

/// A ticket as real ones are.
pub fn ticket(dice: &mut Dice) -> Open {
    let body = serde_json::json!({
        "title": sentence(dice, 6),
        "description": sentence(dice, 60),
        "severity": *dice.pick(&["low", "medium", "medium", "high", "critical"]),
        "tags": [*dice.pick(&["vpn", "mail", "cloud", "web", "laptop"])],
    });
    serde_json::from_value(body).expect("the bench's tickets are well-formed")
}

/// Opens, notes and mostly closes many tickets by real commands, many to a commit; bytes on disk after.
///
/// # Errors
/// Says what failed.
pub fn fill(folder: &Path, tickets: i64) -> Result<u64, String> {
    let settings = settings(folder, None);
    aside(move || {
        let desk = Desk::open(settings).map_err(|e| e.to_string())?;
        let mut dice = Dice::new(7);
        let mut left = tickets;
        while left > 0 {
            let some = left.min(500);
            left -= some;
            dice = desk
                .store
                .write_blocking(move |w| some_tickets(w, dice, some))
                .map_err(|e| e.to_string())?;
        }
        desk.store.close();
        let size = |name: &str| std::fs::metadata(folder.join(name)).map_or(0, |m| m.len());
        Ok(size("midwatch.db") + size("midwatch.db-wal"))
    })
}

/// The one person of a desk under measurement.
///
/// # Errors
/// If it is not set up.
pub fn analyst(w: &midwatch_store::WriteTx<'_>) -> Result<PersonId, Fault> {
    let me = w.directory.people.keys().next().cloned();
    Ok(me.ok_or_else(|| midwatch_domain::Refusal::missing("person"))?)
}

fn some_tickets(
    w: &mut midwatch_store::WriteTx<'_>,
    mut dice: Dice,
    count: i64,
) -> Result<Dice, Fault> {
    let me = analyst(w)?;
    let viewer = Viewer::person(me, Role::Administrator, BTreeSet::new());
    let once = Conditions::default();
    for _ in 0..count {
        let done = open(w, &viewer, &ticket(&mut dice), Origin::Api, &once)?;
        let note: Command = AddNote {
            text: sentence(&mut dice, 20),
            occurred_at: None,
            observables: None,
        }
        .into();
        act(w, &viewer, done.ticket, &note, &once)?;
        // A desk that works has few open tickets among many closed ones.
        if done.ticket.0 % 200 != 0 {
            let close = Close {
                outcome: Outcome::FalsePositive,
                summary: sentence(&mut dice, 8),
                lessons: String::new(),
                skip_tasks_because: String::new(),
            };
            act(w, &viewer, done.ticket, &close.into(), &once)?;
        }
    }
    Ok(dice)
}

/// The request that creates the ticket of a number.
pub fn creation(token: &str, run: usize, i: usize) -> Vec<u8> {
    let mut dice = Dice::new(i as u64);
    let body = serde_json::to_string(&serde_json::json!({
        "title": sentence(&mut dice, 6), "description": sentence(&mut dice, 60), "severity": "medium", "tags": ["bench"],
    }));
    let body = body.unwrap_or_default();
    format!(
        "POST /api/v1/tickets HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: bench-{run}-{i}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The request that reads a page.
pub fn get(token: &str, path: &str, tickets: i64, i: usize) -> Vec<u8> {
    let number = Dice::new(i as u64).between(1, tickets);
    let path = path.replace("{n}", &TicketNo(number).0.to_string());
    format!("GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n")
        .into_bytes()
}

/// Verifies the record; how many entries it has.
///
/// # Errors
/// If it does not hold.
pub fn verify(folder: &Path) -> Result<i64, String> {
    let settings = settings(folder, None);
    aside(move || {
        let desk = Desk::open(settings).map_err(|e| e.to_string())?;
        let key = desk.key().verifying_key();
        let finding = desk
            .store
            .read(|tx| verify::database(tx, key, Vec::new(), |_| {}))
            .map_err(|e| e.to_string())?;
        desk.store.close();
        if finding.holds() {
            Ok(finding.entries)
        } else {
            Err("The record of the measurement does not hold.".into())
        }
    })
}

/// How many a second, in whole numbers.
pub fn per_second(count: i64, took: Duration) -> i64 {
    let ms = i64::try_from(took.as_millis()).unwrap_or(i64::MAX).max(1);
    count.saturating_mul(1000) / ms
}

/// Kibibytes each.
#[expect(clippy::cast_precision_loss, reason = "sizes and counts fit")]
pub fn kib(bytes: u64, count: i64) -> f64 {
    bytes as f64 / 1024.0 / count as f64
}
