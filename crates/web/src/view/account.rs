//! The viewer's own account: password, second factor, sessions, API tokens.

use super::{
    form::Form,
    frame::Frame,
    moment::Moment,
    piece::{CleanHtml, PersonChip, ValueChip},
    settings::Fact,
};
use askama::Template;

/// A session.
#[derive(Debug, Clone)]
pub struct Session {
    /// Identifier to revoke it by.
    pub id: String,
    /// Browser and system, in words.
    pub agent: String,
    /// Network address it was last seen from.
    pub address: String,
    /// When it began.
    pub began: Moment,
    /// When it was last used.
    pub used: Moment,
    /// Whether it is this one.
    pub current: bool,
}

/// How the second factor stands.
#[derive(Debug, Clone)]
pub enum SecondFactor {
    /// Not set.
    Off,
    /// Being set: scan or type, then confirm with a code.
    Enrolling {
        /// QR code as an SVG made by the server, may be empty.
        qr: CleanHtml,
        /// The same as an address an authenticator opens.
        uri: String,
        /// The secret to type.
        secret: ValueChip,
        /// Form that confirms with a code.
        confirm: Form,
    },
    /// Set.
    On {
        /// Since when.
        since: Moment,
        /// Recovery codes left.
        codes_left: i64,
        /// Form that removes it.
        remove: Form,
    },
}

/// My account.
#[derive(Debug, Clone, Template)]
#[template(path = "account/page.html")]
pub struct Account {
    /// Frame.
    pub frame: Frame,
    /// Name, mail address, role, teams; an administrator changes them.
    pub profile: Vec<Fact>,
    /// Password.
    pub password: Form,
    /// Second factor.
    pub second_factor: SecondFactor,
    /// Sessions.
    pub sessions: Vec<Session>,
}

/// A token in the list.
#[derive(Debug, Clone)]
pub struct TokenRow {
    /// Identifier to revoke it by.
    pub id: String,
    /// Name.
    pub name: String,
    /// Scopes.
    pub scopes: Vec<String>,
    /// Whose it is.
    pub owner: PersonChip,
    /// When it ends.
    pub expires: Moment,
    /// Whether it ended or was revoked.
    pub dead: bool,
    /// When it was last used.
    pub used: Option<Moment>,
}

/// API tokens.
#[derive(Debug, Clone, Template)]
#[template(path = "account/tokens.html")]
pub struct Tokens {
    /// Frame.
    pub frame: Frame,
    /// Tokens.
    pub rows: Vec<TokenRow>,
    /// Form that creates one: name, scopes, expiry.
    pub create: Form,
}
