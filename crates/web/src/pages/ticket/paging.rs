//! A ticket's escalation as its page shows it: what the domain foresees, in words.

use midwatch_domain::access::Action;
use midwatch_domain::due;
use midwatch_domain::escalation::{Ahead, outlook};
use midwatch_domain::moment::Moment;
use midwatch_domain::ticket::{Answer, Ticket, Wants};

use crate::view::escalation::{AheadRow, Line, MyPage, Paged, Paging, Silence};
use crate::view::piece::{Clock, ClockState};

use super::super::frame::Look;
use super::super::{show, typed};

/// A step this close is near.
const NEAR_MS: i64 = 5 * 60_000;
/// What the form of a snooze begins with: an hour.
const HOUR_MS: i64 = 3_600_000;

/// The panel.
pub fn paging(look: &Look, t: &Ticket) -> Paging {
    let (d, e) = (look.directory(), &t.escalation);
    let policy = d.policy_of(t);
    let known = look.viewer().may(Action::ReadDesk).is_ok();
    let work = look.viewer().may_on(Action::WorkTickets, t).is_ok() && t.is_open();
    let leads = look.viewer().may_on(Action::LeadTickets, t).is_ok();
    let mut paged: Vec<_> = e.pages.iter().collect();
    paged.sort_by_key(|(_, p)| (std::cmp::Reverse(p.at), p.step));
    let paged = paged.into_iter().map(|(who, p)| Paged {
        person: show::person(d, who),
        at: look.now.moment(p.at.0),
        level: level(policy.level(p.step)),
        answer: match p.answer {
            Some(Answer::Coming) => "on it",
            Some(Answer::Cannot) => "cannot",
            None => "",
        },
    });
    let paged: Vec<Paged> = paged.collect();
    let ahead = outlook(t, d, look.at());
    let rows: Vec<AheadRow> = ahead.iter().map(|a| ahead_row(look, a)).collect();
    let until = look.at().plus_ms(HOUR_MS);
    Paging {
        headline: headline(t, !paged.is_empty()),
        last: last(look, t).filter(|_| t.is_open() && e.running()),
        next: rows.iter().find(|a| !a.nobody).map(|a| Line {
            who: a.who.clone(),
            level: a.level.clone(),
            at: a.at.clone(),
        }),
        running: t.is_open() && e.running(),
        ends: match e.wants {
            _ if !e.running() || !t.is_open() => "",
            Wants::Acknowledgement => {
                "It ends when the owner acknowledges, or somebody takes or accepts the ticket."
            }
            Wants::Answer => {
                "It ends when somebody who was paged answers “On it”, or takes or accepts the ticket."
            }
        },
        policy: policy.name.clone(),
        policy_href: if known {
            format!("/policies/{}", policy.id)
        } else {
            String::new()
        },
        paged,
        ahead: rows,
        silence: t.snooze.as_ref().map(|s| Silence {
            by: show::person(d, &s.by),
            until: look.now.moment(s.until.0),
            reason: s.reason.clone(),
        }),
        reminded: t.reminded_at.map(|at| look.now.moment(at.0)),
        mine: mine(look, t).filter(|_| work),
        may_escalate: work,
        may_quiet: work && (leads || look.me() == Some(&t.owner)),
        snooze_until: typed::local_time(until, &look.now.zone),
    }
}

/// Without times: those stand beside it and are kept true by the page's script.
fn headline(t: &Ticket, paged: bool) -> &'static str {
    match (t.is_open(), t.escalation.running(), t.snooze.is_some()) {
        (false, ..) => "",
        (_, true, true) => "Pages are silent for now.",
        (_, true, false) if paged => "Waiting for somebody to act.",
        (_, true, false) => "Nobody was paged yet.",
        (_, false, _) if t.reminded_at.is_some() => "Acknowledged, but quiet since.",
        (_, false, _) => "Somebody is on it: nobody is paged.",
    }
}

/// Those who were paged at the last step, and at which level.
fn last(look: &Look, t: &Ticket) -> Option<Line> {
    let d = look.directory();
    let (_, page) = t
        .escalation
        .pages
        .iter()
        .max_by_key(|(_, p)| (p.at, p.step))?;
    let together = t
        .escalation
        .pages
        .iter()
        .filter(|(_, p)| p.step == page.step);
    let names: Vec<&str> = together.map(|(p, _)| d.name(p)).collect();
    Some(Line {
        who: names.join(", "),
        level: level(d.policy_of(t).level(page.step)),
        at: look.now.moment(page.at.0),
    })
}

fn ahead_row(look: &Look, a: &Ahead) -> AheadRow {
    let d = look.directory();
    let names: Vec<&str> = a.people.iter().map(|p| d.name(p)).collect();
    AheadRow {
        at: look.now.moment(a.at.0),
        level: level(a.level),
        nobody: names.is_empty(),
        who: if names.is_empty() {
            "nobody, passed over".to_owned()
        } else {
            names.join(", ")
        },
    }
}

fn mine(look: &Look, t: &Ticket) -> Option<MyPage> {
    let me = look.me()?;
    let page = t.escalation.pages.get(me)?;
    if !t.escalation.awaits(me) {
        return None;
    }
    let owner = t.owner == *me;
    Some(MyPage {
        level: level(look.directory().policy_of(t).level(page.step)),
        because: t.escalation.cause.words().to_owned(),
        at: look.now.moment(page.at.0),
        means: match (t.escalation.wants, owner) {
            (Wants::Acknowledgement, true) => {
                "Acknowledge, or say that you cannot: then the next level is paged."
            }
            (Wants::Acknowledgement, false) => {
                "“On it” tells the others. Pages go on until somebody takes or acknowledges it."
            }
            (Wants::Answer, _) => "“On it” ends the pages. Who is responsible stays so.",
        },
        owner,
        taking_needs_reason: t.acknowledged.is_some(),
    })
}

/// A level as people read it.
pub fn level(level: i64) -> String {
    match level {
        0 => "last resort".to_owned(),
        n => format!("level {n}"),
    }
}

/// The next step as a chip for the header; nothing while nobody is to be paged.
pub fn chip(look: &Look, t: &Ticket) -> Option<Clock> {
    if let Some(s) = t.snooze.as_ref().filter(|_| t.is_open()) {
        return Some(clock(look, "of silence", s.until, ClockState::Paused));
    }
    let ahead = outlook(t, look.directory(), look.at());
    let next = ahead.iter().find(|a| !a.people.is_empty())?;
    let left = next.at.since(look.at());
    // What is due this moment is being done.
    if left <= 0 {
        return None;
    }
    let state = if left <= NEAR_MS {
        ClockState::Near
    } else {
        ClockState::Running
    };
    let what = format!("to {}", level(next.level).replace("last", "the last"));
    Some(clock(look, &what, next.at, state))
}

fn clock(look: &Look, what: &str, at: Moment, state: ClockState) -> Clock {
    Clock {
        what: what.to_owned(),
        state,
        due: look.now.moment(at.0),
        left: look.now.left(at.0),
    }
}

/// When an offer runs out.
pub fn offer_expires(look: &Look, t: &Ticket) -> Option<crate::view::moment::Moment> {
    let at = due::offer_expires(t, look.directory())?;
    Some(look.now.moment(at.0))
}
