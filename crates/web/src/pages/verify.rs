//! Verifying the record: under way it shows how far it is, and what was found stays until it is asked for again.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use midwatch_domain::moment::Moment;
use midwatch_store::checkpoint;
use midwatch_store::rebuild::Comparison;
use midwatch_store::rows::head;
use midwatch_store::verify::Finding;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

use crate::App;
use crate::problem::Problem;
use crate::view::frame::Nav;
use crate::view::piece::ValueChip;
use crate::view::record::Verify;

use super::frame::Look;

/// A verification that ends within this time is answered at once.
const AT_ONCE: Duration = Duration::from_secs(2);
/// Differences between rows and entries that are shown.
const DIFFERENCES: usize = 50;

/// The last verification: one at a time for everybody, since it reads everything.
#[derive(Clone, Default)]
pub struct Verifying(Arc<Mutex<Option<Run>>>);

/// One verification.
#[derive(Clone)]
struct Run {
    of: i64,
    at: Arc<AtomicI64>,
    found: watch::Receiver<Option<Arc<Found>>>,
}

/// How it ended, and when.
struct Found {
    when: Moment,
    what: Result<(Finding, Comparison), Problem>,
}

impl Verifying {
    fn last(&self) -> Option<Run> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Begins a verification, or joins the one under way.
    fn begin(&self, app: &App, of: i64) -> Run {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(run) = last.as_ref().filter(|r| r.is_under_way()) {
            return run.clone();
        }
        let (tell, found) = watch::channel(None);
        let at = Arc::new(AtomicI64::new(0));
        let run = Run { of, at, found };
        *last = Some(run.clone());
        let (desk, at) = (app.desk.clone(), run.at.clone());
        tokio::task::spawn_blocking(move || {
            let what = desk.verify(|seq| at.store(seq, Ordering::Relaxed));
            let what = what.and_then(|finding| Ok((finding, desk.rebuild_check()?)));
            let when = desk.store.now();
            // Nobody may wait for it any more.
            tell.send_replace(Some(Arc::new(Found {
                when,
                what: what.map_err(Problem::from),
            })));
        });
        run
    }
}

impl Run {
    /// Whether it is still going on; one whose thread died is not.
    fn is_under_way(&self) -> bool {
        self.found.borrow().is_none() && self.found.has_changed().is_ok()
    }
}

/// `GET /record/verify`: what is checked, how far it is, what was found last.
///
/// # Errors
/// As the engine says.
pub async fn page(State(app): State<App>, look: Look) -> Result<Response, Problem> {
    let last = app.verifying.last();
    let progress = last.as_ref().filter(|r| r.is_under_way()).map(|r| {
        let at = r.at.load(Ordering::Relaxed);
        (at.unsigned_abs(), r.of.unsigned_abs())
    });
    let found = last.and_then(|r| r.found.borrow().clone());
    let view = view(&app, &look, found.as_deref(), progress).await?;
    let mut response = look.show(&view);
    if progress.is_some() {
        let soon = HeaderValue::from_static("1");
        response.headers_mut().insert(header::REFRESH, soon);
    }
    Ok(response)
}

/// `POST /record/verify`: checks every entry, checkpoint and row.
///
/// # Errors
/// As the engine says; what does not hold is shown.
pub async fn run(State(app): State<App>, look: Look) -> Result<Response, Problem> {
    let end = app.read(|tx| Ok(head::read(tx)?.seq)).await?;
    let mut run = app.verifying.begin(&app, end);
    let ended = async { run.found.wait_for(Option::is_some).await.map(|f| f.clone()) };
    let Ok(Ok(found)) = tokio::time::timeout(AT_ONCE, ended).await else {
        return Ok(Redirect::to("/record/verify").into_response());
    };
    let view = view(&app, &look, found.as_deref(), None).await?;
    Ok(look.show(&view))
}

async fn view(
    app: &App,
    look: &Look,
    found: Option<&Found>,
    progress: Option<(u64, u64)>,
) -> Result<Verify, Problem> {
    let last = app.read(|tx| Ok(checkpoint::last(tx)?)).await?;
    let key = checkpoint::public_key(&app.desk.key().verifying_key());
    let blank = Verify {
        frame: look.frame(app, "Verify the record", Nav::Record).await?,
        progress,
        ran: false,
        intact: false,
        headline: String::new(),
        counts: Vec::new(),
        findings: Vec::new(),
        checkpoint: last.map_or(String::new(), |c| c.note),
        key: ValueChip::plain("public key", key),
        at: None,
    };
    let Some(found) = found.filter(|_| progress.is_none()) else {
        return Ok(blank);
    };
    let (finding, compared) = match &found.what {
        Ok((finding, compared)) => (finding, compared),
        Err(problem) => return Err(problem.clone()),
    };
    let intact = finding.holds() && compared.differences.is_empty();
    let broken = finding
        .problems
        .iter()
        .map(|p| (p.seq.unsigned_abs(), p.what.clone()));
    let differ = compared.differences.iter().take(DIFFERENCES);
    let differ = differ.map(|d| (finding.entries.unsigned_abs(), d.clone()));
    let findings: Vec<(u64, String)> = broken.chain(differ).collect();
    let several = |n: i64, one: &str, many: &str| match n {
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    };
    let headline = match intact {
        true => format!(
            "{}, {}: all intact.",
            several(finding.entries, "entry", "entries"),
            several(finding.checkpoints, "checkpoint", "checkpoints")
        ),
        false => format!(
            "{} findings. The record, or what the pages show of it, was altered.",
            findings.len()
        ),
    };
    let count = |name: &str, n: String| (name.to_owned(), n);
    Ok(Verify {
        ran: true,
        intact,
        headline,
        counts: vec![
            count("Entries that hold", finding.entries.to_string()),
            count(
                "Checkpoints whose signature and hash fit",
                finding.checkpoints.to_string(),
            ),
            count(
                "Last entry vouched for by a checkpoint",
                finding.checkpointed.to_string(),
            ),
            count("Fields erased by law", finding.erased.to_string()),
            count(
                "Tickets whose rows equal their entries",
                compared.tickets.to_string(),
            ),
        ],
        findings,
        at: Some(look.now.moment(found.when.0)),
        ..blank
    })
}
