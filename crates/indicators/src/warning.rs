//! Warning lists: values so common or so well known that a match says little. They annotate and lower the weight; they never
//! decide that a value is harmless, since much that is bad hides under popular names. Reads no files.

use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use crate::Kind;

/// Most entries of one list: the largest public ones hold a million names.
pub const MOST_ENTRIES: usize = 2_000_000;

/// What being on a list means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum Category {
    /// Mostly harmless: a match lowers the weight.
    #[serde(rename = "False positive")]
    FalsePositive,
    /// Well known, which says nothing about harm, such as a platform where anybody may publish: the weight stays.
    #[serde(rename = "Known identifier")]
    KnownIdentifier,
}

/// How a value stands on a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// It is the entry.
    Itself,
    /// It lies within the entry: an address of a network, a host under a name, a text that holds it.
    Within,
}

/// A value was found on a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning<'a> {
    /// The list's name.
    pub list: &'a str,
    /// The entry that matched.
    pub entry: String,
    /// How.
    pub how: How,
    /// What the list means.
    pub category: Category,
}

impl Warning<'_> {
    /// What it leaves of a value's weight, between 0 and 1.
    #[must_use]
    pub fn factor(&self) -> f64 {
        match (self.category, self.how) {
            (Category::KnownIdentifier, _) => 1.0,
            (Category::FalsePositive, How::Itself) => 0.1,
            (Category::FalsePositive, How::Within) => 0.5,
        }
    }
}

/// Why a list could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

/// A list in the layout of MISP's warning lists: `name`, `description`, `version`, `type`, `list` and perhaps
/// `matching_attributes` (which kinds of MISP it is about; not used, as the form of an entry decides) and `category`.
#[derive(Deserialize)]
struct Layout {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    version: u64,
    #[serde(rename = "type")]
    form: String,
    list: Vec<String>,
    #[serde(default = "false_positive")]
    category: Category,
}

fn false_positive() -> Category {
    Category::FalsePositive
}

/// One warning list.
#[derive(Clone, Debug)]
pub struct WarningList {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub description: String,
    /// Grows with each edition.
    pub version: u64,
    /// What being on it means.
    pub category: Category,
    entries: Entries,
}

#[derive(Clone, Debug)]
enum Entries {
    Networks(Networks),
    Hosts(HashSet<Box<str>>),
    Texts(HashSet<Box<str>>),
    Parts(Vec<Box<str>>),
}

impl WarningList {
    /// Reads a list.
    ///
    /// # Errors
    /// Not JSON of that layout, a `type` that is not `cidr`, `hostname`, `string` or `substring`, an empty or unreadable entry,
    /// or more than [`MOST_ENTRIES`].
    pub fn read(json: &[u8]) -> Result<Self, Unreadable> {
        let Layout {
            name,
            description,
            version,
            form,
            list,
            category,
        } = serde_json::from_slice(json)
            .map_err(|e| Unreadable(format!("This is no warning list in MISP's layout: {e}.")))?;
        if name.trim().is_empty() {
            return Err(Unreadable("A warning list needs a `name`.".into()));
        }
        if list.is_empty() {
            return Err(Unreadable(format!("{name}: the list is empty.")));
        }
        if list.len() > MOST_ENTRIES {
            return Err(Unreadable(format!(
                "{name}: {} entries; at most {MOST_ENTRIES} are taken.",
                list.len()
            )));
        }
        let entries = Entries::of(&form, &list).map_err(|e| Unreadable(format!("{name}: {e}")))?;
        Ok(Self {
            name,
            description,
            version,
            category,
            entries,
        })
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.entries {
            Entries::Networks(n) => n.count,
            Entries::Hosts(set) | Entries::Texts(set) => set.len(),
            Entries::Parts(parts) => parts.len(),
        }
    }

    /// Never: a list without entries is not read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it says of a canonical value.
    #[must_use]
    pub fn about(&self, kind: Kind, value: &str) -> Option<Warning<'_>> {
        let (entry, how) = match &self.entries {
            Entries::Networks(networks) => networks.find(kind, value)?,
            Entries::Hosts(hosts) => find_host(hosts, host_of(kind, value)?, kind)?,
            Entries::Texts(texts) => {
                let lower = value.to_lowercase();
                texts
                    .contains(lower.as_str())
                    .then_some((lower, How::Itself))?
            }
            Entries::Parts(parts) => {
                let lower = value.to_lowercase();
                let part = parts.iter().find(|part| lower.contains(part.as_ref()))?;
                (
                    part.to_string(),
                    if **part == *lower {
                        How::Itself
                    } else {
                        How::Within
                    },
                )
            }
        };
        Some(Warning {
            list: &self.name,
            entry,
            how,
            category: self.category,
        })
    }
}

