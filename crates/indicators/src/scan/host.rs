//! Reads names with dots: IPv4 addresses, domains, file names, and what only looks like one.

use super::numbers::port_at;
use super::suffix;
use super::value;
use super::{Found, Scan};
use crate::bytes::{at, before, is_alnum, is_one_of, rest};
use crate::tables::{
    CODE_ROOTS, DATA_EXTENSION, DNS_WORDS, DOUBTFUL_EXTENSION, EXECUTABLE, FILE_FIRST, FILE_WORDS,
    OBJECTS, PACKAGE_ROOTS, PRODUCTS, SHORTENERS,
};
use crate::{Kind, Reason};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

/// Known extensions, and whether what has them runs or unpacks.
static EXTENSIONS: LazyLock<HashMap<&str, bool>> = LazyLock::new(|| {
    let data = DATA_EXTENSION.iter().map(|extension| (*extension, false));
    data.chain(EXECUTABLE.iter().map(|extension| (*extension, true)))
        .collect()
});

/// No file system has longer names.
const FILE_MOST: usize = 255;

impl Scan<'_> {
    /// Reads a run that has dots; gives the place to go on at.
    pub(super) fn host(&mut self, run: Range<usize>, token: &Range<usize>) -> usize {
        let text = self.text;
        let range = trimmed(text, &run);
        if range.is_empty() {
            return run.end;
        }
        let bytes = &text[range.clone()];
        if memchr::memchr(b'.', bytes).is_none() {
            self.word(range, token);
            return run.end;
        }
        if self.cisco_mac(&range) {
            return run.end;
        }
        if bytes[0].is_ascii_digit()
            && bytes
                .iter()
                .all(|byte| byte.is_ascii_digit() || *byte == b'.')
        {
            return self.numbers(range, &run);
        }
        if let Some(dash) = memchr::memchr(b'-', bytes) {
            // From one address to another.
            let (from, to) = (
                range.start..range.start + dash,
                range.start + dash + 1..range.end,
            );
            if value::ipv4(&text[from.clone()]).is_some() {
                let last = &text[to.clone()];
                if value::ipv4(last).is_some() {
                    self.ipv4(from);
                    return self.ipv4(to);
                }
                if last.len() <= 3 && last.iter().all(u8::is_ascii_digit) {
                    self.ipv4(from);
                    return run.end;
                }
            }
        }
        if self.technique(&range) {
            return run.end;
        }
        self.name(range, token).max(run.end)
    }

    /// A name with dots that is not all numbers; gives the place to go on at.
    fn name(&mut self, range: Range<usize>, token: &Range<usize>) -> usize {
        let text = self.text;
        let range = border_of_scripts(text, range);
        let Some((domain, suffix)) = canonical_domain(&text[range.clone()]) else {
            self.file_name(&range, token, Reason::UnknownSuffix);
            return range.end;
        };
        if domain.len() == suffix.length && !suffix.private {
            self.reject(Kind::Domain, range.clone(), Reason::SuffixOnly);
            return range.end;
        }
        let fanged = self.edited(&range);
        let next = at(text, range.end);
        let port = port_at(text, range.end);
        let last_label = domain.rsplit('.').next().unwrap_or_default();
        let www = domain.starts_with("www.");
        let path = |place: usize| {
            matches!(at(text, place), b'/' | b'?') && is_path(at(text, place + 1))
                || at(text, place) == b'/'
        };
        let followed = path(range.end) && !is_zone(rest(text, range.end))
            || port.is_some_and(|(_, end)| path(end));
        // `(Main.java:42)` of a stack trace is a line of a file.
        let traced =
            before(text, range.start) == b'(' && port.is_some_and(|(_, end)| at(text, end) == b')');
        if FILE_FIRST.contains(&last_label)
            && !fanged
            && !www
            && (port.is_none() || traced)
            && !followed
            && !self.is_asked_for(&range, &domain)
        {
            self.file_name(&range, token, Reason::FileName);
            return range.end;
        }
        if !fanged
            && !www
            && let Some(reason) = self.is_no_domain(&range, &domain, next)
        {
            if !self.file_name(&range, token, reason) {
                self.reject(Kind::Domain, range.clone(), reason);
            }
            return range.end;
        }
        if before(text, range.start) != b'/'
            && followed
            && let Some(end) = self.bare_url(&range)
        {
            return end;
        }
        let end = port.map_or(range.end, |(_, end)| end);
        let mut found = Found::new(Kind::Domain, domain, range.start..end);
        found.port = port.map(|(port, _)| port);
        let inside_path = before(text, range.start) == b'/'
            && range.start > token.start + 1
            && at(text, range.start.saturating_sub(2)) != b'/';
        if !fanged && inside_path {
            found.weak = Some(Reason::NoContext);
        }
        self.push(found);
        end
    }

    /// Does something around say that a name with the suffix of a file is a host?
    fn is_asked_for(&mut self, range: &Range<usize>, domain: &str) -> bool {
        let near = self.words_before(range.start, 2);
        let linked = near
            .first()
            .is_some_and(|word| is_one_of(&["for", "of", "is", "name"], word));
        let asked = near.get(usize::from(linked));
        if asked.is_some_and(|word| is_one_of(DNS_WORDS, word)) {
            return true;
        }
        // Three labels alone on a line, as lists of hosts have them.
        let text = self.text;
        let alone =
            before(text, range.start) == b'\n' && matches!(at(text, range.end), b'\n' | b'\r');
        let file = domain.rsplit('.').nth(1).is_some_and(|label| {
            EXTENSIONS.contains_key(label) || label.bytes().all(|byte| byte.is_ascii_digit())
        });
        alone && !file && domain.matches('.').count() >= 2
    }

    /// Why a name with a public suffix is no domain here.
    fn is_no_domain(&mut self, range: &Range<usize>, domain: &str, next: u8) -> Option<Reason> {
        let text = self.text;
        let bytes = &text[range.clone()];
        if SHORTENERS.contains(&domain) {
            return None;
        }
        if PRODUCTS.contains(&domain) {
            return Some(Reason::ProductName);
        }
        if next == b'('
            || matches!(before(text, range.start), b'$' | b'#')
            || text[..range.start].ends_with(b"->")
        {
            return Some(Reason::CodeName);
        }
        let labels: Vec<&[u8]> = bytes.split(|byte| *byte == b'.').collect();
        let (first, last) = (labels[0], labels[labels.len() - 1]);
        let capital =
            last[0].is_ascii_uppercase() && last.iter().skip(1).any(u8::is_ascii_lowercase);
        if capital {
            let sentence = labels.len() == 2 && !first[0].is_ascii_uppercase();
            return Some(if sentence {
                Reason::MissingSpace
            } else {
                Reason::CodeName
            });
        }
        let small = |label: &[u8]| String::from_utf8_lossy(label).to_ascii_lowercase();
        let (first, last) = (small(first), small(last));
        let usual = matches!(
            last.as_str(),
            "com"
                | "net"
                | "org"
                | "io"
                | "co"
                | "ru"
                | "cn"
                | "de"
                | "fr"
                | "uk"
                | "example"
                | "test"
                | "xyz"
                | "top"
                | "biz"
        );
        if labels.len() == 2
            && CODE_ROOTS.contains(&first.as_str())
            && (!usual || matches!(first.as_str(), "java" | "javax" | "system"))
        {
            return Some(Reason::CodeName);
        }
        if labels.len() >= 3 && OBJECTS.contains(&first.as_str()) && !usual && !domain.contains('-')
        {
            return Some(Reason::CodeName);
        }
        // `o.total` of SQL, whose tables go by one letter; `JOIN orders ON orders.id`.
        if labels.len() == 2
            && !usual
            && !matches!(next, b'/' | b':')
            && (first.len() == 1 && !self.is_asked_for(range, domain)
                || self.is_queried(range.start))
        {
            return Some(Reason::CodeName);
        }
        if labels.len() >= 3
            && PACKAGE_ROOTS.contains(&first.as_str())
            && last.len() > 2
            && !usual
            && !matches!(first.as_str(), "app" | "dev" | "me" | "co")
        {
            return Some(Reason::CodeName);
        }
        if next == b'.' && at(text, range.end + 1) == b'*' {
            return Some(Reason::CodeName);
        }
        if labels.iter().all(|label| label.len() == 1) {
            return Some(Reason::CommonWord);
        }
        None
    }

    /// Does a statement of SQL in capitals stand close before?
    fn is_queried(&mut self, place: usize) -> bool {
        let near = self.words_before(place, 6);
        near.iter().any(|word| matches!(*word, b"SELECT" | b"JOIN"))
    }

    /// A file name with spaces, if quotes enclose it and a word for files stands before: `document "Board minutes.docm"`.
    fn quoted_name(&mut self, last: &Range<usize>) -> Option<Range<usize>> {
        let text = self.text;
        let quote = at(text, last.end);
        if before(text, last.start) != b' ' || !matches!(quote, b'"' | b'\'' | b'`') {
            return None;
        }
        let least = last.end.saturating_sub(FILE_MOST);
        let start = least + memchr::memrchr(quote, text.get(least..last.start)?)? + 1;
        self.out.work += (last.end - start) as u64;
        let plain = |byte: &u8| {
            is_alnum(*byte) || matches!(byte, b' ' | b'_' | b'-' | b'(' | b')' | b'&' | b',')
        };
        let named = text[start..last.start].iter().all(plain)
            && text[start] != b' '
            && self.follows(start - 1, 2, FILE_WORDS);
        named.then_some(start..last.end)
    }

    /// A file, if the extension is one; says whether it was.
    fn file_name(&mut self, range: &Range<usize>, token: &Range<usize>, otherwise: Reason) -> bool {
        let text = self.text;
        let bytes = &text[range.clone()];
        let Some(dot) = memchr::memrchr(b'.', bytes) else {
            return false;
        };
        let (stem, extension) = (&bytes[..dot], rest(bytes, dot + 1).to_ascii_lowercase());
        let extension = String::from_utf8_lossy(&extension).into_owned();
        let known = EXTENSIONS.get(extension.as_str()) == Some(&true);
        let data = EXTENSIONS.get(extension.as_str()) == Some(&false);
        if !known && !data || stem.is_empty() {
            self.reject(Kind::Domain, range.clone(), otherwise);
            return false;
        }
        if bytes.len() > FILE_MOST {
            self.reject(Kind::Filename, range.clone(), Reason::TooLong);
            return true;
        }
        let name = String::from_utf8_lossy(bytes).into_owned();
        if PRODUCTS.contains(&name.to_ascii_lowercase().as_str()) {
            self.reject(Kind::Filename, range.clone(), Reason::ProductName);
            return true;
        }
        if at(text, range.end) == b'(' || before(text, range.start) == b'$' {
            self.reject(Kind::Filename, range.clone(), Reason::CodeName);
            return true;
        }
        // Within the path of a request the file is the server's own.
        if text[token.start] == b'/' && before(text, range.start) == b'/' {
            self.reject(Kind::Filename, range.clone(), Reason::NoContext);
            return true;
        }
        let named = self.follows(range.start, 2, FILE_WORDS);
        if data && !known {
            if self.follows(
                range.start,
                1,
                &[
                    "filename",
                    "file_name",
                    "file-name",
                    "attachment",
                    "attachments",
                    "attached",
                    "targetfilename",
                    "originalfilename",
                ],
            ) {
                self.push(Found::new(Kind::Filename, name, range.clone()));
            } else {
                self.reject(Kind::Filename, range.clone(), Reason::NoContext);
            }
            return true;
        }
        if let Some(whole) = self.quoted_name(range) {
            let name = crate::bytes::text(&text[whole.clone()]);
            self.push(Found::new(Kind::Filename, name, whole));
            return true;
        }
        let mut found = Found::new(Kind::Filename, name, range.clone());
        let doubtful =
            DOUBTFUL_EXTENSION.contains(&extension.as_str()) && !stem.starts_with(b"lib");
        let quoted = matches!(
            before(text, range.start),
            b'"' | b'\'' | b'`' | b'\\' | b'*'
        );
        let member = CODE_ROOTS
            .contains(&String::from_utf8_lossy(stem).to_ascii_lowercase().as_str())
            && matches!(
                extension.as_str(),
                "run" | "out" | "class" | "url" | "command" | "bin" | "reg" | "one"
            );
        if doubtful && !named && !quoted || member {
            found.weak = Some(Reason::NoContext);
        }
        self.push(found);
        true
    }
}

