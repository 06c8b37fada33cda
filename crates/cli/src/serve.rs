//! `midwatch serve`: opens the desk, serves it, and stops in order.

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use midwatch_desk::Desk;
use midwatch_domain::moment::Moment;
use midwatch_web::{App, router};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use crate::config::Config;

/// Requests under way may take this long to end when the server stops.
const GRACE: Duration = Duration::from_secs(10);

/// Where and how fast the time of a demo runs.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    /// What its clock shows at the start.
    pub begin: Moment,
    /// How many minutes pass in one.
    pub pace: i64,
}

/// Serves until told to stop. `ready` is called with the address once the server listens.
///
/// # Errors
/// Says what is wrong and what to do.
pub async fn serve(
    config: Config,
    stage: Option<Stage>,
    ready: impl FnOnce(&Desk, SocketAddr) + Send,
) -> Result<(), String> {
    let mut settings = config.settings();
    settings.watchdog = config.watchdog()?;
    match stage {
        Some(Stage { begin, pace }) => {
            settings.clock = crate::demo::pace::paced(settings.clock, begin, pace);
        }
        None => settings = settings.steadied(),
    }
    midwatch_desk::data_folder(&config.data).map_err(|e| {
        format!(
            "The data folder {} cannot be made: {e}",
            config.data.display()
        )
    })?;
    let _held = hold(&config)?;
    let opened = tokio::task::spawn_blocking(move || Desk::open(settings))
        .await
        .map_err(|e| e.to_string())?;
    let desk = opened.map_err(|e| format!("The desk cannot be opened: {e}"))?;
    let listener = TcpListener::bind(config.address()?)
        .map_err(|e| format!("Cannot listen on {}: {e}", config.listen))?;
    listener.set_nonblocking(true).map_err(|e| e.to_string())?;
    let logs = config.logs.sockets(&config)?;
    let bound = listener.local_addr().map_err(|e| e.to_string())?;
    desk.reached_at(config.url(bound));

    let web = midwatch_web::Config {
        secure: config.is_secure(),
        demo: stage.is_some(),
        pace: stage.map_or(1, |s| s.pace),
        max_evidence: config.max_evidence_mib << 20,
    };
    let app = App::new(desk.clone(), web);
    let live = app.live.clone();
    let (router, _) = router::router(app);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let hearing = desk.hear(logs, stopping.clone());
    let loops = desk.start(stopping);
    let handle = Handle::new();
    tokio::spawn(stop_on_signal(handle.clone(), stop, live));
    ready(&desk, bound);
    let served = if config.tls_certificate.is_empty() {
        axum_server::from_tcp(listener)
            .map_err(|e| e.to_string())?
            .handle(handle)
            .serve(service)
            .await
    } else {
        let tls = RustlsConfig::from_pem_file(&config.tls_certificate, &config.tls_key).await;
        let tls = tls.map_err(|e| format!("The certificate or key cannot be used: {e}"))?;
        axum_server::from_tcp_rustls(listener, tls)
            .map_err(|e| e.to_string())?
            .handle(handle)
            .serve(service)
            .await
    };
    // What was heard is searched to its end.
    hearing.await.map_err(|e| e.to_string())?;
    // The loops write a last checkpoint; only then may the writer end.
    loops.await.map_err(|e| e.to_string())?;
    desk.store.close();
    tracing::info!("stopped");
    served.map_err(|e| format!("The server failed: {e}"))
}

/// Two servers on one embedded database would not hear of each other's changes.
fn hold(config: &Config) -> Result<Option<std::fs::File>, String> {
    if !config.database.is_empty() {
        return Ok(None);
    }
    let path = config.data.join("midwatch.lock");
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|e| format!("{} cannot be opened: {e}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(_) => Err(format!(
            "Another Midwatch serves the data folder {}. Stop it, or choose another folder with --data.",
            config.data.display()
        )),
    }
}

async fn stop_on_signal(
    handle: Handle<SocketAddr>,
    stop: tokio::sync::watch::Sender<bool>,
    live: midwatch_web::live::Hub,
) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        tracing::error!("signals cannot be heard; stop the process by force");
        return;
    };
    tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
    tracing::info!("stopping");
    // Nobody may be left to hear it.
    let _ = stop.send(true);
    // Live events never end by themselves.
    live.stop();
    handle.graceful_shutdown(Some(GRACE));
}

/// Says where the server is and, before it is set up, how to begin: by a link that holds once.
pub fn greet(desk: &Desk, url: &str) {
    crate::say(&format!("Midwatch is ready: {url}"));
    match tokio::task::block_in_place(|| desk.setup_link()) {
        Ok(None) => {}
        Ok(Some(link)) => crate::say(&format!(
            "Set it up within a day: {url}/setup?token={}",
            link.expose()
        )),
        Err(e) => tracing::error!(error = %e, "the link for setting up could not be made"),
    }
}
