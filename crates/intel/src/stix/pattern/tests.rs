//! Patterns as feeds write them, those that are refused, and hostile ones.

use super::*;
use proptest::prelude::*;

fn values(text: &str) -> Vec<(Kind, String, bool)> {
    let read = read(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    let all = read.values.into_iter();
    all.map(|v| (v.kind, v.value, v.partial)).collect()
}

#[test]
fn comparisons_come_down_to_values() {
    let md5 = "9e107d9d372bb6826bd81d3542a419d6";
    for (text, expected) in [
        (
            "[ipv4-addr:value = '203.0.113.9']",
            vec![(Kind::Ipv4, "203.0.113.9", false)],
        ),
        (
            "[ipv4-addr:value ISSUBSET '203.0.113.0/24']",
            vec![(Kind::Cidr, "203.0.113.0/24", false)],
        ),
        (
            "[ ipv6-addr:value='2001:DB8::1' ]",
            vec![(Kind::Ipv6, "2001:db8::1", false)],
        ),
        (
            "[domain-name:value = 'evil.example.com' OR domain-name:value IN ('a.example.com', 'b.example.com')]",
            vec![
                (Kind::Domain, "evil.example.com", false),
                (Kind::Domain, "a.example.com", false),
                (Kind::Domain, "b.example.com", false),
            ],
        ),
        (
            "([url:value = 'http://evil.example.com/a\\'b'] OR [domain-name:value = 'evil.example.com'])",
            vec![
                (Kind::Url, "http://evil.example.com/a'b", false),
                (Kind::Domain, "evil.example.com", false),
            ],
        ),
        (
            "[file:hashes.MD5 = '9E107D9D372BB6826BD81D3542A419D6' AND file:name = 'a.exe' AND file:size = 25536]",
            vec![(Kind::Md5, md5, false), (Kind::Filename, "a.exe", true)],
        ),
        (
            "[(file:hashes.'MD5' = '9e107d9d372bb6826bd81d3542a419d6' OR mutex:name = 'Global\\\\xyz') AND file:size > 5]",
            vec![(Kind::Md5, md5, false), (Kind::Mutex, "Global\\xyz", true)],
        ),
        (
            "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.9']",
            vec![(Kind::Ipv4, "203.0.113.9", true)],
        ),
    ] {
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(k, v, p)| (k, v.to_owned(), p))
            .collect();
        assert_eq!(values(text), expected, "{text}");
    }
}

#[test]
fn what_cannot_be_looked_for_is_refused_in_words() {
    for (text, word) in [
        (
            "[ipv4-addr:value = '203.0.113.9'] FOLLOWEDBY [url:value = 'http://a.example.com/']",
            "FOLLOWEDBY",
        ),
        (
            "[ipv4-addr:value = '203.0.113.9'] AND [url:value = 'http://a.example.com/']",
            "AND",
        ),
        (
            "[ipv4-addr:value = '203.0.113.9'] WITHIN 300 SECONDS",
            "WITHIN",
        ),
        (
            "[ipv4-addr:value = '203.0.113.9'] REPEATS 5 TIMES",
            "REPEATS",
        ),
        ("[domain-name:value != 'good.example.com']", "!="),
        ("[domain-name:value NOT = 'good.example.com']", "NOT ="),
        ("[url:value MATCHES '^http']", "MATCHES"),
        ("[file:size = 5]", "file:size"),
        ("[EXISTS domain-name:value]", "exists"),
        ("[file:hashes.MD5 = 'xyz']", "form of its kind"),
        ("[ipv4-addr:value = '203.0.113.9'", "ends too early"),
        ("[ipv4-addr:value = '203.0.113.9]", "not closed"),
        ("", "ends too early"),
        ("evil.example", "expected"),
        ("[ipv4-addr:value = '203.0.113.9']]", "does not belong"),
    ] {
        let why = read(text).unwrap_err();
        assert!(why.contains(word), "{text}: {why}");
    }
    let deep = format!("[{}url:value = 'x'", "(".repeat(100_000));
    assert!(read(&deep).unwrap_err().contains("32 deep"));
}

#[test]
fn what_is_left_out_is_counted() {
    let read =
        read("[domain-name:value = 'evil.example.com' OR file:size = 5 OR file:size = 6]").unwrap();
    assert_eq!((read.values.len(), read.left_out), (1, 2));
}

proptest! {
    #[test]
    fn what_is_written_is_read(value in "[a-z0-9\\\\' ]{3,20}") {
        let value = value.trim();
        let Ok(canonical) = indicators::canonical(Kind::Mutex, value) else {
            return Ok(());
        };
        let text = write(Kind::Mutex, value).unwrap();
        prop_assert_eq!(values(&text), vec![(Kind::Mutex, canonical, false)]);
    }

    #[test]
    fn nothing_panics(text in "[\\[\\]()'\\\\:=., A-Zé*<>!-]{0,60}") {
        let _ = read(&text);
        let _ = read(&format!("[{text}]"));
    }
}
