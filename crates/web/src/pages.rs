//! The pages: a view struct and a thin handler each.

pub mod counts;
pub mod error;
pub mod evidence;
pub mod fields;
pub mod frame;
pub mod row;
pub mod show;
pub mod ticket;
pub mod typed;
pub mod verb;
pub mod verb_form;

use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use midwatch_domain::access::Action;

use crate::policy::{Policy, Routes};

/// Registers every page.
pub fn routes(routes: Routes) -> Routes {
    routes.with(crate::assets::routes).with(tickets)
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
