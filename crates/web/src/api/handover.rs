//! Handing over a shift: what there is to hand over with drafted briefs, many offers or answers in one request, the report.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, Method};
use midwatch_desk::handover::Each;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::handover::report::{ShiftReport, Span};
use midwatch_domain::id::{PersonId, TeamId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::ticket::{Brief, Offer, OfferHandoff, Ticket};
use midwatch_domain::words::{Phase, Severity};
use midwatch_store::read::handover::{self as read, Whose};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::body::{Asked, Body};
use super::document::{Document, get, post};
use super::reply::{Answer, Items, json};
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::{App, Who, act};

/// A report is about this much time unless a schedule or the asker says otherwise.
pub(crate) const SHIFT_MS: i64 = 8 * 3_600_000;
/// A report is about at most this much time.
const LONGEST_MS: i64 = 31 * 24 * 3_600_000;

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let work = Policy::May(Action::WorkTickets);
    r.get("/api/v1/handover", work, list)
        .get("/api/v1/handover/offered", work, offered)
        .post("/api/v1/handover", work, offer)
        .post("/api/v1/handover/accept", work, accept)
        .get(
            "/api/v1/handover/report",
            Policy::May(Action::ReadDesk),
            report,
        )
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let ops = vec![
        get("/handover", "list_handover", "List what there is to hand over, each ticket with a drafted brief")
            .text("Open tickets that you are responsible for. Leads may name somebody else, or a team.")
            .query("owner", "string", "Whose tickets; a person's id.")
            .query("team", "string", "Tickets of this team, whoever is responsible.")
            .lists::<HandoverItem>("Tickets, the worst first."),
        post("/handover", "hand_over", "Offer many tickets in one request")
            .text("Each offer is judged and recorded for itself: the answer says for each ticket whether it was done, or why not. Who gives stays responsible until the receiver accepts. A lead may offer in somebody else's place.")
            .repeatable()
            .body::<HandOver>(json!({ "offers": [{ "ticket": "MW-7", "to": "per_01h2x3y4z5" }], "note": "Quiet since noon; the vendor calls back at six." }))
            .gives::<HandoverResult>(200, "What came of each ticket."),
        get("/handover/offered", "list_offered", "List what is offered to you")
            .lists::<OfferedItem>("Offers with their briefs, the first to expire first."),
        post("/handover/accept", "accept_handover", "Accept many offers in one request")
            .text("Each acceptance is an entry of its own.")
            .repeatable()
            .body::<AcceptHandover>(json!({ "tickets": ["MW-7", "MW-8"] }))
            .gives::<HandoverResult>(200, "What came of each ticket."),
        get("/handover/report", "shift_report", "Report what happened in a shift")
            .text("From the record, as far as you may see it. Without times: the current shift of your team's schedule, else the last eight hours.")
            .query("from", "string", "From when, as RFC 3339.")
            .query("to", "string", "Until when.")
            .query("team", "string", "Of this team only.")
            .gives::<ShiftReport>(200, "The report."),
    ];
    doc.tag(
        "Handover",
        "Hand a shift over, and tell what happened in it.",
        ops,
    );
}

/// A ticket to hand over.
#[derive(Serialize, ToSchema)]
struct HandoverItem {
    /// The ticket.
    ticket: String,
    /// Its title.
    title: String,
    /// How bad.
    severity: Severity,
    /// Where in its life.
    phase: Phase,
    /// Who is responsible.
    owner: String,
    /// Who takes over unless somebody else is chosen.
    relief: Option<String>,
    /// The offer that waits already, if one does.
    offer: Option<Offer>,
    /// The first draft of the brief.
    brief: Brief,
}

/// Something offered to the asker.
#[derive(Serialize, ToSchema)]
struct OfferedItem {
    /// The ticket.
    ticket: String,
    /// Its title.
    title: String,
    /// How bad.
    severity: Severity,
    /// Where in its life.
    phase: Phase,
    /// Who gives, the brief, and until when the offer stands.
    offer: Option<Offer>,
}

/// Many offers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HandOver {
    /// The offers, at most 200.
    offers: Vec<HandoverOffer>,
    /// A note for each of the tickets, such as the situation of the shift.
    #[serde(default)]
    note: Option<String>,
}

/// One offer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HandoverOffer {
    /// The ticket.
    #[schema(value_type = String)]
    ticket: TicketNo,
    /// Who is asked.
    #[schema(value_type = String)]
    to: PersonId,
    /// The brief; without it the drafted one is sent.
    #[serde(default)]
    brief: Option<Brief>,
}

