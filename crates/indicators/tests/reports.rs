//! Whole documents, each with a list of what an analyst wants from it: nothing may be missed, and nothing else found.
#![expect(
    clippy::unwrap_used,
    reason = "a list that can't be read fails the test"
)]

use indicators::{Hit, Options, extract};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path;

/// `as` is `expect`, or `optional` for what may be taken or left.
#[derive(Deserialize)]
struct Label {
    r#as: String,
    r#type: String,
    value: String,
}

fn agrees(document: &str, labels: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/indicators");
    let text = std::fs::read(folder.join(document)).unwrap();
    let labels = std::fs::read_to_string(folder.join(labels)).unwrap();
    let labels: Vec<Label> = (labels.lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |what: &str| -> BTreeSet<(String, String)> {
        (labels.iter())
            .filter(|label| label.r#as == what)
            .map(|label| (label.r#type.clone(), label.value.clone()))
            .collect()
    };
    let (expected, optional) = (of("expect"), of("optional"));
    assert!(!expected.is_empty(), "{document} expects nothing");
    let found: BTreeSet<(String, String)> = (extract(&text, &Options::default()).hits)
        .into_iter()
        .filter(Hit::is_certain)
        .map(|hit| (hit.kind.as_str().to_owned(), hit.value))
        .collect();
    let missed: Vec<_> = expected.difference(&found).collect();
    let wrong: Vec<_> = (found.difference(&expected))
        .filter(|value| !optional.contains(value))
        .collect();
    assert!(
        missed.is_empty() && wrong.is_empty(),
        "{document}: missed {missed:#?}, wrongly found {wrong:#?}"
    );
}

#[test]
fn all_of_a_report_and_nothing_else() {
    agrees("report.md", "report.expected.jsonl");
}

#[test]
fn all_of_a_later_report_and_nothing_else() {
    agrees("report-later.md", "report-later.expected.jsonl");
}

#[test]
fn all_of_a_mail_and_nothing_else() {
    agrees("mail.eml", "mail.expected.jsonl");
}
