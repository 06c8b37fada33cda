//! The record as a whole: what is altered is found by number, what the law has erased is gone and yet verifies.

use midwatch_domain::id::TicketNo;
use midwatch_domain::ticket::{AddNote, Attach, OfferHandoff};
use midwatch_store::verify;
use midwatch_testkit::{Engine, TestDesk, aside};
use std::fs::{self, File};
use std::io::BufReader;

midwatch_testkit::on_both_engines!(
    a_record_that_was_cut_off_is_found_by_the_copies,
    a_record_put_back_to_an_earlier_state_is_found,
    an_erased_text_is_gone_and_the_record_holds,
    what_the_record_needs_cannot_be_erased,
    rows_that_were_altered_are_found_and_rebuilt,
    rows_of_an_earlier_version_are_folded_anew_at_start,
    an_export_verifies_without_the_database,
);

async fn sql(t: &TestDesk, text: &'static str) {
    t.desk.store.write(move |w| w.tx.batch(text)).await.unwrap();
}

/// Takes the last entry away, and makes the rest of the database fit.
async fn cut_off(t: &TestDesk) {
    let last = "DELETE FROM checkpoints; DELETE FROM log WHERE seq = (SELECT seq FROM head)";
    sql(t, last).await;
    let head = "UPDATE head SET seq = seq - 1, hash = (SELECT hash FROM log WHERE seq = (SELECT MAX(seq) FROM log))";
    sql(t, head).await;
}

/// The number of the entry that opened a ticket.
fn opening(t: &TestDesk, number: TicketNo) -> i64 {
    let first = t.read(|tx| Ok(midwatch_store::log::of_ticket(tx, number, 0, 1)?));
    first.unwrap()[0].seq
}

fn offer(t: &TestDesk, text: &str) -> OfferHandoff {
    OfferHandoff {
        to: t.cast.cleo.clone(),
        situation: text.into(),
        done: text.into(),
        open: text.into(),
        next_steps: text.into(),
    }
}

async fn a_record_that_was_cut_off_is_found_by_the_copies(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let number = t.open(&t.cast.ben, "A").await;
    t.act(
        &t.cast.ben,
        number,
        AddNote {
            text: "will be cut off".into(),
            occurred_at: None,
            observables: None,
        },
    )
    .await
    .unwrap();
    let last = t.desk.tick().await.unwrap().checkpoint.unwrap();
    // An intruder with the whole database: the last entry, the checkpoint and the head are made to fit.
    cut_off(&t).await;
    let finding = aside(|| t.desk.verify(|_| {})).unwrap();
    assert_eq!(finding.problems.len(), 1, "{finding:?}");
    assert_eq!(finding.problems[0].seq, last);
    assert!(finding.problems[0].what.contains("cut off"), "{finding:?}");
    fs::remove_file(t.settings.data.join("checkpoints.log")).unwrap();
    assert!(
        aside(|| t.desk.verify(|_| {})).unwrap().holds(),
        "without the copies nobody can tell"
    );
}

async fn a_record_put_back_to_an_earlier_state_is_found(engine: Engine) {
    let t = TestDesk::new(engine).await;
    t.open(&t.cast.ben, "A").await;
    t.desk.tick().await.unwrap();
    let copies = fs::read_to_string(t.settings.data.join("checkpoints.log")).unwrap();
    let line = copies.lines().next().unwrap();
    // The copies are from a later state than the database.
    let ahead = line.replacen("\"seq\":", "\"seq\":1", 1);
    fs::write(
        t.settings.data.join("checkpoints.log"),
        format!("{copies}{ahead}\nnot a checkpoint\n"),
    )
    .unwrap();
    let finding = aside(|| t.desk.verify(|_| {})).unwrap();
    let says: Vec<&str> = finding.problems.iter().map(|p| p.what.as_str()).collect();
    assert!(says.iter().any(|s| s.contains("cut off")), "{says:?}");
    assert!(
        says.contains(&"line 3 of checkpoints.log cannot be read"),
        "{says:?}"
    );
}

