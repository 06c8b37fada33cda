//! Reads syslog: messages by RFC 5424 and RFC 3164, and the framing of streams by RFC 6587. Opens no socket.

use std::ops::Range;

/// Longest message taken, in bytes; the rest of a longer one is cut off and told. RFC 5424 §6.1 asks for 2048 at least.
pub const LONGEST: usize = 64 * 1024;

/// What a message says of itself. Nothing of it is to be trusted: anybody can send anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// Facility, 0 to 23.
    pub facility: u8,
    /// Severity, 0 (emergency) to 7 (debug).
    pub severity: u8,
    /// Time as written, if any.
    pub time: Option<&'a str>,
    /// Host as written, if any.
    pub host: Option<&'a str>,
    /// Program as written, if any.
    pub program: Option<&'a str>,
}

/// A message: its header, if it has one, and where its text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// The header. None: no `<priority>` in front, so all of it is text.
    pub header: Option<Header<'a>>,
    /// The text.
    pub text: &'a str,
}

/// Reads a message. Whatever it is, there is a text: what cannot be read is text too.
#[must_use]
pub fn read(message: &str) -> Message<'_> {
    let message = message.trim_end_matches(['\r', '\n', '\0']);
    let plain = Message {
        header: None,
        text: message,
    };
    let Some((priority, rest)) = priority(message) else {
        return plain;
    };
    let header = Header {
        facility: priority / 8,
        severity: priority % 8,
        time: None,
        host: None,
        program: None,
    };
    match rest.strip_prefix("1 ") {
        Some(rest) => new_form(header, rest),
        None => old_form(header, rest),
    }
}

/// `<34>` in front: facility times eight plus severity, at most 191.
fn priority(message: &str) -> Option<(u8, &str)> {
    let (number, rest) = message.strip_prefix('<')?.split_once('>')?;
    let digits =
        !number.is_empty() && number.len() <= 3 && number.bytes().all(|b| b.is_ascii_digit());
    let number: u8 = digits.then(|| number.parse().ok()).flatten()?;
    (number <= 191).then_some((number, rest))
}

/// RFC 5424 §6: `TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA [MSG]`; `-` stands for nothing.
fn new_form<'a>(mut header: Header<'a>, rest: &'a str) -> Message<'a> {
    let mut at = rest;
    let mut word = || {
        let (word, after) = at.split_once(' ').unwrap_or((at, ""));
        at = after;
        (word != "-" && !word.is_empty()).then_some(word)
    };
    header.time = word();
    header.host = word();
    header.program = word();
    let (_process, _id) = (word(), word());
    let text = after_structured(at);
    Message {
        header: Some(header),
        text: text.strip_prefix('\u{feff}').unwrap_or(text),
    }
}

/// Behind the structured data: `-`, or elements `[id name="value" …]` in which `\"`, `\\` and `\]` stand for the character.
/// Values may hold indicators, so they count as text: only a lone `-` is left out.
fn after_structured(rest: &str) -> &str {
    match rest.strip_prefix('-') {
        Some(text) => text.strip_prefix(' ').unwrap_or(text),
        None => rest,
    }
}

/// RFC 3164 §4.1: `Mmm dd hh:mm:ss HOSTNAME TAG: text`. Many leave parts out; what does not fit is text.
fn old_form<'a>(mut header: Header<'a>, rest: &'a str) -> Message<'a> {
    let mut text = rest;
    if let Some(stamp) = rest.get(..15).filter(|s| is_stamp(s)) {
        header.time = Some(stamp);
        text = rest.get(15..).unwrap_or_default().trim_start_matches(' ');
        if let Some((host, after)) = text.split_once(' ')
            && !host.ends_with(':')
        {
            header.host = Some(host);
            text = after;
        }
    }
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || "-_./".contains(c)))
        .unwrap_or(text.len());
    let behind = text.get(end..).unwrap_or_default();
    if (1..=48).contains(&end) && (behind.starts_with(':') || behind.starts_with('[')) {
        header.program = text.get(..end);
    }
    Message {
        header: Some(header),
        text,
    }
}

