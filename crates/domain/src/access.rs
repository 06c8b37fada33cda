//! Who may do what: THE role × action table, and the one question asked of it about each ticket.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

use crate::Refusal;
use crate::actor::Actor;
use crate::id::{PersonId, TeamId};
use crate::ticket::Ticket;
use crate::words::Tlp;

/// What a person is in Midwatch.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Opens tickets and follows their own.
    Reporter,
    /// Reads everything, changes nothing.
    Auditor,
    /// Works tickets.
    Analyst,
    /// Works tickets, releases owners, writes templates, approves procedures.
    Lead,
    /// All that a lead may, and people, teams and the organisation.
    Administrator,
}

impl Role {
    /// Every role.
    pub const ALL: &'static [Role] = &[
        Role::Reporter,
        Role::Auditor,
        Role::Analyst,
        Role::Lead,
        Role::Administrator,
    ];

    /// As stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Reporter => "reporter",
            Role::Auditor => "auditor",
            Role::Analyst => "analyst",
            Role::Lead => "lead",
            Role::Administrator => "administrator",
        }
    }

    /// As people read it.
    pub fn label(self) -> &'static str {
        match self {
            Role::Reporter => "Reporter",
            Role::Auditor => "Auditor",
            Role::Analyst => "Analyst",
            Role::Lead => "Lead",
            Role::Administrator => "Administrator",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        Role::ALL
            .iter()
            .copied()
            .find(|r| r.as_str() == text)
            .ok_or_else(|| {
                Refusal::invalid(
                    "role",
                    "Expected one of: reporter, auditor, analyst, lead, administrator.",
                )
            })
    }
}

/// Something that can be allowed or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// See tickets and their timeline, evidence and tasks.
    ReadTickets,
    /// Open a ticket.
    OpenTickets,
    /// Add a note, attach evidence or watch.
    NoteTickets,
    /// Acknowledge, take, hand off, classify, tasks, phases, close, link, merge …
    WorkTickets,
    /// Release an owner, restrict and lift restrictions.
    LeadTickets,
    /// See people, teams, templates and procedures.
    ReadDesk,
    /// Write templates and draft procedures.
    EditTemplates,
    /// Approve procedures.
    ApproveProcedures,
    /// Confirm having read a procedure.
    ReadProcedures,
    /// Write escalation policies, schedules, calendars and targets.
    PlanWatch,
    /// People, teams, the organisation, other people's tokens and sessions.
    ManagePeople,
    /// Channels that messages go out by.
    ManageChannels,
    /// Feeds of indicators, and what is imported.
    ManageFeeds,
    /// Keep the inventory of assets.
    ManageAssets,
    /// Decide on alerts: open a ticket, attach, suppress, snooze.
    TriageAlerts,
    /// Sources of alerts, and the rules that judge them.
    ManageAlerts,
    /// Browse and verify the record.
    ReadRecord,
    /// Keep views of one's own.
    KeepViews,
    /// Share views with everybody.
    ShareViews,
    /// One's own password, second factor, sessions and tokens.
    ManageSelf,
}

impl Action {
    /// Every action.
    pub const ALL: &'static [Action] = &[
        Action::ReadTickets,
        Action::OpenTickets,
        Action::NoteTickets,
        Action::WorkTickets,
        Action::LeadTickets,
        Action::ReadDesk,
        Action::EditTemplates,
        Action::ApproveProcedures,
        Action::ReadProcedures,
        Action::PlanWatch,
        Action::ManagePeople,
        Action::ManageChannels,
        Action::ManageFeeds,
        Action::ManageAssets,
        Action::TriageAlerts,
        Action::ManageAlerts,
        Action::ReadRecord,
        Action::KeepViews,
        Action::ShareViews,
        Action::ManageSelf,
    ];
}

/// How far an allowed action reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Not at all.
    None,
    /// Tickets that the person reported or watches.
    Own,
    /// Everything that is not restricted to others.
    All,
}

/// THE table. Everything not listed is denied.
pub fn reach(role: Role, action: Action) -> Reach {
    use Action as A;
    use Reach::{All, None, Own};
    use Role as R;
    match (role, action) {
        (R::Reporter, A::ReadTickets | A::NoteTickets) => Own,
        (R::Reporter, A::OpenTickets | A::ReadProcedures | A::ManageSelf) => All,
        (R::Reporter, _) => None,

        (
            R::Auditor,
            A::ReadTickets
            | A::ReadDesk
            | A::ReadRecord
            | A::KeepViews
            | A::ManageSelf
            | A::ReadProcedures,
        ) => All,
        (R::Auditor, _) => None,

        (
            R::Analyst,
            A::LeadTickets
            | A::EditTemplates
            | A::ApproveProcedures
            | A::PlanWatch
            | A::ManagePeople
            | A::ManageChannels
            | A::ManageFeeds
            | A::ManageAlerts,
        ) => None,
        (R::Analyst, _) => All,

        (R::Lead, A::ManagePeople | A::ManageChannels) => None,
        (R::Lead, _) => All,

        (R::Administrator, _) => All,
    }
}

