//! The few headers of a mail that a ticket needs. Reads no bodies: the file itself is the evidence.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::output;

/// What a ticket takes from a mail.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Mail {
    /// Subject.
    pub(crate) subject: String,
    /// From.
    pub(crate) from: String,
    others: Vec<(String, String)>,
}

/// Shown in the description, in this order.
const SHOWN: &[&str] = &[
    "from",
    "reply-to",
    "return-path",
    "to",
    "subject",
    "date",
    "message-id",
];

impl Mail {
    /// Reads the headers, unfolded and decoded.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in text.lines().take_while(|l| !l.is_empty()) {
            match (
                line.starts_with([' ', '\t']),
                headers.last_mut(),
                line.split_once(':'),
            ) {
                (true, Some((_, value)), _) => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                (false, _, Some((name, value))) => {
                    headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
                }
                _ => {}
            }
        }
        let decoded = headers
            .into_iter()
            .map(|(n, v)| (n, output::line(&decode(&v))));
        let headers: Vec<(String, String)> = decoded.collect();
        let first = |name: &str| {
            headers
                .iter()
                .find(|h| h.0 == name)
                .map(|h| h.1.clone())
                .unwrap_or_default()
        };
        Self {
            subject: first("subject"),
            from: first("from"),
            others: headers,
        }
    }

    /// The headers that matter, a line each.
    pub(crate) fn summary(&self) -> String {
        let lines = SHOWN
            .iter()
            .filter_map(|n| self.others.iter().find(|h| h.0 == *n));
        lines
            .map(|(name, value)| format!("{name}: {value}"))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// Decodes the encoded words of RFC 2047; what cannot be decoded stays as it is.
fn decode(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("=?") {
        let (before, from) = rest.split_at(at);
        let Some((word, after)) = encoded_word(from) else {
            out.push_str(before);
            out.push_str("=?");
            rest = &from[2..];
            continue;
        };
        // White space between two encoded words is not text.
        if !(before.trim().is_empty() && at > 0 && !out.is_empty()) {
            out.push_str(before);
        }
        out.push_str(&word);
        rest = after;
    }
    out + rest
}

fn encoded_word(text: &str) -> Option<(String, &str)> {
    let (charset, rest) = text.strip_prefix("=?")?.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let (content, after) = rest.split_once("?=")?;
    let bytes = match encoding {
        "B" | "b" => STANDARD.decode(content).ok()?,
        "Q" | "q" => quoted(content)?,
        _ => return None,
    };
    let word = if charset.to_ascii_lowercase().starts_with("iso-8859-1") {
        bytes.into_iter().map(char::from).collect()
    } else {
        String::from_utf8(bytes).ok()?
    };
    Some((word, after))
}

fn quoted(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        out.push(match b {
            b'_' => b' ',
            b'=' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            b => b,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_mail_says_who_and_what() {
        let mail = Mail::read(include_bytes!("../../../../fixtures/phishing.eml"));
        assert!(
            mail.from.contains("harbour-freight-it.example"),
            "{}",
            mail.from
        );
        assert!(!mail.subject.is_empty());
        assert!(mail.summary().contains("reply-to: "));
    }

    #[test]
    fn encoded_words_are_decoded_and_broken_ones_stay() {
        assert_eq!(
            decode("=?utf-8?Q?Gr=C3=BC=C3=9Fe_an?= =?UTF-8?B?IGFsbGU=?="),
            "Grüße an alle"
        );
        assert_eq!(decode("=?iso-8859-1?q?caf=E9?= x"), "café x");
        assert_eq!(decode("a =?utf-8?B?%%?= b"), "a =?utf-8?B?%%?= b");
        assert_eq!(
            Mail::read(b"Subject: a\r\n b\r\n\r\nSubject: c").subject,
            "a b"
        );
    }
}
