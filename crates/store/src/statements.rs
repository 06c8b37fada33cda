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
        plain::credential::STATEMENTS,
        plain::invite::STATEMENTS,
        plain::session::STATEMENTS,
        plain::throttle::STATEMENTS,
        plain::token::STATEMENTS,
        read::person::STATEMENTS,
        read::plan::STATEMENTS,
        read::record::STATEMENTS,
        read::revisions::STATEMENTS,
        read::row::STATEMENTS,
        read::suggest::STATEMENTS,
        read::watch::STATEMENTS,
        rebuild::STATEMENTS,
        rebuild::compare::STATEMENTS,
        rows::directory::STATEMENTS,
        rows::head::STATEMENTS,
        rows::idempotency::STATEMENTS,
        rows::raised::STATEMENTS,
        rows::ticket::STATEMENTS,
    ];
    let mut all = lists.concat();
    all.extend(portable::statements());
    all.extend(search::statements(pg));
    all
}
