//! A list is exactly the tickets that match and that the viewer sees, in order, whichever way leads there.

use midwatch_domain::access::Viewer;
use midwatch_domain::query::{Resolved, Sort, SortKey};
use midwatch_domain::ticket::Ticket;
use midwatch_store::read::counts::count_tickets;
use midwatch_store::read::facets::facets;
use midwatch_store::read::tickets::{Bounds, Cut, DEFAULT_SORT, TicketRow, list_within};
use midwatch_testkit::{Engine, on_both_engines};

use super::world::{Dice, World, sort};

on_both_engines!(lists_agree_with_the_rules);

/// The usual bounds and ever narrower ones, so that every way is taken.
const BOUNDS: &[Bounds] = &[
    Bounds {
        few: 2000,
        many: 2000,
        each: 40,
        looks: &[1000],
        looks_for_words: &[1000],
    },
    Bounds {
        few: 2000,
        many: 2000,
        each: 0,
        looks: &[1000],
        looks_for_words: &[1000],
    },
    Bounds {
        few: 12,
        many: 20,
        each: 3,
        looks: &[4, 9],
        looks_for_words: &[3],
    },
    Bounds {
        few: 0,
        many: 0,
        each: 0,
        looks: &[1, 2, 5],
        looks_for_words: &[2, 7],
    },
];

async fn lists_agree_with_the_rules(engine: Engine) {
    for seed in [7, 8] {
        let world = World::new(engine, 45, seed).await;
        let tickets: Vec<Ticket> = world.numbers().map(|n| world.t.ticket(n)).collect();
        assert!(
            tickets.iter().any(|t| t.restricted_to.is_some())
                && tickets.iter().any(|t| !t.is_open())
        );
        let mut dice = Dice::new(seed + 100);
        let (viewers, mut found) = (world.viewers(), 0);
        for round in 0..160 {
            let viewer = dice.pick(&viewers).clone();
            let query = world.query(&mut dice);
            let sort = (dice.roll(2) == 0).then(|| sort(&mut dice));
            let bounds = &BOUNDS[round % BOUNDS.len()];
            let expected = expected(&world, &tickets, &viewer, &query, sort);
            let limit = [1, 3, 8, 200][dice.roll(4)];
            let (got, newest_only) =
                all_pages((&world, &tickets), &viewer, &query, sort, limit, bounds);
            let context = format!(
                "seed {seed} round {round}: {viewer:?} {query:?} {sort:?} {bounds:?} limit {limit}"
            );
            if newest_only {
                assert!(got.iter().all(|n| expected.contains(n)), "{context}");
            } else {
                assert_eq!(got, expected, "{context}");
            }
            found += expected.len();
            count_agrees(&world, &viewer, &query, expected.len(), &context);
        }
        assert!(
            found > 500,
            "the queries of this seed hardly find anything: {found}"
        );
    }
}

fn count_agrees(world: &World, viewer: &Viewer, query: &Resolved, expected: usize, context: &str) {
    let (count, facets) = world
        .t
        .read(|tx| {
            Ok((
                count_tickets(tx, viewer, query, 10_000)?,
                facets(tx, viewer, query)?,
            ))
        })
        .unwrap();
    let expected = i64::try_from(expected).unwrap();
    assert_eq!((count.n, count.more), (expected, false), "{context}");
    assert_eq!(
        (facets.counted, facets.more),
        (expected, false),
        "{context}"
    );
    for sum in [
        facets.severities.iter().map(|(_, n)| n).sum::<i64>(),
        facets.owners.iter().map(|(_, n)| n).sum(),
        facets.kinds.iter().map(|(_, n)| n).sum(),
    ] {
        assert_eq!(sum, expected, "{context}");
    }
}

fn expected(
    world: &World,
    tickets: &[Ticket],
    viewer: &Viewer,
    query: &Resolved,
    sort: Option<Sort>,
) -> Vec<i64> {
    let matches =
        |t: &&Ticket| viewer.sees(t) && query.matches(t, &|words| world.has(t.number, words));
    let mut out: Vec<&Ticket> = tickets.iter().filter(matches).collect();
    let Sort { key, descending } = sort.or(query.sort).unwrap_or(DEFAULT_SORT);
    let entered = |t: &Ticket| t.intervals.last().map_or(0, |i| i.entered_at.0);
    out.sort_by_key(|t| match key {
        SortKey::Severity => (
            t.severity as i64,
            if descending { -t.number.0 } else { t.number.0 },
        ),
        SortKey::Updated => (t.updated_at.0, t.number.0),
        SortKey::Opened => (t.opened_at.0, t.number.0),
        SortKey::Number => (0, t.number.0),
        SortKey::PhaseAge => (-entered(t), -t.number.0),
    });
    if descending {
        out.reverse();
    }
    out.iter().map(|t| t.number.0).collect()
}

/// Every page after the other; whether older entries were left out.
fn all_pages(
    (world, tickets): (&World, &[Ticket]),
    viewer: &Viewer,
    query: &Resolved,
    sort: Option<Sort>,
    limit: i64,
    bounds: &Bounds,
) -> (Vec<i64>, bool) {
    let (mut out, mut newest_only, mut cursor): (Vec<i64>, bool, Option<String>) =
        (Vec::new(), false, None);
    for _ in 0..500 {
        let asked = (sort, cursor.as_deref(), limit);
        let page = world
            .t
            .read(|tx| list_within(tx, viewer, query, asked, bounds))
            .unwrap();
        assert!(i64::try_from(page.rows.len()).unwrap() <= limit);
        newest_only |= page.cut == Some(Cut::NewestOnly);
        page.rows.iter().for_each(|row| is_the_ticket(tickets, row));
        out.extend(page.rows.iter().map(|r| r.number.0));
        cursor = page.next;
        if cursor.is_none() {
            return (out, newest_only);
        }
    }
    panic!("the pages never end");
}

fn is_the_ticket(tickets: &[Ticket], row: &TicketRow) {
    let t = tickets.iter().find(|t| t.number == row.number).unwrap();
    assert_eq!(
        (&row.title, &row.owner, &row.tags, row.version),
        (&t.title, &t.owner, &t.tags, t.version)
    );
    assert_eq!(
        (row.severity, row.phase, row.outcome, row.closed_at),
        (t.severity, t.phase, t.outcome, t.closed_at)
    );
    assert_eq!(row.offered_to.as_ref(), t.offer.as_ref().map(|o| &o.to));
}
