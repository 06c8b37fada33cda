//! The ticket: its state, and the list of its verbs. What each verb means stands in the verb's own file.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

use crate::Refusal;
use crate::access::Action;
use crate::actor::Actor;
use crate::directory::Directory;
use crate::facts::Facts;
use crate::id::{AssetId, EvidenceId, NoteId, PersonId, TaskId, TeamId, TicketNo};
use crate::moment::Moment;
use crate::observable::{Observable, ObservableKey};
use crate::regulation::{Declaration, Filing, Withdrawal};
use crate::template::{Template, Values};
use crate::words::{Origin, Outcome, Pap, Phase, Severity, Tlp};

#[macro_use]
mod verb;
pub use verb::{At, Decision, Effect, Planned, Sentence, Verb, read};

verbs! {
    acknowledge: Acknowledge => Acknowledged, AcknowledgementReminded, AcknowledgementExpired;
    escalate: Escalate => EscalationDemanded, Escalated;
    answer_page: AnswerPage => PageAnswered;
    report_failure: ReportFailure => PageFailed;
    snooze: Snooze => Snoozed, SnoozeEnded;
    end_snooze: EndSnooze => SnoozeCut;
    take: Take => Taken;
    offer_handoff: OfferHandoff => HandoffOffered, HandoffExpired;
    accept_handoff: AcceptHandoff => HandoffAccepted;
    decline_handoff: DeclineHandoff => HandoffDeclined;
    withdraw_handoff: WithdrawHandoff => HandoffWithdrawn;
    release: Release => Released;
    move_phase: MovePhase => PhaseMoved;
    close: Close => Closed;
    reopen: Reopen => Reopened;
    classify: Classify => Classified;
    retitle: Retitle => Retitled;
    set_fields: SetFields => FieldsSet;
    note: AddNote => Noted;
    correct_note: CorrectNote => NoteCorrected;
    add_task: AddTask => TaskAdded;
    assign_task: AssignTask => TaskAssigned;
    finish_task: FinishTask => TaskFinished;
    skip_task: SkipTask => TaskSkipped;
    attach: Attach => EvidenceAttached;
    hand_out_evidence: HandOutEvidence => EvidenceHandedOut;
    verify_evidence: VerifyEvidence => EvidenceVerified;
    link: Link => Linked;
    unlink: Unlink => Unlinked;
    merge: Merge => Merged, Absorbed, Parted;
    split: Split => SplitOff;
    restrict: Restrict => Restricted;
    unrestrict: Unrestrict => Unrestricted;
    watch: Watch => Watched;
    unwatch: Unwatch => Unwatched;
    pause_clocks: PauseClocks => ClocksPaused;
    resume_clocks: ResumeClocks => ClocksResumed, ClockWarned, ClockBreached;
    declare: Declare => Declared;
    withdraw_declaration: WithdrawDeclaration => DeclarationWithdrawn;
    file_report: FileReport => ReportFiled, DeadlineWarned, DeadlineMissed;
    observe: Observe => Observed;
    drop_observable: DropObservable => ObservableDropped;
    mark_observable: MarkObservable => ObservableMarked;
    confirm_indicator: ConfirmIndicator => IndicatorConfirmed;
    revoke_indicator: RevokeIndicator => IndicatorRevoked;
    report_hit: ReportHit => IndicatorHit;
    enrich: Enrich => AssetsFound;
    attach_alerts: AttachAlerts => AlertsAttached;
    detach_alerts: DetachAlerts => AlertsDetached;
    revise_alert: ReviseAlert => AlertRevised;
}

pub mod brief;
mod clocks;
mod custody;
mod escalation;
pub mod open;
mod relation;
mod task;
pub use attach_alerts::NamedAlert;
pub use clocks::{Mark, Pause};
pub use custody::{Custody, CustodyEvent, Evidence};
pub use enrich::{AssetOf, FoundAsset};
pub use escalation::{Answer, Cause, Escalation, Page, Quiet, Wants, acts};
pub use observe::{NewObservable, Seen};
pub use open::{Open, Opened};
pub use relation::Relation;
pub use task::{Task, TaskState};

/// A key and version that a ticket is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bound {
    /// Key of the template or procedure.
    pub key: String,
    /// The version in force when the ticket was opened.
    pub version: i64,
}

/// The owner has said that they have seen it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Acknowledgement {
    /// Who.
    #[schema(value_type = String)]
    pub by: PersonId,
    /// When.
    #[schema(value_type = String)]
    pub at: Moment,
}

/// What the receiver of a handoff needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Brief {
    /// What is going on.
    pub situation: String,
    /// What was done so far.
    pub done: String,
    /// What is open.
    pub open: String,
    /// What to do next.
    pub next_steps: String,
}

/// A handoff that waits for an answer. The giver stays responsible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Offer {
    /// Who gives.
    #[schema(value_type = String)]
    pub from: PersonId,
    /// Who is asked.
    #[schema(value_type = String)]
    pub to: PersonId,
    /// The brief.
    pub brief: Brief,
    /// When it was offered.
    #[schema(value_type = String)]
    pub at: Moment,
    /// When it goes back to the giver unless it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub expires_at: Option<Moment>,
    /// Who offered it in the giver's place, if somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub by: Option<PersonId>,
}

