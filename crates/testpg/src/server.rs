//! A PostgreSQL data directory and the programs that run it: find, initialise, start, stop. Does not know who shares it.

use std::fs::{self, File};
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, process};

/// The programs needed from an installation.
const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// A data directory under `home`, with the account its processes run as.
pub(crate) struct Server {
    programs: PathBuf,
    account: Account,
    home: PathBuf,
}

/// The account that owns the server; PostgreSQL refuses to run as root.
#[derive(Clone, Copy)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    gid: u32,
    /// Whether we are root and have to step down to it.
    step_down: bool,
}

impl Server {
    /// A server that lives in `home`, which must be a directory of `account`.
    pub(crate) fn new(home: &Path, account: Account) -> Self {
        Self {
            programs: find_programs(),
            account,
            home: home.to_owned(),
        }
    }

    /// Creates an empty data directory and starts it. Returns the URL.
    pub(crate) fn create(&self) -> String {
        let password = random_hex(16);
        let password_file = self.home.join("password");
        fs::write(&password_file, &password)
            .unwrap_or_else(|error| panic!("writing {}: {error}", password_file.display()));
        self.account.own(&password_file);
        let data = self.data();
        must_succeed(
            self.program("initdb")
                .args([
                    "--username=postgres",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                ])
                .args(["--locale=C.UTF-8", "--no-sync", "--no-instructions"])
                .arg("--pwfile")
                .arg(&password_file)
                .arg("--pgdata")
                .arg(&data),
        );
        let base = fs::read_to_string(self.settings())
            .unwrap_or_else(|error| panic!("reading the settings initdb wrote: {error}"));
        // Another process may take the port between our look and the server's start.
        let mut failure = String::new();
        for _ in 0..5 {
            let port = free_port();
            fs::write(self.settings(), format!("{base}\n{}", settings(port)))
                .unwrap_or_else(|error| panic!("writing PostgreSQL's settings: {error}"));
            match self.start() {
                Ok(()) => {
                    return format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres");
                }
                Err(said) => failure = said,
            }
        }
        panic!("PostgreSQL does not start:\n{failure}");
    }

    /// Starts an existing data directory and waits until it accepts connections.
    pub(crate) fn start(&self) -> Result<(), String> {
        let log = self.home.join("log");
        let _ = fs::remove_file(&log);
        let status = self
            .program("pg_ctl")
            .args(["start", "--wait", "--timeout=60", "--silent", "--pgdata"])
            .arg(self.data())
            .arg("--log")
            .arg(&log)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!(
                "pg_ctl ended with {status}\n{}",
                fs::read_to_string(&log).unwrap_or_default()
            )),
            Err(error) => Err(format!("pg_ctl: {error}")),
        }
    }

    /// Stops as a crash of the whole server would: no checkpoint, recovery on next start.
    pub(crate) fn stop_immediate(&self) {
        must_succeed(
            self.program("pg_ctl")
                .args(["stop", "--mode=immediate", "--wait", "--silent", "--pgdata"])
                .arg(self.data()),
        );
    }

    /// Process id of the running postmaster, if its file names a living process.
    pub(crate) fn pid(&self) -> Option<u32> {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        let pid = file.lines().next()?.trim().parse().ok()?;
        // Only a look at the command tells it from a later process with the same number.
        let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let data = self.data();
        let needle = data.as_os_str().as_encoded_bytes();
        command
            .windows(needle.len())
            .any(|window| window == needle)
            .then_some(pid)
    }

    /// A shell script run beside the server, as its account and outside the test's process group.
    ///
    /// Its own group keeps it alive when a test runner kills the test's.
    pub(crate) fn guard(&self, script: &str) -> Command {
        let mut command = self.account.command(Path::new("sh"));
        command
            .args(["-c", script, "midwatch-testpg"])
            .current_dir(&self.home)
            .env("PG_CTL", self.programs.join("pg_ctl"))
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    fn settings(&self) -> PathBuf {
        self.data().join("postgresql.conf")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = self.account.command(&self.programs.join(name));
        command.current_dir(&self.home).stdin(Stdio::null());
        command
    }
}

