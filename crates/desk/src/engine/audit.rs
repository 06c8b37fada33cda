//! The auditor: every minute it reads from the record, by its own way, what had to happen by itself, and opens a ticket if it did
//! not. It knows nothing of the ticker and asks nothing of it.

use midwatch_domain::access::Viewer;
use midwatch_domain::audit::{Fault as Found, GRACE_MS, Reading};
use midwatch_domain::directory::Directory;
use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use midwatch_domain::ticket::Open;
use midwatch_domain::words::{Origin, Severity};
use midwatch_store::db::Tx;
use midwatch_store::rows::{audit, head, raised, ticket, timer};
use midwatch_store::{Fault, StoreError, WriteTx, log};
use std::collections::BTreeSet;
use std::time::Duration;

mod pages;

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
            Ok(d.store.read(|tx| {
                let directory = d.store.directory(tx)?;
                look(tx, &directory, now, since)
            })?)
        });
        let Look {
            looked,
            mut wrong,
            from,
            to,
        } = look.await?;
        // What is late may be about to be done: it is told if it still is at the next look.
        let late = |(_, f): &Wrong| matches!(f, Found::Late { .. } | Found::Unsaid(_));
        let still = self
            .vitals
            .still_late(wrong.iter().filter(|w| late(w)).cloned().collect());
        wrong.retain(|w| !late(w) || still.contains(w));
        let raised = if wrong.is_empty() && from == Some(to) {
            None
        } else {
            let raise = move |w: &mut WriteTx<'_>| {
                let (tickets, pages) = to;
                audit::keep(&mut w.tx, tickets)?;
                audit::keep_pages(&mut w.tx, pages)?;
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

/// How far it is: with tickets, and with pages.
type Place = (audit::Cursor, i64);

struct Look {
    looked: u64,
    wrong: Vec<Wrong>,
    from: Option<Place>,
    to: Place,
}

fn look(
    tx: &mut Tx<'_>,
    directory: &Directory,
    now: Moment,
    since: Moment,
) -> Result<Look, StoreError> {
    let (from, paged) = (audit::cursor(tx)?, audit::pages_cursor(tx)?);
    let head = head::read(tx)?;
    // What was recorded before there was an auditor is looked at in turn.
    let start = from.unwrap_or(audit::Cursor {
        entry: head.seq,
        ticket: 0,
    });
    let (tickets, to) = audit::next(tx, start, now.plus_ms(-GRACE_MS))?;
    let (mut wrong, pages) = pages::look(tx, paged.unwrap_or(head.seq), now, since)?;
    let mut looked = 0;
    for n in tickets {
        // One ticket that cannot be read must not hide the others; verifying the record tells of it.
        let reading = match read(tx, n) {
            Ok(reading) => reading,
            Err(StoreError::Corrupt(_)) => continue,
            Err(e) => return Err(e),
        };
        looked += 1;
        let faults = reading.judge(audit::timer(tx, n)?, directory, now, since);
        wrong.extend(faults.into_iter().map(|f| (n, f)));
    }
    let mut news = Vec::with_capacity(wrong.len());
    for (n, fault) in wrong {
        if raised::find(tx, &name(n, &fault))?.is_none() {
            news.push((n, fault));
        }
    }
    Ok(Look {
        looked,
        wrong: news,
        from: from.zip(paged),
        to: (to, pages),
    })
}

/// What the ticket's record says.
fn read(tx: &mut Tx<'_>, n: TicketNo) -> Result<Reading, StoreError> {
    let (mut reading, mut seq) = (Reading::default(), 0);
    loop {
        let page = log::of_ticket(tx, n, seq, PAGE)?;
        for e in &page {
            reading.take(&ticket::parse(e)?, &e.actor, e.recorded_at);
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
        let directory = w.directory.clone();
        let still = match fault {
            Found::Unsent { seq, person } => pages::unsent(&mut w.tx, *seq, person)?,
            _ => {
                let timer = audit::timer(&mut w.tx, *n)?;
                let reading = read(&mut w.tx, *n)?;
                reading
                    .judge(timer, &directory, now, Moment(0))
                    .contains(fault)
            }
        };
        if fresh && still {
            told.push((*n, fault));
        }
        // Telling is not enough where it can be mended.
        if let (Found::Timer { .. } | Found::Unsaid(_), Some(t)) =
            (fault, ticket::load(&mut w.tx, *n)?)
        {
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
        // Midwatch wrote the text itself.
        observables: Some(Vec::new()),
    }
}
