//! Several segments asked at once: which of them hold a value, itself or by what it belongs to. Searches no text.

use super::filter::Filter;
use super::hash;
use super::networks::{Network, number};
use super::segment::{Segment, host_of};
use super::texts::Texts;
use crate::{Kind, fingerprint};
use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

/// How a value came to match an indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum How {
    /// It is the indicator.
    Exact,
    /// A host name under the domain.
    Under,
    /// An address in the network.
    Within,
    /// A URL that is the indicator but for its scheme, of which the indicator says nothing.
    AnyScheme,
    /// A URL that is the indicator but for its query or fragment.
    WithoutQuery,
    /// A URL or e-mail address at the domain or address.
    Host,
}

impl How {
    /// Its name in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Under => "under",
            Self::Within => "within",
            Self::AnyScheme => "any_scheme",
            Self::WithoutQuery => "without_query",
            Self::Host => "host",
        }
    }
}

impl fmt::Display for How {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// An indicator that matched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Match {
    /// The indicator's kind.
    pub kind: Kind,
    /// The indicator's canonical value.
    pub value: String,
    /// How the value asked for belongs to it.
    pub how: How,
    /// The segments that hold it, by their place in [`Matcher::segments`].
    pub segments: Vec<usize>,
}

/// Looks values up in several segments.
pub struct Matcher {
    filter: Filter,
    segments: Vec<Segment>,
    kinds: BTreeSet<Kind>,
    /// Which of the 65,536 upper halves of IPv4 addresses have a network in or over them.
    near: Vec<u64>,
    v6_networks: bool,
    texts: Texts,
}

impl Matcher {
    /// A matcher over these.
    #[must_use]
    pub fn new(segments: Vec<Segment>) -> Self {
        let keys = segments.iter().map(|s| s.keys.sorted().len()).sum();
        let mut filter = Filter::with_room_for(keys);
        for segment in &segments {
            segment
                .keys
                .sorted()
                .iter()
                .for_each(|key| filter.insert(*key));
        }
        let networks = || segments.iter().flat_map(|s| s.networks.all());
        let mut near = vec![0; 1024];
        networks().for_each(|network| mark_near(&mut near, *network));
        Self {
            v6_networks: networks().any(|network| !network.is_v4()),
            kinds: segments
                .iter()
                .flat_map(|s| s.kinds.keys().copied())
                .collect(),
            texts: Texts::of(&segments),
            near,
            filter,
            segments,
        }
    }

