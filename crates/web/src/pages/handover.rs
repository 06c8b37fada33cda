//! Handing over a shift: many offers from one page, and the answer of who keeps their tickets. What is offered to me is in `offered`.

use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use midwatch_desk::act::Conditions;
use midwatch_desk::handover::Each;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::id::{PersonId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::ticket::{Brief, OfferHandoff, Ticket};
use midwatch_store::Fault;
use midwatch_store::read::handover::{self as read, Carried, Whose};
use serde::Deserialize;
use std::collections::BTreeMap;

use crate::App;
use crate::problem::Problem;
use crate::view::form::{Choice, Field, FieldKind};
use crate::view::frame::Nav;
use crate::view::handover::{Give, Given, ToGive};
use crate::view::moment::span;
use crate::view::piece::{Clock, ClockState, Empty};

use super::frame::{Look, escape};
use super::leaving;
use super::show;
use super::typed::{Typed, status};

/// The parts of a brief.
pub(super) const PARTS: [(&str, &str); 4] = [
    ("situation", "Situation"),
    ("done", "Done so far"),
    ("open", "Open"),
    ("next_steps", "Next steps"),
];
/// An offer that has less time left than this is near its end.
const NEAR_MS: i64 = 15 * 60_000;

/// Whose tickets the page shows.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    of: String,
}

/// `GET /handover`.
///
/// # Errors
/// Forbidden for what others are responsible for; or as the engine says.
pub async fn page(
    State(app): State<App>,
    look: Look,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let typed = Typed(vec![("of".into(), asked.of)]);
    let page = give(&app, &look, &typed, &BTreeMap::new(), None).await?;
    Ok(look.show(&page))
}

/// `POST /handover`: offers what was selected, each ticket for itself.
///
/// # Errors
/// As the engine says; what is refused comes back with everything typed.
pub async fn post(State(app): State<App>, look: Look, typed: Typed) -> Result<Response, Problem> {
    let numbers = match numbers(&typed) {
        Ok(numbers) => numbers,
        Err(problem) => return again(&app, &look, &typed, BTreeMap::new(), Some(problem)).await,
    };
    let (mut offers, mut refused) = (Vec::new(), BTreeMap::new());
    for n in numbers {
        match offer(&typed, n) {
            Ok(offer) => offers.push((n, offer)),
            Err(r) => {
                refused.insert(n, r.message);
            }
        }
    }
    let asked = offers.len();
    let (note, once) = (Some(typed.get("note")), Conditions::default());
    let each = app.desk.hand_over(look.viewer(), offers, note, &once).await;
    refused.extend(refusals(each.map_err(Fault::from)?));
    if refused.is_empty() {
        let all = count(asked, "ticket is", "tickets are");
        let said = format!("{all} offered. Whoever gives stays responsible until it is accepted.");
        let to = format!("/handover?of={}", escape(typed.get("of")));
        return Ok(look.done(&to, &said));
    }
    again(&app, &look, &typed, refused, None).await
}

async fn again(
    app: &App,
    look: &Look,
    typed: &Typed,
    refused: BTreeMap<TicketNo, String>,
    problem: Option<Problem>,
) -> Result<Response, Problem> {
    let mut code = StatusCode::CONFLICT;
    if let Some(p) = &problem {
        code = status(p);
    }
    let page = give(app, look, typed, &refused, problem).await?;
    Ok(look.show_as(code, &page))
}

pub(super) fn numbers(typed: &Typed) -> Result<Vec<TicketNo>, Problem> {
    let all = typed.all("ticket");
    let mut all = all
        .iter()
        .map(|n| n.parse())
        .collect::<Result<Vec<TicketNo>, Refusal>>()?;
    all.sort_unstable();
    all.dedup();
    if all.is_empty() {
        return Err(Refusal::invalid("ticket", "Select at least one ticket first.").into());
    }
    if i64::try_from(all.len()).is_ok_and(|n| n > read::MOST) {
        let says = format!("At most {} tickets at once.", read::MOST);
        return Err(Refusal::invalid("ticket", says).into());
    }
    Ok(all)
}

