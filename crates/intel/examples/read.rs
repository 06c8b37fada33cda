//! Reads a STIX bundle from a file and says what is in it, and how fast that went.

use intel::{Limits, Poison, stix, unpack};
use std::fs::File;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: read FILE")?;
    let input = unpack(File::open(path)?, 1 << 40)?;
    let begin = Instant::now();
    let report = stix::read(
        input,
        Limits::default(),
        &Poison::default(),
        &mut |_| Ok(()),
    )?;
    let took = begin.elapsed().as_secs_f64();
    println!("{report:#?}\n{took:.3} s");
    Ok(())
}
