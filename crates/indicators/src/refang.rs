//! Takes the marks of defanging out of a text: brackets, words, lookalikes, escapes. Does not look for indicators.

use crate::bytes::{at, before, is_alnum, is_label, part};
use crate::mapped::{Edit, Mapped};
use crate::tables::{BRACKETED, BRACKETED_MOST, ENTITIES, LOOKALIKES, SCHEMES};
use memchr::memmem;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Bytes looked at in one go for whether any could begin a mark.
const BLOCK: usize = 64;
/// How far a mark looks around itself.
const REACH: usize = 64;

static LOOKALIKE: LazyLock<HashMap<char, &'static str>> =
    LazyLock::new(|| LOOKALIKES.iter().copied().collect());

/// The text as it would read without defanging.
pub(crate) fn refang(text: &[u8]) -> Mapped<'_> {
    let mut edits = Vec::new();
    let mut done = 0;
    for (index, block) in text.chunks(BLOCK).enumerate() {
        if !block.iter().fold(false, |any, byte| any | may_mark(*byte)) {
            continue;
        }
        for (offset, byte) in block.iter().enumerate() {
            let place = index * BLOCK + offset;
            if !MARKS[usize::from(*byte)] || place < done {
                continue;
            }
            let edit = match byte {
                b']' | b')' | b'}' => half_closed(text, place, edits.last()),
                _ => mark(text, place),
            };
            done = match &edit {
                Some(edit) => edit.range.end,
                None if *byte < 0x80 => place + 1,
                None => place + character(text, place).map_or(1, char::len_utf8),
            };
            edits.extend(edit);
        }
    }
    spaced(text, &mut edits);
    Mapped::new(text, edits)
}

/// Few comparisons for many bytes at once: every byte of [`MARKS`], and some others.
const fn may_mark(byte: u8) -> bool {
    (byte.wrapping_sub(b'&') <= 3)
        | (byte.wrapping_sub(b'[') <= 2)
        | (byte >= b'{')
        | (byte == b'<')
}

/// Bytes that begin a mark, or end one.
const MARKS: [bool; 256] = {
    let mut marks = [false; 256];
    let mut byte = 0x80;
    while byte < 256 {
        marks[byte] = true;
        byte += 1;
    }
    let ascii = b"[](){}<\\&";
    let mut index = 0;
    while index < ascii.len() {
        marks[ascii[index] as usize] = true;
        index += 1;
    }
    marks
};

fn mark(text: &[u8], place: usize) -> Option<Edit> {
    match text[place] {
        b'[' | b'(' | b'{' | b'<' => bracketed(text, place),
        b'\\' => escaped(text, place),
        b'&' => entity(text, place),
        _ => lookalike(text, place),
    }
}

/// `[.]`, `(dot)`, ` [at] `, `[://]`, and `[.` with the bracket left open.
fn bracketed(text: &[u8], place: usize) -> Option<Edit> {
    let close = match text[place] {
        b'[' => b']',
        b'(' => b')',
        b'{' => b'}',
        _ => b'>',
    };
    let inside = part(text, place + 1, place + 2 + BRACKETED_MOST);
    if let Some(length) = inside.iter().position(|byte| *byte == close) {
        let word = inside[..length].trim_ascii();
        if close == b'>'
            && !word
                .iter()
                .all(|byte| byte.is_ascii_alphabetic() || *byte == b'.' || *byte == b'@')
        {
            return None;
        }
        let known = BRACKETED
            .iter()
            .find(|(written, _)| written.eq_ignore_ascii_case(word));
        if let Some((written, sign)) = known {
            return sign_in_brackets(text, place, place + length + 2, written, sign);
        }
    }
    // One-sided: `evil[.com`, `evil[.com]`.
    let opens = inside.first() == Some(&b'.') && close != b'>';
    if opens && is_alnum(before(text, place)) && inside.get(1).is_some_and(|next| is_alnum(*next)) {
        return Some(Edit::new(place..place + 1, b""));
    }
    None
}

