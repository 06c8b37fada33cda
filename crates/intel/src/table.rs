//! Tables and plain lists: rows of values, with columns named by a mapping. Knows no particular feed; those are in `presets`.

pub mod presets;
pub mod rows;

use indicators::Kind;
use std::io::Read;

use crate::fault::{At, Fault};
use crate::item::{Gathered, Indicator, Report, Sink};
use crate::misp::kinds::{Named, named};
use crate::poison::Poison;
use crate::stream::Limits;
use crate::{time, value};
use rows::Rows;

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// By its place, from 0.
    At(usize),
    /// By the name in the first row.
    Named(String),
}

/// A column that holds values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    /// Which.
    pub column: Column,
    /// The kind of its values; nothing: told by their shape.
    pub kind: Option<Kind>,
}

/// What stands where in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// What parts the columns; nothing: each line is one value.
    pub delimiter: Option<u8>,
    /// What a line that says nothing begins with.
    pub comment: Option<u8>,
    /// Whether the first row names the columns.
    pub header: bool,
    /// Columns with values.
    pub values: Vec<Values>,
    /// Column that names the kind of the row's values.
    pub kind: Option<Column>,
    /// Column with the source's own id.
    pub id: Option<Column>,
    /// Column with a name, such as of the malware.
    pub name: Option<Column>,
    /// Column with a confidence of 0 to 100.
    pub confidence: Option<Column>,
    /// Column that says since when.
    pub valid_from: Option<Column>,
    /// Column that says until when.
    pub valid_until: Option<Column>,
    /// Columns with labels, parted by commas, semicolons or bars.
    pub labels: Vec<Column>,
}

impl Mapping {
    /// A plain list: one value a line, its kind told by its shape. What follows a `#`, `;` or space is a remark.
    pub fn list() -> Self {
        Self {
            delimiter: None,
            comment: Some(b'#'),
            header: false,
            values: vec![Values {
                column: Column::At(0),
                kind: None,
            }],
            kind: None,
            id: None,
            name: None,
            confidence: None,
            valid_from: None,
            valid_until: None,
            labels: Vec::new(),
        }
    }

    /// A table parted by commas with values in one column.
    pub fn comma(column: Column, kind: Option<Kind>) -> Self {
        Self {
            delimiter: Some(b','),
            header: matches!(column, Column::Named(_)),
            values: vec![Values { column, kind }],
            ..Self::list()
        }
    }
}

/// Rows that are read before a table in which nothing could be read is given up.
const PATIENCE: u64 = 200;
/// Labels of one row.
const LABELS: usize = 32;

/// Reads a table or list and gives its values.
///
/// # Errors
/// If it cannot be read to its end, lacks a column, or nothing in it can be read.
pub fn read(
    input: impl Read,
    mapping: &Mapping,
    limits: &Limits,
    poison: &Poison,
    sink: &mut dyn Sink,
) -> Result<Report, Fault> {
    let mut gathered = Gathered::new(poison, sink);
    let mut rows = Rows::new(
        input,
        mapping.delimiter,
        mapping.comment,
        limits.object_bytes,
    );
    let mut places = None;
    while let Some((line, cells)) = rows.read()? {
        let at = At::Line(line);
        let Some(places) = &places else {
            if gathered.report.read == 0 && !mapping.header {
                looks_like_text(&cells[0])?;
            }
            let names = if mapping.header { cells } else { &[] };
            let found = Places::find(mapping, names).map_err(|says| Fault::new(at, says))?;
            if !mapping.header {
                gathered.report.read += 1;
                row(&mut gathered, at, cells, mapping, &found)?;
            }
            places = Some(found);
            continue;
        };
        let report = &mut gathered.report;
        report.read += 1;
        if report.read > limits.objects {
            return Err(Fault::new(
                at,
                format!("there are more than {} rows", limits.objects),
            ));
        }
        if report.indicators == 0 && report.refused > PATIENCE {
            break;
        }
        row(&mut gathered, at, cells, mapping, places)?;
    }
    let report = gathered.report;
    if report.indicators == 0 && report.refused > 0 {
        let first = report
            .refusals
            .first()
            .map(|r| format!("{}, “{}”: {}", r.at, r.value, r.why));
        return Err(Fault::whole(format!(
            "nothing in it can be read; has its layout changed? ({})",
            first.unwrap_or_default()
        )));
    }
    Ok(report)
}

fn looks_like_text(first: &str) -> Result<(), Fault> {
    match first.trim_start().bytes().next() {
        Some(b'<') => Err(Fault::whole(
            "this is a web page or XML; a list is expected. Check the address, and whether it asks for a sign-in",
        )),
        Some(b'{' | b'[') => Err(Fault::whole(
            "this is JSON; a list is expected. Check the kind of the feed",
        )),
        _ => Ok(()),
    }
}

