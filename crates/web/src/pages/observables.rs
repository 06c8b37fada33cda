//! Observables: the list, the page of one value, and values that are ignored. Ranks nothing and counts nothing itself.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use indicators::Kind;
use midwatch_desk::intelligence::{self, Tie};
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::correlation::grouped;
use midwatch_domain::moment::Moment;
use midwatch_domain::observable::{Annotation, IgnoredValue, ObservableKey, Own, Role, annotate};
use midwatch_domain::revise::Revision;
use midwatch_store::Fault;
use midwatch_store::read::observables::{self as read, ObservableRow, Pivot, Place, SeenIn};
use serde::Deserialize;

use super::frame::{Look, escape};
use super::indicators as indicators_page;
use super::observable_graph;
use super::show;
use super::typed::{self, Typed};
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::form::{Field, FieldKind, Form};
use crate::view::frame::Nav;
use crate::view::observables::{
    HasIt, IgnoredList, Mark, ObservableList, PivotPage, PointsTo, ValueLink, ValueRow,
};
use crate::view::piece::{Empty, ValueChip};

/// Values of a page.
const PAGE: i64 = 50;

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let (desk, work) = (
        Policy::May(Action::ReadDesk),
        Policy::May(Action::WorkTickets),
    );
    r.get("/observables", desk, list)
        .get("/observables/ignored", desk, ignored)
        .get("/observables/{kind}/{value}", desk, page)
        .post("/observables/{kind}/{value}/ignore", work, ignore)
        .post("/observables/{kind}/{value}/lift", work, lift)
}

type Answer = Result<Response, Problem>;

/// A value as a link to its page, shown defanged and copied as it is.
pub fn link(key: &ObservableKey, says: String) -> ValueLink {
    ValueLink {
        kind: key.kind.says(),
        href: href(key),
        chip: ValueChip {
            kind: key.kind.says().to_owned(),
            shown: shown(key),
            text: key.value.clone(),
        },
        says,
    }
}

/// The address of a value's page.
pub fn href(key: &ObservableKey) -> String {
    format!("/observables/{}/{}", key.kind, escape(&key.value))
}

/// A value as it is safe to show.
pub fn shown(key: &ObservableKey) -> String {
    indicators::defang(key.kind, &key.value)
}

/// What is known of a value apart from tickets, as remarks.
pub fn marks(known: &Annotation) -> Vec<Mark> {
    let mut out = Vec::new();
    if known.own {
        out.push(Mark {
            class: "good",
            text: "Our own: an asset, not an indicator".into(),
        });
    }
    out.extend(known.ignored.iter().map(|why| Mark {
        class: "muted",
        text: format!("Ignored: {why}"),
    }));
    out.extend(known.lists.iter().map(|l| Mark {
        class: "warn",
        text: format!("On the warning list “{}” by {}", l.list, l.entry),
    }));
    out
}

#[derive(Debug, Default, Deserialize)]
struct Params {
    #[serde(default)]
    q: String,
    #[serde(default)]
    kind: String,
    after: Option<String>,
}

async fn list(State(app): State<App>, look: Look, Query(params): Query<Params>) -> Answer {
    let after = params.after.as_deref().and_then(|a| {
        let (last, fingerprint) = a.split_once('.')?;
        Some(Place {
            last_at: last.parse().ok()?,
            fingerprint: fingerprint.parse().ok()?,
        })
    });
    let kind: Option<Kind> = params.kind.parse().ok();
    let ask = read::Ask {
        text: params.q.clone(),
        kind,
        limit: PAGE,
        after,
    };
    let viewer = look.viewer().clone();
    let found = app.read(move |tx| read::list(tx, &viewer, &ask)).await?;
    let row = |r: &ObservableRow| ValueRow {
        value: link(&r.key(), String::new()),
        tickets: grouped(r.tickets),
        first: look.now.moment(r.first_at.0),
        last: look.now.moment(r.last_at.0),
    };
    let next = found.next.map(|p| {
        format!(
            "/observables?kind={}&after={}.{}",
            escape(&params.kind),
            p.last_at,
            p.fingerprint
        )
    });
    let empty = if params.q.is_empty() && kind.is_none() {
        Empty::new("search", "No value was seen yet", "What is written when a ticket is opened and in its notes is searched for addresses, domains, hashes and more. Each value found stands here.").with_act("Open a ticket", "/tickets/new")
    } else {
        Empty::new("search", "Never seen", "No ticket that you may see has such a value. Type less of it, or look among all kinds.").with_act("All observables", "/observables")
    };
    Ok(look.show(&ObservableList {
        frame: look.frame(&app, "Observables", Nav::Observables).await?,
        kinds: Kind::ALL
            .iter()
            .map(|k| (k.as_str(), k.says(), kind == Some(*k)))
            .collect(),
        rows: found.rows.iter().map(row).collect(),
        next: next.unwrap_or_default(),
        more: found.more,
        q: params.q,
        empty,
    }))
}

