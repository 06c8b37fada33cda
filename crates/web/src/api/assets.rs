//! The inventory of assets by API: kept, listed, taken over from lists, asked which asset a value belongs to.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::handler::Handler;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use midwatch_desk::account::Signed;
use midwatch_desk::assets::{self, Imported};
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::asset::{Asset, canonical};
use midwatch_domain::civil::{Day, Wall};
use midwatch_domain::id::{AssetId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::ObservableKey;
use midwatch_domain::words::{Criticality, IdKind};
use midwatch_store::plain::asset::{self as rows, Filter, Kept};
use midwatch_store::read::assets::tickets_of;
use midwatch_store::read::ticket::find_ticket;
use midwatch_store::read::tickets::TicketRow;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::body::{Asked, At, Body};
use super::document::{Document, delete, get, post, put};
use super::reply::{Answer, Items, json, page};
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::{App, Who};

/// Assets of a page.
const PAGE: i64 = 100;
/// Tickets of a page.
const TICKETS: i64 = 50;
/// Most values that are asked about at once.
const MOST: usize = 2000;

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let (read, manage) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::ManageAssets),
    );
    let import = import.layer(DefaultBodyLimit::max(assets::LONGEST));
    r.get("/api/v1/assets", read, list)
        .post("/api/v1/assets", manage, make)
        .post("/api/v1/assets/import", manage, import)
        .post("/api/v1/assets/match", read, matching)
        .get("/api/v1/assets/{id}", read, show)
        .put("/api/v1/assets/{id}", manage, revise)
        .delete("/api/v1/assets/{id}", manage, retire)
        .get("/api/v1/assets/{id}/tickets", read, tickets)
        .get(
            "/api/v1/tickets/{number}/assets",
            Policy::May(Action::ReadTickets),
            of_ticket,
        )
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let example = json!({ "name": "db1", "kind": "database", "criticality": "critical", "environment": "production", "data_class": "confidential",
        "identifiers": [{ "kind": "hostname", "value": "db1.example.com" }, { "kind": "ip", "value": "10.1.2.3" }],
        "contact": "Database group", "monitoring": "automatic", "baseline": "Only the shop talks to it.", "review_on": "2027-03-01" });
    let asked = json!({ "identifiers": [{ "kind": "user", "value": "ada" }], "observables": ["ipv4:10.1.2.3"], "at": "2026-11-01T00:00:00Z" });
    let list = json!({ "type": "string" });
    doc.tag("Assets", "What the organisation has, whose it is and how much depends on it. Values of tickets lead to the assets that had them at the time of the ticket.", vec![
        get("/assets", "list_assets", "List assets by their names")
            .query("q", "string", "Part of a name, an identifier or a tag.")
            .query("kind", "string", "Only of this kind, such as `server`.")
            .query("team", "string", "Only of this team.")
            .query("owner", "string", "Only of this person.")
            .query("criticality", "string", "Only of at least this criticality.")
            .query("environment", "string", "Only of this environment.")
            .query("monitoring", "string", "Only so monitored.")
            .query("due", "boolean", "`true`: only those whose baseline is to be looked at by now.")
            .query("retired", "boolean", "`true`: those in use no more, instead of those in use.")
            .query("after", "string", "Where the page before ended.")
            .lists::<AssetView>("The assets."),
        post("/assets", "make_asset", "Add an asset").body::<Asset>(example.clone()).gives::<AssetView>(201, "The asset."),
        post("/assets/import", "import_assets", "Take a list over: CSV with a heading, JSON, or JSON a line")
            .text("A line is about the asset that its host name, cloud id, mail address, login, MAC or serial number leads to, else about the one of its name. Wrong lines are told and left out. An empty cell leaves what is there.")
            .query("source", "string", "Where the list is from, for the record.")
            .query("dry_run", "boolean", "`true`: nothing is written.")
            .content("text/csv", &list, &json!("name,kind,hostname,ip,owner,criticality\ndb1,database,db1.example.com,10.1.2.3,ada@example.com,critical\n"))
            .gives::<Imported>(200, "What it came to."),
        post("/assets/match", "match_assets", "Say which assets values belong to, now or at a time").body::<Question>(asked).gives::<Matches>(200, "The assets, the most critical first."),
        get("/assets/{id}", "show_asset", "Show an asset").gives::<AssetView>(200, "The asset."),
        put("/assets/{id}", "revise_asset", "Change an asset; identifiers that are left out end now").body::<Asset>(example).gives::<AssetView>(200, "The asset."),
        delete("/assets/{id}", "retire_asset", "Retire an asset").empty("It is kept, and values seen from now on are not its own."),
        get("/assets/{id}/tickets", "list_tickets_of_asset", "List the tickets about an asset, the newest first")
            .query("after", "string", "Where the page before ended.")
            .lists::<TicketRow>("The tickets."),
        get("/tickets/{number}/assets", "list_assets_of_ticket", "List the assets that a ticket is about").lists::<OfTicket>("The assets, with whom to ask."),
    ]);
}

