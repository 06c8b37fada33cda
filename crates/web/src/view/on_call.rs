//! Who is on call: the board of teams, the list of schedules, shifts and swaps as rows; knows times as text, no rule.

use super::{
    form::Form,
    frame::Frame,
    moment::Moment,
    piece::{PersonChip, Problem},
};
use askama::Template;

/// A point in time that keeps its date: shifts are planned by the calendar, not by how far away they are.
#[derive(Debug, Clone, Default)]
pub struct When {
    /// `Mon 24 Nov, 08:00`.
    pub text: String,
    /// How far away it is, and the exact time with its zone.
    pub exact: String,
}

/// A shift in a list.
#[derive(Debug, Clone)]
pub struct ShiftRow {
    /// From when.
    pub from: When,
    /// Until when.
    pub to: When,
    /// How long: `12 h`.
    pub length: String,
    /// Who; nobody is a gap.
    pub person: Option<PersonChip>,
    /// Why, or who answers instead.
    pub because: String,
    /// Whether it is now.
    pub now: bool,
}

/// A shift of the viewer's own.
#[derive(Debug, Clone)]
pub struct OwnShift {
    /// When and why.
    pub shift: ShiftRow,
    /// Page of the schedule.
    pub href: String,
    /// Name of the schedule.
    pub schedule: String,
}

/// A swap, open or answered.
#[derive(Debug, Clone)]
pub struct SwapRow {
    /// Identifier.
    pub id: String,
    /// Page of the schedule.
    pub href: String,
    /// Name of the schedule.
    pub schedule: String,
    /// From when.
    pub from: When,
    /// Until when.
    pub to: When,
    /// Whose shift it is.
    pub giver: PersonChip,
    /// Who was asked.
    pub receiver: PersonChip,
    /// A word to the receiver.
    pub reason: String,
    /// `asked`, `accepted`, `declined`, `withdrawn`, `not answered in time`.
    pub state: &'static str,
    /// Whether the viewer can accept or decline it.
    pub may_answer: bool,
    /// Whether the viewer can withdraw it.
    pub may_withdraw: bool,
}

/// A team and who has its watch.
#[derive(Debug, Clone)]
pub struct TeamOnCall {
    /// Name.
    pub name: String,
    /// Who becomes responsible for a ticket now.
    pub now: Option<PersonChip>,
    /// By which rule.
    pub because: String,
    /// Whether that is only because nobody is on call.
    pub fallback: bool,
    /// Until when, if it ends.
    pub until: Option<When>,
    /// Who is next, nobody for a gap, and from when.
    pub next: Option<(Option<PersonChip>, When)>,
    /// Lead.
    pub lead: Option<PersonChip>,
    /// Page and name of the schedule.
    pub schedule: Option<(String, String)>,
    /// Page on which the team is changed, where the viewer may.
    pub edit: String,
}

/// The board: every team, now and next.
#[derive(Debug, Clone, Template)]
#[template(path = "on_call/board.html")]
pub struct Board {
    /// Frame.
    pub frame: Frame,
    /// Teams, by name.
    pub teams: Vec<TeamOnCall>,
    /// Who answers last.
    pub last_resort: PersonChip,
    /// Swaps that wait for the viewer, or that the viewer asked for.
    pub swaps: Vec<SwapRow>,
    /// The viewer's own coming shifts.
    pub own: Vec<OwnShift>,
    /// Whether the viewer may plan.
    pub may_plan: bool,
}

/// A schedule in the list.
#[derive(Debug, Clone)]
pub struct ScheduleRow {
    /// Page.
    pub href: String,
    /// Name.
    pub name: String,
    /// Teams that go by it.
    pub teams: Vec<String>,
    /// Who is on call now.
    pub now: Option<PersonChip>,
    /// Until when.
    pub until: Option<When>,
    /// Who is next.
    pub next: Option<(Option<PersonChip>, When)>,
    /// `3 gaps, 12 h in all`; empty when there are none.
    pub gaps: String,
    /// When the first of them begins.
    pub first_gap: When,
    /// Time zone.
    pub zone: String,
}

/// The list of schedules.
#[derive(Debug, Clone, Template)]
#[template(path = "on_call/schedules.html")]
pub struct ScheduleList {
    /// Frame.
    pub frame: Frame,
    /// Schedules, by name.
    pub rows: Vec<ScheduleRow>,
    /// Whether the viewer may plan.
    pub may_plan: bool,
}

/// A calendar in the list.
#[derive(Debug, Clone)]
pub struct CalendarRow {
    /// Page.
    pub href: String,
    /// Name.
    pub name: String,
    /// Hours of the week, a line each.
    pub week: Vec<String>,
    /// The next holiday, if one is coming.
    pub holiday: String,
    /// Time zone.
    pub zone: String,
    /// Whether it is working time now.
    pub open: bool,
}

/// The list of calendars.
#[derive(Debug, Clone, Template)]
#[template(path = "on_call/calendars.html")]
pub struct CalendarList {
    /// Frame.
    pub frame: Frame,
    /// Calendars, by name.
    pub rows: Vec<CalendarRow>,
    /// Whether the viewer may plan.
    pub may_plan: bool,
}

