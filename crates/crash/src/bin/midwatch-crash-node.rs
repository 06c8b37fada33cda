//! A node to be killed, stopped and cut off: it does what is due and nothing else, by a clock that runs faster than the world's.
//!
//! `midwatch-crash-node DATA LOCATION SPEED REAL NOW` opens the desk in the folder DATA at LOCATION (`postgres://`). Its time
//! was NOW at the world's time REAL, both in milliseconds, and runs SPEED times as fast. It says `ready` and goes on until killed.

use midwatch_desk::{Desk, Settings, system_clock};
use midwatch_domain::moment::Moment;
use midwatch_store::Location;
use std::error::Error;
use std::io::Write;
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || {
        arguments
            .next()
            .ok_or("expected DATA LOCATION SPEED REAL NOW")
    };
    let (data, location) = (next()?, Location::Postgres(next()?));
    let (speed, real, now) = (
        next()?.parse::<i64>()?,
        Moment(next()?.parse()?),
        Moment(next()?.parse()?),
    );
    let world = system_clock();
    let settings = Settings {
        location,
        readers: 2,
        clock: Arc::new(move || now.plus_ms(world().since(real) * speed)),
        keeper: None,
        ..Settings::in_folder(data)
    };
    let desk = tokio::task::spawn_blocking(move || Desk::open(settings)).await??;
    let (_go_on, stop) = tokio::sync::watch::channel(false);
    let running = desk.start(stop);
    writeln!(std::io::stdout(), "ready")?;
    running.await?;
    Ok(())
}
