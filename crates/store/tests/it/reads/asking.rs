//! Who may ask at all, and what is said to a request that cannot be answered.

use midwatch_domain::access::{TokenScope, Viewer};
use midwatch_domain::query::{Expr, Resolved, Sort, SortKey};
use midwatch_store::Fault;
use midwatch_store::read::record::RecordFilter;
use midwatch_store::read::tickets::list_tickets;
use midwatch_store::read::{counts, record, suggest, watch};
use midwatch_testkit::{Engine, TestDesk, on_both_engines};

on_both_engines!(
    every_statement_is_taken,
    a_token_without_the_scope_reads_nothing,
    a_forged_cursor_is_refused,
);

fn everything() -> Resolved {
    Resolved {
        filter: Expr::And(Vec::new()),
        sort: None,
    }
}

fn code(fault: Fault) -> String {
    match fault {
        Fault::Refused(r) => r.code,
        Fault::Store(e) => panic!("{e}"),
    }
}

async fn every_statement_is_taken(engine: Engine) {
    let t = TestDesk::new(engine).await;
    t.read(|tx| {
        let all = midwatch_store::statements(tx.is_pg());
        assert!(all.len() > 60, "{}", all.len());
        for sql in all {
            tx.check(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
        }
        Ok(())
    })
    .unwrap();
}

async fn a_token_without_the_scope_reads_nothing(engine: Engine) {
    let t = TestDesk::new(engine).await;
    t.open(&t.cast.ben.clone(), "Seen").await;
    let token = Viewer {
        scopes: Some([TokenScope::Open].into()),
        ..t.as_(&t.cast.ben)
    };
    let (filter, d) = (
        RecordFilter::default(),
        t.read(|tx| Ok(t.desk.store.directory(tx)?)).unwrap(),
    );
    let refusals = [
        t.read(|tx| list_tickets(tx, &token, &everything(), None, None, 10).map(|_| ())),
        t.read(|tx| record::changes(tx, &token, 0, 10).map(|_| ())),
        t.read(|tx| record::browse(tx, &token, &d, &filter, None, 10).map(|_| ())),
        t.read(|tx| counts::nav(tx, &token).map(|_| ())),
        t.read(|tx| watch::owned(tx, &token, 10).map(|_| ())),
        t.read(|tx| suggest::tags(tx, &token, "", 10).map(|_| ())),
    ];
    for refusal in refusals {
        assert_eq!(code(refusal.unwrap_err()), "forbidden");
    }
    for who in [&t.cast.rui, &t.cast.ben] {
        let viewer = t.as_(who);
        let may = viewer
            .may(midwatch_domain::access::Action::ReadRecord)
            .is_ok();
        let got = t.read(|tx| record::browse(tx, &viewer, &d, &filter, None, 10));
        assert_eq!(got.is_ok(), may);
    }
}

async fn a_forged_cursor_is_refused(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let ben = t.cast.ben.clone();
    for title in ["one", "two", "three"] {
        t.open(&ben, title).await;
    }
    let viewer = t.as_(&ben);
    let list = |sort: SortKey, cursor: Option<&str>| {
        let sort = Sort {
            key: sort,
            descending: true,
        };
        t.read(|tx| list_tickets(tx, &viewer, &everything(), Some(sort), cursor, 1))
    };
    let cursor = list(SortKey::Updated, None).unwrap().next.unwrap();
    assert_eq!(
        list(SortKey::Updated, Some(&cursor)).unwrap().rows[0]
            .number
            .0,
        2
    );
    let long = "A".repeat(10_000);
    for (sort, forged) in [
        (SortKey::Severity, cursor.as_str()),
        (SortKey::Updated, "x'; DROP TABLE tickets; --"),
        (SortKey::Updated, &cursor[..cursor.len() - 4]),
        (SortKey::Updated, ""),
        (SortKey::Updated, "\u{0}"),
        (SortKey::Updated, &long),
    ] {
        assert_eq!(
            code(list(sort, Some(forged)).unwrap_err()),
            "invalid.cursor",
            "{forged:.60}"
        );
    }
    // Beyond every ticket there is nothing, and nothing breaks.
    for after in [0, i64::MAX] {
        let got = t.read(|tx| record::changes(tx, &viewer, after, 10));
        assert_eq!(got.is_ok(), after == 0);
    }
}
