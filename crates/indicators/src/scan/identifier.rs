//! Reads identifiers that show what they are by their own form: CVE, ATT&CK, AS numbers, JA4, cloud resources.

use super::{Found, Scan};
use crate::bytes::{before, is_label, is_one_of, rest, text};
use crate::tables::ACCOUNT_WORDS;
use crate::{Kind, Reason};
use std::ops::Range;

impl Scan<'_> {
    /// Reads a word that is an identifier; says whether it was read.
    pub(super) fn identifier(&mut self, word: &Range<usize>) -> bool {
        let bytes = &self.text[word.clone()];
        match bytes[0] {
            b'C' | b'c' => self.weakness(word),
            b'T' | b'G' | b'S' if (5..=7).contains(&bytes.len()) && self.technique(word) => true,
            b'A' | b'a' if bytes.len() <= 12 && self.autonomous_system(word) => true,
            b'A' if bytes.len() == 20 => self.access_key(word),
            b'i' if bytes.len() == 10 || bytes.len() == 19 => self.instance(word),
            b't' | b'q' | b'd' if bytes.len() == 36 => self.ja4(word),
            b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' if bytes.len() == 17 => {
                let address = super::address::mac(bytes, b'-');
                address.is_some_and(|address| {
                    self.push_mac(&address, word.clone());
                    true
                })
            }
            b'0'..=b'9' if bytes.iter().all(u8::is_ascii_digit) => self.number(word),
            b'0'..=b'9' if bytes.len() == 14 && bytes[4] == b'-' && bytes[9] == b'-' => {
                self.account_with_dashes(word)
            }
            _ => false,
        }
    }

    /// `CVE-2024-12345`, `CWE-79`.
    fn weakness(&mut self, word: &Range<usize>) -> bool {
        let bytes = &self.text[word.clone()];
        let bytes = &bytes[..bytes
            .iter()
            .rposition(u8::is_ascii_digit)
            .map_or(0, |last| last + 1)];
        let range = word.start..word.start + bytes.len();
        let kind = match bytes.get(..4).map(<[u8]>::to_ascii_uppercase).as_deref() {
            Some(b"CVE-" | b"CVE_") => Kind::Cve,
            Some(b"CWE-" | b"CWE_") => Kind::Cwe,
            _ => return false,
        };
        match canonical(kind, &text(bytes)) {
            Some(value) => self.push(Found::new(kind, value, range)),
            None => self.reject(kind, range, Reason::Malformed),
        }
        true
    }

    /// `T1059`, `T1059.001`, `TA0002`, `G0016`, `S0154`.
    pub(super) fn technique(&mut self, range: &Range<usize>) -> bool {
        let bytes = &self.text[range.clone()];
        if !matches!(bytes[0], b'T' | b'G' | b'S') || bytes.len() > 9 {
            return false;
        }
        let Some(value) = canonical(Kind::Attack, &text(bytes)) else {
            return false;
        };
        let mut found = Found::new(Kind::Attack, value, range.clone());
        // Short numbers of groups and software are numbers of other things too.
        if matches!(bytes[0], b'S' | b'G')
            && bytes[1] != b'0'
            && !self.follows(
                range.start,
                4,
                &[
                    "software", "group", "groups", "att", "mitre", "attack", "malware", "att&ck",
                    "apt",
                ],
            )
        {
            found.weak = Some(Reason::NoContext);
        }
        self.push(found);
        true
    }

    fn autonomous_system(&mut self, word: &Range<usize>) -> bool {
        let bytes = &self.text[word.clone()];
        let Some(value) = canonical(Kind::Asn, &text(bytes)) else {
            return false;
        };
        let short = value.len() < 5;
        let small = bytes[0] == b'a';
        let named = (short || small || value == "AS400")
            && self.follows(
                word.start,
                2,
                &[
                    "asn",
                    "as",
                    "autonomous",
                    "system",
                    "bgp",
                    "origin",
                    "as_number",
                    "network",
                    "hosted",
                ],
            );
        let mut found = Found::new(Kind::Asn, value, word.clone());
        if !named && (short || small || found.value == "AS400") {
            found.weak = Some(if found.value == "AS400" {
                Reason::ProductName
            } else {
                Reason::NoContext
            });
        }
        self.push(found);
        true
    }

    fn access_key(&mut self, word: &Range<usize>) -> bool {
        let Some(value) = canonical(Kind::AwsKey, &text(&self.text[word.clone()])) else {
            return false;
        };
        self.push(Found::new(Kind::AwsKey, value, word.clone()));
        true
    }

    fn instance(&mut self, word: &Range<usize>) -> bool {
        let Some(value) = canonical(Kind::AwsInstance, &text(&self.text[word.clone()])) else {
            return false;
        };
        self.push(Found::new(Kind::AwsInstance, value, word.clone()));
        true
    }

    fn ja4(&mut self, word: &Range<usize>) -> bool {
        let Some(value) = canonical(Kind::Ja4, &text(&self.text[word.clone()])) else {
            return false;
        };
        self.push(Found::new(Kind::Ja4, value, word.clone()));
        true
    }

    /// Digits alone: an account, an AS number, if a word beside them says so.
    fn number(&mut self, word: &Range<usize>) -> bool {
        let digits = text(&self.text[word.clone()]);
        if digits.len() == 12 {
            if self.follows(word.start, 3, ACCOUNT_WORDS) {
                self.push(Found::new(Kind::AwsAccount, digits, word.clone()));
            } else {
                self.reject(Kind::AwsAccount, word.clone(), Reason::NoContext);
            }
            return true;
        }
        let near = self.words_before(word.start, 1);
        let named = digits.len() <= 10
            && near.first().is_some_and(|near| {
                is_one_of(&["asn", "asnumber", "as_number"], near) || *near == b"AS"
            })
            && matches!(before(self.text, word.start), b' ' | b':' | b'=' | b'"');
        if named && let Some(value) = canonical(Kind::Asn, &digits) {
            self.push(Found::new(Kind::Asn, value, word.clone()));
            return true;
        }
        false
    }

    /// `1234-5678-9012`, as the console shows an account.
    fn account_with_dashes(&mut self, word: &Range<usize>) -> bool {
        let digits: String = text(&self.text[word.clone()]).replace('-', "");
        let sound = digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_digit());
        if sound && self.follows(word.start, 3, ACCOUNT_WORDS) {
            self.push(Found::new(Kind::AwsAccount, digits, word.clone()));
        }
        sound
    }

    /// `arn:aws:iam::123456789012:role/name`; gives where the token that holds it ends.
    pub(super) fn arn(&mut self, token: &Range<usize>) -> Option<usize> {
        let text = self.text;
        let bytes = &text[token.clone()];
        if bytes.len() < 16 {
            return None;
        }
        let start = token.start + memchr::memmem::find(&bytes[..bytes.len().min(64)], b"arn:aws")?;
        if is_label(before(text, start)) {
            return None;
        }
        let most = text.len().min(start + 1024);
        let within = |byte: &u8| is_label(*byte) || b":/.+=@*?~#$".contains(byte);
        let mut end = start
            + text[start..most]
                .iter()
                .take_while(|byte| within(byte))
                .count();
        while matches!(text[end - 1], b'.' | b':' | b'?') {
            end -= 1;
        }
        let value = canonical(Kind::Arn, std::str::from_utf8(&text[start..end]).ok()?)?;
        self.push(Found::new(Kind::Arn, value, start..end));
        Some(end.max(token.end))
    }
}

