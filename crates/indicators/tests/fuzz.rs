//! Real documents, spoilt in many small ways that are the same each time: whatever comes of them, what is promised holds.
//! `MIDWATCH_SEED=7 MIDWATCH_ROUNDS=100000 cargo test --release --test fuzz` tries others.
#![expect(clippy::unwrap_used, reason = "what can't be read fails the test")]

use indicators::matching::{Builder, Matcher, Scanner};
use indicators::{Kind, Options, attachments, extract, stream};
use std::path::{Path, PathBuf};

/// Spoilt documents that are tried.
const ROUNDS: u64 = 2000;
/// Longer pieces of a document say nothing more.
const LONGEST: usize = 6000;
/// Work for each byte that no text may exceed, and what each text may cost anyway.
const WORK: u64 = 150;
/// What decides how a reader goes on.
const MARKS: &[&str] = &[
    "[.]",
    "[dot]",
    " at ",
    "hxxp://",
    "://",
    "\\",
    "\\\\",
    "\\u002e",
    "&#46;",
    "%2e",
    "=\n",
    "=3D",
    "\r\n\r\n",
    "\n\n",
    "\"",
    "'",
    "`",
    "<",
    ">",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "@",
    ":",
    "::",
    "/",
    "//",
    "..",
    "\0",
    "\u{200b}",
    "\u{3002}",
    "\u{feff}",
    "\u{1f600}",
    "xn--",
    "T1",
    "0x",
    "rule ",
    "user-agent: ",
    "\"GET ",
    "command line: ",
    "mutex ",
    "yara: ",
    "JA3 ",
    "--b\n",
    "Content-Transfer-Encoding: base64\n",
    "Content-Type: multipart/mixed; boundary=b\n",
    "=?utf-8?B?",
    "?=",
    "aHR0cDovL2EuZXhhbXBsZS8",
    "H4sIAAAAAAAA",
    "https://a.example/?u=",
    "/IN'",
    "~/",
    "HKLM\\",
];

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % below.max(1)
    }

    /// Two places of a text, in order.
    fn range(&mut self, length: usize, most: usize) -> std::ops::Range<usize> {
        let start = self.roll(length + 1);
        let end = start + self.roll(most.min(length - start) + 1);
        start..end
    }
}

/// Every document of the fixtures, and each line of the cases.
fn documents() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/indicators");
    let files = |folder: &Path| {
        let all = std::fs::read_dir(folder).unwrap();
        let mut all: Vec<PathBuf> = all.map(|file| file.unwrap().path()).collect();
        all.sort();
        all.into_iter().filter(|path| path.is_file())
    };
    let mut all: Vec<Vec<u8>> = (files(&folder).chain(files(&folder.join("cases"))))
        .map(|path| std::fs::read(path).unwrap())
        .collect();
    let cases = std::fs::read(folder.join("cases/dev-mail.jsonl")).unwrap();
    for line in cases
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        let case: serde_json::Value = serde_json::from_slice(line).unwrap();
        all.push(case["text"].as_str().unwrap().as_bytes().to_vec());
    }
    all
}

fn spoil(text: &mut Vec<u8>, others: &[Vec<u8>], dice: &mut Dice) {
    let place = dice.roll(text.len() + 1);
    match dice.roll(9) {
        0 if !text.is_empty() => {
            let place = dice.roll(text.len());
            text[place] ^= 1 << dice.roll(8);
        }
        1 => drop(text.drain(dice.range(text.len(), 200))),
        2 => {
            let piece = text[dice.range(text.len(), 200)].to_vec();
            text.splice(place..place, piece.repeat(1 + dice.roll(20)));
        }
        3 => {
            let other = &others[dice.roll(others.len())];
            let piece = other[dice.range(other.len(), 400)].to_vec();
            text.splice(place..place, piece);
        }
        4 => text.truncate(place),
        5 => {
            let wide = String::from_utf8_lossy(text);
            *text = wide.encode_utf16().flat_map(u16::to_le_bytes).collect();
        }
        6 => {
            let random: Vec<u8> = (0..dice.roll(40))
                .map(|_| dice.roll(256).to_le_bytes()[0])
                .collect();
            text.splice(place..place, random);
        }
        _ => {
            let mark = MARKS[dice.roll(MARKS.len())].bytes();
            text.splice(place..place, mark);
        }
    }
}

