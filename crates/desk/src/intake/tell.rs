//! Says in the record what became of alerts: many at once in one entry, when all of them have been decided.

use alerts::Alert;
use midwatch_domain::access::Viewer;
use midwatch_domain::actor::Actor;
use midwatch_domain::alert::{AlertsJudged, MOST_NAMED};
use midwatch_domain::alert_source::AlertSource;
use midwatch_domain::id::{AlertId, AlertRuleId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::ObservableKey;
use midwatch_domain::ticket::{AttachAlerts, Command, NamedAlert, NewObservable, Observe};
use midwatch_domain::words::AlertState;
use midwatch_store::{Fault, StoreError, WriteTx};
use std::collections::{BTreeMap, BTreeSet};

use crate::act::{Conditions, act};

/// Most observables that are added to a ticket at once.
const MOST_OBSERVABLES: usize = 1000;

/// What alerts share that became of them for one reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Why {
    source: String,
    rule: Option<AlertRuleId>,
    because: String,
    until: Option<Moment>,
}

/// What is still to be said.
#[derive(Default)]
pub(super) struct Tell {
    attached: BTreeMap<(TicketNo, Why), Vec<NamedAlert>>,
    observables: BTreeMap<TicketNo, BTreeSet<ObservableKey>>,
    judged: BTreeMap<(AlertState, Why), Vec<AlertId>>,
}

impl Tell {
    /// An alert became part of a ticket.
    pub(super) fn attached(
        &mut self,
        ticket: TicketNo,
        source: &AlertSource,
        because: &str,
        named: NamedAlert,
        alert: &Alert,
    ) {
        let why = Why {
            source: source.id.to_string(),
            rule: None,
            because: because.to_owned(),
            until: None,
        };
        self.attached.entry((ticket, why)).or_default().push(named);
        self.observed(ticket, alert);
    }

    /// Values of an alert belong to a ticket.
    pub(super) fn observed(&mut self, ticket: TicketNo, alert: &Alert) {
        let keys = self.observables.entry(ticket).or_default();
        for o in &alert.observables {
            if let Ok(key) = ObservableKey::read(o.kind.as_str(), &o.value)
                && keys.len() < MOST_OBSERVABLES
            {
                keys.insert(key);
            }
        }
    }

    /// An alert became no part of a ticket.
    pub(super) fn judged(
        &mut self,
        state: AlertState,
        source: &AlertSource,
        rule: Option<AlertRuleId>,
        because: &str,
        until: Option<Moment>,
        alert: AlertId,
    ) {
        let why = Why {
            source: source.id.to_string(),
            rule,
            because: because.to_owned(),
            until,
        };
        self.judged.entry((state, why)).or_default().push(alert);
    }

    /// Says it all.
    pub(super) fn say(self, w: &mut WriteTx<'_>, viewer: &Viewer) -> Result<(), Fault> {
        let name = |w: &WriteTx<'_>, source: &str| {
            let id = source.parse().ok();
            let found = id.and_then(|id| w.directory.alert_sources.get(&id));
            found.map_or_else(|| source.to_owned(), |s| s.name.clone())
        };
        for ((ticket, why), alerts) in self.attached {
            let source_name = name(w, &why.source);
            for alerts in alerts.chunks(MOST_NAMED) {
                let command = AttachAlerts {
                    source: why.source.parse()?,
                    source_name: source_name.clone(),
                    alerts: alerts.to_vec(),
                    because: why.because.clone(),
                };
                act(
                    w,
                    viewer,
                    ticket,
                    &Command::from(command),
                    &Conditions::default(),
                )?;
            }
        }
        for (ticket, keys) in self.observables {
            if keys.is_empty() {
                continue;
            }
            let named = |k: ObservableKey| NewObservable {
                kind: k.kind.as_str().into(),
                value: k.value,
                original: None,
                note: None,
                role: None,
                same_as: None,
            };
            let command = Observe {
                observables: keys.into_iter().map(named).collect(),
                ..Observe::default()
            };
            let system = Viewer::system();
            act(
                w,
                &system,
                ticket,
                &Command::from(command),
                &Conditions::default(),
            )?;
        }
        for ((decision, why), alerts) in self.judged {
            let source_name = name(w, &why.source);
            for alerts in alerts.chunks(MOST_NAMED) {
                let entry = AlertsJudged {
                    decision,
                    source: why.source.parse()?,
                    source_name: source_name.clone(),
                    rule: why.rule.clone(),
                    because: why.because.clone(),
                    until: why.until,
                    alerts: alerts.to_vec(),
                };
                record(w, &viewer.actor, &entry)?;
            }
        }
        Ok(())
    }
}

fn record(w: &mut WriteTx<'_>, actor: &Actor, entry: &AlertsJudged) -> Result<(), StoreError> {
    let serde_json::Value::Object(payload) =
        serde_json::to_value(entry).map_err(|e| StoreError::Corrupt(e.to_string()))?
    else {
        return Err(StoreError::Corrupt("a judgement is not an object".into()));
    };
    let (kind, version) = (AlertsJudged::KIND, AlertsJudged::VERSION);
    w.append(actor, None, kind, version, None, payload)
        .map(drop)
}
