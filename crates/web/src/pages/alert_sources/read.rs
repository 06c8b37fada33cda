//! What is typed about a source, as a source: its mapping with a path a field, and what a sample means by it.

use alerts::{AssetPath, Level, Mapping, ObservablePath};
use midwatch_domain::Refusal;
use midwatch_domain::alert_source::AlertSource;

use super::super::typed::Typed;
use crate::view::alerts::Preview;
use crate::view::form::{Field, FieldKind};

/// Most alerts of a sample that are shown.
const SHOWN: usize = 3;

/// Fields of the mapping.
pub(super) fn mapping_fields(m: Option<&Mapping>) -> Vec<Field> {
    let none = Mapping::default();
    let m = m.unwrap_or(&none);
    let path = |name: &str, label: &str, value: &str| {
        Field::text(format!("map.{name}"), label)
            .value(value)
            .max(300)
    };
    let lines = |name: &str, label: &str, value: String, help: &str| {
        Field::new(FieldKind::Paste, format!("map.{name}"), label)
            .value(value)
            .help(help)
    };
    let observables: Vec<String> = m
        .observables
        .iter()
        .map(|o| format!("{} {}", o.kind, o.path))
        .collect();
    let assets: Vec<String> = m
        .assets
        .iter()
        .map(|a| format!("{} {}", a.kind, a.path))
        .collect();
    let words: Vec<String> = m
        .severities
        .iter()
        .map(|(w, l)| format!("{w} = {l}"))
        .collect();
    vec![
        path("items", "Mapping: list of alerts", &m.items)
            .placeholder("events")
            .help("Only for JSON with a mapping. Paths such as alert.labels.name, hosts[*].ip, \"log.level\". Empty: the body is one alert or a list of them."),
        path("key", "Key", &m.key).placeholder("id").help("What tells an alert from others of the source. Needed."),
        path("title", "Title", &m.title).placeholder("rule.name").help("Needed."),
        path("description", "Description", &m.description),
        path("severity", "Severity", &m.severity),
        lines("severities", "Words for severity", words.join("\n"), "A line each: P1 = critical. Common words are understood by themselves."),
        path("class", "Class", &m.class),
        path("rule", "Rule there", &m.rule),
        path("status", "Status", &m.status),
        lines("resolved", "Words for over", m.resolved.join("\n"), "A line each. Empty: resolved, closed and the like."),
        path("occurred_at", "When it happened", &m.occurred_at),
        path("tags", "Tags", &m.tags),
        path("tlp", "TLP there", &m.tlp),
        path("url", "Where it is there", &m.url),
        lines("observables", "Observables", observables.join("\n"), "A line each: kind and path, such as ipv4 source.ip; auto tells the kind by the shape."),
        lines("assets", "Assets", assets.join("\n"), "A line each: hostname, ip, cloud_id, email or user, and a path, such as hostname host.name."),
    ]
}

/// The source as typed.
pub(super) fn source(typed: &Typed, before: AlertSource) -> Result<AlertSource, Refusal> {
    let word = |name: &str| Some(typed.get(name).trim().to_owned()).filter(|t| !t.is_empty());
    let number = |name: &str| {
        let parsed = word(name).map(|t| t.parse::<i64>());
        let parsed = parsed.transpose();
        parsed.map_err(|_| Refusal::invalid(name, "A whole number."))
    };
    let format: alerts::Format = typed
        .get("format")
        .parse()
        .map_err(|f: alerts::Fault| Refusal::invalid("format", f.to_string()))?;
    let mapping = match format {
        alerts::Format::Generic => Some(mapping(typed)?),
        _ => None,
    };
    let says = "Hours are needed.";
    Ok(AlertSource {
        name: typed.get("name").to_owned(),
        format,
        mapping,
        description: typed.get("description").to_owned(),
        team: word("team")
            .map(|t| t.parse().map_err(|r: Refusal| r.on("team")))
            .transpose()?,
        template: word("template"),
        severity: typed.get("severity").parse()?,
        tlp: typed.get("tlp").parse()?,
        open_from: word("open_from")
            .map(|s| s.parse().map_err(|r: Refusal| r.on("open_from")))
            .transpose()?,
        wait_hours: number("wait_hours")?.ok_or_else(|| Refusal::invalid("wait_hours", says))?,
        expect_minutes: number("expect_minutes")?,
        enabled: typed.get("enabled") != "no",
        ..before
    })
}

