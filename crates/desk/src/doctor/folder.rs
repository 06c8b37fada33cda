//! The data folder: is it there, can it be written, are its secrets for its owner alone, is there space.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{Check, Level, check};

const GIB: u64 = 1 << 30;

pub(super) fn checks(data: &Path) -> Vec<Check> {
    let shown = data.display();
    if !data.is_dir() {
        return vec![check(
            "data folder",
            Level::Fail,
            format!(
                "{shown} is not there. Name the folder with --data, or begin one with `midwatch serve`."
            ),
        )];
    }
    vec![writable(data), secrets(data), space(data)]
}

fn writable(data: &Path) -> Check {
    let probe = data.join(".doctor");
    let tried = fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe));
    match tried {
        Ok(()) => check(
            "data folder",
            Level::Ok,
            format!("{} can be written", data.display()),
        ),
        Err(e) => check(
            "data folder",
            Level::Fail,
            format!(
                "{} cannot be written: {e}. Give the account that runs Midwatch this folder.",
                data.display()
            ),
        ),
    }
}

fn secrets(data: &Path) -> Check {
    let key = data.join("checkpoint.key");
    let meta = match fs::metadata(&key) {
        Ok(m) => m,
        Err(e) => {
            return check(
                "key",
                Level::Fail,
                format!(
                    "{} cannot be read: {e}. Without the key no checkpoint can be made; restore it from a backup.",
                    key.display()
                ),
            );
        }
    };
    let mut open = Vec::new();
    for entry in fs::read_dir(data).into_iter().flatten().flatten() {
        let path = entry.path();
        let secret = path.extension().is_some_and(|e| e == "key");
        if secret
            && entry
                .metadata()
                .is_ok_and(|m| m.permissions().mode() & 0o077 != 0)
        {
            open.push(path.display().to_string());
        }
    }
    if meta.len() != 32 {
        check(
            "key",
            Level::Fail,
            format!(
                "{} has {} bytes instead of 32. Restore it from a backup.",
                key.display(),
                meta.len()
            ),
        )
    } else if open.is_empty() {
        check("key", Level::Ok, "only their owner can read the key files")
    } else {
        check(
            "key",
            Level::Fail,
            format!("Others can read {0}. Run: chmod 600 {0}", open.join(" ")),
        )
    }
}

fn space(data: &Path) -> Check {
    let free = match rustix::fs::statvfs(data) {
        Ok(s) => s.f_bavail.saturating_mul(s.f_frsize),
        Err(e) => return check("disk space", Level::Warn, format!("cannot be told: {e}")),
    };
    let says = format!("{:.1} GiB free", free as f64 / GIB as f64);
    match free {
        f if f < GIB / 4 => check(
            "disk space",
            Level::Fail,
            format!("{says}. Make room: without it nothing can be recorded."),
        ),
        f if f < 2 * GIB => check(
            "disk space",
            Level::Warn,
            format!("{says}. Make room soon."),
        ),
        _ => check("disk space", Level::Ok, says),
    }
}
