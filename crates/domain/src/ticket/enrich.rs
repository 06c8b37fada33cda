//! Midwatch finds which assets a ticket is about: once for each, with the value that tells so. A critical one may raise the severity.

use super::*;
use crate::observable::Role;
use crate::words::Criticality;

/// Most assets of a ticket.
const MOST: usize = 200;

/// Midwatch found assets that values of the ticket belong to. Not read from requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Enrich {
    /// Which.
    pub assets: Vec<FoundAsset>,
}

/// An asset that a ticket is about, as it was when it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundAsset {
    /// Which.
    #[schema(value_type = String)]
    pub asset: AssetId,
    /// Its name.
    pub name: String,
    /// How much depends on it.
    pub criticality: Criticality,
    /// Whom to ask.
    pub ask: Vec<String>,
    /// What tells so, such as "IP address 10.1.2.3".
    pub because: String,
    /// The observables of the ticket that belong to it.
    #[schema(value_type = Vec<String>)]
    pub of: Vec<ObservableKey>,
}

/// Entry: assets were found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssetsFound {
    /// Which.
    pub assets: Vec<FoundAsset>,
}

/// What a ticket says of an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AssetOf {
    /// Its name when it was found.
    pub name: String,
    /// What told so.
    pub because: String,
    /// When it was found.
    #[schema(value_type = String)]
    pub at: Moment,
}

impl Verb for Enrich {
    const NAME: &'static str = "enrich";
    const ACTION: Action = Action::LeadTickets;
    const FROM_OUTSIDE: bool = false;

    fn decide(&self, t: &Ticket, facts: &Facts<'_>) -> Decision {
        if facts.viewer.role.is_some() {
            return Err(Refusal::forbidden("Only Midwatch itself finds assets."));
        }
        let room = MOST.saturating_sub(t.assets.len());
        let fresh = self.assets.iter().filter(|a| !t.assets.contains_key(&a.asset));
        let assets: Vec<FoundAsset> = fresh.take(room).cloned().collect();
        let Some(gravest) = assets.iter().max_by_key(|a| a.criticality) else {
            return Ok(vec![]);
        };
        let raised = raise(t, gravest, facts);
        let found = TicketEntry::from(AssetsFound { assets }).about(t.number);
        Ok(std::iter::once(found).chain(raised).collect())
    }
}

/// The severity that the organisation wants for a ticket about such an asset, if it is worse than the one there.
fn raise(t: &Ticket, asset: &FoundAsset, facts: &Facts<'_>) -> Option<Planned> {
    let rules = facts.directory.organisation.as_ref().map(|o| &o.severity_by_criticality)?;
    let wanted = rules.iter().filter(|(c, _)| **c <= asset.criticality).map(|(_, s)| *s).max()?;
    let criticality = asset.criticality.label().to_lowercase();
    let reason = format!(
        "Raised by rule: the criticality of the asset “{}” is {criticality}, for which a ticket is at least {}.",
        asset.name,
        wanted.label().to_lowercase()
    );
    let raised = Classified { severity: Some([t.severity, wanted]), kind: None, tlp: None, pap: None, tags: None, reason };
    (t.is_open() && wanted > t.severity).then(|| TicketEntry::from(raised).about(t.number))
}

impl Effect for AssetsFound {
    const KIND: &'static str = "assets_found";

    fn apply(&self, t: &mut Ticket, at: &At<'_>) {
        for found in &self.assets {
            let asset = AssetOf { name: found.name.clone(), because: found.because.clone(), at: at.recorded_at };
            t.assets.entry(found.asset.clone()).or_insert(asset);
            // What belongs to an asset is ours, unless somebody has said otherwise.
            for key in &found.of {
                if let Some(o) = t.observables.get_mut(key).filter(|o| o.role == Role::Unknown) {
                    o.role = Role::Own;
                }
            }
        }
    }

