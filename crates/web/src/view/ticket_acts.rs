//! Pages for the acts that deserve a page of their own: hand off, move, close; what they will cause stands beside the form.

use super::{
    form::Form,
    frame::Frame,
    ticket::TicketHead,
    ticket_parts::{FieldFact, Step},
};
use askama::Template;

/// One thing an act will cause or still lacks.
#[derive(Debug, Clone)]
pub struct Consequence {
    /// Sentence.
    pub text: String,
    /// Where it can be settled; no link when empty.
    pub href: String,
    /// Whether it stands in the way.
    pub blocks: bool,
}

/// A page with one act on one ticket.
#[derive(Debug, Clone, Template)]
#[template(path = "ticket/act.html")]
pub struct TicketAct {
    /// Frame.
    pub frame: Frame,
    /// Header of the ticket.
    pub head: TicketHead,
    /// Phases with the time in each.
    pub steps: Vec<Step>,
    /// What is to be done: `Hand off`, `Move to Containment`, `Close`.
    pub title: String,
    /// What that means, one sentence.
    pub intro: String,
    /// The form, posted to the verb.
    pub form: Form,
    /// Heading of the list beside the form.
    pub beside: String,
    /// What it will cause, or what is still missing.
    pub consequences: Vec<Consequence>,
    /// Facts worth seeing while writing.
    pub facts: Vec<FieldFact>,
}
