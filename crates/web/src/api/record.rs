//! The record: browsed, one entry with what proves it, exported, checkpointed, verified.

use axum::Extension;
use axum::body::{Body as Stream, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::id::{PersonId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_store::db::Tx;
use midwatch_store::read::record::{self as read, RecordFilter, RecordRow};
use midwatch_store::verify::{EXPORT_FORMAT, ExportHead};
use midwatch_store::{Fault, checkpoint, log, rows};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;
use tokio::sync::mpsc::Sender;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;

use super::body::{Asked, At};
use super::document::{Document, get, post};
use super::reply::{Answer, Items, Recorded, json as as_json, page};
use super::tickets::bounded;
use crate::policy::{Policy, Routes};
use crate::{App, Who};

/// Entries that an export reads at once.
const PAGE: i64 = 1000;

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let may = Policy::May(Action::ReadRecord);
    r.get("/api/v1/record", may, browse)
        .get("/api/v1/record/{seq}", may, entry)
        .get("/api/v1/record/export", may, export)
        .get("/api/v1/record/checkpoints", may, checkpoints)
        .post("/api/v1/record/verify", may, verify)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    doc.tag("Record", "The append-only, hash-chained record. Of entries about tickets that the asker may not see, only the commitments are shown, with which the chain can still be checked.", vec![
        get("/record", "browse_record", "Browse the record, newest first")
            .query("ticket", "string", "About this ticket.")
            .query("person", "string", "By this person, also by their tokens.")
            .query("kind", "string", "Of this kind, such as `handoff_offered`.")
            .query("from", "string", "Recorded not before this time.")
            .query("before", "string", "Recorded before this time.")
            .query("cursor", "string", "Where to go on: `next` of the page before.")
            .query("limit", "integer", "1 to 200; else 50.")
            .lists::<Recorded>("Entries."),
        get("/record/{seq}", "show_entry", "Show an entry with everything its hash is made of").gives::<Proof>(200, "The entry."),
        get("/record/export", "export_record", "Export the record, for `midwatch verify` without the database")
            .answers(200, "One JSON object a line: a head, then entries and checkpoints in order.", "application/x-ndjson", &json!({ "type": "string" })),
        get("/record/checkpoints", "list_checkpoints", "List the signed checkpoints")
            .query("after", "integer", "Only those at later entries.")
            .query("limit", "integer", "1 to 1000; else 200.")
            .lists::<CheckpointView>("Checkpoints, oldest first."),
        post("/record/verify", "verify_record", "Verify the whole record").gives::<Found>(200, "What was found."),
    ]);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Browse {
    ticket: Option<TicketNo>,
    person: Option<PersonId>,
    kind: Option<String>,
    from: Option<Moment>,
    before: Option<Moment>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// An entry with what proves it.
#[derive(Serialize, ToSchema)]
struct Proof {
    /// As it reads.
    #[serde(flatten)]
    shown: Recorded,
    /// The exact entry: each field as `[name, salt, value]`, or `[name, commitment]` if hidden or erased.
    #[schema(value_type = Object)]
    entry: midwatch_domain::entry::Entry,
    /// The hash of the entry before it.
    previous: String,
    /// Whether it is about a ticket that the asker may not see.
    hidden: bool,
}

/// A signed checkpoint.
#[derive(Serialize, ToSchema)]
struct CheckpointView {
    /// The last entry that it vouches for.
    seq: i64,
    /// When it was signed.
    at: String,
    /// The signed note (C2SP).
    note: String,
}

/// What verifying found.
#[derive(Serialize, ToSchema)]
struct Found {
    /// Whether everything holds.
    holds: bool,
    /// Entries that were checked.
    entries: i64,
    /// Hash of the last of them.
    hash: String,
    /// Checkpoints that hold.
    checkpoints: i64,
    /// The last entry that a checkpoint vouches for.
    checkpointed: i64,
    /// Entries with erased fields.
    erased: i64,
    /// What does not hold.
    problems: Vec<Broken>,
}

/// Something that does not hold.
#[derive(Serialize, ToSchema)]
struct Broken {
    /// At which entry.
    seq: i64,
    /// What.
    what: String,
}

fn shown(row: &RecordRow, who: &midwatch_desk::account::Signed) -> Recorded {
    Recorded::new(&row.entry, row.sentence.clone(), None, &who.directory)
}

async fn browse(
    State(app): State<App>,
    Extension(who): Who,
    Asked(asked): Asked<Browse>,
) -> Answer {
    let limit = bounded(asked.limit, 50, midwatch_store::read::tickets::MAX_LIMIT)?;
    let text = |v: Option<String>| v.unwrap_or_default();
    let parameters = [
        ("ticket", text(asked.ticket.map(|t| t.to_string()))),
        (
            "person",
            text(asked.person.as_ref().map(ToString::to_string)),
        ),
        ("kind", text(asked.kind.clone())),
        ("from", text(asked.from.map(|m| m.to_string()))),
        ("before", text(asked.before.map(|m| m.to_string()))),
        ("limit", limit.to_string()),
    ];
    let filter = RecordFilter {
        ticket: asked.ticket,
        person: asked.person,
        kind: asked.kind,
        from: asked.from,
        before: asked.before,
    };
    let (viewer, directory) = (who.viewer.clone(), who.directory.clone());
    let found = app
        .read(move |tx| {
            read::browse(
                tx,
                &viewer,
                &directory,
                &filter,
                asked.cursor.as_deref(),
                limit,
            )
        })
        .await?;
    let items = found.rows.iter().map(|r| shown(r, &who)).collect();
    page(
        "/record",
        &parameters,
        "cursor",
        Items {
            items,
            next: found.next,
        },
    )
}

async fn entry(State(app): State<App>, Extension(who): Who, At(seq): At<i64>) -> Answer {
    let (viewer, directory) = (who.viewer.clone(), who.directory.clone());
    let (row, previous) = app
        .read(move |tx| read::entry(tx, &viewer, &directory, seq))
        .await?;
    as_json(&Proof {
        shown: shown(&row, &who),
        previous: previous.to_string(),
        hidden: row.hidden,
        entry: row.entry,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    #[serde(default)]
    after: i64,
    limit: Option<i64>,
}

async fn checkpoints(State(app): State<App>, Asked(asked): Asked<After>) -> Answer {
    let limit = bounded(asked.limit, 200, 1000)?;
    let found = app
        .read(move |tx| Ok(checkpoint::after(tx, asked.after, limit)?))
        .await?;
    let full = i64::try_from(found.len()).is_ok_and(|n| n == limit);
    let next = found.last().filter(|_| full).map(|c| c.seq.to_string());
    let items = found
        .into_iter()
        .map(|c| CheckpointView {
            seq: c.seq,
            at: c.at.to_string(),
            note: c.note,
        })
        .collect();
    page(
        "/record/checkpoints",
        &[("limit", limit.to_string())],
        "after",
        Items { items, next },
    )
}

async fn verify(State(app): State<App>) -> Answer {
    let desk = app.desk.clone();
    let found = app.blocking(move || Ok(desk.verify(|_| {})?)).await?;
    as_json(&Found {
        holds: found.holds(),
        entries: found.entries,
        hash: found.hash,
        checkpoints: found.checkpoints,
        checkpointed: found.checkpointed,
        erased: found.erased,
        problems: found
            .problems
            .into_iter()
            .map(|p| Broken {
                seq: p.seq,
                what: p.what,
            })
            .collect(),
    })
}

/// Streams the export from one snapshot, as fast as it is read.
async fn export(State(app): State<App>, Extension(who): Who) -> Answer {
    // A token needs the scope for tickets too: else most of the record would go out as commitments only.
    who.viewer.may(Action::ReadTickets)?;
    let (send, receive) = tokio::sync::mpsc::channel(4);
    let (desk, viewer) = (app.desk, who.viewer);
    tokio::task::spawn_blocking(move || {
        let key = checkpoint::public_key(&desk.key().verifying_key());
        let done = desk.store.read(|tx| write_export(tx, &viewer, key, &send));
        if let Err(fault) = done {
            tracing::error!(error = %fault, "an export ended early");
            // The broken stream tells the reader; a cut-off export does not verify either.
            let _ = send.blocking_send(Err(std::io::Error::other("the export ended early")));
        }
    });
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-ndjson"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"midwatch-record.ndjson\""),
        ),
    ];
    Ok((headers, Stream::from_stream(ReceiverStream::new(receive))).into_response())
}

/// Writes head, entries and checkpoints. Of entries that the viewer may not see only the commitments go out.
fn write_export(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    key: String,
    out: &Sender<std::io::Result<Bytes>>,
) -> Result<(), Fault> {
    let head = rows::head::read(tx)?;
    let mut line = json!(ExportHead {
        format: EXPORT_FORMAT.into(),
        key,
        seq: head.seq,
        hash: head.hash,
        redacted: hides(tx, viewer, head.seq)?
    })
    .to_string()
        + "\n";
    let mut at = 0;
    loop {
        let seen = read::changes(tx, viewer, at, PAGE)?;
        let visible: BTreeSet<i64> = seen.entries.iter().map(|e| e.seq).collect();
        for c in checkpoint::after(tx, at, i64::MAX)?
            .into_iter()
            .take_while(|c| c.seq <= seen.next)
        {
            line += &(json!({ "checkpoint": c }).to_string() + "\n");
        }
        for mut e in log::after(tx, at, seen.next - at)? {
            if !visible.contains(&e.seq) {
                e.fields = e
                    .fields
                    .iter()
                    .map(midwatch_domain::entry::Field::erased)
                    .collect();
            }
            line += &(json!({ "entry": e }).to_string() + "\n");
        }
        at = seen.next;
        if out
            .blocking_send(Ok(std::mem::take(&mut line).into()))
            .is_err()
            || !seen.more
        {
            return Ok(());
        }
    }
}

/// Whether anything of the record is hidden from the viewer.
fn hides(tx: &mut Tx<'_>, viewer: &Viewer, end: i64) -> Result<bool, Fault> {
    let (mut at, mut seen) = (0, 0);
    loop {
        let page = read::changes(tx, viewer, at, PAGE)?;
        seen += page.entries.len();
        at = page.next;
        if !page.more {
            return Ok(i64::try_from(seen).is_ok_and(|n| n < end));
        }
    }
}
