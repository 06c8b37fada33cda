//! Two tickets are about one incident: one is closed into the other. Nothing is destroyed; reopening undoes it.

use super::*;
use crate::observable::{Observable, ObservableKey, Source};
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
        let seen = |(key, o): (&ObservableKey, &Observable)| Seen {
            kind: key.kind,
            value: key.value.clone(),
            original: o.original.clone(),
            role: o.role,
            note: o.note.clone(),
            source: Source::Ticket(t.number),
            same_as: o.same_as.clone(),
        };
        let taken = Observed::new(t.observables.iter().map(seen).collect(), &other.observables);
        let mut entries = vec![
            TicketEntry::from(Merged { into: self.into, reason }).about(t.number),
            TicketEntry::from(absorbed).about(self.into),
        ];
        entries.extend(taken.map(|o| TicketEntry::from(o).about(self.into)));
        Ok(entries)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk, id};
    use serde_json::json;

    fn two(desk: &mut Desk) -> (TicketNo, TicketNo) {
        (desk.open("rita"), desk.open("rita"))
    }

    #[test]
    fn one_goes_on_and_nothing_is_lost() {
        let mut desk = Desk::new();
        let (a, b) = two(&mut desk);
        desk.does("ben", a, "classify", json!({ "add_tags": ["vpn"] }));
        let said = desk.does("ben", a, "merge", json!({ "into": b, "reason": "The same user." }));
        assert_eq!(said, "merged this ticket into MW-2 | The same user.\nmerged MW-1 “Strange sign-in” into this ticket | The same user.");
        let (from, into) = (desk.ticket(a), desk.ticket(b));
        assert_eq!((from.phase, from.outcome, from.merged_into()), (Phase::Closed, Some(Outcome::Duplicate), Some(b)));
        assert_eq!(from.intervals.last().map(|i| i.reason.as_str()), Some("merged"));
        assert!(into.is_open() && into.tags.contains("vpn"));
        assert_eq!(into.links[&a], Relation::Absorbed);
    }

    #[test]
    fn reopening_undoes_it_on_both_sides() {
        let mut desk = Desk::new();
        let (a, b) = two(&mut desk);
        desk.does("ben", a, "merge", json!({ "into": b, "reason": "The same." }));
        let said = desk.does("ben", a, "reopen", json!({ "reason": "Another user." }));
        assert_eq!(said, "reopened the ticket in Detection | Another user.\nundid the merge of MW-1");
        assert_eq!((desk.ticket(a).merged_into(), desk.ticket(a).outcome), (None, None));
        assert_eq!(desk.ticket(a).links[&b], Relation::Related);
        desk.does("ben", b, "merge", json!({ "into": a, "reason": "The same after all." }));
    }

    #[test]
    fn when_a_merge_is_refused() {
        let mut desk = Desk::new();
        let (a, b) = two(&mut desk);
        let into = |n: TicketNo| json!({ "into": n, "reason": "The same." });
        assert_eq!(desk.refused("ben", a, "merge", into(a)), "invalid.into");
        assert_eq!(desk.refused("ben", a, "merge", into(TicketNo(99))), "missing");
        assert_eq!(desk.refused("ben", a, "merge", json!({ "into": b, "reason": "" })), "invalid.reason");
        assert_eq!(desk.refused("rita", a, "merge", into(b)), "forbidden");
        desk.offer(a, "cleo");
        assert_eq!(desk.refused("ben", a, "merge", into(b)), "handoff.waiting");
        desk.does("ben", b, "merge", into(a));
        // Not in a circle.
        assert_eq!(desk.refused("ben", a, "merge", into(b)), "ticket.closed");
        assert_eq!(desk.refused("ben", b, "merge", into(a)), "ticket.closed");
    }

    #[test]
    fn a_restricted_ticket_is_not_revealed() {
        let mut desk = Desk::new();
        let (a, b) = two(&mut desk);
        let only = |names: &[&str]| json!({ "people": names.iter().map(|n| id(n)).collect::<Vec<_>>(), "reason": "Quiet." });
        desk.does("lena", a, "restrict", only(&["cleo"]));
        assert_eq!(desk.refused("ben", a, "merge", json!({ "into": b, "reason": "x" })), "ticket.restricted");
        assert_eq!(desk.refused("dan", b, "merge", json!({ "into": a, "reason": "x" })), "missing");
        desk.does("lena", b, "restrict", only(&["cleo", "dan"]));
        assert_eq!(desk.refused("ben", a, "merge", json!({ "into": b, "reason": "x" })), "ticket.restricted");
        desk.does("lena", b, "restrict", only(&[]));
        desk.does("ben", a, "merge", json!({ "into": b, "reason": "The same." }));
    }

    #[test]
    fn tags_stay_within_their_bound() {
        let mut desk = Desk::new();
        let (a, b) = two(&mut desk);
        let tags = |p: &str| (0..20).map(|i| format!("{p}{i}")).collect::<Vec<_>>();
        desk.does("ben", a, "classify", json!({ "tags": tags("a") }));
        desk.does("ben", b, "classify", json!({ "tags": tags("b") }));
        desk.does("ben", a, "merge", json!({ "into": b, "reason": "The same." }));
        assert_eq!(desk.ticket(b).tags.len(), crate::template::MAX_TAGS);
    }
}
