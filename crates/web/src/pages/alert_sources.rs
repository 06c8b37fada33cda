//! Sources of alerts: how each is, its form with a preview of what a sample means, its key.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::alert_source::AlertSource;
use midwatch_domain::directory::Directory;
use midwatch_domain::id::AlertSourceId;
use midwatch_domain::revise::Revision;
use midwatch_domain::words::{Severity, Tlp};
use midwatch_store::plain::inbound;

use super::alerts::waiting;
use super::frame::Look;
use super::typed::{self, Typed};
use crate::App;
use crate::api::alerts::source_name;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::alerts::{KeyPanel, ParkedRow, Preview, SourcePage, SourceRow, Sources};
use crate::view::form::{Choice, Field, FieldKind, Form};
use crate::view::frame::Nav;
use crate::view::people::ShownOnce;

mod read;

const LIST: &str = "/alerts/sources";

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let (see, manage) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::ManageAlerts),
    );
    r.get("/alerts/sources", see, list)
        .get("/alerts/sources/new", manage, new)
        .post("/alerts/sources/new", manage, create)
        .get("/alerts/sources/{id}", manage, page)
        .post("/alerts/sources/{id}", manage, save)
        .post("/alerts/sources/{id}/key", manage, make_key)
        .post("/alerts/sources/{id}/delete", manage, delete)
        .post("/alerts/sources/retry/{inbound}", manage, retry)
}

type Answer = Result<Response, Problem>;

/// Templates as choices.
pub(super) fn templates(d: &Directory) -> Vec<Choice> {
    let newest = d.templates.values().filter_map(|v| v.last());
    let kept = newest.filter(|t| d.template(&t.key).is_some());
    let mut all: Vec<Choice> = kept.map(|t| Choice::new(&t.key, &t.title)).collect();
    all.sort_by_key(|c| c.label.to_lowercase());
    all
}

/// Teams as choices.
pub(super) fn teams(d: &Directory) -> Vec<Choice> {
    let mut all: Vec<Choice> = d
        .teams
        .values()
        .map(|t| Choice::new(t.id.to_string(), &t.name))
        .collect();
    all.sort_by_key(|c| c.label.to_lowercase());
    all
}

async fn list(State(app): State<App>, look: Look) -> Answer {
    let may_manage = look.viewer().may(Action::ManageAlerts).is_ok();
    let (states, parked) = app
        .read(move |tx| {
            let parked = match may_manage {
                true => inbound::parked(tx, i64::MAX, 50)?,
                false => Vec::new(),
            };
            Ok((inbound::states(tx)?, parked))
        })
        .await?;
    let d = look.directory();
    let mut sources: Vec<_> = d.alert_sources.values().collect();
    sources.sort_by_key(|s| s.name.to_lowercase());
    let row = |s: &AlertSource| {
        let state = states.iter().find(|x| x.source == s.id.as_str());
        let state = state.cloned().unwrap_or_default();
        let (word, class) = match () {
            () if !s.enabled => ("off", "muted"),
            () if s.secret_at.is_none() => ("has no key yet", "bad"),
            () if state.silent_at.is_some() => ("silent", "bad"),
            () if state
                .error_at
                .is_some_and(|e| state.heard_at.is_none_or(|h| e >= h)) =>
            {
                ("sends what cannot be read", "bad")
            }
            () if state.heard_at.is_none() => ("not heard yet", "muted"),
            () => ("well", "good"),
        };
        SourceRow {
            id: s.id.to_string(),
            href: format!("{LIST}/{}", s.id),
            name: s.name.clone(),
            format: s.format.label(),
            heard: state.heard_at.map(|m| look.now.moment(m.0)),
            bodies: state.bodies,
            alerts: state.alerts,
            refused: state.refused,
            state: word,
            class,
        }
    };
    let rows = sources.into_iter().map(row).collect();
    let parked = parked.into_iter().map(|p| ParkedRow {
        id: p.id,
        source: p
            .source
            .parse()
            .map_or_else(|_| p.source.clone(), |id| source_name(&id, d)),
        at: look.now.moment(p.received_at.0),
        error: p.error,
    });
    let page = Sources {
        frame: look.frame(&app, "Alert sources", Nav::Alerts).await?,
        waiting: waiting(&app).await?,
        rows,
        parked: parked.collect(),
        may_manage,
    };
    Ok(look.show(&page))
}

