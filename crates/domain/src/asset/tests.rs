//! What leads to an asset and for how long, and what a line of a list says of one.

use super::*;
use crate::observable::ObservableKey;
use crate::testing::{START, directory, id, team};

fn asset(ids: &[(IdKind, &str)]) -> Asset {
    let id = "ast_db1".parse().unwrap();
    let identifiers = ids.iter().map(|(k, v)| identifier(*k, v).unwrap());
    Asset {
        name: "db1".into(),
        kind: AssetKind::Database,
        identifiers: identifiers.collect(),
        ..Asset::blank(id)
    }
}

fn places(kind: &str, value: &str) -> Vec<String> {
    places_of(&ObservableKey::read(kind, value).unwrap())
}

#[test]
fn a_value_is_asked_for_by_all_that_may_hold_it() {
    for (kind, value, id, name, holds) in [
        ("ipv4", "10.1.2.3", IdKind::Ip, "10.1.2.3", true),
        ("ipv4", "10.1.2.3", IdKind::Cidr, "10.1.0.0/16", true),
        ("ipv4", "10.1.2.3", IdKind::Cidr, "10.2.0.0/16", false),
        ("ipv4", "10.1.2.3", IdKind::Cidr, "10.1.2.2/31", true),
        ("ipv6", "2001:db8::7", IdKind::Cidr, "2001:db8::/61", true),
        (
            "ipv6",
            "2001:db8:1::7",
            IdKind::Cidr,
            "2001:db8::/48",
            false,
        ),
        ("cidr", "10.1.2.0/24", IdKind::Cidr, "10.1.0.0/16", true),
        ("cidr", "10.0.0.0/8", IdKind::Cidr, "10.1.0.0/16", false),
        (
            "domain",
            "DB1.example.com",
            IdKind::Hostname,
            "db1.example.com.",
            true,
        ),
        (
            "domain",
            "www.example.com",
            IdKind::Hostname,
            "example.com",
            false,
        ),
        (
            "url",
            "https://db1.example.com/a",
            IdKind::Hostname,
            "db1.example.com",
            true,
        ),
        ("url", "http://10.1.2.3:8080/", IdKind::Ip, "10.1.2.3", true),
        (
            "email",
            "ada@example.com",
            IdKind::Email,
            "Ada@example.com",
            true,
        ),
        (
            "email",
            "ada@example.com",
            IdKind::Hostname,
            "example.com",
            false,
        ),
        (
            "aws_instance",
            "i-0abc123456789def0",
            IdKind::CloudId,
            "i-0abc123456789def0",
            true,
        ),
        (
            "arn",
            "arn:aws:ec2:eu-west-1:123456789012:instance/i-0abc123456789def0",
            IdKind::CloudId,
            "i-0abc123456789def0",
            true,
        ),
        (
            "arn",
            "arn:aws:s3:::payroll-archive",
            IdKind::CloudId,
            "arn:aws:s3:::payroll-archive",
            true,
        ),
        (
            "arn",
            "arn:aws:iam::123456789012:role/deploy",
            IdKind::CloudId,
            "123456789012",
            true,
        ),
        (
            "mac",
            "00-1A-2B-3C-4D-5E",
            IdKind::Mac,
            "00:1a:2b:3c:4d:5e",
            true,
        ),
    ] {
        let wanted = place(id, &canonical(id, name).unwrap());
        assert_eq!(
            places(kind, value).contains(&wanted),
            holds,
            "{kind} {value} in {name}"
        );
    }
    assert!(places("sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709").is_empty());
}

#[test]
fn what_is_no_name_of_its_kind_is_refused() {
    for (kind, value) in [
        (IdKind::Hostname, "a b"),
        (IdKind::Hostname, "10.1.2.3"),
        (IdKind::Ip, "10.1.2"),
        (IdKind::Cidr, "10.1.2.0/40"),
        (IdKind::Email, "ada"),
        (IdKind::Mac, "00:1a"),
        (IdKind::CloudId, "i 1"),
        (IdKind::User, ""),
    ] {
        assert_eq!(
            canonical(kind, value).unwrap_err().code,
            "invalid.value",
            "{value}"
        );
    }
    assert_eq!(
        canonical(IdKind::Hostname, "DB1.corp.local").unwrap(),
        "db1.corp.local"
    );
    assert_eq!(canonical(IdKind::Hostname, "SRV_DB-1").unwrap(), "srv_db-1");
}

#[test]
fn a_name_that_is_left_out_has_ended_and_one_taken_over_begins_now() {
    let before = asset(&[(IdKind::Ip, "10.1.2.3"), (IdKind::Hostname, "db1")]);
    let mut after = asset(&[(IdKind::Ip, "10.1.2.4"), (IdKind::Hostname, "db1")]);
    after.succeeds(Some(&before), |i| i.value == "10.1.2.4", START);
    let says: Vec<(&str, Option<Moment>, Option<Moment>)> = after
        .identifiers
        .iter()
        .map(|i| (i.value.as_str(), i.from, i.until))
        .collect();
    assert_eq!(
        says,
        [
            ("db1", None, None),
            ("10.1.2.4", Some(START), None),
            ("10.1.2.3", None, Some(START)),
        ]
    );
    // Saved again as it is, nothing changes; with the old address back, it has two stretches.
    let later = START.plus_ms(1000);
    let mut same = after.clone();
    same.succeeds(Some(&after), |_| true, later);
    assert_eq!(same, after);
    let mut back = asset(&[(IdKind::Ip, "10.1.2.3"), (IdKind::Hostname, "db1")]);
    back.succeeds(Some(&after), |_| false, later);
    let of = |value: &str| back.identifiers.iter().filter(|i| i.value == value).count();
    assert_eq!((of("10.1.2.3"), of("10.1.2.4")), (1, 1));
    assert!(back.current(later).any(|i| i.value == "10.1.2.3"));
    assert!(!back.current(later).any(|i| i.value == "10.1.2.4"));
}

