//! The JSON API under `/api/v1`: everything the pages do. One file a noun; each registers its routes and describes them.

mod alert_rules;
mod alert_sources;
pub(crate) mod alerts;
mod assets;
pub(crate) mod attack;
mod body;
mod calendars;
mod changes;
mod channels;
mod clocks;
mod deliveries;
pub mod document;
mod evidence;
mod feeds;
pub(crate) mod handover;
mod inbound;
pub(crate) mod intake;
mod library;
mod log_reviews;
mod logs;
mod me;
mod meta;
mod notifications;
mod observables;
mod people;
mod policies;
mod record;
mod reference;
mod reply;
mod scans;
pub(crate) mod schedules;
mod search;
mod tickets;
mod views;
pub(crate) mod warning_lists;

use crate::policy::Routes;

/// Where the API begins.
pub const BASE: &str = "/api/v1";

/// Every route of the API, each with its policy.
pub fn routes(r: Routes) -> Routes {
    r.with(tickets::routes)
        .with(handover::routes)
        .with(search::routes)
        .with(evidence::routes)
        .with(observables::routes)
        .with(assets::routes)
        .with(changes::routes)
        .with(clocks::routes)
        .with(record::routes)
        .with(people::routes)
        .with(library::routes)
        .with(log_reviews::routes)
        .with(warning_lists::routes)
        .with(policies::routes)
        .with(views::routes)
        .with(schedules::routes)
        .with(calendars::routes)
        .with(channels::routes)
        .with(feeds::routes)
        .with(attack::routes)
        .with(scans::routes)
        .with(logs::routes)
        .with(intake::routes)
        .with(alerts::routes)
        .with(inbound::routes)
        .with(alert_sources::routes)
        .with(alert_rules::routes)
        .with(deliveries::routes)
        .with(notifications::routes)
        .with(me::routes)
        .with(meta::routes)
        .with(reference::routes)
}

/// The OpenAPI document, made from the same tables as the routes.
pub fn openapi() -> serde_json::Value {
    let mut doc = document::Document::new();
    for describe in [
        tickets::describe,
        handover::describe,
        search::describe,
        evidence::describe,
        observables::describe,
        assets::describe,
        changes::describe,
        clocks::describe,
        record::describe,
        people::describe,
        library::describe,
        log_reviews::describe,
        warning_lists::describe,
        policies::describe,
        views::describe,
        schedules::describe,
        calendars::describe,
        channels::describe,
        feeds::describe,
        attack::describe,
        scans::describe,
        logs::describe,
        intake::describe,
        alerts::describe,
        inbound::describe,
        alert_sources::describe,
        alert_rules::describe,
        deliveries::describe,
        notifications::describe,
        me::describe,
        meta::describe,
    ] {
        describe(&mut doc);
    }
    doc.finish()
}
