//! The queue: tickets by query, as a table or a board by phase, with facets and saved views.

use axum::extract::{Query, State};
use axum::response::Response;
use midwatch_domain::access::Action;
use midwatch_domain::id::ViewId;
use midwatch_domain::query::{Resolved, Sort, SortKey};
use midwatch_domain::revise::{Revision, View};
use midwatch_store::read::board::{self, Column};
use midwatch_store::read::counts::{Count, count_tickets};
use midwatch_store::read::facets::{self, Facets};
use midwatch_store::read::tickets::{Cut, DEFAULT_SORT, Page, TicketRow, list_tickets};
use serde::Deserialize;

use crate::App;
use crate::problem::Problem;
use crate::view::form::{Field, FieldKind, Form};
use crate::view::frame::Nav;
use crate::view::piece::{Empty, Pager};
use crate::view::queue::{BoardColumn, Bulk, Facet, FacetItem, Mode, Queue, SavedView, SortHead};

use super::ask::Asked;
use super::frame::{Look, escape};
use super::typed::Typed;
use super::{row, show};

/// Rows of a page.
const PAGE: i64 = 50;
/// Cards of a column of the board.
const CARDS: i64 = 30;
/// Values of a facet.
const VALUES: usize = 8;
/// What is shown unless a query says otherwise.
const OPEN: &str = "is:open";

/// What an address of the queue says.
#[derive(Debug, Default, Deserialize)]
pub struct Params {
    /// The query.
    q: Option<String>,
    /// `board`, else the table.
    #[serde(default)]
    view: String,
    /// Where the page begins.
    cursor: Option<String>,
}

enum Found {
    Table(Page<TicketRow>),
    Board(Vec<Column>),
}

/// `GET /tickets`.
///
/// # Errors
/// As the engine says; what is wrong with the query is shown on the page.
pub async fn page(
    State(app): State<App>,
    look: Look,
    Query(params): Query<Params>,
) -> Result<Response, Problem> {
    let text = params.q.clone().unwrap_or_else(|| OPEN.to_owned());
    let asked = Asked::read(&look, &text, "/tickets", &params.view);
    let is_board = params.view == "board";
    let nothing = || {
        (
            Found::Table(Page {
                rows: Vec::new(),
                next: None,
                cut: None,
            }),
            None,
            Count { n: 0, more: false },
        )
    };
    let (found, facets, total) = match &asked.resolved {
        Some(resolved) => {
            read(
                &app,
                &look,
                resolved.clone(),
                is_board,
                params.cursor.clone(),
            )
            .await?
        }
        None => nothing(),
    };
    let views = saved(&app, &look, &text).await?;
    let frame = look.frame(&app, "Queue", Nav::Queue).await?;
    let (mode, rows, columns, pager) = match found {
        Found::Board(columns) => (Mode::Board, Vec::new(), columns, Pager::default()),
        Found::Table(page) => {
            let pager = pager(&asked, &text, &params, &page, &total);
            let rows = page.rows.iter().map(|r| row::of_list(&look, r)).collect();
            (Mode::Table, rows, Vec::new(), pager)
        }
    };
    let column = |c: Column| BoardColumn {
        phase: show::phase(c.phase),
        total: c.count.n.unsigned_abs(),
        cards: c.page.rows.iter().map(|r| row::of_list(&look, r)).collect(),
        href: asked
            .toggle(&format!("phase:{}", c.phase.as_str()))
            .0
            .replace("&view=board", ""),
    };
    let page = Queue {
        views,
        facets: facets.map_or_else(Vec::new, |f| facet_list(&look, &asked, &f)),
        mode,
        table_href: format!("/tickets?q={}", escape(&text)),
        board_href: format!("/tickets?q={}&view=board", escape(&text)),
        heads: heads(&asked),
        rows,
        columns: columns.into_iter().map(column).collect(),
        pager,
        bulk: Bulk {
            allowed: look.viewer().may(Action::WorkTickets).is_ok(),
            people: show::owners(look.directory(), look.me()),
        },
        preview: None,
        save_view: save_form(&look, &text),
        empty: Empty::new(
            "queue",
            "No ticket matches",
            "Take a part of the query away, or ask for all of them.",
        )
        .with_act("Show all open tickets", "/tickets"),
        query: asked.line,
        frame,
    };
    Ok(look.show(&page))
}

