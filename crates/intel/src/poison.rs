//! Values that would match everything or nothing of use: refused, whatever a feed says of them. Knows no format.

use indicators::Kind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What belongs to the organisation itself.
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// Own domains, in lower case.
    pub domains: Vec<String>,
    /// Own networks, as `198.51.100.0/24`, or single addresses.
    pub ranges: Vec<String>,
}

/// Judges values.
#[derive(Clone, Debug, Default)]
pub struct Poison {
    domains: Vec<String>,
    ranges: Vec<(IpAddr, u8)>,
}

/// Hashes of nothing: the empty file.
const EMPTY: [&str; 4] = [
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
];

/// The widest networks that mean something: a /8 is 1 in 256 of all addresses.
const WIDEST_V4: u8 = 9;
const WIDEST_V6: u8 = 20;

impl Poison {
    /// A judge that also refuses what is the organisation's own.
    pub fn new(own: &Own) -> Self {
        let clean = |d: &String| d.trim().trim_matches('.').to_ascii_lowercase();
        Self {
            domains: own
                .domains
                .iter()
                .map(clean)
                .filter(|d| !d.is_empty())
                .collect(),
            ranges: own.ranges.iter().filter_map(|r| network(r)).collect(),
        }
    }

    /// Why a canonical value is refused, if it is.
    pub fn refuses(&self, kind: Kind, value: &str) -> Option<&'static str> {
        match kind {
            _ if value.is_empty() => Some("it is empty"),
            Kind::Ipv4 | Kind::Ipv6 => self.address(value.parse().ok()?),
            Kind::Cidr => self.network(value),
            Kind::Domain => self.domain(value),
            Kind::Url => self.host(host_of(value)?),
            Kind::Email => self.own_domain(value.rsplit_once('@')?.1),
            Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 => hash(value),
            _ => (value.chars().count() < 3).then_some("it is too short to mean one thing"),
        }
    }

    fn address(&self, ip: IpAddr) -> Option<&'static str> {
        let inner = match ip {
            IpAddr::V4(ip) => nowhere_v4(ip),
            IpAddr::V6(ip) => nowhere_v6(ip),
        };
        inner.or_else(|| {
            let own = self
                .ranges
                .iter()
                .any(|&(net, prefix)| holds(net, prefix, ip));
            own.then_some("it is an address of our own")
        })
    }

    fn network(&self, value: &str) -> Option<&'static str> {
        let Some((ip, prefix)) = network(value) else {
            return Some("it is no network");
        };
        let widest = if ip.is_ipv4() { WIDEST_V4 } else { WIDEST_V6 };
        if prefix < widest {
            return Some("it covers far too many addresses");
        }
        let own = |&(net, p): &(IpAddr, u8)| holds(net, p, ip) || holds(ip, prefix, net);
        if self.ranges.iter().any(own) {
            return Some("it covers addresses of our own");
        }
        match ip {
            IpAddr::V4(ip) => nowhere_v4(ip),
            IpAddr::V6(ip) => nowhere_v6(ip),
        }
    }

    fn domain(&self, value: &str) -> Option<&'static str> {
        if !value.contains('.') {
            return Some("it is a whole top-level domain, or no domain at all");
        }
        let suffix = psl::suffix(value.as_bytes())?;
        if suffix.is_known() && suffix.as_bytes().len() == value.len() {
            return Some("it is a suffix under which anybody can register");
        }
        self.own_domain(value)
    }

    fn host(&self, host: &str) -> Option<&'static str> {
        match host.trim_matches(['[', ']']).parse() {
            Ok(ip) => self.address(ip),
            Err(_) => self.own_domain(host),
        }
    }

    fn own_domain(&self, value: &str) -> Option<&'static str> {
        let own = self.domains.iter().any(|d| {
            value == d
                || value
                    .strip_suffix(d.as_str())
                    .is_some_and(|rest| rest.ends_with('.'))
        });
        own.then_some("it is a domain of our own")
    }
}

fn hash(value: &str) -> Option<&'static str> {
    if EMPTY.contains(&value) {
        return Some("it is the hash of an empty file");
    }
    let first = value.bytes().next();
    value
        .bytes()
        .all(|b| Some(b) == first)
        .then_some("it is a placeholder, no hash")
}

