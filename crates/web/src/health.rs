//! Whether the server lives, whether it can work, and its measurements. These are the only routes outside the record.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use midwatch_desk::engine::ticker;
use midwatch_domain::access::Action;
use midwatch_store::plain::node;
use midwatch_store::rows::{head, timer};
use std::sync::OnceLock;

use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;

/// Routes of this file.
pub fn routes(r: Routes) -> Routes {
    r.get("/healthz", Policy::Public, alive)
        .get("/readyz", Policy::Public, ready)
        .get("/metrics", Policy::May(Action::ReadDesk), measurements)
}

/// What is due must be looked at every second; a process that does not do so for this long is of no use, in milliseconds.
const STALLED_MS: i64 = 60_000;

/// Alive: it answers, and its ticker, once begun, goes on. Does not touch the database: that may be away.
async fn alive(State(app): State<App>) -> (StatusCode, String) {
    let Some(last) = app.desk.vitals().last(ticker::PART) else {
        return (StatusCode::OK, "ok\n".into());
    };
    let says = format!("ticker last ran {last}\n");
    if app.desk.store.now().since(last) > STALLED_MS {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("what is due is not done\n{says}"),
        );
    }
    (StatusCode::OK, format!("ok\n{says}"))
}

/// Ready: the database answers a read and a write.
async fn ready(State(app): State<App>) -> Result<&'static str, Problem> {
    app.read(|tx| Ok(head::read(tx)?)).await?;
    app.desk
        .store
        .write(|_| Ok::<(), midwatch_store::StoreError>(()))
        .await?;
    Ok("ready\n")
}

/// The measurements in the text format of Prometheus.
async fn measurements(State(app): State<App>) -> Result<Response, Problem> {
    let now = app.desk.store.now();
    let (end, timers, nodes) = app
        .read(move |tx| {
            Ok((
                head::read(tx)?,
                timer::counts(tx, now)?,
                node::live(tx, now)?,
            ))
        })
        .await?;
    let stuck = app.desk.pulse().stuck_count;
    #[expect(
        clippy::cast_precision_loss,
        reason = "a gauge is a float; counts stay far below 2^53"
    )]
    {
        metrics::gauge!("midwatch_record_entries").set(end.seq as f64);
        metrics::gauge!("midwatch_tickets").set((end.next_ticket - 1) as f64);
        metrics::gauge!("midwatch_timers_armed").set(timers.armed as f64);
        metrics::gauge!("midwatch_timers_overdue").set(timers.overdue as f64);
        metrics::gauge!("midwatch_timers_stuck").set(stuck as f64);
        metrics::gauge!("midwatch_nodes_live").set(nodes.len() as f64);
    }
    Ok((
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        recorder().render(),
    )
        .into_response())
}

/// How late what is due is done, in seconds: within one of them is the aim.
const LATENESS: [f64; 10] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 30.0, 300.0, 3600.0];

/// The process's recorder, begun at first use.
pub fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let lateness = Matcher::Full("midwatch_timer_lateness_seconds".into());
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(lateness, &LATENESS)
            .expect("there is at least one bucket");
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        // Another recorder may have been installed by a test in this process; its handle then shows nothing new.
        drop(metrics::set_global_recorder(recorder));
        handle
    })
}
