//! The report of a shift: a page that prints well, and the same as Markdown.

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use midwatch_domain::Refusal;
use midwatch_domain::handover::report::{Named, ShiftReport, level_words};
use midwatch_domain::id::PersonId;
use midwatch_domain::moment::Moment;
use midwatch_store::read::handover as read;
use serde::Deserialize;

use crate::App;
use crate::api::handover::{AskedReport, SHIFT_MS, span};
use crate::problem::Problem;
use crate::view::form::{Choice, Field, FieldKind};
use crate::view::frame::Nav;
use crate::view::handover::{Figure, Line, Report, Section};
use crate::view::moment;

use super::frame::{Look, escape};
use super::show;
use super::typed::{Typed, local_time};

/// What is asked for, as a page's address has it.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    team: String,
}

/// `GET /handover/report`.
///
/// # Errors
/// Invalid for times that cannot be read; or as the engine says.
pub async fn page(
    State(app): State<App>,
    look: Look,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let report = gather(&app, &look, &asked).await?;
    let frame = look.frame(&app, "Shift report", Nav::Watch).await?;
    let d = look.directory();
    let zone = &look.now.zone;
    let exact = |at: Moment| {
        let zoned = at.timestamp().to_zoned(zone.clone());
        zoned.strftime("%a %d %b %Y %H:%M").to_string()
    };
    let last = report.to.min(Moment(look.now.ms));
    let teams = d
        .teams
        .values()
        .map(|t| Choice::new(t.id.as_str(), &t.name))
        .collect();
    let page = Report {
        frame,
        span: format!(
            "{} to {}, {}",
            exact(report.from),
            exact(last),
            zone_name(&look)
        ),
        headline: report.headline(d),
        figures: figures(&report),
        sections: sections(&look, &report),
        cut: report.cut,
        spans: spans(&look, &asked, &report),
        fields: vec![
            Field::new(FieldKind::DateTime, "from", "From").value(local_time(report.from, zone)),
            Field::new(FieldKind::DateTime, "to", "To").value(local_time(report.to, zone)),
            Field::new(FieldKind::Choice, "team", "Team")
                .choices(teams)
                .value(report.team.as_ref().map_or("", |t| t.as_str()))
                .help("Nothing chosen: everything that you may see."),
        ],
        markdown: link(
            "/handover/report/markdown",
            report.from,
            report.to,
            &asked.team,
        ),
        made: format!(
            "Made from the record {} for {}; what is open is as of then.",
            exact(report.made_at),
            look.me().map_or("", |m| d.name(m))
        ),
    };
    Ok(look.show(&page))
}

/// `GET /handover/report/markdown`.
///
/// # Errors
/// Invalid for times that cannot be read; or as the engine says.
pub async fn markdown(
    State(app): State<App>,
    look: Look,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let report = gather(&app, &look, &asked).await?;
    let day = local_time(report.from, &look.now.zone).replace([':', 'T'], "-");
    let headers = [
        (
            header::CONTENT_TYPE,
            "text/markdown; charset=utf-8".to_owned(),
        ),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"shift-{day}.md\""),
        ),
    ];
    Ok((headers, report.markdown(look.directory())).into_response())
}

async fn gather(app: &App, look: &Look, asked: &Asked) -> Result<ShiftReport, Problem> {
    let time = |field: &str, text: &str| match text.trim() {
        "" => Ok(None),
        text => {
            // As a browser's field gives it, or as an address of ours has it.
            let typed = Typed(vec![("occurred_at".into(), text.to_owned())]);
            let read = typed.object(&look.now.zone, &[]);
            let read = read["occurred_at"].as_str().unwrap_or_default();
            let at = read.parse::<Moment>();
            at.map(Some)
                .map_err(|_| Refusal::invalid(field, "Expected a date and a time."))
        }
    };
    let team = match asked.team.as_str() {
        "" => None,
        id => Some(id.parse().map_err(|_| Refusal::missing("team"))?),
    };
    let asked = AskedReport {
        from: time("from", &asked.from)?,
        to: time("to", &asked.to)?,
        team,
    };
    let now = Moment(look.now.ms);
    let span = span(&look.signed, asked, now)?;
    let (viewer, directory) = (look.viewer().clone(), look.signed.directory.clone());
    Ok(app
        .read(move |tx| read::shift_report(tx, &viewer, &directory, span, now))
        .await?)
}

fn zone_name(look: &Look) -> String {
    let name = look.now.zone.iana_name();
    name.unwrap_or("UTC").to_owned()
}

fn link(path: &str, from: Moment, to: Moment, team: &str) -> String {
    let (from, to) = (from.to_string(), to.to_string());
    let mut href = format!("{path}?from={}&to={}", escape(&from), escape(&to));
    if !team.is_empty() {
        href.push_str("&team=");
        href.push_str(&escape(team));
    }
    href
}

