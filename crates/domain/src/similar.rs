//! How alike two texts are, by their words, without comparing each with each: MinHash in bands. Knows no tickets.

use std::collections::BTreeSet;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Values of a signature.
const HASHES: usize = 64;
/// Bands of it: texts that agree in one are looked at.
pub const BANDS: usize = 16;
const ROWS: usize = HASHES / BANDS;
/// Texts of fewer different words are alike by chance.
const FEWEST: usize = 8;
/// Words that are looked at: the beginning of a long text tells enough.
const MOST: usize = 5000;

/// What a text is compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature([u64; HASHES]);

impl Signature {
    /// The signature of a text; `None` where there are too few words to say anything.
    pub fn of(text: &str) -> Option<Self> {
        let lower = text.to_lowercase();
        let words = lower.split(|c: char| !c.is_alphanumeric());
        let words: BTreeSet<&str> = words.filter(|w| w.len() > 2).take(MOST).collect();
        if words.len() < FEWEST {
            return None;
        }
        let mut least = [u64::MAX; HASHES];
        for word in words {
            let (a, b) = (
                xxh3_64_with_seed(word.as_bytes(), 1),
                xxh3_64_with_seed(word.as_bytes(), 2) | 1,
            );
            let mut hash = a;
            for slot in &mut least {
                *slot = (*slot).min(mixed(hash));
                hash = hash.wrapping_add(b);
            }
        }
        Some(Self(least))
    }

    /// One number a band; equal in a band means worth a look.
    pub fn bands(&self) -> [u64; BANDS] {
        let mut out = [0; BANDS];
        for (i, (band, rows)) in out.iter_mut().zip(self.0.chunks(ROWS)).enumerate() {
            let bytes: Vec<u8> = rows.iter().flat_map(|r| r.to_le_bytes()).collect();
            *band = xxh3_64_with_seed(&bytes, i as u64);
        }
        out
    }

    /// How many of their words two texts share, from 0 to 1, estimated.
    #[expect(clippy::cast_precision_loss, reason = "at most 64")]
    pub fn likeness(&self, other: &Self) -> f64 {
        let same = self.0.iter().zip(&other.0).filter(|(a, b)| a == b).count();
        same as f64 / HASHES as f64
    }
}

/// The last step of SplitMix64: close numbers become far ones.
fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "A colleague received an invoice mail that asks to sign in to the supplier portal and to confirm the new bank account before Friday.";

    fn likeness(a: &str, b: &str) -> f64 {
        Signature::of(a)
            .unwrap()
            .likeness(&Signature::of(b).unwrap())
    }

    fn meet(a: &str, b: &str) -> bool {
        let (a, b) = (Signature::of(a).unwrap(), Signature::of(b).unwrap());
        a.bands().iter().zip(b.bands()).any(|(x, y)| *x == y)
    }

    #[test]
    fn a_text_with_a_few_other_words_is_nearly_the_same() {
        let other = MAIL
            .replace("colleague", "neighbour")
            .replace("Friday", "Monday");
        assert!((likeness(MAIL, MAIL) - 1.0).abs() < f64::EPSILON);
        assert!((0.6..1.0).contains(&likeness(MAIL, &other)));
        assert!(meet(MAIL, &other));
    }

    #[test]
    fn order_and_case_do_not_matter_and_other_texts_are_other() {
        let mut words: Vec<&str> = MAIL.split(' ').collect();
        words.reverse();
        assert!((likeness(MAIL, &words.join(" ").to_uppercase()) - 1.0).abs() < f64::EPSILON);
        let other = "The backup server reports a full disk since midnight; old snapshots were removed and the job runs again without any error message.";
        assert!(likeness(MAIL, other) < 0.2 && !meet(MAIL, other));
    }

    #[test]
    fn few_words_say_nothing() {
        assert_eq!(Signature::of("Strange sign-in seen in the log."), None);
        assert_eq!(Signature::of(&"word ".repeat(100)), None);
    }
}
