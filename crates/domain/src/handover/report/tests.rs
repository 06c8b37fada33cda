//! What a shift report tells, and what it leaves out.

use super::*;
use crate::moment::Moment;
use crate::testing::{Desk, id};
use serde_json::json;

fn gather(desk: &Desk, from: Moment) -> ShiftReport {
    let happened: Vec<Happened> = desk
        .record
        .iter()
        .filter(|e| e.recorded_at >= from)
        .filter_map(|e| {
            Some(Happened {
                ticket: e.ticket?,
                actor: e.actor.clone(),
                at: e.recorded_at,
                entry: TicketEntry::parse(&e.kind, e.version, e.payload()).ok()?,
            })
        })
        .collect();
    let span = Span {
        from,
        to: desk.now,
        team: None,
    };
    ShiftReport::gather(
        span,
        &happened,
        false,
        &desk.tickets,
        &desk.directory,
        desk.now,
    )
}

#[test]
fn a_shift_is_told_from_its_entries() {
    let mut desk = Desk::new();
    let before = desk.open("rita");
    let from = desk.now.plus_ms(1);
    let (closed, given, declined) = (desk.open("rita"), desk.open("rita"), desk.open("rita"));
    desk.does("ben", before, "acknowledge", json!({}));
    desk.does("ben", closed, "acknowledge", json!({}));
    desk.does(
        "ben",
        closed,
        "close",
        json!({ "outcome": "benign", "summary": "A test." }),
    );
    desk.offer(given, "cleo");
    desk.does("cleo", given, "accept_handoff", json!({}));
    desk.offer(declined, "dan");
    desk.does(
        "dan",
        declined,
        "decline_handoff",
        json!({ "reason": "On leave *now*." }),
    );
    desk.offer(declined, "cleo");
    let report = gather(&desk, from);
    let numbers = |all: Vec<&Named>| -> Vec<TicketNo> { all.iter().map(|t| t.number).collect() };
    assert_eq!(
        numbers(report.opened.iter().map(|o| &o.ticket).collect()),
        [closed, given, declined],
        "what was opened before is not of this shift"
    );
    assert_eq!(
        numbers(report.closed.iter().map(|c| &c.ticket).collect()),
        [closed]
    );
    let answers: Vec<_> = report
        .handoffs
        .iter()
        .map(|h| (h.ticket.number, h.to.clone(), h.answer))
        .collect();
    assert_eq!(
        answers,
        [
            (given, id("cleo"), HandoffAnswer::Accepted),
            (declined, id("dan"), HandoffAnswer::Declined),
            (declined, id("cleo"), HandoffAnswer::Waiting),
        ]
    );
    // The ticket of the shift before was asked for then, and is measured from there.
    let took: Vec<_> = report.acknowledged.iter().map(|a| a.after_ms).collect();
    let opened = desk.ticket(before).opened_at;
    let seen = report.acknowledged[0].at.since(opened);
    assert_eq!(took[0], Some(seen));
    assert_eq!(
        report.acknowledged_longest_ms,
        took.iter().copied().max().flatten()
    );
    assert_eq!(
        numbers(report.open.iter().map(|o| &o.ticket).collect()),
        [before, given, declined]
    );
    assert_eq!(
        (&report.open[1].owner, report.open[1].acknowledged),
        (&id("cleo"), true)
    );
    assert_eq!(report.open[2].offered_to, Some(id("cleo")));
    let text = report.markdown(&desk.directory);
    for says in [
        "3 tickets opened, 1 closed",
        "## Open now",
        "Ben Castillo → Dan",
        "declined (On leave \\*now\\*.)",
        "## Closed",
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
}

#[test]
fn the_last_resort_stands_above_all_levels() {
    let mut desk = Desk::new();
    let n = desk.open("rita");
    let from = desk.ticket(n).opened_at;
    while desk.now.since(from) < 3 * 86_400_000 {
        desk.after(30 * 60_000, n);
    }
    let report = gather(&desk, from);
    assert_eq!(report.escalated.len(), 1);
    let climbed = &report.escalated[0];
    assert_eq!(climbed.level, 0, "{climbed:?}");
    assert!(climbed.steps > 3 && climbed.paged.contains(&id("ada")));
    assert!(
        report
            .markdown(&desk.directory)
            .contains("up to the last-resort person")
    );
}

#[test]
fn a_quiet_shift_is_told_in_a_sentence() {
    let desk = Desk::new();
    let report = gather(&desk, desk.now);
    assert_eq!(
        report.headline(&desk.directory),
        "No ticket opened, 0 closed, 0 escalated, nothing was missed. 0 open now."
    );
    assert_eq!(report.acknowledged_median_ms, None);
}
