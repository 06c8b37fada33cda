//! Two tickets are about one incident: one is closed into the other. Nothing is destroyed; reopening undoes it.

use super::*;
use crate::refusal::required_text;

/// Close this ticket into another that covers the same incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// The ticket that goes on.
    #[schema(value_type = String)]
    pub into: TicketNo,
    /// Why they are the same.
    pub reason: String,
}

/// Entry on the merged ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Merged {
    /// The ticket that goes on.
    pub into: TicketNo,
    /// Why they are the same.
    pub reason: String,
}

/// Entry on the ticket that goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Absorbed {
    /// The merged ticket.
    pub from: TicketNo,
    /// Its title, for reading.
    pub title: String,
    /// Its tags, which this one gets too.
    pub tags: BTreeSet<String>,
    /// Why they are the same.
    pub reason: String,
}

/// Entry on the ticket that goes on: the merge was undone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parted {
    /// The ticket that is one of its own again.
    pub from: TicketNo,
}

impl Verb for Merge {
    const NAME: &'static str = "merge";
    const ACTION: Action = Action::WorkTickets;

    fn others(&self) -> Vec<TicketNo> {
        vec![self.into]
    }

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        t.must_be_open()?;
        if self.into == t.number {
            return Err(Refusal::invalid("into", "A ticket cannot be merged into itself."));
        }
        let other = facts.other(self.into).map_err(|r| r.on("into"))?;
        facts.viewer.may_on(Self::ACTION, other)?;
        other.must_be_open()?;
        if t.offer.is_some() {
            return Err(Refusal::conflict("handoff.waiting", "A handoff is waiting for an answer. Withdraw it before merging."));
        }
        let reveals = |names: &BTreeSet<PersonId>| !other.restricted_to.as_ref().is_some_and(|theirs| theirs.is_subset(names));
        if t.restricted_to.as_ref().is_some_and(reveals) {
            return Err(Refusal::conflict("ticket.restricted", "This ticket is restricted and the other is not at least as much; merging would reveal it."));
        }
        let reason = required_text("reason", &self.reason, 1000)?;
        // As many of the tags as the other ticket may still get.
        let room = crate::template::MAX_TAGS.saturating_sub(other.tags.len());
        let tags = t.tags.difference(&other.tags).take(room).cloned().collect();
        let absorbed = Absorbed { from: t.number, title: t.title.clone(), tags, reason: reason.clone() };
        Ok(vec![
            TicketEntry::from(Merged { into: self.into, reason }).about(t.number),
            TicketEntry::from(absorbed).about(self.into),
        ])
    }
}

impl Effect for Merged {
    const KIND: &'static str = "merged";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        t.enter(Phase::Closed, at.recorded_at, "merged");
        t.outcome = Some(Outcome::Duplicate);
        t.summary = format!("Merged into {}. {}", self.into, self.reason);
        t.closed_at = Some(at.recorded_at);
        t.links.insert(self.into, Relation::MergedInto);
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new(format!("merged this ticket into {}", self.into)).with(self.reason.clone())
    }
}

impl Effect for Absorbed {
    const KIND: &'static str = "absorbed";

    fn apply(&self, t: &mut Ticket, _: &At<'_>) {
        t.links.insert(self.from, Relation::Absorbed);
        t.tags.extend(self.tags.iter().cloned());
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new(format!("merged {} “{}” into this ticket", self.from, self.title)).with(self.reason.clone())
    }
}

impl Effect for Parted {
    const KIND: &'static str = "parted";

    fn apply(&self, t: &mut Ticket, _: &At<'_>) {
        t.links.insert(self.from, Relation::Related);
    }

    fn say(&self, _: &Directory) -> Sentence {
        Sentence::new(format!("undid the merge of {}", self.from))
    }
}
