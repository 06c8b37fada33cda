//! Forms and their fields, with help, error and kept text; knows no page and no rule.

use super::piece::Problem;
use askama::{Template, filters::HtmlSafe};

/// What a field takes, hence how it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// One line.
    Text,
    /// Several lines.
    Long,
    /// Several lines in monospace, for what is pasted.
    Paste,
    /// One of a few.
    Choice,
    /// Any of a few.
    MultiChoice,
    /// A number.
    Number,
    /// A date and a time.
    DateTime,
    /// A date.
    Date,
    /// Yes or no, both spoken out so that "not answered" stays visible.
    YesNo,
    /// A box to tick.
    Tick,
    /// A person out of the list given as choices.
    Person,
    /// A password.
    Password,
    /// A mail address.
    Email,
    /// A six-digit code.
    Code,
    /// A file.
    File,
    /// Sent along unseen.
    Hidden,
}

/// One thing to choose.
#[derive(Debug, Clone)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
    /// A word of help, may be empty.
    pub hint: String,
}

impl Choice {
    /// A choice without a hint.
    #[must_use]
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
            hint: String::new(),
        }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

/// A labelled field with its help, its error and what was typed.
#[derive(Debug, Clone, Template)]
#[template(path = "pieces/field.html")]
pub struct Field {
    /// Name it is sent under; also its element id with `f-` before it.
    pub name: String,
    /// Its label.
    pub label: String,
    /// What it takes.
    pub kind: FieldKind,
    /// What it is for, under the label; may be empty.
    pub help: String,
    /// What was typed or stands now; for several choices see `values`.
    pub value: String,
    /// What was ticked, for several choices.
    pub values: Vec<String>,
    /// What can be chosen.
    pub choices: Vec<Choice>,
    /// Whether it must be filled.
    pub required: bool,
    /// What was wrong with it.
    pub error: Option<String>,
    /// A grey example.
    pub placeholder: String,
    /// Greatest length in characters, 0 for none.
    pub max: u32,
    /// `autocomplete` token, may be empty.
    pub autocomplete: String,
    /// Whether the page puts the caret here.
    pub focus: bool,
    /// Key of the local draft, empty for none.
    pub draft: String,
}
impl HtmlSafe for Field {}

impl Field {
    /// An optional, empty field.
    #[must_use]
    pub fn new(kind: FieldKind, name: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            kind,
            help: String::new(),
            value: String::new(),
            values: Vec::new(),
            choices: Vec::new(),
            required: false,
            error: None,
            placeholder: String::new(),
            max: 0,
            autocomplete: String::new(),
            focus: false,
            draft: String::new(),
        }
    }

    /// One line of text.
    #[must_use]
    pub fn text(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(FieldKind::Text, name, label)
    }

    /// A value sent along unseen.
    #[must_use]
    pub fn hidden(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self::new(FieldKind::Hidden, name, "").value(value)
    }

    /// With what was typed or stands now.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// With what was ticked.
    #[must_use]
    pub fn values(mut self, values: Vec<String>) -> Self {
        self.values = values;
        self
    }

    /// With what can be chosen.
    #[must_use]
    pub fn choices(mut self, choices: Vec<Choice>) -> Self {
        self.choices = choices;
        self
    }

    /// With help under the label.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// Must be filled.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// With what was wrong.
    #[must_use]
    pub fn error(mut self, error: Option<String>) -> Self {
        self.error = error;
        self
    }

    /// With a grey example.
    #[must_use]
    pub fn placeholder(mut self, placeholder: impl Into<String>) -> Self {
        self.placeholder = placeholder.into();
        self
    }

    /// With a greatest length.
    #[must_use]
    pub fn max(mut self, max: u32) -> Self {
        self.max = max;
        self
    }

    /// With an `autocomplete` token.
    #[must_use]
    pub fn autocomplete(mut self, token: impl Into<String>) -> Self {
        self.autocomplete = token.into();
        self
    }

    /// The caret starts here.
    #[must_use]
    pub fn focused(mut self) -> Self {
        self.focus = true;
        self
    }

    /// What is typed is kept in the browser under this key until it is sent.
    #[must_use]
    pub fn draft(mut self, key: impl Into<String>) -> Self {
        self.draft = key.into();
        self
    }

    /// Whether a choice is the one that stands.
    #[must_use]
    pub fn is(&self, value: &str) -> bool {
        self.value == value || self.values.iter().any(|v| v == value)
    }

    /// The `type` attribute of the single-line kinds.
    #[must_use]
    pub fn input_type(&self) -> &'static str {
        match self.kind {
            FieldKind::Number => "number",
            FieldKind::DateTime => "datetime-local",
            FieldKind::Date => "date",
            FieldKind::Password => "password",
            FieldKind::Email => "email",
            FieldKind::File => "file",
            FieldKind::Hidden => "hidden",
            _ => "text",
        }
    }

    /// Whether the label belongs to a group of inputs rather than to one.
    #[must_use]
    pub fn is_group(&self) -> bool {
        matches!(self.kind, FieldKind::MultiChoice | FieldKind::YesNo)
    }
}

/// A form posted to one address.
#[derive(Debug, Clone, Template)]
#[template(path = "pieces/form.html")]
pub struct Form {
    /// Where it is posted.
    pub action: String,
    /// Word on the button.
    pub submit: String,
    /// Its fields, in order.
    pub fields: Vec<Field>,
    /// What was wrong as a whole.
    pub problem: Option<Problem>,
    /// Where to go instead; no link when empty.
    pub cancel: String,
    /// The act destroys or reveals something; the button says so by its colour.
    pub danger: bool,
    /// Posted by the browser itself and never by the page's script, since the answer is a page to be read.
    pub plain: bool,
}
impl HtmlSafe for Form {}

impl Form {
    /// A form with its fields.
    #[must_use]
    pub fn new(action: impl Into<String>, submit: impl Into<String>, fields: Vec<Field>) -> Self {
        Self {
            action: action.into(),
            submit: submit.into(),
            fields,
            problem: None,
            cancel: String::new(),
            danger: false,
            plain: false,
        }
    }

    /// With what was wrong as a whole.
    #[must_use]
    pub fn problem(mut self, problem: Option<Problem>) -> Self {
        self.problem = problem;
        self
    }

    /// With a way back.
    #[must_use]
    pub fn cancel(mut self, href: impl Into<String>) -> Self {
        self.cancel = href.into();
        self
    }

    /// The act destroys or reveals something.
    #[must_use]
    pub fn dangerous(mut self) -> Self {
        self.danger = true;
        self
    }

    /// The answer is a page to be read, such as one that shows a secret once.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.plain = true;
        self
    }

    /// Whether a field carries a file, so that the form is posted as multipart.
    #[must_use]
    pub fn has_file(&self) -> bool {
        self.fields
            .iter()
            .any(|field| field.kind == FieldKind::File)
    }
}
