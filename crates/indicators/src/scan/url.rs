//! Reads URLs from their `://`, and hosts with a path but no scheme. Does not open what a URL wraps.

use super::host::canonical_domain;
use super::value;
use super::{Found, Scan};
use crate::bytes::{at, before, is_alnum, part, rest, text};
use crate::tables::{DEFAULT_PORTS, SCHEMES};
use crate::{Kind, Reason};
use std::borrow::Cow;
use std::net::Ipv6Addr;
use std::ops::Range;

/// Nothing longer is read as one URL.
const MOST: usize = 8 * 1024;
const SCHEME_MOST: usize = 20;

impl Scan<'_> {
    /// Reads the URL around a `://`; gives its range.
    pub(super) fn url(&mut self, sign: usize, token_start: usize) -> Option<Range<usize>> {
        let text = self.text;
        let start = scheme_start(text, sign, token_start)?;
        let body = sign + 3;
        let mut end = url_end(text, start, body);
        let mut written: Cow<'_, [u8]> = Cow::Borrowed(&text[start..end]);
        if let Some((joined, after)) = super::wrapped::join(text, start, end) {
            written = Cow::Owned(joined);
            end = after;
        }
        self.out.work += (end - start) as u64 * 2;
        let range = start..end;
        let Some(url) = parse(&written) else {
            self.reject(Kind::Url, range, Reason::Malformed);
            return None;
        };
        let mut found = Found::new(Kind::Url, url.text, range.clone());
        found.port = url.port;
        found.weak = url.weak;
        self.push(found);
        Some(range)
    }

    /// Reads a host that has a path but no scheme; gives where it ends.
    pub(super) fn bare_url(&mut self, host: &Range<usize>) -> Option<usize> {
        let text = self.text;
        let end = url_end(text, host.start, host.start);
        self.out.work += (end - host.start) as u64 * 2;
        let written = &text[host.start..end];
        if end <= host.end + 1 || written.ends_with(b"/") && written.len() == host.len() + 1 {
            return None;
        }
        let url = parse_body("", written)?;
        // Without a path it is the host alone.
        let slash = memchr::memchr2(b'/', b'?', url.text.as_bytes())?;
        (slash + 1 < url.text.len()).then(|| {
            let mut found = Found::new(Kind::Url, url.text, host.start..end);
            found.port = url.port;
            self.push(found);
            end
        })
    }
}

/// A URL in its canonical form.
pub(crate) struct Url {
    pub(crate) text: String,
    pub(crate) port: Option<u16>,
    pub(crate) weak: Option<Reason>,
}

/// A URL in its canonical form: the scheme and host in small letters, masks off, no default port, no lone slash.
pub(crate) fn canonical(bytes: &[u8]) -> Option<Url> {
    parse(bytes).or_else(|| parse_body("", bytes).filter(|url| url.text.contains(['/', '?'])))
}

fn parse(bytes: &[u8]) -> Option<Url> {
    let sign = memchr::memmem::find(bytes, b"://")?;
    let known = scheme_of(&bytes[..sign]);
    let written = match known {
        Some(_) => String::new(),
        None => std::str::from_utf8(&bytes[..sign]).ok()?.to_lowercase(),
    };
    let sound = !written.is_empty()
        && written
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let mut body = rest(bytes, sign + 3);
    // `https:///evil.com`.
    while body.first() == Some(&b'/') && known.is_some_and(|scheme| scheme.starts_with("http")) {
        body = &body[1..];
    }
    match known {
        Some("file") => None,
        Some(scheme) => parse_body(scheme, body),
        None if sound => parse_body(&written, body).filter(|url| url.weak.is_none()),
        None => None,
    }
}

