//! Watches over the day: what must come next on each ticket, and how long it has waited while a node was at work.

use std::collections::BTreeSet;

use super::{ALARM, Eye, FENCE, FOLLOWING, LATEST, LEFT, SWEEP, Sim, TicketNo, sla};

impl Sim {
    pub(super) fn wrong(&mut self, found: Result<(), String>) {
        if let Err(what) = found {
            let now = self.start.plus_ms(self.at);
            self.day.wrong.get_or_insert(format!("at {now}: {what}"));
        }
    }

    /// From when on the node is at work, if it is before `until`.
    pub(super) fn serves_from(&self, node: usize) -> Option<i64> {
        let n = &self.nodes[node];
        let held = match self.head {
            Some((job, since)) => {
                let j = &self.jobs[job];
                let holder = &self.nodes[j.node];
                let gone = !holder.alive || holder.life != j.life;
                let free = if gone {
                    since + FENCE
                } else {
                    holder.asleep_until.min(since + FENCE)
                };
                free.max(0)
            }
            None => 0,
        };
        n.alive.then(|| n.asleep_until.max(held))
    }

    /// Counts how long what is due has waited while a node was at work.
    pub(super) fn pass(&mut self, to: i64) {
        let serving = (0..self.nodes.len())
            .filter_map(|node| Some((node, self.serves_from(node)?, self.share(node))));
        let serving: Vec<_> = serving.collect();
        for (ticket, expected) in &self.expected {
            let Some((due, what)) = *expected else {
                continue;
            };
            // Other policies and targets are followed when timers were armed anew.
            let waits = !self.rows.swept && FOLLOWING.contains(&what);
            let latest = LATEST + if waits { SWEEP } else { 0 };
            let ahead = self.rows.head.since(self.start) - self.at;
            let mut since = to;
            for (node, serves, (of, rank)) in &serving {
                let n = &self.nodes[*node];
                // What falls to another node is left to it for a while.
                let left = if ticket.0 % of == *rank { 0 } else { LEFT };
                let reached = due.since(self.start) + left - n.steady.max(n.wall).max(ahead);
                since = since.min(reached.max(*serves).max(self.at));
            }
            let late = self.overdue.entry(*ticket).or_default();
            *late += to - since;
            if !waits {
                self.day.seen.latest_ms = self.day.seen.latest_ms.max(*late);
            }
            if *late > latest {
                let what = format!("{ticket}: {what}, due at {due}, has not come for {late} ms");
                let now = self.start.plus_ms(to);
                self.day.wrong.get_or_insert(format!("at {now}: {what}"));
            }
        }
    }

    /// Works out what must come next on a ticket: what the oracle says, or the alarm of a clock.
    pub(super) fn expect(&mut self, n: TicketNo) {
        let d = &self.rows.directory;
        let eye = self.eyes.get(&n).and_then(|e| e.next(d));
        let eye = eye.map(|(at, what)| (at, what.name()));
        let open = self.rows.tickets.get(&n).filter(|t| t.is_open());
        let alarms = open.map(|t| sla::next(t, d)).unwrap_or_default();
        let alarms = alarms.iter().map(|a| (a.at, ALARM));
        self.expected.insert(n, alarms.chain(eye).min());
        if self.planted.is_none() {
            let armed = self.rows.check(n);
            self.wrong(armed);
        }
    }

    /// Shows the oracle what was recorded.
    pub(super) fn see(&mut self, from: usize) -> Result<(), String> {
        debug_assert_eq!(self.read, from);
        self.read = self.rows.record.len();
        let mut touched = BTreeSet::new();
        for l in &self.rows.record[from..] {
            let reading = self.readings.entry(l.ticket).or_default();
            reading.take(&l.entry, &l.actor, l.at);
            if self.planted.is_some() {
                let timer = self.rows.timers.get(&l.ticket).copied();
                let found = reading.judge(timer, &self.rows.directory, l.at, l.at);
                self.day.audited.extend(found);
            }
            let eye = self.eyes.remove(&l.ticket);
            let eye = Eye::take(eye, l, &self.rows.directory)
                .map_err(|e| format!("{}: {e}", l.ticket))?;
            self.eyes.insert(l.ticket, eye);
            self.overdue.remove(&l.ticket);
            touched.insert(l.ticket);
            match &l.entry {
                crate::ticket::TicketEntry::Escalated(e) => {
                    self.day.seen.steps += 1;
                    self.day.seen.skipped += e.skipped;
                }
                _ if l.actor == crate::actor::Actor::System => self.day.seen.others += 1,
                _ => {}
            }
        }
        for n in touched {
            self.expect(n);
            self.audit(n)?;
        }
        Ok(())
    }

    /// Asks the auditor, who must agree with the oracle, and find nothing where nothing is wrong.
    fn audit(&mut self, n: TicketNo) -> Result<(), String> {
        let (Some(reading), Some(eye)) = (self.readings.get(&n), self.eyes.get(&n)) else {
            return Ok(());
        };
        let (said, expected) = (reading.due(), eye.asks());
        let timer = self.rows.timers.get(&n).copied();
        let (d, head) = (&self.rows.directory, self.rows.head);
        let faults = reading.judge(timer, d, head, head);
        if self.planted.is_some() {
            return Ok(());
        }
        if said != expected || !faults.is_empty() {
            return Err(format!(
                "{n}: the auditor says {said:?} where {expected:?} is due, and {faults:?}"
            ));
        }
        // It counts time where others work moments out: both must know of the same clocks that wait for a word.
        let open = self.rows.tickets.get(&n).filter(|t| t.is_open());
        let alarms = open.map(|t| sla::next(t, d)).unwrap_or_default();
        let alarms = alarms.into_iter().filter(|a| a.at <= head);
        let due: BTreeSet<String> = alarms.map(|a| a.key).collect();
        let unsaid = reading.unsaid(d, head).into_iter();
        let unsaid: BTreeSet<String> = unsaid.map(|u| u.key).filter(|k| !k.is_empty()).collect();
        if due != unsaid {
            return Err(format!(
                "{n}: the auditor misses a word about {unsaid:?} where {due:?} are due"
            ));
        }
        Ok(())
    }
}
