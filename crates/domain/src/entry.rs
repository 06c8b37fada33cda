//! One entry of the record: header, salted commitment of each payload field, hash chain. Knows bytes, not what they mean.
//!
//! The hash of an entry covers its header, the commitment of each field and the hash of the entry before it. A field can
//! therefore be left out of an export, or erased by law, without breaking the chain: its commitment stays.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

use crate::actor::Actor;
use crate::id::TicketNo;
use crate::moment::Moment;

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What comes before the first entry.
    pub const ZERO: Hash = Hash([0; 32]);

    /// From 64 hexadecimal digits in lower case: one text for one hash.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        let mut out = [0; 32];
        for (i, slot) in out.iter_mut().enumerate() {
            *slot = u8::from_str_radix(text.get(i * 2..i * 2 + 2)?, 16).ok()?;
        }
        Some(Self(out))
    }

    /// The first twelve digits, enough to compare by eye.
    pub fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Hash::from_hex(&text)
            .ok_or_else(|| serde::de::Error::custom("expected 64 hexadecimal digits"))
    }
}

/// One field of a payload: shown with its salt and exact value text, or erased with only the commitment left.
/// As JSON a list: `[name, salt, value]` or `[name, commitment]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name of the field.
    pub name: String,
    /// Salt and value, or the bare commitment.
    pub body: FieldBody,
}

/// What is left of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldBody {
    /// The value as the exact JSON text that was committed, and its salt in hexadecimal.
    Shown {
        /// 16 random bytes in hexadecimal: makes guessing an erased value from its commitment impossible.
        salt: String,
        /// The exact JSON text.
        value: String,
    },
    /// Erased or left out: only the commitment.
    Erased {
        /// The commitment.
        commitment: Hash,
    },
}

impl Serialize for Field {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match &self.body {
            FieldBody::Shown { salt, value } => (&self.name, salt, value).serialize(s),
            FieldBody::Erased { commitment } => (&self.name, commitment).serialize(s),
        }
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let mut parts = Vec::<String>::deserialize(d)?.into_iter();
        let body = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(name), Some(salt), Some(value), None) => Field {
                name,
                body: FieldBody::Shown { salt, value },
            },
            (Some(name), Some(hash), None, None) => {
                let commitment = Hash::from_hex(&hash)
                    .ok_or_else(|| serde::de::Error::custom("expected 64 hexadecimal digits"))?;
                Field {
                    name,
                    body: FieldBody::Erased { commitment },
                }
            }
            _ => {
                return Err(serde::de::Error::custom(
                    "a field is [name, salt, value] or [name, commitment]",
                ));
            }
        };
        Ok(body)
    }
}

impl Field {
    /// The commitment: SHA-256 over a domain tag and the length-prefixed salt, name and value.
    pub fn commitment(&self) -> Hash {
        match &self.body {
            FieldBody::Erased { commitment } => *commitment,
            FieldBody::Shown { salt, value } => {
                let mut h = Hasher::new(b"midwatch/field/v1");
                h.bytes(salt.as_bytes())
                    .bytes(self.name.as_bytes())
                    .bytes(value.as_bytes());
                h.finish()
            }
        }
    }

    /// The value's JSON text unless erased.
    pub fn value(&self) -> Option<&str> {
        match &self.body {
            FieldBody::Shown { value, .. } => Some(value),
            FieldBody::Erased { .. } => None,
        }
    }

    /// The same field with only its commitment.
    #[must_use]
    pub fn erased(&self) -> Field {
        Field {
            name: self.name.clone(),
            body: FieldBody::Erased {
                commitment: self.commitment(),
            },
        }
    }
}

/// An entry as it stands in the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Position in the record, from 1 without gaps, in commit order.
    pub seq: i64,
    /// The ticket it is about, if it is about one.
    pub ticket: Option<TicketNo>,
    /// Who acted.
    pub actor: Actor,
    /// What happened, such as `handoff_offered`.
    pub kind: String,
    /// Version of the payload's format.
    pub version: i64,
    /// When it happened, as claimed by the actor.
    pub occurred_at: Moment,
    /// When it was recorded; never before the entry before it.
    pub recorded_at: Moment,
    /// The payload, field by field, sorted by name.
    pub fields: Vec<Field>,
    /// Hash over all of the above and the previous hash.
    pub hash: Hash,
}

