//! Settings: documented defaults, file, environment, flags, in rising order. Reads no database.

mod logs;

use clap::Args;
use midwatch_desk::Settings;
use midwatch_desk::engine::watchdog::Watchdog;
use midwatch_store::Location;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use logs::{LogFlags, Logs};

/// The documented defaults, which are the first layer: text and behaviour cannot differ.
pub const DEFAULTS: &str = include_str!("config.default.toml");

/// Settings as flags and environment.
#[derive(Args, Clone, Debug, Default)]
pub struct Flags {
    /// Settings file (TOML). `midwatch config` prints every setting with its default.
    #[arg(long, env = "MIDWATCH_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address and port to listen on.
    #[arg(long, env = "MIDWATCH_LISTEN", value_name = "ADDR")]
    pub listen: Option<String>,
    /// The data folder.
    #[arg(long, env = "MIDWATCH_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The database: postgres://… instead of the embedded one.
    #[arg(
        long,
        env = "MIDWATCH_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database: Option<String>,
    /// How browsers reach the server.
    #[arg(long, env = "MIDWATCH_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Certificate chain, PEM.
    #[arg(long, env = "MIDWATCH_TLS_CERTIFICATE", value_name = "FILE")]
    pub tls_certificate: Option<String>,
    /// Private key, PEM.
    #[arg(long, env = "MIDWATCH_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<String>,
    /// Certificates of authorities trusted besides the system's, PEM.
    #[arg(long, env = "MIDWATCH_AUTHORITIES", value_name = "FILE")]
    pub authorities: Option<String>,
    /// Largest piece of evidence, in mebibytes.
    #[arg(long, env = "MIDWATCH_MAX_EVIDENCE_MIB", value_name = "N")]
    pub max_evidence_mib: Option<u64>,
    /// Connections that read the database.
    #[arg(long, env = "MIDWATCH_READERS", value_name = "N")]
    pub readers: Option<usize>,
    /// A dead man's switch that is told while all is well.
    #[arg(
        long,
        env = "MIDWATCH_WATCHDOG_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub watchdog_url: Option<String>,
    /// What is logged: error, warn, info, debug.
    #[arg(long, env = "MIDWATCH_LOG", value_name = "LEVEL")]
    pub log: Option<String>,
    /// How it is logged: text or json.
    #[arg(long, env = "MIDWATCH_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// About logs that are sent here.
    #[command(flatten)]
    pub logs: LogFlags,
}

/// All settings, decided.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address and port.
    pub listen: String,
    /// The data folder.
    pub data: PathBuf,
    /// Empty or `postgres://…`.
    pub database: String,
    /// Empty or `https://…`.
    pub public_url: String,
    /// Empty or a file.
    pub tls_certificate: String,
    /// Empty or a file.
    pub tls_key: String,
    /// Empty or a file.
    pub authorities: String,
    /// Mebibytes.
    pub max_evidence_mib: u64,
    /// Connections.
    pub readers: usize,
    /// Empty or an address.
    pub watchdog_url: String,
    /// How often it is told.
    pub watchdog_every_seconds: u64,
    /// Level.
    pub log: String,
    /// `text` or `json`.
    pub log_format: String,
    /// Logs that are sent here.
    pub logs: Logs,
}

impl Config {
    /// Puts the layers on each other.
    ///
    /// # Errors
    /// Says which setting is wrong, where, and what is expected.
    pub fn load(flags: &Flags) -> Result<Self, String> {
        let mut table: toml::Table = DEFAULTS
            .parse()
            .map_err(|e| format!("The built-in defaults are broken: {e}"))?;
        if let Some(file) = &flags.config {
            lay_over(&mut table, read_file(file)?);
        }
        let mut logs = toml::Table::new();
        for (name, value) in flags.logs.set() {
            logs.insert(name.to_owned(), toml::Value::String(value.clone()));
        }
        lay_over(
            &mut table,
            [("logs".to_owned(), logs.into())].into_iter().collect(),
        );
        let mut set = |name: &str, value: Option<toml::Value>| {
            value.map(|v| table.insert(name.to_owned(), v))
        };
        let text = |v: &Option<String>| v.clone().map(toml::Value::String);
        set("listen", text(&flags.listen));
        set(
            "data",
            flags
                .data
                .as_ref()
                .map(|p| toml::Value::String(p.display().to_string())),
        );
        set("database", text(&flags.database));
        set("public_url", text(&flags.public_url));
        set("tls_certificate", text(&flags.tls_certificate));
        set("tls_key", text(&flags.tls_key));
        set("authorities", text(&flags.authorities));
        set(
            "max_evidence_mib",
            flags
                .max_evidence_mib
                .and_then(|n| i64::try_from(n).ok())
                .map(toml::Value::Integer),
        );
        set(
            "readers",
            flags
                .readers
                .and_then(|n| i64::try_from(n).ok())
                .map(toml::Value::Integer),
        );
        set("watchdog_url", text(&flags.watchdog_url));
        set("log", text(&flags.log));
        set("log_format", text(&flags.log_format));
        let config: Config = table
            .try_into()
            .map_err(|e: toml::de::Error| format!("A setting is wrong: {}", e.message()))?;
        config.check()
    }

