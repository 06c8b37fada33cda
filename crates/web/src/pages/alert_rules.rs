//! Rules that judge alerts: the list in order, the form of one, what it would have done. The domain judges what is typed.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use midwatch_desk::intake::{DryRun, document_of};
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::alert_rule::{AlertRule, Then};
use midwatch_domain::id::{AlertId, AlertRuleId};
use midwatch_domain::moment::Moment;
use midwatch_domain::revise::Revision;
use midwatch_domain::words::Severity;
use midwatch_store::read::alerts as read;
use serde_json::Value;

use super::alerts::waiting;
use super::frame::Look;
use super::typed::{self, Typed, local_time};
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::alerts::{RulePage, RuleRow, Rules, Run};
use crate::view::form::{Choice, Field, FieldKind, Form};
use crate::view::frame::Nav;

const LIST: &str = "/alerts/rules";
/// What suppresses ends after this long, if nothing else is said: 30 days.
const MONTH_MS: i64 = 30 * 24 * 3_600_000;

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let (see, manage) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::ManageAlerts),
    );
    r.get("/alerts/rules", see, list)
        .get("/alerts/rules/new", manage, new)
        .post("/alerts/rules/new", manage, create)
        .get("/alerts/rules/{id}", manage, page)
        .post("/alerts/rules/{id}", manage, save)
        .post("/alerts/rules/{id}/delete", manage, delete)
}

type Answer = Result<Response, Problem>;

async fn list(State(app): State<App>, look: Look) -> Answer {
    let d = look.directory();
    let mut rules: Vec<_> = d.alert_rules.values().collect();
    rules.sort_by(|(_, a), (_, b)| (a.order, &a.id).cmp(&(b.order, &b.id)));
    let row = |(revision, r): &(i64, AlertRule)| RuleRow {
        id: r.id.to_string(),
        href: format!("{LIST}/{}", r.id),
        order: r.order,
        name: r.name.clone(),
        when: r.when.clone(),
        then: r.then.say(),
        until: r.until.map(|m| look.now.moment(m.0)),
        revision: *revision,
        asked: r.is_asked(look.at()),
    };
    let rows = rules.into_iter().map(row).collect();
    let page = Rules {
        frame: look.frame(&app, "Alert rules", Nav::Alerts).await?,
        waiting: waiting(&app).await?,
        rows,
        may_manage: look.viewer().may(Action::ManageAlerts).is_ok(),
    };
    Ok(look.show(&page))
}

/// An alert to begin with.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Like {
    alert: String,
}

async fn new(State(app): State<App>, look: Look, Query(like): Query<Like>) -> Answer {
    let mut rule = fresh(&app, &look);
    if let Ok(id) = like.alert.parse::<AlertId>() {
        (rule.name, rule.when, rule.sample) = from_alert(&app, &look, id).await?;
    }
    let form = form(&look, &rule, &format!("{LIST}/new"));
    show(&app, &look, None, form, None).await
}

/// Name, condition and sample of a rule for alerts like one.
async fn from_alert(
    app: &App,
    look: &Look,
    id: AlertId,
) -> Result<(String, String, Value), Problem> {
    let (viewer, d, now) = (
        look.viewer().clone(),
        look.signed.directory.clone(),
        look.at(),
    );
    let read = app.read(move |tx| {
        let row = read::show(tx, &viewer, &id)?.ok_or_else(|| Refusal::missing("alert"))?;
        let seen = document_of(tx, &d, &row, now)?;
        let quoted = |text: &str| Value::from(text).to_string();
        let source = d.alert_sources.get(&row.source);
        let source = source.map_or_else(String::new, |s| s.name.clone());
        let when = format!(
            "source.name == {} && alert.group == {}",
            quoted(&source),
            quoted(&row.group)
        );
        let name: String = row.title.chars().take(80).collect();
        Ok((name, when, seen))
    });
    Ok(read.await?)
}

fn fresh(app: &App, look: &Look) -> AlertRule {
    let orders = look.directory().alert_rules.values().map(|(_, r)| r.order);
    AlertRule {
        id: AlertRuleId::from_bytes(app.desk.store.random()),
        name: String::new(),
        order: orders.max().map_or(10, |o| (o + 10).min(1_000_000)),
        when: String::new(),
        then: Then::Suppress,
        why: String::new(),
        until: Some(look.at().plus_ms(MONTH_MS)),
        sample: Value::Null,
        enabled: true,
        deleted: false,
    }
}

fn found(look: &Look, id: &str) -> Result<AlertRule, Refusal> {
    let id: Option<AlertRuleId> = id.parse().ok();
    let found = id.and_then(|id| look.directory().alert_rules.get(&id));
    found
        .map(|(_, r)| r.clone())
        .ok_or_else(|| Refusal::missing("rule"))
}

