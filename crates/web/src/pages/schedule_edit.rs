//! The editor of schedules: layers of people in turn, added, moved and removed without script, with what comes of them drawn below.

use axum::extract::{Path, State};
use axum::response::Response;
use midwatch_domain::Refusal;
use midwatch_domain::access::Action;
use midwatch_domain::civil::{DAY_MS, TimeOfDay, Wall};
use midwatch_domain::hours::{read_windows, write_windows};
use midwatch_domain::id::ScheduleId;
use midwatch_domain::revise::Revision;
use midwatch_domain::schedule::{Layer, OnHolidays, Schedule, Turn};
use midwatch_domain::words::Weekday;

use super::frame::Look;
use super::on_call::{address, shift};
use super::rows::{count, stepped};
use super::schedule_chart::chart;
use super::schedules::{found, today};
use super::show;
use super::typed::{Typed, as_piece, can_mend, status};
use crate::App;
use crate::policy::{Policy, Routes};
use crate::problem::Problem;
use crate::view::form::{Choice, Field, FieldKind, Form};
use crate::view::frame::Nav;
use crate::view::on_call::{LayerRow, ScheduleEdit};

/// Registers the routes.
pub fn routes(r: Routes) -> Routes {
    let plan = Policy::May(Action::PlanWatch);
    r.get("/schedules/new", plan, new)
        .post("/schedules/new", plan, create)
        .get("/schedules/{id}/edit", plan, edit)
        .post("/schedules/{id}/edit", plan, save)
}

const ROWS: &[(&str, &str)] = &[("layer", "name")];

type Answer = Result<Response, Problem>;

async fn new(State(app): State<App>, look: Look) -> Answer {
    let zone = look
        .directory()
        .organisation
        .as_ref()
        .map(|o| o.time_zone.clone());
    let blank = Schedule {
        id: ScheduleId::from_bytes([0; 16]),
        name: String::new(),
        time_zone: zone.unwrap_or_else(|| "UTC".into()),
        layers: vec![first_layer(&look)],
        overrides: Vec::new(),
        swaps: Vec::new(),
        holidays: None,
        deleted: false,
    };
    Ok(look.show(&page(&app, &look, None, &typed_of(&blank), None).await?))
}

fn first_layer(look: &Look) -> Layer {
    Layer {
        name: "Week".into(),
        people: Vec::new(),
        starts_on: Wall::new("UTC").day(look.at()),
        handoff_at: "08:00".parse().unwrap_or(TimeOfDay::MIDNIGHT),
        turn: Turn::Weekly {
            weekday: Weekday::Monday,
        },
        restrict: None,
        on_holidays: OnHolidays::AsUsual,
        time_zone: None,
    }
}

async fn edit(State(app): State<App>, look: Look, Path(id): Path<String>) -> Answer {
    let s = found(&look, &id)?;
    Ok(look.show(&page(&app, &look, Some(s), &typed_of(s), None).await?))
}

async fn create(State(app): State<App>, look: Look, typed: Typed) -> Answer {
    post(&app, &look, None, typed).await
}

async fn save(State(app): State<App>, look: Look, Path(id): Path<String>, typed: Typed) -> Answer {
    let s = found(&look, &id)?;
    post(&app, &look, Some(s), typed).await
}

async fn post(app: &App, look: &Look, before: Option<&Schedule>, mut typed: Typed) -> Answer {
    match typed.get("do") {
        "save" | "" => {
            let done = match read(&typed, before, app) {
                Ok(s) => {
                    let saving = app
                        .desk
                        .revise(look.viewer().clone(), Revision::Schedule(s));
                    saving.await.map_err(Problem::from)
                }
                Err(refusal) => Err(refusal.into()),
            };
            match done {
                Ok(revised) => Ok(look.done(
                    &format!("/schedules/{}", revised.body.id()),
                    &format!("{} is saved.", revised.body.title()),
                )),
                Err(problem) if can_mend(&problem) => {
                    let page = page(app, look, before, &typed, Some(&problem)).await?;
                    Ok(look.show_as(status(&problem), &page))
                }
                Err(problem) => Err(problem),
            }
        }
        "preview" => {
            let wrong = read(&typed, before, app).and_then(Schedule::validate).err();
            let wrong = wrong.map(Problem::from);
            Ok(look.show(&page(app, look, before, &typed, wrong.as_ref()).await?))
        }
        step => {
            let step = step.to_owned();
            typed.0 = stepped(typed.0, &step, ROWS);
            Ok(look.show(&page(app, look, before, &typed, None).await?))
        }
    }
}