/// The shift now, the one before, the last hours.
fn spans(look: &Look, asked: &Asked, report: &ShiftReport) -> Vec<(String, String, bool)> {
    let (d, now) = (look.directory(), Moment(look.now.ms));
    let team = match asked.team.as_str() {
        "" => d
            .teams
            .values()
            .find(|t| look.me().is_some_and(|m| t.members.contains(m)))
            .or_else(|| d.default_team()),
        id => d.teams.values().find(|t| t.id.as_str() == id),
    };
    let mut out = Vec::new();
    let mut add = |word: String, from: Moment, to: Moment| {
        let href = link("/handover/report", from, to, &asked.team);
        out.push((word, href, report.from == from && report.to == to));
    };
    if let Some(shift) = team.and_then(|t| d.shift(t, now)) {
        let who = |p: &Option<PersonId>| p.as_ref().map_or("nobody", |p| d.name(p)).to_owned();
        let before = team.and_then(|t| d.shift(t, shift.from.plus_ms(-1)));
        let to = shift.to.min(now.plus_ms(1));
        add(
            format!("This shift ({})", who(&shift.person)),
            shift.from,
            to,
        );
        if let Some(before) = before {
            let word = format!("The one before ({})", who(&before.person));
            add(word, before.from, before.to);
        }
    }
    for hours in [8, 24] {
        let ms = SHIFT_MS / 8 * hours;
        add(format!("Last {hours} h"), now.plus_ms(-ms), now.plus_ms(1));
    }
    out
}

fn figures(r: &ShiftReport) -> Vec<Figure> {
    let figure = |value: String, label: &'static str, bad: bool| Figure { value, label, bad };
    let answered = r
        .handoffs
        .iter()
        .filter(|h| h.answered_at.is_some())
        .count();
    vec![
        figure(r.opened.len().to_string(), "opened", false),
        figure(r.closed.len().to_string(), "closed", false),
        figure(
            r.escalated.len().to_string(),
            "escalated",
            !r.escalated.is_empty(),
        ),
        figure(r.missed.len().to_string(), "missed", !r.missed.is_empty()),
        figure(
            format!("{answered}/{}", r.handoffs.len()),
            "handoffs answered",
            false,
        ),
        figure(
            r.acknowledged_median_ms
                .map_or("–".to_owned(), moment::span),
            "to acknowledge, half within",
            false,
        ),
        figure(r.open.len().to_string(), "open now", false),
    ]
}

fn sections(look: &Look, r: &ShiftReport) -> Vec<Section> {
    let d = look.directory();
    let name = |p: &PersonId| d.name(p).to_owned();
    let line = |t: &Named, at: Option<Moment>, says: String, bad: bool| Line {
        at: at.map(|at| look.now.moment(at.0)),
        number: t.number.to_string(),
        title: t.title.clone(),
        severity: show::severity(t.severity),
        says,
        bad,
    };
    let by = |p: &Option<PersonId>| p.as_ref().map_or("Midwatch".to_owned(), name);
    let open = r.open.iter().map(|o| {
        let mut says = format!("{}, {}", o.phase.label(), name(&o.owner));
        if !o.acknowledged {
            says.push_str(", not acknowledged");
        }
        if let Some(to) = &o.offered_to {
            says.push_str(&format!(", offered to {}", name(to)));
        }
        if let Some(at) = o.due_at {
            let at = look.now.moment(at.0);
            says.push_str(&format!("; {} {}", o.due, at.text));
        }
        line(&o.ticket, Some(o.phase_since), says, !o.acknowledged)
    });
    let escalated = r.escalated.iter().map(|c| {
        let paged: Vec<String> = c.paged.iter().map(name).collect();
        let says = format!("up to {}; paged {}", level_words(c.level), paged.join(", "));
        line(&c.ticket, Some(c.first_at), says, c.level == 0)
    });
    let handoffs = r.handoffs.iter().map(|h| {
        let mut says = format!("{} to {}: {}", name(&h.from), name(&h.to), h.answer.label());
        if !h.reason.is_empty() {
            says.push_str(&format!(" ({})", h.reason));
        }
        line(&h.ticket, h.offered_at.or(h.answered_at), says, false)
    });
    let acknowledged = r.acknowledged.iter().map(|a| {
        let after = a
            .after_ms
            .map_or(String::new(), |ms| format!(" after {}", moment::span(ms)));
        line(
            &a.ticket,
            Some(a.at),
            format!("{}{after}", name(&a.by)),
            false,
        )
    });
    let longest = r.acknowledged_longest_ms.map_or(String::new(), |ms| {
        format!("The slowest took {}.", moment::span(ms))
    });
    let section =
        |title: &'static str, says: String, lines: Vec<Line>| Section { title, says, lines };
    let mut all = vec![
        section(
            "Open now",
            "Since when in its phase, who is responsible, what is due next.".to_owned(),
            open.collect(),
        ),
        section(
            "Missed",
            String::new(),
            r.missed
                .iter()
                .map(|m| line(&m.ticket, Some(m.at), m.what.clone(), true))
                .collect(),
        ),
        section("Escalated", String::new(), escalated.collect()),
        section("Handoffs", String::new(), handoffs.collect()),
        section(
            "Opened",
            String::new(),
            r.opened
                .iter()
                .map(|o| {
                    let again = if o.again { "opened again" } else { "opened" };
                    line(
                        &o.ticket,
                        Some(o.at),
                        format!("{again} by {}", by(&o.by)),
                        false,
                    )
                })
                .collect(),
        ),
        section(
            "Closed",
            String::new(),
            r.closed
                .iter()
                .map(|c| {
                    let outcome = c.outcome.map_or("", |o| o.label());
                    line(
                        &c.ticket,
                        Some(c.at),
                        format!("{outcome}, by {}", by(&c.by)),
                        false,
                    )
                })
                .collect(),
        ),
        section("Acknowledged", longest, acknowledged.collect()),
        section(
            "Snoozed",
            String::new(),
            r.snoozed
                .iter()
                .map(|s| {
                    let until = look.now.moment(s.until.0).exact;
                    let says = format!("{} until {until}: {}", name(&s.by), s.reason);
                    line(&s.ticket, None, says, false)
                })
                .collect(),
        ),
    ];
    all.retain(|s| !s.lines.is_empty());
    all
}
