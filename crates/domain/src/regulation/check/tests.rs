//! What is refused when a regime is edited, and why.

use crate::regulation::Regime;
use crate::shipped;

/// A regime in which one part of a sound one is replaced.
fn edited(replace: &str, with: &str) -> Result<Regime, String> {
    let text = r#"
key = "own"
title = "Own rule"
jurisdiction = "Here"
source = "Our contract, section 4"
effective_from = "2026-01-01"
checked_on = "2026-11-22"

[[input]]
key = "size"
label = "How large?"
choice = [{ key = "small", label = "Small" }, { key = "large", label = "Large" }]

[[trigger]]
key = "aware"
label = "Aware"

[[report]]
key = "first"
name = "First report"
to = "Customer"
reminders = [90, 50]
roll = { at = "12:00", unless = [{ input = "size", is = ["small"] }] }
limit = [{ after = "aware", hours = 24 }]

[[report]]
key = "last"
name = "Last report"
to = "Customer"
limit = [{ after = "first", months = 1 }]
"#;
    assert!(text.contains(replace), "{replace}");
    Regime::from_toml(&text.replacen(replace, with, 1)).map_err(|r| r.to_string())
}

#[test]
fn a_sound_one_is_taken_and_comes_back_from_its_text() {
    let own = edited("", "").unwrap();
    assert_eq!(own.reports[0].reminders, [50, 90]);
    assert_eq!(Regime::from_toml(&own.to_toml()), Ok(own));
    for r in shipped::regimes() {
        assert_eq!(Regime::from_toml(&r.to_toml()).as_ref(), Ok(r));
    }
}

#[test]
fn what_could_not_work_is_refused_with_the_place() {
    let cases = [
        ("key = \"own\"", "key = \"Own\"", "key: "),
        (
            "key = \"own\"",
            "key = \"own\"\ncolour = 1",
            "unknown field `colour`",
        ),
        ("2026-01-01", "2026-02-30", "text: This cannot be read."),
        ("2026-01-01", "0001-01-01", "text: This cannot be read."),
        ("2026-11-22", "2026-13-01", "text: This cannot be read."),
        (
            "jurisdiction",
            "time_zone = \"Mars/Base\"\njurisdiction",
            "time_zone: ",
        ),
        ("key = \"large\"", "key = \"small\"", "input[0].choice: "),
        (
            "key = \"first\"",
            "key = \"aware\"",
            "report: “aware” names two things",
        ),
        (
            "hours = 24",
            "hours = 0",
            "report[0].limit[0].hours: Expected 1 to",
        ),
        (
            "hours = 24",
            "hours = -4",
            "report[0].limit[0].hours: Expected 1 to",
        ),
        (
            "hours = 24",
            "hours = 9223372036854775807",
            "report[0].limit[0].hours: Expected 1 to",
        ),
        (
            "hours = 24",
            "hours = 24, days = 1",
            "report[0].limit[0]: Expected exactly one",
        ),
        (
            ", hours = 24",
            "",
            "report[0].limit[0]: Expected exactly one",
        ),
        ("hours = 24", "working_days = 4", "report[0].limit[0].at: "),
        (
            "hours = 24",
            "hours = 24, at = \"12:00\"",
            "report[0].limit[0].at: ",
        ),
        (
            "hours = 24",
            "hours = 24, at = \"25:00\"",
            "text: This cannot be read.",
        ),
        (
            "hours = 24",
            "hours = 24, latest = true",
            "report[0].limit[0].latest: ",
        ),
        (
            "hours = 24",
            "hours = 24, void_if_later = \"first\"",
            "report[0].limit[0].void_if_later: ",
        ),
        (
            "after = \"aware\"",
            "after = \"awake\"",
            "report[0].limit[0].after: There is no trigger and no report “awake”. Known are: aware, first, last.",
        ),
        (
            "after = \"aware\"",
            "after = \"last\"",
            "report: These reports wait for each other, so none of them would ever be due: first, last.",
        ),
        (
            "after = \"first\"",
            "after = \"last\"",
            "report: These reports wait for each other",
        ),
        (
            "reminders = [90, 50]",
            "reminders = [100]",
            "report[0].reminders: ",
        ),
        (
            "input = \"size\"",
            "input = \"shape\"",
            "report[0].roll.unless: There is no input “shape”",
        ),
        (
            "[\"small\"]",
            "[\"tiny\"]",
            "report[0].roll.unless: The input “size” has no answer “tiny”",
        ),
        (
            "[\"small\"]",
            "[]",
            "report[0].roll.unless: Expected at least one",
        ),
        (
            "limit = [{ after = \"aware\", hours = 24 }]",
            "limit = []",
            "report[0].limit: ",
        ),
    ];
    for (replace, with, says) in cases {
        let said = edited(replace, with).unwrap_err();
        assert!(said.contains(says), "{with}: {said}");
    }
    assert!(Regime::from_toml("").is_err());
}
