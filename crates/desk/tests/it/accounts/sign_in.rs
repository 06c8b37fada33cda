//! Signing in with a password, and being kept waiting.

use midwatch_desk::account::SignIn;
use midwatch_domain::access::{Role, TokenScope};
use midwatch_domain::people::{AccountState, Person};
use midwatch_domain::revise::Revision;
use midwatch_testkit::{Engine, TestDesk};

use super::{acts, caller, code, count, give_password, home, lets_in, sign_in, whole};

midwatch_testkit::on_both_engines!(
    the_right_password_signs_in,
    every_failure_looks_the_same,
    guessing_one_account_has_to_wait,
    spraying_from_one_address_has_to_wait,
    many_guesses_at_once_gain_nothing,
    a_new_password_ends_the_other_sessions,
    a_disabled_account_opens_nothing_and_stays_shut,
    access_is_ended_by_an_administrator,
    a_lowered_role_counts_at_once,
);

const RIGHT: &str = "a kettle of seven herrings";

async fn the_right_password_signs_in(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let first = give_password(&t, &t.cast.ben, RIGHT).await;
    let second = whole(sign_in(&t, " BEN@Example.ORG ", RIGHT).await);
    assert_ne!(
        first.expose(),
        second.expose(),
        "each sign-in has a secret of its own"
    );
    assert!(lets_in(&t, &first).await && lets_in(&t, &second).await);
    assert_eq!(
        acts(&t, &t.cast.ben).last().unwrap(),
        &("signed_in".into(), "from 192.0.2.7".into())
    );
    let caller = midwatch_desk::account::Caller::default();
    let paced = t.desk.begin_paced_session(t.cast.ben.clone(), caller, 60);
    let paced = paced.await.unwrap();
    t.pass_ms(midwatch_desk::account::SESSION_MS);
    assert!(!lets_in(&t, &second).await, "a session ends by itself");
    let fast = "where the clock is fast it lasts longer";
    assert!(lets_in(&t, &paced).await, "{fast}");
    t.pass_ms(59 * midwatch_desk::account::SESSION_MS);
    assert!(!lets_in(&t, &paced).await, "a fast clock ends it too");
}

async fn every_failure_looks_the_same(engine: Engine) {
    let t = TestDesk::new(engine).await;
    give_password(&t, &t.cast.ben, RIGHT).await;
    let tries = [
        ("ben@example.org", ""),
        ("ben@example.org", "a kettle of seven herrings\0"),
        ("ben@example.org", &format!("{RIGHT}{}", "x".repeat(100))),
        ("nobody@example.org", RIGHT),
        ("*)(uid=*", RIGHT),
        ("' OR '1'='1' --", RIGHT),
        ("cleo@example.org", ""),
        ("", ""),
    ];
    for (email, password) in tries {
        assert_eq!(
            sign_in(&t, email, password).await,
            SignIn::Wrong,
            "{email:?} {password:?}"
        );
    }
    let long = t
        .desk
        .sign_in(
            "ben@example.org",
            "p".repeat(1_000_000).as_str().into(),
            home(),
        )
        .await;
    assert_eq!(code(long), "invalid.password");
    let long = t
        .desk
        .sign_in(
            "nobody@example.org",
            "p".repeat(257).as_str().into(),
            home(),
        )
        .await;
    assert_eq!(code(long), "invalid.password");
    whole(sign_in(&t, "ben@example.org", RIGHT).await);
}

async fn guessing_one_account_has_to_wait(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let session = give_password(&t, &t.cast.ben, RIGHT).await;
    for email in ["ben@example.org", "nobody@example.org"] {
        let mut answers = Vec::new();
        for _ in 0..7 {
            answers.push(sign_in(&t, email, "wrong").await);
        }
        let wait = SignIn::Wait { seconds: 6 };
        let wrong = SignIn::Wrong;
        assert_eq!(
            answers.iter().collect::<Vec<_>>(),
            [&wrong, &wrong, &wrong, &wrong, &wrong, &wait, &wait],
            "{email}"
        );
    }
    assert!(
        matches!(
            sign_in(&t, "ben@example.org", RIGHT).await,
            SignIn::Wait { .. }
        ),
        "the right one waits as well"
    );
    assert!(lets_in(&t, &session).await, "the owner's session lives on");
    assert_eq!(
        acts(&t, &t.cast.ben).last().unwrap(),
        &("sign_in_throttled".into(), "the account waits 5 s".into())
    );
    t.pass_ms(5_001);
    assert_eq!(sign_in(&t, "ben@example.org", "wrong").await, SignIn::Wrong);
    assert!(
        matches!(
            sign_in(&t, "ben@example.org", RIGHT).await,
            SignIn::Wait { seconds: 9..=11 }
        ),
        "each failure doubles the wait"
    );
    assert_eq!(
        count(&t, &t.cast.ben, "sign_in_throttled"),
        2,
        "once for each wait"
    );
    t.pass_ms(11_000);
    whole(sign_in(&t, "ben@example.org", RIGHT).await);
    assert_eq!(
        sign_in(&t, "ben@example.org", "wrong").await,
        SignIn::Wrong,
        "success has cleared the count"
    );
    whole(sign_in(&t, "ben@example.org", RIGHT).await);
}

