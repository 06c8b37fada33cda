//! The second factor: asked for, counted once, replaceable when lost.

use midwatch_desk::account::{SecondFactor, SignIn, seal};
use midwatch_desk::{Desk, Settings};
use midwatch_domain::id::PersonId;
use midwatch_domain::moment::Moment;
use midwatch_store::{Fault, StoreError};
use midwatch_testkit::{Engine, Ground, TestDesk, aside};
use totp_rs::{Builder, Secret as Base32};

use super::{code, count, give_password, half, home, lets_in, sign_in, whole};

midwatch_testkit::on_both_engines!(
    a_code_is_asked_for_and_counts_once,
    guessing_codes_has_to_begin_anew,
    recovery_codes_stand_in_once_each,
    taking_it_away_needs_the_password_or_an_administrator,
    a_missing_seal_key_is_said_clearly,
    a_backup_keeps_the_second_factor,
);

const RIGHT: &str = "a kettle of seven herrings";

/// An authenticator on a phone.
struct Phone(totp_rs::Totp);

impl Phone {
    fn shows(&self, at: Moment) -> String {
        self.0
            .generate(u64::try_from(at.0 / 1000).unwrap())
            .to_string()
    }
}

/// Sets a second factor; its recovery codes.
async fn enrol(t: &TestDesk, person: &PersonId) -> (Phone, Vec<String>) {
    let enrolment = t.desk.enrol_second_factor(t.as_(person)).await.unwrap();
    assert!(
        enrolment
            .uri
            .expose()
            .starts_with("otpauth://totp/Midwatch:"),
        "{}",
        enrolment.uri.expose()
    );
    let secret = Base32::try_from_base32(enrolment.secret.expose()).unwrap();
    let phone = Phone(
        Builder::new()
            .with_secret(secret)
            .with_account_name("x")
            .with_issuer(Some("Midwatch"))
            .build()
            .unwrap(),
    );
    let codes = t
        .desk
        .confirm_second_factor(t.as_(person), phone.shows(t.now()))
        .await
        .unwrap();
    (phone, codes.iter().map(|c| c.expose().to_owned()).collect())
}

fn standing(t: &TestDesk, person: &PersonId) -> Result<SecondFactor, Fault> {
    let me = t.as_(person);
    aside(|| t.desk.second_factor(&me))
}

async fn a_code_is_asked_for_and_counts_once(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let ben = &t.cast.ben;
    assert_eq!(
        code(t.desk.enrol_second_factor(t.as_(ben)).await),
        "second_factor.password"
    );
    give_password(&t, ben, RIGHT).await;
    assert_eq!(standing(&t, ben).unwrap(), SecondFactor::Off);
    let waiting = t.desk.enrol_second_factor(t.as_(ben)).await.unwrap();
    assert_eq!(standing(&t, ben).unwrap(), SecondFactor::Waiting(waiting));
    assert_eq!(
        code(
            t.desk
                .confirm_second_factor(t.as_(ben), "000000".into())
                .await
        ),
        "invalid.code"
    );
    whole(sign_in(&t, "ben@example.org", RIGHT).await);
    let (phone, _) = enrol(&t, ben).await;
    assert!(matches!(
        standing(&t, ben).unwrap(),
        SecondFactor::On { codes_left: 10, .. }
    ));
    assert_eq!(
        code(t.desk.enrol_second_factor(t.as_(ben)).await),
        "second_factor.on"
    );

    let first = half(sign_in(&t, "ben@example.org", RIGHT).await);
    assert!(
        !lets_in(&t, &first).await,
        "the password alone does not let in"
    );
    let show = |half: &_, code: String| {
        t.desk
            .show_code(midwatch_desk::account::Secret::clone(half), code, home())
    };
    assert_eq!(
        show(&first, phone.shows(t.now())).await.unwrap(),
        SignIn::Wrong,
        "the code that confirmed it is used up"
    );
    t.pass_ms(30_000);
    let entered = whole(show(&first, phone.shows(t.now())).await.unwrap());
    assert_ne!(
        entered.expose(),
        first.expose(),
        "a fresh secret after the second factor"
    );
    assert!(lets_in(&t, &entered).await);
    assert_eq!(
        show(&first, phone.shows(t.now())).await.unwrap(),
        SignIn::Wrong,
        "the half session is gone"
    );

    let again = half(sign_in(&t, "ben@example.org", RIGHT).await);
    assert_eq!(
        show(&again, phone.shows(t.now())).await.unwrap(),
        SignIn::Wrong,
        "a code counts once"
    );
    assert_eq!(
        show(&again, phone.shows(t.now().plus_ms(-90_000)))
            .await
            .unwrap(),
        SignIn::Wrong,
        "three steps ago"
    );
    whole(
        show(&again, phone.shows(t.now().plus_ms(30_000)))
            .await
            .unwrap(),
    );
    let late = half(sign_in(&t, "ben@example.org", RIGHT).await);
    t.pass_ms(10 * 60_000);
    assert_eq!(
        show(&late, phone.shows(t.now())).await.unwrap(),
        SignIn::Wrong,
        "half a session does not last"
    );
}

