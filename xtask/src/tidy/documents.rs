//! Documents are held against the code: every dependency is explained where readers look for it.

use super::{Finding, Source};

const DOCUMENT: &str = "ARCHITECTURE.md";

/// Each foreign crate in `[workspace.dependencies]` is named in the document's section Dependencies.
pub(super) fn name_every_dependency(tree: &[Source]) -> Vec<Finding> {
    let Some(manifest) = tree.iter().find(|file| file.path == "Cargo.toml") else {
        return Vec::new();
    };
    let section = tree
        .iter()
        .find(|file| file.path == DOCUMENT)
        .map(|file| section(&file.text));
    let table = manifest.text.parse::<toml::Table>().unwrap_or_default();
    let dependencies = table
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies")?.as_table())
        .into_iter()
        .flatten();
    match section.as_deref() {
        None | Some("") => {
            let says = format!(
                "{DOCUMENT} has no section \"Dependencies\" to say in a line what each is for"
            );
            vec![manifest.at(1, says)]
        }
        Some(section) => dependencies
            .filter(|(name, value)| value.get("path").is_none() && !names(section, name))
            .map(|(name, _)| {
                let line = manifest
                    .text
                    .lines()
                    .position(|line| line.starts_with(&format!("{name} =")));
                let says = format!("say in {DOCUMENT}, section Dependencies, what `{name}` is for");
                manifest.at(line.map_or(1, |index| index + 1), says)
            })
            .collect(),
    }
}

/// The text under the heading whose words include "Dependencies", up to the next of its level.
fn section(text: &str) -> String {
    let mut lines = text.lines();
    let level = |line: &str| line.chars().take_while(|c| *c == '#').count();
    let Some(heading) = lines.find(|line| level(line) > 0 && line.contains("Dependencies")) else {
        return String::new();
    };
    let within = lines.take_while(|line| level(line) == 0 || level(line) > level(heading));
    within.collect::<Vec<_>>().join("\n")
}

/// Whether the crate is named, and not only a longer name that contains it.
fn names(section: &str, name: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    section.match_indices(name).any(|(at, _)| {
        !section[..at].ends_with(joins) && !section[at + name.len()..].starts_with(joins)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree;

    const MANIFEST: &str =
        "[workspace.dependencies]\nours = { path = \"a\" }\ntower = \"1\"\nserde = \"1\"\n";

    fn findings(document: &str) -> Vec<String> {
        let files = tree(&[("Cargo.toml", MANIFEST), (DOCUMENT, document)]);
        name_every_dependency(&files)
            .into_iter()
            .map(|finding| finding.says)
            .collect()
    }

    #[test]
    fn every_foreign_dependency_is_named_in_its_section() {
        assert_eq!(
            findings("# A\n## Dependencies\n- `tower`: x\n### More\n- serde, y\n").len(),
            0
        );
        assert_eq!(
            findings("## Dependencies\n- `tower`: x\n## Next\nserde\n").len(),
            1
        );
        assert_eq!(
            findings("## Dependencies\n- `tower-http`, `serde`\n").len(),
            1
        );
    }

    #[test]
    fn a_missing_section_or_document_is_said_once() {
        assert_eq!(findings("# A\ntower serde\n").len(), 1);
        assert_eq!(
            name_every_dependency(&tree(&[("Cargo.toml", MANIFEST)])).len(),
            1
        );
    }
}
