//! What a decision may know besides the ticket: the time, who acts, the desk's people and texts, other tickets. Holds data, fetches nothing.

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::Refusal;
use crate::access::Viewer;
use crate::directory::Directory;
use crate::id::{PersonId, TicketNo};
use crate::moment::Moment;
use crate::people::Team;
use crate::ticket::Ticket;

/// Everything a `decide` may look at.
pub struct Facts<'a> {
    /// When the decision is made.
    pub now: Moment,
    /// Who acts.
    pub viewer: &'a Viewer,
    /// People, teams, templates, procedures, the organisation.
    pub directory: &'a Directory,
    /// Other tickets that the command names, if they exist.
    pub others: &'a BTreeMap<TicketNo, Ticket>,
    /// The number that the next ticket gets.
    pub next_number: TicketNo,
    /// Where fresh ids come from.
    pub ids: Ids,
}

impl Facts<'_> {
    /// Another ticket that the command named.
    ///
    /// # Errors
    /// Missing, if there is none or the viewer may not see it.
    pub fn other(&self, number: TicketNo) -> Result<&Ticket, Refusal> {
        let found = self.others.get(&number).filter(|t| self.viewer.knows(t));
        found.ok_or_else(|| Refusal::missing("ticket"))
    }

    /// The person who acts.
    ///
    /// # Errors
    /// Forbidden for Midwatch itself.
    pub fn me(&self) -> Result<&PersonId, Refusal> {
        self.viewer
            .actor
            .person()
            .ok_or_else(|| Refusal::forbidden("Only a person can do this."))
    }

    /// Refuses a person who cannot be made responsible.
    ///
    /// # Errors
    /// A refusal naming `field`.
    pub fn can_own(&self, field: &str, person: &PersonId) -> Result<(), Refusal> {
        match self.directory.people.get(person) {
            None => Err(Refusal::invalid(field, "There is no such person.")),
            Some(p) if !p.can_own() => Err(Refusal::conflict(
                "person.cannot_own",
                format!(
                    "{} cannot be responsible: the account is not active, or is a reporter's or auditor's.",
                    p.name
                ),
            )
            .on(field)),
            Some(_) => Ok(()),
        }
    }

    /// Refuses a person who cannot work on the ticket, such as one that a restriction leaves out.
    ///
    /// # Errors
    /// A refusal naming `field`.
    pub fn can_see(&self, field: &str, person: &PersonId, ticket: &Ticket) -> Result<(), Refusal> {
        self.can_own(field, person)?;
        match &ticket.restricted_to {
            Some(names) if !names.contains(person) => Err(Refusal::invalid(
                field,
                "This ticket is restricted and that person is not named.",
            )),
            _ => Ok(()),
        }
    }

    /// Who has the watch of the team now, and by which rule.
    ///
    /// # Errors
    /// Conflict before the organisation is set up.
    pub fn watch(
        &self,
        team: &Team,
        except: Option<&PersonId>,
    ) -> Result<(PersonId, &'static str), Refusal> {
        self.directory.watch(team, except, self.now).ok_or_else(|| {
            Refusal::conflict(
                "desk.not_set_up",
                "Midwatch is not set up yet: there is no last-resort person.",
            )
        })
    }

    /// Who is responsible for a ticket that comes to life again or out of another: its owner; if the owner is gone, who
    /// has the watch; on a restricted ticket that leaves them out, whoever acts. The reason says which.
    ///
    /// # Errors
    /// Conflict before the organisation is set up; forbidden where only a person could be responsible.
    pub fn successor(&self, ticket: &Ticket) -> Result<(PersonId, String), Refusal> {
        if self.directory.owner(&ticket.owner).is_some() {
            return Ok((ticket.owner.clone(), "was responsible before".to_owned()));
        }
        let team = self.directory.teams.get(&ticket.team);
        let team = team.ok_or_else(|| Refusal::missing("team"))?;
        let (watch, why) = self.watch(team, None)?;
        let names = ticket.restricted_to.as_ref();
        if names.is_none_or(|names| names.contains(&watch)) {
            return Ok((watch, why.to_owned()));
        }
        let me = self.me()?;
        self.can_own("owner", me)?;
        Ok((
            me.clone(),
            "acted on a restricted ticket whose owner is gone".to_owned(),
        ))
    }

    /// A moment that the actor claims something happened; not in the future, at most ten years back.
    ///
    /// # Errors
    /// A refusal naming the field `occurred_at`.
    pub fn past(&self, field: &str, claimed: Option<Moment>) -> Result<Moment, Refusal> {
        const TEN_YEARS_MS: i64 = 10 * 366 * 86_400_000;
        // A clock of a browser may run a little ahead of the server's.
        const SLACK_MS: i64 = 120_000;
        let at = claimed.unwrap_or(self.now);
        if at.since(self.now) > SLACK_MS || self.now.since(at) > TEN_YEARS_MS {
            return Err(Refusal::invalid(
                field,
                "The time must be in the past, by at most ten years.",
            ));
        }
        Ok(at.min(self.now))
    }
}

/// A source of ids for one decision: a seed from outside, counted up, so the same seed gives the same ids.
pub struct Ids {
    seed: [u8; 16],
    drawn: Cell<u64>,
}

impl Ids {
    /// Ids from a seed of 16 random (or, in a simulation, chosen) bytes.
    pub fn new(seed: [u8; 16]) -> Self {
        Self {
            seed,
            drawn: Cell::new(0),
        }
    }

    /// The next 16 bytes.
    pub fn next(&self) -> [u8; 16] {
        use sha2::{Digest, Sha256};
        let n = self.drawn.get();
        self.drawn.set(n + 1);
        let digest = Sha256::new()
            .chain_update(b"midwatch/id/v1")
            .chain_update(self.seed)
            .chain_update(n.to_be_bytes())
            .finalize();
        let mut out = [0; 16];
        out.copy_from_slice(&digest[..16]);
        out
    }
}
