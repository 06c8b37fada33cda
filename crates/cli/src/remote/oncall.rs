//! `midwatch oncall`: who is on call for every team, now and next. Decides nothing.

use serde_json::Value;

use super::client::{Client, Failure};
use super::show::minute;
use super::word;
use crate::output::{self, Style, line};

/// Every team as a table.
///
/// # Errors
/// As the server says.
pub(crate) async fn list(client: &Client, style: Style) -> Result<(Value, String), Failure> {
    let found = client.get("/oncall", &[]).await?;
    let people = client.get("/people", &[]).await?;
    let text = table(&found, &people, style);
    Ok((found, text))
}

fn items(found: &Value) -> &[Value] {
    found["items"].as_array().map_or(&[], Vec::as_slice)
}

fn table(found: &Value, people: &Value, style: Style) -> String {
    let teams = items(found);
    if teams.is_empty() {
        return "There is no team yet.".to_owned();
    }
    let name = |id: &Value| match id {
        Value::Null => "nobody".to_owned(),
        id => {
            let person = items(people).iter().find(|p| p["id"] == *id);
            line(word(person.map_or(id, |p| &p["name"])))
        }
    };
    let heading = ["TEAM", "ON CALL", "UNTIL", "NEXT", "LEAD", "BECAUSE"];
    let row = |t: &Value| {
        let next = &t["shifts"]["next"];
        let (until, next) = if next.is_object() {
            (minute(&t["shifts"]["now"]["to"]), name(&next["person"]))
        } else {
            ("-".to_owned(), "-".to_owned())
        };
        let because = line(word(&t["because"]));
        vec![
            line(word(&t["name"])),
            name(&t["person"]),
            until,
            next,
            name(&t["lead"]),
            because,
        ]
    };
    let heading = heading.map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(heading)
        .chain(teams.iter().map(row))
        .collect();
    let cells = output::table(&rows);
    let lines = cells.iter().enumerate().map(|(n, r)| match n {
        0 => style.dim(&r.join("  ")),
        _ => r.join("  "),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn now_next_and_a_gap_are_told_by_name() {
        let people = json!({ "items": [{ "id": "per_a", "name": "Ada\u{1b}[31m Okonkwo" }, { "id": "per_b", "name": "Ben Castillo" }] });
        let found = json!({ "items": [
            { "name": "SOC", "person": "per_a", "because": "on duty", "lead": "per_b",
              "shifts": { "now": { "to": "2026-11-23T08:00:00.000Z" }, "next": { "person": "per_b" } } },
            { "name": "Cloud", "person": "per_b", "because": "team lead", "lead": null,
              "shifts": { "now": { "to": "2026-11-23T08:00:00.000Z" }, "next": { "person": null } } },
            { "name": "By hand", "person": "per_a", "because": "on duty", "lead": null, "shifts": null }] });
        let text = table(&found, &people, Style::plain());
        assert!(!text.contains('\u{1b}'));
        let rows: Vec<Vec<&str>> = text
            .lines()
            .map(|l| {
                l.split("  ")
                    .map(str::trim)
                    .filter(|c| !c.is_empty())
                    .collect()
            })
            .collect();
        assert_eq!(
            rows[1],
            [
                "SOC",
                "Ada[31m Okonkwo",
                "2026-11-23 08:00Z",
                "Ben Castillo",
                "Ben Castillo",
                "on duty"
            ]
        );
        assert_eq!(
            rows[2],
            [
                "Cloud",
                "Ben Castillo",
                "2026-11-23 08:00Z",
                "nobody",
                "nobody",
                "team lead"
            ]
        );
        assert_eq!(rows[3][2..4], ["-", "-"]);
    }
}
