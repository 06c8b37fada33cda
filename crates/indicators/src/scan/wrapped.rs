//! Puts together a URL that was broken over lines. Does not judge what comes of it.

use crate::bytes::{at, part, rest};
use memchr::{memchr, memrchr};

/// Lines shorter than this were not broken for want of room.
const NARROW: usize = 60;
/// Longer lines are not text that was broken.
const WIDE: usize = 200;
const LINES: usize = 12;

/// The whole URL and where it ends, if what begins here goes on in the next line.
pub(super) fn join(text: &[u8], start: usize, end: usize) -> Option<(Vec<u8>, usize)> {
    let enclosed = start > 0 && text[start - 1] == b'<';
    let mut joined: Option<Vec<u8>> = None;
    let mut end = end;
    let mut line_start = {
        let least = start.saturating_sub(WIDE);
        let found = memrchr(b'\n', &text[least..start]).map(|found| least + found + 1);
        found.or((least == 0).then_some(0))?
    };
    for _ in 0..LINES {
        let Some(next) = next_line(text, end) else {
            break;
        };
        let full = end - line_start;
        let stretch = part(text, next, next + WIDE);
        let length = stretch
            .iter()
            .position(|byte| !is_url(*byte))
            .unwrap_or(stretch.len());
        let piece = &stretch[..length];
        let stop = at(text, next + length);
        let goes_on = if enclosed {
            !piece.is_empty()
                && (stop == b'>' || matches!(stop, b'\r' | b'\n'))
                && closes(rest(text, next))
        } else {
            (NARROW..=WIDE).contains(&full) && continues(text[end - 1], piece, stop)
        };
        if !goes_on {
            break;
        }
        let whole = joined.get_or_insert_with(|| text[start..end].to_vec());
        whole.extend_from_slice(piece);
        line_start = next;
        end = next + length;
    }
    joined.map(|mut joined| {
        while joined
            .last()
            .is_some_and(|last| matches!(last, b'.' | b',' | b';' | b':' | b'!' | b')'))
        {
            joined.pop();
            end -= 1;
        }
        (joined, end)
    })
}

/// Where the text of the next line begins, after marks of quoting, if the line ends here.
fn next_line(text: &[u8], end: usize) -> Option<usize> {
    let mut place = match (at(text, end), at(text, end + 1)) {
        (b'\n', _) if end < text.len() => end + 1,
        (b'\r', b'\n') => end + 2,
        _ => return None,
    };
    let most = place + 8;
    while place < most && matches!(at(text, place), b' ' | b'\t' | b'>') && place < text.len() {
        place += 1;
    }
    (place < text.len()).then_some(place)
}

/// Does a `>` come before any space, within a few lines?
fn closes(text: &[u8]) -> bool {
    let near = &text[..text.len().min(1024)];
    memchr(b'>', near).is_some_and(|close| {
        let within = &near[..close];
        !within.contains(&b' ')
            && !within.contains(&b'"')
            && within.iter().filter(|byte| **byte == b'\n').count() < LINES
    })
}

/// Could a piece of the next line be the rest of a URL, and nothing else?
fn continues(last: u8, piece: &[u8], stop: u8) -> bool {
    if piece.len() < 2 || !matches!(stop, b'\r' | b'\n' | b' ' | b'"' | b'>' | b')') {
        return false;
    }
    let own = memchr::memmem::find(piece, b"://").is_some()
        || piece.starts_with(b"www.")
        || piece.starts_with(b"- ");
    let open = matches!(last, b'/' | b'-' | b'_' | b'=' | b'&' | b'?' | b'%' | b'+');
    let signs = piece
        .iter()
        .filter(|byte| matches!(byte, b'/' | b'=' | b'&' | b'%' | b'?'))
        .count();
    let digits = piece.iter().any(u8::is_ascii_digit)
        && piece.iter().any(u8::is_ascii_lowercase)
        && piece.len() >= 6;
    let page = piece
        .windows(5)
        .any(|window| matches!(window, b".html" | b".php?" | b".aspx"))
        || piece.ends_with(b".php")
        || piece.ends_with(b".htm");
    let word = piece
        .iter()
        .all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'.' | b',' | b':' | b'\''));
    if own || (word && !page && !open) {
        return false;
    }
    (open && !(word && stop == b' ')) || signs > 0 || digits || page
}

const fn is_url(byte: u8) -> bool {
    byte > b' '
        && byte < 0x7F
        && !matches!(
            byte,
            b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\' | b'^' | b'{' | b'}' | b'|'
        )
}
