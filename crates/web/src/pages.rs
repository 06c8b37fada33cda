//! The pages: a view struct and a thin handler each.

pub mod account;
pub mod ask;
pub mod bulk;
pub mod counts;
pub mod door;
pub mod error;
pub mod evidence;
pub mod fields;
pub mod frame;
pub mod people;
pub mod queue;
pub mod row;
pub mod search;
pub mod settings;
pub mod show;
pub mod teams;
pub mod ticket;
pub mod tokens;
pub mod typed;
pub mod verb;
pub mod verb_form;
pub mod watch;

use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use midwatch_domain::access::Action;

use crate::policy::{Policy, Routes};

/// Registers every page.
pub fn routes(routes: Routes) -> Routes {
    routes
        .with(crate::assets::routes)
        .with(accounts)
        .with(lists)
        .with(tickets)
}

fn accounts(routes: Routes) -> Routes {
    routes
        .with(door::routes)
        .with(account::routes)
        .with(tokens::routes)
        .with(people::routes)
        .with(teams::routes)
        .with(settings::routes)
}

fn lists(routes: Routes) -> Routes {
    let (read, work) = (
        Policy::May(Action::ReadTickets),
        Policy::May(Action::WorkTickets),
    );
    let keep = Policy::May(Action::KeepViews);
    routes
        .get("/", read, watch::page)
        .get("/watch", read, watch::page)
        .get("/tickets", read, queue::page)
        .post("/tickets/bulk", work, bulk::post)
        .post("/views", keep, queue::save_view)
        .post("/views/{id}/delete", keep, queue::delete_view)
        .get("/search", read, search::page)
        .get("/search/suggest", read, search::suggestions)
}

fn tickets(routes: Routes) -> Routes {
    let (read, act) = (
        Policy::May(Action::ReadTickets),
        Policy::May(Action::NoteTickets),
    );
    // Files are not held in memory and have a limit of their own.
    let unlimited = DefaultBodyLimit::disable;
    routes
        .get("/tickets/{number}", read, ticket::page)
        .get("/tickets/{number}/timeline", read, ticket::timeline_part)
        .get("/tickets/{number}/row", read, ticket::row_part)
        .get("/tickets/{number}/preview", read, ticket::preview_part)
        .post(
            "/tickets/{number}/attach",
            act,
            evidence::attach.layer(unlimited()),
        )
        .get("/tickets/{number}/{verb}", act, verb::form)
        .post("/tickets/{number}/{verb}", act, verb::post)
}