impl Entry {
    /// Reads an entry as it is written, byte for byte: another spelling of the same entry is refused, so that in a file
    /// no byte can be altered unseen.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn read(line: &str) -> Result<Self, String> {
        let entry: Self = serde_json::from_str(line).map_err(|e| e.to_string())?;
        let written = serde_json::to_string(&entry).map_err(|e| e.to_string())?;
        if written == line {
            Ok(entry)
        } else {
            Err("the entry is not spelled as it was written".to_owned())
        }
    }

    /// The hash this entry must have after `previous`.
    pub fn compute_hash(&self, previous: &Hash) -> Hash {
        let mut h = Hasher::new(b"midwatch/entry/v1");
        h.number(self.seq)
            .number(self.ticket.map_or(0, |t| t.0))
            .bytes(self.actor.to_string().as_bytes());
        h.bytes(self.kind.as_bytes())
            .number(self.version)
            .number(self.occurred_at.0)
            .number(self.recorded_at.0);
        h.number(i64::try_from(self.fields.len()).unwrap_or(i64::MAX));
        for field in &self.fields {
            h.bytes(field.name.as_bytes()).bytes(&field.commitment().0);
        }
        h.bytes(&previous.0);
        h.finish()
    }

    /// The payload as one JSON object, without erased fields.
    pub fn payload(&self) -> serde_json::Map<String, serde_json::Value> {
        let shown = self
            .fields
            .iter()
            .filter_map(|f| Some((f.name.clone(), serde_json::from_str(f.value()?).ok()?)));
        shown.collect()
    }

    /// Whether any field was erased or left out.
    pub fn has_erased(&self) -> bool {
        self.fields.iter().any(|f| f.value().is_none())
    }
}

/// Splits a payload object into salted fields sorted by name. `salt` gives 16 fresh bytes a field.
pub fn fields_of(
    payload: serde_json::Map<String, serde_json::Value>,
    mut salt: impl FnMut() -> [u8; 16],
) -> Vec<Field> {
    let mut fields: Vec<Field> = payload
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| {
            let salt = salt().iter().map(|b| format!("{b:02x}")).collect();
            Field {
                name,
                body: FieldBody::Shown {
                    salt,
                    value: value.to_string(),
                },
            }
        })
        .collect();
    fields.sort_by(|a, b| a.name.cmp(&b.name));
    fields
}

/// SHA-256 with a domain tag and length-prefixed parts, so that no two different inputs run together.
struct Hasher(Sha256);

impl Hasher {
    fn new(tag: &[u8]) -> Self {
        let mut h = Self(Sha256::new());
        h.bytes(tag);
        h
    }

    fn bytes(&mut self, part: &[u8]) -> &mut Self {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
        self
    }

    fn number(&mut self, n: i64) -> &mut Self {
        self.0.update(n.to_be_bytes());
        self
    }

    fn finish(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

/// Why a chain of entries does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A number is missing or out of order.
    #[error("expected entry {expected}, found {found}")]
    Gap {
        /// The number that should have come.
        expected: i64,
        /// The number that came.
        found: i64,
    },
    /// The content of an entry, or the one before it, was altered.
    #[error("entry {seq} does not have the hash that its content and the entry before it give")]
    Altered {
        /// The entry's number.
        seq: i64,
    },
    /// Time runs backwards.
    #[error("entry {seq} is recorded before the entry before it")]
    Time {
        /// The entry's number.
        seq: i64,
    },
}

impl Broken {
    /// The sequence number at which the chain stops holding.
    pub fn seq(&self) -> i64 {
        match self {
            Broken::Gap { expected, .. } => *expected,
            Broken::Altered { seq } | Broken::Time { seq } => *seq,
        }
    }
}

/// Walks a chain entry by entry.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Number of the last entry that held.
    pub seq: i64,
    /// Hash of the last entry that held.
    pub hash: Hash,
    recorded_at: Moment,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            seq: 0,
            hash: Hash::ZERO,
            recorded_at: Moment(0),
        }
    }
}

