//! The nodes and what happens to them: each ticks, takes the head of the record for every transaction, and may crash, sleep or
//! lose its connection before, within and after it. Time is told by each node's own steady clock.

mod outside;
mod transaction;
mod watch;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use super::oracle::{Eye, Next};
use super::random::Random;
use super::rows::{Input, Prepared, Rows};
use super::{Day, Happened, Planted, Seen, people, setting};
use crate::audit::Reading;
use crate::id::TicketNo;
use crate::moment::Moment;
use crate::sla;
use crate::ticket::Ticket;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// A transaction that stands still so long is thrown out by the database.
const FENCE: i64 = 5 * SECOND;
/// Nothing that is due waits longer while a node is at work.
const LATEST: i64 = SECOND;
/// The alarm of an SLA clock.
const ALARM: &str = "the alarm of a clock";
/// How often a node looks whether the desk was revised.
const SWEEP: i64 = 2 * SECOND;
/// What another node has left lying for so long is taken by anybody.
const LEFT: i64 = 2 * SECOND;
/// A node that was not heard of for so long counts as dead; until then the others leave it its share.
const DEAD: i64 = 10 * SECOND;
/// What goes by policies and targets as they are now.
const FOLLOWING: [&str; 3] = [Next::Remind.name(), Next::Expire.name(), ALARM];
/// A day ends after so many commits at the latest.
const COMMITS: usize = 160;

/// What happens at a time.
#[derive(Clone, Debug)]
enum Event {
    /// Somebody looks at the desk and decides to do something.
    Think,
    /// Somebody's request comes to a node; how often it was tried.
    Ask(Box<Input>, u8),
    /// A node's transaction wants the head.
    Begin(usize),
    /// It commits.
    Commit(usize),
    /// The database looks whether it stands still.
    Fence(usize),
    /// A node starts again.
    Restart(usize),
    /// A node's wall clock is set.
    Jump(usize, i64),
    /// All nodes crash.
    Blackout,
    /// A node looks whether the desk was revised, and arms all timers anew.
    Sweep,
    /// A timer that was left to be saved apart.
    Save(usize, u32, TicketNo),
}

#[derive(Debug)]
struct Node {
    alive: bool,
    /// Counts its lives: what an earlier life began is gone.
    life: u32,
    asleep_until: i64,
    died_at: i64,
    /// Ahead of the simulation's time: the wall clock, and the steady clock, which never goes back.
    wall: i64,
    steady: i64,
    period: i64,
    tick_at: i64,
    /// What it listed and has not done yet.
    list: VecDeque<(TicketNo, Option<Ticket>)>,
    ticking: bool,
}

/// A transaction of a node.
#[derive(Debug)]
struct Job {
    node: usize,
    life: u32,
    input: Input,
    tries: u8,
    listed: Option<Ticket>,
    prepared: Option<Prepared>,
    thrown_out: bool,
}

pub struct Sim {
    r: Random,
    start: Moment,
    at: i64,
    end: i64,
    rows: Rows,
    nodes: Vec<Node>,
    jobs: Vec<Job>,
    /// Which job holds the head, and since when.
    head: Option<(usize, i64)>,
    waiting: VecDeque<usize>,
    queue: BinaryHeap<Reverse<(i64, u64, usize)>>,
    events: Vec<Option<Event>>,
    eyes: BTreeMap<TicketNo, Eye>,
    /// What the auditor makes of the record.
    readings: BTreeMap<TicketNo, Reading>,
    read: usize,
    /// What must come next on each ticket, and for how long it has been overdue.
    expected: BTreeMap<TicketNo, Option<(Moment, &'static str)>>,
    overdue: BTreeMap<TicketNo, i64>,
    planted: Option<Planted>,
    /// How wild the day is: once in so many effects something happens to the node.
    crash: i64,
    sleep: i64,
    day: Day,
}

impl Sim {
    pub fn new(seed: u64, planted: Option<Planted>) -> Self {
        let mut r = Random::new(seed);
        let start = setting::start(&mut r);
        let setting = setting::revisions(&mut r, start);
        let mut d = setting::bare();
        setting.iter().for_each(|x| d.apply(&setting::revised(x)));
        let span = *r
            .pick(&[HOUR, 6 * HOUR, 24 * HOUR, 72 * HOUR])
            .expect("some");
        let nodes = (0..r.between(1, 4)).map(|_| {
            let wall = r.between(-200, 200);
            let period = r.between(50, 250);
            Node {
                alive: true,
                life: 0,
                asleep_until: 0,
                died_at: -DEAD,
                wall,
                steady: wall,
                period,
                tick_at: r.between(0, period),
                list: VecDeque::new(),
                ticking: false,
            }
        });
        let nodes: Vec<Node> = nodes.collect();
        let (crash, sleep) = (
            *r.pick(&[15, 60, 400]).expect("some"),
            *r.pick(&[15, 60, 400]).expect("some"),
        );
        let mut sim = Self {
            start,
            at: 0,
            end: span,
            rows: Rows::new(d, start, planted),
            nodes,
            jobs: Vec::new(),
            head: None,
            waiting: VecDeque::new(),
            queue: BinaryHeap::new(),
            events: Vec::new(),
            eyes: BTreeMap::new(),
            readings: BTreeMap::new(),
            read: 0,
            expected: BTreeMap::new(),
            overdue: BTreeMap::new(),
            planted,
            crash,
            sleep,
            day: Day {
                setting,
                story: Vec::new(),
                record: Vec::new(),
                tickets: BTreeMap::new(),
                timers: BTreeMap::new(),
                wrong: None,
                audited: Vec::new(),
                seen: Seen::default(),
            },
            r,
        };
        sim.plan(span);
        sim
    }

