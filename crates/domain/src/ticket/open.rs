//! A ticket comes into being: from a template or blank, with an owner from the first moment.

use super::*;
use crate::observable::Source;
use crate::refusal::{optional_text, required_line};
use crate::template::FieldKind;

/// Open a ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Open {
    /// One line: what was seen.
    pub title: String,
    /// What was seen, as written or pasted; at most 200,000 characters. Longer material is evidence.
    #[serde(default)]
    pub description: String,
    /// Key of a template.
    #[serde(default)]
    pub template: Option<String>,
    /// `class/type` of the taxonomy; else the template's, else `other/undetermined`.
    #[serde(default)]
    pub kind: Option<String>,
    /// How bad; else by the template's rules, else medium.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// Who may be told; else the template's, else AMBER.
    #[serde(default)]
    pub tlp: Option<Tlp>,
    /// What may be done; else the template's, else AMBER.
    #[serde(default)]
    pub pap: Option<Pap>,
    /// Tags beside the template's.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub tags: BTreeSet<String>,
    /// Values of the template's fields.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub fields: Values,
    /// The team it is routed to; else the default team.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub team: Option<TeamId>,
    /// When it was seen first; else now.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub discovered_at: Option<Moment>,
    /// Exactly these observables; else those that the title, the description and text fields hold.
    #[serde(default)]
    pub observables: Option<Vec<NewObservable>>,
}

/// Entry: a ticket was opened, with everything it began with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// Its number.
    pub number: TicketNo,
    /// One line.
    pub title: String,
    /// What was seen.
    pub description: String,
    /// `class/type`.
    pub kind: String,
    /// How bad.
    pub severity: Severity,
    /// Why.
    pub severity_because: String,
    /// Who may be told.
    pub tlp: Tlp,
    /// What may be done.
    pub pap: Pap,
    /// Tags.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
    /// The template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Bound>,
    /// The procedure in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub procedure: Option<Bound>,
    /// Values of the template's fields.
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub fields: Values,
    /// Who reported it.
    pub reporter: PersonId,
    /// Who is responsible from the first moment.
    pub owner: PersonId,
    /// By which rule.
    pub owner_because: String,
    /// The team.
    pub team: TeamId,
    /// When it was seen first.
    pub discovered_at: Moment,
    /// Through which door it came.
    pub origin: Origin,
    /// Tasks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<Task>,
    /// The ticket it was split off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_from: Option<TicketNo>,
    /// Restriction taken over from the ticket it was split off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restricted_to: Option<BTreeSet<PersonId>>,
}

impl Open {
    /// Judges the command.
    ///
    /// # Errors
    /// A refusal naming the field; nothing changes.
    pub fn decide(&self, origin: Origin, facts: &Facts<'_>) -> Decision {
        self.decide_for(None, origin, facts)
    }

