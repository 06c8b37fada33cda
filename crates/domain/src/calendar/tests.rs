//! Working time held to what it promises: a table counted by another program, properties over hard zones, refusals. Knows no page.

use super::*;
use crate::civil::{DAY_MS, HOUR_MS};
use proptest::prelude::*;

fn m(text: &str) -> Moment {
    text.parse().unwrap()
}

fn span(from: &str, to: &str) -> Span {
    Span {
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
    }
}

/// A calendar as the table writes it: `mon-fri 09:00-12:00 13:00-17:00; sat 10:00-14:00`, holidays by date.
fn calendar(zone: &str, week: &str, holidays: &[&str]) -> Calendar {
    let mut days: BTreeMap<Weekday, Vec<Span>> = BTreeMap::new();
    for part in week.split("; ") {
        let (range, spans) = part.split_once(' ').unwrap();
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (Weekday, Weekday) = (first.parse().unwrap(), last.parse().unwrap());
        let spans: Vec<Span> = spans
            .split(' ')
            .map(|s| s.split_once('-').map(|(a, b)| span(a, b)).unwrap())
            .collect();
        for day in Weekday::ALL.iter().filter(|d| (first..=last).contains(d)) {
            days.insert(*day, spans.clone());
        }
    }
    Calendar {
        id: "cal_test".parse().unwrap(),
        name: "Office".into(),
        time_zone: zone.into(),
        week: days,
        holidays: holidays
            .iter()
            .map(|d| Holiday {
                date: d.parse().unwrap(),
                name: "Holiday".into(),
            })
            .collect(),
        deleted: false,
    }
    .validate()
    .unwrap()
}

fn office() -> Calendar {
    calendar(
        "Europe/Berlin",
        "mon-fri 09:00-17:00",
        &["2026-12-25", "2027-01-01"],
    )
}

#[test]
fn working_time_skips_nights_weekends_and_holidays() {
    let c = office();
    // Wednesday, 23 December 2026: two hours are left, Thursday has eight, Friday is Christmas; Monday gives the last two.
    let from = m("2026-12-23T14:00:00Z");
    assert_eq!(c.add(from, 12 * HOUR_MS), m("2026-12-28T10:00:00Z"));
    assert_eq!(c.between(from, m("2026-12-28T10:00:00Z")), 12 * HOUR_MS);
    assert_eq!(c.between(m("2026-12-28T10:00:00Z"), from), -12 * HOUR_MS);
    assert!(c.is_working(from) && !c.is_working(m("2026-12-25T10:00:00Z")));
    assert!(!c.is_working(m("2026-12-23T16:00:00Z")), "17:00 is the end");
    assert_eq!(c.add(from, 2 * HOUR_MS), m("2026-12-23T16:00:00Z"));
    assert_eq!(
        c.add(m("2026-12-25T10:00:00Z"), 0),
        m("2026-12-25T10:00:00Z")
    );
}

#[test]
fn working_days_are_counted_over_the_end_of_the_year() {
    let c = office();
    let from = m("2026-12-23T14:00:00Z");
    assert_eq!(c.next_working_day_noon(from), m("2026-12-24T11:00:00Z"));
    assert_eq!(
        c.next_working_day_noon(m("2026-12-24T23:30:00Z")),
        m("2026-12-28T11:00:00Z")
    );
    // 24, 28, 29, 30, 31 December, then Monday, 4 January.
    assert_eq!(c.add_working_days(from, 6), m("2027-01-04T14:00:00Z"));
    assert_eq!(
        c.add_working_days(m("2026-03-27T14:00:00Z"), 1),
        m("2026-03-30T13:00:00Z"),
        "same hour on the wall"
    );
    assert_eq!(c.add_working_days(from, 0), from);
}

#[test]
fn a_night_shift_is_shorter_in_spring_and_longer_in_autumn() {
    let c = calendar("Europe/Berlin", "mon-sun 00:00-06:00", &[]);
    let night = |day: &str| {
        let day: Day = day.parse().unwrap();
        c.between(
            c.moment(day, TimeOfDay::MIDNIGHT),
            c.moment(day, TimeOfDay::END),
        ) / HOUR_MS
    };
    assert_eq!(
        (
            night("2026-03-28"),
            night("2026-03-29"),
            night("2026-10-25")
        ),
        (6, 5, 7)
    );
}

