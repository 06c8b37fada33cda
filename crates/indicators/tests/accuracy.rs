//! Precision and recall for each kind over labelled cases: those of `fixtures/indicators`, which were written without the
//! extractor in mind, and `cases.jsonl`, which were written beside it. Weak hits count as not found.
#![expect(
    clippy::unwrap_used,
    reason = "a case that can't be read fails the test"
)]

use indicators::{Hit, Options, extract};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

type Value = (String, String);

#[derive(Deserialize)]
struct Case {
    id: String,
    text: String,
    expect: Vec<Label>,
    #[serde(default)]
    optional: Vec<Label>,
}

#[derive(Deserialize)]
struct Label {
    r#type: String,
    value: String,
}

fn values(labels: Vec<Label>) -> BTreeSet<Value> {
    labels
        .into_iter()
        .map(|label| (label.r#type, label.value))
        .collect()
}

/// Found and expected, found alone, expected alone.
#[derive(Clone, Copy, Default)]
struct Score {
    right: u32,
    wrong: u32,
    missed: u32,
}

impl Score {
    fn precision(self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.wrong).max(1))
    }

    fn recall(self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.missed).max(1))
    }
}

/// The lines of the files in a folder whose names begin so.
fn lines(folder: &str, part: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with(part) && name.ends_with(".jsonl")
        })
        .collect();
    files.sort();
    (files.iter())
        .flat_map(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

/// Scores the cases of one part and prints the table.
fn score(part: &str, cases: Vec<String>) -> Score {
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let (mut whole, mut count) = (0, 0);
    for line in cases {
        let case: Case = serde_json::from_str(&line).unwrap();
        let (id, expected, optional) = (case.id, values(case.expect), values(case.optional));
        let found: BTreeSet<Value> = extract(case.text.as_bytes(), &Options::default())
            .hits
            .into_iter()
            .filter(Hit::is_certain)
            .map(|hit| (hit.kind.as_str().to_owned(), hit.value))
            .filter(|value| expected.contains(value) || !optional.contains(value))
            .collect();
        count += 1;
        whole += u32::from(found == expected);
        for (kind, value) in found.difference(&expected) {
            println!("{id}: {kind} {value:?} is not in it");
            scores.entry(kind.clone()).or_default().wrong += 1;
        }
        for (kind, value) in expected.difference(&found) {
            println!("{id}: {kind} {value:?} is missed");
            scores.entry(kind.clone()).or_default().missed += 1;
        }
        for (kind, _) in found.intersection(&expected) {
            scores.entry(kind.clone()).or_default().right += 1;
        }
    }
    println!("\n{part} {:<16} right wrong missed precision recall", "");
    let mut sum = Score::default();
    let row = |kind: &str, score: Score| {
        println!(
            "{part} {kind:<16} {:>5} {:>5} {:>6} {:>9.3} {:>6.3}",
            score.right,
            score.wrong,
            score.missed,
            score.precision(),
            score.recall()
        );
    };
    for (kind, score) in &scores {
        row(kind, *score);
        sum.right += score.right;
        sum.wrong += score.wrong;
        sum.missed += score.missed;
    }
    row("all", sum);
    println!("{part} {whole} of {count} cases wholly right\n");
    assert!(
        count >= 200,
        "{count} cases of {part} are too few to say much"
    );
    sum
}

#[test]
fn finds_what_an_analyst_wants_and_nothing_else() {
    let fixtures = "../../fixtures/indicators/cases";
    for (part, cases, floor) in [
        ("dev", lines(fixtures, "dev"), 0.98),
        ("held", lines(fixtures, "held"), 0.98),
        ("own", lines("tests", "cases"), 0.99),
    ] {
        let score = score(part, cases);
        let (precision, recall) = (score.precision(), score.recall());
        assert!(
            precision >= floor && recall >= floor,
            "{part}: precision {precision:.3}, recall {recall:.3}, {floor} expected"
        );
    }
}
