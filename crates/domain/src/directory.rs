//! The desk as configured now: people, teams, templates, procedures, the organisation. Folded from the record.

use std::collections::BTreeMap;

use crate::alert_rule::AlertRule;
use crate::alert_source::AlertSource;
use crate::calendar::Calendar;
use crate::channel::Channel;
use crate::civil;
use crate::escalation::{self, Policy};
use crate::feed::Feed;
use crate::id::{
    AlertRuleId, AlertSourceId, CalendarId, ChannelId, FeedId, LogReviewId, PersonId, PolicyId,
    ScheduleId, TeamId, ViewId,
};
use crate::log_review::LogReview;
use crate::message::{MessageTemplate, shipped};
use crate::moment::Moment;
use crate::notify::{NoticeKind, NotifyRules};
use crate::observable::{IgnoredValue, ObservableKey};
use crate::people::{Organisation, Person, Team};
use crate::procedure::Procedure;
use crate::regulation::Regime;
use crate::revise::View;
use crate::revise::{Revised, Revision};
use crate::schedule::{Roster, Schedule};
use crate::shipped;
use crate::sla::Targets;
use crate::template::Template;
use crate::ticket::{Bound, Ticket};
use crate::warning::{HeldList, Lists};
use crate::words::{Origin, Severity};

/// Everything configured, in its newest version, with older versions of what tickets are bound to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Directory {
    /// The organisation, once set up.
    pub organisation: Option<Organisation>,
    /// Everybody who has or had an account.
    pub people: BTreeMap<PersonId, Person>,
    /// All teams.
    pub teams: BTreeMap<TeamId, Team>,
    /// All versions of each template by key, oldest first.
    pub templates: BTreeMap<String, Vec<Template>>,
    /// All versions of each procedure by key, oldest first.
    pub procedures: BTreeMap<String, Vec<Procedure>>,
    /// All versions of each escalation policy, oldest first.
    pub policies: BTreeMap<PolicyId, Vec<Policy>>,
    /// Saved views of the queue.
    pub views: BTreeMap<ViewId, View>,
    /// Calendars of working hours that are not deleted.
    pub calendars: BTreeMap<CalendarId, Calendar>,
    /// On-call schedules that are not deleted.
    pub schedules: BTreeMap<ScheduleId, Schedule>,
    /// The organisation's SLA targets, once it has set them.
    pub targets: Option<Targets>,
    /// Regimes that the organisation wrote or edited, by key, in their newest version.
    pub regimes: BTreeMap<String, Regime>,
    /// Channels that messages go out by.
    pub channels: BTreeMap<ChannelId, Channel>,
    /// By which ways people want to hear of what.
    pub notify_rules: BTreeMap<PersonId, NotifyRules>,
    /// Texts of messages that are not the shipped ones.
    pub messages: BTreeMap<NoticeKind, MessageTemplate>,
    /// Feeds of indicators that are not deleted.
    pub feeds: BTreeMap<FeedId, Feed>,
    /// Log reviews that are not deleted.
    pub log_reviews: BTreeMap<LogReviewId, LogReview>,
    /// Values that tie no tickets together.
    pub ignored: BTreeMap<ObservableKey, IgnoredValue>,
    /// Sources of alerts that are not deleted.
    pub alert_sources: BTreeMap<AlertSourceId, AlertSource>,
    /// Rules that judge alerts and are not deleted, each with its revision.
    pub alert_rules: BTreeMap<AlertRuleId, (i64, AlertRule)>,
    /// Warning lists that the organisation brought or switched off.
    pub warning_lists: Lists,
}

