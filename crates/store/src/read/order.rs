//! In which order lists come, and how a page goes on where the last one ended. Knows the columns and indexes of `tickets t`.

use midwatch_domain::Refusal;
use midwatch_domain::query::{Sort, SortKey};
use midwatch_domain::words::{Phase, Severity};

use super::cursor;
use super::plan::Demands;
use super::row::TicketRow;
use super::sql::Params;

/// An order with everything the statements need.
pub(crate) struct Order {
    sort: Sort,
}

/// A place between two tickets of the order.
pub(crate) type Place = [i64; 2];

/// A part of the tickets that one index has in the order.
pub(crate) struct Stretch {
    /// Column and value that all its tickets have.
    pub(crate) equal: Vec<(&'static str, i64)>,
    /// The stretches after it have only tickets that come later.
    pub(crate) ends: bool,
}

impl Order {
    pub(crate) fn new(sort: Sort) -> Self {
        Self { sort }
    }

    fn name(&self) -> String {
        let sign = if self.sort.descending { "-" } else { "" };
        format!("tickets.{sign}{}", self.sort.key.as_str())
    }

    pub(crate) fn read(&self, text: &str) -> Result<Place, Refusal> {
        cursor::read(&self.name(), text)
    }

    pub(crate) fn write(&self, place: Place) -> String {
        cursor::write(&self.name(), &place)
    }

    /// Where a ticket stands.
    pub(crate) fn place(&self, row: &TicketRow) -> Place {
        let first = match self.sort.key {
            SortKey::Severity => row.severity as i64,
            SortKey::Updated => row.updated_at.0,
            SortKey::PhaseAge => row.phase_entered_at.0,
            // Numbers are given in the order of opening.
            SortKey::Opened | SortKey::Number => 0,
        };
        [first, row.number.0]
    }

    /// A number pair that is smaller for what comes earlier.
    pub(crate) fn rank(&self, [first, number]: Place) -> (i64, i64) {
        let turn = |v: i64, down: bool| if down { -v } else { v };
        match self.sort.key {
            // Of two equally bad ones the older comes first, either way.
            SortKey::Severity => (turn(first, self.sort.descending), number),
            _ => (turn(first, self.down()), turn(number, self.down())),
        }
    }

    /// Whether the columns run down. The longest stay in a phase has the earliest beginning.
    fn down(&self) -> bool {
        match self.sort.key {
            SortKey::Severity => false,
            SortKey::PhaseAge => !self.sort.descending,
            _ => self.sort.descending,
        }
    }

    /// What comes before the number within a stretch.
    fn column(&self) -> Option<&'static str> {
        match self.sort.key {
            SortKey::Updated => Some("t.updated_at"),
            SortKey::PhaseAge => Some("t.phase_entered_at"),
            SortKey::Severity | SortKey::Opened | SortKey::Number => None,
        }
    }

    /// The parts in which to walk, in order.
    pub(crate) fn stretches(&self, demands: &Demands) -> Vec<Stretch> {
        match self.sort.key {
            SortKey::Severity => {
                let wanted = |s: &Severity| demands.severities.as_ref().is_none_or(|any| any.contains(s));
                let mut severities: Vec<Severity> = Severity::ALL.iter().copied().filter(wanted).collect();
                if self.sort.descending {
                    severities.reverse();
                }
                let narrower = match (&demands.phases, demands.open) {
                    (Some(phases), _) if phases.len() == 1 => phases.first().map(|p| ("t.phase", *p as i64)),
                    (_, open) => open.map(|o| ("t.is_open", i64::from(o))),
                };
                let equal = |s: Severity| narrower.into_iter().chain([("t.severity", s as i64)]).collect();
                severities.into_iter().map(|s| Stretch { equal: equal(s), ends: true }).collect()
            }
            SortKey::PhaseAge => {
                let open = |p: Phase| demands.open.is_none_or(|o| o == (p != Phase::Closed));
                let wanted = |p: Phase| demands.phases.as_ref().is_none_or(|any| any.contains(&p));
                let phases = Phase::ALL.iter().copied().filter(|p| open(*p) && wanted(*p));
                phases.map(|p| Stretch { equal: vec![("t.phase", p as i64)], ends: false }).collect()
            }
            SortKey::Updated | SortKey::Opened | SortKey::Number => vec![Stretch { equal: Vec::new(), ends: true }],
        }
    }

    /// The columns of the place within a stretch.
    pub(crate) fn place_columns(&self) -> String {
        format!("{}, t.number", self.column().unwrap_or("t.number"))
    }

    /// `ORDER BY` within a stretch.
    pub(crate) fn within(&self) -> String {
        let way = if self.down() { "DESC" } else { "ASC" };
        match self.column() {
            Some(column) => format!("{column} {way}, t.number {way}"),
            None => format!("t.number {way}"),
        }
    }

    /// `ORDER BY` over everything.
    pub(crate) fn overall(&self) -> String {
        match self.sort.key {
            SortKey::Severity if self.sort.descending => "t.severity DESC, t.number ASC".into(),
            SortKey::Severity => "t.severity ASC, t.number ASC".into(),
            _ => self.within(),
        }
    }

    /// Within a stretch: what comes after `place`; or, with `up_to`, what does not.
    pub(crate) fn bound(&self, place: Place, up_to: bool, params: &mut Params) -> String {
        let sign = match (self.down(), up_to) {
            (false, false) => ">",
            (false, true) => "<=",
            (true, false) => "<",
            (true, true) => ">=",
        };
        match self.column() {
            Some(column) => {
                let (first, number) = (params.bind(place[0]), params.bind(place[1]));
                format!("({column}, t.number) {sign} ({first}, {number})")
            }
            None => format!("t.number {sign} {}", params.bind(place[1])),
        }
    }

    /// Where `place` leads into a stretch: `Some(None)` at its beginning, `None` past its end.
    pub(crate) fn enter(&self, place: Option<Place>, stretch: &Stretch) -> Option<Option<Place>> {
        let Some(place) = place else { return Some(None) };
        if self.sort.key != SortKey::Severity {
            return Some(Some(place));
        }
        let severity = stretch.equal.iter().find(|(c, _)| *c == "t.severity").map_or(0, |(_, v)| *v);
        let (here, there) = (self.rank([severity, 0]).0, self.rank([place[0], 0]).0);
        match here.cmp(&there) {
            std::cmp::Ordering::Less => None,
            std::cmp::Ordering::Equal => Some(Some(place)),
            std::cmp::Ordering::Greater => Some(None),
        }
    }

    /// Over everything: what comes after `place`.
    pub(crate) fn after(&self, place: Place, params: &mut Params) -> String {
        if self.sort.key != SortKey::Severity {
            return self.bound(place, false, params);
        }
        let sign = if self.sort.descending { "<" } else { ">" };
        let (first, number) = (params.bind(place[0]), params.bind(place[1]));
        format!("(t.severity {sign} {first} OR (t.severity = {first} AND t.number > {number}))")
    }

    /// The place of a row of [`Order::place_columns`], within the stretch.
    pub(crate) fn place_of(&self, stretch: &Stretch, first: i64, number: i64) -> Place {
        match self.sort.key {
            SortKey::Severity => [stretch.equal.iter().find(|(c, _)| *c == "t.severity").map_or(0, |(_, v)| *v), number],
            SortKey::Opened | SortKey::Number => [0, number],
            SortKey::Updated | SortKey::PhaseAge => [first, number],
        }
    }
}
