//! A TAXII 2.1 server, to be read: our own confirmed indicators, a collection for each TLP up to which they go. Decides nothing.

use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use intel::taxii::{
    ADDED_FIRST, ADDED_LAST, Collection, Collections, Discovery, Envelope, Error, MEDIA_TYPE,
    Manifest, Record, Root, STIX_MEDIA_TYPE, Versions,
};
use midwatch_desk::publish::{self, LEVELS, Level, Version};
use midwatch_domain::access::Action;
use midwatch_domain::directory::Directory;
use midwatch_domain::moment::Moment;
use serde::Serialize;
use std::collections::BTreeMap;

use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::{App, Who};

/// Objects of a page, at most and if not said.
const PAGE: usize = 1000;
/// The root.
const ROOT: &str = "/taxii2/midwatch/";

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let read = Policy::May(Action::ReadTickets);
    r.get("/taxii2/", read, discovery)
        .get("/taxii2/midwatch/", read, root)
        .get("/taxii2/midwatch/collections/", read, collections)
        .get("/taxii2/midwatch/collections/{id}/", read, collection)
        .get(
            "/taxii2/midwatch/collections/{id}/manifest/",
            read,
            manifest,
        )
        .get("/taxii2/midwatch/collections/{id}/objects/", read, objects)
        .get(
            "/taxii2/midwatch/collections/{id}/objects/{object}/",
            read,
            object,
        )
        .get(
            "/taxii2/midwatch/collections/{id}/objects/{object}/versions/",
            read,
            versions,
        )
}

/// An answer that is an error of TAXII.
struct Wrong(StatusCode, String);

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        let Wrong(status, description) = self;
        let error = Error {
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            description,
            http_status: status.as_u16().to_string(),
        };
        (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], text(&error)).into_response()
    }
}

/// JSON as a text.
fn text<T: Serialize>(body: &T) -> String {
    serde_json::to_string(body).unwrap_or_else(|_| "{}".into())
}

/// A refusal or fault as TAXII says it.
pub fn problem(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Wrong(status, problem.detail.clone()).into_response();
    if status == StatusCode::UNAUTHORIZED {
        let how = HeaderValue::from_static("Basic realm=\"midwatch\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, how);
    }
    response
}

type Answer = Result<Response, Wrong>;

/// An answer in TAXII, if whoever asks takes that.
fn answer<T: Serialize>(asked: &HeaderMap, body: &T) -> Answer {
    let accept = asked
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|v| v.to_str().ok());
    let mut wanted = accept.flat_map(|v| v.split(',')).map(str::trim).peekable();
    // Some send the version, some do not; both mean this one.
    let takes = |text: &str| {
        let mut parts = text.split(';').map(|p| p.trim().to_ascii_lowercase());
        let media = parts.next().unwrap_or_default();
        let other = |p: String| {
            p.strip_prefix("version=")
                .is_some_and(|v| v.trim_matches('"') != "2.1")
        };
        matches!(
            media.as_str(),
            "*/*" | "application/*" | "application/taxii+json"
        ) && !parts.any(other)
    };
    if wanted.peek().is_some() && !wanted.any(takes) {
        let says = format!("This server speaks {MEDIA_TYPE}.");
        return Err(Wrong(StatusCode::NOT_ACCEPTABLE, says));
    }
    let head = [(header::CONTENT_TYPE, MEDIA_TYPE)];
    Ok((head, text(body)).into_response())
}

async fn discovery(Extension(who): Who, asked: HeaderMap) -> Answer {
    let body = Discovery {
        title: format!("Indicators of {}", publish::organisation(&who.directory)),
        description: None,
        default: Some(ROOT.into()),
        api_roots: vec![ROOT.into()],
    };
    answer(&asked, &body)
}

async fn root(Extension(who): Who, asked: HeaderMap) -> Answer {
    let body = Root {
        title: publish::organisation(&who.directory),
        versions: vec![MEDIA_TYPE.into()],
        // Nothing is taken.
        max_content_length: 1,
    };
    answer(&asked, &body)
}