    /// What it asks.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// How many indicators it looks for.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.segments.iter().map(Segment::len).sum()
    }

    /// Whether it looks for none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let segments: usize = self.segments.iter().map(Segment::bytes).sum();
        segments + self.filter.bytes() + size_of_val(self.near.as_slice()) + self.texts.bytes()
    }

    /// Whether some segment holds exactly this canonical value.
    #[must_use]
    pub fn holds(&self, kind: Kind, value: &str) -> bool {
        let key = key(kind, value.as_bytes());
        self.may_hold(key) && self.segments.iter().any(|segment| segment.keys.has(key))
    }

    /// Every indicator that a canonical value is or belongs to: a host to its parents down to the registered domain,
    /// an address to its networks, a URL to itself without query and to its host, an e-mail address to its domain.
    ///
    /// ```
    /// use indicators::Kind;
    /// use indicators::matching::{Builder, How, Matcher};
    /// let mut builder = Builder::new("feed");
    /// builder.add(Kind::Domain, "shop.example")?;
    /// let matcher = Matcher::new(vec![builder.build()]);
    /// let found = matcher.find(Kind::Url, "https://www.shop.example/cart?id=1");
    /// assert_eq!((found[0].value.as_str(), found[0].how), ("shop.example", How::Under));
    /// # Ok::<(), indicators::matching::Unfit>(())
    /// ```
    #[must_use]
    pub fn find(&self, kind: Kind, value: &str) -> Vec<Match> {
        let mut found = Vec::new();
        match kind {
            Kind::Ipv4 | Kind::Ipv6 => self.find_address(kind, value, How::Exact, &mut found),
            Kind::Domain => self.find_domain(value, How::Exact, &mut found),
            Kind::Email => {
                self.find_exact(kind, value, How::Exact, &mut found);
                if let Some((_, domain)) = value.rsplit_once('@') {
                    self.find_domain(domain, How::Host, &mut found);
                }
            }
            Kind::Url => {
                self.find_url(value, &mut found);
                match host_of(value) {
                    Some(host) if host.starts_with('[') => {
                        self.find_address(
                            Kind::Ipv6,
                            host.trim_matches(['[', ']']),
                            How::Host,
                            &mut found,
                        );
                    }
                    Some(host) if host.parse::<IpAddr>().is_ok() => {
                        self.find_address(Kind::Ipv4, host, How::Host, &mut found);
                    }
                    Some(host) => self.find_domain(host, How::Host, &mut found),
                    None => {}
                }
            }
            Kind::Cidr => {
                if let Some(network) = Network::read(value) {
                    self.find_network(network.first, Some(network.prefix), &mut found);
                }
            }
            _ => self.find_exact(kind, value, How::Exact, &mut found),
        }
        found
    }

    fn find_exact(&self, kind: Kind, value: &str, how: How, found: &mut Vec<Match>) {
        let key = fingerprint(kind, value);
        if self.may_hold(key) {
            self.take(key, kind, value, how, found);
        }
    }

    fn find_address(&self, kind: Kind, value: &str, how: How, found: &mut Vec<Match>) {
        self.find_exact(kind, value, how, found);
        if let Ok(address) = value.parse() {
            self.find_network(number(address), None, found);
        }
    }

    fn find_domain(&self, host: &str, how: How, found: &mut Vec<Match>) {
        self.find_exact(Kind::Domain, host, how, found);
        let least = registered(host);
        let parents = host.match_indices('.').map(|(dot, _)| &host[dot + 1..]);
        for parent in parents.take_while(|parent| parent.len() >= least) {
            self.find_exact(Kind::Domain, parent, How::Under, found);
        }
    }

    /// The URL itself, without fragment and query, and each of these as an indicator that names no scheme.
    pub(super) fn find_url(&self, url: &str, found: &mut Vec<Match>) {
        let place = url.find("://").map(|sign| sign + 3);
        let cuts = ['#', '?'].map(|mark| url.find(mark).unwrap_or(url.len()));
        let mut last = usize::MAX;
        for end in [url.len(), cuts[0], cuts[1]] {
            if end >= last {
                continue;
            }
            let how = if last == usize::MAX {
                How::Exact
            } else {
                How::WithoutQuery
            };
            self.find_exact(Kind::Url, &url[..end], how, found);
            if let Some(place) = place.filter(|place| *place < end) {
                self.find_exact(Kind::Url, &url[place..end], how.max(How::AnyScheme), found);
            }
            last = end;
        }
    }

    /// The narrowest network of each segment that holds the address, or is or holds the network.
    pub(super) fn find_network(&self, address: u128, prefix: Option<u8>, found: &mut Vec<Match>) {
        for (index, segment) in self.segments.iter().enumerate() {
            let Some(network) = segment.networks.narrowest(address) else {
                continue;
            };
            if prefix.is_some_and(|prefix| prefix < network.prefix) {
                continue;
            }
            let (value, exact) = (network.to_string(), prefix == Some(network.prefix));
            match found
                .iter_mut()
                .find(|m| m.kind == Kind::Cidr && m.value == value)
            {
                Some(same) => same.segments.push(index),
                None => found.push(Match {
                    kind: Kind::Cidr,
                    value,
                    how: if exact { How::Exact } else { How::Within },
                    segments: vec![index],
                }),
            }
        }
    }

    /// Whether some segment may hold the fingerprint. `false` is certain.
    #[inline]
    pub(super) fn may_hold(&self, key: u64) -> bool {
        self.filter.may_have(key)
    }

    /// The segments that hold the fingerprint.
    pub(super) fn holders(&self, key: u64) -> Vec<usize> {
        let holding = self
            .segments
            .iter()
            .enumerate()
            .filter(|(_, s)| s.keys.has(key));
        holding.map(|(index, _)| index).collect()
    }

    /// Adds the value if a segment holds its fingerprint.
    pub(super) fn take(&self, key: u64, kind: Kind, value: &str, how: How, found: &mut Vec<Match>) {
        let segments = self.holders(key);
        if !segments.is_empty() {
            found.push(Match {
                kind,
                value: value.to_owned(),
                how,
                segments,
            });
        }
    }

    /// Whether an IPv4 address may be in a network. `false` is certain.
    #[inline]
    pub(super) fn near_network(&self, v4: u32) -> bool {
        let upper = (v4 >> 16) as usize;
        self.near[upper >> 6] & (1 << (upper & 63)) != 0
    }

    /// Whether any network is one of IPv6.
    pub(super) fn has_v6_networks(&self) -> bool {
        self.v6_networks
    }

    /// Whether any network is one of IPv4.
    pub(super) fn has_v4_networks(&self) -> bool {
        self.near.iter().any(|word| *word != 0)
    }

    /// Whether any indicator is of this kind.
    pub(super) fn has(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    /// What is looked for as it stands.
    pub(super) fn texts(&self) -> &Texts {
        &self.texts
    }
}

