//! Feeds: the list with what is wrong first, one feed with how it is, and what people do with it. Asks no feed itself.

use axum::extract::multipart::MultipartRejection;
use axum::extract::{DefaultBodyLimit, Multipart, Path, Query, State};
use axum::handler::Handler;
use axum::response::Response;
use midwatch_desk::engine::feeds::Summary;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::correlation::grouped;
use midwatch_domain::feed::{Feed, FeedKind};
use midwatch_domain::id::FeedId;
use midwatch_domain::moment::Moment;
use midwatch_domain::revise::Revision;
use midwatch_domain::secret::Secret;
use midwatch_store::plain::feed_state::{self, FeedState};
use serde::Deserialize;

use super::feed_form::{blank, form, purpose, typed_feed};
use super::feed_page::{page_of, upload_form};
use super::frame::Look;
use super::typed::{self, Typed};
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::form::Form;
use crate::view::frame::Nav;
use crate::view::intelligence::{FeedRow, Feeds, Health};
use crate::view::people::EditPage;
use crate::{App, spool};

/// The list of feeds.
pub(super) const LIST: &str = "/intelligence";

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let (read, manage) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::ManageFeeds),
    );
    // A file goes to the disk and has a limit of its own.
    let upload = upload.layer(DefaultBodyLimit::disable());
    r.get("/intelligence", read, list)
        .get("/intelligence/feeds/new", manage, new)
        .post("/intelligence/feeds/new", manage, make)
        .get("/intelligence/feeds/{id}", read, page)
        .get("/intelligence/feeds/{id}/edit", manage, edit)
        .post("/intelligence/feeds/{id}/edit", manage, save)
        .post("/intelligence/feeds/{id}/poll", manage, poll)
        .post("/intelligence/feeds/{id}/switch", manage, switch)
        .post("/intelligence/feeds/{id}/upload", manage, upload)
        .post("/intelligence/feeds/{id}/secret", manage, secret)
        .post("/intelligence/feeds/{id}/delete", manage, delete)
}

type Answer = Result<Response, Problem>;

/// The page of a feed.
pub(super) fn href(id: &FeedId) -> String {
    format!("{LIST}/feeds/{id}")
}

async fn list(State(app): State<App>, look: Look) -> Answer {
    let states = app.read(|tx| Ok(feed_state::all(tx)?)).await?;
    let may = look.viewer().may(Action::ManageFeeds).is_ok();
    let state = |f: &Feed| {
        let found = states.iter().find(|s| s.feed == f.id.as_str());
        found.cloned().unwrap_or_default()
    };
    let mut total = 0;
    let mut rows: Vec<FeedRow> = Vec::new();
    for feed in look.directory().feeds.values() {
        let s = state(feed);
        total += s.total;
        rows.push(FeedRow {
            href: href(&feed.id),
            name: feed.name.clone(),
            kind: feed.kind.label(),
            place: host(&feed.url).to_owned(),
            health: health(feed, &s, look.at()),
            total: grouped(s.total),
            good: s.good_at.map(|m| look.now.moment(m.0)),
            next: next(feed, &s, look.at()).map(|m| look.now.moment(m.0)),
            may_poll: may && feed.is_asked(),
        });
    }
    let rank = |row: &FeedRow| {
        ["bad", "warn", "good", "muted"]
            .iter()
            .position(|c| *c == row.health.class)
    };
    rows.sort_by_key(|row| (rank(row), row.name.to_lowercase()));
    let of = |class: &str| rows.iter().filter(|r| r.health.class == class).count();
    let well = match of("good") {
        1 => "feed is well",
        _ => "feeds are well",
    };
    let mut counts = vec![
        (grouped(total), "indicators kept"),
        (of("good").to_string(), well),
    ];
    match of("bad") + of("warn") {
        0 => (),
        1 => counts.push(("1".into(), "wants a look")),
        n => counts.push((n.to_string(), "want a look")),
    }
    let kinds = FeedKind::ALL.iter().filter(|_| may);
    let page = Feeds {
        frame: look.frame(&app, "Intelligence", Nav::Intelligence).await?,
        counts,
        rows,
        kinds: kinds
            .map(|(kind, label)| (super::feed_form::slug(*kind), *label, purpose(*kind)))
            .collect(),
    };
    Ok(look.show(&page))
}

