//! Warning lists that ship inside the executable: what a value's fame says about it. Uploaded lists stand in the store.

use indicators::Kind;
use indicators::warning::{Warning, WarningList};
use std::sync::OnceLock;

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

/// What the shipped lists say of a canonical value.
pub fn warnings(kind: Kind, value: &str) -> Vec<Warning<'static>> {
    shipped()
        .iter()
        .filter_map(|(_, list)| list.about(kind, value))
        .collect()
}

/// What is left of a value's weight, between 0 and 1, given what lists say of it: the sternest one counts.
pub fn factor(warnings: &[Warning<'_>]) -> f64 {
    warnings.iter().map(Warning::factor).fold(1.0, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(kind: Kind, value: &str) -> Vec<&'static str> {
        warnings(kind, value).into_iter().map(|w| w.list).collect()
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