async fn read(
    app: &App,
    look: &Look,
    resolved: Resolved,
    is_board: bool,
    cursor: Option<String>,
) -> Result<(Found, Option<Facets>, Count), Problem> {
    let viewer = look.viewer().clone();
    let read = app.read(move |tx| {
        let facets = facets::facets(tx, &viewer, &resolved)?;
        let total = count_tickets(tx, &viewer, &resolved, 10_000)?;
        let found = if is_board {
            Found::Board(board::board(tx, &viewer, &resolved, CARDS)?)
        } else {
            Found::Table(list_tickets(
                tx,
                &viewer,
                &resolved,
                None,
                cursor.as_deref(),
                PAGE,
            )?)
        };
        Ok((found, Some(facets), total))
    });
    Ok(read.await?)
}

fn pager(
    asked: &Asked,
    text: &str,
    params: &Params,
    page: &Page<TicketRow>,
    total: &Count,
) -> Pager {
    let more = if total.more { " or more" } else { "" };
    let cut = match page.cut {
        Some(Cut::StillLooking) => "; more may come on the next page",
        Some(Cut::NewestOnly) => {
            "; only the newest with these words were looked at, say more to find older ones"
        }
        None => "",
    };
    Pager {
        summary: match total.n {
            1 => format!("1 ticket{cut}"),
            n => format!("{n}{more} tickets{cut}"),
        },
        earlier: params.cursor.as_ref().map(|_| asked.href(text)),
        later: page
            .next
            .as_ref()
            .map(|c| format!("{}&cursor={}", asked.href(text), escape(c))),
    }
}

fn heads(asked: &Asked) -> Vec<SortHead> {
    let now = asked.sort().unwrap_or(DEFAULT_SORT);
    let head = |label: &str, class: &'static str, key: Option<SortKey>| {
        let current = key == Some(now.key);
        // The first click brings what matters most to the top.
        let turned = key.map(|key| Sort {
            key,
            descending: !(current && now.descending),
        });
        SortHead {
            label: label.to_owned(),
            href: turned.map_or(String::new(), |s| asked.sorted(s)),
            sort: match (current, now.descending) {
                (false, _) => "none",
                (true, true) => "descending",
                (true, false) => "ascending",
            },
            class,
        }
    };
    vec![
        head("Severity", "c-sev", Some(SortKey::Severity)),
        head("Number", "c-num", Some(SortKey::Number)),
        head("Title", "c-title", None),
        head("Phase", "c-phase", Some(SortKey::PhaseAge)),
        head("Owner", "c-owner", None),
        head("Next due", "c-clock", None),
        head("Tasks", "c-tasks num", None),
        head("Updated", "c-upd num", Some(SortKey::Updated)),
    ]
}

