//! Signing in: the same work and the same answer for every failure. Knows no HTTP; a second factor has its own file.

use midwatch_domain::actor::Actor;
use midwatch_domain::id::PersonId;
use midwatch_domain::people::{AccountState, Person};
use midwatch_store::plain::credential;
use midwatch_store::{Fault, StoreError, WriteTx};

use super::password::Password;
use super::throttle::{Caller, Gate};
use super::{note, session};
use crate::Desk;
use midwatch_domain::secret::Secret;

/// How a try to sign in ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// Signed in, under a fresh secret.
    Whole(Secret),
    /// The password was right; under this secret the second factor must be shown.
    Half(Secret),
    /// Something was wrong. Which, nobody is told.
    Wrong,
    /// Too many tries.
    Wait {
        /// For how long.
        seconds: i64,
    },
}

/// What is known of an account before the password is checked.
struct Known {
    person: PersonId,
    hash: String,
}

impl Desk {
    /// Signs a person in with a password.
    ///
    /// # Errors
    /// Invalid for a password that no account can have; throttled if very many sign in at once; or storage failed.
    pub async fn sign_in(
        &self,
        email: &str,
        password: Password,
        caller: Caller,
    ) -> Result<SignIn, Fault> {
        password.bounded()?;
        let email = email.trim().to_lowercase();
        let (name, from) = (email.clone(), caller.clone());
        let (known, closes) = match self.store.write(move |w| count(w, &name, &from)).await? {
            Counted::Wait(seconds) => return Ok(SignIn::Wait { seconds }),
            Counted::Go { known, closes } => (known, closes),
        };
        let (person, hash) = known.map_or((None, None), |k| (Some(k.person), Some(k.hash)));
        let held = self.hashers.verify(password, hash.clone()).await?;
        self.store
            .write(move |w| match (person, hash) {
                (Some(person), Some(hash)) if held => pass(w, &person, &hash, &email, &caller),
                (person, _) => {
                    fail(w, person.as_ref(), closes.as_deref())?;
                    Ok(SignIn::Wrong)
                }
            })
            .await
    }
}

enum Counted {
    Wait(i64),
    /// `closes` says what the try closes unless it succeeds.
    Go {
        known: Option<Known>,
        closes: Option<String>,
    },
}

fn count(w: &mut WriteTx<'_>, email: &str, caller: &Caller) -> Result<Counted, StoreError> {
    let (account, address) = (Gate::account(email), Gate::address(caller));
    let waits = [Some(&account), address.as_ref()]
        .into_iter()
        .flatten()
        .map(|g| g.wait(w))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(seconds) = waits.into_iter().flatten().max() {
        return Ok(Counted::Wait(seconds));
    }
    let mut closes = account
        .count(w)?
        .map(|s| format!("the account waits {s} s"));
    if let Some(address) = address
        && let Some(s) = address.count(w)?
    {
        closes = Some(format!("the address {} waits {s} s", caller.place()));
    }
    let directory = w.directory.clone();
    let person = by_email(directory.people.values(), email);
    let known = match person {
        Some(p) => credential::find(&mut w.tx, &p.id)?
            .and_then(|c| c.password)
            .map(|hash| Known {
                person: p.id.clone(),
                hash,
            }),
        None => None,
    };
    Ok(Counted::Go { known, closes })
}

/// The active account of a mail address.
pub(crate) fn by_email<'a>(
    mut people: impl Iterator<Item = &'a Person>,
    email: &str,
) -> Option<&'a Person> {
    people.find(|p| p.email == email && p.state == AccountState::Active)
}

fn pass(
    w: &mut WriteTx<'_>,
    person: &PersonId,
    hash: &str,
    email: &str,
    caller: &Caller,
) -> Result<SignIn, Fault> {
    // Since the hash was read the account may have been disabled, or its password changed.
    let stands = w
        .directory
        .people
        .get(person)
        .is_some_and(|p| p.state == AccountState::Active);
    let credential = credential::find(&mut w.tx, person)?
        .filter(|c| stands && c.password.as_deref() == Some(hash));
    let Some(credential) = credential else {
        return Ok(SignIn::Wrong);
    };
    Gate::account(email).clear(w)?;
    if let Some(address) = Gate::address(caller) {
        address.give_back(w)?;
    }
    Ok(enter(w, person, caller, credential.totp.is_none())?)
}

/// Lets a person in who has shown a password, wholly or up to the second factor.
pub(crate) fn enter(
    w: &mut WriteTx<'_>,
    person: &PersonId,
    caller: &Caller,
    whole: bool,
) -> Result<SignIn, StoreError> {
    let secret = session::begin(w, person, caller, whole)?;
    if !whole {
        return Ok(SignIn::Half(secret));
    }
    signed_in(w, person, caller)?;
    Ok(SignIn::Whole(secret))
}

/// Records that a person has signed in.
pub(crate) fn signed_in(
    w: &mut WriteTx<'_>,
    person: &PersonId,
    caller: &Caller,
) -> Result<(), StoreError> {
    let place = caller.place();
    let detail = if place.is_empty() {
        String::new()
    } else {
        format!("from {place}")
    };
    note(
        w,
        &Actor::Person(person.clone()),
        person,
        "signed_in",
        detail,
    )
}

/// Records, once for each time a gate closes, that somebody fails too often. What was typed is not kept.
pub(crate) fn fail(
    w: &mut WriteTx<'_>,
    person: Option<&PersonId>,
    closes: Option<&str>,
) -> Result<(), StoreError> {
    match (person, closes) {
        (Some(person), Some(what)) => note(
            w,
            &Actor::System,
            person,
            "sign_in_throttled",
            what.to_owned(),
        ),
        (None, Some(what)) => {
            tracing::warn!(
                what,
                "too many tries to sign in to an account that does not exist"
            );
            Ok(())
        }
        (_, None) => Ok(()),
    }
}