async fn create(State(app): State<App>, look: Look, typed: Typed) -> Answer {
    let rule = fresh(&app, &look);
    keep(&app, &look, &typed, None, rule, &format!("{LIST}/new")).await
}

async fn page(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let rule = found(&look, &id)?;
    let form = form(&look, &rule, &format!("{LIST}/{id}"));
    show(&app, &look, Some(&rule), form, None).await
}

async fn save(State(app): State<App>, look: Look, Path(id): Path<String>, typed: Typed) -> Answer {
    let rule = found(&look, &id)?;
    let action = format!("{LIST}/{id}");
    keep(&app, &look, &typed, Some(rule.clone()), rule, &action).await
}

async fn delete(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let rule = AlertRule {
        deleted: true,
        ..found(&look, &id)?
    };
    let toast = format!("The rule “{}” judges nothing any more.", rule.name);
    let done = app
        .desk
        .revise(look.viewer().clone(), Revision::AlertRule(rule));
    done.await?;
    Ok(look.done(LIST, &toast))
}

fn form(look: &Look, r: &AlertRule, action: &str) -> Form {
    let d = look.directory();
    let (template, team, severity) = match &r.then {
        Then::Open {
            template,
            team,
            severity,
        } => (template.clone(), team.clone(), *severity),
        _ => (None, None, None),
    };
    let mut templates = vec![Choice::new("", "That of the source")];
    templates.extend(super::alert_sources::templates(d));
    let mut teams = vec![Choice::new("", "That of the source")];
    teams.extend(super::alert_sources::teams(d));
    let mut severities = vec![Choice::new("", "That of the alert")];
    severities.extend(
        Severity::ALL
            .iter()
            .map(|s| Choice::new(s.as_str(), s.label())),
    );
    let sample = if r.sample.is_null() {
        String::new()
    } else {
        serde_json::to_string_pretty(&r.sample).unwrap_or_default()
    };
    let then = [
        ("open", "Open a ticket, or join the open one of the group"),
        (
            "attach",
            "Attach to an open ticket that shares a value, else open one",
        ),
        ("suppress", "Suppress until the rule ends"),
        ("leave", "Leave in the inbox"),
    ];
    let fields = vec![
        Field::text("name", "Name")
            .value(&r.name)
            .required()
            .max(80)
            .help("What it suppresses is recorded under this name."),
        Field::new(FieldKind::Number, "order", "Order")
            .value(r.order.to_string())
            .required()
            .help("Rules are asked from the lowest number up; the first that holds decides."),
        Field::new(FieldKind::Paste, "when", "When")
            .value(&r.when)
            .required()
            .max(2000)
            .placeholder("source.name == \"Wazuh\" && alert.rank >= 4"),
        Field::new(FieldKind::Choice, "do", "Then")
            .choices(then.map(|(v, l)| Choice::new(v, l)).to_vec())
            .value(r.then.as_str())
            .required(),
        Field::new(FieldKind::Choice, "template", "Template")
            .choices(templates)
            .value(template.unwrap_or_default()),
        Field::new(FieldKind::Choice, "team", "Team")
            .choices(teams)
            .value(team.map_or_else(String::new, |t| t.to_string())),
        Field::new(FieldKind::Choice, "severity", "Severity")
            .choices(severities)
            .value(severity.map_or("", |s| s.as_str())),
        Field::new(FieldKind::DateTime, "until", "Ends")
            .value(r.until.map_or_else(String::new, |u| local_time(u, &look.now.zone)))
            .help("What suppresses must end, at most a year from now."),
        Field::new(FieldKind::Long, "why", "Why there is this rule")
            .value(&r.why)
            .max(2000),
        Field::new(FieldKind::Paste, "sample", "Sample")
            .value(sample)
            .required()
            .help("An alert as conditions see it, as JSON: the condition must hold for it. “Write a rule for alerts like this” on the page of an alert fills it in."),
        Field::new(FieldKind::Choice, "enabled", "Asked")
            .choices(vec![Choice::new("yes", "Yes"), Choice::new("no", "No")])
            .value(if r.enabled { "yes" } else { "no" }),
        Field::new(FieldKind::Tick, "try", "Only try it on the last 30 days; change nothing"),
    ];
    Form::new(action, "Save", fields).cancel(LIST)
}

