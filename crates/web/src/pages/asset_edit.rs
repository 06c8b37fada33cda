//! The form of an asset: one for a new one and for a change. The domain judges what is typed.

use axum::extract::{Path, State};
use axum::response::Response;
use midwatch_domain::Refusal;
use midwatch_domain::asset::{Asset, Identifier};
use midwatch_domain::id::AssetId;
use midwatch_domain::words::{AssetKind, Criticality, DataClass, Environment, Monitoring};

use super::assets::{LIST, found};
use super::frame::Look;
use super::show;
use super::typed::{self, Typed};
use crate::App;
use crate::problem::Problem;
use crate::view::form::{Choice, Field, FieldKind, Form};
use crate::view::frame::Nav;
use crate::view::people::EditPage;

type Answer = Result<Response, Problem>;

pub(super) async fn new(State(app): State<App>, look: Look) -> Answer {
    let blank = fresh(&app);
    let form = form(&look, &blank, "/inventory/new");
    Ok(look.show(&edit(&app, &look, &blank, form).await?))
}

pub(super) async fn create(State(app): State<App>, look: Look, typed: Typed) -> Answer {
    let blank = fresh(&app);
    let form = form(&look, &blank, "/inventory/new");
    keep(&app, &look, &typed, blank, form).await
}

pub(super) async fn page(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let asset = found(&app, &id).await?.asset;
    let form = form(&look, &asset, &format!("{LIST}/{}/edit", asset.id));
    Ok(look.show(&edit(&app, &look, &asset, form).await?))
}

pub(super) async fn save(
    State(app): State<App>,
    look: Look,
    Path(id): Path<String>,
    typed: Typed,
) -> Answer {
    let asset = found(&app, &id).await?.asset;
    let form = form(&look, &asset, &format!("{LIST}/{}/edit", asset.id));
    keep(&app, &look, &typed, asset, form).await
}

fn fresh(app: &App) -> Asset {
    Asset::blank(AssetId::from_bytes(app.desk.store.random()))
}

fn words<T: Copy>(all: &[T], say: fn(T) -> (&'static str, &'static str)) -> Vec<Choice> {
    let choice = |t: &T| {
        let (value, label) = say(*t);
        Choice::new(value, label)
    };
    all.iter().map(choice).collect()
}

fn form(look: &Look, a: &Asset, action: &str) -> Form {
    let d = look.directory();
    let mut teams: Vec<Choice> = d
        .teams
        .values()
        .map(|t| Choice::new(t.id.to_string(), &t.name))
        .collect();
    teams.sort_by_key(|c| c.label.to_lowercase());
    let names: Vec<String> = a.current(look.at()).map(Identifier::line).collect();
    let tags: Vec<&str> = a.tags.iter().map(String::as_str).collect();
    let choice = |name: &str, label: &str, choices: Vec<Choice>, value: &str| {
        Field::new(FieldKind::Choice, name, label)
            .choices(choices)
            .value(value)
    };
    let fields = vec![
        Field::text("name", "Name").value(&a.name).required().max(200).placeholder("db1"),
        choice("kind", "Kind", words(AssetKind::ALL, |k| (k.as_str(), k.label())), a.kind.as_str()).required(),
        Field::new(FieldKind::Paste, "identifiers", "Goes by")
            .value(names.join("\n"))
            .placeholder("db1.example.com\n10.1.2.3\n10.8.0.0/24\nuser ada\nserial C02XL0ABJGH5")
            .help("A name a line: host name, address, range, cloud id, mail address, MAC; “user” and “serial” before a login and a serial number. What is left out counts no more from now on."),
        choice("criticality", "Criticality", words(Criticality::ALL, |c| (c.as_str(), c.label())), a.criticality.as_str())
            .required()
            .help("How much depends on it. Settings say how bad a ticket about it is at least."),
        Field::new(FieldKind::Person, "owner", "Owner")
            .choices(show::people(d))
            .value(a.owner.as_ref().map_or("", |p| p.as_str())),
        Field::text("contact", "Contact")
            .value(&a.contact)
            .max(300)
            .help("Whom to ask where that is somebody without an account, such as a number that is answered at night."),
        choice("team", "Team", teams, a.team.as_ref().map_or("", |t| t.as_str()))
            .help("Who runs it. Without owner and contact, whoever has its watch is named."),
        choice("environment", "Environment", words(Environment::ALL, |e| (e.as_str(), e.label())), a.environment.as_str()).required(),
        choice("data_class", "Data, at most", words(DataClass::ALL, |e| (e.as_str(), e.label())), a.data_class.as_str()).required(),
        choice("monitoring", "Monitored", words(Monitoring::ALL, |e| (e.as_str(), e.label())), a.monitoring.as_str()).required(),
        Field::new(FieldKind::Long, "description", "What it is").value(&a.description).max(5000),
        Field::new(FieldKind::Long, "baseline", "What is normal for it")
            .value(&a.baseline)
            .max(20_000)
            .help("Who talks to it, when, how much; what never happens. Markdown."),
        Field::new(FieldKind::Date, "review_on", "Look at that again on")
            .value(a.review_on.map_or_else(String::new, |d| d.to_string())),
        Field::text("tags", "Tags").value(tags.join(" ")).help("Parted by spaces."),
    ];
    let back = if a.name.is_empty() {
        LIST.to_owned()
    } else {
        format!("{LIST}/{}", a.id)
    };
    Form::new(action, "Save", fields).cancel(back)
}

