//! The inventory of assets: the list, the page of one, lists brought by hand. What a change means the desk judges.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use midwatch_desk::assets::{self, Imported};
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::asset::{Asset, COLUMNS, Identifier};
use midwatch_domain::civil::{Day, Wall};
use midwatch_domain::correlation::grouped;
use midwatch_domain::id::AssetId;
use midwatch_domain::words::{AssetKind, Criticality};
use midwatch_store::Fault;
use midwatch_store::plain::asset::{self as rows, Filter, Kept};
use midwatch_store::read::assets::tickets_of;
use midwatch_store::read::observables::seen;
use midwatch_store::read::tickets::TicketRow;
use serde::Deserialize;

use super::frame::{Look, escape};
use super::observables::link;
use super::typed::{self, Typed};
use super::{asset_edit, show};
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::assets::{
    AboutIt, AssetImport, AssetList, AssetName, AssetPage, AssetRow, ListDone,
};
use crate::view::form::Form;
use crate::view::frame::Nav;
use crate::view::observables::Mark;
use crate::view::piece::{CleanHtml, Empty};
use crate::view::settings::Fact;

/// The list.
pub(super) const LIST: &str = "/inventory";
/// Assets of a page.
const PAGE: i64 = 50;
/// Tickets of a page.
const TICKETS: i64 = 20;
/// Values that were seen, as the page shows them.
const SEEN: usize = 50;

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let (read, manage) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::ManageAssets),
    );
    r.get("/inventory", read, list)
        .get("/inventory/import", manage, import)
        .post("/inventory/import", manage, take)
        .get("/inventory/new", manage, asset_edit::new)
        .post("/inventory/new", manage, asset_edit::create)
        .get("/inventory/{id}", read, page)
        .get("/inventory/{id}/edit", manage, asset_edit::page)
        .post("/inventory/{id}/edit", manage, asset_edit::save)
        .post("/inventory/{id}/retire", manage, retire)
        .post("/inventory/{id}/return", manage, take_back)
}

type Answer = Result<Response, Problem>;

/// The class that colours a criticality; the word stands beside it.
pub(super) fn class(c: Criticality) -> &'static str {
    match c {
        Criticality::Critical => "bad",
        Criticality::High => "warn",
        Criticality::Medium => "",
        Criticality::Low => "muted",
    }
}

/// The day it is where the organisation is.
pub(super) fn today(look: &Look) -> Day {
    Wall::new(look.directory().zone()).day(look.at())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Params {
    q: String,
    kind: String,
    criticality: String,
    show: String,
    name: String,
    id: String,
}

async fn list(State(app): State<App>, look: Look, Query(params): Query<Params>) -> Answer {
    let criticality: Option<Criticality> = params.criticality.parse().ok();
    let kind = params.kind.parse::<AssetKind>().ok();
    let (due, retired) = (params.show == "due", params.show == "retired");
    let filter = Filter {
        text: params.q.clone(),
        kind: kind.map_or("", |k| k.as_str()).to_owned(),
        criticality,
        review_by: due.then(|| today(&look)),
        retired,
        after: (!params.id.is_empty()).then(|| (params.name.clone(), params.id.clone())),
        ..Filter::default()
    };
    let day = today(&look);
    let read = app.read(move |tx| {
        let found = rows::list(tx, &filter, PAGE + 1)?;
        Ok::<_, Fault>((found, rows::counts(tx)?, rows::due(tx, day)?))
    });
    let (mut found, counts, reviews) = read.await?;
    let size = usize::try_from(PAGE).unwrap_or(0);
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more).map(|k| {
        format!(
            "{LIST}?q={}&kind={}&criticality={}&show={}&name={}&id={}",
            escape(&params.q),
            escape(&params.kind),
            escape(&params.criticality),
            escape(&params.show),
            escape(&k.asset.name.to_lowercase()),
            k.asset.id
        )
    });
    let all: i64 = counts.values().sum();
    let critical = counts.get(&Criticality::Critical).copied().unwrap_or(0);
    let mut says = format!("{} in use, {} critical", grouped(all), grouped(critical));
    if reviews > 0 {
        says += &format!(", {} baselines to be reviewed", grouped(reviews));
    }
    let may_edit = look.viewer().may(Action::ManageAssets).is_ok();
    let empty = match (all, may_edit) {
        (0, true) => Empty::new("shield", "No asset is known yet", "Add what you look after, or bring a list of it. Tickets then say which assets they are about, and whom to ask.").with_act("Bring a list", "/inventory/import"),
        (0, false) => Empty::new("shield", "No asset is known yet", "Analysts and leads keep the inventory."),
        _ => Empty::new("search", "No such asset", "Type less of the name, or look among all kinds.").with_act("All assets", LIST),
    };
    Ok(look.show(&AssetList {
        frame: look.frame(&app, "Assets", Nav::Assets).await?,
        q: params.q,
        kinds: AssetKind::ALL
            .iter()
            .map(|k| (k.as_str(), k.label(), kind == Some(*k)))
            .collect(),
        criticalities: Criticality::ALL
            .iter()
            .rev()
            .map(|c| (c.as_str(), c.label(), criticality == Some(*c)))
            .collect(),
        due,
        retired,
        says,
        rows: found.iter().map(|k| row(&look, k)).collect(),
        next: next.unwrap_or_default(),
        empty,
        may_edit,
    }))
}