fn sign_in_brackets(
    text: &[u8],
    start: usize,
    end: usize,
    written: &[u8],
    sign: &'static [u8],
) -> Option<Edit> {
    let (mut start, mut end) = (start, end);
    let joins = sign == b"." || sign == b"@";
    if joins {
        while before(text, start) == b' ' && start > 0 && end - start < REACH {
            start -= 1;
        }
        while at(text, end) == b' ' && end < text.len() && end - start < REACH {
            end += 1;
        }
        // Between names; "a list (at) the end" would be far-fetched, a lone "[a]" is a footnote.
        let doubtful = matches!(written, b"a" | b"," | b"point");
        if !is_alnum(before(text, start)) || !is_alnum(at(text, end)) && at(text, end) != b'[' {
            return None;
        }
        if doubtful && (written == b"a" || !is_label(before(text, start))) {
            return None;
        }
    } else if written == b"http" || written == b"https" || written == b"hxxp" || written == b"hxxps"
    {
        if !matches!(at(text, end), b':' | b'[') {
            return None;
        }
    } else if written == b"www" && at(text, end) != b'.' && at(text, end) != b'[' {
        return None;
    }
    Some(Edit::new(start..end, sign))
}

/// `evil.]com`, and the end of `evil[.com]`, whose opening bracket was the last edit.
fn half_closed(text: &[u8], place: usize, last_edit: Option<&Edit>) -> Option<Edit> {
    let last = before(text, place);
    if last == b'.' {
        let named = place >= 2 && is_alnum(text[place - 2]) && is_alnum(at(text, place + 1));
        return named.then(|| Edit::new(place..place + 1, b""));
    }
    let opened = last_edit?;
    let inside = text.get(opened.range.end..place)?;
    let one_sided = opened.with.is_empty()
        && opened.range.len() == 1
        && matches!(text[opened.range.start], b'[' | b'(' | b'{')
        && inside.len() < REACH
        && inside.iter().all(|byte| is_label(*byte) || *byte == b'.');
    one_sided.then(|| Edit::new(place..place + 1, b""))
}

/// `\.`, the `\/` of JSON, `\u002e`, `http:\\`, the `\_` of Markdown.
fn escaped(text: &[u8], place: usize) -> Option<Edit> {
    let last = before(text, place);
    let next = at(text, place + 1);
    match next {
        b'/' => Some(Edit::new(place..place + 1, b"")),
        b'.' | b':' | b'@'
            if (is_alnum(last) || last == b'\\')
                && (is_alnum(at(text, place + 2)) || next == b':') =>
        {
            (!in_windows_path(text, place)).then(|| Edit::new(place..place + 1, b""))
        }
        b'_' | b'-' | b'~' | b'&' | b'=' if is_alnum(last) => {
            (near_address(text, place)).then(|| Edit::new(place..place + 1, b""))
        }
        b'u' => {
            let digits = text.get(place + 2..place + 6)?;
            let code = std::str::from_utf8(digits)
                .ok()
                .and_then(|hex| u8::from_str_radix(hex, 16).ok())?;
            let prints = code.is_ascii_graphic() || code == b' ';
            let with = Cow::Owned(vec![if prints { code } else { b' ' }]);
            let range = place..place + 6;
            (code < 0x80).then_some(Edit { range, with })
        }
        b'\\' if last == b':' && scheme_ends(text, place - 1) => {
            Some(Edit::new(place..place + 2, b"//"))
        }
        // A path of a URL that was written with backslashes throughout.
        _ if is_label(last) && is_label(next) && after_backslash_scheme(text, place) => {
            Some(Edit::new(place..place + 1, b"/"))
        }
        _ => None,
    }
}

/// Does the name before a backslash begin after another one, or after a drive?
fn in_windows_path(text: &[u8], place: usize) -> bool {
    let least = place.saturating_sub(REACH);
    let token = text[least..place].iter().rposition(|byte| {
        byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'=' | b'(' | b'<')
    });
    let token = &text[token.map_or(least, |space| least + space + 1)..place];
    let slashes = memchr::memchr_iter(b'\\', token).any(|slash| at(token, slash + 1) != b'.');
    let drive = token.len() >= 2 && token[0].is_ascii_alphabetic() && token[1] == b':';
    let variable = token.first() == Some(&b'%');
    let dots = token.first() == Some(&b'.');
    (slashes && !token.starts_with(b"http")) || drive || variable || dots
}

/// Is there an `@` or `://` in the same token?
fn near_address(text: &[u8], place: usize) -> bool {
    let least = place.saturating_sub(REACH);
    let most = text.len().min(place + REACH);
    let space = |byte: &u8| byte.is_ascii_whitespace();
    let start = text[least..place]
        .iter()
        .rposition(space)
        .map_or(least, |found| least + found + 1);
    let end = text[place..most]
        .iter()
        .position(space)
        .map_or(most, |found| place + found);
    let token = &text[start..end];
    token.contains(&b'@') || memmem::find(token, b"://").is_some()
}