#[test]
fn an_asset_says_what_is_wrong_with_it() {
    let d = directory();
    let code = |a: Asset| a.validate(&d).unwrap_err().code;
    let good = || asset(&[(IdKind::Ip, "10.1.2.3")]);
    assert!(good().validate(&d).is_ok());
    assert_eq!(
        code(Asset {
            name: " ".into(),
            ..good()
        }),
        "invalid.name"
    );
    assert_eq!(
        code(Asset {
            owner: Some(id("nobody")),
            ..good()
        }),
        "invalid.owner"
    );
    assert_eq!(
        code(Asset {
            team: Some(team("none")),
            ..good()
        }),
        "invalid.team"
    );
    let mut bad = good();
    bad.identifiers[0].value = "10.1".into();
    assert_eq!(code(bad), "invalid.identifiers.0.value");
}

#[test]
fn somebody_can_be_asked_even_without_an_owner() {
    let d = directory();
    let mut a = Asset {
        team: Some(team("soc")),
        ..asset(&[])
    };
    assert_eq!(
        a.whom_to_ask(&d, START),
        ["Ben Castillo, who has the watch of Security Operations"]
    );
    a.contact = "the landlord".into();
    a.owner = Some(id("ada"));
    assert_eq!(a.whom_to_ask(&d, START), ["Ada Okonkwo", "the landlord"]);
}

#[test]
fn a_line_fills_in_what_it_says_and_leaves_the_rest() {
    let d = directory();
    let mut a = Asset {
        baseline: "Quiet at night.".into(),
        ..asset(&[(IdKind::Ip, "10.1.2.3")])
    };
    let cells = |pairs: &[(&str, &str)]| -> Cells {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), vec![(*v).to_owned()]))
            .collect()
    };
    let line = cells(&[
        ("ip", "10.9.9.9; 10.9.9.10"),
        ("owner", "ADA@harbour.example"),
        ("team", "security operations"),
        ("criticality", "Critical"),
        ("environment", "Prod"),
        ("monitoring", "yes"),
        ("baseline", ""),
        ("tags", "pci, erp"),
    ]);
    fill(&mut a, &line, &d).unwrap();
    assert_eq!(a.owner, Some(id("ada")));
    assert_eq!(
        (a.criticality, a.environment),
        (Criticality::Critical, Environment::Production)
    );
    assert_eq!(a.baseline, "Quiet at night.");
    assert_eq!(a.identifiers.len(), 2);
    assert_eq!(a.tags.len(), 2);
    let wrong = fill(
        &mut a,
        &cells(&[("colour", "red"), ("ip", "x"), ("team", "y")]),
        &d,
    )
    .unwrap_err();
    let fields: Vec<_> = wrong.iter().filter_map(|r| r.field.as_deref()).collect();
    assert_eq!(fields, ["colour", "ip", "team"]);
    fill(&mut a, &cells(&[("owner", "facility management")]), &d).unwrap();
    assert_eq!(a.contact, "facility management");
}

#[test]
fn a_typed_name_tells_its_kind_and_reads_back() {
    for (line, kind, value) in [
        ("db1", IdKind::Hostname, "db1"),
        ("DB1.example.com", IdKind::Hostname, "db1.example.com"),
        ("10.1.2.3", IdKind::Ip, "10.1.2.3"),
        ("2001:db8::7", IdKind::Ip, "2001:db8::7"),
        ("10.1.0.0/16", IdKind::Cidr, "10.1.0.0/16"),
        ("ada@example.com", IdKind::Email, "ada@example.com"),
        ("00:1a:2b:3c:4d:5e", IdKind::Mac, "00:1a:2b:3c:4d:5e"),
        (
            "arn:aws:s3:::payroll",
            IdKind::CloudId,
            "arn:aws:s3:::payroll",
        ),
        ("user CORP\\Ada", IdKind::User, "corp\\ada"),
        ("serial:c02x", IdKind::Serial, "C02X"),
        ("cloud_id projects/shop", IdKind::CloudId, "projects/shop"),
    ] {
        let read = Identifier::read(line).unwrap();
        assert_eq!((read.kind, read.value.as_str()), (kind, value), "{line}");
        assert!(
            Identifier::read(&read.line()).unwrap().same(&read),
            "{line}"
        );
    }
    assert_eq!(Identifier::read("a b").unwrap_err().code, "invalid.value");
}

#[test]
fn bare_names_are_read_from_a_text_and_words_of_the_language_are_not() {
    let text = "User m.keller on Jump-01 (srv_db) opened the mail at 10 and left 2026.";
    assert_eq!(words_of(text), ["m.keller", "jump-01", "srv_db"]);
    let long = "ws-1 ".repeat(3) + &(0..1000).map(|i| format!("ws-{i} ")).collect::<String>();
    assert_eq!(words_of(&long).len(), 200);
}
