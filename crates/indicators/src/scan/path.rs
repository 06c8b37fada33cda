//! Reads paths of files on Windows and Unix, and registry keys. Does not look at what a file is called.

use super::{Found, Scan};
use crate::bytes::{at, before, is_alnum, is_label, is_one_of, part, rest, text};
use crate::tables::{HIVES, UNIX_ROOTS};
use crate::{Kind, Reason};
use std::ops::Range;

/// Nothing longer is read as one path.
const MOST: usize = 1024;
/// A path goes on over so many words if a backslash comes after them.
const WORDS_BETWEEN: usize = 4;
/// Words that connect a path with what follows instead of being in it.
const CONNECTING: [&str; 30] = [
    "and", "to", "from", "in", "or", "was", "is", "into", "via", "with", "then", "on", "by", "the",
    "for", "as", "at", "copied", "moved", "using", "under", "has", "which", "that", "are", "were",
    "but", "runs", "executes", "set",
];

impl Scan<'_> {
    /// Reads a Windows path, registry key or kernel object in a token with a backslash; gives its range.
    pub(super) fn windows(&mut self, token: &Range<usize>) -> Option<Range<usize>> {
        let text = self.text;
        let first = token.start + memchr::memchr(b'\\', &text[token.clone()])?;
        if let Some(start) = hive_start(text, token, first) {
            let end = tail_end(text, start, first, false);
            return self.regkey(start..end);
        }
        if let Some(end) = self.kernel_object(token, first) {
            return Some(token.start..end);
        }
        let start = path_start(text, token, first)?;
        let end = tail_end(text, start, first, true);
        self.out.work += (end - start) as u64;
        let value = canonical_path(&crate::bytes::text(&text[start..end]))?;
        let command = self.program_in_path(start, end);
        self.push(Found::new(Kind::Filepath, value, start..end));
        if let Some(found) = command {
            self.push(found);
        }
        Some(start..end)
    }

    fn regkey(&mut self, range: Range<usize>) -> Option<Range<usize>> {
        self.out.work += range.len() as u64;
        let Some(value) = canonical_regkey(&text(&self.text[range.clone()])) else {
            self.reject(Kind::Regkey, range, Reason::Malformed);
            return None;
        };
        self.push(Found::new(Kind::Regkey, value, range.clone()));
        Some(range)
    }

    /// `Global\name`: a mutex, whatever stands beside it.
    fn kernel_object(&mut self, token: &Range<usize>, first: usize) -> Option<usize> {
        let text = self.text;
        let head = &text[token.start..first];
        let word = head
            .iter()
            .rposition(|byte| !byte.is_ascii_alphabetic())
            .map_or(head, |found| &head[found + 1..]);
        if !is_one_of(&["Global", "Local", "BaseNamedObjects"], word) {
            return None;
        }
        let mut start = first - word.len();
        if word.eq_ignore_ascii_case(b"BaseNamedObjects") {
            let session = head.iter().position(|byte| *byte == b'\\').unwrap_or(0);
            start = token.start + session;
        }
        let mut place = first;
        while at(text, place) == b'\\' {
            place += 1;
        }
        let within = |byte: &u8| {
            is_label(*byte)
                || matches!(
                    byte,
                    b'{' | b'}' | b'.' | b'\\' | b'!' | b'#' | b'$' | b'&' | b'=' | b'+'
                )
        };
        let end = place
            + rest(text, place)
                .iter()
                .take(260)
                .take_while(|byte| within(byte))
                .count();
        let end = end
            - text[place..end]
                .iter()
                .rev()
                .take_while(|byte| matches!(byte, b'.' | b'\\'))
                .count();
        if end < place + 3 {
            return None;
        }
        let value = crate::canonical::name(Kind::Mutex, &crate::bytes::text(&text[start..end]))?;
        self.push(Found::new(Kind::Mutex, value, start..end));
        Some(end)
    }

    /// Reads an absolute path of Unix; gives where it ends.
    pub(super) fn unix(&mut self, start: usize, token_start: usize) -> Option<usize> {
        let text = self.text;
        let last = before(text, start);
        let apart = start == token_start
            || matches!(last, b'=' | b':' | b'&' | b'!' | b'#' | b'@' | b'%' | b'+');
        if !apart || matches!(last, b'>') && start > 1 && text[start - 2] != b' ' {
            return None;
        }
        let home = text[start] == b'~';
        let root = if home { start + 1 } else { start };
        if at(text, root) != b'/' {
            return None;
        }
        let segment = part(text, root + 1, root + 20);
        let segment = &segment[..segment
            .iter()
            .position(|byte| !is_label(*byte) && *byte != b'.')
            .unwrap_or(segment.len())];
        let known = UNIX_ROOTS.iter().any(|known| known.as_bytes() == segment);
        if !(known && at(text, root + 1 + segment.len()) == b'/' || home && !segment.is_empty()) {
            return None;
        }
        let within = |byte: u8| {
            is_alnum(byte)
                || matches!(
                    byte,
                    b'/' | b'.'
                        | b'_'
                        | b'-'
                        | b'+'
                        | b'@'
                        | b'%'
                        | b'~'
                        | b'#'
                        | b'='
                        | b'*'
                        | b'$'
                        | b'\\'
                        | b'{'
                        | b'}'
                )
        };
        let mut end = start;
        while end < text.len().min(start + MOST) && within(text[end]) {
            // An escaped space.
            if text[end] == b'\\' {
                if at(text, end + 1) != b' ' {
                    break;
                }
                end += 1;
            }
            end += 1;
        }
        while end > start
            && matches!(
                text[end - 1],
                b'.' | b'*' | b'=' | b'#' | b'~' | b'}' | b'{' | b'\\' | b'$' | b'@'
            )
        {
            end -= 1;
        }
        self.out.work += (end - start) as u64;
        if end <= root + segment.len() + 2 && !home {
            return None;
        }
        let range = start..end;
        let methods = [
            "get", "post", "put", "head", "delete", "options", "patch", "connect", "propfind",
            "uri", "url", "path", "request", "href", "src", "location", "referer",
        ];
        let asked = !home
            && matches!(last, b' ' | b'"' | b'=' | b':' | b'\'')
            && self.follows(start, 1, &methods);
        if asked && !matches!(segment, b"tmp" | b"etc" | b"usr" | b"proc") || at(text, end) == b'?'
        {
            self.reject(Kind::Filepath, range, Reason::NoContext);
            return Some(end);
        }
        let value = canonical_path(&crate::bytes::text(&text[range.clone()]))?;
        self.push(Found::new(Kind::Filepath, value, range));
        Some(end)
    }
}

