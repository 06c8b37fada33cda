//! Reminders: a procedure in force whose review date has passed gets one ticket, with an owner like any other.

use midwatch_domain::access::Viewer;
use midwatch_domain::directory::Directory;
use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use midwatch_domain::procedure::{self, Procedure};
use midwatch_domain::ticket::Open;
use midwatch_domain::words::Origin;
use midwatch_store::rows::raised;
use midwatch_store::{Fault, WriteTx};

use crate::Desk;
use crate::act::{Conditions, open};

/// The template of a reminder.
const TEMPLATE: &str = "procedure_review";

pub(super) async fn raise(desk: &Desk) -> Result<Vec<TicketNo>, Fault> {
    let due = desk.blocking(|d| {
        let now = d.store.now();
        d.store.read(|tx| {
            let directory = d.store.directory(tx)?;
            let mut fresh = false;
            for (p, at) in due(&directory, now) {
                fresh |= raised::find(tx, &name(p, at))?.is_none();
            }
            Ok::<_, Fault>(fresh)
        })
    });
    if due.await? {
        desk.store.write(raise_due).await
    } else {
        Ok(Vec::new())
    }
}

/// Procedures in force whose review date has passed, with that date.
fn due(directory: &Directory, now: Moment) -> impl Iterator<Item = (&Procedure, Moment)> {
    let in_force = directory
        .procedures
        .values()
        .filter_map(move |versions| procedure::in_force(versions, now));
    in_force
        .filter_map(move |p| Some((p, p.approval.as_ref()?.review_at)))
        .filter(move |(_, at)| *at <= now)
}

fn name(p: &Procedure, at: Moment) -> String {
    format!("procedure_review {} {} {}", p.key, p.version, at.0)
}

/// Looks again, within the write: another node may have been faster.
fn raise_due(w: &mut WriteTx<'_>) -> Result<Vec<TicketNo>, Fault> {
    let directory = w.directory.clone();
    let mut tickets = Vec::new();
    for (p, at) in due(&directory, w.now) {
        let name = name(p, at);
        if raised::find(&mut w.tx, &name)?.is_some() {
            continue;
        }
        let done = open(
            w,
            &Viewer::system(),
            &reminder(&directory, p, at),
            Origin::System,
            &Conditions::default(),
        )?;
        raised::keep(&mut w.tx, &name, done.ticket)?;
        tickets.push(done.ticket);
    }
    Ok(tickets)
}

fn reminder(directory: &Directory, p: &Procedure, at: Moment) -> Open {
    // The organisation may have retired or rewritten the template; the reminder comes all the same.
    let template = directory.template(TEMPLATE).filter(|t| {
        ["procedure", "due"]
            .iter()
            .all(|k| t.fields.iter().any(|f| f.key == *k))
    });
    let fields = template.map(|_| {
        let which = format!("{}, version {} ({})", p.title, p.version, p.key);
        [
            ("procedure".to_owned(), which.into()),
            ("due".to_owned(), at.to_string().into()),
        ]
        .into()
    });
    let day = &at.to_string()[..10];
    Open {
        title: format!("Procedure review due: {}", p.title),
        description: format!(
            "The review of the procedure “{}”, version {}, was due on {day}.",
            p.title, p.version
        ),
        template: template.map(|t| t.key.clone()),
        kind: template.is_none().then(|| "other/other".to_owned()),
        severity: None,
        tlp: None,
        pap: None,
        tags: Default::default(),
        fields: fields.unwrap_or_default(),
        team: None,
        discovered_at: None,
        // Midwatch wrote the text itself.
        observables: Some(Vec::new()),
    }
}
