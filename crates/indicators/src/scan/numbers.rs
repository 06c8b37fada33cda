//! Reads numbers with dots between them: IPv4 addresses, and the versions, sections and identifiers that look like them.

use super::host::is_path;
use super::value::{self, Address};
use super::{Found, Scan};
use crate::bytes::{at, before, is_alnum, is_one_of, rest};
use crate::tables::{AGENT_HEADERS, OID_WORDS, RELEASED_WORDS, SECTION_WORDS, VERSION_WORDS};
use crate::{Kind, Reason};
use std::net::Ipv4Addr;
use std::ops::Range;

/// How far from its name the value of a header is looked at.
const HEADER_REACH: usize = 96;

impl Scan<'_> {
    /// Numbers with dots between them.
    pub(super) fn numbers(&mut self, range: Range<usize>, run: &Range<usize>) -> usize {
        let dots = memchr::memchr_iter(b'.', &self.text[range.clone()])
            .take(5)
            .count();
        let after_dot = before(self.text, range.start) == b'.' && range.start > run.start;
        match dots {
            3 if !after_dot => self.ipv4(range).max(run.end),
            0..=2 => {
                self.reject(Kind::Ipv4, range, Reason::Version);
                run.end
            }
            _ => {
                self.reject(Kind::Ipv4, range, Reason::Oid);
                run.end
            }
        }
    }

    /// Four numbers; gives the place to go on at.
    pub(super) fn ipv4(&mut self, range: Range<usize>) -> usize {
        let text = self.text;
        let Some(address) = value::ipv4(&text[range.clone()]) else {
            self.reject(Kind::Ipv4, range.clone(), Reason::OutOfRange);
            return range.end;
        };
        if let Some(reason) = self.is_no_address(&range) {
            self.reject(Kind::Ipv4, range.clone(), reason);
            return range.end;
        }
        if at(text, range.end) == b'/' {
            if let Some((number, end)) = number_at(text, range.end + 1) {
                let whole = range.start..end;
                // `inside:192.0.2.1/22` of a firewall has a port.
                let zoned = before(text, range.start) == b':'
                    && self.follows(range.start, 1, &["inside", "outside", "dmz"]);
                if number <= 32 && !zoned {
                    #[expect(clippy::cast_possible_truncation, reason = "at most 32")]
                    self.network(Address::V4(address), number as u8, whole);
                    return end;
                }
                if let Ok(port) = u16::try_from(number) {
                    self.push_ipv4(address, whole, Some(port));
                    return end;
                }
            } else if is_path(at(text, range.end + 1))
                && let Some(end) = self.bare_url(&range)
            {
                return end;
            }
        }
        let port = port_at(text, range.end);
        if let Some((_, end)) = port
            && at(text, end) == b'/'
            && is_path(at(text, end + 1))
            && let Some(read) = self.bare_url(&range)
        {
            return read;
        }
        let end = port.map_or(range.end, |(_, end)| end);
        let whole = range.start..end;
        self.push_ipv4(
            address,
            if port.is_some() { whole } else { range },
            port.map(|(port, _)| port),
        );
        end
    }

    fn push_ipv4(&mut self, address: Ipv4Addr, range: Range<usize>, port: Option<u16>) {
        let mut found = Found::new(Kind::Ipv4, address.to_string(), range);
        found.port = port;
        found.weak = (address.octets()[1..] == [0, 0, 0] || address.is_broadcast())
            .then_some(Reason::Unspecific);
        self.push(found);
    }

    /// Headers that name a program and its version, on the line of their name.
    fn in_agent_header(&self, place: usize) -> bool {
        let near = &self.text[place.saturating_sub(HEADER_REACH)..place];
        let line = memchr::memrchr(b'\n', near).map_or(0, |line| line + 1);
        let name = &near[line..];
        let Some(colon) = memchr::memchr(b':', name) else {
            return false;
        };
        (line > 0 || near.len() == place) && is_one_of(AGENT_HEADERS, &name[..colon])
    }

    /// Why four numbers with dots are no address here.
    fn is_no_address(&mut self, range: &Range<usize>) -> Option<Reason> {
        let text = self.text;
        if self.edited(range) {
            return None;
        }
        let last = before(text, range.start);
        if last == b'/' {
            // `Chrome/100.0.0.0`, but `tcp/192.0.2.1` and ` /192.0.2.1:80`.
            let words = self.words_before(range.start, 1);
            let adjacent = range.start >= 2 && is_alnum(text[range.start - 2]);
            let network = words.first().is_some_and(|word| {
                is_one_of(
                    &[
                        "tcp",
                        "udp",
                        "ip",
                        "ipv4",
                        "ipv6",
                        "inside",
                        "outside",
                        "dmz",
                        "src",
                        "dst",
                        "host",
                        "hier_direct",
                        "direct",
                        "default_parent",
                        "sibling_hit",
                    ],
                    word,
                )
            });
            return (adjacent && !network).then_some(Reason::Version);
        }
        if matches!(last, b'%' | b'~' | b'#' | b'$') {
            return Some(Reason::Version);
        }
        if at(text, range.end) == b'+' {
            return Some(Reason::Version);
        }
        if self.in_agent_header(range.start) {
            return Some(Reason::Version);
        }
        let words = self.words_before(range.start, 2);
        let first = words.first()?;
        let adjacent = text[..range.start].ends_with(b" ")
            || matches!(last, b':' | b'=' | b'"' | b'\'' | b'(' | b'>' | b'\t');
        for (known, reason) in [
            (VERSION_WORDS, Reason::Version),
            (SECTION_WORDS, Reason::Section),
            (OID_WORDS, Reason::Oid),
        ] {
            if adjacent && is_one_of(known, first) {
                return Some(reason);
            }
        }
        if last == b' ' && is_one_of(RELEASED_WORDS, first) && is_small(&text[range.clone()]) {
            return Some(Reason::Version);
        }
        // `com.harbour.lib:core:1.4.2.1`, coordinates of a package.
        let artifact = range.start.saturating_sub(first.len() + 2);
        if last == b':'
            && at(text, artifact) == b':'
            && words
                .get(1)
                .is_some_and(|group| memchr::memchr(b'.', group).is_some())
        {
            return Some(Reason::Version);
        }
        // `version is 1.2.3.4`, `versions before 9.1.16.0`, `OpenSSL version: "1.1.1.0"`.
        let second = words.get(1)?;
        let linking = [
            "is",
            "number",
            "before",
            "prior",
            "to",
            "than",
            "through",
            "of",
            "no",
            "up",
            "installed",
            "and",
            "or",
            "string",
            "below",
        ];
        (is_one_of(&linking, first)
            && is_one_of(
                &[
                    "version", "versions", "firmware", "build", "release", "upgrade", "update",
                    "prior", "earlier",
                ],
                second,
            ))
        .then_some(Reason::Version)
    }
}

/// Numbers of a release are small; of a hundred addresses two are so.
fn is_small(quad: &[u8]) -> bool {
    !quad.starts_with(b"10.")
        && quad
            .split(|byte| *byte == b'.')
            .all(|number| number.len() <= 2)
}

/// A port after a colon, and where it ends.
pub(super) fn port_at(text: &[u8], colon: usize) -> Option<(u16, usize)> {
    if at(text, colon) != b':' {
        return None;
    }
    let (number, end) = number_at(text, colon + 1)?;
    let port = u16::try_from(number).ok().filter(|port| *port > 0)?;
    (at(text, end) != b':').then_some((port, end))
}

/// A decimal number that ends where it should, and where that is.
pub(super) fn number_at(text: &[u8], start: usize) -> Option<(u32, usize)> {
    let length = rest(text, start.min(text.len()))
        .iter()
        .take(6)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let end = start + length;
    let next = at(text, end);
    let goes_on = is_alnum(next)
        || next == b'_'
        || matches!(next, b'.' | b'-') && is_alnum(at(text, end + 1));
    if length == 0 || length > 5 || goes_on {
        return None;
    }
    let number = std::str::from_utf8(&text[start..end]).ok()?.parse().ok()?;
    Some((number, end))
}