    /// Judges the command of Midwatch itself to open a ticket for a person whose turn it is.
    ///
    /// # Errors
    /// A refusal naming the field; nothing changes.
    pub fn decide_for(
        &self,
        whose_turn: Option<PersonId>,
        origin: Origin,
        facts: &Facts<'_>,
    ) -> Decision {
        facts.viewer.may(Action::OpenTickets)?;
        let d = facts.directory;
        let team = match &self.team {
            Some(id) => d
                .teams
                .get(id)
                .ok_or_else(|| Refusal::invalid("team", "There is no such team."))?,
            None => d.default_team().ok_or_else(|| {
                Refusal::conflict(
                    "desk.no_team",
                    "There is no team yet. An administrator must make one.",
                )
            })?,
        };
        let (owner, because) = match whose_turn {
            Some(person) => {
                facts.can_own("owner", &person)?;
                (person, "whose turn it is")
            }
            None => facts.watch(team, None)?,
        };
        // What Midwatch opens by itself is reported by the person it makes responsible.
        let reporter = facts.viewer.actor.person().unwrap_or(&owner).clone();
        let template = match &self.template {
            None => None,
            Some(key) => Some(d.template(key).ok_or_else(|| {
                Refusal::invalid("template", "There is no such template, or it is retired.")
            })?),
        };
        let fields = match template {
            Some(t) => t.check(&self.fields)?,
            None if self.fields.is_empty() => Values::new(),
            None => return Err(Refusal::invalid("fields", "Fields need a template.")),
        };
        if let Some(lacking) = template.and_then(|t| t.lacking(&fields, false).next()) {
            // A reporter answers three questions, a pipe and an alert answer none; what the template asks is then for the
            // owner to find out, before closing at the latest.
            if !matches!(origin, Origin::Report | Origin::Cli | Origin::Alert) {
                return Err(Refusal::invalid(
                    format!("fields.{}", lacking.key),
                    format!("The template requires “{}”.", lacking.label),
                ));
            }
        }
        let (severity, severity_because) = match (self.severity, template) {
            (Some(s), _) => (s, "Chosen when the ticket was opened.".to_owned()),
            (None, Some(t)) => t.severity(&fields),
            (None, None) => (Severity::Medium, "Default.".to_owned()),
        };
        let kind = self
            .kind
            .clone()
            .or_else(|| template.map(|t| t.kind.clone()))
            .unwrap_or_else(|| "other/undetermined".to_owned());
        check_kind(&kind)?;
        let procedure = template.and_then(|t| t.procedure.as_ref()).and_then(|key| {
            let version = crate::procedure::in_force(d.procedures.get(key)?, facts.now)?.version;
            Some(Bound {
                key: key.clone(),
                version,
            })
        });
        let task = |(i, def): (usize, &crate::template::TaskDef)| Task {
            id: TaskId::from_bytes(facts.ids.next()),
            phase: def.phase,
            title: def.title.clone(),
            mandatory: def.mandatory,
            from_template: Some(i),
            assignee: None,
            state: TaskState::Open,
        };
        let opened = Opened {
            number: facts.next_number,
            title: required_line("title", &self.title, 200)?,
            description: optional_text("description", &self.description, 200_000)?,
            kind,
            severity,
            severity_because,
            tlp: self.tlp.or(template.map(|t| t.tlp)).unwrap_or(Tlp::Amber),
            pap: self.pap.or(template.map(|t| t.pap)).unwrap_or(Pap::Amber),
            tags: crate::template::tags(
                self.tags
                    .iter()
                    .chain(template.iter().flat_map(|t| &t.tags)),
            )?,
            template: template.map(|t| Bound {
                key: t.key.clone(),
                version: t.version,
            }),
            procedure,
            fields,
            reporter,
            owner,
            owner_because: because.to_owned(),
            team: team.id.clone(),
            discovered_at: facts.past("discovered_at", self.discovered_at)?,
            origin,
            tasks: template
                .iter()
                .flat_map(|t| &t.tasks)
                .enumerate()
                .map(task)
                .collect(),
            split_from: None,
            restricted_to: None,
        };
        let number = facts.next_number;
        let chosen = self.observables.as_ref();
        let (source, none) = (Source::Opening, BTreeMap::new());
        let text = opened.text(template);
        let seen = observe::beside(number, &text, chosen, &source, &none, facts)?;
        let opened = TicketEntry::from(opened).about(number);
        Ok([Some(opened), seen].into_iter().flatten().collect())
    }
}

impl Opened {
    /// What its writer wrote: the title, the description and the fields that take text.
    fn text(&self, template: Option<&Template>) -> String {
        let mut parts = vec![self.title.as_str(), self.description.as_str()];
        for field in template.iter().flat_map(|t| &t.fields) {
            if let (true, Some(Value::String(text))) = (
                matches!(field.kind, FieldKind::Text | FieldKind::LongText),
                self.fields.get(&field.key),
            ) {
                parts.push(text);
            }
        }
        parts.join("\n")
    }

    /// What a ticket split off `from` begins with. Its owner is the owner of `from`, unless that person is gone: nobody
    /// else has accepted anything.
    pub(super) fn split_off(
        from: &Ticket,
        facts: &Facts<'_>,
        number: TicketNo,
        title: String,
        reason: String,
    ) -> Result<Self, Refusal> {
        let (owner, because) = facts.successor(from)?;
        let mut restricted_to = from.restricted_to.clone();
        if let Some(names) = &mut restricted_to {
            names.insert(owner.clone());
        }
        Ok(Self {
            number,
            title,
            description: reason,
            kind: from.kind.clone(),
            severity: from.severity,
            severity_because: format!("As {}.", from.number),
            tlp: from.tlp,
            pap: from.pap,
            tags: from.tags.clone(),
            template: None,
            procedure: from.procedure.clone(),
            fields: Values::new(),
            reporter: facts
                .viewer
                .actor
                .person()
                .unwrap_or(&from.reporter)
                .clone(),
            owner,
            owner_because: format!("split off {}; {because}", from.number),
            team: from.team.clone(),
            discovered_at: from.discovered_at,
            origin: from.origin,
            tasks: Vec::new(),
            split_from: Some(from.number),
            restricted_to,
        })
    }

