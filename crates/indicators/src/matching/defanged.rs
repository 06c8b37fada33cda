//! Signs that a value near by was made harmless, as in `shop[.]example`, and the piece of the line to read then. Looks nothing up.

use super::around::byte;
use super::segment::is_word;
use std::ops::Range;

/// As far as a piece reaches before its sign.
const BEFORE: usize = 512;
/// As far as values of a piece may begin behind its sign.
pub(super) const BEHIND: usize = 1024;
/// As far as they may end behind that.
const REST: usize = 512;

/// Whether the bracket, dot or backslash at this place is such a sign. Cheap: most brackets of a log are not.
#[inline]
pub(super) fn is_sign(window: &[u8], at: usize) -> bool {
    let before = || {
        at.checked_sub(1)
            .is_some_and(|last| !window[last].is_ascii_whitespace())
    };
    match window[at] {
        b'.' => {
            let closed = matches!(byte(window, at + 1), b']' | b')' | b'}');
            let split = closed && is_word(byte(window, at + 2));
            let escaped = at > 1 && window[at - 1] == b'\\' && is_word(window[at - 2]);
            split || (escaped && is_word(byte(window, at + 1)))
        }
        open => {
            let close = if open == b'(' { b')' } else { open + 2 };
            let inner = &window[at + 1..window.len().min(at + 8)];
            let Some(end) = inner.iter().position(|byte| *byte == close) else {
                // One-sided: shop[.example
                return inner.first() == Some(&b'.') && is_word(byte(window, at + 2)) && before();
            };
            let inner = inner[..end].trim_ascii();
            [b".".as_slice(), b"dot", b"at", b"@", b":", b"://", b"/"]
                .iter()
                .any(|sign| inner.eq_ignore_ascii_case(sign))
        }
    }
}

/// The piece of the line around a sign.
pub(super) fn piece(window: &[u8], at: usize) -> Range<usize> {
    let first = at.saturating_sub(BEFORE);
    let before = &window[first..at];
    let start = match memchr::memrchr(b'\n', before) {
        Some(place) => first + place + 1,
        // Cut where a word ends, if any does.
        None if first > 0 => first + before.iter().position(u8::is_ascii_whitespace).unwrap_or(0),
        None => 0,
    };
    let last = window.len().min(at + BEHIND + REST);
    let end = memchr::memchr(b'\n', &window[at..last]).map_or(last, |place| at + place);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_told_from_other_brackets() {
        for (text, is) in [
            ("shop[.]example", true),
            ("shop[dot]example", true),
            ("shop( DOT )example", true),
            ("a[@]b", true),
            ("hxxp[://]a", true),
            ("a{.}b", true),
            ("shop[.example", true),
            ("sshd[1234]: x", false),
            ("[12/Jan/2026", false),
            ("(KHTML, like", false),
            ("f(.5)", false),
            ("[::1]", false),
            ("[", false),
        ] {
            let at = text.find(['[', '(', '{']).unwrap();
            assert_eq!(is_sign(text.as_bytes(), at), is, "{text}");
        }
        for (text, is) in [
            ("shop.]example", true),
            ("shop\\.example", true),
            ("the end.) New", false),
            ("a.", false),
        ] {
            assert_eq!(
                is_sign(text.as_bytes(), text.find('.').unwrap()),
                is,
                "{text}"
            );
        }
    }
}
