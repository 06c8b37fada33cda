//! Which crate may use which: the floors of the house, read from the manifests. Does not look into the code.

use super::{Finding, Source};

/// One product crate, what of ours it may use, and which foreign crates it must never see.
struct Floor {
    name: &'static str,
    uses: &'static [&'static str],
    never: &'static [&'static str],
}

const HTTP: [&str; 8] = [
    "axum",
    "axum-server",
    "hyper",
    "tower",
    "tower-http",
    "askama",
    "reqwest",
    "metrics-exporter-prometheus",
];
const SQL: [&str; 4] = [
    "rusqlite",
    "postgres",
    "tokio-postgres",
    "tokio-postgres-rustls",
];

/// From the ground up. What is named in a constant above is forbidden by [`forbidden`].
const FLOORS: [Floor; 9] = [
    Floor {
        name: "midwatch-aws",
        uses: &[],
        never: &["tokio", "getrandom", "rustls", "tracing", "clap"],
    },
    Floor {
        name: "midwatch-domain",
        uses: &["midwatch-alerts", "midwatch-indicators"],
        never: &["tokio", "getrandom", "rustls", "tracing", "clap"],
    },
    Floor {
        name: "midwatch-indicators",
        uses: &[],
        never: &["tokio", "getrandom", "rustls", "tracing", "clap"],
    },
    Floor {
        name: "midwatch-intel",
        uses: &["midwatch-indicators"],
        never: &["tokio", "getrandom", "rustls", "tracing", "clap"],
    },
    Floor {
        name: "midwatch-alerts",
        uses: &["midwatch-indicators"],
        never: &["tokio", "getrandom", "rustls", "tracing", "clap"],
    },
    Floor {
        name: "midwatch-store",
        uses: &["midwatch-domain", "midwatch-indicators"],
        never: &["clap"],
    },
    Floor {
        name: "midwatch-connect",
        uses: &["midwatch-domain", "midwatch-indicators"],
        never: &["clap"],
    },
    Floor {
        name: "midwatch-desk",
        uses: &[
            "midwatch-domain",
            "midwatch-indicators",
            "midwatch-alerts",
            "midwatch-intel",
            "midwatch-store",
            "midwatch-connect",
        ],
        never: &["clap"],
    },
    Floor {
        name: "midwatch-web",
        uses: &[
            "midwatch-domain",
            "midwatch-indicators",
            "midwatch-alerts",
            "midwatch-intel",
            "midwatch-store",
            "midwatch-desk",
        ],
        never: &["clap"],
    },
];

/// Crates that may use everything: the executable, and what only tests and developers build.
const FREE: [&str; 6] = [
    "midwatch",
    "midwatch-crash",
    "midwatch-testkit",
    "midwatch-testpg",
    "midwatch-powercut",
    "xtask",
];

/// Test tools, which nothing that ships may depend on outside its tests.
const TEST_ONLY: [&str; 4] = [
    "midwatch-crash",
    "midwatch-testkit",
    "midwatch-testpg",
    "midwatch-powercut",
];

pub(super) fn keep_apart(tree: &[Source]) -> Vec<Finding> {
    tree.iter()
        .filter(|file| file.path.ends_with("/Cargo.toml"))
        .flat_map(|file| match file.text.parse::<toml::Table>() {
            Ok(manifest) => judge(file, &manifest),
            Err(error) => vec![file.at(1, error.to_string())],
        })
        .collect()
}

fn judge(file: &Source, manifest: &toml::Table) -> Vec<Finding> {
    let name = manifest
        .get("package")
        .and_then(|package| package.get("name")?.as_str())
        .unwrap_or_default();
    let used: Vec<&str> = ["dependencies", "build-dependencies"]
        .iter()
        .filter_map(|section| manifest.get(*section)?.as_table())
        .flat_map(|section| section.keys().map(String::as_str))
        .collect();
    let line_of = |word: &str| {
        let found = file.text.lines().position(|line| line.starts_with(word));
        found.map_or(1, |index| index + 1)
    };
    if FREE.contains(&name) {
        let ships = name == "midwatch";
        return used
            .into_iter()
            .filter(|used| ships && TEST_ONLY.contains(used))
            .map(|used| {
                file.at(
                    line_of(used),
                    format!("{name} ships and must not use {used} outside its tests"),
                )
            })
            .collect();
    }
    let Some(floor) = FLOORS.iter().find(|floor| floor.name == name) else {
        let says =
            format!("{name} has no place yet: say in xtask/src/tidy/floors.rs what it may use");
        return vec![file.at(1, says)];
    };
    used.into_iter()
        .filter(|used| forbidden(floor, used))
        .map(|used| {
            file.at(
                line_of(used),
                format!("{name} must not use {used}: see ARCHITECTURE.md for the floors"),
            )
        })
        .collect()
}

fn forbidden(floor: &Floor, used: &str) -> bool {
    let ours = used.starts_with("midwatch");
    let http_at_home = match used {
        "reqwest" => floor.name == "midwatch-connect",
        "hyper" | "tower" => matches!(floor.name, "midwatch-connect" | "midwatch-web"),
        _ => floor.name == "midwatch-web",
    };
    (ours && !floor.uses.contains(&used))
        || floor.never.contains(&used)
        || (HTTP.contains(&used) && !http_at_home)
        || (SQL.contains(&used) && floor.name != "midwatch-store")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree;

    fn findings(package: &str, dependencies: &str) -> Vec<Finding> {
        let manifest = format!("[package]\nname = \"{package}\"\n{dependencies}");
        keep_apart(&tree(&[("crates/a/Cargo.toml", &manifest)]))
    }

    #[test]
    fn each_floor_sees_only_what_is_below() {
        for (package, used, expected) in [
            ("midwatch-domain", "serde", 0),
            ("midwatch-domain", "tokio", 1),
            ("midwatch-domain", "rusqlite", 1),
            ("midwatch-domain", "midwatch-store", 1),
            ("midwatch-store", "rusqlite", 0),
            ("midwatch-store", "axum", 1),
            ("midwatch-store", "midwatch-desk", 1),
            ("midwatch-desk", "midwatch-store", 0),
            ("midwatch-desk", "axum", 1),
            ("midwatch-desk", "postgres", 1),
            ("midwatch-web", "axum", 0),
            ("midwatch-web", "rusqlite", 1),
            ("midwatch-web", "midwatch-testkit", 1),
            ("midwatch", "midwatch-testpg", 1),
            ("midwatch", "midwatch-web", 0),
            ("midwatch-testkit", "midwatch-testpg", 0),
            ("midwatch-new", "serde", 1),
        ] {
            let found = findings(
                package,
                &format!("[dependencies]\n{used}.workspace = true\n"),
            );
            assert_eq!(found.len(), expected, "{package} uses {used}: {found:?}");
        }
    }

    #[test]
    fn tests_may_use_the_test_tools() {
        assert_eq!(
            findings(
                "midwatch-web",
                "[dev-dependencies]\nmidwatch-testkit.workspace = true\n"
            )
            .len(),
            0
        );
    }
}
