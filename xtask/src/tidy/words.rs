//! Words that must not stand in the tree: unfinished work, tests that wait or do not run, paths of one machine.

use std::path::Path;

use super::{Finding, Source};
use crate::command::root;

/// Marks of unfinished work. Written in halves, so that this file does not find itself.
const UNFINISHED: [&str; 5] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("#[", "ignore"),
];

/// Ways to wait for time instead of for the thing itself.
const WAITING: [&str; 2] = [concat!("thread::", "sleep"), concat!("waitFor", "Timeout")];

/// Directories where any machine may keep a checkout; they tell nothing.
const ANYBODYS: [&str; 8] = [
    "/", "/home", "/tmp", "/opt", "/root", "/srv", "/var", "/usr",
];

pub(super) fn leaves_nothing_unfinished(tree: &[Source]) -> Vec<Finding> {
    let judge = |line: &str| {
        let word = UNFINISHED.iter().find(|word| has_word(line, word))?;
        Some(format!(
            "`{word}` marks unfinished work: finish it or open an issue"
        ))
    };
    tree.iter()
        .filter(|file| is_ours(file))
        .flat_map(|file| file.judge_lines(&file.text, judge))
        .collect()
}

pub(super) fn waits_for_things_not_time(tree: &[Source]) -> Vec<Finding> {
    let judge = |line: &str| {
        let word = WAITING.iter().find(|word| line.contains(**word))?;
        Some(format!(
            "`{word}` waits for time: wait for the thing itself"
        ))
    };
    tree.iter()
        .filter(|file| {
            ["rs", "js", "mjs"]
                .iter()
                .any(|extension| file.has_extension(extension))
        })
        .flat_map(|file| file.judge_lines(&file.text, judge))
        .collect()
}

/// Nothing in the tree may depend on where this checkout happens to be.
pub(super) fn names_no_machine(tree: &[Source]) -> Vec<Finding> {
    let places = places(&root());
    tree.iter()
        .filter(|file| is_ours(file))
        .flat_map(|file| {
            file.judge_lines(&file.text, |line| {
                let place = places.iter().find(|place| has_path(line, place))?;
                Some(format!(
                    "names {place}, a path of this machine: make it relative or a setting"
                ))
            })
        })
        .collect()
}

/// The checkout and the directory around it, unless that could be anybody's.
fn places(root: &Path) -> Vec<String> {
    [Some(root), root.parent()]
        .into_iter()
        .flatten()
        .map(|place| place.to_string_lossy().into_owned())
        .filter(|place| !ANYBODYS.contains(&place.as_str()))
        .collect()
}

/// Text somebody wrote: lock files name foreign things.
fn is_ours(file: &Source) -> bool {
    !file.has_extension("lock") && !file.path.ends_with("package-lock.json")
}

/// Whether `word` stands in `line` with no letter or digit right before or after.
fn has_word(line: &str, word: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(joins);
        let after = line[at + word.len()..].chars().next().is_some_and(joins);
        let closed = word.ends_with(|c: char| !joins(c));
        !before && (closed || !after)
    })
}

/// Whether `line` names `place` or something in it, and not the same words within another path.
fn has_path(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + place.len()..].chars().next();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-/}~".contains(c))
            && !after.is_some_and(|c| c.is_alphanumeric() || "_-".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree;

    #[test]
    fn finds_marks_but_not_their_letters_in_other_words() {
        let found = [
            concat!("// TO", "DO: later"),
            concat!("to", "do!()"),
            concat!("#[", "ignore = \"slow\"]"),
        ];
        for line in found {
            assert_eq!(
                leaves_nothing_unfinished(&tree(&[("a.rs", line)])).len(),
                1,
                "{line}"
            );
        }
        for line in ["a to-do list", "MASTODON", "ignored"] {
            assert_eq!(
                leaves_nothing_unfinished(&tree(&[("a.rs", line)])).len(),
                0,
                "{line}"
            );
        }
    }

    #[test]
    fn finds_waiting_in_code_only() {
        for line in [
            concat!("std::thread::", "sleep(second);"),
            concat!("await page.waitFor", "Timeout(500)"),
        ] {
            let files = tree(&[("a.rs", line), ("a.mjs", line), ("clippy.toml", line)]);
            assert_eq!(waits_for_things_not_time(&files).len(), 2, "{line}");
        }
    }

    #[test]
    fn finds_the_checkout_wherever_it_is() {
        let here = root();
        let line = format!("open({}/Cargo.toml)", here.display());
        let files = tree(&[("a.rs", &line), ("Cargo.lock", &line)]);
        assert_eq!(names_no_machine(&files).len(), 1);
        assert_eq!(
            places(Path::new("/home/ada/midwatch")),
            ["/home/ada/midwatch", "/home/ada"]
        );
        assert_eq!(places(Path::new("/home/midwatch")), ["/home/midwatch"]);
    }

    #[test]
    fn a_path_within_another_is_something_else() {
        assert!(has_path("see /w/notes", "/w") && has_path("\"/w\"", "/w"));
        for line in ["engine/w/x", "./w/x", "/www", "${HOME}/w"] {
            assert!(!has_path(line, "/w"), "{line}");
        }
    }
}
