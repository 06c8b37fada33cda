//! What is the organisation's own: domains and ranges that make an observable an asset. Knows no tickets.

use indicators::Kind;
use std::net::IpAddr;

use super::{ObservableKey, derived};
use crate::Refusal;
use crate::people::Organisation;

/// The organisation's own domains and ranges, ready to be asked.
#[derive(Clone, Debug, Default)]
pub struct Own {
    domains: Vec<String>,
    ranges: Vec<(u128, u8)>,
}

impl Own {
    /// What an organisation has named.
    pub fn of(organisation: Option<&Organisation>) -> Self {
        let domains = organisation.iter().flat_map(|o| &o.own_domains);
        let ranges = organisation.iter().flat_map(|o| &o.own_ranges);
        Self {
            domains: domains.cloned().collect(),
            ranges: ranges.filter_map(|r| network(r)).collect(),
        }
    }

    /// The own domain or range that a value belongs to, itself or by what it says.
    pub fn holds(&self, key: &ObservableKey) -> bool {
        if self.domains.is_empty() && self.ranges.is_empty() {
            return false;
        }
        self.is(key) || derived(key).iter().any(|(k, _)| self.is(k))
    }

    fn is(&self, key: &ObservableKey) -> bool {
        match key.kind {
            Kind::Domain => self.domains.iter().any(|own| {
                let rest = key.value.strip_suffix(own.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }),
            Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr => network(&key.value).is_some_and(|inner| {
                let holds = |own: &(u128, u8)| own.1 <= inner.1 && masked(inner.0, own.1) == own.0;
                self.ranges.iter().any(holds)
            }),
            _ => false,
        }
    }
}

/// The first address of a network, with those of version 4 within those of version 6, and how many bits are fixed.
pub(super) fn network(text: &str) -> Option<(u128, u8)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let (number, bits) = match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(a) => {
            let bits = bits.unwrap_or(32);
            (bits <= 32).then(|| (u128::from(a.to_ipv6_mapped()), bits + 96))?
        }
        IpAddr::V6(a) => {
            let bits = bits.unwrap_or(128);
            (bits <= 128).then(|| (u128::from(a), bits))?
        }
    };
    Some((masked(number, bits), bits))
}

fn masked(number: u128, bits: u8) -> u128 {
    number & u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)
}

/// A domain that the organisation says is its own, in its canonical form.
///
/// # Errors
/// A refusal naming `own_domains`.
pub fn check_domain(domain: &str) -> Result<String, Refusal> {
    let domain = domain
        .trim()
        .trim_start_matches("*.")
        .trim_start_matches('.');
    indicators::canonical(Kind::Domain, domain).map_err(|_| {
        let says = format!("“{domain}” is not a domain. Expected one such as example.com.");
        Refusal::invalid("own_domains", says)
    })
}

/// A range that the organisation says is its own: an address or a network.
///
/// # Errors
/// A refusal naming `own_ranges`.
pub fn check_range(range: &str) -> Result<String, Refusal> {
    let wrong = || {
        let says = format!(
            "“{range}” is not a range. Expected one such as 198.51.100.0/24 or 2001:db8::/32."
        );
        Refusal::invalid("own_ranges", says)
    };
    let (first, bits) = network(range.trim()).ok_or_else(wrong)?;
    let mapped = std::net::Ipv6Addr::from(first);
    Ok(match mapped.to_ipv4_mapped().filter(|_| bits >= 96) {
        Some(v4) => format!("{v4}/{}", bits - 96),
        None => format!("{mapped}/{bits}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Own {
        Own {
            domains: vec!["acme.example".into()],
            ranges: ["10.0.0.0/8", "2001:db8:1::/48"]
                .iter()
                .filter_map(|r| network(r))
                .collect(),
        }
    }

    #[test]
    fn what_lies_under_a_domain_or_within_a_range_is_own() {
        for (kind, value, is) in [
            ("domain", "acme.example", true),
            ("domain", "www.acme.example", true),
            ("domain", "notacme.example", false),
            ("url", "https://vpn.acme.example/login", true),
            ("email", "ben@acme.example", true),
            ("email", "acme.example@evil.example", false),
            ("ipv4", "10.3.4.5", true),
            ("ipv4", "11.3.4.5", false),
            ("cidr", "10.3.0.0/16", true),
            ("cidr", "8.0.0.0/5", false),
            ("ipv6", "2001:db8:1::7", true),
            ("ipv6", "2001:db8:2::7", false),
            ("sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709", false),
        ] {
            let key = ObservableKey::read(kind, value).unwrap();
            assert_eq!(own().holds(&key), is, "{key}");
        }
        let key = ObservableKey::read("ipv4", "10.3.4.5").unwrap();
        assert!(!Own::default().holds(&key));
    }

    #[test]
    fn ranges_begin_at_their_first_address() {
        assert_eq!(check_range("10.1.2.3/8").unwrap(), "10.0.0.0/8");
        assert_eq!(check_range(" 198.51.100.7 ").unwrap(), "198.51.100.7/32");
        assert_eq!(check_range("2001:DB8::1/32").unwrap(), "2001:db8::/32");
        assert_eq!(check_domain("*.Acme.Example").unwrap(), "acme.example");
        for wrong in ["10.0.0.0/33", "acme.example", "", "10.0.0.0/x"] {
            assert_eq!(check_range(wrong).unwrap_err().code, "invalid.own_ranges");
        }
        assert_eq!(check_domain("a b").unwrap_err().code, "invalid.own_domains");
    }
}
