//! The main job: a ticket from discovery to close, on the record, handed over once.

use midwatch_domain::ticket::{
    AcceptHandoff, Acknowledge, AddNote, Close, MovePhase, OfferHandoff,
};
use midwatch_domain::words::{Outcome, Phase};
use midwatch_store::{rebuild, verify};
use midwatch_testkit::{Engine, TestDesk};

midwatch_testkit::on_both_engines!(a_ticket_goes_from_discovery_to_close);

async fn a_ticket_goes_from_discovery_to_close(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let (ben, cleo, rui) = (&t.cast.ben, &t.cast.cleo, &t.cast.rui);
    let number = t.open(rui, "Strange logins at night").await;
    assert_eq!(
        t.ticket(number).owner,
        *ben,
        "the person on duty owns a new ticket"
    );
    t.pass_ms(60_000);
    t.act(ben, number, Acknowledge {}).await.unwrap();
    t.act(
        ben,
        number,
        AddNote {
            text: "Seen from 192.0.2.7".into(),
            occurred_at: None,
            observables: None,
        },
    )
    .await
    .unwrap();
    let brief = |s: &str| s.to_owned();
    let offer = OfferHandoff {
        to: cleo.clone(),
        situation: brief("s"),
        done: brief("d"),
        open: brief("o"),
        next_steps: brief("n"),
    };
    t.act(ben, number, offer).await.unwrap();
    assert_eq!(t.ticket(number).owner, *ben, "the giver stays responsible");
    t.act(cleo, number, AcceptHandoff {}).await.unwrap();
    assert_eq!(t.ticket(number).owner, *cleo);
    for to in [
        Phase::Analysis,
        Phase::Containment,
        Phase::Eradication,
        Phase::Recovery,
    ] {
        t.pass_ms(60_000);
        t.act(
            cleo,
            number,
            MovePhase {
                to,
                reason: String::new(),
            },
        )
        .await
        .unwrap();
    }
    let close = Close {
        outcome: Outcome::TruePositive,
        summary: "Contained".into(),
        lessons: String::new(),
        skip_tasks_because: String::new(),
    };
    t.act(cleo, number, close).await.unwrap();
    assert!(!t.ticket(number).is_open());

    let key = t.desk.key().verifying_key();
    let finding = t
        .read(|tx| Ok(verify::database(tx, key, Vec::new(), |_| {})?))
        .unwrap();
    assert_eq!(finding.problems, vec![]);
    assert!(finding.entries > 10);
    let compared = t.read(|tx| Ok(rebuild::check(tx)?)).unwrap();
    assert_eq!(compared.differences, Vec::<String>::new());
    assert_eq!(compared.tickets, 1);
}
