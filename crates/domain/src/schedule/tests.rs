//! Schedules held to what they promise: turns over clock changes, layers, windows, gaps, and shifts that tile any span. Knows no page.

use super::*;
use crate::calendar::Holiday;
use crate::civil::{DAY_MS, HOUR_MS};
use crate::testing::id;
use proptest::prelude::*;

fn m(text: &str) -> Moment {
    text.parse().unwrap()
}

fn layer(name: &str, people: &[&str], turn: Turn) -> Layer {
    Layer {
        name: name.into(),
        people: people.iter().map(|p| id(p)).collect(),
        starts_on: "2026-01-05".parse().unwrap(),
        handoff_at: "08:00".parse().unwrap(),
        turn,
        restrict: None,
        on_holidays: OnHolidays::AsUsual,
        time_zone: None,
    }
}

fn schedule(layers: Vec<Layer>) -> Schedule {
    Schedule {
        id: "sch_soc".parse().unwrap(),
        name: "Security Operations".into(),
        time_zone: "Europe/Berlin".into(),
        layers,
        overrides: Vec::new(),
        swaps: Vec::new(),
        holidays: None,
        deleted: false,
    }
}

fn window(days: &[Weekday], from: &str, to: &str) -> Window {
    Window {
        weekdays: days.to_vec(),
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
    }
}

fn over(n: u8, from: &str, to: &str, who: &str, set: &str) -> Override {
    Override {
        id: OverrideId::from_bytes([n; 16]),
        from: m(from),
        to: m(to),
        person: id(who),
        reason: "away".into(),
        set_at: m(set),
    }
}

const WEEKLY: Turn = Turn::Weekly {
    weekday: Weekday::Monday,
};

fn roster(s: &Schedule) -> Roster<'_> {
    Roster::new(s, &[], |_| true)
}

/// Shifts as lines: from, to, who.
fn lines(shifts: &[Shift]) -> Vec<String> {
    let line = |s: &Shift| {
        let who = s.person.as_ref().map_or("-", |p| &p.as_str()[4..]);
        format!(
            "{} {} {who}",
            &s.from.to_string()[..16],
            &s.to.to_string()[..16]
        )
    };
    shifts.iter().map(line).collect()
}

#[test]
fn a_weekly_turn_keeps_its_hour_when_summer_time_comes_and_goes() {
    let s = schedule(vec![layer("Week", &["ben", "cleo"], WEEKLY)]);
    let spring = roster(&s).shifts(m("2026-03-23T07:00:00Z"), m("2026-04-06T06:00:00Z"));
    assert_eq!(
        lines(&spring),
        [
            "2026-03-23T07:00 2026-03-30T06:00 cleo",
            "2026-03-30T06:00 2026-04-06T06:00 ben"
        ]
    );
    let autumn = roster(&s).shifts(m("2026-10-19T06:00:00Z"), m("2026-11-02T07:00:00Z"));
    assert_eq!(
        lines(&autumn),
        [
            "2026-10-19T06:00 2026-10-26T07:00 cleo",
            "2026-10-26T07:00 2026-11-02T07:00 ben"
        ]
    );
}

#[test]
fn the_first_week_is_shorter_when_it_begins_on_another_day() {
    let mut week = layer("Week", &["ben", "cleo"], WEEKLY);
    week.starts_on = "2026-01-07".parse().unwrap();
    let s = schedule(vec![week]);
    let shifts = roster(&s).shifts(m("2026-01-05T00:00:00Z"), m("2026-01-19T07:00:00Z"));
    assert_eq!(
        lines(&shifts),
        [
            "2026-01-05T00:00 2026-01-07T07:00 -",
            "2026-01-07T07:00 2026-01-12T07:00 ben",
            "2026-01-12T07:00 2026-01-19T07:00 cleo"
        ]
    );
}

