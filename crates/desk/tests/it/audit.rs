//! The auditor sees by itself what did not happen by itself, and says so once.

use midwatch_domain::ticket::Acknowledge;
use midwatch_domain::words::{Origin, Severity};
use midwatch_store::rows::audit;
use midwatch_store::{Fault, params};
use midwatch_testkit::{Engine, TestDesk};

use crate::post::mailbox;

midwatch_testkit::on_both_engines!(
    a_timer_deleted_by_hand_is_told_once_and_set_again,
    what_is_not_done_is_told_at_the_second_look,
    nothing_is_told_where_nothing_is_wrong,
    a_clock_and_a_reminder_without_a_timer_are_told_and_mended,
    a_page_without_a_message_is_told_once,
);

const MINUTE: i64 = 60_000;

async fn a_timer_deleted_by_hand_is_told_once_and_set_again(engine: Engine) {
    let t = TestDesk::new(engine).await;
    assert_eq!(t.desk.audit().await.unwrap().raised, None);
    let number = t.open(&t.cast.rui, "A").await;
    t.desk.fire_due().await.unwrap();
    let delete = t.desk.store.write(move |w| {
        let sql = "DELETE FROM timers WHERE ticket = ?1";
        w.tx.exec(sql, params![number.0])?;
        Ok::<_, Fault>(())
    });
    delete.await.unwrap();
    let raised = t.desk.audit().await.unwrap().raised.unwrap();
    let about = t.ticket(raised);
    assert_eq!(
        about.title,
        format!("Paging about {number} did not go as it had to")
    );
    assert!(
        about.description.contains("its timer was missing"),
        "{}",
        about.description
    );
    assert_eq!(
        (about.severity, about.origin, about.owner),
        (Severity::High, Origin::System, t.cast.ben.clone())
    );
    assert_eq!(t.desk.audit().await.unwrap().raised, None, "once");
    let timer = t.read(|tx| Ok(audit::timer(tx, number)?)).unwrap();
    assert_eq!(timer, t.ticket(number).escalation.next_at);
}

async fn what_is_not_done_is_told_at_the_second_look(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let number = t.open(&t.cast.rui, "A").await;
    t.pass_ms(MINUTE);
    assert_eq!(t.desk.audit().await.unwrap().raised, None);
    assert_eq!(
        t.desk.audit().await.unwrap().raised,
        None,
        "within the grace"
    );
    t.pass_ms(MINUTE);
    assert_eq!(
        t.desk.audit().await.unwrap().raised,
        None,
        "it may be about to be done"
    );
    let raised = t.desk.audit().await.unwrap().raised.unwrap();
    let said = t.ticket(raised).description;
    assert!(
        said.contains(&format!("{number}: what was due at")),
        "{said}"
    );
    assert_eq!(t.desk.audit().await.unwrap().raised, None, "once");
}

async fn nothing_is_told_where_nothing_is_wrong(engine: Engine) {
    let t = TestDesk::new(engine).await;
    mailbox(&t).await;
    let acknowledged = t.open(&t.cast.rui, "A").await;
    let paged = t.open(&t.cast.rui, "B").await;
    t.desk.audit().await.unwrap();
    for minutes in [0, 1, 30, 45, 300, 2000] {
        t.pass_ms(minutes * MINUTE);
        t.desk.fire_due().await.unwrap();
        t.desk.send_due().await.unwrap();
        if minutes == 1 {
            let done = t.act(&t.cast.ben, acknowledged, Acknowledge {}).await;
            done.unwrap();
        }
        for _ in 0..2 {
            let audited = t.desk.audit().await.unwrap();
            assert_eq!(audited.raised, None);
            assert!(audited.looked >= 2, "{audited:?}");
        }
    }
    assert!(t.ticket(paged).escalation.step > 3);
}

/// Plants a fault behind everybody's back.
async fn plant(t: &TestDesk, sql: &'static str) {
    let plant = t.desk.store.write(move |w| {
        w.tx.exec(sql, params![])?;
        Ok::<_, Fault>(())
    });
    plant.await.unwrap();
}

async fn a_clock_and_a_reminder_without_a_timer_are_told_and_mended(engine: Engine) {
    let t = TestDesk::new(engine).await;
    mailbox(&t).await;
    let number = t.open(&t.cast.rui, "A").await;
    t.desk.fire_due().await.unwrap();
    t.act(&t.cast.ben, number, Acknowledge {}).await.unwrap();
    t.desk.send_due().await.unwrap();
    assert_eq!(t.desk.audit().await.unwrap().raised, None);
    plant(&t, "DELETE FROM timers").await;
    t.pass_ms(3 * 24 * 60 * MINUTE);
    t.desk.fire_due().await.unwrap();
    assert_eq!(t.desk.audit().await.unwrap().raised, None, "at first sight");
    t.pass_ms(MINUTE);
    let raised = t.desk.audit().await.unwrap().raised.unwrap();
    let said = t.ticket(raised).description;
    for missing in [
        "was not reminded",
        "the time of containment#1, counted since",
    ] {
        assert!(said.contains(missing), "{missing}: {said}");
    }
    // The timer is set again, and what it missed is done.
    t.desk.fire_due().await.unwrap();
    let marks = t.ticket(number).marks;
    assert!(marks["containment#1"].breached_at.is_some(), "{marks:?}");
    t.pass_ms(MINUTE);
    for _ in 0..2 {
        t.desk.fire_due().await.unwrap();
        t.desk.send_due().await.unwrap();
        assert_eq!(t.desk.audit().await.unwrap().raised, None, "once");
        t.pass_ms(MINUTE);
    }
}

async fn a_page_without_a_message_is_told_once(engine: Engine) {
    let t = TestDesk::new(engine).await;
    mailbox(&t).await;
    assert_eq!(t.desk.audit().await.unwrap().raised, None);
    let lost = t.open(&t.cast.rui, "A").await;
    t.desk.fire_due().await.unwrap();
    plant(&t, "DELETE FROM deliveries WHERE way <> 'browser'").await;
    let sent = t.open(&t.cast.rui, "B").await;
    t.desk.fire_due().await.unwrap();
    t.desk.send_due().await.unwrap();
    for n in [lost, sent] {
        t.act(&t.cast.ben, n, Acknowledge {}).await.unwrap();
    }
    t.pass_ms(9 * MINUTE);
    assert_eq!(
        t.desk.audit().await.unwrap().raised,
        None,
        "it has its time"
    );
    t.pass_ms(2 * MINUTE);
    t.desk.fire_due().await.unwrap();
    t.desk.send_due().await.unwrap();
    let raised = t.desk.audit().await.unwrap().raised.unwrap();
    let said = t.ticket(raised).description;
    assert!(
        said.contains(&format!("{lost}: entry ")) && said.contains("pages "),
        "{said}"
    );
    assert!(!said.contains(&sent.to_string()), "{said}");
    assert_eq!(t.desk.audit().await.unwrap().raised, None, "once");
}