/// A schedule as the form would send it.
fn typed_of(s: &Schedule) -> Typed {
    let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut all = vec![
        text("name", &s.name),
        text("time_zone", &s.time_zone),
        text("holidays", s.holidays.as_ref().map_or("", |c| c.as_str())),
    ];
    for (n, l) in s.layers.iter().enumerate() {
        let mut put = |part: &str, value: String| all.push((format!("layer-{n}-{part}"), value));
        let (turn, weekday, hours) = match l.turn {
            Turn::Daily => ("day", Weekday::Monday, 0),
            Turn::Weekly { weekday } => ("week", weekday, 0),
            Turn::Hours { n } => ("hours", Weekday::Monday, n),
        };
        put("name", l.name.clone());
        put("turn", turn.to_owned());
        put("weekday", weekday.as_str().to_owned());
        put(
            "hours",
            if hours > 0 {
                hours.to_string()
            } else {
                String::new()
            },
        );
        put("starts_on", l.starts_on.to_string());
        put("handoff_at", l.handoff_at.to_string());
        put(
            "restrict",
            write_windows(l.restrict.as_deref().unwrap_or_default()),
        );
        put("on_holidays", on_holidays(l.on_holidays).to_owned());
        put("time_zone", l.time_zone.clone().unwrap_or_default());
        for p in &l.people {
            put("people", p.to_string());
        }
    }
    Typed(all)
}

fn on_holidays(rule: OnHolidays) -> &'static str {
    match rule {
        OnHolidays::AsUsual => "as_usual",
        OnHolidays::Off => "off",
        OnHolidays::Only => "only",
    }
}

/// The schedule that the form describes. What the plan does not say (overrides, swaps) the desk keeps.
fn read(typed: &Typed, before: Option<&Schedule>, app: &App) -> Result<Schedule, Refusal> {
    let get = |name: &str| typed.get(name).trim().to_owned();
    let id = before.map_or_else(
        || ScheduleId::from_bytes(app.desk.store.random()),
        |s| s.id.clone(),
    );
    let layers = (0..count(typed, "layer")).map(|n| {
        layer(typed, n).map_err(|r| {
            let field = r.field.clone().unwrap_or_default();
            r.on(format!("layers.{n}.{field}"))
        })
    });
    Ok(Schedule {
        id,
        name: get("name"),
        time_zone: get("time_zone"),
        layers: layers.collect::<Result<_, _>>()?,
        overrides: before.map_or_else(Vec::new, |s| s.overrides.clone()),
        swaps: before.map_or_else(Vec::new, |s| s.swaps.clone()),
        holidays: match get("holidays") {
            text if text.is_empty() => None,
            text => Some(
                text.parse()
                    .map_err(|_| Refusal::invalid("holidays", "There is no such calendar."))?,
            ),
        },
        deleted: false,
    })
}

fn layer(typed: &Typed, n: usize) -> Result<Layer, Refusal> {
    let get = |part: &str| typed.get(&format!("layer-{n}-{part}")).trim().to_owned();
    let people = typed.all(&format!("layer-{n}-people"));
    let people = people.iter().map(|p| {
        p.parse()
            .map_err(|_| Refusal::invalid("people", "There is no such person."))
    });
    let restrict = read_windows(&get("restrict"))?;
    Ok(Layer {
        name: get("name"),
        people: people.collect::<Result<_, _>>()?,
        starts_on: get("starts_on")
            .parse()
            .map_err(|r: Refusal| r.on("starts_on"))?,
        handoff_at: get("handoff_at")
            .parse()
            .map_err(|r: Refusal| r.on("handoff_at"))?,
        turn: match get("turn").as_str() {
            "week" => Turn::Weekly {
                weekday: get("weekday").parse()?,
            },
            "hours" => {
                let hours = get("hours").parse();
                let says = "Expected how many hours a turn has, as a whole number.";
                Turn::Hours {
                    n: hours.map_err(|_| Refusal::invalid("turn", says))?,
                }
            }
            _ => Turn::Daily,
        },
        restrict: (!restrict.is_empty()).then_some(restrict),
        on_holidays: match get("on_holidays").as_str() {
            "off" => OnHolidays::Off,
            "only" => OnHolidays::Only,
            _ => OnHolidays::AsUsual,
        },
        time_zone: Some(get("time_zone")).filter(|z| !z.is_empty()),
    })
}