/// A host name in the form of the domain name system, and its suffix.
pub(crate) fn canonical_domain(bytes: &[u8]) -> Option<(String, suffix::Suffix)> {
    let bytes = bytes.strip_suffix(b".").unwrap_or(bytes);
    if bytes.len() < 3 || bytes.len() > 253 {
        return None;
    }
    let last = rest(bytes, memchr::memrchr(b'.', bytes)? + 1);
    if last.len() < 2
        || last.iter().any(u8::is_ascii_digit)
            && !last.to_ascii_lowercase().starts_with(b"xn--")
            && last.is_ascii()
            && !last.eq_ignore_ascii_case(b"i2p")
    {
        return None;
    }
    let name = if bytes.is_ascii() {
        let mut name = std::str::from_utf8(bytes).ok()?.to_owned();
        name.make_ascii_lowercase();
        name
    } else {
        idna::domain_to_ascii(std::str::from_utf8(bytes).ok()?).ok()?
    };
    let sound = name.split('.').all(|label| {
        let bytes = label.as_bytes();
        !bytes.is_empty()
            && bytes.len() <= 63
            && bytes[0] != b'-'
            && bytes[bytes.len() - 1] != b'-'
            && bytes
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    });
    if !sound {
        return None;
    }
    let suffix = suffix::of(&name)?;
    // Nobody can register a name with an underscore.
    let rest = name.len().saturating_sub(suffix.length + 1);
    let registered = name[..rest].rfind('.').map_or(0, |dot| dot + 1);
    (!name[registered..].contains('_')).then_some((name, suffix))
}