#[test]
fn what_could_not_work_is_refused() {
    let refuse = |change: &dyn Fn(&mut Calendar)| {
        let mut c = office();
        change(&mut c);
        c.validate().unwrap_err()
    };
    assert_eq!(refuse(&|c| c.name = String::new()).field.unwrap(), "name");
    assert_eq!(
        refuse(&|c| c.time_zone = "Europe/Atlantis".into())
            .field
            .unwrap(),
        "time_zone"
    );
    assert!(
        refuse(&|c| c.week.clear())
            .message
            .contains("no working hour")
    );
    assert!(
        refuse(&|c| c.week.values_mut().for_each(Vec::clear))
            .message
            .contains("no working hour")
    );
    let day = |spans: Vec<Span>| {
        refuse(&move |c| drop(c.week.insert(Weekday::Monday, spans.clone()))).message
    };
    assert!(day(vec![span("09:00", "09:00")]).contains("no length"));
    assert!(day(vec![span("22:00", "06:00")]).contains("two spans"));
    assert!(day(vec![span("09:00", "12:00"), span("11:00", "15:00")]).contains("overlap"));
}

#[test]
fn the_ends_of_time_are_reached_without_panic_or_delay() {
    let rare = calendar("Pacific/Kiritimati", "sun 23:59-24:00", &[]);
    assert_eq!(rare.add(Moment(0), i64::MAX), Moment::MAX);
    assert_eq!(rare.add(Moment::MAX, HOUR_MS), Moment::MAX);
    assert_eq!(rare.between(Moment::MAX, Moment::MAX), 0);
    assert!(rare.between(Moment(0), Moment::MAX) > 0);
    for at in [Moment(0), Moment::MAX] {
        for n in [0, 1, u32::MAX] {
            assert!(rare.add_working_days(at, n) <= Moment::MAX);
        }
        rare.next_working_day_noon(at);
        rare.is_working(at);
    }
    // One that nobody validated.
    let never = Calendar {
        week: BTreeMap::new(),
        ..office()
    };
    assert_eq!(never.add(Moment(0), 1), Moment::MAX);
    assert!(!never.is_working(Moment(0)));
}

/// The table says what the wall clock of each zone says, minute by minute; see its description beside it.
#[test]
fn five_hundred_deadlines_come_when_the_table_says() {
    let table = include_str!("../../../../fixtures/deadlines.csv");
    let mut count = 0;
    let mut wrong = Vec::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [_, zone, week, holidays, from, kind, amount, expected] = cells[..] else {
            panic!("{line}")
        };
        let holidays: Vec<&str> = holidays.split_whitespace().collect();
        let c = calendar(zone, week, &holidays);
        let from = m(from);
        let amount: i64 = amount.parse().unwrap();
        let n = || u32::try_from(amount).unwrap();
        let found = match kind {
            "add" => c.add(from, amount * 60_000),
            "days" => c.add_working_days(from, n()),
            "noon" => c.next_working_day_noon(from),
            other => panic!("{other}"),
        };
        if kind == "add" {
            assert_eq!(c.between(from, found), amount * 60_000, "{line}");
        }
        if found != m(expected) {
            wrong.push(format!("{line} but found {found}"));
        }
        count += 1;
    }
    assert_eq!((count, wrong), (500, Vec::<String>::new()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_is_added_is_between(
        zone in prop::sample::select(vec!["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "Asia/Beirut", "UTC"]),
        week in prop::sample::select(vec!["mon-fri 09:00-17:00", "mon-sun 00:00-24:00", "mon-sun 00:15-02:45 02:45-03:10 22:00-24:00", "sun 01:30-02:30", "sat-sun 00:00-03:00"]),
        start in 0..30 * 366 * 1440i64,
        first in 1..40 * HOUR_MS,
        second in 1..400 * HOUR_MS,
        holidays in prop::collection::btree_set(0..30 * 366i64, 0..20),
    ) {
        let mut c = calendar(zone, week, &[]);
        let begin: Day = "2000-01-01".parse().unwrap();
        c.holidays = holidays.into_iter().map(|d| Holiday { date: begin.plus(d), name: String::new() }).collect();
        let a = m("2000-01-01T00:00:00Z").plus_ms(start * 60_000);
        let b = c.add(a, first);
        prop_assert_eq!(c.between(a, b), first);
        prop_assert!(c.is_working(b.plus_ms(-1)), "time passes only while work is done");
        prop_assert_eq!(c.add(b, second), c.add(a, first + second));
        prop_assert!(c.between(a, a.plus_ms(DAY_MS)) <= DAY_MS);
        // Midnight to midnight is all of the time there is.
        if week == "mon-sun 00:00-24:00" && c.holidays.is_empty() {
            prop_assert_eq!(b.since(a), first);
        }
    }
}
