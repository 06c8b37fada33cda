//! What feeds assert, as a list: searched by value or name, narrowed by kind, feed and state. Judges none of it.

use axum::extract::{Query, State};
use axum::response::Response;
use indicators::Kind;
use midwatch_desk::intelligence::{self, Assertion, PAGE, Search};
use midwatch_domain::access::Action;
use midwatch_domain::id::FeedId;
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::ObservableKey;
use midwatch_domain::words::Tlp;
use serde::Deserialize;

use super::feed_form::kinds;
use super::feeds::href;
use super::frame::{Look, escape};
use super::observables::link;
use super::show;
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::form::Choice;
use crate::view::frame::Nav;
use crate::view::intelligence::{IndicatorFilter, IndicatorRow, Indicators};
use crate::view::piece::Empty;

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    r.get(
        "/intelligence/indicators",
        Policy::May(Action::ReadDesk),
        list,
    )
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Params {
    q: String,
    kind: String,
    feed: String,
    state: String,
    after: String,
}

async fn list(
    State(app): State<App>,
    look: Look,
    Query(asked): Query<Params>,
) -> Result<Response, Problem> {
    let kind = asked.kind.parse::<Kind>().ok();
    // What can be read as a value is looked up; all else is looked for in names and labels.
    let q = asked.q.trim();
    let is_value = match kind {
        Some(kind) => indicators::canonical(kind, q).is_ok(),
        None => intel::read_auto(q).is_ok(),
    };
    let search = Search {
        value: if is_value {
            q.to_owned()
        } else {
            String::new()
        },
        text: if is_value {
            String::new()
        } else {
            q.to_owned()
        },
        kind: kind.map_or_else(String::new, |k| k.as_str().to_owned()),
        feed: asked.feed.clone(),
        live: match asked.state.as_str() {
            "live" => Some(true),
            "ended" => Some(false),
            _ => None,
        },
        after: asked.after.clone(),
        limit: PAGE,
    };
    let now = look.at();
    let (found, next) = app
        .read(move |tx| intelligence::search(tx, &search, now))
        .await?;
    let narrowed = [&asked.q, &asked.kind, &asked.feed, &asked.state]
        .iter()
        .any(|t| !t.is_empty());
    let empty = if narrowed {
        Empty::new(
            "search",
            "No feed asserts that",
            "Nothing that is kept matches. Look among all kinds, feeds and states.",
        )
        .with_act("All indicators", "/intelligence/indicators")
    } else {
        Empty::new("shield", "No indicator yet", "What feeds assert to be bad stands here: values with who says so, how sure, and until when.").with_act("To the feeds", "/intelligence")
    };
    let d = look.directory();
    let mut feeds: Vec<Choice> = d
        .feeds
        .values()
        .map(|f| Choice::new(f.id.as_str(), &f.name))
        .collect();
    feeds.sort_by_key(|c| c.label.to_lowercase());
    let next = next.map(|place| {
        let parts = [
            ("q", &asked.q),
            ("kind", &asked.kind),
            ("feed", &asked.feed),
            ("state", &asked.state),
            ("after", &place),
        ];
        let parts = parts.iter().filter(|(_, v)| !v.is_empty());
        let parts: Vec<String> = parts.map(|(n, v)| format!("{n}={}", escape(v))).collect();
        format!("/intelligence/indicators?{}", parts.join("&"))
    });
    Ok(look.show(&Indicators {
        frame: look.frame(&app, "Indicators", Nav::Intelligence).await?,
        filter: IndicatorFilter {
            q: asked.q,
            kind: asked.kind,
            feed: asked.feed,
            state: asked.state,
        },
        kinds: kinds(),
        feeds,
        rows: found.into_iter().map(|a| row(&look, a)).collect(),
        next: next.unwrap_or_default(),
        empty,
    }))
}

/// What a feed asserts, as a row.
pub(super) fn row(look: &Look, a: Assertion) -> IndicatorRow {
    let feed = a.feed.parse::<FeedId>().ok();
    let feed = feed.and_then(|id| look.directory().feeds.get(&id));
    let at = |text: &Option<String>| text.as_ref().and_then(|t| t.parse::<Moment>().ok());
    let (state, until) = match (at(&a.revoked_at), at(&a.valid_until), at(&a.valid_from)) {
        (Some(at), ..) => ("revoked", Some(at)),
        (None, Some(until), _) if until <= look.at() => ("ended", Some(until)),
        (None, _, Some(from)) if from > look.at() => ("from", Some(from)),
        (None, Some(until), _) => ("ends", Some(until)),
        (None, None, _) => ("until revoked", None),
    };
    IndicatorRow {
        // A kind that is not known any more is shown as text.
        value: link(&key(&a.kind, &a.value), String::new()),
        feed: feed.map_or_else(
            || ("deleted feed".to_owned(), "/intelligence".to_owned()),
            |f| (f.name.clone(), href(&f.id)),
        ),
        trust: match a.credibility {
            Some(n) => format!("{}{n}", a.reliability),
            None => a.reliability,
        },
        partial: a.partial,
        name: a.name,
        labels: a.labels.into_iter().take(4).collect(),
        score: a.score,
        confidence: a.confidence,
        live: a.live,
        state,
        until: until.map(|m| look.now.moment(m.0)),
        tlp: show::tlp(a.tlp.parse().unwrap_or(Tlp::Red)),
        first: look
            .now
            .moment(at(&Some(a.first_seen_at)).unwrap_or(look.at()).0),
    }
}

fn key(kind: &str, value: &str) -> ObservableKey {
    ObservableKey {
        kind: kind.parse().unwrap_or(Kind::Filename),
        value: value.to_owned(),
    }
}
