//! Precision and recall for each kind over the labelled cases of `cases.tsv`. Weak hits count as not found.

use indicators::{Options, extract};
use std::collections::{BTreeMap, BTreeSet};

/// Found and expected, found alone, expected alone.
#[derive(Default)]
struct Score {
    right: u32,
    wrong: u32,
    missed: u32,
}

impl Score {
    fn precision(&self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.wrong).max(1))
    }

    fn recall(&self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.missed).max(1))
    }
}

fn plain(escaped: &str) -> String {
    let mut text = String::new();
    let mut letters = escaped.chars();
    while let Some(letter) = letters.next() {
        match (letter, letter == '\\') {
            (_, true) => text.push(match letters.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            }),
            (letter, false) => text.push(letter),
        }
    }
    text
}

#[test]
fn finds_what_people_would_find() {
    let cases = include_str!("cases.tsv");
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let (mut whole, mut count) = (0, 0);
    for (number, line) in cases
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.starts_with('#'))
    {
        let mut columns = line.split('\t');
        let _group = columns.next();
        let text = plain(columns.next().unwrap());
        let expected: BTreeSet<(String, String)> = columns
            .map(|column| column.split_once('=').unwrap())
            .map(|(kind, value)| (kind.to_owned(), plain(value)))
            .collect();
        let found: BTreeSet<(String, String)> = extract(text.as_bytes(), &Options::default())
            .hits
            .into_iter()
            .filter(indicators::Hit::is_certain)
            .map(|hit| (hit.kind.as_str().to_owned(), hit.value))
            .collect();
        count += 1;
        whole += u32::from(found == expected);
        for (kind, value) in found.difference(&expected) {
            println!("line {}: {kind} {value} is not in {text:?}", number + 1);
            scores.entry(kind.clone()).or_default().wrong += 1;
        }
        for (kind, value) in expected.difference(&found) {
            println!("line {}: {kind} {value} is missed in {text:?}", number + 1);
            scores.entry(kind.clone()).or_default().missed += 1;
        }
        for (kind, _) in found.intersection(&expected) {
            scores.entry(kind.clone()).or_default().right += 1;
        }
    }
    let mut sum = Score::default();
    println!(
        "{:<16} {:>5} {:>5} {:>6}  precision  recall",
        "kind", "right", "wrong", "missed"
    );
    for (kind, score) in &scores {
        let (precision, recall) = (score.precision(), score.recall());
        println!(
            "{kind:<16} {:>5} {:>5} {:>6}  {precision:>9.3}  {recall:>6.3}",
            score.right, score.wrong, score.missed
        );
        sum.right += score.right;
        sum.wrong += score.wrong;
        sum.missed += score.missed;
    }
    let (precision, recall) = (sum.precision(), sum.recall());
    println!("{whole} of {count} cases wholly right; precision {precision:.3}, recall {recall:.3}");
    assert!(count >= 500, "{count} cases are too few to say much");
    assert!(
        precision >= 0.97 && recall >= 0.97,
        "precision {precision:.3}, recall {recall:.3}"
    );
}
