//! The second factor: time-based one-time codes (RFC 6238) and recovery codes, each of which counts once.

use midwatch_domain::Refusal;
use midwatch_domain::access::{Action, Viewer};
use midwatch_domain::actor::Actor;
use midwatch_domain::id::PersonId;
use midwatch_domain::moment::Moment;
use midwatch_domain::people::AccountState;
use midwatch_store::plain::credential::{self, Credential};
use midwatch_store::plain::session as sessions;
use midwatch_store::{Fault, StoreError, WriteTx};
use totp_rs::{Builder, Totp};

use super::password::Password;
use super::sign_in::{SignIn, fail, signed_in};
use super::throttle::{Caller, Gate, too_often};
use super::{note, session};
use crate::{Desk, refresh};
use midwatch_domain::secret::{Secret, digest};

const RECOVERY_CODES: usize = 10;
/// Crockford's letters without those that are misread.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A second factor that waits to be confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// The secret, to type into an authenticator.
    pub secret: Secret,
    /// The same as an `otpauth://` address, for a QR code.
    pub uri: Secret,
}

/// How a person's second factor stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecondFactor {
    /// Not set.
    Off,
    /// Waits to be confirmed with a code.
    Waiting(Enrolment),
    /// Asked for at each sign-in.
    On {
        /// Since when.
        since: Moment,
        /// Recovery codes left.
        codes_left: i64,
    },
}

impl Desk {
    /// How the viewer's own second factor stands. Blocks.
    ///
    /// # Errors
    /// A refusal; or storage failed; or the seal key is missing.
    pub fn second_factor(&self, viewer: &Viewer) -> Result<SecondFactor, Fault> {
        let me = session::own(viewer)?;
        self.store.read(|tx| {
            let Some(c) = credential::find(tx, &me)? else {
                return Ok(SecondFactor::Off);
            };
            if let Some(since) = c.totp_at.filter(|_| c.totp.is_some()) {
                return Ok(SecondFactor::On {
                    since,
                    codes_left: credential::codes_left(tx, &me)?,
                });
            }
            let Some(sealed) = c.totp_pending else {
                return Ok(SecondFactor::Off);
            };
            let directory = self.store.directory(tx)?;
            let email = directory.people.get(&me).map_or("", |p| &p.email);
            Ok(SecondFactor::Waiting(enrolment(
                &self.authenticator(&me, &sealed, email)?,
            )?))
        })
    }

    /// Makes a second factor for the viewer, which counts once it is confirmed. An earlier one that waits is replaced.
    ///
    /// # Errors
    /// Conflict if there is one; or storage failed; or the seal key is missing.
    pub async fn enrol_second_factor(&self, viewer: Viewer) -> Result<Enrolment, Fault> {
        let seal = self.seal.clone();
        self.store
            .write(move |w| {
                let me = session::own(&refresh(&viewer, &w.directory)?)?;
                let before = credential::find(&mut w.tx, &me)?;
                let before = before.ok_or_else(|| {
                    Refusal::conflict("second_factor.password", "Set a password first.")
                })?;
                if before.totp.is_some() {
                    return Err(Refusal::conflict(
                        "second_factor.on",
                        "A second factor is set already. Take it away first.",
                    )
                    .into());
                }
                let secret: [u8; 20] = w.random();
                let sealed = seal.seal(me.as_str(), &secret, w.random())?;
                credential::set_pending(&mut w.tx, &me, Some(&sealed))?;
                let email = w.directory.people.get(&me).map_or("", |p| &p.email);
                Ok(enrolment(&authenticator(secret.to_vec(), email)?)?)
            })
            .await
    }

    /// Confirms the viewer's second factor with a code. Returns the recovery codes, which are shown once.
    ///
    /// # Errors
    /// Conflict if none waits; invalid for a wrong code; throttled; or storage failed.
    pub async fn confirm_second_factor(
        &self,
        viewer: Viewer,
        code: String,
    ) -> Result<Vec<Secret>, Fault> {
        let desk = self.clone();
        self.store
            .write(move |w| {
                let me = session::own(&refresh(&viewer, &w.directory)?)?;
                // A refusal would undo the count, so it is carried out of the write.
                if let Err(refused) = Gate::code(&me).pass(w)? {
                    return Ok(Err(refused));
                }
                let sealed = credential::find(&mut w.tx, &me)?.and_then(|c| c.totp_pending);
                let sealed = sealed.ok_or_else(|| Refusal::conflict("second_factor.none", "No second factor waits to be confirmed. Begin anew."))?;
                let Some(step) = step_of(&desk.authenticator(&me, &sealed, "")?, &code, w.now) else {
                    return Ok(Err(Refusal::invalid("code", "This is not the code that the authenticator shows now. Check the clock of the phone.")));
                };
                let now = w.now;
                credential::confirm(&mut w.tx, &me, now, step)?;
                Gate::code(&me).clear(w)?;
                let codes: Vec<Secret> = (0..RECOVERY_CODES).map(|_| recovery_code(w.random())).collect();
                let digests: Vec<String> = codes.iter().map(|c| recovery_digest(c.expose())).collect();
                credential::set_codes(&mut w.tx, &me, &digests)?;
                note(w, &viewer.actor, &me, "second_factor_on", String::new())?;
                Ok::<_, Fault>(Ok(codes))
            })
            .await?
            .map_err(Fault::from)
    }

