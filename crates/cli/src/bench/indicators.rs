//! Measures extraction from texts and the search of logs for indicators, and what both cost of memory. Starts no server.

use indicators::matching::{Builder, Matcher, Segment, scan};
use indicators::{Kind, Options, stream};
use rustix::time::{ClockId, clock_gettime};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::Table;
use super::text::{Random, logs, mails, mixed, reports};

/// Look-ups that are timed.
const ASKED: usize = 1_000_000;

/// Sizes of a measurement.
pub(super) struct Size {
    /// Bytes of text.
    pub(super) text: usize,
    /// How many indicators to scan against, one run each.
    pub(super) indicators: Vec<u64>,
}

/// Measures.
///
/// # Errors
/// The texts could not be written where they were asked for.
pub(super) fn measure(size: &Size, texts: Option<&Path>, table: &mut Table) -> Result<(), String> {
    let mix = mixed(size.text);
    let on = format!("{} MB of text", size.text / 1_000_000);
    let pass = timed(|| memchr::memchr_iter(b'.', mix.as_bytes()).count());
    table.row(
        &on,
        "count the dots: the limit",
        &rate(mix.len(), &pass),
        &wall(mix.len(), &pass),
    );
    for (name, text) in [
        ("log", logs(size.text / 4)),
        ("mail", mails(size.text / 4)),
        ("report", reports(size.text / 4)),
        ("mixed", mix.clone()),
    ] {
        let before = resident();
        let run = timed(|| stream::extract(text.as_bytes(), &Options::default(), |_| {}));
        let hits = run.value.as_ref().map_or(0, |summary| summary.hits);
        table.row(
            &on,
            &format!("extract, {name}"),
            &rate(text.len(), &run),
            &format!(
                "{}, {hits} hits, {:.1} MiB more resident",
                wall(text.len(), &run),
                resident() - before
            ),
        );
    }
    let log = logs(size.text);
    if let Some(folder) = texts {
        write(folder, "mixed.txt", mix.as_bytes())?;
        write(folder, "log.txt", log.as_bytes())?;
    }
    for count in &size.indicators {
        against(*count, &log, texts, table)?;
    }
    Ok(())
}

fn against(count: u64, log: &str, texts: Option<&Path>, table: &mut Table) -> Result<(), String> {
    let on = format!("{count} indicators");
    if let Some(folder) = texts.filter(|_| count <= 1_000_000) {
        let mut list = String::new();
        each(count, |_, value| {
            // Writing to a string cannot fail.
            let _ = writeln!(list, "{value}");
        });
        write(folder, &format!("list-{count}.txt"), list.as_bytes())?;
    }
    let built = timed(|| {
        let mut builder = Builder::new("bench");
        each(count, |kind, value| {
            // What is generated is fit.
            let _ = builder.add(kind, value);
        });
        builder.build()
    });
    table.row(
        &on,
        "build a segment",
        &format!("{:.2} s", built.processor.as_secs_f64()),
        "values made and added",
    );
    let mut file = Vec::new();
    built
        .value
        .write(&mut file)
        .map_err(|error| error.to_string())?;
    let bytes = file.len();
    let opened = timed(|| Segment::read(file.as_slice()));
    drop(file);
    let segment = opened.value.map_err(|error| error.to_string())?;
    let opened = opened.processor;
    drop(built.value);
    let ready = timed(|| Matcher::new(vec![segment]));
    let matcher = &ready.value;
    table.row(
        &on,
        "open a segment, make the filter",
        &format!("{:.2} s", (opened + ready.processor).as_secs_f64()),
        &format!(
            "{:.2} bytes an indicator in the file",
            ratio(bytes as u64, count)
        ),
    );
    table.row(
        &on,
        "memory",
        &format!(
            "{:.2} bytes an indicator",
            ratio(matcher.bytes() as u64, count)
        ),
        &format!("{:.1} MB", ratio(matcher.bytes() as u64, 1_000_000)),
    );
    let mut random = Random::new(99);
    let absent: Vec<String> = (0..ASKED)
        .map(|_| format!("{:016x}.example", random.next()))
        .collect();
    let mut present = Vec::with_capacity(ASKED);
    each(count, |kind, value| {
        if kind == Kind::Domain && present.len() < ASKED {
            present.push(value.to_owned());
        }
    });
    for (name, values) in [("absent", absent), ("present", present)] {
        let asked = timed(|| {
            values
                .iter()
                .filter(|value| matcher.holds(Kind::Domain, value))
                .count()
        });
        let each = asked.processor.as_nanos() / values.len().max(1) as u128;
        table.row(
            &on,
            &format!("look-up, {name}"),
            &format!("{each} ns"),
            &format!("{} of {} held", asked.value, values.len()),
        );
    }
    let run = timed(|| scan(log.as_bytes(), matcher, |_| {}));
    table.row(
        &on,
        "scan a log",
        &rate(log.len(), &run),
        &format!("{}, {} matches", wall(log.len(), &run), run.value.found),
    );
    Ok(())
}

/// Indicators in the proportions of a usual feed: hosts, addresses, URLs and hashes.
fn each(count: u64, mut on: impl FnMut(Kind, &str)) {
    let mut random = Random::new(7);
    let mut value = String::new();
    for index in 0..count {
        let n = random.next();
        value.clear();
        let (kind, written) = match index % 10 {
            0..=2 => (Kind::Domain, write!(value, "h{n:x}.bad{index}.example")),
            3..=5 => {
                let [a, b, c, d, ..] = n.to_le_bytes();
                (Kind::Ipv4, write!(value, "{a}.{b}.{c}.{d}"))
            }
            6 => (Kind::Url, write!(value, "http://u{n:x}.example/p/{index}")),
            _ => (
                Kind::Sha256,
                write!(value, "{n:016x}{:016x}{n:016x}{index:016x}", !n),
            ),
        };
        // Writing to a string cannot fail.
        let _ = written;
        on(kind, &value);
    }
}

/// What something gave, and how long it took.
struct Timed<T> {
    value: T,
    processor: Duration,
    wall: Duration,
}

fn timed<T>(work: impl FnOnce() -> T) -> Timed<T> {
    let (before, began) = (processor(), Instant::now());
    let value = work();
    Timed {
        value,
        wall: began.elapsed(),
        processor: processor().saturating_sub(before),
    }
}

/// Time of this process on the processor.
fn processor() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

fn rate<T>(bytes: usize, run: &Timed<T>) -> String {
    format!(
        "{:.0} MB/s",
        ratio(bytes as u64, 1_000_000) / run.processor.as_secs_f64().max(1e-9)
    )
}

fn wall<T>(bytes: usize, run: &Timed<T>) -> String {
    format!(
        "{:.0} MB/s by the clock on the wall",
        ratio(bytes as u64, 1_000_000) / run.wall.as_secs_f64().max(1e-9)
    )
}

#[expect(
    clippy::cast_precision_loss,
    reason = "shown with two digits behind the point"
)]
fn ratio(of: u64, by: u64) -> f64 {
    of as f64 / by.max(1) as f64
}

/// Resident memory of this process in MiB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok());
    ratio(kib.unwrap_or(0), 1024)
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), String> {
    let path = folder.join(name);
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::File::create(&path)?.write_all(bytes));
    written.map_err(|error| format!("{}: {error}", path.display()))
}