/// `harbour.example/IN`: a zone of the Internet, as name servers write it.
fn is_zone(after: &[u8]) -> bool {
    after.starts_with(b"/IN") && matches!(at(after, 3), b'\'' | b'/' | b':' | b'\n' | b'\r')
}

/// Without the dots, dashes and underscores around it.
fn trimmed(text: &[u8], run: &Range<usize>) -> Range<usize> {
    let loose = |byte: u8| matches!(byte, b'.' | b'-' | b'_');
    let mut range = run.clone();
    while range.start < range.end && matches!(text[range.start], b'.' | b'-') {
        range.start += 1;
    }
    while range.start < range.end && loose(text[range.end - 1]) {
        range.end -= 1;
    }
    // Markdown's emphasis: `_evil.com_`.
    if range.end < run.end && text[range.end] == b'_' {
        while range.start < range.end && text[range.start] == b'_' {
            range.start += 1;
        }
    }
    range
}

/// In scripts that are written without spaces, a name of ASCII ends where the script begins.
fn border_of_scripts(text: &[u8], range: Range<usize>) -> Range<usize> {
    let bytes = &text[range.clone()];
    if bytes.is_ascii() {
        return range;
    }
    let wide = |byte: &u8| matches!(byte, 0xE0..=0xEF);
    let (Some(first), Some(last)) = (memchr::memchr(b'.', bytes), memchr::memrchr(b'.', bytes))
    else {
        return range;
    };
    let mut range = range;
    let tail = rest(bytes, last + 1);
    if tail[..].first().is_some_and(u8::is_ascii_alphabetic)
        && let Some(border) = tail.iter().position(|byte| !byte.is_ascii())
        && wide(&tail[border])
    {
        range.end = range.start + last + 1 + border;
    }
    let head = &bytes[..first];
    if head.last().is_some_and(u8::is_ascii_alphanumeric)
        && let Some(border) = head.iter().rposition(|byte| !byte.is_ascii())
        && head.iter().any(wide)
    {
        range.start += border + 1;
    }
    range
}

/// May begin the path of a URL after its first slash.
pub(super) const fn is_path(byte: u8) -> bool {
    is_alnum(byte)
        || matches!(
            byte,
            b'.' | b'_' | b'-' | b'~' | b'%' | b'?' | b'#' | b'=' | b'&' | b'+' | b'@' | b'/'
        )
}
