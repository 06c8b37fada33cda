//! Log reviews: one that is due gets a ticket, with its checklist as tasks; one that is not finished in time escalates.

use midwatch_domain::access::Viewer;
use midwatch_domain::directory::Directory;
use midwatch_domain::id::TicketNo;
use midwatch_domain::log_review::{Due, LogReview, TEMPLATE};
use midwatch_domain::ticket::{AddTask, Command, Escalate, Open};
use midwatch_domain::words::{Origin, Phase, Severity};
use midwatch_store::db::Tx;
use midwatch_store::rows::{raised, ticket};
use midwatch_store::{Fault, StoreError, WriteTx};

use crate::Desk;
use crate::act::{Conditions, act, open_for};

pub(super) async fn raise(desk: &Desk) -> Result<Vec<TicketNo>, Fault> {
    let wanted = desk.blocking(|d| {
        let now = d.store.now();
        d.store.read(|tx| {
            let directory = d.store.directory(tx)?;
            for r in directory.log_reviews.values().filter(|r| !r.paused) {
                let Some(due) = r.last(now) else { continue };
                let found = raised::find(tx, &begun(r, due))?;
                let missed = due.until <= now && raised::find(tx, &missed(r, due))?.is_none();
                if found.is_none() || missed {
                    return Ok(true);
                }
            }
            Ok::<_, Fault>(false)
        })
    });
    if wanted.await? {
        desk.store.write(raise_due).await
    } else {
        Ok(Vec::new())
    }
}

/// The ticket of a review, if it was asked for.
///
/// # Errors
/// As the engine says.
pub fn ticket_of(tx: &mut Tx<'_>, r: &LogReview, due: Due) -> Result<Option<TicketNo>, StoreError> {
    raised::find(tx, &begun(r, due))
}

fn begun(r: &LogReview, due: Due) -> String {
    format!("log_review {} {}", r.id, due.at.0)
}

fn missed(r: &LogReview, due: Due) -> String {
    format!("log_review_missed {} {}", r.id, due.at.0)
}

/// Looks again, within the write: another node may have been faster.
fn raise_due(w: &mut WriteTx<'_>) -> Result<Vec<TicketNo>, Fault> {
    let directory = w.directory.clone();
    let now = w.now;
    let mut tickets = Vec::new();
    for r in directory.log_reviews.values().filter(|r| !r.paused) {
        let Some(due) = r.last(now) else { continue };
        let name = begun(r, due);
        if raised::find(&mut w.tx, &name)?.is_none() {
            let number = begin(w, &directory, r, due)?;
            raised::keep(&mut w.tx, &name, number)?;
            tickets.push(number);
        }
        if due.until <= now && raised::find(&mut w.tx, &missed(r, due))?.is_none() {
            escalate(w, &directory, r, due)?;
        }
    }
    Ok(tickets)
}

fn begin(w: &mut WriteTx<'_>, d: &Directory, r: &LogReview, due: Due) -> Result<TicketNo, Fault> {
    let owner = r.owner(d, w.now);
    let left_out = not_asked_for(w, r, due)?;
    let command = opening(d, r, due, left_out);
    let system = Viewer::system();
    let conditions = Conditions::default();
    let done = open_for(w, &system, &command, owner, Origin::System, &conditions)?;
    for step in &r.checklist {
        let task = AddTask {
            title: step.clone(),
            phase: Some(Phase::Analysis),
            assignee: None,
            mandatory: true,
        };
        act(w, &system, done.ticket, &Command::from(task), &conditions)?;
    }
    Ok(done.ticket)
}

/// How many reviews before this one passed without a ticket, back to the last that had one.
fn not_asked_for(w: &mut WriteTx<'_>, r: &LogReview, due: Due) -> Result<usize, StoreError> {
    let before = r.past(due.at.plus_ms(-1));
    for (n, earlier) in before.iter().rev().enumerate() {
        if raised::find(&mut w.tx, &begun(r, *earlier))?.is_some() {
            return Ok(n);
        }
    }
    Ok(before.len())
}

fn escalate(w: &mut WriteTx<'_>, d: &Directory, r: &LogReview, due: Due) -> Result<(), Fault> {
    let Some(number) = raised::find(&mut w.tx, &begun(r, due))? else {
        return Ok(());
    };
    // Finished in time, or the name keeps it from being looked at again.
    raised::keep(&mut w.tx, &missed(r, due), number)?;
    if ticket::load(&mut w.tx, number)?.is_some_and(|t| t.is_open()) {
        let reason = format!(
            "The review of the log of {} was to be finished by {}.",
            r.system,
            d.say_time(due.until)
        );
        let command = Command::from(Escalate { reason });
        act(
            w,
            &Viewer::system(),
            number,
            &command,
            &Conditions::default(),
        )?;
    }
    Ok(())
}

fn opening(d: &Directory, r: &LogReview, due: Due, left_out: usize) -> Open {
    // The organisation may have retired or rewritten the template; the review comes all the same.
    let template = d.template(TEMPLATE).filter(|t| {
        ["system", "due"]
            .iter()
            .all(|k| t.fields.iter().any(|f| f.key == *k))
    });
    let fields = template.map(|_| {
        [
            ("system".to_owned(), r.system.clone().into()),
            ("due".to_owned(), due.until.to_string().into()),
        ]
        .into()
    });
    let mut description = format!(
        "Review the log of {} and finish by {}.",
        r.system,
        d.say_time(due.until)
    );
    if !r.how.is_empty() {
        description = format!("{description}\n\n{}", r.how);
    }
    if left_out > 0 {
        let reviews = if left_out == 1 { "review" } else { "reviews" };
        description = format!(
            "{description}\n\n{left_out} {reviews} before this one passed while Midwatch was not running. Look at that time too."
        );
    }
    Open {
        title: format!("Log review: {}", r.system),
        description,
        template: template.map(|t| t.key.clone()),
        kind: template.is_none().then(|| "other/other".to_owned()),
        severity: Some(Severity::Low),
        tlp: None,
        pap: None,
        tags: ["log-review".to_owned()].into(),
        fields: fields.unwrap_or_default(),
        team: Some(r.team.clone()),
        discovered_at: None,
        // Midwatch wrote the text itself.
        observables: Some(Vec::new()),
    }
}
