//! SQL stands in one crate. Looks for its phrases in Rust files and templates elsewhere.

use super::{Finding, Source};

/// Where SQL may stand: the product's one place, and tools that test database engines.
const AT_HOME: [&str; 4] = [
    "crates/store/",
    "crates/testpg/",
    "crates/powercut/",
    "xtask/src/tidy/sql.rs",
];

pub(super) fn lives_in_store(tree: &[Source]) -> Vec<Finding> {
    tree.iter()
        .filter(|file| file.is_rust() && !file.is_test())
        .filter(|file| !AT_HOME.iter().any(|home| file.path.starts_with(home)))
        .flat_map(|file| {
            file.judge_lines(file.without_tests(), |line| {
                let code = !line.trim_start().starts_with("//");
                (code && is_sql(line))
                    .then(|| "SQL outside crates/store: give store a function for it".to_owned())
            })
        })
        .collect()
}

/// Whether the line opens a statement; our SQL has its keywords in capitals.
fn is_sql(line: &str) -> bool {
    const OPENINGS: [&str; 6] = [
        "SELECT ",
        "INSERT INTO ",
        "DELETE FROM ",
        "CREATE TABLE ",
        "CREATE INDEX ",
        "ALTER TABLE ",
    ];
    let update = line
        .find("UPDATE ")
        .is_some_and(|at| line[at..].contains(" SET "));
    update
        || OPENINGS.iter().any(|opening| {
            line.match_indices(opening)
                .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree;

    #[test]
    fn finds_statements_outside_their_home() {
        for statement in [
            "\"SELECT n FROM t\"",
            "r#\"INSERT INTO t",
            "\"UPDATE t SET n = $1\"",
            "(DELETE FROM t",
        ] {
            for (path, expected) in [
                ("crates/web/src/a.rs", 1),
                ("crates/store/src/a.rs", 0),
                ("crates/web/tests/it.rs", 0),
                ("content/a.md", 0),
            ] {
                assert_eq!(
                    lives_in_store(&tree(&[(path, statement)])).len(),
                    expected,
                    "{path}: {statement}"
                );
            }
        }
    }

    #[test]
    fn words_alone_are_no_statement() {
        for line in [
            "// SELECT n FROM t",
            "select one",
            "UPDATE me",
            "PRESELECT it",
        ] {
            assert_eq!(
                lives_in_store(&tree(&[("crates/web/src/a.rs", line)])).len(),
                0,
                "{line}"
            );
        }
    }
}