fn parse_body(scheme: &str, body: &[u8]) -> Option<Url> {
    let split = body
        .iter()
        .position(|byte| matches!(byte, b'/' | b'?' | b'#' | b'\\'))
        .unwrap_or(body.len());
    let (authority, rest) = body.split_at(split);
    let (user, place) = match memchr::memrchr(b'@', authority) {
        Some(sign) => (Some(&authority[..sign]), &authority[sign + 1..]),
        None => (None, authority),
    };
    let (host, port) = divide(place)?;
    let (host, weak) = canonical_host(host)?;
    let weak = weak.filter(|_| !matches!(scheme, "s3" | "gs"));
    if scheme.is_empty() && (weak.is_some() || user.is_some()) {
        return None;
    }
    let usual = port.is_some_and(|port| DEFAULT_PORTS.contains(&(scheme, port)));
    let mut url = String::with_capacity(body.len() + 10);
    if !scheme.is_empty() {
        url.push_str(scheme);
        url.push_str("://");
    }
    if let Some(user) = user {
        url.push_str(&text(user));
        url.push('@');
    }
    url.push_str(&host);
    if let Some(port) = port.filter(|_| !usual) {
        url.push_str(&format!(":{port}"));
    }
    if rest != b"/" {
        url.push_str(&text(rest));
    }
    Some(Url {
        text: url,
        port,
        weak,
    })
}

/// Host and port.
fn divide(place: &[u8]) -> Option<(&[u8], Option<u16>)> {
    let (host, port) = if place.first() == Some(&b'[') {
        let close = memchr::memchr(b']', place)?;
        (&place[..=close], &place[close + 1..])
    } else {
        let colon = memchr::memchr(b':', place).unwrap_or(place.len());
        (&place[..colon], &place[colon..])
    };
    if host.is_empty() {
        return None;
    }
    let port = match port {
        b"" | b":" => None,
        _ => Some(std::str::from_utf8(&port[1..]).ok()?.parse().ok()?),
    };
    Some((host, port))
}

/// The host of a URL, whatever it is, and why it says little.
fn canonical_host(host: &[u8]) -> Option<(String, Option<Reason>)> {
    if let Some(literal) = host
        .strip_prefix(b"[")
        .and_then(|rest| rest.strip_suffix(b"]"))
    {
        let literal = std::str::from_utf8(literal).ok()?;
        if let Ok(address) = literal.parse::<Ipv6Addr>() {
            return Some((format!("[{address}]"), None));
        }
        return value::ipv4(literal.as_bytes()).map(|address| (address.to_string(), None));
    }
    let decoded = if memchr::memchr(b'%', host).is_some() {
        Cow::Owned(crate::decode::percent(host))
    } else {
        Cow::Borrowed(host)
    };
    if let Some(address) = value::ipv4(&decoded) {
        return Some((address.to_string(), None));
    }
    if let Some((domain, _)) = canonical_domain(&decoded) {
        return Some((domain, None));
    }
    let name = std::str::from_utf8(&decoded).ok()?;
    if let Some(address) = value::numeric_host(name) {
        return Some((address.to_string(), None));
    }
    let word = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let lower = name.trim_end_matches('.').to_ascii_lowercase();
    let sound = lower.split('.').all(word)
        && lower.bytes().any(|byte| byte.is_ascii_alphabetic())
        && lower.len() <= 253;
    sound.then(|| {
        let reason = if lower.contains('.') {
            Reason::UnknownSuffix
        } else {
            Reason::Unspecific
        };
        (lower, Some(reason))
    })
}

/// What a scheme is, however it is masked; a Cyrillic letter may stand for the `x`.
fn scheme_of(written: &[u8]) -> Option<&'static str> {
    match written {
        b"https" => return Some("https"),
        b"http" => return Some("http"),
        _ => {}
    }
    let plain = if written.is_ascii() {
        Cow::Borrowed(written)
    } else {
        let lower = std::str::from_utf8(written).ok()?.to_lowercase();
        Cow::Owned(lower.replace('\u{445}', "x").into_bytes())
    };
    let known = SCHEMES
        .iter()
        .find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(&plain));
    known.map(|(_, scheme)| *scheme)
}

