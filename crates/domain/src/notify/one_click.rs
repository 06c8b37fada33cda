//! What can be done by one click out of a message: little, and nothing that cannot be undone. Judges nothing: the command does.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

use crate::Refusal;
use crate::id::PersonId;
use crate::ticket::{
    AcceptHandoff, Acknowledge, Answer, AnswerPage, Command, DeclineHandoff, Ticket,
};

/// A verb that a link in a message leads to, after a page that asks once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OneClick {
    /// The owner has seen it.
    Acknowledge,
    /// The receiver takes the ticket.
    AcceptHandoff,
    /// The receiver does not.
    DeclineHandoff,
    /// Whoever was paged is on it.
    Coming,
    /// Whoever was paged cannot.
    Cannot,
}

impl OneClick {
    /// Every one.
    pub const ALL: &'static [OneClick] = &[
        OneClick::Acknowledge,
        OneClick::AcceptHandoff,
        OneClick::DeclineHandoff,
        OneClick::Coming,
        OneClick::Cannot,
    ];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            OneClick::Acknowledge => "acknowledge",
            OneClick::AcceptHandoff => "accept_handoff",
            OneClick::DeclineHandoff => "decline_handoff",
            OneClick::Coming => "coming",
            OneClick::Cannot => "cannot",
        }
    }

    /// On the button.
    pub fn label(self) -> &'static str {
        match self {
            OneClick::Acknowledge => "Acknowledge",
            OneClick::AcceptHandoff => "Accept the handoff",
            OneClick::DeclineHandoff => "Decline",
            OneClick::Coming => "I am on it",
            OneClick::Cannot => "I cannot",
        }
    }

    /// The question of the page, before the number of the ticket.
    pub fn question(self) -> &'static str {
        match self {
            OneClick::Acknowledge => "Acknowledge",
            OneClick::AcceptHandoff => "Take over",
            OneClick::DeclineHandoff => "Decline the handoff of",
            OneClick::Coming => "Answer that you are on",
            OneClick::Cannot => "Answer that you cannot come to",
        }
    }

    /// Whether it is what is hoped for.
    pub fn is_wanted(self) -> bool {
        !matches!(self, OneClick::DeclineHandoff | OneClick::Cannot)
    }

    /// Whether it wants a reason to be typed.
    pub fn wants_reason(self) -> bool {
        self == OneClick::DeclineHandoff
    }

    /// The command it stands for.
    pub fn command(self, reason: &str) -> Command {
        match self {
            OneClick::Acknowledge => Acknowledge {}.into(),
            OneClick::AcceptHandoff => AcceptHandoff {}.into(),
            OneClick::DeclineHandoff => DeclineHandoff {
                reason: reason.to_owned(),
            }
            .into(),
            OneClick::Coming => answer(Answer::Coming, reason),
            OneClick::Cannot => answer(Answer::Cannot, reason),
        }
    }
}

fn answer(answer: Answer, text: &str) -> Command {
    let text = text.to_owned();
    AnswerPage { answer, text }.into()
}

impl FromStr for OneClick {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let found = Self::ALL.iter().find(|v| v.as_str() == text);
        found.copied().ok_or_else(|| Refusal::missing("verb"))
    }
}

/// What the person could do to the ticket as it stands, most wanted first.
pub fn offers(ticket: &Ticket, person: &PersonId) -> Vec<OneClick> {
    if !ticket.is_open() {
        return Vec::new();
    }
    if ticket.offer.as_ref().is_some_and(|o| o.to == *person) {
        return vec![OneClick::AcceptHandoff, OneClick::DeclineHandoff];
    }
    if ticket.owner == *person && ticket.acknowledged.is_none() {
        return vec![OneClick::Acknowledge];
    }
    if ticket.escalation.awaits(person) {
        return vec![OneClick::Coming, OneClick::Cannot];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk, id};

    #[test]
    fn a_link_is_offered_to_whom_the_state_asks() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        assert_eq!(offers(desk.ticket(n), &id("ben")), [OneClick::Acknowledge]);
        assert_eq!(offers(desk.ticket(n), &id("cleo")), []);
        desk.offer(n, "cleo");
        assert_eq!(
            offers(desk.ticket(n), &id("cleo")),
            [OneClick::AcceptHandoff, OneClick::DeclineHandoff]
        );
        for verb in OneClick::ALL {
            assert_eq!(verb.as_str().parse::<OneClick>().unwrap(), *verb);
            let name = verb.command("Away.").name();
            assert!(name == verb.as_str() || name == "answer_page");
        }
    }
}