fn is_stamp(s: &str) -> bool {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let b = s.as_bytes();
    let digits = |range: Range<usize>| b[range].iter().all(u8::is_ascii_digit);
    s.get(..3)
        .is_some_and(|m| MONTHS.find(m).is_some_and(|at| at % 3 == 0))
        && b[3] == b' '
        && (b[4] == b' ' || b[4].is_ascii_digit())
        && digits(5..6)
        && b[6] == b' '
        && digits(7..9)
        && b[9] == b':'
        && digits(10..12)
        && b[12] == b':'
        && digits(13..15)
}

/// Cuts a stream into messages: `LENGTH SP message` where a message begins with a digit, else up to a line feed (RFC 6587
/// §3.4.1 and §3.4.2). Keeps at most [`LONGEST`] bytes.
#[derive(Debug, Default)]
pub struct Frames {
    held: Vec<u8>,
    /// Bytes at the beginning of what is held that have no line feed: a sender of single bytes must not make them be searched anew.
    searched: usize,
    /// Bytes of a message that is too long and still to be thrown away; by counting, or to the line feed.
    skip: Skip,
    /// How many messages were cut off.
    pub cut: u64,
}

#[derive(Debug, Default, Clone, Copy)]
enum Skip {
    #[default]
    Nothing,
    Count(usize),
    Line,
}

impl Frames {
    /// Takes bytes and gives each whole message.
    pub fn push(&mut self, mut bytes: &[u8], mut on: impl FnMut(&[u8])) {
        while !bytes.is_empty() {
            bytes = match self.skip {
                Skip::Nothing => {
                    let room = (LONGEST + 16).saturating_sub(self.held.len()).max(1);
                    let (now, later) = bytes.split_at(room.min(bytes.len()));
                    self.held.extend_from_slice(now);
                    self.give(&mut on);
                    later
                }
                Skip::Count(left) => {
                    let gone = left.min(bytes.len());
                    self.skip = if gone == left {
                        Skip::Nothing
                    } else {
                        Skip::Count(left - gone)
                    };
                    bytes.get(gone..).unwrap_or_default()
                }
                Skip::Line => match bytes.iter().position(|b| *b == b'\n') {
                    Some(end) => {
                        self.skip = Skip::Nothing;
                        bytes.get(end + 1..).unwrap_or_default()
                    }
                    None => &[],
                },
            };
        }
    }

    /// The stream has ended: what is held is the last message, whole or not.
    pub fn finish(mut self, mut on: impl FnMut(&[u8])) {
        self.give(&mut on);
        if !self.held.is_empty() {
            on(&self.held);
        }
    }

    fn give(&mut self, on: &mut impl FnMut(&[u8])) {
        let mut from = 0;
        let mut searched = std::mem::take(&mut self.searched);
        while let Some(rest) = self.held.get(from..).filter(|r| !r.is_empty()) {
            if let Some((head, length)) = counted(rest) {
                searched = 0;
                let kept = length.min(LONGEST);
                let Some(message) = rest.get(head..head + kept) else {
                    break;
                };
                on(message);
                from += head + kept;
                if length > kept {
                    self.cut += 1;
                    let behind = self.held.len() - from;
                    let left = length - kept;
                    from += left.min(behind);
                    if left > behind {
                        self.skip = Skip::Count(left - behind);
                    }
                }
                continue;
            }
            let known = std::mem::take(&mut searched);
            let end = rest[known..].iter().position(|b| *b == b'\n');
            match end.map(|at| known + at) {
                Some(end) => {
                    if end > 0 {
                        on(&rest[..end]);
                    }
                    from += end + 1;
                }
                None if rest.len() >= LONGEST => {
                    on(&rest[..LONGEST]);
                    self.cut += 1;
                    self.skip = Skip::Line;
                    from = self.held.len();
                }
                None => {
                    self.searched = rest.len();
                    break;
                }
            }
        }
        self.held.drain(..from);
    }
}

