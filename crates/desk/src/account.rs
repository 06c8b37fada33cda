//! Who is at the door: sessions and tokens become viewers, from current rows each time.

use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, TokenScope, Viewer};
use midwatch_domain::actor::Actor;
use midwatch_domain::directory::Directory;
use midwatch_domain::id::{PersonId, TokenId};
use midwatch_domain::moment::Moment;
use midwatch_domain::people::AccountState;
use midwatch_domain::refusal::required_line;
use midwatch_domain::revise::AccountActed;
use midwatch_store::plain::session::{self, Session};
use midwatch_store::plain::token::{self, Token};
use midwatch_store::{Fault, StoreError, WriteTx};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::{Desk, refresh};

/// A session ends after this long, in milliseconds.
pub const SESSION_MS: i64 = 12 * 3_600_000;
/// An API token may live this long, in days.
pub const TOKEN_DAYS: i64 = 366;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// Somebody who has shown who they are.
#[derive(Clone)]
pub struct Signed {
    /// Who asks, and what they may do.
    pub viewer: Viewer,
    /// The session, if it is one and not a token.
    pub session: Option<Session>,
    /// The desk as configured when the request came.
    pub directory: Arc<Directory>,
}

/// The digest under which a secret is kept: SHA-256 in hexadecimal. Enough for secrets of 256 random bits.
pub fn digest(secret: &str) -> String {
    Sha256::digest(secret.as_bytes())
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// A fresh secret of 256 bits with a prefix that tells what it is.
pub fn secret(prefix: &str, bytes: [u8; 32]) -> String {
    use base64::Engine as _;
    format!(
        "{prefix}{}",
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
    )
}

impl Desk {
    /// Who a session's secret belongs to; nobody if it has ended or the account is not active. Blocks.
    ///
    /// # Errors
    /// Storage failed.
    pub fn by_session(&self, secret: &str) -> Result<Option<Signed>, StoreError> {
        let (now, digest) = (self.store.now(), digest(secret));
        let found = self.store.read(|tx| {
            let Some(session) = session::find(tx, &digest, now)? else {
                return Ok::<_, StoreError>(None);
            };
            let directory = self.store.directory(tx)?;
            Ok(
                viewer(&directory, Actor::Person(session.person.clone()), None).map(|viewer| {
                    Signed {
                        viewer,
                        session: Some(session),
                        directory,
                    }
                }),
            )
        })?;
        // A day in minutes is exact enough for "last used", and spares a write for each request.
        if found
            .as_ref()
            .and_then(|s| s.session.as_ref())
            .is_some_and(|s| now.since(s.seen_at) >= MINUTE_MS)
        {
            self.store
                .write_blocking(move |w| session::seen(&mut w.tx, &digest, now))?;
        }
        Ok(found)
    }

    /// Who an API token's secret belongs to; nobody if it does not hold. Blocks.
    ///
    /// # Errors
    /// Storage failed.
    pub fn by_token(&self, secret: &str) -> Result<Option<Signed>, StoreError> {
        let (now, digest) = (self.store.now(), digest(secret));
        let found = self.store.read(|tx| {
            let Some(token) = token::find(tx, &digest)?.filter(|t| t.is_valid(now)) else {
                return Ok::<_, StoreError>(None);
            };
            let directory = self.store.directory(tx)?;
            let actor = Actor::Token(token.person.clone(), token.id.clone());
            let signed =
                viewer(&directory, actor, Some(token.scopes.clone())).map(|viewer| Signed {
                    viewer,
                    session: None,
                    directory,
                });
            Ok(signed.map(|s| (s, token)))
        })?;
        let Some((signed, token)) = found else {
            return Ok(None);
        };
        if token.used_at.is_none_or(|at| now.since(at) >= MINUTE_MS) {
            self.store
                .write_blocking(move |w| token::used(&mut w.tx, &digest, now))?;
        }
        Ok(Some(signed))
    }

    /// Begins a session for a person whose factors were checked (or all but the second: `passed` is false). Returns the secret.
    ///
    /// # Errors
    /// Storage failed.
    pub async fn begin_session(
        &self,
        person: PersonId,
        agent: String,
        passed: bool,
    ) -> Result<String, Fault> {
        self.store
            .write(move |w| {
                let secret = secret("mws_", w.random());
                let id: String = w.random::<8>().iter().map(|b| format!("{b:02x}")).collect();
                let agent = agent
                    .chars()
                    .filter(|c| !c.is_control())
                    .take(200)
                    .collect();
                let now = w.now;
                let session = Session {
                    id,
                    person,
                    created_at: now,
                    seen_at: now,
                    expires_at: now.plus_ms(SESSION_MS),
                    agent,
                    passed,
                };
                session::insert(&mut w.tx, &digest(&secret), &session)?;
                Ok(secret)
            })
            .await
    }

    /// Makes an API token for the viewer. Returns it with its secret, which is shown once.
    ///
    /// # Errors
    /// A refusal naming the field; or storage failed.
    pub async fn make_token(
        &self,
        viewer: Viewer,
        name: String,
        scopes: BTreeSet<TokenScope>,
        days: i64,
    ) -> Result<(Token, String), Fault> {
        self.store
            .write(move |w| {
                let viewer = refresh(&viewer, &w.directory)?;
                viewer.may(Action::ManageSelf)?;
                let person = viewer
                    .actor
                    .person()
                    .cloned()
                    .ok_or_else(|| Refusal::forbidden("Only a person can have tokens."))?;
                if scopes.is_empty() {
                    return Err(Refusal::invalid(
                        "scopes",
                        "Choose at least one of: read, open, work, manage, record.",
                    )
                    .into());
                }
                if !(1..=TOKEN_DAYS).contains(&days) {
                    return Err(Refusal::invalid(
                        "days",
                        format!("A token lives 1 to {TOKEN_DAYS} days."),
                    )
                    .into());
                }
                let secret = secret("mwt_", w.random());
                let now = w.now;
                let token = Token {
                    id: TokenId::from_bytes(w.random()),
                    person: person.clone(),
                    name: required_line("name", &name, 80)?,
                    scopes,
                    created_at: now,
                    expires_at: now.plus_ms(days * DAY_MS),
                    revoked_at: None,
                    used_at: None,
                };
                token::insert(&mut w.tx, &digest(&secret), &token)?;
                let scopes: Vec<&str> = token.scopes.iter().map(|s| s.as_str()).collect();
                let detail = format!(
                    "{} “{}”, scopes {}, until {}",
                    token.id,
                    token.name,
                    scopes.join(" "),
                    token.expires_at
                );
                record(
                    w,
                    &viewer.actor,
                    &AccountActed {
                        person,
                        act: "token_made".into(),
                        detail,
                    },
                )?;
                Ok((token, secret))
            })
            .await
    }
}

/// The viewer an actor is now; nobody if the account is not active.
fn viewer(
    directory: &Directory,
    actor: Actor,
    scopes: Option<BTreeSet<TokenScope>>,
) -> Option<Viewer> {
    let person = directory
        .people
        .get(actor.person()?)
        .filter(|p| p.state == AccountState::Active)?;
    Some(Viewer {
        role: Some(person.role),
        teams: crate::teams_of(directory, &actor),
        actor,
        scopes,
    })
}

/// Records something about an account.
///
/// # Errors
/// Storage failed.
pub fn record(
    w: &mut WriteTx<'_>,
    actor: &Actor,
    acted: &AccountActed,
) -> Result<Moment, StoreError> {
    let payload = serde_json::to_value(acted).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    let serde_json::Value::Object(payload) = payload else {
        return Err(StoreError::Corrupt(
            "an account act is not an object".into(),
        ));
    };
    Ok(w.append(
        actor,
        None,
        AccountActed::KIND,
        AccountActed::VERSION,
        None,
        payload,
    )?
    .recorded_at)
}
