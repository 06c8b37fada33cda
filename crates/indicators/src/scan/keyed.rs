//! Reads names that only a word before them gives away: mutexes, services, tasks, rules, roles. User agents and command
//! lines are read elsewhere.

use super::keys::{Key, announced_by};
use super::{Found, Scan};
use crate::Kind;
use crate::bytes::{LETTER, at, before, is_label, is_one_of, part, rest, text};
use memchr::memmem;
use std::ops::Range;

/// A value after its key.
pub(super) struct Value {
    pub(super) range: Range<usize>,
    pub(super) quoted: bool,
    /// A colon or equal sign stood between.
    pub(super) marked: bool,
    /// A word such as `named` stood between.
    pub(super) named: bool,
}

/// Nothing longer is read as a name.
const NAME_MOST: usize = 260;
/// Nor is more looked at for it.
const VALUE_MOST: usize = 2048;

impl Scan<'_> {
    /// Reads what the first word of a token announces.
    pub(super) fn keyword(&mut self, token: Range<usize>, all: u8) {
        let text = self.text;
        let bytes = &text[token.clone()];
        if !bytes[0].is_ascii_alphabetic() {
            return;
        }
        let length = if all == LETTER {
            bytes.len()
        } else {
            let head = bytes.iter().take(32);
            head.take_while(|byte| is_label(**byte)).count()
        };
        if !(2..32).contains(&length) {
            return;
        }
        let word = &bytes[..length];
        if let Some(key) = announced_by(word)
            && token.start >= self.keyed_until
        {
            let word = token.start..token.start + length;
            self.out.work += 64;
            self.announced(key, word);
        }
    }

    fn announced(&mut self, key: Key, word: Range<usize>) {
        let end = word.end;
        match key {
            Key::Mutex => {
                let fillers = [
                    "name", "named", "called", "object", "names", "is", "value", "created", "with",
                    "the", "string", "objects", "id",
                ];
                self.take_name(Kind::Mutex, end, &fillers, false);
            }
            Key::CreateMutex => self.created_mutex(end),
            Key::ServiceName => self.take_line(Kind::Service, &word, &["is"]),
            Key::Service if self.next_is(end, &["name"]) => {
                self.take_line(Kind::Service, &word, &["name", "is"]);
            }
            Key::Service => {
                self.take_name(Kind::Service, end, &["named", "called", "display"], true);
            }
            Key::NewService => self.after_flag(Kind::Service, end, &[b"-Name "]),
            Key::TaskName => self.take_line(Kind::ScheduledTask, &word, &["is", "-taskname"]),
            Key::Task if self.next_is(end, &["name"]) => {
                self.take_line(Kind::ScheduledTask, &word, &["name", "is"]);
            }
            Key::Task => {
                if self.follows(word.start, 1, &["scheduled", "schedule", "a", "new"]) {
                    self.take_name(
                        Kind::ScheduledTask,
                        end,
                        &["named", "called", "name"],
                        false,
                    );
                }
            }
            Key::Agent if self.text[word.clone()].eq_ignore_ascii_case(b"mozilla") => {
                self.mozilla(word.start, end);
            }
            Key::Agent => self.agent(end),
            Key::User if self.next_is(end, &["agent", "agents"]) => self.agent(end),
            Key::User => {}
            Key::CommandLine => self.command_line(end),
            Key::Command if self.next_is(end, &["line"]) => self.command_line(end),
            Key::Command => {}
            Key::Rule => self.rule(&word),
            Key::Yara => {
                let fillers = [
                    "rule",
                    "rules",
                    "named",
                    "called",
                    "name",
                    "signature",
                    "detection",
                    "match",
                    "matched",
                    "matches",
                    "hit",
                    "hits",
                    "on",
                    "for",
                ];
                self.take_rule(Kind::Yara, end, &fillers);
            }
            Key::Sigma => self.take_rule(
                Kind::Sigma,
                end,
                &[
                    "rule",
                    "rules",
                    "named",
                    "called",
                    "name",
                    "title",
                    "detection",
                ],
            ),
            Key::Title => self.sigma_title(&word),
            Key::RoleName => self.take_name(Kind::AwsRole, end, &["is"], false),
            Key::Iam if self.next_is(end, &["role"]) => self.take_name(
                Kind::AwsRole,
                end,
                &["role", "named", "called", "name", "is"],
                false,
            ),
            Key::Iam => {}
            Key::Phone => self.phone_after(end),
            Key::Method => self.agent_of_request(&word),
            Key::Program => self.program(&word),
        }
    }

    fn next_is(&self, place: usize, words: &[&str]) -> bool {
        let rest = rest(self.text, place);
        let Some(rest) = rest.strip_prefix(b" ") else {
            return false;
        };
        let length = rest
            .iter()
            .take(16)
            .take_while(|byte| is_label(**byte))
            .count();
        is_one_of(words, &rest[..length])
    }

    /// The value after a key and some words that may stand between.
    pub(super) fn value_after(&self, place: usize, fillers: &[&str]) -> Option<Value> {
        let text = self.text;
        let (mut place, mut marked, mut named) = (place, false, false);
        for _ in 0..5 {
            let mut quote = None;
            let limit = place + 12;
            while place < limit && place < text.len() {
                match text[place] {
                    b' ' | b'\t' | b'(' | b'>' | b'*' => {}
                    b':' | b'=' => marked = true,
                    sign @ (b'"' | b'\'' | b'`') => {
                        // The end of a quoted key, or the beginning of the value.
                        let closes = matches!(at(text, place + 1), b':' | b'=' | b' ')
                            && quote.is_none()
                            && !marked
                            && is_label(before(text, place));
                        if !closes {
                            quote = Some(sign);
                            place += 1;
                            break;
                        }
                    }
                    b'\\' if at(text, place + 1) == b'"' => {}
                    _ => break,
                }
                place += 1;
            }
            if let Some(sign) = quote {
                let most = text.len().min(place + VALUE_MOST);
                let end = quoted_end(&text[..most], place, sign)?;
                return Some(Value {
                    range: place..end,
                    quoted: true,
                    marked,
                    named,
                });
            }
            let length = rest(text, place)
                .iter()
                .take(20)
                .take_while(|byte| is_label(**byte))
                .count();
            if length > 0
                && is_one_of(fillers, part(text, place, place + length))
                && matches!(at(text, place + length), b' ' | b':' | b'=' | b'"')
            {
                place += length;
                named = true;
                continue;
            }
            let within = |byte: u8| {
                !byte.is_ascii_whitespace()
                    && !matches!(
                        byte,
                        b',' | b';' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'|' | b')'
                    )
            };
            let length = rest(text, place)
                .iter()
                .take(NAME_MOST)
                .take_while(|byte| within(**byte))
                .count();
            let mut end = place + length;
            while end > place && matches!(text[end - 1], b'.' | b':' | b'?' | b'!' | b'*') {
                end -= 1;
            }
            return (end > place).then_some(Value {
                range: place..end,
                quoted: false,
                marked,
                named,
            });
        }
        None
    }

    /// A name after its key. Unquoted ones must be marked, or look like no word.
    fn take_name(&mut self, kind: Kind, place: usize, fillers: &[&str], strict: bool) {
        let Some(value) = self.value_after(place, fillers) else {
            return;
        };
        let bytes = &self.text[value.range.clone()];
        let looks = looks_named(bytes);
        let taken = if strict {
            value.quoted && (value.named || !value.marked) || value.named && looks
        } else {
            value.quoted || value.marked || looks
        };
        if !taken || !plausible(bytes) {
            return;
        }
        self.push_named(kind, value.range);
    }

    /// A value that may have spaces, up to the end of its line.
    fn take_line(&mut self, kind: Kind, key: &Range<usize>, fillers: &[&str]) {
        let Some(mut value) = self.value_after(key.end, fillers) else {
            return;
        };
        if !(value.quoted || value.marked || looks_named(&self.text[value.range.clone()])) {
            return;
        }
        if !value.quoted && value.marked && self.begins_line(key.start) {
            let end = line_end(self.text, value.range.start, NAME_MOST / 2);
            let line = &self.text[value.range.start..end];
            value.range.end = if line[0] == b'\\' {
                value.range.start + next_label(line)
            } else {
                end
            };
        }
        if plausible(&self.text[value.range.clone()]) {
            self.push_named(kind, value.range);
        }
    }

    fn take_rule(&mut self, kind: Kind, place: usize, fillers: &[&str]) {
        let Some(mut value) = self.value_after(place, fillers) else {
            return;
        };
        let looks = looks_named(&self.text[value.range.clone()]);
        // `yara: MAL_Grove_Raven` needs no `rule` between.
        let plain = value.marked && looks && self.text[value.range.clone()].contains(&b'_');
        if !(value.named || plain) || !(value.quoted || value.marked || looks) {
            return;
        }
        if kind == Kind::Sigma && !value.quoted && value.marked && !looks {
            value.range.end = line_end(self.text, value.range.start, NAME_MOST / 2);
        }
        if plausible(&self.text[value.range.clone()]) {
            self.push_named(kind, value.range);
        }
    }

    pub(super) fn push_named(&mut self, kind: Kind, range: Range<usize>) {
        let bytes = &self.text[range.clone()];
        if let Some(value) = crate::canonical::name(kind, &text(bytes)) {
            self.keyed_until = range.end;
            self.push(Found::new(kind, value, range));
        }
    }

    fn begins_line(&self, place: usize) -> bool {
        let head = &self.text[place.saturating_sub(12)..place];
        let line = head
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(head, |found| &head[found + 1..]);
        line.iter()
            .all(|byte| matches!(byte, b' ' | b'\t' | b'-' | b'*' | b'>' | b'|'))
    }

    fn created_mutex(&mut self, place: usize) {
        let rest = part(self.text, place, place + 96);
        let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
        if let Some(open) = memchr::memchr(b'"', line) {
            let start = place + open + 1;
            let most = self.text.len().min(start + NAME_MOST);
            if let Some(end) = quoted_end(&self.text[..most], start, b'"') {
                self.push_named(Kind::Mutex, start..end);
            }
        }
    }

    /// The value after a flag on the rest of the line.
    pub(super) fn after_flag(&mut self, kind: Kind, place: usize, flags: &[&[u8]]) {
        let end = line_end(self.text, place, VALUE_MOST);
        let line = self.text[place..end].to_ascii_lowercase();
        self.out.work += line.len() as u64;
        for flag in flags {
            let flag = flag.to_ascii_lowercase();
            if let Some(found) = memmem::find(&line, &flag)
                && let Some(value) = self.value_after(place + found + flag.len(), &[])
                && value.range.end <= end
            {
                self.push_named(kind, value.range);
                return;
            }
        }
    }

    /// `rule Name {` and `rule Name : tag {`.
    fn rule(&mut self, word: &Range<usize>) {
        let text = self.text;
        if at(text, word.end) != b' ' {
            return;
        }
        let start = word.end + 1;
        let length = rest(text, start)
            .iter()
            .take(128)
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
            .count();
        let after = part(text, start + length, start + length + 96);
        let tags = after.iter().position(|byte| {
            !(byte.is_ascii_alphanumeric()
                || byte.is_ascii_whitespace()
                || matches!(byte, b':' | b'_'))
        });
        let opens = tags.is_some_and(|sign| {
            after[sign] == b'{'
                && (sign == 0
                    || after[..sign]
                        .trim_ascii()
                        .first()
                        .is_none_or(|byte| *byte == b':'))
        });
        if length >= 3 && opens {
            self.push_named(Kind::Yara, start..start + length);
        }
    }

    /// The title of a Sigma rule, told from others by the `logsource` that follows.
    fn sigma_title(&mut self, word: &Range<usize>) {
        let text = self.text;
        if at(text, word.end) != b':' || !self.begins_line(word.start) {
            return;
        }
        let end = line_end(text, word.end + 1, NAME_MOST);
        let next = match self.logsource {
            Some(next) if next >= end => next,
            _ => {
                let found = memmem::find(rest(text, end), b"logsource:");
                let next = found.map_or(text.len(), |found| end + found);
                self.out.work += (next - end) as u64;
                self.logsource = Some(next);
                next
            }
        };
        if next < text.len().min(end + VALUE_MOST) {
            let start = word.end
                + 1
                + text[word.end + 1..end]
                    .iter()
                    .take_while(|byte| matches!(byte, b' ' | b'"' | b'\''))
                    .count();
            self.push_named(Kind::Sigma, start..end);
        }
    }
}

