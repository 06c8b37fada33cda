//! Assets over the whole desk: kept and recorded, taken over from lists, found in tickets as they were at the time.

use midwatch_desk::assets::{self, read};
use midwatch_domain::asset::{Asset, identifier};
use midwatch_domain::id::AssetId;
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::{ObservableKey, Role};
use midwatch_domain::revise::Revision;
use midwatch_domain::ticket::Observe;
use midwatch_domain::words::{Criticality, IdKind, Severity};
use midwatch_store::Fault;
use midwatch_store::plain::asset as rows;
use midwatch_store::rebuild;
use midwatch_testkit::{Engine, TestDesk};

midwatch_testkit::on_both_engines!(
    a_ticket_is_about_the_assets_that_its_values_belong_to,
    a_value_belongs_to_whoever_had_it_at_the_time,
    a_bare_name_in_the_text_is_enough,
    an_asset_that_comes_later_is_found_in_open_tickets,
    a_list_is_taken_over_and_again_changes_nothing,
    a_critical_asset_raises_the_severity_where_the_organisation_says_so,
);

fn asset(n: u8, name: &str, ids: &[(IdKind, &str)]) -> Asset {
    let ids = ids.iter().map(|(k, v)| identifier(*k, v).unwrap());
    Asset {
        name: name.into(),
        identifiers: ids.collect(),
        ..Asset::blank(AssetId::from_bytes([n; 16]))
    }
}

async fn keep(t: &TestDesk, asset: Asset) -> Asset {
    let kept = t.desk.keep_asset(t.as_(&t.cast.ben), asset).await;
    kept.unwrap().asset
}

async fn observe(t: &TestDesk, n: midwatch_domain::id::TicketNo, text: &str) {
    let command = Observe {
        text: Some(text.into()),
        ..Observe::default()
    };
    t.act(&t.cast.ben, n, command).await.unwrap();
}

fn of(t: &TestDesk, value: &str, at: Moment) -> Vec<String> {
    let key: ObservableKey = value.parse().unwrap();
    let found = t.read(|tx| Ok(assets::of(tx, &[], &[key], at)?)).unwrap();
    found.into_iter().map(|m| m.asset.name).collect()
}

/// Rows are what the record gives, and the record can be read.
fn sound(t: &TestDesk) {
    let compared = t.read(|tx| Ok(rebuild::check(tx)?)).unwrap();
    assert!(
        compared.differences.is_empty(),
        "{:?}",
        compared.differences
    );
}

async fn a_ticket_is_about_the_assets_that_its_values_belong_to(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let office = asset(1, "Office network", &[(IdKind::Cidr, "10.1.0.0/16")]);
    keep(&t, office).await;
    let mut db = asset(
        2,
        "db1",
        &[
            (IdKind::Ip, "10.1.2.3"),
            (IdKind::Hostname, "db1.example.com"),
        ],
    );
    db.criticality = Criticality::Critical;
    db.owner = Some(t.cast.lea.clone());
    let db = keep(&t, db).await;
    let first = t.open(&t.cast.rui, "Odd traffic").await;
    observe(&t, first, "10.1.2.3 talks to 203.0.113.9").await;
    let second = t.open(&t.cast.rui, "Odd page").await;
    observe(&t, second, "https://db1.example.com/login").await;
    assert_eq!(t.desk.enrich().await.unwrap(), 2);
    assert_eq!(t.desk.enrich().await.unwrap(), 0);
    let ticket = t.ticket(first);
    let names: Vec<&str> = ticket.assets.values().map(|a| a.because.as_str()).collect();
    assert_eq!(
        names,
        ["10.1.2.3 lies in 10.1.0.0/16", "IP address 10.1.2.3"]
    );
    let role = |value: &str| ticket.observables[&value.parse().unwrap()].role;
    assert_eq!(
        (role("ipv4:10.1.2.3"), role("ipv4:203.0.113.9")),
        (Role::Own, Role::Unknown)
    );
    let says = &t.ticket(second).assets[&db.id].because;
    assert_eq!(
        says,
        "host name db1.example.com in https://db1.example.com/login"
    );
    let tickets = t.read(|tx| {
        midwatch_store::read::assets::tickets_of(tx, &t.as_(&t.cast.aud), &db.id, None, 10)
    });
    let numbers: Vec<_> = tickets.unwrap().0.into_iter().map(|r| r.number).collect();
    assert_eq!(numbers, [second, first]);
    sound(&t);
    // Folded anew it is the same.
    t.desk.rebuild().await.unwrap();
    sound(&t);
}

async fn a_value_belongs_to_whoever_had_it_at_the_time(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let old = keep(&t, asset(1, "old", &[(IdKind::Ip, "10.1.2.3")])).await;
    let begin = t.now();
    t.pass_ms(3_600_000);
    // Another one gets the address first; from then on it belongs to both, until the first gives it up.
    keep(&t, asset(2, "new", &[(IdKind::Ip, "10.1.2.3")])).await;
    keep(
        &t,
        Asset {
            identifiers: vec![],
            ..old.clone()
        },
    )
    .await;
    let end = t.now();
    t.pass_ms(1000);
    assert_eq!(of(&t, "ipv4:10.1.2.3", begin), ["old"]);
    assert_eq!(of(&t, "ipv4:10.1.2.3", end), ["new"]);
    // What is retired is found at earlier times.
    let id = AssetId::from_bytes([2; 16]);
    let retired = t
        .desk
        .retire_asset(t.as_(&t.cast.ben), id.clone())
        .await
        .unwrap();
    assert!(retired.asset.retired_at.is_some());
    assert_eq!(of(&t, "ipv4:10.1.2.3", end), ["new"]);
    assert!(of(&t, "ipv4:10.1.2.3", t.now()).is_empty());
    let denied = t.desk.retire_asset(t.as_(&t.cast.aud), id).await;
    assert!(matches!(denied, Err(Fault::Refused(r)) if r.code == "forbidden"));
    // Nothing new is not recorded again.
    let before = t.read(|tx| Ok(rows::find(tx, &old.id)?)).unwrap().unwrap();
    keep(&t, before.asset.clone()).await;
    let after = t.read(|tx| Ok(rows::find(tx, &old.id)?)).unwrap().unwrap();
    assert_eq!(before, after);
}

