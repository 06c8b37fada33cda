//! Every route of the API as every role, state of account and scope of token: who is let in, on whose ticket.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use midwatch_domain::access::{Role, TokenScope, Viewer};
use midwatch_domain::alert_rule::AlertRule;
use midwatch_domain::alert_source::AlertSource;
use midwatch_domain::asset::Asset;
use midwatch_domain::calendar::Calendar;
use midwatch_domain::channel::Channel;
use midwatch_domain::escalation::{Policy as Escalation, shipped};
use midwatch_domain::feed::Feed;
use midwatch_domain::id::{
    AlertRuleId, AlertSourceId, AssetId, CalendarId, ChannelId, FeedId, LogReviewId, PersonId,
    PolicyId, ScheduleId, TicketNo, ViewId,
};
use midwatch_domain::log_review::LogReview;
use midwatch_domain::people::{AccountState, Person};
use midwatch_domain::procedure::Procedure;
use midwatch_domain::revise::{Revision, View};
use midwatch_domain::schedule::Schedule;
use midwatch_domain::ticket::{AddNote, Attach, Declare, Restrict, Take};
use midwatch_domain::words::{Origin, Severity};
use midwatch_testkit::Engine;
use midwatch_web::api::openapi;
use midwatch_web::policy::{Face, Policy, Route};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::OnceLock;

use crate::site::{Site, Visitor};

/// Somebody who asks, with what their viewer would be if they are let in.
struct Caller {
    name: &'static str,
    visitor: Visitor,
    viewer: Option<Viewer>,
}

async fn callers(site: &Site) -> Vec<Caller> {
    let c = &site.cast;
    let mut out = vec![Caller {
        name: "nobody",
        visitor: Visitor::Nobody,
        viewer: None,
    }];
    for (name, person) in [
        ("reporter", &c.rui),
        ("auditor", &c.aud),
        ("analyst", &c.ben),
        ("lead", &c.lea),
        ("admin", &c.ada),
    ] {
        out.push(Caller {
            name,
            visitor: site.session(person).await,
            viewer: Some(site.as_(person)),
        });
    }
    for scope in TokenScope::ALL {
        let viewer = Viewer {
            scopes: Some([*scope].into()),
            ..site.as_(&c.ada)
        };
        out.push(Caller {
            name: scope.as_str(),
            visitor: site.token(&c.ada, &[*scope]).await,
            viewer: Some(viewer),
        });
    }
    let browser = midwatch_desk::account::Caller {
        agent: "half".into(),
        ..Default::default()
    };
    let half = site
        .app
        .desk
        .begin_session(c.ada.clone(), browser.clone(), false)
        .await;
    out.push(Caller {
        name: "half",
        visitor: Visitor::Session(half.expect("a session").expose().to_owned()),
        viewer: None,
    });
    let gone = person(site, "Gone", AccountState::Active).await;
    let (session, token) = (
        site.session(&gone).await,
        site.token(&gone, TokenScope::ALL).await,
    );
    let disabled = Person {
        state: AccountState::Disabled,
        ..entry(site, &gone)
    };
    revise(site, Revision::Person(disabled)).await;
    out.push(Caller {
        name: "disabled",
        visitor: session,
        viewer: None,
    });
    out.push(Caller {
        name: "disabled-token",
        visitor: token,
        viewer: None,
    });
    let invited = person(site, "Invited", AccountState::Invited).await;
    out.push(Caller {
        name: "invited",
        visitor: site.session(&invited).await,
        viewer: None,
    });
    out
}

async fn revise(site: &Site, body: Revision) {
    let done = site.app.desk.revise(Viewer::system(), body).await;
    done.expect("the thing can be revised");
}

async fn person(site: &Site, name: &str, state: AccountState) -> PersonId {
    let id = PersonId::from_bytes(site.app.desk.store.random());
    let email = format!("{}@example.org", id.as_str());
    revise(
        site,
        Revision::Person(Person {
            id: id.clone(),
            name: name.into(),
            email,
            role: Role::Administrator,
            state,
        }),
    )
    .await;
    id
}

fn entry(site: &Site, id: &PersonId) -> Person {
    let directory = site.read(|tx| Ok(site.app.desk.store.directory(tx)?));
    directory.expect("the directory").people[id].clone()
}

fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(openapi)
}

/// Whose ticket a request is about.
#[derive(Clone, Copy, PartialEq)]
enum Whose {
    /// Reported by the reporter, owned by the analyst.
    Own,
    /// Of other people.
    Other,
    /// Restricted to the lead.
    Restricted,
    Missing,
}

