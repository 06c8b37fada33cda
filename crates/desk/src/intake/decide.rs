//! What people decide on alerts: open a ticket for them, attach them to one, suppress them, let them sleep, put them back.

use alerts::Alert;
use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::alert::LONGEST_SNOOZE_DAYS;
use midwatch_domain::alert_rule::Then;
use midwatch_domain::id::{AlertId, AlertSourceId, TeamId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::refusal::required_line;
use midwatch_domain::ticket::{Command, DetachAlerts, NamedAlert};
use midwatch_domain::words::{AlertState, Origin, Severity};
use midwatch_store::plain::alert::{self as rows, AlertRow};
use midwatch_store::read::alerts as read;
use midwatch_store::rows::ticket as tickets;
use midwatch_store::{Fault, WriteTx};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

use super::take::{named, opening};
use super::tell::Tell;
use crate::act::{Conditions, act, open};
use crate::{Desk, refresh};

/// Most alerts that are decided on at once.
const MOST: usize = 10_000;

/// Which alerts are meant: some by id, or all of a group that wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum Selection {
    /// These.
    Alerts {
        /// Their ids.
        #[schema(value_type = Vec<String>)]
        alerts: Vec<AlertId>,
    },
    /// All of a group that wait in the inbox.
    Group {
        /// The source.
        #[schema(value_type = String)]
        source: AlertSourceId,
        /// The group, as lists name it.
        #[serde(with = "as_text")]
        #[schema(value_type = String)]
        group: i64,
    },
}

/// A group's number is larger than what JavaScript counts exactly: it travels as text.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(n: &i64, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(n)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<i64, D::Error> {
        let text = String::deserialize(d)?;
        let wrong = |_| serde::de::Error::custom("expected a group as lists name it");
        text.parse().map_err(wrong)
    }
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Decided {
    /// How many alerts it changed.
    pub alerts: u64,
    /// The ticket that they are part of now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub ticket: Option<TicketNo>,
}

impl Desk {
    /// Opens a ticket for alerts; the worst of them names it.
    ///
    /// # Errors
    /// A refusal, and nothing has changed; or storage failed.
    pub async fn open_for_alerts(
        &self,
        viewer: Viewer,
        which: Selection,
        title: Option<String>,
        template: Option<String>,
        team: Option<TeamId>,
        severity: Option<Severity>,
    ) -> Result<Decided, Fault> {
        self.store
            .write(move |w| {
                let viewer = allowed(w, &viewer)?;
                let mut rows = loaded(w, &viewer, &which)?;
                rows.sort_by_key(|r| (-r.rank, r.first_at));
                let worst = rows.first().ok_or_else(|| Refusal::missing("alert"))?;
                let alert = read_body(worst)?;
                let d = w.directory.clone();
                let source = d
                    .alert_sources
                    .get(&worst.source)
                    .ok_or_else(|| Refusal::missing("source of the alert"))?;
                let then = Then::Open {
                    template,
                    team,
                    severity,
                };
                let mut command = opening(source, &alert, &then, w.now);
                if let Some(title) = title.filter(|t| !t.trim().is_empty()) {
                    command.title = title;
                }
                let done = open(w, &viewer, &command, Origin::Alert, &Conditions::default())?;
                attach(w, &viewer, rows, done.ticket)
            })
            .await
    }

    /// Attaches alerts to an open ticket.
    ///
    /// # Errors
    /// A refusal, and nothing has changed; or storage failed.
    pub async fn attach_alerts(
        &self,
        viewer: Viewer,
        which: Selection,
        ticket: TicketNo,
    ) -> Result<Decided, Fault> {
        self.store
            .write(move |w| {
                let viewer = allowed(w, &viewer)?;
                let rows = loaded(w, &viewer, &which)?;
                attach(w, &viewer, rows, ticket)
            })
            .await
    }

    /// Takes alerts out of their ticket; they wait in the inbox again.
    ///
    /// # Errors
    /// A refusal, and nothing has changed; or storage failed.
    pub async fn detach_alerts(
        &self,
        viewer: Viewer,
        alerts: Vec<AlertId>,
        reason: String,
    ) -> Result<Decided, Fault> {
        self.store
            .write(move |w| {
                let viewer = allowed(w, &viewer)?;
                let rows = loaded(w, &viewer, &Selection::Alerts { alerts })?;
                let mut of: BTreeMap<TicketNo, Vec<NamedAlert>> = BTreeMap::new();
                let mut done = 0;
                for mut row in rows {
                    let Some(number) = row.ticket.take() else {
                        continue;
                    };
                    of.entry(number).or_default().push(named(&row));
                    row.state = AlertState::Inbox;
                    row.because = format!("taken out of {number}: {reason}");
                    row.rule.clear();
                    row.due_at = wait(w, &row);
                    rows::decide(&mut w.tx, &row)?;
                    done += 1;
                }
                for (number, alerts) in of {
                    for alerts in alerts.chunks(midwatch_domain::alert::MOST_NAMED) {
                        let command = DetachAlerts {
                            alerts: alerts.to_vec(),
                            reason: reason.clone(),
                        };
                        let command = Command::from(command);
                        act(w, &viewer, number, &command, &Conditions::default())?;
                    }
                }
                Ok(Decided {
                    alerts: done,
                    ticket: None,
                })
            })
            .await
    }

