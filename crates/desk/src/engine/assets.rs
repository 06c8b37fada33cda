//! Which assets tickets are about: looked up for every value that a ticket gets, and again for open tickets when an asset
//! changes. Each way goes on from where it stopped; told twice changes nothing.

use midwatch_domain::access::Viewer;
use midwatch_domain::id::TicketNo;
use midwatch_domain::ticket::{Command, Enrich};
use midwatch_store::plain::{asset as rows, retro};
use midwatch_store::rows::ticket as tickets;
use midwatch_store::{Fault, WriteTx};
use std::collections::BTreeSet;
use std::time::Duration;

use crate::act::{Conditions, act};
use crate::{Desk, assets};

/// Name of this part of the engine.
pub(super) const PART: &str = "assets of tickets";
/// How often it is looked whether there is something new.
pub(super) const EVERY: Duration = Duration::from_secs(1);
/// Entries, and assets, that are looked through at once.
const PAGE: i64 = 200;
/// The two ways.
const OF_TICKETS: &str = "assets of tickets";
const OF_ASSETS: &str = "tickets of assets";

impl Desk {
    /// Looks for the assets of tickets that have new values, and for open tickets of assets that were changed; how many
    /// tickets have got some.
    ///
    /// # Errors
    /// Storage failed; the next time goes on from there.
    pub async fn enrich(&self) -> Result<u64, Fault> {
        let mut told = 0;
        while let Some((new, place)) = self.blocking(of_tickets).await? {
            told += self.tell_tickets(OF_TICKETS, (place, 0), new).await?;
        }
        while let Some((new, place)) = self.blocking(of_assets).await? {
            told += self.tell_tickets(OF_ASSETS, (place, 0), new).await?;
        }
        Ok(told)
    }

    async fn tell_tickets(
        &self,
        way: &'static str,
        place: (i64, i64),
        numbers: BTreeSet<TicketNo>,
    ) -> Result<u64, Fault> {
        let mut told = 0;
        for number in numbers {
            told += self.store.write(move |w| tell(w, number)).await?;
        }
        self.store
            .write(move |w| retro::keep_place(&mut w.tx, way, place))
            .await?;
        Ok(told)
    }
}

type Page = Option<(BTreeSet<TicketNo>, i64)>;

/// Tickets that have new values, and how far that goes.
fn of_tickets(d: &Desk) -> Result<Page, Fault> {
    d.store.read(|tx| {
        let (seq, _) = retro::place(tx, OF_TICKETS)?;
        let page = rows::written(tx, seq, PAGE)?;
        let last = page.last().map(|(seq, _)| *seq);
        let changed: BTreeSet<TicketNo> = page.into_iter().filter_map(|(_, t)| t).collect();
        // Most have none: the writer is asked only for those that have.
        let (directory, now) = (d.store.directory(tx)?, d.store.now());
        let mut numbers = BTreeSet::new();
        for number in changed {
            if let Some(ticket) = tickets::load(tx, number)?
                && !assets::of_ticket(tx, &directory, &ticket, now)?.is_empty()
            {
                numbers.insert(number);
            }
        }
        Ok(last.map(|last| (numbers, last)))
    })
}

/// Open tickets that have a value of an asset that was changed, and how far that goes.
fn of_assets(d: &Desk) -> Result<Page, Fault> {
    d.store.read(|tx| {
        let (seq, _) = retro::place(tx, OF_ASSETS)?;
        let mut page = rows::changed(tx, (seq + 1, ""), PAGE)?;
        let Some(last) = page.last().map(|k| k.seq) else {
            return Ok(None);
        };
        // What came by one entry is looked through together; an import writes no more than a page by one.
        let mut after = (
            last,
            page.last()
                .map(|k| k.asset.id.to_string())
                .unwrap_or_default(),
        );
        loop {
            let more = rows::changed(tx, (after.0, &after.1), PAGE)?;
            let same: Vec<_> = more.into_iter().take_while(|k| k.seq == last).collect();
            let Some(end) = same.last() else { break };
            after = (last, end.asset.id.to_string());
            page.extend(same);
        }
        let mut numbers = BTreeSet::new();
        for kept in &page {
            for key in assets::values(tx, &kept.asset)? {
                let sighted = retro::tickets(tx, &key)?;
                numbers.extend(sighted.iter().filter(|s| s.open).map(|s| s.ticket));
            }
        }
        Ok(Some((numbers, last)))
    })
}

/// Tells a ticket which assets it is about.
fn tell(w: &mut WriteTx<'_>, number: TicketNo) -> Result<u64, Fault> {
    let Some(ticket) = tickets::load(&mut w.tx, number)? else {
        return Ok(0);
    };
    let (directory, now) = (w.directory.clone(), w.now);
    let found = assets::of_ticket(&mut w.tx, &directory, &ticket, now)?;
    if found.is_empty() {
        return Ok(0);
    }
    let command = Command::from(Enrich { assets: found });
    let done = act(
        w,
        &Viewer::system(),
        number,
        &command,
        &Conditions::default(),
    )?;
    Ok(u64::from(!done.entries.is_empty()))
}
