//! On-call schedules: layers of people in turn, with overrides and swaps above them. Who is on call is worked out in `roster`.

pub mod change;
pub mod ical;
pub mod layer;
pub mod roster;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Refusal;
use crate::civil::{Day, TimeOfDay, known_zone};
use crate::id::{CalendarId, OverrideId, PersonId, ScheduleId, SwapId};
use crate::moment::Moment;
use crate::refusal::{optional_text, required_line};
use crate::words::Weekday;

pub use roster::{Because, NowAndNext, Roster, Shift};

/// A plan of who is on call when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The id, `sch_…`.
    #[schema(value_type = String)]
    pub id: ScheduleId,
    /// Name as shown.
    pub name: String,
    /// IANA time zone of its times, such as `Europe/Berlin`; a layer may have its own.
    pub time_zone: String,
    /// Layers, the highest first: the first that has somebody for a moment decides.
    pub layers: Vec<Layer>,
    /// Somebody is on call for a while, whatever the layers say.
    #[serde(default)]
    pub overrides: Vec<Override>,
    /// Shifts that people asked others to take. An accepted one counts like an override.
    #[serde(default)]
    pub swaps: Vec<Swap>,
    /// The calendar whose holidays layers may go by.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub holidays: Option<CalendarId>,
    /// Whether it was deleted.
    #[serde(default)]
    pub deleted: bool,
}

/// People who take turns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Name as shown, such as `Nights`.
    pub name: String,
    /// Who takes turns, in order. Somebody may be named twice.
    #[schema(value_type = Vec<String>)]
    pub people: Vec<PersonId>,
    /// The day on which the first turn begins.
    #[schema(value_type = String)]
    pub starts_on: Day,
    /// When turns change, such as `08:00`.
    #[schema(value_type = String)]
    pub handoff_at: TimeOfDay,
    /// How long a turn is.
    pub turn: Turn,
    /// Only within these hours of the week; without, round the clock.
    #[serde(default)]
    pub restrict: Option<Vec<Window>>,
    /// What the layer does on holidays of the schedule's calendar.
    #[serde(default)]
    pub on_holidays: OnHolidays,
    /// IANA time zone of this layer, if not the schedule's.
    #[serde(default)]
    pub time_zone: Option<String>,
}

/// How long a turn is. Turns follow the clock on the wall: a handoff at 08:00 stays at 08:00 when summer time comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "every", deny_unknown_fields)]
pub enum Turn {
    /// A day.
    #[serde(rename = "day")]
    Daily,
    /// A week, changing on this weekday; the first turn is shorter if it begins on another one.
    #[serde(rename = "week")]
    Weekly {
        /// When it changes.
        weekday: Weekday,
    },
    /// This many hours; 336 are two weeks.
    #[serde(rename = "hours")]
    Hours {
        /// How many.
        n: i64,
    },
}

/// Hours of the week in which a layer is in force. `to` before `from` is on the next day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// On which days it begins.
    pub weekdays: Vec<Weekday>,
    /// When it begins, such as `22:00`.
    #[schema(value_type = String)]
    pub from: TimeOfDay,
    /// When it ends, such as `06:00`.
    #[schema(value_type = String)]
    pub to: TimeOfDay,
}

/// What a layer does on holidays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnHolidays {
    /// Goes on as on any day.
    #[default]
    AsUsual,
    /// Has nobody; layers below decide.
    Off,
    /// Is in force on holidays only.
    Only,
}

/// Somebody is on call for a while, whatever the layers say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// The id, `ovr_…`.
    #[schema(value_type = String)]
    pub id: OverrideId,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub from: Moment,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub to: Moment,
    /// Who.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// When it was set; the latest of overlapping ones counts.
    #[schema(value_type = String, format = DateTime)]
    pub set_at: Moment,
}

/// A shift, or part of one, that its person asked somebody else to take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Swap {
    /// The id, `swp_…`.
    #[schema(value_type = String)]
    pub id: SwapId,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub from: Moment,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub to: Moment,
    /// Whose shift it is.
    #[schema(value_type = String)]
    pub giver: PersonId,
    /// Who was asked to take it.
    #[schema(value_type = String)]
    pub receiver: PersonId,
    /// A word to the receiver.
    #[serde(default)]
    pub reason: String,
    /// When it was asked.
    #[schema(value_type = String, format = DateTime)]
    pub asked_at: Moment,
    /// When it was accepted, declined or withdrawn.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered_at: Option<Moment>,
    /// How it stands.
    pub state: SwapState,
}

/// How a swap stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SwapState {
    /// Waits for the receiver. The giver is still on call.
    Asked,
    /// The receiver is on call instead.
    Accepted,
    /// The receiver said no.
    Declined,
    /// The giver took it back.
    Withdrawn,
}

const MOST_LAYERS: usize = 20;
const MOST_PEOPLE: usize = 100;
const MOST_WINDOWS: usize = 20;
const MOST_HOURS: i64 = 366 * 24;
/// Overrides, and swaps, that one schedule holds.
pub const MOST_OVERRIDES: usize = 1000;

