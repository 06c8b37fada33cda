//! The oracle: reads what was recorded, entry by entry, and says with its own few lines what had to come next, when, at which
//! level and to whom. It shares no rule with `due`; it looks at policies and people as data only.

use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

use super::rows::Line;
use super::setting::ZONE;
use crate::directory::Directory;
use crate::escalation::{Policy, Target};
use crate::id::PersonId;
use crate::moment::Moment;
use crate::ticket::{Answer, TicketEntry as E};
use crate::words::Severity;

const MIN: i64 = 60_000;

/// What comes next by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Next {
    Wake,
    OfferBack,
    Remind,
    Expire,
    Step,
}

impl Next {
    pub const fn name(self) -> &'static str {
        match self {
            Next::Wake => "the end of a snooze",
            Next::OfferBack => "the end of an offer",
            Next::Remind => "a reminder",
            Next::Expire => "the expiry of an acknowledgement",
            Next::Step => "a step",
        }
    }
}

/// A ticket as the oracle understands it.
#[derive(Clone, Debug)]
pub struct Eye {
    open: bool,
    owner: PersonId,
    team: crate::id::TeamId,
    severity: Severity,
    acknowledged: bool,
    heard: Moment,
    reminded: Option<Moment>,
    offer: Option<Moment>,
    quiet: Option<Moment>,
    /// The escalation: its number, the step to come, when.
    cycle: i64,
    step: i64,
    at: Option<Moment>,
    wants_answer: bool,
    policy: Option<(String, i64)>,
    level: Option<i64>,
    /// Who was paged at which step, and what they answered.
    paged: BTreeMap<PersonId, (i64, Option<Answer>)>,
    /// What was said of clocks whose time was up.
    breached: BTreeSet<(String, Moment)>,
}

impl Eye {
    /// What comes next by itself, and when.
    pub fn next(&self, d: &Directory) -> Option<(Moment, Next)> {
        let mut all = Vec::new();
        if !self.open {
            return None;
        }
        all.extend(self.offer.map(|at| (at, Next::OfferBack)));
        if let Some(until) = self.quiet {
            all.push((until, Next::Wake));
        } else {
            all.extend(self.at.map(|at| (at, Next::Step)));
            if self.acknowledged {
                let p = self.policy(d);
                let (since, wait, what) = match self.reminded {
                    None => (self.heard, p.remind_after_min, Next::Remind),
                    Some(at) => (at, p.expire_after_min, Next::Expire),
                };
                all.extend(wait.map(|m| (Moment(since.0 + m * MIN), what)));
            }
        }
        all.into_iter().min()
    }

    /// When people have to be asked again, whatever the policy says of reminders.
    pub fn asks(&self) -> Option<Moment> {
        let asks = self.quiet.or(self.at).into_iter().chain(self.offer).min();
        asks.filter(|_| self.open)
    }

    fn policy(&self, d: &Directory) -> Policy {
        if let Some((key, version)) = &self.policy {
            let own = d.policies.iter().find(|(id, _)| id.as_str() == key);
            let own = own.and_then(|(_, all)| all.iter().find(|p| p.version == *version));
            return own.cloned().unwrap_or_else(|| {
                let name = key.trim_start_matches("pol_shipped_");
                crate::escalation::shipped(name.parse().expect("a shipped policy"))
            });
        }
        let team = &d.teams[&self.team];
        let candidates = [
            team.policies.get(&self.severity),
            team.policy.as_ref(),
            d.organisation.as_ref().and_then(|o| o.policy.as_ref()),
        ];
        for id in candidates.into_iter().flatten() {
            if let Some(p) = d.policies.get(id).and_then(|all| all.last())
                && !p.retired
            {
                return p.clone();
            }
        }
        crate::escalation::shipped(self.severity)
    }

