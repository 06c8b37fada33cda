//! Help pages: the API reference and the keyboard.

use super::frame::Frame;
use askama::Template;

/// A parameter of an operation.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Name.
    pub name: String,
    /// `path`, `query`, `header`.
    pub place: String,
    /// Type, in words.
    pub kind: String,
    /// Whether it must be given.
    pub required: bool,
    /// What it is.
    pub text: String,
}

/// An answer of an operation.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: String,
    /// What it means.
    pub text: String,
    /// Name of its schema, empty when none.
    pub schema: String,
}

/// An operation.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Anchor.
    pub id: String,
    /// Method in capitals.
    pub method: String,
    /// Path.
    pub path: String,
    /// One line.
    pub summary: String,
    /// More words, may be empty.
    pub text: String,
    /// Parameters.
    pub parameters: Vec<Parameter>,
    /// Name of the schema of its body, empty when none.
    pub body: String,
    /// Answers.
    pub answers: Vec<Answer>,
}

/// Operations under one tag.
#[derive(Debug, Clone)]
pub struct Tag {
    /// Name.
    pub name: String,
    /// Operations.
    pub operations: Vec<Operation>,
}

/// A schema.
#[derive(Debug, Clone)]
pub struct Schema {
    /// Name.
    pub name: String,
    /// What it is.
    pub text: String,
    /// Properties.
    pub properties: Vec<Parameter>,
}

/// The API reference.
#[derive(Debug, Clone, Template)]
#[template(path = "reference.html")]
pub struct Reference {
    /// Frame.
    pub frame: Frame,
    /// Operations by tag.
    pub tags: Vec<Tag>,
    /// Schemas.
    pub schemas: Vec<Schema>,
}

/// The keyboard.
#[derive(Debug, Clone, Template)]
#[template(path = "keys.html")]
pub struct Keyboard {
    /// Frame.
    pub frame: Frame,
    /// Fields of the query language and what to write after each.
    pub fields: Vec<(&'static str, &'static str)>,
}