async fn spraying_from_one_address_has_to_wait(engine: Engine) {
    let t = TestDesk::new(engine).await;
    give_password(&t, &t.cast.ben, RIGHT).await;
    let bad = || caller("203.0.113.9");
    for n in 0..19 {
        let tried = t
            .desk
            .sign_in(
                &format!("person{n}@example.org"),
                "Summer2026!".into(),
                bad(),
            )
            .await
            .unwrap();
        assert_eq!(tried, SignIn::Wrong, "{n}");
    }
    // One good account does not wash the others away.
    let mine = t
        .desk
        .sign_in("ben@example.org", RIGHT.into(), bad())
        .await
        .unwrap();
    whole(mine);
    assert_eq!(
        t.desk
            .sign_in("ben@example.org", "Summer2026!".into(), bad())
            .await
            .unwrap(),
        SignIn::Wrong
    );
    for n in 0..5 {
        let tried = t
            .desk
            .sign_in(
                &format!("another{n}@example.org"),
                "Summer2026!".into(),
                bad(),
            )
            .await
            .unwrap();
        assert!(matches!(tried, SignIn::Wait { .. }), "{n}");
    }
    let throttled: Vec<_> = acts(&t, &t.cast.ben)
        .into_iter()
        .filter(|a| a.0 == "sign_in_throttled")
        .collect();
    assert_eq!(
        throttled,
        [(
            "sign_in_throttled".into(),
            "the address 203.0.113.9 waits 5 s".into()
        )],
        "one entry for the burst"
    );
    whole(sign_in(&t, "ben@example.org", RIGHT).await);
}

async fn many_guesses_at_once_gain_nothing(engine: Engine) {
    let t = TestDesk::new(engine).await;
    give_password(&t, &t.cast.ben, RIGHT).await;
    let tries: Vec<_> = (0..40)
        .map(|n| {
            let desk = t.desk.clone();
            tokio::spawn(async move {
                desk.sign_in(
                    "ben@example.org",
                    format!("guess number {n}").as_str().into(),
                    home(),
                )
                .await
                .unwrap()
            })
        })
        .collect();
    let mut judged = 0;
    for tried in tries {
        judged += usize::from(tried.await.unwrap() == SignIn::Wrong);
    }
    assert_eq!(judged, 5, "five are judged, the others wait");
}

async fn a_new_password_ends_the_other_sessions(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let ben = &t.cast.ben;
    let first = give_password(&t, ben, RIGHT).await;
    let second = whole(sign_in(&t, "ben@example.org", RIGHT).await);
    let desk = t.desk.clone();
    let (secret, me) = (second.clone(), t.as_(ben));
    let id = tokio::task::spawn_blocking(move || {
        desk.by_session(secret.expose())
            .unwrap()
            .unwrap()
            .session
            .unwrap()
            .id
    })
    .await
    .unwrap();
    let change = |present: &str, new: &str| {
        t.desk
            .change_password(me.clone(), id.clone(), present.into(), new.into())
    };
    assert_eq!(
        code(change("wrong", "another fine sentence").await),
        "invalid.present"
    );
    assert_eq!(code(change(RIGHT, "too short").await), "invalid.password");
    assert_eq!(
        code(change(RIGHT, "BEN@example.org").await),
        "invalid.password"
    );
    assert!(lets_in(&t, &first).await, "nothing has changed yet");
    change(RIGHT, "another fine sentence").await.unwrap();
    assert!(!lets_in(&t, &first).await);
    assert!(lets_in(&t, &second).await, "this one stays");
    assert_eq!(sign_in(&t, "ben@example.org", RIGHT).await, SignIn::Wrong);
    whole(sign_in(&t, "ben@example.org", "another fine sentence").await);
    let mut answers = Vec::new();
    for _ in 0..6 {
        answers.push(code(change("wrong", "a third fine sentence").await));
    }
    assert_eq!(
        answers.last().unwrap(),
        "throttled",
        "a session left open does not help to guess the password"
    );
}

