//! The ticket page: everything about one ticket, and every act that the viewer may do to it.

pub mod assets;
pub mod attack;
pub mod clocks;
pub mod correlation;
pub mod head;
pub mod observe;
pub mod paging;
pub mod side;
pub mod timeline;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use midwatch_domain::Refusal;
use midwatch_domain::id::TicketNo;
use midwatch_domain::ticket::Ticket;
use midwatch_domain::words::Phase;
use midwatch_store::read::ticket::{TimelineEntry, find_ticket, timeline as read_timeline};

use crate::App;
use crate::problem::Problem;
use crate::view::frame::Nav;
use crate::view::piece::ValueChip;
use crate::view::queue::Preview;
use crate::view::ticket::TicketPage;
use crate::view::ticket_parts::{Acts, FieldFact};

use super::frame::{Look, html};
use super::{fields, row, show};
use timeline::Asked;

/// Most entries of a ticket that its page looks at.
const MAX_ENTRIES: i64 = 5000;
/// Longer descriptions are shown as what they are: something pasted.
const PROSE: usize = 1200;

/// Reads a ticket's number from an address; what is not one names nothing.
///
/// # Errors
/// Missing.
pub fn number(text: &str) -> Result<TicketNo, Problem> {
    text.parse()
        .map_err(|_| Problem::from(Refusal::missing("ticket")))
}

/// A ticket with everything its page shows.
pub struct Case {
    /// The ticket.
    pub ticket: Ticket,
    /// Its entries, oldest first.
    pub entries: Vec<TimelineEntry>,
    /// Linked tickets that the viewer may see: title and phase.
    pub linked: Vec<(TicketNo, String, Phase)>,
}

impl Case {
    /// Reads the ticket.
    ///
    /// # Errors
    /// Missing; or as the engine says.
    pub async fn read(app: &App, look: &Look, number: TicketNo) -> Result<Self, Problem> {
        let (viewer, directory) = (look.viewer().clone(), look.signed.directory.clone());
        let read = app.read(move |tx| {
            let ticket = find_ticket(tx, &viewer, number)?;
            let entries = read_timeline(tx, &directory, &ticket, 0, MAX_ENTRIES)?;
            let mut linked = Vec::new();
            for other in ticket.links.keys().take(50) {
                match find_ticket(tx, &viewer, *other) {
                    Ok(t) => linked.push((t.number, t.title, t.phase)),
                    // One that may not be seen is not spoken of.
                    Err(midwatch_store::Fault::Refused(_)) => {}
                    Err(e) => return Err(e),
                }
            }
            Ok(Self {
                ticket,
                entries,
                linked,
            })
        });
        Ok(read.await?)
    }
}

/// `GET /tickets/{number}`.
///
/// # Errors
/// Missing; or as the engine says.
pub async fn page(
    State(app): State<App>,
    look: Look,
    Path(number): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let case = Case::read(&app, &look, self::number(&number)?).await?;
    let view = view(&app, &look, &case, &asked).await?;
    Ok(look.show(&view))
}

async fn view(app: &App, look: &Look, case: &Case, asked: &Asked) -> Result<TicketPage, Problem> {
    let (t, d) = (&case.ticket, look.directory());
    let title = format!("{} {}", t.number, t.title);
    let frame = look.frame(app, &title, Nav::Queue).await?;
    let template = t.bound_template(d);
    let long = t.description.chars().count() > PROSE || t.description.lines().count() > 12;
    let closing = [
        ("Outcome", t.outcome.map_or("", |o| o.label()).to_owned()),
        ("What happened and what was done", t.summary.clone()),
        ("What was learnt", t.lessons.clone()),
    ];
    let last = case.entries.last().map(|e| &e.entry);
    let now = &look.now;
    Ok(TicketPage {
        frame,
        head: head::head(look, t),
        steps: head::steps(look, t),
        acts: acts(look, t),
        paging: paging::paging(look, t),
        problem: None,
        summary: if long {
            String::new()
        } else {
            t.description.clone()
        },
        pasted: if long {
            t.description.clone()
        } else {
            String::new()
        },
        closing: closing
            .into_iter()
            .filter(|(_, value)| !value.is_empty() && !t.is_open())
            .map(|(label, value)| FieldFact {
                label: label.to_owned(),
                value,
                required: false,
                mono: false,
            })
            .collect(),
        timeline: timeline::timeline(look, t, &case.entries, asked),
        note_text: String::new(),
        clocks: clocks::panel(look, t),
        regulation: clocks::regulation(look, t),
        times: head::times(look, t),
        tasks: side::tasks(look, t, template),
        open_tasks: t
            .tasks
            .iter()
            .filter(|k| k.is_open() && k.phase == t.phase)
            .count(),
        evidence: side::evidence(look, t),
        related: side::related(t, &case.linked),
        correlation: correlation::panel(app, look, t).await?,
        pointers: attack::panel(app, look, t).await?,
        assets: assets::panel(app, look, t).await?,
        circle: side::circle(look, t),
        alerts: t.alerts,
        facts: template.map_or(Vec::new(), |x| fields::facts(x, &t.fields, d, now)),
        fields: template.map_or(Vec::new(), |x| {
            let open = |r| r == midwatch_domain::template::Required::Open;
            fields::form(x, &t.fields, d, &now.zone, open)
        }),
        entries: t.version.unsigned_abs(),
        last_seq: last.map_or(0, |e| e.seq.unsigned_abs()),
        last_hash: ValueChip::hash(last.map_or(String::new(), |e| e.hash.to_string())),
        people: show::owners(d, None),
    })
}

