//! Regulatory regimes: the list, the page of one, its text edited with clear errors. The domain judges the text.

use axum::extract::{Path, State};
use axum::response::Response;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::regulation::Regime;
use midwatch_domain::revise::Revision;
use midwatch_domain::shipped;

use super::frame::{Look, escape};
use super::typed::{self, Typed};
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::form::{Field, FieldKind, Form};
use crate::view::frame::Nav;
use crate::view::regulations::{RegimeEdit, RegimeList, RegimePage, RegimeReport, RegimeRow};

const LIST: &str = "/settings/regulations";

/// What a new regime begins with.
const BLANK: &str = r#"key = "our_contract"
title = "Our contract with Example Ltd"
summary = "We tell the customer of incidents that concern their data."
jurisdiction = "Contract"
source = "Master agreement, section 12"
effective_from = "2026-01-01"
checked_on = "2026-11-22"

[[trigger]]
key = "aware"
label = "Aware of the incident"

[[report]]
key = "notice"
name = "Notice to the customer"
to = "security@example.org"
reminders = [50, 75]

[[report.limit]]
after = "aware"
hours = 24

[[report]]
key = "closing"
name = "Closing report"
to = "security@example.org"

[[report.limit]]
after = "notice"
working_days = 10
at = "17:00"
"#;

type Answer = Result<Response, Problem>;

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let (read, plan) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::PlanWatch),
    );
    r.get("/settings/regulations", read, list)
        .get("/settings/regulations/{key}", read, page)
        .get("/settings/regulations/new", plan, new)
        .post("/settings/regulations/new", plan, create)
        .get("/settings/regulations/{key}/edit", plan, edit)
        .post("/settings/regulations/{key}/edit", plan, save)
        .post("/settings/regulations/{key}/retire", plan, retire)
}

async fn list(State(app): State<App>, look: Look) -> Answer {
    let mut rows: Vec<RegimeRow> = look.directory().regimes().map(|r| row(&look, r)).collect();
    rows.sort_by_key(|r| r.retired);
    let page = RegimeList {
        frame: look.frame(&app, "Regulations", Nav::Settings).await?,
        rows,
        may_edit: may_edit(&look),
    };
    Ok(look.show(&page))
}

fn may_edit(look: &Look) -> bool {
    look.viewer().may(Action::PlanWatch).is_ok()
}

fn shipped_text(key: &str) -> Option<&'static Regime> {
    shipped::regimes().iter().find(|r| r.key == key)
}

fn row(look: &Look, r: &Regime) -> RegimeRow {
    let edited = look.directory().regimes.contains_key(&r.key);
    let same = |s: &Regime| {
        let retired = r.retired;
        Regime {
            retired,
            ..s.clone()
        } == *r
    };
    let standing = match shipped_text(&r.key) {
        Some(s) if edited && !same(s) => {
            format!("edited here; the shipped one was checked {}", s.checked_on)
        }
        Some(_) => "as it ships".to_owned(),
        None => "own".to_owned(),
    };
    RegimeRow {
        key: r.key.clone(),
        title: r.title.clone(),
        summary: r.summary.clone(),
        jurisdiction: r.jurisdiction.clone(),
        source: r.source.clone(),
        from: r.effective_from.to_string(),
        checked: r.checked_on.to_string(),
        standing,
        retired: r.retired,
    }
}

fn found<'a>(look: &'a Look, key: &str) -> Result<&'a Regime, Problem> {
    let found = look.directory().regime(key);
    found.ok_or_else(|| Refusal::missing("regime").into())
}

async fn page(State(app): State<App>, look: Look, Path(key): Path<String>) -> Answer {
    let r = found(&look, &key)?;
    let d = look.directory();
    let calendar = r.calendar.as_ref().and_then(|id| d.calendars.get(id));
    let zone = calendar.map(|c| c.time_zone.as_str());
    let zone = r.time_zone.as_deref().or(zone).unwrap_or(d.zone());
    let week = match calendar {
        Some(c) => format!("Working days of the calendar {}", c.name),
        None => "Monday to Friday".to_owned(),
    };
    let free = match (r.holidays.len(), r.holidays.last()) {
        (0, _) | (_, None) => "no further days off".to_owned(),
        (n, Some(last)) => format!("{n} days off until {}", last.date),
    };
    let labels = |i: &midwatch_domain::regulation::Input| {
        let all = i.choices.iter().map(|c| c.label.as_str());
        all.collect::<Vec<_>>().join("; ")
    };
    let report = |x: &midwatch_domain::regulation::Report| RegimeReport {
        name: x.name.clone(),
        to: x.to.clone(),
        rule: r.rule(x),
        relief: r.relief(x).unwrap_or_default(),
        help: x.help.clone(),
    };
    let page = RegimePage {
        frame: look.frame(&app, &r.title, Nav::Settings).await?,
        row: row(&look, r),
        reference: r.reference.clone(),
        days: format!("{week}, {free}, in {zone}."),
        counsel: r.counsel.clone(),
        triggers: r
            .triggers
            .iter()
            .map(|t| (t.label.clone(), t.help.clone()))
            .collect(),
        inputs: r
            .inputs
            .iter()
            .map(|i| (i.label.clone(), labels(i)))
            .collect(),
        reports: r.reports.iter().map(report).collect(),
        text: r.to_toml(),
        may_edit: may_edit(&look),
    };
    Ok(look.show(&page))
}