fn named(kind: &str, value: &str) -> Result<ObservableKey, Refusal> {
    ObservableKey::read(kind, value).map_err(|_| Refusal::missing("observable"))
}

#[derive(Debug, Default, Deserialize)]
struct Below {
    below: Option<i64>,
}

async fn page(
    State(app): State<App>,
    look: Look,
    Path((kind, value)): Path<(String, String)>,
    Query(asked): Query<Below>,
) -> Answer {
    let key = named(&kind, &value)?;
    let page = view(&app, &look, &key, asked.below).await?;
    Ok(look.show(&page))
}

async fn view(
    app: &App,
    look: &Look,
    key: &ObservableKey,
    below: Option<i64>,
) -> Result<PivotPage, Problem> {
    let (viewer, wanted, now) = (look.viewer().clone(), key.clone(), look.at());
    let directory = look.signed.directory.clone();
    let found = app.read(move |tx| {
        let pivot = read::look_up(tx, &viewer, &wanted, below, now)?;
        let said = intelligence::about(tx, &directory, wanted.kind, &wanted.value, now)?;
        Ok::<_, Fault>((pivot, said))
    });
    let (pivot, said) = found.await?;
    // What nobody has seen and no feed speaks of is nothing to show.
    if pivot.seen.tickets == 0 && said.assertions.is_empty() {
        return Err(Refusal::missing("observable").into());
    }
    let d = look.directory();
    let known = annotate(d, &Own::of(d.organisation.as_ref()), key, now);
    let held = d.ignored.get(key).filter(|i| i.holds(now));
    let may = look.viewer().may(Action::WorkTickets).is_ok();
    let at = |act: &str| format!("{}/{act}", href(key));
    let tickets: Vec<HasIt> = pivot.tickets.iter().map(|t| has_it(look, t)).collect();
    let first = below.is_none();
    Ok(PivotPage {
        frame: look.frame(app, &shown(key), Nav::Observables).await?,
        value: link(key, pivot.seen.says.clone()),
        span: pivot
            .seen
            .first_at
            .zip(pivot.seen.last_at)
            .map(|(a, b)| (look.now.moment(a.0), look.now.moment(b.0))),
        marks: marks(&known),
        graph: first.then(|| observable_graph::draw(key, &pivot)).flatten(),
        older: pivot
            .next
            .map_or_else(String::new, |n| format!("{}?below={n}", href(key))),
        relations: relations(&pivot),
        ties: ties(&said.ties),
        asserted: said
            .assertions
            .into_iter()
            .map(|a| indicators_page::row(look, a))
            .collect(),
        neighbours: pivot
            .neighbours
            .iter()
            .map(|n| {
                let with = match n.tickets.as_slice() {
                    [one] => format!("in {one}"),
                    many => format!("in {} of these tickets", many.len()),
                };
                let all = grouped(n.observable.tickets);
                link(&n.observable.key(), format!("{with}, {all} in all"))
            })
            .collect(),
        tickets,
        ignore: (may && held.is_none()).then(|| ignore_form(&at("ignore"))),
        lift: held
            .filter(|_| may)
            .map(|_| Form::new(at("lift"), "Take it into account again", Vec::new())),
    })
}

/// What the assertions point to, each once.
fn ties(all: &[Tie]) -> Vec<PointsTo> {
    let mut out: Vec<PointsTo> = Vec::new();
    for tie in all {
        let points = PointsTo {
            how: tie.how.replace('-', " "),
            kind: tie.kind.replace('-', " "),
            name: tie.name.clone(),
            number: tie.number.clone(),
        };
        if !out.contains(&points) {
            out.push(points);
        }
    }
    out
}

