//! What is known of a value without looking at any ticket: lists that name it, whether it is the organisation's own, whether
//! somebody asked to leave it out of account. Annotates and weighs; hides nothing.

use serde::Serialize;
use utoipa::ToSchema;

use super::{ObservableKey, Own, ignored_at};
use crate::directory::Directory;
use crate::moment::Moment;
use crate::warning;

/// What is known of a value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Annotation {
    /// Warning lists that name it, or something that it lies within.
    pub lists: Vec<Listed>,
    /// Whether it is the organisation's own infrastructure: an asset.
    pub own: bool,
    /// Why it is left out of account, if it is.
    pub ignored: Option<String>,
    /// What all this leaves of its weight, from 0 to 1.
    pub weight: f64,
}

/// A warning list that names a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Listed {
    /// Name of the list.
    pub list: String,
    /// The entry that names it.
    pub entry: String,
}

/// What is known of a value at `now`.
pub fn annotate(directory: &Directory, own: &Own, key: &ObservableKey, now: Moment) -> Annotation {
    let warnings = warning::warnings(&directory.warning_lists, key.kind, &key.value);
    let (own, ignored) = (own.holds(key), ignored_at(&directory.ignored, key, now));
    let fame = warning::factor(&warnings);
    Annotation {
        lists: warnings
            .iter()
            .map(|w| Listed {
                list: w.list.to_owned(),
                entry: w.entry.clone(),
            })
            .collect(),
        own,
        ignored: ignored.map(|i| i.reason.clone()),
        weight: if own || ignored.is_some() { 0.0 } else { fame },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observable::IgnoredValue;

    #[test]
    fn each_voice_is_heard_and_weighs() {
        let mut d = crate::testing::directory();
        let organisation = d.organisation.as_mut().unwrap();
        organisation.own_domains = vec!["harbour.example".into()];
        let ignored = IgnoredValue {
            kind: indicators::Kind::Ipv4,
            value: "203.0.113.9".into(),
            reason: "Our scanner.".into(),
            until: None,
            deleted: false,
        };
        d.ignored.insert(ignored.key(), ignored);
        let own = Own::of(d.organisation.as_ref());
        let of = |kind: &str, value: &str| {
            let key = ObservableKey::read(kind, value).unwrap();
            annotate(&d, &own, &key, Moment(0))
        };
        assert!(of("url", "https://vpn.harbour.example/x").own);
        let scanner = of("ipv4", "203.0.113.9");
        assert_eq!(scanner.ignored.as_deref(), Some("Our scanner."));
        assert!(scanner.weight.abs() < f64::EPSILON);
        let resolver = of("ipv4", "8.8.8.8");
        assert!(resolver.lists[0].entry.starts_with("8.8.8.8"));
        assert!(resolver.weight > 0.0 && resolver.weight < 0.5);
        assert!((of("domain", "evil-site.top").weight - 1.0).abs() < f64::EPSILON);
    }
}
