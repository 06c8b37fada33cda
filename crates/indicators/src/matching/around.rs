//! Small readings at a place of a window: what was escaped before it, four numbers, the neighbourhood of a URL. Keeps nothing.

/// A byte of the window; beyond its end, the end of a line.
#[inline]
pub(super) fn byte(window: &[u8], at: usize) -> u8 {
    window.get(at).copied().unwrap_or(b'\n')
}

/// In small letters.
pub(super) fn lower(text: &[u8]) -> String {
    String::from_utf8_lossy(text).to_ascii_lowercase()
}

/// Whether a host stands where that of a URL does.
pub(super) fn beside_url(window: &[u8], start: usize, end: usize) -> bool {
    let before = start > 0
        && (matches!(window[start - 1], b'/' | b'@') || window[..start].ends_with(b"%2F"));
    before || matches!(byte(window, end), b'/' | b':' | b'?' | b'#' | b'%' | b'\\')
}

/// How many of the first bytes are rather the end of what was escaped before: `%3D`, `\n`, `\u003d`.
pub(super) fn escape(window: &[u8], start: usize) -> Option<usize> {
    let hex = |count: usize, from: usize| {
        let digits = window.get(from..from + count);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    match window[..start].last()? {
        b'%' => hex(2, start).then_some(2),
        b'\\' if byte(window, start) == b'u' && hex(4, start + 1) => Some(5),
        b'\\' => Some(1),
        _ => None,
    }
}

/// How many of the first hexadecimal digits are those of a `\\u003d` that began before them.
pub(super) fn inside_escape(window: &[u8], start: usize) -> Option<usize> {
    window[..start].ends_with(b"\\u").then_some(4)
}

/// Whether the byte before is the letter of a `\\n`.
pub(super) fn ends_escape(window: &[u8], start: usize) -> bool {
    [b"\\n", b"\\r", b"\\t"]
        .iter()
        .any(|escape| window[..start].ends_with(*escape))
}

/// Four numbers at the beginning, ended by something that is none of theirs: the address and how long it is.
#[inline]
pub(super) fn read_v4(text: &[u8]) -> Option<(u32, usize)> {
    let (mut address, mut at) = (0_u32, 0);
    for part in 0..4 {
        let first = at;
        let mut value = 0_u32;
        while at < text.len() && text[at].is_ascii_digit() && at - first < 3 {
            value = value * 10 + u32::from(text[at] - b'0');
            at += 1;
        }
        if at == first || value > 255 || (at - first > 1 && text[first] == b'0') {
            return None;
        }
        address = address << 8 | value;
        if part < 3 {
            if text.get(at) != Some(&b'.') {
                return None;
            }
            at += 1;
        }
    }
    let ends = text
        .get(at)
        .is_none_or(|byte| !byte.is_ascii_alphanumeric());
    ends.then_some((address, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_numbers_make_an_address() {
        for (text, expected) in [
            ("198.51.100.7", Some((0xc633_6407, 12))),
            ("0.0.0.0-9", Some((0, 7))),
            ("198.51.100.7.443", Some((0xc633_6407, 12))),
            ("198.51.100.256", None),
            ("198.51.100.07", None),
            ("198.51.100.7a", None),
            ("198.51.100.1234", None),
            ("198.51.100", None),
        ] {
            assert_eq!(read_v4(text.as_bytes()), expected, "{text}");
        }
    }
}
