//! The feed format of MISP: a manifest of events and a list of hashes of their values. Fetches nothing.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

use crate::fault::{At, Fault};
use crate::time;

/// Most bytes of a manifest.
const LARGEST: u64 = 64 << 20;

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    info: String,
    #[serde(default)]
    timestamp: Value,
}

/// One event of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its UUID, which names its file.
    pub uuid: String,
    /// Its title.
    pub info: String,
    /// When it was changed last, milliseconds since 1970.
    pub modified: i64,
}

/// Reads `manifest.json`, in the order of change. Names that are no UUIDs are refused: they would name other files.
///
/// # Errors
/// If it is no manifest.
pub fn manifest(input: impl Read) -> Result<Vec<Entry>, Fault> {
    let mut text = Vec::new();
    input
        .take(LARGEST + 1)
        .read_to_end(&mut text)
        .map_err(|e| Fault::whole(format!("reading failed: {e}")))?;
    if text.len() as u64 > LARGEST {
        return Err(Fault::whole(format!(
            "the manifest is larger than {LARGEST} bytes"
        )));
    }
    let raw: BTreeMap<String, Raw> = serde_json::from_slice(&text)
        .map_err(|e| Fault::whole(format!("this is no manifest of a MISP feed: {e}")))?;
    let mut all = Vec::with_capacity(raw.len());
    for (uuid, raw) in raw {
        let fits = |(at, b): (usize, u8)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        };
        if uuid.len() != 36 || !uuid.bytes().enumerate().all(fits) {
            let shown: String = uuid.chars().take(60).collect();
            return Err(Fault::whole(format!(
                "the manifest names “{shown}”, which is no UUID of an event"
            )));
        }
        let modified = match &raw.timestamp {
            Value::String(s) => time::read(s),
            Value::Number(n) => n.as_i64().and_then(|s| s.checked_mul(1000)),
            _ => None,
        };
        let modified = modified.unwrap_or(0);
        all.push(Entry {
            uuid,
            info: raw.info,
            modified,
        });
    }
    all.sort_by(|a, b| (a.modified, &a.uuid).cmp(&(b.modified, &b.uuid)));
    Ok(all)
}

/// Reads `hashes.csv`, lines of `md5 of a value,uuid of its event`, and says how many there are.
///
/// # Errors
/// If a line has another form.
pub fn hashes(input: impl Read, mut each: impl FnMut(&str, &str)) -> Result<u64, Fault> {
    let mut lines = BufReader::new(input);
    let mut text = String::new();
    for number in 1.. {
        text.clear();
        let at = At::Line(number);
        let got = (&mut lines)
            .take(200)
            .read_line(&mut text)
            .map_err(|e| Fault::new(at, format!("reading failed: {e}")))?;
        if got == 0 {
            return Ok(number - 1);
        }
        let found = text.trim().split_once(',').filter(|(md5, uuid)| {
            md5.len() == 32 && md5.bytes().all(|b| b.is_ascii_hexdigit()) && uuid.len() == 36
        });
        let (md5, uuid) = found.ok_or_else(|| Fault::new(at, "an MD5 and a UUID are expected"))?;
        each(md5, uuid);
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_names_events_in_the_order_of_change() {
        let text = r#"{
            "5b0e9a1e-0000-4000-8000-000000000002": {"info": "Later", "timestamp": "1790000001", "Orgc": {"name": "x"}},
            "5b0e9a1e-0000-4000-8000-000000000001": {"info": "Earlier", "timestamp": 1790000000}
        }"#;
        let all = manifest(text.as_bytes()).unwrap();
        let infos: Vec<&str> = all.iter().map(|e| e.info.as_str()).collect();
        assert_eq!(infos, ["Earlier", "Later"]);
        for bad in [r#"{"../../etc/passwd": {}}"#, "[]", "<html>", "{"] {
            assert!(manifest(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn hashes_lead_to_events() {
        let text = "9e107d9d372bb6826bd81d3542a419d6,5b0e9a1e-0000-4000-8000-000000000001\n";
        let mut seen = Vec::new();
        let n = hashes(text.as_bytes(), |md5, uuid| {
            seen.push((md5.len(), uuid.len()));
        })
        .unwrap();
        assert_eq!((n, seen), (1, vec![(32, 36)]));
        assert_eq!(
            hashes("x\n".as_bytes(), |_, _| ()).unwrap_err().at,
            At::Line(1)
        );
    }
}
