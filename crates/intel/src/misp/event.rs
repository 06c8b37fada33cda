//! A MISP event: its attributes become indicators, its tags their labels, marking and reliability. Knows no transport.

use indicators::Kind;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::Read;

use super::kinds;
use crate::fault::{At, Fault};
use crate::item::{Gathered, Indicator, Object, Report, Sink, Tlp};
use crate::poison::Poison;
use crate::stix::id;
use crate::stream::{Array, Limits};
use crate::{admiralty, time};

/// Most bytes of one event.
const LARGEST: u64 = 128 << 20;
/// Labels of one attribute.
const LABELS: usize = 64;

#[derive(Deserialize)]
struct Wrapped {
    #[serde(rename = "Event")]
    event: Event,
}

#[derive(Deserialize)]
struct Event {
    uuid: String,
    #[serde(default)]
    info: String,
    #[serde(default)]
    date: Value,
    #[serde(default)]
    timestamp: Value,
    #[serde(default)]
    threat_level_id: Value,
    #[serde(default, rename = "Orgc")]
    orgc: Value,
    #[serde(default, rename = "Tag")]
    tags: Vec<Tag>,
    #[serde(default, rename = "Attribute")]
    attributes: Vec<Attribute>,
    #[serde(default, rename = "Object")]
    objects: Vec<Compound>,
}

#[derive(Deserialize)]
struct Compound {
    #[serde(default)]
    deleted: bool,
    #[serde(default, rename = "Attribute")]
    attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
struct Attribute {
    #[serde(default)]
    uuid: String,
    #[serde(rename = "type")]
    kind: String,
    value: Value,
    #[serde(default)]
    to_ids: bool,
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    timestamp: Value,
    #[serde(default)]
    first_seen: Option<String>,
    #[serde(default, rename = "Tag")]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    #[serde(default)]
    name: String,
}

/// Reads one event file, `{"Event": {…}}`. Attributes that are not meant for detection (`to_ids`) are counted, not given.
///
/// # Errors
/// If it is no event, or cannot be read to its end.
pub fn read(input: impl Read, poison: &Poison, sink: &mut dyn Sink) -> Result<Report, Fault> {
    let mut text = Vec::new();
    input
        .take(LARGEST + 1)
        .read_to_end(&mut text)
        .map_err(|e| Fault::whole(format!("reading failed: {e}")))?;
    if text.len() as u64 > LARGEST {
        return Err(Fault::whole(format!(
            "the event is larger than {LARGEST} bytes"
        )));
    }
    let mut gathered = Gathered::new(poison, sink);
    one(&text, &mut gathered).map_err(|(fault, _)| fault)?;
    Ok(gathered.report)
}

/// Reads the answer of a search, `{"response": [{"Event": {…}}, …]}`, and says how many events it holds.
///
/// # Errors
/// If it cannot be read to its end.
pub fn read_answer(
    input: impl Read,
    poison: &Poison,
    sink: &mut dyn Sink,
) -> Result<(Report, u64), Fault> {
    let limits = Limits {
        object_bytes: 128 << 20,
        ..Limits::default()
    };
    let mut gathered = Gathered::new(poison, sink);
    let mut array = Array::new(input, "response", limits);
    while let Some((number, bytes)) = array.next()? {
        match one(bytes, &mut gathered) {
            Err((fault, true)) => gathered
                .report
                .refuse(At::Object(number), "event", fault.says),
            Err((fault, false)) => return Err(fault),
            Ok(()) => (),
        }
    }
    let n = array.number();
    if let Some(says) = array
        .beside()
        .get("errors")
        .or(array.beside().get("message"))
    {
        return Err(Fault::whole(format!("the server says: {says}")));
    }
    Ok((gathered.report, n))
}

/// One event. The flag of an error says whether only the event is bad.
fn one(text: &[u8], gathered: &mut Gathered<'_>) -> Result<(), (Fault, bool)> {
    let wrapped: Wrapped = serde_json::from_slice(text).map_err(|e| {
        let web = text.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'<');
        let what = if web {
            "this is a web page"
        } else {
            "this is no MISP event"
        };
        (Fault::whole(format!("{what}: {e}")), true)
    })?;
    give(wrapped.event, gathered).map_err(|fault| (fault, false))
}

