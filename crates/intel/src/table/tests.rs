//! Tables and lists as feeds publish them, changed layouts, and hostile text.

use super::*;
use crate::Item;
use proptest::prelude::*;

fn all(text: &str, mapping: &Mapping) -> Result<(Vec<Indicator>, Report), Fault> {
    let mut items = Vec::new();
    let mut sink = |item| {
        if let Item::Indicator(i) = item {
            items.push(i);
        }
        Ok(())
    };
    let report = read(
        text.as_bytes(),
        mapping,
        &Limits::default(),
        &Poison::default(),
        &mut sink,
    )?;
    Ok((items, report))
}

fn pairs(text: &str, mapping: &Mapping) -> Vec<(Kind, String)> {
    let (items, _) = all(text, mapping).unwrap();
    items.into_iter().map(|i| (i.kind, i.value)).collect()
}

#[test]
fn a_plain_list_has_all_kinds_and_remarks() {
    let text = "# list\n203.0.113.9\n198.51.100.0/25 ; SBL1\nevil.example.com # c2\n0.0.0.0 ads.example.com\nhttp://evil.example.com/a;b#c\n\n9e107d9d372bb6826bd81d3542a419d6\n203.0.113.7:443\n";
    let expected = [
        (Kind::Ipv4, "203.0.113.9"),
        (Kind::Cidr, "198.51.100.0/25"),
        (Kind::Domain, "evil.example.com"),
        (Kind::Domain, "ads.example.com"),
        (Kind::Url, "http://evil.example.com/a;b#c"),
        (Kind::Md5, "9e107d9d372bb6826bd81d3542a419d6"),
        (Kind::Ipv4, "203.0.113.7"),
    ];
    let read = pairs(text, &Mapping::list());
    let read: Vec<_> = read.iter().map(|(k, v)| (*k, v.as_str())).collect();
    assert_eq!(read, expected);
}

#[test]
fn layouts_of_abuse_ch_are_read() {
    let urlhaus = "################\n# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\n\"3712345\",\"2026-11-01 10:11:12\",\"http://203.0.113.9:4711/bin.sh\",\"online\",\"2026-11-01 10:11:12\",\"malware_download\",\"elf,mirai\",\"https://urlhaus.example/3712345/\",\"ada\"\n";
    let (items, _) = all(urlhaus, &presets::find("urlhaus").unwrap()).unwrap();
    let one = &items[0];
    assert_eq!(
        (one.kind, one.value.as_str()),
        (Kind::Url, "http://203.0.113.9:4711/bin.sh")
    );
    assert_eq!(
        (one.external_id.as_str(), one.name.as_str()),
        ("3712345", "malware_download")
    );
    assert_eq!(one.labels, ["elf", "mirai"]);
    assert_eq!(one.valid_from, time::read("2026-11-01T10:11:12Z"));

    let threatfox = "\"2026-11-01 10:11:12\", \"1\", \"203.0.113.9:443\", \"ip:port\", \"botnet_cc\", \"win.qakbot\", \"Oakboat\", \"QakBot\", \"\", \"75\", \"False\", \"None\", \"c2\", \"0\", \"ada\"\n\"2026-11-01 10:11:12\", \"2\", \"9e107d9d372bb6826bd81d3542a419d6\", \"md5_hash\", \"payload\", \"\", \"\", \"X\", \"\", \"100\", \"\", \"\", \"None\", \"0\", \"ada\"\n";
    let (items, _) = all(threatfox, &presets::find("threatfox").unwrap()).unwrap();
    assert_eq!(
        (items[0].kind, items[0].value.as_str()),
        (Kind::Ipv4, "203.0.113.9")
    );
    assert_eq!(
        (items[0].confidence, items[0].name.as_str()),
        (Some(75), "QakBot")
    );
    assert_eq!((items[1].kind, items[1].labels.len()), (Kind::Md5, 1));

    let bazaar = "\"2026-11-01 10:11:12\", \"d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592\", \"9e107d9d372bb6826bd81d3542a419d6\", \"2fd4e1c67a2d28fced849ee1bb76e7391b93eb12\", \"ada\", \"a.exe\", \"exe\", \"application/x-dosexec\", \"Qak\", \"n/a\", \"n/a\"\n";
    let kinds: Vec<Kind> = pairs(bazaar, &presets::find("malwarebazaar").unwrap())
        .into_iter()
        .map(|p| p.0)
        .collect();
    assert_eq!(kinds, [Kind::Sha256, Kind::Md5, Kind::Sha1]);

    let feodo = "#\n\"first_seen_utc\",\"dst_ip\",\"dst_port\",\"c2_status\",\"last_online\",\"malware\"\n\"2026-11-01 10:11:12\",\"203.0.113.9\",\"443\",\"online\",\"2026-11-02\",\"QakBot\"\n";
    assert_eq!(
        pairs(feodo, &presets::find("feodotracker").unwrap()),
        [(Kind::Ipv4, "203.0.113.9".into())]
    );
}

#[test]
fn columns_are_found_by_name_and_missing_ones_are_told() {
    let mut mapping = Mapping::comma(Column::Named("indicator".into()), Some(Kind::Domain));
    mapping.confidence = Some(Column::Named("Score".into()));
    let (items, report) = all(
        "score,indicator\n60,evil.example.com\nx,\n70,com\n",
        &mapping,
    )
    .unwrap();
    assert_eq!((items.len(), items[0].confidence), (1, Some(60)));
    let whys: Vec<_> = report.refusals.iter().map(|r| r.at.to_string()).collect();
    assert_eq!(whys, ["line 3", "line 4"]);
    let fault = all("a,b\n1,2\n", &mapping).unwrap_err().to_string();
    assert!(
        fault.contains("no column “indicator”") && fault.contains("a, b"),
        "{fault}"
    );
}

#[test]
fn a_list_that_became_something_else_is_a_fault() {
    let list = Mapping::list();
    let fault = |text: &str| all(text, &list).unwrap_err().to_string();
    assert!(fault("<!DOCTYPE html>\n<p>").contains("web page"));
    assert!(fault("{\"objects\": []}").contains("this is JSON"));
    assert!(fault("no values at all\nin here\n").contains("nothing in it can be read"));
    assert!(fault("PK\u{3}\u{4}\0\0").contains("no text"));
    // An empty list is a list: its source may have nothing to say today.
    assert_eq!(all("# nothing today\n", &list).unwrap().1.read, 0);
    // One that begins well goes on over bad lines.
    let (items, report) = all("evil.example.com\nrubbish line here\n0.0.0.0/0\n", &list).unwrap();
    assert_eq!((items.len(), report.refused), (1, 2));
}

proptest! {
    #[test]
    fn nothing_panics(text in "[a-z0-9.\",#; \\n/:\\[]{0,200}") {
        for mapping in [Mapping::list(), presets::find("threatfox").unwrap(), presets::find("urlhaus").unwrap()] {
            let _ = all(&text, &mapping);
        }
    }
}
