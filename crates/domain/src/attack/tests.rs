//! The rule of what evidence points to, over a small map of things. Reads nothing.

use super::*;
use crate::observable::Source;

fn key(text: &str) -> ObservableKey {
    text.parse().unwrap()
}

fn thing(id: &str, kind: &str, number: &str, name: &str) -> Thing {
    Thing {
        id: id.into(),
        part: Part::of(kind).unwrap(),
        number: number.into(),
        name: name.into(),
        tactics: Vec::new(),
    }
}

fn asserted(
    value: &str,
    indicator: &str,
    name: &str,
    confidence: i64,
) -> (ObservableKey, Assertion) {
    let assertion = Assertion {
        feed: "Partners".into(),
        indicator: indicator.into(),
        name: name.into(),
        value: key(value),
        confidence,
        since: Moment(1),
        until: None,
    };
    (key(value), assertion)
}

/// A feed's own malware has the name of one of ATT&CK, which two groups use, and which uses a technique.
fn evidence() -> Evidence {
    let things = [
        thing("malware--own", "malware", "", "Oyster-Sync"),
        thing("malware--mitre", "malware", "S9001", "OysterSync"),
        thing(
            "attack-pattern--1",
            "attack-pattern",
            "T1566.001",
            "Spearphishing Attachment",
        ),
        thing("intrusion-set--1", "intrusion-set", "G9001", "Grey Heron"),
        thing("intrusion-set--2", "intrusion-set", "G9002", "Pale Ibis"),
    ];
    let tie = |from: &str, how: &str, to: &str| Tie {
        from: from.into(),
        how: how.into(),
        to: to.into(),
        feed: "ATT&CK".into(),
    };
    let ties = [
        tie("indicator--1", "indicates", "malware--own"),
        tie("malware--mitre", "uses", "attack-pattern--1"),
        tie("intrusion-set--1", "uses", "malware--mitre"),
        tie("intrusion-set--2", "uses", "malware--mitre"),
        tie("intrusion-set--2", "uses", "attack-pattern--1"),
    ];
    Evidence {
        things: things.into_iter().map(|t| (t.id.clone(), t)).collect(),
        ties: ties.into_iter().collect(),
        asserted: vec![asserted(
            "domain:evil.example",
            "indicator--1",
            "Loader",
            80,
        )],
        stated: BTreeMap::new(),
    }
}

fn of<'a>(all: &'a [Finding], number: &str) -> &'a Finding {
    let found = all.iter().find(|f| f.number == number);
    found.unwrap_or_else(|| panic!("{number} was not found in {all:#?}"))
}

#[test]
fn a_technique_comes_with_the_chain_that_leads_to_it() {
    let all = findings(&evidence());
    let technique = of(&all, "T1566.001");
    assert_eq!(technique.stated, None);
    let chain = &technique.chains[0];
    assert_eq!(
        chain.says(),
        "domain:evil.example is an indicator “Loader” of Partners (80 of 100), which indicates Oyster-Sync, which has the name of OysterSync S9001, which uses Spearphishing Attachment T1566.001"
    );
    // 0.8 of the feed, 0.9 for a name alone, and a half since that it can does not say that it did.
    assert_eq!((chain.confidence, technique.confidence), (36, 36));
    assert!(
        all.iter().all(|f| !f.chains.is_empty()),
        "nothing without its chain"
    );
    assert!(
        all.iter().all(|f| !f.number.is_empty()),
        "what the feed calls it is a step of the chain"
    );
}

#[test]
fn software_that_many_use_says_little_of_who_it_was() {
    let two = of(&findings(&evidence()), "G9001").confidence;
    let mut fewer = evidence();
    fewer.ties.retain(|t| t.from != "intrusion-set--2");
    let one = of(&findings(&fewer), "G9001").confidence;
    assert_eq!((two, one), (25, 50));
}

#[test]
fn several_observables_make_it_more_probable_and_never_sure() {
    let mut more = evidence();
    // The same observable twice has one vote.
    more.asserted.push(more.asserted[0].clone());
    assert_eq!(of(&findings(&more), "S9001").confidence, 72);
    more.asserted.push(asserted(
        "ipv4:198.51.100.7",
        "indicator--2",
        "oystersync",
        90,
    ));
    let all = findings(&more);
    let software = of(&all, "S9001");
    assert_eq!(software.confidence, 95);
    assert!(
        software
            .chains
            .iter()
            .any(|c| c.steps[0].how == "has the name of")
    );
}

#[test]
fn what_was_stated_stands_first_and_is_told_from_what_is_probable() {
    let mut e = evidence();
    let stated = Stated {
        by: Actor::System,
        at: Moment(5),
        source: Source::Opening,
    };
    e.stated = [
        ("T1059", &stated),
        ("T1566.001", &stated),
        ("TA0001", &stated),
    ]
    .map(|(n, s)| (n.to_owned(), s.clone()))
    .into();
    let all = findings(&e);
    assert_eq!(
        (all[0].number.as_str(), all[0].confidence),
        ("T1566.001", 36)
    );
    assert!(all[0].stated.is_some() && !all[0].chains.is_empty());
    // Nothing was loaded of it, and no tactic is a technique.
    assert_eq!(
        (all[1].number.as_str(), all[1].name.as_str()),
        ("T1059", "")
    );
    assert!(all.iter().all(|f| f.number != "TA0001"));
    assert!(all[2].stated.is_none());
}

#[test]
fn what_is_hardly_probable_is_not_said_and_circles_end() {
    let mut e = evidence();
    e.asserted[0].1.confidence = 5;
    let all = findings(&e);
    assert!(all.iter().all(|f| f.part == Part::Software), "{all:#?}");
    let mut circle = evidence();
    circle.ties.insert(Tie {
        from: "malware--mitre".into(),
        how: "delivers".into(),
        to: "malware--own".into(),
        feed: "x".into(),
    });
    assert_eq!(of(&findings(&circle), "S9001").chains.len(), 1);
}
