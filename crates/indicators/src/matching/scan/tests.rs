//! What a scan promises: every planted value is found, wherever it stands and however the bytes come.

use super::*;
use crate::Kind;
use crate::matching::{Builder, How, text};
use proptest::prelude::*;

const PLANTED: [(Kind, &str); 23] = [
    (Kind::Ipv4, "198.51.100.7"),
    (Kind::Ipv6, "2001:db8::bad:7"),
    (Kind::Domain, "shop.example"),
    (Kind::Domain, "xn--bcher-kva.example"),
    (Kind::Url, "http://files.example/gate.php"),
    (Kind::Url, "https://files.example/a/b?c=d"),
    (Kind::Url, "files.example/bare"),
    (Kind::Url, "http://203.0.113.80/x.bin"),
    (Kind::Email, "billing@mail.example"),
    (Kind::Md5, "9e107d9d372bb6826bd81d3542a419d6"),
    (Kind::Sha1, "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"),
    (
        Kind::Sha256,
        "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592",
    ),
    (Kind::Imphash, "f34d5f2d4577ed6d9ceec516c1f5a744"),
    (Kind::Ja4, "t13d1516h2_8daaf6152771_b186095e22b6"),
    (Kind::Btc, "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"),
    (Kind::Eth, "0x52908400098527886e0f7030069857d2e4169ee7"),
    (Kind::Cve, "CVE-2021-44228"),
    (Kind::Mutex, "Global\\one two"),
    (Kind::Regkey, "HKEY_CURRENT_USER\\Software\\Run\\upd"),
    (Kind::Filename, "invoice.exe"),
    (Kind::Filename, "my invoice.exe"),
    (Kind::UserAgent, "Bad Agent/1.0"),
    (Kind::Asn, "AS64501"),
];

fn matcher(list: &[(Kind, &str)]) -> Matcher {
    let mut builder = Builder::new("list");
    list.iter()
        .for_each(|(kind, value)| builder.add(*kind, value).unwrap());
    Matcher::new(vec![builder.build()])
}

/// Searches in pieces of a size, settling after each where that is asked.
fn found(matcher: &Matcher, bytes: &[u8], piece: usize, settle: bool) -> Vec<Found> {
    let mut all = Vec::new();
    let mut scanner = Scanner::new(matcher);
    for piece in bytes.chunks(piece.max(1)) {
        scanner.push(piece, |found| all.push(found));
        if settle {
            scanner.settle(|found| all.push(found));
        }
    }
    let end = scanner.finish(|found| all.push(found));
    assert_eq!(end.bytes, bytes.len() as u64);
    assert_eq!(end.found, all.len() as u64);
    all.sort();
    all
}

fn values(found: &[Found]) -> Vec<(u64, &str)> {
    found
        .iter()
        .map(|f| (f.offset, f.indicator.value.as_str()))
        .collect()
}

#[test]
fn every_value_is_found_between_all_kinds_of_neighbours() {
    let m = matcher(&PLANTED);
    for (kind, value) in PLANTED {
        for (before, behind) in [
            ("", ""),
            (" ", " "),
            ("\"", "\""),
            ("(", ")"),
            ("=", ";"),
            (",", ","),
            ("<", ">"),
            ("[", "]"),
            ("'", "'"),
            ("\t", "\r"),
            ("ends with ", ". Then"),
            ("is it ", "? Yes"),
            ("|", "|"),
            ("a=1&b=", "&c"),
            ("\\n", "\\n"),
            ("%20", "%20"),
        ] {
            let text = format!("one\n{before}{value}{behind}\nthree");
            let all = found(&m, text.as_bytes(), 4096, false);
            let it = all
                .iter()
                .find(|f| f.indicator.kind == kind && f.indicator.value == value);
            let it = it.unwrap_or_else(|| panic!("{kind} in {text:?}: {all:?}"));
            assert_eq!(it.line, 2);
            assert!(
                matches!(it.indicator.how, How::Exact | How::AnyScheme),
                "{it:?}"
            );
        }
    }
}

