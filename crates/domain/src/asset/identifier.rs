//! The names that an asset goes by, for how long, and where each stands in the index that values of tickets are asked in.

use indicators::{Kind, Relation};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use utoipa::ToSchema;

use crate::Refusal;
use crate::moment::Moment;
use crate::observable::{ObservableKey, derived};
use crate::words::IdKind;

/// A name that an asset goes by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Identifier {
    /// What kind of name.
    pub kind: IdKind,
    /// The name.
    pub value: String,
    /// Since when; none: as long as anybody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub from: Option<Moment>,
    /// Until when; none: it still does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub until: Option<Moment>,
}

impl Identifier {
    /// A name as somebody types it into a line: alone where its shape tells its kind, else behind the name of its kind, as in
    /// `user ada`.
    ///
    /// # Errors
    /// A refusal naming `value`.
    pub fn read(line: &str) -> Result<Self, Refusal> {
        let line = line.trim();
        let named = line.split_once([' ', ':']).and_then(|(kind, rest)| {
            let kind: IdKind = kind.parse().ok()?;
            Some((kind, rest.trim()))
        });
        let (kind, value) = named.unwrap_or_else(|| (shape(line), line));
        super::identifier(kind, value)
    }

    /// The name as [`Identifier::read`] understands it.
    pub fn line(&self) -> String {
        let told = Self::read(&self.value).is_ok_and(|r| r.same(self));
        if told {
            self.value.clone()
        } else {
            format!("{} {}", self.kind.as_str(), self.value)
        }
    }

    /// Checks it, with its value as it is compared.
    pub(super) fn validate(mut self) -> Result<Self, Refusal> {
        self.value = canonical(self.kind, &self.value)?;
        if let (Some(from), Some(until)) = (self.from, self.until)
            && until <= from
        {
            return Err(Refusal::invalid("until", "It ends before it begins."));
        }
        Ok(self)
    }

    /// Whether it is the same name.
    pub fn same(&self, other: &Identifier) -> bool {
        self.kind == other.kind && self.value == other.value
    }

    /// Whether it counts at a time.
    pub fn is_current(&self, at: Moment) -> bool {
        self.from.is_none_or(|f| f <= at) && self.until.is_none_or(|u| at < u)
    }

    /// Whether the two count at the same time somewhere, or are the same stretch of time.
    pub(super) fn meets(&self, other: &Identifier) -> bool {
        let span = |i: &Identifier| {
            let from = i.from.map_or(i64::MIN, |m| m.0);
            (from, i.until.map_or(i64::MAX, |m| m.0))
        };
        let (a, b) = (span(self), span(other));
        a.0 < b.1 && b.0 < a.1
    }

    /// How many addresses it leaves open: 0 for a single name.
    pub fn width(&self) -> u8 {
        match self.kind {
            IdKind::Cidr => net(&self.value).map_or(0, |(_, bits)| 128 - bits),
            _ => 0,
        }
    }
}

/// What kind of name a text is by its shape.
fn shape(text: &str) -> IdKind {
    match indicators::classify(text).map(|(kind, _)| kind) {
        Some(Kind::Ipv4 | Kind::Ipv6) => IdKind::Ip,
        Some(Kind::Cidr) => IdKind::Cidr,
        Some(Kind::Email) => IdKind::Email,
        Some(Kind::Mac) => IdKind::Mac,
        Some(Kind::Arn | Kind::AwsAccount | Kind::AwsInstance) => IdKind::CloudId,
        _ => IdKind::Hostname,
    }
}

/// Most bytes of a name.
const LONGEST: usize = 512;

/// A name as it is compared: equal names are equal text.
///
/// # Errors
/// A refusal naming `value`, with what is expected.
pub fn canonical(kind: IdKind, value: &str) -> Result<String, Refusal> {
    let value = value.trim();
    let expected = match kind {
        IdKind::Hostname => "a host name such as db1 or db1.example.com",
        IdKind::Ip => "an address such as 10.1.2.3 or 2001:db8::7",
        IdKind::Cidr => "a range such as 10.1.0.0/16",
        IdKind::CloudId => "a name without spaces, such as an ARN or i-0abc1234",
        IdKind::Email => "a mail address such as ada@example.com",
        IdKind::User => "a login name such as ada or CORP\\ada",
        IdKind::Mac => "a MAC address such as 00:1a:2b:3c:4d:5e",
        IdKind::Serial => "a number such as C02XL0ABJGH5",
    };
    let wrong = || Refusal::invalid("value", format!("“{value}” is not {expected}."));
    if value.is_empty() || value.len() > LONGEST || value.contains(char::is_control) {
        return Err(wrong());
    }
    let as_value = |kind: Kind| indicators::canonical(kind, value).map_err(|_| wrong());
    match kind {
        IdKind::Hostname => {
            let name = value.trim_end_matches('.').to_lowercase();
            let label = |l: &str| {
                !l.is_empty()
                    && l.len() <= 63
                    && l.chars()
                        .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
            };
            // Names of an inner network need no public suffix, as `db1.corp.local`.
            if let Ok(public) = as_value(Kind::Domain) {
                Ok(public)
            } else if name.len() <= 253
                && name.split('.').all(label)
                && name.parse::<IpAddr>().is_err()
            {
                Ok(name)
            } else {
                Err(wrong())
            }
        }
        IdKind::Ip => {
            let address: IpAddr = value.parse().map_err(|_| wrong())?;
            Ok(address.to_canonical().to_string())
        }
        IdKind::Cidr => as_value(Kind::Cidr),
        IdKind::Email => as_value(Kind::Email),
        IdKind::Mac => as_value(Kind::Mac),
        IdKind::User => Ok(value.to_lowercase()),
        IdKind::Serial => Ok(value.to_uppercase()),
        IdKind::CloudId if value.contains(char::is_whitespace) => Err(wrong()),
        IdKind::CloudId => Ok(value.to_owned()),
    }
}

