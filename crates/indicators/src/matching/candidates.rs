//! What stands around an anchor, read as a host, an address, a long word, and looked up. Knows one window, no stream.

use super::around::{beside_url, byte, ends_escape, escape, inside_escape, lower, read_v4};
use super::matcher::{How, Match, Matcher, domain_key, key, registered};
use super::networks::number;
use super::segment::{WORD, is_host, is_word, url_host};
use super::url;
use crate::Kind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest host name.
const LONGEST_HOST: usize = 253;
/// Longest part of an e-mail address before the `@`.
const LONGEST_LOCAL: usize = 64;
/// Longest address with colons, mapped IPv4 included.
const LONGEST_V6: usize = 45;
/// Room before the host, where the name of its kind is put to make a fingerprint.
const ROOM: usize = 8;

/// A match in a window.
#[derive(Debug)]
pub(super) struct Sight {
    /// Where it was noticed: always on the line where it stands.
    pub(super) anchor: usize,
    /// Where it begins.
    pub(super) start: usize,
    /// The byte after its last.
    pub(super) end: usize,
    /// What it is.
    pub(super) found: Match,
}

/// What is looked for at all.
#[derive(Debug)]
struct Wants {
    v4: bool,
    v4_networks: bool,
    v6: bool,
    domain: bool,
    url: bool,
    email: bool,
    filename: bool,
    /// Kinds of hexadecimal words, by length.
    hex: Vec<(usize, Kind)>,
    /// Kinds of other long words.
    words: Vec<Kind>,
}

/// Reads candidates and remembers how far it has read.
pub(super) struct Candidates<'m> {
    matcher: &'m Matcher,
    wants: Wants,
    /// Up to where hosts, addresses with colons and words have been read.
    hosts: usize,
    colons: usize,
    words: usize,
    room: [u8; ROOM + LONGEST_HOST],
    pub(super) sights: Vec<Sight>,
}

impl<'m> Candidates<'m> {
    pub(super) fn new(matcher: &'m Matcher) -> Self {
        let has = |kind| matcher.has(kind);
        let hex = [
            (32, Kind::Md5),
            (32, Kind::Imphash),
            (32, Kind::Ja3),
            (32, Kind::Ja3s),
            (40, Kind::Sha1),
            (64, Kind::Sha256),
            (128, Kind::Sha512),
        ];
        let words = [Kind::Btc, Kind::Eth, Kind::Xmr, Kind::Ja4, Kind::Tlsh];
        Self {
            wants: Wants {
                v4: has(Kind::Ipv4) || matcher.has_v4_networks(),
                v4_networks: matcher.has_v4_networks(),
                v6: has(Kind::Ipv6) || matcher.has_v6_networks(),
                domain: has(Kind::Domain),
                url: has(Kind::Url),
                email: has(Kind::Email),
                filename: has(Kind::Filename),
                hex: hex.into_iter().filter(|(_, kind)| has(*kind)).collect(),
                words: words.into_iter().filter(|kind| has(*kind)).collect(),
            },
            matcher,
            hosts: 0,
            colons: 0,
            words: 0,
            room: [0; ROOM + LONGEST_HOST],
            sights: Vec::new(),
        }
    }

    /// Whether colons are worth a stop.
    pub(super) fn wants_v6(&self) -> bool {
        self.wants.v6
    }

    /// The window's first bytes are gone.
    pub(super) fn shift(&mut self, by: usize) {
        for place in [&mut self.hosts, &mut self.colons, &mut self.words] {
            *place = place.saturating_sub(by);
        }
    }

    /// Looks at an anchor.
    #[inline]
    pub(super) fn look(&mut self, window: &[u8], at: usize) {
        match window[at] {
            b'.' => self.dot(window, at),
            b':' => self.colon(window, at),
            _ => self.word(window, at),
        }
    }

    #[inline]
    fn dot(&mut self, window: &[u8], at: usize) {
        if at < self.hosts {
            return;
        }
        let label = |byte: u8| is_host(byte) && byte != b'.';
        if !label(byte(window, at + 1)) || at == 0 || !label(window[at - 1]) {
            return;
        }
        let mut start = at - 1;
        while start > 0 && is_host(window[start - 1]) && at - start <= LONGEST_HOST {
            if window[start - 1] == b'.' && window[start] == b'.' {
                break;
            }
            start -= 1;
        }
        let mut end = at + 2;
        while end < window.len() && is_host(window[end]) && end - at <= LONGEST_HOST {
            if window[end] == b'.' && window[end - 1] == b'.' {
                break;
            }
            end += 1;
        }
        self.hosts = end;
        let edge = |byte: u8| matches!(byte, b'.' | b'-' | b'_');
        while end > start && edge(window[end - 1]) {
            end -= 1;
        }
        // A leading underscore is part of names such as _dmarc.
        while start < end && matches!(window[start], b'.' | b'-') {
            start += 1;
        }
        self.run(window, at, start, end);
        if let Some(escaped) = escape(window, start)
            && start + escaped < at
        {
            self.run(window, at, start + escaped, end);
        }
    }

