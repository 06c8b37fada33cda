//! SLA targets: the list everybody reads, and the editor, whose rows are added, moved and removed without script.

use axum::extract::State;
use axum::response::Response;
use midwatch_desk::account::digest;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::revise::Revision;
use midwatch_domain::shipped;
use midwatch_domain::sla::{Metric, Target, Targets};
use midwatch_domain::words::Severity;
use std::collections::BTreeSet;

use super::frame::Look;
use super::rows;
use super::show;
use super::typed::{self, Typed, as_piece};
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::form::Choice;
use crate::view::frame::Nav;
use crate::view::moment::span;
use crate::view::targets::{TargetLine, TargetList, TargetRow, TargetsEdit};

const LIST: &str = "/settings/targets";
const MINUTE_MS: i64 = 60_000;
/// Units of time that a target is typed in, with their minutes; the longest first.
const UNITS: [(&str, i64); 3] = [("d", 24 * 60), ("h", 60), ("min", 1)];

type Answer = Result<Response, Problem>;

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let (read, plan) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::PlanWatch),
    );
    r.get("/settings/targets", read, list)
        .get("/settings/targets/edit", plan, edit)
        .post("/settings/targets/edit", plan, post)
}

async fn list(State(app): State<App>, look: Look) -> Answer {
    let d = look.directory();
    let page = TargetList {
        frame: look.frame(&app, "SLA targets", Nav::Settings).await?,
        lines: d.targets().targets.iter().map(|t| line(&look, t)).collect(),
        shipped: d.targets.is_none(),
        may_edit: look.viewer().may(Action::PlanWatch).is_ok(),
    };
    Ok(look.show(&page))
}

fn line(look: &Look, t: &Target) -> TargetLine {
    let severities = t.severities.iter().rev().map(|s| s.as_str().to_owned());
    let severities = severities.collect::<Vec<_>>().join(", ");
    let kinds = t.kinds.iter().cloned().collect::<Vec<_>>().join(", ");
    let tickets = [severities, kinds].into_iter().filter(|s| !s.is_empty());
    let tickets = tickets.collect::<Vec<_>>().join(" · ");
    let calendar = t.calendar.as_ref();
    let calendar = calendar.and_then(|id| look.directory().calendars.get(id));
    let ms = t.within_min * MINUTE_MS;
    TargetLine {
        name: t.name.clone(),
        metric: t.metric.label(),
        tickets: match tickets.is_empty() {
            true => "all tickets".to_owned(),
            false => tickets,
        },
        within: span(ms),
        warning: format!(
            "after {} ({} %)",
            span(ms / 100 * t.warn_percent),
            t.warn_percent
        ),
        hours: calendar.map_or("round the clock".to_owned(), |c| c.name.clone()),
    }
}

/// What an edit is based on, so that it does not undo another that came between.
fn fingerprint(targets: &Targets) -> String {
    digest(&serde_json::to_string(targets).unwrap_or_default())
}

async fn edit(State(app): State<App>, look: Look) -> Answer {
    let typed = typed_of(look.directory().targets());
    Ok(look.show(&editor(&app, &look, &typed, None).await?))
}

async fn post(State(app): State<App>, look: Look, mut typed: Typed) -> Answer {
    match typed.get("do") {
        "save" | "" => match keep(&app, &look, &typed).await {
            Ok(()) => Ok(look.done(LIST, "Targets are saved; clocks follow.")),
            Err(problem) if typed::can_mend(&problem) => {
                let page = editor(&app, &look, &typed, Some(&problem)).await?;
                Ok(look.show_as(typed::status(&problem), &page))
            }
            Err(problem) => Err(problem),
        },
        "shipped" => {
            let seen = typed.get("seen").to_owned();
            let mut typed = typed_of(shipped::targets());
            typed.0.retain(|(name, _)| name != "seen");
            typed.0.push(("seen".to_owned(), seen));
            Ok(look.show(&editor(&app, &look, &typed, None).await?))
        }
        step => {
            let step = step.to_owned();
            typed.0 = rows::stepped(typed.0, &step, &[("target", "name")]);
            Ok(look.show(&editor(&app, &look, &typed, None).await?))
        }
    }
}

async fn keep(app: &App, look: &Look, typed: &Typed) -> Result<(), Problem> {
    if typed.get("seen") != fingerprint(look.directory().targets()) {
        return Err(Refusal::stale("Somebody saved other targets while you edited these. What you typed is kept here; compare before you save again.").into());
    }
    let all = (0..rows::count(typed, "target")).map(|n| target_of(typed, n));
    let targets = all.collect::<Result<Vec<_>, _>>()?;
    let revision = Revision::Targets(Targets { targets });
    app.desk.revise(look.viewer().clone(), revision).await?;
    Ok(())
}