    /// Takes an entry in; an error if Midwatch did by itself what had not to come, or otherwise than it had to.
    pub fn take(eye: Option<Eye>, l: &Line, d: &Directory) -> Result<Eye, String> {
        let Some(mut e) = eye else {
            return Self::opened(l);
        };
        e.system(l, d)?;
        let now = l.at;
        match &l.entry {
            E::Acknowledged(_) => e.acknowledge(now),
            E::Taken(x) => e.take_over(&x.to, now),
            E::HandoffAccepted(x) => e.take_over(&x.to, now),
            E::Released(x) => e.give(&x.to, now),
            E::Reopened(x) => {
                e.open = true;
                if x.owner == e.owner {
                    e.ask_anew(now);
                } else {
                    e.give(&x.owner, now);
                }
            }
            E::Closed(_) => (e.open, e.at, e.quiet, e.offer) = (false, None, None, None),
            E::HandoffOffered(x) => {
                let until = Moment(now.0 + e.policy(d).offer_min * MIN);
                if x.expires_at != Some(until) {
                    return Err(format!(
                        "an offer runs out at {:?}, not {until}",
                        x.expires_at
                    ));
                }
                e.offer = Some(until);
            }
            E::HandoffWithdrawn(_) => e.offer = None,
            E::HandoffDeclined(_) => {
                e.offer = None;
                e.ask_anew(now);
            }
            E::EscalationDemanded(_) => {
                if e.quiet.is_some() {
                    e.wake(now);
                }
                e.wants_answer = e.acknowledged || e.wants_answer;
                e.go_on(now);
            }
            E::ClockBreached(x) => {
                if !e.breached.insert((x.key.clone(), x.due_at)) || x.due_at > now {
                    return Err(format!("{} was breached at {}", x.key, x.due_at));
                }
                e.wants_answer = e.acknowledged || e.wants_answer;
                e.go_on(now);
            }
            E::PageAnswered(x) => e.answer(&x.by, x.answer, now, false),
            E::PageFailed(x) => e.answer(&x.person, Answer::Cannot, now, true),
            E::Snoozed(x) => e.quiet = Some(x.until),
            E::SnoozeCut(_) => e.wake(now),
            E::Classified(x) => {
                if let Some([old, new]) = x.severity {
                    e.severity = new;
                    let running = e.at.is_some() && e.policy.is_some();
                    if new > old && running && !e.acknowledged {
                        e.begin(now);
                    }
                }
            }
            _ => {}
        }
        if l.actor.person() == Some(&e.owner) {
            (e.heard, e.reminded) = (now, None);
        }
        Ok(e)
    }

    fn opened(l: &Line) -> Result<Eye, String> {
        let E::Opened(o) = &l.entry else {
            return Err(format!("{} begins with {}", l.ticket, l.entry.kind()));
        };
        Ok(Eye {
            open: true,
            owner: o.owner.clone(),
            team: o.team.clone(),
            severity: o.severity,
            acknowledged: false,
            heard: l.at,
            reminded: None,
            offer: None,
            quiet: None,
            cycle: 1,
            step: 0,
            at: Some(l.at),
            wants_answer: false,
            policy: None,
            level: None,
            paged: BTreeMap::new(),
            breached: BTreeSet::new(),
        })
    }