#[test]
fn a_handoff_in_the_hour_that_is_skipped_or_repeated_happens_once() {
    let mut night = layer("Hours", &["ben", "cleo"], Turn::Hours { n: 1 });
    night.handoff_at = "00:30".parse().unwrap();
    let s = schedule(vec![night]);
    let count = |from: &str, to: &str| roster(&s).shifts(m(from), m(to)).len();
    // Berlin 00:30 to 05:30 on the wall: in spring one handoff falls into the jump, in autumn one lasts two hours.
    assert_eq!(count("2026-03-28T23:30:00Z", "2026-03-29T03:30:00Z"), 5);
    assert_eq!(count("2026-10-24T22:30:00Z", "2026-10-25T04:30:00Z"), 5);
    let autumn = roster(&s).shifts(m("2026-10-24T22:30:00Z"), m("2026-10-25T04:30:00Z"));
    let long: Vec<_> = autumn
        .iter()
        .map(|s| s.to.since(s.from) / HOUR_MS)
        .collect();
    assert_eq!(long, [1, 1, 2, 1, 1]);
}

#[test]
fn follow_the_sun_has_three_places_and_tells_the_hour_nobody_has() {
    let work = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
    ];
    let place = |name: &str, zone: &str, who: &str| Layer {
        restrict: Some(vec![window(&work, "08:00", "16:00")]),
        time_zone: Some(zone.into()),
        ..layer(name, &[who], Turn::Daily)
    };
    let s = schedule(vec![
        place("Singapore", "Asia/Singapore", "ben"),
        place("Berlin", "Europe/Berlin", "cleo"),
        place("New York", "America/New_York", "dan"),
    ]);
    let s = s.validate().unwrap();
    let day = roster(&s).shifts(m("2026-07-01T00:00:00Z"), m("2026-07-02T00:00:00Z"));
    assert_eq!(
        lines(&day),
        [
            "2026-07-01T00:00 2026-07-01T08:00 ben",
            "2026-07-01T08:00 2026-07-01T14:00 cleo",
            "2026-07-01T14:00 2026-07-01T20:00 dan",
            "2026-07-01T20:00 2026-07-02T00:00 -"
        ]
    );
    let gaps = roster(&s).gaps(m("2026-07-01T00:00:00Z"), m("2026-07-02T00:00:00Z"));
    assert_eq!(lines(&gaps), ["2026-07-01T20:00 2026-07-02T00:00 -"]);
}

#[test]
fn a_window_goes_on_over_midnight_and_a_whole_day_is_a_day() {
    let mut night = layer("Nights", &["ben"], Turn::Daily);
    night.restrict = Some(vec![
        window(&[Weekday::Friday], "22:00", "06:00"),
        window(&[Weekday::Sunday], "00:00", "24:00"),
    ]);
    let s = schedule(vec![night]).validate().unwrap();
    let shifts = roster(&s).shifts(m("2026-01-09T12:00:00Z"), m("2026-01-13T00:00:00Z"));
    assert_eq!(
        lines(&shifts),
        [
            "2026-01-09T12:00 2026-01-09T21:00 -",
            "2026-01-09T21:00 2026-01-10T05:00 ben",
            "2026-01-10T05:00 2026-01-10T23:00 -",
            "2026-01-10T23:00 2026-01-11T23:00 ben",
            "2026-01-11T23:00 2026-01-13T00:00 -"
        ]
    );
}

#[test]
fn on_holidays_a_layer_is_off_or_comes_only_then() {
    let day = Layer {
        on_holidays: OnHolidays::Off,
        ..layer("Days", &["ben"], Turn::Daily)
    };
    let feast = Layer {
        on_holidays: OnHolidays::Only,
        ..layer("Feasts", &["cleo"], Turn::Daily)
    };
    let mut s = schedule(vec![day, feast]);
    assert!(
        s.clone()
            .validate()
            .unwrap_err()
            .message
            .contains("calendar")
    );
    s.holidays = Some("cal_de".parse().unwrap());
    let s = s.validate().unwrap();
    let holidays = [Holiday {
        date: "2026-12-25".parse().unwrap(),
        name: "Christmas".into(),
    }];
    let roster = Roster::new(&s, &holidays, |_| true);
    let shifts = roster.shifts(m("2026-12-24T12:00:00Z"), m("2026-12-26T12:00:00Z"));
    assert_eq!(
        lines(&shifts),
        [
            "2026-12-24T12:00 2026-12-24T23:00 ben",
            "2026-12-24T23:00 2026-12-25T23:00 cleo",
            "2026-12-25T23:00 2026-12-26T12:00 ben"
        ]
    );
}