/// Targets as the form would send them.
fn typed_of(targets: &Targets) -> Typed {
    let mut all = vec![("seen".to_owned(), fingerprint(targets))];
    for (n, t) in targets.targets.iter().enumerate() {
        let mut put = |part: &str, value: &str| {
            all.push((format!("target-{n}-{part}"), value.to_owned()));
        };
        let whole = |(_, minutes): &&(&str, i64)| t.within_min % minutes == 0;
        let (unit, minutes) = UNITS.iter().find(whole).unwrap_or(&("min", 1));
        put("name", &t.name);
        put("metric", &t.metric.to_string());
        put("within", &(t.within_min / minutes).to_string());
        put("unit", unit);
        put("warn", &t.warn_percent.to_string());
        for s in &t.severities {
            put("severity", s.as_str());
        }
        put(
            "kinds",
            &t.kinds.iter().cloned().collect::<Vec<_>>().join(" "),
        );
        put("calendar", t.calendar.as_ref().map_or("", |c| c.as_str()));
    }
    Typed(all)
}

fn target_of(typed: &Typed, n: usize) -> Result<Target, Refusal> {
    let at = |part: &str| format!("target[{n}].{part}");
    let get = |part: &str| typed.get(&format!("target-{n}-{part}")).trim();
    let number = |part: &str, field: &str| {
        let says = || Refusal::invalid(at(field), "Expected a whole number.");
        get(part).parse::<i64>().map_err(|_| says())
    };
    let unit = UNITS.iter().find(|(unit, _)| *unit == get("unit"));
    let minutes = unit.map_or(1, |(_, minutes)| *minutes);
    let severities = typed.all(&format!("target-{n}-severity"));
    let severities: Result<BTreeSet<Severity>, Refusal> =
        severities.iter().map(|s| s.parse()).collect();
    let kinds = get("kinds").split([' ', ',']).filter(|k| !k.is_empty());
    let calendar = Some(get("calendar")).filter(|c| !c.is_empty());
    Ok(Target {
        name: get("name").to_owned(),
        metric: get("metric")
            .parse::<Metric>()
            .map_err(|r| r.on(at("metric")))?,
        severities: severities.map_err(|r| r.on(at("severities")))?,
        kinds: kinds.map(str::to_owned).collect(),
        within_min: number("within", "within_min")?.saturating_mul(minutes),
        warn_percent: number("warn", "warn_percent")?,
        calendar: calendar
            .map(str::parse)
            .transpose()
            .map_err(|r: Refusal| r.on(at("calendar")))?,
    })
}

async fn editor(
    app: &App,
    look: &Look,
    typed: &Typed,
    problem: Option<&Problem>,
) -> Result<TargetsEdit, Problem> {
    // `target[2].within_min` is about the third row.
    let wrong = |n: usize| {
        let about = problem?.field.as_deref()?;
        let here = about.starts_with(&format!("target[{n}]"));
        here.then(|| problem.map(|p| p.detail.clone()))?
    };
    let count = rows::count(typed, "target");
    let row = |n: usize| {
        let get = |part: &str| typed.get(&format!("target-{n}-{part}")).to_owned();
        let warn = get("warn");
        TargetRow {
            name: get("name"),
            metric: get("metric"),
            severities: typed.all(&format!("target-{n}-severity")),
            kinds: get("kinds"),
            within: get("within"),
            unit: get("unit"),
            warn: if warn.is_empty() {
                "75".to_owned()
            } else {
                warn
            },
            calendar: get("calendar"),
            error: wrong(n),
        }
    };
    let in_row = (0..count).any(|n| wrong(n).is_some());
    let calendars = look.directory().calendars.values();
    Ok(TargetsEdit {
        frame: look.frame(app, "Edit SLA targets", Nav::Settings).await?,
        seen: typed.get("seen").to_owned(),
        rows: (0..count).map(row).collect(),
        metrics: Metric::all()
            .map(|m| Choice::new(m.to_string(), m.label()))
            .collect(),
        severities: show::severities(),
        calendars: calendars
            .map(|c| Choice::new(c.id.as_str(), &c.name))
            .collect(),
        problem: problem.filter(|_| !in_row).map(as_piece),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ships_survives_its_own_form() {
        let targets = shipped::targets();
        let typed = typed_of(targets);
        let count = rows::count(&typed, "target");
        let back: Vec<Target> = (0..count).map(|n| target_of(&typed, n).unwrap()).collect();
        assert_eq!(back, targets.targets);
    }
}
