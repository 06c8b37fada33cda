//! One-time links: setting up once, inviting, new passwords.

use midwatch_desk::account::{Caller, Link, Secret, SignIn};
use midwatch_desk::begin::Begin;
use midwatch_domain::access::Role;
use midwatch_domain::id::PersonId;
use midwatch_domain::people::{AccountState, Person};
use midwatch_testkit::{Engine, Ground, TestDesk, aside};

use super::{acts, caller, code, count, give_password, home, lets_in, sign_in, whole};

midwatch_testkit::on_both_engines!(
    a_desk_is_set_up_once_by_its_newest_link,
    two_who_race_to_set_up_make_one_desk,
    an_invited_person_sets_their_password,
    a_new_password_comes_by_a_link,
    links_are_neither_guessed_nor_flooded,
);

const RIGHT: &str = "a kettle of seven herrings";

fn say(name: &str) -> Begin {
    Begin {
        organisation: "Harbour Works".into(),
        time_zone: "Europe/Berlin".into(),
        name: name.into(),
        email: format!("{}@example.org", name.to_lowercase()),
    }
}

async fn a_desk_is_set_up_once_by_its_newest_link(engine: Engine) {
    let ground = Ground::new(engine);
    let desk = ground.open();
    let link = || aside(|| desk.setup_link()).unwrap();
    let older = link().unwrap();
    let newer = link().unwrap();
    assert_eq!(
        code(desk.set_up(older, say("Ada"), RIGHT.into(), home()).await),
        "link.gone",
        "only the newest holds"
    );
    assert_eq!(desk.link(&newer, &home()).await.unwrap(), Link::Setup);
    assert_eq!(
        code(
            desk.set_up(newer.clone(), say("Ada"), "ada".into(), home())
                .await
        ),
        "invalid.password"
    );
    let nowhere = Begin {
        time_zone: "Mars/Olympus".into(),
        ..say("Ada")
    };
    assert_eq!(
        code(
            desk.set_up(newer.clone(), nowhere, RIGHT.into(), home())
                .await
        ),
        "invalid.time_zone"
    );
    whole(
        desk.set_up(newer.clone(), say("Ada"), RIGHT.into(), home())
            .await
            .unwrap(),
    );
    assert_eq!(
        code(
            desk.set_up(newer.clone(), say("Eve"), RIGHT.into(), home())
                .await
        ),
        "link.gone"
    );
    assert_eq!(code(desk.link(&newer, &home()).await), "link.gone");
    assert_eq!(link(), None, "no link once it is set up");
    whole(
        desk.sign_in("ada@example.org", RIGHT.into(), home())
            .await
            .unwrap(),
    );

    let ground = Ground::new(engine);
    let desk = ground.open();
    let link = aside(|| desk.setup_link()).unwrap().unwrap();
    ground.pass_ms(24 * 3_600_000);
    assert_eq!(
        code(desk.set_up(link, say("Ada"), RIGHT.into(), home()).await),
        "link.gone",
        "a day later"
    );
}

async fn two_who_race_to_set_up_make_one_desk(engine: Engine) {
    let ground = Ground::new(engine);
    let desk = ground.open();
    let link = aside(|| desk.setup_link()).unwrap().unwrap();
    let race = |name: &'static str| {
        let (desk, link) = (desk.clone(), link.clone());
        tokio::spawn(async move { desk.set_up(link, say(name), RIGHT.into(), home()).await })
    };
    let ends = [race("Ada"), race("Eve"), race("Mallory")];
    let mut won = 0;
    for end in ends {
        match end.await.unwrap() {
            Ok(SignIn::Whole(_)) => won += 1,
            other => assert_eq!(code(other), "link.gone"),
        }
    }
    assert_eq!(won, 1);
    let people = aside(|| {
        desk.store
            .read(|tx| Ok::<_, midwatch_store::StoreError>(desk.store.directory(tx)?.people.len()))
    })
    .unwrap();
    assert_eq!(people, 1);
}

fn newcomer() -> Person {
    Person {
        id: PersonId::from_bytes([9; 16]),
        name: "Noor New".into(),
        email: "Noor@example.org".into(),
        role: Role::Analyst,
        state: AccountState::Active,
    }
}