/// Where ` EventID: ` of the next field begins; otherwise the end.
fn next_label(line: &[u8]) -> usize {
    memmem::find_iter(line, b": ")
        .find_map(|colon| {
            let word = line[..colon].iter().rposition(|byte| !is_label(*byte))?;
            (line[word] == b' ' && word + 1 < colon).then_some(word)
        })
        .unwrap_or(line.len())
}

/// Where a quoted value ends: at the quote that is not escaped, on the same line.
pub(super) fn quoted_end(text: &[u8], start: usize, quote: u8) -> Option<usize> {
    let mut place = start;
    while place < text.len() {
        match text[place] {
            b'\\' if at(text, place + 1) == quote => place += 1,
            b'\\' if at(text, place + 1) == b'\\' => place += 1,
            b'\n' => return None,
            byte if byte == quote => return (place > start).then_some(place),
            _ => {}
        }
        place += 1;
    }
    None
}

/// The end of a value that goes to the end of its line: before two spaces, a tab, a closing tag.
pub(super) fn line_end(text: &[u8], start: usize, most: usize) -> usize {
    let line = part(text, start, start + most);
    let mut end = line
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'\r' | b'\t' | b'<'))
        .unwrap_or(line.len());
    if let Some(gap) = memmem::find(&line[..end], b"   ") {
        end = gap;
    }
    while end > 0 && matches!(line[end - 1], b' ' | b',' | b';' | b'"' | b'\'' | b'`') {
        if matches!(line[end - 1], b'"' | b'\'')
            && memchr::memchr_iter(line[end - 1], &line[..end])
                .count()
                .is_multiple_of(2)
        {
            break;
        }
        end -= 1;
    }
    start + end
}

/// Digits, underscores, braces or capitals within: no word of a sentence.
fn looks_named(bytes: &[u8]) -> bool {
    bytes.len() >= 3
        && (bytes.iter().any(|byte| {
            byte.is_ascii_digit() || matches!(byte, b'_' | b'{' | b'\\' | b'!' | b'#' | b'$')
        }) || bytes.iter().skip(1).any(u8::is_ascii_uppercase)
            && bytes.iter().any(u8::is_ascii_lowercase))
}

fn plausible(bytes: &[u8]) -> bool {
    (2..=NAME_MOST).contains(&bytes.len())
        && bytes.iter().any(|byte| byte.is_ascii_alphanumeric())
        && !is_one_of(
            &[
                "null", "none", "n/a", "unknown", "true", "false", "nil", "-", "name", "the",
                "this", "not", "was", "that", "and", "{}", "svc",
            ],
            bytes,
        )
        && !bytes.contains(&b'\n')
}