/// An asset with what Midwatch says of it.
#[derive(Serialize, ToSchema)]
struct AssetView {
    /// The asset.
    #[serde(flatten)]
    asset: Asset,
    /// Whom to ask about it.
    ask: Vec<String>,
    /// Whether its baseline is to be looked at by now.
    review_due: bool,
    /// The entry of the record that changed it last.
    seq: i64,
    /// When that was.
    updated_at: String,
}

fn today(who: &Signed, now: Moment) -> Day {
    Wall::new(who.directory.zone()).day(now)
}

fn view(who: &Signed, now: Moment, kept: Kept) -> AssetView {
    AssetView {
        ask: kept.asset.whom_to_ask(&who.directory, now),
        review_due: kept.asset.review_on.is_some_and(|d| d <= today(who, now)),
        asset: kept.asset,
        seq: kept.seq,
        updated_at: kept.updated_at.to_string(),
    }
}

/// Which assets.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wanted {
    q: String,
    kind: String,
    team: String,
    owner: String,
    criticality: Option<Criticality>,
    environment: String,
    monitoring: String,
    due: bool,
    retired: bool,
    after: String,
}

async fn list(State(app): State<App>, Extension(who): Who, Asked(wanted): Asked<Wanted>) -> Answer {
    let now = app.desk.store.now();
    let flag = |is: bool| if is { "true".to_owned() } else { String::new() };
    let parameters = [
        ("q", wanted.q.clone()),
        ("kind", wanted.kind.clone()),
        ("team", wanted.team.clone()),
        ("owner", wanted.owner.clone()),
        (
            "criticality",
            wanted.criticality.map_or("", |c| c.as_str()).to_owned(),
        ),
        ("environment", wanted.environment.clone()),
        ("monitoring", wanted.monitoring.clone()),
        ("due", flag(wanted.due)),
        ("retired", flag(wanted.retired)),
        ("after", String::new()),
    ];
    let after = match wanted.after.as_str() {
        "" => None,
        text => {
            let says = "Expected what the page before said under “next”.";
            let place = text.split_once(' ');
            let place = place.ok_or_else(|| Refusal::invalid("after", says))?;
            Some((place.1.to_owned(), place.0.to_owned()))
        }
    };
    let filter = Filter {
        text: wanted.q,
        kind: wanted.kind,
        team: wanted.team,
        owner: wanted.owner,
        criticality: wanted.criticality,
        environment: wanted.environment,
        monitoring: wanted.monitoring,
        review_by: wanted.due.then(|| today(&who, now)),
        retired: wanted.retired,
        after,
    };
    let mut found = app
        .read(move |tx| Ok(rows::list(tx, &filter, PAGE + 1)?))
        .await?;
    let size = usize::try_from(PAGE).unwrap_or(0);
    let more = found.len() > size;
    found.truncate(size);
    let next = found
        .last()
        .filter(|_| more)
        .map(|k| format!("{} {}", k.asset.id, k.asset.name.to_lowercase()));
    let items = found.into_iter().map(|k| view(&who, now, k)).collect();
    page("/assets", &parameters, "after", Items { items, next })
}

async fn show(State(app): State<App>, Extension(who): Who, At(id): At<AssetId>) -> Answer {
    let now = app.desk.store.now();
    let found = app.read(move |tx| Ok(rows::find(tx, &id)?)).await?;
    let found = found.ok_or_else(|| Refusal::missing("asset"))?;
    json(&view(&who, now, found))
}

async fn make(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let id = AssetId::from_bytes(app.desk.store.random());
    let asset: Asset = body.named("id", id.as_str())?.read()?;
    let kept = app.desk.keep_asset(who.viewer.clone(), asset).await?;
    let now = app.desk.store.now();
    Ok((StatusCode::CREATED, axum::Json(view(&who, now, kept))).into_response())
}

async fn revise(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<AssetId>,
    body: Body,
) -> Answer {
    let wanted = id.clone();
    let found = app.read(move |tx| Ok(rows::find(tx, &wanted)?)).await?;
    found.ok_or_else(|| Refusal::missing("asset"))?;
    let asset: Asset = body.named("id", id.as_str())?.read()?;
    let kept = app.desk.keep_asset(who.viewer.clone(), asset).await?;
    json(&view(&who, app.desk.store.now(), kept))
}