/// An override in a list.
#[derive(Debug, Clone)]
pub struct OverrideRow {
    /// Identifier.
    pub id: String,
    /// From when.
    pub from: When,
    /// Until when.
    pub to: When,
    /// Who.
    pub person: PersonChip,
    /// Why.
    pub reason: String,
    /// When it was set.
    pub set_at: Moment,
    /// Whether it holds now.
    pub now: bool,
}

/// Who is on call as bars over days.
#[derive(Debug, Clone)]
pub struct Chart {
    /// Layers from the top, overrides above them, then what comes of them.
    pub rows: Vec<ChartRow>,
    /// Days or weeks: position and label.
    pub ticks: Vec<(String, String)>,
    /// Where now is, if it is within.
    pub now: Option<String>,
    /// Colours and whose they are.
    pub people: Vec<(String, String)>,
}

/// A line of the chart.
#[derive(Debug, Clone)]
pub struct ChartRow {
    /// Name of the layer.
    pub label: String,
    /// How its turns go, in words.
    pub hint: String,
    /// Its bars.
    pub bars: Vec<Bar>,
    /// Whether it is what comes of the others.
    pub result: bool,
    /// The bars in words, for who cannot see them.
    pub says: String,
}

/// A shift as a bar.
#[derive(Debug, Clone)]
pub struct Bar {
    /// Where it begins, in percent.
    pub x: String,
    /// How long it is, in percent.
    pub width: String,
    /// One of the colours `w0` to `w7`, or `gap`.
    pub class: String,
    /// What stands on it; empty when it is too short.
    pub text: String,
    /// Who, from when until when.
    pub title: String,
}

/// The page of a schedule.
#[derive(Debug, Clone, Template)]
#[template(path = "on_call/schedule.html")]
pub struct SchedulePage {
    /// Frame.
    pub frame: Frame,
    /// Its facts.
    pub row: ScheduleRow,
    /// Where it is changed, exported and so on.
    pub path: String,
    /// Bars.
    pub chart: Chart,
    /// How many days are shown: choice, address, whether it is the one.
    pub spans: Vec<(String, String, bool)>,
    /// Earlier and later days.
    pub earlier: String,
    /// Later days.
    pub later: String,
    /// What the bars show, row by row.
    pub shifts: Vec<ShiftRow>,
    /// Gaps in what is shown.
    pub gaps: Vec<ShiftRow>,
    /// Overrides that are not over.
    pub overrides: Vec<OverrideRow>,
    /// Swaps, those that wait first.
    pub swaps: Vec<SwapRow>,
    /// Ask somebody to take a shift of the viewer's; none where the viewer has no shift.
    pub ask: Option<Form>,
    /// Set an override, for who may plan.
    pub set: Option<Form>,
    /// Import shifts, for who may plan.
    pub import: Option<Form>,
    /// Whether a file has shifts of the viewer alone.
    pub own: String,
    /// What was wrong with what was asked.
    pub problem: Option<Problem>,
    /// Whether the viewer may plan.
    pub may_plan: bool,
}

/// A layer in the editor. Inputs are named `layer-{n}-name`, `-people` (several), `-turn`, `-weekday`, `-hours`, `-starts_on`,
/// `-handoff_at`, `-restrict`, `-on_holidays`, `-time_zone`.
#[derive(Debug, Clone, Default)]
pub struct LayerRow {
    /// Name.
    pub name: String,
    /// Who takes turns, in order; the places left empty are for more.
    pub people: Vec<String>,
    /// `day`, `week`, `hours`.
    pub turn: String,
    /// When a week changes.
    pub weekday: String,
    /// How many hours a turn has.
    pub hours: String,
    /// First day.
    pub starts_on: String,
    /// Time of the handoff.
    pub handoff_at: String,
    /// Hours of the week, one window a line.
    pub restrict: String,
    /// `as_usual`, `off`, `only`.
    pub on_holidays: String,
    /// Time zone, if it has its own.
    pub time_zone: String,
    /// What was wrong.
    pub error: Option<String>,
}

/// The editor of a schedule's plan. Row buttons are submits named `do` with `add-layer`, `drop-layer-2`, `up-layer-2`,
/// `down-layer-2`; `preview` shows what comes of it.
#[derive(Debug, Clone, Template)]
#[template(path = "on_call/edit.html")]
pub struct ScheduleEdit {
    /// Frame.
    pub frame: Frame,
    /// Whether it is a new one.
    pub fresh: bool,
    /// Where it is posted.
    pub action: String,
    /// Where to go instead.
    pub cancel: String,
    /// Name, time zone, holidays.
    pub basics: Vec<super::form::Field>,
    /// Layers, the highest first.
    pub layers: Vec<LayerRow>,
    /// Who can be on call.
    pub people: Vec<super::form::Choice>,
    /// What comes of it, in the next four weeks.
    pub chart: Option<Chart>,
    /// Gaps in them.
    pub gaps: Vec<ShiftRow>,
    /// What was wrong.
    pub problem: Option<Problem>,
    /// Delete it, where that can be.
    pub delete: Option<Form>,
}

impl ScheduleEdit {
    /// Whether a person can still be chosen.
    #[must_use]
    pub fn knows(&self, person: &str) -> bool {
        self.people.iter().any(|c| c.value == person)
    }
}
