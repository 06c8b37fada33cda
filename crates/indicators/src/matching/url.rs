//! The URLs that may stand around a host in a text: where one begins and ends is a guess, so several are tried. Looks nothing up.

use crate::{Kind, canonical};
use std::ops::Range;

/// Longest URL that is read.
const LONGEST: usize = 2048;
/// As many ends of one URL are tried.
const ENDS: usize = 8;

/// Schemes told from letters that happen to stand before them, longer ones before what they end with.
const KNOWN: [&[u8]; 7] = [
    b"https", b"http", b"hxxps", b"hxxp", b"ftps", b"sftp", b"ftp",
];

/// One way to read it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// Where it stands.
    pub(super) range: Range<usize>,
    /// As a canonical URL.
    pub(super) value: String,
}

/// Ways to read a URL around the host at `start..end`, longest first.
pub(super) fn readings(window: &[u8], start: usize, end: usize) -> Vec<Reading> {
    let (first, scheme, user, escaped) = scheme(window, start);
    let rest = &window[start..window.len().min(start + LONGEST)];
    let stop = rest.iter().position(|byte| {
        byte.is_ascii_whitespace() || byte.is_ascii_control() || b"\"<>`^{}".contains(byte)
    });
    let rest = &rest[..stop.unwrap_or(rest.len())];
    let host = end - start;
    let mut readings: Vec<Reading> = Vec::new();
    // A parameter of another URL ends at the next parameter.
    let embedded = escaped || (first > 0 && window[first - 1] == b'=');
    for end in ends(rest, host, embedded) {
        let text = plain(&rest[..end], escaped);
        let forms = match (&scheme, &user) {
            (Some(scheme), None) => vec![format!("{scheme}://{text}")],
            (Some(scheme), Some(user)) => vec![
                format!("{scheme}://{user}@{text}"),
                format!("{scheme}://{text}"),
            ],
            (None, _) => vec![format!("http://{text}"), format!("https://{text}")],
        };
        for form in forms {
            if let Ok(value) = canonical(Kind::Url, &form)
                && readings.iter().all(|reading| reading.value != value)
            {
                readings.push(Reading {
                    range: first..start + end,
                    value,
                });
            }
        }
    }
    readings
}

/// What stands before the host: where the URL begins, its scheme, its user, and whether it is percent-encoded.
fn scheme(window: &[u8], start: usize) -> (usize, Option<String>, Option<String>, bool) {
    let mut before = &window[start.saturating_sub(320)..start];
    let mut user = None;
    if let Some(named) = before.strip_suffix(b"@") {
        let place = named
            .iter()
            .rposition(|byte| *byte == b'/' || byte.is_ascii_whitespace());
        let (rest, name) = named.split_at(place.map_or(0, |place| place + 1));
        user = Some(String::from_utf8_lossy(name).into_owned());
        before = rest;
    }
    let behind = user.as_ref().map_or(0, |user| user.len() + 1);
    for (mark, escaped) in [
        ("://", false),
        (":\\/\\/", false),
        ("%3A%2F%2F", true),
        ("%3a%2f%2f", true),
    ] {
        let Some(rest) = before.strip_suffix(mark.as_bytes()) else {
            continue;
        };
        let letters = rest
            .iter()
            .rev()
            .take(16)
            .take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'*');
        let name = &rest[rest.len() - letters.count()..];
        // Letters before a known scheme end an escape, such as \\n.
        let known = KNOWN.iter().find(|known| ends_with(name, known));
        let name = known.map_or(name, |known| &name[name.len() - known.len()..]);
        let first = start - behind - mark.len() - name.len();
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        if !name.is_empty() {
            return (first, Some(name), user, escaped);
        }
    }
    (start, None, None, false)
}

fn ends_with(name: &[u8], known: &[u8]) -> bool {
    let place = name.len().checked_sub(known.len());
    place.is_some_and(|place| name[place..].eq_ignore_ascii_case(known))
}

/// Where it may end, farthest first: with all, without what closes a sentence or bracket, and before each separator.
fn ends(rest: &[u8], host: usize, embedded: bool) -> Vec<usize> {
    let mut ends = vec![rest.len()];
    let closes = |byte: &u8| b".,;:!?'\")]|*_~\\".contains(byte);
    let mut end = rest.len();
    while end > host && closes(&rest[end - 1]) {
        end -= 1;
        ends.push(end);
    }
    let separates = |byte: u8| b",;|)]'\\%".contains(&byte) || (embedded && byte == b'&');
    let places =
        (host..end).filter(|place| separates(rest[*place]) && rest.get(place + 1) != Some(&b'/'));
    ends.extend(places.take(ENDS));
    ends.sort_unstable_by(|a, b| b.cmp(a));
    ends.dedup();
    // The whole, the shortest, and what lies between up to a bound: hostile text must not cost more than it is long.
    if ends.len() > 2 * ENDS {
        ends.drain(ENDS..ends.len() - ENDS);
    }
    ends
}

/// Without the escapes of JSON or of a URL inside a URL.
fn plain(text: &[u8], escaped: bool) -> String {
    let text = String::from_utf8_lossy(text).replace("\\/", "/");
    if !escaped {
        return text;
    }
    let hex = |byte: u8| char::from(byte).to_digit(16);
    let (bytes, mut out, mut at) = (text.as_bytes(), Vec::new(), 0);
    while at < bytes.len() {
        let digits = (
            bytes.get(at + 1).and_then(|b| hex(*b)),
            bytes.get(at + 2).and_then(|b| hex(*b)),
        );
        match (bytes[at], digits) {
            (b'%', (Some(high), Some(low))) => {
                out.push(u8::try_from(high << 4 | low).unwrap_or(b'?'));
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let start = text.find("shop.example").unwrap();
        let readings = readings(text.as_bytes(), start, start + 12);
        readings.into_iter().map(|reading| reading.value).collect()
    }

    #[test]
    fn reads_a_url_wherever_it_may_end() {
        for (text, wanted) in [
            ("see http://shop.example/a.", "http://shop.example/a"),
            ("a,http://shop.example/a,b", "http://shop.example/a"),
            ("(https://shop.example/a_(b))", "https://shop.example/a_(b)"),
            ("'http://shop.example/a?b=c'", "http://shop.example/a?b=c"),
            (
                "{\"u\":\"http:\\/\\/shop.example\\/a\\/b\"}",
                "http://shop.example/a/b",
            ),
            (
                "/r?u=http%3A%2F%2Fshop.example%2Fa%3Fb&c=d",
                "http://shop.example/a?b",
            ),
            ("ftp://me:pw@shop.example/a", "ftp://shop.example/a"),
            ("ftp://me:pw@shop.example/a", "ftp://me:pw@shop.example/a"),
            ("CONNECT shop.example/a HTTP/1.1", "https://shop.example/a"),
        ] {
            assert!(
                read(text).contains(&wanted.to_owned()),
                "{text}: {:?}",
                read(text)
            );
        }
    }

    #[test]
    fn hostile_separators_are_bounded() {
        let text = format!("http://shop.example/{}", ",".repeat(4000));
        assert!(read(&text).len() <= 4 * ENDS);
        let text = format!("http://shop.example/{}", "a,".repeat(4000));
        assert!(read(&text).len() <= 4 * ENDS);
    }
}