/// The canonical form of an identifier, where the text is one.
pub(crate) fn canonical(kind: Kind, value: &str) -> Option<String> {
    let upper = value.to_ascii_uppercase();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match kind {
        Kind::Cve => {
            let (year, number) = upper
                .strip_prefix("CVE")
                .and_then(|rest| rest.strip_prefix(['-', '_']))?
                .split_once(['-', '_'])?;
            let year_sound = year.len() == 4 && digits(year) && ("1999"..="2099").contains(&year);
            (year_sound && (4..=19).contains(&number.len()) && digits(number))
                .then(|| format!("CVE-{year}-{number}"))
        }
        Kind::Cwe => {
            let number = upper
                .strip_prefix("CWE")
                .and_then(|rest| rest.strip_prefix(['-', '_']))?;
            (number.len() <= 4 && digits(number)).then(|| format!("CWE-{number}"))
        }
        Kind::Attack => attack(&upper).then_some(upper),
        Kind::Asn => {
            let number = upper
                .strip_prefix("ASN")
                .or_else(|| upper.strip_prefix("AS"))
                .unwrap_or(&upper);
            let number: u32 = number.trim_start_matches([' ', '-']).parse().ok()?;
            (number > 0).then(|| format!("AS{number}"))
        }
        Kind::AwsKey => {
            let known = ["AKIA", "ASIA", "ABIA", "ACCA"]
                .iter()
                .any(|start| upper.starts_with(start));
            let sound = value.len() == 20
                && value
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            (known && sound).then_some(upper)
        }
        Kind::AwsInstance => {
            let lower = value.to_ascii_lowercase();
            let hex = lower.strip_prefix("i-")?;
            (matches!(hex.len(), 8 | 17)
                && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
                && hex.bytes().any(|byte| byte.is_ascii_digit()))
            .then_some(lower)
        }
        Kind::AwsAccount => {
            let number = value.replace(['-', ' '], "");
            (number.len() == 12 && digits(&number)).then_some(number)
        }
        Kind::Arn => {
            let parts: Vec<&str> = value.splitn(6, ':').collect();
            let sound = parts.len() == 6
                && parts[0].eq_ignore_ascii_case("arn")
                && parts[1].starts_with("aws")
                && !parts[2].is_empty()
                && !parts[5].is_empty()
                && (parts[4].is_empty()
                    || parts[4] == "aws"
                    || parts[4].len() == 12 && digits(parts[4]));
            sound.then(|| value.to_owned())
        }
        Kind::Ja4 => ja4(value).then(|| value.to_ascii_lowercase()),
        _ => None,
    }
}