/// Where the scheme before a `://` begins, if there is one.
fn scheme_start(text: &[u8], sign: usize, token_start: usize) -> Option<usize> {
    let least = sign.saturating_sub(SCHEME_MOST).max(token_start);
    let within = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'_' | b'+' | b'-') || byte >= 0x80
    };
    let mut start = sign;
    while start > least && within(text[start - 1]) {
        start -= 1;
    }
    if scheme_of(&text[start..sign]).is_some() {
        return Some(start);
    }
    let written = std::str::from_utf8(&text[start..sign]).ok()?;
    let lower = written.to_lowercase();
    // Glued to a word: `urlhttp://`, `**http://`, `_hxxp://`.
    let longest = SCHEMES
        .iter()
        .filter(|(known, _)| {
            known.len() >= 4 && lower.ends_with(known) && lower.len() == written.len()
        })
        .filter(|(known, _)| {
            let place = sign - known.len();
            known.starts_with('h') && !text[place - 1].is_ascii_alphabetic()
                || known.starts_with("http")
                || known.starts_with("hxxp")
        })
        .map(|(known, _)| known.len())
        .max();
    if let Some(length) = longest {
        return Some(sign - length);
    }
    let first = lower.bytes().next()?;
    (first.is_ascii_alphabetic() && start < sign).then_some(start)
}

/// Where a URL that begins here ends, without what belongs to the sentence around it.
fn url_end(text: &[u8], start: usize, body: usize) -> usize {
    let most = text.len().min(start + MOST);
    let mut round = 0i32;
    let mut square = 0i32;
    let mut curly = 0i32;
    let mut end = body;
    // The brackets of an IPv6 host.
    if at(text, end) == b'['
        && let Some(close) = part(text, end, most)
            .iter()
            .take(48)
            .position(|byte| *byte == b']')
    {
        end += close + 1;
    }
    while end < most {
        match text[end] {
            b'(' => round += 1,
            b'[' => square += 1,
            b'{' => curly += 1,
            b')' => {
                round -= 1;
                if round < 0 {
                    break;
                }
            }
            b']' => {
                square -= 1;
                if square < 0 {
                    break;
                }
            }
            b'}' => {
                curly -= 1;
                if curly < 0 {
                    break;
                }
            }
            b',' | b';' | b'|' if ends_here(text, end) => break,
            0..=b' ' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\' | b'^' | 0x7F | b'|' => break,
            _ => {}
        }
        end += 1;
    }
    // An opened bracket that never closes was not part of it, nor is what follows it.
    for (open, count) in [(b'(', round), (b'[', square), (b'{', curly)] {
        if count > 0
            && let Some(place) = memchr::memrchr(open, &text[body..end])
            && place > 0
        {
            end = body + place;
        }
    }
    let emphasis = before(text, start);
    while end > body {
        let last = text[end - 1];
        let loose = matches!(
            last,
            b'.' | b',' | b';' | b':' | b'!' | b'?' | b'*' | b'(' | b'[' | b'{' | b'$'
        ) || (matches!(last, b'_' | b'~') && last == emphasis);
        if !loose {
            break;
        }
        end -= 1;
    }
    end
}

/// A comma or semicolon ends a URL where something else begins after it.
fn ends_here(text: &[u8], place: usize) -> bool {
    let rest = part(text, place + 1, place + 10);
    let next = rest.first().copied().unwrap_or(b' ');
    let scheme = |start: &[u8]| {
        rest.get(..start.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(start))
    };
    !is_alnum(next)
        && !matches!(
            next,
            b'/' | b'-'
                | b'_'
                | b'%'
                | b'='
                | b'&'
                | b'.'
                | b'~'
                | b'+'
                | b'@'
                | b':'
                | b'!'
                | b'*'
                | b'('
        )
        || scheme(b"http")
        || scheme(b"hxxp")
        || scheme(b"ftp:")
}