fn has_it(look: &Look, t: &SeenIn) -> HasIt {
    HasIt {
        number: t.ticket.number.to_string(),
        title: t.ticket.title.clone(),
        severity: show::severity(t.ticket.severity),
        state: t
            .ticket
            .outcome
            .map_or(t.ticket.phase.label(), |o| o.label())
            .to_owned(),
        role: if t.role == Role::Unknown {
            "not said"
        } else {
            t.role.label()
        },
        confirmed: t.confirmed,
        at: look.now.moment(t.at.0),
        via: t.via.as_ref().map(shown).unwrap_or_default(),
    }
}

fn tickets(n: i64) -> String {
    match n {
        0 => "not seen itself".to_owned(),
        1 => "1 ticket".to_owned(),
        n => format!("{} tickets", grouped(n)),
    }
}

fn relations(pivot: &Pivot) -> Vec<ValueLink> {
    let says = pivot.says.iter().map(|s| {
        let key = ObservableKey {
            kind: s.kind,
            value: s.value.clone(),
        };
        link(&key, format!("{} this, {}", s.relation, tickets(s.tickets)))
    });
    let by = pivot.said_by.iter();
    let by = by.map(|r| link(&r.key(), format!("says it, {}", tickets(r.tickets))));
    says.chain(by).collect()
}

fn ignore_form(action: &str) -> Form {
    let fields = vec![
        Field::new(FieldKind::Long, "reason", "Why")
            .max(1000)
            .required(),
        Field::new(FieldKind::DateTime, "until", "Until").help("Empty: until it is lifted."),
    ];
    Form::new(action, "Ignore", fields)
}

async fn ignore(
    State(app): State<App>,
    look: Look,
    Path((kind, value)): Path<(String, String)>,
    typed: Typed,
) -> Answer {
    let key = named(&kind, &value)?;
    let wanted = match typed.object(&look.now.zone, &[]).get("until") {
        None => Ok(None),
        Some(text) => text
            .as_str()
            .and_then(|t| t.parse::<Moment>().ok())
            .map(Some)
            .ok_or_else(|| Refusal::invalid("until", "A date and a time.")),
    };
    let done = match wanted {
        Ok(until) => {
            let value = IgnoredValue {
                kind: key.kind,
                value: key.value.clone(),
                reason: typed.get("reason").to_owned(),
                until,
                deleted: false,
            };
            revise(&app, &look, value).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    match done {
        Ok(()) => Ok(look.done(&href(&key), "It is left out of account.")),
        Err(problem) if !look.enhanced && typed::can_mend(&problem) => {
            let mut page = view(&app, &look, &key, None).await?;
            if let Some(form) = &mut page.ignore {
                form.problem = typed.put_back(&mut form.fields, Some(&problem));
            }
            Ok(look.show_as(typed::status(&problem), &page))
        }
        Err(problem) => Err(problem),
    }
}

async fn lift(
    State(app): State<App>,
    look: Look,
    Path((kind, value)): Path<(String, String)>,
) -> Answer {
    let key = named(&kind, &value)?;
    let held = look.directory().ignored.get(&key);
    let held = held.ok_or_else(|| Refusal::missing("ignored value"))?;
    let lifted = IgnoredValue {
        deleted: true,
        ..held.clone()
    };
    revise(&app, &look, lifted).await?;
    Ok(look.done(&href(&key), "It is taken into account again."))
}

async fn revise(app: &App, look: &Look, value: IgnoredValue) -> Result<(), Problem> {
    let revised = app
        .desk
        .revise(look.viewer().clone(), Revision::IgnoredValue(value));
    revised.await?;
    Ok(())
}

async fn ignored(State(app): State<App>, look: Look) -> Answer {
    let (d, now) = (look.directory(), look.at());
    let held = d.ignored.values().filter(|i| i.holds(now));
    let rows = held.map(|i| {
        let until = i.until.map(|u| look.now.moment(u.0));
        (link(&i.key(), String::new()), i.reason.clone(), until)
    });
    Ok(look.show(&IgnoredList {
        frame: look.frame(&app, "Ignored values", Nav::Observables).await?,
        rows: rows.collect(),
    }))
}
