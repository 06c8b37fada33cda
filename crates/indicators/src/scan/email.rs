//! Reads e-mail addresses from their `@`. Does not read the headers they stand in.

use super::host::canonical_domain;
use super::value;
use super::{Found, Scan};
use crate::bytes::{at, before, is_alnum, is_label, rest};
use crate::{Kind, Reason};
use std::ops::Range;

/// The longest local part (RFC 5321).
const LOCAL_MOST: usize = 64;

impl Scan<'_> {
    /// Reads the address whose last run before the `@` is this; gives where it ends.
    pub(super) fn email(&mut self, run_start: usize, sign: usize) -> Option<usize> {
        let text = self.text;
        let local = local_start(text, run_start, sign)?..sign;
        let host = host_after(text, sign)?;
        let range = local.start..host.end;
        self.out.work += range.len() as u64;
        let Some(value) = canonical(&text[range.clone()]) else {
            if memchr::memchr(b'.', &text[host]).is_some() {
                self.reject(Kind::Email, range, Reason::UnknownSuffix);
            }
            return None;
        };
        let mut found = Found::new(Kind::Email, value, range.clone());
        // `git@host:path` names a repository.
        let repository = at(text, host.end) == b':'
            && is_alnum(at(text, host.end + 1))
            && text[local] == *b"git";
        let identifies = self.follows(
            range.start,
            1,
            &[
                "cid",
                "message-id",
                "in-reply-to",
                "references",
                "content-id",
                "messageid",
            ],
        );
        if repository || identifies {
            let reason = if repository {
                Reason::CodeName
            } else {
                Reason::TraceId
            };
            self.reject(Kind::Email, range.clone(), reason);
            return Some(range.end);
        }
        if at(text, host.end) == b'/' {
            found.weak = Some(Reason::NoContext);
        }
        self.push(found);
        Some(range.end)
    }
}

fn local_start(text: &[u8], run_start: usize, sign: usize) -> Option<usize> {
    let least = sign.saturating_sub(LOCAL_MOST);
    let within = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'.' | b'_' | b'-' | b'+' | b'%' | b'~' | b'&' | b'\'')
            || byte >= 0x80
    };
    let mut start = sign;
    while start > least && within(text[start - 1]) {
        start -= 1;
    }
    // An envelope address that wraps another: `bounce+a=b.example@c.example`.
    if start > least && text[start - 1] == b'=' {
        let mut wider = start - 1;
        while wider > least && within(text[wider - 1]) {
            wider -= 1;
        }
        if text[wider..start].contains(&b'+') {
            start = wider;
        }
    }
    let start = start.max(run_start.saturating_sub(LOCAL_MOST));
    let skipped = text[start..sign]
        .iter()
        .take_while(|byte| !is_alnum(**byte) && **byte != b'_')
        .count();
    let start = start + skipped;
    let local = &text[start..sign];
    let sound =
        !local.is_empty() && !local.ends_with(b".") && memchr::memmem::find(local, b"..").is_none();
    (sound && before(text, start) != b'@').then_some(start)
}

fn host_after(text: &[u8], sign: usize) -> Option<Range<usize>> {
    let start = sign + 1;
    if at(text, start) == b'[' {
        let length = rest(text, start)
            .iter()
            .take(42)
            .position(|byte| *byte == b']')?;
        return Some(start..start + length + 1);
    }
    let length = rest(text, start)
        .iter()
        .take(254)
        .take_while(|byte| is_label(**byte) || **byte == b'.')
        .count();
    let mut end = start + length;
    while end > start && matches!(text[end - 1], b'.' | b'-' | b'_') {
        end -= 1;
    }
    (end > start).then_some(start..end)
}

/// An e-mail address in its canonical form: in small letters, the domain as the domain name system has it.
pub(crate) fn canonical(bytes: &[u8]) -> Option<String> {
    let sign = memchr::memrchr(b'@', bytes)?;
    let (local, host) = (&bytes[..sign], rest(bytes, sign + 1));
    let local = std::str::from_utf8(local).ok()?.to_lowercase();
    let sound = !local.is_empty()
        && local.len() <= LOCAL_MOST
        && !local.contains(|letter: char| {
            letter.is_whitespace() || letter.is_control() || "@<>,;:\"()[]\\".contains(letter)
        });
    if !sound {
        return None;
    }
    if let Some(literal) = host
        .strip_prefix(b"[")
        .and_then(|rest| rest.strip_suffix(b"]"))
    {
        let address = value::ipv4(literal)?;
        return Some(format!("{local}@[{address}]"));
    }
    let (domain, suffix) = canonical_domain(host)?;
    (domain.len() > suffix.length || suffix.private).then(|| format!("{local}@{domain}"))
}