fn fresh(app: &App) -> AlertSource {
    AlertSource {
        id: AlertSourceId::from_bytes(app.desk.store.random()),
        name: String::new(),
        format: alerts::Format::Generic,
        mapping: None,
        description: String::new(),
        team: None,
        template: None,
        severity: Severity::Medium,
        tlp: Tlp::Amber,
        open_from: Some(Severity::Medium),
        wait_hours: 24,
        expect_minutes: None,
        enabled: true,
        secret_at: None,
        deleted: false,
    }
}

fn found(look: &Look, id: &str) -> Result<AlertSource, Refusal> {
    let id: Option<AlertSourceId> = id.parse().ok();
    let found = id.and_then(|id| look.directory().alert_sources.get(&id));
    found
        .cloned()
        .ok_or_else(|| Refusal::missing("source of alerts"))
}

async fn new(State(app): State<App>, look: Look) -> Answer {
    let form = form(&look, &fresh(&app), &format!("{LIST}/new"));
    show(&app, &look, None, form, None).await
}

async fn create(State(app): State<App>, look: Look, typed: Typed) -> Answer {
    let source = fresh(&app);
    keep(&app, &look, &typed, None, source, &format!("{LIST}/new")).await
}

async fn page(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let source = found(&look, &id)?;
    let form = form(&look, &source, &format!("{LIST}/{id}"));
    show(&app, &look, Some(&source), form, None).await
}

async fn save(State(app): State<App>, look: Look, Path(id): Path<String>, typed: Typed) -> Answer {
    let source = found(&look, &id)?;
    let action = format!("{LIST}/{id}");
    keep(&app, &look, &typed, Some(source.clone()), source, &action).await
}

async fn make_key(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let source = found(&look, &id)?;
    let (_, key) = app
        .desk
        .make_source_key(look.viewer().clone(), source.id.clone())
        .await?;
    let page = ShownOnce {
        frame: look.frame(&app, "New key", Nav::Alerts).await?,
        back: (source.name.clone(), format!("{LIST}/{id}")),
        title: format!("Key of “{}”", source.name),
        intro: "Keep it like a password. The one before is worth nothing any more.".into(),
        secret: key.expose().to_owned(),
        usage: match source.format {
            alerts::Format::TheHive => {
                "The address of Midwatch as the server, and this as the API key".into()
            }
            _ => format!(
                "curl -H 'Authorization: Bearer …' --data-binary @alert.json https://this-server/api/v1/intake/{id}"
            ),
        },
    };
    Ok(look.show_as(StatusCode::CREATED, &page))
}

async fn delete(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let source = AlertSource {
        deleted: true,
        enabled: false,
        ..found(&look, &id)?
    };
    let toast = format!("The source “{}” is deleted; its alerts stay.", source.name);
    let done = app
        .desk
        .revise(look.viewer().clone(), Revision::AlertSource(source));
    done.await?;
    Ok(look.done(LIST, &toast))
}

async fn retry(State(app): State<App>, look: Look, Path(id): Path<i64>) -> Answer {
    let done = app
        .desk
        .retry_inbound(look.viewer().clone(), Some(id), None);
    let says = match done.await? {
        0 => "It was not parked any more.",
        _ => "It is tried again.",
    };
    Ok(look.done(LIST, says))
}

