//! A person's own list of what they were told: on a page, in the bell of every page, and seen once looked at.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::notify::{NoticeKind, Urgency};
use midwatch_store::read::deliveries::{Listed, count_unread, list_notices};
use serde::Deserialize;
use serde_json::json;

use super::deliveries::{cursor, place};
use super::frame::{Look, escape};
use super::typed::Typed;
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::frame::Nav;
use crate::view::piece::Pager;
use crate::view::post::{NoticeRow, Notices};

/// Rows of a page.
const PAGE: usize = 40;
/// Rows in the bell.
const BELL: usize = 8;

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let me = Policy::May(Action::ManageSelf);
    r.get("/me/notices", me, page)
        .get("/me/notices/latest", me, latest)
        .post("/me/notices/seen", me, seen)
}

type Answer = Result<Response, Problem>;

/// What an address of the list says.
#[derive(Debug, Default, Deserialize)]
struct Params {
    cursor: Option<String>,
}

async fn page(State(app): State<App>, look: Look, Query(params): Query<Params>) -> Answer {
    let me = me(&look)?;
    let before = params.cursor.as_deref().map(place).transpose()?;
    let viewer = look.viewer().clone();
    let found = app.read(move |tx| Ok(list_notices(tx, &viewer, &me, before.as_ref(), PAGE)?));
    let (rows, next) = found.await?;
    let page = Notices {
        frame: look.frame(&app, "Notifications", Nav::None).await?,
        up_to: rows.iter().map(|l| l.delivery.seq).max().unwrap_or(0),
        any_fresh: rows.iter().any(|l| l.delivery.read_at.is_none()),
        rows: rows.iter().map(|l| row(&look, l)).collect(),
        pager: Pager {
            summary: String::new(),
            earlier: params.cursor.as_ref().map(|_| "/me/notices".into()),
            later: next.map(|p| format!("/me/notices?cursor={}", escape(&cursor(&p)))),
        },
    };
    Ok(look.show(&page))
}

fn me(look: &Look) -> Result<midwatch_domain::id::PersonId, Refusal> {
    look.me().cloned().ok_or_else(|| Refusal::missing("person"))
}

fn row(look: &Look, listed: &Listed) -> NoticeRow {
    let m = &listed.delivery;
    NoticeRow {
        id: m.id.to_string(),
        at: look.now.moment(m.created_at.0),
        ticket: m.ticket.map(|n| n.to_string()).unwrap_or_default(),
        title: listed.title.clone().unwrap_or_default(),
        kind: m.kind.label(),
        why: m.why.clone(),
        page: m.urgency == Urgency::Page && m.kind != NoticeKind::Escalated,
        fresh: m.read_at.is_none(),
    }
}

/// The latest of the list, for the bell: how many are new, and the newest few.
async fn latest(State(app): State<App>, look: Look) -> Answer {
    let me = me(&look)?;
    let viewer = look.viewer().clone();
    let found = app.read(move |tx| {
        let (rows, _) = list_notices(tx, &viewer, &me, None, BELL)?;
        Ok((rows, count_unread(tx, &me)?))
    });
    let (rows, unread) = found.await?;
    let item = |l: &Listed| {
        let r = row(&look, l);
        json!({
            "id": r.id, "seq": l.delivery.seq, "at": r.at.iso, "when": r.at.text, "ticket": r.ticket,
            "title": r.title, "about": r.kind, "why": r.why, "page": l.delivery.urgency == Urgency::Page, "fresh": r.fresh,
        })
    };
    let items: Vec<_> = rows.iter().map(item).collect();
    Ok(axum::Json(json!({ "unread": unread, "items": items })).into_response())
}

async fn seen(State(app): State<App>, look: Look, typed: Typed) -> Answer {
    let up_to = typed
        .get("up_to")
        .parse()
        .map_err(|_| Refusal::invalid("up_to", "Expected the number of an entry."))?;
    app.desk.see_notices(look.viewer().clone(), up_to).await?;
    Ok(look.done("/me/notices", "All seen."))
}
