//! Who hears of an entry: the audience of each kind. Never the one who acted, never people who may not know the ticket.

use std::collections::BTreeMap;

use super::{Notice, NoticeKind, To, Urgency, may_hear};
use crate::actor::Actor;
use crate::directory::Directory;
use crate::id::PersonId;
use crate::ticket::{Answer, Ticket, TicketEntry};

/// Who is to hear of `entry`, which `by` made and which left the ticket as `after`. Each one once, by the most urgent reason.
pub fn notices(
    entry: &TicketEntry,
    by: &Actor,
    before: Option<&Ticket>,
    after: &Ticket,
    directory: &Directory,
) -> Vec<Notice> {
    let mut hearers = Hearers::default();
    hearers.of(entry, before, after, directory);
    let mut out: Vec<Notice> = hearers
        .people
        .into_iter()
        .filter(|(person, _)| by.person() != Some(person) && may_hear(directory, person, after))
        .map(|(person, (urgency, kind, why))| Notice {
            to: To::Person(person),
            kind,
            urgency,
            why,
        })
        .collect();
    out.extend(heard(entry, after, directory));
    out
}

#[derive(Default)]
struct Hearers {
    people: BTreeMap<PersonId, (Urgency, NoticeKind, String)>,
}

impl Hearers {
    fn page(&mut self, person: &PersonId, kind: NoticeKind, why: impl Into<String>) {
        let why = (Urgency::Page, kind, why.into());
        self.people.insert(person.clone(), why);
    }

    fn tell(&mut self, person: &PersonId, kind: NoticeKind, why: impl Into<String>) {
        let why = (Urgency::Tell, kind, why.into());
        self.people.entry(person.clone()).or_insert(why);
    }

    fn of(&mut self, entry: &TicketEntry, before: Option<&Ticket>, t: &Ticket, d: &Directory) {
        use NoticeKind as K;
        use TicketEntry as E;
        match entry {
            E::Opened(_) => self.made_responsible(t, d, K::Opened),
            E::Escalated(e) => {
                let why = match e.level {
                    0 => "You are paged as the last resort.".to_owned(),
                    level => format!("You are paged at level {level}."),
                };
                for person in &e.paged {
                    self.page(person, K::Escalated, why.clone());
                }
            }
            E::PageAnswered(_) => self.tell(&t.owner, K::PageAnswered, RESPONSIBLE),
            E::PageFailed(e) if t.owner != e.person => {
                self.tell(&t.owner, K::PageFailed, RESPONSIBLE);
            }
            E::AcknowledgementReminded(e) => {
                self.page(&e.owner, K::AcknowledgementReminded, RESPONSIBLE);
            }
            E::AcknowledgementExpired(e) => {
                self.tell(&e.owner, K::AcknowledgementExpired, RESPONSIBLE);
            }
            E::Released(e) => {
                self.made_responsible(t, d, K::Released);
                self.tell(&e.from, K::Released, WAS_RESPONSIBLE);
            }
            E::Taken(e) => {
                self.tell(&e.from, K::Taken, WAS_RESPONSIBLE);
                if let Some(offer) = before.and_then(|b| b.offer.as_ref()) {
                    self.tell(&offer.to, K::Taken, ASKED);
                }
            }
            E::HandoffOffered(e) => self.page(&e.to, K::HandoffOffered, "It is offered to you."),
            E::HandoffAccepted(e) => self.tell(&e.from, K::HandoffAccepted, OFFERED),
            E::HandoffDeclined(e) => self.tell(&e.from, K::HandoffDeclined, OFFERED),
            E::HandoffWithdrawn(e) => self.tell(&e.to, K::HandoffWithdrawn, ASKED),
            E::HandoffExpired(e) => {
                self.tell(&e.from, K::HandoffExpired, OFFERED);
                self.tell(&e.to, K::HandoffExpired, ASKED);
            }
            E::TaskAssigned(e) => self.assigned(e.assignee.as_ref()),
            E::TaskAdded(e) => self.assigned(e.assignee.as_ref()),
            E::Noted(_) => self.tell(&t.owner, K::Noted, RESPONSIBLE),
            E::Classified(e) if e.severity.is_some() => self.followers(t, K::Classified),
            E::PhaseMoved(_) => self.followers(t, K::PhaseMoved),
            E::Closed(_) => self.followers(t, K::Closed),
            E::Merged(_) => self.followers(t, K::Merged),
            E::Reopened(_) => {
                self.made_responsible(t, d, K::Reopened);
                self.followers(t, K::Reopened);
            }
            E::ClockWarned(_) => self.tell(&t.owner, K::ClockWarned, RESPONSIBLE),
            E::ClockBreached(_) => self.tell(&t.owner, K::ClockBreached, RESPONSIBLE),
            E::DeadlineWarned(_) => self.page(&t.owner, K::DeadlineWarned, RESPONSIBLE),
            E::DeadlineMissed(_) => self.page(&t.owner, K::DeadlineMissed, RESPONSIBLE),
            _ => {}
        }
    }