    /// What Midwatch does by itself must be what is next, and must be due.
    fn system(&mut self, l: &Line, d: &Directory) -> Result<(), String> {
        let what = match &l.entry {
            E::SnoozeEnded(_) => Next::Wake,
            E::HandoffExpired(_) => Next::OfferBack,
            E::AcknowledgementReminded(_) => Next::Remind,
            E::AcknowledgementExpired(_) => Next::Expire,
            E::Escalated(_) => Next::Step,
            _ => return Ok(()),
        };
        let due = self.due(what, d);
        let Some(due_at) = due.filter(|at| *at <= l.at) else {
            return Err(format!("{} came, which is due at {due:?}", what.name()));
        };
        let (now, said) = (l.at, |at: Moment| at == due_at);
        let right = match &l.entry {
            E::SnoozeEnded(x) => {
                self.wake(now);
                said(x.due_at)
            }
            E::HandoffExpired(x) => {
                self.offer = None;
                self.ask_anew(now);
                said(x.due_at)
            }
            E::AcknowledgementReminded(x) => {
                self.reminded = Some(now);
                said(x.due_at) && x.owner == self.owner
            }
            E::AcknowledgementExpired(x) => {
                (self.acknowledged, self.reminded, self.wants_answer) = (false, None, false);
                self.go_on(now);
                said(x.due_at) && x.owner == self.owner
            }
            E::Escalated(x) => return self.step(x, now, d),
            _ => true,
        };
        if right {
            Ok(())
        } else {
            Err(format!(
                "{} says something else than due at {due_at}",
                what.name()
            ))
        }
    }

    /// When this is due, whatever else is.
    fn due(&self, what: Next, d: &Directory) -> Option<Moment> {
        let alone = Eye {
            offer: self.offer.filter(|_| what == Next::OfferBack),
            quiet: self.quiet.filter(|_| what != Next::OfferBack),
            at: self.at.filter(|_| what == Next::Step),
            acknowledged: self.acknowledged && matches!(what, Next::Remind | Next::Expire),
            ..self.clone()
        };
        let next = alone.next(d).filter(|(_, w)| *w == what);
        next.map(|(at, _)| at)
    }

    fn step(
        &mut self,
        x: &crate::ticket::Escalated,
        now: Moment,
        d: &Directory,
    ) -> Result<(), String> {
        let p = self.policy(d);
        let levels = i64::try_from(p.levels.len()).unwrap_or(0);
        let ladder = levels * (p.repeat + 1);
        let wait = |step: i64| {
            let level = usize::try_from(step % levels).unwrap_or(0);
            let minutes = if step < ladder {
                p.levels[level].wait_min
            } else {
                p.last_resort_every_min
            };
            minutes * MIN
        };
        let due_at = self.at.unwrap_or(now);
        // The step whose time it is: the last one that would have begun by now.
        let (mut step, mut begins) = (self.step, due_at.0);
        while begins + wait(step) <= now.0 {
            begins += wait(step);
            step += 1;
        }
        let skipped = step - self.step;
        let mut nobody = Vec::new();
        let paged = loop {
            if step >= ladder {
                let own = p.last_resort.clone();
                break own
                    .or_else(|| d.organisation.as_ref().map(|o| o.last_resort.clone()))
                    .into_iter()
                    .collect();
            }
            let level = &p.levels[usize::try_from(step % levels).unwrap_or(0)];
            let people = self.people(&level.who, now, d);
            if !people.is_empty() {
                break people;
            }
            nobody.push(step % levels + 1);
            step += 1;
        };
        let level = if step < ladder { step % levels + 1 } else { 0 };
        let next = Moment(now.0 + wait(step));
        let said: BTreeSet<PersonId> = x.paged.iter().cloned().collect();
        let expected = (
            self.cycle, step, level, due_at, &paged, skipped, &nobody, next,
        );
        let found = (
            x.cycle, x.step, x.level, x.due_at, &said, x.skipped, &x.nobody, x.next_at,
        );
        if found != expected || said.len() != x.paged.len() {
            return Err(format!("a step is {found:?}, and had to be {expected:?}"));
        }
        self.policy = Some((p.id.to_string(), p.version));
        (self.step, self.level, self.at) = (step + 1, Some(level), Some(next));
        for person in paged {
            self.paged.insert(person, (step, None));
        }
        Ok(())
    }