/// The offer of one ticket, as typed.
fn offer(typed: &Typed, n: TicketNo) -> Result<OfferHandoff, Refusal> {
    let own = typed.get(&format!("to.{n}"));
    let to = if own.is_empty() { typed.get("to") } else { own };
    let to: PersonId = match to {
        "" => return Err(Refusal::invalid("to", "Choose to whom.")),
        id => id.parse()?,
    };
    let part = |name: &str| typed.get(&format!("{name}.{n}")).to_owned();
    let brief = Brief {
        situation: part("situation"),
        done: part("done"),
        open: part("open"),
        next_steps: part("next_steps"),
    };
    Ok(OfferHandoff::with(to, brief))
}

pub(super) fn refusals(each: Vec<Each>) -> impl Iterator<Item = (TicketNo, String)> {
    each.into_iter()
        .filter_map(|(n, done)| done.err().map(|r| (n, r.message)))
}

pub(super) fn count(n: usize, one: &str, many: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    }
}

/// Whose tickets, from the page's parameter: a person's id, a team's, or nothing for one's own.
fn whose(look: &Look, of: &str) -> Result<Whose, Problem> {
    if let Ok(team) = of.parse::<midwatch_domain::id::TeamId>() {
        return Ok(Whose::Team(team));
    }
    let person = match of {
        "" => look.me().cloned(),
        id => id.parse().ok(),
    };
    Ok(Whose::Person(
        person.ok_or_else(|| Refusal::missing("person"))?,
    ))
}

async fn give(
    app: &App,
    look: &Look,
    typed: &Typed,
    refused: &BTreeMap<TicketNo, String>,
    problem: Option<Problem>,
) -> Result<Give, Problem> {
    let (d, now) = (look.directory(), Moment(look.now.ms));
    let of = typed.get("of").to_owned();
    let whose = whose(look, &of)?;
    let (viewer, directory, which) = (
        look.viewer().clone(),
        look.signed.directory.clone(),
        whose.clone(),
    );
    let (carried, to_me) = app
        .read(move |tx| {
            let carried = read::carried(tx, &viewer, &directory, &which, now)?;
            Ok::<_, Fault>((carried, read::offered(tx, &viewer)?.len()))
        })
        .await?;
    let giver = match &whose {
        Whose::Person(p) => Some(p.clone()),
        Whose::Team(_) => None,
    };
    let relief = match &whose {
        Whose::Person(p) => d.relief(p, now),
        Whose::Team(t) => d.teams.get(t).and_then(|t| d.watch(t, None, now)),
    };
    let again = typed.has("to");
    let people = show::owners(d, giver.as_ref());
    let mut fields = vec![
        Field::new(FieldKind::Person, "to", "To")
            .choices(people.clone())
            .value(relief.as_ref().map_or("", |(p, _)| p.as_str()))
            .help(
                relief
                    .as_ref()
                    .map_or(String::new(), |(p, why)| format!("{} is {why}.", d.name(p))),
            ),
        Field::new(FieldKind::Long, "note", "Situation of the shift")
            .max(5000)
            .help("One note, written into each ticket that is offered."),
    ];
    let left = typed.put_back(&mut fields, problem.as_ref());
    let (waiting, open): (Vec<_>, Vec<_>) = carried.iter().partition(|c| c.ticket.offer.is_some());
    let tickets = open
        .iter()
        .map(|c| to_give(look, c, typed, again, refused.get(&c.ticket.number)))
        .collect();
    let name = match &whose {
        Whose::Person(p) if Some(p) == look.me() => "You have".to_owned(),
        Whose::Person(p) => format!("{} has", d.name(p)),
        Whose::Team(t) => d
            .teams
            .get(t)
            .map_or(String::new(), |t| format!("{} has", t.name)),
    };
    let headline = format!(
        "{name} {}.",
        match open.len() {
            0 => "nothing to hand over".to_owned(),
            n => count(n, "open ticket to hand over", "open tickets to hand over"),
        }
    );
    let lead = look.viewer().may(Action::LeadTickets).is_ok();
    Ok(Give {
        frame: look.frame(app, "Hand over", Nav::Watch).await?,
        leaving: leaving::banner(look, giver.as_ref(), carried.len()),
        headline,
        of,
        whose: if lead { choices(look) } else { Vec::new() },
        problem: problem_piece(left, refused),
        fields,
        people,
        tickets,
        waiting: waiting.iter().map(|c| given(look, &c.ticket)).collect(),
        empty: Empty::new(
            "check",
            "Nothing to hand over",
            "Open tickets that somebody is responsible for appear here, each with a brief drafted from its timeline.",
        ),
        offered_to_me: to_me,
    })
}

