//! The log of messages: what goes out to whom, what the other side said, and sending again what did not go out.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::id::{ChannelId, DeliveryId, PersonId, TicketNo};
use midwatch_domain::notify::{NoticeKind, Urgency};
use midwatch_store::read::deliveries::{
    Attempt, Listed, Wanted, find_delivery, list_attempts, list_deliveries,
};
use midwatch_store::rows::delivery::State as Sent;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{Asked, At};
use super::document::{Document, get, post};
use super::reply::{Answer, Items, json, page};
use crate::pages::deliveries::{cursor, place};
use crate::policy::{Policy, Routes};
use crate::{App, Who};

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let read = Policy::May(Action::ReadRecord);
    let lead = Policy::May(Action::LeadTickets);
    r.get("/api/v1/deliveries", read, list)
        .get("/api/v1/deliveries/{id}", read, show)
        .post("/api/v1/deliveries/{id}/retry", lead, retry)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    doc.tag("Deliveries", "Every message that goes out. Its id is the same at every try, so that a receiver can take it once. Messages about tickets that the asker may not know of are left out.", vec![
        get("/deliveries", "list_deliveries", "List messages, the newest first")
            .query("state", "string", "How far they are: waiting, sent, dead, digest, cancelled.")
            .query("person", "string", "To whom they go, as an id.")
            .query("channel", "string", "By which channel, as an id.")
            .query("ticket", "string", "About which ticket.")
            .query("cursor", "string", "What `next` of the page before said.")
            .lists::<DeliveryView>("A page of 50."),
        get("/deliveries/{id}", "show_delivery", "Show a message with its attempts")
            .gives::<Tracked>(200, "The message."),
        post("/deliveries/{id}/retry", "retry_delivery", "Send a message again that was given up")
            .empty("It is waiting again."),
    ]);
}

/// A message on its way, without its text.
#[derive(Serialize, ToSchema)]
pub(super) struct DeliveryView {
    /// The id, `dlv_…`.
    id: String,
    /// The entry of the record that it tells of.
    seq: i64,
    /// The ticket it is about; nothing for a digest.
    ticket: Option<String>,
    /// The reader, as an id; nothing: what a team hears.
    person: Option<String>,
    /// By which way: `mail`, `channel:chn_…`, `browser`, `digest`, `digest:mail`.
    way: String,
    /// The reader's address on a channel.
    address: String,
    /// What it is about.
    kind: NoticeKind,
    /// How urgent it is.
    urgency: Urgency,
    /// Why the reader gets it.
    why: String,
    /// How far it is: `waiting`, `sent`, `dead`, `digest`, `cancelled`.
    state: String,
    /// How often it was tried.
    tries: i64,
    /// What was said at the last try.
    reason: String,
    /// When it was planned.
    created_at: String,
    /// When it is tried next, while it waits.
    next_at: Option<String>,
    /// When the other side took it.
    sent_at: Option<String>,
    /// When the reader saw it on a page.
    read_at: Option<String>,
}

/// One attempt.
#[derive(Serialize, ToSchema)]
struct AttemptView {
    /// When it ended.
    at: String,
    /// How: `sent`, `again`, `dead`, `cancelled`.
    outcome: String,
    /// What was said.
    reason: String,
    /// How long it took, in milliseconds.
    ms: i64,
}

/// A message with its attempts.
#[derive(Serialize, ToSchema)]
struct Tracked {
    /// The message.
    #[serde(flatten)]
    delivery: DeliveryView,
    /// Attempts, oldest first.
    attempts: Vec<AttemptView>,
}

impl From<Listed> for DeliveryView {
    fn from(listed: Listed) -> Self {
        let d = listed.delivery;
        Self {
            id: d.id.to_string(),
            seq: d.seq,
            ticket: d.ticket.map(|n| n.to_string()),
            person: d.person.map(|p| p.to_string()),
            way: d.way,
            address: d.address,
            kind: d.kind,
            urgency: d.urgency,
            why: d.why,
            state: d.state.to_string(),
            tries: d.tries,
            reason: d.reason,
            created_at: d.created_at.to_string(),
            next_at: matches!(d.state, Sent::Waiting | Sent::Digest).then(|| d.next_at.to_string()),
            sent_at: d.sent_at.map(|m| m.to_string()),
            read_at: d.read_at.map(|m| m.to_string()),
        }
    }
}

impl From<Attempt> for AttemptView {
    fn from(a: Attempt) -> Self {
        Self {
            at: a.at.to_string(),
            outcome: a.outcome,
            reason: a.reason,
            ms: a.ms,
        }
    }
}

/// What the list is narrowed to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    state: Option<String>,
    person: Option<PersonId>,
    channel: Option<ChannelId>,
    ticket: Option<TicketNo>,
    cursor: Option<String>,
}

async fn list(State(app): State<App>, Extension(who): Who, Asked(asked): Asked<Filter>) -> Answer {
    let text = |v: Option<String>| v.unwrap_or_default();
    let parameters = [
        ("state", text(asked.state.clone())),
        (
            "person",
            text(asked.person.as_ref().map(ToString::to_string)),
        ),
        (
            "channel",
            text(asked.channel.as_ref().map(ToString::to_string)),
        ),
        (
            "ticket",
            text(asked.ticket.as_ref().map(ToString::to_string)),
        ),
    ];
    let wanted = Wanted {
        state: asked.state.map(|s| s.parse()).transpose()?,
        person: asked.person,
        channel: asked.channel,
        ticket: asked.ticket,
        since: None,
        before: asked.cursor.as_deref().map(place).transpose()?,
    };
    let found = app.read(move |tx| Ok(list_deliveries(tx, &who.viewer, &wanted)?));
    let (rows, next) = found.await?;
    let items = Items {
        items: rows.into_iter().map(DeliveryView::from).collect(),
        next: next.map(|p| cursor(&p)),
    };
    page("/deliveries", &parameters, "cursor", items)
}

async fn show(State(app): State<App>, Extension(who): Who, At(id): At<DeliveryId>) -> Answer {
    let found = app.read(move |tx| {
        let listed = find_delivery(tx, &who.viewer, &id)?;
        let listed = listed.ok_or_else(|| Refusal::missing("message"))?;
        Ok((listed, list_attempts(tx, &id)?))
    });
    let (listed, attempts) = found.await?;
    json(&Tracked {
        delivery: listed.into(),
        attempts: attempts.into_iter().map(AttemptView::from).collect(),
    })
}

async fn retry(State(app): State<App>, Extension(who): Who, At(id): At<DeliveryId>) -> Answer {
    app.desk.retry_delivery(who.viewer, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