/// Where a registry hive begins, if the name before the first backslash is one.
fn hive_start(text: &[u8], token: &Range<usize>, first: usize) -> Option<usize> {
    let head = &text[token.start..first];
    // `Registry::HKLM\…` and `HKLM:\…` of PowerShell.
    let head = head.strip_suffix(b":").unwrap_or(head);
    for (written, _) in HIVES {
        let known = written.as_bytes();
        if let Some(start) = known.strip_prefix(b"\\") {
            let place = first + 1;
            let here = text
                .get(place..place + start.len())
                .is_some_and(|here| here.eq_ignore_ascii_case(start));
            if here && token.start == first {
                return Some(first);
            }
        } else if head.len() >= known.len()
            && head[head.len() - known.len()..].eq_ignore_ascii_case(known)
        {
            let start = token.start + head.len() - known.len();
            if start == token.start || !is_label(text[start - 1]) {
                return Some(start);
            }
        }
    }
    None
}

/// Where a path begins: a drive, a share, a variable, a device.
fn path_start(text: &[u8], token: &Range<usize>, first: usize) -> Option<usize> {
    let last = before(text, first);
    if last == b':' && first >= token.start + 2 {
        let drive = first - 2;
        let alone = drive == token.start || !is_alnum(text[drive - 1]);
        if text[drive].is_ascii_alphabetic() && alone {
            return Some(drive);
        }
        // `$env:TEMP\…` has its colon earlier.
    }
    if last == b'%' && first > token.start {
        let open = memchr::memrchr(b'%', &text[token.start..first - 1])?;
        return (first - 1 - (token.start + open) > 2).then_some(token.start + open);
    }
    let head = &text[token.start..first];
    if let Some(variable) =
        memchr::memmem::find(head, b"$env:").or_else(|| memchr::memmem::find(head, b"$Env:"))
    {
        return Some(token.start + variable);
    }
    // `\\server\share`, also with each backslash doubled.
    let slashes = rest(text, first)
        .iter()
        .take(5)
        .take_while(|byte| **byte == b'\\')
        .count();
    let starts = first == token.start || matches!(last, b'=' | b':' | b'@');
    if starts && matches!(slashes, 2 | 4) {
        let server = part(text, first + slashes, first + slashes + 64);
        let length = server
            .iter()
            .position(|byte| !is_label(*byte) && *byte != b'.' && *byte != b'@')
            .unwrap_or(server.len());
        let share = at(text, first + slashes + length) == b'\\';
        return (share && length > 0).then_some(first);
    }
    let rest = part(text, first + 1, first + 12);
    let device = starts
        && slashes == 1
        && [&b"Device\\"[..], b"??\\", b"SystemRoot"]
            .iter()
            .any(|known| rest.starts_with(known));
    device.then_some(first)
}

