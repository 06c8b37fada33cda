//! Gallery: the ticket and the acts on it.

use crate::sample::{
    HOSTILE, HOUR, MIN, Page, ago, aiko, clock, entries, fact, frame, hash, head, leo, mara, now,
    offer, people, sam, steps,
};
use askama::Template;
use midwatch_web::view::{
    escalation::{AheadRow, Line, Paged, Paging},
    form::{Choice, Field, FieldKind, Form},
    frame::Nav,
    piece::{ClockState, Phase, Problem, Tlp, ValueChip},
    ticket::TicketPage,
    ticket_acts::{Consequence, TicketAct},
    ticket_clocks::{ClockLine, ClockPanel, Regulation},
    ticket_parts::{
        Acts, Circle, Custody, Evidence, Related, Task, TaskGroup, TaskState, Timeline, TimelineTab,
    },
};

pub(crate) fn pages() -> Result<Vec<Page>, askama::Error> {
    let mut hostile_ticket = ticket();
    HOSTILE.clone_into(&mut hostile_ticket.head.title);
    hostile_ticket.summary = HOSTILE.repeat(3);
    hostile_ticket.facts = vec![fact(HOSTILE, HOSTILE)];
    let mut offered = ticket();
    offered.head.offer = Some(offer(true));
    offered.head.owner = leo();
    offered.acts = Acts {
        answer: true,
        note: true,
        ..Acts::default()
    };
    offered.head.brief = vec![
        fact(
            "Situation",
            "Password spray, two accounts in. One session still open and held by network.",
        ),
        fact(
            "Done so far",
            "Both passwords reset, auth.log saved as evidence, bastion-2 taken out of DNS.",
        ),
        fact(
            "Open",
            "Where did backup go from bastion-2? Flow logs of the last two hours.",
        ),
        fact(
            "Next steps",
            "Read flow logs, then decide on containment of the 10.4.0.0/16 segment.",
        ),
    ];
    Ok(vec![
        ("ticket", ticket().render()?),
        ("ticket-offered", offered.render()?),
        ("ticket-new-born", newborn().render()?),
        ("ticket-closed", closed().render()?),
        ("ticket-hostile", hostile_ticket.render()?),
        ("handoff", handoff(false).render()?),
        ("handoff-error", handoff(true).render()?),
        ("phase", phase().render()?),
        ("close", close().render()?),
    ])
}

fn task(id: &str, title: &str, state: TaskState, mandatory: bool) -> Task {
    Task {
        id: id.to_owned(),
        title: title.to_owned(),
        help: if mandatory {
            "Note the time zone of the host.".to_owned()
        } else {
            String::new()
        },
        mandatory,
        state,
        assignee: (state == TaskState::Open && mandatory).then(leo),
        due: None,
        by: (state != TaskState::Open).then(|| (mara(), ago(30 * MIN))),
        remark: if state == TaskState::Skipped {
            "The host keeps no journal.".to_owned()
        } else {
            String::new()
        },
    }
}

fn ticket() -> TicketPage {
    let fields = vec![
        Field::text("host", "Host").value("bastion-2").required(),
        Field::new(FieldKind::Choice, "source", "Log source")
            .value("sshd")
            .choices(vec![Choice::new("sshd", "sshd"), Choice::new("vpn", "VPN")]),
        Field::new(FieldKind::YesNo, "success", "Did a login succeed?")
            .value("yes")
            .required(),
    ];
    let tab = |label: &str, count, active| TimelineTab {
        label: label.to_owned(),
        href: "?show=x".to_owned(),
        count,
        active,
    };
    TicketPage {
        correlation: midwatch_web::view::observables::Correlation::default(),
        pointers: midwatch_web::view::attack::Pointers::default(),
        assets: Vec::new(),
        frame: frame("MW-1042 SSH password spray against bastion-2", Nav::Queue),
        head: head(),
        steps: steps(Phase::Analysis),
        acts: Acts { acknowledge: false, take: false, offer: true, release: true, move_phase: true, close: true, edit: true, note: true, restrict: true, ..Acts::default() },
        paging: paging(),
        problem: None,
        summary: "41 addresses tried 312 passwords against 9 accounts on bastion-2 between 02:11 and 02:39. Two logins succeeded: deploy and backup.".to_owned(),
        pasted: "Nov 22 02:11:04 bastion-2 sshd[2211]: Failed password for root from 198.51.100.23 port 50122 ssh2\nNov 22 02:11:05 bastion-2 sshd[2213]: Failed password for invalid user oracle from 203.0.113.9 port 40412 ssh2\nNov 22 02:38:51 bastion-2 sshd[2984]: Accepted password for deploy from 198.51.100.23 port 51840 ssh2".to_owned(),
        closing: vec![],
        timeline: Timeline { number: "MW-1042".to_owned(), tabs: vec![tab("All", 9, true), tab("Acts", 5, false), tab("Notes", 2, false), tab("System", 2, false)], entries: entries(), older: None },
        note_text: String::new(),
        clocks: panel(),
        regulation: Regulation::default(),
        times: vec![("Happened".to_owned(), ago(96 * MIN)), ("Opened".to_owned(), ago(80 * MIN)), ("Acknowledged".to_owned(), ago(71 * MIN))],
        tasks: vec![
            TaskGroup { phase: Phase::Analysis, current: true, settled: 2, tasks: vec![task("t1", "Save the raw log as evidence", TaskState::Done, true), task("t2", "List the accounts that logged in and from where", TaskState::Open, true), task("t3", "Read the shell history of each session", TaskState::Skipped, false), task("t4", "Ask the owners of the accounts by phone", TaskState::Open, false)] },
            TaskGroup { phase: Phase::Containment, current: false, settled: 0, tasks: vec![task("t5", "Reset the passwords and end the sessions", TaskState::Open, true)] },
        ],
        open_tasks: 2,
        evidence: vec![Evidence { id: "ev1".to_owned(), name: "auth.log.gz".to_owned(), description: "Raw sshd log of bastion-2, 02:00 to 03:00".to_owned(), size: "1.2 MB".to_owned(), sha256: hash(), href: "/evidence/ev1".to_owned(), holder: mara(), added: ago(11 * MIN), intact: Some(true), custody: vec![Custody { at: ago(11 * MIN), sentence: "took it in".to_owned(), actor: mara() }, Custody { at: ago(3 * MIN), sentence: "verified its hash".to_owned(), actor: leo() }] }],
        related: vec![Related { number: "MW-998".to_owned(), title: "SSH spray against bastion-1".to_owned(), relation: "related to".to_owned(), reason: "Same 12 addresses".to_owned(), phase: Phase::Closed, unlink: "l1".to_owned() }],
        circle: Circle { restricted: false, allowed: vec![], watchers: vec![sam(), aiko()], watching: false, people: people() },
        alerts: 0,
        facts: vec![fact("Host", "bastion-2"), fact("Log source", "sshd"), fact("Did a login succeed?", "Yes"), midwatch_web::view::ticket_parts::FieldFact { required: true, ..fact("Root cause", "") }],
        fields,
        entries: 23,
        last_seq: 84_201,
        last_hash: hash(),
        people: people(),
    }
}