async fn an_erased_text_is_gone_and_the_record_holds(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let (ada, ben) = (&t.cast.ada, &t.cast.ben);
    let number = t.open(ben, "Mallory Example was seen").await;
    let opened = opening(&t, number);
    let note = AddNote {
        text: "Mallory Example again".into(),
        occurred_at: None,
        observables: None,
    };
    let note = t.act(ben, number, note).await.unwrap().entries[0];
    let offer = offer(&t, "Mallory Example");
    let offered = t.act(ben, number, offer).await.unwrap().entries[0];
    t.desk.tick().await.unwrap();
    for (seq, name) in [(opened, "title"), (note, "text"), (offered, "brief")] {
        t.desk
            .erase(
                t.as_(ada),
                seq,
                vec![name.into()],
                "Request under Article 17".into(),
            )
            .await
            .unwrap();
    }
    assert_eq!(t.ticket(number).title, "[erased]");
    assert_eq!(t.ticket(number).offer.unwrap().brief.situation, "[erased]");
    let left = t
        .read(|tx| Ok(tx.all("SELECT fields FROM log", &[])?))
        .unwrap();
    let states = t
        .read(|tx| Ok(tx.all("SELECT state FROM ticket_states", &[])?))
        .unwrap();
    for row in left.iter().chain(&states) {
        assert!(!row.text(0).unwrap().contains("Mallory"), "{row:?}");
    }
    let finding = aside(|| t.desk.verify(|_| {})).unwrap();
    assert_eq!((finding.problems.clone(), finding.erased), (vec![], 3));
    assert_eq!(
        aside(|| t.desk.rebuild_check()).unwrap().differences,
        Vec::<String>::new()
    );
    t.desk.rebuild().await.unwrap();
    assert_eq!(t.ticket(number).title, "[erased]");
    // Erasing without saying so is tampering.
    cut_off(&t).await;
    let finding = aside(|| t.desk.verify(|_| {})).unwrap();
    assert!(
        finding
            .problems
            .iter()
            .any(|p| p.seq == offered && p.what.contains("no entry says so")),
        "{finding:?}"
    );
}

async fn what_the_record_needs_cannot_be_erased(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let (ada, ben) = (&t.cast.ada, &t.cast.ben);
    let number = t.open(ben, "A").await;
    let opened = opening(&t, number);
    let offered = t.act(ben, number, offer(&t, "x")).await.unwrap().entries[0];
    let file = Attach {
        name: "a".into(),
        media_type: String::new(),
        size: 1,
        sha256: "0".repeat(64),
        description: String::new(),
        source: String::new(),
        collected_at: None,
    };
    let attached = t.act(ben, number, file).await.unwrap().entries[0];
    let before = t
        .read(|tx| Ok(midwatch_store::rows::head::read(tx)?))
        .unwrap();
    let why = || "because".to_owned();
    for (seq, name) in [
        (opened, "owner"),
        (opened, "severity"),
        (opened, "kind"),
        (offered, "to"),
        (attached, "sha256"),
        (opened, "nonsense"),
        (1, "body"),
        (before.seq + 1, "text"),
    ] {
        let refused = t
            .desk
            .erase(t.as_(ada), seq, vec![name.into()], why())
            .await;
        assert!(
            matches!(refused, Err(midwatch_store::Fault::Refused(_))),
            "{seq} {name}: {refused:?}"
        );
    }
    let lea = t.as_(&t.cast.lea);
    assert!(
        t.desk
            .erase(lea, opened, vec!["title".into()], why())
            .await
            .is_err(),
        "a lead may not"
    );
    assert!(
        t.desk
            .erase(t.as_(ada), opened, vec!["title".into()], " ".into())
            .await
            .is_err(),
        "without a reason"
    );
    assert!(
        t.desk
            .erase(t.as_(ada), opened, vec![], why())
            .await
            .is_err(),
        "nothing named"
    );
    assert_eq!(
        t.read(|tx| Ok(midwatch_store::rows::head::read(tx)?))
            .unwrap(),
        before,
        "nothing was recorded"
    );
}

