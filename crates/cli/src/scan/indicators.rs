//! Lists of indicators in any usual form, read into segments. Knows no feed and searches no log.

use indicators::matching::{Builder, MAGIC, Segment};
use indicators::{Kind, canonical, classify};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use crate::input::{self, Limits};

/// Longest line of a list.
const LONGEST: u64 = 1 << 20;
/// As many refused lines are told.
const TOLD: usize = 5;
/// Names of columns and fields that hold the value, most telling first.
const VALUES: [&str; 12] = [
    "value",
    "indicator",
    "ioc",
    "ioc_value",
    "observable",
    "url",
    "domain",
    "host",
    "ip",
    "ip_address",
    "dst_ip",
    "hash",
];
/// Names of columns and fields that hold the kind.
const KINDS: [&str; 5] = ["type", "kind", "ioc_type", "indicator_type", "data_type"];

/// What a list came to.
pub(super) struct Loaded {
    pub(super) segment: Segment,
    /// Lines that held no indicator, or one that can't be matched.
    pub(super) refused: u64,
    /// The first of these, each with its line and reason.
    pub(super) told: Vec<String>,
}

/// Reads a segment or a list. Which one, and how a list is laid out, shows in what it holds.
///
/// # Errors
/// The file, and why it can't be read.
pub(super) fn load(path: &Path, limits: Limits) -> Result<Loaded, String> {
    let fault = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut head = Vec::new();
    let file = std::fs::File::open(path).map_err(|e| fault(&e))?;
    file.take(MAGIC.len() as u64)
        .read_to_end(&mut head)
        .map_err(|e| fault(&e))?;
    if head == MAGIC {
        let segment = Segment::open(path).map_err(|e| fault(&e))?;
        return Ok(Loaded {
            segment,
            refused: 0,
            told: Vec::new(),
        });
    }
    let input = input::open(path, limits).map_err(|e| fault(&e))?;
    if let Some(sealed) = input.sealed {
        return Err(fault(&format!("holds {sealed}. Unpack it first.")));
    }
    let name = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy();
    read(BufReader::new(input.text), &name).map_err(|e| fault(&e))
}

/// Reads a list.
fn read(mut from: impl BufRead, name: &str) -> std::io::Result<Loaded> {
    let mut builder = Builder::new(name);
    let mut layout = None;
    let (mut refused, mut told, mut number) = (0, Vec::new(), 0_u64);
    let mut line = Vec::new();
    loop {
        line.clear();
        if from.by_ref().take(LONGEST).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        number += 1;
        let text = String::from_utf8_lossy(&line);
        let text = text.trim().trim_start_matches('\u{feff}');
        if text.is_empty() || text.starts_with('#') || text.starts_with("//") {
            continue;
        }
        let layout = match &layout {
            Some(layout) => layout,
            None => {
                let known = Layout::of(text);
                let heading = matches!(known, Layout::Columns { .. });
                let known = layout.insert(known);
                if heading {
                    continue;
                }
                known
            }
        };
        let added = match layout.entry(text) {
            Some((kind, value)) => builder.add(kind, &value).map_err(|unfit| unfit.to_string()),
            None => Err("no indicator".to_owned()),
        };
        if let Err(reason) = added {
            refused += 1;
            if told.len() < TOLD {
                let shown: String = text.chars().take(60).collect();
                told.push(format!(
                    "{name}:{number}: {reason}: {}",
                    crate::output::line(&shown)
                ));
            }
        }
    }
    Ok(Loaded {
        segment: builder.build(),
        refused,
        told,
    })
}

/// How a list is laid out.
enum Layout {
    /// A value a line, perhaps with its kind before it or more cells behind it.
    Plain,
    /// An object a line.
    Json,
    /// Cells under a heading.
    Columns {
        separator: char,
        value: usize,
        kind: Option<usize>,
    },
}

impl Layout {
    /// By the first line.
    fn of(line: &str) -> Self {
        if line.starts_with('{') {
            return Self::Json;
        }
        for separator in [',', ';', '\t'] {
            let names: Vec<String> = cells(line, separator)
                .iter()
                .map(|name| name.trim().to_lowercase())
                .collect();
            // A heading names things; a line that has one of them is none.
            if names.iter().any(|name| whole(name).is_some()) {
                return Self::Plain;
            }
            let place = |wanted: &[&str]| {
                wanted
                    .iter()
                    .find_map(|w| names.iter().position(|name| name == w))
            };
            if let Some(value) = place(&VALUES) {
                return Self::Columns {
                    separator,
                    value,
                    kind: place(&KINDS),
                };
            }
        }
        Self::Plain
    }

    /// The indicator of a line, canonical.
    fn entry(&self, line: &str) -> Option<(Kind, String)> {
        match self {
            Self::Json => {
                let object: Value = serde_json::from_str(line).ok()?;
                let field =
                    |names: &[&str]| names.iter().find_map(|name| object.get(name)?.as_str());
                named(field(&KINDS), field(&VALUES)?)
            }
            Self::Columns {
                separator,
                value,
                kind,
            } => {
                let cells = cells(line, *separator);
                let kind = kind.and_then(|kind| cells.get(kind)).map(String::as_str);
                named(kind, cells.get(*value)?)
            }
            Self::Plain => plain(line),
        }
    }
}