#[test]
fn values_inside_longer_words_are_not_found() {
    let m = matcher(&PLANTED);
    for text in [
        "myshop.example",
        "shop.example.org",
        "1198.51.100.7",
        "198.51.100.77",
        "99e107d9d372bb6826bd81d3542a419d6",
        "9e107d9d372bb6826bd81d3542a419d6a",
        "CVE-2021-442280",
        "AS645012",
        "x2001:db8::bad:7",
        "http://files.example/gate.php5",
        "rebilling@mail.examples",
    ] {
        assert_eq!(values(&found(&m, text.as_bytes(), 64, false)), [], "{text}");
    }
}

#[test]
fn case_and_what_stands_inside_something_else() {
    let m = matcher(&PLANTED);
    for (text, value) in [
        ("WWW.Shop.EXAMPLE.", "shop.example"),
        (
            "D7A8FBB307D7809469CA9ABCB0082E4F8D5651E46D3CDB762D02D0BF37C9E592",
            PLANTED[11].1,
        ),
        ("GET http://a.shop.example/x HTTP/1.1", "shop.example"),
        ("from=<x@shop.example>", "shop.example"),
        ("IP 10.0.0.1.5353 > 198.51.100.7.443: Flags", "198.51.100.7"),
        ("198.51.100.1-198.51.100.7", "198.51.100.7"),
        ("2001:0DB8:0:0:0:0:bad:7", "2001:db8::bad:7"),
        ("[2001:db8::bad:7]:443", "2001:db8::bad:7"),
        (
            "http://files.example/gate.php?id=5",
            "http://files.example/gate.php",
        ),
        (
            "{\"k\":\"HKCU\\\\Software\\\\Run\\\\upd\"}",
            "HKEY_CURRENT_USER\\Software\\Run\\upd",
        ),
        ("C:\\Temp\\invoice.exe", "invoice.exe"),
        ("{\"a\":\"x\\u003d198.51.100.7\"}", "198.51.100.7"),
        ("{\"a\":\"\\u003d2001:db8::bad:7\"}", "2001:db8::bad:7"),
        (
            "sha1_2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
            PLANTED[10].1,
        ),
        (
            "u=http%3A%2F%2Ffiles.example%2Fgate.php%3Fx",
            "http://files.example/gate.php",
        ),
    ] {
        let all = found(&m, text.as_bytes(), 64, false);
        assert!(
            all.iter().any(|f| f.indicator.value == value),
            "{text}: {all:?}"
        );
    }
}

#[test]
fn a_network_and_a_platform() {
    let m = matcher(&[
        (Kind::Cidr, "203.0.113.0/24"),
        (Kind::Cidr, "2001:db8::/32"),
        (Kind::Domain, "github.io"),
    ]);
    let all = found(&m, b"203.0.113.99 2001:db8::1 me.github.io", 64, false);
    assert_eq!(values(&all), [(0, "203.0.113.0/24"), (13, "2001:db8::/32")]);
}

/// Words between the planted values, some of which look nearly like them.
#[test]
fn an_escape_before_signs_alone_is_survived() {
    let m = matcher(&PLANTED);
    for text in [r"\__._ ", r"\_.-", r"\n._.-", r"\u002e._", r"%2e._"] {
        let text = format!("{text} {} ", PLANTED[0].1);
        assert_eq!(
            found(&m, text.as_bytes(), usize::MAX, false),
            found(&m, text.as_bytes(), 1, false)
        );
    }
}