fn row(look: &Look, kept: &Kept) -> AssetRow {
    let a = &kept.asset;
    let ids: Vec<&Identifier> = a.current(look.at()).collect();
    AssetRow {
        href: format!("{LIST}/{}", a.id),
        name: a.name.clone(),
        kind: a.kind.label(),
        ids: ids.first().map_or(String::new(), |i| i.value.clone()),
        more: ids.len().saturating_sub(1),
        criticality: a.criticality.label(),
        class: class(a.criticality),
        ask: a.whom_to_ask(look.directory(), look.at()).join(", "),
        monitoring: a.monitoring.label(),
        due: a.retired_at.is_none() && a.review_on.is_some_and(|d| d <= today(look)),
    }
}

/// An asset by its id in an address.
pub(super) async fn found(app: &App, id: &str) -> Result<Kept, Problem> {
    let id: AssetId = id.parse().map_err(|_| Refusal::missing("asset"))?;
    let found = app
        .read(move |tx| Ok::<_, Fault>(rows::find(tx, &id)?))
        .await?;
    Ok(found.ok_or_else(|| Refusal::missing("asset"))?)
}

#[derive(Debug, Default, Deserialize)]
struct Below {
    below: Option<i64>,
}

async fn page(
    State(app): State<App>,
    look: Look,
    Path(id): Path<String>,
    Query(asked): Query<Below>,
) -> Answer {
    let kept = found(&app, &id).await?;
    let (viewer, asset, now) = (look.viewer().clone(), kept.asset.clone(), look.at());
    let read = app.read(move |tx| {
        let tickets = tickets_of(tx, &viewer, &asset.id, asked.below, TICKETS)?;
        let mut keys = assets::values(tx, &asset)?;
        keys.truncate(SEEN);
        let seen = seen(tx, &viewer, &keys, None, now)?;
        Ok::<_, Fault>((tickets, seen))
    });
    let ((tickets, next), seen) = read.await?;
    let a = &kept.asset;
    let may_edit = look.viewer().may(Action::ManageAssets).is_ok();
    let at = |act: &str| format!("{LIST}/{}/{act}", a.id);
    let end = match a.retired_at {
        None => Form::new(at("retire"), "Retire it", Vec::new()).dangerous(),
        Some(_) => Form::new(at("return"), "Take it back into use", Vec::new()),
    };
    let seen = seen.into_iter().filter(|s| s.tickets > 0);
    Ok(look.show(&AssetPage {
        frame: look.frame(&app, &a.name, Nav::Assets).await?,
        name: a.name.clone(),
        headline: format!(
            "{}, criticality {}",
            a.kind.label(),
            a.criticality.label().to_lowercase()
        ),
        edit: if may_edit { at("edit") } else { String::new() },
        marks: marks(&look, a),
        description: a.description.clone(),
        baseline: (!a.baseline.is_empty())
            .then(|| CleanHtml::vouched(midwatch_domain::markdown::html(&a.baseline))),
        review: a
            .review_on
            .map_or_else(String::new, |d| format!("To be looked at again on {d}.")),
        facts: facts(&look, a),
        names: names(&look, a),
        tickets: tickets.iter().map(|t| about(&look, t)).collect(),
        older: next.map_or_else(String::new, |n| format!("{LIST}/{}?below={n}", a.id)),
        seen: seen.map(|s| link(&s.key, s.says.clone())).collect(),
        seq: kept.seq,
        updated: look.now.moment(kept.updated_at.0),
        end: may_edit.then_some(end),
    }))
}

fn marks(look: &Look, a: &Asset) -> Vec<Mark> {
    let mut out = Vec::new();
    if let Some(at) = a.retired_at {
        out.push(Mark {
            class: "muted",
            text: format!("Retired {}", look.now.moment(at.0).text),
        });
    } else if a.review_on.is_some_and(|d| d <= today(look)) {
        out.push(Mark {
            class: "warn",
            text: "What is normal for it is to be looked at again".into(),
        });
    }
    out
}

