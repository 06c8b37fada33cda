//! My watch: what needs me now, my tickets by phase, my team's load, what changed. A reporter sees their own reports.

use axum::extract::State;
use axum::response::Response;
use midwatch_domain::access::{Action, Role};
use midwatch_domain::notify::is_unreached;
use midwatch_domain::people::Team;
use midwatch_domain::query;
use midwatch_domain::words::{Phase, Severity};
use midwatch_store::Fault;
use midwatch_store::read::tickets::{TicketRow, list_tickets};
use midwatch_store::read::watch::{self, Changed, Load as Carried, MyTask, Offered, Paged};

use crate::App;
use crate::problem::Problem;
use crate::view::frame::Nav;
use crate::view::moment::span;
use crate::view::watch::{Change, Load, MyReports, Need, NeedAct, PhaseGroup, Report, Watch};

use super::frame::{Look, escape};
use super::{leaving, row, show, ticket};

/// What changed within this time is shown.
const LATELY_MS: i64 = 24 * 3_600_000;
/// Most things of a kind.
const MOST: i64 = 50;

struct Found {
    paged: Vec<Paged>,
    offers: Vec<Offered>,
    unacknowledged: Vec<TicketRow>,
    tasks: Vec<MyTask>,
    owned: Vec<TicketRow>,
    changed: Vec<Changed>,
    load: Vec<Carried>,
    none_yet: bool,
}

/// `GET /` and `GET /watch`.
///
/// # Errors
/// As the engine says.
pub async fn page(State(app): State<App>, look: Look) -> Result<Response, Problem> {
    if look.viewer().role == Some(Role::Reporter) {
        return reports(&app, &look).await;
    }
    let d = look.directory();
    let mine = |t: &&Team| look.me().is_some_and(|m| t.members.contains(m));
    let team = d.teams.values().find(mine).cloned();
    let found = read(&app, &look, team.clone()).await?;
    // What is one's own and unacknowledged says so when it pages as well: one need, not two.
    let is_paged = |r: &TicketRow| found.paged.iter().any(|p| p.row.number == r.number);
    let offers = found
        .offers
        .iter()
        .map(|o| (0, o.offer.at.0, offered(&look, o)));
    let pages = found.paged.iter().map(|p| (0, p.at.0, paged(&look, p)));
    let unanswered = found
        .unacknowledged
        .iter()
        .filter(|r| !is_paged(r))
        .map(|r| (1, r.opened_at.0, unanswered(&look, r)));
    let tasks = found.tasks.iter().map(|t| (2, i64::MAX, task(&look, t)));
    let mut needs: Vec<(u8, i64, Need)> =
        pages.chain(offers).chain(unanswered).chain(tasks).collect();
    // Somebody waits for an answer to an offer or a page: before all else. Who has waited longest comes first; tasks wait
    // for nobody.
    needs.sort_by_key(|(class, since, _)| (*class, *since));
    let needs: Vec<(i64, Need)> = needs.into_iter().map(|(_, since, n)| (since, n)).collect();
    let phases = Phase::ALL.iter().filter(|p| **p != Phase::Closed);
    let group = |phase: &Phase| PhaseGroup {
        phase: show::phase(*phase),
        rows: found
            .owned
            .iter()
            .filter(|r| r.phase == *phase)
            .map(|r| row::of_list(&look, r))
            .collect(),
    };
    let page = Watch {
        frame: look.frame(&app, "My watch", Nav::Watch).await?,
        headline: headline(&look, &needs),
        leaving: leaving::banner(&look, look.me(), found.owned.len()),
        offers: found.offers.len(),
        hands_over: look.viewer().may(Action::WorkTickets).is_ok(),
        needs: needs.into_iter().map(|(_, n)| n).collect(),
        mine: phases.map(group).filter(|g| !g.rows.is_empty()).collect(),
        team: team.map_or(String::new(), |t| t.name),
        load: load(&look, &found.load),
        changes: found.changed.iter().map(|c| change(&look, c)).collect(),
        fresh: found.none_yet && look.viewer().may(Action::ManagePeople).is_ok(),
        unreached: unreached(&look),
    };
    Ok(look.show(&page))
}