    /// Takes the viewer's own second factor away; needs the password.
    ///
    /// # Errors
    /// Invalid for a wrong password; throttled; conflict if there is none; or storage failed.
    pub async fn drop_second_factor(
        &self,
        viewer: Viewer,
        password: Password,
    ) -> Result<(), Fault> {
        self.prove(&viewer, password).await?;
        self.store
            .write(move |w| {
                let me = session::own(&refresh(&viewer, &w.directory)?)?;
                take_away(w, &viewer.actor, &me, "by the person")
            })
            .await
    }

    /// Takes somebody's second factor away, whose authenticator is lost; their sessions end.
    ///
    /// # Errors
    /// Forbidden to all but administrators; conflict if there is none; or storage failed.
    pub async fn drop_second_factor_of(
        &self,
        viewer: Viewer,
        person: PersonId,
    ) -> Result<(), Fault> {
        self.store
            .write(move |w| {
                let viewer = refresh(&viewer, &w.directory)?;
                viewer.may(Action::ManagePeople)?;
                if !w.directory.people.contains_key(&person) {
                    return Err(Refusal::missing("person").into());
                }
                sessions::end_others(&mut w.tx, &person, "")?;
                take_away(w, &viewer.actor, &person, "by an administrator")
            })
            .await
    }

    /// Shows the second factor in a session that waits for it: a code of the authenticator, or a recovery code.
    ///
    /// # Errors
    /// Storage failed; or the seal key is missing.
    pub async fn show_code(
        &self,
        half: Secret,
        code: String,
        caller: Caller,
    ) -> Result<SignIn, Fault> {
        let desk = self.clone();
        self.store
            .write(move |w| {
                let now = w.now;
                let waiting = sessions::find(&mut w.tx, &half.digest(), now)?.filter(|s| !s.passed);
                let Some(waiting) = waiting else {
                    return Ok(SignIn::Wrong);
                };
                let me = waiting.person;
                let gate = Gate::code(&me);
                if let Some(seconds) = gate.wait(w)? {
                    return Ok(SignIn::Wait { seconds });
                }
                let closes = gate.count(w)?;
                let active = w
                    .directory
                    .people
                    .get(&me)
                    .is_some_and(|p| p.state == AccountState::Active);
                let credential = credential::find(&mut w.tx, &me)?.filter(|_| active);
                let held = match credential {
                    Some(c) => desk.holds(w, &me, &c, &code)?,
                    None => false,
                };
                if !held {
                    if let Some(seconds) = closes {
                        // The first factor has to be shown again.
                        sessions::end(&mut w.tx, &me, &waiting.id)?;
                        fail(
                            w,
                            Some(&me),
                            Some(&format!("the second factor waits {seconds} s")),
                        )?;
                    }
                    return Ok(SignIn::Wrong);
                }
                gate.clear(w)?;
                sessions::end(&mut w.tx, &me, &waiting.id)?;
                let secret = session::begin(w, &me, &caller, true)?;
                signed_in(w, &me, &caller)?;
                Ok(SignIn::Whole(secret))
            })
            .await
    }

    /// Whether a code holds now; it is used up.
    fn holds(
        &self,
        w: &mut WriteTx<'_>,
        me: &PersonId,
        c: &Credential,
        code: &str,
    ) -> Result<bool, StoreError> {
        if credential::use_code(&mut w.tx, me, &recovery_digest(code))? {
            let left = credential::codes_left(&mut w.tx, me)?;
            note(
                w,
                &Actor::Person(me.clone()),
                me,
                "recovery_used",
                format!("{left} left"),
            )?;
            return Ok(true);
        }
        if !is_code(code) {
            return Ok(false);
        }
        let Some(sealed) = &c.totp else {
            return Ok(false);
        };
        match step_of(&self.authenticator(me, sealed, "")?, code, w.now) {
            Some(step) => credential::use_step(&mut w.tx, me, step),
            None => Ok(false),
        }
    }

    fn authenticator(&self, me: &PersonId, sealed: &str, email: &str) -> Result<Totp, StoreError> {
        authenticator(self.seal.open(me.as_str(), sealed)?, email)
    }

