//! One-time links: setting up, invitation, new password. Nobody ever chooses a password for somebody else.

use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::actor::Actor;
use midwatch_domain::id::PersonId;
use midwatch_domain::people::{AccountState, Person};
use midwatch_domain::refusal::required_line;
use midwatch_domain::revise::Revision;
use midwatch_store::plain::invite::{self, Purpose};
use midwatch_store::plain::{credential, session as sessions};
use midwatch_store::{Fault, StoreError, WriteTx};

use super::note;
use super::password::Password;
use super::session;
use super::sign_in::{SignIn, enter};
use super::throttle::{Caller, Gate, too_often};
use crate::begin::{self, Begin};
use crate::{Desk, configure, refresh};
use midwatch_domain::secret::Secret;

const HOUR_MS: i64 = 3_600_000;
/// How long the link for setting up holds, in milliseconds.
const SETUP_MS: i64 = 24 * HOUR_MS;
/// How long an invitation holds, in milliseconds.
const INVITATION_MS: i64 = 7 * 24 * HOUR_MS;
/// How long a link for a new password holds, in milliseconds.
const PASSWORD_MS: i64 = 24 * HOUR_MS;

/// What a link opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// Setting Midwatch up.
    Setup,
    /// The first password of an invited person.
    Invitation(Person),
    /// A new password.
    Password(Person),
}

impl Desk {
    /// A fresh secret for setting up, which ends earlier ones; none once Midwatch is set up. Blocks.
    ///
    /// # Errors
    /// Storage failed.
    pub fn setup_link(&self) -> Result<Option<Secret>, StoreError> {
        self.store.write_blocking(|w| {
            if begin::is_begun(w) {
                return Ok(None);
            }
            let (secret, until) = (Secret::fresh("mwl_", w.random()), w.now.plus_ms(SETUP_MS));
            invite::replace(&mut w.tx, &secret.digest(), &Purpose::Setup, until)?;
            Ok(Some(secret))
        })
    }

    /// Sets Midwatch up, once, and signs its first administrator in.
    ///
    /// # Errors
    /// Missing if the link does not hold (any more); a refusal naming a field; or storage failed.
    pub async fn set_up(
        &self,
        link: Secret,
        say: Begin,
        password: Password,
        caller: Caller,
    ) -> Result<SignIn, Fault> {
        match self.link(&link, &caller).await? {
            Link::Setup => {}
            _ => return Err(gone().into()),
        }
        required_line("organisation", &say.organisation, 100)?;
        password.fit_for(&say.name, &say.email)?;
        let hash = self.hashers.hash(password, self.store.random()).await?;
        self.store
            .write(move |w| {
                let now = w.now;
                if invite::take(&mut w.tx, &link.digest(), now)? != Some(Purpose::Setup)
                    || begin::is_begun(w)
                {
                    return Err(gone().into());
                }
                let person = begin::begin(w, &say)?;
                credential::set_password(&mut w.tx, &person, &hash, now)?;
                note(
                    w,
                    &Actor::Person(person.clone()),
                    &person,
                    "password_set",
                    "when Midwatch was set up".into(),
                )?;
                Ok(enter(w, &person, &caller, true)?)
            })
            .await
    }

    /// Invites a person. Returns the secret of their link, to be handed over.
    ///
    /// # Errors
    /// A refusal naming a field; or storage failed.
    pub async fn invite(&self, viewer: Viewer, person: Person) -> Result<Secret, Fault> {
        self.store
            .write(move |w| {
                if w.directory.people.contains_key(&person.id) {
                    return Err(Refusal::conflict(
                        "person.exists",
                        "This person has an account already.",
                    )
                    .into());
                }
                let person = Person {
                    state: AccountState::Invited,
                    ..person
                };
                let id = person.id.clone();
                configure::revise(w, &viewer, Revision::Person(person))?;
                link_for(w, &viewer.actor, &id)
            })
            .await
    }

    /// A fresh link for a person, which ends earlier ones: an invitation if they have not accepted one yet, else a link for a new
    /// password, and their sessions end.
    ///
    /// # Errors
    /// Forbidden to all but administrators; missing; conflict if the account is disabled; throttled; or storage failed.
    pub async fn link_for(&self, viewer: Viewer, person: PersonId) -> Result<Secret, Fault> {
        self.store
            .write(move |w| {
                let viewer = refresh(&viewer, &w.directory)?;
                viewer.may(Action::ManagePeople)?;
                link_for(w, &viewer.actor, &person)
            })
            .await
    }

    /// What a link opens, if it holds.
    ///
    /// # Errors
    /// Missing if it does not hold (any more); throttled for an address that guesses; or storage failed.
    pub async fn link(&self, link: &Secret, caller: &Caller) -> Result<Link, Fault> {
        let (digest, caller) = (link.digest(), caller.clone());
        let found = self.store.write(move |w| {
            let gate = Gate::address(&caller);
            if let Some(seconds) = gate.as_ref().map(|g| g.wait(w)).transpose()?.flatten() {
                return Err(Fault::from(too_often(seconds)));
            }
            let now = w.now;
            let found = invite::find(&mut w.tx, &digest, now)?;
            let found = found.and_then(|purpose| opens(w, purpose));
            if let (None, Some(gate)) = (&found, gate) {
                gate.count(w)?;
            }
            Ok(found)
        });
        found.await?.ok_or_else(|| gone().into())
    }