/// Why pages would stay unseen while nobody looks here.
fn unreached(look: &Look) -> String {
    let (d, at) = (look.directory(), look.at());
    let answers = |p: &&midwatch_domain::id::PersonId| d.owner(p).is_some();
    if let Some(me) = look
        .me()
        .filter(answers)
        .filter(|me| is_unreached(d, me, at))
    {
        let others = d.people.keys().filter(answers);
        return match others.filter(|p| *p != me && is_unreached(d, p, at)).count() {
            0 => "Pages reach you only while you look at Midwatch: there is no channel that leads to you.".into(),
            n => format!("Pages reach you and {n} others only while you look at Midwatch: there is no channel that leads to you."),
        };
    }
    String::new()
}

async fn read(app: &App, look: &Look, team: Option<Team>) -> Result<Found, Problem> {
    let (viewer, directory) = (look.viewer().clone(), look.signed.directory.clone());
    let now = midwatch_domain::moment::Moment(look.now.ms);
    let read = app.read(move |tx| {
        let all = query::parse("").and_then(|q| q.resolve(&viewer, &directory, now));
        let all = all.map_err(midwatch_domain::Refusal::from)?;
        Ok::<_, Fault>(Found {
            paged: watch::paged(tx, &viewer, MOST)?,
            offers: watch::offers(tx, &viewer, MOST)?,
            unacknowledged: watch::unacknowledged(tx, &viewer, MOST)?,
            tasks: watch::tasks(tx, &viewer, MOST)?,
            owned: watch::owned(tx, &viewer, 200)?,
            changed: watch::changed_since(tx, &viewer, &directory, now.plus_ms(-LATELY_MS), 15)?,
            load: match &team {
                Some(team) => watch::team_load(tx, &viewer, &directory, &team.id)?,
                None => Vec::new(),
            },
            none_yet: list_tickets(tx, &viewer, &all, None, None, 1)?
                .rows
                .is_empty(),
        })
    });
    Ok(read.await?)
}

fn headline(look: &Look, needs: &[(i64, Need)]) -> String {
    let waiting = needs.iter().filter(|(since, _)| *since != i64::MAX).count();
    let longest = needs.iter().map(|(since, _)| *since).min();
    let longest = longest.map(|since| span(look.now.ms - since));
    match (waiting, needs.len(), longest) {
        (0, 0, _) => "Nothing needs you now.".to_owned(),
        (0, 1, _) => "One task is yours.".to_owned(),
        (0, n, _) => format!("{n} tasks are yours."),
        (1, _, Some(longest)) => format!("One thing waits for your answer, for {longest}."),
        (n, _, longest) => format!(
            "{n} things wait for your answer, the first for {}.",
            longest.unwrap_or_default()
        ),
    }
}

fn need(look: &Look, r: &TicketRow, asks: String, reason: &str, acts: Vec<NeedAct>) -> Need {
    let clipped: String = reason
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect();
    let view = row::of_list(look, r);
    Need {
        number: view.number,
        title: view.title,
        severity: view.severity,
        asks,
        reason: clipped,
        clock: None,
        acts,
    }
}

fn act(label: &str, action: String, key: &str, link: bool, primary: bool) -> NeedAct {
    NeedAct {
        label: label.to_owned(),
        action,
        key: key.to_owned(),
        link,
        primary,
    }
}

fn offered(look: &Look, o: &Offered) -> Need {
    let from = look.directory().name(&o.offer.from);
    let to = format!("/tickets/{}", o.row.number);
    let acts = vec![
        act("Accept", format!("{to}/accept_handoff"), "a", false, true),
        act("Read the brief", to, "", true, false),
    ];
    // The first line of a brief is the ticket's own name.
    let situation = o
        .offer
        .brief
        .situation
        .lines()
        .nth(1)
        .unwrap_or(&o.offer.brief.situation);
    Need {
        clock: Some(row::waiting(look, "waiting for your answer", o.offer.at)),
        ..need(
            look,
            &o.row,
            format!("{from} offers you this ticket"),
            situation,
            acts,
        )
    }
}