fn mapping(typed: &Typed) -> Result<Mapping, Refusal> {
    let path = |name: &str| typed.get(&format!("map.{name}")).trim().to_owned();
    let lines = |name: &str| -> Vec<String> {
        let text = typed.get(&format!("map.{name}"));
        let lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
        lines.map(str::to_owned).collect()
    };
    let pair = |name: &str, line: &str, sign: &[char]| {
        let parts = line.split_once(|c| sign.contains(&c));
        let says = format!("Two parts a line; this has one: {line}");
        let (a, b) = parts.ok_or_else(|| Refusal::invalid(format!("map.{name}"), says))?;
        Ok::<_, Refusal>((a.trim().to_owned(), b.trim().to_owned()))
    };
    let mut out = Mapping {
        items: path("items"),
        key: path("key"),
        title: path("title"),
        description: path("description"),
        severity: path("severity"),
        class: path("class"),
        rule: path("rule"),
        status: path("status"),
        resolved: lines("resolved"),
        occurred_at: path("occurred_at"),
        tags: path("tags"),
        tlp: path("tlp"),
        url: path("url"),
        ..Mapping::default()
    };
    for name in ["key", "title"] {
        if path(name).is_empty() {
            let says = "The path of the field that holds it.";
            return Err(Refusal::invalid(format!("map.{name}"), says));
        }
    }
    for line in lines("severities") {
        let (word, level) = pair("severities", &line, &['='])?;
        let level = level.parse::<Level>();
        let level = level.map_err(|f| Refusal::invalid("map.severities", f.to_string()))?;
        out.severities.insert(word, level);
    }
    for line in lines("observables") {
        let (kind, path) = pair("observables", &line, &[' ', '\t'])?;
        out.observables.push(ObservablePath { kind, path });
    }
    for line in lines("assets") {
        let (kind, path) = pair("assets", &line, &[' ', '\t'])?;
        let kind = kind
            .parse()
            .map_err(|f: alerts::Fault| Refusal::invalid("map.assets", f.to_string()))?;
        out.assets.push(AssetPath { kind, path });
    }
    Ok(out)
}

/// What a sample means to a source.
pub(super) fn preview(source: &AlertSource, sample: &str) -> Preview {
    let read = alerts::read(source.format, source.mapping.as_ref(), sample.as_bytes());
    let found = match read {
        Ok(found) => found,
        Err(fault) => {
            return Preview {
                error: fault.to_string(),
                says: String::new(),
                alerts: Vec::new(),
            };
        }
    };
    let says = match found.len() {
        1 => "One alert.".to_owned(),
        n => format!("{n} alerts."),
    };
    let facts = |a: &alerts::Alert| {
        let observables = a
            .observables
            .iter()
            .map(|o| format!("{} {}", o.kind.as_str(), o.value));
        let assets = a.assets.iter().map(|x| x.name.clone());
        let all = [
            ("Key", a.key.clone()),
            ("Title", a.title.clone()),
            (
                "Severity",
                a.severity.map_or_else(String::new, |l| l.to_string()),
            ),
            ("Status", a.status.to_string()),
            ("Group", a.group.clone()),
            ("Class", a.class.clone()),
            ("Tags", a.tags.join(", ")),
            ("Observables", observables.collect::<Vec<_>>().join(", ")),
            ("Assets", assets.collect::<Vec<_>>().join(", ")),
        ];
        all.into_iter().filter(|(_, v)| !v.is_empty()).collect()
    };
    Preview {
        error: String::new(),
        says,
        alerts: found.iter().take(SHOWN).map(facts).collect(),
    }
}
