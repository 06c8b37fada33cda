//! Reads what is written with several colons, IPv6 and MAC addresses, and networks of either IP version.

use super::value::{self, Address};
use super::{Found, Scan};
use crate::bytes::{at, before, is_label, rest};
use crate::{Kind, Reason};
use std::net::Ipv6Addr;
use std::ops::Range;

impl Scan<'_> {
    /// Reads a run with at least two colons; gives where it ends if it is one thing.
    pub(super) fn colons(&mut self, run: Range<usize>) -> Option<usize> {
        let text = self.text;
        let mut range = run;
        while text[range.clone()].ends_with(b".")
            || text[range.clone()].ends_with(b":") && !text[range.clone()].ends_with(b"::")
        {
            range.end -= 1;
        }
        let bytes = &text[range.clone()];
        if bytes.len() < 2 || bytes.len() > 45 + 10 {
            return None;
        }
        if let Some(address) = mac(bytes, b':') {
            self.push_mac(&address, range.clone());
            return Some(range.end);
        }
        // After a key, as in `src:2001:db8::1`, or with a port, the address is a part.
        let hex = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
        let end = range.start
            + bytes
                .iter()
                .position(|byte| !hex(byte))
                .unwrap_or(bytes.len());
        if end < range.end {
            let colon = memchr::memchr(b':', bytes).map(|colon| range.start + colon + 1)?;
            let whole = text[colon..range.end].iter().all(hex);
            return (whole && end < colon)
                .then(|| self.ipv6(colon..range.end))
                .flatten();
        }
        self.ipv6(range)
    }

    fn ipv6(&mut self, range: Range<usize>) -> Option<usize> {
        let text = self.text;
        let bytes = &text[range.clone()];
        let address: Ipv6Addr = std::str::from_utf8(bytes).ok()?.parse().ok()?;
        let groups = bytes
            .split(|byte| *byte == b':')
            .filter(|group| !group.is_empty());
        let (mut count, mut pairs, mut digits) = (0, true, false);
        for group in groups {
            count += 1;
            pairs &= group.len() == 2;
            digits |= group.iter().any(u8::is_ascii_digit);
        }
        if count == 0 {
            self.reject(Kind::Ipv6, range.clone(), Reason::Unspecific);
            return Some(range.end);
        }
        // `12:34:56:78:9a:bc:de:f0` is a serial number, `dead::beef` may be two names of a program.
        if (count == 8 && pairs) || (!digits && count < 4) {
            self.reject(
                Kind::Ipv6,
                range.clone(),
                if pairs {
                    Reason::TraceId
                } else {
                    Reason::CodeName
                },
            );
            return Some(range.end);
        }
        if is_label(before(text, range.start)) {
            return None;
        }
        let mut end = range.end;
        // A zone, which means something on one machine only.
        if at(text, end) == b'%' {
            end += 1 + rest(text, end + 1)
                .iter()
                .take(16)
                .take_while(|byte| is_label(**byte))
                .count();
        }
        if at(text, end) == b'/'
            && let Some((prefix, after)) = super::numbers::number_at(text, end + 1)
            && prefix <= 128
        {
            #[expect(clippy::cast_possible_truncation, reason = "at most 128")]
            self.network(Address::V6(address), prefix as u8, range.start..after);
            return Some(after);
        }
        let mut found = Found::new(Kind::Ipv6, address.to_string(), range.start..end);
        if before(text, range.start) == b'['
            && at(text, end) == b']'
            && let Some((port, after)) = super::numbers::port_at(text, end + 1)
        {
            found.port = Some(port);
            end = after;
        }
        self.push(found);
        Some(end)
    }

    pub(super) fn network(&mut self, address: Address, prefix: u8, range: Range<usize>) {
        let Some(value) = value::network(address, prefix) else {
            return;
        };
        let mut found = Found::new(Kind::Cidr, value, range);
        found.weak = (prefix == 0).then_some(Reason::Unspecific);
        self.push(found);
    }

    /// `0011.2233.4455`, as network devices write it.
    pub(super) fn cisco_mac(&mut self, range: &Range<usize>) -> bool {
        let bytes = &self.text[range.clone()];
        if bytes.len() != 14 || bytes[4] != b'.' || bytes[9] != b'.' {
            return false;
        }
        let digits: Vec<u8> = bytes
            .iter()
            .copied()
            .filter(u8::is_ascii_hexdigit)
            .collect();
        if digits.len() != 12 {
            return false;
        }
        self.push_mac(&with_colons(&digits), range.clone());
        true
    }

    pub(super) fn push_mac(&mut self, address: &str, range: Range<usize>) {
        let mut found = Found::new(Kind::Mac, address, range);
        found.weak = matches!(address, "00:00:00:00:00:00" | "ff:ff:ff:ff:ff:ff")
            .then_some(Reason::Unspecific);
        self.push(found);
    }
}

/// Six pairs of hexadecimal digits with a sign between, in the canonical form.
pub(super) fn mac(bytes: &[u8], sign: u8) -> Option<String> {
    if bytes.len() != 17 {
        return None;
    }
    let mut digits = Vec::with_capacity(12);
    for (index, byte) in bytes.iter().enumerate() {
        match index % 3 {
            2 if *byte == sign => {}
            0 | 1 if byte.is_ascii_hexdigit() => digits.push(*byte),
            _ => return None,
        }
    }
    Some(with_colons(&digits))
}

/// Any of the usual ways of writing a MAC address, in the canonical form.
pub(crate) fn canonical_mac(bytes: &[u8]) -> Option<String> {
    let digits: Vec<u8> = bytes
        .iter()
        .copied()
        .filter(u8::is_ascii_hexdigit)
        .collect();
    let signs = bytes
        .iter()
        .all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'-' | b'.'));
    (digits.len() == 12 && signs).then(|| with_colons(&digits))
}

fn with_colons(digits: &[u8]) -> String {
    let mut address = String::with_capacity(17);
    for (index, digit) in digits.iter().enumerate() {
        if index > 0 && index % 2 == 0 {
            address.push(':');
        }
        address.push(char::from(digit.to_ascii_lowercase()));
    }
    address
}
