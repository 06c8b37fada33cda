//! Whether the server lives, whether it can work, and its measurements. These are the only routes outside the record.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use midwatch_domain::access::Action;
use midwatch_store::rows::head;
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

async fn alive() -> &'static str {
    "ok\n"
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
    let end = app.read(|tx| Ok(head::read(tx)?)).await?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "a gauge is a float; counts stay far below 2^53"
    )]
    {
        metrics::gauge!("midwatch_record_entries").set(end.seq as f64);
        metrics::gauge!("midwatch_tickets").set((end.next_ticket - 1) as f64);
    }
    Ok((
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        recorder().render(),
    )
        .into_response())
}

/// The process's recorder, begun at first use.
pub fn recorder() -> &'static metrics_exporter_prometheus::PrometheusHandle {
    static RECORDER: OnceLock<metrics_exporter_prometheus::PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        // Another recorder may have been installed by a test in this process; its handle then shows nothing new.
        drop(metrics::set_global_recorder(recorder));
        handle
    })
}
