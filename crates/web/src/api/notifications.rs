//! One's own rules of being told, one's own list, and the texts of messages.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use midwatch_desk::account::Signed;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::id::PersonId;
use midwatch_domain::message::MessageTemplate;
use midwatch_domain::notify::{NoticeKind, NotifyRules, Way};
use midwatch_domain::revise::Revision as Thing;
use midwatch_store::read::deliveries::{count_unread, list_notices};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::body::{Asked, At, Body};
use super::channels::Tried;
use super::deliveries::DeliveryView;
use super::document::{Document, get, post, put};
use super::people::{Revision, revision};
use super::reply::{Answer, Items, json, page};
use crate::pages::deliveries::{cursor, place};
use crate::policy::{Policy, Routes};
use crate::{App, Who};

/// Items of a page.
const PAGE: usize = 50;

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let own = Policy::May(Action::ManageSelf);
    let edit = Policy::May(Action::EditTemplates);
    r.get("/api/v1/me/notifications", own, rules)
        .put("/api/v1/me/notifications", own, set_rules)
        .post("/api/v1/me/notifications/test", own, test)
        .get("/api/v1/me/notices", own, notices)
        .get("/api/v1/me/notices/count", own, count)
        .post("/api/v1/me/notices/seen", own, seen)
        .get("/api/v1/messages", edit, messages)
        .get("/api/v1/messages/{kind}", edit, message)
        .put("/api/v1/messages/{kind}", edit, set_message)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let rules = json!({ "rules": [
        { "urgency": "tell", "severities": ["low"], "ways": [{ "by": "digest" }] },
        { "urgency": "page", "hours": { "from": "22:00", "to": "07:00" }, "ways": [{ "by": "mail" }] } ],
        "time_zone": "Europe/Berlin", "digest_at": "08:00" });
    doc.tag("Notifications", "How one is told of what. The first rule that fits counts; where none does, mail. Everything also stands in one's own list.", vec![
        get("/me/notifications", "show_rules", "Show one's own rules").gives::<NotifyRules>(200, "The rules; none: mail for everything."),
        put("/me/notifications", "set_rules", "Set one's own rules")
            .body::<NotifyRules>(rules)
            .gives::<Revision>(200, "The rules."),
        post("/me/notifications/test", "test_way", "Send oneself a test")
            .body::<Way>(json!({ "by": "browser" }))
            .gives::<Tried>(200, "What the other side said, well or not."),
        get("/me/notices", "list_notices", "List what one was told, the newest first")
            .query("cursor", "string", "What `next` of the page before said.")
            .lists::<DeliveryView>("A page of 50."),
        get("/me/notices/count", "count_notices", "Count what is new in one's list").gives::<Unread>(200, "How many, up to 100."),
        post("/me/notices/seen", "see_notices", "Mark one's list as seen")
            .body::<SeenTo>(json!({ "up_to": 1 }))
            .empty("It is seen."),
    ]);
    let text =
        json!({ "title": "{{severity}}: {{title}}", "text": "{{who}} {{what}}.\n\n{{details}}" });
    doc.tag("Messages", "What people read. Texts have sentences and `{{fields}}` and nothing else; of tickets that may not leave, only number and link go out.", vec![
        get("/messages", "list_messages", "List the texts of messages").lists::<MessageTemplate>("Every kind, with the text in use."),
        get("/messages/{kind}", "show_message", "Show the text of a kind of message").gives::<MessageTemplate>(200, "The text in use."),
        put("/messages/{kind}", "revise_message", "Write the text of a kind of message")
            .body::<MessageTemplate>(text)
            .gives::<Revision>(200, "The revision."),
    ]);
}

/// How much is new.
#[derive(Serialize, ToSchema)]
struct Unread {
    /// How many, up to 100.
    unread: i64,
}

/// Up to where the list was seen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SeenTo {
    /// The `seq` of the newest that was seen.
    up_to: i64,
}

fn me(who: &Signed) -> Result<PersonId, Refusal> {
    let me = who.viewer.actor.person().cloned();
    me.ok_or_else(|| Refusal::missing("person"))
}

async fn rules(Extension(who): Who) -> Answer {
    let me = me(&who)?;
    let kept = who.directory.notify_rules.get(&me).cloned();
    json(&kept.unwrap_or_else(|| NotifyRules::none(me)))
}

async fn set_rules(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let rules: NotifyRules = body.named("person", me(&who)?.as_str())?.read()?;
    let set = app.desk.revise(who.viewer, Thing::NotifyRules(rules));
    revision(StatusCode::OK, &set.await?)
}

async fn test(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let way: Way = body.read()?;
    json(&Tried::from(app.desk.try_way(who.viewer, way).await?))
}

/// Where the list goes on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    cursor: Option<String>,
}

async fn notices(
    State(app): State<App>,
    Extension(who): Who,
    Asked(asked): Asked<After>,
) -> Answer {
    let me = me(&who)?;
    let before = asked.cursor.as_deref().map(place).transpose()?;
    let found = app.read(move |tx| Ok(list_notices(tx, &who.viewer, &me, before.as_ref(), PAGE)?));
    let (rows, next) = found.await?;
    let items = Items {
        items: rows.into_iter().map(DeliveryView::from).collect(),
        next: next.map(|p| cursor(&p)),
    };
    page("/me/notices", &[], "cursor", items)
}

async fn count(State(app): State<App>, Extension(who): Who) -> Answer {
    let me = me(&who)?;
    let unread = app.read(move |tx| Ok(count_unread(tx, &me)?)).await?;
    json(&Unread { unread })
}

async fn seen(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let SeenTo { up_to } = body.read()?;
    app.desk.see_notices(who.viewer, up_to).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn messages(Extension(who): Who) -> Answer {
    let kinds = NoticeKind::ALL.iter().filter(|k| k.has_text());
    let items = kinds.map(|k| who.directory.message(*k)).collect();
    json(&Items { items, next: None })
}

async fn message(Extension(who): Who, At(kind): At<String>) -> Answer {
    json(&who.directory.message(found(&kind)?))
}

fn found(kind: &str) -> Result<NoticeKind, Refusal> {
    let kind: Option<NoticeKind> = kind.parse().ok();
    kind.filter(|k| k.has_text())
        .ok_or_else(|| Refusal::missing("kind of message"))
}

async fn set_message(
    State(app): State<App>,
    Extension(who): Who,
    At(kind): At<String>,
    body: Body,
) -> Answer {
    let kind = found(&kind)?;
    let message: MessageTemplate = body.named("kind", kind.as_str())?.read()?;
    let set = app.desk.revise(who.viewer, Thing::Message(message));
    revision(StatusCode::OK, &set.await?)
}