/// What must hold of any bytes at all.
fn holds(text: &[u8]) -> Result<(), String> {
    let options = Options::default().explain(true).derived(true);
    let found = extract(text, &options);
    let allowed = (text.len() as u64 + 1000) * WORK;
    if found.work > allowed {
        return Err(format!("{} units of work, {allowed} allowed", found.work));
    }
    for hit in &found.hits {
        if hit.start > hit.end || hit.end > text.len() as u64 || hit.value.is_empty() {
            return Err(format!("no place or value: {hit:?}"));
        }
        if hit.decoded_from.is_empty() && hit.derived_from.is_none() {
            let there =
                &text[usize::try_from(hit.start).unwrap()..usize::try_from(hit.end).unwrap()];
            if hit.original != String::from_utf8_lossy(there) {
                return Err(format!("does not stand there: {hit:?}"));
            }
        }
        let again = indicators::canonical(hit.kind, &hit.value);
        if hit.rejected.is_none() && again.as_deref() != Ok(&hit.value) {
            return Err(format!("canonical twice is {again:?}: {hit:?}"));
        }
    }
    let mut streamed = Vec::new();
    stream::extract(text, &options, |hit| streamed.push(hit)).unwrap();
    if streamed != found.hits {
        return Err("a stream gives something else than the whole".to_owned());
    }
    let carried: usize = attachments(text).iter().map(|file| file.bytes.len()).sum();
    if carried > text.len() {
        return Err(format!("{carried} bytes are carried by less"));
    }
    Ok(())
}

/// What a scan finds, whether the bytes come at once or in pieces.
fn scans(matcher: &Matcher, text: &[u8], piece: usize) -> bool {
    let found = |piece: usize| {
        let (mut scanner, mut all) = (Scanner::new(matcher), Vec::new());
        for bytes in text.chunks(piece) {
            scanner.push(bytes, |found| all.push(found));
        }
        scanner.finish(|found| all.push(found));
        all
    };
    found(usize::MAX) == found(piece)
}

#[test]
fn spoilt_documents_keep_every_promise() {
    let of = |name: &str, otherwise: u64| {
        let told = std::env::var(name).ok().and_then(|told| told.parse().ok());
        told.unwrap_or(otherwise)
    };
    let (seed, rounds) = (of("MIDWATCH_SEED", 1), of("MIDWATCH_ROUNDS", ROUNDS));
    let documents = documents();
    let mut builder = Builder::new("list");
    builder
        .add(Kind::Domain, "tarnwick-freightdesk.com")
        .unwrap();
    builder.add(Kind::Ipv4, "26.114.71.219").unwrap();
    let matcher = Matcher::new(vec![builder.build()]);
    let mut values = 0;
    for round in 0..rounds {
        let mut dice = Dice((seed << 32 | round).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let document = &documents[dice.roll(documents.len())];
        let begin = dice.roll(2) * dice.roll(document.len());
        let mut text = document[begin..document.len().min(begin + LONGEST)].to_vec();
        for _ in 0..=dice.roll(12) {
            spoil(&mut text, &documents, &mut dice);
            text.truncate(2 * LONGEST);
        }
        let judged = std::panic::catch_unwind(|| holds(&text));
        let judged = judged.unwrap_or_else(|_| Err("it fell over".to_owned()));
        assert_eq!(
            judged,
            Ok(()),
            "round {round} of seed {seed}: {:?}",
            String::from_utf8_lossy(&text)
        );
        let piece = 1 + dice.roll(700);
        assert!(
            scans(&matcher, &text, piece),
            "round {round} of seed {seed}: a scan in pieces of {piece} finds something else"
        );
        values += extract(&text, &Options::default()).hits.len() as u64;
    }
    assert!(
        values > rounds,
        "{values} values in {rounds} documents: they are spoilt beyond use"
    );
}
