//! The page of one feed: how it is, what was taken over and refused, what it asserts. Changes nothing.

use midwatch_desk::engine::feeds::Summary;
use midwatch_desk::intelligence::{self, Assertion, Search};
use midwatch_domain::access::Action;
use midwatch_domain::correlation::grouped;
use midwatch_domain::feed::{Feed, FeedAuth, FeedImported, FeedKind, OnHit};
use midwatch_store::Fault;
use midwatch_store::plain::feed_state::{self, FeedState};
use midwatch_store::read::imports;

use super::feeds::{health, href, next, whole};
use super::frame::Look;
use super::indicators;
use crate::App;
use crate::problem::Problem;
use crate::view::form::{Field, FieldKind, Form};
use crate::view::frame::Nav;
use crate::view::intelligence::{FeedPage, ImportRow, LastImport, Refused};
use crate::view::moment::span;

/// Indicators that are shown of a feed.
const SOME: usize = 12;
/// Imports that are shown.
const IMPORTS: usize = 10;

/// A feed as its page shows it.
///
/// # Errors
/// As the engine says.
pub(super) async fn page_of(app: &App, look: &Look, feed: &Feed) -> Result<FeedPage, Problem> {
    let (viewer, id, now) = (look.viewer().clone(), feed.id.to_string(), look.at());
    let search = Search {
        feed: id.clone(),
        limit: SOME,
        ..Search::default()
    };
    let found = app.read(move |tx| {
        let state = feed_state::find(tx, &id)?.unwrap_or_default();
        let imports = imports::of_feed(tx, &viewer, &id, IMPORTS)?;
        let (newest, _) = intelligence::search(tx, &search, now)?;
        Ok::<_, Fault>((state, imports, newest))
    });
    let (state, imports, newest): (FeedState, Vec<imports::Import>, Vec<Assertion>) = found.await?;
    let may = look.viewer().may(Action::ManageFeeds).is_ok();
    let moment = |m: midwatch_domain::moment::Moment| look.now.moment(m.0);
    let mut times = vec![("Well last", state.good_at.map(moment))];
    if feed.kind != FeedKind::Upload {
        times.push(("Asked last", state.checked_at.map(moment)));
        times.extend(next(feed, &state, now).map(|at| ("Asked next", Some(moment(at)))));
    }
    let here = href(&feed.id);
    let delete = Form::new(format!("{here}/delete"), "Delete the feed", Vec::new()).dangerous();
    Ok(FeedPage {
        frame: look.frame(app, &feed.name, Nav::Intelligence).await?,
        name: feed.name.clone(),
        kind: feed.kind.label(),
        place: feed.url.clone(),
        health: health(feed, &state, now),
        facts: facts(look, feed, &state),
        times,
        last: last(look, &state),
        imports: imports
            .iter()
            .map(|i| ImportRow {
                seq: i.seq,
                at: moment(i.at),
                numbers: numbers(&i.done),
            })
            .collect(),
        newest: newest
            .into_iter()
            .map(|a| indicators::row(look, a))
            .collect(),
        all: format!("/intelligence/indicators?feed={}", feed.id),
        may,
        may_poll: may && feed.is_asked(),
        enabled: feed.enabled,
        upload: may.then(|| upload_form(feed)),
        secret: (may && feed.auth != FeedAuth::None && feed.kind != FeedKind::Upload)
            .then(|| secret_form(look, feed)),
        delete: may.then_some(delete),
        href: here,
    })
}

/// The form that brings a file to a feed.
pub(super) fn upload_form(feed: &Feed) -> Form {
    let help = match feed.kind {
        FeedKind::Upload => {
            "A STIX 2.1 bundle, a MISP event or a list with one value a line; also gzipped. Each file adds to what is there."
        }
        FeedKind::Csv => {
            "A table with the columns of this feed; also gzipped. It adds to what is there."
        }
        _ => "What the feed would have sent; also gzipped. It adds to what is there.",
    };
    let field = Field::new(FieldKind::File, "file", "File")
        .required()
        .help(help);
    Form::new(
        format!("{}/upload", href(&feed.id)),
        "Take it over",
        vec![field],
    )
}

