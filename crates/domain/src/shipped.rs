//! The templates, procedures, SLA targets and regimes that Midwatch ships with. Knows files of `/content`, not what became of them.

use serde::Deserialize;
use std::sync::OnceLock;

use crate::access::{Action, Reach, Role, reach};
use crate::procedure::Procedure;
use crate::regulation::Regime;
use crate::sla::Targets;
use crate::template::Template;

/// Embeds the named files of a folder of `/content`.
macro_rules! files {
    ($folder:literal, $extension:literal: $($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../../content/", $folder, "/", $name, ".", $extension)))),*]
    };
}

const TEMPLATES: &[(&str, &str)] = files!("templates", "toml":
    "general" "suspicious_log_activity" "indicator_match" "phishing" "business_email_compromise"
    "malware" "ransomware" "compromised_credential" "cloud_key_exposure" "data_leak"
    "denial_of_service" "web_intrusion" "exploited_vulnerability" "insider_misuse" "lost_device"
    "third_party_incident" "procedure_review" "log_review"
);

const PROCEDURES: &[(&str, &str)] = files!("procedures", "md":
    "manual_ticket_creation" "handoff_and_shift_change" "evidence_handling" "phishing_response"
    "malware_and_ransomware_response" "credential_and_key_compromise" "data_breach_assessment"
    "manual_log_review"
);

const REGIMES: &[(&str, &str)] = files!("regulations", "toml": "nis2" "dora" "gdpr" "sec_8k" "cra");

const TARGETS: &str = include_str!("../../../content/targets.toml");

/// The key of the template that Midwatch opens a reminder from when a procedure's review is due.
pub const PROCEDURE_REVIEW: &str = "procedure_review";

/// The shipped templates in version 1, in the order in which they are offered.
pub fn templates() -> &'static [Template] {
    static READ: OnceLock<Vec<Template>> = OnceLock::new();
    READ.get_or_init(|| {
        TEMPLATES
            .iter()
            .map(|(key, text)| template(key, text))
            .collect()
    })
}

/// The shipped procedures in version 1, as drafts: whoever sets the desk up approves what fits.
pub fn procedures() -> &'static [Procedure] {
    static READ: OnceLock<Vec<Procedure>> = OnceLock::new();
    READ.get_or_init(|| {
        PROCEDURES
            .iter()
            .map(|(key, text)| procedure(key, text))
            .collect()
    })
}

/// The shipped regimes, in the order in which they are offered. They hold as they are until the organisation edits them.
pub fn regimes() -> &'static [Regime] {
    static READ: OnceLock<Vec<Regime>> = OnceLock::new();
    READ.get_or_init(|| {
        let all = REGIMES.iter();
        all.map(|(key, text)| match Regime::from_toml(text) {
            Ok(r) if r.key == *key => r,
            Ok(r) => unreachable!("the shipped regime {key} calls itself {}", r.key),
            Err(e) => unreachable!("the shipped regime {key} is valid, which a test checks: {e}"),
        })
        .collect()
    })
}

/// The SLA targets of an organisation that has not set its own.
pub fn targets() -> &'static Targets {
    static READ: OnceLock<Targets> = OnceLock::new();
    READ.get_or_init(|| {
        let read = toml::from_str::<Targets>(TARGETS).map_err(|e| e.to_string());
        match read.and_then(|t| t.validate().map_err(|r| r.to_string())) {
            Ok(t) => t,
            Err(e) => unreachable!("the shipped targets are valid, which a test checks: {e}"),
        }
    })
}

fn template(key: &str, text: &str) -> Template {
    let read = toml::from_str::<Template>(text).map_err(|e| e.to_string());
    let valid = read.and_then(|t| t.validate().map_err(|r| r.to_string()));
    match valid {
        Ok(t) if t.key == key => Template { version: 1, ..t },
        Ok(t) => unreachable!("the shipped template {key} calls itself {}", t.key),
        Err(e) => unreachable!("the shipped template {key} is valid, which a test checks: {e}"),
    }
}

