//! What a ticket says of one of its observables: the part it plays, a remark. Other tickets keep what they say.

use super::*;
use crate::observable::{ObservableKey, Role, kind_name};
use crate::refusal::optional_text;
use indicators::Kind;

/// Say which part an observable plays in this ticket, or remark on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkObservable {
    /// Its kind.
    pub kind: String,
    /// Its value.
    pub value: String,
    /// Which part it plays: `unknown`, `attacker`, `victim` or `own`.
    #[serde(default)]
    pub role: Option<Role>,
    /// A remark; an empty one takes the present one away.
    #[serde(default)]
    pub note: Option<String>,
}

/// Entry: something else is said of an observable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObservableMarked {
    /// Its kind.
    #[serde(with = "kind_name")]
    pub kind: Kind,
    /// Its value.
    pub value: String,
    /// Which part it plays, if that changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The remark, if that changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Verb for MarkObservable {
    const NAME: &'static str = "mark_observable";
    const ACTION: Action = Action::WorkTickets;

    fn decide(&self, t: &Ticket, _: &Facts<'_>) -> Decision {
        let key = t.observable_named(&self.kind, &self.value)?;
        if self.role.is_none() && self.note.is_none() {
            return Err(Refusal::invalid("role", "Say which part it plays, or give a remark."));
        }
        let held = t.observables.get(&key).ok_or_else(|| Refusal::missing("observable"))?;
        let note = self.note.as_deref().map(|n| optional_text("note", n, 1000)).transpose()?;
        let (role, note) = (self.role.filter(|r| *r != held.role), note.filter(|n| *n != held.note));
        if role.is_none() && note.is_none() {
            return Ok(vec![]);
        }
        Ok(vec![TicketEntry::from(ObservableMarked { kind: key.kind, value: key.value, role, note }).about(t.number)])
    }
}

impl Effect for ObservableMarked {
    const KIND: &'static str = "observable_marked";

    fn apply(&self, t: &mut Ticket, _: &At<'_>) {
        let key = ObservableKey { kind: self.kind, value: self.value.clone() };
        if let Some(o) = t.observables.get_mut(&key) {
            o.role = self.role.unwrap_or(o.role);
            if let Some(note) = &self.note {
                o.note.clone_from(note);
            }
        }
    }

    fn say(&self, _: &Directory) -> Sentence {
        let role = self.role.map(|r| format!(" as {}", r.label())).unwrap_or_default();
        Sentence::new(format!("marked {} {}{role}", self.kind, self.value)).with(self.note.clone().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use crate::observable::Role;
    use crate::testing::Desk;
    use serde_json::json;

    #[test]
    fn what_one_ticket_says_is_not_said_in_another() {
        let mut desk = Desk::new();
        let (a, b) = (desk.open("rita"), desk.open("rita"));
        for n in [a, b] {
            desk.does("ben", n, "observe", json!({ "observables": [{ "kind": "ipv4", "value": "198.51.100.7" }] }));
        }
        let mark = json!({ "kind": "ipv4", "value": "198.51.100.7", "role": "attacker", "note": "C2" });
        let said = desk.does("ben", a, "mark_observable", mark.clone());
        assert_eq!(said, "marked ipv4 198.51.100.7 as the attacker's | C2");
        assert_eq!(desk.does("ben", a, "mark_observable", mark), "");
        let role = |n| desk.ticket(n).observables.values().next().map(|o| (o.role, o.note.as_str()));
        assert_eq!(role(a), Some((Role::Attacker, "C2")));
        assert_eq!(role(b), Some((Role::Unknown, "")));
    }

    #[test]
    fn when_a_mark_is_refused() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let mark = json!({ "kind": "ipv4", "value": "198.51.100.7", "role": "victim" });
        assert_eq!(desk.refused("ben", n, "mark_observable", mark.clone()), "missing");
        desk.does("ben", n, "observe", json!({ "text": "198.51.100.7" }));
        assert_eq!(desk.refused("rita", n, "mark_observable", mark), "forbidden");
        let nothing = json!({ "kind": "ipv4", "value": "198.51.100.7" });
        assert_eq!(desk.refused("ben", n, "mark_observable", nothing), "invalid.role");
    }
}