const WHOSE: [Whose; 4] = [Whose::Own, Whose::Other, Whose::Restricted, Whose::Missing];

type Ids = BTreeMap<&'static str, String>;

/// A fresh ticket with what the route needs of it: a task, a note, evidence.
async fn ticket(site: &Site, whose: Whose, route: &Route) -> (TicketNo, Ids) {
    let c = &site.cast;
    if whose == Whose::Missing {
        return (TicketNo(99_999), samples());
    }
    let (reporter, owner) = match whose {
        Whose::Own => (&c.rui, &c.ben),
        Whose::Restricted => (&c.lea, &c.lea),
        Whose::Other | Whose::Missing => (&c.lea, &c.cleo),
    };
    let needs = |what: &str| route.path.contains(what);
    let number = if needs("task") || needs("set_fields") {
        from_template(site, reporter).await
    } else {
        site.open(reporter, "Matrix").await
    };
    if *owner != c.ben {
        let reason = "test".to_owned();
        let taken = site.act(owner, number, Take { reason }).await;
        taken.expect("it can be taken");
    }
    if needs("note") {
        let text = "n".to_owned();
        let occurred_at = None;
        let noted = site
            .act(
                owner,
                number,
                AddNote {
                    text,
                    occurred_at,
                    observables: None,
                },
            )
            .await;
        noted.expect("a note");
    }
    if needs("declaration") || needs("file_report") {
        let aware = Some(site.now());
        let declare = Declare {
            regime: "gdpr".into(),
            triggers: BTreeMap::from([("aware".into(), aware)]),
            inputs: BTreeMap::new(),
            reason: "test".into(),
        };
        let declared = site.act(owner, number, declare).await;
        declared.expect("declared");
    }
    if needs("evidence") {
        attach(site, owner, number).await;
    }
    if needs("answer_page") {
        let fired = site.app.desk.fire_due().await;
        fired.expect("whoever is to be paged is paged");
    }
    if whose == Whose::Restricted {
        let people = [c.lea.clone()].into();
        let reason = "test".to_owned();
        let done = site.act(&c.lea, number, Restrict { people, reason }).await;
        done.expect("restricted");
    }
    let t = site.ticket(number);
    let mut ids = samples();
    ids.extend(
        t.tasks
            .first()
            .map(|t| ("tsk_01h2x3y4z5", t.id.to_string())),
    );
    ids.extend(
        t.notes
            .keys()
            .next()
            .map(|n| ("note_01h2x3y4z5", n.to_string())),
    );
    ids.extend(
        t.evidence
            .first()
            .map(|e| ("evd_01h2x3y4z5", e.id.to_string())),
    );
    (number, ids)
}

/// Ids of nothing.
fn samples() -> Ids {
    Ids::from([("evd_01h2x3y4z5", "evd_none".to_owned())])
}

async fn schedule(site: &Site) -> ScheduleId {
    let id = ScheduleId::from_bytes(site.app.desk.store.random());
    let body = json!({ "id": id, "name": id, "time_zone": "UTC", "layers": [{ "name": "Week", "people": [site.cast.ben],
        "starts_on": "2026-01-05", "handoff_at": "08:00", "turn": { "every": "week", "weekday": "mon" } }] });
    let schedule: Schedule = serde_json::from_value(body).expect("a schedule");
    revise(site, Revision::Schedule(schedule)).await;
    id
}

async fn from_template(site: &Site, reporter: &PersonId) -> TicketNo {
    let open = json!({ "title": "Matrix", "template": "suspicious_log_activity", "fields": { "log_source": "gw",
        "pattern": "Failed logins", "success_seen": "Not known yet" } });
    let open = serde_json::from_value(open).expect("a command");
    let conditions = midwatch_testkit::Conditions::default();
    let desk = &site.app.desk;
    let opened = desk.open_ticket(site.as_(reporter), open, Origin::Web, conditions);
    opened.await.expect("it can be opened").ticket
}

async fn attach(site: &Site, owner: &PersonId, number: TicketNo) {
    let store = &site.app.desk.store;
    let mut file = store.blobs().receive(store.random()).expect("a file");
    file.write(b"x").expect("written");
    let (sha256, _) = file.keep().expect("kept");
    let attach = Attach {
        name: "x".into(),
        media_type: String::new(),
        size: 1,
        sha256,
        description: String::new(),
        source: String::new(),
        collected_at: None,
    };
    let done = site.act(owner, number, attach).await;
    done.expect("evidence");
}

