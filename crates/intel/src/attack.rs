//! ATT&CK as it comes in STIX: techniques, tactics, groups, software. Reads single objects; keeps no list.

use serde::Deserialize;
use serde_json::Value;

/// What an object is in ATT&CK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A technique or sub-technique.
    Technique,
    /// A tactic.
    Tactic,
    /// A group of adversaries.
    Group,
    /// A campaign.
    Campaign,
    /// Malware or a tool.
    Software,
    /// What can be done about it.
    Mitigation,
}

/// What ATT&CK says of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What it is.
    pub part: Part,
    /// Its id for people, such as `T1566.001`.
    pub number: String,
    /// Its name.
    pub name: String,
    /// Short names of its tactics, such as `initial-access`; of a tactic: its own.
    pub tactics: Vec<String>,
    /// Its page.
    pub url: String,
    /// Other names.
    pub aliases: Vec<String>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    external_references: Vec<Reference>,
    #[serde(default)]
    kill_chain_phases: Vec<Phase>,
    #[serde(default)]
    x_mitre_shortname: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    x_mitre_aliases: Vec<String>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    source_name: String,
    #[serde(default)]
    external_id: String,
    #[serde(default)]
    url: String,
}

#[derive(Deserialize)]
struct Phase {
    #[serde(default)]
    kill_chain_name: Value,
    #[serde(default)]
    phase_name: String,
}

/// What ATT&CK says of an object, if it is one of its.
pub fn facts(body: &str) -> Option<Facts> {
    let raw: Raw = serde_json::from_str(body).ok()?;
    let part = match raw.kind.as_str() {
        "attack-pattern" => Part::Technique,
        "x-mitre-tactic" => Part::Tactic,
        "intrusion-set" => Part::Group,
        "campaign" => Part::Campaign,
        "malware" | "tool" => Part::Software,
        "course-of-action" => Part::Mitigation,
        _ => return None,
    };
    let own = |r: &&Reference| r.source_name.starts_with("mitre-") && !r.external_id.is_empty();
    let reference = raw.external_references.iter().find(own)?;
    let of_mitre = |p: &&Phase| {
        p.kill_chain_name
            .as_str()
            .is_some_and(|n| n.starts_with("mitre-"))
    };
    let tactics = match part {
        Part::Tactic => vec![raw.x_mitre_shortname],
        _ => raw
            .kill_chain_phases
            .iter()
            .filter(of_mitre)
            .map(|p| p.phase_name.clone())
            .collect(),
    };
    let mut aliases = raw.aliases;
    aliases.extend(raw.x_mitre_aliases);
    aliases.retain(|a| *a != raw.name);
    Some(Facts {
        part,
        number: reference.external_id.clone(),
        url: reference.url.clone(),
        tactics,
        aliases,
        name: raw.name,
    })
}

/// The tactics of the enterprise matrix in their order, with names for people.
pub const TACTICS: [(&str, &str); 14] = [
    ("reconnaissance", "Reconnaissance"),
    ("resource-development", "Resource Development"),
    ("initial-access", "Initial Access"),
    ("execution", "Execution"),
    ("persistence", "Persistence"),
    ("privilege-escalation", "Privilege Escalation"),
    ("defense-evasion", "Defense Evasion"),
    ("credential-access", "Credential Access"),
    ("discovery", "Discovery"),
    ("lateral-movement", "Lateral Movement"),
    ("collection", "Collection"),
    ("command-and-control", "Command and Control"),
    ("exfiltration", "Exfiltration"),
    ("impact", "Impact"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_technique_names_its_tactics() {
        let body = json!({
            "type": "attack-pattern", "id": "attack-pattern--1", "name": "Spearphishing Attachment",
            "external_references": [
                { "source_name": "capec", "external_id": "CAPEC-163" },
                { "source_name": "mitre-attack", "external_id": "T1566.001", "url": "https://attack.example/T1566/001" },
            ],
            "kill_chain_phases": [
                { "kill_chain_name": "mitre-attack", "phase_name": "initial-access" },
                { "kill_chain_name": "other", "phase_name": "delivery" },
            ],
        });
        let facts = facts(&body.to_string()).unwrap();
        assert_eq!(
            (facts.part, facts.number.as_str()),
            (Part::Technique, "T1566.001")
        );
        assert_eq!(facts.tactics, ["initial-access"]);
        let bare = json!({ "type": "malware", "name": "Own" });
        assert_eq!(super::facts(&bare.to_string()), None);
    }
}