async fn an_invited_person_sets_their_password(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let noor = newcomer();
    assert_eq!(
        code(t.desk.invite(t.as_(&t.cast.lea), noor.clone()).await),
        "forbidden"
    );
    let taken = Person {
        email: "ben@example.org".into(),
        ..noor.clone()
    };
    assert_eq!(
        code(t.desk.invite(t.as_(&t.cast.ada), taken).await),
        "invalid.email"
    );
    let first = t
        .desk
        .invite(t.as_(&t.cast.ada), noor.clone())
        .await
        .unwrap();
    assert_eq!(
        code(t.desk.invite(t.as_(&t.cast.ada), noor.clone()).await),
        "person.exists"
    );
    assert_eq!(sign_in(&t, "noor@example.org", "").await, SignIn::Wrong);
    let link = t
        .desk
        .link_for(t.as_(&t.cast.ada), noor.id.clone())
        .await
        .unwrap();
    assert_eq!(
        code(t.desk.accept(first, RIGHT.into(), home()).await),
        "link.gone",
        "only the newest holds"
    );
    let Link::Invitation(shown) = t.desk.link(&link, &home()).await.unwrap() else {
        panic!("not an invitation")
    };
    assert_eq!(
        (shown.name.as_str(), shown.state),
        ("Noor New", AccountState::Invited)
    );
    assert_eq!(
        code(t.desk.accept(link.clone(), "noor new".into(), home()).await),
        "invalid.password"
    );
    let session = whole(
        t.desk
            .accept(link.clone(), RIGHT.into(), home())
            .await
            .unwrap(),
    );
    assert!(lets_in(&t, &session).await);
    assert_eq!(
        code(t.desk.accept(link, RIGHT.into(), home()).await),
        "link.gone"
    );
    let named: Vec<String> = acts(&t, &noor.id).into_iter().map(|(act, _)| act).collect();
    assert_eq!(
        named,
        [
            "invited",
            "invited",
            "account_active",
            "password_set",
            "signed_in"
        ]
    );
    whole(sign_in(&t, "noor@example.org", RIGHT).await);

    let late = Person {
        id: PersonId::from_bytes([8; 16]),
        email: "late@example.org".into(),
        ..noor
    };
    let link = t.desk.invite(t.as_(&t.cast.ada), late).await.unwrap();
    t.pass_ms(7 * 24 * 3_600_000);
    assert_eq!(
        code(t.desk.accept(link, RIGHT.into(), home()).await),
        "link.gone",
        "a week later"
    );
}

async fn a_new_password_comes_by_a_link(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let session = give_password(&t, &t.cast.ben, RIGHT).await;
    let link = t
        .desk
        .link_for(t.as_(&t.cast.ada), t.cast.ben.clone())
        .await
        .unwrap();
    assert!(!lets_in(&t, &session).await, "all sessions end");
    let between = whole(sign_in(&t, "ben@example.org", RIGHT).await);
    whole(
        t.desk
            .accept(link, "another fine sentence".into(), home())
            .await
            .unwrap(),
    );
    assert!(!lets_in(&t, &between).await);
    assert_eq!(sign_in(&t, "ben@example.org", RIGHT).await, SignIn::Wrong);
    assert_eq!(count(&t, &t.cast.ben, "reset_link_made"), 2);
    let everything: String = acts(&t, &t.cast.ben)
        .into_iter()
        .map(|(a, d)| format!("{a} {d}\n"))
        .collect();
    assert!(
        !everything.contains("mwl_") && !everything.contains("argon2"),
        "{everything}"
    );
}

async fn links_are_neither_guessed_nor_flooded(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let guess = |from: &Caller| {
        let from = from.clone();
        let desk = t.desk.clone();
        async move {
            code(
                desk.link(&Secret::new("00000000000000000000000000000000"), &from)
                    .await,
            )
        }
    };
    let bad = caller("203.0.113.9");
    let mut answers = Vec::new();
    for _ in 0..21 {
        answers.push(guess(&bad).await);
    }
    assert_eq!(answers[19], "link.gone");
    assert_eq!(answers[20], "throttled");
    assert_eq!(guess(&home()).await, "link.gone", "elsewhere nobody waits");

    let mut newest = None;
    let mut refused = 0;
    for _ in 0..100 {
        match t
            .desk
            .link_for(t.as_(&t.cast.ada), t.cast.ben.clone())
            .await
        {
            Ok(link) => newest = Some(link),
            other => {
                assert_eq!(code(other), "throttled");
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 90);
    whole(
        t.desk
            .accept(newest.unwrap(), RIGHT.into(), home())
            .await
            .unwrap(),
    );
}