impl Entries {
    fn of(form: &str, list: &[String]) -> Result<Self, String> {
        let mut entries = Vec::with_capacity(list.len());
        for (index, entry) in list.iter().enumerate() {
            let entry = entry.trim().to_lowercase();
            if entry.is_empty() {
                return Err(format!("entry {} is empty", index + 1));
            }
            entries.push(entry);
        }
        Ok(match form {
            "cidr" => Self::Networks(Networks::of(&entries)?),
            "hostname" => Self::Hosts(entries.iter().map(|e| e.trim_start_matches("*.").trim_matches('.').into()).collect()),
            "string" => Self::Texts(entries.into_iter().map(Into::into).collect()),
            "substring" => Self::Parts(entries.into_iter().map(Into::into).collect()),
            "regex" => return Err("lists of regular expressions are not taken; expected cidr, hostname, string or substring".into()),
            other => return Err(format!("`{other}` is no type of a list; expected cidr, hostname, string or substring")),
        })
    }
}

/// The host that a value names.
fn host_of(kind: Kind, value: &str) -> Option<&str> {
    match kind {
        Kind::Domain => Some(value),
        Kind::Email => value.rsplit_once('@').map(|(_, domain)| domain),
        Kind::Url => {
            let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
            let authority = rest.split(['/', '?', '#']).next()?;
            let host = authority
                .rsplit_once('@')
                .map_or(authority, |(_, host)| host);
            match host.strip_prefix('[') {
                Some(six) => six.split(']').next(),
                None => host.split(':').next(),
            }
        }
        _ => None,
    }
}

/// The longest name on the list that the host is or lies under. Borders are those of labels.
fn find_host(hosts: &HashSet<Box<str>>, host: &str, kind: Kind) -> Option<(String, How)> {
    let mut rest = host;
    loop {
        if hosts.contains(rest) {
            let itself = rest.len() == host.len() && kind == Kind::Domain;
            return Some((
                rest.to_owned(),
                if itself { How::Itself } else { How::Within },
            ));
        }
        rest = rest.split_once('.')?.1;
    }
}

/// Networks by the length of their prefixes; IPv4 stands where IPv6 maps it.
#[derive(Clone, Debug)]
struct Networks {
    by_length: BTreeMap<u8, HashSet<u128>>,
    as_written: HashMap<(u8, u128), Box<str>>,
    count: usize,
}

impl Networks {
    fn of(entries: &[String]) -> Result<Self, String> {
        let mut networks = Self {
            by_length: BTreeMap::new(),
            as_written: HashMap::new(),
            count: 0,
        };
        for (index, entry) in entries.iter().enumerate() {
            let (bits, length) = network(entry).ok_or_else(|| {
                format!(
                    "entry {} (`{entry}`) is no network; expected such as 192.0.2.0/24",
                    index + 1
                )
            })?;
            if networks.by_length.entry(length).or_default().insert(bits) {
                networks.count += 1;
                networks
                    .as_written
                    .insert((length, bits), entry.as_str().into());
            }
        }
        Ok(networks)
    }

    /// The smallest network that holds the value.
    fn find(&self, kind: Kind, value: &str) -> Option<(String, How)> {
        let text = match kind {
            Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr => value,
            Kind::Url | Kind::Email => host_of(kind, value)?,
            _ => return None,
        };
        let (bits, whole) = network(text)?;
        let (length, prefix) = (self.by_length.range(..=whole).rev())
            .map(|(length, set)| (*length, bits & mask(*length), set))
            .find_map(|(length, prefix, set)| set.contains(&prefix).then_some((length, prefix)))?;
        let entry = self.as_written.get(&(length, prefix))?;
        let itself = length == whole && kind != Kind::Url && kind != Kind::Email;
        Some((
            entry.to_string(),
            if itself { How::Itself } else { How::Within },
        ))
    }
}

/// The bits of a network or single address, and how many of them count.
fn network(text: &str) -> Option<(u128, u8)> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let (six, most, ahead): (Ipv6Addr, u8, u8) = match address.parse().ok()? {
        IpAddr::V4(four) => (four.to_ipv6_mapped(), 32, 96),
        IpAddr::V6(six) => (six, 128, 0),
    };
    let length = length.unwrap_or(most);
    if length > most {
        return None;
    }
    let length = length + ahead;
    Some((six.to_bits() & mask(length), length))
}