    fn say(&self, _: &Directory) -> Sentence {
        let name = |a: &FoundAsset| match a.criticality {
            Criticality::High | Criticality::Critical => format!("{} ({})", a.name, a.criticality.label().to_lowercase()),
            _ => a.name.clone(),
        };
        let names: Vec<String> = self.assets.iter().take(3).map(name).collect();
        let more = self.assets.len().saturating_sub(3);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let noun = if self.assets.len() == 1 { "asset" } else { "assets" };
        let line = |a: &FoundAsset| {
            let ask = if a.ask.is_empty() { String::new() } else { format!("; ask {}", a.ask.join(", ")) };
            format!("- {}: {}{ask}", a.name, a.because)
        };
        let lines: Vec<String> = self.assets.iter().take(50).map(line).collect();
        Sentence::new(format!("found the {noun} {}{more}", names.join(", "))).with(lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Viewer;
    use crate::testing::{Desk, viewer};
    use serde_json::json;

    fn found(name: &str, criticality: Criticality, of: &str) -> Enrich {
        let of: ObservableKey = of.parse().unwrap();
        let because = format!("address {}", of.value);
        let asset = format!("ast_{name}").parse().unwrap();
        let found = FoundAsset { asset, name: name.into(), criticality, ask: vec!["Ada Okonkwo".into()], because, of: vec![of] };
        Enrich { assets: vec![found] }
    }

    #[test]
    fn an_asset_is_told_once_and_its_values_are_our_own() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        desk.does("ben", n, "observe", json!({ "text": "10.1.2.3 and 203.0.113.9" }));
        let command = Command::from(found("db1", Criticality::Critical, "ipv4:10.1.2.3"));
        let planned = desk.act(&Viewer::system(), n, &command).unwrap();
        let said = planned[0].entry.say(&desk.directory);
        assert_eq!(said.text, "found the asset db1 (critical)");
        assert_eq!(said.body.unwrap(), "- db1: address 10.1.2.3; ask Ada Okonkwo");
        let role = |value: &str| desk.ticket(n).observables[&value.parse().unwrap()].role;
        assert_eq!((role("ipv4:10.1.2.3"), role("ipv4:203.0.113.9")), (Role::Own, Role::Unknown));
        assert_eq!(desk.ticket(n).assets.len(), 1);
        assert!(desk.act(&Viewer::system(), n, &command).unwrap().is_empty());
    }

    #[test]
    fn a_critical_asset_raises_the_severity_by_rule_and_only_once() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let organisation = desk.directory.organisation.as_mut().unwrap();
        organisation.severity_by_criticality = [(Criticality::High, Severity::High)].into();
        desk.does("ben", n, "observe", json!({ "text": "10.1.2.3, 10.1.2.4" }));
        let by = Viewer::system();
        assert_eq!(desk.act(&by, n, &found("web", Criticality::Medium, "ipv4:10.1.2.4").into()).unwrap().len(), 1);
        let command = Command::from(found("db1", Criticality::Critical, "ipv4:10.1.2.3"));
        assert_eq!(desk.act(&by, n, &command).unwrap().len(), 2);
        assert_eq!(desk.ticket(n).severity, Severity::High);
        assert!(desk.ticket(n).severity_because.contains("“db1” is critical"), "{}", desk.ticket(n).severity_because);
        // Whoever lowers it again is not overruled by the same asset.
        desk.does("ben", n, "classify", json!({ "severity": "low", "reason": "A test system after all." }));
        assert!(desk.act(&by, n, &command).unwrap().is_empty());
        assert_eq!(desk.ticket(n).severity, Severity::Low);
    }

    #[test]
    fn nobody_finds_assets_but_midwatch() {
        let mut desk = Desk::new();
        let n = desk.open("rita");
        let by = viewer(&desk.directory, "ada");
        let command = found("db1", Criticality::Low, "ipv4:10.1.2.3");
        assert_eq!(desk.act(&by, n, &command.clone().into()).unwrap_err().code, "forbidden");
        assert_eq!(Command::parse("enrich", serde_json::to_value(command).unwrap()).unwrap_err().code, "missing");
    }
}
