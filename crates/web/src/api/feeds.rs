//! Feeds of indicators: how they are asked, how they are, files brought to them, and what they assert.

use axum::Extension;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::handler::Handler;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use indicators::Kind;
use midwatch_desk::engine::feeds::Summary;
use midwatch_desk::intelligence::{self, Assertion, Intelligence, Search};
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::feed::Feed;
use midwatch_domain::id::FeedId;
use midwatch_domain::revise::Revision as Thing;
use midwatch_domain::secret::Secret;
use midwatch_store::plain::feed_state::{self, FeedState};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::body::{Asked, At, Body};
use super::document::{Document, delete, get, post, put};
use super::people::{Revision, revision};
use super::reply::{Answer, Items, json, page};
use crate::policy::{Policy, Routes};
use crate::{App, Who, spool};

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let (read, manage) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::ManageFeeds),
    );
    // A file goes to the disk and has a limit of its own.
    let import = import.layer(DefaultBodyLimit::disable());
    r.get("/api/v1/feeds", read, list)
        .post("/api/v1/feeds", manage, make)
        .get("/api/v1/feeds/{id}", read, show)
        .put("/api/v1/feeds/{id}", manage, revise)
        .delete("/api/v1/feeds/{id}", manage, end)
        .put("/api/v1/feeds/{id}/secret", manage, set_secret)
        .post("/api/v1/feeds/{id}/poll", manage, poll)
        .post("/api/v1/feeds/{id}/import", manage, import)
        .get("/api/v1/indicators", read, indicators)
        .get("/api/v1/indicators/{kind}/{value}", read, about)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let example = json!({ "name": "ThreatFox", "kind": "csv", "url": "https://threatfox.example.org/export/csv/recent/",
        "mapping": { "preset": "threatfox" }, "every_minutes": 60, "confidence": 60, "reliability": "B", "on_hit": "ticket" });
    let file = json!({ "type": "string", "contentMediaType": "application/octet-stream" });
    doc.tag("Intelligence", "Feeds of indicators and what they assert. `secret_at` is set by Midwatch; a feed that is asked elsewhere forgets its secret.", vec![
        get("/feeds", "list_feeds", "List the feeds, each with how it is").lists::<FeedView>("The feeds, without their secrets."),
        post("/feeds", "make_feed", "Make a feed").body::<Feed>(example.clone()).gives::<Revision>(201, "The feed."),
        get("/feeds/{id}", "show_feed", "Show a feed and how it is").gives::<FeedView>(200, "The feed."),
        put("/feeds/{id}", "revise_feed", "Change a feed; its kind stays").body::<Feed>(example).gives::<Revision>(200, "The revision."),
        delete("/feeds/{id}", "delete_feed", "Delete a feed").empty("It is not asked any more; what it asserted stays until it runs out."),
        put("/feeds/{id}/secret", "set_feed_secret", "Set the secret of a feed, or take it away")
            .text("A password, token or value of a header. It is sealed and never given out again.")
            .body::<SetSecret>(json!({ "secret": "a token" }))
            .gives::<Revision>(200, "The revision, without the secret."),
        post("/feeds/{id}/poll", "poll_feed", "Have a feed asked now").empty("It is asked within seconds."),
        post("/feeds/{id}/import", "import_feed_file", "Bring a file to a feed: a STIX bundle, a MISP event or a list, also gzipped")
            .text("Nothing of it is taken if it cannot be read to its end. What is refused is told with its place.")
            .content("application/octet-stream", &file, &serde_json::Value::Null)
            .gives::<Imported>(200, "What it came to."),
        get("/indicators", "list_indicators", "Search what feeds assert, the newest first")
            .query("value", "string", "A value: what is asserted of it, whether it holds or has ended.")
            .query("text", "string", "Part of a name or label, such as that of malware, in any case.")
            .query("kind", "string", "Only of this kind, such as `domain`.")
            .query("feed", "string", "Only of this feed.")
            .query("live", "boolean", "`true`: only what holds now; `false`: only what has ended.")
            .query("after", "string", "Where the page before ended.")
            .lists::<Assertion>("The indicators."),
        get("/indicators/{kind}/{value}", "show_indicator", "Show what is known of a value: who asserts what, and what it belongs to")
            .gives::<Intelligence>(200, "What is known."),
    ]);
}

/// A feed with how it is.
#[derive(Serialize, ToSchema)]
struct FeedView {
    /// The feed.
    #[serde(flatten)]
    feed: Feed,
    /// How it is.
    health: Health,
}

/// How a feed is.
#[derive(Serialize, ToSchema)]
struct Health {
    /// When it was asked last.
    checked_at: Option<String>,
    /// When that went well last.
    good_at: Option<String>,
    /// When it is asked next.
    next_at: Option<String>,
    /// How often it went wrong since.
    failures: i64,
    /// What is wrong; empty: nothing.
    error: String,
    /// Indicators kept of it, whether they hold or have ended.
    total: i64,
    /// What the last good import came to.
    last: Option<Summary>,
}