async fn new(State(app): State<App>, look: Look) -> Answer {
    let typed = Typed(vec![("text".into(), BLANK.into())]);
    Ok(look.show(&editor(&app, &look, "", &typed, None).await?))
}

async fn edit(State(app): State<App>, look: Look, Path(key): Path<String>) -> Answer {
    let text = found(&look, &key)?.to_toml();
    let typed = Typed(vec![("text".into(), text)]);
    Ok(look.show(&editor(&app, &look, &key, &typed, None).await?))
}

async fn create(State(app): State<App>, look: Look, typed: Typed) -> Answer {
    post(&app, &look, "", &typed).await
}

async fn save(State(app): State<App>, look: Look, Path(key): Path<String>, typed: Typed) -> Answer {
    found(&look, &key)?;
    post(&app, &look, &key, &typed).await
}

async fn post(app: &App, look: &Look, key: &str, typed: &Typed) -> Answer {
    match keep(app, look, key, typed).await {
        Ok(key) => Ok(look.done(
            &format!("{LIST}/{}", escape(&key)),
            "Saved; deadlines follow.",
        )),
        Err(problem) if typed::can_mend(&problem) => {
            let page = editor(app, look, key, typed, Some(&problem)).await?;
            Ok(look.show_as(typed::status(&problem), &page))
        }
        Err(problem) => Err(problem),
    }
}

async fn keep(app: &App, look: &Look, key: &str, typed: &Typed) -> Result<String, Problem> {
    let text = typed.get("text").replace("\r\n", "\n");
    let regime = Regime::from_toml(&text).map_err(in_text)?;
    let d = look.directory();
    let taken = d.regime(&regime.key).is_some() || regime.key == "new";
    if key.is_empty() && taken {
        let says = "There is a regime with this key already. Edit that one, or choose another key.";
        return Err(Refusal::invalid("text", format!("key: {says}")).into());
    }
    if !key.is_empty() && regime.key != key {
        let says = format!(
            "key: it stays {key}, since tickets name it. Make a new regime for another key."
        );
        return Err(Refusal::invalid("text", says).into());
    }
    let key = regime.key.clone();
    let revision = Revision::Regime(regime);
    let done = app.desk.revise(look.viewer().clone(), revision).await;
    done.map_err(Problem::from).map_err(|p| match p.field {
        Some(field) => Problem {
            detail: format!("{field}: {}", p.detail),
            field: Some("text".into()),
            ..p
        },
        None => p,
    })?;
    Ok(key)
}

/// A refusal about a part of the text, said beside the text.
fn in_text(r: Refusal) -> Refusal {
    match r.field.clone() {
        Some(field) if field != "text" => Refusal {
            message: format!("{field}: {}", r.message),
            ..r
        }
        .on("text"),
        _ => r,
    }
}

async fn retire(State(app): State<App>, look: Look, Path(key): Path<String>) -> Answer {
    let r = found(&look, &key)?;
    let turned = Regime {
        retired: !r.retired,
        ..r.clone()
    };
    let said = match turned.retired {
        true => "Retired: it is not offered any more. What was declared goes on.",
        false => "Offered again.",
    };
    let revision = Revision::Regime(turned);
    app.desk.revise(look.viewer().clone(), revision).await?;
    Ok(look.done(&format!("{LIST}/{}", escape(&key)), said))
}

async fn editor(
    app: &App,
    look: &Look,
    key: &str,
    typed: &Typed,
    problem: Option<&Problem>,
) -> Result<RegimeEdit, Problem> {
    let text = Field::new(FieldKind::Paste, "text", "Text")
        .required()
        .help(
            "TOML, as on the page of the regime. What could not work is refused, with its place.",
        );
    let mut fields = vec![text];
    let left = typed.put_back(&mut fields, problem);
    if problem.is_none() {
        typed.put_back(&mut fields, None);
    }
    let (title, action, cancel) = match look.directory().regime(key) {
        Some(r) => (
            format!("Edit {}", r.title),
            format!("{LIST}/{}/edit", escape(key)),
            format!("{LIST}/{}", escape(key)),
        ),
        None => (
            "Own regime".to_owned(),
            format!("{LIST}/new"),
            LIST.to_owned(),
        ),
    };
    let edited = look.directory().regimes.contains_key(key);
    let shipped = shipped_text(key).filter(|_| edited);
    Ok(RegimeEdit {
        frame: look.frame(app, &title, Nav::Settings).await?,
        form: Form::new(action, "Save", fields)
            .cancel(cancel)
            .problem(left),
        shipped: shipped.map_or_else(String::new, Regime::to_toml),
    })
}
