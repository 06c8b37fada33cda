//! Settings of logs that are sent here: where syslog is heard, and from whom. Opens the sockets and reads nothing from them.

use clap::Args;
use midwatch_desk::listening::{Socket, acceptor};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::Config;

/// As flags and environment.
#[derive(Args, Clone, Debug, Default)]
pub struct LogFlags {
    /// Address and port to hear syslog over UDP on.
    #[arg(long, env = "MIDWATCH_LOGS_SYSLOG_UDP", value_name = "ADDR")]
    pub logs_syslog_udp: Option<String>,
    /// Address and port to hear syslog over TCP on.
    #[arg(long, env = "MIDWATCH_LOGS_SYSLOG_TCP", value_name = "ADDR")]
    pub logs_syslog_tcp: Option<String>,
    /// Address and port to hear syslog over TLS on.
    #[arg(long, env = "MIDWATCH_LOGS_SYSLOG_TLS", value_name = "ADDR")]
    pub logs_syslog_tls: Option<String>,
    /// Certificates of authorities that senders of syslog over TLS must have one of, PEM.
    #[arg(long, env = "MIDWATCH_LOGS_SYSLOG_TLS_CLIENTS", value_name = "FILE")]
    pub logs_syslog_tls_clients: Option<String>,
}

impl LogFlags {
    /// What is set, each with its name in the table.
    pub(super) fn set(&self) -> impl Iterator<Item = (&'static str, &String)> {
        [
            ("syslog_udp", &self.logs_syslog_udp),
            ("syslog_tcp", &self.logs_syslog_tcp),
            ("syslog_tls", &self.logs_syslog_tls),
            ("syslog_tls_clients", &self.logs_syslog_tls_clients),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_ref()?)))
    }
}

/// The table `[logs]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logs {
    /// Empty or an address.
    pub syslog_udp: String,
    /// Empty or an address.
    pub syslog_tcp: String,
    /// Empty or an address.
    pub syslog_tls: String,
    /// Empty or a file.
    pub syslog_tls_clients: String,
}

impl Logs {
    /// Checks each, and that there is a certificate where one is needed.
    pub(super) fn check(&self, config: &Config) -> Result<(), String> {
        for (name, text) in [
            ("syslog_udp", &self.syslog_udp),
            ("syslog_tcp", &self.syslog_tcp),
            ("syslog_tls", &self.syslog_tls),
        ] {
            address(name, text)?;
        }
        if !self.syslog_tls.is_empty() && config.tls_certificate.is_empty() {
            return Err(
                "logs.syslog_tls: TLS needs a certificate: set tls_certificate and tls_key.".into(),
            );
        }
        if self.syslog_tls.is_empty() && !self.syslog_tls_clients.is_empty() {
            return Err(
                "logs.syslog_tls_clients: it is about syslog over TLS: set logs.syslog_tls too."
                    .into(),
            );
        }
        Ok(())
    }

    /// Opens the sockets that are wanted.
    ///
    /// # Errors
    /// Says which setting cannot be had.
    pub fn sockets(&self, config: &Config) -> Result<Vec<Socket>, String> {
        let mut sockets = Vec::new();
        let cannot = |name: &str, at: SocketAddr, e: std::io::Error| {
            format!("logs.{name}: cannot listen on {at}: {e}")
        };
        if let Some(at) = address("syslog_udp", &self.syslog_udp)? {
            sockets.push(Socket::datagrams(at).map_err(|e| cannot("syslog_udp", at, e))?);
        }
        if let Some(at) = address("syslog_tcp", &self.syslog_tcp)? {
            sockets.push(Socket::streams(at, None).map_err(|e| cannot("syslog_tcp", at, e))?);
        }
        if let Some(at) = address("syslog_tls", &self.syslog_tls)? {
            let clients = Some(PathBuf::from(&self.syslog_tls_clients));
            let clients = clients.filter(|path| !path.as_os_str().is_empty());
            let (chain, key) = (
                Path::new(&config.tls_certificate),
                Path::new(&config.tls_key),
            );
            let tls = acceptor(chain, key, clients.as_deref())
                .map_err(|e| format!("logs.syslog_tls: {e}"))?;
            sockets.push(Socket::streams(at, Some(tls)).map_err(|e| cannot("syslog_tls", at, e))?);
        }
        Ok(sockets)
    }
}

fn address(name: &str, text: &str) -> Result<Option<SocketAddr>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let read = text.parse().map(Some);
    read.map_err(|_| {
        format!(
            "logs.{name}: “{text}” is not an address and port such as 0.0.0.0:514 or [::]:6514."
        )
    })
}
