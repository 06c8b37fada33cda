//! My watch, board, type-ahead, counts and histories: what pages show of a few tickets whose story is known.

use midwatch_domain::directory::Directory;
use midwatch_domain::id::{PersonId, TicketNo};
use midwatch_domain::moment::Moment;
use midwatch_domain::query::{Expr, Is, Resolved, Term};
use midwatch_domain::revise::Revision;
use midwatch_domain::ticket::{
    Acknowledge, AddNote, AddTask, Command, MovePhase, OfferHandoff, Watch,
};
use midwatch_domain::words::{Phase, Severity};
use midwatch_store::read::board::board;
use midwatch_store::read::{counts, revisions, suggest, watch};
use midwatch_testkit::{Engine, TestDesk, on_both_engines};
use serde_json::json;
use std::sync::Arc;

on_both_engines!(
    my_watch_shows_what_needs_me,
    my_watch_says_what_others_changed,
    a_restricted_ticket_is_not_even_counted,
    the_board_has_a_column_for_each_phase,
    type_ahead_finds_what_is_meant,
    a_history_says_who_changed_what,
);

async fn does(t: &TestDesk, who: &PersonId, n: TicketNo, command: impl Into<Command>) {
    t.pass_ms(1000);
    t.act(who, n, command).await.unwrap();
}

fn numbers(rows: &[midwatch_store::read::tickets::TicketRow]) -> Vec<i64> {
    rows.iter().map(|r| r.number.0).collect()
}

/// Two tickets of Rui's that Ben owns: one is offered to Cleo, of the other she has a task and watches it.
struct Story {
    t: TestDesk,
    first: TicketNo,
    second: TicketNo,
    since: Moment,
}

async fn story(engine: Engine) -> Story {
    let t = TestDesk::new(engine).await;
    let (ben, cleo, rui) = (t.cast.ben.clone(), t.cast.cleo.clone(), t.cast.rui.clone());
    let first = t.open(&rui, "First").await;
    let second = t.open(&rui, "Second").await;
    let since = t.now();
    does(&t, &ben, first, Acknowledge {}).await;
    let s = || "s".to_owned();
    let offer = OfferHandoff {
        to: cleo.clone(),
        situation: s(),
        done: s(),
        open: s(),
        next_steps: s(),
    };
    does(&t, &ben, first, offer).await;
    let call = AddTask {
        title: "Call them".into(),
        assignee: Some(cleo.clone()),
        ..task()
    };
    does(&t, &ben, second, call).await;
    does(&t, &cleo, second, Watch {}).await;
    does(
        &t,
        &ben,
        second,
        AddNote {
            text: "Quiet now".into(),
            occurred_at: None,
            observables: None,
        },
    )
    .await;
    Story {
        t,
        first,
        second,
        since,
    }
}

async fn my_watch_shows_what_needs_me(engine: Engine) {
    let Story {
        t, first, second, ..
    } = story(engine).await;
    let (b, c, r) = (t.as_(&t.cast.ben), t.as_(&t.cast.cleo), t.as_(&t.cast.rui));
    t.read(|tx| {
        let offers = watch::offers(tx, &c, 10)?;
        assert_eq!(
            (offers.len(), offers[0].row.number, &offers[0].offer.from),
            (1, first, &t.cast.ben)
        );
        assert!(watch::offers(tx, &b, 10)?.is_empty());
        assert_eq!(numbers(&watch::unacknowledged(tx, &b, 10)?), [second.0]);
        assert_eq!(numbers(&watch::owned(tx, &b, 10)?), [first.0, second.0]);
        assert_eq!(numbers(&watch::reported(tx, &r, 10)?), [second.0, first.0]);
        let tasks = watch::tasks(tx, &c, 10)?;
        assert_eq!(
            (
                tasks.len(),
                tasks[0].row.number,
                tasks[0].task.title.as_str()
            ),
            (1, second, "Call them")
        );
        assert_eq!(
            (
                counts::nav(tx, &c)?.needs_me.n,
                counts::nav(tx, &b)?.needs_me.n
            ),
            (1, 1)
        );
        assert_eq!(
            (counts::nav(tx, &c)?.open.n, counts::nav(tx, &r)?.open.n),
            (2, 2)
        );
        Ok(())
    })
    .unwrap();
}