    /// The ticket that begins with this entry.
    pub(super) fn ticket(&self, at: &At<'_>) -> Ticket {
        let o = self.clone();
        Ticket {
            number: o.number,
            version: 1,
            title: o.title,
            description: o.description,
            kind: o.kind,
            severity: o.severity,
            severity_because: o.severity_because,
            tlp: o.tlp,
            pap: o.pap,
            tags: o.tags,
            template: o.template,
            procedure: o.procedure,
            fields: o.fields,
            reporter: o.reporter,
            owner: o.owner,
            owner_since: at.recorded_at,
            owner_because: o.owner_because,
            team: o.team,
            acknowledged: None,
            first_acknowledged_at: None,
            offer: None,
            escalation: Escalation::begin(at.recorded_at),
            snooze: None,
            active_at: at.recorded_at,
            reminded_at: None,
            first_action_at: None,
            round: 1,
            round_at: at.recorded_at,
            round_acknowledged_at: None,
            pauses: Vec::new(),
            marks: BTreeMap::new(),
            declarations: Vec::new(),
            phase: Phase::Detection,
            intervals: vec![Interval {
                phase: Phase::Detection,
                entered_at: at.recorded_at,
                left_at: None,
                reason: String::new(),
            }],
            outcome: None,
            summary: String::new(),
            lessons: String::new(),
            discovered_at: o.discovered_at,
            opened_at: at.recorded_at,
            updated_at: at.recorded_at,
            closed_at: None,
            origin: o.origin,
            tasks: o.tasks,
            evidence: Vec::new(),
            links: o
                .split_from
                .map(|n| (n, Relation::SplitFrom))
                .into_iter()
                .collect(),
            restricted_to: o.restricted_to,
            watchers: BTreeSet::new(),
            notes: BTreeMap::new(),
            observables: BTreeMap::new(),
            assets: BTreeMap::new(),
            alerts: 0,
        }
    }
}

impl Opened {
    /// Kind in the record.
    pub const KIND: &'static str = "opened";
    /// Version of the payload.
    pub const VERSION: i64 = 1;

    /// The sentence shown in the timeline.
    pub fn say(&self, d: &Directory) -> Sentence {
        let from = self
            .split_from
            .map(|n| format!(", split off {n}"))
            .unwrap_or_default();
        let text = format!(
            "opened the ticket {}{from}; {} is responsible ({})",
            Directory::origin_words(self.origin),
            d.name(&self.owner),
            self.owner_because
        );
        Sentence::new(text).with(self.description.clone())
    }
}

impl From<Opened> for TicketEntry {
    fn from(e: Opened) -> Self {
        TicketEntry::Opened(e)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Desk, id, team, viewer};
    use serde_json::json;

    fn open(desk: &mut Desk, who: &str, origin: Origin, body: Value) -> Result<TicketNo, Refusal> {
        let by = viewer(&desk.directory, who);
        desk.try_open(&by, origin, body)
    }

    fn refused(desk: &mut Desk, who: &str, body: Value) -> String {
        open(desk, who, Origin::Web, body).unwrap_err().code
    }

