//! Shifts as bars over days: positions in percent, colours by person, everything said in words too. Draws nothing itself.

use jiff::ToSpan as _;
use midwatch_domain::civil::DAY_MS;
use midwatch_domain::hours;
use midwatch_domain::id::PersonId;
use midwatch_domain::moment::Moment;
use midwatch_domain::schedule::{Because, Layer, Roster, Schedule, Shift, Turn};
use std::collections::BTreeMap;

use super::frame::Look;
use super::on_call::when;
use crate::view::on_call::{Bar, Chart, ChartRow};
use crate::view::piece::initials;

/// Colours there are for people.
const COLOURS: usize = 8;

/// The layers of a schedule and what comes of them, from `from` to `to`.
pub fn chart(look: &Look, s: &Schedule, roster: &Roster<'_>, from: Moment, to: Moment) -> Chart {
    let mut colours: BTreeMap<&PersonId, usize> = BTreeMap::new();
    for person in s.people() {
        let next = colours.len() % COLOURS;
        colours.entry(person).or_insert(next);
    }
    let drawing = Drawing {
        look,
        colours,
        from,
        to,
    };
    let result = roster.shifts(from, to);
    let mut rows = Vec::new();
    let set: Vec<Shift> = result
        .iter()
        .filter(|x| matches!(x.because, Because::Override { .. } | Because::Swap { .. }))
        .cloned()
        .collect();
    if !set.is_empty() {
        rows.push(drawing.row("Overrides and swaps".into(), String::new(), &set, false));
    }
    for (n, layer) in s.layers.iter().enumerate() {
        let shifts = roster.layer_shifts(n, from, to);
        rows.push(drawing.row(layer.name.clone(), rhythm(layer), &shifts, false));
    }
    rows.push(drawing.row("On call".into(), "what comes of it".into(), &result, true));
    let now = look.at();
    let people = drawing.people(&result);
    Chart {
        people,
        rows,
        ticks: drawing.ticks(),
        now: (from..to).contains(&now).then(|| drawing.place(now)),
    }
}

/// How the turns of a layer go, in words.
pub fn rhythm(layer: &Layer) -> String {
    let turn = match layer.turn {
        Turn::Daily => format!("daily at {}", layer.handoff_at),
        Turn::Weekly { weekday } => format!("weekly, {} {}", weekday.label(), layer.handoff_at),
        Turn::Hours { n } if n % 24 == 0 => {
            format!("every {} days at {}", n / 24, layer.handoff_at)
        }
        Turn::Hours { n } => format!("every {n} h, from {}", layer.handoff_at),
    };
    let within = layer
        .restrict
        .as_ref()
        .map(|w| hours::write_windows(w).replace('\n', ", "));
    let zone = layer.time_zone.as_ref();
    [Some(turn), within, zone.cloned()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("; ")
}

struct Drawing<'a> {
    look: &'a Look,
    colours: BTreeMap<&'a PersonId, usize>,
    from: Moment,
    to: Moment,
}

impl Drawing<'_> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a picture of some months is far from where that matters"
    )]
    fn percent(&self, ms: i64) -> f64 {
        100.0 * ms as f64 / self.to.since(self.from) as f64
    }

    fn place(&self, at: Moment) -> String {
        format!("{:.3}%", self.percent(at.since(self.from)))
    }

    fn row(&self, label: String, hint: String, shifts: &[Shift], result: bool) -> ChartRow {
        let told: Vec<&Shift> = shifts
            .iter()
            .filter(|s| s.person.is_some() || result)
            .collect();
        let bars: Vec<Bar> = told.iter().map(|s| self.bar(s)).collect();
        let first: Vec<&str> = bars.iter().map(|b| b.title.as_str()).take(12).collect();
        let more = bars.len() - first.len();
        let mut says = first.join("; ");
        if more > 0 {
            says += &format!("; and {more} more");
        }
        if says.is_empty() {
            says = "nobody".into();
        }
        ChartRow {
            label,
            hint,
            bars,
            result,
            says,
        }
    }

    /// Everybody who has a shift, with their colour, in the order of the plan.
    fn people(&self, shifts: &[Shift]) -> Vec<(String, String)> {
        let on = |p: &&PersonId| shifts.iter().any(|s| s.person.as_ref() == Some(*p));
        let mut on: Vec<(&PersonId, usize)> = self
            .colours
            .iter()
            .map(|(p, c)| (*p, *c))
            .filter(|(p, _)| on(p))
            .collect();
        on.sort_by_key(|(_, colour)| *colour);
        let d = self.look.directory();
        on.iter()
            .map(|(p, c)| (format!("w{c}"), d.name(p).to_owned()))
            .collect()
    }

    fn bar(&self, s: &Shift) -> Bar {
        let d = self.look.directory();
        let width = self.percent(s.to.since(s.from));
        let name = s.person.as_ref().map_or("Nobody", |p| d.name(p));
        let text = match (&s.person, width) {
            (None, w) if w > 6.5 => "Nobody".to_owned(),
            (None, _) => String::new(),
            (Some(_), w) if w > 9.0 => name.to_owned(),
            (Some(_), w) if w > 2.2 => initials(name),
            _ => String::new(),
        };
        let class = s.person.as_ref().map_or("gap".to_owned(), |p| {
            format!("w{}", self.colours.get(p).copied().unwrap_or_default())
        });
        let now = &self.look.now;
        Bar {
            x: self.place(s.from),
            width: format!("{width:.3}%"),
            class,
            text,
            title: format!(
                "{name}, {} to {}",
                when(now, s.from).text,
                when(now, s.to).text
            ),
        }
    }

    /// Midnights, or Mondays where there are many of them.
    fn ticks(&self) -> Vec<(String, String)> {
        let days = self.to.since(self.from) / DAY_MS;
        let zone = &self.look.now.zone;
        let mut day = self.from.timestamp().to_zoned(zone.clone()).date();
        let mut out = Vec::new();
        for _ in 0..=days + 1 {
            let monday = day.weekday() == jiff::civil::Weekday::Monday;
            if let Ok(at) = day.to_zoned(zone.clone())
                && (days <= 14 || monday)
            {
                let at = Moment(at.timestamp().as_millisecond());
                if (self.from..self.to).contains(&at) {
                    out.push((self.place(at), day.strftime("%a %-d %b").to_string()));
                }
            }
            day = day.saturating_add(1.day());
        }
        out
    }
}
