//! `midwatch demo`: half a year at a small company, made by running real commands under a moved clock, then a server on it.

mod company;
pub mod dice;
mod history;
mod script;

use crate::config::Config;
use midwatch_desk::Desk;
use midwatch_domain::moment::Moment;
use midwatch_store::Fault;

/// Days of history before today.
pub const DAYS: i64 = 182;

/// Fills the data folder if it is empty, then serves it.
///
/// # Errors
/// Says what is wrong and what to do.
pub fn run(config: Config) -> Result<(), String> {
    let desk =
        Desk::open(config.settings()).map_err(|e| format!("The desk cannot be opened: {e}"))?;
    let end = desk
        .store
        .read(midwatch_store::rows::head::read)
        .map_err(|e| e.to_string())?;
    if end.seq == 0 {
        crate::say("Living through half a year at a small company…");
        let made = fill(&desk, desk.store.now(), |_| {}).map_err(|e| e.to_string())?;
        crate::say(&format!(
            "{} tickets, by commands as people would give them, under a moved clock.",
            made.tickets
        ));
    }
    desk.store.close();
    drop(desk);
    let url = config.clone();
    crate::wait(crate::serve::serve(config, true, move |desk, bound| {
        crate::serve::greet(desk, &url.url(bound))
    }))
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
        let open = desk
            .store
            .read(|tx| midwatch_store::read::person::open_tickets(tx, &made.people[2]))
            .unwrap();
        assert!(open < 60, "work gets done: {open} open");
    }
}
