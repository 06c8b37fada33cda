//! Reads command lines: after their key, or by the program they begin with.

use super::keyed::{line_end, quoted_end};
use super::{Found, Scan};
use crate::bytes::{at, before, is_alnum, is_label, is_one_of, part, rest};
use crate::{Kind, Reason};
use std::ops::Range;

const MOST: usize = 4096;
/// First arguments that are words.
const VERBS: [&str; 34] = [
    "user",
    "localgroup",
    "group",
    "view",
    "use",
    "start",
    "stop",
    "share",
    "add",
    "create",
    "config",
    "query",
    "delete",
    "process",
    "call",
    "shadowcopy",
    "advfirewall",
    "firewall",
    "os",
    "path",
    "computersystem",
    "session",
    "accounts",
    "save",
    "export",
    "import",
    "cl",
    "sl",
    "um",
    "interface",
    "shadows",
    "catalog",
    "product",
    "list",
];

impl Scan<'_> {
    /// A command line after its key: all of the quotes, or of the line.
    pub(super) fn command_line(&mut self, place: usize) {
        let Some(mut value) = self.value_after(place, &["line", "is", "was", "lines"]) else {
            return;
        };
        if !value.marked && !value.quoted {
            return;
        }
        let text = self.text;
        // A path in quotes, with arguments after it, is not the whole.
        let closes = value.range.end + 1;
        let goes_on = value.quoted
            && value.marked
            && at(text, closes) == b' '
            && matches!(at(text, closes + 1), b'-' | b'/' | b'"');
        if !value.quoted || goes_on {
            if goes_on {
                value.range.start -= 1;
            }
            value.range.end = line_end(text, value.range.start, MOST);
            for next in [
                &b" CurrentDirectory:"[..],
                b" User:",
                b" ParentImage:",
                b" ParentProcess",
                b" Hashes:",
                b" IntegrityLevel:",
            ] {
                if let Some(found) = memchr::memmem::find(&text[value.range.clone()], next) {
                    value.range.end = value.range.start + found;
                }
            }
            if closes_nothing(&text[value.range.clone()]) {
                value.range.end -= 1;
            }
        }
        self.push_command(value.range);
    }

    pub(super) fn push_command(&mut self, range: Range<usize>) {
        let Some(value) =
            crate::canonical::command_line(&crate::bytes::text(&self.text[range.clone()]))
        else {
            self.reject(Kind::CommandLine, range, Reason::Malformed);
            return;
        };
        self.out.work += range.len() as u64;
        self.program_until = self.program_until.max(range.end);
        self.push(Found::new(Kind::CommandLine, value, range));
    }

    /// Reads the command line that begins with this program, if arguments follow.
    pub(super) fn program(&mut self, word: &Range<usize>) {
        let text = self.text;
        if word.start < self.program_until
            || is_label(before(text, word.start))
            || matches!(before(text, word.start), b'/' | b'\\' | b'.' | b'-' | b'@')
        {
            return;
        }
        let mut end = word.end;
        if text
            .get(end..end + 4)
            .is_some_and(|extension| extension.eq_ignore_ascii_case(b".exe"))
        {
            end += 4;
        }
        let program = text[word.clone()].to_ascii_lowercase();
        let command = self.with_arguments(word.start, end, &program);
        match program.as_slice() {
            b"sc" => self.controlled_service(end),
            b"schtasks" if command.is_some() => {
                self.after_flag(Kind::ScheduledTask, word.end, &[b"/tn ", b"-tn "]);
            }
            _ => {}
        }
        if let Some(range) = command {
            self.push_command(range);
        }
    }

    /// `sc create name`, also of another machine: `sc \\host create name`.
    fn controlled_service(&mut self, end: usize) {
        let text = self.text;
        let line = part(text, end, end + 96);
        let line = &line[..memchr::memchr(b'\n', line).unwrap_or(line.len())];
        for verb in [&b" create "[..], b" config ", b" start "] {
            let found = memchr::memmem::find(line, verb);
            if let Some(found) = found.filter(|found| *found == 0 || line.starts_with(b" \\\\"))
                && let Some(value) = self.value_after(end + found + verb.len(), &[])
            {
                self.push_named(Kind::Service, value.range);
                return;
            }
        }
    }

    /// The command line whose program is this path.
    pub(super) fn program_in_path(&mut self, start: usize, end: usize) -> Option<Found> {
        let text = self.text;
        let path = &text[start..end];
        let runs = path.len() > 4
            && [&b".exe"[..], b".bat", b".cmd", b".com"]
                .iter()
                .any(|known| path[path.len() - 4..].eq_ignore_ascii_case(known));
        if !runs || start < self.program_until {
            return None;
        }
        let name =
            memchr::memrchr(b'\\', path).map_or(path, |slash| &path[slash + 1..path.len() - 4]);
        let name = name.to_vec();
        let range = self.with_arguments(start, end, &name)?;
        let value = crate::canonical::command_line(&crate::bytes::text(&text[range.clone()]))?;
        self.out.work += range.len() as u64;
        self.program_until = range.end;
        if name.eq_ignore_ascii_case(b"schtasks") {
            self.after_flag(Kind::ScheduledTask, end, &[b"/tn ", b"-tn "]);
        }
        Some(Found::new(Kind::CommandLine, value, range))
    }

    fn with_arguments(&mut self, start: usize, end: usize, name: &[u8]) -> Option<Range<usize>> {
        let text = self.text;
        let quote = before(text, start);
        let in_quotes = matches!(quote, b'"' | b'\'' | b'`');
        let program_quoted = in_quotes && at(text, end) == quote;
        let gap = if program_quoted { end + 1 } else { end };
        if at(text, gap) != b' ' {
            return None;
        }
        let argument = gap
            + rest(text, gap)
                .iter()
                .take(4)
                .take_while(|byte| **byte == b' ')
                .count();
        let most = text.len().min(start + MOST);
        let line = line_end(text, argument, MOST.min(most.saturating_sub(argument)));
        let rest = &text[argument..line];
        if !is_argument(rest, name) {
            return None;
        }
        let begin = if program_quoted { start - 1 } else { start };
        let mut stop = line;
        if in_quotes && !program_quoted {
            stop = quoted_end(&text[..most], start, quote)?;
        } else if program_quoted
            && matches!(before(text, begin), b'\'' | b'`' | b'"')
            && let Some(outer) = quoted_end(&text[..most], begin, before(text, begin))
            && outer > argument
        {
            stop = outer;
        }
        if !in_quotes && let Some(sentence) = sentence_end(&text[argument..stop]) {
            stop = argument + sentence;
        }
        while stop > argument
            && (matches!(text[stop - 1], b'.' | b',' | b';' | b' ' | b'`' | b'\\')
                || !in_quotes && closes_nothing(&text[argument..stop]))
        {
            stop -= 1;
        }
        (stop > argument).then_some(begin..stop)
    }
}