#[test]
fn the_highest_layer_counts_then_the_latest_override_or_accepted_swap() {
    let mut s = schedule(vec![
        layer("Top", &["ben"], Turn::Daily),
        layer("Low", &["cleo"], Turn::Daily),
    ]);
    let at = m("2026-11-22T12:00:00Z");
    assert_eq!(roster(&s).on_call(at), Some(id("ben")));
    s.overrides = vec![
        over(
            1,
            "2026-11-22T10:00:00Z",
            "2026-11-22T14:00:00Z",
            "dan",
            "2026-11-02T00:00:00Z",
        ),
        over(
            2,
            "2026-11-22T11:00:00Z",
            "2026-11-22T13:00:00Z",
            "cleo",
            "2026-11-01T00:00:00Z",
        ),
    ];
    assert_eq!(roster(&s).on_call(at), Some(id("dan")));
    s.swaps.push(Swap {
        id: SwapId::from_bytes([1; 16]),
        from: m("2026-11-22T11:00:00Z"),
        to: m("2026-11-22T13:00:00Z"),
        giver: id("dan"),
        receiver: id("lena"),
        reason: String::new(),
        asked_at: m("2026-11-03T00:00:00Z"),
        answered_at: None,
        state: SwapState::Asked,
    });
    assert_eq!(
        roster(&s).on_call(at),
        Some(id("dan")),
        "a swap that was only asked changes nothing"
    );
    s.swaps[0].state = SwapState::Accepted;
    s.swaps[0].answered_at = Some(m("2026-11-04T00:00:00Z"));
    assert_eq!(roster(&s).on_call(at), Some(id("lena")));
    let because = roster(&s).shifts(at, at.plus_ms(1))[0].because.clone();
    assert_eq!(because, Because::Swap { giver: id("dan") });
    assert_eq!(
        roster(&s).on_call(m("2026-11-22T13:00:00Z")),
        Some(id("dan"))
    );
    assert_eq!(
        roster(&s).on_call(m("2026-11-22T14:00:00Z")),
        Some(id("ben"))
    );
}

#[test]
fn somebody_who_left_is_passed_over_and_named() {
    let s = schedule(vec![
        layer("Top", &["gone", "ben"], Turn::Daily),
        layer("Low", &["cleo"], Turn::Daily),
    ]);
    let roster = Roster::new(&s, &[], |p| *p != id("gone"));
    let shifts = roster.shifts(m("2026-01-05T07:00:00Z"), m("2026-01-07T07:00:00Z"));
    assert_eq!(
        lines(&shifts),
        [
            "2026-01-05T07:00 2026-01-06T07:00 cleo",
            "2026-01-06T07:00 2026-01-07T07:00 ben"
        ]
    );
    assert_eq!(shifts[0].passed_over, [id("gone")]);
    let alone = schedule(vec![layer("Top", &["gone"], Turn::Daily)]);
    let roster = Roster::new(&alone, &[], |p| *p != id("gone"));
    let gaps = roster.gaps(m("2026-01-05T07:00:00Z"), m("2026-01-07T07:00:00Z"));
    assert_eq!(
        gaps.len(),
        1,
        "one gap, however many turns it takes: {gaps:?}"
    );
    assert_eq!(gaps[0].passed_over, [id("gone")]);
}

#[test]
fn now_and_next_join_turns_of_the_same_person() {
    let s = schedule(vec![layer("Days", &["ben", "ben", "cleo"], Turn::Daily)]);
    let found = roster(&s).now_and_next(m("2026-01-05T12:00:00Z"));
    assert_eq!(
        lines(&[found.now]),
        ["2026-01-05T12:00 2026-01-07T07:00 ben"]
    );
    assert_eq!(
        lines(&[found.next.unwrap()]),
        ["2026-01-07T07:00 2026-01-08T07:00 cleo"]
    );
    let alone = schedule(vec![layer("Days", &["ben"], Turn::Daily)]);
    assert_eq!(
        roster(&alone).now_and_next(m("2026-01-05T12:00:00Z")).next,
        None
    );
}

