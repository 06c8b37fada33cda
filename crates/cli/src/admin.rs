//! Administration on a data folder: verify, export, rebuild.

use clap::Args;
use midwatch_desk::Desk;
use midwatch_store::verify::{self, Finding};
use midwatch_store::{Fault, checkpoint, rebuild};
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::{Config, Flags};
use crate::{say, telemetry};

/// Which desk.
#[derive(Args, Clone, Debug)]
pub struct At {
    /// Settings file (TOML).
    #[arg(long, env = "MIDWATCH_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data folder.
    #[arg(long, env = "MIDWATCH_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// The database: postgres://… instead of the embedded one.
    #[arg(
        long,
        env = "MIDWATCH_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    database: Option<String>,
}

impl At {
    /// The settings that a server of this data folder would have.
    ///
    /// # Errors
    /// Says what is wrong with a setting.
    pub fn config(&self) -> Result<Config, String> {
        Config::load(&Flags {
            config: self.config.clone(),
            data: self.data.clone(),
            database: self.database.clone(),
            ..Flags::default()
        })
    }

    /// Opens the desk. A server may be using it at the same time.
    ///
    /// # Errors
    /// If there is none, or it cannot be opened.
    pub fn desk(&self) -> Result<Desk, String> {
        let config = self.config()?;
        telemetry::begin("warn", "text");
        if !config.data.join("checkpoint.key").exists() {
            return Err(format!(
                "There is no Midwatch data in {}. Name the folder with --data.",
                config.data.display()
            ));
        }
        Desk::open(config.settings()).map_err(|e| format!("The desk cannot be opened: {e}"))
    }
}