    /// Who is responsible now hears of it by the first step of the escalation, which follows at once; else without a page.
    fn made_responsible(&mut self, t: &Ticket, d: &Directory, kind: NoticeKind) {
        let e = &t.escalation;
        let paged = || {
            let first = d.policy_of(t).step(e.step, t, d, t.updated_at);
            first.people.contains(&t.owner)
        };
        if !(e.next_at.is_some_and(|at| at <= t.updated_at) && paged()) {
            self.tell(&t.owner, kind, RESPONSIBLE);
        }
    }

    fn assigned(&mut self, assignee: Option<&PersonId>) {
        if let Some(person) = assignee {
            let why = "The task is yours.";
            self.tell(person, NoticeKind::TaskAssigned, why);
        }
    }

    /// The owner, who reported it, and who follows it.
    fn followers(&mut self, t: &Ticket, kind: NoticeKind) {
        self.tell(&t.owner, kind, RESPONSIBLE);
        self.tell(&t.reporter, kind, "You reported it.");
        for person in &t.watchers {
            self.tell(person, kind, "You watch it.");
        }
    }
}

const RESPONSIBLE: &str = "You are responsible for it.";
const WAS_RESPONSIBLE: &str = "You were responsible for it.";
const OFFERED: &str = "You offered it.";
const ASKED: &str = "It was offered to you.";

/// Channels that hear of an entry. A restricted ticket is spoken of on none.
fn heard(entry: &TicketEntry, t: &Ticket, directory: &Directory) -> Vec<Notice> {
    let Some((kind, urgency)) = loud(entry) else {
        return Vec::new();
    };
    if t.restricted_to.is_some() {
        return Vec::new();
    }
    let hears = directory.channels.values().filter(|c| {
        c.is_usable()
            && c.hears.as_ref().is_some_and(|h| {
                (h.teams.is_empty() || h.teams.contains(&t.team))
                    && (h.severities.is_empty() || h.severities.contains(&t.severity))
            })
    });
    hears
        .map(|c| Notice {
            to: To::Channel(c.id.clone()),
            kind,
            urgency,
            why: format!("{} hears of it.", c.name),
        })
        .collect()
}

/// What a team hears of: that a ticket needs somebody, that somebody is on it, that it is over.
fn loud(entry: &TicketEntry) -> Option<(NoticeKind, Urgency)> {
    use NoticeKind as K;
    use TicketEntry as E;
    use Urgency::{Page, Tell};
    Some(match entry {
        E::Opened(_) => (K::Opened, Page),
        E::Released(_) => (K::Released, Page),
        E::Reopened(_) => (K::Reopened, Page),
        E::Escalated(_) => (K::Escalated, Page),
        E::ClockBreached(_) => (K::ClockBreached, Tell),
        E::DeadlineMissed(_) => (K::DeadlineMissed, Tell),
        E::PageAnswered(e) if e.answer == Answer::Coming => (K::PageAnswered, Tell),
        E::Acknowledged(_) => (K::Acknowledged, Tell),
        E::Taken(_) => (K::Taken, Tell),
        E::HandoffAccepted(_) => (K::HandoffAccepted, Tell),
        E::PhaseMoved(_) => (K::PhaseMoved, Tell),
        E::Closed(_) => (K::Closed, Tell),
        E::Merged(_) => (K::Merged, Tell),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
