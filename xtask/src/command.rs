//! Starting another program in the workspace and listening to it. Does not know which programs there are.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A program to be run from the root of the workspace, without input.
pub(crate) struct Program {
    name: String,
    command: Command,
}

/// The cargo that runs us.
pub(crate) fn cargo(arguments: &[&str]) -> Program {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut program = program(&cargo, arguments);
    program.name = format!("cargo {}", arguments.join(" "));
    program
}

/// Any program on the path.
pub(crate) fn program(name: &str, arguments: &[&str]) -> Program {
    let mut command = Command::new(name);
    command
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::null());
    Program {
        name: format!("{name} {}", arguments.join(" ")),
        command,
    }
}

/// The directory with the workspace's manifest.
pub(crate) fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().map_or_else(|| here.clone(), Path::to_owned)
}

impl Program {
    /// Runs in another directory than the root.
    pub(crate) fn within(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it, its output going to ours.
    pub(crate) fn run(mut self) -> Result<(), String> {
        let status = self
            .command
            .status()
            .map_err(|error| self.cannot_start(&error))?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("`{}` ended with {status}", self.name))
        }
    }

    /// Runs it; what it wrote is only shown when it fails.
    pub(crate) fn run_quietly(mut self) -> Result<(), String> {
        let output = self
            .command
            .output()
            .map_err(|error| self.cannot_start(&error))?;
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        Err(format!(
            "{said}\n`{}` ended with {}",
            self.name, output.status
        ))
    }

    /// Whether it exists and succeeds, silently.
    pub(crate) fn succeeds(mut self) -> bool {
        let status = self
            .command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success())
    }

    /// Runs it and returns what it wrote to its standard output.
    pub(crate) fn output(mut self) -> Result<String, String> {
        let output = self
            .command
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| self.cannot_start(&error))?;
        if !output.status.success() {
            return Err(format!("`{}` ended with {}", self.name, output.status));
        }
        String::from_utf8(output.stdout).map_err(|error| format!("`{}`: {error}", self.name))
    }

    /// Runs it, shows what it writes to standard error, and returns that whatever the end.
    pub(crate) fn run_and_keep_stderr(mut self) -> (String, Result<(), String>) {
        let mut kept = String::new();
        self.command.stderr(Stdio::piped());
        let mut child = match self.command.spawn() {
            Ok(child) => child,
            Err(error) => return (kept, Err(self.cannot_start(&error))),
        };
        if let Some(stderr) = child.stderr.take() {
            for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                println!("{line}");
                kept.push_str(&line);
                kept.push('\n');
            }
        }
        let result = match child.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("`{}` ended with {status}", self.name)),
            Err(error) => Err(format!("`{}`: {error}", self.name)),
        };
        (kept, result)
    }

    fn cannot_start(&self, error: &std::io::Error) -> String {
        format!(
            "`{}` does not start: {error}. ./setup installs what is missing.",
            self.name
        )
    }
}
