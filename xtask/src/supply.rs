//! Judges the dependency graph by `deny.toml`: licences, bans, duplicates, sources. Does not use the network.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::check::Outcome;
use crate::command::{cargo, root};
use crate::licence;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What `deny.toml` says.
struct Policy {
    targets: Vec<String>,
    licences: BTreeSet<String>,
    banned: BTreeMap<String, String>,
    /// Crate and version prefix that may stand beside a newer version.
    duplicates: Vec<(String, String)>,
}

/// One package of the graph.
struct Package {
    name: String,
    version: String,
    licence: Option<String>,
    /// Where it comes from; nothing for our own.
    source: Option<String>,
}

pub(crate) fn run() -> Outcome {
    if cargo(&["deny", "--version"]).succeeds() {
        cargo(&["deny", "check", "bans", "licenses", "sources"]).run()?;
        return Ok(None);
    }
    let text = fs::read_to_string(root().join("deny.toml"))
        .map_err(|error| format!("deny.toml: {error}"))?;
    let policy = Policy::read(&text)?;
    let findings = policy.judge(&packages(&policy.targets)?);
    if findings.is_empty() {
        Ok(None)
    } else {
        Err(findings.join("\n"))
    }
}

/// The packages that are built for any of the targets.
fn packages(targets: &[String]) -> Result<Vec<Package>, String> {
    let mut arguments = vec!["metadata", "--format-version=1", "--locked"];
    for target in targets {
        arguments.extend(["--filter-platform", target]);
    }
    let text = cargo(&arguments).output()?;
    let metadata: Value =
        serde_json::from_str(&text).map_err(|error| format!("cargo metadata: {error}"))?;
    let empty = Vec::new();
    let list = |value: &Value| value.as_array().unwrap_or(&empty).clone();
    let built: BTreeSet<String> = list(&metadata["resolve"]["nodes"])
        .iter()
        .filter_map(|node| node["id"].as_str().map(str::to_owned))
        .collect();
    let text_of = |value: &Value| value.as_str().map(str::to_owned);
    Ok(list(&metadata["packages"])
        .iter()
        .filter(|package| package["id"].as_str().is_some_and(|id| built.contains(id)))
        .map(|package| Package {
            name: text_of(&package["name"]).unwrap_or_default(),
            version: text_of(&package["version"]).unwrap_or_default(),
            licence: text_of(&package["license"]),
            source: text_of(&package["source"]),
        })
        .collect())
}

impl Policy {
    fn read(text: &str) -> Result<Self, String> {
        let file: toml::Table = text
            .parse()
            .map_err(|error| format!("deny.toml: {error}"))?;
        let bans = table(&file, "bans")?;
        let mut banned = BTreeMap::new();
        for (name, reason) in reasoned(bans, "deny")? {
            banned.insert(name, reason);
        }
        let mut duplicates = Vec::new();
        for (entry, _) in reasoned(bans, "skip")? {
            let (name, version) = entry.split_once('@').ok_or_else(|| {
                format!("deny.toml: bans.skip: {entry:?} should be \"name@version\"")
            })?;
            duplicates.push((name.to_owned(), version.to_owned()));
        }
        Ok(Self {
            targets: strings(table(&file, "graph")?, "targets")?,
            licences: strings(table(&file, "licenses")?, "allow")?
                .into_iter()
                .collect(),
            banned,
            duplicates,
        })
    }

    /// Every way in which the packages break the policy.
    fn judge(&self, packages: &[Package]) -> Vec<String> {
        let mut findings = Vec::new();
        for package in packages {
            if let Some(reason) = self.banned.get(&package.name) {
                findings.push(format!("{}: banned: {reason}", package.name));
            }
            let Some(source) = &package.source else {
                continue;
            };
            if source != CRATES_IO {
                findings.push(format!(
                    "{}: comes from {source}, only crates.io is accepted",
                    package.name
                ));
            }
            let accepted = |licence: &str| self.licences.contains(licence);
            let said = package.licence.as_deref().unwrap_or_default();
            match licence::fulfilled(said, &accepted) {
                Ok(true) => {}
                Ok(false) => findings.push(format!(
                    "{}: its licence {said:?} is not accepted by deny.toml",
                    package.name
                )),
                Err(error) => findings.push(format!("{}: {error}", package.name)),
            }
        }
        findings.extend(self.judge_duplicates(packages));
        findings
    }

