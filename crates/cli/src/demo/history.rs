//! Runs the half year: a queue of steps in time order, each a real command by the person who would do it then.

use midwatch_desk::Desk;
use midwatch_desk::act::{Conditions, act, fire, open};
use midwatch_domain::Refusal;
use midwatch_domain::access::{Role, Viewer};
use midwatch_domain::id::{PersonId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::ticket::{OfferHandoff, Open};
use midwatch_domain::words::Origin;
use midwatch_store::rows::{ticket, timer};
use midwatch_store::{Fault, WriteTx};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::DAYS;
use super::company::PEOPLE;
use super::deeds::values;
use super::dice::Dice;
use super::founding;
use super::post;
use super::script::{Step, Story, Words, plan, stories};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// What was made.
pub struct Made {
    /// Tickets opened.
    pub tickets: i64,
}

/// What is planned for the tickets that exist.
pub(super) struct Life {
    pub(super) story: usize,
    pub(super) words: Words,
    steps: std::collections::VecDeque<(Moment, Step)>,
}

pub(super) struct History {
    pub(super) desk: Desk,
    pub(super) dice: Dice,
    pub(super) stories: Vec<Story>,
    pub(super) people: Vec<PersonId>,
    pub(super) lives: BTreeMap<TicketNo, Life>,
    due: BinaryHeap<Reverse<(Moment, TicketNo)>>,
}

pub(super) fn make(
    desk: &Desk,
    until: Moment,
    mut progress: impl FnMut(i64),
) -> Result<Made, Fault> {
    let start = until.plus_ms(-DAYS * DAY);
    let people = desk
        .store
        .write_blocking(move |w| founding::found(w, start))?;
    let mut h = History {
        desk: desk.clone(),
        dice: Dice::new(20),
        stories: stories(),
        people,
        lives: BTreeMap::new(),
        due: BinaryHeap::new(),
    };
    for day in 0..=DAYS {
        let midnight = start.plus_ms(day * DAY - start.0 % DAY);
        h = h.day(midnight, day, until)?;
        progress(day * 100 / DAYS);
    }
    h = h.wait_for_an_answer()?;
    let tickets = i64::try_from(h.lives.len()).unwrap_or(i64::MAX);
    Ok(Made { tickets })
}

pub(super) fn viewer(id: &PersonId, role: Role) -> Viewer {
    Viewer::person(id.clone(), role, BTreeSet::new())
}

impl History {
    /// Runs one day in one write: what was planned before, and what comes in anew.
    fn day(mut self, midnight: Moment, day: i64, until: Moment) -> Result<Self, Fault> {
        let desk = self.desk.clone();
        desk.store.write_blocking(move |w| {
            if day == DAYS {
                w.now = midnight.max(w.head.recorded_at);
                post::begin(w, &self.people)?;
            }
            let working = day % 7 < 5;
            let mut openings: Vec<Moment> = Vec::new();
            let count = if working {
                self.dice.between(1, 4)
            } else {
                self.dice.between(0, 1)
            };
            for _ in 0..count {
                let hour = if self.dice.chance(80) {
                    self.dice.between(6, 17)
                } else {
                    self.dice.between(0, 23)
                };
                openings.push(midnight.plus_ms(
                    hour * HOUR + self.dice.between(0, 59) * MINUTE + self.dice.between(0, 59_000),
                ));
            }
            if day == DAYS {
                // The present watch: something fresh in the last half hour.
                openings.extend([34, 19, 6].map(|m| until.plus_ms(-m * MINUTE)));
            }
            openings.sort();
            let end = midnight.plus_ms(DAY).min(until);
            let mut openings = openings.into_iter().filter(|o| *o < until).peekable();
            loop {
                let next_step = self
                    .due
                    .peek()
                    .map(|Reverse((at, _))| *at)
                    .filter(|at| *at < end);
                match (openings.peek().copied(), next_step) {
                    (Some(o), step) if step.is_none_or(|s| o <= s) => {
                        openings.next();
                        self.tend(w, o)?;
                        w.now = o.max(w.head.recorded_at);
                        self.open(w)?;
                    }
                    (_, Some(at)) => {
                        let Some(Reverse((_, number))) = self.due.pop() else {
                            break;
                        };
                        self.tend(w, at)?;
                        w.now = at.max(w.head.recorded_at);
                        self.step(w, number, at)?;
                    }
                    (Some(_) | None, None) => break,
                }
            }
            self.tend(w, end)?;
            Ok(self)
        })
    }

    /// The present watch: a handoff waits for an answer.
    fn wait_for_an_answer(self) -> Result<Self, Fault> {
        let desk = self.desk.clone();
        desk.store.write_blocking(move |w| {
            let numbers: Vec<TicketNo> = self.lives.keys().rev().copied().collect();
            for number in numbers {
                let Some(t) = ticket::load(&mut w.tx, number)? else {
                    continue;
                };
                let ready = t.is_open()
                    && t.acknowledged.is_some()
                    && t.offer.is_none()
                    && t.restricted_to.is_none();
                let Some(to) = self.people[2..6]
                    .iter()
                    .find(|p| **p != t.owner)
                    .filter(|_| ready)
                else {
                    continue;
                };
                let brief = midwatch_domain::ticket::brief::draft(&t, &[], &w.directory, w.now);
                let offer = OfferHandoff::with(to.clone(), brief);
                w.now = w.head.recorded_at;
                act(
                    w,
                    &viewer(&t.owner, Role::Analyst),
                    number,
                    &offer.into(),
                    &Conditions::default(),
                )?;
                break;
            }
            Ok(self)
        })
    }

    fn open(&mut self, w: &mut WriteTx<'_>) -> Result<(), Fault> {
        let total: i64 = self.stories.iter().map(|s| s.weight).sum();
        let mut left = self.dice.between(1, total);
        let story = self.stories.iter().position(|s| {
            left -= s.weight;
            left <= 0
        });
        let story = story.unwrap_or(0);
        let s = self.stories[story].clone();
        let words = Words::draw(&mut self.dice);
        let reporter = if s.report || self.dice.chance(25) {
            self.dice.between(6, 8)
        } else {
            self.dice.between(1, 5)
        };
        let reporter = usize::try_from(reporter).unwrap_or(1);
        let role = PEOPLE[reporter].role;
        let seen = w.now.plus_ms(-self.dice.between(3, 240) * MINUTE);
        let command = Open {
            title: words.put(self.dice.pick(&s.titles[..]).as_str()),
            description: words.put(&s.text),
            template: Some(s.template.clone()),
            fields: values(&s.fields, &words, seen, &self.people[1]),
            discovered_at: Some(seen),
            ..blank()
        };
        let origin = match role {
            Role::Reporter => Origin::Report,
            _ if self.dice.chance(20) => Origin::Cli,
            _ => Origin::Web,
        };
        let done = open(
            w,
            &viewer(&self.people[reporter], role),
            &command,
            origin,
            &Conditions::default(),
        )?;
        let from = w.now;
        let steps = plan(&s, &mut self.dice)
            .into_iter()
            .map(|(ms, step)| (from.plus_ms(ms), step))
            .collect();
        self.lives.insert(
            done.ticket,
            Life {
                story,
                words,
                steps,
            },
        );
        self.plan_next(done.ticket);
        Ok(())
    }

    /// What Midwatch does by itself until `until`; whoever is paged answers soon.
    fn tend(&mut self, w: &mut WriteTx<'_>, until: Moment) -> Result<(), Fault> {
        while let Some((at, number)) =
            timer::due(&mut w.tx, until, timer::Share::ALL, None, 1)?.pop()
        {
            w.now = at.max(w.head.recorded_at);
            fire(w, number)?;
            let unanswered = ticket::load(&mut w.tx, number)?
                .is_some_and(|t| t.is_open() && t.acknowledged.is_none());
            let Some(life) = self.lives.get_mut(&number).filter(|_| unanswered) else {
                continue;
            };
            if !life.steps.iter().any(|(_, s)| *s == Step::Acknowledge) {
                let soon = w.now.plus_ms(self.dice.between(2, 25) * MINUTE);
                life.steps.push_front((soon, Step::Acknowledge));
                self.due.push(Reverse((soon, number)));
            }
        }
        Ok(())
    }

    fn plan_next(&mut self, number: TicketNo) {
        if let Some((at, _)) = self.lives.get(&number).and_then(|l| l.steps.front()) {
            self.due.push(Reverse((*at, number)));
        }
    }

    fn step(&mut self, w: &mut WriteTx<'_>, number: TicketNo, at: Moment) -> Result<(), Fault> {
        let Some(life) = self.lives.get_mut(&number) else {
            return Ok(());
        };
        let place = life.steps.iter().position(|(due, _)| *due <= at);
        let Some((_, step)) = place.and_then(|i| life.steps.remove(i)) else {
            return Ok(());
        };
        let t = ticket::load(&mut w.tx, number)?.ok_or_else(|| Refusal::missing("ticket"))?;
        let commands = self.commands(w, &t, &step)?;
        for (who, command) in commands {
            let role = w
                .directory
                .people
                .get(&who)
                .map_or(Role::Analyst, |p| p.role);
            act(
                w,
                &viewer(&who, role),
                number,
                &command,
                &Conditions::default(),
            )?;
            w.now = w.now.plus_ms(self.dice.between(5, 90) * 1000);
        }
        self.plan_next(number);
        Ok(())
    }
}

fn blank() -> Open {
    Open {
        title: String::new(),
        description: String::new(),
        template: None,
        kind: None,
        severity: None,
        tlp: None,
        pap: None,
        tags: BTreeSet::new(),
        fields: BTreeMap::new(),
        team: None,
        discovered_at: None,
        observables: None,
    }
}
