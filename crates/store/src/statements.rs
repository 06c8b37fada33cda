//! Every statement of this crate, for the test that prepares each on both engines.

use crate::{
    checkpoint, expired, follow, health, log, migrate, plain, portable, read, rebuild, rows, search,
};

/// Every statement with constant text, for one engine.
pub fn statements(pg: bool) -> Vec<&'static str> {
    let lists: &[&[&'static str]] = &[
        checkpoint::STATEMENTS,
        expired::STATEMENTS,
        follow::STATEMENTS,
        health::STATEMENTS,
        log::STATEMENTS,
        migrate::STATEMENTS,
        plain::asset::STATEMENTS,
        plain::alert::STATEMENTS,
        plain::credential::STATEMENTS,
        plain::feed_state::STATEMENTS,
        plain::inbound::STATEMENTS,
        plain::indicator::STATEMENTS,
        plain::intel::STATEMENTS,
        plain::invite::STATEMENTS,
        plain::log_match::STATEMENTS,
        plain::log_source::STATEMENTS,
        plain::node::STATEMENTS,
        plain::one_click::STATEMENTS,
        plain::retro::STATEMENTS,
        plain::sealed::STATEMENTS,
        plain::session::STATEMENTS,
        plain::throttle::STATEMENTS,
        plain::token::STATEMENTS,
        read::attack::STATEMENTS,
        read::alerts::STATEMENTS,
        read::deliveries::STATEMENTS,
        read::handover::STATEMENTS,
        read::imports::STATEMENTS,
        read::log_matches::STATEMENTS,
        read::observables::STATEMENTS,
        read::person::STATEMENTS,
        read::plan::STATEMENTS,
        read::published::STATEMENTS,
        read::record::STATEMENTS,
        read::related::STATEMENTS,
        read::revisions::STATEMENTS,
        read::row::STATEMENTS,
        read::suggest::STATEMENTS,
        read::watch::STATEMENTS,
        rebuild::STATEMENTS,
        rebuild::compare::STATEMENTS,
        rows::assets::STATEMENTS,
        rows::audit::STATEMENTS,
        rows::clock::STATEMENTS,
        rows::delivery::STATEMENTS,
        rows::directory::STATEMENTS,
        rows::head::STATEMENTS,
        rows::idempotency::STATEMENTS,
        rows::observables::STATEMENTS,
        rows::raised::STATEMENTS,
        rows::sweep::STATEMENTS,
        rows::ticket::STATEMENTS,
        rows::timer::STATEMENTS,
    ];
    let mut all = lists.concat();
    all.extend(portable::statements());
    all.extend(search::statements(pg));
    all
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Files that have a list of statements, by module path.
    fn listed(folder: &Path, path: &str, out: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().path();
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            let path = format!("{path}{name}::");
            if file.is_dir() {
                listed(&file, &path, out);
            } else if fs::read_to_string(&file)
                .unwrap()
                .contains("pub(crate) const STATEMENTS")
            {
                out.push(format!("{path}STATEMENTS"));
            }
        }
    }

    #[test]
    fn no_list_is_forgotten() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut all = Vec::new();
        listed(&source, "", &mut all);
        assert!(all.len() > 15, "{all:?}");
        let here = fs::read_to_string(source.join("statements.rs")).unwrap();
        for list in all.iter().filter(|l| !l.starts_with("statements::")) {
            assert!(
                here.contains(&format!(" {list},")),
                "{list} is not checked on both engines"
            );
        }
    }
}