async fn rows_that_were_altered_are_found_and_rebuilt(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let number = t.open(&t.cast.ben, "A").await;
    t.act(&t.cast.cleo, number, midwatch_domain::ticket::Watch {})
        .await
        .unwrap();
    for alter in [
        "UPDATE tickets SET title = 'B'",
        "UPDATE ticket_states SET state = replace(state, '\"A\"', '\"B\"')",
        "DELETE FROM tickets",
        "DELETE FROM ticket_states",
        "DELETE FROM ticket_people",
        "INSERT INTO ticket_tags (tag, number) VALUES ('x', 1)",
        "UPDATE revisions SET body = replace(body, 'Ben', 'Bob')",
        "DELETE FROM search",
        "UPDATE head SET next_ticket = 7",
    ] {
        assert_eq!(
            aside(|| t.desk.rebuild_check()).unwrap().differences,
            Vec::<String>::new(),
            "before: {alter}"
        );
        sql(&t, alter).await;
        assert_ne!(
            aside(|| t.desk.rebuild_check()).unwrap().differences,
            Vec::<String>::new(),
            "{alter}"
        );
        t.desk.rebuild().await.unwrap();
    }
    assert_eq!(
        aside(|| t.desk.rebuild_check()).unwrap().differences,
        Vec::<String>::new()
    );
    assert_eq!(t.ticket(number).title, "A");
    assert_eq!(t.open(&t.cast.ben, "Next").await.0, number.0 + 1);
}

async fn an_export_verifies_without_the_database(engine: Engine) {
    let t = TestDesk::new(engine).await;
    t.open(&t.cast.ben, "A").await;
    let vouched = t.desk.tick().await.unwrap().checkpoint.unwrap();
    let number = t.open(&t.cast.ben, "B").await;
    let path = t.settings.data.join("out.ndjson");
    let entries = aside(|| t.desk.export(&path)).unwrap();
    assert!(
        aside(|| t.desk.export(&path)).is_err(),
        "an export never overwrites"
    );
    let key = t.desk.key().verifying_key();
    let finding =
        verify::read_export(BufReader::new(File::open(&path).unwrap()), Some(&key)).unwrap();
    assert_eq!(
        (finding.problems, finding.entries, finding.checkpointed),
        (vec![], entries, vouched)
    );
    let text = fs::read_to_string(&path).unwrap();
    let altered = text.replacen("\\\"B\\\"", "\\\"C\\\"", 1);
    assert_ne!(text, altered);
    let finding = verify::read_export(altered.as_bytes(), Some(&key)).unwrap();
    let opened = opening(&t, number);
    assert_eq!(finding.problems[0].seq, opened, "{finding:?}");
}

async fn rows_of_an_earlier_version_are_folded_anew_at_start(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let number = t.open(&t.cast.ben, "A").await;
    let before = t.ticket(number);
    let earlier = "UPDATE ticket_states SET state = '{}'; DELETE FROM timers; DELETE FROM folded";
    sql(&t, earlier).await;
    let again = aside(|| midwatch_desk::Desk::open(t.settings.clone())).unwrap();
    assert_eq!(t.ticket(number), before);
    let timers = t.read(|tx| Ok(midwatch_store::rows::timer::counts(tx, t.now())?.armed));
    assert_eq!(timers.unwrap(), 1);
    let finding = aside(|| again.verify(|_| {})).unwrap();
    assert_eq!(finding.problems, vec![]);
    // What a newer version has folded is not touched.
    sql(&t, "UPDATE folded SET version = 1000").await;
    let refused = aside(|| midwatch_desk::Desk::open(t.settings.clone())).err();
    assert!(refused.unwrap().to_string().contains("newer Midwatch"));
}
