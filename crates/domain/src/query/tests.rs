//! What queries mean, how errors point, and that printing and reading agree.

use proptest::prelude::*;

use super::*;
use crate::directory::Directory;
use crate::moment::Moment;
use crate::testing::{START, directory, id, team, viewer};
use crate::words::{Phase, Severity};

fn ask_as(name: &str, text: &str) -> Result<Resolved, QueryError> {
    let d: Directory = directory();
    parse(text)?.resolve(&viewer(&d, name), &d, START)
}

fn ask(text: &str) -> Result<Resolved, QueryError> {
    ask_as("ben", text)
}

fn one(text: &str) -> Term {
    match ask(text).map(|r| r.filter) {
        Ok(Expr::Term(term)) => term,
        other => panic!("{text}: {other:?}"),
    }
}

fn error(text: &str) -> (usize, usize, String) {
    let e = ask(text).expect_err(text);
    (e.column, e.length, e.message)
}

#[test]
fn the_example_of_the_design_is_understood() {
    let text = r#"phase:analysis severity>=high owner:me tag:vpn "powershell -enc""#;
    let Expr::And(terms) = ask(text).unwrap().filter else {
        panic!("terms side by side must all hold");
    };
    let expected = [
        Term::Phase([Phase::Analysis].into()),
        Term::Severity([Severity::High, Severity::Critical].into()),
        Term::Person(PersonField::Owner, [id("ben")].into()),
        Term::Tag(["vpn".to_owned()].into()),
        Term::Text("powershell -enc".into()),
    ];
    assert_eq!(terms, expected.map(Expr::Term));
    assert_eq!(parse(text).unwrap().to_string(), text);
}

#[test]
fn an_empty_query_asks_for_everything() {
    for text in ["", "   ", "\u{0}\n"] {
        assert_eq!(ask(text).unwrap().filter, Expr::And(vec![]), "{text:?}");
    }
}