/// What bringing a file came to.
#[derive(Serialize, ToSchema)]
struct Imported {
    /// What it came to: `read`, `added`, `changed`, `revoked`, `refused` with `refusals`, `took_ms` and more.
    #[serde(flatten)]
    summary: Summary,
}

/// A secret to be set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetSecret {
    /// The secret; nothing takes it away.
    secret: Option<String>,
}

fn view(feed: Feed, states: &[FeedState]) -> FeedView {
    let state = states
        .iter()
        .find(|s| s.feed == feed.id.as_str())
        .cloned()
        .unwrap_or_default();
    let asked = feed.is_asked();
    let health = Health {
        checked_at: state.checked_at.map(|m| m.to_string()),
        good_at: state.good_at.map(|m| m.to_string()),
        next_at: asked.then(|| state.next_at.to_string()),
        failures: state.failures,
        error: state.error,
        total: state.total,
        last: serde_json::from_str(&state.last).ok(),
    };
    FeedView { feed, health }
}

async fn list(State(app): State<App>, Extension(who): Who) -> Answer {
    let states = app.read(|tx| Ok(feed_state::all(tx)?)).await?;
    let feeds = who.directory.feeds.values().cloned();
    json(&Items {
        items: feeds.map(|f| view(f, &states)).collect(),
        next: None,
    })
}

async fn show(State(app): State<App>, Extension(who): Who, At(id): At<FeedId>) -> Answer {
    let feed = found(&who, &id)?;
    let state = app
        .read(move |tx| Ok(feed_state::find(tx, id.as_str())?))
        .await?;
    json(&view(feed, &Vec::from_iter(state)))
}

fn found(who: &midwatch_desk::account::Signed, id: &FeedId) -> Result<Feed, Refusal> {
    let found = who.directory.feeds.get(id).cloned();
    found.ok_or_else(|| Refusal::missing("feed"))
}

async fn make(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let id = FeedId::from_bytes(app.desk.store.random());
    let feed: Feed = body.named("id", id.as_str())?.read()?;
    let made = app.desk.revise(who.viewer, Thing::Feed(feed));
    revision(StatusCode::CREATED, &made.await?)
}

async fn revise(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<FeedId>,
    body: Body,
) -> Answer {
    found(&who, &id)?;
    let feed: Feed = body.named("id", id.as_str())?.read()?;
    let revised = app.desk.revise(who.viewer, Thing::Feed(feed));
    revision(StatusCode::OK, &revised.await?)
}

async fn end(State(app): State<App>, Extension(who): Who, At(id): At<FeedId>) -> Answer {
    let gone = Feed {
        deleted: true,
        enabled: false,
        ..found(&who, &id)?
    };
    app.desk.revise(who.viewer, Thing::Feed(gone)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn set_secret(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<FeedId>,
    body: Body,
) -> Answer {
    let SetSecret { secret } = body.read()?;
    let set = app
        .desk
        .set_feed_secret(who.viewer, id, secret.map(Secret::new));
    revision(StatusCode::OK, &set.await?)
}

async fn poll(State(app): State<App>, Extension(who): Who, At(id): At<FeedId>) -> Answer {
    app.desk.poll_feed(who.viewer, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn import(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<FeedId>,
    request: Request,
) -> Answer {
    found(&who, &id)?;
    let (file, _) = spool::receive(&app, request.into_body().into_data_stream()).await?;
    let summary = app.desk.import_file(who.viewer, id, file).await?;
    json(&Imported { summary })
}

/// What to look for.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wanted {
    value: String,
    text: String,
    kind: String,
    feed: String,
    live: Option<bool>,
    after: String,
}

async fn indicators(
    State(app): State<App>,
    Extension(_): Who,
    Asked(wanted): Asked<Wanted>,
) -> Answer {
    let now = app.desk.store.now();
    let parameters = [
        ("value", wanted.value.clone()),
        ("text", wanted.text.clone()),
        ("kind", wanted.kind.clone()),
        ("feed", wanted.feed.clone()),
        (
            "live",
            wanted.live.map_or_else(String::new, |l| l.to_string()),
        ),
        ("after", String::new()),
    ];
    let search = Search {
        value: wanted.value,
        text: wanted.text,
        kind: wanted.kind,
        feed: wanted.feed,
        live: wanted.live,
        after: wanted.after,
        limit: intelligence::PAGE,
    };
    let (items, next) = app
        .read(move |tx| intelligence::search(tx, &search, now))
        .await?;
    page("/indicators", &parameters, "after", Items { items, next })
}

async fn about(
    State(app): State<App>,
    Extension(who): Who,
    At((kind, value)): At<(String, String)>,
) -> Answer {
    let kind: Kind = kind
        .parse()
        .map_err(|e: indicators::UnknownKind| Refusal::invalid("kind", e.to_string()))?;
    let now = app.desk.store.now();
    let directory = who.directory.clone();
    let known = app.read(move |tx| intelligence::about(tx, &directory, kind, &value, now));
    json(&known.await?)
}