async fn my_watch_says_what_others_changed(engine: Engine) {
    let Story {
        t, second, since, ..
    } = story(engine).await;
    let (c, r) = (t.as_(&t.cast.cleo), t.as_(&t.cast.rui));
    let d = directory(&t);
    t.read(|tx| {
        let changed = watch::changed_since(tx, &c, &d, since, 10)?;
        assert_eq!(changed.len(), 1, "only the watched one is hers");
        assert_eq!(
            (changed[0].row.number, changed[0].last.entry.kind.as_str()),
            (second, "noted")
        );
        assert!(watch::changed_since(tx, &c, &d, t.now(), 10)?.is_empty());
        assert_eq!(watch::changed_since(tx, &r, &d, since, 10)?.len(), 2);
        let load = watch::team_load(tx, &c, &d, &t.cast.team)?;
        let of_ben = load.iter().find(|l| l.person == t.cast.ben).unwrap();
        assert_eq!(of_ben.open.values().map(|n| n.n).sum::<i64>(), 2);
        Ok(())
    })
    .unwrap();
}

async fn a_restricted_ticket_is_not_even_counted(engine: Engine) {
    let Story {
        t,
        first,
        second,
        since,
    } = story(engine).await;
    let only = json!({ "people": [t.cast.ben], "reason": "quiet" });
    does(
        &t,
        &t.cast.lea,
        second,
        Command::parse("restrict", only).unwrap(),
    )
    .await;
    let (b, c, r) = (t.as_(&t.cast.ben), t.as_(&t.cast.cleo), t.as_(&t.cast.rui));
    let d = directory(&t);
    t.read(|tx| {
        assert_eq!(
            (counts::nav(tx, &c)?.open.n, counts::nav(tx, &b)?.open.n),
            (1, 2)
        );
        assert!(watch::tasks(tx, &c, 10)?.is_empty());
        assert!(watch::changed_since(tx, &c, &d, since, 10)?.is_empty());
        assert_eq!(numbers(&watch::reported(tx, &r, 10)?), [first.0]);
        assert_eq!(counts::open_of(tx, &c, &t.cast.ben, None, 10)?.n, 1);
        Ok(())
    })
    .unwrap();
}

fn directory(t: &TestDesk) -> Arc<Directory> {
    t.read(|tx| Ok(t.desk.store.directory(tx)?)).unwrap()
}

fn task() -> AddTask {
    serde_json::from_value(json!({ "title": "" })).unwrap()
}

async fn the_board_has_a_column_for_each_phase(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let ben = t.cast.ben.clone();
    for i in 0..5 {
        let n = t.open(&ben, &format!("Number {i}")).await;
        if i % 2 == 0 {
            does(
                &t,
                &ben,
                n,
                MovePhase {
                    to: Phase::Analysis,
                    reason: String::new(),
                },
            )
            .await;
        }
    }
    let open = Resolved {
        filter: Expr::Term(Term::Is(Is::Open)),
        sort: None,
    };
    let columns = t.read(|tx| board(tx, &t.as_(&ben), &open, 2)).unwrap();
    assert_eq!(
        columns.iter().map(|c| c.phase).collect::<Vec<_>>(),
        Phase::ALL
    );
    let counts: Vec<(i64, usize, bool)> = columns
        .iter()
        .map(|c| (c.count.n, c.page.rows.len(), c.page.next.is_some()))
        .collect();
    assert_eq!(
        counts,
        [
            (2, 2, false),
            (3, 2, true),
            (0, 0, false),
            (0, 0, false),
            (0, 0, false),
            (0, 0, false)
        ]
    );
    assert_eq!(numbers(&columns[1].page.rows), [1, 3]);
    let severity = columns[1].page.rows[0].severity;
    assert_eq!(severity, Severity::Medium);
}