#[test]
fn what_could_not_work_is_refused_with_the_field() {
    let ok = || schedule(vec![layer("Days", &["ben", "ben"], Turn::Daily)]);
    assert!(ok().validate().is_ok(), "somebody may be named twice");
    let field = |change: &dyn Fn(&mut Schedule)| {
        let mut s = ok();
        change(&mut s);
        s.validate().unwrap_err().field.unwrap()
    };
    assert_eq!(field(&|s| s.layers.clear()), "layers");
    assert_eq!(field(&|s| s.time_zone = "Mars/Olympus".into()), "time_zone");
    assert_eq!(
        field(&|s| s.layers[0].time_zone = Some("Mars/Olympus".into())),
        "layers.0.time_zone"
    );
    assert_eq!(field(&|s| s.layers[0].people.clear()), "layers.0.people");
    for hours in [i64::MIN, -1, 0, 10_000, i64::MAX] {
        assert_eq!(
            field(&|s| s.layers[0].turn = Turn::Hours { n: hours }),
            "layers.0.turn"
        );
    }
    assert_eq!(
        field(&|s| s.layers[0].handoff_at = TimeOfDay::END),
        "layers.0.handoff_at"
    );
    assert_eq!(
        field(&|s| s.layers[0].restrict = Some(vec![])),
        "layers.0.restrict"
    );
    let windows = [
        window(&[], "08:00", "09:00"),
        window(&[Weekday::Monday], "08:00", "08:00"),
        window(&[Weekday::Monday], "24:00", "08:00"),
    ];
    for w in windows {
        assert_eq!(
            field(&|s| s.layers[0].restrict = Some(vec![w.clone()])),
            "layers.0.restrict"
        );
    }
    let back = over(
        1,
        "2026-11-22T10:00:00Z",
        "2026-11-22T10:00:00Z",
        "dan",
        "2026-11-02T00:00:00Z",
    );
    assert_eq!(field(&|s| s.overrides.push(back.clone())), "overrides");
    assert_eq!(field(&|s| s.name = " ".into()), "name");
    for year in ["0001-01-01", "1969-12-31", "10000-01-01"] {
        let mut json = serde_json::to_value(ok()).unwrap();
        json["layers"][0]["starts_on"] = year.into();
        assert!(serde_json::from_value::<Schedule>(json).is_err(), "{year}");
    }
}

#[test]
fn a_schedule_is_read_back_as_written() {
    let mut s = schedule(vec![
        layer("Days", &["ben"], WEEKLY),
        layer("Hours", &["ben"], Turn::Hours { n: 12 }),
    ]);
    s.layers[0].restrict = Some(vec![window(&[Weekday::Monday], "22:00", "06:00")]);
    let text = serde_json::to_string(&s).unwrap();
    assert!(
        text.contains(r#""turn":{"every":"week","weekday":"mon"}"#),
        "{text}"
    );
    assert_eq!(serde_json::from_str::<Schedule>(&text).unwrap(), s);
}

#[test]
fn ninety_days_of_hourly_turns_are_worked_out_in_bounded_steps() {
    let hourly = layer("Hours", &["ben", "cleo", "dan"], Turn::Hours { n: 1 });
    let s = schedule(vec![hourly]);
    let from = m("2026-11-22T00:00:00Z");
    assert_eq!(
        roster(&s).shifts(from, from.plus_ms(90 * DAY_MS)).len(),
        90 * 24
    );
    let all = roster(&s).shifts(from, Moment::MAX);
    assert_eq!(
        all.last().unwrap().to,
        from.plus_ms(roster::LONGEST_SPAN_MS)
    );
    assert!(roster(&s).on_call(Moment::MAX).is_some() && roster(&s).on_call(Moment(0)).is_none());
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        Just(Turn::Daily),
        (0..7usize).prop_map(|n| Turn::Weekly {
            weekday: Weekday::ALL[n]
        }),
        (1..400i64).prop_map(|hours| Turn::Hours { n: hours }),
    ]
}