/// A stay in a phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Interval {
    /// The phase.
    pub phase: Phase,
    /// When it was entered.
    #[schema(value_type = String)]
    pub entered_at: Moment,
    /// When it was left.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>)]
    pub left_at: Option<Moment>,
    /// Why it was entered, if said.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub reason: String,
}

/// The incident record. Folded from its entries; the timeline itself is read from the record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Ticket {
    /// Shown as `MW-1042`.
    #[schema(value_type = String)]
    pub number: TicketNo,
    /// How many entries it has; grows with each. Used as entity tag.
    pub version: i64,
    /// One line.
    pub title: String,
    /// What was seen, as first written or pasted.
    pub description: String,
    /// Class and type of the Reference Security Incident Taxonomy, `class/type`.
    pub kind: String,
    /// How bad.
    pub severity: Severity,
    /// Why it has this severity.
    pub severity_because: String,
    /// Who may be told.
    pub tlp: Tlp,
    /// What may be done.
    pub pap: Pap,
    /// Tags.
    pub tags: BTreeSet<String>,
    /// The template it was opened from.
    pub template: Option<Bound>,
    /// The procedure that was in force.
    pub procedure: Option<Bound>,
    /// Values of the template's fields.
    #[schema(value_type = Object)]
    pub fields: Values,
    /// Who reported it.
    #[schema(value_type = String)]
    pub reporter: PersonId,
    /// Who is responsible. Always somebody.
    #[schema(value_type = String)]
    pub owner: PersonId,
    /// Since when.
    #[schema(value_type = String)]
    pub owner_since: Moment,
    /// How the owner became responsible.
    pub owner_because: String,
    /// The team it is routed to.
    #[schema(value_type = String)]
    pub team: TeamId,
    /// The owner's acknowledgement.
    pub acknowledged: Option<Acknowledgement>,
    /// The first acknowledgement by anybody, for measuring.
    #[schema(value_type = Option<String>)]
    pub first_acknowledged_at: Option<Moment>,
    /// A handoff waiting for an answer.
    pub offer: Option<Offer>,
    /// Who was paged and who is next.
    pub escalation: Escalation,
    /// Pages wait until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snooze: Option<Quiet>,
    /// The last time the owner did something to it.
    #[schema(value_type = String)]
    pub active_at: Moment,
    /// When the owner was reminded, if they have done nothing since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reminded_at: Option<Moment>,
    /// The first thing done about it in this round: not seeing it, but a note, a task, evidence, a phase.
    #[schema(value_type = Option<String>)]
    pub first_action_at: Option<Moment>,
    /// How often it was opened: 1, and one more each time it is reopened.
    pub round: i64,
    /// When this round began.
    #[schema(value_type = String)]
    pub round_at: Moment,
    /// The first acknowledgement of this round.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub round_acknowledged_at: Option<Moment>,
    /// When its clocks stood still, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Pause>,
    /// What was said about its clocks and deadlines, by their keys.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub marks: BTreeMap<String, Mark>,
    /// Decisions that started regulatory clocks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub declarations: Vec<Declaration>,
    /// Where it is in its life.
    pub phase: Phase,
    /// Every stay in a phase, oldest first.
    pub intervals: Vec<Interval>,
    /// What it turned out to be, once closed.
    pub outcome: Option<Outcome>,
    /// Closing summary.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// What was learnt.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lessons: String,
    /// When it was seen first.
    #[schema(value_type = String)]
    pub discovered_at: Moment,
    /// When it was opened.
    #[schema(value_type = String)]
    pub opened_at: Moment,
    /// When the last entry was recorded.
    #[schema(value_type = String)]
    pub updated_at: Moment,
    /// When it was closed, if it is.
    #[schema(value_type = Option<String>)]
    pub closed_at: Option<Moment>,
    /// Through which door it came.
    pub origin: Origin,
    /// Tasks, in order.
    pub tasks: Vec<Task>,
    /// Evidence, in order.
    pub evidence: Vec<Evidence>,
    /// Other tickets, with how they relate.
    #[schema(value_type = Object)]
    pub links: BTreeMap<TicketNo, Relation>,
    /// If set, only these people (and the owner, and auditors reading) may know of it.
    #[schema(value_type = Option<Vec<String>>)]
    pub restricted_to: Option<BTreeSet<PersonId>>,
    /// Who follows it.
    #[schema(value_type = Vec<String>)]
    pub watchers: BTreeSet<PersonId>,
    /// Notes, and who wrote each; texts stand in the record.
    #[schema(value_type = Object)]
    pub notes: BTreeMap<NoteId, PersonId>,
    /// What was seen: values, and what this ticket says of each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub observables: BTreeMap<ObservableKey, Observable>,
    /// The assets it is about, as they were found.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub assets: BTreeMap<AssetId, AssetOf>,
    /// How many alerts are part of it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub alerts: i64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(n: &i64) -> bool {
    *n == 0
}