impl Schedule {
    /// Checks and cleans it. Whether the people exist is asked where people are known.
    ///
    /// # Errors
    /// A refusal naming the field, such as `layers.0.turn`.
    pub fn validate(mut self) -> Result<Self, Refusal> {
        self.name = required_line("name", &self.name, 100)?;
        self.time_zone = optional_text("time_zone", &self.time_zone, 64)?;
        known_zone(&self.time_zone)?;
        if self.layers.is_empty() {
            return Err(Refusal::invalid(
                "layers",
                "A schedule needs at least one layer of people who take turns.",
            ));
        }
        if self.layers.len() > MOST_LAYERS {
            let says = format!("At most {MOST_LAYERS} layers.");
            return Err(Refusal::invalid("layers", says));
        }
        let has_calendar = self.holidays.is_some();
        for (n, layer) in self.layers.iter_mut().enumerate() {
            layer.check(has_calendar).map_err(|r| {
                let field = r.field.clone().unwrap_or_default();
                r.on(format!("layers.{n}.{field}"))
            })?;
        }
        if self.overrides.len() > MOST_OVERRIDES || self.swaps.len() > MOST_OVERRIDES {
            let says =
                format!("At most {MOST_OVERRIDES} overrides and as many swaps in one schedule.");
            return Err(Refusal::invalid("overrides", says));
        }
        for o in &mut self.overrides {
            ordered("overrides", o.from, o.to)?;
            o.reason = optional_text("reason", &o.reason, 300)?;
        }
        for s in &mut self.swaps {
            ordered("swaps", s.from, s.to)?;
            s.reason = optional_text("reason", &s.reason, 300)?;
        }
        Ok(self)
    }

    /// Everybody whom layers, overrides and swaps name.
    pub fn people(&self) -> impl Iterator<Item = &PersonId> {
        let turns = self.layers.iter().flat_map(|l| &l.people);
        let overrides = self.overrides.iter().map(|o| &o.person);
        let swaps = self.swaps.iter().flat_map(|s| [&s.giver, &s.receiver]);
        turns.chain(overrides).chain(swaps)
    }
}

/// Refuses a span of time that does not go forward.
///
/// # Errors
/// A refusal naming `field`.
pub fn ordered(field: &str, from: Moment, to: Moment) -> Result<(), Refusal> {
    if from < to {
        Ok(())
    } else {
        Err(Refusal::invalid(
            field,
            "The end must be later than the beginning.",
        ))
    }
}

impl Layer {
    fn check(&mut self, has_calendar: bool) -> Result<(), Refusal> {
        self.name = required_line("name", &self.name, 80)?;
        if self.people.is_empty() {
            return Err(Refusal::invalid(
                "people",
                "A layer needs at least one person. Remove the layer if nobody takes turns in it.",
            ));
        }
        if self.people.len() > MOST_PEOPLE {
            let says = format!("At most {MOST_PEOPLE} turns in one layer.");
            return Err(Refusal::invalid("people", says));
        }
        if self.handoff_at == TimeOfDay::END {
            return Err(Refusal::invalid(
                "handoff_at",
                "Expected a time from 00:00 to 23:59; midnight is 00:00.",
            ));
        }
        if let Turn::Hours { n: hours } = self.turn
            && !(1..=MOST_HOURS).contains(&hours)
        {
            return Err(Refusal::invalid(
                "turn",
                format!("A turn is 1 to {MOST_HOURS} hours long; this is {hours}."),
            ));
        }
        if let Some(zone) = &mut self.time_zone {
            *zone = optional_text("time_zone", zone, 64)?;
            known_zone(zone)?;
        }
        if self.on_holidays != OnHolidays::AsUsual && !has_calendar {
            return Err(Refusal::invalid(
                "on_holidays",
                "The schedule has no calendar of holidays. Choose one, or let the layer go on as usual.",
            ));
        }
        if self.restrict.as_ref().is_some_and(Vec::is_empty) {
            return Err(Refusal::invalid(
                "restrict",
                "Restricted to no hours at all, the layer would never be in force. Give hours, or lift the restriction.",
            ));
        }
        check_windows(self.restrict.as_deref_mut().unwrap_or_default())
    }
}

fn check_windows(windows: &mut [Window]) -> Result<(), Refusal> {
    if windows.len() > MOST_WINDOWS {
        let says = format!("At most {MOST_WINDOWS} windows in one layer.");
        return Err(Refusal::invalid("restrict", says));
    }
    for window in windows {
        window.weekdays.sort();
        window.weekdays.dedup();
        let says = if window.weekdays.is_empty() {
            "A window needs at least one weekday.".to_owned()
        } else if window.from == window.to || window.from == TimeOfDay::END {
            format!(
                "{} to {} has no length. A whole day is 00:00 to 24:00; an earlier end is on the next day.",
                window.from, window.to
            )
        } else {
            continue;
        };
        return Err(Refusal::invalid("restrict", says));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