fn filler() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z0-9.:@/\\[\\](){}%\\\\_-]{0,40}",
        2 => "[ \\n\\t,;\"]{1,3}",
        1 => "\\PC{0,12}",
        1 => Just("x".repeat(700)),
        1 => Just("at a[.]b[.]shop[.]example and (dot) x[@]y ".repeat(40)),
        1 => Just("\u{e9}.x ".repeat(300)),
        1 => Just("Jan 12 10:22:33 host sshd[1234]: Failed password from 10.0.0.9 port 22\n".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn streaming_equals_whole_and_all_planted_are_found(
        parts in prop::collection::vec((filler(), 0..PLANTED.len()), 1..60),
        piece in 1_usize..3_000,
        far in 0_usize..2,
    ) {
        let m = matcher(&PLANTED);
        // Near and across the border at which a scanner begins to search.
        let mut text = "q ".repeat(far * (PIECE - 700) / 2);
        let piece = piece + far * 5_000;
        let mut planted = Vec::new();
        for (filler, index) in &parts {
            text.push_str(filler);
            text.push(' ');
            planted.push((text.len() as u64, PLANTED[*index]));
            text.push_str(PLANTED[*index].1);
            text.push('\n');
        }
        let whole = found(&m, text.as_bytes(), usize::MAX, false);
        for (offset, (kind, value)) in planted {
            // A mark before it, as in `q {@} shop.example`, makes it a part of what was seen.
            let covers = |f: &Found| f.offset <= offset && offset < f.offset + f.seen.len() as u64;
            let it = whole.iter().find(|f| covers(f) && f.indicator.kind == kind && f.indicator.value == value);
            prop_assert!(it.is_some(), "{} at {}", value, offset);
            let line = 1 + text.as_bytes()[..usize::try_from(offset).unwrap()].iter().filter(|b| **b == b'\n').count();
            prop_assert_eq!(it.unwrap().line, line as u64);
        }
        prop_assert_eq!(&found(&m, text.as_bytes(), piece, false), &whole);
        prop_assert_eq!(&found(&m, text.as_bytes(), piece, true), &whole);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..3000), piece in 1_usize..500) {
        let m = matcher(&PLANTED);
        prop_assert_eq!(found(&m, &bytes, piece, false), found(&m, &bytes, usize::MAX, false));
    }
}

/// A reader of one repeated text, as long as wanted.
struct Repeated<'a>(&'a [u8], usize);

impl Read for Repeated<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = into.len().min(self.1).min(self.0.len());
        into[..count].copy_from_slice(&self.0[..count]);
        self.1 -= count;
        Ok(count)
    }
}

#[test]
fn one_line_of_64_mib_takes_little_memory_and_hides_nothing() {
    let m = matcher(&PLANTED);
    let piece = "word.word/".repeat(6_000);
    let long = Repeated(piece.as_bytes(), 64 << 20);
    let all = long
        .chain(&b" shop.example "[..])
        .chain(Repeated(b"aaaaaaaaaaaaaaaaaaaa", 1 << 20));
    let mut scanner = Scanner::new(&m);
    let mut found = Vec::new();
    let (mut all, mut largest, mut buffer) = (all, 0, vec![0; 1 << 16]);
    loop {
        let count = all.read(&mut buffer).unwrap();
        if count == 0 {
            break;
        }
        scanner.push(&buffer[..count], |f| found.push(f));
        largest = largest.max(scanner.window.capacity());
    }
    let end = scanner.finish(|f| found.push(f));
    assert_eq!((end.lines, end.found), (1, 1));
    assert_eq!((found[0].line, found[0].offset), (1, (64 << 20) + 1));
    assert!(found[0].context.len() < 600);
    assert!(largest < 4 * PIECE, "{largest}");
}

#[test]
fn a_fault_ends_the_search_after_what_came_before() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("cut off"))
        }
    }
    let m = matcher(&PLANTED);
    let mut seen = Vec::new();
    let scanned = scan((&b"a shop.example"[..]).chain(Broken), &m, |f| {
        seen.push(f.indicator.value);
    });
    assert_eq!(seen, ["shop.example"]);
    assert_eq!(scanned.fault.unwrap().to_string(), "cut off");
    assert_eq!((scanned.bytes, scanned.lines), (14, 1));
}

#[test]
fn utf16_and_invalid_bytes() {
    let m = matcher(&PLANTED);
    let words = "line one\r\nfrom 198.51.100.7 to shop.example\r\n";
    let bytes: Vec<u8> = words.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut seen = Vec::new();
    scan(text(bytes.as_slice()), &m, |f| {
        seen.push((f.line, f.indicator.value));
    });
    assert_eq!(
        seen,
        [
            (2, "198.51.100.7".to_owned()),
            (2, "shop.example".to_owned())
        ]
    );
    let all = found(
        &m,
        b"\xff\xfe\x80shop.example\xc3 198.51.100.7\x00",
        3,
        false,
    );
    assert_eq!(values(&all), [(3, "shop.example"), (17, "198.51.100.7")]);
}
