//! The deadlines of the shipped regimes against a table that was worked out by other means: every row must agree.

use midwatch_domain::actor::Actor;
use midwatch_domain::calendar::Holiday;
use midwatch_domain::moment::Moment;
use midwatch_domain::regulation::{Declaration, Filing, deadlines};
use midwatch_domain::shipped;
use midwatch_domain::testing::directory;
use std::collections::BTreeMap;

const TABLE: &str = include_str!("../../../fixtures/deadlines.tsv");

/// The `key=value` pairs of a column; none for a dash.
fn pairs(column: &str) -> impl Iterator<Item = (String, &str)> {
    let each = column.split(';').filter(|p| *p != "-");
    each.map(|p| {
        let (key, value) = p.split_once('=').expect("a pair has two sides");
        (key.to_owned(), value)
    })
}

/// The table leaves seconds out.
fn moment(text: &str) -> Moment {
    let (minutes, zone) = text.split_at(16);
    format!("{minutes}:00{zone}").parse().expect(text)
}

#[test]
fn every_deadline_of_the_table_agrees() {
    let mut wrong = Vec::new();
    let rows = TABLE.lines().skip(1);
    let mut checked = 0;
    for row in rows {
        let columns: Vec<&str> = row.split('\t').collect();
        let [
            _,
            regime,
            zone,
            inputs,
            triggers,
            filings,
            free,
            report,
            due,
        ] = columns[..]
        else {
            panic!("nine columns: {row}");
        };
        let mut directory = directory();
        if let Some(o) = &mut directory.organisation {
            o.time_zone = zone.into();
        }
        let found = shipped::regimes().iter().find(|r| r.key == regime);
        let mut regime = found.expect(regime).clone();
        for day in free.split(',').filter(|d| *d != "-") {
            regime.holidays.push(Holiday {
                date: day.parse().expect(day),
                name: "Bank holiday".into(),
            });
        }
        let filing = |(report, at): (String, &str)| Filing {
            report,
            filed_at: moment(at),
            reference: "R".into(),
            by: Actor::System,
        };
        let declaration = Declaration {
            regime: regime.key.clone(),
            triggers: pairs(triggers).map(|(k, at)| (k, moment(at))).collect(),
            inputs: pairs(inputs)
                .map(|(k, v)| (k, v.to_owned()))
                .collect::<BTreeMap<_, _>>(),
            reason: "It applies.".into(),
            by: Actor::System,
            declared_at: Moment(0),
            filings: pairs(filings).map(filing).collect(),
            withdrawn: None,
        };
        let all = deadlines(&regime, &declaration, &directory);
        let found = all.iter().find(|d| d.report == report).expect(row);
        let expected = due.strip_prefix("expected ");
        let due_at = (due != "none").then(|| moment(expected.unwrap_or(due)));
        if (found.due_at, found.expected) != (due_at, expected.is_some()) {
            let got = found.due_at.map(|at| directory.say_time(at));
            wrong.push(format!("{row}\n  got {got:?}: {}", found.because));
        }
        checked += 1;
    }
    assert!(checked >= 500, "{checked} rows");
    assert!(
        wrong.is_empty(),
        "{} of {checked} rows:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