fn attack(upper: &str) -> bool {
    let digits = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if let Some(tactic) = upper.strip_prefix("TA") {
        return digits(tactic, 4) && tactic.starts_with("00")
            || digits(tactic, 4) && tactic.starts_with("01");
    }
    let (head, sub) = match upper.split_once('.') {
        Some((head, sub)) => (head, Some(sub)),
        None => (upper, None),
    };
    let Some((letter, number)) = head.split_at_checked(1) else {
        return false;
    };
    if !digits(number, 4) {
        return false;
    }
    match letter {
        "T" => {
            (("1001"..="1799").contains(&number) || ("0800".."0900").contains(&number))
                && sub.is_none_or(|sub| digits(sub, 3))
        }
        "G" => sub.is_none() && ("0001".."1200").contains(&number),
        "S" => sub.is_none() && ("0001".."1400").contains(&number),
        _ => false,
    }
}

fn ja4(value: &str) -> bool {
    let bytes = value.as_bytes();
    let hex = |text: &[u8]| {
        text.iter()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
    };
    bytes.len() == 36
        && matches!(bytes[0], b't' | b'q' | b'd')
        && (bytes[1..3].iter().all(u8::is_ascii_digit) || bytes[1] == b's' || bytes[1] == b'd')
        && matches!(bytes[3], b'd' | b'i')
        && bytes[4..8].iter().all(u8::is_ascii_digit)
        && bytes[8..10].iter().all(u8::is_ascii_alphanumeric)
        && bytes[10] == b'_'
        && bytes[23] == b'_'
        && hex(&bytes[11..23])
        && hex(rest(bytes, 24))
}