    /// A run of bytes of hosts, with a dot inside.
    fn run(&mut self, window: &[u8], at: usize, start: usize, end: usize) {
        let run = &window[start..end];
        if run.len() > LONGEST_HOST {
            return;
        }
        let Some(dot) = memchr::memrchr(b'.', run) else {
            return;
        };
        if byte(run, dot + 1).is_ascii_digit() {
            self.numbers(window, at, start, end);
        } else {
            if run[0].is_ascii_digit() && (self.wants.v4 || self.wants.url) {
                self.numbers(window, at, start, end);
            }
            if run.len() - dot > 2 && (self.wants.domain || self.wants.url || self.wants.email) {
                self.name(window, at, start, end);
            }
        }
        if self.wants.filename {
            self.either_case(at, start, run, &[Kind::Filename]);
        }
    }

    /// Host names: themselves and what they are under, the e-mail address or URL they stand in.
    #[inline]
    fn name(&mut self, window: &[u8], at: usize, start: usize, end: usize) {
        let length = end - start;
        for (into, byte) in self.room[ROOM..].iter_mut().zip(&window[start..end]) {
            *into = byte.to_ascii_lowercase();
        }
        if self.wants.url && beside_url(window, start, end) {
            let key = url_host(&self.room[ROOM..ROOM + length]);
            self.url(window, at, start, end, key);
        }
        if self.wants.email
            && start > 0
            && (window[start - 1] == b'@' || window[..start].ends_with(b"%40"))
        {
            self.email(window, at, start, end);
        }
        if !self.wants.domain {
            return;
        }
        let mut least = None;
        let mut from = 0;
        // Every suffix of at least two labels. Writing a kind's name before it destroys only what has been asked.
        while let Some(dot) = memchr::memchr(b'.', &self.room[ROOM + from..ROOM + length]) {
            let key = domain_key(&mut self.room[..ROOM + length], ROOM + from);
            if self.matcher.may_hold(key) {
                let host = lower(&window[start..end]);
                let least = *least.get_or_insert_with(|| registered(&host));
                let how = if from == 0 { How::Exact } else { How::Under };
                if from == 0 || length - from >= least {
                    self.keep(at, start + from..end, |matcher, found| {
                        matcher.take(key, Kind::Domain, &host[from..], how, found);
                    });
                }
            }
            from += dot + 1;
        }
    }

    /// Every address with four numbers in a run of host bytes, such as `198.51.100.1-198.51.100.9`.
    fn numbers(&mut self, window: &[u8], at: usize, start: usize, end: usize) {
        let mut from = start;
        while from < end {
            if let Some((v4, length)) = read_v4(&window[from..end]) {
                self.v4(window, at, from, from + length, v4);
                from += length;
            }
            let rest = &window[from..end];
            let next = rest.iter().position(|byte| matches!(byte, b'-' | b'_'));
            from += next.map_or(rest.len(), |next| next + 1);
        }
    }

    fn v4(&mut self, window: &[u8], at: usize, start: usize, end: usize, address: u32) {
        let text = &window[start..end];
        if self.wants.url && beside_url(window, start, end) {
            self.url(window, at, start, end, url_host(text));
        }
        if !self.wants.v4 {
            return;
        }
        let key = key(Kind::Ipv4, text);
        if self.matcher.may_hold(key) {
            let value = lower(text);
            self.keep(at, start..end, |matcher, found| {
                matcher.take(key, Kind::Ipv4, &value, How::Exact, found);
            });
        }
        if self.wants.v4_networks && self.matcher.near_network(address) {
            let address = number(IpAddr::V4(Ipv4Addr::from_bits(address)));
            self.keep(at, start..end, |matcher, found| {
                matcher.find_network(address, None, found);
            });
        }
    }

    fn colon(&mut self, window: &[u8], at: usize) {
        let part = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
        if at < self.colons || !part(byte(window, at + 1)) {
            return;
        }
        let mut start = at;
        while start > 0 && part(window[start - 1]) && at - start <= LONGEST_V6 {
            start -= 1;
        }
        let mut end = at + 1;
        while end < window.len()
            && (part(window[end]) || window[end] == b'.')
            && end - at <= LONGEST_V6
        {
            end += 1;
        }
        self.colons = end;
        while end > at && matches!(window[end - 1], b':' | b'.') && !window[..end].ends_with(b"::")
        {
            end -= 1;
        }
        // Hexadecimal digits before it may belong to an escape, or be the middle of a word.
        for skip in [Some(0), escape(window, start), inside_escape(window, start)]
            .into_iter()
            .flatten()
        {
            let first = start + skip;
            let stands =
                first == 0 || skip > 0 || !is_word(window[first - 1]) || ends_escape(window, first);
            if stands && first < end {
                self.v6(window, at, first, end);
            }
        }
    }

