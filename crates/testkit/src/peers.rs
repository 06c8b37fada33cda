//! Other sides for tests: a real mail server and a real receiver of requests, in processes of their own, misbehaving as told.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long a test waits for another side to say something.
const PATIENCE: Duration = Duration::from_secs(20);

/// Another side; gone when dropped.
pub struct Peer {
    /// Where it listens on this machine.
    pub port: u16,
    said: Receiver<Value>,
    child: Child,
    input: Option<ChildStdin>,
}

impl Peer {
    /// A mail server (aiosmtpd). Settings: see `peers/smtp.py`.
    pub fn smtp(settings: &Value) -> Self {
        Self::start(include_str!("../peers/smtp.py"), settings)
    }

    /// A receiver of requests. Settings: see `peers/http.py`.
    pub fn http(settings: &Value) -> Self {
        Self::start(include_str!("../peers/http.py"), settings)
    }

    /// A server of feeds. Settings: see `peers/feed.py`.
    pub fn feed(settings: &Value) -> Self {
        Self::start(include_str!("../peers/feed.py"), settings)
    }

    /// AWS, as `ministack` or `moto` is. Settings: see `tests/peers/aws.py` and `tests/peers/securityhub.py`.
    pub fn aws(settings: &Value) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/peers/aws.py");
        let mut command = Command::new(installed("python"));
        Self::run(command.args([script, &settings.to_string()]))
    }

    fn start(script: &str, settings: &Value) -> Self {
        let mut command = Command::new(python());
        Self::run(command.args(["-c", script, &settings.to_string()]))
    }

    fn run(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("./setup installs what stands for other systems");
        let input = child.stdin.take();
        let output = child.stdout.take().expect("its output is a pipe");
        let (tell, said) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).expect("it speaks JSON");
                if tell.send(value).is_err() {
                    break;
                }
            }
        });
        let mut peer = Self {
            port: 0,
            said,
            child,
            input,
        };
        let port = peer.next().as_u64().expect("it says its port first");
        peer.port = u16::try_from(port).expect("a port has 16 bits");
        peer
    }

    /// The next thing it received. Waits for it.
    pub fn next(&self) -> Value {
        self.said
            .recv_timeout(PATIENCE)
            .expect("the other side received something in time (see its error output)")
    }

    /// Tells it something, and gives what it says next.
    pub fn ask(&mut self, what: &Value) -> Value {
        let input = self.input.as_mut().expect("its input is a pipe");
        writeln!(input, "{what}").expect("it still runs");
        self.next()
    }

    /// Everything it has received by now.
    pub fn all(&self) -> Vec<Value> {
        self.said.try_iter().collect()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The system's Python, which has the packages that ./setup installs; another one may come first in the path.
fn python() -> &'static str {
    let system = "/usr/bin/python3";
    if std::path::Path::new(system).exists() {
        system
    } else {
        "python3"
    }
}

/// A program that ./setup installs for the tests alone.
pub fn installed(program: &str) -> std::path::PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(std::path::PathBuf::from);
    let home =
        || std::path::PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache");
    cache
        .unwrap_or_else(home)
        .join("midwatch/peers/bin")
        .join(program)
}
