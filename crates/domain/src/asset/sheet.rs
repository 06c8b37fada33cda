//! A line of a list of assets: which columns there are, and what each says of an asset. Reads no file.

use std::collections::BTreeMap;

use super::{Asset, identifier};
use crate::Refusal;
use crate::directory::Directory;
use crate::words::{IdKind, Monitoring};

/// Names of columns, in the order in which they are told. Other columns are an error, so that no misspelt one is lost.
pub const COLUMNS: &[&str] = &[
    "name",
    "kind",
    "hostname",
    "ip",
    "cidr",
    "cloud_id",
    "email",
    "user",
    "mac",
    "serial",
    "owner",
    "contact",
    "team",
    "criticality",
    "environment",
    "data_class",
    "monitoring",
    "description",
    "baseline",
    "review_on",
    "tags",
];

/// The cells of a line by the names of their columns; several values may stand in one.
pub type Cells = BTreeMap<String, Vec<String>>;

/// Puts what a line says into an asset. An empty cell leaves what is there; the identifiers of a kind that the line names are
/// those it has from now on.
///
/// # Errors
/// Every cell that is wrong, with its column.
pub fn fill(asset: &mut Asset, cells: &Cells, directory: &Directory) -> Result<(), Vec<Refusal>> {
    let mut wrong = Vec::new();
    for (column, values) in cells {
        let values: Vec<&str> = values
            .iter()
            .map(|v| v.trim())
            .filter(|v| !v.is_empty())
            .collect();
        if values.is_empty() {
            continue;
        }
        if let Err(refusal) = put(asset, column, &values, directory) {
            wrong.push(refusal.on(column.as_str()));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn put(
    asset: &mut Asset,
    column: &str,
    values: &[&str],
    directory: &Directory,
) -> Result<(), Refusal> {
    let text = values.join(" ");
    let word = text.to_lowercase().replace([' ', '-'], "_");
    match column {
        "name" => asset.name = text,
        "kind" => asset.kind = word.parse()?,
        "owner" => match person(directory, &text) {
            Some(id) => asset.owner = Some(id),
            // Somebody without an account.
            None => asset.contact = text,
        },
        "contact" => asset.contact = text,
        "team" => asset.team = Some(team(directory, &text)?),
        "criticality" => asset.criticality = word.parse()?,
        "environment" => asset.environment = environment(&word).parse()?,
        "data_class" => asset.data_class = word.parse()?,
        "monitoring" => asset.monitoring = monitoring(&word)?,
        "description" => asset.description = text,
        "baseline" => asset.baseline = text,
        "review_on" => asset.review_on = Some(text.parse()?),
        "tags" => {
            let parts = values.iter().flat_map(|v| v.split([',', ';', '|', ' ']));
            asset.tags = parts
                .map(|t| t.trim().to_owned())
                .filter(|t| !t.is_empty())
                .collect();
        }
        kind => ids(asset, kind.parse().map_err(|_| unknown(column))?, values)?,
    }
    Ok(())
}

fn unknown(column: &str) -> Refusal {
    let says = format!(
        "There is no column “{column}”. Known: {}.",
        COLUMNS.join(", ")
    );
    Refusal::invalid("column", says)
}

fn ids(asset: &mut Asset, kind: IdKind, values: &[&str]) -> Result<(), Refusal> {
    let parts = values.iter().flat_map(|v| v.split([',', ';', '|', ' ']));
    let parts = parts.map(str::trim).filter(|p| !p.is_empty());
    let new: Vec<_> = parts
        .map(|p| identifier(kind, p))
        .collect::<Result<_, _>>()?;
    asset
        .identifiers
        .retain(|i| i.kind != kind || i.until.is_some());
    for id in new {
        if !asset.identifiers.contains(&id) {
            asset.identifiers.push(id);
        }
    }
    Ok(())
}

fn person(directory: &Directory, text: &str) -> Option<crate::id::PersonId> {
    let lower = text.to_lowercase();
    let is = |p: &&crate::people::Person| {
        p.id.as_str() == text || p.email == lower || p.name.to_lowercase() == lower
    };
    let mut found = directory.people.values().filter(is);
    let one = found.next()?;
    // Two of the same name: neither is meant for sure.
    found.next().is_none().then(|| one.id.clone())
}

fn team(directory: &Directory, text: &str) -> Result<crate::id::TeamId, Refusal> {
    let lower = text.to_lowercase();
    let is = |t: &&crate::people::Team| t.id.as_str() == text || t.name.to_lowercase() == lower;
    let found = directory.teams.values().find(is).map(|t| t.id.clone());
    found.ok_or_else(|| {
        let names: Vec<&str> = directory.teams.values().map(|t| t.name.as_str()).collect();
        Refusal::invalid(
            "team",
            format!("There is no team “{text}”. Known: {}.", names.join(", ")),
        )
    })
}

/// Other words that inventories use for the same.
fn environment(word: &str) -> &str {
    match word {
        "prod" | "live" => "production",
        "stage" | "preprod" | "pre_production" => "staging",
        "qa" | "testing" => "test",
        "dev" => "development",
        other => other,
    }
}

fn monitoring(word: &str) -> Result<Monitoring, Refusal> {
    match word {
        "yes" | "true" | "auto" => Ok(Monitoring::Automatic),
        "no" | "false" => Ok(Monitoring::None),
        other => other.parse(),
    }
}
