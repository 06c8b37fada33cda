//! `midwatch demo`: half a year at a small company, made by running real commands under a moved clock, then a server on it.

mod company;
mod deeds;
pub mod dice;
mod founding;
mod history;
pub mod pace;
mod post;
mod script;

use crate::config::{Config, Flags};
use crate::serve::Stage;
use clap::Args;
use midwatch_desk::Desk;
use midwatch_domain::moment::Moment;
use midwatch_store::Fault;

/// Days of history before today.
pub const DAYS: i64 = 182;

/// Says that a data folder holds a demo: only such a one is served with sign-in by one click.
const MARK: &str = "this-is-a-demo";

/// How a demo is run.
#[derive(Args)]
pub struct Demo {
    #[command(flatten)]
    pub flags: Flags,
    /// How many minutes pass in one: with 60, a minute passes in a second, and what nobody answers climbs as you look.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..=pace::MOST))]
    pub pace: i64,
}

/// Fills the data folder if it is empty, then serves it.
///
/// # Errors
/// Says what is wrong and what to do.
pub fn run(config: Config, pace: i64) -> Result<(), String> {
    let mark = config.data.join(MARK);
    let desk =
        Desk::open(config.settings()).map_err(|e| format!("The desk cannot be opened: {e}"))?;
    let end = desk
        .store
        .read(midwatch_store::rows::head::read)
        .map_err(|e| e.to_string())?;
    if end.seq == 0 {
        crate::say("Living through half a year at a small company…");
        let made = fill(&desk, desk.store.now(), |_| {}).map_err(|e| e.to_string())?;
        std::fs::write(&mark, "")
            .map_err(|e| format!("{} cannot be written: {e}", mark.display()))?;
        crate::say(&format!(
            "{} tickets, by commands as people would give them, under a moved clock.",
            made.tickets
        ));
    } else if !mark.exists() {
        return Err(format!(
            "{} holds a desk that is not a demo. Use `midwatch serve` for it, or another folder for the demo.",
            config.data.display()
        ));
    }
    let last = desk
        .store
        .read(midwatch_store::rows::head::read)
        .map_err(|e| e.to_string())?;
    // A demo that ran fast before is ahead of the world, and goes on from there.
    let begin = desk.store.now().max(last.recorded_at);
    desk.store.close();
    drop(desk);
    let url = config.clone();
    let stage = Stage { begin, pace };
    crate::wait(crate::serve::serve(
        config,
        Some(stage),
        move |desk, bound| {
            crate::serve::greet(desk, &url.url(bound));
            crate::say(&midwatch_web::view::frame::pace_words(pace));
            let mailbox = desk.data.join("mailbox");
            crate::say(&format!(
                "Letters are kept in {}; nothing leaves this machine.",
                mailbox.display()
            ));
            crate::say(
                "Choose on the page who you want to be. Ctrl C stops the demo; its folder can be removed then.",
            );
        },
    ))
}

/// Fills an empty desk with history up to `until`. Blocks; `progress` gets the share done, 0 to 100.
///
/// # Errors
/// Conflict if the desk is not empty; or storage failed.
pub fn fill(desk: &Desk, until: Moment, progress: impl FnMut(i64)) -> Result<history::Made, Fault> {
    history::make(desk, until, progress)
}

#[cfg(test)]
mod tests {
    use super::*;
    use midwatch_store::{rebuild, verify};

    #[test]
    fn the_history_is_made_by_real_commands_and_verifies() {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::open(midwatch_desk::Settings::in_folder(folder.path())).unwrap();
        let until = desk.store.now();
        let made = fill(&desk, until, |_| {}).unwrap();
        assert!(made.tickets > 200, "{}", made.tickets);
        let finding = desk
            .store
            .read(|tx| verify::database(tx, desk.key().verifying_key(), Vec::new(), |_| {}))
            .unwrap();
        assert_eq!(finding.problems, vec![]);
        assert_eq!(
            desk.store.read(rebuild::check).unwrap().differences,
            Vec::<String>::new()
        );
    }
}
