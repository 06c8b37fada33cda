//! Channels: list, a form for each kind, the secret that is only ever written, a test whose answer is shown. Sends nothing itself.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::channel::{Channel, Settings};
use midwatch_domain::id::ChannelId;
use midwatch_domain::revise::Revision;
use midwatch_domain::secret::Secret;
use serde::Deserialize;

use super::channel_form::{blank, form, more, typed_channel};
use super::frame::Look;
use super::typed::{self, Typed};
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::form::Form;
use crate::view::frame::Nav;
use crate::view::people::EditPage;
use crate::view::piece::Problem as Piece;
use crate::view::post::{ChannelRow, Channels};

/// The list of channels.
pub(super) const LIST: &str = "/settings/channels";

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let manage = Policy::May(Action::ManageChannels);
    r.get("/settings/channels", manage, list)
        .get("/settings/channels/new", manage, new)
        .post("/settings/channels/new", manage, make)
        .get("/settings/channels/{id}", manage, page)
        .post("/settings/channels/{id}", manage, save)
        .post("/settings/channels/{id}/secret", manage, secret)
        .post("/settings/channels/{id}/test", manage, test)
        .post("/settings/channels/{id}/delete", manage, delete)
}

type Answer = Result<Response, Problem>;

async fn list(State(app): State<App>, look: Look) -> Answer {
    let d = look.directory();
    let mut all: Vec<&Channel> = d.channels.values().collect();
    all.sort_by_key(|c| (!c.enabled, c.name.to_lowercase()));
    let page = Channels {
        frame: look.frame(&app, "Channels", Nav::Settings).await?,
        rows: all.into_iter().map(|c| row(&look, c)).collect(),
        kinds: Settings::KINDS
            .iter()
            .map(|(kind, label)| (*kind, *label, purpose(kind)))
            .collect(),
    };
    Ok(look.show(&page))
}

fn purpose(kind: &str) -> &'static str {
    match kind {
        "mail" => "letters to people through your mail server",
        "mailbox" => "letters kept as files on this machine, for trying out",
        "webhook" => "signed JSON to a program of yours",
        "slack" => "cards with buttons in a Slack channel, or whatever speaks like it",
        "teams" => "cards with buttons in a Teams channel",
        "pagerduty" => "alarms that are triggered, acknowledged and resolved",
        _ => "loud notifications on phones, by ntfy.sh or a server of your own",
    }
}

fn row(look: &Look, c: &Channel) -> ChannelRow {
    let lacks = c.enabled && !c.is_usable();
    let what = c.settings.secret().map_or("", |(name, _)| name);
    ChannelRow {
        id: c.id.to_string(),
        name: c.name.clone(),
        kind: c.settings.label(),
        place: c.settings.place(),
        carries: carries(look, c),
        state: match (c.enabled, lacks) {
            (false, _) => "off".into(),
            (true, true) => format!("{} is missing", what.to_lowercase()),
            (true, false) => "on".into(),
        },
        lacks,
        off: !c.enabled,
    }
}

/// What goes out on a channel, in words.
fn carries(look: &Look, c: &Channel) -> String {
    let d = look.directory();
    let mut parts = Vec::new();
    if c.settings.is_mail() {
        parts.push("letters to everybody, unless they choose otherwise".to_owned());
    }
    let chosen = d.notify_rules.values().filter(|r| {
        let by = |w: &midwatch_domain::notify::Way| w.key() == format!("channel:{}", c.id);
        r.rules.iter().any(|rule| rule.ways.iter().any(by))
    });
    match chosen.count() {
        0 => {}
        1 => parts.push("messages to 1 person who chose it".into()),
        n => parts.push(format!("messages to {n} people who chose it")),
    }
    if let Some(h) = &c.hears {
        let teams = h
            .teams
            .iter()
            .filter_map(|t| d.teams.get(t).map(|t| t.name.as_str()));
        let teams: Vec<&str> = teams.collect();
        let severities: Vec<&str> = h.severities.iter().map(|s| s.as_str()).collect();
        let of = match teams.is_empty() {
            true => "all teams".to_owned(),
            false => teams.join(", "),
        };
        let how = match severities.is_empty() {
            true => String::new(),
            false => format!(" ({})", severities.join(", ")),
        };
        parts.push(format!("what happens to tickets of {of}{how}"));
    }
    if parts.is_empty() {
        return "nothing yet".into();
    }
    parts.join("; ")
}

/// The kind of a new channel.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    kind: String,
}

async fn new(State(app): State<App>, look: Look, Query(asked): Query<Asked>) -> Answer {
    let blank = blank(&app, &asked.kind)?;
    let form = form(&look, &blank, &new_action(&asked.kind));
    Ok(look.show(&edit(&app, &look, &blank, form, Vec::new()).await?))
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
    format!("{LIST}/new?kind={}", super::frame::escape(kind))
}

async fn page(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let channel = found(&look, &id)?;
    let form = form(&look, &channel, &format!("{LIST}/{id}"));
    let more = more(&look, &channel, None);
    Ok(look.show(&edit(&app, &look, &channel, form, more).await?))
}

