//! Nobody sleeps through it: ten thousand random days of crashing, sleeping and disagreeing nodes, none of which misses a step,
//! makes one twice or makes one late. `MIDWATCH_SEED=… cargo nextest run -p midwatch-domain simulator` repeats one day.

use midwatch_domain::testing::simulator::{Planted, Seen, run};

/// How many days each of the tests has.
const DAYS: u64 = 1250;

/// Runs days, and sees that they were bad enough.
fn days(first: u64) {
    let named = std::env::var("MIDWATCH_SEED").ok();
    let named = named.map(|s| s.parse::<u64>().expect("MIDWATCH_SEED is a number"));
    let mut all = Seen::default();
    let seeds = named.map_or(first..first + DAYS, |s| s..s + 1);
    for seed in seeds {
        let day = run(seed, None);
        if let Some(wrong) = day.wrong {
            let tail: Vec<String> = day
                .record
                .iter()
                .rev()
                .take(12)
                .rev()
                .map(|l| format!("{} {} {:?} {:?}", l.at, l.ticket, l.actor, l.entry))
                .collect();
            panic!("MIDWATCH_SEED={seed}: {wrong}\n{}", tail.join("\n"));
        }
        let s = day.seen;
        all.steps += s.steps;
        all.skipped += s.skipped;
        all.crashes += s.crashes;
        all.held += s.held;
        all.fenced += s.fenced;
        all.needless += s.needless;
        all.edits += s.edits;
        all.jumps += s.jumps;
        all.acts += s.acts;
        all.others += s.others;
        all.latest_ms = all.latest_ms.max(s.latest_ms);
    }
    if named.is_none() {
        println!("{all:?}");
        // Days without trouble would prove nothing.
        let enough = [
            all.steps,
            all.crashes,
            all.held,
            all.fenced,
            all.needless,
            all.edits,
            all.jumps,
            all.acts,
            all.others,
        ];
        assert!(
            enough.iter().all(|n| *n > 100) && all.skipped > 100,
            "{all:?}"
        );
    }
}

macro_rules! nobody_sleeps_through {
    ($($name:ident = $n:literal),+ $(,)?) => {
        mod nobody_sleeps_through {
            $(#[test]
            fn $name() {
                super::days($n * super::DAYS);
            })+
        }
    };
}

nobody_sleeps_through!(
    the_first_days = 0,
    the_second_days = 1,
    the_third_days = 2,
    the_fourth_days = 3,
    the_fifth_days = 4,
    the_sixth_days = 5,
    the_seventh_days = 6,
    the_eighth_days = 7,
);

#[test]
fn a_day_follows_from_its_seed() {
    let day = || {
        let day = run(7, None);
        let record: Vec<_> = day
            .record
            .into_iter()
            .map(|l| (l.at, l.ticket, l.entry))
            .collect();
        (record, day.seen)
    };
    assert_eq!(day(), day());
}

/// The first seed that finds what was planted.
fn found(planted: Planted) -> (u64, String) {
    let found = |seed| Some((seed, run(seed, Some(planted)).wrong?));
    (0..500)
        .find_map(found)
        .unwrap_or_else(|| panic!("{planted:?} was not found in 500 days"))
}

#[test]
fn a_step_from_stale_state_is_found() {
    // Made twice or after it was stopped, or a breach that was said already.
    for planted in [Planted::StaleAndNotUnique, Planted::Stale] {
        let (_, wrong) = found(planted);
        let said = ["due at", "breached", "has not come"];
        assert!(said.iter().any(|s| wrong.contains(s)), "{wrong}");
    }
}

#[test]
fn an_acknowledgement_that_stops_nothing_is_found() {
    let (_, wrong) = found(Planted::DeafToAcknowledging);
    assert!(wrong.contains("a step came"), "{wrong}");
}

#[test]
fn a_timer_saved_apart_is_found() {
    let (_, wrong) = found(Planted::TimerApart);
    assert!(wrong.contains("has not come"), "{wrong}");
}

#[test]
fn timers_that_do_not_follow_a_revision_are_found() {
    let (_, wrong) = found(Planted::TimersForgotten);
    assert!(wrong.contains("has not come"), "{wrong}");
}

#[test]
fn a_clock_behind_the_record_is_found() {
    let (_, wrong) = found(Planted::ClockBehind);
    assert!(wrong.contains("has not come"), "{wrong}");
}

#[test]
fn the_auditor_finds_by_itself_what_was_planted() {
    for (planted, fault) in [
        (Planted::StaleAndNotUnique, "doubled"),
        (Planted::Stale, "unasked"),
        (Planted::DeafToAcknowledging, "unasked"),
        (Planted::TimerApart, "timer"),
    ] {
        let finds = |seed| {
            let found = run(seed, Some(planted)).audited;
            found.iter().any(|f| f.name().starts_with(fault))
        };
        assert!((0..500).any(finds), "{planted:?}");
    }
}
