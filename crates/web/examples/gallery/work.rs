//! Gallery: my watch and the queue.

use crate::sample::{
    DAY, HOSTILE, HOUR, MIN, Page, ago, aiko, clock, entries, frame, leo, mara, people, row, rows,
    sam, steps, toast,
};
use askama::Template;
use midwatch_web::view::{
    form::{Field, FieldKind, Form},
    frame::{Nav, Role},
    piece::{ClockState, Empty, Level, Pager, Phase, Severity},
    queue::{
        BoardColumn, Bulk, Facet, FacetItem, FilterChip, Mode, Preview, QueryError, QueryLine,
        Queue, SavedView, SortHead,
    },
    ticket_parts::Acts,
    watch::{Change, Load, MyReports, Need, NeedAct, PhaseGroup, Report, Watch},
};

pub(crate) fn pages() -> Result<Vec<Page>, askama::Error> {
    let mut empty_queue = queue(Mode::Table);
    empty_queue.rows.clear();
    empty_queue.query.error = Some(QueryError {
        before: "phase:analysis ".to_owned(),
        wrong: "severty".to_owned(),
        after: ">=high".to_owned(),
        column: 16,
        message: "no field is called severty. Did you mean severity?".to_owned(),
    });
    let mut hostile = queue(Mode::Table);
    hostile.rows = vec![row(
        7,
        HOSTILE,
        Level::Critical,
        Phase::Analysis,
        midwatch_web::view::piece::PersonChip::new("x", HOSTILE, true),
    )];
    hostile.rows[0].tags = vec![HOSTILE.to_owned()];
    let mut drawer = queue(Mode::Table);
    drawer.preview = Some(preview());
    Ok(vec![
        ("watch", watch().render()?),
        ("watch-empty", watch_empty().render()?),
        ("reports", reports(true).render()?),
        ("reports-empty", reports(false).render()?),
        ("queue", queue(Mode::Table).render()?),
        ("queue-drawer", drawer.render()?),
        ("fragment-preview", preview().render()?),
        ("queue-board", queue(Mode::Board).render()?),
        ("queue-error", empty_queue.render()?),
        ("queue-hostile", hostile.render()?),
    ])
}

fn need(
    number: u32,
    title: &str,
    level: Level,
    asks: &str,
    reason: &str,
    clock: midwatch_web::view::piece::Clock,
    label: &str,
) -> Need {
    let act = |label: &str, key: &str, link: bool, primary: bool| NeedAct {
        label: label.to_owned(),
        action: format!("/tickets/MW-{number}/act"),
        key: key.to_owned(),
        link,
        primary,
    };
    let mut acts = vec![act(label, "a", false, true)];
    if label == "Accept" {
        acts.push(act("Decline", "", true, false));
    }
    Need {
        number: format!("MW-{number}"),
        title: title.to_owned(),
        severity: Severity(level),
        asks: asks.to_owned(),
        reason: reason.to_owned(),
        clock: Some(clock),
        acts,
    }
}

fn watch() -> Watch {
    let rows = rows();
    let mine = |phase| PhaseGroup {
        phase,
        rows: rows
            .iter()
            .filter(|r| r.mine && r.phase == phase)
            .cloned()
            .collect(),
    };
    let load = |person, by_level: [u32; 4], passed| Load {
        person,
        by_level,
        total: by_level.iter().sum(),
        most: 9,
        passed,
        href: "/tickets".to_owned(),
    };
    let mut frame = frame("My watch", Nav::Watch);
    frame.toast = toast();
    Watch {
        leaving: None,
        offers: 2,
        hands_over: true,
        frame,
        headline: "Three things need you, the first in 4 min.".to_owned(),
        needs: vec![
            need(
                1042,
                "SSH password spray against bastion-2 from 41 addresses, two logins succeeded",
                Level::High,
                "Acknowledge a new ticket",
                "You are on duty for Security Operations until 08:00.",
                clock("to acknowledge", ClockState::Near, 4 * MIN),
                "Acknowledge",
            ),
            need(
                1041,
                "Access key AKIA...Q7 used from an unknown network",
                Level::Critical,
                "Leo Brandt offers you this ticket",
                "Key disabled, session still alive in eu-west-1. Next: revoke the role sessions.",
                clock("to accept", ClockState::Near, 11 * MIN),
                "Accept",
            ),
            need(
                1030,
                "Customer list mailed to a private address",
                Level::High,
                "Containment target is near",
                "",
                clock("to contain", ClockState::Passed, -38 * MIN),
                "Open",
            ),
        ],
        mine: [Phase::Detection, Phase::Analysis, Phase::Eradication]
            .map(mine)
            .to_vec(),
        team: "Security Operations".to_owned(),
        load: vec![
            load(leo(), [1, 2, 4, 2], 1),
            load(mara(), [1, 2, 1, 0], 0),
            load(sam(), [0, 1, 0, 1], 0),
            load(aiko(), [0, 0, 3, 0], 0),
        ],
        changes: entries()
            .into_iter()
            .take(6)
            .map(|entry| Change {
                number: "MW-1042".to_owned(),
                title: "SSH password spray against bastion-2".to_owned(),
                entry,
            })
            .collect(),
        fresh: false,
        unreached: String::new(),
    }
}

