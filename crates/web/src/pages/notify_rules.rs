//! One's own rules: by which ways one is told of what, and at which hours. Rows without script, and a try of each way.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::id::{ChannelId, PersonId};
use midwatch_domain::notify::rules::Hours;
use midwatch_domain::notify::{NotifyRules, Rule, Urgency, Way};
use midwatch_domain::revise::Revision;
use midwatch_domain::words::{Severity, Weekday};

use super::frame::Look;
use super::typed::{self, Typed, as_piece};
use super::{rows, show};
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::form::{Choice, Field, Form};
use crate::view::frame::Nav;
use crate::view::piece::Problem as Piece;
use crate::view::post::{Reachable, RuleRow, Rules};

const HERE: &str = "/me/notifications";

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let me = Policy::May(Action::ManageSelf);
    r.get("/me/notifications", me, page)
        .post("/me/notifications", me, save)
        .post("/me/notifications/test", me, test)
}

type Answer = Result<Response, Problem>;

fn me(look: &Look) -> Result<PersonId, Refusal> {
    look.me().cloned().ok_or_else(|| Refusal::missing("person"))
}

fn kept(look: &Look, me: &PersonId) -> NotifyRules {
    let kept = look.directory().notify_rules.get(me).cloned();
    kept.unwrap_or_else(|| NotifyRules::none(me.clone()))
}

async fn page(State(app): State<App>, look: Look) -> Answer {
    let typed = typed_of(&kept(&look, &me(&look)?));
    Ok(look.show(&draw(&app, &look, &typed, None).await?))
}

/// Channels on which people can be reached one by one, by name.
fn reachable(look: &Look) -> Vec<Reachable> {
    let channels = look.directory().channels.values();
    let mut all: Vec<Reachable> = channels
        .filter(|c| c.is_usable())
        .filter_map(|c| {
            Some(Reachable {
                id: c.id.to_string(),
                way: format!("channel:{}", c.id),
                name: match c.settings.is_mail() {
                    true => format!("{}, another address", c.name),
                    false => c.name.clone(),
                },
                wants: c.settings.address()?,
            })
        })
        .collect();
    all.sort_by_key(|c| c.name.to_lowercase());
    all
}

/// Rules as the form would send them.
fn typed_of(rules: &NotifyRules) -> Typed {
    let mut all = vec![
        ("time_zone".to_owned(), rules.time_zone.clone()),
        ("digest_at".to_owned(), rules.digest_at.to_string()),
    ];
    for (n, rule) in rules.rules.iter().enumerate() {
        let mut put = |part: &str, value: String| all.push((format!("rule-{n}-{part}"), value));
        put(
            "urgency",
            rule.urgency
                .map_or(String::new(), |u| u.as_str().to_owned()),
        );
        for s in &rule.severities {
            put("severities", s.as_str().to_owned());
        }
        if let Some(h) = &rule.hours {
            for d in &h.days {
                put("days", d.as_str().to_owned());
            }
            put("from", h.from.to_string());
            put("to", h.to.to_string());
        }
        for way in &rule.ways {
            put("ways", way.key());
            if let Way::Channel { id, address } = way {
                put(&format!("address-{id}"), address.clone());
            }
        }
    }
    Typed(all)
}

/// The rules that were typed.
fn rules_of(me: PersonId, typed: &Typed) -> Result<NotifyRules, Refusal> {
    let mut rules = Vec::new();
    for n in 0..rows::count(typed, "rule") {
        let name = |part: &str| format!("rule-{n}-{part}");
        let on = |part: &'static str| move |r: Refusal| r.on(format!("rules.{n}.{part}"));
        let get = |part: &str| typed.get(&name(part)).trim().to_owned();
        let days = typed.all(&name("days"));
        let (from, to) = (get("from"), get("to"));
        let hours = match (from.is_empty() && to.is_empty(), days.is_empty()) {
            (true, true) => None,
            (whole, _) => Some(Hours {
                days: days
                    .iter()
                    .map(|d| d.parse::<Weekday>().map_err(on("days")))
                    .collect::<Result<_, _>>()?,
                from: if whole { "00:00" } else { &from }
                    .parse()
                    .map_err(on("from"))?,
                to: if whole { "24:00" } else { &to }
                    .parse()
                    .map_err(on("to"))?,
            }),
        };
        let way = |key: &String| match key.as_str() {
            "mail" => Ok(Way::Mail),
            "browser" => Ok(Way::Browser),
            "digest" => Ok(Way::Digest),
            key => {
                let id = key.strip_prefix("channel:").unwrap_or_default();
                Ok(Way::Channel {
                    id: id.parse::<ChannelId>().map_err(on("ways"))?,
                    address: get(&format!("address-{id}")),
                })
            }
        };
        let ways = typed.all(&name("ways"));
        rules.push(Rule {
            severities: typed
                .all(&name("severities"))
                .iter()
                .map(|s| s.parse::<Severity>().map_err(on("severities")))
                .collect::<Result<_, _>>()?,
            urgency: match get("urgency").as_str() {
                "" => None,
                text => Some(text.parse::<Urgency>().map_err(on("urgency"))?),
            },
            hours,
            ways: ways.iter().map(way).collect::<Result<_, Refusal>>()?,
        });
    }
    Ok(NotifyRules {
        person: me,
        rules,
        time_zone: typed.get("time_zone").to_owned(),
        digest_at: typed
            .get("digest_at")
            .trim()
            .parse()
            .map_err(|r: Refusal| r.on("digest_at"))?,
    })
}