/// `GET /tickets/{number}/timeline`: the timeline alone, for the page's script.
///
/// # Errors
/// Missing; or as the engine says.
pub async fn timeline_part(
    State(app): State<App>,
    look: Look,
    Path(number): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let case = Case::read(&app, &look, self::number(&number)?).await?;
    let part = timeline::timeline(&look, &case.ticket, &case.entries, &asked);
    Ok(html(StatusCode::OK, &part))
}

/// `GET /tickets/{number}/row`: its row of a list, for the page's script.
///
/// # Errors
/// Missing; or as the engine says.
pub async fn row_part(
    State(app): State<App>,
    look: Look,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    let case = Case::read(&app, &look, self::number(&number)?).await?;
    Ok(html(StatusCode::OK, &row::of_ticket(&look, &case.ticket)))
}

/// `GET /tickets/{number}/preview`: the drawer beside a list.
///
/// # Errors
/// Missing; or as the engine says.
pub async fn preview_part(
    State(app): State<App>,
    look: Look,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    let case = Case::read(&app, &look, self::number(&number)?).await?;
    Ok(html(StatusCode::OK, &preview(&look, &case)))
}

/// The drawer.
pub fn preview(look: &Look, case: &Case) -> Preview {
    let t = &case.ticket;
    let row = row::of_ticket(look, t);
    let short: String = t.description.chars().take(600).collect();
    Preview {
        steps: head::steps(look, t),
        summary: short.lines().take(8).collect::<Vec<_>>().join("\n"),
        clocks: clocks::header(look, t),
        reporter: show::person(look.directory(), &t.reporter),
        opened: look.now.moment(t.opened_at.0),
        entries: timeline::latest(look, t, &case.entries, 5),
        acts: acts(look, t),
        row,
    }
}

/// What the viewer may do with the ticket as it stands. The command decides; this only spares buttons that refuse.
pub fn acts(look: &Look, t: &Ticket) -> Acts {
    use midwatch_domain::access::Action;
    let (viewer, me) = (look.viewer(), look.me());
    let may = |action| viewer.may_on(action, t).is_ok();
    let (open, owner) = (t.is_open(), me == Some(&t.owner));
    let work = may(Action::WorkTickets) && open;
    let can_own = me.is_some_and(|m| look.directory().owner(m).is_some());
    let offered = |to_me: bool| {
        let party = t
            .offer
            .as_ref()
            .map(|o| if to_me { &o.to } else { &o.from });
        party.is_some() && party == me
    };
    let offered_by_me = me.is_some() && t.offer.as_ref().and_then(|o| o.by.as_ref()) == me;
    Acts {
        acknowledge: work && owner && (t.acknowledged.is_none() || t.reminded_at.is_some()),
        take: work && !owner && can_own && !offered(true),
        offer: work && (owner || may(Action::LeadTickets)) && t.offer.is_none(),
        answer: work && offered(true),
        withdraw: work && (offered(false) || offered_by_me),
        release: may(Action::LeadTickets) && open,
        move_phase: work,
        close: work && t.offer.is_none(),
        reopen: may(Action::WorkTickets) && !open,
        edit: work,
        note: may(Action::NoteTickets),
        attach: may(Action::NoteTickets) && open,
        restrict: may(Action::LeadTickets),
        evidence: may(Action::WorkTickets),
        record: viewer.may(Action::ReadRecord).is_ok(),
        watch: may(Action::NoteTickets) && me.is_some(),
    }
}
