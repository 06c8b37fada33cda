//! The reporter's form: three questions and, if there is one, a file. Whoever is on duty takes it from there.

use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};
use axum::response::Response;
use midwatch_desk::act::Conditions;
use midwatch_domain::Refusal;
use midwatch_domain::ticket::Open;
use midwatch_domain::words::Origin;
use serde_json::json;

use crate::App;
use crate::problem::Problem;
use crate::view::form::{Field, FieldKind};
use crate::view::frame::Nav;
use crate::view::intake::ReportForm;

use super::frame::Look;
use super::typed::{Typed, can_mend, status};
use super::{evidence, intake};

/// The template of a report, if it is still in use: its owner finds out what kind it is.
const TEMPLATE: &str = "general";
/// Characters of the first sentence that become the title.
const TITLE: usize = 120;

/// `GET /report`.
///
/// # Errors
/// As the engine says.
pub async fn form(State(app): State<App>, look: Look) -> Result<Response, Problem> {
    Ok(look.show(&page(&app, &look, &Typed::default(), None).await?))
}

/// `POST /report`.
///
/// # Errors
/// What the command or the engine says, where the form could not mend it.
pub async fn send(
    State(app): State<App>,
    look: Look,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    let (typed, files) = evidence::receive(&app, form).await?;
    let problem = match open(&app, &look, &typed).await {
        Ok(number) => {
            let about = Typed(vec![("source".into(), "Sent with the report.".into())]);
            evidence::attach_all(&app, look.viewer(), number, files, &about, &look).await?;
            let owner = intake::coming(&look, "")?.person.name;
            let said = format!("Thank you. Your report is {number}; {owner} has it.");
            return Ok(look.done(&format!("/tickets/{number}"), &said));
        }
        Err(problem) => problem,
    };
    if look.enhanced || !can_mend(&problem) {
        return Err(problem);
    }
    let page = page(&app, &look, &typed, Some(&problem)).await?;
    Ok(look.show_as(status(&problem), &page))
}

async fn open(
    app: &App,
    look: &Look,
    typed: &Typed,
) -> Result<midwatch_domain::id::TicketNo, Problem> {
    let what = typed.get("what").trim();
    if what.is_empty() {
        return Err(Refusal::invalid("what", "Say in a few words what you saw.").into());
    }
    let first = what.lines().next().unwrap_or_default();
    let mut title: String = first.chars().take(TITLE).collect();
    if first.chars().count() > TITLE {
        title.push('…');
    }
    let affected = typed.get("affected").trim();
    let description = match affected {
        "" => what.to_owned(),
        affected => format!("{what}\n\nAffected: {affected}"),
    };
    let mut body = typed.object(&look.now.zone, &[]);
    let seen = body.get_mut("discovered_at").map(serde_json::Value::take);
    let template = look.directory().template(TEMPLATE).map(|t| t.key.clone());
    let body = json!({ "title": title, "description": description, "template": template, "discovered_at": seen });
    let command: Open = midwatch_domain::ticket::read(body)?;
    let key = typed.get("idempotency_key");
    let digest = midwatch_desk::account::digest(&format!("{title}\n{description}"));
    let conditions = Conditions {
        idempotency: (!key.is_empty()).then(|| (key.to_owned(), digest)),
        ..Conditions::default()
    };
    Ok(app
        .desk
        .open_ticket(look.viewer().clone(), command, Origin::Report, conditions)
        .await?
        .ticket)
}

async fn page(
    app: &App,
    look: &Look,
    typed: &Typed,
    problem: Option<&Problem>,
) -> Result<ReportForm, Problem> {
    let mut fields = vec![
        Field::new(FieldKind::Long, "what", "What did you see?")
            .max(20_000)
            .required()
            .focused()
            .draft("report-what"),
        Field::new(FieldKind::DateTime, "discovered_at", "When?")
            .help("Now, if you leave it empty."),
        Field::new(FieldKind::Long, "affected", "What or who is affected?")
            .max(2000)
            .help("Devices, accounts, people, places; as far as you know."),
        Field::new(FieldKind::File, "file", "A screenshot, the mail, a file"),
    ];
    let left = typed.put_back(&mut fields, problem);
    Ok(ReportForm {
        frame: look.frame(app, "Report something", Nav::Watch).await?,
        fields,
        owner: intake::coming(look, "")?,
        problem: left,
        idempotency_key: intake::fresh(app),
    })
}