/// Where a canonical name stands in the index. Addresses and ranges stand in one order, so that an address is asked for by all
/// ranges that may hold it.
pub fn place(kind: IdKind, value: &str) -> String {
    match kind {
        IdKind::Ip | IdKind::Cidr => match net(value) {
            Some((first, bits)) => format!("net:{first:032x}/{bits}"),
            None => format!("{}:{value}", kind.as_str()),
        },
        _ => format!("{}:{value}", kind.as_str()),
    }
}

/// Where a value of a ticket may be found in the index: itself, what it says, and the ranges that hold it.
pub fn places_of(key: &ObservableKey) -> Vec<String> {
    let mut out = own_places(key);
    // What is above a host or behind a mail address is the domain, which is another thing.
    let near = |r: &Relation| matches!(r, Relation::HostOf | Relation::PartOf);
    for (said, relation) in derived(key) {
        if near(&relation) {
            out.extend(own_places(&said));
        }
    }
    out
}

/// Most words of a text that are asked about, and most bytes of it that are looked through.
const WORDS: usize = 200;
const TEXT: usize = 20_000;

/// Words of a text that may be the bare name of a machine or a login: those with a digit, a hyphen, an underscore or a point
/// in them. Plain words of the language are none, or `mail` would be found everywhere.
pub fn words_of(text: &str) -> Vec<String> {
    let text = &text[..text.floor_char_boundary(TEXT)];
    let part = |c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let mut out = Vec::new();
    for word in text.split(part) {
        let word = word.trim_matches(['-', '_', '.']).to_lowercase();
        let telling = word
            .chars()
            .any(|c| c.is_ascii_digit() || matches!(c, '-' | '_' | '.'));
        let number = word.chars().all(|c| c.is_ascii_digit());
        if telling && !number && (3..=63).contains(&word.len()) && !out.contains(&word) {
            out.push(word);
            if out.len() >= WORDS {
                break;
            }
        }
    }
    out
}

fn own_places(key: &ObservableKey) -> Vec<String> {
    let one = |kind: IdKind| vec![place(kind, &key.value)];
    match key.kind {
        Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr => holding(&key.value),
        Kind::Domain => one(IdKind::Hostname),
        Kind::Email => one(IdKind::Email),
        Kind::Mac => one(IdKind::Mac),
        Kind::AwsAccount | Kind::AwsInstance => one(IdKind::CloudId),
        Kind::Arn => {
            let mut out = one(IdKind::CloudId);
            // The inventory may know `i-0abc` by that alone.
            let last = key.value.rsplit(['/', ':']).next();
            let last = last.filter(|l| l.contains('-') && l.len() >= 8);
            out.extend(last.map(|l| place(IdKind::CloudId, l)));
            out
        }
        _ => Vec::new(),
    }
}

/// The places of a network or an address and of all networks that hold it, narrow ones first.
pub(super) fn holding(text: &str) -> Vec<String> {
    let Some((first, bits)) = net(text) else {
        return Vec::new();
    };
    // Version 4 lies within the last 32 bits of version 6; nothing is as wide as all of it.
    let widest = if text.contains(':') { 8 } else { 96 };
    let place = |bits: u8| format!("net:{:032x}/{bits}", masked(first, bits));
    (widest..=bits).rev().map(place).collect()
}

fn net(text: &str) -> Option<(u128, u8)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let (number, bits) = match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(a) => (
            u128::from(a.to_ipv6_mapped()),
            bits.unwrap_or(32).checked_add(96)?,
        ),
        IpAddr::V6(a) => (u128::from(a), bits.unwrap_or(128)),
    };
    (bits <= 128).then(|| (masked(number, bits), bits))
}

fn masked(number: u128, bits: u8) -> u128 {
    number & u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)
}
