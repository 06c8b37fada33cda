//! Alerts: the inbox of similar ones, all of them, one with its history; rules and sources.

use askama::Template;

use super::form::Form;
use super::frame::Frame;
use super::moment::Moment;
use super::piece::Empty;

/// Similar alerts that wait.
#[derive(Debug, Clone)]
pub struct GroupRow {
    /// What decisions name: `g.<source>.<group>`.
    pub pick: String,
    /// Page of the group, or of the one alert.
    pub href: String,
    /// `info` to `critical`, or empty.
    pub level: &'static str,
    /// Title of one of them.
    pub title: String,
    /// How many.
    pub count: i64,
    /// Name of the source.
    pub source: String,
    /// When the first came.
    pub first: Moment,
    /// When the last came.
    pub last: Moment,
}

/// The inbox.
#[derive(Debug, Clone, Template)]
#[template(path = "alerts/inbox.html")]
pub struct Inbox {
    /// Frame.
    pub frame: Frame,
    /// How many alerts wait, up to 1,000.
    pub waiting: i64,
    /// `inbox` or `snoozed`.
    pub state: &'static str,
    /// Groups, the worst first.
    pub rows: Vec<GroupRow>,
    /// Shown where there is none.
    pub empty: Empty,
    /// Whether the viewer may decide.
    pub may_decide: bool,
}

/// An alert in a list.
#[derive(Debug, Clone)]
pub struct AlertRow {
    /// Its id.
    pub id: String,
    /// Its page.
    pub href: String,
    /// `info` to `critical`, or empty.
    pub level: &'static str,
    /// One line.
    pub title: String,
    /// Whether its source says that it is over.
    pub resolved: bool,
    /// Name of the source.
    pub source: String,
    /// What became of it.
    pub state: &'static str,
    /// The ticket.
    pub ticket: Option<String>,
    /// Why.
    pub because: String,
    /// When it came last.
    pub last: Moment,
}

/// A choice of a filter: value, words, whether it is chosen.
pub type Option3 = (String, String, bool);

/// All alerts.
#[derive(Debug, Clone, Template)]
#[template(path = "alerts/all.html")]
pub struct AllAlerts {
    /// Frame.
    pub frame: Frame,
    /// How many alerts wait, up to 1,000.
    pub waiting: i64,
    /// Text that titles have.
    pub text: String,
    /// Filters: name, label, choices.
    pub filters: Vec<(&'static str, &'static str, Vec<Option3>)>,
    /// The group, if only one is shown.
    pub group: String,
    /// The rule, if only what it judged is shown.
    pub rule: String,
    /// What is shown, where the filters do not say it.
    pub said: String,
    /// Alerts, the newest first.
    pub rows: Vec<AlertRow>,
    /// Shown where there is none.
    pub empty: Empty,
    /// The next page, or empty.
    pub next: String,
}

/// A revision of an alert.
#[derive(Debug, Clone)]
pub struct RevisionRow {
    /// From 1.
    pub revision: i64,
    /// When it came.
    pub at: Moment,
    /// What it changed.
    pub change: String,
    /// The body in which it came.
    pub inbound: i64,
}