async fn show(
    app: &App,
    look: &Look,
    rule: Option<&AlertRule>,
    form: Form,
    run: Option<Run>,
) -> Answer {
    let title = rule.map_or("New rule", |r| r.name.as_str());
    let delete = rule.map(|r| {
        Form::new(format!("{LIST}/{}/delete", r.id), "Delete rule", Vec::new()).dangerous()
    });
    let page = RulePage {
        frame: look.frame(app, title, Nav::Alerts).await?,
        title: title.to_owned(),
        form,
        run,
        delete,
    };
    Ok(look.show(&page))
}

async fn keep(
    app: &App,
    look: &Look,
    typed: &Typed,
    before: Option<AlertRule>,
    rule: AlertRule,
    action: &str,
) -> Answer {
    let mut form = form(look, &rule, action);
    let viewer = look.viewer().clone();
    let done = match read_form(look, typed, rule) {
        Err(refusal) => Err(Problem::from(refusal)),
        Ok(rule) if typed.has("try") => match app.desk.try_alert_rule(viewer, rule.clone()).await {
            Ok(run) => {
                typed.put_back(&mut form.fields, None);
                let run = tell(run, &rule);
                return show(app, look, before.as_ref(), form, Some(run)).await;
            }
            Err(fault) => Err(fault.into()),
        },
        Ok(rule) => {
            let toast = format!("The rule “{}” is saved.", rule.name.trim());
            match app.desk.revise(viewer, Revision::AlertRule(rule)).await {
                Ok(_) => return Ok(look.done(LIST, &toast)),
                Err(fault) => Err(fault.into()),
            }
        }
    };
    match done {
        Ok(()) => Ok(look.done(LIST, "Saved.")),
        Err(problem) if typed::can_mend(&problem) => {
            form.problem = typed.put_back(&mut form.fields, Some(&problem));
            let mut page = show(app, look, before.as_ref(), form, None).await?;
            *page.status_mut() = typed::status(&problem);
            Ok(page)
        }
        Err(problem) => Err(problem),
    }
}

/// What a trial came to, in a sentence.
fn tell(run: DryRun, rule: &AlertRule) -> Run {
    let says = match &rule.then {
        Then::Open { .. } | Then::Attach => format!(
            "Of {} alerts it would have judged {}: opened or joined {} tickets, and attached {} more.",
            run.tried, run.decided, run.groups, run.joined
        ),
        Then::Suppress => format!(
            "Of {} alerts it would have suppressed {}, of {} groups; of {} something else became.",
            run.tried, run.decided, run.groups, run.otherwise
        ),
        Then::Leave => format!(
            "Of {} alerts it would have left {} in the inbox; of {} something else became.",
            run.tried, run.decided, run.otherwise
        ),
    };
    let error = match run.failed {
        0 => String::new(),
        n => format!(
            "For {n} alerts the condition could not be asked: {}",
            run.error
        ),
    };
    let example = |w: midwatch_desk::intake::Would| {
        let because = if w.because.is_empty() {
            String::new()
        } else {
            format!(": {}", w.because)
        };
        (
            format!("/alerts/{}", w.alert),
            w.title,
            format!("{}{because}", w.became.label()),
        )
    };
    Run {
        says,
        error,
        examples: run.examples.into_iter().map(example).collect(),
    }
}

fn read_form(look: &Look, typed: &Typed, before: AlertRule) -> Result<AlertRule, Refusal> {
    let order = typed.get("order").trim().parse();
    let order = order.map_err(|_| Refusal::invalid("order", "A whole number."))?;
    let word = |name: &str| Some(typed.get(name).to_owned()).filter(|t| !t.is_empty());
    let then = match typed.get("do") {
        "open" => Then::Open {
            template: word("template"),
            team: word("team")
                .map(|t| t.parse().map_err(|r: Refusal| r.on("team")))
                .transpose()?,
            severity: word("severity").map(|s| s.parse()).transpose()?,
        },
        "attach" => Then::Attach,
        "suppress" => Then::Suppress,
        "leave" => Then::Leave,
        _ => return Err(Refusal::invalid("do", "Choose what becomes of an alert.")),
    };
    let until = match typed.object(&look.now.zone, &[]).get("until") {
        None | Some(Value::Null) => None,
        Some(text) => match text.as_str() {
            Some("") => None,
            Some(text) => Some(
                text.parse::<Moment>()
                    .map_err(|_| Refusal::invalid("until", "A date and a time."))?,
            ),
            None => None,
        },
    };
    let sample = serde_json::from_str(typed.get("sample"))
        .map_err(|e| Refusal::invalid("sample", format!("This is no JSON: {e}.")))?;
    Ok(AlertRule {
        name: typed.get("name").to_owned(),
        order,
        when: typed.get("when").to_owned(),
        then,
        why: typed.get("why").to_owned(),
        until,
        sample,
        enabled: typed.get("enabled") != "no",
        ..before
    })
}
