//! The one server all test processes of an account share: start it once, keep it while used, end it when idle.
//!
//! Two lock files decide everything, so there is nothing to guess about pids
//! that were used twice. `lock` is held while somebody starts or stops the
//! server. `used` is held shared by every test process that uses the server,
//! and touched by each; the watchdog stops the server only when it holds both
//! and the last touch is ten minutes old. The kernel lets go of the locks of a
//! killed process.
//!
//! The server lives in memory where there is room, because creating the three
//! hundred files of a database takes a disk eight times as long; crash tests
//! use a private cluster on the disk. It never lives in the target directory,
//! which another account could not enter under somebody's home.

use std::env;
use std::fs::{self, File, FileTimes};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

use crate::server::{Account, Server};

/// The least size of a file system in memory to put the server on.
const ROOM_KIB: u64 = 2 << 20;

/// Changes when what is in the directory changes, so that old and new versions do not share one.
const LAYOUT: u32 = 1;

const WATCHDOG: &str = include_str!("watchdog.sh");

/// URL of the server for this process, started if need be.
pub(crate) fn server_url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| match env::var(crate::SERVER_VARIABLE) {
        Ok(url) if !url.is_empty() => url,
        _ => start_or_join(),
    })
}

fn start_or_join() -> String {
    let account = Account::choose();
    let home = home(account);
    let lock = account.open(&home.join("lock"));
    lock.lock()
        .unwrap_or_else(|error| panic!("locking {}/lock: {error}", home.display()));
    hold_while_process_lives(&account.open(&home.join("used")));
    // `lock` is let go when the file closes at the end of this function.
    let cluster = home.join("cluster");
    let server = Server::new(&cluster, account);
    // Not a trial connection: a server with no connection left is busy, not broken.
    let running = server.pid().is_some();
    match fs::read_to_string(cluster.join("url")) {
        Ok(url) if running => url,
        _ => start(&server, &home, &cluster, account),
    }
}

/// Starts a new server in the place of one that never came up, crashed or went with a reboot.
fn start(server: &Server, home: &Path, cluster: &Path, account: Account) -> String {
    if server.pid().is_some() {
        server.stop_immediate();
    }
    if cluster.exists() {
        fs::remove_dir_all(cluster)
            .unwrap_or_else(|error| panic!("removing the old {}: {error}", cluster.display()));
    }
    account
        .create_dir(cluster)
        .unwrap_or_else(|error| panic!("creating {}: {error}", cluster.display()));
    let url = server.create();
    // In the background of a shell that ends at once: nobody has to wait for it.
    let spawned = server
        .guard(&format!("(\n{WATCHDOG}) &"))
        .arg(home)
        .status();
    assert!(
        spawned.is_ok_and(|status| status.success()),
        "the watchdog of the test server did not start"
    );
    fs::write(cluster.join("url"), &url)
        .unwrap_or_else(|error| panic!("writing {}/url: {error}", cluster.display()));
    url
}

/// The directory of this account's server, refused if somebody else made it.
fn home(account: Account) -> PathBuf {
    let home = place().join(format!("midwatch-testpg-v{LAYOUT}-{}", account.uid));
    // Creating fails when it exists already, which is the usual case.
    let _ = account.create_dir(&home);
    let found = fs::symlink_metadata(&home)
        .unwrap_or_else(|error| panic!("no directory {}: {error}", home.display()));
    assert!(
        found.is_dir() && found.uid() == account.uid && found.mode() & 0o077 == 0,
        "{} is not a private directory of user {}: somebody else made it. Remove it.",
        home.display(),
        account.uid
    );
    home
}

/// Where the server lives. Asks for the whole size, not what is free, so that all processes agree.
fn place() -> PathBuf {
    let memory = Command::new("df")
        .args(["--output=size", "--block-size=1K", "/dev/shm"])
        .output();
    let room: u64 = memory
        .ok()
        .and_then(|output| {
            let text = String::from_utf8(output.stdout).ok()?;
            text.lines().nth(1)?.trim().parse().ok()
        })
        .unwrap_or(0);
    if room >= ROOM_KIB {
        PathBuf::from("/dev/shm")
    } else {
        env::temp_dir()
    }
}

fn hold_while_process_lives(used: &File) {
    static HELD: OnceLock<File> = OnceLock::new();
    let held = HELD.get_or_init(|| {
        used.try_clone()
            .unwrap_or_else(|error| panic!("keeping a lock file open: {error}"))
    });
    #[expect(
        clippy::disallowed_methods,
        reason = "the watchdog compares it with the real clock"
    )]
    let now = SystemTime::now();
    held.lock_shared()
        .and_then(|()| held.set_times(FileTimes::new().set_modified(now)))
        .unwrap_or_else(|error| panic!("marking the test server as used: {error}"));
}