fn form(look: &Look, s: &AlertSource, action: &str) -> Form {
    let d = look.directory();
    let formats = alerts::Format::ALL.iter();
    let formats = formats
        .map(|f| Choice::new(f.as_str(), f.label()))
        .collect();
    let mut team_choices = vec![Choice::new("", "The default team")];
    team_choices.extend(teams(d));
    let mut template_choices = vec![Choice::new("", "None")];
    template_choices.extend(templates(d));
    let severities = || {
        Severity::ALL
            .iter()
            .map(|s| Choice::new(s.as_str(), s.label()))
    };
    let mut open_from = vec![Choice::new("", "Never; all wait in the inbox")];
    open_from.extend(severities());
    let tlps = Tlp::ALL.iter().map(|t| Choice::new(t.as_str(), t.label()));
    let mut fields = vec![
        Field::text("name", "Name")
            .value(&s.name)
            .required()
            .max(80)
            .placeholder("Wazuh, Hamburg"),
        Field::new(FieldKind::Choice, "format", "Format")
            .choices(formats)
            .value(s.format.as_str())
            .required(),
        Field::new(
            FieldKind::Long,
            "description",
            "What it watches, and who knows it",
        )
        .value(&s.description)
        .max(2000),
        Field::new(FieldKind::Choice, "open_from", "Open a ticket from")
            .choices(open_from)
            .value(s.open_from.map_or("", |s| s.as_str()))
            .help("For alerts that no rule judges."),
        Field::new(FieldKind::Choice, "severity", "Severity where it says none")
            .choices(severities().collect())
            .value(s.severity.as_str())
            .required(),
        Field::new(FieldKind::Choice, "team", "Team")
            .choices(team_choices)
            .value(
                s.team
                    .as_ref()
                    .map_or_else(String::new, ToString::to_string),
            ),
        Field::new(FieldKind::Choice, "template", "Template")
            .choices(template_choices)
            .value(s.template.clone().unwrap_or_default()),
        Field::new(FieldKind::Choice, "tlp", "TLP")
            .choices(tlps.collect())
            .value(s.tlp.as_str())
            .required(),
        Field::new(
            FieldKind::Number,
            "wait_hours",
            "Hours in the inbox at most",
        )
        .value(s.wait_hours.to_string())
        .required()
        .help("An alert that nobody has judged by then becomes a ticket by itself."),
        Field::new(
            FieldKind::Number,
            "expect_minutes",
            "Heard at least every, in minutes",
        )
        .value(s.expect_minutes.map_or_else(String::new, |m| m.to_string()))
        .help("Silence for longer raises a ticket. Empty: nothing is expected."),
        Field::new(FieldKind::Choice, "enabled", "Heard")
            .choices(vec![Choice::new("yes", "Yes"), Choice::new("no", "No")])
            .value(if s.enabled { "yes" } else { "no" }),
    ];
    fields.extend(read::mapping_fields(s.mapping.as_ref()));
    fields.push(
        Field::new(FieldKind::Paste, "sample", "Sample")
            .help("A body as the source sends it, to see what it means. It is not kept."),
    );
    fields.push(Field::new(
        FieldKind::Tick,
        "preview",
        "Only show what the sample means; change nothing",
    ));
    Form::new(action, "Save", fields).cancel(LIST)
}

async fn show(
    app: &App,
    look: &Look,
    source: Option<&AlertSource>,
    form: Form,
    preview: Option<Preview>,
) -> Answer {
    let title = source.map_or("New source", |s| s.name.as_str());
    let key = source.map(|s| {
        let says = match s.secret_at {
            None => "It has none yet, so nobody can bring its alerts.".to_owned(),
            Some(at) => format!(
                "Made {}. Shown once; a new one ends it.",
                look.now.moment(at.0).exact
            ),
        };
        let url = match s.format {
            alerts::Format::TheHive => "/api/alert".to_owned(),
            _ => format!("/api/v1/intake/{}", s.id),
        };
        let form = Form::new(format!("{LIST}/{}/key", s.id), "Make a new key", Vec::new()).plain();
        KeyPanel { says, url, form }
    });
    let more = source.map(|s| {
        let form = Form::new(
            format!("{LIST}/{}/delete", s.id),
            "Delete source",
            Vec::new(),
        );
        let says = "Its key opens nothing any more. Its alerts and tickets stay.";
        ("Delete".to_owned(), says.to_owned(), form.dangerous())
    });
    let page = SourcePage {
        frame: look.frame(app, title, Nav::Alerts).await?,
        title: title.to_owned(),
        says: "Something that reports alerts. What it sends is kept before it hears that it was taken.".into(),
        form,
        key,
        preview,
        more: more.into_iter().collect(),
    };
    Ok(look.show(&page))
}

async fn keep(
    app: &App,
    look: &Look,
    typed: &Typed,
    before: Option<AlertSource>,
    source: AlertSource,
    action: &str,
) -> Answer {
    let mut form = form(look, &source, action);
    let shown = source.id.clone();
    let problem = match read::source(typed, source) {
        Err(refusal) => Problem::from(refusal),
        Ok(source) if typed.has("preview") => {
            typed.put_back(&mut form.fields, None);
            let preview = read::preview(&source, typed.get("sample"));
            return show(app, look, before.as_ref(), form, Some(preview)).await;
        }
        Ok(source) => {
            let toast = format!("{} is saved.", source.name.trim());
            let viewer = look.viewer().clone();
            match app.desk.revise(viewer, Revision::AlertSource(source)).await {
                Ok(_) if before.is_none() => {
                    let says = format!("{toast} Make its key next.");
                    return Ok(look.done(&format!("{LIST}/{shown}"), &says));
                }
                Ok(_) => return Ok(look.done(LIST, &toast)),
                Err(fault) => fault.into(),
            }
        }
    };
    if !typed::can_mend(&problem) {
        return Err(problem);
    }
    form.problem = typed.put_back(&mut form.fields, Some(&problem));
    let mut page = show(app, look, before.as_ref(), form, None).await?;
    *page.status_mut() = typed::status(&problem);
    Ok(page)
}