/// Check the record.
#[derive(Args, Debug)]
pub struct Verify {
    /// An export to check by itself, without any database.
    file: Option<PathBuf>,
    /// The public key that the export must name, as `midwatch verify` prints it.
    #[arg(long, value_name = "KEY", requires = "file")]
    key: Option<String>,
    /// Print the finding as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

impl Verify {
    /// Verifies; the exit code is 0 only if everything holds.
    ///
    /// # Errors
    /// If there is nothing that could be verified.
    pub fn run(&self) -> Result<ExitCode, String> {
        let (finding, key) = match &self.file {
            Some(file) => {
                let key = self
                    .key
                    .as_deref()
                    .map(checkpoint::read_public_key)
                    .transpose()?;
                let input = File::open(file)
                    .map_err(|e| format!("{} cannot be read: {e}", file.display()))?;
                (
                    verify::read_export(BufReader::new(input), key.as_ref())?,
                    None,
                )
            }
            None => {
                let desk = self.at.desk()?;
                (
                    desk.verify(|_| {}).map_err(|e| e.to_string())?,
                    Some(checkpoint::public_key(&desk.key().verifying_key())),
                )
            }
        };
        self.print(&finding, key.as_deref())?;
        Ok(if finding.holds() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    fn print(&self, f: &Finding, key: Option<&str>) -> Result<(), String> {
        if self.json {
            say(&serde_json::to_string_pretty(f).map_err(|e| e.to_string())?);
            return Ok(());
        }
        for p in &f.problems {
            say(&format!("entry {}: {}", p.seq, p.what));
        }
        let verdict = if f.holds() {
            "The record holds"
        } else {
            "THE RECORD DOES NOT HOLD"
        };
        say(&format!(
            "{verdict}: {} entries up to hash {}, {} checkpoints, the last at entry {}.",
            f.entries, f.hash, f.checkpoints, f.checkpointed
        ));
        if f.erased > 0 {
            say(&format!(
                "{} fields are erased or left out; their commitments hold.",
                f.erased
            ));
        }
        if let Some(key) = key {
            say(&format!("Checkpoint key: {key}"));
        }
        Ok(())
    }
}

/// Write the whole record to a file.
#[derive(Args, Debug)]
pub struct Export {
    /// The file to write; it must not exist.
    file: PathBuf,
    #[command(flatten)]
    at: At,
}

impl Export {
    /// Exports.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn run(&self) -> Result<ExitCode, String> {
        let desk = self.at.desk()?;
        let seq = desk.export(&self.file).map_err(|e| e.to_string())?;
        say(&format!(
            "{seq} entries written to {}. Check it anywhere with: midwatch verify {}",
            self.file.display(),
            self.file.display()
        ));
        Ok(ExitCode::SUCCESS)
    }
}

/// Fold the record anew.
#[derive(Args, Debug)]
pub struct Rebuild {
    /// Only compare the rows with what the record gives.
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    at: At,
}

impl Rebuild {
    /// Compares or rebuilds; the exit code is 0 only if nothing differs.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub fn run(&self) -> Result<ExitCode, String> {
        let desk = self.at.desk()?;
        if !self.check {
            let entries = desk
                .store
                .write_blocking(|w| rebuild::rebuild(w).map_err(Fault::from))
                .map_err(|e| e.to_string())?;
            say(&format!("{entries} entries folded into the rows."));
        }
        let found = desk.store.read(rebuild::check).map_err(|e| e.to_string())?;
        for d in &found.differences {
            say(d);
        }
        let verdict = if found.differences.is_empty() {
            "The rows equal the record"
        } else {
            "THE ROWS DIFFER FROM THE RECORD"
        };
        say(&format!(
            "{verdict}: {} tickets, {} entries.",
            found.tickets, found.entries
        ));
        Ok(if found.differences.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// Make a backup while work goes on, and verify it.
#[derive(Args, Debug)]
pub struct Backup {
    /// The folder to make.
    to: PathBuf,
    #[command(flatten)]
    at: At,
}

impl Backup {
    /// Backs up.
    ///
    /// # Errors
    /// If the folder exists or cannot be written, or what is stored does not hold.
    pub fn run(&self) -> Result<ExitCode, String> {
        let made = self
            .at
            .desk()?
            .backup(&self.to)
            .map_err(|e| e.to_string())?;
        say(&format!(
            "Backed up and verified: {} entries up to hash {}, {} evidence files, in {}. It holds the signing key: keep it as safe as the data.",
            made.seq,
            made.hash,
            made.evidence,
            self.to.display()
        ));
        made.damaged
            .iter()
            .for_each(|d| say(&format!("DAMAGED EVIDENCE: {d}")));
        Ok(if made.damaged.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// Restore a backup into an empty data folder and database, of either engine.
#[derive(Args, Debug)]
pub struct Restore {
    /// The backup's folder.
    from: PathBuf,
    #[command(flatten)]
    at: At,
}

impl Restore {
    /// Restores.
    ///
    /// # Errors
    /// If the backup does not hold or the target is not empty; nothing is left behind then.
    pub fn run(&self) -> Result<ExitCode, String> {
        let config = self.at.config()?;
        telemetry::begin("warn", "text");
        let (desk, made) = crate::wait(async {
            let restored = midwatch_desk::backup::restore(&self.from, config.settings()).await;
            restored.map_err(|e| e.to_string())
        })?;
        desk.store.close();
        say(&format!(
            "Restored and verified: {} entries up to hash {}, {} evidence files, in {}.",
            made.seq,
            made.hash,
            made.evidence,
            config.data.display()
        ));
        Ok(ExitCode::SUCCESS)
    }
}

/// Look at a desk and say what is well, what to watch and what to do.
#[derive(Args, Debug)]
pub struct Doctor {
    /// Read the whole record and all evidence.
    #[arg(long)]
    full: bool,
    /// Print the findings as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

impl Doctor {
    /// Examines; the exit code is 0 only if nothing failed.
    ///
    /// # Errors
    /// If a setting is wrong.
    pub fn run(&self) -> Result<ExitCode, String> {
        let config = self.at.config()?;
        telemetry::begin("error", "text");
        let checks = midwatch_desk::doctor::examine(config.settings(), self.full);
        if self.json {
            say(&serde_json::to_string_pretty(&checks).map_err(|e| e.to_string())?);
        } else {
            checks.iter().for_each(|c| say(&c.to_string()));
        }
        let failed = checks
            .iter()
            .any(|c| c.level == midwatch_desk::doctor::Level::Fail);
        Ok(if failed {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }
}