/// How long the head `LENGTH SP` is, and the length. A number that is not followed by `<` is text: a line may begin with one.
fn counted(rest: &[u8]) -> Option<(usize, usize)> {
    let digits = rest
        .iter()
        .take(9)
        .take_while(|b| b.is_ascii_digit())
        .count();
    if digits == 0
        || rest[0] == b'0'
        || rest.get(digits) != Some(&b' ')
        || rest.get(digits + 1) != Some(&b'<')
    {
        return None;
    }
    let length = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    Some((digits + 1, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header(message: &str) -> (Option<&str>, Option<&str>, Option<&str>) {
        let h = read(message).header.unwrap();
        (h.time, h.host, h.program)
    }

    #[test]
    fn messages_of_rfc_5424() {
        let m = "<34>1 2026-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \u{feff}'su root' failed for lonvick on /dev/pts/8";
        assert_eq!(
            header(m),
            (
                Some("2026-10-11T22:14:15.003Z"),
                Some("mymachine.example.com"),
                Some("su")
            )
        );
        let read_ = read(m);
        assert_eq!(read_.text, "'su root' failed for lonvick on /dev/pts/8");
        let h = read_.header.unwrap();
        assert_eq!((h.facility, h.severity), (4, 2));
        let structured = r#"<165>1 - - evntslog - ID47 [a@1 src="203.0.113.9"] An event"#;
        assert_eq!(header(structured), (None, None, Some("evntslog")));
        assert!(
            read(structured).text.contains("203.0.113.9"),
            "an address within is looked at too"
        );
    }

    #[test]
    fn messages_of_rfc_3164_and_what_comes_close() {
        let m =
            "<38>Nov 22 03:04:05 web1 sshd[812]: Failed password for root from 203.0.113.9 port 22";
        assert_eq!(
            header(m),
            (Some("Nov 22 03:04:05"), Some("web1"), Some("sshd"))
        );
        assert!(read(m).text.starts_with("sshd[812]: Failed"));
        assert_eq!(
            header("<13>Nov  2 03:04:05 web1 a text"),
            (Some("Nov  2 03:04:05"), Some("web1"), None)
        );
        assert_eq!(header("<13>nginx: started"), (None, None, Some("nginx")));
        assert_eq!(header("<13>%ASA-6-302013: Built"), (None, None, None));
    }

    #[test]
    fn what_has_no_priority_is_text() {
        for text in [
            "", "plain", "<>x", "<192>x", "<-1>x", "<1a>x", "<0001>x", "<34",
        ] {
            assert_eq!(read(text), Message { header: None, text }, "{text}");
        }
        assert_eq!(read("<0>").text, "");
    }

    fn frames(pieces: &[&[u8]]) -> Vec<String> {
        let mut out = Vec::new();
        let mut frames = Frames::default();
        for piece in pieces {
            frames.push(piece, |m| out.push(String::from_utf8_lossy(m).into_owned()));
        }
        frames.finish(|m| out.push(String::from_utf8_lossy(m).into_owned()));
        out
    }

    #[test]
    fn both_framings_in_one_stream() {
        assert_eq!(
            frames(&[b"8 <1>a\nb c<2>x\n\n7 lines\n5 <3>yz<4>end"]),
            ["<1>a\nb c", "<2>x", "7 lines", "<3>yz", "<4>end"]
        );
    }

    #[test]
    fn too_long_a_message_is_cut_and_the_next_one_is_whole() {
        for counted in [false, true] {
            let long = format!("<1>{}", "a".repeat(3 * LONGEST));
            let first = if counted {
                format!("{} {long}", long.len())
            } else {
                format!("{long}\n")
            };
            let all = format!("{first}<2>next\n");
            let mut out = Vec::new();
            let mut frames = Frames::default();
            for piece in all.as_bytes().chunks(1000) {
                frames.push(piece, |m| out.push(m.len()));
            }
            assert_eq!((out, frames.cut), (vec![LONGEST, 7], 1));
            assert!(frames.held.capacity() < 4 * LONGEST);
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic_and_a_text_is_a_part_of_the_message(message in "\\PC{0,80}|<[0-9]{1,3}>1? ?\\PC{0,60}") {
            prop_assert!(message.contains(read(&message).text));
        }

        #[test]
        fn pieces_do_not_matter(lines in prop::collection::vec(("<[0-9]{1,2}>[a-z ]{0,20}", any::<bool>()), 1..6), size in 1usize..9) {
            let framed = |(l, counted): &(String, bool)| if *counted { format!("{} {l}", l.len()) } else { format!("{l}\n") };
            let all: String = lines.iter().map(framed).collect();
            let lines: Vec<String> = lines.into_iter().map(|(l, _)| l).collect();
            let pieces: Vec<&[u8]> = all.as_bytes().chunks(size).collect();
            prop_assert_eq!(frames(&pieces), lines);
        }
    }
}