async fn guessing_codes_has_to_begin_anew(engine: Engine) {
    let t = TestDesk::new(engine).await;
    give_password(&t, &t.cast.ben, RIGHT).await;
    let (phone, _) = enrol(&t, &t.cast.ben).await;
    t.pass_ms(60_000);
    let guessed = half(sign_in(&t, "ben@example.org", RIGHT).await);
    for shape in [
        "000000",
        "12345",
        "1234567",
        "12 34 56",
        "\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}",
    ] {
        assert_eq!(
            t.desk
                .show_code(guessed.clone(), shape.into(), home())
                .await
                .unwrap(),
            SignIn::Wrong,
            "{shape}"
        );
    }
    let right = phone.shows(t.now());
    assert_eq!(
        t.desk
            .show_code(guessed, right.clone(), home())
            .await
            .unwrap(),
        SignIn::Wrong,
        "the first factor has to be shown again"
    );
    let fresh = half(sign_in(&t, "ben@example.org", RIGHT).await);
    assert!(
        matches!(
            t.desk
                .show_code(fresh.clone(), right, home())
                .await
                .unwrap(),
            SignIn::Wait { .. }
        ),
        "and the wait stays"
    );
    assert_eq!(count(&t, &t.cast.ben, "sign_in_throttled"), 1);
    t.pass_ms(30_000);
    whole(
        t.desk
            .show_code(fresh, phone.shows(t.now()), home())
            .await
            .unwrap(),
    );
}

async fn recovery_codes_stand_in_once_each(engine: Engine) {
    let t = TestDesk::new(engine).await;
    give_password(&t, &t.cast.ben, RIGHT).await;
    let (_, codes) = enrol(&t, &t.cast.ben).await;
    assert_eq!(codes.len(), 10);
    let door = half(sign_in(&t, "ben@example.org", RIGHT).await);
    whole(
        t.desk
            .show_code(door, codes[3].to_uppercase().replace('-', " "), home())
            .await
            .unwrap(),
    );
    let door = half(sign_in(&t, "ben@example.org", RIGHT).await);
    assert_eq!(
        t.desk
            .show_code(door.clone(), codes[3].clone(), home())
            .await
            .unwrap(),
        SignIn::Wrong,
        "used up"
    );
    whole(
        t.desk
            .show_code(door, codes[4].clone(), home())
            .await
            .unwrap(),
    );
    assert!(matches!(
        standing(&t, &t.cast.ben).unwrap(),
        SecondFactor::On { codes_left: 8, .. }
    ));
    assert_eq!(count(&t, &t.cast.ben, "recovery_used"), 2);
}

async fn taking_it_away_needs_the_password_or_an_administrator(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let ben = &t.cast.ben;
    give_password(&t, ben, RIGHT).await;
    enrol(&t, ben).await;
    assert_eq!(
        code(t.desk.drop_second_factor(t.as_(ben), "wrong".into()).await),
        "invalid.present"
    );
    assert!(matches!(
        standing(&t, ben).unwrap(),
        SecondFactor::On { .. }
    ));
    t.desk
        .drop_second_factor(t.as_(ben), RIGHT.into())
        .await
        .unwrap();
    let session = whole(sign_in(&t, "ben@example.org", RIGHT).await);
    t.pass_ms(60_000);
    enrol(&t, ben).await;
    t.desk
        .drop_second_factor_of(t.as_(&t.cast.ada), ben.clone())
        .await
        .unwrap();
    assert!(!lets_in(&t, &session).await, "sessions end with it");
    whole(sign_in(&t, "ben@example.org", RIGHT).await);
    assert_eq!(
        code(
            t.desk
                .drop_second_factor_of(t.as_(&t.cast.ada), ben.clone())
                .await
        ),
        "second_factor.none"
    );
    assert_eq!(
        (
            count(&t, ben, "second_factor_on"),
            count(&t, ben, "second_factor_off")
        ),
        (2, 2)
    );
}

async fn a_missing_seal_key_is_said_clearly(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let ben = &t.cast.ben;
    give_password(&t, ben, RIGHT).await;
    let (_, codes) = enrol(&t, ben).await;
    t.desk.store.close();
    std::fs::remove_file(t.settings.data.join(seal::FILE)).unwrap();
    let desk = aside(|| Desk::open(t.settings.clone())).unwrap();
    let entered = desk
        .sign_in("ben@example.org", RIGHT.into(), home())
        .await
        .unwrap();
    let door = half(entered);
    match desk.show_code(door.clone(), "123456".into(), home()).await {
        Err(Fault::Store(StoreError::Unsuitable(says))) => assert!(
            says.contains(seal::FILE) && says.contains(seal::VARIABLE),
            "{says}"
        ),
        other => panic!("{other:?}"),
    }
    whole(
        desk.show_code(door, codes[0].clone(), home())
            .await
            .unwrap(),
    );
}

async fn a_backup_keeps_the_second_factor(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let ben = &t.cast.ben;
    give_password(&t, ben, RIGHT).await;
    let (phone, codes) = enrol(&t, ben).await;
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("backup");
    aside(|| t.desk.backup(&kept)).unwrap();
    let ground = Ground::new(engine);
    let settings = Settings {
        data: folder.path().join("restored"),
        clock: t.settings.clock.clone(),
        ..ground.settings.clone()
    };
    let (desk, _) = midwatch_desk::backup::restore(&kept, settings)
        .await
        .unwrap();
    t.pass_ms(30_000);
    let again = || desk.sign_in("ben@example.org", RIGHT.into(), home());
    let door = half(again().await.unwrap());
    whole(
        desk.show_code(door, phone.shows(t.now()), home())
            .await
            .unwrap(),
    );
    let door = half(again().await.unwrap());
    whole(
        desk.show_code(door, codes[0].clone(), home())
            .await
            .unwrap(),
    );
    desk.store.close();
}