    /// Sets a password by a link, and signs the person in (or asks for their second factor). All their other sessions end.
    ///
    /// # Errors
    /// Missing if the link does not hold (any more); a refusal naming the field `password`; or storage failed.
    pub async fn accept(
        &self,
        link: Secret,
        password: Password,
        caller: Caller,
    ) -> Result<SignIn, Fault> {
        let (Link::Invitation(person) | Link::Password(person)) = self.link(&link, &caller).await?
        else {
            return Err(gone().into());
        };
        password.fit_for(&person.name, &person.email)?;
        let hash = self.hashers.hash(password, self.store.random()).await?;
        self.store
            .write(move |w| {
                let now = w.now;
                let taken = invite::take(&mut w.tx, &link.digest(), now)?;
                let opened = taken
                    .and_then(|purpose| opens(w, purpose))
                    .ok_or_else(gone)?;
                let me = person.id.clone();
                let actor = Actor::Person(me.clone());
                if let Link::Invitation(invited) = opened {
                    let person = Person {
                        state: AccountState::Active,
                        ..invited
                    };
                    configure::revise(w, &Viewer::system(), Revision::Person(person))?;
                    note(
                        w,
                        &actor,
                        &me,
                        "account_active",
                        "invitation accepted".into(),
                    )?;
                }
                credential::set_password(&mut w.tx, &me, &hash, now)?;
                note(w, &actor, &me, "password_set", "by a one-time link".into())?;
                sessions::end_others(&mut w.tx, &me, "")?;
                Gate::account(&person.email).clear(w)?;
                let whole = credential::find(&mut w.tx, &me)?.is_some_and(|c| c.totp.is_none());
                Ok(enter(w, &me, &caller, whole)?)
            })
            .await
    }

    /// Changes the viewer's own password, which needs the present one. All sessions but this one end.
    ///
    /// # Errors
    /// Invalid, naming `present` or `password`; throttled; or storage failed.
    pub async fn change_password(
        &self,
        viewer: Viewer,
        keep: String,
        present: Password,
        password: Password,
    ) -> Result<(), Fault> {
        let me = session::own(&viewer)?;
        let id = me.clone();
        let desk = self.clone();
        let person = tokio::task::spawn_blocking(move || {
            desk.store
                .read(|tx| Ok::<_, StoreError>(desk.store.directory(tx)?.people.get(&id).cloned()))
        });
        let person = person
            .await
            .map_err(|e| StoreError::Unavailable(e.to_string()))??;
        let person = person.ok_or_else(|| Refusal::missing("person"))?;
        password.fit_for(&person.name, &person.email)?;
        self.prove(&viewer, present).await?;
        let hash = self.hashers.hash(password, self.store.random()).await?;
        self.store
            .write(move |w| {
                refresh(&viewer, &w.directory)?;
                let now = w.now;
                credential::set_password(&mut w.tx, &me, &hash, now)?;
                sessions::end_others(&mut w.tx, &me, &keep)?;
                Ok(note(
                    w,
                    &viewer.actor,
                    &me,
                    "password_set",
                    "by the person".into(),
                )?)
            })
            .await
    }
}

fn gone() -> Refusal {
    let says =
        "This link does not hold: each works once and for a limited time. Ask for a new one.";
    Refusal {
        message: says.into(),
        ..Refusal::missing("link").coded("link.gone")
    }
}

/// What a link opens as things stand: an invitation only for who is invited, a new password only for who is active.
fn opens(w: &WriteTx<'_>, purpose: Purpose) -> Option<Link> {
    let person = |id: &PersonId, state| {
        w.directory
            .people
            .get(id)
            .filter(|p| p.state == state)
            .cloned()
    };
    match purpose {
        Purpose::Setup => (!begin::is_begun(w)).then_some(Link::Setup),
        Purpose::Invitation(id) => person(&id, AccountState::Invited).map(Link::Invitation),
        Purpose::Password(id) => person(&id, AccountState::Active).map(Link::Password),
    }
}

fn link_for(w: &mut WriteTx<'_>, actor: &Actor, id: &PersonId) -> Result<Secret, Fault> {
    let person = w
        .directory
        .people
        .get(id)
        .cloned()
        .ok_or_else(|| Refusal::missing("person"))?;
    Gate::links(id).pass(w)??;
    let (purpose, ms, act) = match person.state {
        AccountState::Invited => (Purpose::Invitation(id.clone()), INVITATION_MS, "invited"),
        AccountState::Active => (
            Purpose::Password(id.clone()),
            PASSWORD_MS,
            "reset_link_made",
        ),
        AccountState::Disabled => {
            return Err(Refusal::conflict(
                "person.disabled",
                "This account is disabled. Enable it first.",
            )
            .into());
        }
    };
    if person.state == AccountState::Active {
        sessions::end_others(&mut w.tx, id, "")?;
    }
    let (secret, until) = (Secret::fresh("mwl_", w.random()), w.now.plus_ms(ms));
    invite::replace(&mut w.tx, &secret.digest(), &purpose, until)?;
    note(w, actor, id, act, format!("link holds until {until}"))?;
    Ok(secret)
}
