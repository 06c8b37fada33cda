//! Live events over HTTP: who hears of which ticket, what is caught up on, and when a stream ends.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use midwatch_domain::id::{PersonId, TicketNo};
use midwatch_domain::people::{AccountState, Person};
use midwatch_domain::revise::Revision;
use midwatch_domain::ticket::Restrict;
use midwatch_testkit::Engine;
use serde_json::Value;
use std::time::Duration;
use tokio_stream::StreamExt;
use tower::ServiceExt;

use crate::site::{Site, Visitor};

midwatch_testkit::on_both_engines!(
    who_may_see_a_ticket_hears_of_it,
    what_was_missed_is_told_on_return,
    who_cannot_be_caught_up_is_told_to_look_anew,
    a_stream_ends_with_its_session_or_account,
    a_stream_ends_with_the_server,
    one_person_has_so_many_streams,
);

/// An open stream, read event by event.
struct Stream {
    status: StatusCode,
    body: axum::body::BodyDataStream,
    text: String,
}

/// An event: its name, its id and its data.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    name: String,
    id: String,
    data: String,
}

impl Stream {
    async fn open(site: &Site, visitor: &Visitor, seen: Option<&str>) -> Self {
        let response = site.router().oneshot(ask(visitor, seen)).await.unwrap();
        Self {
            status: response.status(),
            body: response.into_body().into_data_stream(),
            text: String::new(),
        }
    }

    /// The next event with data; none when the stream has ended.
    async fn next(&mut self) -> Option<Heard> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let mut heard = Heard::default();
                for line in event.lines() {
                    match line.split_once(": ").or(line.split_once(':')) {
                        Some(("event", v)) => v.clone_into(&mut heard.name),
                        Some(("id", v)) => v.clone_into(&mut heard.id),
                        Some(("data", v)) => v.clone_into(&mut heard.data),
                        _ => {}
                    }
                }
                self.text = rest.to_owned();
                if !heard.data.is_empty() {
                    return Some(heard);
                }
                continue;
            }
            let more = tokio::time::timeout(Duration::from_secs(30), self.body.next()).await;
            let bytes = more.expect("something happens on the stream")?.unwrap();
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// The ticket of the next event.
    async fn ticket(&mut self) -> Option<String> {
        let heard = self.next().await?;
        let data: Value = serde_json::from_str(&heard.data).unwrap();
        assert_eq!(data["seq"].to_string(), heard.id);
        Some(data["ticket"].as_str().unwrap().to_owned())
    }
}

fn ask(visitor: &Visitor, seen: Option<&str>) -> Request<Body> {
    let mut request = Site::request(visitor, Method::GET, "/live?topics=tickets");
    if let Some(seen) = seen {
        request = request.header("Last-Event-ID", seen);
    }
    request.body(Body::empty()).unwrap()
}

async fn opened(site: &Site, who: &PersonId) -> TicketNo {
    site.open(who, "Something was seen").await
}

async fn who_may_see_a_ticket_hears_of_it(engine: Engine) {
    let site = Site::new(engine).await;
    let cast = &site.cast;
    let (ben, cleo, rui) = (
        site.session(&cast.ben).await,
        site.session(&cast.cleo).await,
        site.session(&cast.rui).await,
    );
    let mut ben = Stream::open(&site, &ben, None).await;
    let mut cleo = Stream::open(&site, &cleo, None).await;
    let mut rui = Stream::open(&site, &rui, None).await;
    let first = opened(&site, &cast.lea).await;
    assert_eq!(ben.ticket().await, Some(first.to_string()));
    assert_eq!(cleo.ticket().await, Some(first.to_string()));
    // Whom it is hidden from hears of nothing that happens in it, not even that something does.
    let restrict = Restrict {
        people: [cast.ben.clone()].into(),
        reason: "Personnel".into(),
    };
    site.act(&cast.lea, first, restrict).await.unwrap();
    assert_eq!(ben.ticket().await, Some(first.to_string()));
    let second = opened(&site, &cast.rui).await;
    assert_eq!(ben.ticket().await, Some(second.to_string()));
    assert_eq!(cleo.ticket().await, Some(second.to_string()));
    // A reporter hears of own tickets alone.
    assert_eq!(rui.ticket().await, Some(second.to_string()));
}

