//! What comes from outside: people who ask, again if they do not know what became of it, and clocks that are set.

use super::{Event, HOUR, Input, MINUTE, SECOND, Sim, TicketNo, people, setting};

impl Sim {
    pub(super) fn any_node(&mut self) -> usize {
        let last = i64::try_from(self.nodes.len()).unwrap_or(1) - 1;
        usize::try_from(self.r.between(0, last)).unwrap_or(0)
    }

    /// What the day brings from outside.
    pub(super) fn plan(&mut self, span: i64) {
        for _ in 0..self.r.between(1, 2) {
            let open = people::open(&mut self.r);
            let at = self.r.between(0, span / 10);
            self.push(at, Event::Ask(Box::new(open), 0));
        }
        for _ in 0..self.r.between(5, 40) {
            let at = self.r.between(0, span);
            self.push(at, Event::Think);
        }
        for _ in 0..self.r.between(0, 3) {
            let (node, at) = (self.any_node(), self.r.between(0, span));
            let by = *self
                .r
                .pick(&[
                    -HOUR,
                    -MINUTE,
                    90,
                    30 * SECOND,
                    10 * MINUTE,
                    HOUR,
                    30 * HOUR,
                ])
                .expect("some");
            self.push(at, Event::Jump(node, by));
        }
        if self.r.once_in(4) {
            let at = self.r.between(0, span);
            self.push(at, Event::Blackout);
        }
    }

    /// Somebody decides what to do: now, or just before, just as or just after something is due or a node looks.
    pub(super) fn think(&mut self) {
        if self.r.once_in(10) {
            let body = setting::revise(
                &mut self.r,
                &self.rows.directory,
                self.start.plus_ms(self.at),
            );
            return self.ask(Input::Revise(Box::new(body)), 0);
        }
        let tickets: Vec<TicketNo> = self.rows.tickets.keys().copied().collect();
        if tickets.len() < 4 && self.r.once_in(6) {
            let open = people::open(&mut self.r);
            return self.ask(open, 0);
        }
        let Some(n) = self.r.pick(&tickets).copied() else {
            return;
        };
        let node = self.any_node();
        let now = self.clock(node);
        let act = people::act(&mut self.r, &self.rows.tickets[&n], now);
        let due = self
            .rows
            .timers
            .get(&n)
            .map(|at| at.since(now))
            .filter(|ms| *ms > 0);
        let tick = self.next_tick().map(|(at, _)| at - self.at);
        let wait = match (self.r.between(1, 4), due, tick) {
            (1, Some(ms), _) => ms + self.r.between(-1, 1),
            (2, _, Some(ms)) => ms + self.r.between(-2, 12),
            _ => 0,
        };
        self.push(self.at + wait.max(0), Event::Ask(Box::new(act), 0));
    }

    pub(super) fn ask(&mut self, input: Input, tries: u8) {
        let up: Vec<usize> = (0..self.nodes.len())
            .filter(|i| self.nodes[*i].alive)
            .collect();
        match self.r.pick(&up).copied() {
            Some(node) => self.submit(node, input, tries, None, 0),
            // Nobody answers: they try again.
            None => {
                let later = self.at + self.r.between(SECOND, MINUTE);
                self.push(later, Event::Ask(Box::new(input), tries));
            }
        }
    }

    /// Whoever asked does not know what became of it, and asks again.
    pub(super) fn again(&mut self, job: usize) {
        let j = &self.jobs[job];
        if matches!(j.input, Input::Fire { .. }) || j.tries > 2 {
            return;
        }
        let (input, tries) = (Box::new(j.input.clone()), j.tries + 1);
        let later = self.at + self.r.between(10, 5 * SECOND);
        self.push(later, Event::Ask(input, tries));
    }
}
