//! Logs on standard error, as text or JSON lines. What is logged never holds bodies, secrets or mail addresses.

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Begins logging.
pub fn begin(level: &str, format: &str) {
    let level: Level = level.parse().unwrap_or(Level::INFO);
    // Libraries say more than an operator wants to read.
    let targets = Targets::new()
        .with_default(Level::WARN)
        .with_target("midwatch", level)
        .with_target("tower_http", level);
    let targets = [
        "midwatch_web",
        "midwatch_desk",
        "midwatch_store",
        "midwatch_domain",
    ]
    .into_iter()
    .fold(targets, |t, c| t.with_target(c, level));
    let out = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let begun = if format == "json" {
        tracing_subscriber::registry()
            .with(targets)
            .with(out.json())
            .try_init()
    } else {
        tracing_subscriber::registry()
            .with(targets)
            .with(out.with_target(false))
            .try_init()
    };
    // A second call, as in tests, keeps the first.
    drop(begun);
}
