//! Where a value stands among others of its kind, so that what lies within another stands beside it.

use indicators::Kind;
use std::net::IpAddr;

use super::ObservableKey;

/// Most bytes of a sort key: enough to find a beginning.
const LONGEST: usize = 200;

/// Addresses as 32 hexadecimal digits, networks as their first address, domains with their labels from the right, all else as
/// it is.
pub fn sort_key(key: &ObservableKey) -> String {
    let mut out = match key.kind {
        Kind::Domain => reversed(&key.value),
        Kind::Ipv4 | Kind::Ipv6 => hex(&key.value).unwrap_or_else(|| key.value.clone()),
        Kind::Cidr => match key.value.split_once('/') {
            Some((first, bits)) => {
                let first = hex(first).unwrap_or_else(|| first.to_owned());
                format!("{first}/{bits}")
            }
            None => key.value.clone(),
        },
        _ => key.value.clone(),
    };
    if out.len() > LONGEST {
        out.truncate(out.floor_char_boundary(LONGEST));
    }
    out
}

/// A domain with its labels from the right: `com.example.www`.
pub fn reversed(domain: &str) -> String {
    let mut labels: Vec<&str> = domain.split('.').collect();
    labels.reverse();
    labels.join(".")
}

fn hex(address: &str) -> Option<String> {
    let number = match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(a) => u128::from(a.to_ipv6_mapped()),
        IpAddr::V6(a) => u128::from(a),
    };
    Some(format!("{number:032x}"))
}

/// The first and the last sort key of the addresses of a network.
pub fn span(cidr: &str) -> Option<(String, String)> {
    let (first, bits) = super::own::network(cidr)?;
    let rest = u128::MAX.checked_shr(u32::from(bits)).unwrap_or(0);
    Some((format!("{first:032x}"), format!("{:032x}", first | rest)))
}

/// The networks that hold an address, the widest first: those that people write.
pub fn networks_of(address: &str) -> Vec<ObservableKey> {
    let Ok(address) = address.parse::<IpAddr>() else {
        return Vec::new();
    };
    let bits: Vec<u8> = match address {
        IpAddr::V4(_) => (8..=32).collect(),
        IpAddr::V6(_) => (16..=64).chain([80, 96, 112, 128]).collect(),
    };
    let network = |bits: u8| {
        let value = indicators::canonical(Kind::Cidr, &format!("{address}/{bits}")).ok()?;
        let kind = Kind::Cidr;
        Some(ObservableKey { kind, value })
    };
    bits.into_iter().filter_map(network).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: &str, value: &str) -> String {
        sort_key(&ObservableKey::read(kind, value).unwrap())
    }

    #[test]
    fn what_lies_within_stands_beside() {
        assert_eq!(of("domain", "www.evil.example"), "example.evil.www");
        assert_eq!(
            of("ipv4", "198.51.100.7"),
            "00000000000000000000ffffc6336407"
        );
        assert_eq!(
            of("ipv6", "2001:db8::1"),
            "20010db8000000000000000000000001"
        );
        let (first, last) = span("198.51.100.0/24").unwrap();
        let inside = of("ipv4", "198.51.100.7");
        assert!(first <= inside && inside <= last);
        let outside = of("ipv4", "198.51.101.7");
        assert!(outside > last);
        let long = ObservableKey {
            kind: Kind::CommandLine,
            value: "é".repeat(300),
        };
        assert!(sort_key(&long).len() <= LONGEST);
    }

    #[test]
    fn an_address_asks_for_the_networks_that_hold_it() {
        let all = networks_of("198.51.100.7");
        let values: Vec<&str> = all.iter().map(|k| k.value.as_str()).collect();
        assert!(values.contains(&"198.51.100.0/24") && values.contains(&"198.0.0.0/8"));
        assert!(
            networks_of("2001:db8::7")
                .iter()
                .any(|k| k.value == "2001:db8::/32")
        );
        assert!(networks_of("evil.example").is_empty());
    }
}