async fn a_bare_name_in_the_text_is_enough(engine: Engine) {
    let t = TestDesk::new(engine).await;
    keep(&t, asset(1, "Jump host", &[(IdKind::Hostname, "jump-01")])).await;
    keep(&t, asset(2, "Other", &[(IdKind::Hostname, "jump-011")])).await;
    let n = t.open(&t.cast.rui, "JUMP-01 restarts by itself").await;
    assert_eq!(t.desk.enrich().await.unwrap(), 1);
    let ticket = t.ticket(n);
    assert!(ticket.observables.is_empty());
    let told: Vec<_> = ticket.assets.values().collect();
    assert_eq!(
        (told.len(), told[0].because.as_str()),
        (1, "host name jump-01")
    );
}

async fn an_asset_that_comes_later_is_found_in_open_tickets(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let n = t.open(&t.cast.rui, "Odd traffic").await;
    observe(&t, n, "10.1.2.3").await;
    t.desk.enrich().await.unwrap();
    assert!(t.ticket(n).assets.is_empty());
    keep(
        &t,
        asset(1, "Office network", &[(IdKind::Cidr, "10.1.0.0/16")]),
    )
    .await;
    assert_eq!(t.desk.enrich().await.unwrap(), 1);
    assert_eq!(t.ticket(n).assets.len(), 1);
}

async fn a_list_is_taken_over_and_again_changes_nothing(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let mut list = "name,kind,hostname,ip,owner,team,criticality\n".to_owned();
    for i in 0..250 {
        list += &format!(
            "srv{i},server,srv{i}.example.com,10.2.{}.{},lea@example.org,,high\n",
            i / 200,
            i % 200
        );
    }
    list += "bad,server,a/b,,,,huge\nbroken,gadget,,,,,\n";
    let take = async |text: &str, dry: bool| {
        let (lines, wrong) = read(text.as_bytes()).unwrap();
        let by = t.as_(&t.cast.ben);
        t.desk
            .import_assets(by, "cmdb.csv", lines, wrong, dry)
            .await
            .unwrap()
    };
    let tried = take(&list, true).await;
    assert_eq!((tried.added, tried.refused), (250, 2));
    let count = || {
        t.read(|tx| Ok(rows::counts(tx)?))
            .unwrap()
            .values()
            .sum::<i64>()
    };
    assert_eq!(count(), 0);
    let done = take(&list, false).await;
    assert_eq!(
        (done.added, done.changed, done.same, done.refused),
        (250, 0, 0, 2)
    );
    let wrong: Vec<(u64, &str)> = done
        .wrong
        .iter()
        .map(|w| (w.line, w.column.as_str()))
        .collect();
    assert_eq!(
        wrong,
        [(252, "criticality"), (252, "hostname"), (253, "kind")]
    );
    let again = take(&list, false).await;
    assert_eq!((again.added, again.changed, again.same), (0, 0, 250));
    // Named by its host name it is renamed; its address is another from now on.
    let moved = take("name,hostname,ip\ndb9,srv9.example.com,10.9.9.9\n", false).await;
    assert_eq!(moved.changed, 1);
    assert_eq!(of(&t, "domain:srv9.example.com", t.now()), ["db9"]);
    assert_eq!(of(&t, "ipv4:10.2.0.9", t.now()), Vec::<String>::new());
    // Two assets by one line are nobody's.
    let both = take(
        "name,hostname\nx,srv1.example.com srv2.example.com\n",
        false,
    )
    .await;
    assert_eq!((both.refused, both.wrong[0].line), (1, 2));
    let entries = "SELECT COUNT(*) FROM log WHERE kind = 'assets_imported'";
    let entries = t.read(|tx| Ok(tx.one(entries, &[])?.int(0)?)).unwrap();
    // Two parts, and what was renamed.
    assert_eq!(entries, 3);
    assert_eq!(count(), 250);
}

async fn a_critical_asset_raises_the_severity_where_the_organisation_says_so(engine: Engine) {
    let t = TestDesk::new(engine).await;
    let d = t.read(|tx| Ok(t.desk.store.directory(tx)?)).unwrap();
    let mut organisation = d.organisation.clone().unwrap();
    organisation.severity_by_criticality = [(Criticality::Critical, Severity::Critical)].into();
    let revised = t
        .desk
        .revise(t.as_(&t.cast.ada), Revision::Organisation(organisation));
    revised.await.unwrap();
    let mut db = asset(1, "db1", &[(IdKind::Ip, "10.1.2.3")]);
    db.criticality = Criticality::Critical;
    keep(&t, db).await;
    let n = t.open(&t.cast.rui, "Odd traffic").await;
    observe(&t, n, "10.1.2.3").await;
    t.desk.enrich().await.unwrap();
    let ticket = t.ticket(n);
    assert_eq!(ticket.severity, Severity::Critical);
    assert!(
        ticket.severity_because.contains("db1"),
        "{}",
        ticket.severity_because
    );
    sound(&t);
}
