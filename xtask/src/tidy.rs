//! Tests the tree itself: the rules no compiler checks, one file per subject. Only collects; it knows no rule.

mod documents;
mod floors;
mod shape;
mod sql;
mod words;

use std::fs;
use std::io;
use std::path::Path;

use crate::check::Outcome;
use crate::command::root;

/// Directories at the root that hold nothing of ours.
const FOREIGN_AT_ROOT: [&str; 3] = ["target", "data", ".git"];

/// A file of the tree, named by its path from the root.
struct Source {
    path: String,
    text: String,
}

/// A broken rule: where, what is wrong, and what to do.
#[derive(Debug)]
struct Finding {
    path: String,
    line: usize,
    says: String,
}

/// Every rule looks at the whole tree and returns what it finds.
type Rule = fn(&[Source]) -> Vec<Finding>;

const RULES: [Rule; 8] = [
    shape::opens_with_its_subject,
    shape::is_not_too_long,
    words::leaves_nothing_unfinished,
    words::waits_for_things_not_time,
    words::names_no_machine,
    sql::lives_in_store,
    floors::keep_apart,
    documents::name_every_dependency,
];

pub(crate) fn run() -> Outcome {
    let mut tree = Vec::new();
    read_into(&mut tree, &root(), "").map_err(|error| format!("reading the tree: {error}"))?;
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(&tree)).collect();
    findings.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    if findings.is_empty() {
        return Ok(None);
    }
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| format!("{}:{}: {}", finding.path, finding.line, finding.says))
        .collect();
    Err(lines.join("\n"))
}

/// Reads every text file below `directory`, leaving out what builds and tools put there.
fn read_into(tree: &mut Vec<Source>, directory: &Path, prefix: &str) -> io::Result<()> {
    let mut entries = fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let foreign = name == "node_modules"
            || (prefix.is_empty() && FOREIGN_AT_ROOT.contains(&name.as_str()));
        let kind = entry.file_type()?;
        if foreign || kind.is_symlink() {
            continue;
        }
        if kind.is_dir() {
            read_into(tree, &entry.path(), &format!("{path}/"))?;
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            tree.push(Source { path, text });
        }
    }
    Ok(())
}

impl Source {
    fn is_rust(&self) -> bool {
        self.has_extension("rs")
    }

    fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|found| found == extension)
    }

    /// Whether the whole file is a test.
    fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || self.path.ends_with("/tests.rs")
    }

    /// The text without the module of tests, which by our custom stands at the end.
    fn without_tests(&self) -> &str {
        let end = self
            .text
            .find("\n#[cfg(test)]\nmod ")
            .map_or(self.text.len(), |at| at + 1);
        &self.text[..end]
    }

    /// A finding for each line of `text` about which `judge` has something to say.
    fn judge_lines(&self, text: &str, judge: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
        text.lines()
            .enumerate()
            .filter_map(|(index, line)| Some(self.at(index + 1, judge(line)?)))
            .collect()
    }

    fn at(&self, line: usize, says: String) -> Finding {
        Finding {
            path: self.path.clone(),
            line,
            says,
        }
    }
}

#[cfg(test)]
fn tree(files: &[(&str, &str)]) -> Vec<Source> {
    let source = |(path, text): &(&str, &str)| Source {
        path: (*path).to_owned(),
        text: (*text).to_owned(),
    };
    files.iter().map(source).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_tests_from_product() {
        let files = tree(&[
            ("crates/a/tests/it.rs", ""),
            ("crates/a/src/b/tests.rs", ""),
            (
                "crates/a/src/contests.rs",
                "fn a() {}\n\n#[cfg(test)]\nmod tests {\n}\n",
            ),
        ]);
        assert!(files[0].is_test() && files[1].is_test() && !files[2].is_test());
        assert_eq!(files[2].without_tests(), "fn a() {}\n\n");
    }
}
