//! Whether the server says how it is: alive while its ticker runs, and with measurements of what is due.

use crate::site::{Site, Visitor};
use axum::http::StatusCode;
use midwatch_testkit::Engine;

midwatch_testkit::on_both_engines!(a_ticker_that_stalls_is_seen, what_is_due_is_measured);

async fn a_ticker_that_stalls_is_seen(engine: Engine) {
    let site = Site::new(engine).await;
    let ask = || site.get(&Visitor::Nobody, "/healthz");
    assert_eq!(ask().await.text(), "ok\n", "nothing runs here by itself");
    site.desk.desk.vitals().ran("ticker", site.now());
    site.pass_ms(60_000);
    let well = ask().await;
    assert_eq!(well.status, StatusCode::OK);
    assert!(well.text().starts_with("ok\nticker last ran 20"));
    site.pass_ms(1);
    assert_eq!(ask().await.status, StatusCode::SERVICE_UNAVAILABLE);
}

async fn what_is_due_is_measured(engine: Engine) {
    let site = Site::new(engine).await;
    site.open(&site.cast.rui, "A").await;
    site.desk.desk.beat().await.unwrap();
    let lea = site.session(&site.cast.lea).await;
    let shown = site.get(&lea, "/metrics").await.text();
    for line in [
        "midwatch_timers_armed 1",
        "midwatch_timers_overdue 1",
        "midwatch_timers_stuck 0",
        "midwatch_nodes_live 1",
    ] {
        assert!(shown.contains(&format!("{line}\n")), "{line} in {shown}");
    }
    site.pass_ms(400);
    site.desk.desk.fire_due().await.unwrap();
    let shown = site.get(&lea, "/metrics").await.text();
    for line in [
        "midwatch_timers_overdue 0",
        "midwatch_escalation_steps_total 1",
        "midwatch_timer_lateness_seconds_bucket{le=\"0.25\"} 0",
        "midwatch_timer_lateness_seconds_bucket{le=\"0.5\"} 1",
    ] {
        assert!(shown.contains(&format!("{line}\n")), "{line} in {shown}");
    }
}
