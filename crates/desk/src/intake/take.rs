//! Takes alerts over: a new one is judged, a known one revised. Each is kept with what became of it, in the transaction in
//! which the ticket says so.

use alerts::{Alert, Status};
use midwatch_domain::access::Viewer;
use midwatch_domain::alert::{self, digest};
use midwatch_domain::alert_rule::{Rules, Then, Verdict};
use midwatch_domain::alert_source::AlertSource;
use midwatch_domain::facts::Ids;
use midwatch_domain::id::{AlertId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::ObservableKey;
use midwatch_domain::ticket::{Command, NamedAlert, NewObservable, Open, ReviseAlert};
use midwatch_domain::words::{AlertState, Origin};
use midwatch_store::plain::alert::{self as rows, AlertRow, Revision};
use midwatch_store::plain::retro;
use midwatch_store::rows::ticket as tickets;
use midwatch_store::{Fault, StoreError, WriteTx};
use std::collections::BTreeMap;

use super::judge;
use super::tell::Tell;
use crate::act::{Conditions, act, open};

/// Milliseconds of an hour.
const HOUR_MS: i64 = 3_600_000;
/// Most alerts that are looked at again at once.
const MOST_DUE: i64 = 200;
/// Most values by which an open ticket is looked for.
const MOST_SHARED: usize = 50;

/// What is at hand while alerts are taken over.
struct Work<'a> {
    rules: Rules,
    source: &'a AlertSource,
    tell: Tell,
    /// Open tickets of groups, as found or opened since this began.
    open: BTreeMap<i64, TicketNo>,
}

/// Takes over alerts of a source that came in a body.
///
/// # Errors
/// Storage failed; the write must then be given up.
pub(crate) fn take(
    w: &mut WriteTx<'_>,
    source: &AlertSource,
    inbound: i64,
    alerts: &[Alert],
) -> Result<(), Fault> {
    let d = w.directory.clone();
    let mut work = Work {
        rules: Rules::new(&d, w.now),
        source,
        tell: Tell::default(),
        open: BTreeMap::new(),
    };
    for alert in alerts {
        one(w, &mut work, inbound, alert)?;
    }
    work.tell.say(w, &Viewer::system())
}

fn one(w: &mut WriteTx<'_>, work: &mut Work<'_>, inbound: i64, alert: &Alert) -> Result<(), Fault> {
    let now = w.now;
    let body = serde_json::to_string(alert).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    let digest = digest(&body);
    let known = rows::by_key(&mut w.tx, work.source.id.as_str(), &alert.key)?;
    let Some(mut row) = known else {
        let id = AlertId::from_bytes(Ids::new(w.random()).next());
        let row = AlertRow {
            id: id.clone(),
            source: work.source.id.clone(),
            key: alert.key.clone(),
            group_hash: alert::digest(&alert.group),
            group: alert.group.clone(),
            title: alert.title.clone(),
            rank: alert::rank(alert),
            status: status(alert).into(),
            state: AlertState::Inbox,
            ticket: None,
            rule: String::new(),
            because: String::new(),
            snoozed_until: None,
            due_at: None,
            first_at: now,
            last_at: now,
            revisions: 1,
            digest,
            body,
            inbound,
        };
        rows::insert(&mut w.tx, &row)?;
        let first = Revision {
            revision: 1,
            at: now,
            inbound,
            change: String::new(),
        };
        rows::revised(&mut w.tx, &id, &first)?;
        return judged(w, work, row, alert);
    };
    if row.digest == digest {
        return Ok(rows::seen_again(&mut w.tx, &row.id, now)?);
    }
    let before: Option<Alert> = serde_json::from_str(&row.body).ok();
    let change = before.as_ref().map_or_else(
        || "cannot be compared with what came before".to_owned(),
        |b| alert::change(b, alert),
    );
    let worse = alert::rank(alert) > row.rank;
    let again = row.status == "resolved" && alert.status == Status::Active;
    row.group_hash = alert::digest(&alert.group);
    row.group.clone_from(&alert.group);
    row.title.clone_from(&alert.title);
    row.rank = alert::rank(alert);
    row.status = status(alert).into();
    row.last_at = now;
    row.revisions += 1;
    row.digest = digest;
    row.body = body;
    row.inbound = inbound;
    let revision = Revision {
        revision: row.revisions,
        at: now,
        inbound,
        change: change.clone(),
    };
    rows::revised(&mut w.tx, &row.id, &revision)?;
    rows::update(&mut w.tx, &row)?;
    match (row.state, row.ticket) {
        (AlertState::Ticket, Some(number)) => {
            let stands = tickets::load(&mut w.tx, number)?.is_some_and(|t| t.is_open());
            if !change.is_empty() {
                let command = ReviseAlert {
                    alert: named(&row),
                    revision: row.revisions,
                    change,
                };
                let system = Viewer::system();
                act(
                    w,
                    &system,
                    number,
                    &Command::from(command),
                    &Conditions::default(),
                )?;
            }
            if stands {
                work.tell.observed(number, alert);
                Ok(())
            } else if worse || again {
                // What was settled has come back: nobody looks at a closed ticket.
                judged(w, work, row, alert)
            } else {
                Ok(())
            }
        }
        (AlertState::Inbox, _) => judged(w, work, row, alert),
        (AlertState::Suppressed, _) if worse || again => judged(w, work, row, alert),
        _ => Ok(()),
    }
}