async fn page(
    app: &App,
    look: &Look,
    before: Option<&Schedule>,
    typed: &Typed,
    problem: Option<&Problem>,
) -> Result<ScheduleEdit, Problem> {
    let d = look.directory();
    let mut basics = basics(look);
    let left = typed.put_back(&mut basics, problem);
    let rows = (0..count(typed, "layer")).map(|n| layer_row(typed, n, problem));
    let layers: Vec<LayerRow> = rows.collect();
    let in_layer = layers.iter().any(|l| l.error.is_some());
    let planned = read(typed, before, app).and_then(Schedule::validate).ok();
    let (from, to) = (today(look), today(look).plus_ms(28 * DAY_MS));
    let drawn = planned.as_ref().map(|s| {
        let roster = d.roster_of(s);
        let gaps = roster
            .gaps(look.at(), to)
            .iter()
            .map(|g| shift(look, g))
            .collect();
        (chart(look, s, &roster, from, to), gaps)
    });
    let (chart, gaps) = drawn.map_or((None, Vec::new()), |(c, g)| (Some(c), g));
    let goes_by = |s: &Schedule| d.teams.values().any(|t| t.schedule.as_ref() == Some(&s.id));
    let used = before.is_some_and(goes_by);
    let title = if before.is_some() {
        "Edit schedule"
    } else {
        "New schedule"
    };
    let path = before.map(address);
    Ok(ScheduleEdit {
        frame: look.frame(app, title, Nav::OnCall).await?,
        fresh: before.is_none(),
        action: path
            .as_ref()
            .map_or("/schedules/new".into(), |p| format!("{p}/edit")),
        cancel: path.clone().unwrap_or_else(|| "/schedules".into()),
        basics,
        layers,
        people: show::owners(d, None),
        chart,
        gaps,
        problem: left.filter(|_| !in_layer).and(problem.map(as_piece)),
        delete: path
            .filter(|_| !used)
            .map(|p| Form::new(format!("{p}/delete"), "Delete schedule", Vec::new()).dangerous()),
    })
}

fn basics(look: &Look) -> Vec<Field> {
    let calendars = look.directory().calendars.values();
    let calendars = calendars
        .map(|c| Choice::new(c.id.as_str(), &c.name))
        .collect();
    vec![
        Field::text("name", "Name").required().max(100).placeholder("Security Operations"),
        Field::text("time_zone", "Time zone")
            .required()
            .max(64)
            .help("Handoffs keep their hour in it when summer time comes and goes, such as Europe/Berlin."),
        Field::new(FieldKind::Choice, "holidays", "Holidays")
            .choices(calendars)
            .help("A calendar whose holidays layers may go by."),
    ]
}

fn layer_row(typed: &Typed, n: usize, problem: Option<&Problem>) -> LayerRow {
    let get = |part: &str| typed.get(&format!("layer-{n}-{part}")).to_owned();
    // `layers.2.turn` is about the third layer.
    let about = problem.and_then(|p| p.field.as_deref()).unwrap_or_default();
    let mine = about.starts_with(&format!("layers.{n}."));
    let mut people = typed.all(&format!("layer-{n}-people"));
    // Two empty places, for more.
    people.extend([String::new(), String::new()]);
    LayerRow {
        name: get("name"),
        people,
        turn: get("turn"),
        weekday: get("weekday"),
        hours: get("hours"),
        starts_on: get("starts_on"),
        handoff_at: get("handoff_at"),
        restrict: get("restrict"),
        on_holidays: get("on_holidays"),
        time_zone: get("time_zone"),
        error: problem.filter(|_| mine).map(|p| p.detail.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_survives_its_own_form() {
        let json = serde_json::json!({ "id": "sch_x", "name": "SOC", "time_zone": "Europe/Berlin", "layers": [
            { "name": "Nights", "people": ["per_a", "per_b", "per_a"], "starts_on": "2026-01-05", "handoff_at": "20:00",
              "turn": { "every": "week", "weekday": "fri" }, "time_zone": "Asia/Tokyo",
              "restrict": [{ "weekdays": ["mon", "tue", "wed"], "from": "20:00", "to": "08:00" }] },
            { "name": "Twelve", "people": ["per_c"], "starts_on": "2026-01-05", "handoff_at": "08:00", "on_holidays": "off",
              "turn": { "every": "hours", "n": 12 } },
            { "name": "Days", "people": ["per_c"], "starts_on": "2026-01-05", "handoff_at": "08:00", "turn": { "every": "day" } }] });
        let s: Schedule = serde_json::from_value(json).unwrap();
        let typed = typed_of(&s);
        let layers: Vec<Layer> = (0..count(&typed, "layer"))
            .map(|n| layer(&typed, n).unwrap())
            .collect();
        assert_eq!(layers, s.layers);
    }

    #[test]
    fn what_cannot_be_read_is_said_of_its_field() {
        let f = |part: &str, v: &str| (format!("layer-0-{part}"), v.to_owned());
        let good = [
            f("name", "A"),
            f("starts_on", "2026-01-05"),
            f("handoff_at", "08:00"),
            f("turn", "hours"),
            f("hours", "8"),
        ];
        assert!(layer(&Typed(good.to_vec()), 0).is_ok());
        for (n, bad, field) in [
            (1, "05.01.2026", "starts_on"),
            (2, "8 o'clock", "handoff_at"),
            (4, "eight", "turn"),
        ] {
            let mut typed = good.to_vec();
            typed[n].1 = bad.into();
            assert_eq!(layer(&Typed(typed), 0).unwrap_err().field.unwrap(), field);
        }
        let mut typed = good.to_vec();
        typed.push(f("restrict", "whenever"));
        assert_eq!(
            layer(&Typed(typed), 0).unwrap_err().field.unwrap(),
            "restrict"
        );
    }
}
