//! The 64-bit name of a value, stable for ever: stores and matchers key on it. Does not judge the value.

use crate::Kind;
use xxhash_rust::xxh3::Xxh3Default;

/// xxh3-64 of the kind's name, a zero byte, and the canonical value.
///
/// ```
/// use indicators::{Kind, fingerprint};
/// let one = fingerprint(Kind::Domain, "shop.example");
/// assert_eq!(one, fingerprint(Kind::Domain, "shop.example"));
/// assert_ne!(one, fingerprint(Kind::Filename, "shop.example"));
/// ```
#[must_use]
pub fn fingerprint(kind: Kind, value: &str) -> u64 {
    let mut hash = Xxh3Default::new();
    hash.update(kind.as_str().as_bytes());
    hash.update(&[0]);
    hash.update(value.as_bytes());
    hash.digest()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_hash_of_one_piece_and_never_changes() {
        let whole = xxhash_rust::xxh3::xxh3_64(b"ipv4\x00198.51.100.7");
        assert_eq!(fingerprint(Kind::Ipv4, "198.51.100.7"), whole);
    }
}
