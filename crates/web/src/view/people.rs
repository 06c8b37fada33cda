//! People and teams: lists and forms, and a link shown once; knows no password and no right.

use super::{form::Form, frame::Frame, moment::Moment, piece::PersonChip};
use askama::Template;

/// A person in the list.
#[derive(Debug, Clone)]
pub struct PersonRow {
    /// Who.
    pub person: PersonChip,
    /// Mail address they sign in with.
    pub login: String,
    /// Role, as a word.
    pub role: String,
    /// Teams.
    pub teams: Vec<String>,
    /// Whether a second factor is set.
    pub second_factor: bool,
    /// `active`, `invited`, `disabled`.
    pub state: &'static str,
    /// When they were last seen.
    pub seen: Option<Moment>,
}

/// A team in the list.
#[derive(Debug, Clone)]
pub struct TeamRow {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// Lead.
    pub lead: Option<PersonChip>,
    /// On duty now; none falls back to the lead.
    pub duty: Option<PersonChip>,
    /// Members.
    pub members: Vec<PersonChip>,
}

/// People and teams.
#[derive(Debug, Clone, Template)]
#[template(path = "people/list.html")]
pub struct People {
    /// Frame.
    pub frame: Frame,
    /// Whether teams are shown rather than people.
    pub teams_shown: bool,
    /// People.
    pub people: Vec<PersonRow>,
    /// Teams.
    pub teams: Vec<TeamRow>,
    /// Last-resort person.
    pub last_resort: PersonChip,
    /// Whether the viewer may change them.
    pub may_edit: bool,
    /// Whether the viewer may say who is on duty.
    pub may_lead: bool,
}

/// A page with one form and facts beside it: person, team, organisation.
#[derive(Debug, Clone, Template)]
#[template(path = "people/edit.html")]
pub struct EditPage {
    /// Frame.
    pub frame: Frame,
    /// Word and link back: `People`, `/people`.
    pub back: (String, String),
    /// Headline.
    pub title: String,
    /// What this is for.
    pub intro: String,
    /// The form.
    pub form: Form,
    /// Other forms below, each under its own heading with one sentence: disable, reset second factor, new invite link.
    pub more: Vec<(String, String, Form)>,
}

/// A secret shown once: an invite link, a token.
#[derive(Debug, Clone, Template)]
#[template(path = "people/once.html")]
pub struct ShownOnce {
    /// Frame.
    pub frame: Frame,
    /// Word and link back.
    pub back: (String, String),
    /// Headline.
    pub title: String,
    /// What to do with it, and until when it works.
    pub intro: String,
    /// The secret.
    pub secret: String,
    /// How it is used: a command line; empty when none.
    pub usage: String,
}