/// Does it end with a bracket that was opened before it, as in `CMD (curl -s x)`?
fn closes_nothing(bytes: &[u8]) -> bool {
    bytes.ends_with(b")")
        && memchr::memchr_iter(b')', bytes).count() > memchr::memchr_iter(b'(', bytes).count()
}

fn is_argument(rest: &[u8], name: &[u8]) -> bool {
    let first = at(rest, 0);
    let next = at(rest, 1);
    let dashed = first == b'-'
        && (next.is_ascii_alphabetic() || next == b'-' && at(rest, 2).is_ascii_alphabetic());
    let slashed = first == b'/' && (is_alnum(next) || next == b'?');
    let word = &rest[..rest
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(rest.len())];
    let tail = &rest[word.len()..];
    let verb = is_one_of(&VERBS, word)
        && tail
            .iter()
            .any(|byte| matches!(byte, b'/' | b'\\' | b'=' | b'"'))
        || is_one_of(&VERBS, word) && memchr::memmem::find(tail, b" -").is_some();
    // An argument of its own, and not the value of the next field.
    let address = memchr::memmem::find(word, b"://")
        .is_some_and(|sign| !word[..sign].contains(&b'='))
        && is_one_of(
            &[
                "curl", "wget", "mshta", "ftp", "explorer", "msiexec", "regsvr32", "start",
            ],
            name,
        );
    let library = is_one_of(&["rundll32", "regsvr32"], name)
        && memchr::memchr2(b',', b'.', word).is_some_and(|sign| sign > 0 && sign + 1 < word.len());
    let run = is_one_of(
        &[
            "wscript",
            "cscript",
            "mshta",
            "bash",
            "python",
            "python3",
            "perl",
            "node",
            "powershell",
            "pwsh",
            "cmd",
        ],
        name,
    ) && memchr::memchr(b'.', word).is_some_and(|dot| is_alnum(at(word, dot + 1)))
        && !is_version(word);
    dashed || slashed || verb || address || library || run
}

/// `PowerShell 5.1` names a program, and runs nothing.
fn is_version(word: &[u8]) -> bool {
    let number = word.strip_prefix(b"v").unwrap_or(word);
    let loose =
        |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b')' | b':' | b'+');
    number.iter().all(loose)
}

/// Where a sentence ends and another begins, outside of quotes.
fn sentence_end(bytes: &[u8]) -> Option<usize> {
    let mut quoted = false;
    for (place, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'.' if !quoted
                && at(bytes, place + 1) == b' '
                && at(bytes, place + 2).is_ascii_uppercase()
                && is_alnum(before(bytes, place)) =>
            {
                return Some(place);
            }
            b'`' => return Some(place),
            b',' if !quoted
                && at(bytes, place + 1) == b' '
                && [&b"which"[..], b"then", b"and", b"where"]
                    .iter()
                    .any(|word| rest(bytes, place + 2).starts_with(word)) =>
            {
                return Some(place);
            }
            _ => {}
        }
    }
    None
}
