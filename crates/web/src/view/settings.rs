//! Settings of the organisation and what the installation says about itself.

use super::{form::Form, frame::Frame};
use askama::Template;

/// One fact about the installation.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// Settings.
#[derive(Debug, Clone, Template)]
#[template(path = "settings.html")]
pub struct Settings {
    /// Frame.
    pub frame: Frame,
    /// Organisation: name, last-resort person, time zone.
    pub organisation: Option<Form>,
    /// Whether the viewer may write the texts of messages.
    pub may_write: bool,
    /// Version, database, data folder, last checkpoint.
    pub facts: Vec<Fact>,
}