fn watch_empty() -> Watch {
    let mut frame = frame("My watch", Nav::Watch);
    frame.counts = midwatch_web::view::frame::Counts::default();
    frame.demo = false;
    Watch {
        leaving: None,
        offers: 2,
        hands_over: true,
        frame,
        headline: String::new(),
        needs: vec![],
        mine: vec![],
        team: String::new(),
        load: vec![],
        changes: vec![],
        fresh: true,
        unreached: String::new(),
    }
}

fn reports(some: bool) -> MyReports {
    let mut frame = frame("My reports", Nav::Watch);
    frame.viewer.role = Role::Reporter;
    frame.counts.watch = 0;
    let reports = vec![
        Report {
            number: "MW-1039".to_owned(),
            title: "Strange invoice mail".to_owned(),
            phase: Phase::Analysis,
            owner: aiko(),
            opened: ago(5 * HOUR),
            updated: ago(40 * MIN),
        },
        Report {
            number: "MW-871".to_owned(),
            title: "Lost badge".to_owned(),
            phase: Phase::Closed,
            owner: leo(),
            opened: ago(70 * DAY),
            updated: ago(69 * DAY),
        },
    ];
    MyReports {
        frame,
        reports: if some { reports } else { vec![] },
    }
}

fn queue(mode: Mode) -> Queue {
    let item = |label: &str, count, active| FacetItem {
        label: label.to_owned(),
        href: "?q=x".to_owned(),
        count,
        active,
    };
    let facet = |title: &str, items| Facet {
        title: title.to_owned(),
        items,
    };
    let view = |name: &str, count, shared, active| SavedView {
        id: "v1".to_owned(),
        name: name.to_owned(),
        href: "/tickets".to_owned(),
        count,
        shared,
        mine: shared,
        active,
    };
    let head = |label: &str, class, sort| SortHead {
        label: label.to_owned(),
        href: "?sort=x".to_owned(),
        sort,
        class,
    };
    let rows = rows();
    Queue {
        frame: frame("Queue", Nav::Queue),
        query: QueryLine {
            text: "is:open severity>=low".to_owned(),
            chips: vec![FilterChip { label: "is:open".to_owned(), without: "?q=".to_owned() }, FilterChip { label: "severity>=low".to_owned(), without: "?q=".to_owned() }],
            error: None,
        },
        views: vec![view("Open", 37, true, true), view("Mine", 4, true, false), view("Unacknowledged", 2, true, false), view("Night shift", 9, false, false)],
        facets: vec![
            facet("Phase", Phase::ALL.iter().zip([4, 11, 6, 5, 11, 0]).map(|(p, n)| item(p.label(), n, false)).collect()),
            facet("Severity", Level::ALL.iter().zip([3, 12, 15, 7]).map(|(l, n)| item(l.label(), n, *l == Level::High)).collect()),
            facet("Owner", vec![item("Mara Kessler", 4, false), item("Leo Brandt", 9, false), item("Aiko Tanaka", 3, false), item("Samuel Okonkwo-Lindqvist", 2, false)]),
            facet("Clock", vec![item("passed", 1, false), item("within an hour", 3, false)]),
            facet("Template", vec![item("Suspicious log activity", 8, false), item("Phishing", 13, false), item("Malware", 5, false)]),
        ],
        mode,
        table_href: "/tickets".to_owned(),
        board_href: "/tickets?show=board".to_owned(),
        heads: vec![
            head("Severity", "c-sev", "descending"), head("Number", "c-num", "none"), head("Title", "c-title", "none"), head("Phase", "c-phase", "none"),
            head("Owner", "c-owner", "none"), head("Next clock", "c-clock", "none"), head("Tasks", "c-tasks num", "none"), head("Updated", "c-upd num", "none"),
        ],
        columns: Phase::ALL.into_iter().take(5).map(|phase| BoardColumn { phase, total: 5, cards: rows.iter().filter(|r| r.phase == phase).cloned().collect(), href: "/tickets".to_owned() }).collect(),
        rows,
        pager: Pager { summary: "1\u{2013}12 of 37".to_owned(), earlier: None, later: Some("?after=x".to_owned()) },
        bulk: Bulk { allowed: true, people: people() },
        preview: None,
        save_view: Form::new("/queue/views", "Save view", vec![
            Field::text("name", "Name").required().max(60),
            Field::new(FieldKind::Tick, "shared", "Share with everybody").help("Shared views appear for all who may see the queue."),
            Field::hidden("q", "is:open"),
        ]),
        empty: Empty::new("queue", "No ticket matches", "The queue shows every ticket you may see. Remove a part of the query, or open a ticket.").with_act("Show all open tickets", "/tickets"),
    }
}

fn preview() -> Preview {
    Preview {
        row: rows().remove(0),
        steps: steps(Phase::Detection),
        summary: "41 addresses tried 312 passwords against 9 accounts on bastion-2 between 02:11 and 02:39. Two logins succeeded.".to_owned(),
        clocks: vec![clock("to acknowledge", ClockState::Near, 4 * MIN), clock("to contain", ClockState::Running, 2 * HOUR)],
        reporter: sam(),
        opened: ago(80 * MIN),
        entries: entries().into_iter().skip(3).take(4).collect(),
        acts: Acts { acknowledge: true, offer: true, move_phase: true, ..Acts::default() },
    }
}