/// Where a path or key ends. Spaces belong to it where a backslash follows, or where it stands in quotes.
fn tail_end(text: &[u8], start: usize, first: usize, is_file: bool) -> usize {
    let most = text.len().min(start + MOST);
    let quote = before(text, start);
    let closing = match quote {
        b'"' | b'\'' | b'`' => Some(quote),
        _ => None,
    };
    if let Some(closing) = closing
        && let Some(length) = memchr::memchr2(closing, b'\n', part(text, first, most))
        && text[first + length] == closing
    {
        let mut end = first + length;
        let inside = &text[start..end];
        // A command in quotes: the path ends where its arguments begin.
        let argument = [&b" -"[..], b" /", b" \""]
            .iter()
            .filter_map(|sign| memchr::memmem::find(inside, sign))
            .min();
        if let Some(argument) = argument {
            end = start + argument;
        }
        while end > first && text[end - 1] == b'\\' {
            end -= 1;
        }
        let extension = memchr::memrchr(b'.', &text[first..end])
            .is_none_or(|dot| !text[first + dot..end].contains(&b' '));
        if extension && end - start < 400 {
            return end;
        }
    }
    let within = |byte: u8| {
        byte >= 0x80
            || byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'\\'
                    | b'.'
                    | b'_'
                    | b'-'
                    | b'~'
                    | b'+'
                    | b'@'
                    | b'%'
                    | b'$'
                    | b'#'
                    | b'='
                    | b'{'
                    | b'}'
                    | b'&'
                    | b'!'
                    | b'('
                    | b')'
                    | b'['
                    | b']'
                    | b'^'
            )
            || byte == b'*' && !is_file
            || byte == b'/' && is_file
    };
    let mut end = first;
    while end < most {
        let byte = text[end];
        if within(byte) {
            // The escapes of a string: `\n` before a new line of its own is not part of a path.
            end += 1;
            continue;
        }
        if byte == b' ' && goes_on(text, start, end, most) {
            end += 1;
            continue;
        }
        // An alternate stream.
        if byte == b':'
            && is_file
            && is_alnum(at(text, end + 1))
            && is_alnum(before(text, end))
            && !at(text, end + 1).is_ascii_digit()
        {
            end += 1;
            continue;
        }
        break;
    }
    let round = text[start..end]
        .iter()
        .filter(|byte| **byte == b'(')
        .count();
    let mut closed = text[start..end]
        .iter()
        .filter(|byte| **byte == b')')
        .count();
    while end > first {
        let last = text[end - 1];
        let loose = match last {
            b'.' | b'!' | b'&' | b'=' | b'+' | b'@' | b'^' | b'*' | b'-' => true,
            b')' => closed > round,
            b']' => !text[start..end].contains(&b'['),
            b'}' => !text[start..end].contains(&b'{'),
            b'\\' => true,
            _ => false,
        };
        if !loose {
            break;
        }
        if last == b')' {
            closed -= 1;
        }
        end -= 1;
    }
    end
}

