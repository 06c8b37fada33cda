//! What presses most on a ticket: the clock or deadline that is due first, for lists that have room for one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Metric;
use super::clock::clocks;
use crate::directory::Directory;
use crate::moment::Moment;
use crate::regulation;
use crate::ticket::Ticket;

/// A clock or deadline that somebody waits for. Whether it is near or passed follows from its moments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Urgent {
    /// What must happen, such as "to acknowledge", or the name of a report.
    pub what: String,
    /// When its time is up.
    #[schema(value_type = String)]
    pub due_at: Moment,
    /// When a warning is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub warn_at: Option<Moment>,
    /// Until when it stands still.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub paused_until: Option<Moment>,
}

impl Metric {
    /// What must happen, after a time that is left.
    pub fn aim(self) -> String {
        match self {
            Metric::Acknowledge => "to acknowledge".into(),
            Metric::FirstAction => "to act first".into(),
            Metric::Containment => "to contain".into(),
            Metric::Resolution => "to resolve".into(),
            Metric::Phase(p) => format!("in {p}"),
            Metric::Update => "to update".into(),
        }
    }
}

/// Everything that somebody waits for on the ticket, the first due first.
pub fn urgent(ticket: &Ticket, directory: &Directory) -> Vec<Urgent> {
    // What waits, and until when, does not depend on the present; only how it looks does.
    let now = ticket.updated_at;
    let paused_until = ticket.pause(now).and_then(|p| p.until);
    let open = ticket.is_open().then(|| clocks(ticket, directory, now));
    let open = open.into_iter().flatten().filter(|c| c.is_open());
    let of_clocks = open.filter_map(|c| {
        let stands = c.metric != Metric::Acknowledge && c.due_at.is_some_and(|at| at > now);
        Some(Urgent {
            what: c.metric.aim(),
            due_at: c.due_at?,
            warn_at: c.warn_at,
            paused_until: paused_until.filter(|_| stands),
        })
    });
    let running = regulation::of_ticket(ticket, directory).filter(|d| d.runs());
    let of_deadlines = running.filter_map(|d| {
        Some(Urgent {
            what: d.name,
            due_at: d.due_at?,
            warn_at: d.warn_at.first().copied(),
            paused_until: None,
        })
    });
    let mut all: Vec<Urgent> = of_clocks.chain(of_deadlines).collect();
    all.sort_by_key(|u| u.due_at);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Desk;
    use serde_json::json;

    #[test]
    fn the_first_due_comes_first_whatever_kind_it_is() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let what = |desk: &Desk| -> Vec<String> {
            let all = urgent(desk.ticket(n), &desk.directory);
            all.into_iter().map(|u| u.what).collect()
        };
        let all = what(&desk);
        assert_eq!(
            all,
            [
                "to acknowledge",
                "to act first",
                "to update",
                "to contain",
                "to resolve"
            ]
        );
        let aware = desk.now.plus_ms(-71 * 3_600_000);
        let body = json!({ "regime": "gdpr", "reason": "Mails.", "triggers": { "aware": aware } });
        desk.does("ben", n, "declare", body);
        assert_eq!(what(&desk)[0], "Notification of the breach");
        desk.does("ben", n, "pause_clocks", json!({ "reason": "Vendor." }));
        let all = urgent(desk.ticket(n), &desk.directory);
        let stand = all.iter().filter(|u| u.paused_until.is_some());
        assert_eq!(stand.count(), all.len() - 2);
        let close = json!({ "outcome": "benign", "summary": "A test." });
        desk.does("ben", n, "close", close);
        // The duty to report does not end with the work.
        assert_eq!(what(&desk), ["Notification of the breach"]);
    }
}
