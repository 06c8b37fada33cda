//! The steady clock at its word: readings in, time and steps out. Knows no machine.

use super::*;
use proptest::prelude::*;

const T: i64 = 1_790_000_000_000;

fn at(wall: i64, steady_ms: i64) -> Reading {
    Reading {
        wall: Moment(T + wall),
        steady_ms,
    }
}

fn begun() -> Steady {
    Steady::new(at(0, 0))
}

#[test]
fn it_follows_a_sane_wall_and_small_steps_ahead_without_a_word() {
    let mut s = begun();
    assert_eq!(s.read(at(1000, 1000)), (Moment(T + 1000), None));
    assert_eq!(s.read(at(2010, 2000)), (Moment(T + 2010), None), "a slew");
    assert_eq!(s.read(at(52_010, 3000)), (Moment(T + 52_010), None));
    assert_eq!(s.ahead_ms(), 0);
}

#[test]
fn a_leap_ahead_is_followed_at_once_and_told() {
    let mut s = begun();
    let (now, jump) = s.read(at(3_600_500, 500));
    assert_eq!(now, Moment(T + 3_600_500));
    assert_eq!(jump.unwrap().by_ms, 3_600_000);
    assert_eq!(s.read(at(3_601_500, 1500)).1, None, "once");
}

#[test]
fn a_step_back_is_told_and_time_goes_on_until_the_wall_has_caught_up() {
    let mut s = begun();
    s.read(at(10_000, 10_000));
    let (now, jump) = s.read(at(10_000 - 3_600_000 + 1000, 11_000));
    assert_eq!(now, Moment(T + 11_000 - 1), "on, at its rate");
    let jump = jump.unwrap();
    assert_eq!((jump.by_ms, jump.now), (-3_600_000, now));
    // A timer of a quarter of an hour is late by less than a second.
    let (later, again) = s.read(at(11_000 - 3_600_000 + 900_000, 911_000));
    assert_eq!((later.since(now), again), (900_000 - 900, None));
    // The wall was mended: it is ahead of what the time had become.
    let (mended, jump) = s.read(at(1_000_000, 1_000_000));
    assert_eq!(mended, Moment(T + 1_000_000));
    assert!(jump.unwrap().by_ms > 3_500_000);
}

#[test]
fn time_that_is_a_little_ahead_waits_for_the_wall_bit_by_bit() {
    let mut s = begun();
    s.read(at(5000, 5000));
    assert_eq!(
        s.read(at(5500, 6000)).1,
        None,
        "half a second is no step to tell"
    );
    for i in 1..=500 {
        s.read(at(5500 + i * 1000, 6000 + i * 1000));
    }
    assert_eq!(s.ahead_ms(), 0);
}

#[test]
fn what_is_recorded_was_recorded() {
    let mut s = begun();
    s.not_before(Moment(T + 60_000));
    s.not_before(Moment(T));
    assert_eq!(s.read(at(100, 100)), (Moment(T + 60_100), None));
}

#[test]
fn a_node_whose_clock_is_wrong_goes_by_the_servers() {
    let keeper = Keeper::new(|| at(0, 0));
    let server = |ms| Moment(T + ms);
    assert_eq!(keeper.compare(at(0, 0), server(1900), at(0, 0)), None);
    assert_eq!(
        keeper.compare(at(0, 0), server(6000), at(8000, 8000)),
        None,
        "a slow answer proves little"
    );
    assert_eq!(keeper.now(), server(0));
    assert_eq!(
        keeper.compare(at(0, 0), server(90_010), at(20, 20)),
        Some(90_000)
    );
    assert_eq!(keeper.now(), server(90_000));
    let told: Vec<i64> = keeper.jumps().iter().map(|j| j.by_ms).collect();
    assert_eq!(told, [90_000]);
    keeper.recorded(1);
    assert_eq!(keeper.jumps(), []);
    assert_eq!(
        keeper.compare(at(0, 0), server(89_000), at(0, 0)),
        None,
        "still so"
    );
    assert_eq!(keeper.skew_ms(), Some(89_000));
    assert_eq!(
        keeper.compare(at(0, 0), server(500), at(0, 0)),
        Some(0),
        "mended"
    );
    assert_eq!(keeper.now(), server(90_000), "not backwards");
    assert_eq!(keeper.ahead_ms(), 90_000);
    assert_eq!(keeper.jumps()[0].by_ms, -90_000);
}

proptest! {
    #[test]
    fn it_never_runs_backwards_and_never_slower_than_a_thousandth(
        steps in prop::collection::vec((0_i64..100_000, -10_000_000_i64..10_000_000), 1..200)
    ) {
        let mut s = begun();
        let (mut wall, mut steady, mut now) = (0, 0, Moment(T));
        let mut owed = 0;
        for (passed, step) in steps {
            // Most readings come without a step.
            let step = if step % 3 == 0 { step } else { 0 };
            (wall, steady) = (wall + passed + step, steady + passed);
            let r = at(wall, steady);
            let (next, jump) = s.read(r);
            owed += passed;
            prop_assert!(next >= now);
            prop_assert!(next >= r.wall, "what is due by the wall is due");
            prop_assert!(next.since(now) >= passed - owed / 1000 - 1);
            prop_assert_eq!(jump.is_some(), !(-BACK_MS..=AHEAD_MS).contains(&step));
            owed %= 1000;
            now = next;
        }
    }
}
