//! What a step of the script is as commands, and who would give them. Does nothing itself.

use midwatch_domain::id::PersonId;
use midwatch_domain::moment::Moment;
use midwatch_domain::ticket::{
    AcceptHandoff, Acknowledge, AddNote, Attach, Classify, Close, Command, FinishTask, MovePhase,
    OfferHandoff, Reopen, Restrict, SetFields, Ticket,
};
use midwatch_domain::words::Severity;
use midwatch_store::{Fault, WriteTx};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

use super::history::History;
use super::script::{Step, Words};

impl History {
    /// The commands of a step, and who gives them.
    pub(super) fn commands(
        &mut self,
        w: &WriteTx<'_>,
        t: &Ticket,
        step: &Step,
    ) -> Result<Vec<(PersonId, Command)>, Fault> {
        let Some(life) = self.lives.get(&t.number) else {
            return Ok(Vec::new());
        };
        let (story, words) = (self.stories[life.story].clone(), &life.words);
        let owner = t.owner.clone();
        let by_owner = |c: Command| Ok(vec![(owner.clone(), c)]);
        match step {
            Step::Acknowledge if t.acknowledged.is_none() => by_owner(Acknowledge {}.into()),
            Step::Note(i) => match story.notes.get(*i) {
                Some(n) => by_owner(
                    AddNote {
                        text: words.put(n),
                        occurred_at: None,
                        observables: None,
                    }
                    .into(),
                ),
                None => Ok(Vec::new()),
            },
            Step::Phase(to) => by_owner(
                MovePhase {
                    to: *to,
                    reason: String::new(),
                }
                .into(),
            ),
            Step::Raise if t.severity < Severity::Critical => {
                let severity = if t.severity == Severity::High {
                    Severity::Critical
                } else {
                    Severity::High
                };
                by_owner(
                    Classify {
                        severity: Some(severity),
                        reason: "More people are concerned than it seemed.".into(),
                        ..unchanged()
                    }
                    .into(),
                )
            }
            Step::Tasks => {
                let open = t.tasks.iter().filter(|k| k.is_open() && k.phase <= t.phase);
                let chosen: Vec<_> = open
                    .filter(|k| k.mandatory || self.dice.chance(70))
                    .map(|k| k.id.clone())
                    .collect();
                Ok(chosen
                    .into_iter()
                    .map(|task| {
                        (
                            owner.clone(),
                            FinishTask {
                                task,
                                result: String::new(),
                            }
                            .into(),
                        )
                    })
                    .collect())
            }
            Step::Evidence => {
                let body = words.put(&story.text);
                let mut file = self.desk.store.blobs().receive(w.random())?;
                file.write(body.as_bytes())?;
                let (sha256, size) = file.keep()?;
                let (name, source) = (
                    format!("{}.txt", story.template),
                    "Copied from the source on the same day".into(),
                );
                let size = i64::try_from(size).unwrap_or(0);
                by_owner(
                    Attach {
                        name,
                        media_type: "text/plain".into(),
                        size,
                        sha256,
                        description: "What was seen, in full".into(),
                        source,
                        collected_at: None,
                    }
                    .into(),
                )
            }
            Step::Restrict => {
                let people = [self.people[0].clone(), self.people[1].clone()].into();
                Ok(vec![(
                    self.people[1].clone(),
                    Restrict {
                        people,
                        reason: "Concerns a colleague.".into(),
                    }
                    .into(),
                )])
            }
            Step::Offer if t.restricted_to.is_none() && t.offer.is_none() => {
                let colleagues: Vec<&PersonId> =
                    self.people[2..6].iter().filter(|p| **p != owner).collect();
                let to = (*self.dice.pick(&colleagues)).clone();
                let brief = midwatch_domain::ticket::brief::draft(t, &[], &w.directory, w.now);
                by_owner(OfferHandoff::with(to, brief).into())
            }
            Step::Answer => Ok(t
                .offer
                .iter()
                .map(|o| (o.to.clone(), AcceptHandoff {}.into()))
                .collect()),
            Step::Reopen if !t.is_open() => by_owner(
                Reopen {
                    reason: "It happened again the same way.".into(),
                    phase: None,
                }
                .into(),
            ),
            Step::Close(outcome) if t.is_open() && t.offer.is_none() => {
                let fields = values(&story.close_fields, words, t.discovered_at, &self.people[1]);
                let close = Close {
                    outcome: *outcome,
                    summary: words.put(&story.summary),
                    lessons: words.put(&story.lessons),
                    skip_tasks_because: "Not needed for this one: see the summary.".into(),
                };
                Ok(vec![
                    (owner.clone(), SetFields { fields }.into()),
                    (owner.clone(), close.into()),
                ])
            }
            _ => Ok(Vec::new()),
        }
    }
}

fn unchanged() -> Classify {
    Classify {
        severity: None,
        kind: None,
        tlp: None,
        pap: None,
        tags: None,
        add_tags: BTreeSet::new(),
        reason: String::new(),
    }
}

/// Field values of a story: `@discovered` is the time of discovery, `@lead` the lead.
pub(super) fn values(
    from: &BTreeMap<String, toml::Value>,
    words: &Words,
    discovered: Moment,
    lead: &PersonId,
) -> midwatch_domain::template::Values {
    let value = |v: &toml::Value| match v {
        toml::Value::String(s) if s == "@discovered" => Value::String(discovered.to_string()),
        toml::Value::String(s) if s == "@lead" => Value::String(lead.to_string()),
        toml::Value::String(s) => Value::String(words.put(s)),
        toml::Value::Integer(n) => Value::from(*n),
        other => Value::String(other.to_string()),
    };
    from.iter().map(|(k, v)| (k.clone(), value(v))).collect()
}
