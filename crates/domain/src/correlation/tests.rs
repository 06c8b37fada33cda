//! What a tie is made of: each factor pulls its way, one family has one vote, reasons are sentences.

use super::*;
use proptest::prelude::*;

const DAY: i64 = 86_400_000;
const NOW: Moment = Moment(1_790_000_000_000);

fn known(kind: &str, value: &str, tickets: i64) -> Known {
    Known {
        key: ObservableKey::read(kind, value).unwrap(),
        same_as: None,
        tickets,
        role: Role::Unknown,
        fame: 1.0,
        ignored: false,
    }
}

fn shared(known: &Known, days: i64) -> Shared<'_> {
    Shared {
        known,
        role: Role::Unknown,
        at: NOW.plus_ms(-days * DAY),
        near: None,
    }
}

#[test]
fn a_reason_is_a_sentence() {
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let k = known("sha256", hash, 2);
    let tie = tie(&[shared(&k, 12)], None, 4113, NOW);
    let says = format!("shares sha256 {hash}, seen in 2 of 4,113 tickets, last 12 days ago");
    assert_eq!(tie.reasons[0].says, says);
    assert!(tie.score > STRONG, "{tie:?}");
    let near = Shared {
        near: Some("lies within 198.51.100.0/24".into()),
        ..shared(&k, 0)
    };
    assert!(super::says(&near, 10, NOW).contains(" lies within 198.51.100.0/24, seen in 2 of 10"));
    assert_eq!(ago(NOW, NOW.plus_ms(-DAY)), "last 1 day ago");
    assert_eq!(ago(NOW, NOW.plus_ms(-7_200_000)), "last 2 hours ago");
    assert_eq!(
        [0, 999, 1000, 1_234_567].map(grouped),
        ["0", "999", "1,000", "1,234,567"]
    );
}

#[test]
fn a_url_its_host_and_its_domain_have_one_vote() {
    let all = [
        known("url", "https://www.evil.example/a", 2),
        known("domain", "www.evil.example", 2),
        known("domain", "evil.example", 2),
    ];
    let each: Vec<Shared<'_>> = all.iter().map(|k| shared(k, 3)).collect();
    let together = tie(&each, None, 1000, NOW);
    let alone = tie(&each[..1], None, 1000, NOW);
    assert_eq!(together, alone);
    let other = known("domain", "other.example", 2);
    let more = [each[0].clone(), shared(&other, 3)];
    assert!(tie(&more, None, 1000, NOW).score > alone.score);
}

#[test]
fn hashes_of_one_file_have_one_vote() {
    let sha256 = known("sha256", &"a1".repeat(32), 2);
    let named = |kind: &str, value: String| Known {
        same_as: Some(sha256.key.clone()),
        ..known(kind, &value, 2)
    };
    let (sha1, md5) = (
        named("sha1", "b2".repeat(20)),
        named("md5", "c3".repeat(16)),
    );
    let each = [&md5, &sha256, &sha1].map(|k| shared(k, 1));
    let together = tie(&each, None, 1000, NOW);
    assert_eq!(together, tie(&each[1..2], None, 1000, NOW));
    let one = tie(&each[..1], None, 1000, NOW);
    assert_eq!(one.reasons[0].value, Some(md5.key.clone()));
}

#[test]
fn what_is_ours_ignored_or_famous_says_little() {
    let score = |k: &Known| tie(&[shared(k, 1)], None, 1000, NOW).score;
    let plain = known("domain", "evil.example", 2);
    let own = Known {
        role: Role::Own,
        ..plain.clone()
    };
    let ignored = Known {
        ignored: true,
        ..plain.clone()
    };
    let famous = Known {
        fame: 0.1,
        ..plain.clone()
    };
    assert!(score(&plain) > 3.0);
    assert!(score(&own) == 0.0 && score(&ignored) == 0.0);
    assert!(score(&famous) > 0.0 && score(&famous) < score(&plain) / 5.0);
    let theirs = Shared {
        role: Role::Own,
        ..shared(&plain, 1)
    };
    assert!(tie(&[theirs], None, 1000, NOW).reasons.is_empty());
}

#[test]
fn like_texts_are_a_reason_and_unlike_ones_are_none() {
    assert!(tie(&[], Some(0.4), 10, NOW).reasons.is_empty());
    let alike = tie(&[], Some(0.96), 10, NOW);
    assert_eq!(
        alike.reasons[0].says,
        "says nearly the same: 96 % of the words"
    );
    assert!(alike.score > STRONG);
}

#[test]
fn only_the_strongest_reasons_are_named() {
    let all: Vec<Known> = (0..20)
        .map(|i| known("ipv4", &format!("198.51.100.{i}"), 2))
        .collect();
    let each: Vec<Shared<'_>> = all.iter().map(|k| shared(k, 1)).collect();
    let tie = tie(&each, None, 1000, NOW);
    assert_eq!((tie.reasons.len(), tie.more), (8, 12));
    assert!(tie.score > tie.reasons.iter().map(|r| r.score).sum::<f64>());
}

proptest! {
    #[test]
    fn rarer_and_newer_never_says_less(tickets in 1i64..10_000, more in 0i64..10_000, days in 0i64..4000, older in 0i64..4000, all in 1i64..100_000) {
        let (rare, common) = (known("domain", "evil.example", tickets), known("domain", "evil.example", tickets + more));
        let all = all.max(tickets + more);
        let score = |k: &Known, d: i64| value_score(&shared(k, d), all, NOW);
        prop_assert!(score(&rare, days) >= score(&common, days));
        prop_assert!(score(&rare, days) >= score(&rare, days + older));
        prop_assert!(score(&common, days) > 0.0 && score(&rare, days).is_finite());
    }

    #[test]
    fn one_more_shared_value_never_weakens_a_tie(n in 0usize..12, tickets in 1i64..50, likeness in 0.0f64..1.0) {
        let all: Vec<Known> = (0..=n).map(|i| known("ipv4", &format!("198.51.100.{i}"), tickets)).collect();
        let each: Vec<Shared<'_>> = all.iter().map(|k| shared(k, 5)).collect();
        let (fewer, more) = (tie(&each[..n], Some(likeness), 5000, NOW), tie(&each, Some(likeness), 5000, NOW));
        prop_assert!(more.score >= fewer.score);
        let mut backwards = each.clone();
        backwards.reverse();
        prop_assert_eq!(tie(&backwards, Some(likeness), 5000, NOW), more);
    }
}