fn scheme_ends(text: &[u8], colon: usize) -> bool {
    let least = colon.saturating_sub(8);
    let start = (least..colon)
        .rev()
        .find(|place| !text[*place].is_ascii_alphabetic() && text[*place] != b'*');
    let word = &text[start.map_or(least, |start| start + 1)..colon];
    word.len() >= 3
        && SCHEMES
            .iter()
            .any(|(written, _)| written.as_bytes().eq_ignore_ascii_case(word))
}

fn after_backslash_scheme(text: &[u8], place: usize) -> bool {
    let least = place.saturating_sub(2 * REACH);
    let token = text[least..place].iter().rposition(u8::is_ascii_whitespace);
    let start = token.map_or(least, |space| least + space + 1);
    memmem::find(&text[start..place], b":\\\\")
        .is_some_and(|found| scheme_ends(text, start + found))
}

/// `&amp;`, `&#46;`, `&#x2e;`.
fn entity(text: &[u8], place: usize) -> Option<Edit> {
    let rest = part(text, place + 1, place + 18);
    let end = rest.iter().position(|byte| *byte == b';')?;
    let name = &rest[..end];
    let range = place..place + end + 2;
    if let Some(number) = name.strip_prefix(b"#") {
        let number = std::str::from_utf8(number).ok()?;
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        let sign = char::from_u32(code)
            .filter(|sign| !sign.is_control())
            .unwrap_or(' ');
        let with = Cow::Owned(sign.to_string().into_bytes());
        return Some(Edit { range, with });
    }
    let known = ENTITIES.iter().find(|(known, _)| *known == name);
    known.map(|(_, sign)| Edit::new(range, sign))
}

/// The character of more than one byte that begins here, unless the bytes are no text.
fn character(text: &[u8], place: usize) -> Option<char> {
    let length = match text[place] {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return None,
    };
    std::str::from_utf8(text.get(place..place + length)?)
        .ok()?
        .chars()
        .next()
}

/// A character that looks like a sign, is a wide form of one, or is not seen at all. Bytes that are no text separate.
fn lookalike(text: &[u8], place: usize) -> Option<Edit> {
    let Some(letter) = character(text, place) else {
        return Some(Edit::new(place..place + 1, b" "));
    };
    let length = letter.len_utf8();
    let range = place..place + length;
    match letter {
        '\u{FF01}'..='\u{FF5E}' => {
            let ascii = u8::try_from(u32::from(letter) - 0xFEE0).ok()?;
            let with = Cow::Owned(vec![ascii]);
            Some(Edit { range, with })
        }
        // A dot in the middle stands for one only between names.
        '\u{00B7}' | '\u{2022}' | '\u{2027}' | '\u{30FB}'
            if before(text, place).is_ascii_alphanumeric()
                && at(text, place + length).is_ascii_alphanumeric() =>
        {
            Some(Edit::new(range, b"."))
        }
        _ => LOOKALIKE
            .get(&letter)
            .map(|sign| Edit::new(range, sign.as_bytes())),
    }
}

/// ` dot `, ` at ` and ` . `: only where another sign of defanging stands next to them.
fn spaced(text: &[u8], edits: &mut Vec<Edit>) {
    for place in memmem::find_iter(text, b": //") {
        let space = before(text, place) == b' ';
        let colon = if space { place - 1 } else { place };
        let end = place + 4 + usize::from(at(text, place + 4) == b' ');
        if scheme_ends(text, colon) && is_alnum(at(text, end)) {
            edits.push(Edit::new(colon..end, b"://"));
        }
    }
    for (word, least) in [(&b" dot "[..], 1), (b" DOT ", 1), (b" . ", 2)] {
        let places: Vec<usize> = memmem::find_iter(text, word).collect();
        let mut index = 0;
        while index < places.len() {
            let mut last = index;
            while last + 1 < places.len()
                && is_name(&text[places[last] + word.len()..places[last + 1]])
            {
                last += 1;
            }
            let run = &places[index..=last];
            let (first, end) = (run[0], run[run.len() - 1] + word.len());
            let user = user_before(text, first);
            let fanged = user.is_some()
                || masked_scheme_before(text, first)
                || marked_around(text, first, end);
            let numbers =
                run.len() == 3 && number_before(text, first) && at(text, end).is_ascii_digit();
            let named = is_alnum(before(text, first)) && is_alnum(at(text, end));
            if named && (fanged || numbers || (least == 1 && run.len() > 1)) {
                edits.extend(
                    run.iter()
                        .map(|place| Edit::new(*place..*place + word.len(), b".")),
                );
                edits.extend(user.map(|range| Edit::new(range, b"@")));
            }
            index = last + 1;
        }
    }
}

