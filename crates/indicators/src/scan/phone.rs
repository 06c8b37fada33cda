//! Reads telephone numbers: international ones by their plus sign, others by a word before them.

use super::{Found, Scan};
use crate::Kind;
use crate::bytes::{at, before, is_label, rest, text};

impl Scan<'_> {
    /// Reads a number from its plus sign; gives where it ends.
    pub(super) fn phone(&mut self, plus: usize) -> Option<usize> {
        let text = self.text;
        if is_label(before(text, plus)) || !matches!(at(text, plus + 1), b'1'..=b'9') {
            return None;
        }
        let end = number_end(text, plus + 1)?;
        let value = canonical(&crate::bytes::text(&text[plus..end]))?;
        self.out.work += (end - plus) as u64;
        self.push(Found::new(Kind::Phone, value, plus..end));
        Some(end)
    }

    /// Reads a number without plus sign, after a word that announced one.
    pub(super) fn phone_after(&mut self, word_end: usize) {
        let bytes = self.text;
        let gap = rest(bytes, word_end).iter().take(16).position(|byte| {
            byte.is_ascii_digit() || *byte == b'(' || *byte == b'+' || *byte == b'\n'
        });
        let Some(gap) = gap else {
            return;
        };
        let between = &bytes[word_end..word_end + gap];
        let words = text(between).to_ascii_lowercase();
        let quiet = words
            .split(|letter: char| !letter.is_alphabetic())
            .all(|word| {
                matches!(
                    word,
                    "" | "number"
                        | "no"
                        | "us"
                        | "at"
                        | "on"
                        | "is"
                        | "now"
                        | "toll"
                        | "free"
                        | "support"
                        | "helpline"
                        | "nr"
                        | "line"
                )
            });
        let start = word_end + gap;
        if !quiet || matches!(at(bytes, start), b'+' | b'\n') {
            return;
        }
        let Some(end) = number_end(bytes, start) else {
            return;
        };
        let written = text(&bytes[start..end]);
        let digits: String = written.chars().filter(char::is_ascii_digit).collect();
        let separated = written.contains([' ', '-', '(', '/'])
            || digits.starts_with('0')
            || digits.len() == 10
            || digits.starts_with("1800")
            || digits.starts_with("1888");
        if (7..=15).contains(&digits.len()) && separated {
            self.push(Found::new(Kind::Phone, digits, start..end));
        }
    }
}

fn number_end(text: &[u8], start: usize) -> Option<usize> {
    let mut end = start;
    let mut last = start;
    let mut digits = 0;
    while end < text.len().min(start + 26) {
        match text[end] {
            b'0'..=b'9' => {
                digits += 1;
                last = end + 1;
            }
            b' ' | b'-' | b'.' | b'(' | b')' | b'/' => {
                let next = at(text, end + 1);
                if !(next.is_ascii_digit()
                    || matches!(next, b'(' | b' ' | b'-')
                        && matches!(at(text, end + 2), b'0'..=b'9' | b'('))
                {
                    break;
                }
            }
            _ => break,
        }
        end += 1;
    }
    let sound = (7..=15).contains(&digits)
        && !is_label(at(text, last))
        && !matches!(at(text, last), b':' | b'@');
    sound.then_some(last)
}

/// Digits alone, with the plus sign if there was one.
pub(crate) fn canonical(value: &str) -> Option<String> {
    let value = value.trim();
    let plus = value.starts_with('+');
    let value = value.replacen("(0)", "", 1);
    let signs = value
        .chars()
        .all(|letter| letter.is_ascii_digit() || "+ -.()/\u{a0}".contains(letter));
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let enough = if plus { 8..=15 } else { 7..=15 };
    (signs && enough.contains(&digits.len()))
        .then(|| if plus { format!("+{digits}") } else { digits })
}
