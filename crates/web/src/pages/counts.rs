//! The numbers on the rail, each a call for action.

use midwatch_desk::account::Signed;
use midwatch_domain::access::{Action, Role};
use midwatch_domain::{procedure, query};
use midwatch_store::Fault;
use midwatch_store::read::{alerts, counts, deliveries, person};

use crate::App;
use crate::problem::Problem;
use crate::view::frame::Counts;

const DAY_MS: i64 = 86_400_000;

/// What calls for action by the viewer now: what waits for them, what nobody has acknowledged, what they have not read.
///
/// # Errors
/// As the engine says.
pub async fn of(app: &App, signed: &Signed) -> Result<Counts, Problem> {
    let (viewer, directory, now) = (
        signed.viewer.clone(),
        signed.directory.clone(),
        app.desk.store.now(),
    );
    let read = app.read(move |tx| {
        let number = |n: i64| u32::try_from(n).unwrap_or(0);
        let mut out = Counts::default();
        // A reporter's tickets call for nothing but patience, and an auditor's work is elsewhere.
        if viewer.may(Action::WorkTickets).is_ok() {
            out.watch = number(counts::needs_me(tx, &viewer)?.n);
            let unanswered = query::parse("is:open is:unacknowledged")
                .and_then(|q| q.resolve(&viewer, &directory, now))
                .map_err(midwatch_domain::Refusal::from)?;
            out.queue = number(counts::count_tickets(tx, &viewer, &unanswered, 99)?.n);
        }
        if viewer.may(Action::TriageAlerts).is_ok() {
            out.alerts = number(alerts::count_inbox(tx)?);
        }
        if viewer.may(Action::LeadTickets).is_ok() {
            out.dead = number(deliveries::count_dead(tx, now.plus_ms(-DAY_MS))?.0);
        }
        if let Some(me) = viewer.actor.person() {
            out.notices = number(deliveries::count_unread(tx, me)?);
        }
        if let Some(me) = viewer
            .actor
            .person()
            .filter(|_| !matches!(viewer.role, Some(Role::Auditor | Role::Reporter)))
        {
            for versions in directory.procedures.values() {
                if let Some(p) = procedure::in_force(versions, now)
                    && !person::has_read(tx, me, &p.key, p.version)?
                {
                    out.procedures += 1;
                }
            }
        }
        Ok::<_, Fault>(out)
    });
    Ok(read.await?)
}