fn nowhere_v4(ip: Ipv4Addr) -> Option<&'static str> {
    if ip.is_loopback() || ip.is_unspecified() || ip.octets()[0] == 0 {
        return Some("it stands for every machine itself");
    }
    if ip.is_broadcast() || ip.is_multicast() || ip.octets()[0] >= 240 {
        return Some("it is the address of no single machine");
    }
    let shared = ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64;
    (ip.is_private() || ip.is_link_local() || shared)
        .then_some("it is a private address, which means another machine in every network")
}

fn nowhere_v6(ip: Ipv6Addr) -> Option<&'static str> {
    if let Some(v4) = ip.to_ipv4_mapped() {
        return nowhere_v4(v4);
    }
    if ip.is_loopback() || ip.is_unspecified() {
        return Some("it stands for every machine itself");
    }
    if ip.is_multicast() {
        return Some("it is the address of no single machine");
    }
    (ip.is_unique_local() || ip.is_unicast_link_local())
        .then_some("it is a private address, which means another machine in every network")
}

fn network(text: &str) -> Option<(IpAddr, u8)> {
    let text = text.trim();
    let (ip, prefix) = text.split_once('/').unwrap_or((text, ""));
    let ip: IpAddr = ip.parse().ok()?;
    let most = if ip.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        "" => most,
        text => text.parse().ok().filter(|p| *p <= most)?,
    };
    Some((ip, prefix))
}

fn holds(net: IpAddr, prefix: u8, ip: IpAddr) -> bool {
    let cut = |bits: u128, width: u8| match width - prefix.min(width) {
        shift if shift >= 128 => 0,
        shift => bits >> shift,
    };
    match (net, ip) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            cut(u32::from(a).into(), 32) == cut(u32::from(b).into(), 32)
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => cut(a.into(), 128) == cut(b.into(), 128),
        _ => false,
    }
}

/// The host of a URL, without user and port.
fn host_of(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    if host.starts_with('[') {
        return host.split_once(']').map(|(h, _)| h);
    }
    Some(host.split_once(':').map_or(host, |(h, _)| h))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_match_everything_is_refused_and_the_rest_passes() {
        let poison = Poison::new(&Own {
            domains: vec!["Corp.example".into()],
            ranges: vec!["198.51.100.0/24".into(), "2001:db8:1::/48".into()],
        });
        for (kind, value) in [
            (Kind::Cidr, "0.0.0.0/0"),
            (Kind::Cidr, "::/0"),
            (Kind::Cidr, "198.51.0.0/16"),
            (Kind::Cidr, "198.51.100.128/25"),
            (Kind::Cidr, "10.0.0.0/24"),
            (Kind::Ipv4, "0.0.0.0"),
            (Kind::Ipv4, "127.0.0.1"),
            (Kind::Ipv4, "192.168.1.1"),
            (Kind::Ipv4, "255.255.255.255"),
            (Kind::Ipv4, "198.51.100.7"),
            (Kind::Ipv6, "::1"),
            (Kind::Ipv6, "2001:db8:1::7"),
            (Kind::Domain, "com"),
            (Kind::Domain, "co.uk"),
            (Kind::Domain, "github.io"),
            (Kind::Domain, "www.corp.example"),
            (Kind::Domain, ""),
            (Kind::Url, "https://ada@mail.corp.example:8443/x"),
            (Kind::Url, "http://[::1]/x"),
            (Kind::Url, "http://10.1.1.1/x"),
            (Kind::Email, "ada@corp.example"),
            (Kind::Md5, EMPTY[0]),
            (Kind::Sha256, &"0".repeat(64)),
            (Kind::Mutex, "a"),
        ] {
            assert!(poison.refuses(kind, value).is_some(), "{kind} {value}");
        }
        for (kind, value) in [
            (Kind::Cidr, "203.0.113.0/24"),
            (Kind::Ipv4, "203.0.113.9"),
            (Kind::Ipv6, "2001:db8:2::7"),
            (Kind::Domain, "evil.co.uk"),
            (Kind::Domain, "evil.github.io"),
            (Kind::Domain, "notcorp.example"),
            (Kind::Url, "http://evil.example/corp.example"),
            (Kind::Email, "ceo@c0rp.example"),
            (Kind::Sha1, "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"),
        ] {
            assert_eq!(poison.refuses(kind, value), None, "{kind} {value}");
        }
    }
}