async fn draw(
    app: &App,
    look: &Look,
    typed: &Typed,
    problem: Option<&Problem>,
) -> Result<Rules, Problem> {
    let d = look.directory();
    let channels = reachable(look);
    let about = problem.and_then(|p| p.field.clone()).unwrap_or_default();
    let row = |n: usize| {
        let name = |part: &str| format!("rule-{n}-{part}");
        let get = |part: &str| typed.get(&name(part)).to_owned();
        let wrong = about.starts_with(&format!("rules.{n}."));
        RuleRow {
            urgency: get("urgency"),
            severities: typed.all(&name("severities")),
            days: typed.all(&name("days")),
            from: get("from"),
            to: get("to"),
            ways: typed.all(&name("ways")),
            addresses: channels
                .iter()
                .map(|c| get(&format!("address-{}", c.id)))
                .collect(),
            error: problem.filter(|_| wrong).map(|p| p.detail.clone()),
        }
    };
    let mut more = vec![
        Field::text("time_zone", "My time zone")
            .max(64)
            .placeholder(d.zone())
            .help("In which hours are meant. Left empty: the organisation's."),
        Field::text("digest_at", "The digest comes at")
            .required()
            .max(5)
            .help("One letter with what your rules put together, such as 08:00."),
    ];
    let rest = typed.put_back(&mut more, problem);
    let email = look.me().and_then(|p| d.people.get(p));
    let days = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ];
    Ok(Rules {
        frame: look.frame(app, "How I am told", Nav::None).await?,
        problem: rest.filter(|_| !about.starts_with("rules.")),
        rules: (0..rows::count(typed, "rule")).map(row).collect(),
        severities: show::severities(),
        days: days
            .iter()
            .map(|d| Choice::new(d.as_str(), &d.label()[..3]))
            .collect(),
        more,
        email: email.map(|p| p.email.clone()).unwrap_or_default(),
        mail: d.mail().is_some(),
        tries: tries(look, &channels),
        channels,
        said: None,
    })
}

/// A try for mail and for each channel on which the person has an address.
fn tries(look: &Look, channels: &[Reachable]) -> Vec<(String, Form)> {
    let form = |fields| Form::new(format!("{HERE}/test"), "Send a test", fields).plain();
    let mut out = Vec::new();
    if look.directory().mail().is_some() {
        out.push(("Mail".to_owned(), form(vec![Field::hidden("way", "mail")])));
    }
    let rules = look.me().and_then(|p| look.directory().notify_rules.get(p));
    let ways = rules
        .into_iter()
        .flat_map(|r| &r.rules)
        .flat_map(|r| &r.ways);
    let mut seen = Vec::new();
    for way in ways {
        let Way::Channel { id, address } = way else {
            continue;
        };
        let channel = channels.iter().find(|c| c.id == id.as_str());
        if let Some(c) = channel.filter(|_| !seen.contains(&(id, address))) {
            let fields = vec![
                Field::hidden("way", way.key()),
                Field::hidden("address", address),
            ];
            out.push((format!("{}, {address}", c.name), form(fields)));
            seen.push((id, address));
        }
    }
    out
}

async fn save(State(app): State<App>, look: Look, mut typed: Typed) -> Answer {
    let step = typed.get("do").to_owned();
    if !matches!(step.as_str(), "" | "save") {
        typed.0 = rows::stepped(typed.0, &step, &[("rule", "urgency")]);
        return Ok(look.show_as(StatusCode::OK, &draw(&app, &look, &typed, None).await?));
    }
    let done = match rules_of(me(&look)?, &typed) {
        Ok(rules) => app
            .desk
            .revise(look.viewer().clone(), Revision::NotifyRules(rules))
            .await
            .map_err(Problem::from),
        Err(r) => Err(r.into()),
    };
    match done {
        Ok(_) => Ok(look.done(HERE, "Your rules are saved.")),
        Err(problem) if typed::can_mend(&problem) => {
            let page = draw(&app, &look, &typed, Some(&problem)).await?;
            Ok(look.show_as(typed::status(&problem), &page))
        }
        Err(problem) => Err(problem),
    }
}

async fn test(State(app): State<App>, look: Look, typed: Typed) -> Answer {
    let way = match typed.get("way") {
        "mail" => Way::Mail,
        key => Way::Channel {
            id: key
                .strip_prefix("channel:")
                .unwrap_or_default()
                .parse()
                .map_err(|_| Refusal::missing("channel"))?,
            address: typed.get("address").to_owned(),
        },
    };
    let sent = app.desk.try_way(look.viewer().clone(), way).await;
    let said = match sent.map_err(Problem::from) {
        Ok(Ok(said)) => {
            return Ok(look.done(HERE, &format!("The test went out. Answer: {said}")));
        }
        Ok(Err(failure)) => Piece {
            title: "The test did not go out.".into(),
            detail: failure.reason,
            remedy: "Tell an administrator if it is the channel and not your address.".into(),
            items: Vec::new(),
            way: None,
        },
        Err(problem) if typed::can_mend(&problem) => as_piece(&problem),
        Err(problem) => return Err(problem),
    };
    let typed = typed_of(&kept(&look, &me(&look)?));
    let mut page = draw(&app, &look, &typed, None).await?;
    page.said = Some(said);
    Ok(look.show(&page))
}