impl Directory {
    /// Takes a revision over.
    pub fn apply(&mut self, revised: &Revised) {
        match &revised.body {
            Revision::Organisation(o) => self.organisation = Some(o.clone()),
            Revision::Person(p) => {
                self.people.insert(p.id.clone(), p.clone());
            }
            Revision::Team(t) => {
                self.teams.insert(t.id.clone(), t.clone());
            }
            Revision::Template(t) => self
                .templates
                .entry(t.key.clone())
                .or_default()
                .push(t.clone()),
            Revision::Procedure(p) => {
                let versions = self.procedures.entry(p.key.clone()).or_default();
                // Approval is a revision of the same version; a new text is a new version.
                versions.retain(|v| v.version != p.version);
                versions.push(p.clone());
            }
            Revision::Policy(p) => self
                .policies
                .entry(p.id.clone())
                .or_default()
                .push(p.clone()),
            Revision::View(v) if v.deleted => {
                self.views.remove(&v.id);
            }
            Revision::View(v) => {
                self.views.insert(v.id.clone(), v.clone());
            }
            Revision::Calendar(c) if c.deleted => {
                self.calendars.remove(&c.id);
            }
            Revision::Calendar(c) => {
                self.calendars.insert(c.id.clone(), c.clone());
            }
            Revision::Schedule(s) if s.deleted => {
                self.schedules.remove(&s.id);
            }
            Revision::Schedule(s) => {
                self.schedules.insert(s.id.clone(), s.clone());
            }
            Revision::Targets(t) => self.targets = Some(t.clone()),
            Revision::Regime(r) => {
                self.regimes.insert(r.key.clone(), r.clone());
            }
            Revision::Channel(c) if c.deleted => {
                self.channels.remove(&c.id);
            }
            Revision::Channel(c) => {
                self.channels.insert(c.id.clone(), c.clone());
            }
            Revision::NotifyRules(r) => {
                self.notify_rules.insert(r.person.clone(), r.clone());
            }
            Revision::Message(m) => {
                self.messages.insert(m.kind, m.clone());
            }
            Revision::Feed(f) if f.deleted => {
                self.feeds.remove(&f.id);
            }
            Revision::Feed(f) => {
                self.feeds.insert(f.id.clone(), f.clone());
            }
            Revision::LogReview(r) if r.deleted => {
                self.log_reviews.remove(&r.id);
            }
            Revision::LogReview(r) => {
                self.log_reviews.insert(r.id.clone(), r.clone());
            }
            Revision::IgnoredValue(i) if i.deleted => {
                self.ignored.remove(&i.key());
            }
            Revision::IgnoredValue(i) => {
                self.ignored.insert(i.key(), i.clone());
            }
            Revision::AlertSource(s) if s.deleted => {
                self.alert_sources.remove(&s.id);
            }
            Revision::AlertSource(s) => {
                self.alert_sources.insert(s.id.clone(), s.clone());
            }
            Revision::AlertRule(r) if r.deleted => {
                self.alert_rules.remove(&r.id);
            }
            Revision::AlertRule(r) => {
                self.alert_rules
                    .insert(r.id.clone(), (revised.revision, r.clone()));
            }
            Revision::WarningList(l) if l.deleted => {
                self.warning_lists.remove(&l.name);
            }
            Revision::WarningList(l) => {
                let held = HeldList::new(l.clone());
                self.warning_lists.insert(l.name.clone(), held);
            }
        }
    }

    /// A person who can be made responsible.
    pub fn owner(&self, id: &PersonId) -> Option<&Person> {
        self.people.get(id).filter(|p| p.can_own())
    }

    /// The person's name, or the id if unknown.
    pub fn name<'a>(&'a self, id: &'a PersonId) -> &'a str {
        self.people.get(id).map_or(id.as_str(), |p| p.name.as_str())
    }

    /// The newest version of a template that is in use.
    pub fn template(&self, key: &str) -> Option<&Template> {
        self.templates
            .get(key)
            .and_then(|v| v.last())
            .filter(|t| !t.retired)
    }

    /// A template in the version a ticket was opened under.
    pub fn template_version(&self, key: &str, version: i64) -> Option<&Template> {
        self.templates
            .get(key)?
            .iter()
            .find(|t| t.version == version)
    }

    /// The SLA targets that hold: the organisation's, else the shipped ones.
    pub fn targets(&self) -> &Targets {
        self.targets.as_ref().unwrap_or_else(|| shipped::targets())
    }

    /// A regime by its key, as the organisation edited it, else as it ships; also one that is not offered any more.
    pub fn regime(&self, key: &str) -> Option<&Regime> {
        let shipped = || shipped::regimes().iter().find(|r| r.key == key);
        self.regimes.get(key).or_else(shipped)
    }

    /// All regimes, the shipped ones first.
    pub fn regimes(&self) -> impl Iterator<Item = &Regime> {
        let ships = |key: &str| shipped::regimes().iter().any(|r| r.key == key);
        let shipped = shipped::regimes().iter();
        let own = self.regimes.values().filter(move |r| !ships(&r.key));
        shipped.filter_map(|r| self.regime(&r.key)).chain(own)
    }

    /// A regime's name, or its key if it is not known.
    pub fn regime_title<'a>(&'a self, key: &'a str) -> &'a str {
        self.regime(key).map_or(key, |r| r.title.as_str())
    }

    /// The organisation's time zone.
    pub fn zone(&self) -> &str {
        let organisation = self.organisation.as_ref();
        organisation.map_or("UTC", |o| o.time_zone.as_str())
    }

    /// A moment as people of the organisation read it.
    pub fn say_time(&self, at: Moment) -> String {
        civil::say(at, self.zone())
    }

    /// The team that tickets go to unless another is named.
    pub fn default_team(&self) -> Option<&Team> {
        self.teams
            .values()
            .find(|t| t.default)
            .or_else(|| self.teams.values().next())
    }

    /// Who has the watch of the team at `now`, if anybody has: by its schedule, or the person set by hand if it has none.
    pub fn on_call(&self, team: &Team, now: Moment) -> Option<PersonId> {
        match &team.schedule {
            Some(schedule) => self.on_call_by(schedule, now),
            None => team.on_duty.clone(),
        }
    }

