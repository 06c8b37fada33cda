//! What holds for every input: places fit, streams equal wholes, defanged values are read back, work stays in proportion.

use indicators::{Extraction, Hit, Kind, Options, defang, extract, stream};
use proptest::prelude::*;

/// A value of each kind, and the words that give it away in a text.
const VALUES: &[(Kind, &str, &str)] = &[
    (Kind::Ipv4, "", "198.51.100.7"),
    (Kind::Ipv6, "", "2001:db8::8a2e:370:7334"),
    (Kind::Cidr, "", "203.0.113.0/24"),
    (Kind::Cidr, "", "2001:db8:1::/48"),
    (Kind::Domain, "", "cdn.update-check.example"),
    (Kind::Domain, "", "xn--bcher-kva.example"),
    (Kind::Url, "", "https://cdn.shop.example/a/b.php?c=d&e=f#g"),
    (Kind::Url, "", "http://198.51.100.7:8080/x"),
    (Kind::Url, "", "ftp://files.shop.example/x.bin"),
    (Kind::Url, "", "http://[2001:db8::1]/x"),
    (Kind::Email, "", "first.last+tag@mail.shop.example"),
    (Kind::Md5, "", "9e107d9d372bb6826bd81d3542a419d6"),
    (Kind::Sha1, "", "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"),
    (
        Kind::Sha256,
        "",
        "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592",
    ),
    (
        Kind::Sha512,
        "",
        "07e547d9586f6a73f73fbac0435ed76951218fb7d0c8d788a309d785436bbb642e93a252a954f23912547d1e8a3b5ed6e1bfd7097821233fa0538f3db854fee6",
    ),
    (
        Kind::Ssdeep,
        "",
        "192:hb1UxRQZwSqvZHzhbUwSHqZFYqZHw:hb1gQZwSqxbUwSHqZFYqZHw",
    ),
    (
        Kind::Tlsh,
        "",
        "T1A2B3C4D5E6F7A8B9C0D1E2F3A4B5C6D7E8F9A0B1C2D3E4F5A6B7C8D9E0F1A2B3C4D5E6",
    ),
    (
        Kind::Imphash,
        "imphash=",
        "f34d5f2d4577ed6d9ceec516c1f5a744",
    ),
    (Kind::Ja3, "ja3: ", "e7d705a3286e19ea42f587b344ee6865"),
    (Kind::Ja3s, "JA3S hash ", "ae4edc6faf64d08308082ad26be60767"),
    (Kind::Ja4, "", "t13d1516h2_8daaf6152771_b186095e22b6"),
    (Kind::Cve, "", "CVE-2024-31337"),
    (Kind::Cwe, "", "CWE-787"),
    (Kind::Attack, "", "T1059.001"),
    (Kind::Attack, "", "G0016"),
    (Kind::Asn, "", "AS64496"),
    (Kind::Mac, "", "00:53:00:a1:b2:c3"),
    (
        Kind::Regkey,
        "",
        r"HKEY_LOCAL_MACHINE\Software\Microsoft\Windows NT\CurrentVersion\Run",
    ),
    (
        Kind::Filepath,
        "",
        r"C:\Program Files\Common Files\svc\update.exe",
    ),
    (Kind::Filepath, "", "/tmp/.x/miner"),
    (Kind::Filename, "", "invoice_2291.exe"),
    (Kind::Mutex, "mutex: ", "QX_7731_lock"),
    (Kind::Mutex, "", r"Global\QX_7731"),
    (Kind::Service, "sc create ", "WinHelpSvc"),
    (
        Kind::ScheduledTask,
        "scheduled task \"",
        "OneDrive Sync Helper",
    ),
    (
        Kind::UserAgent,
        "User-Agent: ",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36",
    ),
    (
        Kind::CommandLine,
        "",
        "rundll32.exe shell.dll,Control_RunDLL -s",
    ),
    (Kind::AwsAccount, "account ", "123456789012"),
    (Kind::Arn, "", "arn:aws:iam::123456789012:role/deploy"),
    (Kind::AwsKey, "", "AKIAIOSFODNN7EXAMPLE"),
    (Kind::AwsInstance, "", "i-0abcd1234ef567890"),
    (Kind::AwsRole, "IAM role: ", "ops-breakglass"),
    (Kind::Btc, "", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    (Kind::Btc, "", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    (Kind::Eth, "", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    (
        Kind::Xmr,
        "",
        "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A",
    ),
    (Kind::Yara, "YARA rule: ", "Win_Loader_Qx"),
    (
        Kind::Sigma,
        "Sigma rule \"",
        "Suspicious Child of Print Spooler",
    ),
    (Kind::Phone, "", "+12025550143"),
];

fn find(text: &[u8]) -> Extraction {
    extract(text, &Options::default())
}

#[test]
fn a_value_of_every_kind_is_read_back_after_defanging() {
    for (kind, before, value) in VALUES {
        let quote = if before.ends_with('"') { "\"" } else { "" };
        let text = format!("seen: {before}{}{quote}\nnext line", defang(*kind, value));
        let found = find(text.as_bytes());
        let same = |hit: &&Hit| hit.kind == *kind && hit.value == *value;
        assert!(
            found.hits.iter().any(|hit| same(&hit)),
            "{kind} in {text:?}: {:?}",
            found.hits
        );
        let alike = found.hits.iter().filter(|hit| hit.kind == *kind).count();
        assert_eq!(alike, 1, "{kind} in {text:?}: {:?}", found.hits);
        assert_eq!(
            indicators::canonical(*kind, value).as_deref(),
            Ok(*value),
            "{kind}"
        );
    }
    let missing = Kind::ALL
        .iter()
        .find(|kind| !VALUES.iter().any(|(known, _, _)| known == *kind));
    assert_eq!(missing, None, "no value to try");
}

/// Words, marks and values in any order: text as dense as it gets.
fn dense() -> impl Strategy<Value = Vec<u8>> {
    let value = (0..VALUES.len()).prop_map(|index| {
        let (kind, before, value) = VALUES[index];
        format!("{before}{}", defang(kind, value)).into_bytes()
    });
    let bit = prop_oneof![
        4 => value,
        2 => "[ \n,;\"'()<>]{1,3}".prop_map(String::into_bytes),
        2 => "[a-z .:/\\\\@%=&?_-]{1,8}".prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>(), 1..6),
        1 => "[\\[({]dot[\\])}]|hxxp|://|\\\\u002e|&#46;|=\n|=3D|\u{3002}|\u{200b}".prop_map(String::into_bytes),
    ];
    proptest::collection::vec(bit, 0..40).prop_map(|bits| bits.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn places_fit_and_the_original_stands_there(text in dense(), explain in any::<bool>()) {
        let found = extract(&text, &Options::default().explain(explain).derived(true));
        for (index, hit) in found.hits.iter().enumerate() {
            prop_assert!(hit.start <= hit.end && hit.end <= text.len() as u64, "{hit:?}");
            prop_assert!(!hit.value.is_empty());
            prop_assert!(hit.derived_from.is_none_or(|parent| parent < index));
            if hit.decoded_from.is_empty() && hit.derived_from.is_none() {
                let there = &text[usize::try_from(hit.start)?..usize::try_from(hit.end)?];
                prop_assert_eq!(&*hit.original, &*String::from_utf8_lossy(there));
            }
        }
    }

    #[test]
    fn a_stream_gives_what_the_whole_gives(text in dense()) {
        let mut given = Vec::new();
        let summary = stream::extract(&text[..], &Options::default(), |hit| given.push(hit)).unwrap();
        prop_assert_eq!(summary.bytes, text.len() as u64);
        prop_assert_eq!(given, find(&text).hits);
    }

    #[test]
    fn canonical_values_stay_as_they_are(text in dense()) {
        for hit in find(&text).hits {
            let again = indicators::canonical(hit.kind, &hit.value);
            prop_assert_eq!(again.as_deref(), Ok(&*hit.value), "{:?}", hit);
        }
    }

    #[test]
    fn nothing_makes_it_fall_over(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = find(&bytes);
    }
}

/// Shapes that make others slow, as long as asked.
fn hostile(length: usize) -> Vec<(String, Vec<u8>)> {
    let repeated = [
        "a.",
        "1.",
        "A",
        "f:",
        "a[.]",
        "@",
        "a@",
        "::",
        "://",
        "http://",
        "hxxp[:]//",
        "%41",
        "\\",
        "C:\\a ",
        "\\\\a\\",
        "(",
        "[.",
        "&#46;",
        "a dot ",
        " . ",
        "=3D",
        "=?utf-8?B?",
        "mutex ",
        "powershell -a ",
        "cmd /c ",
        "schtasks /tn ",
        "title: a\n",
        "CreateMutexA(",
        "user-agent: ",
        "rule a ",
        "Mozilla/5 ",
        "aGVsbG8gd29ybGQ",
        "QUFB\n",
        "+1 ",
        "phone ",
        "arn:aws:",
        "HKLM\\a b ",
        "/tmp/a",
        "~/",
        "0x",
        "T1",
        "CVE-2024-",
        "3:aaaaaa:",
        "http://a.example/(",
        "\"",
        "<http://a\n",
        "imphash ",
        "\u{3002}",
        "\u{200b}",
        "account 1",
        "--b\n",
        "https://a.example/?u=aHR0cDovL2EuZXhhbXBsZS9h",
        "http%3A%2F%2F",
        "H4sIAAAAAAAA",
        "%25",
        "d41d8cd98f00b204e9800998ecf8427e ",
    ];
    let mut shapes: Vec<(String, Vec<u8>)> = repeated
        .iter()
        .map(|piece| {
            (
                format!("{piece:?}"),
                piece.repeat(length / piece.len()).into_bytes(),
            )
        })
        .collect();
    let mut mail = b"From: a@b.example\nTo: c@d.example\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n".to_vec();
    mail.extend(b"--b\nContent-Type: multipart/mixed; boundary=b\n\n".repeat(length / 48));
    shapes.push(("nested mail".to_owned(), mail));
    let headers = b"From: a@b.example\nTo: c@d.example\nSubject: x\n"
        .iter()
        .copied()
        .chain(b"X: name=a.exe\n ".repeat(length / 15))
        .collect();
    shapes.push(("endless headers".to_owned(), headers));
    shapes
}

#[test]
fn work_grows_in_proportion_to_the_input() {
    for ((name, short), (_, long)) in hostile(40_000).into_iter().zip(hostile(160_000)) {
        let options = Options::default().explain(true);
        let (short, long) = (extract(&short, &options), extract(&long, &options));
        assert!(
            long.work <= short.work * 6 + 100_000,
            "{name}: {} then {}",
            short.work,
            long.work
        );
        assert!(
            long.work <= 160_000 * 120,
            "{name}: {} units for 160,000 bytes",
            long.work
        );
    }
}

#[test]
fn a_segment_cut_within_a_long_line_loses_nothing() {
    let piece = "198.51.100.7\"hxxp://a[.]example/x\",";
    let count = 3 * 1024 * 1024 / piece.len();
    let line = piece.repeat(count);
    let mut given = 0;
    let summary = stream::extract(line.as_bytes(), &Options::default(), |_| given += 1).unwrap();
    assert_eq!((given, summary.bytes), (count * 2, line.len() as u64));
}

#[test]
fn wide_text_is_read_with_exact_places() {
    let text = "see hxxp://a[.]example/x and b@c.example";
    for (mark, bytes) in [
        (
            vec![0xFF, 0xFE],
            text.encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<u8>>(),
        ),
        (
            vec![0xFE, 0xFF],
            text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        ),
        (
            vec![],
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ),
    ] {
        let input = [mark, bytes].concat();
        let found = find(&input);
        let values: Vec<&str> = found.hits.iter().map(|hit| hit.value.as_str()).collect();
        assert_eq!(values, ["http://a.example/x", "b@c.example"]);
        let hit = &found.hits[0];
        let shift = (input.len() - text.len() * 2) as u64;
        assert_eq!((hit.start, hit.end), (shift + 8, shift + 48), "{hit:?}");
        assert_eq!(hit.decoded_from, [indicators::Layer::Utf16]);
    }
}