/// Which offers are accepted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AcceptHandover {
    /// The tickets, at most 200.
    #[schema(value_type = Vec<String>)]
    tickets: Vec<TicketNo>,
}

/// What came of a request about many tickets.
#[derive(Serialize, ToSchema)]
struct HandoverResult {
    /// How many were done.
    done: usize,
    /// How many were refused.
    refused: usize,
    /// Each ticket, in the order of the request.
    items: Vec<HandoverEach>,
}

/// What came of one ticket.
#[derive(Serialize, ToSchema)]
struct HandoverEach {
    /// The ticket.
    ticket: String,
    /// Whether it was done.
    done: bool,
    /// Its version now, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    /// Numbers of the entries in the record.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entries: Vec<i64>,
    /// Why not, if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

impl HandoverResult {
    fn of(each: Vec<Each>) -> Self {
        let items: Vec<HandoverEach> = each
            .into_iter()
            .map(|(ticket, done)| match done {
                Ok(done) => HandoverEach {
                    ticket: ticket.to_string(),
                    done: true,
                    version: Some(done.version),
                    entries: done.entries,
                    problem: None,
                },
                Err(refusal) => HandoverEach {
                    ticket: ticket.to_string(),
                    done: false,
                    version: None,
                    entries: Vec::new(),
                    problem: Some(refusal.into()),
                },
            })
            .collect();
        let done = items.iter().filter(|i| i.done).count();
        Self {
            done,
            refused: items.len() - done,
            items,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    owner: Option<PersonId>,
    team: Option<TeamId>,
}

async fn list(State(app): State<App>, Extension(who): Who, Asked(which): Asked<Which>) -> Answer {
    let whose = match (which.owner, which.team) {
        (Some(_), Some(_)) => {
            return Err(Refusal::invalid("team", "Name an owner or a team, not both.").into());
        }
        (None, Some(team)) => Whose::Team(team),
        (Some(owner), None) => Whose::Person(owner),
        (None, None) => Whose::Person(me(&who)?),
    };
    let (d, now) = (who.directory.clone(), app.desk.store.now());
    let carried = app
        .read(move |tx| read::carried(tx, &who.viewer, &who.directory, &whose, now))
        .await?;
    let item = |c: read::Carried| HandoverItem {
        ticket: c.ticket.number.to_string(),
        relief: d.relief(&c.ticket.owner, now).map(|(p, _)| p.to_string()),
        title: c.ticket.title,
        severity: c.ticket.severity,
        phase: c.ticket.phase,
        owner: c.ticket.owner.to_string(),
        offer: c.ticket.offer,
        brief: c.brief,
    };
    json(&Items {
        items: carried.into_iter().map(item).collect(),
        next: None,
    })
}

fn me(who: &midwatch_desk::account::Signed) -> Result<PersonId, Problem> {
    let me = who.viewer.actor.person().cloned();
    Ok(me.ok_or_else(|| Refusal::forbidden("Only a person hands over."))?)
}

async fn offered(State(app): State<App>, Extension(who): Who) -> Answer {
    let found = app.read(move |tx| read::offered(tx, &who.viewer)).await?;
    let item = |t: Ticket| OfferedItem {
        ticket: t.number.to_string(),
        title: t.title,
        severity: t.severity,
        phase: t.phase,
        offer: t.offer,
    };
    json(&Items {
        items: found.into_iter().map(item).collect(),
        next: None,
    })
}

async fn offer(
    State(app): State<App>,
    Extension(who): Who,
    uri: OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let conditions = conditions(&headers, &uri, &body)?;
    let asked: HandOver = body.read()?;
    bounded(asked.offers.len(), "offers")?;
    let numbers: Vec<TicketNo> = asked.offers.iter().map(|o| o.ticket).collect();
    once_each(&numbers, "offers")?;
    let (viewer, directory, now) = (
        who.viewer.clone(),
        who.directory.clone(),
        app.desk.store.now(),
    );
    let (offers, mut unknown) = app
        .read(move |tx| {
            let (mut offers, mut unknown) = (Vec::new(), Vec::new());
            for o in asked.offers {
                let brief = match o.brief {
                    Some(brief) => Ok(brief),
                    None => read::brief_of(tx, &viewer, &directory, o.ticket, now),
                };
                match brief {
                    Ok(brief) => offers.push((o.ticket, OfferHandoff::with(o.to, brief))),
                    Err(midwatch_store::Fault::Refused(r)) => unknown.push((o.ticket, Err(r))),
                    Err(e) => return Err(e),
                }
            }
            Ok((offers, unknown))
        })
        .await?;
    let mut each = app
        .desk
        .hand_over(&who.viewer, offers, asked.note.as_deref(), &conditions)
        .await
        .map_err(midwatch_store::Fault::from)?;
    each.append(&mut unknown);
    each.sort_by_key(|(n, _)| numbers.iter().position(|x| x == n));
    json(&HandoverResult::of(each))
}

async fn accept(
    State(app): State<App>,
    Extension(who): Who,
    uri: OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let conditions = conditions(&headers, &uri, &body)?;
    let asked: AcceptHandover = body.read()?;
    bounded(asked.tickets.len(), "tickets")?;
    once_each(&asked.tickets, "tickets")?;
    let each = app
        .desk
        .accept_all(&who.viewer, asked.tickets, &conditions)
        .await
        .map_err(midwatch_store::Fault::from)?;
    json(&HandoverResult::of(each))
}

fn conditions(
    headers: &HeaderMap,
    uri: &OriginalUri,
    body: &Body,
) -> Result<midwatch_desk::act::Conditions, Problem> {
    let what = format!("{} {}", Method::POST, uri.path());
    let conditions = act::conditions(headers, &what, &body.bytes)?;
    // Each ticket gets a key of its own, made of this one.
    if conditions
        .idempotency
        .as_ref()
        .is_some_and(|(key, _)| key.len() > 180)
    {
        return Err(Refusal::invalid(
            "Idempotency-Key",
            "For many tickets at once an idempotency key has 1 to 180 characters.",
        )
        .into());
    }
    Ok(conditions)
}

fn bounded(n: usize, field: &str) -> Result<(), Problem> {
    match i64::try_from(n) {
        Ok(1..=read::MOST) => Ok(()),
        _ => Err(Refusal::invalid(field, format!("Expected 1 to {}.", read::MOST)).into()),
    }
}

fn once_each(numbers: &[TicketNo], field: &str) -> Result<(), Problem> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    match sorted.windows(2).find(|w| w[0] == w[1]) {
        Some(twice) => {
            let says = format!("{} is named twice.", twice[0]);
            Err(Refusal::invalid(field, says).into())
        }
        None => Ok(()),
    }
}

/// The time that a report is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskedReport {
    pub(crate) from: Option<Moment>,
    pub(crate) to: Option<Moment>,
    pub(crate) team: Option<TeamId>,
}

async fn report(
    State(app): State<App>,
    Extension(who): Who,
    Asked(asked): Asked<AskedReport>,
) -> Answer {
    let now = app.desk.store.now();
    let span = span(&who, asked, now)?;
    let report = app
        .read(move |tx| read::shift_report(tx, &who.viewer, &who.directory, span, now))
        .await?;
    json(&report)
}

/// The time that a report is about: as asked, else the current shift, else the last hours.
pub(crate) fn span(
    who: &midwatch_desk::account::Signed,
    asked: AskedReport,
    now: Moment,
) -> Result<Span, Problem> {
    let d = &who.directory;
    let me = who.viewer.actor.person();
    let team = match &asked.team {
        Some(team) => d.teams.get(team),
        None => d
            .teams
            .values()
            .find(|t| me.is_some_and(|m| t.members.contains(m)))
            .or_else(|| d.default_team()),
    };
    let shift = team.and_then(|t| d.shift(t, now));
    let (from, to) = match (asked.from, asked.to) {
        (Some(from), Some(to)) => (from, to),
        (Some(from), None) => (from, now.max(from.plus_ms(1))),
        (None, Some(to)) => (to.plus_ms(-SHIFT_MS), to),
        (None, None) => match shift {
            Some(shift) => (shift.from, shift.to.min(now.plus_ms(1))),
            None => (now.plus_ms(-SHIFT_MS), now.plus_ms(1)),
        },
    };
    if from >= to {
        return Err(Refusal::invalid("to", "A report ends after it begins.").into());
    }
    if to.since(from) > LONGEST_MS {
        return Err(Refusal::invalid("from", "A shift report is about at most 31 days.").into());
    }
    Ok(Span {
        from,
        to,
        team: asked.team,
    })
}
