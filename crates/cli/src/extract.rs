//! `midwatch extract`: the indicators in files or standard input, for people and for programs. Asks no server, keeps nothing.

mod stix;

use crate::input::{self, Limits};
use crate::output::Style;
use indicators::{Hit, Kind, Options, stream};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Packed files unpack to at most so many times their size, beyond the first 64 MiB.
const RATIO: u64 = 1_000;
/// And to at most so much in all.
const UNPACKED_MOST: u64 = 1 << 40;
/// A table tells so many values apart.
const DISTINCT_MOST: usize = 1_000_000;

/// Find indicators of compromise in files or standard input.
#[derive(clap::Args)]
pub(crate) struct Extract {
    /// Files to search, plain or packed by gzip or zstd; `-` or none is standard input.
    files: Vec<PathBuf>,
    /// How to print: each value once (table, stix), or every place (jsonl).
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Print rejected candidates too, each with the reason.
    #[arg(long)]
    explain: bool,
    /// Print what values contain too: hosts of URLs, domains of addresses.
    #[arg(long)]
    derived: bool,
    /// Only these types, such as `ipv4,domain`.
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
    kinds: Vec<Kind>,
    /// How many coats of base64 and the like to take off.
    #[arg(long, value_name = "COUNT", default_value_t = 2)]
    depth: u8,
}

/// How hits are printed.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    /// For people: each value once, the most certain first.
    Table,
    /// One JSON object a line for every place.
    Jsonl,
    /// A STIX 2.1 bundle of what has an object there.
    Stix,
}

