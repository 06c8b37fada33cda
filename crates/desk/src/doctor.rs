//! The doctor: looks at a desk and says what is well, what to watch and what to do. Changes nothing.

mod folder;
mod post;
mod running;
mod stored;

use serde::Serialize;
use std::fmt;

use crate::{Desk, Settings};

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Well.
    Ok,
    /// Works, but look at it.
    Warn,
    /// Broken or dangerous.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it is.
    pub level: Level,
    /// What was found, and what to do about it.
    pub says: String,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok  ",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        };
        write!(f, "{level}  {:<16} {}", self.name, self.says)
    }
}

fn check(name: &'static str, level: Level, says: impl Into<String>) -> Check {
    Check {
        name,
        level,
        says: says.into(),
    }
}

/// Examines a desk that exists: its folder, then what is stored. `full` reads the whole record and all evidence. Blocks.
pub fn examine(settings: Settings, full: bool) -> Vec<Check> {
    let mut checks = folder::checks(&settings.data);
    if checks.iter().any(|c| c.level == Level::Fail) {
        // Opening would make what is missing; what is asked for is how it is.
        return checks;
    }
    match Desk::open(settings) {
        Err(e) => checks.push(check("database", Level::Fail, format!("{e}."))),
        Ok(desk) => {
            checks.extend(examine_open(&desk, full));
            desk.store.close();
        }
    }
    checks
}

/// Examines what is stored in an open desk. Blocks.
pub fn examine_open(desk: &Desk, full: bool) -> Vec<Check> {
    stored::checks(desk, full)
}
