//! ATT&CK: what was loaded of it, what a ticket points to with the evidence, and what the tickets of a time cover.

use axum::Extension;
use axum::extract::State;
use midwatch_desk::attack::{self, Coverage, TicketAttack};
use midwatch_desk::intelligence;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use midwatch_store::plain::intel;
use midwatch_store::read::ticket::find_ticket;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{Asked, At};
use super::document::{Document, get};
use super::reply::{Answer, Items, json, page};
use crate::policy::{Policy, Routes};
use crate::{App, Who};

/// Coverage is about so many days unless the asker says otherwise.
pub(crate) const DAYS: i64 = 90;
/// Milliseconds of a day.
pub(crate) const DAY_MS: i64 = 86_400_000;
/// Techniques of a page.
const PAGE: i64 = 1000;

/// Registers the routes.
pub(super) fn routes(r: Routes) -> Routes {
    let read = Policy::May(Action::ReadDesk);
    r.get("/api/v1/tickets/{number}/attack", read, of_ticket)
        .get("/api/v1/attack/coverage", read, coverage)
        .get("/api/v1/attack/techniques", read, techniques)
        .get("/api/v1/attack/{technique}", read, show)
}

/// Describes them.
pub(super) fn describe(doc: &mut Document) {
    doc.tag("ATT&CK", "What tickets point to in ATT&CK, as it was loaded by a feed or a file. What is named in a ticket is *stated*; what follows from what feeds assert of its values is *probable*, and comes with its chain of evidence.", vec![
        get("/tickets/{number}/attack", "show_ticket_attack", "Show the techniques, software, campaigns and actors that a ticket points to, each with its evidence")
            .gives::<TicketAttack>(200, "What was stated first, then the most probable."),
        get("/attack/coverage", "show_attack_coverage", "Count the tickets of a time by what they point to")
            .text("Without times: the last 90 days. Tickets that the asker may not see are not counted.")
            .query("from", "string", "Tickets opened from then on, as RFC 3339.")
            .query("to", "string", "Tickets opened before then.")
            .gives::<Coverage>(200, "What they point to."),
        get("/attack/techniques", "list_techniques", "List the techniques of ATT&CK that were loaded, with their tactics")
            .query("after", "string", "Where the page before ended.")
            .lists::<Technique>("The techniques."),
        get("/attack/{technique}", "show_attack", "Show a technique, group or software of ATT&CK and what belongs to it")
            .gives::<AttackView>(200, "What was loaded of it."),
    ]);
}

/// A technique.
#[derive(Serialize, ToSchema)]
struct Technique {
    /// Its number, such as `T1566.001`.
    number: String,
    /// Its name.
    name: String,
    /// Short names of its tactics.
    tactics: Vec<String>,
}

/// A part of ATT&CK.
#[derive(Serialize, ToSchema)]
struct AttackView {
    /// Its number.
    number: String,
    /// Its type in STIX.
    kind: String,
    /// Its name.
    name: String,
    /// Short names of its tactics.
    tactics: Vec<String>,
    /// What it uses or belongs to.
    to: Vec<intelligence::Tie>,
    /// What uses it or belongs to it.
    from: Vec<intelligence::Tie>,
    /// The whole object.
    #[schema(value_type = Object)]
    object: serde_json::Value,
}

async fn of_ticket(
    State(app): State<App>,
    Extension(who): Who,
    At(number): At<TicketNo>,
) -> Answer {
    let found = app.read(move |tx| {
        let ticket = find_ticket(tx, &who.viewer, number)?;
        attack::of_ticket(tx, &who.directory, &ticket)
    });
    json(&found.await?)
}

/// A time, as it is asked for.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Time {
    from: Option<Moment>,
    to: Option<Moment>,
}

/// The time that is meant; without a beginning, so many days before the end.
pub(crate) fn span(
    from: Option<Moment>,
    to: Option<Moment>,
    now: Moment,
) -> Result<(Moment, Moment), Refusal> {
    let to = to.unwrap_or(now.plus_ms(1));
    let from = from.unwrap_or(to.plus_ms(-DAYS * DAY_MS));
    if from >= to {
        return Err(Refusal::invalid("to", "The time ends after it begins."));
    }
    Ok((from, to))
}

async fn coverage(State(app): State<App>, Extension(who): Who, Asked(time): Asked<Time>) -> Answer {
    let (from, to) = span(time.from, time.to, app.desk.store.now())?;
    let found = app.read(move |tx| attack::coverage(tx, &who.viewer, &who.directory, from, to));
    json(&found.await?)
}

/// Where a page begins.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct After {
    after: String,
}

async fn techniques(
    State(app): State<App>,
    Extension(_): Who,
    Asked(wanted): Asked<After>,
) -> Answer {
    let after = wanted.after;
    let found = app
        .read(move |tx| Ok(intel::by_kind(tx, "attack-pattern", &after, PAGE)?))
        .await?;
    let full = i64::try_from(found.len()).unwrap_or(PAGE) >= PAGE;
    let next = found.last().filter(|_| full).map(|o| o.number.clone());
    let items = found.into_iter().map(|o| Technique {
        number: o.number,
        name: o.name,
        tactics: words(&o.tactics),
    });
    let items = items.collect();
    let parameters = [("after", String::new())];
    page(
        "/attack/techniques",
        &parameters,
        "after",
        Items { items, next },
    )
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

async fn show(State(app): State<App>, Extension(_): Who, At(number): At<String>) -> Answer {
    let number = number.to_ascii_uppercase();
    let view = app
        .read(move |tx| {
            let found = intel::by_number(tx, &number)?.into_iter().next();
            let object = found.ok_or_else(|| Refusal::missing("part of ATT&CK"))?;
            let to = intelligence::ties(intel::from(tx, &object.id)?);
            let from = intelligence::ties(intel::to(tx, &object.id)?);
            Ok(AttackView {
                number: object.number,
                kind: object.kind,
                name: object.name,
                tactics: words(&object.tactics),
                to,
                from,
                object: serde_json::from_str(&object.body).unwrap_or_default(),
            })
        })
        .await?;
    json(&view)
}
