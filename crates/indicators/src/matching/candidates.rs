//! What stands around an anchor, read as a host, an address, a long word, and looked up. Knows one window, no stream.

mod addresses;

use super::around::{beside_url, byte, ends_escape, escape, lower};
use super::defanged;
use super::matcher::{How, Match, Matcher, domain_key, key, registered};
use super::segment::{WORD, is_host, is_word, url_host};
use super::url;
use crate::{Kind, Options, extract, fingerprint};
use std::collections::VecDeque;

/// Longest host name.
const LONGEST_HOST: usize = 253;
/// Longest part of an e-mail address before the `@`.
const LONGEST_LOCAL: usize = 64;
/// Longest address with colons, mapped IPv4 included.
const LONGEST_V6: usize = 45;
/// Room before the host, where the name of its kind is put to make a fingerprint.
const ROOM: usize = 8;

/// As many of the last matches are remembered.
const RECENT: usize = 32;

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
    /// What is written in a form that keeps it from being clicked.
    defanged: bool,
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
    defanged: usize,
    room: [u8; ROOM + LONGEST_HOST],
    pub(super) sights: Vec<Sight>,
    /// The last that were kept, and where they end: two readings of one place give one match.
    recent: VecDeque<(u64, usize)>,
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
        let network = [
            Kind::Ipv4,
            Kind::Ipv6,
            Kind::Cidr,
            Kind::Domain,
            Kind::Url,
            Kind::Email,
        ]
        .into_iter()
        .any(has);
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
                defanged: network,
                hex: hex.into_iter().filter(|(_, kind)| has(*kind)).collect(),
                words: words.into_iter().filter(|kind| has(*kind)).collect(),
            },
            matcher,
            hosts: 0,
            colons: 0,
            words: 0,
            defanged: 0,
            room: [0; ROOM + LONGEST_HOST],
            sights: Vec::new(),
            recent: VecDeque::with_capacity(RECENT),
        }
    }

    /// Whether colons are worth a stop.
    pub(super) fn wants_v6(&self) -> bool {
        self.wants.v6
    }

    /// Whether opening brackets are.
    pub(super) fn wants_defanged(&self) -> bool {
        self.wants.defanged
    }

    /// The window's first bytes are gone.
    pub(super) fn shift(&mut self, by: usize) {
        for place in [
            &mut self.hosts,
            &mut self.colons,
            &mut self.words,
            &mut self.defanged,
        ] {
            *place = place.saturating_sub(by);
        }
        for (_, end) in &mut self.recent {
            *end = end.saturating_sub(by);
        }
    }

    /// Looks at an anchor.
    #[inline]
    pub(super) fn look(&mut self, window: &[u8], at: usize) {
        match window[at] {
            b'.' => self.dot(window, at),
            b':' => self.colon(window, at),
            b'[' | b'(' | b'{' => {
                if defanged::is_sign(window, at) {
                    self.defanged(window, at);
                }
            }
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
            if self.wants.defanged && defanged::is_sign(window, at) {
                self.defanged(window, at);
            }
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
        // Letters beyond ASCII beside it may be the rest of its name.
        let foreign = |at: usize| byte(window, at) >= 0x80;
        if self.wants.defanged && (foreign(end) || (start > 0 && foreign(start - 1))) {
            self.defanged(window, at);
        }
        self.run(window, at, start, end);
        if let Some(escaped) = escape(window, start)
            && start + escaped < at
        {
            self.run(window, at, start + escaped, end);
        }
    }

    /// Reads the line around a sign of defanging with all that extraction knows, for what the quick look can't read.
    fn defanged(&mut self, window: &[u8], at: usize) {
        if at < self.defanged {
            return;
        }
        let piece = defanged::piece(window, at);
        let from = self.defanged;
        self.defanged = (at + defanged::BEHIND).min(piece.end);
        let read = extract(&window[piece.clone()], &Options::default().decode_depth(0));
        let place =
            |at: u64| piece.start + usize::try_from(at).unwrap_or(piece.len()).min(piece.len());
        for hit in read.hits {
            let (start, end) = (place(hit.start), place(hit.end));
            // What begins before was read with an earlier piece.
            let new = (from..self.defanged).contains(&start);
            if new && !window[start..end].eq_ignore_ascii_case(hit.value.as_bytes()) {
                // A name may have caught the letter of a `\n` before it.
                let caught = start < end && ends_escape(window, start + 1);
                let rest = hit.value.get(1..).filter(|_| caught);
                self.keep(at, start..end, |matcher, found| {
                    found.extend(matcher.find(hit.kind, &hit.value));
                    found.extend(
                        rest.into_iter()
                            .flat_map(|rest| matcher.find(hit.kind, rest)),
                    );
                });
            }
        }
    }

    /// A run of bytes of hosts, with a dot inside.
    fn run(&mut self, window: &[u8], at: usize, start: usize, end: usize) {
        // An escape before it may reach beyond what is left of it without the signs at its end.
        let Some(run) = window.get(start..end) else {
            return;
        };
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
            let name = fingerprint(found.kind, &found.value);
            let known = self
                .recent
                .iter()
                .any(|(other, end)| *other == name && *end > at.start);
            if known {
                let same = |sight: &&mut Sight| {
                    sight.anchor == anchor
                        && sight.found.kind == found.kind
                        && sight.found.value == found.value
                };
                // The same by a shorter reading may be the very indicator.
                if let Some(sight) = self.sights.iter_mut().rev().find(same)
                    && found.how < sight.found.how
                {
                    (sight.start, sight.end) = (at.start, at.end);
                    sight.found.how = found.how;
                }
                continue;
            }
            if self.recent.len() == RECENT {
                self.recent.pop_front();
            }
            self.recent.push_back((name, at.end));
            self.sights.push(Sight {
                anchor,
                start: at.start,
                end: at.end,
                found,
            });
        }
    }
}
