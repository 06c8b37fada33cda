//! Who asks: keys, and where they come from. Keys never show in debug output.

use std::fmt;

use crate::fault::Fault;
use crate::outside::Outside;

/// Keys to sign with.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The id of the key.
    pub access_key: String,
    /// The key.
    pub secret_key: String,
    /// What goes with keys that were lent.
    pub session_token: Option<String>,
    /// When lent keys end: milliseconds since 1970, UTC.
    pub expires_at_ms: Option<i64>,
}

/// Where keys come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// These.
    Static(Credentials),
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
    Environment,
    /// A profile of the credentials file: `AWS_SHARED_CREDENTIALS_FILE`, else `~/.aws/credentials`.
    Profile(String),
    /// `AWS_ROLE_ARN` with the token in `AWS_WEB_IDENTITY_TOKEN_FILE`, as Kubernetes gives it.
    WebIdentity,
}

/// Whose keys they are, as the service sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub account: String,
    /// The user or role.
    pub arn: String,
}

impl Credentials {
    /// Keys that do not end by themselves.
    pub fn new(access_key: impl Into<String>, secret_key: impl Into<String>) -> Self {
        Self {
            access_key: access_key.into(),
            secret_key: secret_key.into(),
            session_token: None,
            expires_at_ms: None,
        }
    }

    /// Whether they are good for a while yet.
    pub fn last(&self, now_ms: i64) -> bool {
        /// Keys are changed this long before they end, so that a long poll does not outlive them.
        const MARGIN_MS: i64 = 5 * 60 * 1000;
        self.expires_at_ms
            .is_none_or(|end| now_ms + MARGIN_MS < end)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.access_key)
    }
}

/// Keys from the variables of the process.
pub(crate) fn from_environment<O: Outside>(outside: &O) -> Result<Credentials, Fault> {
    let read = |name: &str| {
        let value = outside.variable(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| Fault::credentials(format!("The variable {name} is not set.")))
    };
    Ok(Credentials {
        access_key: read("AWS_ACCESS_KEY_ID")?,
        secret_key: read("AWS_SECRET_ACCESS_KEY")?,
        session_token: read("AWS_SESSION_TOKEN").ok(),
        expires_at_ms: None,
    })
}

/// Keys from a profile in the file of credentials.
pub(crate) fn from_profile<O: Outside>(outside: &O, profile: &str) -> Result<Credentials, Fault> {
    let path = match outside.variable("AWS_SHARED_CREDENTIALS_FILE") {
        Some(path) if !path.is_empty() => path,
        _ => format!(
            "{}/.aws/credentials",
            outside.variable("HOME").unwrap_or_default()
        ),
    };
    let text = outside
        .file(&path)
        .map_err(|e| Fault::credentials(format!("The file {path} cannot be read: {e}.")))?;
    let setting = |name: &str| {
        text.lines()
            .map(str::trim)
            .skip_while(|line| *line != format!("[{profile}]"))
            .skip(1)
            .take_while(|line| !line.starts_with('['))
            .filter_map(|line| line.split_once('='))
            .find(|(key, _)| key.trim() == name)
            .map(|(_, value)| value.trim().to_owned())
    };
    let need = |name: &str| {
        setting(name).ok_or_else(|| {
            Fault::credentials(format!("The file {path} has no {name} under [{profile}]."))
        })
    };
    Ok(Credentials {
        access_key: need("aws_access_key_id")?,
        secret_key: need("aws_secret_access_key")?,
        session_token: setting("aws_session_token"),
        expires_at_ms: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outside::{Request, Response, Unreachable};

    struct Files(&'static str);

    impl Outside for Files {
        async fn send(&self, _: Request) -> Result<Response, Unreachable> {
            Err(Unreachable {
                reason: "nothing here".into(),
                again: false,
            })
        }
        fn now_ms(&self) -> i64 {
            0
        }
        fn variable(&self, name: &str) -> Option<String> {
            (name == "HOME").then(|| "/home/w".to_owned())
        }
        fn file(&self, path: &str) -> std::io::Result<String> {
            assert_eq!(path, "/home/w/.aws/credentials");
            Ok(self.0.to_owned())
        }
    }

    #[test]
    fn a_profile_is_read_and_what_it_lacks_is_named() {
        let file = Files(
            "[a]\naws_access_key_id = X\n[b]\naws_access_key_id=K\naws_secret_access_key = s=1\n",
        );
        let keys = from_profile(&file, "b").unwrap();
        assert_eq!(
            (keys.access_key.as_str(), keys.secret_key.as_str()),
            ("K", "s=1")
        );
        assert!(!format!("{keys:?}").contains("s=1"));
        let fault = from_profile(&file, "a").unwrap_err();
        assert!(
            fault.message.contains("no aws_secret_access_key under [a]"),
            "{fault}"
        );
        let fault = from_environment(&file).unwrap_err();
        assert!(
            fault.message.contains("AWS_ACCESS_KEY_ID is not set"),
            "{fault}"
        );
    }

    #[test]
    fn lent_keys_are_changed_before_they_end() {
        let mut keys = Credentials::new("a", "b");
        assert!(keys.last(i64::MAX / 2));
        keys.expires_at_ms = Some(1_000_000);
        assert!(keys.last(0) && !keys.last(800_000));
    }
}
