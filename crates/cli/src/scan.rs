//! `midwatch scan`: logs led past indicators. Reads and prints; knows neither what a token is nor how a file is packed.

mod follow;
mod indicators;
mod open;
mod print;

use ::indicators::matching::{Matcher, Segment, scan};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::input::{self, Limits};
use crate::output;
use crate::remote::{Desk, Door};
use open::{Open, Searched};
use print::{Printer, number};

/// So many lines of a value in a file become matches of their own.
const EACH: usize = 20;
/// As many of a file that is followed, each time.
const EACH_FOLLOWED: usize = 3;
/// As many faults are told one by one.
const TOLD: u64 = 20;

/// Search logs for indicators. Exit codes: 0 some were found, 1 none, 2 something could not be read to its end.
#[derive(Args, Debug)]
pub(crate) struct Scan {
    /// Files and folders; - for standard input. Packed ones (gz, zst) are unpacked, UTF-16 is read.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// A list of indicators: one a line, CSV, JSON Lines, or a segment. May be given several times.
    /// Without one: all indicators of the server.
    #[arg(long, short, value_name = "FILE")]
    indicators: Vec<PathBuf>,
    /// Bring the matches to the server, which opens or tells one ticket for each campaign.
    #[arg(long)]
    open: bool,
    /// Whose logs these are, for the server; else this machine.
    #[arg(long, value_name = "NAME", requires = "open")]
    source: Option<String>,
    #[command(flatten)]
    door: Door,
    /// Go on with a file while it grows, as tail -F does.
    #[arg(long, value_name = "FILE", conflicts_with = "paths")]
    follow: Option<PathBuf>,
    /// How to print matches.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Write the indicators as a segment, which opens at once the next time.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Only the summary.
    #[arg(long, short)]
    quiet: bool,
    /// Files read at once; else as many as there are cores.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Stop unpacking a file at so many times its packed size.
    #[arg(long, value_name = "N", default_value_t = 200)]
    max_ratio: u64,
    /// Stop unpacking a file after so many bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 100 << 30)]
    max_unpacked: u64,
}

/// How matches are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A line for people.
    Table,
    /// A JSON object a line.
    Jsonl,
}

/// What a scan came to.
#[derive(Debug, Default)]
struct Sum {
    files: u64,
    lines: u64,
    bytes: u64,
    found: u64,
    faults: u64,
}

impl Scan {
    /// Does it.
    ///
    /// # Errors
    /// Says what kept it from beginning.
    pub(crate) fn run(&self) -> Result<ExitCode, String> {
        match self.search() {
            Ok(sum) if sum.faults > 0 => Ok(ExitCode::from(2)),
            Ok(sum) if sum.found > 0 => Ok(ExitCode::SUCCESS),
            Ok(_) => Ok(ExitCode::from(1)),
            Err(message) => {
                output::complain(&message);
                Ok(ExitCode::from(2))
            }
        }
    }

    fn search(&self) -> Result<Sum, String> {
        let desk = match self.open || self.indicators.is_empty() {
            true => Some(Desk::at(&self.door)?),
            false => None,
        };
        let segments = match &desk {
            Some(desk) if self.indicators.is_empty() => vec![crate::wait(desk.indicators())?],
            _ => self.lists()?,
        };
        if let Some(path) = &self.save {
            save(path, &segments)?;
        }
        let matcher = Matcher::new(segments);
        if matcher.is_empty() {
            return Err("The lists hold no indicator. Nothing was searched.".to_owned());
        }
        let open = desk.filter(|_| self.open).map(|desk| {
            let source = self.source.clone().unwrap_or_else(open::machine);
            let each = if self.follow.is_some() {
                EACH_FOLLOWED
            } else {
                EACH
            };
            Open::new(desk, source, self.indicators.is_empty(), each)
        });
        let printer = Printer::new(self.format, self.quiet, &matcher, open.as_ref());
        let began = Instant::now();
        let sum = match &self.follow {
            Some(path) => follow::follow(path, &matcher, &printer, open.as_ref())?,
            None => self.all(&matcher, &printer),
        };
        let seconds = began.elapsed().as_secs_f64();
        output::complain(&format!(
            "{} matches in {} files, {:.1} MB in {seconds:.1} s ({:.0} MB/s); {} indicators in {:.1} MB{}",
            number(sum.found),
            number(sum.files),
            mega(sum.bytes),
            mega(sum.bytes) / seconds.max(1e-9),
            number(matcher.len()),
            mega(matcher.bytes() as u64),
            match sum.faults {
                0 => String::new(),
                faults => format!("; {} not read to the end", number(faults)),
            }
        ));
        if let Some(open) = &open {
            let searched = Searched {
                lines: sum.lines,
                bytes: sum.bytes,
            };
            output::complain(&crate::wait(open.bring(searched))?);
        }
        Ok(sum)
    }

