//! Secrets as a type that cannot be printed by accident. Does not know what a secret opens, nor where its randomness comes from.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;

/// A secret that is shown once. It has no `Display`, and its `Debug` does not tell.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret that was made elsewhere, such as the text of a link.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A fresh secret of 256 bits with a prefix that tells what it is.
    pub fn fresh(prefix: &str, bytes: [u8; 32]) -> Self {
        Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The secret itself, to be handed to whom it belongs and to nobody else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The digest under which it is kept.
    pub fn digest(&self) -> String {
        digest(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// The digest under which a secret is kept: SHA-256 in hexadecimal. Enough for secrets of at least 80 random bits.
pub fn digest(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        let secret = Secret::fresh("mws_", [7; 32]);
        assert!(secret.expose().starts_with("mws_BwcH"));
        assert_eq!(format!("{secret:?}"), "[secret]");
        assert_eq!(secret.digest().len(), 64);
    }
}