    /// Checks the viewer's own present password, for changes that a session alone must not make.
    ///
    /// # Errors
    /// Invalid for a wrong password, naming the field `present`; throttled; or storage failed.
    pub(crate) async fn prove(&self, viewer: &Viewer, password: Password) -> Result<(), Fault> {
        let me = session::own(viewer)?;
        password.bounded().map_err(|r| r.on("present"))?;
        let person = me.clone();
        let counted = self.store.write(move |w| {
            let gate = Gate::present_password(&person);
            if let Some(seconds) = gate.wait(w)? {
                return Err(Fault::from(too_often(seconds)));
            }
            gate.count(w)?;
            Ok(credential::find(&mut w.tx, &person)?.and_then(|c| c.password))
        });
        if !self.hashers.verify(password, counted.await?).await? {
            return Err(Refusal::invalid("present", "This is not your present password.").into());
        }
        self.store
            .write(move |w| Ok(Gate::present_password(&me).clear(w)?))
            .await
    }
}

fn take_away(
    w: &mut WriteTx<'_>,
    actor: &Actor,
    person: &PersonId,
    how: &str,
) -> Result<(), Fault> {
    if !credential::drop_totp(&mut w.tx, person)? {
        return Err(Refusal::conflict(
            "second_factor.none",
            "There is no second factor to take away.",
        )
        .into());
    }
    Ok(note(w, actor, person, "second_factor_off", how.to_owned())?)
}

/// Defaults that every authenticator knows: SHA-1, six digits, thirty seconds; one step of tolerance either way.
fn authenticator(secret: Vec<u8>, email: &str) -> Result<Totp, StoreError> {
    // A colon would end the issuer's name in the address.
    let made = Builder::new()
        .with_secret(secret)
        .with_issuer(Some("Midwatch"))
        .with_account_name(email.replace(':', "."))
        .with_skew(1);
    made.build()
        .map_err(|e| StoreError::Corrupt(format!("a second factor cannot be read: {e}")))
}

fn enrolment(totp: &Totp) -> Result<Enrolment, StoreError> {
    let uri = totp
        .to_url()
        .map_err(|e| StoreError::Corrupt(e.to_string()))?;
    Ok(Enrolment {
        secret: Secret::new(totp.secret().to_base32()),
        uri: Secret::new(uri),
    })
}

/// Six digits of ASCII and nothing else.
fn is_code(code: &str) -> bool {
    code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit())
}

/// The time step that a code belongs to, if it is of now, just before or just after.
fn step_of(totp: &Totp, code: &str, now: Moment) -> Option<i64> {
    let seconds = u64::try_from(now.0 / 1000).ok()?;
    let step = is_code(code).then(|| totp.check(code, seconds)).flatten()?;
    i64::try_from(step).ok()
}

/// A recovery code of 80 bits, in groups that can be read aloud.
fn recovery_code(bytes: [u8; 16]) -> Secret {
    let letters: Vec<char> = bytes
        .iter()
        .map(|b| char::from(LETTERS[usize::from(b & 31)]))
        .collect();
    Secret::new(
        letters
            .chunks(4)
            .map(|c| c.iter().collect::<String>())
            .collect::<Vec<_>>()
            .join("-"),
    )
}

/// The digest of a recovery code as typed, whatever the case, spaces and hyphens.
fn recovery_digest(code: &str) -> String {
    let plain: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(40)
        .collect();
    digest(&format!("recovery {}", plain.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_of_now_or_a_step_beside() {
        // RFC 6238, appendix B: the secret is the ASCII text, the time 59 s, the last six of eight digits.
        let totp = authenticator(b"12345678901234567890".to_vec(), "a:b@example.org").unwrap();
        let at = |s: i64| Moment(s * 1000);
        assert_eq!(step_of(&totp, "287082", at(59)), Some(1));
        assert_eq!(step_of(&totp, "287082", at(89)), Some(1));
        assert_eq!(step_of(&totp, "287082", at(0)), Some(1));
        assert_eq!(step_of(&totp, "287082", at(120)), None, "two steps later");
        for shape in [
            "٢٨٧٠٨٢",
            "28708",
            "2870822",
            " 287082",
            "287 082",
            "287082\n",
            "",
        ] {
            assert_eq!(step_of(&totp, shape, at(59)), None, "{shape:?}");
        }
    }

    #[test]
    fn a_recovery_code_is_read_however_it_is_typed() {
        let code = recovery_code([31; 16]);
        assert_eq!(code.expose(), "zzzz-zzzz-zzzz-zzzz");
        assert_eq!(
            recovery_digest("ZZZZ zzzzzzzz-zzzz"),
            recovery_digest(code.expose())
        );
        assert_ne!(
            recovery_digest("zzzz-zzzz-zzzz-zzz"),
            recovery_digest(code.expose())
        );
    }
}
