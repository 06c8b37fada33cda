//! Values that somebody asks to be left out of account, with the reason and perhaps an end. They are still seen and kept.

use indicators::Kind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

use super::{ObservableKey, kind_name};
use crate::Refusal;
use crate::moment::Moment;
use crate::refusal::required_text;

/// A value that ties no tickets together while this holds. It is shown with the reason, never hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IgnoredValue {
    /// What kind of value it is.
    #[serde(with = "kind_name")]
    #[schema(value_type = String)]
    pub kind: Kind,
    /// The value.
    pub value: String,
    /// Why it says nothing.
    pub reason: String,
    /// Until when; none: until it is lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub until: Option<Moment>,
    /// Whether it was lifted.
    #[serde(default)]
    pub deleted: bool,
}

impl IgnoredValue {
    /// Its key.
    pub fn key(&self) -> ObservableKey {
        ObservableKey {
            kind: self.kind,
            value: self.value.clone(),
        }
    }

    /// Checks and cleans it.
    ///
    /// # Errors
    /// A refusal naming the field.
    pub fn validate(mut self) -> Result<Self, Refusal> {
        self.value = ObservableKey::read(self.kind.as_str(), &self.value)?.value;
        self.reason = required_text("reason", &self.reason, 1000)?;
        Ok(self)
    }

    /// Whether it holds at `now`.
    pub fn holds(&self, now: Moment) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// The entry by which a value is ignored at `now`, if it is.
pub fn holds<'a>(
    ignored: &'a BTreeMap<ObservableKey, IgnoredValue>,
    key: &ObservableKey,
    now: Moment,
) -> Option<&'a IgnoredValue> {
    ignored.get(key).filter(|i| i.holds(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_that_has_passed_ends_it() {
        let ignored = IgnoredValue {
            kind: Kind::Ipv4,
            value: "198.51.100[.]7".into(),
            reason: " Our scanner. ".into(),
            until: Some(Moment(2000)),
            deleted: false,
        };
        let ignored = ignored.validate().unwrap();
        assert_eq!(ignored.reason, "Our scanner.");
        let key = ignored.key();
        assert_eq!(key.to_string(), "ipv4:198.51.100.7");
        let all = BTreeMap::from([(key.clone(), ignored)]);
        assert!(holds(&all, &key, Moment(1999)).is_some());
        assert!(holds(&all, &key, Moment(2000)).is_none());
    }
}