impl Ticket {
    /// Whether work is still going on.
    pub fn is_open(&self) -> bool {
        self.phase != Phase::Closed
    }

    /// Refuses work on a closed ticket.
    ///
    /// # Errors
    /// Conflict `ticket.closed`.
    pub fn must_be_open(&self) -> Result<(), Refusal> {
        if self.is_open() {
            Ok(())
        } else {
            Err(Refusal::conflict(
                "ticket.closed",
                format!("{} is closed. Reopen it first.", self.number),
            ))
        }
    }

    /// The ticket it was merged into, if it was.
    pub fn merged_into(&self) -> Option<TicketNo> {
        self.links
            .iter()
            .find(|(_, r)| **r == Relation::MergedInto)
            .map(|(n, _)| *n)
    }

    /// A task by id.
    ///
    /// # Errors
    /// Missing.
    pub fn task(&self, id: &TaskId) -> Result<&Task, Refusal> {
        self.tasks
            .iter()
            .find(|t| t.id == *id)
            .ok_or_else(|| Refusal::missing("task"))
    }

    /// A piece of evidence by id.
    ///
    /// # Errors
    /// Missing.
    pub fn evidence(&self, id: &EvidenceId) -> Result<&Evidence, Refusal> {
        self.evidence
            .iter()
            .find(|e| e.id == *id)
            .ok_or_else(|| Refusal::missing("evidence"))
    }

    /// An observable of this ticket, by a kind and value that may be written in any way.
    ///
    /// # Errors
    /// A refusal naming `kind` or `value`; missing if the ticket does not have it.
    pub fn observable_named(&self, kind: &str, value: &str) -> Result<ObservableKey, Refusal> {
        let key = ObservableKey::read(kind, value)?;
        if self.observables.contains_key(&key) {
            Ok(key)
        } else {
            Err(Refusal::missing("observable of this ticket"))
        }
    }

    /// The template in the version it was opened under.
    pub fn bound_template<'a>(&self, directory: &'a Directory) -> Option<&'a Template> {
        let bound = self.template.as_ref()?;
        directory.template_version(&bound.key, bound.version)
    }

    /// Total time in `phase` until `now`, in milliseconds, and how often it was entered.
    pub fn time_in(&self, phase: Phase, now: Moment) -> (i64, usize) {
        let stays = self.intervals.iter().filter(|i| i.phase == phase);
        stays.fold((0, 0), |(ms, n), i| {
            (ms + i.left_at.unwrap_or(now).since(i.entered_at), n + 1)
        })
    }

    /// Makes `owner` responsible. Whoever becomes responsible has not acknowledged yet, and no offer survives.
    fn give(&mut self, owner: &PersonId, at: Moment, because: String) {
        self.owner = owner.clone();
        self.owner_since = at;
        self.owner_because = because;
        self.acknowledged = None;
        self.reminded_at = None;
        self.active_at = at;
        self.offer = None;
        // Whoever asked for silence is not responsible any more.
        self.snooze = None;
        self.start_escalation(Cause::NewOwner, at);
        // Whoever is made responsible must be able to see what for.
        if let Some(names) = &mut self.restricted_to {
            names.insert(owner.clone());
        }
    }

    fn acknowledge(&mut self, by: &PersonId, at: Moment) {
        self.acknowledged = Some(Acknowledgement { by: by.clone(), at });
        self.first_acknowledged_at.get_or_insert(at);
        self.round_acknowledged_at.get_or_insert(at);
        self.reminded_at = None;
        self.active_at = at;
        if self.escalation.wants == Wants::Acknowledgement {
            self.stop_escalation();
        }
    }

    fn enter(&mut self, phase: Phase, at: Moment, reason: &str) {
        if let Some(last) = self.intervals.last_mut() {
            last.left_at = Some(at);
        }
        self.phase = phase;
        if phase == Phase::Closed {
            self.stop_escalation();
            self.snooze = None;
        }
        self.intervals.push(Interval {
            phase,
            entered_at: at,
            left_at: None,
            reason: reason.to_owned(),
        });
    }

    fn task_mut(&mut self, id: &TaskId) -> Option<&mut Task> {
        self.tasks.iter_mut().find(|t| t.id == *id)
    }

    fn custody(&mut self, id: &EvidenceId, at: &At<'_>, what: Custody) {
        if let Some(e) = self.evidence.iter_mut().find(|e| e.id == *id) {
            e.custody.push(CustodyEvent {
                by: at.actor.clone(),
                at: at.recorded_at,
                what,
            });
        }
    }
}

/// Checks a kind: `class/type` of the taxonomy.
///
/// # Errors
/// A refusal naming `kind`.
pub fn check_kind(kind: &str) -> Result<(), Refusal> {
    let known = crate::taxonomy::taxonomy().iter().any(|c| {
        kind.strip_prefix(c.key.as_str())
            .and_then(|rest| rest.strip_prefix('/'))
            .is_some_and(|t| c.types.iter().any(|k| k.key == t))
    });
    if known {
        Ok(())
    } else {
        Err(Refusal::invalid(
            "kind",
            "Expected a class and type of the Reference Security Incident Taxonomy, such as fraud/phishing.",
        ))
    }
}