fn time() -> impl Strategy<Value = TimeOfDay> {
    (0..24u8, 0..4u8).prop_map(|(h, q)| format!("{h:02}:{:02}", q * 15).parse().unwrap())
}

fn some_layer() -> impl Strategy<Value = Layer> {
    let zone = prop::sample::select(vec![
        "",
        "Australia/Lord_Howe",
        "America/St_Johns",
        "Africa/Casablanca",
        "Asia/Kolkata",
    ]);
    let windows = prop::collection::vec(
        (prop::collection::vec(0..7usize, 1..5), time(), time()),
        0..3,
    );
    let people = prop::collection::vec(
        prop::sample::select(vec!["ben", "cleo", "dan", "gone"]),
        1..5,
    );
    (turn(), time(), zone, windows, people, 0..400i64, 0..3u8).prop_map(
        |(turn, handoff_at, zone, windows, people, day, holidays)| {
            let windows: Vec<Window> = windows
                .into_iter()
                .filter(|(_, from, to)| from != to)
                .map(|(days, from, to)| Window {
                    weekdays: days.into_iter().map(|d| Weekday::ALL[d]).collect(),
                    from,
                    to,
                })
                .collect();
            let start: Day = "2025-01-01".parse().unwrap();
            Layer {
                starts_on: start.plus(day),
                handoff_at,
                restrict: (!windows.is_empty()).then_some(windows),
                on_holidays: [OnHolidays::AsUsual, OnHolidays::Off, OnHolidays::Only]
                    [usize::from(holidays)],
                time_zone: (!zone.is_empty()).then(|| zone.to_owned()),
                ..layer("Layer", &people, turn)
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn shifts_tile_the_span_and_agree_with_who_is_on_call(
        layers in prop::collection::vec(some_layer(), 1..4),
        overrides in prop::collection::vec((0..40_000i64, 1..4_000i64, 0..3usize, 0..5i64), 0..4),
        start in 0..500_000i64,
        days in prop::collection::btree_set(0..500i64, 0..8),
    ) {
        let from = m("2025-06-01T00:00:00Z").plus_ms(start * 60_000);
        let to = from.plus_ms(40 * DAY_MS);
        let mut s = schedule(layers);
        s.holidays = Some("cal_x".parse().unwrap());
        s.overrides = overrides.into_iter().enumerate().map(|(n, (begin, long, who, set))| Override {
            id: OverrideId::from_bytes([u8::try_from(n).unwrap(); 16]),
            from: from.plus_ms(begin * 60_000),
            to: from.plus_ms((begin + long) * 60_000),
            person: id(["ben", "cleo", "gone"][who]),
            reason: String::new(),
            set_at: from.plus_ms(set),
        }).collect();
        let s = s.validate().unwrap();
        let first: Day = "2025-05-20".parse().unwrap();
        let holidays: Vec<_> = days.into_iter().map(|d| Holiday { date: first.plus(d), name: String::new() }).collect();
        let roster = Roster::new(&s, &holidays, |p| *p != id("gone"));
        let shifts = roster.shifts(from, to);
        prop_assert_eq!(shifts.first().unwrap().from, from);
        prop_assert_eq!(shifts.last().unwrap().to, to);
        for pair in shifts.windows(2) {
            prop_assert_eq!(pair[0].to, pair[1].from);
        }
        for shift in &shifts {
            prop_assert!(shift.from < shift.to);
            for at in [shift.from, shift.from.plus_ms(1), shift.to.plus_ms(-1)] {
                prop_assert_eq!(roster.on_call(at.min(shift.to.plus_ms(-1))), shift.person.clone());
            }
            prop_assert_eq!(shift.person.is_none(), matches!(shift.because, Because::Nobody));
        }
        // Boundaries say whether something changes in between was missed: look at every quarter of an hour too.
        for quarter in 0..(40 * 96) {
            let at = from.plus_ms(quarter * 15 * 60_000);
            let shift = shifts.iter().find(|s| s.from <= at && at < s.to).unwrap();
            prop_assert_eq!(roster.on_call(at), shift.person.clone());
        }
    }
}
