//! Divides a mail into its headers and parts, and says how each is encoded. Does not look for indicators.

use super::quoted_printable;
use crate::bytes::at;
use crate::mapped::Edit;
use memchr::{memchr, memmem};
use std::borrow::Cow;
use std::ops::Range;

/// Parts within parts.
const DEPTH: u8 = 8;
/// Parts of one mail.
const PARTS: usize = 1000;

/// A piece of a mail.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) range: Range<usize>,
    pub(crate) how: Coding,
    pub(crate) html: bool,
}

/// How a piece of a mail is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// Header lines, with encoded words in them.
    Headers,
    Plain,
    QuotedPrintable,
    Base64,
    /// The name of an attachment.
    Name,
}

/// Headers that identify or sign the mail instead of saying who sent what.
const SILENT: &[&[u8]] = &[
    b"message-id",
    b"in-reply-to",
    b"references",
    b"content-id",
    b"dkim-signature",
    b"arc-seal",
    b"arc-message-signature",
    b"x-google-dkim-signature",
    b"domainkey-signature",
    b"content-type",
    b"content-disposition",
    b"thread-index",
    b"x-gm-message-state",
    b"x-google-smtp-source",
    b"x-received",
    b"mime-version",
    b"content-transfer-encoding",
    b"thread-topic",
    b"date",
    b"x-ms-exchange-antispam-messagedata",
    b"x-microsoft-antispam-message-info",
    b"autocrypt",
    b"x-spam-checker-version",
    b"user-agent-version",
];
/// Headers that a mail has.
const USUAL: &[&[u8]] = &[
    b"received",
    b"from",
    b"to",
    b"subject",
    b"date",
    b"message-id",
    b"mime-version",
    b"return-path",
    b"delivered-to",
    b"reply-to",
    b"content-type",
    b"dkim-signature",
    b"authentication-results",
    b"x-mailer",
    b"received-spf",
    b"arc-seal",
    b"x-originating-ip",
    b"cc",
    b"sender",
];

/// Does a text begin with the headers of a mail?
pub(crate) fn is_mail(text: &[u8]) -> bool {
    let head = &text[..text.len().min(16 * 1024)];
    let mut known = 0;
    for line in head.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        if line[0] == b' ' || line[0] == b'\t' || line.starts_with(b"From ") {
            continue;
        }
        let Some(name) = header_name(line) else {
            return false;
        };
        known += usize::from(USUAL.iter().any(|usual| usual.eq_ignore_ascii_case(name)));
        // Few others have these.
        if name.eq_ignore_ascii_case(b"content-transfer-encoding") {
            known += 2;
        }
        known +=
            usize::from(memmem::find(line, b"?=").is_some() && memmem::find(line, b"=?").is_some());
    }
    known >= 3
}

fn header_name(line: &[u8]) -> Option<&[u8]> {
    let colon = memchr(b':', line)?;
    let name = &line[..colon];
    (!name.is_empty()
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')))
    .then_some(name)
}

/// The pieces of a mail, in the order in which they stand.
pub(crate) fn parts(text: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    entity(text, 0..text.len(), DEPTH, &mut parts);
    parts
}

fn entity(text: &[u8], range: Range<usize>, depth: u8, parts: &mut Vec<Part>) {
    if parts.len() >= PARTS {
        return;
    }
    let body = body_start(text, &range);
    let headers = range.start..body;
    let header = |name: &[u8]| field(text, &headers, name);
    let kind = header(b"content-type").unwrap_or_default();
    let coding = header(b"content-transfer-encoding")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let lower = kind.to_ascii_lowercase();
    for name in names(text, &headers) {
        parts.push(Part {
            range: name,
            how: Coding::Name,
            html: false,
        });
    }
    parts.push(Part {
        range: headers.clone(),
        how: Coding::Headers,
        html: false,
    });
    let body = body..range.end;
    if depth > 0 && lower.starts_with(b"multipart/") {
        if let Some(boundary) = parameter(&kind, b"boundary") {
            return multipart(text, body, &boundary, depth, parts);
        }
    } else if depth > 0 && lower.starts_with(b"message/rfc822") {
        return entity(text, body, depth - 1, parts);
    }
    let how = match coding.trim_ascii() {
        b"quoted-printable" => Coding::QuotedPrintable,
        b"base64" => Coding::Base64,
        _ => Coding::Plain,
    };
    let html = lower.starts_with(b"text/html");
    parts.push(Part {
        range: body,
        how,
        html,
    });
}

fn multipart(text: &[u8], body: Range<usize>, boundary: &[u8], depth: u8, parts: &mut Vec<Part>) {
    let mut mark = Vec::from(&b"--"[..]);
    mark.extend_from_slice(boundary);
    let mut start: Option<usize> = None;
    let mut preamble = body.start;
    for found in memmem::find_iter(&text[body.clone()], &mark) {
        let place = body.start + found;
        if place > body.start && text[place - 1] != b'\n' {
            continue;
        }
        let line = memchr(b'\n', &text[place..body.end]).map_or(body.end, |end| place + end + 1);
        if let Some(start) = start {
            entity(text, start..place, depth - 1, parts);
        } else if place > preamble {
            parts.push(Part {
                range: preamble..place,
                how: Coding::Plain,
                html: false,
            });
        }
        start = Some(line);
        preamble = line;
        if text[place + mark.len()..].starts_with(b"--") {
            break;
        }
    }
    if preamble < body.end {
        // Never closed, or after the end: read as it stands.
        match start {
            Some(start) if !text[..start].trim_ascii_end().ends_with(b"--") => {
                entity(text, start..body.end, depth - 1, parts);
            }
            _ => parts.push(Part {
                range: preamble..body.end,
                how: Coding::Plain,
                html: false,
            }),
        }
    }
}

fn body_start(text: &[u8], range: &Range<usize>) -> usize {
    let whole = &text[range.clone()];
    if whole.starts_with(b"\r\n") || whole.starts_with(b"\n") {
        return range.start;
    }
    let ends = [
        memmem::find(whole, b"\n\r\n").map(|found| found + 3),
        memmem::find(whole, b"\n\n").map(|found| found + 2),
    ];
    ends.into_iter()
        .flatten()
        .min()
        .map_or(range.end, |end| range.start + end)
}

/// The lines of headers, folded ones together.
fn fields<'t>(text: &'t [u8], headers: &Range<usize>) -> impl Iterator<Item = Range<usize>> + 't {
    let end = headers.end;
    let mut place = headers.start;
    std::iter::from_fn(move || {
        let start = place;
        while place < end {
            place = memchr(b'\n', &text[place..end]).map_or(end, |line| place + line + 1);
            if place >= end || !matches!(text[place], b' ' | b'\t') {
                break;
            }
        }
        (start < end).then_some(start..place)
    })
}

