//! Sessions and tokens from the inside: begin, list, end. Knows no password and no cookie.

use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, TokenScope, Viewer};
use midwatch_domain::actor::Actor;
use midwatch_domain::id::{PersonId, TokenId};
use midwatch_domain::refusal::required_line;
use midwatch_store::plain::invite;
use midwatch_store::plain::one_click;
use midwatch_store::plain::session::{self, Session};
use midwatch_store::plain::token::{self, Token};
use midwatch_store::{Fault, StoreError, WriteTx};
use std::collections::BTreeSet;

use super::throttle::Caller;
use super::{SESSION_MS, TOKEN_DAYS, note};
use crate::{Desk, refresh};
use midwatch_domain::secret::{Secret, hex};

const DAY_MS: i64 = 86_400_000;
/// A session that waits for the second factor ends after this long, in milliseconds.
const HALF_SESSION_MS: i64 = 10 * 60_000;

impl Desk {
    /// Begins a session for a person who needs to show nothing (more), or nothing but the second factor: `passed` is then false.
    ///
    /// # Errors
    /// Storage failed.
    pub async fn begin_session(
        &self,
        person: PersonId,
        caller: Caller,
        passed: bool,
    ) -> Result<Secret, Fault> {
        self.store
            .write(move |w| Ok(begin(w, &person, &caller, passed)?))
            .await
    }

    /// Begins a session for a person who needs to show nothing. Where the clock runs `pace` times as fast as the world, it lasts as
    /// long for whoever sits there.
    ///
    /// # Errors
    /// Storage failed.
    pub async fn begin_paced_session(
        &self,
        person: PersonId,
        caller: Caller,
        pace: i64,
    ) -> Result<Secret, Fault> {
        let lasts_ms = SESSION_MS.saturating_mul(pace);
        self.store
            .write(move |w| Ok(lasting(w, &person, &caller, true, lasts_ms)?))
            .await
    }

    /// Ends a session of the viewer's own.
    ///
    /// # Errors
    /// Missing if there is none such; or storage failed.
    pub async fn end_session(&self, viewer: Viewer, id: String) -> Result<(), Fault> {
        self.store
            .write(move |w| {
                let me = own(&refresh(&viewer, &w.directory)?)?;
                if session::end(&mut w.tx, &me, &id)? {
                    Ok(())
                } else {
                    Err(Refusal::missing("session").into())
                }
            })
            .await
    }

    /// Ends all sessions of the viewer's own but the one of this id; how many.
    ///
    /// # Errors
    /// A refusal; or storage failed.
    pub async fn end_other_sessions(&self, viewer: Viewer, keep: String) -> Result<u64, Fault> {
        self.store
            .write(move |w| {
                let me = own(&refresh(&viewer, &w.directory)?)?;
                let ended = session::end_others(&mut w.tx, &me, &keep)?;
                if ended > 0 {
                    note(
                        w,
                        &viewer.actor,
                        &me,
                        "sessions_ended",
                        format!("{ended} other sessions, by the person"),
                    )?;
                }
                Ok(ended)
            })
            .await
    }

    /// Ends a session that is left, whether or not it has shown every factor.
    ///
    /// # Errors
    /// Storage failed.
    pub async fn sign_out(&self, session: Session) -> Result<(), Fault> {
        self.store
            .write(move |w| Ok(session::end(&mut w.tx, &session.person, &session.id).map(|_| ())?))
            .await
    }

    /// Ends every session and token of a person at once.
    ///
    /// # Errors
    /// Forbidden to all but administrators; missing; or storage failed.
    pub async fn end_access(&self, viewer: Viewer, person: PersonId) -> Result<(), Fault> {
        self.store
            .write(move |w| {
                let viewer = refresh(&viewer, &w.directory)?;
                viewer.may(Action::ManagePeople)?;
                if !w.directory.people.contains_key(&person) {
                    return Err(Refusal::missing("person").into());
                }
                Ok(end_all(w, &viewer.actor, &person)?)
            })
            .await
    }

    /// The viewer's own sessions, last used first. Blocks.
    ///
    /// # Errors
    /// A refusal; or storage failed.
    pub fn sessions(&self, viewer: &Viewer) -> Result<Vec<Session>, Fault> {
        let me = own(viewer)?;
        let now = self.store.now();
        let all = self.store.read(|tx| session::of_person(tx, &me))?;
        Ok(all
            .into_iter()
            .filter(|s| s.expires_at > now && s.passed)
            .collect())
    }

