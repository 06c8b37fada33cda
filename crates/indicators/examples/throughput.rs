//! Measures how fast a file is searched: `cargo run --release --example throughput -- file`.

use indicators::{Options, extract};
use std::collections::BTreeMap;
use std::time::Instant;

fn main() -> std::io::Result<()> {
    for path in std::env::args().skip(1) {
        let text = std::fs::read(&path)?;
        let megabytes = text.len() as f64 / 1e6;
        let mut best = f64::MAX;
        let mut found = indicators::Extraction::default();
        for _ in 0..5 {
            let start = Instant::now();
            found = extract(&text, &Options::default());
            best = best.min(start.elapsed().as_secs_f64());
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
