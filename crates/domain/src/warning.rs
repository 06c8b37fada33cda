//! Warning lists: those that ship inside the executable and those that the organisation brought, and what they say of a value.
//! A list annotates and lowers a weight; it decides nothing.

use indicators::Kind;
use indicators::warning::{Warning, WarningList};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use utoipa::ToSchema;

use crate::Refusal;

/// Most bytes of a list that is brought: it is kept in the record whole.
pub const LONGEST: usize = 1 << 20;
/// Most lists that are brought.
pub const MOST: usize = 100;

/// What the organisation says of a warning list: one that it brought, or a shipped one that it switched off. The name tells
/// lists apart: bringing one of the same name replaces it, the shipped ones too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSetting {
    /// The list's name.
    pub name: String,
    /// The list itself, as JSON in the layout of MISP's warning lists; empty: the shipped one.
    #[serde(default)]
    pub json: String,
    /// Whether it is looked at.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whether it was deleted; a shipped one is then as it shipped.
    #[serde(default)]
    pub deleted: bool,
}

fn yes() -> bool {
    true
}

impl ListSetting {
    /// A list as somebody brings it; its name is the one within.
    ///
    /// # Errors
    /// If it is too long, or no list in that layout.
    pub fn brought(json: &str) -> Result<Self, Refusal> {
        if json.len() > LONGEST {
            let says = "A warning list has at most 1 MiB. Bring the part of it that is seen here.";
            return Err(Refusal::invalid("list", says));
        }
        let list = WarningList::read(json.as_bytes());
        let list = list.map_err(|e| Refusal::invalid("list", e.to_string()))?;
        let name = crate::refusal::required_line("name", &list.name, 200)?;
        Ok(Self {
            name,
            json: json.to_owned(),
            enabled: true,
            deleted: false,
        })
    }

    /// A shipped list as it ships.
    ///
    /// # Errors
    /// Missing, if none of this name ships.
    pub fn shipped(name: &str) -> Result<Self, Refusal> {
        let as_it_ships = Self {
            name: name.to_owned(),
            json: String::new(),
            enabled: true,
            deleted: false,
        };
        as_it_ships.validate()
    }

    /// Checks that there is such a list.
    ///
    /// # Errors
    /// Missing; or what is wrong with the list.
    pub fn validate(self) -> Result<Self, Refusal> {
        if self.json.is_empty() {
            let known = shipped().iter().any(|(_, l)| l.name == self.name);
            return if known {
                Ok(self)
            } else {
                Err(Refusal::missing("warning list"))
            };
        }
        let read = Self::brought(&self.json)?;
        if read.name != self.name {
            let says = format!("The list calls itself “{}”.", read.name);
            return Err(Refusal::invalid("name", says));
        }
        Ok(self)
    }
}

/// A setting with its list, which is read when it is first looked at.
#[derive(Clone, Debug)]
pub struct HeldList {
    /// The setting.
    pub setting: ListSetting,
    read: Arc<OnceLock<Option<WarningList>>>,
}

impl PartialEq for HeldList {
    fn eq(&self, other: &Self) -> bool {
        self.setting == other.setting
    }
}

impl HeldList {
    /// Holds a list.
    pub fn new(setting: ListSetting) -> Self {
        Self {
            setting,
            read: Arc::default(),
        }
    }

    fn own(&self) -> Option<&WarningList> {
        let read = || WarningList::read(self.setting.json.as_bytes()).ok();
        self.read.get_or_init(read).as_ref()
    }
}

/// Lists by name, as the organisation set them.
pub type Lists = BTreeMap<String, HeldList>;

/// A list as it stands.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// The list.
    pub list: &'a WarningList,
    /// Whether it ships inside the executable.
    pub shipped: bool,
    /// Whether it is looked at.
    pub enabled: bool,
}

/// Every list as it stands, by name.
pub fn standing(lists: &Lists) -> Vec<Standing<'_>> {
    let replaced = |name: &str| lists.get(name).is_some_and(|h| !h.setting.json.is_empty());
    let mut all: Vec<Standing<'_>> = shipped()
        .iter()
        .filter(|(_, l)| !replaced(&l.name))
        .map(|(_, list)| Standing {
            list,
            shipped: true,
            enabled: lists.get(&list.name).is_none_or(|h| h.setting.enabled),
        })
        .collect();
    all.extend(lists.values().filter_map(|held| {
        Some(Standing {
            list: held.own()?,
            shipped: false,
            enabled: held.setting.enabled,
        })
    }));
    all.sort_by_key(|s| s.list.name.to_lowercase());
    all
}

