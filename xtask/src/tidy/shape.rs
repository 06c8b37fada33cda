//! The shape of a source file: how it opens and how long it may be. Does not know what is in it.

use super::{Finding, Source};

/// Lines a file may have without its tests.
const LONGEST: usize = 500;

/// Files that may be longer, each with the reason.
const LONG_FOR_A_REASON: [(&str, &str); 0] = [];

pub(super) fn opens_with_its_subject(tree: &[Source]) -> Vec<Finding> {
    tree.iter()
        .filter(|file| file.is_rust() && !file.text.starts_with("//! "))
        .map(|file| {
            let says = "does not open with `//! `: say in one sentence what it is and what it must not know";
            file.at(1, says.to_owned())
        })
        .collect()
}

pub(super) fn is_not_too_long(tree: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.iter().filter(|file| file.is_rust() && !file.is_test()) {
        let lines = file.without_tests().lines().count();
        let excused = LONG_FOR_A_REASON.iter().any(|(path, _)| *path == file.path);
        if lines > LONGEST && !excused {
            findings.push(file.at(
                LONGEST + 1,
                format!(
                    "{lines} lines without tests, {LONGEST} are the limit: split it by subject, or \
                     excuse it with a reason in xtask/src/tidy/shape.rs"
                ),
            ));
        }
        if lines <= LONGEST && excused {
            findings.push(file.at(
                1,
                "short again: remove its excuse in xtask/src/tidy/shape.rs".to_owned(),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree;

    #[test]
    fn finds_a_file_without_its_sentence() {
        let files = tree(&[("a.rs", "//! A.\n"), ("b.rs", "use a;\n"), ("c.md", "C\n")]);
        let findings = opens_with_its_subject(&files);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].path, "b.rs");
    }

    #[test]
    fn counts_lines_without_tests() {
        let long = "x\n".repeat(501);
        let tested = format!(
            "{}\n#[cfg(test)]\nmod tests {{\n{long}}}\n",
            "x\n".repeat(499)
        );
        let files = tree(&[
            ("a.rs", &long),
            ("b.rs", &tested),
            ("c/tests.rs", &long),
            ("d.css", &long),
        ]);
        let findings = is_not_too_long(&files);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].path, "a.rs");
    }
}
