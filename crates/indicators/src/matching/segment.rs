//! A segment: the indicators of one source, in a form to look up. Immutable. Knows neither files nor texts to search.

use super::keys::Keys;
use super::networks::{Network, Networks};
use crate::{Kind, fingerprint};
use std::collections::BTreeMap;
use std::fmt;

/// Longest value that is looked for as a text.
pub(super) const LONGEST_TEXT: usize = 1024;
/// Shortest text: a shorter one would be found everywhere.
const SHORTEST_TEXT: usize = 3;
/// As many texts a segment holds.
const MOST_TEXTS: usize = 200_000;
/// Length of a word that is looked up by itself. Shorter ones are in every line.
pub(super) const WORD: std::ops::RangeInclusive<usize> = 24..=256;

/// A value to be looked for as it stands, since nothing about it shows in a text where it begins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Text {
    pub(super) value: String,
    pub(super) kind: Kind,
}

/// The indicators of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub(super) name: String,
    pub(super) kinds: BTreeMap<Kind, u64>,
    pub(super) keys: Keys,
    pub(super) networks: Networks,
    pub(super) texts: Vec<Text>,
}

impl Segment {
    /// What the source is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many indicators it was built from, repetitions included.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.kinds.values().sum()
    }

    /// Whether it was built from none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// Whether it holds exactly this canonical value.
    #[must_use]
    pub fn contains(&self, kind: Kind, value: &str) -> bool {
        self.keys.has(fingerprint(kind, value))
    }

    /// Bytes of memory it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let texts: usize = self
            .texts
            .iter()
            .map(|t| size_of::<Text>() + t.value.capacity())
            .sum();
        self.keys.bytes() + self.networks.bytes() + texts
    }
}

/// Why a value can't be in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Nothing there.
    Empty,
    /// Not a network as `192.0.2.0/24`.
    NoNetwork,
    /// It would match every address.
    Everything,
    /// A text too short or too long to be looked for.
    Length,
    /// More texts than can be looked for at once.
    TooManyTexts,
}

impl fmt::Display for Unfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("empty"),
            Self::NoNetwork => formatter.write_str("not a network such as 192.0.2.0/24"),
            Self::Everything => formatter.write_str("would match every address"),
            Self::Length => write!(
                formatter,
                "values of this kind must have {SHORTEST_TEXT} to {LONGEST_TEXT} bytes"
            ),
            Self::TooManyTexts => write!(
                formatter,
                "more than {MOST_TEXTS} values that are not hosts, addresses or hashes"
            ),
        }
    }
}

impl std::error::Error for Unfit {}

/// Collects the indicators of a segment.
///
/// ```
/// use indicators::Kind;
/// use indicators::matching::Builder;
/// let mut builder = Builder::new("own list");
/// builder.add(Kind::Domain, "shop.example")?;
/// builder.add(Kind::Cidr, "203.0.113.0/24")?;
/// let segment = builder.build();
/// assert!(segment.contains(Kind::Domain, "shop.example"));
/// # Ok::<(), indicators::matching::Unfit>(())
/// ```
#[derive(Debug)]
pub struct Builder {
    name: String,
    kinds: BTreeMap<Kind, u64>,
    keys: Vec<u64>,
    networks: Vec<Network>,
    texts: Vec<Text>,
}