    #[test]
    fn a_blank_ticket_has_an_owner_from_the_first_moment() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let t = desk.ticket(n);
        assert_eq!(
            (&t.reporter, &t.owner, t.owner_because.as_str()),
            (&id("rita"), &id("ben"), "on duty")
        );
        assert_eq!(
            (t.number, t.version, t.phase, &t.acknowledged),
            (TicketNo(1), 1, Phase::Detection, &None)
        );
        assert_eq!(
            (t.severity, t.tlp, t.pap, t.kind.as_str()),
            (
                Severity::Medium,
                Tlp::Amber,
                Pap::Amber,
                "other/undetermined"
            )
        );
        let entry = TicketEntry::parse("opened", 1, desk.record[0].payload()).unwrap();
        let said = entry.say(&desk.directory);
        assert_eq!(
            said.text,
            "opened the ticket on a page; Ben Castillo is responsible (on duty)"
        );
        assert_eq!(said.body.as_deref(), Some("Seen in the log."));
    }

    #[test]
    fn a_template_gives_tasks_severity_tags_and_the_procedure_in_force() {
        let mut desk = Desk::new();
        let fields = json!({ "sender": "a@evil.example", "credentials_entered": "yes", "target": "One person" });
        let body = json!({ "title": "Invoice mail", "template": "phishing", "fields": fields, "tags": ["Invoice"] });
        let n = open(&mut desk, "ben", Origin::Cli, body).unwrap();
        let t = desk.ticket(n);
        assert_eq!(t.severity, Severity::High);
        assert!(t.severity_because.contains("Credentials were entered"));
        assert_eq!(t.tags, ["invoice", "mail"].map(String::from).into());
        assert_eq!(
            t.procedure,
            Some(Bound {
                key: "phishing_response".into(),
                version: 1
            })
        );
        assert!(t.tasks.len() > 10 && t.tasks.iter().all(Task::is_open));
        assert!(t.bound_template(&desk.directory).is_some());
    }

    #[test]
    fn a_procedure_that_is_not_in_force_is_not_bound() {
        let mut desk = Desk::new();
        desk.directory
            .procedures
            .get_mut("phishing_response")
            .unwrap()[0]
            .approval = None;
        let body = json!({ "title": "Invoice mail", "template": "phishing" });
        let n = open(&mut desk, "rita", Origin::Report, body).unwrap();
        assert_eq!(desk.ticket(n).procedure, None);
    }

    #[test]
    fn a_team_without_a_watch_falls_to_the_last_resort() {
        let mut desk = Desk::new();
        let n = open(
            &mut desk,
            "ben",
            Origin::Api,
            json!({ "title": "x", "team": team("cloud") }),
        )
        .unwrap();
        assert_eq!(desk.ticket(n).owner, id("ada"));
        desk.directory.teams.get_mut(&team("soc")).unwrap().on_duty = None;
        let n = desk.open("rita");
        assert_eq!(desk.ticket(n).owner, id("lena"));
        let n = open(
            &mut desk,
            "system",
            Origin::System,
            json!({ "title": "Review due" }),
        )
        .unwrap();
        assert_eq!(
            (&desk.ticket(n).reporter, desk.ticket(n).origin),
            (&id("lena"), Origin::System)
        );
    }

    #[test]
    fn only_the_report_form_may_leave_the_template_to_the_owner() {
        let mut desk = Desk::new();
        let body = json!({ "title": "x", "template": "phishing" });
        assert_eq!(
            refused(&mut desk, "rita", body.clone()),
            "invalid.fields.sender"
        );
        open(&mut desk, "rita", Origin::Report, body).unwrap();
    }

    #[test]
    fn when_opening_is_refused() {
        let mut desk = Desk::new();
        let with = |more: Value| {
            let mut body = json!({ "title": "x" });
            body.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            body
        };
        for (more, code) in [
            (json!({ "title": " " }), "invalid.title"),
            (json!({ "title": "x".repeat(201) }), "invalid.title"),
            (
                json!({ "description": "x".repeat(200_001) }),
                "invalid.description",
            ),
            (json!({ "team": team("nobody") }), "invalid.team"),
            (json!({ "template": "magic" }), "invalid.template"),
            (json!({ "fields": { "a": "b" } }), "invalid.fields"),
            (
                json!({ "template": "phishing", "fields": { "a": "b" } }),
                "invalid.fields.a",
            ),
            (json!({ "kind": "fraud" }), "invalid.kind"),
            (json!({ "tags": ["a b"] }), "invalid.tags"),
            (
                json!({ "discovered_at": "2036-01-01T00:00:00Z" }),
                "invalid.discovered_at",
            ),
        ] {
            assert_eq!(
                refused(&mut desk, "ben", with(more.clone())),
                code,
                "{more}"
            );
        }
        assert_eq!(refused(&mut desk, "otto", with(json!({}))), "forbidden");
        desk.directory.organisation = None;
        assert_eq!(
            refused(&mut desk, "ben", with(json!({ "team": team("cloud") }))),
            "desk.not_set_up"
        );
        desk.directory.teams.clear();
        assert_eq!(refused(&mut desk, "ben", with(json!({}))), "desk.no_team");
        assert!(desk.tickets.is_empty());
    }

    #[test]
    fn nobody_sets_what_midwatch_sets() {
        for key in [
            "owner",
            "number",
            "reporter",
            "recorded_at",
            "sha256",
            "restricted_to",
            "version",
        ] {
            let body = json!({ "title": "x", key: "y" });
            let error = serde_json::from_value::<Open>(body)
                .unwrap_err()
                .to_string();
            assert!(error.contains(&format!("unknown field `{key}`")), "{error}");
        }
    }
}
