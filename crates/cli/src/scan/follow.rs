//! A file that somebody still writes, searched as it grows, across truncation and rotation. Unpacks nothing.

use indicators::matching::{Matcher, Scanner};
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use super::Sum;
use super::open::{Open, Searched};
use super::print::Printer;
use crate::output;

/// How often the file is looked at.
const EVERY: Duration = Duration::from_millis(250);

/// Matches are brought to a server every so many looks.
const BRING: u32 = 8;

/// The file as it was opened, and the search in it.
struct Followed<'m> {
    file: File,
    inode: u64,
    read: u64,
    scanner: Scanner<'m>,
}

impl<'m> Followed<'m> {
    fn open(path: &Path, matcher: &'m Matcher) -> std::io::Result<Self> {
        let file = File::open(path)?;
        Ok(Self {
            inode: file.metadata()?.ino(),
            file,
            read: 0,
            scanner: Scanner::new(matcher),
        })
    }
}

/// Searches what the file holds and what is written to it, until interrupted.
pub(super) fn follow(
    path: &Path,
    matcher: &Matcher,
    printer: &Printer,
    open: Option<&Open>,
) -> Result<Sum, String> {
    let fault = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut followed = Followed::open(path, matcher).map_err(fault)?;
    let mut sum = Sum {
        files: 1,
        ..Sum::default()
    };
    crate::wait(async {
        let mut ticks = tokio::time::interval(EVERY);
        let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
        let mut since = 0_u32;
        loop {
            tokio::select! {
                _ = &mut interrupted => break,
                _ = ticks.tick() => {}
            }
            more(&mut followed, path, printer, &mut sum).map_err(fault)?;
            since += 1;
            if let Some(open) = open.filter(|o| since >= BRING && o.is_waiting()) {
                since = 0;
                let searched = Searched {
                    lines: sum.lines,
                    bytes: sum.bytes,
                };
                match open.bring(searched).await {
                    Ok(words) => output::complain(&words),
                    Err(message) => output::complain(&format!("{message} It is tried again.")),
                }
            }
            // Between a rotation and the first line of the new file there is none.
            let Ok(now) = std::fs::metadata(path) else {
                continue;
            };
            if now.ino() != followed.inode {
                // What was written between the last look and the rotation.
                more(&mut followed, path, printer, &mut sum).map_err(fault)?;
                let Ok(next) = Followed::open(path, matcher) else {
                    continue;
                };
                finish(
                    std::mem::replace(&mut followed, next),
                    path,
                    printer,
                    &mut sum,
                );
                sum.files += 1;
            } else if now.len() < followed.read {
                output::complain(&format!(
                    "{}: was cut off; going on from its beginning",
                    path.display()
                ));
                let next = Followed::open(path, matcher).map_err(fault)?;
                finish(
                    std::mem::replace(&mut followed, next),
                    path,
                    printer,
                    &mut sum,
                );
                followed.file.rewind().map_err(fault)?;
            }
        }
        Ok(())
    })?;
    finish(followed, path, printer, &mut sum);
    Ok(sum)
}

/// Searches what is there by now, up to the end of the last line.
fn more(
    followed: &mut Followed,
    path: &Path,
    printer: &Printer,
    sum: &mut Sum,
) -> std::io::Result<()> {
    let name = path.to_string_lossy();
    let mut sheet = printer.sheet(&name);
    let mut piece = vec![0; 1 << 16];
    loop {
        let count = followed.file.read(&mut piece)?;
        if count == 0 {
            break;
        }
        followed.read += count as u64;
        sum.bytes += count as u64;
        sum.lines += piece[..count].iter().filter(|b| **b == b'\n').count() as u64;
        followed.scanner.push(&piece[..count], |found| {
            sum.found += 1;
            sheet.add(&found);
        });
    }
    followed.scanner.settle(|found| {
        sum.found += 1;
        sheet.add(&found);
    });
    Ok(())
}

fn finish(followed: Followed, path: &Path, printer: &Printer, sum: &mut Sum) {
    let name = path.to_string_lossy();
    let mut sheet = printer.sheet(&name);
    followed.scanner.finish(|found| {
        sum.found += 1;
        sheet.add(&found);
    });
}