fn described(level: Level, directory: &Directory) -> Collection {
    Collection {
        id: level.id(directory),
        title: format!("Confirmed indicators up to {}", level.most.label()),
        description: Some("Values that people confirmed in tickets.".into()),
        alias: Some(level.alias.into()),
        can_read: true,
        can_write: false,
        media_types: vec![STIX_MEDIA_TYPE.into()],
    }
}

async fn collections(Extension(who): Who, asked: HeaderMap) -> Answer {
    let all = LEVELS.iter().map(|l| described(*l, &who.directory));
    answer(
        &asked,
        &Collections {
            collections: all.collect(),
        },
    )
}

fn level(directory: &Directory, id: &str) -> Result<Level, Wrong> {
    let found = LEVELS
        .into_iter()
        .find(|l| l.alias == id || l.id(directory) == id);
    found.ok_or_else(|| Wrong(StatusCode::NOT_FOUND, "There is no such collection.".into()))
}

async fn collection(Extension(who): Who, Path(id): Path<String>, asked: HeaderMap) -> Answer {
    let level = level(&who.directory, &id)?;
    answer(&asked, &described(level, &who.directory))
}

/// What a request wants of a collection.
#[derive(Default)]
struct Wanted {
    after: Option<Moment>,
    next: Option<i64>,
    limit: usize,
    ids: Vec<String>,
    types: Vec<String>,
    versions: Vec<String>,
}

impl Wanted {
    fn read(query: Option<&str>) -> Result<Self, Wrong> {
        let bad = |says: &str| Wrong(StatusCode::BAD_REQUEST, says.to_owned());
        let mut wanted = Wanted {
            limit: PAGE,
            ..Wanted::default()
        };
        let pairs: Vec<(String, String)> = axum::extract::Query::try_from_uri(
            &format!("/?{}", query.unwrap_or_default())
                .parse()
                .map_err(|_| bad("The query cannot be read."))?,
        )
        .map_err(|_| bad("The query cannot be read."))?
        .0;
        let list = |v: &str| v.split(',').map(str::to_owned).collect::<Vec<_>>();
        for (name, value) in pairs {
            match name.as_str() {
                "added_after" => {
                    let read = value.parse::<Moment>();
                    wanted.after = Some(read.map_err(|_| {
                        bad("added_after is a time such as 2026-11-22T03:04:05.000Z.")
                    })?);
                }
                "limit" => {
                    let limit = value.parse::<usize>().ok().filter(|n| *n > 0);
                    wanted.limit = limit
                        .ok_or_else(|| bad("limit is a number from 1 on."))?
                        .min(PAGE);
                }
                "next" => {
                    wanted.next = Some(
                        value
                            .parse()
                            .map_err(|_| bad("next is what the page before said."))?,
                    );
                }
                "match[id]" => wanted.ids = list(&value),
                "match[type]" => wanted.types = list(&value),
                "match[version]" => wanted.versions = list(&value),
                // All objects are of 2.1; other parameters are to be ignored.
                _ => (),
            }
        }
        Ok(wanted)
    }

    /// The versions that are wanted: the last of each object, unless others are asked for.
    fn of(&self, all: Vec<Version>) -> Vec<Version> {
        let mut ends: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        for v in &all {
            ends.entry(v.id.clone()).or_insert((v.seq, v.seq)).1 = v.seq;
        }
        let named = |v: &Version| {
            let (first, last) = ends.get(&v.id).copied().unwrap_or_default();
            let modified = v.object["modified"].as_str().unwrap_or_default();
            if self.versions.is_empty() {
                return v.seq == last;
            }
            self.versions.iter().any(|w| match w.as_str() {
                "all" => true,
                "first" => v.seq == first,
                "last" => v.seq == last,
                exact => exact == modified,
            })
        };
        let kind = |v: &Version| v.object["type"].as_str().unwrap_or_default().to_owned();
        all.into_iter()
            .filter(|v| self.after.is_none_or(|after| v.added_at > after))
            .filter(|v| self.ids.is_empty() || self.ids.contains(&v.id))
            .filter(|v| self.types.is_empty() || self.types.contains(&kind(v)))
            .filter(named)
            .collect()
    }
}

/// A page of what is wanted: the versions, what to ask the next by, and the headers that say when they were added.
struct Page {
    versions: Vec<Version>,
    next: Option<String>,
    headers: HeaderMap,
}