fn is_name(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.len() < REACH && bytes.iter().all(|byte| is_label(*byte))
}

fn number_before(text: &[u8], place: usize) -> bool {
    before(text, place).is_ascii_digit()
}

/// ` at ` before the name that ends here, with a word before it.
fn user_before(text: &[u8], place: usize) -> Option<std::ops::Range<usize>> {
    let start = name_start(text, place);
    let range = start.checked_sub(4)?..start;
    let word = &text[range.clone()];
    (word.eq_ignore_ascii_case(b" at ") && is_alnum(before(text, range.start))).then_some(range)
}

fn masked_scheme_before(text: &[u8], place: usize) -> bool {
    let start = name_start(text, place);
    text[..start].trim_ascii_end().ends_with(b"//")
}

fn marked_around(text: &[u8], first: usize, end: usize) -> bool {
    let start = name_start(text, first);
    let near = |bytes: &[u8]| {
        [&b"[.]"[..], b"[@]", b"[dot]", b"(dot)", b"[at]", b"(at)"]
            .iter()
            .any(|mark| memmem::find(bytes, mark).is_some())
    };
    let head = text[..start]
        .iter()
        .rev()
        .take(24)
        .position(|byte| *byte == b'\n')
        .unwrap_or(24.min(start));
    let tail = part(text, end, end + 24);
    let tail = &tail[..tail
        .iter()
        .position(|byte| byte.is_ascii_whitespace())
        .unwrap_or(tail.len())];
    let head = &text[start - head.min(start)..start];
    let head = &head[head
        .trim_ascii_end()
        .iter()
        .rposition(u8::is_ascii_whitespace)
        .unwrap_or(0)..];
    near(head) || near(tail)
}

fn name_start(text: &[u8], place: usize) -> usize {
    let least = place.saturating_sub(REACH);
    (least..place)
        .rev()
        .find(|before| !is_label(text[*before]))
        .map_or(least, |found| found + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &str) -> String {
        String::from_utf8(refang(text.as_bytes()).text.into_owned()).unwrap()
    }

    #[test]
    fn takes_out_every_mark() {
        for (written, meant) in [
            ("evil[.]com", "evil.com"),
            ("evil [.] com", "evil.com"),
            ("evil(dot)com", "evil.com"),
            ("evil{.}com", "evil.com"),
            ("evil[DOT]com", "evil.com"),
            ("evil[.com", "evil.com"),
            ("evil[.com]", "evil.com"),
            ("evil.]com", "evil.com"),
            ("evil\\.com", "evil.com"),
            ("1[.]2[.]3[.]4", "1.2.3.4"),
            ("1 . 2 . 3 . 4", "1.2.3.4"),
            ("http[:]//a.b", "http://a.b"),
            ("http[://]a.b", "http://a.b"),
            ("[http]://a.b", "http://a.b"),
            ("http:\\\\a.com\\b", "http://a.com/b"),
            ("a[at]b[dot]com", "a@b.com"),
            ("a at b dot com", "a@b.com"),
            ("www dot evil dot com", "www.evil.com"),
            ("hxxp://evil dot com", "hxxp://evil.com"),
            ("https:\\/\\/a.com\\/b", "https://a.com/b"),
            ("http:\\u002f\\u002fa.com", "http://a.com"),
            ("evil&#46;com&amp;x", "evil.com&x"),
            ("evil\u{3002}com", "evil.com"),
            ("ｅｖｉｌ．ｃｏｍ", "evil.com"),
            ("ev\u{200b}il.com", "evil.com"),
            ("a\\_b@c.com", "a_b@c.com"),
        ] {
            assert_eq!(clean(written), meant, "{written}");
        }
    }

    #[test]
    fn leaves_prose_and_paths_alone() {
        for text in [
            "the dot is small",
            "the dot com bubble",
            "see [1] and (a) or [at home]",
            r"C:\dir\.git\config",
            r"%APPDATA%\.evil\a_b",
            "arr[i].name (see above.) next",
            "http://[2001:db8::1]:80/",
            "end . Next",
        ] {
            assert_eq!(clean(text), text);
        }
    }
}