fn status(alert: &Alert) -> &'static str {
    match alert.status {
        Status::Active => "active",
        Status::Resolved => "resolved",
    }
}

/// An alert as a timeline names it.
pub(super) fn named(row: &AlertRow) -> NamedAlert {
    NamedAlert {
        id: row.id.clone(),
        title: row.title.clone(),
    }
}

/// Judges an alert, and does what the verdict says.
fn judged(
    w: &mut WriteTx<'_>,
    work: &mut Work<'_>,
    row: AlertRow,
    alert: &Alert,
) -> Result<(), Fault> {
    let (d, now) = (w.directory.clone(), w.now);
    let verdict = judge::judge(&mut w.tx, &d, &work.rules, work.source, alert, now)?;
    carry_out(w, work, row, alert, &verdict)
}

fn carry_out(
    w: &mut WriteTx<'_>,
    work: &mut Work<'_>,
    mut row: AlertRow,
    alert: &Alert,
    verdict: &Verdict,
) -> Result<(), Fault> {
    row.rule = verdict.rule.as_ref().map_or("", |r| r.as_str()).to_owned();
    row.because.clone_from(&verdict.because);
    row.snoozed_until = None;
    row.due_at = None;
    row.ticket = None;
    match &verdict.then {
        Then::Open { .. } | Then::Attach => match place(w, work, &row, alert, &verdict.then) {
            Ok(number) => {
                row.state = AlertState::Ticket;
                row.ticket = Some(number);
                work.open.insert(row.group_hash, number);
                work.tell
                    .attached(number, work.source, &verdict.because, named(&row), alert);
            }
            Err(Fault::Refused(r)) => {
                // It waits where people look, and says why: an alert is never lost to a setting.
                row.state = AlertState::Inbox;
                row.because = format!(
                    "{}; no ticket could be opened: {}",
                    verdict.because, r.message
                );
                row.due_at = Some(w.now.plus_ms(HOUR_MS));
            }
            Err(fault) => return Err(fault),
        },
        Then::Suppress => {
            row.state = AlertState::Suppressed;
            work.tell.judged(
                AlertState::Suppressed,
                work.source,
                verdict.rule.clone(),
                &verdict.because,
                None,
                row.id.clone(),
            );
        }
        Then::Leave => {
            row.state = AlertState::Inbox;
            row.due_at = Some(w.now.plus_ms(work.source.wait_hours * HOUR_MS));
        }
    }
    Ok(rows::decide(&mut w.tx, &row)?)
}

/// The ticket that an alert joins: the open one of its group, one that shares a value if that is wanted, else a new one.
fn place(
    w: &mut WriteTx<'_>,
    work: &Work<'_>,
    row: &AlertRow,
    alert: &Alert,
    then: &Then,
) -> Result<TicketNo, Fault> {
    if let Some(number) = work.open.get(&row.group_hash) {
        return Ok(*number);
    }
    for number in rows::tickets_of_group(&mut w.tx, row.source.as_str(), row.group_hash)? {
        if let Some(number) = open_one(w, number)? {
            return Ok(number);
        }
    }
    if *then == Then::Attach {
        for o in alert.observables.iter().take(MOST_SHARED) {
            let key = ObservableKey {
                kind: o.kind,
                value: o.value.clone(),
            };
            let seen = retro::tickets(&mut w.tx, &key)?;
            // What everybody has ties nothing together, and a restricted ticket must not be found by its values.
            let fits = seen.len() <= 20;
            let mut open = seen.iter().filter(|s| s.open && !s.restricted && fits);
            if let Some(sighted) = open.next() {
                return Ok(sighted.ticket);
            }
        }
    }
    let command = opening(work.source, alert, then, w.now);
    let system = Viewer::system();
    let done = open(w, &system, &command, Origin::Alert, &Conditions::default())?;
    Ok(done.ticket)
}