/// How a feed is, in words.
pub(super) fn health(feed: &Feed, state: &FeedState, now: Moment) -> Health {
    let files = feed.kind == FeedKind::Upload;
    let lacks = feed.auth != midwatch_domain::feed::FeedAuth::None && feed.secret_at.is_none();
    let wrong = !state.error.is_empty() && feed.enabled;
    let (class, icon, word) = match () {
        () if !feed.enabled => ("muted", "", "off".to_owned()),
        () if lacks && !files => ("warn", "alert", "its secret is missing".to_owned()),
        () if state.lease_until > now => ("muted", "clock", "being asked now".to_owned()),
        () if wrong && state.failures > 1 => (
            "bad",
            "alert",
            format!("failed {} times in a row", state.failures),
        ),
        () if wrong => ("bad", "alert", "failed at the last try".to_owned()),
        () if state.good_at.is_none() && files => {
            ("muted", "", "no file was brought yet".to_owned())
        }
        () if state.good_at.is_none() => ("muted", "clock", "not asked yet".to_owned()),
        () => ("good", "check", "well".to_owned()),
    };
    Health {
        class,
        icon,
        word,
        error: if wrong {
            state.error.clone()
        } else {
            String::new()
        },
    }
}

/// When a feed is asked next, if it is asked by itself.
pub(super) fn next(feed: &Feed, state: &FeedState, now: Moment) -> Option<Moment> {
    feed.is_asked().then(|| state.next_at.max(now))
}

/// The machine that an address names.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
}

/// The kind of a new feed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    kind: String,
}

async fn new(State(app): State<App>, look: Look, Query(asked): Query<Asked>) -> Answer {
    let blank = blank(&app, &asked.kind)?;
    let form = form(&look, &blank, &new_action(&asked.kind));
    Ok(look.show(&editor(&app, &look, &blank, form).await?))
}

async fn make(
    State(app): State<App>,
    look: Look,
    Query(asked): Query<Asked>,
    typed: Typed,
) -> Answer {
    let blank = blank(&app, &asked.kind)?;
    let form = form(&look, &blank, &new_action(&asked.kind));
    keep(&app, &look, &typed, &blank, form).await
}

fn new_action(kind: &str) -> String {
    format!("{LIST}/feeds/new?kind={}", super::frame::escape(kind))
}

async fn edit(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let feed = found(&look, &id)?;
    let form = form(&look, &feed, &format!("{}/edit", href(&feed.id)));
    Ok(look.show(&editor(&app, &look, &feed, form).await?))
}

async fn save(State(app): State<App>, look: Look, Path(id): Path<String>, typed: Typed) -> Answer {
    let feed = found(&look, &id)?;
    let form = form(&look, &feed, &format!("{}/edit", href(&feed.id)));
    keep(&app, &look, &typed, &feed, form).await
}

pub(super) fn found(look: &Look, id: &str) -> Result<Feed, Refusal> {
    let id: Option<FeedId> = id.parse().ok();
    id.and_then(|id| look.directory().feeds.get(&id).cloned())
        .ok_or_else(|| Refusal::missing("feed"))
}

async fn editor(app: &App, look: &Look, feed: &Feed, form: Form) -> Result<EditPage, Problem> {
    let (title, back) = match feed.name.as_str() {
        "" => (
            format!("New feed: {}", feed.kind.label()),
            ("Intelligence".to_owned(), LIST.to_owned()),
        ),
        name => (name.to_owned(), (name.to_owned(), href(&feed.id))),
    };
    let sentence = purpose(feed.kind);
    let mut chars = sentence.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    Ok(EditPage {
        frame: look.frame(app, &title, Nav::Intelligence).await?,
        back,
        title,
        intro: format!("{}{}.", first.unwrap_or_default(), chars.as_str()),
        form,
        more: Vec::new(),
    })
}

async fn keep(app: &App, look: &Look, typed: &Typed, before: &Feed, mut form: Form) -> Answer {
    let done = match typed_feed(typed, before) {
        Ok(feed) => revise(app, look, feed).await,
        Err(r) => Err(r.into()),
    };
    match done {
        Ok(feed) => {
            let (to, secret) = (href(&feed.id), typed.get("secret").trim());
            if secret.is_empty() {
                return Ok(look.done(&to, &format!("{} is saved.", feed.name)));
            }
            let set = app.desk.set_feed_secret(
                look.viewer().clone(),
                feed.id.clone(),
                Some(Secret::new(secret)),
            );
            match set.await.map_err(Problem::from) {
                Ok(_) => Ok(look.done(&to, &format!("{} is saved.", feed.name))),
                Err(p) if typed::can_mend(&p) => Ok(look.done(
                    &to,
                    &format!("{} is saved without its secret. {}", feed.name, p.detail),
                )),
                Err(p) => Err(p),
            }
        }
        Err(problem) if typed::can_mend(&problem) => {
            for name in ["enabled", "allow_private"] {
                if let Some(field) = form.fields.iter_mut().find(|f| f.name == name) {
                    field.value = typed.get(name).to_owned();
                }
            }
            form.problem = typed.put_back(&mut form.fields, Some(&problem));
            let page = editor(app, look, before, form).await?;
            Ok(look.show_as(typed::status(&problem), &page))
        }
        Err(problem) => Err(problem),
    }
}