/// The head of a procedure's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    key: String,
    title: String,
    summary: String,
    review_every_days: i64,
    /// The least role that answers for the text. It is not kept: who approves is decided by the table of access.
    owner_role: Role,
}

fn procedure(key: &str, text: &str) -> Procedure {
    let read = || {
        let (head, body) = text
            .strip_prefix("+++\n")
            .and_then(|rest| rest.split_once("\n+++\n"))
            .ok_or("it needs a head between +++ lines")?;
        let head: Head = toml::from_str(head).map_err(|e| e.to_string())?;
        if reach(head.owner_role, Action::ApproveProcedures) == Reach::None {
            return Err("its owner_role may not approve procedures".to_owned());
        }
        let first = Procedure {
            key: head.key,
            version: 1,
            title: head.title,
            summary: head.summary,
            text: body.to_owned(),
            review_every_days: head.review_every_days,
            author: None,
            approval: None,
        };
        first.validate().map_err(|r| r.to_string())
    };
    match read() {
        Ok(p) if p.key == key => p,
        Ok(p) => unreachable!("the shipped procedure {key} calls itself {}", p.key),
        Err(e) => unreachable!("the shipped procedure {key} is valid, which a test checks: {e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{Required, Values};
    use std::collections::BTreeSet;

    /// Names of the files of a folder of `/content`, without extension.
    fn on_disk(folder: &str) -> BTreeSet<String> {
        let path = format!("{}/../../content/{folder}", env!("CARGO_MANIFEST_DIR"));
        let files = std::fs::read_dir(path).unwrap();
        files
            .map(|f| {
                f.unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect()
    }

    #[test]
    fn every_file_is_shipped_and_valid() {
        let templates: BTreeSet<String> = templates().iter().map(|t| t.key.clone()).collect();
        let procedures: BTreeSet<String> = procedures().iter().map(|p| p.key.clone()).collect();
        assert_eq!(templates, on_disk("templates"));
        assert_eq!(procedures, on_disk("procedures"));
        let regimes: BTreeSet<String> = regimes().iter().map(|r| r.key.clone()).collect();
        assert_eq!(regimes, on_disk("regulations"));
        assert!(!super::targets().targets.is_empty());
    }

    #[test]
    fn twelve_kinds_of_incident_have_a_template_and_every_template_a_procedure() {
        let incidents = templates().iter().filter(|t| {
            !matches!(
                t.key.as_str(),
                "general" | PROCEDURE_REVIEW | crate::log_review::TEMPLATE
            )
        });
        assert!(incidents.count() >= 12);
        assert!(templates().iter().any(|t| t.key == PROCEDURE_REVIEW));
        for t in templates() {
            let key = t.procedure.as_deref().unwrap_or_default();
            assert!(
                procedures().iter().any(|p| p.key == key),
                "{}: no procedure {key}",
                t.key
            );
            assert!(t.tasks.iter().any(|k| k.mandatory), "{}", t.key);
            assert!(!t.retired && t.version == 1, "{}", t.key);
        }
    }

    #[test]
    fn no_severity_rule_holds_on_empty_fields_and_each_can_hold() {
        for t in templates() {
            assert_eq!(
                t.severity(&Values::new()).0,
                t.default_severity,
                "{}",
                t.key
            );
            for rule in &t.severity_rules {
                let value = serde_json::json!(rule.when.is.values()[0]);
                let filled = Values::from([(rule.when.field.clone(), value)]);
                assert_ne!(
                    t.severity(&filled).1,
                    t.severity(&Values::new()).1,
                    "{}: {}",
                    t.key,
                    rule.because
                );
            }
        }
    }

    #[test]
    fn opening_asks_for_little() {
        for t in templates() {
            let asked = t
                .fields
                .iter()
                .filter(|f| f.required == Required::Open)
                .count();
            assert!(
                asked <= 4,
                "{} asks {asked} questions before it can be opened",
                t.key
            );
        }
    }
}