fn facet_list(look: &Look, asked: &Asked, f: &Facets) -> Vec<Facet> {
    let d = look.directory();
    let facet = |title: &str, values: Vec<(String, String, i64)>| Facet {
        title: title.to_owned(),
        items: values
            .into_iter()
            .filter(|(_, _, n)| *n > 0)
            .take(VALUES)
            .map(|(label, part, n)| {
                let (href, active) = asked.toggle(&part);
                FacetItem {
                    label,
                    href,
                    count: n.unsigned_abs(),
                    active,
                }
            })
            .collect(),
    };
    let quoted = |field: &str, name: &str| match name
        .contains(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.'))
    {
        true => format!("{field}:\"{}\"", name.replace('"', "\\\"")),
        false => format!("{field}:{name}"),
    };
    let word = |field: &str, text: &str| format!("{field}:{text}");
    let all = vec![
        facet(
            "Severity",
            f.severities
                .iter()
                .map(|(s, n)| (s.label().into(), word("severity", s.as_str()), *n))
                .collect(),
        ),
        facet(
            "Phase",
            f.phases
                .iter()
                .map(|(p, n)| (p.label().into(), word("phase", p.as_str()), *n))
                .collect(),
        ),
        facet(
            "Owner",
            f.owners
                .iter()
                .map(|(p, n)| (d.name(p).into(), quoted("owner", d.name(p)), *n))
                .collect(),
        ),
        facet(
            "Team",
            f.teams
                .iter()
                .filter_map(|(t, n)| {
                    let name = &d.teams.get(t)?.name;
                    Some((name.clone(), quoted("team", name), *n))
                })
                .collect(),
        ),
        facet(
            "Tag",
            f.tags
                .iter()
                .map(|(t, n)| (t.clone(), quoted("tag", t), *n))
                .collect(),
        ),
    ];
    all.into_iter().filter(|f| !f.items.is_empty()).collect()
}

/// The viewer's views and the shared ones, each with how many tickets it holds.
async fn saved(app: &App, look: &Look, text: &str) -> Result<Vec<SavedView>, Problem> {
    let mine = |v: &View| look.me() == Some(&v.owner);
    let d = look.directory();
    let mut views: Vec<View> = d
        .views
        .values()
        .filter(|v| v.shared || mine(v))
        .take(20)
        .cloned()
        .collect();
    views.sort_by_key(|v| (!mine(v), v.name.to_lowercase()));
    let asked: Vec<Option<Resolved>> = views
        .iter()
        .map(|v| Asked::read(look, &v.query, "/tickets", "").resolved)
        .collect();
    let viewer = look.viewer().clone();
    let counts = app.read(move |tx| {
        let each = asked.iter().map(|q| match q {
            Some(q) => Ok(count_tickets(tx, &viewer, q, 999)?.n),
            None => Ok(0),
        });
        each.collect::<Result<Vec<i64>, midwatch_store::Fault>>()
    });
    let counts = counts.await?;
    let view = |(v, n): (&View, i64)| SavedView {
        id: v.id.to_string(),
        name: v.name.clone(),
        href: format!("/tickets?q={}", escape(&v.query)),
        count: n.unsigned_abs(),
        shared: v.shared,
        mine: mine(v),
        active: v.query == text,
    };
    Ok(views.iter().zip(counts).map(view).collect())
}

fn save_form(look: &Look, text: &str) -> Form {
    let mut fields = vec![
        Field::hidden("query", text),
        Field::text("name", "Name").max(80).required(),
    ];
    if look.viewer().may(Action::ShareViews).is_ok() {
        fields.push(Field::new(FieldKind::Tick, "shared", "Everybody sees it"));
    }
    Form::new("/views", "Save view", fields)
}

/// `POST /views`: keeps the query under a name.
///
/// # Errors
/// What the command or the engine says.
pub async fn save_view(
    State(app): State<App>,
    look: Look,
    typed: Typed,
) -> Result<Response, Problem> {
    let query = typed.get("query").to_owned();
    // Kept only if it can be asked again.
    midwatch_domain::query::parse(&query).map_err(midwatch_domain::Refusal::from)?;
    let owner = look.me().cloned();
    let view = View {
        id: ViewId::from_bytes(app.desk.store.random()),
        name: typed.get("name").to_owned(),
        query: query.clone(),
        owner: owner
            .ok_or_else(|| midwatch_domain::Refusal::forbidden("Only a person can keep views."))?,
        shared: typed.get("shared") == "yes",
        deleted: false,
    };
    app.desk
        .revise(look.viewer().clone(), Revision::View(view))
        .await?;
    Ok(look.done(
        &format!("/tickets?q={}&saved=1", escape(&query)),
        "View saved.",
    ))
}

/// `POST /views/{id}/delete`.
///
/// # Errors
/// What the command or the engine says.
pub async fn delete_view(
    State(app): State<App>,
    look: Look,
    axum::extract::Path(id): axum::extract::Path<String>,
) -> Result<Response, Problem> {
    let found = id
        .parse::<ViewId>()
        .ok()
        .and_then(|id| look.directory().views.get(&id).cloned());
    let view = found.ok_or_else(|| midwatch_domain::Refusal::missing("view"))?;
    let gone = View {
        deleted: true,
        ..view
    };
    app.desk
        .revise(look.viewer().clone(), Revision::View(gone))
        .await?;
    Ok(look.done("/tickets", "View deleted."))
}
