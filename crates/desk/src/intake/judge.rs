//! Judges alerts by the rules: gathers what rules may ask for, and tries rules on what came before. Changes nothing.

use alerts::{Alert, Status, Value};
use indicators::Kind;
use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::alert::{self, Known, Touched};
use midwatch_domain::alert_rule::{AlertRule, Rules, Then, Verdict};
use midwatch_domain::alert_source::AlertSource;
use midwatch_domain::directory::Directory;
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::{Found, ObservableKey, found};
use midwatch_domain::words::{AlertState, IdKind};
use midwatch_store::db::Tx;
use midwatch_store::plain::alert::AlertRow;
use midwatch_store::read::alerts::{self as read, Wanted};
use midwatch_store::{Fault, StoreError};
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

use crate::{Desk, assets, intelligence};

/// Most observables of an alert; more are cut off.
const MOST_OBSERVABLES: usize = 500;
/// Most observables that intelligence is asked about.
const MOST_ASKED: usize = 100;
/// Most alerts that a rule is tried on.
const MOST_TRIED: usize = 20_000;
/// Days back that a rule is tried on.
const TRIED_DAYS: i64 = 30;

/// Adds what the texts of an alert hold to what its source names.
pub(crate) fn observe(alert: &mut Alert) {
    let text = format!("{}\n{}", alert.title, alert.description);
    let named: BTreeSet<(Kind, String)> = alert
        .observables
        .iter()
        .map(|o| (o.kind, o.value.clone()))
        .collect();
    let new = found(&text).into_iter().filter_map(|f: Found| {
        let key = (f.key.kind, f.key.value);
        (!named.contains(&key)).then(|| Value {
            kind: key.0,
            value: key.1,
            note: String::new(),
        })
    });
    alert.observables.extend(new);
    alert.observables.truncate(MOST_OBSERVABLES);
}

/// What intelligence says of the values of an alert.
pub(super) fn known(
    tx: &mut Tx<'_>,
    d: &Directory,
    alert: &Alert,
    now: Moment,
) -> Result<Vec<Known>, Fault> {
    let mut all = Vec::new();
    for o in alert.observables.iter().take(MOST_ASKED) {
        for i in intelligence::live(tx, o.kind, &o.value, now)? {
            let feed = i.feed.parse().ok().and_then(|id| d.feeds.get(&id));
            all.push(Known {
                feed: feed.map_or(i.feed, |f| f.name.clone()),
                name: i.name,
                confidence: i.confidence,
                kind: i.kind,
                value: i.value,
            });
        }
    }
    Ok(all)
}

/// Assets of the inventory that an alert is about: by what its source names, and by its values.
fn touched(tx: &mut Tx<'_>, alert: &Alert, now: Moment) -> Result<Vec<Touched>, Fault> {
    let named = alert.assets.iter().flat_map(|a| &a.ids);
    let named = named.filter_map(|i| Some((i.kind.as_str().parse().ok()?, i.value.clone())));
    let named: Vec<(IdKind, String)> = named.take(MOST_ASKED).collect();
    let keys = alert.observables.iter().take(MOST_ASKED);
    let keys: Vec<ObservableKey> = keys
        .map(|o| ObservableKey {
            kind: o.kind,
            value: o.value.clone(),
        })
        .collect();
    let at = alert
        .occurred_at
        .map_or(now, |ms| Moment(ms.clamp(0, now.0)));
    let found = assets::of(tx, &named, &keys, at)?;
    let touched = found.into_iter().map(|m| Touched {
        name: m.asset.name,
        kind: m.asset.kind.as_str().into(),
        criticality: m.asset.criticality.as_str().into(),
        environment: m.asset.environment.as_str().into(),
    });
    Ok(touched.collect())
}

/// What becomes of an alert: by the first rule that holds, else as its source says.
pub(super) fn judge(
    tx: &mut Tx<'_>,
    d: &Directory,
    rules: &Rules,
    source: &AlertSource,
    alert: &Alert,
    now: Moment,
) -> Result<Verdict, Fault> {
    let seen = document(tx, d, source, alert, now)?;
    Ok(rules
        .judge(&seen)
        .unwrap_or_else(|| otherwise(source, alert)))
}

/// A kept alert as rules see it.
///
/// # Errors
/// Missing if its source was deleted; corrupt if it cannot be read; or as the engine says.
pub fn document_of(
    tx: &mut Tx<'_>,
    d: &Directory,
    row: &AlertRow,
    now: Moment,
) -> Result<serde_json::Value, Fault> {
    let source = d.alert_sources.get(&row.source);
    let source = source.ok_or_else(|| Refusal::missing("source of the alert"))?;
    let alert = serde_json::from_str::<Alert>(&row.body)
        .map_err(|e| StoreError::Corrupt(format!("alert {}: {e}", row.id)))?;
    document(tx, d, source, &alert, now)
}

