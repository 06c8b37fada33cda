//! The one list of checks a change must pass, and the loop that runs and times them. Does not know how a check works.

use std::time::{Duration, Instant};

use crate::command::cargo;
use crate::{browser, supply, tidy};

/// A named step of the list.
pub(crate) struct Check {
    /// Word to run it by.
    pub(crate) name: &'static str,
    /// What a pass means, in a few words.
    pub(crate) says: &'static str,
    run: fn() -> Outcome,
}

/// A line worth repeating at the end, or what is wrong.
pub(crate) type Outcome = Result<Option<String>, String>;

/// In the order they run: the quick ones first.
pub(crate) const CHECKS: [Check; 8] = [
    Check {
        name: "format",
        says: "the code is formatted",
        run: format,
    },
    Check {
        name: "tidy",
        says: "the tree keeps its rules",
        run: tidy::run,
    },
    Check {
        name: "supply",
        says: "dependencies have an accepted licence and no ban",
        run: supply::run,
    },
    Check {
        name: "clippy",
        says: "no warning from compiler or clippy",
        run: clippy,
    },
    Check {
        name: "test",
        says: "all tests pass",
        run: test,
    },
    Check {
        name: "doctest",
        says: "the examples in the documentation run",
        run: doctest,
    },
    Check {
        name: "doc",
        says: "the documentation builds without a warning",
        run: doc,
    },
    Check {
        name: "browser",
        says: "the pages work in a real browser",
        run: browser::run,
    },
];

fn format() -> Outcome {
    cargo(&["fmt", "--all", "--check"]).run()?;
    Ok(None)
}

fn clippy() -> Outcome {
    cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--quiet",
        "--",
        "--deny=warnings",
    ])
    .run()?;
    Ok(None)
}

fn test() -> Outcome {
    let (said, result) = cargo(&[
        "nextest",
        "run",
        "--workspace",
        "--locked",
        "--cargo-quiet",
        "--profile=ci",
    ])
    .run_and_keep_stderr();
    let summary = said.lines().rev().find_map(count_of_tests);
    result
        .map(|()| summary.map(str::to_owned))
        .map_err(|error| {
            let summary = summary.unwrap_or_default();
            format!("{error}\n{summary}")
        })
}

/// The line as nextest ends with: "Summary [   4.2s] 9 tests run: 9 passed, 0 skipped".
fn count_of_tests(line: &str) -> Option<&str> {
    let line = line.trim();
    line.starts_with("Summary [").then_some(line)
}

fn doctest() -> Outcome {
    cargo(&["test", "--workspace", "--doc", "--locked", "--quiet"]).run_quietly()?;
    Ok(None)
}

fn doc() -> Outcome {
    cargo(&["doc", "--workspace", "--no-deps", "--locked", "--quiet"])
        .env("RUSTDOCFLAGS", "--deny=warnings")
        .run()?;
    Ok(None)
}

/// Runs the named checks, or all, to the end; says at the end which failed.
pub(crate) fn run(names: &[&str]) -> Result<(), String> {
    if let Some(unknown) = names
        .iter()
        .find(|name| CHECKS.iter().all(|check| check.name != **name))
    {
        let known: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
        return Err(format!(
            "no check is called {unknown:?}; there are: {}",
            known.join(", ")
        ));
    }
    let mut results = Vec::new();
    for check in CHECKS
        .iter()
        .filter(|check| names.is_empty() || names.contains(&check.name))
    {
        println!("──── {}", check.name);
        let started = Instant::now();
        let outcome = (check.run)();
        if let Err(said) = &outcome {
            println!("{said}");
        }
        results.push((check, started.elapsed(), outcome));
    }
    summarise(&results)
}

/// The table of results; the count of tests is the very last line.
fn summarise(results: &[(&Check, Duration, Outcome)]) -> Result<(), String> {
    println!("────");
    for (check, took, outcome) in results {
        let word = if outcome.is_ok() { "ok" } else { "FAILED" };
        println!(
            "{:10} {word:7} {:>7.1} s   {}",
            check.name,
            took.as_secs_f64(),
            check.says
        );
    }
    let failed: Vec<&str> = results
        .iter()
        .filter(|(.., outcome)| outcome.is_err())
        .map(|(check, ..)| check.name)
        .collect();
    let counts = results.iter().filter_map(|(.., outcome)| match outcome {
        Ok(line) => line.as_deref(),
        Err(said) => said.lines().last().and_then(count_of_tests),
    });
    let counts: Vec<&str> = counts.collect();
    if failed.is_empty() {
        for line in counts {
            println!("{line}");
        }
        return Ok(());
    }
    let failure = format!("FAILED: {}", failed.join(", "));
    Err([&[failure.as_str()], counts.as_slice()].concat().join("\n"))
}
