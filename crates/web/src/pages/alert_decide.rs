//! What people decide on alerts: a ticket at once, or a form that asks to which ticket, why and until when.

use axum::extract::{Query, State};
use axum::response::Response;
use midwatch_desk::intake::{Decided, Selection};
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::id::AlertId;
use midwatch_domain::words::AlertState;

use super::frame::Look;
use super::typed::{self, Typed};
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::form::{Choice, Field, FieldKind, Form};
use crate::view::frame::Nav;
use crate::view::people::EditPage;

const LIST: &str = "/alerts";
/// Most that are picked at once.
const MOST: usize = 200;

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let decide = Policy::May(Action::TriageAlerts);
    r.post("/alerts/open", decide, open)
        .get("/alerts/decide", decide, ask)
        .post("/alerts/decide", decide, done)
}

type Answer = Result<Response, Problem>;

/// What was picked: groups and alerts.
fn picked(typed: &Typed) -> Result<Vec<Selection>, Refusal> {
    let picks = typed.all("pick");
    if picks.is_empty() || picks.len() > MOST {
        let says = "Select at least one alert, and at most 200 rows.";
        return Err(Refusal::invalid("pick", says));
    }
    let (mut alerts, mut out) = (Vec::new(), Vec::new());
    for pick in picks {
        let missing = || Refusal::missing("alert");
        match pick.strip_prefix("g.") {
            Some(rest) => {
                let (source, group) = rest.split_once('.').ok_or_else(missing)?;
                out.push(Selection::Group {
                    source: source.parse().map_err(|_| missing())?,
                    group: group.parse().map_err(|_| missing())?,
                });
            }
            None => alerts.push(pick.parse::<AlertId>().map_err(|_| missing())?),
        }
    }
    if !alerts.is_empty() {
        out.push(Selection::Alerts { alerts });
    }
    Ok(out)
}

async fn open(State(app): State<App>, look: Look, typed: Typed) -> Answer {
    let all = picked(&typed)?;
    let done = one_ticket(&app, &look, all).await?;
    Ok(look.done(LIST, &done))
}

/// One ticket for everything that was picked.
async fn one_ticket(app: &App, look: &Look, all: Vec<Selection>) -> Result<String, Problem> {
    let mut ticket = None;
    let mut alerts = 0;
    for which in all {
        let viewer = look.viewer().clone();
        let done: Decided = match ticket {
            None => {
                let opened = app
                    .desk
                    .open_for_alerts(viewer, which, None, None, None, None);
                opened.await?
            }
            Some(number) => app.desk.attach_alerts(viewer, which, number).await?,
        };
        ticket = done.ticket;
        alerts += done.alerts;
    }
    let number = ticket.map_or_else(String::new, |t| t.to_string());
    Ok(format!("{number} is open for {}.", count(alerts)))
}

fn count(n: u64) -> String {
    if n == 1 {
        "1 alert".into()
    } else {
        format!("{n} alerts")
    }
}

async fn ask(
    State(app): State<App>,
    look: Look,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let typed = Typed(pairs);
    picked(&typed)?;
    let page = sheet(&app, &look, &typed, form(&typed, typed.get("do"))?).await?;
    Ok(look.show(&page))
}

fn form(typed: &Typed, verb: &str) -> Result<Form, Refusal> {
    let mut fields: Vec<Field> = typed
        .all("pick")
        .into_iter()
        .map(|p| Field::hidden("pick", p))
        .collect();
    fields.push(Field::hidden("do", verb));
    let reason = |help: &str| {
        Field::text("reason", "Reason")
            .required()
            .max(500)
            .help(help)
    };
    let submit = match verb {
        "open" => "Open a ticket",
        "attach" => {
            fields.push(
                Field::text("ticket", "Ticket")
                    .required()
                    .max(20)
                    .placeholder("MW-1042")
                    .focused(),
            );
            "Attach"
        }
        "suppress" => {
            fields.push(
                reason(
                    "It is recorded with the alerts. For what comes again and again, write a rule.",
                )
                .focused(),
            );
            "Suppress"
        }
        "snooze" => {
            let hours = [
                ("1", "1 hour"),
                ("4", "4 hours"),
                ("12", "12 hours"),
                ("24", "1 day"),
                ("72", "3 days"),
                ("168", "1 week"),
            ];
            fields.push(
                Field::new(FieldKind::Choice, "hours", "For")
                    .required()
                    .value("4")
                    .choices(hours.map(|(v, l)| Choice::new(v, l)).to_vec()),
            );
            fields.push(reason("Why it can wait. Then it is back in the inbox."));
            "Let it sleep"
        }
        "inbox" => {
            fields.push(reason("Why it is to be looked at again.").focused());
            "Put it back"
        }
        "detach" => {
            fields.push(
                reason("Why it does not belong to the ticket. It waits in the inbox again.")
                    .focused(),
            );
            "Take it out"
        }
        _ => return Err(Refusal::missing("decision")),
    };
    Ok(Form::new("/alerts/decide", submit, fields).cancel(LIST))
}