/// An alert.
#[derive(Debug, Clone, Template)]
#[template(path = "alerts/alert.html")]
pub struct AlertPage {
    /// Frame.
    pub frame: Frame,
    /// Its id.
    pub id: String,
    /// What decisions name.
    pub pick: String,
    /// One line.
    pub title: String,
    /// `info` to `critical`, or empty.
    pub level: &'static str,
    /// Name of the source.
    pub source: String,
    /// What became of it.
    pub state: &'static str,
    /// Whether it waits in the inbox.
    pub waits: bool,
    /// The ticket.
    pub ticket: Option<String>,
    /// Whether its source says that it is over.
    pub resolved: bool,
    /// Why.
    pub because: String,
    /// Until when it sleeps.
    pub until: Option<Moment>,
    /// What it says.
    pub description: String,
    /// Where it is at its source; not a link, since nobody knows where it leads.
    pub url: String,
    /// Fields by name.
    pub fields: Vec<(String, String)>,
    /// Short facts.
    pub facts: Vec<(&'static str, String)>,
    /// When it came first.
    pub first: Moment,
    /// When it came last.
    pub last: Moment,
    /// Page of its group.
    pub alike: String,
    /// Page, value and words of each observable.
    pub observables: Vec<(String, String, String)>,
    /// Name and words of each asset.
    pub assets: Vec<(String, String)>,
    /// Revisions, the newest first.
    pub history: Vec<RevisionRow>,
    /// Whether the viewer may decide.
    pub may_decide: bool,
    /// Whether the viewer may manage sources and rules.
    pub may_manage: bool,
}

/// A rule in the list.
#[derive(Debug, Clone)]
pub struct RuleRow {
    /// Its id.
    pub id: String,
    /// Its page.
    pub href: String,
    /// Its place.
    pub order: i64,
    /// Its name.
    pub name: String,
    /// Its condition.
    pub when: String,
    /// What then becomes of an alert.
    pub then: &'static str,
    /// When it ends.
    pub until: Option<Moment>,
    /// Its revision.
    pub revision: i64,
    /// Whether it is asked now.
    pub asked: bool,
}

/// The rules.
#[derive(Debug, Clone, Template)]
#[template(path = "alerts/rules.html")]
pub struct Rules {
    /// Frame.
    pub frame: Frame,
    /// How many alerts wait, up to 1,000.
    pub waiting: i64,
    /// Rules, in order.
    pub rows: Vec<RuleRow>,
    /// Whether the viewer may manage them.
    pub may_manage: bool,
}

/// What a rule would have done.
#[derive(Debug, Clone)]
pub struct Run {
    /// In a sentence.
    pub says: String,
    /// What went wrong.
    pub error: String,
    /// Page, title and what became of some.
    pub examples: Vec<(String, String, String)>,
}

/// A rule.
#[derive(Debug, Clone, Template)]
#[template(path = "alerts/rule.html")]
pub struct RulePage {
    /// Frame.
    pub frame: Frame,
    /// Its name, or that it is new.
    pub title: String,
    /// The form.
    pub form: Form,
    /// What it would have done, if that was asked.
    pub run: Option<Run>,
    /// Deletes it.
    pub delete: Option<Form>,
}

/// A source in the list.
#[derive(Debug, Clone)]
pub struct SourceRow {
    /// Its id.
    pub id: String,
    /// Its page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// Its format.
    pub format: &'static str,
    /// When it was heard last.
    pub heard: Option<Moment>,
    /// Bodies that came.
    pub bodies: i64,
    /// Alerts in them.
    pub alerts: i64,
    /// Bodies that could not be read.
    pub refused: i64,
    /// How it is, in a word or two.
    pub state: &'static str,
    /// Class of that.
    pub class: &'static str,
}

/// A body that could not be read.
#[derive(Debug, Clone)]
pub struct ParkedRow {
    /// Its number.
    pub id: i64,
    /// Name of the source.
    pub source: String,
    /// When it came.
    pub at: Moment,
    /// What is wrong.
    pub error: String,
}

/// The sources.
#[derive(Debug, Clone, Template)]
#[template(path = "alerts/sources.html")]
pub struct Sources {
    /// Frame.
    pub frame: Frame,
    /// How many alerts wait, up to 1,000.
    pub waiting: i64,
    /// Sources, by name.
    pub rows: Vec<SourceRow>,
    /// What could not be read, the newest first.
    pub parked: Vec<ParkedRow>,
    /// Whether the viewer may manage them.
    pub may_manage: bool,
}

/// The key of a source.
#[derive(Debug, Clone)]
pub struct KeyPanel {
    /// Whether there is one, and since when.
    pub says: String,
    /// Where alerts are brought.
    pub url: String,
    /// Makes a new one.
    pub form: Form,
}

/// What a sample means.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Why it means nothing.
    pub error: String,
    /// How many alerts it holds.
    pub says: String,
    /// Name and value of what the first ones hold.
    pub alerts: Vec<Vec<(&'static str, String)>>,
}

/// A source.
#[derive(Debug, Clone, Template)]
#[template(path = "alerts/source.html")]
pub struct SourcePage {
    /// Frame.
    pub frame: Frame,
    /// Its name, or that it is new.
    pub title: String,
    /// What this is.
    pub says: String,
    /// The form.
    pub form: Form,
    /// Its key.
    pub key: Option<KeyPanel>,
    /// What the sample means, if one was given.
    pub preview: Option<Preview>,
    /// Other forms, each with heading and sentence.
    pub more: Vec<(String, String, Form)>,
}
