//! Lists of assets as text: CSV with a heading, JSON, or JSON a line. Cuts them into lines; what a line says the domain knows.

use intel::table::rows::Rows;
use midwatch_domain::Refusal;
use midwatch_domain::asset::{COLUMNS, Cells};
use serde_json::Value;

use super::WrongLine;

/// Most bytes of a list.
pub const LONGEST: usize = 32 << 20;
/// Most lines of a list.
const MOST: usize = 100_000;
/// Most bytes of a line.
const LONGEST_LINE: usize = 256 << 10;

/// A line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it stands: of CSV the line of the file, of JSON the place in the list, from 1.
    pub number: u64,
    /// What it says, by columns.
    pub cells: Cells,
}

/// Reads a list; it says by itself what it is.
///
/// # Errors
/// Invalid if it cannot be read as a whole, with where and what is expected.
pub fn read(text: &[u8]) -> Result<(Vec<Line>, Vec<WrongLine>), Refusal> {
    if text.len() > LONGEST {
        return Err(wrong(format!(
            "A list has at most {} MiB. Bring it in parts.",
            LONGEST >> 20
        )));
    }
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let begin = text.iter().find(|b| !b.is_ascii_whitespace());
    match begin {
        None => Err(wrong("The list is empty.".to_owned())),
        Some(b'[') => array(text),
        Some(b'{') => objects(text),
        Some(_) => csv(text),
    }
}

fn wrong(says: String) -> Refusal {
    Refusal::invalid("list", says)
}

fn csv(text: &[u8]) -> Result<(Vec<Line>, Vec<WrongLine>), Refusal> {
    let first = text.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |d: u8| first.iter().filter(|b| **b == d).count();
    // The heading tells what parts the cells.
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|d| count(*d))
        .unwrap_or(b',');
    let mut rows = Rows::new(text, Some(delimiter), None, LONGEST_LINE);
    let heading = rows.read().map_err(|e| wrong(format!("{e}.")))?;
    let heading: Vec<String> = heading
        .map(|(_, cells)| cells.iter().map(|c| column(c)).collect())
        .unwrap_or_default();
    check(&heading)?;
    let (mut lines, mut bad) = (Vec::new(), Vec::new());
    while let Some((number, cells)) = rows.read().map_err(|e| wrong(format!("{e}.")))? {
        if lines.len() >= MOST {
            return Err(wrong(format!(
                "A list has at most {MOST} lines. Bring it in parts."
            )));
        }
        if cells.len() > heading.len()
            && cells[heading.len()..].iter().any(|c| !c.trim().is_empty())
        {
            let says = format!(
                "It has {} cells, the heading has {}.",
                cells.len(),
                heading.len()
            );
            bad.push(WrongLine {
                line: number,
                column: String::new(),
                says,
            });
            continue;
        }
        let pairs = heading
            .iter()
            .zip(cells)
            .map(|(c, v)| (c.clone(), vec![v.clone()]));
        lines.push(Line {
            number,
            cells: pairs.collect(),
        });
    }
    Ok((lines, bad))
}

/// A column as it is meant: `Data class` and `IP` are understood.
fn column(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '-'], "_")
}

fn check(heading: &[String]) -> Result<(), Refusal> {
    let unknown: Vec<&str> = heading
        .iter()
        .map(String::as_str)
        .filter(|c| !COLUMNS.contains(c))
        .collect();
    if !unknown.is_empty() {
        let says = format!(
            "The columns {} are not known. Expected some of: {}.",
            unknown.join(", "),
            COLUMNS.join(", ")
        );
        return Err(wrong(says));
    }
    if !heading.iter().any(|c| c == "name") {
        return Err(wrong(format!(
            "There is no column “name”. Expected it and some of: {}.",
            COLUMNS[1..].join(", ")
        )));
    }
    Ok(())
}

fn array(text: &[u8]) -> Result<(Vec<Line>, Vec<WrongLine>), Refusal> {
    let all: Vec<Value> = serde_json::from_slice(text)
        .map_err(|e| wrong(format!("This is no list in JSON: {e}.")))?;
    Ok(cut(all.into_iter()))
}

