//! A text before it is written down: what it holds, what is known of each value, and open tickets that it may belong to.

use indicators::{Hit, Kind, Options};
use midwatch_domain::access::{Action, Reach, Viewer};
use midwatch_domain::directory::Directory;
use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::{
    Annotation, LONGEST, ObservableKey, Own, Role, annotate, kind_name,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::observables::{SeenValue, seen};
use super::related::{Related, Subject, related};
use super::ticket::find_ticket;
use crate::Fault;
use crate::db::Tx;

/// Most values that one answer holds.
const MOST: usize = 2000;
/// Most open tickets that are suggested.
const SUGGESTED: usize = 5;

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// The text.
    pub text: String,
    /// The title of the ticket that is about to be opened, compared with others together with the text.
    pub title: String,
    /// The ticket that the text is for, if there is one.
    pub ticket: Option<TicketNo>,
    /// Whether candidates that are no indicators are told too, each with the reason.
    pub explain: bool,
}

/// What a text holds.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Preview {
    /// Each value once, in the order of the text.
    pub hits: Vec<PreviewHit>,
    /// Whether the text holds more than are told.
    pub truncated: bool,
    /// Open tickets that this may belong to, the strongest first.
    pub similar: Vec<Related>,
}

/// A value that a text holds, and what is known of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PreviewHit {
    /// Its kind.
    #[serde(with = "kind_name")]
    #[schema(value_type = String)]
    pub kind: Kind,
    /// The canonical value.
    pub value: String,
    /// As it stands in the text.
    pub original: String,
    /// Its first byte in the text.
    pub start: u64,
    /// The byte after its last.
    pub end: u64,
    /// The port that stood beside it.
    pub port: Option<u16>,
    /// How it was decoded, outermost first.
    pub decoded_from: Vec<String>,
    /// The word beside it that decided what it is.
    pub context: Option<String>,
    /// Why it is no indicator.
    pub rejected: Option<String>,
    /// Why it is doubtful.
    pub weak: Option<String>,
    /// Whether it is taken unless somebody chooses otherwise.
    pub taken: bool,
    /// Whether the ticket has it already.
    pub held: bool,
    /// Which part it would play: `own` for the organisation's own infrastructure.
    pub role: Role,
    /// Lists that name it, whether it is ours, whether it is ignored.
    pub annotation: Annotation,
    /// Where else it was seen; nothing for who may not read all tickets.
    pub seen: Option<SeenValue>,
}

/// Searches a text.
///
/// # Errors
/// Missing if the viewer may not see the ticket; or as the engine says.
pub fn preview(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    directory: &Directory,
    ask: &Ask,
    now: Moment,
) -> Result<Preview, Fault> {
    let ticket = ask.ticket.map(|n| find_ticket(tx, viewer, n)).transpose()?;
    let whole = format!("{}\n{}", ask.title, ask.text);
    // The title comes first, so that places in the text are moved by it.
    let before = ask.title.len() as u64 + 1;
    let options = Options::default().max_hits(20_000).explain(ask.explain);
    let extraction = indicators::extract(whole.as_bytes(), &options);
    let mut hits: Vec<&Hit> = extraction.distinct();
    if ask.explain {
        hits.extend(extraction.hits.iter().filter(|h| h.rejected.is_some()));
        hits.sort_by_key(|h| h.start);
    }
    let truncated = extraction.truncated || hits.len() > MOST;
    hits.truncate(MOST);
    let own = Own::of(directory.organisation.as_ref());
    let correlates = viewer.reach(Action::ReadTickets) == Reach::All;
    let told = |hit: &&Hit| {
        let key = ObservableKey {
            kind: hit.kind,
            value: hit.value.clone(),
        };
        let annotation = annotate(directory, &own, &key, now);
        let held = ticket
            .as_ref()
            .is_some_and(|t| t.observables.contains_key(&key));
        PreviewHit {
            kind: hit.kind,
            value: hit.value.clone(),
            original: hit.original.clone(),
            start: hit.start.saturating_sub(before),
            end: hit.end.saturating_sub(before),
            port: hit.port,
            decoded_from: hit.decoded_from.iter().map(ToString::to_string).collect(),
            context: hit.context.clone(),
            rejected: hit.rejected.map(|r| r.says().to_owned()),
            weak: hit.weak.map(|r| r.says().to_owned()),
            taken: hit.is_certain() && hit.value.len() <= LONGEST && !held,
            held,
            role: if annotation.own {
                Role::Own
            } else {
                Role::Unknown
            },
            annotation,
            seen: None,
        }
    };
    let mut hits: Vec<PreviewHit> = hits.iter().map(told).collect();
    if !correlates {
        return Ok(Preview {
            hits,
            truncated,
            similar: Vec::new(),
        });
    }
    let key = |h: &PreviewHit| ObservableKey {
        kind: h.kind,
        value: h.value.clone(),
    };
    let keys: Vec<ObservableKey> = hits.iter().map(key).collect();
    let known = seen(tx, viewer, &keys, ask.ticket, now)?;
    for (hit, known) in hits.iter_mut().zip(known) {
        hit.seen = Some(known);
    }
    let similar = match ticket {
        Some(_) => Vec::new(),
        None => {
            let taken = hits.iter().filter(|h| h.taken);
            let subject = Subject {
                values: taken.map(|h| (key(h), h.role)).collect(),
                text: whole,
                open: true,
                ..Subject::default()
            };
            related(tx, viewer, directory, &subject, now, SUGGESTED)?.related
        }
    };
    Ok(Preview {
        hits,
        truncated,
        similar,
    })
}