fn give(event: Event, gathered: &mut Gathered<'_>) -> Result<(), Fault> {
    let body = json!({
        "uuid": event.uuid,
        "info": event.info,
        "date": event.date,
        "threat_level_id": event.threat_level_id,
        "Orgc": event.orgc,
        "Tag": event.tags.iter().map(|t| &t.name).collect::<Vec<_>>(),
    });
    gathered.object(Object {
        id: format!("misp-event--{}", event.uuid),
        kind: "misp-event".into(),
        name: event.info.clone(),
        modified: moment(&event.timestamp),
        revoked: false,
        body: body.to_string(),
    })?;
    let mut number = 0;
    let inner = event.objects.into_iter();
    let inner = inner.flat_map(|o| {
        let deleted = o.deleted;
        o.attributes.into_iter().map(move |a| (a, deleted))
    });
    let all = event
        .attributes
        .into_iter()
        .map(|a| (a, false))
        .chain(inner);
    for (attribute, gone) in all {
        number += 1;
        gathered.report.read += 1;
        let at = At::Object(number);
        if !attribute.to_ids {
            gathered
                .report
                .pass_over("attribute that is not meant for detection");
            continue;
        }
        let Some(named) = kinds::named(&attribute.kind) else {
            gathered.report.pass_over(&attribute.kind);
            continue;
        };
        let text = match &attribute.value {
            Value::String(s) => s.clone(),
            other => other.to_string(),
        };
        let values = match named.read(&text) {
            Ok(values) => values,
            Err(why) => {
                gathered.report.refuse(at, &text, why);
                continue;
            }
        };
        let external = match attribute.uuid.as_str() {
            "" => id::uuid(&[&event.uuid, &attribute.kind, &text]),
            uuid => uuid.to_owned(),
        };
        let mut whole = Indicator {
            name: event.info.clone(),
            valid_from: attribute.first_seen.as_deref().and_then(time::read),
            modified: moment(&attribute.timestamp).or_else(|| moment(&event.timestamp)),
            revoked: attribute.deleted || gone,
            ..Indicator::bare(external, Kind::Domain, "")
        };
        for tag in event.tags.iter().chain(&attribute.tags) {
            label(&mut whole, &tag.name);
        }
        for (kind, value) in values {
            gathered.indicator(
                at,
                Indicator {
                    kind,
                    value,
                    ..whole.clone()
                },
            )?;
        }
    }
    Ok(())
}

fn label(indicator: &mut Indicator, tag: &str) {
    if let Some(tlp) = tag.to_ascii_lowercase().strip_prefix("tlp:") {
        // The narrowest holds.
        indicator.tlp = indicator.tlp.max(tlp.parse::<Tlp>().ok());
        return;
    }
    match admiralty::of_tag(tag) {
        Some(admiralty::Axis::Reliability(letter)) => indicator.reliability = Some(letter),
        Some(admiralty::Axis::Credibility(n)) => {
            indicator.credibility = Some(n);
            indicator.confidence = admiralty::confidence(n);
        }
        None if indicator.labels.len() < LABELS && !tag.is_empty() => {
            indicator.labels.push(tag.into());
        }
        None => (),
    }
}

/// Seconds since 1970, as a text or a number.
fn moment(value: &Value) -> Option<i64> {
    match value {
        Value::String(s) => time::read(s),
        Value::Number(n) => n.as_i64().and_then(|s| s.checked_mul(1000)),
        _ => None,
    }
}

/// What is written into an event.
#[derive(Clone, Debug)]
pub struct Written<'a> {
    /// What tells it from others: the same text gives the same event.
    pub key: &'a str,
    /// Its title.
    pub info: &'a str,
    /// When it began, milliseconds since 1970.
    pub at: i64,
    /// When it was changed last.
    pub modified: i64,
    /// Who may be told.
    pub tlp: Tlp,
    /// Values with remarks, and whether they are meant for detection.
    pub values: &'a [(Kind, String, String, bool)],
}

/// An event as MISP takes it, with UUIDs that stay the same.
pub fn write(event: &Written<'_>) -> Value {
    let uuid = id::uuid(&["misp", event.key]);
    let attributes: Vec<Value> = event
        .values
        .iter()
        .filter_map(|(kind, value, remark, to_ids)| {
            let (name, category) = kinds::attribute_of(*kind)?;
            Some(json!({
                "uuid": id::uuid(&["misp", event.key, kind.as_str(), value]),
                "type": name,
                "category": category,
                "value": value,
                "comment": remark,
                "to_ids": to_ids,
            }))
        })
        .collect();
    let day = time::write(event.at);
    json!({ "Event": {
        "uuid": uuid,
        "info": event.info,
        "date": day.get(..10).unwrap_or_default(),
        "timestamp": (event.modified / 1000).to_string(),
        // The organisation decides there who else sees it.
        "distribution": "0",
        "threat_level_id": "4",
        "analysis": "1",
        "Tag": [{ "name": format!("tlp:{}", event.tlp.as_str().to_ascii_lowercase()) }],
        "Attribute": attributes,
    } })
}

#[cfg(test)]
mod tests;