async fn revise(app: &App, look: &Look, feed: Feed) -> Result<Feed, Problem> {
    let name = feed.clone();
    let revised = app
        .desk
        .revise(look.viewer().clone(), Revision::Feed(feed))
        .await?;
    Ok(match revised.body {
        Revision::Feed(feed) => feed,
        _ => name,
    })
}

async fn page(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let feed = found(&look, &id)?;
    Ok(look.show(&page_of(&app, &look, &feed).await?))
}

async fn poll(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let feed = found(&look, &id)?;
    app.desk
        .poll_feed(look.viewer().clone(), feed.id.clone())
        .await?;
    Ok(look.done(
        &href(&feed.id),
        &format!("{} is asked within seconds.", feed.name),
    ))
}

async fn switch(
    State(app): State<App>,
    look: Look,
    Path(id): Path<String>,
    typed: Typed,
) -> Answer {
    let feed = Feed {
        enabled: typed.get("on") == "yes",
        ..found(&look, &id)?
    };
    let feed = revise(&app, &look, feed).await?;
    let says = if feed.enabled { "on" } else { "off" };
    Ok(look.done(&href(&feed.id), &format!("{} is {says}.", feed.name)))
}

async fn delete(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let gone = Feed {
        deleted: true,
        enabled: false,
        ..found(&look, &id)?
    };
    revise(&app, &look, gone).await?;
    Ok(look.done(LIST, "The feed is deleted."))
}

async fn secret(
    State(app): State<App>,
    look: Look,
    Path(id): Path<String>,
    typed: Typed,
) -> Answer {
    let feed = found(&look, &id)?;
    let secret = Some(Secret::new(typed.get("secret").trim()));
    let set = app
        .desk
        .set_feed_secret(look.viewer().clone(), feed.id.clone(), secret);
    match set.await.map_err(Problem::from) {
        Ok(_) => Ok(look.done(&href(&feed.id), "The secret is set.")),
        Err(problem) if typed::can_mend(&problem) => {
            let mut page = page_of(&app, &look, &feed).await?;
            if let Some(form) = &mut page.secret {
                // What was typed is a secret: it is not sent back.
                form.problem = Typed::default().put_back(&mut form.fields, Some(&problem));
            }
            Ok(look.show_as(typed::status(&problem), &page))
        }
        Err(problem) => Err(problem),
    }
}

async fn upload(
    State(app): State<App>,
    look: Look,
    Path(id): Path<String>,
    form: Result<Multipart, MultipartRejection>,
) -> Answer {
    let feed = found(&look, &id)?;
    match bring(&app, &look, &feed, form).await {
        Ok(s) => {
            let says = format!(
                "{} of {} taken over: {} new, {} changed, {} refused.",
                grouped(whole(s.added + s.changed)),
                grouped(whole(s.read)),
                grouped(whole(s.added)),
                grouped(whole(s.changed)),
                grouped(whole(s.refused))
            );
            Ok(look.done(&href(&feed.id), &says))
        }
        Err(problem) if typed::can_mend(&problem) => {
            let mut page = page_of(&app, &look, &feed).await?;
            let mut form = upload_form(&feed);
            form.problem = Typed::default().put_back(&mut form.fields, Some(&problem));
            page.upload = Some(form);
            Ok(look.show_as(typed::status(&problem), &page))
        }
        Err(problem) => Err(problem),
    }
}

/// A number as the pages group it.
pub(super) fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

async fn bring(
    app: &App,
    look: &Look,
    feed: &Feed,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Summary, Problem> {
    let broken = |r: axum::extract::multipart::MultipartError| {
        Problem::new(
            r.status(),
            "invalid.body",
            "The upload broke off or is not a form. Nothing was taken; send it again.",
        )
    };
    let mut form = form.map_err(|r| Problem::new(r.status(), "invalid.body", r.body_text()))?;
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if field.file_name().is_none() {
            continue;
        }
        let (file, size) = spool::receive(app, field).await?;
        if size == 0 {
            break;
        }
        let done = app
            .desk
            .import_file(look.viewer().clone(), feed.id.clone(), file);
        return Ok(done.await?);
    }
    Err(Refusal::invalid("file", "Choose a file that is not empty.").into())
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn a_place_is_shown_without_what_is_secret_in_it() {
        assert_eq!(
            host("https://key@feeds.example.org:8443/x?token=1"),
            "feeds.example.org:8443"
        );
        assert_eq!(host(""), "");
    }
}