/// An alert as rules see it.
pub(crate) fn document(
    tx: &mut Tx<'_>,
    d: &Directory,
    source: &AlertSource,
    alert: &Alert,
    now: Moment,
) -> Result<serde_json::Value, Fault> {
    let known = known(tx, d, alert, now)?;
    let touched = touched(tx, alert, now)?;
    Ok(alert::document(alert, source, &known, &touched))
}

/// What becomes of an alert that no rule judges.
fn otherwise(source: &AlertSource, alert: &Alert) -> Verdict {
    let open = |template: Option<String>| Then::Open {
        template,
        team: None,
        severity: None,
    };
    let severity = alert::severity(alert).unwrap_or(source.severity);
    let (then, because) = if alert.status == Status::Resolved {
        (Then::Suppress, "resolved at its source before it came")
    } else if source.open_from.is_some_and(|from| severity >= from) {
        (
            open(None),
            "no rule judged it; its source opens at this severity",
        )
    } else {
        (Then::Leave, "no rule judged it")
    };
    Verdict {
        then,
        rule: None,
        because: because.to_owned(),
    }
}

/// What a rule would have done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct DryRun {
    /// Alerts that it was tried on: those of the last 30 days, at most 20,000.
    pub tried: u64,
    /// Alerts for which it would have decided: no rule before it holds for them.
    pub decided: u64,
    /// Among these, alerts that would have joined a group that already had an alert.
    pub joined: u64,
    /// Groups among these: how many tickets it would have opened, or been joined.
    pub groups: u64,
    /// Among these, alerts of which something else became.
    pub otherwise: u64,
    /// Alerts for which the condition could not be evaluated.
    pub failed: u64,
    /// Why the first of these could not.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// The newest for which it would have decided, at most 20.
    pub examples: Vec<Would>,
}

/// An alert for which a rule would have decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Would {
    /// Its id.
    pub alert: String,
    /// Its title.
    pub title: String,
    /// What became of it instead.
    pub became: AlertState,
    /// Why.
    pub because: String,
}

impl Desk {
    /// Tries a rule on the alerts of the last 30 days, beside the other rules as they are. Changes nothing.
    ///
    /// # Errors
    /// A refusal naming what is wrong with the rule; or storage failed.
    pub async fn try_alert_rule(&self, viewer: Viewer, rule: AlertRule) -> Result<DryRun, Fault> {
        self.blocking(move |desk| {
            viewer.may(Action::ManageAlerts)?;
            let now = desk.store.now();
            desk.store.read(|tx| {
                let d = desk.store.directory(tx)?;
                dry_run(tx, &viewer, &d, &rule, now)
            })
        })
        .await
    }
}

fn dry_run(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    d: &Directory,
    rule: &AlertRule,
    now: Moment,
) -> Result<DryRun, Fault> {
    let condition = alerts::condition::Condition::compile(&rule.when)
        .map_err(|f| Refusal::invalid("when", f.to_string()))?;
    let place = (rule.order, rule.id.clone());
    let asked = d.alert_rules.values();
    let asked = asked.filter(|(_, r)| r.is_asked(now) && (r.order, r.id.clone()) < place);
    let mut asked: Vec<_> = asked.map(|(n, r)| (*n, r)).collect();
    asked.sort_by(|(_, a), (_, b)| (a.order, &a.id).cmp(&(b.order, &b.id)));
    let before = Rules::of(asked);
    let (mut out, mut groups) = (DryRun::default(), BTreeSet::new());
    let mut wanted = Wanted {
        since: Some(now.plus_ms(-TRIED_DAYS * 24 * 3_600_000)),
        ..Wanted::default()
    };
    loop {
        let (page, next) = read::list(tx, viewer, &wanted)?;
        for row in page {
            let Some(source) = d.alert_sources.get(&row.source) else {
                continue;
            };
            let Ok(alert) = serde_json::from_str::<Alert>(&row.body) else {
                continue;
            };
            out.tried += 1;
            let seen = document(tx, d, source, &alert, now)?;
            if before.judge(&seen).is_some() {
                continue;
            }
            match condition.holds(&seen) {
                Ok(true) => {
                    out.decided += 1;
                    if !groups.insert((row.source.clone(), row.group_hash)) {
                        out.joined += 1;
                    }
                    let same = match rule.then {
                        Then::Open { .. } | Then::Attach => row.state == AlertState::Ticket,
                        Then::Suppress => row.state == AlertState::Suppressed,
                        Then::Leave => row.state == AlertState::Inbox,
                    };
                    out.otherwise += u64::from(!same);
                    if out.examples.len() < 20 {
                        out.examples.push(Would {
                            alert: row.id.to_string(),
                            title: row.title,
                            became: row.state,
                            because: row.because,
                        });
                    }
                }
                Ok(false) => (),
                Err(fault) => {
                    out.failed += 1;
                    if out.error.is_empty() {
                        out.error = fault.to_string();
                    }
                }
            }
        }
        match next {
            Some(place) if usize::try_from(out.tried).is_ok_and(|n| n < MOST_TRIED) => {
                wanted.before = Some(place);
            }
            _ => break,
        }
    }
    out.groups = groups.len() as u64;
    Ok(out)
}
