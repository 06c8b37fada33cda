//! Every statement is one that both engines can prepare; every table has its place in a backup.

use crate::place::{Place, on_both_engines};
use midwatch_store::{StoreError, portable, statements};
use std::collections::BTreeSet;

on_both_engines!(
    every_statement_can_be_prepared,
    every_table_is_recorded_folded_carried_or_left_behind
);

fn every_statement_can_be_prepared(place: &Place) {
    let checked = place.store.read(|tx| {
        let all = statements(tx.is_pg());
        for sql in &all {
            tx.check(sql)
                .map_err(|e| StoreError::Statement(format!("{e}\n{sql}")))?;
        }
        Ok::<_, StoreError>(all.len())
    });
    assert!(checked.unwrap() > 50);
}

fn every_table_is_recorded_folded_carried_or_left_behind(place: &Place) {
    let names = place.store.read(|tx| {
        let sql = if tx.is_pg() {
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
        } else {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search_%'"
        };
        tx.all(sql, &[])?
            .iter()
            .map(|r| r.text(0).map(str::to_owned))
            .collect::<Result<BTreeSet<String>, StoreError>>()
    });
    let recorded = ["log", "checkpoints", "head"];
    let folded = [
        "tickets",
        "ticket_states",
        "ticket_people",
        "ticket_tags",
        "search",
        "revisions",
        "procedure_reads",
        "timers",
        "clocks",
        "observables",
        "sightings",
        "text_bands",
        "ticket_assets",
        // Written anew from the assets.
        "asset_ids",
    ];
    let left = [
        "sessions",
        "throttle",
        "schema_version",
        "nodes",
        "folded",
        "sweeps",
        // Messages on their way: a copy that is tried out must not write to people.
        "deliveries",
        "attempts",
        "one_clicks",
        // Bodies as they came: the alerts in them are carried, and what still waits is worked off where it is.
        "inbound",
        // Feeds fill them again.
        "indicators",
        "intel_objects",
        "intel_relations",
        "feed_states",
    ];
    let known = [&recorded[..], &folded[..], &left[..]].concat();
    let known: BTreeSet<String> = known
        .into_iter()
        .chain(portable::plain_tables())
        .map(str::to_owned)
        .collect();
    assert_eq!(
        names.unwrap(),
        known,
        "a new table needs a place in a backup"
    );
}