async fn retire(State(app): State<App>, Extension(who): Who, At(id): At<AssetId>) -> Answer {
    app.desk.retire_asset(who.viewer, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// How a list is taken over.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct How {
    source: String,
    dry_run: bool,
}

async fn import(
    State(app): State<App>,
    Extension(who): Who,
    Asked(how): Asked<How>,
    body: Bytes,
) -> Answer {
    let read = app.blocking(move || Ok(assets::read(&body)?)).await?;
    let source = match how.source.trim() {
        "" => "a list sent by the API",
        named => named,
    };
    let done = app
        .desk
        .import_assets(who.viewer, source, read.0, read.1, how.dry_run);
    json(&done.await?)
}

/// Which assets do these belong to?
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct Question {
    /// Names that assets go by.
    identifiers: Vec<Named>,
    /// Values, as `kind:value`.
    observables: Vec<String>,
    /// When; none: now.
    #[schema(value_type = Option<String>)]
    at: Option<Moment>,
}

/// A name that an asset may go by.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Named {
    /// What kind of name.
    kind: IdKind,
    /// The name.
    value: String,
}

/// Assets that a question led to.
#[derive(Serialize, ToSchema)]
struct Matches {
    /// The assets.
    items: Vec<Match>,
}

/// An asset that a question led to.
#[derive(Serialize, ToSchema)]
struct Match {
    /// The asset.
    asset: Asset,
    /// Whom to ask about it.
    ask: Vec<String>,
    /// The names that led to it, the narrowest first, as `kind:value`.
    by: Vec<String>,
    /// The observables that belong to it.
    #[schema(value_type = Vec<String>)]
    of: Vec<ObservableKey>,
}

async fn matching(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let asked: Question = body.read()?;
    if asked.identifiers.len() + asked.observables.len() > MOST {
        let says = format!("At most {MOST} values at once.");
        return Err(Refusal::invalid("observables", says).into());
    }
    let place = |r: Refusal, list: &str, i: usize| {
        let field = r.field.clone().unwrap_or_default();
        Problem::from(r.on(format!("{list}.{i}.{field}")))
    };
    let mut ids = Vec::new();
    for (i, id) in asked.identifiers.iter().enumerate() {
        let value = canonical(id.kind, &id.value).map_err(|r| place(r, "identifiers", i))?;
        ids.push((id.kind, value));
    }
    let mut keys = Vec::new();
    for (i, text) in asked.observables.iter().enumerate() {
        let key: ObservableKey = text.parse().map_err(|r| place(r, "observables", i))?;
        let key = ObservableKey::read(key.kind.as_str(), &key.value);
        keys.push(key.map_err(|r| place(r, "observables", i))?);
    }
    let now = app.desk.store.now();
    let at = asked.at.unwrap_or(now);
    let found = app
        .read(move |tx| Ok(assets::of(tx, &ids, &keys, at)?))
        .await?;
    let items = found.into_iter().map(|m| Match {
        ask: m.asset.whom_to_ask(&who.directory, now),
        asset: m.asset,
        by: m
            .by
            .iter()
            .map(|(kind, value)| format!("{}:{value}", kind.as_str()))
            .collect(),
        of: m.of,
    });
    json(&Matches {
        items: items.collect(),
    })
}

/// Where a page begins.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct After {
    after: Option<TicketNo>,
}

async fn tickets(
    State(app): State<App>,
    Extension(who): Who,
    At(id): At<AssetId>,
    Asked(wanted): Asked<After>,
) -> Answer {
    let (viewer, path) = (who.viewer, format!("/assets/{id}/tickets"));
    let below = wanted.after.map(|n| n.0);
    let found = app.read(move |tx| {
        rows::find(tx, &id)?.ok_or_else(|| Refusal::missing("asset"))?;
        tickets_of(tx, &viewer, &id, below, TICKETS)
    });
    let (items, next) = found.await?;
    let next = next.map(|n| TicketNo(n).to_string());
    page(
        &path,
        &[("after", String::new())],
        "after",
        Items { items, next },
    )
}

/// An asset that a ticket is about.
#[derive(Serialize, ToSchema)]
struct OfTicket {
    /// Which.
    #[schema(value_type = String)]
    id: AssetId,
    /// Its name when it was found.
    name: String,
    /// What told so.
    because: String,
    /// When it was found.
    found_at: String,
    /// Whom to ask about it.
    ask: Vec<String>,
    /// The asset as it is now.
    asset: Option<Asset>,
}

async fn of_ticket(
    State(app): State<App>,
    Extension(who): Who,
    At(number): At<TicketNo>,
) -> Answer {
    let (viewer, now) = (who.viewer.clone(), app.desk.store.now());
    let found = app.read(move |tx| {
        let ticket = find_ticket(tx, &viewer, number)?;
        Ok(assets::known(tx, &ticket)?)
    });
    let ask = |a: &Asset| a.whom_to_ask(&who.directory, now);
    let items = found.await?.into_iter().map(|(id, said, asset)| OfTicket {
        id,
        name: said.name,
        because: said.because,
        found_at: said.at.to_string(),
        ask: asset.as_ref().map(ask).unwrap_or_default(),
        asset,
    });
    json(&Items {
        items: items.collect(),
        next: None,
    })
}