impl Extract {
    /// Searches and prints.
    ///
    /// # Errors
    /// What could not be read, by its name.
    pub(crate) fn run(&self) -> Result<ExitCode, String> {
        let options = Options::default()
            .explain(self.explain)
            .derived(self.derived)
            .kinds(&self.kinds)
            .decode_depth(self.depth)
            .max_hits(usize::MAX);
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        let mut seen = Seen::default();
        let mut refused = false;
        let standard = [PathBuf::from("-")];
        let files = if self.files.is_empty() {
            &standard[..]
        } else {
            &self.files
        };
        for file in files {
            let named = (files.len() > 1).then(|| file.display().to_string());
            let found = self.search(file, &options, |hit| match self.format {
                Format::Jsonl => writeln!(out, "{}", line(&hit, named.as_deref())),
                Format::Table | Format::Stix => {
                    seen.add(hit);
                    Ok(())
                }
            });
            if let Err(fault) = found {
                crate::complain(&fault);
                refused = true;
            }
        }
        match self.format {
            Format::Jsonl => {}
            Format::Table => seen.table(&mut out),
            Format::Stix => {
                let (bundle, without) = stix::bundle(&seen.hits);
                let _ = serde_json::to_writer_pretty(&mut out, &bundle);
                let _ = writeln!(out);
                if without > 0 {
                    crate::complain(&format!(
                        "{without} values left out: STIX has no object for their types"
                    ));
                }
            }
        }
        let _ = out.flush();
        if seen.left > 0 {
            crate::complain(&format!(
                "{} more hits of further values than {DISTINCT_MOST}: --format jsonl prints every one",
                seen.left
            ));
        }
        Ok(if refused {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }

    fn search(
        &self,
        file: &Path,
        options: &Options,
        mut each: impl FnMut(Hit) -> std::io::Result<()>,
    ) -> Result<(), String> {
        let limits = Limits {
            ratio: RATIO,
            total: UNPACKED_MOST,
        };
        let fault = |error: std::io::Error| format!("{}: {error}", file.display());
        let opened = if file.as_os_str() == "-" {
            input::stdin(limits)
        } else {
            input::open(file, limits)
        };
        let input = opened.map_err(fault)?;
        if let Some(what) = input.sealed {
            crate::complain(&format!(
                "{}: {what}, searched as it stands: unpack it first",
                file.display()
            ));
        }
        let mut closed = false;
        let searched = stream::extract(input.text, options, |hit| {
            // A closed pipe is nobody listening.
            closed = closed || each(hit).is_err();
        });
        searched.map(|_| ()).map_err(fault)
    }
}

/// One hit as a JSON object.
fn line(hit: &Hit, file: Option<&str>) -> Value {
    let layers: Vec<&str> = hit
        .decoded_from
        .iter()
        .map(|layer| layer.as_str())
        .collect();
    let mut object = Map::new();
    object.insert("type".into(), json!(hit.kind.as_str()));
    object.insert("value".into(), json!(hit.value));
    object.insert("original".into(), json!(hit.original));
    object.insert("start".into(), json!(hit.start));
    object.insert("end".into(), json!(hit.end));
    object.insert("decoded_from".into(), json!(layers));
    let mut also = |name: &str, value: Option<Value>| {
        object.extend(value.map(|value| (name.to_owned(), value)));
    };
    also(
        "rejected",
        hit.rejected.map(|reason| json!(reason.as_str())),
    );
    also("weak", hit.weak.map(|reason| json!(reason.as_str())));
    also("port", hit.port.map(|port| json!(port)));
    also("context", hit.context.as_ref().map(|word| json!(word)));
    also("derived_from", hit.derived_from.map(|index| json!(index)));
    also("file", file.map(|file| json!(file)));
    Value::Object(object)
}

/// Each value once, with how often it was seen.
#[derive(Default)]
struct Seen {
    places: HashMap<(Kind, String), usize>,
    hits: Vec<(Hit, u64)>,
    left: u64,
}

impl Seen {
    fn add(&mut self, hit: Hit) {
        let key = (hit.kind, hit.value.clone());
        if let Some(place) = self.places.get(&key) {
            let (first, count) = &mut self.hits[*place];
            *count += 1;
            // What is certain anywhere is certain.
            if hit.is_certain() && !first.is_certain() {
                *first = hit;
            }
        } else if self.hits.len() < DISTINCT_MOST {
            self.places.insert(key, self.hits.len());
            self.hits.push((hit, 1));
        } else {
            self.left += 1;
        }
    }

    fn table(&mut self, out: &mut impl Write) {
        let style = Style::of_stdout();
        let rank = |hit: &Hit| (hit.rejected.is_some(), hit.weak.is_some(), hit.kind);
        self.hits.sort_by_key(|(one, _)| rank(one));
        let width = self
            .hits
            .iter()
            .map(|(hit, _)| hit.value.chars().count())
            .max()
            .unwrap_or(0)
            .clamp(5, 60);
        for (hit, count) in &self.hits {
            let value = crate::output::clean(&hit.value);
            let mut notes = vec![format!("at {}", hit.start)];
            if *count > 1 {
                notes.push(format!("{count} times"));
            }
            notes.extend(hit.port.map(|port| format!("port {port}")));
            if !hit.decoded_from.is_empty() {
                let layers: Vec<&str> = hit
                    .decoded_from
                    .iter()
                    .map(|layer| layer.as_str())
                    .collect();
                notes.push(format!("from {}", layers.join(" in ")));
            }
            notes.extend(
                hit.weak
                    .map(|reason| format!("doubtful: {}", reason.says())),
            );
            notes.extend(
                hit.rejected
                    .map(|reason| format!("rejected: {}", reason.says())),
            );
            let _ = writeln!(
                out,
                "{:<15} {value:<width$}  {}",
                hit.kind.as_str(),
                style.dim(&notes.join(", "))
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extract(explain: bool) -> Extract {
        Extract {
            files: Vec::new(),
            format: Format::Jsonl,
            explain,
            derived: false,
            kinds: Vec::new(),
            depth: 2,
        }
    }

    fn found(name: &str, bytes: &[u8]) -> Vec<Hit> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let mut hits = Vec::new();
        let options = Options::default().explain(true);
        extract(true)
            .search(&path, &options, |hit| {
                hits.push(hit);
                Ok(())
            })
            .unwrap();
        hits
    }

    const TEXT: &[u8] = b"from hxxps://shop[.]example/a, version 1.2.3.4";

    #[test]
    fn a_line_says_what_where_and_why_not() {
        let lines: Vec<String> = (found("a.txt", TEXT).iter())
            .map(|hit| line(hit, None).to_string())
            .collect();
        assert_eq!(
            lines,
            [
                r#"{"type":"url","value":"https://shop.example/a","original":"hxxps://shop[.]example/a","start":5,"end":29,"decoded_from":[]}"#,
                r#"{"type":"ipv4","value":"1.2.3.4","original":"1.2.3.4","start":39,"end":46,"decoded_from":[],"rejected":"version"}"#,
            ]
        );
    }

    #[test]
    fn packed_files_say_the_same() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(TEXT).unwrap();
        assert_eq!(found("a.gz", &gzip.finish().unwrap()), found("a.txt", TEXT));
        let packed = zstd::stream::encode_all(TEXT, 1).unwrap();
        assert_eq!(found("a.zst", &packed), found("a.txt", TEXT));
    }

    #[test]
    fn a_table_counts_and_prefers_what_is_certain() {
        let mut seen = Seen::default();
        for hit in found(
            "a.txt",
            b"trace_id=9e107d9d372bb6826bd81d3542a419d6\nmd5 9e107d9d372bb6826bd81d3542a419d6",
        ) {
            seen.add(hit);
        }
        let mut out = Vec::new();
        seen.table(&mut out);
        let table = String::from_utf8(out).unwrap();
        assert_eq!(table.lines().count(), 1);
        assert!(
            table.contains("2 times") && !table.contains("doubtful"),
            "{table}"
        );
    }
}