async fn a_disabled_account_opens_nothing_and_stays_shut(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let cleo = &t.cast.cleo;
    let session = give_password(&t, cleo, RIGHT).await;
    let scopes = [TokenScope::Read].into();
    let (_, token) = t
        .desk
        .make_token(t.as_(cleo), "script".into(), scopes, 30)
        .await
        .unwrap();
    let link = t
        .desk
        .link_for(t.as_(&t.cast.ada), cleo.clone())
        .await
        .unwrap();
    let set = |state| Person {
        id: cleo.clone(),
        name: "Cleo Analyst".into(),
        email: "cleo@example.org".into(),
        role: Role::Analyst,
        state,
    };
    let revise = |person| t.desk.revise(t.as_(&t.cast.ada), Revision::Person(person));
    revise(set(AccountState::Disabled)).await.unwrap();
    let by_token = async || {
        let (desk, token) = (t.desk.clone(), token.clone());
        tokio::task::spawn_blocking(move || desk.by_token(token.expose()))
            .await
            .unwrap()
            .unwrap()
            .is_some()
    };
    assert!(!lets_in(&t, &session).await && !by_token().await);
    assert_eq!(sign_in(&t, "cleo@example.org", RIGHT).await, SignIn::Wrong);
    assert_eq!(
        code(
            t.desk
                .accept(link.clone(), "a fresh fine sentence".into(), home())
                .await
        ),
        "link.gone"
    );
    assert_eq!(
        code(t.desk.link_for(t.as_(&t.cast.ada), cleo.clone()).await),
        "person.disabled"
    );
    revise(set(AccountState::Active)).await.unwrap();
    assert!(
        !lets_in(&t, &session).await && !by_token().await,
        "what was shut does not open again"
    );
    assert_eq!(
        code(
            t.desk
                .accept(link, "a fresh fine sentence".into(), home())
                .await
        ),
        "link.gone"
    );
    whole(sign_in(&t, "cleo@example.org", RIGHT).await);
}

async fn access_is_ended_by_an_administrator(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let (ada, ben, lea) = (&t.cast.ada, &t.cast.ben, &t.cast.lea);
    let session = give_password(&t, ben, RIGHT).await;
    let scopes: std::collections::BTreeSet<_> = [TokenScope::Read, TokenScope::Manage].into();
    let (token, secret) = t
        .desk
        .make_token(t.as_(ben), "script".into(), scopes.clone(), 30)
        .await
        .unwrap();
    for who in [lea, &t.cast.cleo] {
        assert_eq!(
            code(t.desk.end_access(t.as_(who), ben.clone()).await),
            "forbidden"
        );
        assert_eq!(
            code(t.desk.revoke_token(t.as_(who), token.id.clone()).await),
            "missing",
            "others' tokens are not there"
        );
        assert_eq!(
            code(t.desk.link_for(t.as_(who), ada.clone()).await),
            "forbidden"
        );
        assert_eq!(
            code(t.desk.drop_second_factor_of(t.as_(who), ada.clone()).await),
            "forbidden"
        );
    }
    // A token cannot make tokens, nor change the password of its person.
    let mut by_token = t.as_(ada);
    by_token.scopes = Some(scopes.clone());
    assert_eq!(
        code(
            t.desk
                .make_token(by_token.clone(), "more".into(), scopes, 30)
                .await
        ),
        "forbidden"
    );
    assert_eq!(
        code(
            t.desk
                .change_password(by_token, String::new(), RIGHT.into(), RIGHT.into())
                .await
        ),
        "forbidden"
    );
    t.desk.end_access(t.as_(ada), ben.clone()).await.unwrap();
    assert!(!lets_in(&t, &session).await);
    let desk = t.desk.clone();
    let held = tokio::task::spawn_blocking(move || desk.by_token(secret.expose()))
        .await
        .unwrap()
        .unwrap();
    assert!(held.is_none());
    assert_eq!(
        acts(&t, ben).last().unwrap(),
        &("sessions_ended".into(), "sessions: 1, tokens: 1".into())
    );
    t.desk.revoke_token(t.as_(ben), token.id).await.unwrap();
    assert_eq!(count(&t, ben, "token_revoked"), 0, "it was dead already");
}

async fn a_lowered_role_counts_at_once(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let session = give_password(&t, &t.cast.lea, RIGHT).await;
    let lowered = Person {
        id: t.cast.lea.clone(),
        name: "Lea Lead".into(),
        email: "lea@example.org".into(),
        role: Role::Reporter,
        state: AccountState::Active,
    };
    t.desk
        .revise(t.as_(&t.cast.ada), Revision::Person(lowered))
        .await
        .unwrap();
    let desk = t.desk.clone();
    let found = tokio::task::spawn_blocking(move || desk.by_session(session.expose()))
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(found.viewer.role, Some(Role::Reporter));
    let ada = Person {
        id: t.cast.ada.clone(),
        name: "Ada Admin".into(),
        email: "ada@example.org".into(),
        role: Role::Administrator,
        state: AccountState::Disabled,
    };
    assert_eq!(
        code(
            t.desk
                .revise(t.as_(&t.cast.ada), Revision::Person(ada))
                .await
        ),
        "person.last_resort"
    );
}