async fn what_was_missed_is_told_on_return(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    let mut stream = Stream::open(&site, &ben, None).await;
    let first = opened(&site, &site.cast.lea).await;
    let heard = stream.next().await.unwrap();
    drop(stream);
    let second = opened(&site, &site.cast.lea).await;
    let third = opened(&site, &site.cast.lea).await;
    let mut stream = Stream::open(&site, &ben, Some(&heard.id)).await;
    assert!(heard.data.contains(&first.to_string()));
    assert_eq!(stream.ticket().await, Some(second.to_string()));
    assert_eq!(stream.ticket().await, Some(third.to_string()));
}

async fn who_cannot_be_caught_up_is_told_to_look_anew(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    opened(&site, &site.cast.lea).await;
    for unknown in ["99999999", "-5"] {
        let mut stream = Stream::open(&site, &ben, Some(unknown)).await;
        assert_eq!(stream.status, StatusCode::OK, "{unknown:?}");
        assert_eq!(stream.next().await.unwrap().name, "resync", "{unknown:?}");
        // The notice of the ticket before may still be on its way.
        let next = opened(&site, &site.cast.lea).await.to_string();
        while stream.ticket().await.expect("the stream goes on") != next {}
    }
}

async fn a_stream_ends_with_its_session_or_account(engine: Engine) {
    let site = Site::new(engine).await;
    let cast = &site.cast;
    let (ben, cleo) = (
        site.session(&cast.ben).await,
        site.session(&cast.cleo).await,
    );
    let mut left = Stream::open(&site, &ben, None).await;
    let mut disabled = Stream::open(&site, &cleo, None).await;
    let out = site.post(&ben, "/logout", &[]).await;
    assert_eq!(out.status, StatusCode::SEE_OTHER);
    let directory = site
        .read(|tx| Ok(site.app.desk.store.directory(tx)?))
        .unwrap();
    let off = Person {
        state: AccountState::Disabled,
        ..directory.people[&cast.cleo].clone()
    };
    let ada = site.as_(&cast.ada);
    let revised = site.app.desk.revise(ada, Revision::Person(off)).await;
    revised.unwrap();
    // Whose account is off hears nothing more from that moment on.
    opened(&site, &cast.lea).await;
    assert_eq!(disabled.next().await, None);
    // Whose session has ended is asked again soon.
    while left.next().await.is_some() {}
}

async fn a_stream_ends_with_the_server(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    let mut stream = Stream::open(&site, &ben, None).await;
    let number = opened(&site, &site.cast.lea).await;
    assert_eq!(stream.ticket().await, Some(number.to_string()));
    site.app.live.stop();
    assert_eq!(stream.next().await, None);
}

async fn one_person_has_so_many_streams(engine: Engine) {
    let site = Site::new(engine).await;
    let ben = site.session(&site.cast.ben).await;
    let cleo = site.session(&site.cast.cleo).await;
    let mut all = Vec::new();
    loop {
        let stream = Stream::open(&site, &ben, None).await;
        if stream.status == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
        assert_eq!(stream.status, StatusCode::OK);
        all.push(stream);
        assert!(all.len() <= 50, "there is an end to it");
    }
    assert!(all.len() >= 10, "enough pages for work: {}", all.len());
    let other = Stream::open(&site, &cleo, None).await;
    assert_eq!(other.status, StatusCode::OK);
    // A page that is closed makes room once the server has noticed.
    all.pop();
    let again = tokio::time::timeout(Duration::from_secs(30), async {
        while site.status(ask(&ben, None)).await.0 != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    });
    again.await.expect("room is made");
}
