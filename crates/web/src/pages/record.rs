//! The record: browse it, look at one entry with its commitments.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use midwatch_domain::Refusal;
use midwatch_domain::alert::AlertsJudged;
use midwatch_domain::asset::{AssetRevised, AssetsImported};
use midwatch_domain::entry::FieldBody;
use midwatch_domain::feed::FeedImported;
use midwatch_domain::revise::{AccountActed, ClockJumped, Erased, ProcedureRead, Revised};
use midwatch_domain::ticket::TicketEntry;
use midwatch_store::checkpoint;
use midwatch_store::read::record::{self as read, RecordFilter as Filter, RecordRow as Row};
use midwatch_store::rows::head;
use serde::Deserialize;

use crate::App;
use crate::problem::Problem;
use crate::view::form::Choice;
use crate::view::frame::Nav;
use crate::view::piece::{Empty, Pager, ValueChip};
use crate::view::record::{Committed, Record, RecordEntry, RecordFilter, RecordRow};

use super::frame::{Look, escape};
use super::show;

/// Entries of a page.
const PAGE: i64 = 60;

/// What an address of the record says.
#[derive(Debug, Default, Deserialize)]
pub struct Params {
    #[serde(default)]
    ticket: String,
    #[serde(default)]
    actor: String,
    #[serde(default)]
    kind: String,
    cursor: Option<String>,
}

/// `GET /record`.
///
/// # Errors
/// Invalid for a filter that cannot be read; or as the engine says.
pub async fn list(
    State(app): State<App>,
    look: Look,
    Query(params): Query<Params>,
) -> Result<Response, Problem> {
    let some = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
    let filter = Filter {
        ticket: some(&params.ticket).map(|t| t.parse()).transpose()?,
        person: some(&params.actor)
            .map(|t| t.parse())
            .transpose()
            .map_err(|r: Refusal| r.on("actor"))?,
        kind: some(&params.kind),
        ..Filter::default()
    };
    let (viewer, directory, cursor) = (
        look.viewer().clone(),
        look.signed.directory.clone(),
        params.cursor.clone(),
    );
    let found = app.read(move |tx| {
        let page = read::browse(tx, &viewer, &directory, &filter, cursor.as_deref(), PAGE)?;
        Ok((page, head::read(tx)?, checkpoint::last(tx)?))
    });
    let (page, head, last) = found.await?;
    let here = format!(
        "/record?ticket={}&actor={}&kind={}",
        escape(&params.ticket),
        escape(&params.actor),
        escape(&params.kind)
    );
    let kinds = TicketEntry::KINDS.iter().copied().chain([
        Revised::KIND,
        AccountActed::KIND,
        ProcedureRead::KIND,
        ClockJumped::KIND,
        FeedImported::KIND,
        AssetRevised::KIND,
        AssetsImported::KIND,
        AlertsJudged::KIND,
        Erased::KIND,
    ]);
    let view = Record {
        frame: look.frame(&app, "Record", Nav::Record).await?,
        filter: RecordFilter {
            ticket: params.ticket.clone(),
            actor: params.actor.clone(),
            kind: params.kind.clone(),
            actors: show::people(look.directory()),
            kinds: kinds.map(|k| Choice::new(k, k.replace('_', " "))).collect(),
        },
        rows: page.rows.iter().map(|r| row(&look, r)).collect(),
        pager: Pager {
            summary: String::new(),
            earlier: params.cursor.as_ref().map(|_| here.clone()),
            later: page.next.map(|c| format!("{here}&cursor={}", escape(&c))),
        },
        head_seq: head.seq.unsigned_abs(),
        head_hash: ValueChip::hash(head.hash.to_string()),
        checkpoint: last.map_or_else(
            || "No checkpoint is signed yet.".to_owned(),
            |c| {
                format!(
                    "Signed up to entry {}, {}.",
                    c.seq,
                    look.now.moment(c.at.0).text
                )
            },
        ),
        empty: Empty::new(
            "chain",
            "No entry matches",
            "Take a filter away to see more.",
        )
        .with_act("The whole record", "/record"),
    };
    Ok(look.show(&view))
}

fn row(look: &Look, r: &Row) -> RecordRow {
    let e = &r.entry;
    RecordRow {
        seq: e.seq.unsigned_abs(),
        at: look.now.moment(e.recorded_at.0),
        actor: show::actor(look.directory(), &e.actor),
        ticket: e
            .ticket
            .filter(|_| !r.hidden)
            .map_or(String::new(), |t| t.to_string()),
        kind: e.kind.clone(),
        sentence: r.sentence.clone(),
        hash: ValueChip::hash(e.hash.to_string()),
    }
}

/// `GET /record/{seq}`.
///
/// # Errors
/// Missing; or as the engine says.
pub async fn entry(
    State(app): State<App>,
    look: Look,
    Path(seq): Path<String>,
) -> Result<Response, Problem> {
    let seq: i64 = seq.parse().map_err(|_| Refusal::missing("entry"))?;
    let (viewer, directory) = (look.viewer().clone(), look.signed.directory.clone());
    let found = app.read(move |tx| {
        let (row, previous) = read::entry(tx, &viewer, &directory, seq)?;
        let covering = checkpoint::after(tx, seq - 1, 1)?.into_iter().next();
        Ok((row, previous, covering, head::read(tx)?))
    });
    let (r, previous, covering, head) = found.await?;
    let committed = |f: &midwatch_domain::entry::Field| {
        let (value, salt) = match &f.body {
            FieldBody::Shown { salt, value } => (Some(value.clone()), Some(salt)),
            FieldBody::Erased { .. } => (None, None),
        };
        Committed {
            name: f.name.clone(),
            value: value.map(|v| super::ticket::timeline::plain(look.directory(), &v)),
            salt: salt.map(|s| ValueChip {
                kind: "salt".to_owned(),
                ..ValueChip::hash(s)
            }),
            commitment: ValueChip::hash(f.commitment().to_string()),
        }
    };
    let view = RecordEntry {
        frame: look
            .frame(&app, &format!("Entry {seq}"), Nav::Record)
            .await?,
        kind_version: u32::try_from(r.entry.version).unwrap_or(0),
        occurred: look.now.moment(r.entry.occurred_at.0),
        recipe: "SHA-256 over the header, each field's name and commitment, and the previous hash"
            .to_owned(),
        fields: r.entry.fields.iter().map(committed).collect(),
        previous: ValueChip::plain("hash", previous.to_string()),
        hash: ValueChip::plain("hash", r.entry.hash.to_string()),
        checkpoint: covering.map_or(String::new(), |c| {
            format!(
                "Covered by the one signed at entry {}, {}.",
                c.seq,
                look.now.moment(c.at.0).text
            )
        }),
        before: u64::try_from(seq - 1).ok().filter(|s| *s > 0),
        after: u64::try_from(seq + 1).ok().filter(|_| seq < head.seq),
        row: row(&look, &r),
    };
    Ok(look.show(&view))
}
