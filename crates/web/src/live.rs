//! Live events: what was committed, told at once to everybody whose page shows it and who may know of it.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use midwatch_desk::account::Signed;
use midwatch_domain::access::Action;
use midwatch_domain::id::{PersonId, TicketNo};
use midwatch_store::read::{record, ticket};
use midwatch_store::{Fault, Notice};
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, watch};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::{App, Who, auth};

/// Most connections of one person: pages that are not looked at close theirs.
const MOST: usize = 20;
/// News that come this close together are told at once.
const GATHER: Duration = Duration::from_millis(150);
/// How often it is asked whether the session still holds.
const RECHECK: Duration = Duration::from_secs(10);
/// News that a page would have to ask for one by one; more, and it had better ask for everything.
const MANY: usize = 200;

/// Who is connected, and whether the server is about to stop.
#[derive(Clone)]
pub struct Hub {
    open: Arc<Mutex<HashMap<PersonId, usize>>>,
    stop: watch::Sender<bool>,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            open: Arc::default(),
            stop: watch::channel(false).0,
        }
    }
}

impl Hub {
    /// Ends every connection, so that the server can stop; browsers come back by themselves.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    fn enter(&self, person: &PersonId) -> Result<Seat, Problem> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let seats = open.entry(person.clone()).or_default();
        if *seats >= MOST {
            let says = format!(
                "At most {MOST} pages of one person are kept up to date. Close some, or reload to see what changed."
            );
            return Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "live.many",
                says,
            ));
        }
        *seats += 1;
        Ok(Seat {
            hub: self.clone(),
            person: person.clone(),
        })
    }
}

/// A connection that counts as long as it lives.
struct Seat {
    hub: Hub,
    person: PersonId,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.hub.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seats) = open.get_mut(&self.person) {
            *seats -= 1;
            if *seats == 0 {
                open.remove(&self.person);
            }
        }
    }
}

/// Registers the route.
pub fn routes(routes: Routes) -> Routes {
    routes.get("/live", Policy::May(Action::ReadTickets), listen)
}

/// `GET /live`: events `{"ticket":"MW-12","seq":345}`; `resync` where more happened than is worth telling.
async fn listen(
    State(app): State<App>,
    axum::Extension(signed): Who,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let person = signed.viewer.actor.person().cloned();
    let person = person.ok_or_else(|| {
        midwatch_domain::Refusal::forbidden("Only a person can listen to what happens.")
    })?;
    let seat = app.live.enter(&person)?;
    let (tell, told) = mpsc::channel(16);
    let last = headers.get("last-event-id").and_then(|v| v.to_str().ok());
    let connection = Connection {
        secret: auth::session_secret(&app, &headers),
        // Listening begins before the past is read, so that nothing falls between.
        news: app.desk.listen(),
        stop: app.live.stop.subscribe(),
        last: last.and_then(|v| v.parse().ok()),
        app,
        signed,
        tell,
    };
    tokio::spawn(async move {
        connection.run().await;
        drop(seat);
    });
    let events = ReceiverStream::new(told).map(Ok::<Event, Infallible>);
    let alive = KeepAlive::new().interval(Duration::from_secs(20));
    Ok(Sse::new(events).keep_alive(alive).into_response())
}

struct Connection {
    app: App,
    signed: Signed,
    secret: Option<String>,
    news: broadcast::Receiver<Notice>,
    stop: watch::Receiver<bool>,
    last: Option<i64>,
    tell: mpsc::Sender<Event>,
}

/// The page went away, or may not hear more.
struct Over;

impl Connection {
    async fn run(mut self) {
        // However it ends, the browser tries again and meets the door.
        let _ = self.follow().await;
    }