    fn judge_duplicates(&self, packages: &[Package]) -> Vec<String> {
        let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for package in packages {
            versions
                .entry(&package.name)
                .or_default()
                .insert(&package.version);
        }
        let mut unused: BTreeSet<&(String, String)> = self.duplicates.iter().collect();
        let mut findings = Vec::new();
        for (name, versions) in versions
            .into_iter()
            .filter(|(_, versions)| versions.len() > 1)
        {
            let mut unexplained = versions.clone();
            for entry in self
                .duplicates
                .iter()
                .filter(|(skipped, _)| skipped == name)
            {
                unexplained.retain(|version| {
                    let explained = is_version(version, &entry.1);
                    if explained {
                        unused.remove(entry);
                    }
                    !explained
                });
            }
            if unexplained.len() > 1 {
                findings.push(format!(
                    "{name}: several versions are built ({}). Unite them, or add the older to bans.skip \
                     in deny.toml with a reason (`cargo tree -i {name}@VERSION` tells who needs it)",
                    unexplained.into_iter().collect::<Vec<_>>().join(", ")
                ));
            }
        }
        findings.extend(unused.into_iter().map(|(name, version)| {
            format!("deny.toml: bans.skip: {name}@{version} is not a duplicate any more: remove the line")
        }));
        findings
    }
}

/// Whether `version` begins with the whole numbers of `prefix`.
fn is_version(version: &str, prefix: &str) -> bool {
    version
        .strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn table<'a>(file: &'a toml::Table, name: &str) -> Result<&'a toml::Table, String> {
    file.get(name)
        .and_then(toml::Value::as_table)
        .ok_or_else(|| format!("deny.toml: section [{name}] is missing"))
}

fn strings(table: &toml::Table, name: &str) -> Result<Vec<String>, String> {
    table
        .get(name)
        .and_then(toml::Value::as_array)
        .and_then(|list| {
            list.iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect()
        })
        .ok_or_else(|| format!("deny.toml: {name} should be a list of texts"))
}

/// A list of `{ crate = "…", reason = "…" }`.
fn reasoned(table: &toml::Table, name: &str) -> Result<Vec<(String, String)>, String> {
    let pair = |item: &toml::Value| {
        let text = |key| Some(item.get(key)?.as_str()?.to_owned());
        Some((text("crate")?, text("reason")?))
    };
    table
        .get(name)
        .and_then(toml::Value::as_array)
        .and_then(|list| list.iter().map(pair).collect())
        .ok_or_else(|| format!("deny.toml: bans.{name} should be a list of {{ crate, reason }}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"
        [graph]
        targets = []
        [licenses]
        allow = ["MIT"]
        [bans]
        deny = [{ crate = "chrono", reason = "one time library" }]
        skip = [{ crate = "syn@2", reason = "old macros" }]
    "#;

    fn package(name: &str, version: &str, licence: &str) -> Package {
        Package {
            name: name.to_owned(),
            version: version.to_owned(),
            licence: Some(licence.to_owned()),
            source: Some(CRATES_IO.to_owned()),
        }
    }

    fn judge(packages: Vec<Package>) -> Vec<String> {
        let mut all = vec![
            package("syn", "2.0.1", "MIT"),
            package("syn", "3.0.0", "MIT"),
        ];
        all.extend(packages);
        Policy::read(POLICY).unwrap().judge(&all)
    }

    #[test]
    fn accepts_what_the_policy_allows() {
        assert_eq!(
            judge(vec![package("a", "1.0.0", "MIT OR GPL-3.0")]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn names_each_breach() {
        let foreign = Package {
            source: Some("git+https://example.org".to_owned()),
            ..package("g", "1.0.0", "MIT")
        };
        let silent = Package {
            licence: None,
            ..package("s", "1.0.0", "")
        };
        for (packages, word) in [
            (vec![package("chrono", "0.4.0", "MIT")], "one time library"),
            (vec![package("a", "1.0.0", "GPL-3.0")], "not accepted"),
            (vec![foreign], "only crates.io"),
            (vec![silent], "cannot read"),
            (
                vec![package("a", "1.0.0", "MIT"), package("a", "2.0.0", "MIT")],
                "1.0.0, 2.0.0",
            ),
            (vec![package("syn", "1.0.0", "MIT")], "1.0.0, 3.0.0"),
        ] {
            let findings = judge(packages);
            assert!(
                findings.len() == 1 && findings[0].contains(word),
                "{word}: {findings:?}"
            );
        }
    }

    #[test]
    fn a_duplicate_that_went_away_must_leave_the_list() {
        let findings = Policy::read(POLICY)
            .unwrap()
            .judge(&[package("syn", "3.0.0", "MIT")]);
        assert!(findings[0].contains("syn@2"), "{findings:?}");
    }

    #[test]
    fn a_version_is_compared_by_whole_numbers() {
        assert!(is_version("2.0.1", "2") && is_version("0.10.4", "0.10"));
        assert!(!is_version("21.0.1", "2") && !is_version("0.1.4", "0.10"));
    }
}