/// A value whose kind may be named in words of other products.
fn named(kind: Option<&str>, value: &str) -> Option<(Kind, String)> {
    let known = kind.and_then(|kind| match kind.trim().to_lowercase().as_str() {
        "ip" | "ip-src" | "ip-dst" | "ip address" | "ip:port" => None,
        "hostname" | "host" | "fqdn" => Some(Kind::Domain),
        "email-src" | "email-dst" | "email_address" => Some(Kind::Email),
        name => name.trim_end_matches("_hash").parse().ok(),
    });
    match known {
        Some(kind) => canonical(kind, value).ok().map(|value| (kind, value)),
        None => whole(value),
    }
}

/// A value by its form; of an address with its port, the address.
fn whole(value: &str) -> Option<(Kind, String)> {
    let value = value.trim();
    if let Some((address, port)) = value.rsplit_once(':')
        && port.parse::<u16>().is_ok()
        && let Ok(address) = canonical(Kind::Ipv4, address)
    {
        return Some((Kind::Ipv4, address));
    }
    // A network whose bits behind the prefix are set is one all the same.
    classify(value).or_else(|| {
        canonical(Kind::Cidr, value)
            .ok()
            .map(|value| (Kind::Cidr, value))
    })
}

fn plain(line: &str) -> Option<(Kind, String)> {
    if let Some(found) = whole(line) {
        return Some(found);
    }
    for separator in [',', ';', '\t', ' '] {
        let cells = cells(line, separator);
        let [first, second, ..] = cells.as_slice() else {
            continue;
        };
        if let Ok(kind) = first.trim().parse::<Kind>() {
            // What is not separated by spaces may hold some.
            let rest = line.trim_start().get(first.len() + 1..).unwrap_or(second);
            let value = if cells.len() > 2 && separator == ' ' {
                rest
            } else {
                second
            };
            return canonical(kind, value).ok().map(|value| (kind, value));
        }
        // A hosts file has the address of a sinkhole first.
        let sinkhole = matches!(first.as_str(), "0.0.0.0" | "127.0.0.1") && separator == ' ';
        let first = if sinkhole { second } else { first };
        if let Some(found) = whole(first) {
            return Some(found);
        }
    }
    None
}

/// The cells of a line, quotes off.
fn cells(line: &str, separator: char) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                cell.push('"');
                letters.next();
            }
            '"' if quoted || cell.trim().is_empty() => {
                quoted = !quoted;
                if quoted {
                    cell.clear();
                }
            }
            letter if letter == separator && !quoted => cells.push(std::mem::take(&mut cell)),
            letter => cell.push(letter),
        }
    }
    cells.push(cell);
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(text: &str) -> Loaded {
        read(text.as_bytes(), "list").unwrap()
    }

    #[test]
    fn lists_of_all_layouts() {
        for (text, held) in [
            (
                "# bad\nshop[.]example\n\n198.51.100.7\n",
                vec![(Kind::Domain, "shop.example"), (Kind::Ipv4, "198.51.100.7")],
            ),
            (
                "domain,Shop.example\nmutex,Global\\a b\n",
                vec![(Kind::Domain, "shop.example"), (Kind::Mutex, "Global\\a b")],
            ),
            (
                "\"first_seen\",\"ioc_type\",\"ioc_value\"\n\"2026-01-01\",\"ip:port\",\"198.51.100.7:443\"\n\"x\",\"md5_hash\",\"9E107D9D372BB6826BD81D3542A419D6\"\n",
                vec![
                    (Kind::Ipv4, "198.51.100.7"),
                    (Kind::Md5, "9e107d9d372bb6826bd81d3542a419d6"),
                ],
            ),
            (
                "{\"type\":\"imphash\",\"value\":\"9e107d9d372bb6826bd81d3542a419d6\"}\n{\"indicator\":\"hxxp://shop.example/a\"}\n",
                vec![
                    (Kind::Imphash, "9e107d9d372bb6826bd81d3542a419d6"),
                    (Kind::Url, "http://shop.example/a"),
                ],
            ),
            (
                "127.0.0.1 shop.example\n0.0.0.0 b.example # x\n",
                vec![(Kind::Domain, "shop.example"), (Kind::Domain, "b.example")],
            ),
            ("198.51.100.0/24 ; SBL1\n", vec![]),
        ] {
            let loaded = loaded(text);
            for (kind, value) in held {
                assert!(
                    loaded.segment.contains(kind, value),
                    "{kind} {value} in {text:?}: {:?}",
                    loaded.told
                );
            }
            assert_eq!(loaded.refused, 0, "{:?}", loaded.told);
            assert!(!loaded.segment.is_empty());
        }
    }

    #[test]
    fn poisoned_entries_are_refused_with_their_line() {
        let loaded = loaded("0.0.0.0/0\ncom\nshop.example\nnothing here\n::/0\n");
        assert_eq!(
            (loaded.refused, loaded.segment.len()),
            (4, 1),
            "{:?}",
            loaded.told
        );
        assert!(
            loaded.told[0].starts_with("list:1: would match every address"),
            "{:?}",
            loaded.told
        );
        assert!(loaded.told[1].starts_with("list:2: "), "{:?}", loaded.told);
    }
}
