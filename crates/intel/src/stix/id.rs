//! Ids that are the same whenever they are made for the same thing: UUIDs of version 5.

use sha1::{Digest, Sha1};

/// The namespace of this product's own objects.
const NAMESPACE: [u8; 16] = [
    0x8d, 0x2f, 0x61, 0x0a, 0x4c, 0x93, 0x4b, 0x1e, 0x9a, 0x57, 0x30, 0xc4, 0xd1, 0x7e, 0xf2, 0x6b,
];

/// A STIX id of a type for what `parts` name together.
pub fn of(kind: &str, parts: &[&str]) -> String {
    format!("{kind}--{}", uuid(parts))
}

/// The UUID for what `parts` name together.
pub fn uuid(parts: &[&str]) -> String {
    let mut hash = Sha1::new();
    hash.update(NAMESPACE);
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut b = [0; 16];
    b.copy_from_slice(&hash.finalize()[..16]);
    b[6] = b[6] & 0x0f | 0x50;
    b[8] = b[8] & 0x3f | 0x80;
    let n = u128::from_be_bytes(b);
    let hex = format!("{n:032x}");
    let cut = |from: usize, to: usize| &hex[from..to];
    [cut(0, 8), cut(8, 12), cut(12, 16), cut(16, 20), cut(20, 32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_thing_has_the_same_id() {
        let one = of("indicator", &["org", "domain", "evil.example"]);
        assert_eq!(one, of("indicator", &["org", "domain", "evil.example"]));
        assert_ne!(one, of("indicator", &["org", "domain.", "evil.example"]));
        assert_ne!(uuid(&["a", "b"]), uuid(&["ab", ""]));
        let id = one.strip_prefix("indicator--").unwrap();
        assert_eq!((id.len(), &id[14..15]), (36, "5"));
        assert!("89ab".contains(&id[19..20]));
    }
}