/// A ticket whose owner was paged and whose next level is near.
fn paging() -> Paging {
    let line = |who: &str, level: &str, at| Line {
        who: who.to_owned(),
        level: level.to_owned(),
        at,
    };
    let ahead = |at, level: &str, who: &str| AheadRow {
        at,
        level: level.to_owned(),
        who: who.to_owned(),
        nobody: false,
    };
    Paging {
        headline: "Waiting for somebody to act.",
        last: Some(line("Leo Brandt", "level 1", ago(3 * MIN))),
        next: Some(line("Mara Kessler", "level 2", ago(-2 * MIN))),
        running: true,
        ends: "It ends when the owner acknowledges, or somebody takes or accepts the ticket.",
        policy: "Night shift".to_owned(),
        policy_href: "/policies/pol_night".to_owned(),
        paged: vec![Paged {
            person: leo(),
            at: ago(3 * MIN),
            level: "level 1".to_owned(),
            answer: "",
        }],
        ahead: vec![
            ahead(ago(-2 * MIN), "level 2", "Mara Kessler"),
            ahead(ago(-7 * MIN), "last resort", "Aiko Tanaka"),
        ],
        silence: None,
        reminded: None,
        mine: None,
        may_escalate: true,
        may_quiet: true,
        snooze_until: "2026-11-22T04:00".to_owned(),
    }
}

fn newborn() -> TicketPage {
    let mut page = ticket();
    page.steps = steps(Phase::Detection);
    page.acts = Acts {
        acknowledge: true,
        offer: true,
        move_phase: true,
        edit: true,
        note: true,
        ..Acts::default()
    };
    page.summary.clear();
    page.pasted.clear();
    page.evidence.clear();
    page.related.clear();
    page.tasks.clear();
    page.open_tasks = 0;
    page.facts.clear();
    page.fields.clear();
    page.circle.watchers.clear();
    page.timeline.entries.truncate(1);
    page.head.clocks = vec![clock("to acknowledge", ClockState::Passed, -3 * MIN)];
    page.problem = Some(Problem {
        way: None,
        title: "The note is longer than 20,000 characters".to_owned(),
        detail: "What you typed is kept below.".to_owned(),
        remedy: "Attach the long part as a file, or split it.".to_owned(),
        items: vec![],
    });
    page
}

fn panel() -> ClockPanel {
    let line = |name: &str, clock| ClockLine {
        name: name.to_owned(),
        clock,
    };
    let lines = vec![
        line(
            "Acknowledge, critical",
            clock("", ClockState::Met, -71 * MIN),
        ),
        line(
            "Containment, critical",
            clock("", ClockState::Near, 22 * MIN),
        ),
        line(
            "Resolution, critical",
            clock("", ClockState::Running, 22 * HOUR),
        ),
    ];
    ClockPanel {
        lines,
        open: 2,
        may: true,
        ..ClockPanel::default()
    }
}

