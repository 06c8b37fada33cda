//! The auditor: every minute it reads from the record, by its own way, what had to happen by itself, and opens a ticket if it did
//! not. It knows nothing of the ticker and asks nothing of it.

use midwatch_domain::access::Viewer;
use midwatch_domain::audit::{Fault as Found, GRACE_MS, Reading};
use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use midwatch_domain::ticket::Open;
use midwatch_domain::words::{Origin, Severity};
use midwatch_store::db::Tx;
use midwatch_store::rows::{audit, head, raised, ticket, timer};
use midwatch_store::{Fault, StoreError, WriteTx, log};
use std::collections::BTreeSet;
use std::time::Duration;

use crate::Desk;
use crate::act::{Conditions, open};

/// Its name among the parts of the engine.
pub const PART: &str = "audit";
/// How often it looks.
pub(super) const EVERY: Duration = Duration::from_secs(60);
/// Entries of a ticket that are read in one go.
const PAGE: i64 = 1000;
/// As many faults as one ticket lists.
const LISTED: usize = 50;

/// What the auditor has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audited {
    /// Tickets whose record was read.
    pub looked: u64,
    /// The ticket that was opened about what was wrong.
    pub raised: Option<TicketNo>,
}

/// A ticket and what is wrong with it.
type Wrong = (TicketNo, Found);

impl Desk {
    /// Looks at the tickets to which something happened since it last looked, those that are overdue, and the next of all open
    /// ones; and opens one ticket about what is wrong, told once. Of several nodes one does it.
    ///
    /// # Errors
    /// Storage failed; it looks at the same again.
    pub async fn audit(&self) -> Result<Audited, Fault> {
        if self.vitals.share().rank != 0 {
            return Ok(Audited::default());
        }
        let since = self.vitals.started_at();
        let look = self.blocking(move |d| {
            let now = d.store.now();
            Ok(d.store.read(|tx| look(tx, now, since))?)
        });
        let (looked, mut wrong, from, to) = look.await?;
        // What is late may be about to be done: it is told if it still is at the next look.
        let late = |(n, f): &Wrong| match f {
            Found::Late { due_at } => Some((*n, *due_at)),
            _ => None,
        };
        let still = self
            .vitals
            .still_late(wrong.iter().filter_map(late).collect());
        wrong.retain(|w| late(w).is_none_or(|l| still.contains(&l)));
        let raised = if wrong.is_empty() && from == Some(to) {
            None
        } else {
            let raise = move |w: &mut WriteTx<'_>| {
                audit::keep(&mut w.tx, to)?;
                raise(w, &wrong)
            };
            self.store.write(raise).await?
        };
        if let Some(n) = raised {
            tracing::error!(ticket = %n, "the auditor found that something did not happen by itself as it had to");
            metrics::counter!("midwatch_audit_findings_total").increment(1);
        }
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit")]
        metrics::gauge!("midwatch_audit_last_timestamp_seconds")
            .set(self.store.now().0 as f64 / 1000.0);
        Ok(Audited { looked, raised })
    }
}

type Look = (u64, Vec<Wrong>, Option<audit::Cursor>, audit::Cursor);

fn look(tx: &mut Tx<'_>, now: Moment, since: Moment) -> Result<Look, StoreError> {
    let from = audit::cursor(tx)?;
    let head = head::read(tx)?;
    // What was recorded before there was an auditor is looked at in turn.
    let start = from.unwrap_or(audit::Cursor {
        entry: head.seq,
        ticket: 0,
    });
    let (tickets, to) = audit::next(tx, start, now.plus_ms(-GRACE_MS))?;
    let (mut looked, mut wrong) = (0, Vec::new());
    for n in tickets {
        // One ticket that cannot be read must not hide the others; verifying the record tells of it.
        let reading = match read(tx, n) {
            Ok(reading) => reading,
            Err(StoreError::Corrupt(_)) => continue,
            Err(e) => return Err(e),
        };
        looked += 1;
        let faults = reading.judge(audit::timer(tx, n)?, now, since);
        for fault in faults {
            if raised::find(tx, &name(n, &fault))?.is_none() {
                wrong.push((n, fault));
            }
        }
    }
    Ok((looked, wrong, from, to))
}

/// What the ticket's record says.
fn read(tx: &mut Tx<'_>, n: TicketNo) -> Result<Reading, StoreError> {
    let (mut reading, mut seq) = (Reading::default(), 0);
    loop {
        let page = log::of_ticket(tx, n, seq, PAGE)?;
        for e in &page {
            reading.take(&ticket::parse(e)?, e.recorded_at);
            seq = e.seq;
        }
        if i64::try_from(page.len()).unwrap_or(i64::MAX) < PAGE {
            return Ok(reading);
        }
    }
}

fn name(n: TicketNo, fault: &Found) -> String {
    format!("audit {} {}", n.0, fault.name())
}

/// Looks again, within the write: another node may have been faster, or it was done meanwhile.
fn raise(w: &mut WriteTx<'_>, wrong: &[Wrong]) -> Result<Option<TicketNo>, Fault> {
    let now = w.now;
    let mut told = Vec::new();
    for (n, fault) in wrong {
        let fresh = raised::find(&mut w.tx, &name(*n, fault))?.is_none();
        let timer = audit::timer(&mut w.tx, *n)?;
        if fresh
            && read(&mut w.tx, *n)?
                .judge(timer, now, Moment(0))
                .contains(fault)
        {
            told.push((*n, fault));
        }
        // Telling is not enough where it can be mended.
        if let (Found::Timer { .. }, Some(t)) = (fault, ticket::load(&mut w.tx, *n)?) {
            let directory = w.directory.clone();
            timer::arm(&mut w.tx, &t, &directory)?;
        }
    }
    if told.is_empty() {
        return Ok(None);
    }
    let about = report(&told);
    let conditions = Conditions::default();
    let done = open(w, &Viewer::system(), &about, Origin::System, &conditions)?;
    for (n, fault) in told {
        raised::keep(&mut w.tx, &name(n, fault), done.ticket)?;
    }
    Ok(Some(done.ticket))
}

fn report(told: &[(TicketNo, &Found)]) -> Open {
    let tickets: BTreeSet<TicketNo> = told.iter().map(|(n, _)| *n).collect();
    let title = match tickets.first() {
        Some(n) if tickets.len() == 1 => format!("Paging about {n} did not go as it had to"),
        _ => format!(
            "Paging about {} tickets did not go as it had to",
            tickets.len()
        ),
    };
    let mut lines: Vec<String> = told
        .iter()
        .take(LISTED)
        .map(|(n, f)| format!("- {n}: {}", f.say()))
        .collect();
    if let Some(more) = told.len().checked_sub(LISTED).filter(|more| *more > 0) {
        lines.push(format!("- and {more} more"));
    }
    Open {
        title,
        description: format!(
            "The auditor compared the record with what was done:\n\n{}\n\nSee whether somebody has to be called by hand. Timers that were missing have been set again. `midwatch doctor` tells how the engine is.",
            lines.join("\n")
        ),
        template: None,
        kind: Some("other/other".to_owned()),
        severity: Some(Severity::High),
        tlp: None,
        pap: None,
        tags: BTreeSet::new(),
        fields: Default::default(),
        team: None,
        discovered_at: None,
    }
}
