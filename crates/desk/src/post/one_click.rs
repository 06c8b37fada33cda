//! Links in messages that do one thing after one more question. Made when a message is sent; what they do goes through the
//! same door as everything else, as the person they were made for.

use midwatch_domain::Refusal;
use midwatch_domain::access::Viewer;
use midwatch_domain::actor::Actor;
use midwatch_domain::id::{PersonId, TicketNo};
use midwatch_domain::notify::{OneClick, one_click};
use midwatch_domain::people::AccountState;
use midwatch_domain::secret::{Secret, digest};
use midwatch_store::plain::one_click::{self as links, Link};
use midwatch_store::rows::delivery::Delivery;
use midwatch_store::rows::ticket;
use midwatch_store::{Fault, WriteTx};
use std::collections::BTreeSet;

use super::compose::asks;
use crate::Desk;
use crate::act::{Conditions, Done, act};

/// A link holds this long, in milliseconds: a day.
const HOLDS_MS: i64 = 24 * 3_600_000;

/// What a link asks, for the page that asks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// As whom.
    pub person: PersonId,
    /// About which ticket.
    pub ticket: TicketNo,
    /// What.
    pub verb: OneClick,
    /// Why it does not hold, if it does not.
    pub over: Option<&'static str>,
}

/// Makes the links of a message, for what its reader could do as the ticket stands.
pub(super) fn mint(w: &mut WriteTx<'_>, d: &Delivery) -> Result<Vec<(OneClick, Secret)>, Fault> {
    let (Some(person), Some(number), true) = (&d.person, d.ticket, asks(d.kind)) else {
        return Ok(Vec::new());
    };
    let Some(ticket) = ticket::load(&mut w.tx, number)? else {
        return Ok(Vec::new());
    };
    if !midwatch_domain::access::may_leave(&ticket) {
        return Ok(Vec::new());
    }
    let expires_at = w.now.plus_ms(HOLDS_MS);
    let mut made = Vec::new();
    for verb in one_click::offers(&ticket, person) {
        let secret = Secret::fresh("mwo_", w.random());
        let link = Link {
            person: person.clone(),
            ticket: number,
            verb,
            expires_at,
            used_at: None,
        };
        links::keep(&mut w.tx, &secret.digest(), &link)?;
        made.push((verb, secret));
    }
    Ok(made)
}

impl Desk {
    /// What a link asks. Changes nothing: whoever looks into letters may follow it. Blocks.
    ///
    /// # Errors
    /// Missing if there is no such link; or storage failed.
    pub fn look_at_link(&self, secret: &str) -> Result<Asked, Fault> {
        let (now, digest) = (self.store.now(), digest(secret));
        self.store.read(|tx| {
            let link = links::find(tx, &digest)?.ok_or_else(|| Refusal::missing("link"))?;
            let directory = self.store.directory(tx)?;
            let person = directory.people.get(&link.person);
            let over = if person.is_none_or(|p| p.state != AccountState::Active) {
                Some("The account it was made for is not active.")
            } else if link.used_at.is_some() {
                Some("It was used already.")
            } else if link.expires_at <= now {
                Some("It has run out: links hold for a day.")
            } else {
                None
            };
            Ok(Asked {
                person: link.person,
                ticket: link.ticket,
                verb: link.verb,
                over,
            })
        })
    }

    /// Does what a link asks, as the person it was made for; once.
    ///
    /// # Errors
    /// A refusal, and the link still holds; or storage failed.
    pub async fn follow_link(&self, secret: &str, reason: String) -> Result<Done, Fault> {
        let digest = digest(secret);
        self.store.write(move |w| follow(w, &digest, &reason)).await
    }
}

fn follow(w: &mut WriteTx<'_>, digest: &str, reason: &str) -> Result<Done, Fault> {
    let link = links::find(&mut w.tx, digest)?.ok_or_else(|| Refusal::missing("link"))?;
    let now = w.now;
    if link.expires_at <= now {
        return Err(Refusal::conflict(
            "link.over",
            "This link has run out: links hold for a day. Sign in and do it on the ticket's page.",
        )
        .into());
    }
    if !links::use_up(&mut w.tx, digest, now)? {
        return Err(Refusal::conflict(
            "link.used",
            "This link was used already. Sign in to see the ticket.",
        )
        .into());
    }
    let person = w.directory.people.get(&link.person);
    let person = person.filter(|p| p.state == AccountState::Active);
    let person = person.ok_or_else(|| Refusal::unknown("This account is not active."))?;
    let viewer = Viewer {
        actor: Actor::Person(person.id.clone()),
        role: Some(person.role),
        teams: BTreeSet::new(),
        scopes: None,
    };
    // A refusal undoes the whole change: the link still holds then.
    let command = link.verb.command(reason);
    act(w, &viewer, link.ticket, &command, &Conditions::default())
}