/// What an API token may be used for; a token never exceeds its person.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
pub enum TokenScope {
    /// Read tickets, people, templates, procedures.
    #[serde(rename = "read")]
    Read,
    /// Open tickets and add notes and evidence.
    #[serde(rename = "open")]
    Open,
    /// Everything that can be done to tickets.
    #[serde(rename = "work")]
    Work,
    /// Templates, procedures, people, teams, channels, views.
    #[serde(rename = "manage")]
    Manage,
    /// Read and verify the record.
    #[serde(rename = "record")]
    Record,
}

impl TokenScope {
    /// Every scope.
    pub const ALL: &'static [TokenScope] = &[
        TokenScope::Read,
        TokenScope::Open,
        TokenScope::Work,
        TokenScope::Manage,
        TokenScope::Record,
    ];

    /// As stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            TokenScope::Read => "read",
            TokenScope::Open => "open",
            TokenScope::Work => "work",
            TokenScope::Manage => "manage",
            TokenScope::Record => "record",
        }
    }

    fn covers(self, action: Action) -> bool {
        use Action as A;
        match self {
            TokenScope::Read => matches!(action, A::ReadTickets | A::ReadDesk),
            TokenScope::Open => matches!(action, A::OpenTickets | A::NoteTickets),
            TokenScope::Work => matches!(
                action,
                A::OpenTickets | A::NoteTickets | A::WorkTickets | A::LeadTickets | A::TriageAlerts
            ),
            TokenScope::Manage => {
                matches!(
                    action,
                    A::EditTemplates
                        | A::ApproveProcedures
                        | A::ReadProcedures
                        | A::PlanWatch
                        | A::ManagePeople
                        | A::ManageChannels
                        | A::ManageFeeds
                        | A::ManageAssets
                        | A::ManageAlerts
                        | A::KeepViews
                        | A::ShareViews
                )
            }
            TokenScope::Record => matches!(action, A::ReadRecord),
        }
    }
}

impl std::str::FromStr for TokenScope {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        TokenScope::ALL
            .iter()
            .copied()
            .find(|s| s.as_str() == text)
            .ok_or_else(|| {
                Refusal::invalid(
                    "scopes",
                    "Expected one or more of: read, open, work, manage, record.",
                )
            })
    }
}

/// Who asks, with everything that decides what they may do. Made anew for each request from current rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// Who is recorded as acting.
    pub actor: Actor,
    /// What the person is; `None` is Midwatch itself, which may do everything.
    pub role: Option<Role>,
    /// Teams the person belongs to.
    pub teams: BTreeSet<TeamId>,
    /// Scopes of the token, if a token is used; a session has them all.
    pub scopes: Option<BTreeSet<TokenScope>>,
}

impl Viewer {
    /// Midwatch itself.
    pub fn system() -> Self {
        Self {
            actor: Actor::System,
            role: None,
            teams: BTreeSet::new(),
            scopes: None,
        }
    }

    /// A person in a session.
    pub fn person(id: PersonId, role: Role, teams: BTreeSet<TeamId>) -> Self {
        Self {
            actor: Actor::Person(id),
            role: Some(role),
            teams,
            scopes: None,
        }
    }

    /// How far `action` reaches for this viewer.
    pub fn reach(&self, action: Action) -> Reach {
        let Some(role) = self.role else {
            return Reach::All;
        };
        match &self.scopes {
            Some(scopes) if !scopes.iter().any(|s| s.covers(action)) => Reach::None,
            _ => reach(role, action),
        }
    }

    /// Refuses when the action is not allowed at all.
    ///
    /// # Errors
    /// Forbidden, in words.
    pub fn may(&self, action: Action) -> Result<(), Refusal> {
        if self.reach(action) == Reach::None {
            Err(self.denied(action))
        } else {
            Ok(())
        }
    }

    /// Whether the viewer may read the ticket.
    pub fn sees(&self, ticket: &Ticket) -> bool {
        self.reaches(Action::ReadTickets, ticket)
    }

    /// Whether the viewer may learn that the ticket exists: a token that may write but not read still meets the
    /// tickets that its person sees.
    pub fn knows(&self, ticket: &Ticket) -> bool {
        let person = Viewer {
            scopes: None,
            ..self.clone()
        };
        person.sees(ticket)
    }

    fn reaches(&self, action: Action, ticket: &Ticket) -> bool {
        let Some(me) = self.actor.person() else {
            return true;
        };
        let own = ticket.reporter == *me || ticket.watchers.contains(me) || ticket.owner == *me;
        let within = match self.reach(action) {
            Reach::None => false,
            Reach::Own => own,
            Reach::All => true,
        };
        let named = ticket.restricted_to.as_ref().is_none_or(|names| {
            names.contains(me)
                || ticket.owner == *me
                || (self.role == Some(Role::Auditor) && action == Action::ReadTickets)
        });
        within && named
    }