async fn type_ahead_finds_what_is_meant(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let (ben, rui, lea) = (t.cast.ben.clone(), t.cast.rui.clone(), t.cast.lea.clone());
    for i in 1..=12 {
        let n = t.open(&ben, &format!("Login from Zürich {i}")).await;
        let tag = if i == 12 { "secret" } else { "seen" };
        t.act(
            &ben,
            n,
            Command::parse("classify", json!({ "add_tags": [tag, "zebra"] })).unwrap(),
        )
        .await
        .unwrap();
    }
    let last = TicketNo(12);
    t.act(
        &lea,
        last,
        Command::parse("restrict", json!({ "people": [ben], "reason": "quiet" })).unwrap(),
    )
    .await
    .unwrap();
    let (b, c, r) = (t.as_(&ben), t.as_(&t.cast.cleo), t.as_(&rui));
    let d = directory(&t);
    t.read(|tx| {
        assert_eq!(
            numbers(&suggest::tickets(tx, &b, "mw-1", 10)?),
            [1, 12, 11, 10]
        );
        assert_eq!(numbers(&suggest::tickets(tx, &c, "1", 10)?), [1, 11, 10]);
        assert_eq!(numbers(&suggest::tickets(tx, &c, "from zür", 2)?), [11, 10]);
        assert!(
            suggest::tickets(tx, &r, "login", 10)?.is_empty()
                && suggest::tickets(tx, &b, "%", 10)?.is_empty()
        );
        assert_eq!(suggest::tags(tx, &b, "Se", 10)?, ["secret", "seen"]);
        assert_eq!(suggest::tags(tx, &c, "se", 10)?, ["seen"]);
        assert_eq!(suggest::tags(tx, &c, "", 10)?, ["seen", "zebra"]);
        assert!(suggest::tags(tx, &r, "", 10)?.is_empty());
        Ok(())
    })
    .unwrap();
    let names = |text: &str, viewer| -> Vec<String> {
        suggest::people(viewer, &d, text, 10)
            .iter()
            .map(|p| p.name.clone())
            .collect()
    };
    assert_eq!(names("an", &b), ["Ben Analyst", "Cleo Analyst"]);
    assert_eq!(names("cleo a", &b), ["Cleo Analyst"]);
    assert!(names("", &b).is_empty() && names("cleo", &r).is_empty());
}

async fn a_history_says_who_changed_what(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let (ada, team) = (t.as_(&t.cast.ada), t.cast.team.clone());
    let d = directory(&t);
    let renamed = midwatch_domain::people::Team {
        name: "Night watch".into(),
        ..d.teams[&team].clone()
    };
    t.desk
        .revise(ada.clone(), Revision::Team(renamed))
        .await
        .unwrap();
    let page = t
        .read(|tx| revisions::history(tx, &ada, "team", team.as_str(), None, 1))
        .unwrap();
    assert_eq!(
        (
            page.rows.len(),
            page.rows[0].actor.clone(),
            page.rows[0].revised.body.title()
        ),
        (1, ada.actor.clone(), "Night watch")
    );
    let rest = t
        .read(|tx| revisions::history(tx, &ada, "team", team.as_str(), page.next.as_deref(), 50))
        .unwrap();
    assert!(
        rest.next.is_none()
            && rest
                .rows
                .iter()
                .all(|r| r.revised.revision < page.rows[0].revised.revision)
    );
    assert!(!rest.rows.is_empty());
    assert!(
        t.read(|tx| revisions::history(tx, &t.as_(&t.cast.rui), "team", team.as_str(), None, 1))
            .is_err()
    );
}
