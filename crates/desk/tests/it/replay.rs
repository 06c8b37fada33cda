//! The simulator's days on the real store: the same story leads to the same record, to the entry.

use midwatch_desk::act;
use midwatch_domain::actor::Actor;
use midwatch_domain::due;
use midwatch_domain::entry::Entry;
use midwatch_domain::moment::Moment;
use midwatch_domain::revise::Revision;
use midwatch_domain::testing::simulator::{Day, Input, run};
use midwatch_domain::testing::{directory, team};
use midwatch_domain::ticket::Open;
use midwatch_domain::words::Origin;
use midwatch_store::rows::{self, audit, ticket, timer};
use midwatch_store::{Fault, log};
use midwatch_testkit::{Conditions, Engine, Ground, aside};

macro_rules! days_are_as_simulated {
    ($($name:ident = $n:literal),+ $(,)?) => {
        midwatch_testkit::on_both_engines!($($name),+);
        $(async fn $name(engine: Engine) {
            days(engine, $n * DAYS).await;
        })+
    };
}

days_are_as_simulated!(
    the_first_days_are_as_simulated = 0,
    the_second_days_are_as_simulated = 1,
    the_third_days_are_as_simulated = 2,
    the_fourth_days_are_as_simulated = 3,
    the_fifth_days_are_as_simulated = 4,
    the_sixth_days_are_as_simulated = 5,
    the_seventh_days_are_as_simulated = 6,
    the_eighth_days_are_as_simulated = 7,
);

/// How many days each of the tests has: two hundred together.
const DAYS: u64 = 25;

async fn days(engine: Engine, first: u64) {
    let mut steps = 0;
    for seed in first..first + DAYS {
        let day = run(seed, None);
        assert_eq!(day.wrong, None, "seed {seed}");
        steps += day.seen.steps;
        replay(engine, seed, &day).await;
    }
    assert!(steps > 500, "only {steps} steps were compared");
}

/// People and teams of every test, and what the day was set up with.
fn setting(day: &Day) -> Vec<Revision> {
    let d = directory();
    let people = d.people.values().cloned().map(Revision::Person);
    let organisation = d.organisation.clone().map(Revision::Organisation);
    let teams = [team("soc"), team("cloud")].map(|t| Revision::Team(d.teams[&t].clone()));
    people
        .chain(organisation)
        .chain(teams)
        .chain(day.setting.iter().cloned())
        .collect()
}

async fn replay(engine: Engine, seed: u64, day: &Day) {
    let ground = Ground::new(engine);
    let set = |at: Moment| ground.pass_ms(at.since(ground.now()));
    set(Moment(1_700_000_000_000));
    let desk = ground.open();
    let setting = setting(day);
    let begun = desk.store.write(move |w| {
        for body in setting {
            rows::directory::revise(w, &Actor::System, body, "")?;
        }
        Ok::<_, Fault>(w.head.seq)
    });
    let begun = begun.await.unwrap();
    for happened in &day.story {
        let (at, input) = (happened.at, happened.input.clone());
        set(at);
        let what = format!("seed {seed} at {at}: {input:?}");
        if let Input::Fire { ticket } = input {
            let due = aside(|| {
                desk.store
                    .read(|tx| timer::due(tx, at, timer::Share::ALL, None, 1000))
            });
            let due = due.unwrap().iter().any(|(_, n)| *n == ticket);
            let shot = desk
                .store
                .write(move |w| act::fire(w, ticket))
                .await
                .unwrap();
            assert!(due || shot.entries.is_empty(), "no timer: {what}");
            continue;
        }
        let revised = matches!(input, Input::Revise(_));
        let done = desk.store.write(move |w| {
            let viewer = input.viewer(&w.directory);
            match &input {
                Input::Open { body, .. } => {
                    let open: Open = serde_json::from_value(body.clone()).unwrap();
                    act::open(w, &viewer, &open, Origin::Web, &Conditions::default()).map(drop)
                }
                Input::Revise(body) => {
                    let body = Revision::clone(body);
                    rows::directory::revise(w, &Actor::System, body, "")?;
                    Ok(())
                }
                _ => {
                    let (n, command) = input.command().unwrap();
                    act::act(w, &viewer, n, &command, &Conditions::default()).map(drop)
                }
            }
        });
        if let Err(e) = done.await {
            panic!("{e} in {what}");
        }
        if revised {
            desk.rearm().await.unwrap();
        }
    }
    let compared = aside(|| {
        desk.store.read(|tx| {
            let all = log::after(tx, begun, 100_000)?;
            let all: Vec<Entry> = all.into_iter().filter(|e| e.ticket.is_some()).collect();
            compare(seed, &all, day);
            let d = desk.store.directory(tx)?;
            for (n, simulated) in &day.tickets {
                let real = ticket::load(tx, *n)?.unwrap();
                assert_eq!(real.escalation, simulated.escalation, "seed {seed}: {n}");
                let next = due::next(&real, &d).map(|(at, _)| at);
                assert_eq!(audit::timer(tx, *n)?, next, "seed {seed}: timer of {n}");
            }
            Ok::<_, Fault>(())
        })
    });
    compared.unwrap();
    aside(|| desk.store.close());
}

fn compare(seed: u64, real: &[Entry], day: &Day) {
    for (r, s) in real.iter().zip(&day.record) {
        let found = (r.ticket, r.kind.as_str(), r.recorded_at, &r.actor);
        let simulated = (Some(s.ticket), s.entry.kind(), s.at, &s.actor);
        assert_eq!(found, simulated, "seed {seed}");
        if s.actor == Actor::System {
            assert_eq!(r.payload(), s.entry.payload(), "seed {seed}: {r:?}");
        }
    }
    assert_eq!(real.len(), day.record.len(), "seed {seed}");
}