/// The path of a route about fresh things.
async fn path(site: &Site, route: &Route, number: Option<&(TicketNo, Ids)>) -> String {
    let desk = &site.app.desk;
    let mut path = route.path.clone();
    if let Some((number, ids)) = number {
        path = path
            .replace("{number}", &number.to_string())
            .replace("{id}", &ids["evd_01h2x3y4z5"]);
    }
    if path.contains("/people/{id}") {
        path = path.replace(
            "{id}",
            person(site, "Spare", AccountState::Invited).await.as_str(),
        );
    } else if path.contains("/teams/{id}") {
        path = path.replace("{id}", site.cast.team.as_str());
    } else if path.contains("/views/{id}") {
        let id = ViewId::from_bytes(desk.store.random());
        let view = View {
            id: id.clone(),
            name: "v".into(),
            query: String::new(),
            owner: site.cast.ben.clone(),
            shared: true,
            deleted: false,
        };
        desk.revise(site.as_(&site.cast.ben), Revision::View(view))
            .await
            .expect("a view");
        path = path.replace("{id}", id.as_str());
    } else if path.contains("/schedules/{id}") {
        path = path.replace("{id}", schedule(site).await.as_str());
    } else if path.contains("/policies/{id}") {
        let id = PolicyId::from_bytes(desk.store.random());
        let policy = Escalation {
            id: id.clone(),
            ..shipped(Severity::High)
        };
        revise(site, Revision::Policy(policy)).await;
        path = path.replace("{id}", id.as_str());
    } else if path.contains("/channels/{id}") {
        let id = ChannelId::from_bytes(desk.store.random());
        let body = json!({ "id": id, "name": id, "enabled": true, "settings": { "kind": "webhook", "url": "https://hooks.example.org/" } });
        let channel: Channel = serde_json::from_value(body).expect("a channel");
        revise(site, Revision::Channel(channel)).await;
        path = path.replace("{id}", id.as_str());
    } else if path.contains("/log_reviews/{id}") {
        let id = LogReviewId::from_bytes(desk.store.random());
        let team = site.cast.team.clone();
        let body = json!({ "id": id, "system": id, "checklist": ["Look."], "reviewer": { "who": "on_call" }, "team": team,
            "every": { "each": "day" }, "at": "09:00", "time_zone": "UTC", "starts_on": "2100-01-01", "grace_hours": 8 });
        let review: LogReview = serde_json::from_value(body).expect("a log review");
        revise(site, Revision::LogReview(review)).await;
        path = path.replace("{id}", id.as_str());
    } else if path.contains("/assets/{id}") {
        let asset = Asset {
            name: "db1".into(),
            ..Asset::blank(AssetId::from_bytes(desk.store.random()))
        };
        path = path.replace("{id}", asset.id.as_str());
        let kept = desk.keep_asset(Viewer::system(), asset).await;
        kept.expect("an asset can be kept");
    } else if path.contains("/warning_lists/{name}") {
        let shipped = midwatch_domain::warning::ListSetting::shipped("Well-known public resolvers");
        let shipped = shipped.expect("it ships");
        revise(site, Revision::WarningList(shipped)).await;
        path = path.replace("{name}", "Well-known%20public%20resolvers");
    } else if path.contains("/feeds/{id}") {
        let id = FeedId::from_bytes(desk.store.random());
        let body = json!({ "id": id, "name": id, "kind": "csv", "url": "https://feeds.example.org/", "auth": { "kind": "bearer" }, "mapping": { "preset": "threatfox" } });
        let feed: Feed = serde_json::from_value(body).expect("a feed");
        revise(site, Revision::Feed(feed)).await;
        path = path.replace("{id}", id.as_str());
    } else if path.contains("/alert_sources/{id}") {
        let id = AlertSourceId::from_bytes(desk.store.random());
        let body = json!({ "id": id, "name": id, "format": "alertmanager" });
        let source: AlertSource = serde_json::from_value(body).expect("a source");
        revise(site, Revision::AlertSource(source)).await;
        path = path.replace("{id}", id.as_str());
    } else if path.contains("/alert_rules/{id}") {
        let id = AlertRuleId::from_bytes(desk.store.random());
        let body = json!({ "id": id, "name": id, "order": 1, "when": "alert.rank == 1", "then": { "do": "leave" }, "sample": { "alert": { "rank": 1 } } });
        let rule: AlertRule = serde_json::from_value(body).expect("a rule");
        revise(site, Revision::AlertRule(rule)).await;
        path = path.replace("{id}", id.as_str());
    } else if path.contains("/calendars/{id}") {
        let id = CalendarId::from_bytes(desk.store.random());
        let body = json!({ "id": id, "name": id, "time_zone": "UTC", "week": { "mon": [{ "from": "09:00", "to": "17:00" }] } });
        let calendar: Calendar = serde_json::from_value(body).expect("a calendar");
        revise(site, Revision::Calendar(calendar)).await;
        path = path.replace("{id}", id.as_str());
    } else if path.contains("/procedures/{key}") {
        let key = format!(
            "p_{}",
            desk.store
                .random::<4>()
                .map(|b| format!("{b:02x}"))
                .concat()
        );
        let body = json!({ "key": key, "title": "P", "text": "t", "review_every_days": 30 });
        let draft: Procedure = serde_json::from_value(body).expect("a procedure");
        revise(site, Revision::Procedure(draft)).await;
        if route.path.ends_with("/confirm") {
            let approved = desk
                .approve_procedure(site.as_(&site.cast.lea), key.clone(), 1, None)
                .await;
            approved.expect("it can be approved");
        }
        path = path.replace("{key}", &key);
    }
    if route.method == Method::GET {
        path = path.replace("/regimes/{key}", "/regimes/gdpr");
    }
    path.replace(
        "/indicators/{kind}/{value}",
        "/indicators/domain/evil.example.com",
    )
    .replace("{technique}", "T1566")
    .replace("{key}", "phishing")
    .replace("{version}", "1")
    .replace("{kind}", "escalated")
    .replace("{seq}", "1")
    .replace("{id}", "tok_none")
}