fn secret_form(look: &Look, feed: &Feed) -> Form {
    let (name, help) = match &feed.auth {
        FeedAuth::Basic { user } => ("Password".to_owned(), format!("Of the user {user}.")),
        FeedAuth::Header { name } => (
            format!("Value of {name}"),
            "Often called an API key.".to_owned(),
        ),
        FeedAuth::Bearer | FeedAuth::None => ("Token".to_owned(), String::new()),
    };
    let stands = match feed.secret_at {
        Some(at) => format!(
            "Set {}. It is sealed and never shown; a new one replaces it.",
            look.now.moment(at.0).text
        ),
        None => "Not set yet. The feed is not asked without it.".to_owned(),
    };
    let field = Field::new(FieldKind::Password, "secret", name)
        .required()
        .max(4096)
        .autocomplete("off")
        .help(format!("{help} {stands}").trim());
    Form::new(format!("{}/secret", href(&feed.id)), "Set", vec![field]).plain()
}

fn facts(look: &Look, feed: &Feed, state: &FeedState) -> Vec<(&'static str, String)> {
    let d = look.directory();
    let mut out = vec![("Kept", format!("{} indicators", grouped(state.total)))];
    if !feed.collection.is_empty() {
        out.push(("Collection", feed.collection.clone()));
    }
    if !feed.mapping.preset.is_empty() {
        let preset = intel::table::presets::ALL
            .iter()
            .find(|p| p.name == feed.mapping.preset);
        out.push((
            "Layout",
            preset
                .map_or(feed.mapping.preset.as_str(), |p| p.says)
                .to_owned(),
        ));
    }
    if feed.kind != FeedKind::Upload {
        out.push(("Asked every", span(feed.every_minutes * 60_000)));
    }
    out.push(("Trusted", super::feed_form::trust(&feed.reliability)));
    out.push((
        "Sure",
        format!("{} %, where it says nothing itself", feed.confidence),
    ));
    out.push((
        "Marking",
        format!("{}, where it says none itself", feed.tlp.label()),
    ));
    let days: Vec<String> = feed
        .validity_days
        .iter()
        .map(|(kind, days)| match kind.as_str() {
            "*" => format!("all others {days} days"),
            kind => format!("{kind} {days} days"),
        })
        .collect();
    out.push((
        "Holds",
        match days.is_empty() {
            true => "as the feed says, else by the decay of its kind".to_owned(),
            false => days.join(", "),
        },
    ));
    out.push((
        "When seen",
        match feed.on_hit {
            OnHit::Note => "noted in open tickets that have the value".to_owned(),
            OnHit::Ticket => {
                let team = feed.team.as_ref().and_then(|t| d.teams.get(t));
                let team = team.map_or_else(String::new, |t| format!(" for {}", t.name));
                format!(
                    "noted in open tickets; else a ticket{team}, {}",
                    feed.severity.label().to_lowercase()
                )
            }
            OnHit::Nothing => "shown where the value is looked at".to_owned(),
        },
    ));
    if feed.allow_private {
        out.push(("Network", "may be on the own network".to_owned()));
    }
    out
}

/// What changed, as numbers with their words.
fn numbers(done: &FeedImported) -> Vec<(String, &'static str)> {
    some(&[
        (done.added, "new"),
        (done.changed, "changed"),
        (done.revoked, "revoked"),
        (done.expired, "gone"),
        (done.refused, "refused"),
    ])
}

fn some(all: &[(u64, &'static str)]) -> Vec<(String, &'static str)> {
    all.iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| (grouped(whole(*n)), *word))
        .collect()
}

fn last(look: &Look, state: &FeedState) -> Option<LastImport> {
    let s: Summary = serde_json::from_str(&state.last).ok()?;
    let shown = whole(s.refusals.len() as u64);
    let more = whole(s.refused) - shown;
    Some(LastImport {
        at: state.good_at.map(|m| look.now.moment(m.0)),
        numbers: some(&[
            (s.read, "read"),
            (s.added, "new"),
            (s.changed, "changed"),
            (s.revoked, "revoked"),
            (s.expired, "gone"),
            (s.objects, "objects"),
            (s.relations, "relations"),
            (s.refused, "refused"),
        ]),
        took: match s.took_ms {
            ms if ms < 1000 => "less than a second".to_owned(),
            ms => span(ms),
        },
        refusals: s
            .refusals
            .iter()
            .map(|r| {
                let (at, says) = r.split_once(": ").unwrap_or(("", r));
                Refused {
                    at: at.to_owned(),
                    says: says.to_owned(),
                }
            })
            .collect(),
        more: if more > 0 {
            grouped(more)
        } else {
            String::new()
        },
        others: s.others,
    })
}
