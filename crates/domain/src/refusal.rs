//! A refusal: a rule said no, in words for a person and with a stable code for programs.

use serde::Serialize;
use std::fmt;

/// What kind of no it is; decides the HTTP status (see the web crate).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// The input is malformed or breaks a rule about itself (422).
    Invalid,
    /// The input is fine but the present state does not allow it (409).
    Conflict,
    /// The thing was changed since the actor saw it (412).
    Stale,
    /// Too many tries; wait (429).
    Throttled,
    /// Who acts is not known: not signed in, or the credential does not hold (401).
    Unknown,
    /// The actor may not do this (403).
    Forbidden,
    /// There is no such thing, or the actor may not know that there is (404).
    Missing,
}

/// A rule said no. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// What kind of no.
    pub kind: RefusalKind,
    /// Stable code such as `ticket.closed`.
    pub code: String,
    /// The field of the input that is wrong, if it is one.
    pub field: Option<String>,
    /// What was wrong and what to do, for a person.
    pub message: String,
}

impl Refusal {
    /// The named field is wrong; `message` says what is expected.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        let field = field.into();
        Self {
            kind: RefusalKind::Invalid,
            code: format!("invalid.{field}"),
            field: Some(field),
            message: message.into(),
        }
    }

    /// The present state does not allow it.
    pub fn conflict(code: &str, message: impl Into<String>) -> Self {
        Self {
            kind: RefusalKind::Conflict,
            code: code.into(),
            field: None,
            message: message.into(),
        }
    }

    /// The thing was changed since the actor saw it.
    pub fn stale(message: impl Into<String>) -> Self {
        Self {
            kind: RefusalKind::Stale,
            code: "stale".into(),
            field: None,
            message: message.into(),
        }
    }

    /// The credential does not hold.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self {
            kind: RefusalKind::Unknown,
            code: "unknown_actor".into(),
            field: None,
            message: message.into(),
        }
    }

    /// Too many tries; wait.
    pub fn throttled(message: impl Into<String>) -> Self {
        Self {
            kind: RefusalKind::Throttled,
            code: "throttled".into(),
            field: None,
            message: message.into(),
        }
    }

    /// The actor may not.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self {
            kind: RefusalKind::Forbidden,
            code: "forbidden".into(),
            field: None,
            message: message.into(),
        }
    }

    /// No such thing (or none that the actor may know of).
    pub fn missing(what: &str) -> Self {
        Self {
            kind: RefusalKind::Missing,
            code: "missing".into(),
            field: None,
            message: format!("There is no such {what}, or you may not see it."),
        }
    }

    /// The same refusal with a code of its own.
    #[must_use]
    pub fn coded(mut self, code: &str) -> Self {
        self.code = code.into();
        self
    }

    /// The same refusal about another field.
    #[must_use]
    pub fn on(mut self, field: impl Into<String>) -> Self {
        let field = field.into();
        if self.kind == RefusalKind::Invalid {
            self.code = format!("invalid.{field}");
        }
        self.field = Some(field);
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Refusal {}

/// Checks a text a person must give: trimmed, not empty, at most `max` characters, no control characters but line breaks and tabs.
///
/// # Errors
/// A refusal naming `field`, the rule and the remedy.
pub fn required_text(field: &str, text: &str, max: usize) -> Result<String, Refusal> {
    let text = optional_text(field, text, max)?;
    if text.is_empty() {
        Err(Refusal::invalid(field, "This must not be empty."))
    } else {
        Ok(text)
    }
}

/// Like [`required_text`], but empty is allowed.
///
/// # Errors
/// A refusal naming `field`, the rule and the remedy.
pub fn optional_text(field: &str, text: &str, max: usize) -> Result<String, Refusal> {
    let text = text.trim();
    let count = text.chars().count();
    if count > max {
        return Err(Refusal::invalid(
            field,
            format!(
                "At most {max} characters; this has {count}. Attach longer material as evidence."
            ),
        ));
    }
    // NUL cannot be stored by PostgreSQL, and escape sequences must never reach a terminal.
    Ok(text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect())
}

/// A one-line text: like [`required_text`] with line breaks turned into spaces.
///
/// # Errors
/// A refusal naming `field`, the rule and the remedy.
pub fn required_line(field: &str, text: &str, max: usize) -> Result<String, Refusal> {
    required_text(
        field,
        &text.split_whitespace().collect::<Vec<_>>().join(" "),
        max,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_bounded_and_clean() {
        assert_eq!(
            required_text("title", "  a\u{1b}[31mb\0 ", 10).unwrap(),
            "a[31mb"
        );
        assert_eq!(required_line("title", "a\n b", 10).unwrap(), "a b");
        assert!(
            required_text("title", " \n ", 10)
                .unwrap_err()
                .message
                .contains("empty")
        );
        assert!(
            required_text("title", "12345678901", 10)
                .unwrap_err()
                .message
                .contains("10")
        );
    }
}