fn facts(look: &Look, a: &Asset) -> Vec<Fact> {
    let d = look.directory();
    let fact = |name: &str, value: String| Fact {
        name: name.to_owned(),
        value,
    };
    let mut out = Vec::new();
    out.extend(
        a.owner
            .as_ref()
            .map(|p| fact("Owner", d.name(p).to_owned())),
    );
    if !a.contact.is_empty() {
        out.push(fact("Contact", a.contact.clone()));
    }
    let team = a.team.as_ref().and_then(|t| d.teams.get(t));
    out.extend(team.map(|t| fact("Team", t.name.clone())));
    if a.owner.is_none() && a.contact.is_empty() {
        let ask = a.whom_to_ask(d, look.at());
        let says = if ask.is_empty() {
            "nobody named".to_owned()
        } else {
            ask.join(", ")
        };
        out.push(fact("Whom to ask", says));
    }
    out.push(fact("Criticality", a.criticality.label().to_owned()));
    out.push(fact("Environment", a.environment.label().to_owned()));
    out.push(fact("Data", a.data_class.label().to_owned()));
    out.push(fact("Monitored", a.monitoring.label().to_owned()));
    if !a.tags.is_empty() {
        let tags: Vec<&str> = a.tags.iter().map(String::as_str).collect();
        out.push(fact("Tags", tags.join(", ")));
    }
    out
}

fn names(look: &Look, a: &Asset) -> Vec<AssetName> {
    let name = |i: &Identifier| {
        let at = |m: midwatch_domain::moment::Moment| look.directory().say_time(m);
        let span = match (i.from, i.until) {
            (None, None) => String::new(),
            (Some(from), None) => format!("since {}", at(from)),
            (None, Some(until)) => format!("until {}", at(until)),
            (Some(from), Some(until)) => format!("from {} to {}", at(from), at(until)),
        };
        AssetName {
            kind: i.kind.label(),
            value: i.value.clone(),
            span,
            ended: !i.is_current(look.at()),
        }
    };
    a.identifiers.iter().map(name).collect()
}

fn about(look: &Look, t: &TicketRow) -> AboutIt {
    AboutIt {
        number: t.number.to_string(),
        title: t.title.clone(),
        severity: show::severity(t.severity),
        state: t.outcome.map_or(t.phase.label(), |o| o.label()).to_owned(),
        at: look.now.moment(t.opened_at.0),
    }
}

async fn retire(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let kept = found(&app, &id).await?;
    let done = app.desk.retire_asset(look.viewer().clone(), kept.asset.id);
    let name = done.await?.asset.name;
    Ok(look.done(
        LIST,
        &format!("{name} is retired. It is found under “Retired”."),
    ))
}

async fn take_back(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let kept = found(&app, &id).await?;
    let back = Asset {
        retired_at: None,
        ..kept.asset
    };
    let at = format!("{LIST}/{}", back.id);
    app.desk.keep_asset(look.viewer().clone(), back).await?;
    Ok(look.done(&at, "It is in use again."))
}

async fn import(State(app): State<App>, look: Look) -> Answer {
    let page = import_page(&app, &look, &Typed::default()).await?;
    Ok(look.show(&page))
}

async fn import_page(app: &App, look: &Look, typed: &Typed) -> Result<AssetImport, Problem> {
    Ok(AssetImport {
        frame: look
            .frame(app, "Bring a list of assets", Nav::Assets)
            .await?,
        columns: COLUMNS.join(", "),
        done: None,
        problem: None,
        source: typed.get("source").to_owned(),
        list: typed.get("list").to_owned(),
    })
}

async fn take(State(app): State<App>, look: Look, typed: Typed) -> Answer {
    let mut page = import_page(&app, &look, &typed).await?;
    let tried = typed.get("act") != "take";
    let done = match assets::read(typed.get("list").as_bytes()) {
        Ok((lines, wrong)) => {
            let viewer = look.viewer().clone();
            let done = app
                .desk
                .import_assets(viewer, typed.get("source"), lines, wrong, tried);
            done.await.map_err(Problem::from)
        }
        Err(refusal) => Err(refusal.into()),
    };
    match done {
        Ok(done) => {
            page.done = Some(told(done));
            Ok(look.show(&page))
        }
        Err(problem) if typed::can_mend(&problem) => {
            page.problem = Some(typed::as_piece(&problem));
            Ok(look.show_as(typed::status(&problem), &page))
        }
        Err(problem) => Err(problem),
    }
}

fn told(done: Imported) -> ListDone {
    let lines: std::collections::BTreeSet<u64> = done.wrong.iter().map(|w| w.line).collect();
    let lines = u64::try_from(lines.len()).unwrap_or(u64::MAX);
    ListDone {
        says: format!(
            "{} lines: {} new, {} changed, {} as they were, {} wrong.",
            done.read, done.added, done.changed, done.same, done.refused
        ),
        more: done.refused.saturating_sub(lines),
        wrong: done
            .wrong
            .into_iter()
            .map(|w| (w.line, w.column, w.says))
            .collect(),
        tried: done.dry_run,
    }
}