fn problem_piece(
    left: Option<crate::view::piece::Problem>,
    refused: &BTreeMap<TicketNo, String>,
) -> Option<crate::view::piece::Problem> {
    let all = count(refused.len(), "ticket was", "tickets were");
    left.or_else(|| {
        (!refused.is_empty()).then(|| crate::view::piece::Problem {
            title: format!("{all} not offered."),
            remedy: "Why stands at each. What you typed is kept; what is not listed was offered."
                .to_owned(),
            ..Default::default()
        })
    })
}

/// Mine, each team's, and everybody's who can be responsible.
fn choices(look: &Look) -> Vec<Choice> {
    let d = look.directory();
    let mut out = vec![Choice::new("", "Mine")];
    out.extend(
        d.teams
            .values()
            .map(|t| Choice::new(t.id.as_str(), &t.name).hint("team")),
    );
    out.extend(show::owners(d, look.me()));
    out
}

pub(super) fn phase(look: &Look, t: &Ticket) -> String {
    let since = t.intervals.last().map_or(t.opened_at, |i| i.entered_at);
    format!("{} for {}", t.phase.label(), span(look.now.ms - since.0))
}

fn to_give(
    look: &Look,
    c: &Carried,
    typed: &Typed,
    again: bool,
    refused: Option<&String>,
) -> ToGive {
    let (t, d) = (&c.ticket, look.directory());
    let number = t.number.to_string();
    let drafts = [
        &c.brief.situation,
        &c.brief.done,
        &c.brief.open,
        &c.brief.next_steps,
    ];
    let mut brief: Vec<Field> = PARTS
        .iter()
        .zip(drafts)
        .map(|((name, label), text)| {
            Field::new(FieldKind::Long, format!("{name}.{number}"), *label)
                .max(5000)
                .value(text)
                .required()
        })
        .collect();
    typed.put_back(&mut brief, None);
    for field in brief.iter_mut() {
        // The browser could not show what is wrong within a brief that is folded.
        field.required = false;
        if field.value.trim().is_empty() {
            field.error = Some("Say it in a few words.".to_owned());
        }
    }
    let lacking = brief.iter().any(|f| f.error.is_some());
    let chosen = typed.all("ticket").contains(&number);
    ToGive {
        title: t.title.clone(),
        severity: show::severity(t.severity),
        phase: phase(look, t),
        owner: show::person(d, &t.owner),
        acknowledged: t.acknowledged.is_some(),
        chosen: if again { chosen } else { true },
        to: typed.get(&format!("to.{number}")).to_owned(),
        unfolded: lacking,
        brief,
        refused: refused.cloned().unwrap_or_default(),
        number,
    }
}

/// How long an offer stands.
pub(super) fn stands(look: &Look, until: Option<Moment>) -> Option<Clock> {
    let until = until?;
    let left = until.0 - look.now.ms;
    Some(Clock {
        what: "to answer".to_owned(),
        state: match left {
            i64::MIN..0 => ClockState::Passed,
            0..NEAR_MS => ClockState::Near,
            _ => ClockState::Running,
        },
        due: look.now.moment(until.0),
        left: look.now.left(until.0),
    })
}

fn given(look: &Look, t: &Ticket) -> Given {
    let offer = t.offer.as_ref();
    let me = look.me();
    let to = offer.map_or(&t.owner, |o| &o.to);
    Given {
        number: t.number.to_string(),
        title: t.title.clone(),
        severity: show::severity(t.severity),
        to: show::person(look.directory(), to),
        clock: stands(look, offer.and_then(|o| o.expires_at)),
        mine: offer.is_some_and(|o| Some(&o.from) == me || o.by.as_ref() == me),
    }
}

/// `POST /handover/keep`: whoever goes off duty keeps their tickets, and is not asked again about this shift.
///
/// # Errors
/// Invalid if it does not say about which shift.
pub async fn keep(State(_): State<App>, look: Look, typed: Typed) -> Result<Response, Problem> {
    let until: i64 = typed
        .get("until")
        .parse()
        .map_err(|_| Refusal::invalid("until", "Say about which shift."))?;
    let mut response = look.done("/", "You keep your tickets and stay responsible for them.");
    let cookie = leaving::kept(until);
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}