    async fn follow(&mut self) -> Result<(), Over> {
        if let Some(after) = self.last {
            self.catch_up(after).await?;
        }
        let mut recheck = tokio::time::interval(RECHECK);
        loop {
            let woken = tokio::select! {
                () = stopped(&mut self.stop) => return Err(Over),
                () = self.tell.closed() => return Err(Over),
                _ = recheck.tick() => None,
                first = self.news.recv() => Some(first),
            };
            match woken {
                None => self.recheck().await?,
                Some(Ok(notice)) => self.pass_on(notice).await?,
                Some(Err(RecvError::Lagged(_))) => self.resync().await?,
                Some(Err(RecvError::Closed)) => return Err(Over),
            }
        }
    }

    /// What happened while the browser was away.
    async fn catch_up(&mut self, after: i64) -> Result<(), Over> {
        let viewer = self.signed.viewer.clone();
        let limit = i64::try_from(MANY).unwrap_or(i64::MAX);
        let read = self
            .app
            .read(move |tx| record::changes(tx, &viewer, after, limit));
        match read.await {
            Ok(changes) if !changes.more => {
                let newest = changes
                    .entries
                    .iter()
                    .filter_map(|e| Some((e.ticket?, e.seq)));
                for (number, seq) in newest.collect::<BTreeMap<_, _>>() {
                    self.news(number, seq).await?;
                }
                Ok(())
            }
            // Too much, or a number that this record does not have.
            _ => self.resync().await,
        }
    }

    /// Tells the news and what follows at once, as far as the viewer may know of it.
    async fn pass_on(&mut self, first: Notice) -> Result<(), Over> {
        let mut newest: BTreeMap<TicketNo, i64> = BTreeMap::new();
        let mut take = |n: Notice| n.ticket.map(|t| newest.insert(t, n.seq));
        take(first);
        let until = tokio::time::sleep(GATHER);
        tokio::pin!(until);
        loop {
            tokio::select! {
                () = &mut until => break,
                next = self.news.recv() => match next {
                    Ok(notice) => drop(take(notice)),
                    Err(RecvError::Lagged(_)) => return self.resync().await,
                    Err(RecvError::Closed) => return Err(Over),
                },
            }
        }
        if newest.len() > MANY {
            return self.resync().await;
        }
        for (number, seq) in self.seen(newest).await? {
            self.news(number, seq).await?;
        }
        Ok(())
    }

    /// Those that the viewer, as the desk knows them now, may see.
    async fn seen(&self, newest: BTreeMap<TicketNo, i64>) -> Result<Vec<(TicketNo, i64)>, Over> {
        let (desk, viewer) = (self.app.desk.clone(), self.signed.viewer.clone());
        let read = self.app.read(move |tx| {
            let viewer = midwatch_desk::refresh(&viewer, &*desk.store.directory(tx)?)?;
            let mut out = Vec::new();
            for (number, seq) in newest {
                match ticket::find_ticket(tx, &viewer, number) {
                    Ok(_) => out.push((number, seq)),
                    Err(Fault::Refused(_)) => {}
                    Err(e) => return Err(e),
                }
            }
            Ok(out)
        });
        read.await.map_err(|_| Over)
    }

    /// Ends when the session has ended or the account is not active any more.
    async fn recheck(&mut self) -> Result<(), Over> {
        let Some(secret) = self.secret.clone() else {
            return Err(Over);
        };
        let desk = self.app.desk.clone();
        let found = self
            .app
            .blocking(move || Ok(desk.by_session(&secret)?))
            .await;
        match found {
            Ok(Some(signed)) => {
                self.signed = signed;
                Ok(())
            }
            _ => Err(Over),
        }
    }

    async fn news(&self, number: TicketNo, seq: i64) -> Result<(), Over> {
        let data = format!("{{\"ticket\":\"{number}\",\"seq\":{seq}}}");
        self.say(Event::default().id(seq.to_string()).data(data))
            .await
    }

    /// The page had better ask for everything it shows.
    async fn resync(&self) -> Result<(), Over> {
        self.say(Event::default().event("resync").data("{}")).await
    }

    async fn say(&self, event: Event) -> Result<(), Over> {
        self.tell.send(event).await.map_err(|_| Over)
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A hub that is gone has stopped too.
    let _ = stop.wait_for(|stop| *stop).await;
}
