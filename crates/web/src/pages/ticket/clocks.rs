//! The clocks of a ticket as its page shows them. What they are is the domain's.

use midwatch_domain::access::Action;
use midwatch_domain::moment::Moment;
use midwatch_domain::regulation::{self, Declaration};
use midwatch_domain::sla;
use midwatch_domain::ticket::Ticket;

use crate::view::moment::span;
use crate::view::piece::{Clock, ClockState};
use crate::view::ticket_clocks::{
    ClockLine, ClockPanel, DeadlineLine, FilingLine, PauseLine, RegimePanel, Regulation,
};

use super::super::frame::{Look, escape};
use super::super::{row, show};

/// As many clocks as have a place in the header.
const HEADER: usize = 3;

/// What presses most, for the header.
pub fn header(look: &Look, t: &Ticket) -> Vec<Clock> {
    let all = sla::urgent(t, look.directory());
    let first = all.iter().take(HEADER);
    first.map(|u| row::pressing(look, u)).collect()
}

/// The panel of SLA clocks.
pub fn panel(look: &Look, t: &Ticket) -> ClockPanel {
    let (d, now) = (look.directory(), look.at());
    let all = sla::clocks(t, d, now);
    let pause = |p: &midwatch_domain::ticket::Pause| PauseLine {
        from: look.now.moment(p.from.0),
        length: match (p.to, p.until) {
            (Some(to), _) => format!("for {}", span(to.since(p.from))),
            (None, Some(until)) => format!("until {}", d.say_time(until)),
            (None, None) => "until it is resumed".to_owned(),
        },
        reason: p.reason.clone(),
        by: show::person(d, &p.by),
    };
    ClockPanel {
        open: all.iter().filter(|c| c.is_open()).count(),
        lines: all.iter().map(|c| line(look, c)).collect(),
        pauses: t.pauses.iter().rev().map(pause).collect(),
        paused: t.pause(now).is_some(),
        may: look.viewer().may_on(Action::WorkTickets, t).is_ok() && t.is_open(),
    }
}

fn line(look: &Look, c: &sla::Clock) -> ClockLine {
    let state = match c.state {
        sla::ClockState::Running if c.is_near(look.at()) => ClockState::Near,
        sla::ClockState::Running => ClockState::Running,
        sla::ClockState::Paused => ClockState::Paused,
        sla::ClockState::Met => ClockState::Met,
        sla::ClockState::Breached if c.is_open() => ClockState::Passed,
        sla::ClockState::Breached => ClockState::Late,
    };
    let left = match state {
        ClockState::Paused => format!("{} left, paused", span(c.left_ms)),
        ClockState::Met => "in time".to_owned(),
        ClockState::Late => format!("{} late", span(-c.left_ms)),
        ClockState::Passed => format!("{} over", span(-c.left_ms)),
        _ => format!("{} left", span(c.left_ms)),
    };
    ClockLine {
        name: c.name.clone(),
        clock: Clock {
            what: String::new(),
            state,
            due: look.now.moment(c.due_at.unwrap_or(c.started_at).0),
            left,
        },
    }
}

/// The panel of regulatory clocks.
pub fn regulation(look: &Look, t: &Ticket) -> Regulation {
    let d = look.directory();
    let may = look.viewer().may_on(Action::WorkTickets, t).is_ok();
    let declared = |key: &str| t.declaration(key).is_some();
    let offered = d.regimes().filter(|r| !r.retired && !declared(&r.key));
    let form = |key: &str| format!("/tickets/{}/declare?regime={}", t.number, escape(key));
    let offered = offered.map(|r| (r.title.clone(), form(&r.key)));
    let running = regulation::of_ticket(t, d).filter(|x| x.runs());
    Regulation {
        open: running.count(),
        regimes: t.declarations.iter().map(|x| regime(look, t, x)).collect(),
        offered: match may && t.is_open() {
            true => offered.collect(),
            false => Vec::new(),
        },
    }
}

fn regime(look: &Look, t: &Ticket, x: &Declaration) -> RegimePanel {
    let d = look.directory();
    let found = d.regime(&x.regime);
    let may = look.viewer().may_on(Action::WorkTickets, t).is_ok() && x.withdrawn.is_none();
    let form = |verb: &str, more: &str| match may {
        true => format!(
            "/tickets/{}/{verb}?regime={}{more}",
            t.number,
            escape(&x.regime)
        ),
        false => String::new(),
    };
    let trigger = |(key, at): (&String, &Moment)| {
        let label = found.and_then(|r| r.trigger(key));
        let label = label.map_or(key.clone(), |t| t.label.clone());
        (label, d.say_time(*at))
    };
    let answer = |(key, answer): (&String, &String)| {
        let input = found.and_then(|r| r.input(key));
        let choice = input.and_then(|i| i.choices.iter().find(|c| c.key == *answer));
        let label = input.map_or(key.clone(), |i| i.label.clone());
        (label, choice.map_or(answer.clone(), |c| c.label.clone()))
    };
    let facts = x.triggers.iter().map(trigger);
    let deadlines = found.map_or_else(Vec::new, |r| regulation::deadlines(r, x, d));
    let deadline = |one: &regulation::Deadline| DeadlineLine {
        name: one.name.clone(),
        to: one.to.clone(),
        clock: due(look, one),
        expected: match (one.due_at, one.expected && one.filed.is_none()) {
            (Some(at), true) => d.say_time(at),
            _ => String::new(),
        },
        because: one.because.clone(),
        filings: x
            .filings
            .iter()
            .filter(|f| f.report == one.report)
            .map(|f| FilingLine {
                at: look.now.moment(f.filed_at.0),
                reference: f.reference.clone(),
                by: show::actor(d, &f.by),
            })
            .collect(),
        file_href: form("file_report", &format!("&report={}", escape(&one.report))),
    };
    RegimePanel {
        title: d.regime_title(&x.regime).to_owned(),
        href: format!("/settings/regulations/{}", escape(&x.regime)),
        reason: x.reason.clone(),
        by: show::actor(d, &x.by),
        declared: look.now.moment(x.declared_at.0),
        facts: facts.chain(x.inputs.iter().map(answer)).collect(),
        deadlines: deadlines.iter().map(deadline).collect(),
        withdrawn: x.withdrawn.as_ref().map_or(String::new(), |w| {
            format!(
                "Withdrawn by {} {}: {}",
                show::actor(d, &w.by).name,
                d.say_time(w.at),
                w.reason
            )
        }),
        revise_href: form("declare", ""),
        withdraw_href: form("withdraw_declaration", ""),
    }
}

/// How a deadline stands.
pub fn due(look: &Look, one: &regulation::Deadline) -> Option<Clock> {
    let due_at = one.due_at?;
    let left = due_at.since(look.at());
    let warned = one.warn_at.first().is_some_and(|at| *at <= look.at());
    let (state, text) = match &one.filed {
        Some(f) if one.late() => (
            ClockState::Late,
            format!("filed {} late", span(f.filed_at.since(due_at))),
        ),
        Some(_) => (ClockState::Met, "filed in time".to_owned()),
        None if one.expected => return None,
        None if left < 0 => (ClockState::Passed, format!("{} over", span(-left))),
        None if warned => (ClockState::Near, format!("{} left", span(left))),
        None => (ClockState::Running, format!("{} left", span(left))),
    };
    Some(Clock {
        what: String::new(),
        state,
        due: look.now.moment(due_at.0),
        left: text,
    })
}