/// One object that holds a list, or an object a line.
fn objects(text: &[u8]) -> Result<(Vec<Line>, Vec<WrongLine>), Refusal> {
    let mut all = Vec::new();
    for (i, value) in serde_json::Deserializer::from_slice(text)
        .into_iter::<Value>()
        .enumerate()
    {
        let value = value.map_err(|e| wrong(format!("Object {} is no JSON: {e}.", i + 1)))?;
        all.push(value);
    }
    if let [Value::Object(one)] = all.as_mut_slice()
        && let Some(Value::Array(items)) = ["items", "assets"].iter().find_map(|k| one.remove(*k))
    {
        return Ok(cut(items.into_iter()));
    }
    Ok(cut(all.into_iter()))
}

fn cut(all: impl Iterator<Item = Value>) -> (Vec<Line>, Vec<WrongLine>) {
    let (mut lines, mut bad) = (Vec::new(), Vec::new());
    for (value, number) in all.zip(1..) {
        match cells(value) {
            Ok(cells) if lines.len() < MOST => lines.push(Line { number, cells }),
            Ok(_) => bad.push(WrongLine {
                line: number,
                column: String::new(),
                says: format!("A list has at most {MOST} lines."),
            }),
            Err((column, says)) => bad.push(WrongLine {
                line: number,
                column,
                says,
            }),
        }
    }
    (lines, bad)
}

fn cells(value: Value) -> Result<Cells, (String, String)> {
    let Value::Object(map) = value else {
        return Err((String::new(), "An asset is an object.".into()));
    };
    let mut out = Cells::new();
    for (name, value) in map {
        let values = match value {
            Value::Null => Vec::new(),
            Value::Array(many) => many
                .iter()
                .map(text)
                .collect::<Option<Vec<String>>>()
                .unwrap_or_default(),
            one => match text(&one) {
                Some(text) => vec![text],
                None => return Err((name, "Expected a text or a list of texts.".into())),
            },
        };
        out.insert(column(&name), values);
    }
    Ok(out)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<(u64, String)> {
        let (lines, bad) = read(text.as_bytes()).unwrap();
        assert!(bad.is_empty(), "{bad:?}");
        lines
            .into_iter()
            .map(|l| (l.number, l.cells["name"].join("")))
            .collect()
    }

    #[test]
    fn each_way_of_writing_a_list_is_understood() {
        let two = |a: u64, b: u64| vec![(a, "db1".to_owned()), (b, "web".to_owned())];
        assert_eq!(
            names("Name,IP\ndb1,10.1.2.3\nweb,\"10.1.2.4, 10.1.2.5\"\n"),
            two(2, 3)
        );
        assert_eq!(
            names("\u{feff}name;Data class\r\ndb1;secret\r\n\r\nweb;\r\n"),
            two(2, 4)
        );
        assert_eq!(
            names(r#"[{"name":"db1","ip":["10.1.2.3"]},{"name":"web"}]"#),
            two(1, 2)
        );
        assert_eq!(names("{\"name\":\"db1\"}\n{\"name\":\"web\"}\n"), two(1, 2));
        assert_eq!(
            names(r#"{"items":[{"name":"db1"},{"name":"web"}]}"#),
            two(1, 2)
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let refused = |text: &str| read(text.as_bytes()).unwrap_err().message;
        assert!(refused("").contains("empty"));
        assert!(refused("hostname,colour\na,b\n").contains("colour"));
        assert!(refused("hostname\na\n").contains("“name”"));
        assert!(refused("[{\"name\":").contains("JSON"));
        assert!(refused("name\n\"open\n").contains("line 2"));
        let (lines, bad) = read(b"name,ip\ndb1,10.1.2.3,extra\nweb,\n").unwrap();
        assert_eq!((lines.len(), bad[0].line), (1, 2));
        let (_, bad) = read(br#"[{"name":{"a":1}},7]"#).unwrap();
        assert_eq!((bad[0].column.as_str(), bad[1].line), ("name", 2));
    }
}