fn closed() -> TicketPage {
    let mut page = ticket();
    page.steps = steps(Phase::Closed);
    page.acts = Acts {
        reopen: true,
        ..Acts::default()
    };
    "True positive".clone_into(&mut page.head.outcome);
    page.head.restricted = true;
    page.head.tlp = Tlp::Red;
    page.head.clocks.clear();
    page.closing = vec![
        fact(
            "How it ended",
            "Passwords reset, key login enforced on both bastions, no further movement found.",
        ),
        fact(
            "Lessons",
            "Alert on the first success after 20 failures. Bastions must refuse passwords.",
        ),
    ];
    page
}

fn act(title: &str, intro: &str, form: Form) -> TicketAct {
    TicketAct {
        frame: frame(title, Nav::Queue),
        head: head(),
        steps: steps(Phase::Analysis),
        title: title.to_owned(),
        intro: intro.to_owned(),
        form,
        beside: "What will happen".to_owned(),
        consequences: vec![],
        facts: vec![],
    }
}

fn consequence(text: &str, blocks: bool) -> Consequence {
    Consequence {
        text: text.to_owned(),
        href: if blocks {
            "/tickets/MW-1042#fields".to_owned()
        } else {
            String::new()
        },
        blocks,
    }
}

fn handoff(wrong: bool) -> TicketAct {
    let long = |name: &str, label: &str| {
        Field::new(FieldKind::Long, name, label)
            .draft(format!("handoff-MW-1042-{name}"))
            .max(4000)
    };
    let problem = wrong.then(|| Problem {
        way: None,
        title: "The handoff was not offered".to_owned(),
        detail: "What you typed is kept.".to_owned(),
        remedy: "Choose somebody and describe the situation.".to_owned(),
        items: vec![],
    });
    let mut page = act(
        "Hand off",
        "You stay responsible until it is accepted.",
        Form::new(
            "/tickets/MW-1042/offer_handoff",
            "Offer",
            vec![
                Field::new(FieldKind::Person, "to", "To")
                    .required()
                    .choices(people())
                    .error(wrong.then(|| "Choose the person who shall take it.".to_owned())),
                long("situation", "Situation")
                    .required()
                    .help("What is going on, in two sentences."),
                long("done", "Done so far"),
                long("open", "Open questions"),
                long("next", "Next steps"),
            ],
        )
        .cancel("/tickets/MW-1042")
        .problem(problem),
    );
    page.consequences = vec![
        consequence(
            "The receiver has 15 min to accept. Then it comes back to you and to your lead.",
            false,
        ),
        consequence("The brief stands in the timeline word for word.", false),
    ];
    page.facts = vec![
        fact("On duty", "Mara Kessler until 08:00"),
        fact("Open tasks", "2 in Analysis"),
    ];
    page
}

fn phase() -> TicketAct {
    let mut page = act(
        "Move to another phase",
        "Phases may be skipped or gone back to; the reason is recorded.",
        Form::new(
            "/tickets/MW-1042/move_phase",
            "Move",
            vec![
                Field::new(FieldKind::Choice, "phase", "To")
                    .required()
                    .value("containment")
                    .choices(
                        Phase::ALL[..5]
                            .iter()
                            .map(|p| Choice::new(p.slug(), p.label()))
                            .collect(),
                    ),
                Field::new(FieldKind::Long, "reason", "Why"),
                Field::new(FieldKind::DateTime, "occurred", "Happened at")
                    .help("Leave empty for now."),
            ],
        )
        .cancel("/tickets/MW-1042"),
    );
    page.consequences = vec![
        consequence(
            "One required task of Analysis is still open: List the accounts that logged in and from where.",
            false,
        ),
        consequence(
            "The clock to contain stops when Containment is left.",
            false,
        ),
    ];
    page
}

fn close() -> TicketAct {
    let outcomes = [
        "True positive",
        "False positive",
        "Benign",
        "Duplicate",
        "Indeterminate",
        "Other",
    ];
    let mut page = act(
        "Close",
        "The summary is what a reader sees first a year from now.",
        Form::new(
            "/tickets/MW-1042/close",
            "Close ticket",
            vec![
                Field::new(FieldKind::Choice, "outcome", "Outcome")
                    .required()
                    .choices(
                        outcomes
                            .map(|o| Choice::new(o.to_lowercase().replace(' ', "_"), o))
                            .to_vec(),
                    ),
                Field::new(FieldKind::Long, "summary", "Summary")
                    .required()
                    .draft("close-MW-1042"),
                Field::new(FieldKind::Long, "lessons", "Lessons")
                    .help("What would have made this faster, or not happen at all?"),
            ],
        )
        .cancel("/tickets/MW-1042"),
    );
    "Still missing".clone_into(&mut page.beside);
    page.consequences = vec![
        consequence(
            "Required task in Analysis: List the accounts that logged in and from where.",
            true,
        ),
        consequence("Required field: Root cause.", true),
        consequence(
            "Required task in Containment: Reset the passwords and end the sessions.",
            true,
        ),
    ];
    page.facts = vec![
        fact("Open for", &midwatch_web::view::moment::span(80 * MIN)),
        fact("Now", &now().moment(now().ms).exact),
        fact("Record", &ValueChip::plain("entries", "23 entries").text),
    ];
    page
}
