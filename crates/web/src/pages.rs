//! The pages: a view struct and a thin handler each.

pub mod account;
pub mod alert_decide;
pub mod alert_rules;
pub mod alert_sources;
pub mod alerts;
pub mod ask;
pub mod asset_edit;
pub mod assets;
pub mod attack;
pub mod bulk;
pub mod calendars;
mod channel_form;
pub mod channels;
pub mod clocks;
pub mod counts;
pub mod deliveries;
pub mod door;
pub mod error;
pub mod evidence;
mod feed_form;
mod feed_page;
pub mod feeds;
pub mod fields;
pub mod frame;
pub mod handover;
pub mod help;
pub mod indicators;
pub mod intake;
pub mod leaving;
pub mod log_reviews;
pub mod logs;
pub mod mailbox;
pub mod messages;
pub mod notices;
pub mod notify_rules;
pub mod observable_graph;
pub mod observables;
pub mod offered;
pub mod on_call;
pub mod one_click;
pub mod people;
pub mod policies;
pub mod policy_edit;
pub mod procedure_edit;
pub mod procedures;
pub mod queue;
pub mod record;
pub mod regulations;
pub mod report;
pub mod row;
pub mod rows;
pub mod schedule_acts;
pub mod schedule_chart;
pub mod schedule_edit;
pub mod schedules;
pub mod search;
pub mod settings;
pub mod shift_report;
pub mod show;
pub mod targets;
pub mod teams;
pub mod template_edit;
pub mod templates;
pub mod ticket;
pub mod tokens;
pub mod typed;
pub mod verb;
pub mod verb_form;
pub mod verify;
pub mod warning_lists;
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
        .with(policies::routes)
        .with(post)
        .with(policy_edit::routes)
        .with(handover)
        .with(intake)
        .with(alert_decide::routes)
        .with(alert_rules::routes)
        .with(alert_sources::routes)
        .with(alerts::routes)
        .with(library)
        .with(tickets)
}

fn post(routes: Routes) -> Routes {
    routes
        .with(channels::routes)
        .with(messages::routes)
        .with(mailbox::routes)
        .with(deliveries::routes)
        .with(notices::routes)
        .with(notify_rules::routes)
        .with(one_click::routes)
}

fn accounts(routes: Routes) -> Routes {
    routes
        .with(door::routes)
        .with(account::routes)
        .with(tokens::routes)
        .with(people::routes)
        .with(teams::routes)
        .with(settings::routes)
        .with(on_call::routes)
        .with(schedules::routes)
        .with(schedule_acts::routes)
        .with(schedule_edit::routes)
        .with(calendars::routes)
        .with(log_reviews::routes)
        .with(logs::routes)
        .with(observables::routes)
        .with(assets::routes)
        .with(feeds::routes)
        .with(indicators::routes)
        .with(attack::routes)
        .with(warning_lists::routes)
        .with(targets::routes)
        .with(regulations::routes)
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
        .get("/clocks", read, clocks::page)
        .post("/tickets/bulk", work, bulk::post)
        .post("/views", keep, queue::save_view)
        .post("/views/{id}/delete", keep, queue::delete_view)
        .get("/search", read, search::page)
        .get("/search/suggest", read, search::suggestions)
}

fn handover(routes: Routes) -> Routes {
    let (work, desk) = (
        Policy::May(Action::WorkTickets),
        Policy::May(Action::ReadDesk),
    );
    routes
        .get("/handover", work, handover::page)
        .post("/handover", work, handover::post)
        .post("/handover/keep", work, handover::keep)
        .get("/handover/offered", work, offered::page)
        .post("/handover/accept", work, offered::accept)
        .get("/handover/report", desk, shift_report::page)
        .get("/handover/report/markdown", desk, shift_report::markdown)
}

fn intake(routes: Routes) -> Routes {
    let may = Policy::May(Action::OpenTickets);
    let unlimited = DefaultBodyLimit::disable;
    routes
        .get("/tickets/new", may, intake::form)
        .post("/tickets/new/preview", may, intake::preview)
        .post("/tickets/new/join/{number}", may, intake::join)
        .post("/tickets", may, intake::open)
        .get("/report", may, report::form)
        .post("/report", may, report::send.layer(unlimited()))
}

fn library(routes: Routes) -> Routes {
    let (read, edit) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::EditTemplates),
    );
    routes
        .get("/templates", read, templates::list)
        .get("/templates/{key}", read, templates::page)
        .post("/templates/{key}/retire", edit, templates::retire)
        .get("/templates/new", edit, template_edit::new)
        .post("/templates/new", edit, template_edit::create)
        .get("/templates/{key}/edit", edit, template_edit::edit)
        .post("/templates/{key}/edit", edit, template_edit::save)
        .get("/help", Policy::Signed, help::page)
        .post("/markdown", Policy::Signed, procedure_edit::markdown)
        .with(procedures)
        .with(record)
}

fn procedures(routes: Routes) -> Routes {
    let read = Policy::May(Action::ReadProcedures);
    let edit = Policy::May(Action::EditTemplates);
    let approve = Policy::May(Action::ApproveProcedures);
    routes
        .get("/procedures", read, procedures::list)
        .get("/procedures/{key}", read, procedures::page)
        .post("/procedures/{key}/read", read, procedures::confirm)
        .post("/procedures/{key}/approve", approve, procedures::approve)
        .get("/procedures/new", edit, procedure_edit::new)
        .post("/procedures/new", edit, procedure_edit::create)
        .get("/procedures/{key}/edit", edit, procedure_edit::edit)
        .post("/procedures/{key}/edit", edit, procedure_edit::save)
}

fn record(routes: Routes) -> Routes {
    let read = Policy::May(Action::ReadRecord);
    routes
        .get("/record", read, record::list)
        .get("/record/{seq}", read, record::entry)
        .get("/record/verify", read, verify::page)
        .post("/record/verify", read, verify::run)
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
        .get(
            "/tickets/{number}/attack",
            Policy::May(Action::ReadDesk),
            ticket::attack::page,
        )
        .post(
            "/tickets/{number}/attach",
            act,
            evidence::attach.layer(unlimited()),
        )
        .post(
            "/tickets/{number}/observe/preview",
            act,
            ticket::observe::preview,
        )
        .post(
            "/tickets/{number}/observe/chosen",
            act,
            ticket::observe::chosen,
        )
        .get("/tickets/{number}/{verb}", act, verb::form)
        .post("/tickets/{number}/{verb}", act, verb::post)
}