    /// The lists that were named.
    fn lists(&self) -> Result<Vec<Segment>, String> {
        let mut segments = Vec::new();
        for path in &self.indicators {
            let loaded = indicators::load(path, self.limits())?;
            for told in &loaded.told {
                output::complain(told);
            }
            if loaded.refused > loaded.told.len() as u64 {
                let rest = loaded.refused - loaded.told.len() as u64;
                output::complain(&format!(
                    "{}: {} more lines refused",
                    path.display(),
                    number(rest)
                ));
            }
            segments.push(loaded.segment);
        }
        Ok(segments)
    }

    fn limits(&self) -> Limits {
        Limits {
            ratio: self.max_ratio,
            total: self.max_unpacked,
        }
    }

    /// Every file, several at once.
    fn all(&self, matcher: &Matcher, printer: &Printer) -> Sum {
        let (mut files, mut faults) = (Vec::new(), Vec::new());
        for path in &self.paths {
            match path.as_os_str() == "-" {
                true => files.push(path.clone()),
                false => input::files(path, &mut files, &mut faults),
            }
        }
        if self.paths.is_empty() {
            files.push("-".into());
        }
        let sum = Mutex::new(Sum::default());
        for fault in faults {
            tell(&sum, &fault);
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = self.threads.unwrap_or(cores).clamp(1, files.len().max(1));
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                        self.file(path, matcher, printer, &sum);
                    }
                });
            }
        });
        sum.into_inner().unwrap_or_default()
    }

    fn file(&self, path: &Path, matcher: &Matcher, printer: &Printer, sum: &Mutex<Sum>) {
        let name = path.to_string_lossy();
        let input = match path.as_os_str() == "-" {
            true => input::stdin(self.limits()),
            false => input::open(path, self.limits()),
        };
        let input = match input {
            Ok(input) => input,
            Err(error) => return tell(sum, &format!("{name}: {error}")),
        };
        if let Some(sealed) = input.sealed {
            tell(
                sum,
                &format!("{name}: holds {sealed}, which is not unpacked; searched as it is"),
            );
        }
        let mut sheet = printer.sheet(&name);
        let scanned = scan(input.text, matcher, |found| sheet.add(&found));
        drop(sheet);
        if let Some(fault) = &scanned.fault {
            let place = format!(
                "after line {} and {} bytes",
                number(scanned.lines),
                number(scanned.bytes)
            );
            tell(sum, &format!("{name}: {fault} ({place} were searched)"));
        }
        if let Ok(mut sum) = sum.lock() {
            sum.files += 1;
            sum.lines += scanned.lines;
            sum.bytes += scanned.bytes;
            sum.found += scanned.found;
        }
    }
}

/// Tells a fault, unless there have been too many.
fn tell(sum: &Mutex<Sum>, fault: &str) {
    let Ok(mut sum) = sum.lock() else { return };
    sum.faults += 1;
    if sum.faults <= TOLD {
        output::complain(&output::line(fault));
    }
}

/// Writes the one segment there is.
fn save(path: &Path, segments: &[Segment]) -> Result<(), String> {
    let [segment] = segments else {
        return Err("--save writes one segment: give one list with --indicators.".to_owned());
    };
    // A segment half written must not stand where a whole one is expected.
    let fresh = path.with_extension("part");
    let written = std::fs::File::create(&fresh)
        .and_then(|file| segment.write(&file).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&fresh, path));
    written.map_err(|error| format!("{}: {error}", path.display()))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "shown with one digit behind the point"
)]
fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