    /// Refuses unless the viewer may do `action` to this ticket. A ticket that the person may not see is said not to exist.
    ///
    /// # Errors
    /// Missing if it may not be seen, else forbidden.
    pub fn may_on(&self, action: Action, ticket: &Ticket) -> Result<(), Refusal> {
        if !self.knows(ticket) {
            return Err(Refusal::missing("ticket"));
        }
        if !self.reaches(action, ticket) {
            return Err(self.denied(action));
        }
        Ok(())
    }

    fn denied(&self, action: Action) -> Refusal {
        let who = match (&self.scopes, self.role) {
            (Some(_), Some(role)) if reach(role, action) != Reach::None => {
                "The scopes of this token do".to_owned()
            }
            (_, Some(role)) => format!("The role {} does", role.label().to_lowercase()),
            (_, None) => "This actor does".to_owned(),
        };
        Refusal::forbidden(format!(
            "{who} not allow this. Ask a lead or an administrator."
        ))
    }
}

/// Whether text of a ticket may be sent out. Else only its number and a link are: TLP:AMBER+STRICT and TLP:RED say so, and
/// so does a restriction to named people, whose letters others may read.
pub fn may_leave(ticket: &Ticket) -> bool {
    ticket.tlp <= Tlp::Amber && ticket.restricted_to.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk, id, token, viewer};

    /// The table as a reviewed text: a change of a right is a change of this file.
    #[test]
    fn the_table_is_the_reviewed_one() {
        let mut out = String::from(
            "action               reporter auditor  analyst  lead     administrator\n",
        );
        for action in Action::ALL {
            let name = serde_json::to_string(action).unwrap();
            out += &format!("{:<20}", name.trim_matches('"'));
            for role in Role::ALL {
                out += &format!(
                    " {:<8}",
                    format!("{:?}", reach(*role, *action)).to_lowercase()
                );
            }
            out = out.trim_end().to_owned() + "\n";
        }
        insta::assert_snapshot!(out);
    }

    #[test]
    fn a_token_never_exceeds_its_person_or_its_scopes() {
        for role in Role::ALL {
            for action in Action::ALL {
                for scope in TokenScope::ALL {
                    let id = PersonId::from_bytes([1; 16]);
                    let mut viewer = Viewer::person(id, *role, BTreeSet::new());
                    viewer.scopes = Some([*scope].into());
                    assert!(viewer.reach(*action) <= reach(*role, *action));
                    assert!(scope.covers(*action) || viewer.reach(*action) == Reach::None);
                }
            }
        }
    }

    #[test]
    fn an_auditor_changes_nothing() {
        for action in [
            Action::OpenTickets,
            Action::NoteTickets,
            Action::WorkTickets,
            Action::LeadTickets,
            Action::EditTemplates,
            Action::ManagePeople,
        ] {
            assert_eq!(reach(Role::Auditor, action), Reach::None);
        }
    }

    /// Whether each person of the cast sees a ticket of Rita's, and the same ticket restricted to Cleo.
    #[test]
    fn who_sees_what() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let seen = |desk: &Desk| -> Vec<&str> {
            let cast = crate::testing::CAST.iter().map(|(name, ..)| *name);
            let sees = |name: &&str| viewer(&desk.directory, name).sees(desk.ticket(n));
            cast.filter(sees).collect()
        };
        // Accounts that are not active have no viewer: they cannot sign in.
        assert_eq!(
            seen(&desk),
            [
                "ada", "lena", "ben", "cleo", "dan", "rita", "otto", "gone", "ivan"
            ]
        );
        let only = serde_json::json!({ "people": [id("cleo")], "reason": "Quiet." });
        desk.does("lena", n, "restrict", only);
        assert_eq!(seen(&desk), ["lena", "ben", "cleo", "otto"]);
        let other = desk.open("ben");
        assert!(!viewer(&desk.directory, "rita").sees(desk.ticket(other)));
    }

    #[test]
    fn a_token_that_may_not_read_sees_nothing_but_can_write() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let open = token(&desk.directory, "cleo", &[TokenScope::Open]);
        assert!(!open.sees(desk.ticket(n)) && open.knows(desk.ticket(n)));
        let note = serde_json::json!({ "text": "Seen again." });
        assert!(desk.request(&open, n, "note", note.clone()).is_ok());
        let take = desk.request(&open, n, "take", serde_json::json!({}));
        assert_eq!(take.unwrap_err().code, "forbidden");
        let read = token(&desk.directory, "cleo", &[TokenScope::Read]);
        assert!(read.sees(desk.ticket(n)));
        let refusal = desk.request(&read, n, "note", note.clone()).unwrap_err();
        assert!(
            refusal.message.contains("scopes of this token"),
            "{refusal}"
        );
        let only = serde_json::json!({ "people": [], "reason": "Quiet." });
        desk.does("lena", n, "restrict", only);
        assert!(!open.knows(desk.ticket(n)));
        assert_eq!(
            desk.request(&open, n, "note", note).unwrap_err().code,
            "missing"
        );
    }
}
