//! Settings: the organisation, and what the installation says about itself.

use axum::extract::State;
use axum::response::Response;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::id::PersonId;
use midwatch_domain::people::Organisation;
use midwatch_domain::revise::Revision;
use midwatch_domain::words::{Criticality, Severity};
use midwatch_store::plain::node;
use midwatch_store::{Location, checkpoint, rows};
use std::collections::BTreeMap;

use super::frame::Look;
use super::typed::{self, Typed};
use super::{policies, show};
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::form::{Choice, Field, FieldKind, Form};
use crate::view::frame::Nav;
use crate::view::settings::{Fact, Settings};

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    r.get("/settings", Policy::May(Action::ReadDesk), page)
        .post("/settings", Policy::May(Action::ManagePeople), save)
}

type Answer = Result<Response, Problem>;

async fn page(State(app): State<App>, look: Look) -> Answer {
    let settings = settings(&app, &look).await?;
    Ok(look.show(&settings))
}

async fn settings(app: &App, look: &Look) -> Result<Settings, Problem> {
    let organisation = look
        .directory()
        .organisation
        .as_ref()
        .filter(|_| look.viewer().may(Action::ManagePeople).is_ok());
    Ok(Settings {
        frame: look.frame(app, "Settings", Nav::Settings).await?,
        organisation: organisation.map(|o| form(look, o)),
        may_write: look.viewer().may(Action::EditTemplates).is_ok(),
        facts: facts(app, look).await?,
    })
}

fn form(look: &Look, o: &Organisation) -> Form {
    let last = Field::new(FieldKind::Person, "last_resort", "Last-resort person")
        .value(o.last_resort.as_str())
        .required();
    let mut fields = vec![
            Field::text("name", "Name")
                .value(&o.name)
                .required()
                .max(100),
            last.choices(show::owners(look.directory(), None))
                .help("Owns new tickets when a team has nobody on duty and no lead."),
            Field::text("time_zone", "Time zone")
                .value(&o.time_zone)
                .required()
                .max(64)
                .help("Days and hours are shown in it, such as Europe/Berlin."),
            policies::field(
                look.directory(),
                "policy",
                "Escalation",
                o.policy.as_ref(),
            )
            .help("For teams without a policy of their own. None chosen: the one that ships for the severity."),
            Field::new(FieldKind::Long, "own_domains", "Our domains")
                .value(o.own_domains.join("\n"))
                .help("One a line, such as example.com. Hosts under them are assets, not indicators."),
            Field::new(FieldKind::Long, "own_ranges", "Our addresses and networks")
                .value(o.own_ranges.join("\n"))
                .help("One a line, such as 198.51.100.0/24."),
    ];
    fields.extend(Criticality::ALL.iter().rev().map(|c| {
        let severities = Severity::ALL
            .iter()
            .map(|s| Choice::new(s.as_str(), s.label()));
        let stands = o.severity_by_criticality.get(c);
        let label = format!(
            "A ticket about an asset of {} criticality is at least",
            c.label().to_lowercase()
        );
        Field::new(FieldKind::Choice, at_least(*c), label)
            .choices(severities.collect())
            .value(stands.map_or("", |s| s.as_str()))
    }));
    Form::new("/settings", "Save", fields)
}

/// Name of the field that says how bad a ticket is at least for a criticality.
fn at_least(c: Criticality) -> String {
    format!("at_least_{}", c.as_str())
}

fn by_criticality(typed: &Typed) -> Result<BTreeMap<Criticality, Severity>, Refusal> {
    let mut out = BTreeMap::new();
    for c in Criticality::ALL {
        let field = at_least(*c);
        if !typed.get(&field).is_empty() {
            out.insert(
                *c,
                typed
                    .get(&field)
                    .parse()
                    .map_err(|r: Refusal| r.on(field))?,
            );
        }
    }
    Ok(out)
}

async fn facts(app: &App, look: &Look) -> Result<Vec<Fact>, Problem> {
    let (head, last, nodes) = app
        .read(|tx| Ok((rows::head::read(tx)?, checkpoint::last(tx)?, node::all(tx)?)))
        .await?;
    let database = match app.desk.store.location() {
        Location::Sqlite { .. } => "SQLite, embedded",
        Location::Postgres(_) => "PostgreSQL",
    };
    let checkpoint = last.map_or_else(
        || "none yet".to_owned(),
        |c| format!("{}, at entry {}", look.now.moment(c.at.0).text, c.seq),
    );
    let fact = |name: &str, value: String| Fact {
        name: name.into(),
        value,
    };
    let mut facts = vec![
        fact("Version", env!("CARGO_PKG_VERSION").into()),
        fact("Database", database.into()),
        fact("Entries in the record", head.seq.to_string()),
        fact("Last checkpoint", checkpoint),
    ];
    // The names of machines are for those who run them.
    if look.viewer().may(Action::ManagePeople).is_ok() {
        let now = app.desk.store.now();
        let live = nodes.iter().filter(|n| n.is_live(now));
        let live: Vec<String> = live
            .map(|n| format!("{} since {}", n.name, look.now.moment(n.started_at.0).text))
            .collect();
        if !live.is_empty() {
            facts.push(fact("Running nodes", live.join("; ")));
        }
    }
    Ok(facts)
}

async fn save(State(app): State<App>, look: Look, typed: Typed) -> Answer {
    let done = match typed.get("last_resort").parse::<PersonId>() {
        Ok(last_resort) => {
            let wanted = Organisation {
                name: typed.get("name").to_owned(),
                last_resort,
                time_zone: typed.get("time_zone").to_owned(),
                policy: policies::chosen(&typed, "policy")?,
                own_domains: lines(typed.get("own_domains")),
                own_ranges: lines(typed.get("own_ranges")),
                severity_by_criticality: by_criticality(&typed)?,
            };
            app.desk
                .revise(look.viewer().clone(), Revision::Organisation(wanted))
                .await
                .map_err(Problem::from)
        }
        Err(_) => Err(Refusal::invalid(
            "last_resort",
            "Choose the person who answers when nobody else does.",
        )
        .into()),
    };
    match done {
        Ok(_) => Ok(look.done("/settings", "Settings are saved.")),
        Err(problem) if typed::can_mend(&problem) => {
            let mut settings = settings(&app, &look).await?;
            if let Some(form) = &mut settings.organisation {
                form.problem = typed.put_back(&mut form.fields, Some(&problem));
            }
            Ok(look.show_as(typed::status(&problem), &settings))
        }
        Err(problem) => Err(problem),
    }
}

/// What stands on lines, or between commas.
fn lines(text: &str) -> Vec<String> {
    let parts = text.split(['\n', ',']).map(str::trim);
    parts.filter(|p| !p.is_empty()).map(str::to_owned).collect()
}