/// A request that would be valid, by the example of the document.
async fn status(site: &Site, route: &Route, caller: &Caller, whose: Option<Whose>) -> StatusCode {
    let in_reach = match (route.policy, &caller.viewer) {
        (Policy::May(action), Some(v)) => v.may(action).is_ok(),
        (_, viewer) => viewer.is_some(),
    };
    // Whoever is kept out changes nothing, so that no fresh ticket is needed.
    let fresh = match whose {
        Some(w) if in_reach => Some(ticket(site, w, route).await),
        Some(_) => Some((TicketNo(1), samples())),
        None => None,
    };
    let path = path(site, route, fresh.as_ref()).await;
    let operation = &document()["paths"][&route.path][route.method.as_str().to_lowercase()];
    let content = &operation["requestBody"]["content"];
    let request = Site::request(&caller.visitor, route.method.clone(), &path);
    let request = if content["multipart/form-data"].is_object() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n--b--\r\n";
        request
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
            .body(Body::from(body))
    } else if content["application/octet-stream"].is_object() {
        let row = "\"2026-11-01 10:11:12\", \"1\", \"evil.example.com\", \"domain\", \"\", \"\", \"\", \"x\", \"\", \"75\"";
        let alerts = route.path.contains("/alert_sources/");
        let body = if alerts { "{ \"alerts\": [] }" } else { row };
        request
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .body(Body::from(body))
    } else if content.is_object() {
        let mut body = content["application/json"]["example"].to_string();
        for (sample, real) in fresh.iter().flat_map(|f| &f.1) {
            body = body.replace(sample, real);
        }
        if body.contains("MW-7") {
            body = body.replace(
                "MW-7",
                &site.open(&site.cast.ben, "The other one").await.to_string(),
            );
        }
        let unique = PersonId::from_bytes(site.app.desk.store.random());
        body = body
            .replace("per_01h2x3y4z5", site.cast.cleo.as_str())
            .replace("team_01h2x3y4z5", site.cast.team.as_str())
            .replace("mia@example.org", &format!("{unique}@example.org"));
        if route.path.ends_with("/teams/{id}") {
            body = body.replace("\"default\":false", "\"default\":true");
        }
        if route.path.ends_with("/offer_handoff") && whose == Some(Whose::Other) {
            // It is hers already.
            body = body.replace(site.cast.cleo.as_str(), site.cast.ben.as_str());
        }
        if route.path.ends_with("/release") {
            body = json!({ "reason": "test", "to": site.cast.lea }).to_string();
        }
        if route.path.ends_with("/import") {
            let mail = entry(site, &site.cast.cleo).email;
            let event = format!("DTSTART:21000101T080000Z\nDURATION:PT8H\nATTENDEE:mailto:{mail}");
            let file =
                format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{event}\nEND:VEVENT\nEND:VCALENDAR\n");
            body = json!({ "file": file }).to_string();
        }
        body = body.replacen("\"system\":\"", &format!("\"system\":\"{unique} "), 1);
        if ["/schedules", "/calendars", "/channels", "/feeds"]
            .iter()
            .any(|p| route.path.contains(p))
        {
            let name = format!("\"name\":\"{unique} ");
            body = body.replacen("\"name\":\"", &name, 1);
        }
        body = relative(site, &body);
        request
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
    } else {
        request.body(Body::empty())
    };
    site.status(request.expect("the request is sound")).await.0
}

