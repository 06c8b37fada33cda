//! The log of messages: what did not go out on top, each with its reason, one message with its attempts, sending again.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::id::{DeliveryId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::notify::{NoticeKind, Urgency};
use midwatch_store::read::deliveries::{
    Listed, Place, Wanted, count_by_state, find_delivery, list_attempts, list_deliveries,
};
use midwatch_store::rows::delivery::State as S;
use serde::Deserialize;

use super::frame::{Look, escape};
use super::show;
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::form::Choice;
use crate::view::frame::Nav;
use crate::view::piece::{Empty, Pager};
use crate::view::post::{AttemptRow, Deliveries, DeliveryFilter, DeliveryPage, DeliveryRow};

const DAY_MS: i64 = 86_400_000;
/// How far back what did not go out stands on top, in days.
const DEAD_DAYS: i64 = 7;

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let read = Policy::May(Action::ReadRecord);
    r.get("/deliveries", read, list)
        .get("/deliveries/{id}", read, page)
        .post(
            "/deliveries/{id}/retry",
            Policy::May(Action::LeadTickets),
            retry,
        )
}

type Answer = Result<Response, Problem>;

/// What an address of the log says.
#[derive(Debug, Default, Deserialize)]
struct Params {
    #[serde(default)]
    state: String,
    #[serde(default)]
    person: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    ticket: String,
    cursor: Option<String>,
}

/// A place in a list as part of an address.
pub(crate) fn cursor(place: &Place) -> String {
    format!("{}.{}", place.0.0, place.1)
}

/// A place in a list out of an address.
///
/// # Errors
/// Invalid, if it cannot be read.
pub(crate) fn place(text: &str) -> Result<Place, Refusal> {
    let parts = text.split_once('.');
    let read = parts.and_then(|(at, id)| Some((Moment(at.parse().ok()?), id.parse().ok()?)));
    read.ok_or_else(|| Refusal::invalid("cursor", "Take the address of the next page as it is."))
}

fn wanted(params: &Params) -> Result<Wanted, Refusal> {
    fn some<T: std::str::FromStr<Err = Refusal>>(
        field: &str,
        text: &str,
    ) -> Result<Option<T>, Refusal> {
        match text.trim() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|r: Refusal| r.on(field)),
        }
    }
    Ok(Wanted {
        state: some("state", &params.state)?,
        person: some("person", &params.person)?,
        channel: some("channel", &params.channel)?,
        ticket: some::<TicketNo>("ticket", &params.ticket)?,
        since: None,
        before: params.cursor.as_deref().map(place).transpose()?,
    })
}

async fn list(State(app): State<App>, look: Look, Query(params): Query<Params>) -> Answer {
    let wanted = wanted(&params)?;
    let plain = wanted == Wanted::default();
    let (viewer, now) = (look.viewer().clone(), look.at());
    let found = app.read(move |tx| {
        let dead = Wanted {
            state: Some(S::Dead),
            since: Some(now.plus_ms(-DEAD_DAYS * DAY_MS)),
            ..Wanted::default()
        };
        let dead = match plain {
            true => list_deliveries(tx, &viewer, &dead)?.0,
            false => Vec::new(),
        };
        let (rows, next) = list_deliveries(tx, &viewer, &wanted)?;
        Ok((dead, rows, next, count_by_state(tx, now.plus_ms(-DAY_MS))?))
    });
    let (dead, rows, next, counts) = found.await?;
    let here = format!(
        "/deliveries?state={}&person={}&channel={}&ticket={}",
        escape(&params.state),
        escape(&params.person),
        escape(&params.channel),
        escape(&params.ticket)
    );
    let d = look.directory();
    let count = |state: S| counts.iter().find(|(s, _)| *s == state).map_or(0, |c| c.1);
    let page = Deliveries {
        frame: look.frame(&app, "Deliveries", Nav::Deliveries).await?,
        dead: dead.iter().map(|l| row(&look, l)).collect(),
        rows: rows.iter().map(|l| row(&look, l)).collect(),
        pager: Pager {
            summary: String::new(),
            earlier: params.cursor.as_ref().map(|_| here.clone()),
            later: next.map(|p| format!("{here}&cursor={}", escape(&cursor(&p)))),
        },
        empty: Empty::new(
            "bell",
            "No message matches",
            "Messages stand here from the moment they are planned, for 90 days.",
        ),
        counts: vec![
            ("sent", count(S::Sent)),
            ("waiting", count(S::Waiting)),
            ("for a digest", count(S::Digest)),
            ("not gone out", count(S::Dead)),
        ],
        states: S::ALL
            .iter()
            .map(|s| Choice::new(s.as_str(), state_word(*s)))
            .collect(),
        people: show::people(d),
        channels: d
            .channels
            .values()
            .map(|c| Choice::new(c.id.as_str(), &c.name))
            .collect(),
        filter: DeliveryFilter {
            state: params.state,
            person: params.person,
            channel: params.channel,
            ticket: params.ticket,
        },
        may_retry: look.viewer().may(Action::LeadTickets).is_ok(),
    };
    Ok(look.show(&page))
}