#[test]
fn and_binds_closer_than_or_and_groups_are_flattened() {
    let printed = |text: &str| parse(text).unwrap().to_string();
    assert_eq!(printed("a AND b OR c"), "a b OR c");
    assert_eq!(printed("a (b OR (c OR d))"), "a (b OR c OR d)");
    assert_eq!(printed("((a)) ((b c))"), "a b c");
    assert_eq!(printed("NOT (a b)"), "-(a b)");
    assert_eq!(printed("NOT -a"), "a");
    assert_eq!(printed("phase!=closed,recovery"), "-phase:closed,recovery");
    assert_eq!(
        printed("IS:Open SORT:-Updated x"),
        "is:open x sort:-updated"
    );
    assert_eq!(
        printed(r#""or" "OR" "tag:x" "-x" "a b" "C:\Temp\\" "\"""#),
        r#"or "OR" "tag:x" "-x" "a b" "C:\Temp\\" "\"""#
    );
}

#[test]
fn a_pasted_address_is_text() {
    for text in [
        "https://evil.example/a=b",
        "203.0.113.9:53",
        "powershell.exe",
        "'x'",
    ] {
        assert_eq!(one(text), Term::Text(text.into()));
    }
}

#[test]
fn closed_words_become_sets() {
    assert_eq!(
        one("phase:analysis,containment"),
        Term::Phase([Phase::Analysis, Phase::Containment].into())
    );
    assert_eq!(
        one("severity<medium"),
        Term::Severity([Severity::Low].into())
    );
    assert_eq!(one("kind:fraud/phishing"), one("kind:phishing"));
    let Term::Kind(fraud) = one("kind:fraud") else {
        panic!("kind")
    };
    assert!(fraud.len() > 1 && fraud.iter().all(|k| k.starts_with("fraud/")));
    assert_eq!(one("number:MW-7,9"), Term::Number(vec![7..=7, 9..=9]));
    assert_eq!(one("number<=12"), Term::Number(vec![1..=12]));
    assert_eq!(one("has:offer"), Term::Has(Has::Offer));
    let any = Expr::Or(vec![
        Expr::Term(Term::Is(Is::Open)),
        Expr::Term(Term::Is(Is::Merged)),
    ]);
    assert_eq!(ask("is:merged,open").unwrap().filter, any);
}

#[test]
fn people_are_found_by_id_address_name_and_beginning() {
    let cleo = Term::Person(PersonField::Owner, [id("cleo")].into());
    for text in [
        "owner:per_cleo",
        "owner:CLEO@harbour.example",
        "owner:\"cleo lindqvist\"",
        "owner:cleo",
        "owner:lindq",
    ] {
        assert_eq!(one(text), cleo, "{text}");
    }
    assert_eq!(
        one("watcher:lind"),
        Term::Person(PersonField::Watcher, [id("cleo"), id("dan")].into())
    );
    assert_eq!(
        one("is:watched"),
        Term::Person(PersonField::Watcher, [id("ben")].into())
    );
    assert_eq!(one("is:mine"), one("owner:me"));
    assert_eq!(one("team:cloud"), Term::Team([team("cloud")].into()));
    assert_eq!(one("team:team_soc"), one("team:\"security operations\""));
}

#[test]
fn who_may_not_read_the_directory_learns_no_names() {
    let nobody = Expr::Term(Term::Person(PersonField::Owner, [].into()));
    assert_eq!(ask_as("rita", "owner:zzz").unwrap().filter, nobody);
    assert!(ask_as("otto", "owner:zzz").is_err());
    assert!(ask_as("system", "is:mine").is_err());
}

#[test]
fn days_are_those_of_the_organisation() {
    let at = |text: &str| text.parse::<Moment>().unwrap();
    let time = |field, from: Option<&str>, before: Option<&str>| Term::Time {
        field,
        from: from.map(at),
        before: before.map(at),
    };
    use TimeField::{Closed, Opened, Updated};
    // Berlin is one hour ahead of UTC in winter; the day its clocks went back had 25 hours.
    assert_eq!(
        one("opened:today"),
        time(
            Opened,
            Some("2026-11-01T23:00:00Z"),
            Some("2026-11-02T23:00:00Z")
        )
    );
    assert_eq!(
        one("opened:2026-10-25"),
        time(
            Opened,
            Some("2026-10-24T22:00:00Z"),
            Some("2026-10-25T23:00:00Z")
        )
    );
    assert_eq!(
        one("updated>yesterday"),
        time(Updated, Some("2026-11-01T23:00:00Z"), None)
    );
    assert_eq!(
        one("closed<=2026-11-01"),
        time(Closed, None, Some("2026-11-01T23:00:00Z"))
    );
    assert_eq!(
        one("opened>=2026-11-01T03:00Z"),
        time(Opened, Some("2026-11-01T03:00:00Z"), None)
    );
    assert_eq!(
        one("opened:2026-11-01T03:00Z"),
        time(
            Opened,
            Some("2026-11-01T03:00:00Z"),
            Some("2026-11-01T03:01:00Z")
        )
    );
    assert_eq!(
        one("opened:2026-11-01T04:00+01:00"),
        time(
            Opened,
            Some("2026-11-01T03:00:00Z"),
            Some("2026-11-01T03:00:00.001Z")
        )
    );
    assert_eq!(
        one("updated>-24h"),
        time(Updated, Some("2026-11-01T08:00:00Z"), None)
    );
    assert_eq!(one("updated:-24h"), one("updated>=-1d"));
    assert_eq!(
        one("updated<-2w"),
        time(Updated, None, Some("2026-10-19T08:00:00Z"))
    );
}

#[test]
fn errors_point_at_the_column_and_help() {
    let cases = [
        (
            "phase:analysis severty>=high",
            16,
            7,
            "Did you mean severity?",
        ),
        ("é phase:analisys", 9, 8, "Did you mean analysis?"),
        ("tag>vpn", 4, 1, "no order"),
        ("severity>=low,high", 15, 4, "one value"),
        ("owner:", 7, 1, "me, a name"),
        ("owner: ben", 7, 1, "without a space"),
        ("owner:clio", 7, 4, "Did you mean Cleo?"),
        ("team:clod", 6, 4, "Did you mean Cloud?"),
        ("opened>soon", 8, 4, "2026-11-01T03:00Z"),
        ("opened:2026-02-30", 8, 10, "is no time"),
        ("opened:-7y", 8, 3, "-7d"),
        ("opened:-999999d", 8, 8, "is no time"),
        ("opened:today,yesterday", 14, 9, "not a list"),
        ("user=admin x", 1, 4, "\"user=admin\""),
        ("\"abc", 1, 1, "not closed"),
        ("x \" \"", 3, 3, "nothing between"),
        ("(a b", 1, 1, "Add a )"),
        ("a b)", 4, 1, "never opened"),
        ("a ()", 4, 1, "before this parenthesis"),
        ("a OR", 5, 1, "too early"),
        ("OR a", 1, 2, "both sides"),
        ("a - b", 3, 1, "right after the -"),
        ("NOT", 4, 1, "too early"),
        ("sort:updatd", 6, 6, "Did you mean updated?"),
        ("sort:updated sort:number", 14, 11, "already"),
        ("-sort:updated", 2, 12, "outside"),
        ("a OR sort:updated", 6, 12, "not one"),
        ("template:phishin", 10, 7, "no template"),
        ("number:MW-x", 8, 4, "MW-1042"),
        ("is:opn", 4, 3, "Did you mean open?"),
        ("kind:phising", 6, 7, "Did you mean phishing?"),
    ];
    for (text, column, length, says) in cases {
        let (c, l, message) = error(text);
        assert_eq!((c, l), (column, length), "{text}: {message}");
        assert!(message.contains(says), "{text}: {message}");
    }
    let shown = ask("a\tphse:x").unwrap_err().pointer("a\tphse:x");
    assert_eq!(shown, "a phse:x\n  ^^^^");
}

#[test]
fn size_and_depth_are_bounded() {
    assert!(ask(&"a ".repeat(60)).is_ok());
    assert!(error(&"a ".repeat(61)).2.contains("60 terms"));
    let tags = format!("tag:{}", vec!["x"; 61].join(","));
    assert!(error(&tags).2.contains("60 terms"));
    assert!(error(&"é".repeat(1001)).2.contains("1000 characters"));
    let nested = |n: usize| format!("{}a{}", "(".repeat(n), ")".repeat(n));
    assert!(ask(&nested(10)).is_ok());
    assert!(error(&nested(11)).2.contains("nests at most 10"));
    assert!(
        error(&format!("{}a", "NOT ".repeat(11)))
            .2
            .contains("nests")
    );
}

#[test]
fn every_field_is_in_the_table_once() {
    for (field, name, _) in Field::ALL {
        assert_eq!(Field::by_name(name), Some(*field));
        assert_eq!(field.name(), *name);
    }
}

#[test]
fn a_query_matches_what_it_says() {
    let mut desk = crate::testing::Desk::new();
    let n = desk.open("rita");
    desk.does(
        "ben",
        n,
        "classify",
        serde_json::json!({ "severity": "high", "add_tags": ["vpn"] }),
    );
    desk.does("cleo", n, "watch", serde_json::json!({}));
    let task = serde_json::json!({ "title": "Call", "assignee": id("dan") });
    desk.does("ben", n, "add_task", task);
    desk.attach("ben", n, "auth.log");
    desk.offer(n, "cleo");
    let matches = |text: &str| {
        let query = parse(text).unwrap();
        let resolved = query.resolve(&viewer(&desk.directory, "ben"), &desk.directory, desk.now);
        resolved
            .unwrap()
            .matches(desk.ticket(n), &|words| "seen in the log".contains(words))
    };
    for text in [
        "",
        "number:1",
        "title:SIGN",
        "phase:detection severity>=high",
        "kind:other",
        "tlp:amber pap:amber",
        "tag:vpn,x",
        "owner:me",
        "reporter:rita",
        "watcher:cleo",
        "assignee:dan",
        "team:security",
        "origin:web",
        "is:open",
        "is:mine",
        "is:unacknowledged",
        "is:offered",
        "has:offer,links",
        "has:evidence has:tasks",
        "opened:today",
        "updated>-1h",
        "\"in the log\"",
        "closed<today OR seen",
        "-closed>-7d",
        "-(tag:x OR is:closed)",
        "-template:phishing",
    ] {
        assert!(matches(text), "{text}");
    }
    for text in [
        "number>1",
        "title:mail",
        "phase:closed",
        "severity:low",
        "kind:fraud",
        "tag:x",
        "owner:cleo",
        "watcher:me",
        "assignee:ben",
        "team:cloud",
        "is:closed",
        "is:acknowledged",
        "is:restricted",
        "is:merged",
        "is:watched",
        "has:links",
        "outcome:benign",
        "opened:yesterday",
        "closed>-7d",
        "closed<today",
        "template:phishing",
        "elsewhere",
        "-seen",
    ] {
        assert!(!matches(text), "{text}");
    }
}

fn term() -> impl Strategy<Value = String> {
    let fixed = proptest::sample::select(vec![
        "phase:analysis",
        "phase>=containment",
        "severity!=low,high",
        "tlp:amber+strict",
        "kind:fraud",
        "tag:vpn,\"a b\"",
        "owner:me",
        "owner:\"Cleo Lindqvist\",ben",
        "team:cloud",
        "is:open,mine",
        "has:tasks",
        "opened>=-7d",
        "closed<2026-11-01",
        "updated:yesterday",
        "number>7",
        "title:\"x (y)\"",
        "outcome:benign",
        "origin:cli",
    ]);
    prop_oneof![
        fixed.prop_map(str::to_owned),
        "[a-zA-Z0-9.:/\\\\-]{1,8}",
        "\"[ -~]{1,10}\"",
        Just("OR".to_owned()),
        Just("NOT".to_owned()),
        Just("(".to_owned()),
        Just(")".to_owned()),
        Just("-(".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_printed_is_read_back_as_the_same_query(parts in proptest::collection::vec(term(), 0..12)) {
        let text = parts.join(" ");
        if let Ok(query) = parse(&text) {
            let printed = query.to_string();
            let again = parse(&printed).map_err(|e| TestCaseError::fail(format!("{text} → {printed}: {e}")))?;
            prop_assert_eq!(again.to_string(), printed.as_str());
            let d = directory();
            let resolve = |q: &Query| q.resolve(&viewer(&d, "ben"), &d, START);
            prop_assert_eq!(resolve(&query).ok(), resolve(&again).ok(), "{} → {}", text, printed);
        }
    }

    #[test]
    fn any_text_is_understood_or_refused_at_a_place_within_it(text in "\\PC{0,60}|[-()\":=<>!,a-zO R\\\\é]{0,60}") {
        if let Err(e) = ask(&text) {
            let characters = text.chars().count();
            prop_assert!(e.column >= 1 && e.length >= 1 && e.column + e.length <= characters + 2, "{:?}", e);
            prop_assert!(!e.message.is_empty());
        }
    }
}
