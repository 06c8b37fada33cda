//! A backup made under load is restored on the other engine and is the same record; a bad one is refused and leaves nothing.

use midwatch_desk::backup::{self, Manifest};
use midwatch_desk::evidence::About;
use midwatch_desk::{Desk, Settings};
use midwatch_domain::id::TicketNo;
use midwatch_domain::ticket::AddNote;
use midwatch_store::Location;
use midwatch_testkit::{Conditions, Engine, TestDesk, aside};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

midwatch_testkit::on_both_engines!(
    a_backup_under_load_is_restored_on_the_other_engine,
    a_tampered_backup_is_refused,
    a_target_that_is_not_empty_is_refused,
    damaged_evidence_is_named_and_the_rest_is_kept
);

async fn attach(t: &TestDesk, number: TicketNo, bytes: &[u8]) {
    let ben = t.as_(&t.cast.ben);
    let mut file = aside(|| t.desk.may_attach(&ben, number)).unwrap();
    file.write(bytes).unwrap();
    t.desk
        .attach(
            ben,
            number,
            file,
            About {
                name: "log.txt".into(),
                ..About::default()
            },
            Conditions::default(),
        )
        .await
        .unwrap();
}

/// An empty place on an engine.
struct Place {
    settings: Settings,
    _folder: tempfile::TempDir,
    database: Option<midwatch_testpg::Database>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let database = self.database.take();
        aside(|| drop(database));
    }
}

fn place(t: &TestDesk, engine: Engine) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let database = (engine == Engine::Postgres).then(|| aside(midwatch_testpg::database));
    let location = database.as_ref().map_or_else(
        || Location::sqlite(data.join("midwatch.db")),
        |d| Location::Postgres(d.url.clone()),
    );
    Place {
        settings: Settings {
            data,
            location,
            ..t.settings.clone()
        },
        _folder: folder,
        database,
    }
}

fn other(engine: Engine) -> Engine {
    if engine == Engine::Sqlite {
        Engine::Postgres
    } else {
        Engine::Sqlite
    }
}

/// Does something while eight clients write notes.
async fn under_load<R: Send>(t: &TestDesk, number: TicketNo, work: impl FnOnce() -> R + Send) -> R {
    let stop = Arc::new(AtomicBool::new(false));
    let mut load = Vec::new();
    for i in 0..8 {
        let (desk, ben, stop) = (t.desk.clone(), t.as_(&t.cast.ben), stop.clone());
        load.push(tokio::spawn(async move {
            let mut n = 0;
            while !stop.load(Ordering::SeqCst) {
                let note = AddNote {
                    text: format!("note {i}.{n}"),
                    occurred_at: None,
                    observables: None,
                };
                desk.act(ben.clone(), number, note, Conditions::default())
                    .await
                    .unwrap();
                n += 1;
            }
            n
        }));
    }
    let done = aside(work);
    stop.store(true, Ordering::SeqCst);
    let mut notes = 0;
    for l in load {
        notes += l.await.unwrap();
    }
    assert!(notes > 0, "there was load");
    done
}

fn is_what_was_backed_up(desk: &Desk, manifest: &Manifest) {
    let finding = aside(|| desk.verify(|_| {})).unwrap();
    assert_eq!(
        (finding.problems, finding.entries, finding.hash),
        (vec![], manifest.seq, manifest.hash.to_string())
    );
    assert_eq!(
        aside(|| desk.rebuild_check()).unwrap().differences,
        Vec::<String>::new()
    );
    let digests = |t: &Desk| {
        aside(|| {
            t.store.read(|tx| {
                midwatch_store::health::latest_of_kind(tx, "evidence_attached", i64::MAX, 10)
            })
        })
        .unwrap()
    };
    for entry in digests(desk) {
        let digest = entry.payload()["sha256"].as_str().unwrap().to_owned();
        assert_eq!(desk.store.blobs().rehash(&digest), Some(digest));
    }
    let row = aside(|| {
        desk.store
            .read(|tx| tx.one("SELECT id, expires_at, used_at FROM tokens", &[]))
    })
    .unwrap();
    assert_eq!(
        (
            row.text(0).unwrap(),
            row.int(1).unwrap(),
            row.opt_int(2).unwrap()
        ),
        ("tok_1", 2, None)
    );
}

