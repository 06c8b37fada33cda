//! People, teams and the organisation: who can be responsible, and who is when nobody else is.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

use crate::Refusal;
use crate::access::Role;
use crate::id::{PersonId, PolicyId, ScheduleId, TeamId};
use crate::observable;
use crate::refusal::{optional_text, required_line};
use crate::words::{Criticality, Severity};

/// Whether an account can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// Invited; has not set a password yet.
    Invited,
    /// In use.
    Active,
    /// Switched off; sessions and tokens are dead.
    Disabled,
}

/// A person with an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The id, `per_…`.
    #[schema(value_type = String)]
    pub id: PersonId,
    /// Name as shown.
    pub name: String,
    /// Mail address; also the login name. Unique, lower case.
    pub email: String,
    /// What the person may do.
    pub role: Role,
    /// Whether the account can be used.
    pub state: AccountState,
}

impl Person {
    /// Checks and cleans the texts.
    ///
    /// # Errors
    /// A refusal naming the field.
    pub fn validate(mut self) -> Result<Self, Refusal> {
        self.name = required_line("name", &self.name, 100)?;
        self.email = required_line("email", &self.email, 254)?.to_lowercase();
        let ok = self
            .email
            .split_once('@')
            .is_some_and(|(l, d)| !l.is_empty() && !d.is_empty() && !d.contains('@'));
        if !ok || self.email.contains(char::is_whitespace) {
            return Err(Refusal::invalid(
                "email",
                "A mail address looks like name@example.org.",
            ));
        }
        Ok(self)
    }

    /// Whether the person can be made responsible for tickets.
    pub fn can_own(&self) -> bool {
        self.state == AccountState::Active
            && matches!(self.role, Role::Administrator | Role::Lead | Role::Analyst)
    }

    /// One or two letters that stand for the name.
    pub fn initials(&self) -> String {
        let mut words = self
            .name
            .split_whitespace()
            .filter_map(|w| w.chars().next());
        let first = words.next();
        let last = words.next_back();
        first
            .into_iter()
            .chain(last)
            .flat_map(char::to_uppercase)
            .collect()
    }
}

/// A team that tickets are routed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// The id, `team_…`.
    #[schema(value_type = String)]
    pub id: TeamId,
    /// Name as shown.
    pub name: String,
    /// Who belongs to it.
    #[schema(value_type = Vec<String>)]
    pub members: BTreeSet<PersonId>,
    /// Who leads it and answers when nobody is on duty.
    #[schema(value_type = Option<String>)]
    pub lead: Option<PersonId>,
    /// Who has the watch now, set by hand; does not count while the team has a schedule.
    #[schema(value_type = Option<String>)]
    pub on_duty: Option<PersonId>,
    /// The on-call schedule by which the watch goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub schedule: Option<ScheduleId>,
    /// New tickets go here unless another team is named. Exactly one team has this.
    #[serde(default)]
    pub default: bool,
    /// The escalation policy of its tickets; none: the organisation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub policy: Option<PolicyId>,
    /// Other policies for some severities.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub policies: BTreeMap<Severity, PolicyId>,
}

impl Team {
    /// Checks and cleans the texts.
    ///
    /// # Errors
    /// A refusal naming the field.
    pub fn validate(mut self) -> Result<Self, Refusal> {
        self.name = required_line("name", &self.name, 100)?;
        Ok(self)
    }
}

/// The organisation: its name and the person who is responsible when nobody else is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// Name as shown and printed.
    pub name: String,
    /// Responsible when a team has nobody on duty and no lead. Must exist and be able to own tickets.
    #[schema(value_type = String)]
    pub last_resort: PersonId,
    /// IANA time zone in which days and hours are shown, such as `Europe/Berlin`.
    pub time_zone: String,
    /// The escalation policy of teams without one of their own; none: the one that ships for the severity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub policy: Option<PolicyId>,
    /// Its own domains: hosts and addresses under them are assets, not indicators.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own_domains: Vec<String>,
    /// Its own addresses and networks, such as `198.51.100.0/24`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own_ranges: Vec<String>,
    /// How bad a ticket is at least when an asset of this criticality is found in it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub severity_by_criticality: BTreeMap<Criticality, Severity>,
}

/// Most domains, and most ranges, that an organisation calls its own.
const MOST_OWN: usize = 1000;

impl Organisation {
    /// Checks and cleans the texts; the time zone must be known.
    ///
    /// # Errors
    /// A refusal naming the field.
    pub fn validate(mut self) -> Result<Self, Refusal> {
        self.name = required_line("name", &self.name, 100)?;
        self.time_zone = optional_text("time_zone", &self.time_zone, 64)?;
        if jiff::tz::TimeZone::get(&self.time_zone).is_err() {
            return Err(Refusal::invalid(
                "time_zone",
                "Expected an IANA time zone such as Europe/Berlin or UTC.",
            ));
        }
        self.own_domains = own("own_domains", &self.own_domains, observable::check_domain)?;
        self.own_ranges = own("own_ranges", &self.own_ranges, observable::check_range)?;
        Ok(self)
    }
}

/// Checks what an organisation calls its own; each once, in order.
fn own(
    field: &str,
    given: &[String],
    check: fn(&str) -> Result<String, Refusal>,
) -> Result<Vec<String>, Refusal> {
    if given.len() > MOST_OWN {
        let says = format!("At most {MOST_OWN}; these are {}.", given.len());
        return Err(Refusal::invalid(field, says));
    }
    let given = given.iter().filter(|g| !g.trim().is_empty());
    let checked: BTreeSet<String> = given.map(|g| check(g)).collect::<Result<_, _>>()?;
    Ok(checked.into_iter().collect())
}
