//! Warning lists: values so well known that a match says little. Own ones are brought, shipped ones switched.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use indicators::warning::Category;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::directory::Directory;
use midwatch_domain::revise::Revision as Thing;
use midwatch_domain::warning::{ListSetting, Standing, standing};
use serde::{Deserialize, Serialize};
use serde_json::json as example;
use utoipa::ToSchema;

use super::body::{At, Body};
use super::document::{Document, delete, get, post, put};
use super::people::{Revision, revision};
use super::reply::{Answer, Items, json};
use crate::policy::{Policy, Routes};
use crate::{App, Who};

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let read = Policy::May(Action::ReadDesk);
    let manage = Policy::May(Action::ManageFeeds);
    r.get("/api/v1/warning_lists", read, list)
        .post("/api/v1/warning_lists", manage, bring)
        .put("/api/v1/warning_lists/{name}", manage, switch)
        .delete("/api/v1/warning_lists/{name}", manage, end)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    let own = example!({ "name": "Our partners", "description": "Sites of partners.", "version": 1, "type": "hostname", "list": ["partner.example"] });
    let one = "/warning_lists/{name}";
    doc.tag("Warning lists", "Values so well known that a match says little. They annotate and lower the weight of a value; they hide nothing.", vec![
        get("/warning_lists", "list_warning_lists", "List the warning lists").lists::<WarningListView>("The lists, shipped and own."),
        post("/warning_lists", "bring_warning_list", "Bring a list, or a new edition of it")
            .text("In the layout of MISP’s warning lists, of the types cidr, hostname, string and substring. A list of the same name is replaced.")
            .content("application/json", &example!({ "type": "object" }), &own)
            .gives::<Revision>(201, "The list."),
        put(one, "switch_warning_list", "Switch a list on or off").body::<Switch>(example!({ "enabled": false })).gives::<Revision>(200, "The revision."),
        delete(one, "delete_warning_list", "Delete an own list, or have a shipped one as it shipped").empty("It is not looked at any more."),
    ]);
}

/// A warning list.
#[derive(Serialize, ToSchema)]
struct WarningListView {
    /// Its name.
    name: String,
    /// What it holds.
    description: String,
    /// Grows with each edition.
    version: u64,
    /// How many entries it has.
    entries: usize,
    /// Whether being on it lowers the weight of a value, rather than just saying what it is.
    lowers: bool,
    /// Whether it ships with Midwatch.
    shipped: bool,
    /// Whether it is looked at.
    enabled: bool,
}

/// Whether a list is looked at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Switch {
    /// Whether it is.
    enabled: bool,
}

async fn list(Extension(who): Who) -> Answer {
    let view = |s: Standing<'_>| WarningListView {
        name: s.list.name.clone(),
        description: s.list.description.clone(),
        version: s.list.version,
        entries: s.list.len(),
        lowers: s.list.category == Category::FalsePositive,
        shipped: s.shipped,
        enabled: s.enabled,
    };
    let all = standing(&who.directory.warning_lists);
    let items = all.into_iter().map(view).collect();
    json(&Items { items, next: None })
}

async fn bring(State(app): State<App>, Extension(who): Who, body: Body) -> Answer {
    let text = String::from_utf8_lossy(&body.bytes);
    let setting = ListSetting::brought(&text)?;
    let brought = app.desk.revise(who.viewer, Thing::WarningList(setting));
    revision(StatusCode::CREATED, &brought.await?)
}

/// A list as it was set; one that ships as it ships.
pub(crate) fn setting(d: &Directory, name: &str) -> Result<ListSetting, Refusal> {
    let held = d.warning_lists.get(name).map(|h| h.setting.clone());
    held.map_or_else(|| ListSetting::shipped(name), Ok)
}

async fn switch(
    State(app): State<App>,
    Extension(who): Who,
    At(name): At<String>,
    body: Body,
) -> Answer {
    let Switch { enabled } = body.read()?;
    let setting = ListSetting {
        enabled,
        ..setting(&who.directory, &name)?
    };
    let switched = app.desk.revise(who.viewer, Thing::WarningList(setting));
    revision(StatusCode::OK, &switched.await?)
}

async fn end(State(app): State<App>, Extension(who): Who, At(name): At<String>) -> Answer {
    let setting = ListSetting {
        deleted: true,
        ..setting(&who.directory, &name)?
    };
    let ended = app.desk.revise(who.viewer, Thing::WarningList(setting));
    ended.await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
