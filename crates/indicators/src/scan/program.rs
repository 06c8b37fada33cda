//! Reads command lines by the program they begin with. Those with a key before them are read elsewhere.

use super::keyed::{line_end, quoted_end};
use super::{Found, Scan};
use crate::Kind;
use crate::bytes::{at, before, is_alnum, is_label, is_one_of};
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
        let Some(range) = self.with_arguments(word.start, end, &text[word.clone()]) else {
            return;
        };
        let program = text[word.clone()].to_ascii_lowercase();
        self.push_command(range);
        match program.as_slice() {
            b"schtasks" => self.after_flag(Kind::ScheduledTask, word.end, &[b"/tn ", b"-tn "]),
            b"sc" => self.after_flag(
                Kind::Service,
                word.end,
                &[b" create ", b" config ", b" start "],
            ),
            _ => {}
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
            + text[gap..]
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
        while stop > argument && matches!(text[stop - 1], b'.' | b',' | b';' | b' ' | b'`' | b'\\')
        {
            stop -= 1;
        }
        (stop > argument).then_some(begin..stop)
    }
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
    let address = memchr::memmem::find(word, b"://").is_some()
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
    ) && memchr::memchr(b'.', word).is_some_and(|dot| is_alnum(at(word, dot + 1)));
    dashed || slashed || verb || address || library || run
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
                    .any(|word| bytes[place + 2..].starts_with(word)) =>
            {
                return Some(place);
            }
            _ => {}
        }
    }
    None
}