    /// Who is on call by a schedule at `now`, if anybody is.
    pub fn on_call_by(&self, schedule: &ScheduleId, now: Moment) -> Option<PersonId> {
        self.roster(schedule)?.on_call(now)
    }

    /// Whether there is such a schedule.
    pub fn has_schedule(&self, schedule: &ScheduleId) -> bool {
        self.schedules.contains_key(schedule)
    }

    /// An escalation policy in its newest version, if it is in use. The shipped ones are always.
    pub fn policy(&self, id: &PolicyId) -> Option<Policy> {
        let own = self.policies.get(id).and_then(|v| v.last());
        own.filter(|p| !p.retired)
            .cloned()
            .or_else(|| escalation::shipped_by_id(id.as_str()))
    }

    /// A policy in the version that an escalation began with.
    pub fn policy_version(&self, bound: &Bound) -> Option<Policy> {
        let id = bound.key.parse::<PolicyId>().ok()?;
        let own = self.policies.get(&id);
        own.and_then(|v| v.iter().find(|p| p.version == bound.version))
            .cloned()
            .or_else(|| escalation::shipped_by_id(&bound.key))
    }

    /// The policy by which a ticket escalates: the one it is bound to, or the one that it would be bound to now.
    pub fn policy_of(&self, t: &Ticket) -> Policy {
        let bound = t.escalation.policy.as_ref();
        let bound = bound.and_then(|b| self.policy_version(b));
        bound.unwrap_or_else(|| self.policy_for(t.template.as_ref(), &t.team, t.severity))
    }

    /// The policy by which tickets of a template, team and severity escalate: the template's, the team's for the severity, the
    /// team's, the organisation's, and the shipped one. So there is always one.
    pub fn policy_for(
        &self,
        template: Option<&Bound>,
        team: &TeamId,
        severity: Severity,
    ) -> Policy {
        let team = self.teams.get(team);
        let template = template.and_then(|b| self.template_version(&b.key, b.version));
        let chosen = [
            template.and_then(|t| t.policy.as_ref()),
            team.and_then(|x| x.policies.get(&severity)),
            team.and_then(|x| x.policy.as_ref()),
            self.organisation.as_ref().and_then(|o| o.policy.as_ref()),
        ];
        chosen
            .into_iter()
            .flatten()
            .find_map(|id| self.policy(id))
            .unwrap_or_else(|| escalation::shipped(severity))
    }

    /// Who becomes responsible for a ticket of `team` at `now`, other than `except`: who has the watch, else the lead, else
    /// the last-resort person. The reason says which. `None` only before the organisation is set up.
    pub fn watch(
        &self,
        team: &Team,
        except: Option<&PersonId>,
        now: Moment,
    ) -> Option<(PersonId, &'static str)> {
        let can = |id: &Option<PersonId>| {
            id.clone()
                .filter(|p| self.owner(p).is_some() && Some(p) != except)
        };
        if let Some(p) = can(&self.on_call(team, now)) {
            return Some((p, "on duty"));
        }
        if let Some(p) = can(&team.lead) {
            return Some((p, "team lead, as nobody is on duty"));
        }
        // The last-resort person is responsible whatever happens: existence was checked when it was set.
        self.organisation.as_ref().map(|o| {
            (
                o.last_resort.clone(),
                "last-resort person, as the team has nobody on duty and no lead",
            )
        })
    }

    /// A schedule ready to be worked out: with the holidays of its calendar, and asking who can own tickets.
    pub fn roster(&self, id: &ScheduleId) -> Option<Roster<'_>> {
        self.schedules.get(id).map(|s| self.roster_of(s))
    }

    /// Like [`Directory::roster`], of a schedule that may not be kept yet.
    pub fn roster_of<'a>(&'a self, schedule: &'a Schedule) -> Roster<'a> {
        let calendar = schedule.holidays.as_ref();
        let calendar = calendar.and_then(|c| self.calendars.get(c));
        let holidays = calendar.map_or(&[][..], |c| c.holidays.as_slice());
        Roster::new(schedule, holidays, |p| self.owner(p).is_some())
    }

    /// The channel that letters go out by, if there is one.
    pub fn mail(&self) -> Option<&Channel> {
        self.channels
            .values()
            .find(|c| c.settings.is_mail() && c.is_usable())
    }

    /// The text of a kind of message that is in use.
    pub fn message(&self, kind: NoticeKind) -> MessageTemplate {
        let own = self.messages.get(&kind).cloned();
        own.unwrap_or_else(|| shipped(kind))
    }

    /// How an origin is said in a sentence.
    pub fn origin_words(origin: Origin) -> &'static str {
        match origin {
            Origin::Web => "on a page",
            Origin::Report => "on the report form",
            Origin::Cli => "on the command line",
            Origin::Api => "by the API",
            Origin::Alert => "from an alert",
            Origin::System => "by itself",
        }
    }
}