/// The examples' dates as the tests' clock wants them.
fn relative(site: &Site, body: &str) -> String {
    let (now, soon) = (site.now(), site.now().plus_ms(86_400_000));
    body.replace("2026-11-22T03:04:05Z", &now.to_string())
        .replace("2026-12-01T00:00:00Z", &soon.to_string())
        .replace("sshd[812]: ", "")
}

/// The table as a reviewed text: whom a route lets in is changed by changing this file.
#[tokio::test(flavor = "multi_thread")]
async fn every_route_lets_in_whom_the_reviewed_table_says() {
    let site = Site::new(Engine::Sqlite).await;
    let callers = callers(&site).await;
    site.open(&site.cast.lea, "Denied").await;
    let mut table =
        String::from("Status for a ticket of one's own/of others/restricted to others/missing.\n");
    for route in site.routes.iter().filter(|r| r.face == Face::Api) {
        let _ = writeln!(
            table,
            "\n{} {}  ({:?})",
            route.method, route.path, route.policy
        );
        let mut cells: Vec<(String, Vec<&str>)> = Vec::new();
        for caller in &callers {
            let mut seen = Vec::new();
            if route.path.contains("{number}") {
                for whose in WHOSE {
                    seen.push(
                        status(&site, route, caller, Some(whose))
                            .await
                            .as_str()
                            .to_owned(),
                    );
                }
            } else {
                seen.push(status(&site, route, caller, None).await.as_str().to_owned());
            }
            let cell = seen.join("/");
            match cells.iter_mut().find(|c| c.0 == cell) {
                Some(same) => same.1.push(caller.name),
                None => cells.push((cell, vec![caller.name])),
            }
        }
        for (cell, names) in cells {
            let _ = writeln!(table, "  {cell:<15} {}", names.join(" "));
        }
    }
    insta::assert_snapshot!(table);
}

/// The same of pages: the policy is asked before anything else, so who is out is out whatever they send.
#[tokio::test(flavor = "multi_thread")]
async fn no_route_lets_anybody_in_whom_its_policy_does_not() {
    let site = Site::new(Engine::Sqlite).await;
    for caller in callers(&site).await {
        for route in &site.routes {
            let out = match (route.policy, &caller.viewer) {
                (Policy::Public, _) | (Policy::Signed, Some(_)) => false,
                // The key of a source opens them, and nobody's session or token; two only say which version this is.
                (Policy::Source, _) => !route.path.contains("/status"),
                (Policy::May(action), Some(v)) => v.may(action).is_err(),
                (_, None) => true,
            };
            if !out {
                continue;
            }
            let mut path = route.path.clone();
            while let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
                path.replace_range(from..=to, "1");
            }
            let request =
                Site::request(&caller.visitor, route.method.clone(), &path).body(Body::empty());
            let (status, headers) = site.status(request.expect("the request is sound")).await;
            let to_login = status == StatusCode::SEE_OTHER
                && headers
                    .get(header::LOCATION)
                    .is_some_and(|l| l.as_bytes().starts_with(b"/login"));
            let denied =
                matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) || to_login;
            assert!(
                denied,
                "{} {} as {}: {status}",
                route.method, route.path, caller.name
            );
            assert!(
                route.method == Method::GET || !to_login,
                "{} {}",
                route.method,
                route.path
            );
        }
    }
}

/// What each example lacks would be seen as 422 where the administrator is let in.
#[tokio::test(flavor = "multi_thread")]
async fn the_requests_of_the_matrix_are_valid() {
    let site = Site::new(Engine::Sqlite).await;
    let admin = Caller {
        name: "admin",
        visitor: site.session(&site.cast.ada).await,
        viewer: Some(site.as_(&site.cast.ada)),
    };
    for route in site.routes.iter().filter(|r| r.face == Face::Api) {
        let whose = route.path.contains("{number}").then_some(Whose::Other);
        let got = status(&site, route, &admin, whose).await;
        assert!(
            got != StatusCode::UNPROCESSABLE_ENTITY && got != StatusCode::BAD_REQUEST,
            "{} {}: {got}",
            route.method,
            route.path
        );
    }
}