fn mask(length: u8) -> u128 {
    match length {
        0 => 0,
        length => u128::MAX << (128 - u32::from(length)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(form: &str, entries: &[&str]) -> WarningList {
        let json =
            serde_json::json!({ "name": "test", "version": 1, "type": form, "list": entries });
        WarningList::read(json.to_string().as_bytes()).unwrap()
    }

    fn found(list: &WarningList, kind: Kind, value: &str) -> Option<(String, How)> {
        list.about(kind, value).map(|w| (w.entry, w.how))
    }

    #[test]
    fn the_smallest_network_is_named() {
        let l = list(
            "cidr",
            &["10.0.0.0/8", "10.1.0.0/16", "192.0.2.1", "2001:db8::/32"],
        );
        assert_eq!(
            found(&l, Kind::Ipv4, "10.1.2.3"),
            Some(("10.1.0.0/16".into(), How::Within))
        );
        assert_eq!(
            found(&l, Kind::Ipv4, "10.9.2.3"),
            Some(("10.0.0.0/8".into(), How::Within))
        );
        assert_eq!(
            found(&l, Kind::Ipv4, "192.0.2.1"),
            Some(("192.0.2.1".into(), How::Itself))
        );
        assert_eq!(
            found(&l, Kind::Ipv6, "2001:db8::5"),
            Some(("2001:db8::/32".into(), How::Within))
        );
        assert_eq!(
            found(&l, Kind::Url, "http://10.1.2.3:8080/a"),
            Some(("10.1.0.0/16".into(), How::Within))
        );
        assert_eq!(
            found(&l, Kind::Url, "http://[2001:db8::5]/a"),
            Some(("2001:db8::/32".into(), How::Within))
        );
        assert_eq!(
            found(&l, Kind::Cidr, "10.0.0.0/8"),
            Some(("10.0.0.0/8".into(), How::Itself))
        );
        assert_eq!(
            found(&l, Kind::Cidr, "10.0.0.0/7"),
            None,
            "it is more than what is listed"
        );
        assert_eq!(found(&l, Kind::Ipv4, "192.0.2.2"), None);
        assert_eq!(found(&l, Kind::Domain, "10.1.2.3"), None);
    }

    #[test]
    fn names_match_at_the_borders_of_labels() {
        let l = list("hostname", &["example.com", "*.example.net"]);
        assert_eq!(
            found(&l, Kind::Domain, "example.com"),
            Some(("example.com".into(), How::Itself))
        );
        assert_eq!(
            found(&l, Kind::Domain, "a.b.example.com"),
            Some(("example.com".into(), How::Within))
        );
        assert_eq!(found(&l, Kind::Domain, "badexample.com"), None);
        assert_eq!(
            found(
                &l,
                Kind::Url,
                "https://user@www.example.net:8443/x?y=example.org"
            ),
            Some(("example.net".into(), How::Within))
        );
        assert_eq!(
            found(&l, Kind::Email, "anna@example.com"),
            Some(("example.com".into(), How::Within))
        );
        assert_eq!(found(&l, Kind::Domain, "com"), None);
    }

    #[test]
    fn texts_and_parts() {
        let hash = "d41d8cd98f00b204e9800998ecf8427e";
        assert_eq!(
            found(&list("string", &[hash]), Kind::Md5, hash),
            Some((hash.into(), How::Itself))
        );
        let l = list("substring", &["Mozilla/5.0"]);
        assert_eq!(
            found(&l, Kind::UserAgent, "Mozilla/5.0 (X11)"),
            Some(("mozilla/5.0".into(), How::Within))
        );
    }

    #[test]
    fn a_known_identifier_keeps_its_weight() {
        let json = br#"{ "name": "Platforms", "type": "hostname", "list": ["pages.example"], "category": "Known identifier" }"#;
        let l = WarningList::read(json).unwrap();
        assert!(
            (l.about(Kind::Domain, "pages.example").unwrap().factor() - 1.0).abs() < f64::EPSILON
        );
        let usual = list("hostname", &["example.com"]);
        assert!(
            usual.about(Kind::Domain, "example.com").unwrap().factor()
                < usual.about(Kind::Domain, "a.example.com").unwrap().factor()
        );
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let said = |json: &str| WarningList::read(json.as_bytes()).unwrap_err().to_string();
        assert!(said("[]").contains("MISP"));
        assert!(said(r#"{"name":" ","type":"cidr","list":["10.0.0.0/8"]}"#).contains("name"));
        assert!(said(r#"{"name":"a","type":"cidr","list":[]}"#).contains("empty"));
        assert!(
            said(r#"{"name":"a","type":"cidr","list":["10.0.0.0/8","10.0.0.0/33"]}"#)
                .contains("entry 2")
        );
        assert!(
            said(r#"{"name":"a","type":"string","list":["x"," "]}"#).contains("entry 2 is empty")
        );
        assert!(
            said(r#"{"name":"a","type":"regex","list":["(a+)+"]}"#).contains("regular expressions")
        );
        assert!(said(r#"{"name":"a","type":"soup","list":["x"]}"#).contains("`soup`"));
    }

    proptest! {
        #[test]
        fn any_address_of_a_network_lies_within_it(bits: u32, length in 0u8..=32, host: u32) {
            let mask = if length == 0 { 0 } else { u32::MAX << (32 - u32::from(length)) };
            let network = format!("{}/{length}", std::net::Ipv4Addr::from(bits & mask));
            let inside = std::net::Ipv4Addr::from((bits & mask) | (host & !mask)).to_string();
            let l = list("cidr", &[&network]);
            prop_assert!(l.about(Kind::Ipv4, &inside).is_some());
            if length > 0 {
                let outside = std::net::Ipv4Addr::from(!bits).to_string();
                prop_assert!(l.about(Kind::Ipv4, &outside).is_none());
            }
        }

        #[test]
        fn nothing_makes_it_panic(form in "cidr|hostname|string|substring", entry in "\\PC{1,30}", value in "\\PC{0,40}") {
            let json = serde_json::json!({ "name": "t", "type": form, "list": [entry] }).to_string();
            if let Ok(l) = WarningList::read(json.as_bytes()) {
                for kind in Kind::ALL {
                    let _ = l.about(*kind, &value);
                }
            }
        }
    }
}