async fn edit(app: &App, look: &Look, a: &Asset, form: Form) -> Result<EditPage, Problem> {
    let title = if a.name.is_empty() {
        "New asset"
    } else {
        &a.name
    };
    Ok(EditPage {
        frame: look.frame(app, title, Nav::Assets).await?,
        back: ("Assets".into(), LIST.into()),
        title: title.into(),
        intro: "Tickets with a value that it goes by say that they are about it, with whom to ask."
            .into(),
        form,
        more: Vec::new(),
    })
}

async fn keep(app: &App, look: &Look, typed: &Typed, before: Asset, mut form: Form) -> Answer {
    let done = match read(typed, look, &before) {
        Ok(asset) => app
            .desk
            .keep_asset(look.viewer().clone(), asset)
            .await
            .map_err(Problem::from),
        Err(refusal) => Err(refusal.into()),
    };
    match done {
        Ok(kept) => {
            let at = format!("{LIST}/{}", kept.asset.id);
            Ok(look.done(&at, &format!("{} is saved.", kept.asset.name)))
        }
        Err(problem) if typed::can_mend(&problem) => {
            form.problem = typed.put_back(&mut form.fields, Some(&problem));
            let page = edit(app, look, &before, form).await?;
            Ok(look.show_as(typed::status(&problem), &page))
        }
        Err(problem) => Err(problem),
    }
}

fn read(typed: &Typed, look: &Look, before: &Asset) -> Result<Asset, Refusal> {
    let lines = typed
        .get("identifiers")
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty());
    let mut identifiers = Vec::new();
    for line in lines {
        let id = Identifier::read(line).map_err(|r| r.on("identifiers"))?;
        let held = before.current(look.at()).find(|h| h.same(&id));
        identifiers.push(held.cloned().unwrap_or(id));
    }
    let optional = |name: &str| Some(typed.get(name)).filter(|v| !v.is_empty());
    let tags = typed.get("tags").split_whitespace();
    Ok(Asset {
        name: typed.get("name").to_owned(),
        kind: typed.get("kind").parse()?,
        identifiers,
        owner: optional("owner")
            .map(str::parse)
            .transpose()
            .map_err(|r: Refusal| r.on("owner"))?,
        contact: typed.get("contact").to_owned(),
        team: optional("team")
            .map(str::parse)
            .transpose()
            .map_err(|r: Refusal| r.on("team"))?,
        criticality: typed.get("criticality").parse()?,
        environment: typed.get("environment").parse()?,
        data_class: typed.get("data_class").parse()?,
        monitoring: typed.get("monitoring").parse()?,
        description: typed.get("description").to_owned(),
        baseline: typed.get("baseline").to_owned(),
        review_on: optional("review_on")
            .map(str::parse)
            .transpose()
            .map_err(|r: Refusal| r.on("review_on"))?,
        tags: tags.map(str::to_owned).collect(),
        ..before.clone()
    })
}
