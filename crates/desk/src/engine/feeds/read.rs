//! From a file of a feed to items: which reader its kind needs. Writes nothing.

use indicators::Kind;
use intel::table::{self, Column, Mapping, Values, presets};
use intel::{Fault, Limits, Poison, Report, Sink, misp, stix, unpack};
use midwatch_domain::feed::{Feed, FeedKind, FeedMapping};
use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom};

/// Bytes that are looked at to tell what an uploaded file is.
const HEAD: u64 = 4096;

/// Reads a file from its beginning.
///
/// # Errors
/// Where and why it cannot be read to its end.
pub(super) fn read(
    feed: &Feed,
    file: &File,
    poison: &Poison,
    sink: &mut dyn Sink,
) -> Result<Report, Fault> {
    let broken = |e: std::io::Error| Fault::whole(format!("it cannot be read: {e}"));
    let limits = Limits::default();
    let begin = || {
        let mut file: &File = file;
        file.seek(SeekFrom::Start(0))?;
        unpack(file, limits.bytes)
    };
    let input = begin().map_err(broken)?;
    match feed.kind {
        FeedKind::Stix | FeedKind::Taxii => stix::read(input, limits, poison, sink),
        FeedKind::MispFeed => misp::event::read(input, poison, sink),
        FeedKind::Misp => misp::event::read_answer(input, poison, sink).map(|(report, _)| report),
        FeedKind::Csv => table::read(input, &mapping(&feed.mapping), &limits, poison, sink),
        FeedKind::List => table::read(input, &Mapping::list(), &limits, poison, sink),
        FeedKind::Upload => {
            let mut head = Vec::new();
            input.take(HEAD).read_to_end(&mut head).map_err(broken)?;
            let input = begin().map_err(broken)?;
            match Shape::of(&head) {
                Shape::Event => misp::event::read(input, poison, sink),
                Shape::Objects => stix::read(input, limits, poison, sink),
                Shape::Lines => table::read(input, &Mapping::list(), &limits, poison, sink),
            }
        }
    }
}

enum Shape {
    Event,
    Objects,
    Lines,
}

impl Shape {
    fn of(head: &[u8]) -> Self {
        let text = String::from_utf8_lossy(head);
        let text = text.trim_start();
        let rest = text.strip_prefix('{').map(str::trim_start);
        match rest {
            Some(rest) if rest.starts_with("\"Event\"") => Shape::Event,
            Some(_) => Shape::Objects,
            None if text.starts_with('[') => Shape::Objects,
            None => Shape::Lines,
        }
    }
}

/// The mapping as the reader needs it. A column is a number from 1, or a name.
fn mapping(m: &FeedMapping) -> Mapping {
    if let Some(preset) = presets::find(&m.preset) {
        return preset;
    }
    let column = |text: &str| match text.trim() {
        "" => None,
        text => Some(match text.parse::<usize>() {
            Ok(n) if n > 0 => Column::At(n - 1),
            _ => Column::Named(text.to_owned()),
        }),
    };
    let all = [
        &m.value,
        &m.kind_column,
        &m.confidence,
        &m.name,
        &m.since,
        &m.until,
        &m.labels,
    ];
    let named = all
        .iter()
        .any(|c| matches!(column(c), Some(Column::Named(_))));
    let delimiter = match m.delimiter.as_str() {
        "" => b',',
        "tab" => b'\t',
        other => other.bytes().next().unwrap_or(b','),
    };
    Mapping {
        delimiter: Some(delimiter),
        header: named,
        values: vec![Values {
            column: column(&m.value).unwrap_or(Column::At(0)),
            kind: m.kind.parse::<Kind>().ok(),
        }],
        kind: column(&m.kind_column),
        name: column(&m.name),
        confidence: column(&m.confidence),
        valid_from: column(&m.since),
        valid_until: column(&m.until),
        labels: column(&m.labels).into_iter().collect(),
        ..Mapping::list()
    }
}
