//! The doctor: a healthy desk is well in every part; each ill is found and comes with a remedy.

use midwatch_desk::Settings;
use midwatch_desk::doctor::{Check, Level, examine};
use midwatch_domain::revise::Revision;
use midwatch_testkit::{Engine, TestDesk, aside};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

midwatch_testkit::on_both_engines!(a_healthy_desk_is_well, each_ill_is_found);

fn level(checks: &[Check], name: &str) -> Level {
    checks
        .iter()
        .find(|c| c.name == name)
        .unwrap_or_else(|| panic!("{name} was not looked at: {checks:?}"))
        .level
}

async fn a_healthy_desk_is_well(engine: Engine) {
    let t = TestDesk::new(engine).await;
    assert_eq!(
        level(&aside(|| examine(t.settings.clone(), false)), "channels"),
        Level::Warn
    );
    let mailbox = serde_json::json!({
        "id": "chn_mailbox", "name": "Mailbox", "enabled": true,
        "settings": { "kind": "mailbox", "from": "midwatch@example.org" },
    });
    let mailbox = Revision::Channel(serde_json::from_value(mailbox).unwrap());
    t.desk.revise(t.as_(&t.cast.ada), mailbox).await.unwrap();
    t.open(&t.cast.ben, "A").await;
    t.desk.tick().await.unwrap();
    t.desk.fire_due().await.unwrap();
    t.desk.beat().await.unwrap();
    for full in [false, true] {
        let checks = aside(|| examine(t.settings.clone(), full));
        assert_eq!(checks.len(), 18);
        for c in checks.iter().filter(|c| c.name != "disk space") {
            assert_eq!(c.level, Level::Ok, "{c}");
        }
    }
}

async fn each_ill_is_found(engine: Engine) {
    let t = TestDesk::new(engine).await;
    t.open(&t.cast.ben, "A").await;
    t.desk.tick().await.unwrap();
    let look = |settings: &Settings| aside(|| examine(settings.clone(), false));

    let nowhere = Settings {
        data: t.settings.data.join("nowhere"),
        ..t.settings.clone()
    };
    assert_eq!(level(&look(&nowhere), "data folder"), Level::Fail);
    assert!(!nowhere.data.exists(), "looking makes nothing");

    let key = t.settings.data.join("checkpoint.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(level(&look(&t.settings), "key"), Level::Fail);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();

    let now = t.now().0;
    let late = Settings {
        clock: std::sync::Arc::new(move || midwatch_domain::moment::Moment(now - 120_000)),
        ..t.settings.clone()
    };
    assert_eq!(level(&look(&late), "clock"), Level::Fail);

    assert_eq!(level(&look(&t.settings), "nodes"), Level::Warn, "none yet");
    t.desk.beat().await.unwrap();
    t.open(&t.cast.ben, "B").await;
    t.pass_ms(3_600_000);
    assert_eq!(level(&look(&t.settings), "nodes"), Level::Fail);
    assert_eq!(level(&look(&t.settings), "engine"), Level::Fail, "B is due");
    assert_eq!(level(&look(&t.settings), "checkpoints"), Level::Warn);

    let nobody = "UPDATE tickets SET owner = 'per_nobody' WHERE number = 1";
    t.desk
        .store
        .write(move |w| w.tx.batch(nobody))
        .await
        .unwrap();
    assert_eq!(level(&look(&t.settings), "owners"), Level::Fail);

    t.desk
        .store
        .write(|w| {
            w.tx.batch("UPDATE log SET kind = 'noted' WHERE seq = (SELECT seq FROM head)")
        })
        .await
        .unwrap();
    assert_eq!(level(&look(&t.settings), "record"), Level::Fail);
}