/// A mapping with the names of columns found.
struct Places {
    values: Vec<(usize, Option<Kind>)>,
    kind: Option<usize>,
    id: Option<usize>,
    name: Option<usize>,
    confidence: Option<usize>,
    valid_from: Option<usize>,
    valid_until: Option<usize>,
    labels: Vec<usize>,
}

impl Places {
    fn find(mapping: &Mapping, names: &[String]) -> Result<Self, String> {
        let place = |column: &Column| match column {
            Column::At(n) => Ok(*n),
            Column::Named(name) => names
                .iter()
                .position(|n| {
                    n.trim()
                        .trim_start_matches('#')
                        .trim()
                        .eq_ignore_ascii_case(name)
                })
                .ok_or_else(|| {
                    format!(
                        "there is no column “{name}”; the first row names {}",
                        names.join(", ")
                    )
                }),
        };
        let maybe = |column: &Option<Column>| column.as_ref().map(place).transpose();
        let all = mapping
            .values
            .iter()
            .map(|v| place(&v.column).map(|p| (p, v.kind)));
        Ok(Self {
            values: all.collect::<Result<_, _>>()?,
            kind: maybe(&mapping.kind)?,
            id: maybe(&mapping.id)?,
            name: maybe(&mapping.name)?,
            confidence: maybe(&mapping.confidence)?,
            valid_from: maybe(&mapping.valid_from)?,
            valid_until: maybe(&mapping.valid_until)?,
            labels: mapping.labels.iter().map(place).collect::<Result<_, _>>()?,
        })
    }
}

fn row(
    gathered: &mut Gathered<'_>,
    at: At,
    cells: &[String],
    mapping: &Mapping,
    places: &Places,
) -> Result<(), Fault> {
    let cell = |place: Option<usize>| {
        let text = place.and_then(|p| cells.get(p)).map_or("", |c| c.trim());
        // Several feeds write that they do not know.
        if matches!(text, "None" | "n/a" | "N/A" | "-" | "null") {
            ""
        } else {
            text
        }
    };
    let kind = match places.kind {
        None => None,
        Some(_) => match named(cell(places.kind)) {
            Some(kind) => Some(kind),
            None => {
                let name = cell(places.kind);
                gathered.report.pass_over(if name.is_empty() {
                    "without a kind"
                } else {
                    name
                });
                return Ok(());
            }
        },
    };
    let mut whole = Indicator {
        name: cell(places.name).to_owned(),
        confidence: cell(places.confidence).parse().ok().filter(|c| *c <= 100),
        valid_from: time::read(cell(places.valid_from)),
        valid_until: time::read(cell(places.valid_until)),
        ..Indicator::bare("", Kind::Domain, "")
    };
    for place in &places.labels {
        let parts = cell(Some(*place)).split([',', ';', '|']).map(str::trim);
        let new = parts.filter(|l| !l.is_empty()).map(str::to_owned);
        whole.labels.extend(new.take(LABELS));
    }
    let mut empty = true;
    for &(place, fixed) in &places.values {
        let mut text = cell(Some(place));
        if mapping.delimiter.is_none() {
            text = bare(text);
        }
        if text.is_empty() {
            continue;
        }
        empty = false;
        let parts = match (kind, fixed) {
            (Some(kind), _) => kind.read(text),
            (None, Some(kind)) => Named::One(kind).read(text),
            (None, None) => value::read_auto(text).map(|v| vec![v]),
        };
        match parts {
            Err(why) => gathered.report.refuse(at, text, why),
            Ok(parts) => {
                for (kind, value) in parts {
                    let id = match cell(places.id) {
                        "" => format!("{kind}:{value}"),
                        id => id.to_owned(),
                    };
                    let one = Indicator {
                        external_id: id,
                        kind,
                        value,
                        ..whole.clone()
                    };
                    gathered.indicator(at, one)?;
                }
            }
        }
    }
    if empty && mapping.delimiter.is_some() {
        gathered
            .report
            .refuse(at, &cells.join(","), "it has no value");
    }
    Ok(())
}

/// A line of a list without its remark. Hosts files begin with the address that the name is sent to.
fn bare(line: &str) -> &str {
    let line = line
        .split([';', '#', ' ', '\t'])
        .find(|part| !part.is_empty())
        .map_or("", |first| {
            let sink = matches!(first, "0.0.0.0" | "127.0.0.1" | "::1" | "::");
            let rest = line[first.len()..].trim_start();
            match rest.split([' ', '\t', '#']).next() {
                Some(name) if sink && !name.is_empty() => name,
                _ if line.starts_with("http") => line.split([' ', '\t']).next().unwrap_or(first),
                _ => first,
            }
        });
    line.trim()
}

#[cfg(test)]
mod tests;
