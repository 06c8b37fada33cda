//! Transactions: each takes the head of the record, is decided under it, and commits as a whole, or is lost with its node.

use super::{Event, FENCE, Happened, Input, Job, Planted, SWEEP, Sim, Ticket};

impl Sim {
    pub(super) fn submit(
        &mut self,
        node: usize,
        input: Input,
        tries: u8,
        listed: Option<Ticket>,
        after: i64,
    ) {
        let life = self.nodes[node].life;
        self.jobs.push(Job {
            node,
            life,
            input,
            tries,
            listed,
            prepared: None,
            thrown_out: false,
        });
        let at = (self.at + after).max(self.nodes[node].asleep_until);
        self.push(at, Event::Begin(self.jobs.len() - 1));
    }

    pub(super) fn let_go(&mut self) {
        self.head = None;
        self.call_next();
    }

    pub(super) fn call_next(&mut self) {
        if self.head.is_none()
            && let Some(job) = self.waiting.pop_front()
        {
            self.push(self.at, Event::Begin(job));
        }
    }

    pub(super) fn lives(&self, job: usize) -> bool {
        let j = &self.jobs[job];
        self.nodes[j.node].alive && self.nodes[j.node].life == j.life
    }

    /// Whether the job's node is awake; if not, the event comes again when it is.
    pub(super) fn awake(&mut self, job: usize, event: Event) -> bool {
        let until = self.nodes[self.jobs[job].node].asleep_until;
        if until > self.at {
            self.push(until, event);
        }
        until <= self.at
    }

    pub(super) fn begin(&mut self, job: usize) {
        if !self.lives(job) {
            self.call_next();
            return self.again(job);
        }
        if !self.awake(job, Event::Begin(job)) {
            return self.call_next();
        }
        if self.head.is_some() {
            self.waiting.push_back(job);
            return;
        }
        let node = self.jobs[job].node;
        self.head = Some((job, self.at));
        self.push(self.at + FENCE, Event::Fence(job));
        let clock = self.clock(node);
        let j = &self.jobs[job];
        let prepared = self.rows.decide(j.input.clone(), clock, j.listed.as_ref());
        self.jobs[job].prepared = prepared;
        let work = self.r.between(0, 20);
        if self.survives(node) {
            self.push(self.at + work, Event::Commit(job));
        } else {
            self.again(job);
        }
    }

    pub(super) fn commit(&mut self, job: usize) {
        if !self.lives(job) {
            return self.again(job);
        }
        if !self.awake(job, Event::Commit(job)) {
            return;
        }
        let node = self.jobs[job].node;
        let firing = matches!(self.jobs[job].input, Input::Fire { .. });
        if self.jobs[job].thrown_out {
            // The connection is gone, and with it what was begun.
            self.again(job);
        } else {
            self.save(job);
            self.let_go();
            if self.r.once_in(40) {
                // It was done, and nobody heard of it.
                self.again(job);
            }
        }
        if firing && self.survives(node) {
            self.go_on(node);
        }
    }

    pub(super) fn save(&mut self, job: usize) {
        let (node, life) = (self.jobs[job].node, self.jobs[job].life);
        let Some(p) = self.jobs[job].prepared.take() else {
            return;
        };
        let before = self.rows.record.len();
        let Ok(apart) = self.rows.commit(&p) else {
            return;
        };
        for ticket in apart {
            let at = self.at + self.r.between(0, 5);
            self.push(at, Event::Save(node, life, ticket));
        }
        let found = self.see(before);
        self.wrong(found);
        let seen = &mut self.day.seen;
        match &p.input {
            Input::Fire { .. } if self.rows.record.len() == before => seen.needless += 1,
            Input::Fire { .. } => {}
            Input::Revise(_) => {
                seen.edits += 1;
                self.overdue.clear();
                if !self.rows.swept && self.planted != Some(Planted::TimersForgotten) {
                    let look = self.r.between(1, SWEEP);
                    self.push(self.at + look, Event::Sweep);
                }
                let all: Vec<_> = self.rows.tickets.keys().copied().collect();
                all.into_iter().for_each(|n| self.expect(n));
            }
            _ => seen.acts += 1,
        }
        self.day.story.push(Happened {
            at: p.now,
            input: p.input,
        });
    }
}
