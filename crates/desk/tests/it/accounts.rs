//! Accounts over the whole desk: doors that open for whom they should, and for nobody else.

mod factor;
mod links;
mod sign_in;

use midwatch_desk::account::{Caller, Password, Secret, SignIn};
use midwatch_domain::id::PersonId;
use midwatch_domain::revise::AccountActed;
use midwatch_store::{Fault, log};
use midwatch_testkit::TestDesk;

/// Somebody at a browser somewhere.
fn caller(address: &str) -> Caller {
    Caller {
        agent: "test browser".into(),
        address: Some(address.parse().unwrap()),
    }
}

/// A colleague at home.
fn home() -> Caller {
    caller("192.0.2.7")
}

/// Gives a person a password, as an administrator's link would.
async fn give_password(t: &TestDesk, person: &PersonId, password: &str) -> Secret {
    let link = t
        .desk
        .link_for(t.as_(&t.cast.ada), person.clone())
        .await
        .unwrap();
    let SignIn::Whole(session) = t.desk.accept(link, password.into(), home()).await.unwrap() else {
        panic!("not signed in")
    };
    session
}

async fn sign_in(t: &TestDesk, email: &str, password: &str) -> SignIn {
    t.desk
        .sign_in(email, Password::from(password), home())
        .await
        .unwrap()
}

fn whole(signed: SignIn) -> Secret {
    let SignIn::Whole(secret) = signed else {
        panic!("not signed in: {signed:?}")
    };
    secret
}

fn half(signed: SignIn) -> Secret {
    let SignIn::Half(secret) = signed else {
        panic!("not half signed in: {signed:?}")
    };
    secret
}

/// Whether a session's secret lets anybody in who has shown every factor.
async fn lets_in(t: &TestDesk, secret: &Secret) -> bool {
    let (desk, secret) = (t.desk.clone(), secret.expose().to_owned());
    let found = tokio::task::spawn_blocking(move || desk.by_session(&secret))
        .await
        .unwrap()
        .unwrap();
    found.and_then(|s| s.session).is_some_and(|s| s.passed)
}

/// The acts on an account in the record, with their details.
fn acts(t: &TestDesk, person: &PersonId) -> Vec<(String, String)> {
    let entries = t.read(|tx| Ok(log::after(tx, 0, 10_000)?)).unwrap();
    let of_accounts = entries.into_iter().filter(|e| e.kind == AccountActed::KIND);
    let acted = of_accounts.map(|e| {
        serde_json::from_value::<AccountActed>(serde_json::Value::Object(e.payload())).unwrap()
    });
    acted
        .filter(|a| a.person == *person)
        .map(|a| (a.act, a.detail))
        .collect()
}

/// How often an act stands in the record.
fn count(t: &TestDesk, person: &PersonId, act: &str) -> usize {
    acts(t, person).iter().filter(|(a, _)| a == act).count()
}

/// The code of a refusal.
fn code<T: std::fmt::Debug>(done: Result<T, Fault>) -> String {
    match done.unwrap_err() {
        Fault::Refused(r) => r.code,
        Fault::Store(e) => panic!("storage failed: {e}"),
    }
}
