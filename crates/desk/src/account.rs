//! Who is at the door: sessions and tokens become viewers, from current rows each time.

pub mod link;
pub mod password;
pub mod seal;
pub mod second_factor;
pub mod session;
pub mod sign_in;
pub mod throttle;

use midwatch_domain::access::{TokenScope, Viewer};
use midwatch_domain::actor::Actor;
use midwatch_domain::directory::Directory;
use midwatch_domain::id::PersonId;
use midwatch_domain::moment::Moment;
use midwatch_domain::people::AccountState;
use midwatch_domain::revise::AccountActed;
use midwatch_store::plain::session::Session;
use midwatch_store::plain::{session as sessions, token};
use midwatch_store::{StoreError, WriteTx};
use std::collections::BTreeSet;
use std::sync::Arc;

pub use link::Link;
pub use midwatch_domain::secret::{Secret, digest};
pub use password::Password;
pub use second_factor::{Enrolment, SecondFactor};
pub use sign_in::SignIn;
pub use throttle::Caller;

use crate::Desk;

/// A session ends after this long, in milliseconds.
pub const SESSION_MS: i64 = 12 * 3_600_000;
/// An API token may live this long, in days.
pub const TOKEN_DAYS: i64 = 366;
const MINUTE_MS: i64 = 60_000;

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

impl Desk {
    /// Who a session's secret belongs to; nobody if it has ended or the account is not active. Blocks.
    ///
    /// # Errors
    /// Storage failed.
    pub fn by_session(&self, secret: &str) -> Result<Option<Signed>, StoreError> {
        let (now, digest) = (self.store.now(), digest(secret));
        let found = self.store.read(|tx| {
            let Some(session) = sessions::find(tx, &digest, now)? else {
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
                .write_blocking(move |w| sessions::seen(&mut w.tx, &digest, now))?;
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

/// Records an act on a person's account. Never the secret.
pub(crate) fn note(
    w: &mut WriteTx<'_>,
    actor: &Actor,
    person: &PersonId,
    act: &str,
    detail: String,
) -> Result<(), StoreError> {
    record(
        w,
        actor,
        &AccountActed {
            person: person.clone(),
            act: act.into(),
            detail,
        },
    )
    .map(|_| ())
}