async fn save(State(app): State<App>, look: Look, Path(id): Path<String>, typed: Typed) -> Answer {
    let channel = found(&look, &id)?;
    let form = form(&look, &channel, &format!("{LIST}/{id}"));
    keep(&app, &look, &typed, &channel, form).await
}

fn found(look: &Look, id: &str) -> Result<Channel, Refusal> {
    let id: Option<ChannelId> = id.parse().ok();
    id.and_then(|id| look.directory().channels.get(&id).cloned())
        .ok_or_else(|| Refusal::missing("channel"))
}

async fn edit(
    app: &App,
    look: &Look,
    c: &Channel,
    form: Form,
    more: Vec<(String, String, Form)>,
) -> Result<EditPage, Problem> {
    let title = match c.name.as_str() {
        "" => format!("New channel: {}", c.settings.label()),
        name => name.to_owned(),
    };
    Ok(EditPage {
        frame: look.frame(app, &title, Nav::Settings).await?,
        back: ("Channels".into(), LIST.into()),
        title,
        intro: match c.name.as_str() {
            "" => format!("{}.", capital(purpose(c.settings.kind()))),
            _ => format!("{}. Carries {}.", c.settings.label(), carries(look, c)),
        },
        form,
        more,
    })
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}

async fn keep(app: &App, look: &Look, typed: &Typed, before: &Channel, mut form: Form) -> Answer {
    let done = match typed_channel(typed, before) {
        Ok(channel) => app
            .desk
            .revise(look.viewer().clone(), Revision::Channel(channel))
            .await
            .map_err(Problem::from),
        Err(r) => Err(r.into()),
    };
    match done {
        Ok(revised) => {
            let to = format!("{LIST}/{}", revised.body.id());
            Ok(look.done(&to, &format!("{} is saved.", revised.body.title())))
        }
        Err(problem) if typed::can_mend(&problem) => {
            for name in ["enabled", "allow_private", "hears"] {
                if let Some(field) = form.fields.iter_mut().find(|f| f.name == name) {
                    field.value = typed.get(name).to_owned();
                }
            }
            form.problem = typed.put_back(&mut form.fields, Some(&problem));
            let more = match before.name.as_str() {
                "" => Vec::new(),
                _ => more(look, before, None),
            };
            let page = edit(app, look, before, form, more).await?;
            Ok(look.show_as(typed::status(&problem), &page))
        }
        Err(problem) => Err(problem),
    }
}

async fn secret(
    State(app): State<App>,
    look: Look,
    Path(id): Path<String>,
    typed: Typed,
) -> Answer {
    let channel = found(&look, &id)?;
    let secret = Some(Secret::new(typed.get("secret").trim()));
    let set = app
        .desk
        .set_channel_secret(look.viewer().clone(), channel.id.clone(), secret)
        .await
        .map_err(Problem::from);
    match set {
        Ok(_) => Ok(look.done(&format!("{LIST}/{id}"), "The secret is set.")),
        Err(problem) if typed::can_mend(&problem) => {
            let mut more = more(&look, &channel, None);
            if let Some((_, _, form)) = more.first_mut() {
                // What was typed is a secret: it is not sent back.
                form.problem = Typed::default().put_back(&mut form.fields, Some(&problem));
            }
            let form = form(&look, &channel, &format!("{LIST}/{id}"));
            let page = edit(&app, &look, &channel, form, more).await?;
            Ok(look.show_as(typed::status(&problem), &page))
        }
        Err(problem) => Err(problem),
    }
}

async fn test(State(app): State<App>, look: Look, Path(id): Path<String>, typed: Typed) -> Answer {
    let channel = found(&look, &id)?;
    let address = typed.get("address").to_owned();
    let sent = app
        .desk
        .send_test(look.viewer().clone(), channel.id.clone(), address)
        .await;
    let here = format!("{LIST}/{id}");
    let said = match sent.map_err(Problem::from) {
        Ok(Ok(said)) => {
            return Ok(look.done(&here, &format!("The test went out. Answer: {said}")));
        }
        Ok(Err(failure)) => Piece {
            title: "The test did not go out.".into(),
            detail: failure.reason,
            remedy: "Change the channel and test again.".into(),
            items: Vec::new(),
            way: None,
        },
        Err(problem) if typed::can_mend(&problem) => typed::as_piece(&problem),
        Err(problem) => return Err(problem),
    };
    let form = form(&look, &channel, &here);
    let mut more = more(&look, &channel, Some(said));
    for (_, _, form) in more.iter_mut().filter(|(name, ..)| name == "Test") {
        typed.put_back(&mut form.fields, None);
    }
    let page = edit(&app, &look, &channel, form, more).await?;
    Ok(look.show_as(StatusCode::OK, &page))
}

async fn delete(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let gone = Channel {
        deleted: true,
        enabled: false,
        ..found(&look, &id)?
    };
    app.desk
        .revise(look.viewer().clone(), Revision::Channel(gone))
        .await?;
    Ok(look.done(LIST, "The channel is deleted."))
}
