//! Prints what is found in the standard input, one hit a line.

use indicators::{Options, stream};

fn main() -> std::io::Result<()> {
    let explain = std::env::args()
        .nth(1)
        .is_some_and(|first| first == "--explain");
    let options = Options::default().explain(explain);
    stream::extract(std::io::stdin().lock(), &options, |hit| {
        let doubt = hit.rejected.map(|reason| format!("rejected: {reason}"));
        let doubt = doubt.or_else(|| hit.weak.map(|reason| format!("weak: {reason}")));
        let layers: Vec<&str> = hit
            .decoded_from
            .iter()
            .map(|layer| layer.as_str())
            .collect();
        println!(
            "{:<14} {}\t{}..{}\t{}\t{}",
            hit.kind.as_str(),
            hit.value,
            hit.start,
            hit.end,
            layers.join(" "),
            doubt.unwrap_or_default()
        );
    })?;
    Ok(())
}
