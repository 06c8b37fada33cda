//! Pages before anybody is signed in: setup, sign-in, second factor, invitation; they carry no frame and need no script.

use super::{
    form::{Field, FieldKind, Form},
    frame::Theme,
    piece::Problem,
};
use askama::Template;

/// One card in the middle of the page with one form.
#[derive(Debug, Clone, Template)]
#[template(path = "door.html")]
pub struct Door {
    /// Title of the page and headline of the card.
    pub title: String,
    /// What this is about, one or two sentences.
    pub intro: String,
    /// The form.
    pub form: Form,
    /// A quiet line below the card, may be empty.
    pub footnote: String,
    /// Name of the organisation, empty before setup.
    pub organisation: String,
    /// Path segment of the assets.
    pub asset_version: String,
    /// Colour scheme asked for.
    pub theme: Theme,
    /// Whether this is the demonstration.
    pub demo: bool,
    /// Demo accounts offered for one-click sign-in.
    pub demo_people: Vec<DemoPerson>,
}

/// A demonstration account that can be entered by one button.
#[derive(Debug, Clone)]
pub struct DemoPerson {
    /// Login sent.
    pub login: String,
    /// Name shown.
    pub name: String,
    /// What they are.
    pub role: String,
}

impl Door {
    /// A card without extras.
    #[must_use]
    pub fn new(title: &str, intro: &str, form: Form, asset_version: &str) -> Self {
        Self {
            title: title.to_owned(),
            intro: intro.to_owned(),
            form,
            footnote: String::new(),
            organisation: String::new(),
            asset_version: asset_version.to_owned(),
            theme: Theme::System,
            demo: false,
            demo_people: Vec::new(),
        }
    }

    /// First start: names the organisation and its first administrator. `token` comes from the one-time link.
    #[must_use]
    pub fn setup(
        token: &str,
        typed: &Typed,
        problem: Option<Problem>,
        asset_version: &str,
    ) -> Self {
        let form = Form::new(
            "/setup",
            "Create and sign in",
            vec![
                Field::hidden("token", token),
                Field::text("organisation", "Organisation")
                    .value(&typed.organisation)
                    .required()
                    .max(120)
                    .focused()
                    .help("Stands on every page and every export."),
                Field::text("name", "Your name")
                    .value(&typed.name)
                    .required()
                    .max(120)
                    .autocomplete("name"),
                Field::new(FieldKind::Email, "login", "Mail address")
                    .value(&typed.login)
                    .required()
                    .max(254)
                    .autocomplete("username")
                    .help("You sign in with it."),
                Field::text("time_zone", "Time zone")
                    .value(&typed.time_zone)
                    .required()
                    .max(64)
                    .help("Days and hours are shown in it, such as Europe/Berlin."),
                new_password(),
            ],
        )
        .problem(problem);
        let mut door = Self::new(
            "Set up Midwatch",
            "You are the first administrator. You are also the last-resort person until you name somebody else: \
             when nobody is on duty, a ticket comes to you.",
            form,
            asset_version,
        );
        door.footnote = "This link works once.".to_owned();
        door
    }

    /// Sign-in with a password. `next` is the local path to return to.
    #[must_use]
    pub fn sign_in(login: &str, next: &str, problem: Option<Problem>, asset_version: &str) -> Self {
        let form = Form::new(
            "/login",
            "Sign in",
            vec![
                Field::hidden("next", next),
                Field::new(FieldKind::Email, "login", "Mail address")
                    .value(login)
                    .required()
                    .max(254)
                    .autocomplete("username")
                    .focused(),
                Field::new(FieldKind::Password, "password", "Password")
                    .required()
                    .autocomplete("current-password"),
            ],
        )
        .problem(problem);
        Self::new("Sign in", "", form, asset_version)
    }

    /// Second factor: the six digits of an authenticator, or a recovery code.
    #[must_use]
    pub fn second_factor(next: &str, problem: Option<Problem>, asset_version: &str) -> Self {
        let form = Form::new(
            "/login/second",
            "Continue",
            vec![
                Field::hidden("next", next),
                Field::new(FieldKind::Code, "code", "Six-digit code")
                    .required()
                    .max(24)
                    .autocomplete("one-time-code")
                    .focused(),
            ],
        )
        .problem(problem)
        .cancel("/login");
        Self::new(
            "Second factor",
            "Open your authenticator and type the code it shows for Midwatch, or type a recovery code.",
            form,
            asset_version,
        )
    }

    /// Invitation: an invited person chooses a password.
    #[must_use]
    pub fn join(
        token: &str,
        name: &str,
        login: &str,
        problem: Option<Problem>,
        asset_version: &str,
    ) -> Self {
        let form = Form::new(
            "/join",
            "Set password and sign in",
            vec![
                Field::hidden("token", token),
                Field::hidden("login", login).autocomplete("username"),
                new_password().focused(),
            ],
        )
        .problem(problem);
        let mut door = Self::new(
            &format!("Welcome, {name}"),
            &format!("You will sign in as {login}."),
            form,
            asset_version,
        );
        door.footnote = "This link works once.".to_owned();
        door
    }
}

/// What was typed into the setup form, kept when it is shown again.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    /// Organisation.
    pub organisation: String,
    /// Name of the first administrator.
    pub name: String,
    /// Mail address of the first administrator.
    pub login: String,
    /// IANA time zone.
    pub time_zone: String,
}

fn new_password() -> Field {
    Field::new(FieldKind::Password, "password", "Password")
        .required()
        .max(256)
        .autocomplete("new-password")
        .help("At least 12 characters. A sentence is better than a puzzle.")
}