async fn page(
    app: &App,
    directory: std::sync::Arc<Directory>,
    level: Level,
    wanted: Wanted,
) -> Result<Page, Wrong> {
    // What is said in this very millisecond may be followed by more of it, which `added_after` would leave out.
    let now = app.desk.store.now();
    let found = app
        .read(move |tx| publish::versions(tx, &directory, level, now))
        .await;
    let all = found.map_err(|e| {
        tracing::error!(error = %e, "what is published could not be read");
        Wrong(
            StatusCode::INTERNAL_SERVER_ERROR,
            "It cannot be read now. Try again.".into(),
        )
    })?;
    let (limit, next) = (wanted.limit, wanted.next);
    let mut rest = wanted.of(all);
    rest.retain(|v| next.is_none_or(|after| v.seq > after));
    let more = rest.len() > limit;
    rest.truncate(limit);
    let versions = rest;
    let next = versions.last().filter(|_| more).map(|v| v.seq.to_string());
    let mut headers = HeaderMap::new();
    for (name, version) in [
        (ADDED_FIRST, versions.first()),
        (ADDED_LAST, versions.last()),
    ] {
        let at = version.map(|v| v.added_at.to_string());
        if let Some(value) = at.and_then(|t| HeaderValue::try_from(t).ok())
            && let Ok(name) = axum::http::HeaderName::try_from(name)
        {
            headers.insert(name, value);
        }
    }
    Ok(Page {
        versions,
        next,
        headers,
    })
}

async fn objects(
    State(app): State<App>,
    Extension(who): Who,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    asked: HeaderMap,
) -> Answer {
    let level = level(&who.directory, &id)?;
    give(
        &app,
        who.directory.clone(),
        level,
        Wanted::read(query.as_deref())?,
        &asked,
    )
    .await
}

async fn object(
    State(app): State<App>,
    Extension(who): Who,
    Path((id, object)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    asked: HeaderMap,
) -> Answer {
    let level = level(&who.directory, &id)?;
    let wanted = Wanted {
        ids: vec![object],
        ..Wanted::read(query.as_deref())?
    };
    give(&app, who.directory.clone(), level, wanted, &asked).await
}

async fn give(
    app: &App,
    directory: std::sync::Arc<Directory>,
    level: Level,
    wanted: Wanted,
    asked: &HeaderMap,
) -> Answer {
    let page = page(app, directory, level, wanted).await?;
    let body = Envelope {
        more: page.next.is_some(),
        next: page.next,
        objects: page.versions.into_iter().map(|v| v.object).collect(),
    };
    let mut response = answer(asked, &body)?;
    response.headers_mut().extend(page.headers);
    Ok(response)
}

async fn manifest(
    State(app): State<App>,
    Extension(who): Who,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    asked: HeaderMap,
) -> Answer {
    let level = level(&who.directory, &id)?;
    let page = page(
        &app,
        who.directory.clone(),
        level,
        Wanted::read(query.as_deref())?,
    )
    .await?;
    let record = |v: Version| Record {
        date_added: v.added_at.to_string(),
        version: v.object["modified"].as_str().unwrap_or_default().to_owned(),
        media_type: STIX_MEDIA_TYPE.into(),
        id: v.id,
    };
    let body = Manifest {
        more: page.next.is_some(),
        next: page.next,
        objects: page.versions.into_iter().map(record).collect(),
    };
    let mut response = answer(&asked, &body)?;
    response.headers_mut().extend(page.headers);
    Ok(response)
}

async fn versions(
    State(app): State<App>,
    Extension(who): Who,
    Path((id, object)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    asked: HeaderMap,
) -> Answer {
    let level = level(&who.directory, &id)?;
    let wanted = Wanted {
        ids: vec![object],
        versions: vec!["all".into()],
        ..Wanted::read(query.as_deref())?
    };
    let page = page(&app, who.directory.clone(), level, wanted).await?;
    let version = |v: &Version| v.object["modified"].as_str().unwrap_or_default().to_owned();
    let body = Versions {
        more: page.next.is_some(),
        versions: page.versions.iter().map(version).collect(),
    };
    let mut response = answer(&asked, &body)?;
    response.headers_mut().extend(page.headers);
    Ok(response)
}
