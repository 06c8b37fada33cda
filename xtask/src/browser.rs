//! The browser tests: builds the server and lets Node drive it. Does not know what the tests look at.

use crate::check::Outcome;
use crate::command::{cargo, program, root};

pub(crate) fn run() -> Outcome {
    let tests = root().join("tests/browser");
    if !tests.join("package.json").is_file() {
        return Err(
            "tests/browser/package.json is missing: the browser tests belong there".to_owned(),
        );
    }
    cargo(&["build", "--locked", "--quiet", "--package", "midwatch"]).run()?;
    let metadata = cargo(&["metadata", "--format-version=1", "--no-deps", "--locked"]).output()?;
    let metadata: serde_json::Value =
        serde_json::from_str(&metadata).map_err(|error| format!("cargo metadata: {error}"))?;
    let target = metadata["target_directory"].as_str().unwrap_or("target");
    program("npm", &["ci", "--no-audit", "--no-fund", "--silent"])
        .within(&tests)
        .run()?;
    program("node", &["--test"])
        .within(&tests)
        .env("MIDWATCH_BIN", &format!("{target}/debug/midwatch"))
        .run()?;
    Ok(None)
}