impl Account {
    /// Ourselves, or for root the account of the PostgreSQL package, or `nobody`.
    pub(crate) fn choose() -> Self {
        let own = fs::metadata("/proc/self")
            .unwrap_or_else(|error| panic!("reading /proc/self (Linux is needed): {error}"));
        if own.uid() != 0 {
            return Self {
                uid: own.uid(),
                gid: own.gid(),
                step_down: false,
            };
        }
        let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| account_ids(&accounts, name))
            .map(|(uid, gid)| Self {
                uid,
                gid,
                step_down: true,
            })
            .unwrap_or_else(|| {
                panic!(
                    "PostgreSQL refuses to run as root, and /etc/passwd has neither an account \
                     \"postgres\" nor \"nobody\": run the tests as another user"
                )
            })
    }

    /// Creates a directory only this account may enter.
    pub(crate) fn create_dir(self, path: &Path) -> std::io::Result<()> {
        fs::DirBuilder::new().mode(0o700).create(path)?;
        self.own(path);
        Ok(())
    }

    /// Opens a file for locking, creating it for this account if missing.
    pub(crate) fn open(self, path: &Path) -> File {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path)
            .unwrap_or_else(|error| panic!("opening {}: {error}", path.display()));
        self.own(path);
        file
    }

    fn own(self, path: &Path) {
        if self.step_down {
            chown(path, Some(self.uid), Some(self.gid))
                .unwrap_or_else(|error| panic!("giving away {}: {error}", path.display()));
        }
    }

    fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if self.step_down {
            command.uid(self.uid).gid(self.gid);
        }
        // A caller's PGDATA, PGPORT and the like must not steer this server.
        for (name, _) in env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"PG") {
                command.env_remove(name);
            }
        }
        command
    }
}

/// As many random bytes as asked, in hexadecimal: for names and passwords.
pub(crate) fn random_hex(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut random))
        .unwrap_or_else(|error| panic!("reading /dev/urandom: {error}"));
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Sends a signal through the shell: the standard library has no call for it.
pub(crate) fn signal(pid: u32, name: &str) {
    must_succeed(Command::new("sh").args(["-c", &format!("kill -s {name} {pid}")]));
}

/// What differs from PostgreSQL's defaults; everything about durability stays as shipped.
fn settings(port: u16) -> String {
    format!(
        "listen_addresses = '127.0.0.1'\n\
         port = {port}\n\
         unix_socket_directories = ''\n\
         max_connections = 300\n\
         shared_buffers = 64MB\n\
         max_wal_size = 256MB\n\
         timezone = 'UTC'\n"
    )
}

/// A free port below the range from which the kernel serves outgoing connections.
///
/// So a killed server finds its port still free when it comes back.
fn free_port() -> u16 {
    for _ in 0..200 {
        let random = u16::from_str_radix(&random_hex(2), 16).expect("four hexadecimal digits fit");
        let port = 20_000 + random % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("found no free port between 20000 and 32000 on 127.0.0.1");
}

fn must_succeed(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", command.get_program().display()));
    assert!(
        output.status.success(),
        "{} ended with {}\n{}{}",
        command.get_program().display(),
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The `bin` directory of an installation: `pg_config`'s, Debian's highest version, or on the path.
fn find_programs() -> PathBuf {
    let mut candidates = Vec::new();
    if let Ok(output) = process::Command::new("pg_config").arg("--bindir").output() {
        candidates.push(PathBuf::from(
            String::from_utf8_lossy(&output.stdout).trim(),
        ));
    }
    let mut debian: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    debian.sort();
    candidates.extend(debian.into_iter().rev().map(|(_, bin)| bin));
    candidates.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    candidates
        .into_iter()
        .find(|bin| PROGRAMS.iter().all(|program| bin.join(program).is_file()))
        .unwrap_or_else(|| {
            panic!(
                "these tests need a PostgreSQL server (15 or newer) and found no initdb. Install \
                 it (Debian: apt-get install postgresql), or set {} to the URL of a server on \
                 which they may create databases.",
                crate::SERVER_VARIABLE
            )
        })
}

fn account_ids(accounts: &str, name: &str) -> Option<(u32, u32)> {
    let fields: Vec<&str> = accounts
        .lines()
        .map(|line| line.split(':').collect())
        .find(|fields: &Vec<&str>| fields.first() == Some(&name))?;
    Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::account_ids;

    #[test]
    fn reads_the_account_by_its_whole_name() {
        let accounts = "root:x:0:0::/root:/bin/sh\npostgres2:x:7:8::/:/bin/sh\npostgres:x:101:104::/:/bin/sh\n";
        assert_eq!(account_ids(accounts, "postgres"), Some((101, 104)));
        assert_eq!(account_ids(accounts, "nobody"), None);
    }
}