/// A ticket, or the one that it was merged into, if that is open.
fn open_one(w: &mut WriteTx<'_>, number: TicketNo) -> Result<Option<TicketNo>, StoreError> {
    let mut number = number;
    for _ in 0..5 {
        let Some(t) = tickets::load(&mut w.tx, number)? else {
            return Ok(None);
        };
        match t.merged_into() {
            _ if t.is_open() => return Ok(Some(number)),
            Some(into) => number = into,
            None => return Ok(None),
        }
    }
    Ok(None)
}

/// The ticket of an alert.
pub(super) fn opening(source: &AlertSource, alert: &Alert, then: &Then, now: Moment) -> Open {
    let (template, team, severity) = match then {
        Then::Open {
            template,
            team,
            severity,
        } => (template.clone(), team.clone(), *severity),
        _ => (None, None, None),
    };
    let mut description = alert.description.clone();
    if let Some(url) = &alert.url {
        description = format!("{description}\n\nAt its source: {url}");
    }
    // A value that is none, whatever its source says, must not keep a ticket from being opened.
    let is_one = |o: &&alerts::Value| ObservableKey::read(o.kind.as_str(), &o.value).is_ok();
    let observables = alert
        .observables
        .iter()
        .filter(is_one)
        .map(|o| NewObservable {
            kind: o.kind.as_str().into(),
            value: o.value.clone(),
            original: None,
            note: Some(o.note.clone()).filter(|n| !n.is_empty()),
            role: None,
            same_as: None,
        });
    Open {
        title: alert.title.chars().take(200).collect(),
        description: description.trim().to_owned(),
        template: template.or_else(|| source.template.clone()),
        kind: None,
        severity: Some(
            severity
                .or_else(|| alert::severity(alert))
                .unwrap_or(source.severity),
        ),
        tlp: Some(
            alert
                .tlp
                .as_deref()
                .and_then(|t| t.parse().ok())
                .unwrap_or(source.tlp),
        ),
        pap: None,
        tags: ["alert".to_owned()].into(),
        fields: Default::default(),
        team: team.or_else(|| source.team.clone()),
        discovered_at: alert.occurred_at.map(|at| Moment(at.clamp(0, now.0))),
        observables: Some(observables.take(1000).collect()),
    }
}

/// Looks again at alerts whose time has come: what slept is awake, and what nobody has judged becomes a ticket. How many.
///
/// # Errors
/// Storage failed; the write must then be given up.
pub(crate) fn due(w: &mut WriteTx<'_>) -> Result<u64, Fault> {
    let (d, now, mut done) = (w.directory.clone(), w.now, 0);
    for id in rows::due(&mut w.tx, now, MOST_DUE)? {
        let Some(mut row) = rows::find(&mut w.tx, &id)? else {
            continue;
        };
        done += 1;
        let alert = serde_json::from_str::<Alert>(&row.body);
        let (Some(source), Ok(alert)) = (d.alert_sources.get(&row.source), alert) else {
            // Its source was deleted since: it stays where it is, and nothing wakes it.
            row.due_at = None;
            rows::decide(&mut w.tx, &row)?;
            continue;
        };
        let mut work = Work {
            rules: Rules::of([]),
            source,
            tell: Tell::default(),
            open: BTreeMap::new(),
        };
        if row.state == AlertState::Snoozed {
            let because = "its sleep ended";
            row.state = AlertState::Inbox;
            row.snoozed_until = None;
            row.because = because.into();
            row.due_at = Some(now.plus_ms(source.wait_hours * HOUR_MS));
            let id = row.id.clone();
            work.tell
                .judged(AlertState::Inbox, source, None, because, None, id);
            rows::decide(&mut w.tx, &row)?;
        } else {
            let verdict = Verdict {
                then: Then::Open {
                    template: None,
                    team: None,
                    severity: None,
                },
                rule: None,
                because: format!("nobody judged it within {} h", source.wait_hours),
            };
            carry_out(w, &mut work, row, &alert, &verdict)?;
        }
        work.tell.say(w, &Viewer::system())?;
    }
    Ok(done)
}