fn field(text: &[u8], headers: &Range<usize>, name: &[u8]) -> Option<Vec<u8>> {
    let found = fields(text, headers).find(|field| {
        header_name(&text[field.clone()]).is_some_and(|known| known.eq_ignore_ascii_case(name))
    })?;
    let value = &text[found.start + name.len() + 1..found.end];
    Some(value.trim_ascii().to_vec())
}

fn parameter(value: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let lower = value.to_ascii_lowercase();
    let mut key = name.to_vec();
    key.push(b'=');
    let start = memmem::find(&lower, &key)? + key.len();
    let rest = &value[start..];
    if let Some(rest) = rest.strip_prefix(b"\"") {
        return Some(rest[..memchr(b'"', rest)?].to_vec());
    }
    let end = rest
        .iter()
        .position(|byte| byte.is_ascii_whitespace() || *byte == b';')
        .unwrap_or(rest.len());
    (end > 0).then(|| rest[..end].to_vec())
}

/// Where names of attachments stand.
fn names(text: &[u8], headers: &Range<usize>) -> Vec<Range<usize>> {
    let mut names: Vec<Range<usize>> = Vec::new();
    for field in fields(text, headers) {
        let bytes = &text[field.clone()];
        let known = header_name(bytes).is_some_and(|name| {
            name.eq_ignore_ascii_case(b"content-type")
                || name.eq_ignore_ascii_case(b"content-disposition")
        });
        if !known {
            continue;
        }
        let lower = bytes.to_ascii_lowercase();
        for found in memmem::find_iter(&lower, b"name") {
            let mut place = field.start + found + 4;
            while matches!(at(text, place), b'*' | b'0') {
                place += 1;
            }
            if at(text, place) != b'=' {
                continue;
            }
            let start = place + 1;
            let rest = &text[start..field.end];
            let name = if rest.first() == Some(&b'"') {
                let length = memchr(b'"', &rest[1..]).unwrap_or(0);
                start + 1..start + 1 + length
            } else {
                let length = rest
                    .iter()
                    .position(|byte| byte.is_ascii_whitespace() || *byte == b';')
                    .unwrap_or(rest.len());
                start..start + length
            };
            if !name.is_empty() {
                names.push(name);
            }
        }
    }
    names
}

/// The name of an attachment without its encoding.
pub(crate) fn attachment_name(written: &[u8]) -> String {
    let written = match memmem::find(written, b"''") {
        Some(found) if found < 16 => Cow::Owned(super::percent(&written[found + 2..])),
        _ => Cow::Borrowed(written),
    };
    let plain = crate::mapped::Mapped::new(&written, encoded_words(&written));
    String::from_utf8_lossy(&plain.text).trim().to_owned()
}

/// The edits that empty headers which only identify, and decode encoded words in the others.
pub(crate) fn header_edits(text: &[u8]) -> Vec<Edit> {
    let mut edits = Vec::new();
    for field in fields(text, &(0..text.len())) {
        let bytes = &text[field.clone()];
        if header_name(bytes).is_some_and(|name| {
            SILENT
                .iter()
                .any(|silent| silent.eq_ignore_ascii_case(name))
        }) {
            edits.push(Edit::new(field, b"\n"));
        }
    }
    let words = encoded_words(text);
    edits.extend(words);
    edits
}

/// `=?utf-8?B?…?=` and `=?utf-8?Q?…?=`.
fn encoded_words(text: &[u8]) -> Vec<Edit> {
    let mut edits: Vec<Edit> = Vec::new();
    for start in memmem::find_iter(text, b"=?") {
        if edits.last().is_some_and(|last| start < last.range.end) {
            continue;
        }
        if let Some((end, plain)) = encoded_word(text, start) {
            let with = plain.into();
            edits.push(Edit {
                range: start..end,
                with,
            });
        }
    }
    edits
}

fn encoded_word(text: &[u8], start: usize) -> Option<(usize, Vec<u8>)> {
    let rest = &text[start + 2..text.len().min(start + 512)];
    let charset = memchr(b'?', rest)?;
    let how = *rest.get(charset + 1)?;
    let body = rest.get(charset + 3..)?;
    let length = memmem::find(body, b"?=")?;
    let code = &body[..length];
    let plain = match how {
        b'B' | b'b' => super::base64(code)?,
        b'Q' | b'q' => {
            let spaced: Vec<u8> = code
                .iter()
                .map(|byte| if *byte == b'_' { b' ' } else { *byte })
                .collect();
            let edits = quoted_printable(&spaced);
            crate::mapped::Mapped::new(&spaced, edits).text.into_owned()
        }
        _ => return None,
    };
    Some((start + 2 + charset + 3 + length + 2, plain))
}