    /// The tokens of a person, newest first: one's own, or anybody's for an administrator. Blocks.
    ///
    /// # Errors
    /// Forbidden; or storage failed.
    pub fn tokens(&self, viewer: &Viewer, person: &PersonId) -> Result<Vec<Token>, Fault> {
        if own(viewer).ok().as_ref() != Some(person) {
            viewer.may(Action::ManagePeople)?;
        }
        Ok(self.store.read(|tx| token::of_person(tx, person))?)
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
    ) -> Result<(Token, Secret), Fault> {
        self.store
            .write(move |w| {
                let person = own(&refresh(&viewer, &w.directory)?)?;
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
                let secret = Secret::fresh("mwt_", w.random());
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
                token::insert(&mut w.tx, &secret.digest(), &token)?;
                let scopes: Vec<&str> = token.scopes.iter().map(|s| s.as_str()).collect();
                let detail = format!(
                    "{} “{}”, scopes {}, until {}",
                    token.id,
                    token.name,
                    scopes.join(" "),
                    token.expires_at
                );
                note(w, &viewer.actor, &person, "token_made", detail)?;
                Ok((token, secret))
            })
            .await
    }

    /// Revokes a token: one's own, or anybody's for an administrator. A token that has ended already stays as it is.
    ///
    /// # Errors
    /// Missing if there is none, or it is somebody else's; or storage failed.
    pub async fn revoke_token(&self, viewer: Viewer, id: TokenId) -> Result<(), Fault> {
        self.store
            .write(move |w| {
                let viewer = refresh(&viewer, &w.directory)?;
                let found = token::by_id(&mut w.tx, &id)?;
                let mine = own(&viewer).ok();
                let may = viewer.may(Action::ManagePeople).is_ok();
                let token = found
                    .filter(|t| may || mine.as_ref() == Some(&t.person))
                    .ok_or_else(|| Refusal::missing("token"))?;
                let now = w.now;
                if token::revoke(&mut w.tx, &token.person, &id, now)? {
                    note(
                        w,
                        &viewer.actor,
                        &token.person,
                        "token_revoked",
                        format!("{id} “{}”", token.name),
                    )?;
                }
                Ok(())
            })
            .await
    }
}

/// The person whose own account a viewer may manage: somebody in a session, never a token.
pub(crate) fn own(viewer: &Viewer) -> Result<PersonId, Refusal> {
    viewer.may(Action::ManageSelf)?;
    viewer
        .actor
        .person()
        .cloned()
        .ok_or_else(|| Refusal::forbidden("Only a person has an account."))
}

/// Begins a session within a write, under a secret never used before.
pub(crate) fn begin(
    w: &mut WriteTx<'_>,
    person: &PersonId,
    caller: &Caller,
    passed: bool,
) -> Result<Secret, StoreError> {
    let lasts_ms = if passed { SESSION_MS } else { HALF_SESSION_MS };
    lasting(w, person, caller, passed, lasts_ms)
}

fn lasting(
    w: &mut WriteTx<'_>,
    person: &PersonId,
    caller: &Caller,
    passed: bool,
    lasts_ms: i64,
) -> Result<Secret, StoreError> {
    let secret = Secret::fresh("mws_", w.random());
    let now = w.now;
    let session = Session {
        id: hex(&w.random::<8>()),
        person: person.clone(),
        created_at: now,
        seen_at: now,
        expires_at: now.plus_ms(lasts_ms),
        agent: caller.plain_agent(),
        address: caller.place(),
        passed,
    };
    session::insert(&mut w.tx, &secret.digest(), &session)?;
    Ok(secret)
}

/// Ends every session, token and link of a person within a write.
pub(crate) fn end_all(
    w: &mut WriteTx<'_>,
    actor: &Actor,
    person: &PersonId,
) -> Result<(), StoreError> {
    let now = w.now;
    let sessions = session::end_others(&mut w.tx, person, "")?;
    let tokens = token::revoke_all(&mut w.tx, person, now)?;
    invite::drop_of(&mut w.tx, person)?;
    one_click::drop_of(&mut w.tx, person)?;
    note(
        w,
        actor,
        person,
        "sessions_ended",
        format!("sessions: {sessions}, tokens: {tokens}"),
    )
}