/// Does a path go on after this space?
fn goes_on(text: &[u8], start: usize, space: usize, most: usize) -> bool {
    let segment =
        memchr::memrchr(b'\\', &text[start..space]).map_or(start, |found| start + found + 1);
    let so_far = &text[segment..space];
    let has_extension = memchr::memrchr(b'.', so_far)
        .is_some_and(|dot| (2..=5).contains(&(so_far.len() - dot)) && dot > 0);
    if has_extension || so_far.is_empty() || before(text, space) == b',' {
        return false;
    }
    let mut place = space + 1;
    for _ in 0..WORDS_BETWEEN {
        let length = part(text, place, most)
            .iter()
            .take(40)
            .take_while(|byte| is_label(**byte) || matches!(byte, b'.' | b'(' | b')' | b'+' | b'&'))
            .count();
        let word = part(text, place, place + length);
        if length == 0
            || is_one_of(&CONNECTING, word)
            || word.starts_with(b"HK") && word.len() <= 4
            || word[0] == b'-'
        {
            return false;
        }
        match at(text, place + length) {
            b'\\' => {
                return at(text, place + length + 1) != b'\\' || true_escape(text, place + length);
            }
            b' ' => place += length + 1,
            _ => return false,
        }
    }
    false
}

/// A doubled backslash that separates two names, as in program code.
fn true_escape(text: &[u8], place: usize) -> bool {
    is_alnum(at(text, place + 2))
}

/// A file path in its canonical form: single backslashes, no quotes around.
pub(crate) fn canonical_path(value: &str) -> Option<String> {
    let value = value.trim().trim_matches(['"', '\'', '`']);
    if let Some(rest) = value.strip_prefix('/').or_else(|| value.strip_prefix("~/")) {
        return (!rest.is_empty() && !rest.starts_with('/')).then(|| value.replace("\\ ", " "));
    }
    if !value.contains('\\') {
        return None;
    }
    let share = value.starts_with("\\\\");
    let body = value.trim_start_matches('\\');
    let mut path = String::with_capacity(value.len());
    if share {
        path.push_str("\\\\");
    } else if value.starts_with('\\') {
        path.push('\\');
    }
    let mut last = ' ';
    for letter in body.chars() {
        if letter != '\\' || last != '\\' {
            path.push(letter);
        }
        last = letter;
    }
    let after = path.find('\\').map_or("", |slash| &path[slash + 1..]);
    (after.chars().any(char::is_alphanumeric)).then_some(path)
}

/// A registry key in its canonical form: the hive in full, single backslashes.
pub(crate) fn canonical_regkey(value: &str) -> Option<String> {
    let value = value.trim().trim_matches(['"', '\'', '`']);
    let value = value.strip_prefix("Registry::").unwrap_or(value);
    for (written, full) in HIVES {
        let Some(head) = value.get(..written.len()) else {
            continue;
        };
        if !head.eq_ignore_ascii_case(written) {
            continue;
        }
        let rest = value[written.len()..].trim_start_matches(':');
        if !rest.starts_with(['\\', '/']) {
            continue;
        }
        let names: Vec<&str> = rest.split(['\\']).filter(|name| !name.is_empty()).collect();
        return (!names.is_empty()).then(|| format!("{full}\\{}", names.join("\\")));
    }
    None
}
