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

/// A place of the order: the column it goes by, and the number.
pub(crate) type Place = [i64; 2];

/// A part of the tickets that one index has in the order.
pub(crate) struct Stretch {
    /// Columns and values that all its tickets have.
    pub(crate) equal: Vec<(&'static str, i64)>,
    /// Its tickets come after this place.
    pub(crate) start: Option<Place>,
    /// Its tickets come not after this place.
    pub(crate) end: Option<Place>,
    /// The stretches after it have only tickets that come later than all of it and of those before it.
    pub(crate) last: bool,
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
            SortKey::Opened | SortKey::Number => row.number.0,
        };
        [first, row.number.0]
    }

    /// A pair that is smaller for what comes earlier.
    pub(crate) fn rank(&self, [first, number]: Place) -> (i64, i64) {
        let turn = |v: i64, down: bool| if down { -v } else { v };
        match self.sort.key {
            // Of two equally bad ones the older comes first, either way.
            SortKey::Severity => (turn(first, self.sort.descending), number),
            _ => (turn(first, self.down()), turn(number, self.down())),
        }
    }

    /// Whether the columns run down within a stretch. The longest stay in a phase has the earliest beginning.
    fn down(&self) -> bool {
        match self.sort.key {
            SortKey::Severity => false,
            SortKey::PhaseAge => !self.sort.descending,
            SortKey::Updated | SortKey::Opened | SortKey::Number => self.sort.descending,
        }
    }

    /// What runs before the number within a stretch; nothing: the number alone.
    fn column(&self) -> Option<&'static str> {
        match self.sort.key {
            SortKey::Updated => Some("t.updated_at"),
            SortKey::PhaseAge => Some("t.phase_entered_at"),
            // Within a stretch there is one severity.
            SortKey::Severity | SortKey::Opened | SortKey::Number => None,
        }
    }

    /// The parts in which to walk, in order.
    pub(crate) fn stretches(&self, demands: &Demands) -> Vec<Stretch> {
        let (low, high) = demands.numbers;
        match self.sort.key {
            SortKey::Severity => {
                let wanted = |s: &Severity| {
                    demands
                        .severities
                        .as_ref()
                        .is_none_or(|any| any.contains(s))
                };
                let mut severities: Vec<Severity> =
                    Severity::ALL.iter().copied().filter(wanted).collect();
                if self.sort.descending {
                    severities.reverse();
                }
                let narrower: Vec<(&'static str, i64)> = match (&demands.phases, demands.open) {
                    (Some(phases), _) if phases.len() == 1 => {
                        phases.iter().map(|p| ("t.phase", *p as i64)).collect()
                    }
                    (_, Some(open)) => vec![("t.is_open", i64::from(open))],
                    // One index serves both: the open and the closed ones of a severity are walked side by side.
                    (_, None) => vec![("t.is_open", 1), ("t.is_open", 0)],
                };
                let stretch = |s: i64, i: usize| Stretch {
                    equal: vec![narrower[i], ("t.severity", s)],
                    start: Some([s, low - 1]),
                    end: Some([s, high]),
                    last: i + 1 == narrower.len(),
                };
                let each = severities.into_iter().map(|s| s as i64);
                each.flat_map(|s| (0..narrower.len()).map(move |i| (s, i)))
                    .map(|(s, i)| stretch(s, i))
                    .collect()
            }
            SortKey::PhaseAge => {
                let open = |p: Phase| demands.open.is_none_or(|o| o == (p != Phase::Closed));
                let wanted = |p: Phase| demands.phases.as_ref().is_none_or(|any| any.contains(&p));
                let phases = Phase::ALL
                    .iter()
                    .copied()
                    .filter(|p| open(*p) && wanted(*p));
                phases
                    .map(|p| Stretch {
                        equal: vec![("t.phase", p as i64)],
                        start: None,
                        end: None,
                        last: false,
                    })
                    .collect()
            }
            SortKey::Updated => {
                let (from, before) = demands.updated;
                vec![self.between([from, 0], [before, 0])]
            }
            SortKey::Opened | SortKey::Number => {
                vec![self.between([low - 1, low - 1], [high, high])]
            }
        }
    }

    /// From after one place up to another, in whichever direction the order runs.
    fn between(&self, low: Place, high: Place) -> Stretch {
        let (start, end) = if self.down() {
            ([high[0], high[1].saturating_add(1)], [low[0], low[1] + 1])
        } else {
            (low, high)
        };
        Stretch {
            equal: Vec::new(),
            start: Some(start),
            end: Some(end),
            last: true,
        }
    }

    /// The columns of a place.
    pub(crate) fn place_columns(&self) -> String {
        let first = match self.sort.key {
            SortKey::Severity => "t.severity",
            _ => self.column().unwrap_or("t.number"),
        };
        format!("{first}, t.number")
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

    /// Within a stretch: what comes after `place`.
    pub(crate) fn after(&self, place: Place, params: &mut Params) -> String {
        self.compare(place, if self.down() { "<" } else { ">" }, params)
    }

    /// Within a stretch: what comes not after `place`.
    pub(crate) fn up_to(&self, place: Place, params: &mut Params) -> String {
        self.compare(place, if self.down() { ">=" } else { "<=" }, params)
    }

    fn compare(&self, place: Place, sign: &str, params: &mut Params) -> String {
        match self.column() {
            Some(column) => {
                let (first, number) = (params.bind(place[0]), params.bind(place[1]));
                format!("({column}, t.number) {sign} ({first}, {number})")
            }
            None => format!("t.number {sign} {}", params.bind(place[1])),
        }
    }

    /// Over everything: what comes after `place`.
    pub(crate) fn after_overall(&self, place: Place, params: &mut Params) -> String {
        if self.sort.key != SortKey::Severity {
            return self.after(place, params);
        }
        let sign = if self.sort.descending { "<" } else { ">" };
        let (first, number) = (params.bind(place[0]), params.bind(place[1]));
        format!("(t.severity {sign} {first} OR (t.severity = {first} AND t.number > {number}))")
    }

    /// From where a stretch is walked if the last page ended at `place`; nothing if that is behind it.
    pub(crate) fn enter(&self, place: Option<Place>, stretch: &Stretch) -> Option<Option<Place>> {
        let from = [place, stretch.start]
            .into_iter()
            .flatten()
            .max_by_key(|p| self.rank(*p));
        match (from, stretch.end) {
            (Some(from), Some(end)) if self.rank(from) >= self.rank(end) => None,
            _ => Some(from),
        }
    }
}