async fn a_backup_under_load_is_restored_on_the_other_engine(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let number = t.open(&t.cast.ben, "A").await;
    attach(&t, number, b"evidence one").await;
    attach(&t, number, &vec![7; 300_000]).await;
    t.desk.store.write(|w| w.tx.exec("INSERT INTO tokens (digest, id, person, name, scopes, created_at, expires_at) VALUES ('d', 'tok_1', 'per_1', 'n', '', 1, 2)", &[])).await.unwrap();
    t.desk.tick().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("backup");
    let manifest = under_load(&t, number, || t.desk.backup(&to).unwrap()).await;
    assert_eq!(
        fs::metadata(to.join("checkpoint.key"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o600
    );

    let target = place(&t, other(engine));
    let (desk, restored) = backup::restore(&to, target.settings.clone()).await.unwrap();
    assert_eq!(restored, manifest);
    assert_eq!(
        (manifest.evidence, manifest.rows, manifest.damaged.len()),
        (2, 1, 0)
    );
    is_what_was_backed_up(&desk, &manifest);
    // Work goes on where it was left.
    let done = desk
        .act(
            t.as_(&t.cast.ben),
            number,
            AddNote {
                text: "after".into(),
                occurred_at: None,
                observables: None,
            },
            Conditions::default(),
        )
        .await
        .unwrap();
    assert_eq!(done.entries, vec![manifest.seq + 1]);
    desk.tick().await.unwrap();
    assert!(aside(|| desk.verify(|_| {})).unwrap().holds());
}

async fn made(t: &TestDesk, to: &Path) -> Manifest {
    let number = t.open(&t.cast.ben, "A").await;
    attach(t, number, b"evidence one").await;
    t.desk.tick().await.unwrap();
    aside(|| t.desk.backup(to)).unwrap()
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut out = Vec::new();
    for e in fs::read_dir(folder).unwrap() {
        let path = e.unwrap().path();
        if path.is_dir() {
            out.extend(files(&path));
        } else {
            out.push(path);
        }
    }
    out
}

async fn a_tampered_backup_is_refused(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("backup");
    made(&t, &to).await;
    let target = place(&t, other(engine));
    let all = files(&to);
    assert_eq!(all.len(), 8);
    for file in all {
        let whole = fs::read(&file).unwrap();
        for at in [0, whole.len() / 2, whole.len().saturating_sub(2)] {
            let mut bytes = whole.clone();
            // An empty file, such as one of no plain rows, gets a byte.
            if bytes.is_empty() {
                bytes.push(b'x');
            } else {
                bytes[at] ^= 1;
            }
            fs::write(&file, bytes).unwrap();
            // A changed time in the manifest is no harm: it says nothing that is relied on.
            let refused = backup::restore(&to, target.settings.clone()).await;
            assert!(refused.is_err(), "{} byte {at}", file.display());
            assert!(
                !target.settings.data.exists()
                    || fs::read_dir(&target.settings.data)
                        .unwrap()
                        .next()
                        .is_none(),
                "nothing is left behind"
            );
        }
        fs::remove_file(&file).unwrap();
        assert!(
            backup::restore(&to, target.settings.clone()).await.is_err(),
            "without {}",
            file.display()
        );
        fs::write(&file, whole).unwrap();
    }
    backup::restore(&to, target.settings.clone())
        .await
        .expect("the untouched backup is good");
}

async fn a_target_that_is_not_empty_is_refused(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("backup");
    made(&t, &to).await;
    assert!(
        aside(|| t.desk.backup(&to)).is_err(),
        "a backup never overwrites"
    );
    let before = aside(|| t.desk.verify(|_| {})).unwrap();
    let said = backup::restore(&to, t.settings.clone())
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(said.contains("is not empty"), "{said}");
    // An empty folder and a database with a record.
    let fresh = tempfile::tempdir().unwrap();
    let settings = Settings {
        data: fresh.path().join("data"),
        ..t.settings.clone()
    };
    let said = backup::restore(&to, settings)
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(said.contains("has a record already"), "{said}");
    assert_eq!(aside(|| t.desk.verify(|_| {})).unwrap(), before);
}

async fn damaged_evidence_is_named_and_the_rest_is_kept(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let number = t.open(&t.cast.ben, "A").await;
    for bytes in [&b"altered"[..], b"lost", b"well"] {
        attach(&t, number, bytes).await;
    }
    let kept = t.ticket(number).evidence;
    let path = |i: usize| t.desk.store.blobs().path(&kept[i].sha256).unwrap();
    fs::write(path(0), b"altereD").unwrap();
    fs::remove_file(path(1)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("backup");
    let manifest = aside(|| t.desk.backup(&to)).unwrap();
    assert_eq!(
        (manifest.evidence, manifest.damaged),
        (1, vec![kept[0].sha256.clone(), kept[1].sha256.clone()])
    );
    let target = place(&t, engine);
    let (desk, _) = backup::restore(&to, target.settings.clone()).await.unwrap();
    assert_eq!(
        desk.store.blobs().rehash(&kept[2].sha256).as_ref(),
        Some(&kept[2].sha256)
    );
    let checks = aside(|| midwatch_desk::doctor::examine_open(&desk, true));
    assert!(
        checks
            .iter()
            .any(|c| c.name == "evidence" && c.says.contains(&kept[0].sha256)),
        "{checks:?}"
    );
}