/// Texts of the shipped lists, by key.
const SHIPPED: &[(&str, &str)] = &[
    (
        "address_lookups",
        include_str!("../../../content/warninglists/address_lookups.json"),
    ),
    (
        "connectivity_checks",
        include_str!("../../../content/warninglists/connectivity_checks.json"),
    ),
    (
        "documentation_names",
        include_str!("../../../content/warninglists/documentation_names.json"),
    ),
    (
        "documentation_ranges",
        include_str!("../../../content/warninglists/documentation_ranges.json"),
    ),
    (
        "empty_files",
        include_str!("../../../content/warninglists/empty_files.json"),
    ),
    (
        "platforms",
        include_str!("../../../content/warninglists/platforms.json"),
    ),
    (
        "popular_domains",
        include_str!("../../../content/warninglists/popular_domains.json"),
    ),
    (
        "private_ranges",
        include_str!("../../../content/warninglists/private_ranges.json"),
    ),
    (
        "public_resolvers",
        include_str!("../../../content/warninglists/public_resolvers.json"),
    ),
    (
        "resolver_names",
        include_str!("../../../content/warninglists/resolver_names.json"),
    ),
    (
        "security_sites",
        include_str!("../../../content/warninglists/security_sites.json"),
    ),
];

/// The shipped lists, by key.
pub fn shipped() -> &'static [(&'static str, WarningList)] {
    static LISTS: OnceLock<Vec<(&'static str, WarningList)>> = OnceLock::new();
    LISTS.get_or_init(|| {
        let read = |(key, text): &(&'static str, &str)| {
            let list = WarningList::read(text.as_bytes());
            (
                *key,
                list.expect("the shipped lists are valid, which a test checks"),
            )
        };
        SHIPPED.iter().map(read).collect()
    })
}

/// What the lists that are looked at say of a canonical value.
pub fn warnings<'a>(lists: &'a Lists, kind: Kind, value: &str) -> Vec<Warning<'a>> {
    let all = standing(lists).into_iter().filter(|s| s.enabled);
    all.filter_map(|s| s.list.about(kind, value)).collect()
}

/// What is left of a value's weight, between 0 and 1, given what lists say of it: the sternest one counts.
pub fn factor(warnings: &[Warning<'_>]) -> f64 {
    warnings.iter().map(Warning::factor).fold(1.0, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warnings(kind: Kind, value: &str) -> Vec<Warning<'static>> {
        static NONE: Lists = Lists::new();
        super::warnings(&NONE, kind, value)
    }

    fn names(kind: Kind, value: &str) -> Vec<&'static str> {
        warnings(kind, value).into_iter().map(|w| w.list).collect()
    }

    #[test]
    fn an_own_list_speaks_and_a_shipped_one_can_be_silenced_or_replaced() {
        let mut lists = Lists::new();
        let hold = |setting: ListSetting| (setting.name.clone(), HeldList::new(setting));
        let own =
            r#"{ "name": "Our partners", "type": "hostname", "list": ["partner-haven.net"] }"#;
        lists.extend([hold(ListSetting::brought(own).unwrap())]);
        let said = |lists: &Lists, value: &str| super::warnings(lists, Kind::Domain, value).len();
        assert_eq!(said(&lists, "www.partner-haven.net"), 1);
        let resolvers = "Well-known public resolvers";
        let off = ListSetting {
            name: resolvers.into(),
            json: String::new(),
            enabled: false,
            deleted: false,
        };
        lists.extend([hold(off.clone().validate().unwrap())]);
        let resolver = |lists: &Lists| super::warnings(lists, Kind::Ipv4, "8.8.8.8").len();
        assert_eq!(resolver(&lists), 0);
        let json = format!(r#"{{ "name": "{resolvers}", "type": "cidr", "list": ["9.9.9.9"] }}"#);
        lists.extend([hold(ListSetting::brought(&json).unwrap())]);
        assert_eq!(resolver(&lists), 0, "the own edition lacks it");
        assert_eq!(super::warnings(&lists, Kind::Ipv4, "9.9.9.9").len(), 1);
        let other = ListSetting {
            json,
            name: "Another".into(),
            ..off
        };
        assert_eq!(other.validate().unwrap_err().field.as_deref(), Some("name"));
        let none = ListSetting {
            name: "No such".into(),
            ..off
        };
        assert!(none.validate().is_err());
        let broken = ListSetting::brought(r#"{ "name": "x", "type": "regex", "list": ["a"] }"#);
        assert_eq!(broken.unwrap_err().field.as_deref(), Some("list"));
    }

    #[test]
    fn every_shipped_list_can_be_read_and_says_what_it_is() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../content/warninglists");
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), shipped().len());
        for (key, list) in shipped() {
            assert!(!list.description.is_empty() && list.version > 0, "{key}");
        }
    }

    #[test]
    fn fame_lowers_the_weight_and_a_platform_does_not() {
        assert_eq!(
            names(Kind::Ipv4, "8.8.8.8"),
            ["Well-known public resolvers"]
        );
        assert_eq!(
            names(Kind::Ipv4, "10.4.5.6"),
            ["Private and special address ranges"]
        );
        assert!(factor(&warnings(Kind::Domain, "microsoft.com")) < 0.2);
        assert!(factor(&warnings(Kind::Domain, "update.microsoft.com")) < 1.0);
        let platform = warnings(Kind::Domain, "cheap-invoices.pages.dev");
        assert_eq!(platform.len(), 1);
        assert!((factor(&platform) - 1.0).abs() < f64::EPSILON);
        assert!(names(Kind::Domain, "cheap-invoices.top").is_empty());
    }
}