    /// Who is meant, without those who answered already or cannot be paged.
    fn people(&self, who: &[Target], now: Moment, d: &Directory) -> BTreeSet<PersonId> {
        let team = &d.teams[&self.team];
        let mut found = BTreeSet::new();
        for target in who {
            match target {
                Target::Owner => found.extend([self.owner.clone()]),
                Target::OnCall => found.extend(match &team.schedule {
                    Some(s) => on_turn(d, s, now),
                    None => team.on_duty.clone(),
                }),
                Target::Lead => found.extend(team.lead.clone()),
                Target::Schedule { id } => found.extend(on_turn(d, id, now)),
                Target::Team { id } => found.extend(d.teams[id].members.iter().cloned()),
                Target::Person { id } => found.extend([id.clone()]),
            }
        }
        found.retain(|p| {
            let answered = self.paged.get(p).is_some_and(|(_, a)| a.is_some());
            !answered && d.people.get(p).is_some_and(crate::people::Person::can_own)
        });
        found
    }

    fn begin(&mut self, now: Moment) {
        (self.cycle, self.step, self.at) = (self.cycle + 1, 0, Some(now));
        (self.wants_answer, self.policy, self.level) = (false, None, None);
        self.paged.clear();
    }

    fn go_on(&mut self, now: Moment) {
        // What was due before stays due since then.
        self.at = Some(self.at.map_or(now, |at| at.min(now)));
        self.paged.clear();
    }

    fn ask_anew(&mut self, now: Moment) {
        (self.acknowledged, self.reminded) = (false, None);
        self.begin(now);
    }

    fn give(&mut self, to: &PersonId, now: Moment) {
        self.owner = to.clone();
        // Silence was asked for by somebody who is not responsible any more.
        (self.offer, self.heard, self.quiet) = (None, now, None);
        self.ask_anew(now);
    }

    fn take_over(&mut self, to: &PersonId, now: Moment) {
        self.give(to, now);
        self.acknowledge(now);
    }

    fn acknowledge(&mut self, now: Moment) {
        (self.acknowledged, self.reminded, self.heard) = (true, None, now);
        if !self.wants_answer {
            self.at = None;
        }
    }

    fn wake(&mut self, now: Moment) {
        (self.quiet, self.reminded) = (None, None);
        self.at = self.at.map(|at| at.max(now));
        self.heard = self.heard.max(now);
    }

    fn answer(&mut self, who: &PersonId, answer: Answer, now: Moment, failed: bool) {
        let Some((_, said)) = self.paged.get_mut(who) else {
            return;
        };
        if failed && said.is_some() {
            return;
        }
        *said = Some(answer);
        let last = self.step - 1;
        let mut asked = self
            .paged
            .values()
            .filter(|(step, _)| *step == last)
            .peekable();
        let none_can = asked.peek().is_some() && asked.all(|(_, a)| *a == Some(Answer::Cannot));
        match answer {
            Answer::Coming if self.wants_answer => self.at = None,
            Answer::Cannot if none_can && self.level != Some(0) => {
                self.at = self.at.map(|at| at.min(now));
            }
            _ => {}
        }
    }
}

/// Who has the turn: the day counts from the hour of the handoff on the wall.
fn on_turn(d: &Directory, schedule: &crate::id::ScheduleId, now: Moment) -> Option<PersonId> {
    let layer = d.schedules.get(schedule)?.layers.first()?;
    let wall = now.timestamp().to_zoned(TimeZone::get(ZONE).ok()?);
    let minutes = i64::from(wall.hour()) * 60 + i64::from(wall.minute());
    let day = i64::from(
        jiff::civil::Date::constant(1970, 1, 1)
            .until(wall.date())
            .ok()?
            .get_days(),
    );
    let day = if minutes * MIN < layer.handoff_at.ms() {
        day - 1
    } else {
        day
    };
    let turns = day - layer.starts_on.number();
    let n = i64::try_from(layer.people.len()).ok()?;
    let turn = usize::try_from(turns.rem_euclid(n)).ok()?;
    layer.people.get(turn).filter(|_| turns >= 0).cloned()
}
