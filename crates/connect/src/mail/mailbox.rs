//! Letters of the local mailbox read back as text. Reads only what this program wrote, and does not know who looks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io;
use std::path::Path;

/// A letter longer than this was not written here.
const MAX_BYTES: u64 = 1 << 20;

/// A letter that was kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The name of its file.
    pub name: String,
    /// When it was written, in milliseconds since 1970.
    pub at_ms: i64,
    /// The address it went to.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text, without markup.
    pub text: String,
}

/// The newest letters in a folder that `wanted` (by address) lets through. A folder that is not there yet is empty. Blocks.
///
/// # Errors
/// If the folder or a letter cannot be read.
pub fn newest(folder: &Path, limit: usize, wanted: &dyn Fn(&str) -> bool) -> io::Result<Vec<Kept>> {
    let files = match std::fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        found => found?,
    };
    let mut names = Vec::new();
    for file in files {
        let name = file?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && name.ends_with(".eml") {
            names.push(name);
        }
    }
    names.sort_unstable_by(|a, b| b.cmp(a));
    let mut found = Vec::new();
    for name in names {
        if found.len() == limit {
            break;
        }
        let path = folder.join(&name);
        let about = std::fs::symlink_metadata(&path)?;
        if !about.is_file() || about.len() > MAX_BYTES {
            continue;
        }
        let letter = read(&name, &String::from_utf8_lossy(&std::fs::read(path)?));
        if wanted(&letter.to) {
            found.push(letter);
        }
    }
    Ok(found)
}

fn read(name: &str, raw: &str) -> Kept {
    let (head, body) = split(raw);
    let of = |wanted: &str| header(head, wanted);
    let kind = of("content-type");
    let text = match boundary(&kind) {
        Some(mark) => part(body, &mark).unwrap_or_default(),
        None => decode(body, &of("content-transfer-encoding")),
    };
    let at = name.split('-').next().and_then(|ms| ms.parse().ok());
    Kept {
        name: name.to_owned(),
        at_ms: at.unwrap_or_default(),
        to: of("to").trim_matches(['<', '>']).to_owned(),
        subject: words(&of("subject")),
        text: text.replace("\r\n", "\n").trim_end().to_owned(),
    }
}

fn split(raw: &str) -> (&str, &str) {
    raw.split_once("\r\n\r\n").unwrap_or((raw, ""))
}

/// A header in one line.
fn header(head: &str, wanted: &str) -> String {
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let mut lines = unfolded.lines().filter_map(|l| l.split_once(':'));
    let found = lines.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    found.map_or_else(String::new, |(_, value)| value.trim().to_owned())
}

fn boundary(kind: &str) -> Option<String> {
    let (_, after) = kind.split_once("boundary=")?;
    let mark = after.split(';').next()?.trim().trim_matches('"');
    (!mark.is_empty()).then(|| mark.to_owned())
}

/// The plain text among the parts.
fn part(body: &str, mark: &str) -> Option<String> {
    let mark = format!("--{mark}");
    for part in body.split(&mark).skip(1) {
        let part = part.strip_prefix("\r\n").unwrap_or(part);
        let (head, body) = split(part);
        if header(head, "content-type").starts_with("text/plain") {
            return Some(decode(body, &header(head, "content-transfer-encoding")));
        }
    }
    None
}

fn decode(body: &str, encoding: &str) -> String {
    match encoding.to_ascii_lowercase().as_str() {
        "base64" => {
            let joined: String = body.split_whitespace().collect();
            let bytes = STANDARD.decode(joined).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        }
        "quoted-printable" => {
            let bytes = quoted(&body.replace("=\r\n", ""), false);
            String::from_utf8_lossy(&bytes).into_owned()
        }
        _ => body.to_owned(),
    }
}

/// Undoes `=3D`; in headers a `_` is a space besides.
fn quoted(text: &str, in_header: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    let digit = |b: &u8| {
        char::from(*b)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'=', [high, low, beyond @ ..]) => match (digit(high), digit(low)) {
                (Some(high), Some(low)) => {
                    out.push(high * 16 + low);
                    rest = beyond;
                }
                _ => out.push(b'='),
            },
            (b'_', _) if in_header => out.push(b' '),
            (b, _) => out.push(*b),
        }
    }
    out
}

/// Undoes the encoded words of a header; the space between two of them is none.
fn words(text: &str) -> String {
    let mut out = String::new();
    let mut after_word = false;
    for piece in text.split(' ') {
        let word = encoded(piece);
        if !(out.is_empty() || after_word && word.is_some()) {
            out.push(' ');
        }
        after_word = word.is_some();
        out.push_str(word.as_deref().unwrap_or(piece));
    }
    out
}

fn encoded(piece: &str) -> Option<String> {
    let inner = piece.strip_prefix("=?")?.strip_suffix("?=")?;
    let mut parts = inner.splitn(3, '?').skip(1);
    let (how, content) = (parts.next()?, parts.next()?);
    let bytes = match how {
        "B" | "b" => STANDARD.decode(content).ok()?,
        "Q" | "q" => quoted(content, true),
        _ => return None,
    };
    String::from_utf8(bytes).ok()
}
