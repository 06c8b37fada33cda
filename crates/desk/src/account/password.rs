//! Passwords: the rules for new ones, and hashing that a flood cannot turn against the server. Knows no account.

use argon2::password_hash::{PasswordVerifier as _, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
use midwatch_domain::Refusal;
use midwatch_store::{Fault, StoreError};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Fewest characters of a password.
pub const MIN_CHARS: usize = 12;
/// Most characters of a password.
pub const MAX_CHARS: usize = 256;

/// OWASP's recommendation for Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes at once: 19 MiB each.
const AT_ONCE: usize = 2;
/// People who may wait for a hash; more are asked to come back.
const WAITING: usize = 64;

/// A password as it was typed. It cannot be printed.
#[derive(Clone)]
pub struct Password(String);

impl From<String> for Password {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Password {
    /// Refuses what no account can have, before any work is spent on it. Tells nothing about accounts.
    ///
    /// # Errors
    /// A refusal naming the field `password`.
    pub(crate) fn bounded(&self) -> Result<(), Refusal> {
        // A character has at most four bytes, so the longest need not be counted.
        if self.0.len() > MAX_CHARS * 4 || self.0.chars().count() > MAX_CHARS {
            return Err(Refusal::invalid(
                "password",
                format!("A password has at most {MAX_CHARS} characters."),
            ));
        }
        Ok(())
    }

    /// The rules for a new password: long enough, and not what everybody knows of the person.
    ///
    /// # Errors
    /// A refusal naming the field `password`.
    pub(crate) fn fit_for(&self, name: &str, email: &str) -> Result<(), Refusal> {
        let says = |message: String| Err(Refusal::invalid("password", message));
        self.bounded()?;
        if self.0.chars().count() < MIN_CHARS {
            return says(format!(
                "A password has at least {MIN_CHARS} characters. A sentence is easy to remember."
            ));
        }
        if self.0.chars().any(char::is_control) {
            return says("A password cannot have control characters such as a line break.".into());
        }
        let plain = |text: &str| {
            text.chars()
                .filter(|c| !c.is_whitespace())
                .collect::<String>()
                .to_lowercase()
        };
        let known = [name, email, email.split('@').next().unwrap_or_default()];
        if known.iter().any(|k| plain(k) == plain(&self.0)) {
            return says("The password must not be the name or the mail address.".into());
        }
        Ok(())
    }
}

/// Hashes passwords, a few at a time.
pub(crate) struct Hashers {
    seats: Arc<Semaphore>,
    running: Arc<Semaphore>,
    nobody: String,
}

impl Hashers {
    /// Hashers, with the hash that stands in for accounts that do not exist.
    pub(crate) fn new(salt: [u8; 16]) -> Result<Self, StoreError> {
        let nobody = hash(b"nobody", &salt)?;
        Ok(Self {
            seats: Arc::new(Semaphore::new(WAITING)),
            running: Arc::new(Semaphore::new(AT_ONCE)),
            nobody,
        })
    }

    /// The hash of a password.
    pub(crate) async fn hash(&self, password: Password, salt: [u8; 16]) -> Result<String, Fault> {
        self.run(move || hash(password.0.as_bytes(), &salt))
            .await?
            .map_err(Fault::from)
    }

    /// Whether a password belongs to a hash. Without a hash it costs the same and is false.
    pub(crate) async fn verify(
        &self,
        password: Password,
        stored: Option<String>,
    ) -> Result<bool, Fault> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.clone());
        let held = self
            .run(move || verify(password.0.as_bytes(), &stored))
            .await??;
        Ok(held && known)
    }

    async fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, Fault> {
        let seat = self.seats.clone().try_acquire_owned();
        let seat = seat.map_err(|_| {
            Refusal::throttled(
                "Very many people sign in at this moment. Try again in a few seconds.",
            )
        })?;
        let turn = self
            .running
            .clone()
            .acquire_owned()
            .await
            .map_err(|e| StoreError::Unavailable(e.to_string()))?;
        // Both are given back when the hash is done, also if whoever asked has gone away.
        let held: [OwnedSemaphorePermit; 2] = [seat, turn];
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(held);
            done
        });
        Ok(done
            .await
            .map_err(|e| StoreError::Unavailable(e.to_string()))?)
    }
}

fn argon2() -> Result<Argon2<'static>, StoreError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|e| StoreError::Unsuitable(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &[u8], salt: &[u8; 16]) -> Result<String, StoreError> {
    let made = argon2()?.hash_password_with_salt(password, salt);
    Ok(made
        .map_err(|e| StoreError::Unavailable(format!("a password cannot be hashed: {e}")))?
        .to_string())
}

fn verify(password: &[u8], stored: &str) -> Result<bool, StoreError> {
    let stored = PasswordHash::new(stored)
        .map_err(|_| StoreError::Corrupt("a stored password hash cannot be read".into()))?;
    match argon2()?.verify_password(password, &stored) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(e) => Err(StoreError::Unavailable(format!(
            "a password cannot be checked: {e}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_password_is_long_and_not_the_name() {
        let fit = |text: &str| {
            Password::from(text).fit_for("Ada Lovelace-Byron", "ada.lovelace.byron@example.org")
        };
        for bad in [
            "",
            "short",
            "elevenchars",
            "Ada Lovelace-Byron",
            "adalovelace-BYRON",
            "ada.lovelace.byron",
            "ADA.lovelace.byron@example.org",
            "with\0nul inside it",
            "two\nlines of text",
        ] {
            assert_eq!(
                fit(bad).unwrap_err().field.as_deref(),
                Some("password"),
                "{bad:?}"
            );
        }
        assert!(fit(&"x".repeat(257)).unwrap_err().message.contains("256"));
        for good in [
            "twelve chars",
            "a sentence of seven words is fine",
            &"ö".repeat(256),
            "パスワードパスワードパスワード",
        ] {
            assert!(fit(good).is_ok(), "{good:?}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_hash_belongs_to_its_password_alone() {
        let hashers = Hashers::new([1; 16]).unwrap();
        let stored = hashers
            .hash("correct horse battery".into(), [2; 16])
            .await
            .unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        let holds =
            |text: &str, stored: Option<String>| hashers.verify(Password::from(text), stored);
        assert!(
            holds("correct horse battery", Some(stored.clone()))
                .await
                .unwrap()
        );
        for wrong in [
            "",
            "correct horse batter",
            "correct horse battery ",
            "correct horse battery\0",
            "correct horse battery\0x",
        ] {
            assert!(
                !holds(wrong, Some(stored.clone())).await.unwrap(),
                "{wrong:?}"
            );
        }
        assert!(
            !holds("nobody", None).await.unwrap(),
            "the stand-in opens nothing"
        );
    }
}