    /// Suppresses alerts, lets them sleep until a time, or puts them back into the inbox.
    ///
    /// # Errors
    /// A refusal, and nothing has changed; or storage failed.
    pub async fn judge_alerts(
        &self,
        viewer: Viewer,
        which: Selection,
        state: AlertState,
        until: Option<Moment>,
        reason: String,
    ) -> Result<Decided, Fault> {
        self.store
            .write(move |w| {
                let viewer = allowed(w, &viewer)?;
                let reason = required_line("reason", &reason, 500)?;
                let until = until_when(state, until, w.now)?;
                let rows = loaded(w, &viewer, &which)?;
                if let Some(number) = rows.iter().find_map(|r| r.ticket) {
                    let says =
                        format!("An alert is part of {number}. Take it out of the ticket first.");
                    return Err(Refusal::conflict("alert.attached", says).into());
                }
                let d = w.directory.clone();
                let (mut tell, mut done) = (Tell::default(), 0);
                for mut row in rows
                    .into_iter()
                    .filter(|r| r.state != state || until.is_some())
                {
                    row.state = state;
                    row.rule.clear();
                    row.because.clone_from(&reason);
                    row.snoozed_until = until;
                    row.due_at = match state {
                        AlertState::Inbox => wait(w, &row),
                        _ => until,
                    };
                    rows::decide(&mut w.tx, &row)?;
                    done += 1;
                    if let Some(source) = d.alert_sources.get(&row.source) {
                        tell.judged(state, source, None, &reason, until, row.id);
                    }
                }
                tell.say(w, &viewer)?;
                Ok(Decided {
                    alerts: done,
                    ticket: None,
                })
            })
            .await
    }
}

fn until_when(
    state: AlertState,
    until: Option<Moment>,
    now: Moment,
) -> Result<Option<Moment>, Refusal> {
    match (state, until) {
        (AlertState::Snoozed, Some(until)) => {
            let longest = LONGEST_SNOOZE_DAYS * 24 * 3_600_000;
            if until <= now || until.since(now) > longest {
                let says = "An alert sleeps until a time in the future, at most 90 days away.";
                return Err(Refusal::invalid("until", says));
            }
            Ok(Some(until))
        }
        (AlertState::Snoozed, None) => Err(Refusal::invalid("until", "Say until when they sleep.")),
        (AlertState::Suppressed | AlertState::Inbox, None) => Ok(None),
        (AlertState::Suppressed | AlertState::Inbox, Some(_)) => {
            Err(Refusal::invalid("until", "Only what sleeps has an end."))
        }
        (AlertState::Ticket, _) => {
            let says = "Expected suppressed, snoozed or inbox; to tie alerts to a ticket, open one or attach them.";
            Err(Refusal::invalid("state", says))
        }
    }
}

/// When an alert that waits in the inbox becomes a ticket by itself.
fn wait(w: &WriteTx<'_>, row: &AlertRow) -> Option<Moment> {
    let source = w.directory.alert_sources.get(&row.source);
    let hours = source.map_or(24, |s| s.wait_hours);
    Some(w.now.plus_ms(hours * 3_600_000))
}

fn allowed(w: &WriteTx<'_>, viewer: &Viewer) -> Result<Viewer, Fault> {
    let viewer = refresh(viewer, &w.directory)?;
    viewer.may(Action::TriageAlerts)?;
    Ok(viewer)
}

/// The alerts that are meant. One that the viewer may not know of is missing, like one that does not exist.
fn loaded(w: &mut WriteTx<'_>, viewer: &Viewer, which: &Selection) -> Result<Vec<AlertRow>, Fault> {
    let ids = match which {
        Selection::Alerts { alerts } => alerts.clone(),
        Selection::Group { source, group } => {
            let most = i64::try_from(MOST).unwrap_or(i64::MAX);
            read::in_group(&mut w.tx, source, *group, AlertState::Inbox, most)?
        }
    };
    if ids.is_empty() || ids.len() > MOST {
        let says = "Expected 1 to 10000 alerts.";
        return Err(Refusal::invalid("alerts", says).into());
    }
    let mut out = Vec::with_capacity(ids.len());
    for id in &ids {
        let row = rows::find(&mut w.tx, id)?.ok_or_else(|| Refusal::missing("alert"))?;
        if let Some(number) = row.ticket {
            let ticket = tickets::load(&mut w.tx, number)?;
            if !ticket.is_some_and(|t| viewer.knows(&t)) {
                return Err(Refusal::missing("alert").into());
            }
        }
        out.push(row);
    }
    Ok(out)
}

fn read_body(row: &AlertRow) -> Result<Alert, Fault> {
    let read = serde_json::from_str(&row.body);
    read.map_err(|e| midwatch_store::StoreError::Corrupt(format!("alert {}: {e}", row.id)).into())
}

fn attach(
    w: &mut WriteTx<'_>,
    viewer: &Viewer,
    rows: Vec<AlertRow>,
    ticket: TicketNo,
) -> Result<Decided, Fault> {
    let d = w.directory.clone();
    let (mut tell, mut done) = (Tell::default(), 0);
    for mut row in rows {
        match row.ticket {
            Some(number) if number == ticket => continue,
            Some(number) => {
                let says =
                    format!("An alert is part of {number} already. Take it out there first.");
                return Err(Refusal::conflict("alert.attached", says).into());
            }
            None => (),
        }
        let alert = read_body(&row)?;
        row.state = AlertState::Ticket;
        row.ticket = Some(ticket);
        row.rule.clear();
        row.because.clear();
        row.snoozed_until = None;
        row.due_at = None;
        if let Some(source) = d.alert_sources.get(&row.source) {
            tell.attached(ticket, source, "", named(&row), &alert);
        }
        rows::decide(&mut w.tx, &row)?;
        done += 1;
    }
    tell.say(w, viewer)?;
    Ok(Decided {
        alerts: done,
        ticket: Some(ticket),
    })
}