    fn push(&mut self, at: i64, event: Event) {
        let n = self.events.len();
        self.events.push(Some(event));
        self.queue.push(Reverse((at.max(self.at), n as u64, n)));
    }

    pub fn run(mut self) -> Day {
        while self.day.wrong.is_none() && self.day.story.len() < COMMITS {
            let tick = self.next_tick();
            let queued = self.queue.peek().map(|Reverse((at, ..))| *at);
            let next = [tick.map(|(at, _)| at), queued].into_iter().flatten().min();
            let Some(next) = next.filter(|at| *at <= self.end) else {
                break;
            };
            self.pass(next);
            self.at = next;
            match tick.filter(|(at, _)| *at == next) {
                Some((_, node)) => self.tick(node),
                None => {
                    let Some(Reverse((_, _, n))) = self.queue.pop() else {
                        break;
                    };
                    if let Some(event) = self.events[n].take() {
                        self.happen(event);
                    }
                }
            }
        }
        if self.planted.is_none() {
            let whole = self.rows.fold();
            self.wrong(whole);
        }
        self.day.record = self.rows.record;
        self.day.tickets = self.rows.tickets;
        self.day.timers = self.rows.timers;
        self.day
    }

    /// What the node takes for the time.
    fn clock(&mut self, node: usize) -> Moment {
        let n = &mut self.nodes[node];
        n.steady = n.steady.max(n.wall);
        if self.planted != Some(Planted::ClockBehind) {
            // What the record says has passed has passed.
            n.steady = n.steady.max(self.rows.head.since(self.start) - self.at);
        }
        self.start.plus_ms(self.at + n.steady)
    }