/// The length of a host's registered domain: no shorter parent may match. A platform's suffix counts as a public one.
pub(super) fn registered(host: &str) -> usize {
    psl::domain_str(host).map_or(usize::MAX, str::len)
}

/// Fingerprint of a domain whose name stands at `from..` with eight bytes of room before it.
#[inline]
pub(super) fn domain_key(room: &mut [u8], from: usize) -> u64 {
    const NAME: &[u8; 7] = b"domain\0";
    room[from - NAME.len()..from].copy_from_slice(NAME);
    xxhash_rust::xxh3::xxh3_64(&room[from - NAME.len()..])
}

/// Fingerprint of a value given as bytes.
#[inline]
pub(super) fn key(kind: Kind, value: &[u8]) -> u64 {
    hash(kind.as_str(), value)
}

fn mark_near(near: &mut [u64], network: Network) {
    // One of IPv6 may hold all of IPv4 when it is shorter than the prefix of mapped addresses.
    let (first, last) = if network.is_v4() {
        let low = u32::try_from(network.first & 0xffff_ffff).unwrap_or(0);
        let rest = u32::MAX
            .checked_shr(u32::from(network.prefix) - 96)
            .unwrap_or(0);
        (low >> 16, (low | rest) >> 16)
    } else if network.prefix < 96
        && Network::of(0xffff_u128 << 32, network.prefix).first == network.first
    {
        (0, 0xffff)
    } else {
        return;
    };
    for upper in first..=last {
        near[(upper >> 6) as usize] |= 1 << (upper & 63);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::Builder;

    fn matcher(lists: &[&[(Kind, &str)]]) -> Matcher {
        let build = |(index, list): (usize, &&[(Kind, &str)])| {
            let mut builder = Builder::new(&format!("list {index}"));
            list.iter()
                .for_each(|(kind, value)| builder.add(*kind, value).unwrap());
            builder.build()
        };
        Matcher::new(lists.iter().enumerate().map(build).collect())
    }

    fn values(found: &[Match]) -> Vec<(&str, How)> {
        found.iter().map(|m| (m.value.as_str(), m.how)).collect()
    }

    #[test]
    fn a_host_matches_its_parents_down_to_the_registered_domain() {
        let m = matcher(&[&[
            (Kind::Domain, "shop.co.uk"),
            (Kind::Domain, "co.uk"),
            (Kind::Domain, "blogspot.com"),
            (Kind::Domain, "bad.blogspot.com"),
        ]]);
        let ask = |host: &str| m.find(Kind::Domain, host);
        assert_eq!(values(&ask("a.b.shop.co.uk")), [("shop.co.uk", How::Under)]);
        assert_eq!(values(&ask("shop.co.uk")), [("shop.co.uk", How::Exact)]);
        assert_eq!(
            values(&ask("x.bad.blogspot.com")),
            [("bad.blogspot.com", How::Under)]
        );
        assert_eq!(
            values(&ask("good.blogspot.com")),
            [],
            "a platform says nothing about its guests"
        );
        assert_eq!(values(&ask("blogspot.com")), [("blogspot.com", How::Exact)]);
        assert_eq!(values(&ask("myshop.co.uk")), []);
    }

    #[test]
    fn a_url_climbs_down_its_ladder() {
        let m = matcher(&[&[
            (Kind::Url, "http://shop.example/gate.php"),
            (Kind::Url, "shop.example/drop"),
            (Kind::Domain, "shop.example"),
            (Kind::Ipv4, "198.51.100.7"),
            (Kind::Ipv6, "2001:db8::7"),
            (Kind::Cidr, "198.51.100.0/24"),
        ]]);
        let ask = |url: &str| m.find(Kind::Url, url);
        assert_eq!(
            values(&ask("http://shop.example/gate.php?id=1#x")),
            [
                ("http://shop.example/gate.php", How::WithoutQuery),
                ("shop.example", How::Host)
            ]
        );
        assert_eq!(
            values(&ask("ftp://shop.example/drop?x")),
            [
                ("shop.example/drop", How::WithoutQuery),
                ("shop.example", How::Host)
            ]
        );
        assert_eq!(
            values(&ask("http://shop.example/other")),
            [("shop.example", How::Host)]
        );
        assert_eq!(
            values(&ask("http://198.51.100.7:8080/x")),
            [
                ("198.51.100.7", How::Host),
                ("198.51.100.0/24", How::Within)
            ]
        );
        assert_eq!(
            values(&ask("http://[2001:db8::7]/x")),
            [("2001:db8::7", How::Host)]
        );
        let mail = m.find(Kind::Email, "a@mx.shop.example");
        assert_eq!(values(&mail), [("shop.example", How::Under)]);
    }

    #[test]
    fn says_which_segments_hold_it() {
        let m = matcher(&[
            &[(Kind::Ipv4, "198.51.100.7"), (Kind::Cidr, "198.51.0.0/16")],
            &[(Kind::Domain, "shop.example")],
            &[(Kind::Ipv4, "198.51.100.7"), (Kind::Cidr, "198.51.0.0/16")],
        ]);
        let found = m.find(Kind::Ipv4, "198.51.100.7");
        assert_eq!(
            found.iter().map(|m| m.segments.clone()).collect::<Vec<_>>(),
            [[0, 2], [0, 2]]
        );
        assert!(
            m.find(Kind::Domain, "198.51.100.7").is_empty(),
            "another kind is another value"
        );
        assert!(m.find(Kind::Ipv4, "198.52.0.1").is_empty());
    }

    #[test]
    fn a_network_is_found_by_itself_and_by_a_narrower_one() {
        let m = matcher(&[&[(Kind::Cidr, "198.51.0.0/16"), (Kind::Cidr, "2001:db8::/32")]]);
        assert_eq!(
            values(&m.find(Kind::Cidr, "198.51.0.0/16")),
            [("198.51.0.0/16", How::Exact)]
        );
        assert_eq!(
            values(&m.find(Kind::Cidr, "198.51.7.0/24")),
            [("198.51.0.0/16", How::Within)]
        );
        assert!(m.find(Kind::Cidr, "198.0.0.0/8").is_empty());
        assert_eq!(
            values(&m.find(Kind::Ipv6, "2001:db8::9")),
            [("2001:db8::/32", How::Within)]
        );
    }

    #[test]
    fn keys_of_the_fast_path_are_the_fingerprints() {
        let mut room = *b"........www.shop.example";
        assert_eq!(
            domain_key(&mut room, 8),
            fingerprint(Kind::Domain, "www.shop.example")
        );
        assert_eq!(
            domain_key(&mut room, 12),
            fingerprint(Kind::Domain, "shop.example")
        );
        let long = "x".repeat(400);
        for value in ["", "a", long.as_str()] {
            assert_eq!(
                key(Kind::Url, value.as_bytes()),
                fingerprint(Kind::Url, value)
            );
        }
    }
}
