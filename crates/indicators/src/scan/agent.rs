//! Reads user agents, after their key or by the form browsers give them.

use super::keyed::{line_end, quoted_end};
use super::{Found, Scan};
use crate::Kind;
use crate::bytes::{at, before, is_label, is_one_of, part, text};
use std::ops::Range;

/// Nothing longer is read as one.
const AGENT_MOST: usize = 1024;

/// Nor is a request with its answer.
const REQUEST_MOST: usize = 4096;

impl Scan<'_> {
    pub(super) fn agent(&mut self, place: usize) {
        let fillers = [
            "agent", "agents", "string", "strings", "is", "header", "value", "of", "was",
        ];
        let Some(mut value) = self.value_after(place, &fillers) else {
            return;
        };
        if !value.quoted {
            if !value.marked {
                return;
            }
            value.range.end = line_end(self.text, value.range.start, AGENT_MOST);
            value.range.end = value.range.start + next_key(&self.text[value.range.clone()]);
        }
        let bytes = &self.text[value.range.clone()];
        if bytes.len() < 3
            || !bytes.iter().any(u8::is_ascii_alphabetic)
            || !bytes
                .iter()
                .any(|byte| matches!(byte, b'/' | b' ' | b'-' | b'_') || byte.is_ascii_digit())
        {
            return;
        }
        self.push_agent(value.range);
    }

    fn push_agent(&mut self, range: Range<usize>) {
        self.keyed_until = range.end;
        let value = text(&self.text[range.clone()]).trim().to_owned();
        self.out.work += range.len() as u64;
        self.push(Found::new(Kind::UserAgent, value, range));
    }

    /// The last field of a web server's line, `"GET / HTTP/1.1" 404 153 "-" "curl/8.5.0"`. Those of browsers are read
    /// wherever they stand.
    pub(super) fn agent_of_request(&mut self, method: &Range<usize>) {
        let text = self.text;
        if before(text, method.start) != b'"' || at(text, method.end) != b' ' {
            return;
        }
        let most = text.len().min(method.start + REQUEST_MOST);
        let agent = || {
            let request = quoted_end(&text[..most], method.end, b'"')?;
            let numbers = part(text, request + 1, request + 24);
            let numbers = (numbers.iter())
                .take_while(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'-'))
                .count();
            let referrer = request + 1 + numbers;
            if numbers < 5 || at(text, referrer) != b'"' {
                return None;
            }
            let referrer = quoted_end(&text[..most], referrer + 1, b'"')?;
            let start = referrer + 3;
            let follows = part(text, referrer + 1, start) == b" \"";
            let end = follows.then(|| quoted_end(&text[..most], start, b'"'))??;
            Some(start..end)
        };
        self.out.work += 64;
        if let Some(range) = agent()
            && text[range.clone()].iter().any(u8::is_ascii_alphabetic)
            && !text[range.clone()].starts_with(b"Mozilla/")
        {
            self.out.work += (range.end - method.start) as u64;
            let value = crate::bytes::text(&text[range.clone()]).trim().to_owned();
            self.push(Found::new(Kind::UserAgent, value, range));
        }
    }

    /// A browser's user agent without a key.
    pub(super) fn mozilla(&mut self, start: usize, end: usize) {
        let text = self.text;
        if at(text, end) != b'/' || !at(text, end + 1).is_ascii_digit() {
            return;
        }
        let quote = before(text, start);
        let most = text.len().min(start + AGENT_MOST);
        if matches!(quote, b'"' | b'\'' | b'`')
            && let Some(end) = quoted_end(&text[..most], start, quote)
        {
            return self.push_agent(start..end);
        }
        let mut end = end;
        let mut place = start;
        while place < most {
            let length = if text[place] == b'(' {
                part(text, place, most)
                    .iter()
                    .position(|byte| *byte == b')')
                    .map_or(0, |close| close + 1)
            } else {
                let word = part(text, place, most)
                    .iter()
                    .take_while(|byte| {
                        !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\'' | b'<' | b'|')
                    })
                    .count();
                let bytes = &text[place..place + word];
                let product = memchr::memchr(b'/', bytes)
                    .is_some_and(|slash| at(bytes, slash + 1).is_ascii_digit());
                if product
                    || is_one_of(
                        &["like", "gecko", "gecko)", "mobile", "safari", "(khtml,"],
                        bytes,
                    )
                {
                    word
                } else {
                    0
                }
            };
            if length == 0 {
                break;
            }
            end = place + length;
            place = end;
            while at(text, place) == b' ' && place < most {
                place += 1;
            }
        }
        self.push_agent(start..end);
    }
}

/// Where another key begins, as ` verb=`; otherwise the end.
fn next_key(bytes: &[u8]) -> usize {
    let mut key = None;
    for (place, byte) in bytes.iter().enumerate() {
        match byte {
            b' ' => key = Some(place),
            b'=' => match key {
                Some(space) if place > space + 1 => return space,
                _ => key = None,
            },
            byte if !is_label(*byte) => key = None,
            _ => {}
        }
    }
    bytes.len()
}
