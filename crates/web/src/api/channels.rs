//! Channels: where messages go out, their secrets, which are only written, and trying them.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use midwatch_desk::Failure;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::channel::Channel;
use midwatch_domain::id::ChannelId;
use midwatch_domain::revise::Revision as Thing;
use midwatch_domain::secret::Secret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::body::{At, Body};
use super::document::{Document, delete, get, post, put};
use super::people::{Revision, revision};
use super::reply::{Answer, Items, json};
use crate::policy::{Policy, Routes};
use crate::{App, Who};

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let manage = Policy::May(Action::ManageChannels);
    r.get("/api/v1/channels", manage, list)
        .post("/api/v1/channels", manage, make)
        .get("/api/v1/channels/{id}", manage, show)
        .put("/api/v1/channels/{id}", manage, revise)
        .delete("/api/v1/channels/{id}", manage, end)
        .put("/api/v1/channels/{id}/secret", manage, set_secret)
        .post("/api/v1/channels/{id}/test", manage, test)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let example = json!({ "name": "Our receiver", "enabled": true,
        "settings": { "kind": "webhook", "url": "https://hooks.example.org/midwatch" },
        "hears": { "severities": ["high", "critical"] } });
    doc.tag("Channels", "By which ways messages go out. `secret_at` and, for Slack and Teams, `host` are set by Midwatch; a channel that is led elsewhere forgets its secret.", vec![
        get("/channels", "list_channels", "List the channels").lists::<Channel>("The channels, without their secrets."),
        post("/channels", "make_channel", "Make a channel")
            .body::<Channel>(example.clone())
            .gives::<Revision>(201, "The channel."),
        get("/channels/{id}", "show_channel", "Show a channel").gives::<Channel>(200, "The channel."),
        put("/channels/{id}", "revise_channel", "Change a channel; its kind stays")
            .body::<Channel>(example)
            .gives::<Revision>(200, "The revision."),
        delete("/channels/{id}", "delete_channel", "Delete a channel").empty("Nothing goes out by it any more; the record keeps it."),
        put("/channels/{id}/secret", "set_channel_secret", "Set the secret of a channel, or take it away")
            .text("A password, signing key, routing key, access token or, for Slack and Teams, the address of the incoming webhook. It is sealed and never given out again.")
            .body::<SetSecret>(json!({ "secret": "a long key made at random" }))
            .gives::<Revision>(200, "The revision, without the secret."),
        post("/channels/{id}/test", "test_channel", "Send a test by a channel")
            .body::<Try>(json!({}))
            .gives::<Tried>(200, "What the other side said, well or not."),
    ]);
}

/// A secret to be set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetSecret {
    /// The secret; nothing takes it away.
    secret: Option<String>,
}

/// To whom a test goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Try {
    /// A mail address or topic; nothing: one's own address, or what the team hears.
    #[serde(default)]
    address: String,
}

/// What came of a test.
#[derive(Serialize, ToSchema)]
pub(super) struct Tried {
    /// Whether the other side took it.
    sent: bool,
    /// What it said, or why it did not go out.
    said: String,
}

impl From<Result<String, Failure>> for Tried {
    fn from(sent: Result<String, Failure>) -> Self {
        match sent {
            Ok(said) => Self { sent: true, said },
            Err(failure) => Self {
                sent: false,
                said: failure.reason,
            },
        }
    }
}

async fn list(Extension(who): Who) -> Answer {
    let items = who.directory.channels.values().collect();
    json(&Items { items, next: None })
}

async fn show(Extension(who): Who, At(id): At<ChannelId>) -> Answer {
    let found = who.directory.channels.get(&id);
    json(found.ok_or_else(|| Refusal::missing("channel"))?)
}

async fn make(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let id = ChannelId::from_bytes(app.desk.store.random());
    let channel: Channel = body.named("id", id.as_str())?.read()?;
    let made = app.desk.revise(who.viewer, Thing::Channel(channel));
    revision(StatusCode::CREATED, &made.await?)
}

async fn revise(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<ChannelId>,
    body: Body,
) -> Answer {
    found(&who, &id)?;
    let channel: Channel = body.named("id", id.as_str())?.read()?;
    let revised = app.desk.revise(who.viewer, Thing::Channel(channel));
    revision(StatusCode::OK, &revised.await?)
}

fn found(who: &midwatch_desk::account::Signed, id: &ChannelId) -> Result<Channel, Refusal> {
    let found = who.directory.channels.get(id).cloned();
    found.ok_or_else(|| Refusal::missing("channel"))
}

async fn end(State(app): State<App>, Extension(who): Who, At(id): At<ChannelId>) -> Answer {
    let gone = Channel {
        deleted: true,
        enabled: false,
        ..found(&who, &id)?
    };
    app.desk.revise(who.viewer, Thing::Channel(gone)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn set_secret(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<ChannelId>,
    body: Body,
) -> Answer {
    let SetSecret { secret } = body.read()?;
    let secret = secret.map(Secret::new);
    let set = app.desk.set_channel_secret(who.viewer, id, secret);
    revision(StatusCode::OK, &set.await?)
}

async fn test(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<ChannelId>,
    body: Body,
) -> Answer {
    let Try { address } = body.read()?;
    let sent = app.desk.send_test(who.viewer, id, address).await?;
    json(&Tried::from(sent))
}