impl Builder {
    /// Nothing yet, from a source of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kinds: BTreeMap::new(),
            keys: Vec::new(),
            networks: Vec::new(),
            texts: Vec::new(),
        }
    }

    /// Adds a canonical value.
    ///
    /// # Errors
    /// The value can't be matched, or would match everything; the builder is as before.
    pub fn add(&mut self, kind: Kind, value: &str) -> Result<(), Unfit> {
        if value.trim().is_empty() {
            return Err(Unfit::Empty);
        }
        if kind == Kind::Cidr {
            let network = Network::read(value).ok_or(Unfit::NoNetwork)?;
            if network.is_everything() {
                return Err(Unfit::Everything);
            }
            self.networks.push(network);
        } else if !shows(kind, value) {
            if !(SHORTEST_TEXT..=LONGEST_TEXT).contains(&value.len()) {
                return Err(Unfit::Length);
            }
            if self.texts.len() >= MOST_TEXTS {
                return Err(Unfit::TooManyTexts);
            }
            self.texts.push(Text {
                value: value.to_owned(),
                kind,
            });
        }
        if kind == Kind::Url
            && let Some(host) = host_of(value)
        {
            self.keys.push(url_host(host.as_bytes()));
        }
        self.keys.push(fingerprint(kind, value));
        // Systems that don't tell case apart write them either way.
        if matches!(kind, Kind::Filename | Kind::Email)
            && value.bytes().any(|byte| byte.is_ascii_uppercase())
        {
            self.keys
                .push(fingerprint(kind, &value.to_ascii_lowercase()));
        }
        *self.kinds.entry(kind).or_default() += 1;
        Ok(())
    }

    /// The segment.
    #[must_use]
    pub fn build(mut self) -> Segment {
        self.texts.sort_unstable();
        self.texts.dedup();
        Segment {
            name: self.name,
            kinds: self.kinds,
            keys: Keys::of(self.keys),
            networks: Networks::of(self.networks),
            texts: self.texts,
        }
    }
}

/// Whether the scanner sees by itself where such a value begins. What it doesn't see is looked for as a text.
fn shows(kind: Kind, value: &str) -> bool {
    let all = |fits: fn(u8) -> bool| value.bytes().all(fits);
    match kind {
        Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr => true,
        Kind::Domain => value.contains('.'),
        Kind::Email => value
            .rsplit_once('@')
            .is_some_and(|(_, host)| host.contains('.')),
        Kind::Url => host_of(value).is_some_and(|host| host.contains('.')),
        Kind::Filename => {
            let inner = value.trim_matches(['.', '-', '_']);
            inner.len() == value.len()
                && value.contains('.')
                && !value.contains("..")
                && value.len() <= 253
                && all(is_host)
        }
        Kind::Md5
        | Kind::Imphash
        | Kind::Ja3
        | Kind::Ja3s
        | Kind::Sha1
        | Kind::Sha256
        | Kind::Sha512 => all(|byte| byte.is_ascii_hexdigit()) && WORD.contains(&value.len()),
        Kind::Btc | Kind::Eth | Kind::Xmr | Kind::Ja4 | Kind::Tlsh => {
            all(is_word) && WORD.contains(&value.len())
        }
        _ => false,
    }
}

/// The host of a canonical URL, which may lack its scheme.
pub(super) fn host_of(url: &str) -> Option<&str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    if host.starts_with('[') {
        return host.find(']').map(|end| &host[..=end]);
    }
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    (!host.is_empty()).then_some(host)
}

/// The key under which the host of a URL is kept, so that a URL is only read where its host is known.
pub(super) fn url_host(host: &[u8]) -> u64 {
    super::hash("url host", host)
}

/// A byte of host names, and of IPv4 addresses.
pub(super) const fn is_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

/// A byte of words.
pub(super) const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_match_everything_or_nothing_is_unfit() {
        let mut builder = Builder::new("x");
        for (kind, value, expected) in [
            (Kind::Cidr, "0.0.0.0/0", Unfit::Everything),
            (Kind::Cidr, "::/0", Unfit::Everything),
            (Kind::Cidr, "203.0.113.0", Unfit::NoNetwork),
            (Kind::Domain, " ", Unfit::Empty),
            (Kind::Mutex, "ab", Unfit::Length),
        ] {
            assert_eq!(builder.add(kind, value), Err(expected), "{value}");
        }
        assert!(builder.build().is_empty());
    }

    #[test]
    fn the_host_of_a_url() {
        for (url, host) in [
            ("http://shop.example/a?b=c@d", Some("shop.example")),
            ("https://me:pw@shop.example:8443", Some("shop.example")),
            ("http://[2001:db8::1]:80/x", Some("[2001:db8::1]")),
            ("http:///x", None),
            ("shop.example/a", Some("shop.example")),
        ] {
            assert_eq!(host_of(url), host, "{url}");
        }
    }
}