async fn sheet(app: &App, look: &Look, typed: &Typed, form: Form) -> Result<EditPage, Problem> {
    let n = typed.all("pick").len();
    let what = if n == 1 {
        "what you picked"
    } else {
        "the rows you picked"
    };
    let (title, intro) = match typed.get("do") {
        "open" => (
            "Open a ticket",
            format!("One ticket for {what}; the worst alert names it."),
        ),
        "attach" => (
            "Attach to a ticket",
            format!("The ticket takes {what} with their observables."),
        ),
        "suppress" => (
            "Suppress",
            format!("Nothing is to be done about {what}. They are kept."),
        ),
        "snooze" => (
            "Let it sleep",
            format!("Not now: {what} will come back by itself."),
        ),
        "inbox" => (
            "Back to the inbox",
            format!("Somebody is to decide on {what} anew."),
        ),
        _ => (
            "Take out of the ticket",
            format!("The ticket says that {what} has left."),
        ),
    };
    Ok(EditPage {
        frame: look.frame(app, title, Nav::Alerts).await?,
        back: ("Alerts".into(), LIST.into()),
        title: title.into(),
        intro,
        form,
        more: Vec::new(),
    })
}

async fn done(State(app): State<App>, look: Look, typed: Typed) -> Answer {
    match decide(&app, &look, &typed).await {
        Ok(says) => Ok(look.done(LIST, &says)),
        Err(problem) if typed::can_mend(&problem) => {
            let mut form = form(&typed, typed.get("do"))?;
            form.problem = typed.put_back(&mut form.fields, Some(&problem));
            let page = sheet(&app, &look, &typed, form).await?;
            Ok(look.show_as(typed::status(&problem), &page))
        }
        Err(problem) => Err(problem),
    }
}

async fn decide(app: &App, look: &Look, typed: &Typed) -> Result<String, Problem> {
    let all = picked(typed)?;
    let viewer = || look.viewer().clone();
    let reason = typed.get("reason").to_owned();
    let state = match typed.get("do") {
        "open" => return one_ticket(app, look, all).await,
        "attach" => {
            let ticket = typed.get("ticket").trim().parse();
            let ticket = ticket.map_err(|r: Refusal| r.on("ticket"))?;
            let mut alerts = 0;
            for which in all {
                let done = app.desk.attach_alerts(viewer(), which, ticket).await?;
                alerts += done.alerts;
            }
            return Ok(format!("{} attached to {ticket}.", count(alerts)));
        }
        "detach" => {
            let mut n = 0;
            for which in all {
                if let Selection::Alerts { alerts } = which {
                    let done = app.desk.detach_alerts(viewer(), alerts, reason.clone());
                    n += done.await?.alerts;
                }
            }
            return Ok(format!("{} taken out.", count(n)));
        }
        "suppress" => AlertState::Suppressed,
        "snooze" => AlertState::Snoozed,
        "inbox" => AlertState::Inbox,
        _ => return Err(Refusal::missing("decision").into()),
    };
    let until = match state {
        AlertState::Snoozed => {
            let hours: i64 = typed.get("hours").parse().unwrap_or(4);
            Some(look.at().plus_ms(hours.clamp(1, 168) * 3_600_000))
        }
        _ => None,
    };
    let mut n = 0;
    for which in all {
        let done = app
            .desk
            .judge_alerts(viewer(), which, state, until, reason.clone());
        n += done.await?.alerts;
    }
    Ok(match state {
        AlertState::Suppressed => format!("{} suppressed.", count(n)),
        AlertState::Snoozed => format!("{} asleep.", count(n)),
        _ => format!("{} back in the inbox.", count(n)),
    })
}
