//! Texts to measure with: logs, mails and reports, always the same, with about as many indicators as real ones. Measures nothing.

use std::fmt::Write as _;

/// Numbers that look random and are always the same (xorshift).
pub(super) struct Random(u64);

impl Random {
    /// From a seed other than 0.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number.
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    fn word(&mut self) -> &'static str {
        let index = self.below(WORDS.len() as u64);
        WORDS[usize::try_from(index).unwrap_or(0)]
    }

    fn address(&mut self) -> String {
        let [a, b, c, d, ..] = self.next().to_le_bytes();
        format!("{a}.{b}.{c}.{d}")
    }
}

const WORDS: [&str; 40] = [
    "the",
    "attacker",
    "loads",
    "a",
    "second",
    "stage",
    "from",
    "its",
    "server",
    "and",
    "writes",
    "it",
    "to",
    "disk",
    "where",
    "task",
    "runs",
    "every",
    "hour",
    "we",
    "saw",
    "this",
    "in",
    "several",
    "networks",
    "of",
    "companies",
    "since",
    "spring",
    "mail",
    "with",
    "invoice",
    "attached",
    "opens",
    "browser",
    "then",
    "password",
    "is",
    "sent",
    "away",
];
const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";

/// Lines of a web server, of sshd, of a DNS resolver in JSON, and of a firewall.
pub(super) fn logs(bytes: usize) -> String {
    let mut random = Random::new(1);
    fill(bytes, |text| {
        let (address, n) = (random.address(), random.next());
        let _ = match n % 4 {
            0 => writeln!(
                text,
                "{address} - - [12/Jan/2026:10:22:33 +0000] \"GET /page/{}/index.html?q={} HTTP/1.1\" 200 {} \"https://www.site{}.example/path\" \"{AGENT}\"",
                n >> 40 & 0xff,
                n >> 50,
                n >> 44,
                n >> 20 & 0xffff
            ),
            1 => writeln!(
                text,
                "Jan 12 10:22:33 bastion{} sshd[{}]: Failed password for invalid user admin from {address} port {} ssh2",
                n >> 60,
                n >> 48,
                n >> 20 & 0xffff
            ),
            2 => writeln!(
                text,
                "{{\"ts\":\"2026-01-12T10:22:33.123Z\",\"client\":\"10.0.{}.{}\",\"query\":\"cdn{}.shop{}.example\",\"type\":\"A\",\"answer\":\"{address}\",\"took_ms\":{}}}",
                n >> 40 & 255,
                n >> 48 & 255,
                n >> 56,
                n >> 20 & 0xffff,
                n >> 60
            ),
            _ => writeln!(
                text,
                "Jan 12 10:22:33 fw kernel: [{}.{}] DROP IN=eth0 OUT= MAC=00:16:3e:5e:6c:00 SRC={address} DST=10.0.0.5 LEN=60 TTL=52 PROTO=TCP SPT={} DPT=22",
                n >> 40,
                n >> 50,
                n >> 20 & 0xffff
            ),
        };
    })
}

/// Mails with their headers.
pub(super) fn mails(bytes: usize) -> String {
    let mut random = Random::new(2);
    fill(bytes, |text| {
        let (address, n) = (random.address(), random.next());
        let host = format!("mx{}.mail{}.example", n & 7, n >> 20 & 0xfff);
        let _ = write!(
            text,
            "Received: from {host} ({host} [{address}])\r\n\tby in.corp.example (Postfix) with ESMTPS id {:X}\r\n\tfor <ann@corp.example>; Mon, 12 Jan 2026 10:22:33 +0000\r\nMessage-ID: <{n:x}@{host}>\r\nFrom: Billing <billing{}@mail{}.example>\r\nTo: ann@corp.example\r\nSubject: Invoice {}\r\n\r\n",
            n >> 8,
            n & 0xff,
            n >> 20 & 0xfff,
            n >> 32
        );
        sentences(text, &mut random, 6);
        let _ = write!(
            text,
            "\r\nPay here: https://pay.mail{}.example/i/{:x}?t={}\r\n\r\n",
            n >> 20 & 0xfff,
            n >> 12,
            n >> 40
        );
    })
}

/// Paragraphs of a report, with defanged indicators and a table of hashes.
pub(super) fn reports(bytes: usize) -> String {
    let mut random = Random::new(3);
    fill(bytes, |text| {
        sentences(text, &mut random, 12);
        let n = random.next();
        let address = random.address().replace('.', "[.]");
        let _ = write!(
            text,
            "\nThe server update{}[.]cloud{}[.]example ({address}) answers at hxxps://update{}[.]cloud{}[.]example/gate/{:x}. It uses CVE-2025-{} and T1{:03}.\n\n| file | SHA-256 |\n| setup{}.exe | {:016x}{:016x}{:016x}{n:016x} |\n\n",
            n & 0xff,
            n >> 8 & 0xff,
            n & 0xff,
            n >> 8 & 0xff,
            n >> 16,
            1000 + (n >> 50),
            n >> 54,
            n >> 56,
            random.next(),
            random.next(),
            random.next()
        );
    })
}

/// A third of each.
pub(super) fn mixed(bytes: usize) -> String {
    logs(bytes / 3) + &mails(bytes / 3) + &reports(bytes / 3)
}

fn fill(bytes: usize, mut more: impl FnMut(&mut String)) -> String {
    let mut text = String::with_capacity(bytes + 4096);
    while text.len() < bytes {
        more(&mut text);
    }
    text
}

fn sentences(text: &mut String, random: &mut Random, count: usize) {
    for _ in 0..count {
        for _ in 0..12 {
            text.push_str(random.word());
            text.push(' ');
        }
        text.pop();
        text.push_str(". ");
    }
}
