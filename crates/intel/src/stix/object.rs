//! The fields of a STIX object that are looked at, borrowed from its text. Judges nothing.

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use crate::time;

/// A text, borrowed where it has no escapes.
pub struct Text<'a>(pub Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Either)
    }
}

/// What is looked at. Everything else is passed by unread.
#[derive(Deserialize)]
pub struct Raw<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    #[serde(borrow, default)]
    pub id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub pattern: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub pattern_type: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub valid_from: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub valid_until: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub created: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub modified: Option<Text<'a>>,
    #[serde(default)]
    pub revoked: bool,
    #[serde(default)]
    pub x_mitre_deprecated: bool,
    #[serde(default)]
    pub confidence: Option<i64>,
    #[serde(borrow, default)]
    pub labels: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub indicator_types: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub object_marking_refs: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub source_ref: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub target_ref: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub relationship_type: Option<Text<'a>>,
}

impl Raw<'_> {
    /// Its id, or nothing.
    pub fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }

    /// When it was changed last: objects without `modified` have `created`.
    pub fn changed(&self) -> Option<i64> {
        let at = self.modified.as_deref().or(self.created.as_deref());
        at.and_then(time::read)
    }
}