fn paged(look: &Look, p: &Paged) -> Need {
    let t = &p.ticket;
    let to = format!("/tickets/{}", t.number);
    let me = look.me();
    let page = me.and_then(|m| t.escalation.pages.get(m));
    let level = look
        .directory()
        .policy_of(t)
        .level(page.map_or(0, |p| p.step));
    let level = ticket::paging::level(level);
    let primary = match (me == Some(&t.owner), t.acknowledged.is_some()) {
        (true, false) => act("Acknowledge", format!("{to}/acknowledge"), "a", false, true),
        (false, false) => act("I have it", format!("{to}/take"), "a", false, true),
        // Somebody is on it already and asked for help.
        (_, true) => act(
            "On it",
            format!("{to}/answer_page?answer=coming"),
            "",
            true,
            true,
        ),
    };
    let cannot = format!("{to}/answer_page?answer=cannot");
    let acts = vec![
        primary,
        act("Cannot", cannot, "", true, false),
        act("Open", to, "", true, false),
    ];
    let owner = look.directory().name(&t.owner);
    let who = match me == Some(&t.owner) {
        true => "You are responsible.".to_owned(),
        false => format!("{owner} is responsible."),
    };
    Need {
        clock: Some(row::waiting(look, "since you were paged", p.at)),
        ..need(
            look,
            &p.row,
            format!(
                "You are paged ({level}), because {}",
                t.escalation.cause.words()
            ),
            &who,
            acts,
        )
    }
}

fn unanswered(look: &Look, r: &TicketRow) -> Need {
    let to = format!("/tickets/{}", r.number);
    let acts = vec![
        act("Acknowledge", format!("{to}/acknowledge"), "a", false, true),
        act("Open", to, "", true, false),
    ];
    Need {
        clock: Some(row::waiting(look, "open", r.opened_at)),
        ..need(
            look,
            r,
            "You are responsible and have not acknowledged it".to_owned(),
            "",
            acts,
        )
    }
}

fn task(look: &Look, t: &MyTask) -> Need {
    let finish = format!("/tickets/{}/finish_task?task={}", t.row.number, t.task.id);
    need(
        look,
        &t.row,
        format!("Task: {}", t.task.title),
        "",
        vec![act("Finish", finish, "", true, false)],
    )
}

fn load(look: &Look, all: &[Carried]) -> Vec<Load> {
    let d = look.directory();
    let number = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let total = |l: &Carried| number(l.open.values().map(|c| c.n).sum());
    let most = all.iter().map(total).max().unwrap_or(0);
    let one = |l: &Carried| {
        let of = |s: Severity| l.open.get(&s).map_or(0, |c| number(c.n));
        Load {
            person: show::person(d, &l.person),
            by_level: [
                of(Severity::Critical),
                of(Severity::High),
                of(Severity::Medium),
                of(Severity::Low),
            ],
            total: total(l),
            most,
            passed: 0,
            href: format!(
                "/tickets?q={}",
                escape(&format!("is:open owner:\"{}\"", d.name(&l.person)))
            ),
        }
    };
    all.iter().map(one).collect()
}

fn change(look: &Look, c: &Changed) -> Change {
    Change {
        number: c.row.number.to_string(),
        title: c.row.title.clone(),
        entry: ticket::timeline::brief_entry(look, &c.last),
    }
}

async fn reports(app: &App, look: &Look) -> Result<Response, Problem> {
    let viewer = look.viewer().clone();
    let rows = app
        .read(move |tx| watch::reported(tx, &viewer, 200))
        .await?;
    let d = look.directory();
    let report = |r: &TicketRow| Report {
        number: r.number.to_string(),
        title: r.title.clone(),
        phase: show::phase(r.phase),
        owner: show::person(d, &r.owner),
        opened: look.now.moment(r.opened_at.0),
        updated: look.now.moment(r.updated_at.0),
    };
    let page = MyReports {
        frame: look.frame(app, "My reports", Nav::Watch).await?,
        reports: rows.iter().map(report).collect(),
    };
    Ok(look.show(&page))
}