    fn check(self) -> Result<Self, String> {
        self.address()?;
        self.logs.check(&self)?;
        if self.tls_certificate.is_empty() != self.tls_key.is_empty() {
            return Err("tls_certificate and tls_key belong together: set both or neither.".into());
        }
        if !self.authorities.is_empty() {
            let read = std::fs::read_to_string(&self.authorities);
            let text =
                read.map_err(|e| format!("authorities: {} cannot be read: {e}", self.authorities))?;
            if !text.contains("-----BEGIN CERTIFICATE-----") {
                return Err(format!(
                    "authorities: {} holds no certificate in PEM.",
                    self.authorities
                ));
            }
        }
        if !(self.public_url.is_empty()
            || self.public_url.starts_with("https://")
            || self.public_url.starts_with("http://"))
        {
            return Err(
                "public_url: expected an address such as https://midwatch.example.org.".into(),
            );
        }
        if !(self.database.is_empty()
            || self.database.starts_with("postgres://")
            || self.database.starts_with("postgresql://"))
        {
            return Err("database: expected nothing (the embedded database) or postgres://user@host/database.".into());
        }
        if !(1..=64).contains(&self.readers) {
            return Err("readers: expected 1 to 64.".into());
        }
        if !(5..=3600).contains(&self.watchdog_every_seconds) {
            return Err("watchdog_every_seconds: expected 5 to 3600.".into());
        }
        if !["error", "warn", "info", "debug", "trace"].contains(&self.log.as_str()) {
            return Err("log: expected error, warn, info, debug or trace.".into());
        }
        if !["text", "json"].contains(&self.log_format.as_str()) {
            return Err("log_format: expected text or json.".into());
        }
        Ok(self)
    }

    /// The address to listen on.
    ///
    /// # Errors
    /// Says what is expected.
    pub fn address(&self) -> Result<SocketAddr, String> {
        let says = |_| {
            format!(
                "listen: “{}” is not an address and port such as 127.0.0.1:8080 or [::]:443.",
                self.listen
            )
        };
        self.listen.parse().map_err(says)
    }

    /// Whether browsers reach the server by HTTPS.
    pub fn is_secure(&self) -> bool {
        !self.tls_certificate.is_empty() || self.public_url.starts_with("https://")
    }

    /// How browsers reach the server, given the address that it listens on in the end.
    pub fn url(&self, bound: SocketAddr) -> String {
        if self.public_url.is_empty() {
            format!(
                "{}://{bound}",
                if self.is_secure() { "https" } else { "http" }
            )
        } else {
            self.public_url.trim_end_matches('/').to_owned()
        }
    }

    /// The dead man's switch, if there is one.
    ///
    /// # Errors
    /// Says what is expected.
    pub fn watchdog(&self) -> Result<Option<Arc<Watchdog>>, String> {
        if self.watchdog_url.is_empty() {
            return Ok(None);
        }
        let every = Duration::from_secs(self.watchdog_every_seconds);
        let dog = Watchdog::new(&self.watchdog_url, every);
        dog.map(|d| Some(Arc::new(d)))
            .map_err(|e| format!("watchdog_url: {e}"))
    }

    /// What the desk needs.
    pub fn settings(&self) -> Settings {
        let settings = Settings::in_folder(&self.data);
        let location = if self.database.is_empty() {
            settings.location
        } else {
            Location::Postgres(self.database.clone())
        };
        let authorities = Some(PathBuf::from(&self.authorities));
        Settings {
            location,
            readers: self.readers,
            outside: midwatch_desk::Outside {
                authorities: authorities.filter(|_| !self.authorities.is_empty()),
                ..settings.outside
            },
            ..settings
        }
    }
}

/// Puts a layer on another: of a table within, only what the upper one sets.
fn lay_over(below: &mut toml::Table, above: toml::Table) {
    for (name, value) in above {
        match (below.get_mut(&name), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                below.insert(name, value);
            }
        }
    }
}

fn read_file(file: &Path) -> Result<toml::Table, String> {
    let text = std::fs::read_to_string(file)
        .map_err(|e| format!("The settings file {} cannot be read: {e}", file.display()))?;
    text.parse()
        .map_err(|e| format!("The settings file {} is not TOML: {e}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_defaults_are_the_defaults() {
        let c = Config::load(&Flags::default()).unwrap();
        assert_eq!(c.listen, "127.0.0.1:8080");
        assert!(!c.is_secure());
    }

    #[test]
    fn a_wrong_setting_is_named() {
        let flags = Flags {
            listen: Some("nowhere".into()),
            ..Flags::default()
        };
        assert!(Config::load(&flags).unwrap_err().contains("listen"));
        let flags = Flags {
            database: Some("mysql://x".into()),
            ..Flags::default()
        };
        assert!(Config::load(&flags).unwrap_err().contains("postgres://"));
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("midwatch.toml");
        std::fs::write(&file, "lissen = \"127.0.0.1:1\"\n").unwrap();
        let flags = Flags {
            config: Some(file),
            ..Flags::default()
        };
        assert!(Config::load(&flags).unwrap_err().contains("lissen"));
    }

    #[test]
    fn one_setting_of_logs_leaves_the_others_and_each_is_checked() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("midwatch.toml");
        std::fs::write(&file, "[logs]\nsyslog_udp = \"127.0.0.1:0\"\n").unwrap();
        let mut flags = Flags {
            config: Some(file),
            ..Flags::default()
        };
        flags.logs.logs_syslog_tcp = Some("127.0.0.1:0".into());
        let c = Config::load(&flags).unwrap();
        assert_eq!(
            (c.logs.syslog_udp.as_str(), c.logs.syslog_tls.as_str()),
            ("127.0.0.1:0", "")
        );
        assert_eq!(c.logs.sockets(&c).unwrap().len(), 2);
        flags.logs.logs_syslog_tls = Some("127.0.0.1:0".into());
        assert!(
            Config::load(&flags)
                .unwrap_err()
                .contains("tls_certificate")
        );
        flags.logs.logs_syslog_tls = None;
        flags.logs.logs_syslog_tcp = Some("514".into());
        assert!(
            Config::load(&flags)
                .unwrap_err()
                .contains("logs.syslog_tcp")
        );
    }
}