    fn v6(&mut self, window: &[u8], at: usize, start: usize, end: usize) {
        let text = &window[start..end];
        if text.len() > LONGEST_V6 || memchr::memchr_iter(b':', text).count() < 2 {
            return;
        }
        let Some(address) = std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse::<Ipv6Addr>().ok())
        else {
            return;
        };
        let value = address.to_string();
        let key = key(Kind::Ipv6, value.as_bytes());
        self.keep(at, start..end, |matcher, found| {
            if matcher.may_hold(key) {
                matcher.take(key, Kind::Ipv6, &value, How::Exact, found);
            }
            matcher.find_network(number(IpAddr::V6(address)), None, found);
        });
    }

    fn word(&mut self, window: &[u8], at: usize) {
        if at < self.words || (self.wants.hex.is_empty() && self.wants.words.is_empty()) {
            return;
        }
        let most = *WORD.end() + 8;
        let mut start = at;
        while start > 0 && is_word(window[start - 1]) && at - start <= most {
            start -= 1;
        }
        let mut end = at;
        while end < window.len() && is_word(window[end]) && end - at <= most {
            end += 1;
        }
        self.words = end;
        self.token(at, start, &window[start..end]);
        if let Some(escaped) = escape(window, start) {
            self.token(at, start + escaped, &window[start + escaped..end]);
        }
        let mut from = start;
        if memchr::memchr(b'_', &window[start..end]).is_some() {
            for piece in window[start..end].split(|byte| *byte == b'_') {
                self.token(at, from, piece);
                from += piece.len() + 1;
            }
        }
    }

    /// A long word: a hash by its length, or one of the kinds that only a look-up tells apart.
    fn token(&mut self, at: usize, start: usize, token: &[u8]) {
        if !WORD.contains(&token.len()) {
            return;
        }
        let hex = self
            .wants
            .hex
            .iter()
            .filter(|(length, _)| *length == token.len());
        let hex: Vec<Kind> = hex.map(|(_, kind)| *kind).collect();
        if !hex.is_empty() && token.iter().all(u8::is_ascii_hexdigit) {
            self.either_case(at, start, token, &hex);
        }
        if !self.wants.words.is_empty() {
            let words = self.wants.words.clone();
            self.either_case(at, start, token, &words);
        }
    }

    /// Looks a token up as it stands, and in lower and upper case where that differs.
    fn either_case(&mut self, at: usize, start: usize, token: &[u8], kinds: &[Kind]) {
        let text = String::from_utf8_lossy(token).into_owned();
        let mut forms = vec![text.to_ascii_lowercase()];
        for form in [text.to_ascii_uppercase(), text] {
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
        for kind in kinds {
            for form in &forms {
                let key = key(*kind, form.as_bytes());
                if self.matcher.may_hold(key) {
                    self.keep(at, start..start + token.len(), |matcher, found| {
                        matcher.take(key, *kind, form, How::Exact, found);
                    });
                }
            }
        }
    }

    fn email(&mut self, window: &[u8], at: usize, start: usize, end: usize) {
        let sign = if window[start - 1] == b'@' {
            start - 1
        } else {
            start - 3
        };
        let local =
            |byte: u8| byte.is_ascii_alphanumeric() || b".!#$&'*+-/=?^_`{|}~".contains(&byte);
        let mut first = sign;
        while first > 0 && local(window[first - 1]) && sign - first <= LONGEST_LOCAL {
            first -= 1;
        }
        // What stands before may look like a part: try from the beginning of each part on.
        let text = lower(&window[first..sign]);
        let host = lower(&window[start..end]);
        let inner = text
            .match_indices(|c: char| !c.is_ascii_alphanumeric())
            .map(|(place, mark)| place + mark.len());
        let escaped = escape(window, first);
        for from in std::iter::once(0).chain(escaped).chain(inner) {
            let Some(local) = text.get(from..).filter(|local| !local.is_empty()) else {
                continue;
            };
            let value = format!("{local}@{host}");
            let key = key(Kind::Email, value.as_bytes());
            if self.matcher.may_hold(key) {
                self.keep(at, first + from..end, |matcher, found| {
                    matcher.take(key, Kind::Email, &value, How::Exact, found);
                });
            }
        }
    }

    /// A host that some URL among the indicators has: now the URL is worth reading.
    fn url(&mut self, window: &[u8], at: usize, start: usize, end: usize, host: u64) {
        if !self.matcher.may_hold(host) || self.matcher.holders(host).is_empty() {
            return;
        }
        for read in url::readings(window, start, end) {
            self.keep(at, read.range, |matcher, found| {
                matcher.find_url(&read.value, found);
            });
        }
    }

    /// Keeps what was found at a place, each indicator once.
    fn keep(
        &mut self,
        anchor: usize,
        at: std::ops::Range<usize>,
        look: impl FnOnce(&Matcher, &mut Vec<Match>),
    ) {
        let mut found = Vec::new();
        look(self.matcher, &mut found);
        for found in found {
            let same = |sight: &&mut Sight| {
                sight.found.kind == found.kind
                    && sight.found.value == found.value
                    && sight.end > at.start
            };
            let sight = Sight {
                anchor,
                start: at.start,
                end: at.end,
                found: found.clone(),
            };
            match self.sights.iter_mut().rev().take(16).find(same) {
                // The same by a shorter reading may be the very indicator.
                Some(known) if found.how < known.found.how => *known = sight,
                Some(_) => {}
                None => self.sights.push(sight),
            }
        }
    }
}
