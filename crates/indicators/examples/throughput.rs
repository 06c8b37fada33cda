//! Measures how fast a file is searched: `cargo run --release --example throughput -- file`. Asserts nothing.

use indicators::{Options, extract};
use std::collections::BTreeMap;
use std::time::Instant;

/// Seconds of processor time of this thread where the system tells, otherwise of the wall.
fn clock(since: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| since.elapsed().as_secs_f64(), |spent| spent / 1e9)
}

fn main() -> std::io::Result<()> {
    let began = Instant::now();
    for path in std::env::args().skip(1) {
        let text = std::fs::read(&path)?;
        let megabytes = text.len() as f64 / 1e6;
        let mut best = f64::MAX;
        let mut found = indicators::Extraction::default();
        for _ in 0..5 {
            let start = clock(began);
            found = extract(&text, &Options::default());
            best = best.min(clock(began) - start);
        }
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for hit in &found.hits {
            *kinds.entry(hit.kind.as_str()).or_default() += 1;
        }
        println!(
            "{path}: {megabytes:.1} MB, {:.0} MB/s, {} hits ({:.1} a KB), {:.2} units of work a byte",
            megabytes / best,
            found.hits.len(),
            found.hits.len() as f64 / megabytes / 1e3,
            found.work as f64 / text.len() as f64,
        );
        println!("  {kinds:?}");
    }
    Ok(())
}
