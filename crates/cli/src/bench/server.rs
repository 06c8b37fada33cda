//! The server under measurement: this very executable as a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From the start of the process until it said that it is ready.
    pub ready_in: Duration,
}

impl Server {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// If it does not become ready.
    pub async fn start(data: &Path, database: Option<&str>) -> Result<Self, String> {
        let exe = std::env::current_exe().map_err(|e| e.to_string())?;
        let mut command = Command::new(exe);
        command
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--log",
                "error",
                "--data",
            ])
            .arg(data);
        if let Some(url) = database {
            command.args(["--database", url]);
        }
        let began = Instant::now();
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("The server cannot be started: {e}"))?;
        let out = child.stdout.take().ok_or("The server has no output.")?;
        let mut line = String::new();
        let mut lines = BufReader::new(out);
        let address = loop {
            line.clear();
            if lines.read_line(&mut line).map_err(|e| e.to_string())? == 0 {
                return Err("The server ended before it was ready.".into());
            }
            if let Some(address) = line.trim().strip_prefix("Midwatch is ready: http://") {
                break address
                    .parse()
                    .map_err(|_| "The server named no address.".to_owned())?;
            }
        };
        // It may go on to say things; a full pipe must not stop it.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Ok(Self {
            child,
            address,
            ready_in: began.elapsed(),
        })
    }

    /// Processor time that it has used.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn processor(&self) -> Result<Duration, String> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))
            .map_err(|e| e.to_string())?;
        // The name of the command, in parentheses, may hold anything; the numbers come after it.
        let numbers = stat
            .rsplit_once(')')
            .map(|(_, rest)| rest.split_whitespace());
        let ticks: Vec<u64> = numbers
            .map(|n| n.skip(11).take(2).flat_map(str::parse).collect())
            .unwrap_or_default();
        let [user, system] = ticks[..] else {
            return Err("The system does not tell how much the server has worked.".into());
        };
        let second = rustix::param::clock_ticks_per_second();
        Ok(Duration::from_millis((user + system) * 1000 / second))
    }

    /// Resident memory, in mebibytes.
    pub fn resident_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .unwrap_or_default();
        let kib = status
            .lines()
            .find_map(|l| l.strip_prefix("VmRSS:"))
            .and_then(|l| l.trim().split(' ').next()?.parse::<f64>().ok());
        kib.unwrap_or(f64::NAN) / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Whatever it still does is not measured any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