fn state_word(state: S) -> &'static str {
    match state {
        S::Waiting => "waiting",
        S::Sent => "sent",
        S::Dead => "not gone out",
        S::Digest => "waits for the digest",
        S::Cancelled => "not needed any more",
    }
}

fn row(look: &Look, listed: &Listed) -> DeliveryRow {
    let (d, m) = (look.directory(), &listed.delivery);
    let way = match m.way.as_str() {
        "mail" => "mail".to_owned(),
        "digest" | "digest:mail" => "digest".to_owned(),
        "browser" => "page".to_owned(),
        _ => {
            let channel = m.channel().and_then(|id| d.channels.get(&id));
            let name = channel.map_or("a channel that was deleted", |c| c.name.as_str());
            match m.address.as_str() {
                "" => name.to_owned(),
                address => format!("{name}, {address}"),
            }
        }
    };
    let again = m.state == S::Waiting && m.tries > 0;
    DeliveryRow {
        id: m.id.to_string(),
        at: look.now.moment(m.created_at.0),
        ticket: m.ticket.map(|n| n.to_string()).unwrap_or_default(),
        title: listed.title.clone().unwrap_or_default(),
        kind: m.kind.label(),
        page: m.urgency == Urgency::Page && m.kind != NoticeKind::Escalated,
        person: m.person.as_ref().map(|p| show::person(d, p)),
        way,
        state: m.state.as_str(),
        state_word: match again {
            true => "not gone out yet".into(),
            false => state_word(m.state).into(),
        },
        reason: m.reason.clone(),
        tries: m.tries,
        next: again.then(|| look.now.moment(m.next_at.0)),
    }
}

async fn page(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let id: DeliveryId = id.parse().map_err(|_| Refusal::missing("message"))?;
    let viewer = look.viewer().clone();
    let found = app.read(move |tx| {
        let listed = find_delivery(tx, &viewer, &id)?;
        let listed = listed.ok_or_else(|| Refusal::missing("message"))?;
        Ok((listed, list_attempts(tx, &id)?))
    });
    let (listed, attempts) = found.await?;
    let attempts = attempts.into_iter().map(|a| AttemptRow {
        at: look.now.moment(a.at.0),
        outcome: match a.outcome.as_str() {
            "sent" => "taken",
            "again" => "to be tried again",
            "cancelled" => "not needed any more",
            _ => "given up",
        }
        .into(),
        reason: a.reason,
        took: match a.ms {
            0..10_000 => format!("{} ms", a.ms),
            ms => format!("{} s", ms / 1000),
        },
    });
    let page = DeliveryPage {
        frame: look.frame(&app, "Delivery", Nav::Deliveries).await?,
        urgency: match listed.delivery.urgency {
            Urgency::Page => "page",
            Urgency::Tell => "told",
        },
        why: listed.delivery.why.clone(),
        seq: listed.delivery.seq,
        row: row(&look, &listed),
        attempts: attempts.collect(),
        may_retry: look.viewer().may(Action::LeadTickets).is_ok(),
    };
    Ok(look.show(&page))
}

async fn retry(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let id: DeliveryId = id.parse().map_err(|_| Refusal::missing("message"))?;
    app.desk.retry_delivery(look.viewer().clone(), id).await?;
    Ok(look.done("/deliveries", "It is sent again."))
}