    /// The next tick that finds something, and whose it is.
    fn next_tick(&self) -> Option<(i64, usize)> {
        let due = self.rows.timers.values().min()?.since(self.start);
        let ready = self
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, n)| n.alive && !n.ticking);
        let tick = |(i, n): (usize, &Node)| {
            let ahead = n
                .steady
                .max(n.wall)
                .max(self.rows.head.since(self.start) - self.at);
            let reached = due - ahead;
            let late = (reached - n.tick_at).max(0);
            let at = n.tick_at + (late + n.period - 1) / n.period * n.period;
            (at.max(n.asleep_until).max(self.at), i)
        };
        ready.map(tick).min()
    }

    fn tick(&mut self, node: usize) {
        let now = self.clock(node);
        let stale = matches!(
            self.planted,
            Some(Planted::Stale | Planted::StaleAndNotUnique)
        );
        let (of, rank) = self.share(node);
        let mine = |n: &TicketNo, at: Moment| n.0 % of == rank || now.since(at) >= LEFT;
        let mut list = self.rows.due(now);
        list.retain(|n| mine(n, self.rows.timers[n]));
        let n = &mut self.nodes[node];
        n.tick_at = self.at + n.period;
        n.list = list
            .into_iter()
            .map(|t| (t, self.rows.tickets.get(&t).cloned().filter(|_| stale)))
            .collect();
        n.ticking = true;
        if self.survives(node) {
            self.go_on(node);
        }
    }

    /// How many nodes share what is due, and which of them this one is. One that has just died or fallen asleep counts still.
    fn share(&self, node: usize) -> (i64, i64) {
        let counts = |n: &Node| n.alive || self.at - n.died_at < DEAD;
        let live: Vec<usize> = (0..self.nodes.len())
            .filter(|i| counts(&self.nodes[*i]))
            .collect();
        let rank = live.iter().position(|i| *i == node).unwrap_or(0);
        (live.len().max(1) as i64, rank as i64)
    }

    /// The node does the next of what it listed.
    fn go_on(&mut self, node: usize) {
        let n = &mut self.nodes[node];
        let Some((ticket, listed)) = n.list.pop_front() else {
            n.ticking = false;
            return;
        };
        let after = self.r.between(0, 3);
        self.submit(node, Input::Fire { ticket }, 0, listed, after);
    }

    /// Whether the node goes on to its next effect: it may crash or fall asleep before.
    fn survives(&mut self, node: usize) -> bool {
        if self.r.once_in(self.crash) {
            self.kill(node);
            return false;
        }
        if self.r.once_in(self.sleep) {
            let ms = *self
                .r
                .pick(&[50, 400, 5 * SECOND, 30 * SECOND, 10 * MINUTE])
                .expect("some");
            let asleep = self.r.between(1, ms);
            self.nodes[node].asleep_until = self.at + asleep;
            if self.head.is_some_and(|(j, _)| self.jobs[j].node == node) {
                self.day.seen.held += 1;
            }
            self.overdue.clear();
        }
        true
    }

    fn kill(&mut self, node: usize) {
        self.day.seen.crashes += 1;
        self.overdue.clear();
        let n = &mut self.nodes[node];
        (n.alive, n.life, n.ticking) = (false, n.life + 1, false);
        n.died_at = self.at;
        n.list.clear();
        let long = *self
            .r
            .pick(&[SECOND, 20 * SECOND, 30 * MINUTE])
            .expect("some");
        let back = self.at + self.r.between(10, long);
        self.push(back, Event::Restart(node));
        // A process that ends takes its connection along; a machine that ends does not.
        if self.head.is_some_and(|(j, _)| self.jobs[j].node == node) {
            self.day.seen.held += 1;
            if self.r.once_in(2) {
                self.let_go();
            }
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Think => self.think(),
            Event::Ask(input, tries) => self.ask(*input, tries),
            Event::Begin(job) => self.begin(job),
            Event::Commit(job) => self.commit(job),
            Event::Fence(job) => {
                if self.head.is_some_and(|(j, _)| j == job) {
                    self.day.seen.fenced += 1;
                    self.jobs[job].thrown_out = true;
                    self.overdue.clear();
                    self.let_go();
                }
            }
            Event::Restart(node) => {
                // It has a share again.
                self.overdue.clear();
                let n = &mut self.nodes[node];
                (n.alive, n.asleep_until, n.tick_at, n.steady) = (true, self.at, self.at, n.wall);
                self.clock(node);
            }
            Event::Jump(node, by) => {
                self.day.seen.jumps += 1;
                self.nodes[node].wall += by;
                self.clock(node);
            }
            Event::Blackout => {
                for node in 0..self.nodes.len() {
                    if self.nodes[node].alive {
                        self.kill(node);
                    }
                }
                let dark = self.r.between(MINUTE, 12 * HOUR);
                self.end += dark;
                for event in self.events.iter_mut().flatten() {
                    if let Event::Restart(_) = event {
                        *event = Event::Think;
                    }
                }
                for node in 0..self.nodes.len() {
                    let more = self.r.between(0, MINUTE);
                    self.push(self.at + dark + more, Event::Restart(node));
                }
            }
            Event::Sweep => {
                let works = |i: &usize| self.serves_from(*i).is_some_and(|at| at <= self.at);
                if (0..self.nodes.len()).any(|i| works(&i)) {
                    self.rows.sweep();
                    self.overdue.clear();
                } else {
                    self.push(self.at + SWEEP, Event::Sweep);
                }
            }
            Event::Save(node, life, ticket) => {
                if self.nodes[node].alive && self.nodes[node].life == life {
                    self.rows.arm(ticket);
                }
            }
        }
    }
}