impl Chain {
    /// Checks that `entry` is the next one.
    ///
    /// # Errors
    /// Says what does not hold and at which number.
    pub fn accept(&mut self, entry: &Entry) -> Result<(), Broken> {
        if entry.seq != self.seq + 1 {
            return Err(Broken::Gap {
                expected: self.seq + 1,
                found: entry.seq,
            });
        }
        let sorted = entry.fields.windows(2).all(|w| w[0].name < w[1].name);
        if !sorted || entry.compute_hash(&self.hash) != entry.hash {
            return Err(Broken::Altered { seq: entry.seq });
        }
        if entry.recorded_at < self.recorded_at {
            return Err(Broken::Time { seq: entry.seq });
        }
        *self = Self {
            seq: entry.seq,
            hash: entry.hash,
            recorded_at: entry.recorded_at,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Desk;
    use serde_json::json;

    fn record() -> Vec<Entry> {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.does("ben", n, "acknowledge", json!({}));
        desk.does("rita", n, "note", json!({ "text": "They called." }));
        desk.does(
            "ben",
            n,
            "close",
            json!({ "outcome": "benign", "summary": "A test." }),
        );
        desk.record
    }

    /// Where the chain breaks, if it does.
    fn broken(entries: &[Entry]) -> Option<i64> {
        let mut chain = Chain::default();
        entries
            .iter()
            .find_map(|e| chain.accept(e).err().map(|b| b.seq()))
    }

    #[test]
    fn an_untouched_record_holds() {
        assert_eq!(broken(&record()), None);
    }

    #[test]
    fn flipping_any_bit_of_what_is_written_is_seen_at_its_entry() {
        let entries = record();
        for (i, entry) in entries.iter().enumerate() {
            let written = serde_json::to_string(entry).unwrap();
            assert_eq!(Entry::read(&written).as_ref(), Ok(entry));
            for at in 0..written.len() {
                for bit in 0..8 {
                    let mut altered = written.clone().into_bytes();
                    altered[at] ^= 1 << bit;
                    // What cannot be read any more is seen too.
                    let text = String::from_utf8_lossy(&altered);
                    if let Ok(read) = Entry::read(&text) {
                        let mut all = entries.clone();
                        all[i] = read;
                        let seq = broken(&all);
                        // A gap is found where the number should have been.
                        assert_eq!(seq, Some(entry.seq), "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_part_of_an_entry_is_covered() {
        let entries = record();
        let alter: &[fn(&mut Entry)] = &[
            |e| e.ticket = None,
            |e| e.ticket = Some(TicketNo(9)),
            |e| e.actor = Actor::System,
            |e| e.kind = "closed".into(),
            |e| e.version += 1,
            |e| e.occurred_at = e.occurred_at.plus_ms(1),
            |e| e.recorded_at = e.recorded_at.plus_ms(1),
            |e| e.hash.0[31] ^= 1,
            |e| e.fields.clear(),
            |e| e.fields.push(e.fields[0].clone()),
            |e| e.fields.reverse(),
            |e| e.fields[0].name.push('x'),
            |e| {
                e.fields[0].body = FieldBody::Erased {
                    commitment: Hash::ZERO,
                }
            },
            |e| {
                if let FieldBody::Shown { value, .. } = &mut e.fields[0].body {
                    value.push(' ');
                }
            },
            |e| {
                if let FieldBody::Shown { salt, .. } = &mut e.fields[0].body {
                    salt.push('0');
                }
            },
        ];
        for (i, alter) in alter.iter().enumerate() {
            let mut all = entries.clone();
            alter(&mut all[2]);
            assert_eq!(broken(&all), Some(3), "alteration {i}");
        }
    }

    #[test]
    fn deleting_swapping_and_inserting_are_seen() {
        let entries = record();
        for i in 0..entries.len() - 1 {
            let seq = entries[i].seq;
            let mut deleted = entries.clone();
            deleted.remove(i);
            assert_eq!(broken(&deleted), Some(seq));
            let mut renumbered = deleted;
            for e in &mut renumbered[i..] {
                e.seq -= 1;
            }
            assert_eq!(broken(&renumbered), Some(seq));
            let mut swapped = entries.clone();
            swapped.swap(i, i + 1);
            assert_eq!(broken(&swapped), Some(seq));
            let mut doubled = entries.clone();
            doubled.insert(i, entries[i].clone());
            assert_eq!(broken(&doubled), Some(seq + 1));
        }
    }

    #[test]
    fn time_does_not_run_backwards() {
        let mut entries = record();
        let last = entries.len() - 1;
        let previous = entries[last - 1].hash;
        entries[last].recorded_at = Moment(1);
        entries[last].hash = entries[last].compute_hash(&previous);
        assert_eq!(broken(&entries), Some(entries[last].seq));
    }

    #[test]
    fn an_erased_field_leaves_the_chain_whole_and_its_value_gone() {
        let mut entries = record();
        let note = entries.iter_mut().find(|e| e.kind == "noted").unwrap();
        for field in &mut note.fields {
            *field = field.erased();
        }
        assert!(note.has_erased() && note.payload().is_empty());
        let text = serde_json::to_string(&note).unwrap();
        assert!(!text.contains("They called"));
        let read: Entry = serde_json::from_str(&text).unwrap();
        assert_eq!(read, *note);
        assert_eq!(broken(&entries), None);
        // Erasing twice changes nothing.
        let again = entries[2].fields[0].erased();
        assert_eq!(again, entries[2].fields[0]);
    }

    #[test]
    fn parts_do_not_run_together() {
        let field = |salt: &str, name: &str, value: &str| Field {
            name: name.into(),
            body: FieldBody::Shown {
                salt: salt.into(),
                value: value.into(),
            },
        };
        let a = field("ab", "c", "d").commitment();
        assert_ne!(a, field("a", "bc", "d").commitment());
        assert_ne!(a, field("ab", "cd", "").commitment());
    }

    #[test]
    fn a_hash_has_one_spelling() {
        let hash = Hash([0xab; 32]);
        assert_eq!(Hash::from_hex(&hash.to_string()), Some(hash));
        assert_eq!(hash.short(), "abababababab");
        let upper = hash.to_string().to_uppercase();
        for bad in [upper.as_str(), "", "zz", &"+1".repeat(32), &"é".repeat(32)] {
            assert_eq!(Hash::from_hex(bad), None, "{bad}");
        }
    }
}
