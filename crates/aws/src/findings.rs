//! Security Hub, both generations: reads findings as they are, writes back what people decided. Knows no mapping of phases.

use serde_json::{Map, Value, json};

use crate::call::{Ask, Caller};
use crate::fault::Fault;
use crate::outside::Outside;
use crate::speak;

/// Most findings that one update names.
pub const BATCH: usize = 100;
/// Most characters of a note or comment.
pub const NOTE: usize = 512;

/// Which finding of the first generation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FindingId {
    /// The finding.
    pub id: String,
    /// Who found it.
    pub product_arn: String,
}

/// What an update of the first generation sets; what is `None` or empty stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Update {
    /// NEW, NOTIFIED, RESOLVED or SUPPRESSED.
    pub workflow: Option<String>,
    /// UNKNOWN, `TRUE_POSITIVE`, `FALSE_POSITIVE` or `BENIGN_POSITIVE`.
    pub verification: Option<String>,
    /// INFORMATIONAL, LOW, MEDIUM, HIGH or CRITICAL.
    pub severity: Option<String>,
    /// The note, and who wrote it. It replaces the one before.
    pub note: Option<(String, String)>,
    /// Fields of our own; those already there under other names are lost.
    pub fields: Vec<(String, String)>,
}

/// What an update of the second generation sets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UpdateV2 {
    /// 1 new, 2 in progress, 3 suppressed, 4 resolved.
    pub status: Option<u8>,
    /// 1 informational to 6 fatal.
    pub severity: Option<u8>,
    /// The comment.
    pub comment: Option<String>,
}

/// A finding that an update did not reach, though the call succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unprocessed {
    /// The finding: its id, or its metadata uid in the second generation.
    pub id: String,
    /// Who found it; empty in the second generation.
    pub product_arn: String,
    /// The service's word for it.
    pub code: String,
    /// In words.
    pub message: String,
}

impl Unprocessed {
    /// Whether the same may succeed later by itself.
    pub fn passes(&self) -> bool {
        matches!(
            self.code.as_str(),
            "ConcurrentUpdateError"
                | "InternalFailure"
                | "InternalServerException"
                | "ConflictException"
        )
    }

    /// Whether the finding has ended its days there.
    pub fn is_gone(&self) -> bool {
        matches!(
            self.code.as_str(),
            "FindingNotFound" | "ResourceNotFoundException"
        )
    }
}

/// A page of findings, as they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The findings.
    pub findings: Vec<Value>,
    /// What asks for the next page, if there is one.
    pub next: Option<String>,
}

impl<O: Outside> Caller<O> {
    /// A page of up to 100 findings that pass the filters, in the service's own words.
    ///
    /// # Errors
    /// If they may not be read, or nothing is answered.
    pub async fn findings(&self, filters: &Value, next: Option<&str>) -> Result<Page, Fault> {
        let mut body = json!({ "Filters": filters, "MaxResults": BATCH });
        if let Some(next) = next {
            body["NextToken"] = json!(next);
        }
        let ask = hub("securityhub:GetFindings", "POST", "/findings", Some(&body));
        let mut answer = self.ask(ask).await?;
        let findings = match answer["Findings"].take() {
            Value::Array(findings) => findings,
            _ => {
                return Err(Fault::wrong(
                    "securityhub:GetFindings: the answer has no Findings. Check the endpoint.",
                ));
            }
        };
        let next = answer["NextToken"].as_str().filter(|next| !next.is_empty());
        Ok(Page {
            findings,
            next: next.map(str::to_owned),
        })
    }

    /// Sets the same values on up to 100 findings, and says which it did not reach.
    ///
    /// # Errors
    /// If it reached none.
    pub async fn update_findings(
        &self,
        ids: &[FindingId],
        update: &Update,
    ) -> Result<Vec<Unprocessed>, Fault> {
        let mut body = update.body();
        body["FindingIdentifiers"] = ids
            .iter()
            .map(|id| json!({ "Id": id.id, "ProductArn": id.product_arn }))
            .collect();
        let ask = hub(
            "securityhub:BatchUpdateFindings",
            "PATCH",
            "/findings/batchupdate",
            Some(&body),
        );
        Ok(unprocessed(&self.ask(ask).await?))
    }

    /// Sets the same values on up to 100 findings of the second generation, by their metadata uids.
    ///
    /// # Errors
    /// If it reached none.
    pub async fn update_findings_v2(
        &self,
        uids: &[String],
        update: &UpdateV2,
    ) -> Result<Vec<Unprocessed>, Fault> {
        let mut body = Map::new();
        body.insert("MetadataUids".into(), json!(uids));
        if let Some(status) = update.status {
            body.insert("StatusId".into(), json!(status));
        }
        if let Some(severity) = update.severity {
            body.insert("SeverityId".into(), json!(severity));
        }
        if let Some(comment) = &update.comment {
            body.insert("Comment".into(), json!(cut(comment)));
        }
        let body = Value::Object(body);
        let ask = hub(
            "securityhub:BatchUpdateFindingsV2",
            "PATCH",
            "/findingsv2/batchupdatev2",
            Some(&body),
        );
        Ok(unprocessed(&self.ask(ask).await?))
    }

    /// The hub of this account and region.
    ///
    /// # Errors
    /// If Security Hub is not switched on here, or may not be asked.
    pub async fn hub(&self) -> Result<String, Fault> {
        let answer = self
            .ask(hub("securityhub:DescribeHub", "GET", "/accounts", None))
            .await?;
        Ok(answer["HubArn"].as_str().unwrap_or_default().to_owned())
    }
}

impl Update {
    fn body(&self) -> Value {
        let mut body = Map::new();
        if let Some(status) = &self.workflow {
            body.insert("Workflow".into(), json!({ "Status": status }));
        }
        if let Some(state) = &self.verification {
            body.insert("VerificationState".into(), json!(state));
        }
        if let Some(label) = &self.severity {
            body.insert("Severity".into(), json!({ "Label": label }));
        }
        if let Some((text, by)) = &self.note {
            body.insert(
                "Note".into(),
                json!({ "Text": cut(text), "UpdatedBy": cut(by) }),
            );
        }
        if !self.fields.is_empty() {
            let fields: Map<String, Value> = self
                .fields
                .iter()
                .map(|(name, value)| (name.clone(), json!(value)))
                .collect();
            body.insert("UserDefinedFields".into(), Value::Object(fields));
        }
        Value::Object(body)
    }
}

fn hub(action: &'static str, method: &'static str, path: &str, body: Option<&Value>) -> Ask {
    speak::at_path("securityhub", action, method, path, body)
}

/// Text as long as a note may be; what is left out is seen to be.
fn cut(text: &str) -> String {
    if text.chars().count() <= NOTE {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(NOTE - 1).collect();
    short.push('…');
    short
}

fn unprocessed(answer: &Value) -> Vec<Unprocessed> {
    let list = answer["UnprocessedFindings"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let first = |values: [&Value; 3]| {
        let found = values.iter().find_map(|value| value.as_str());
        found.unwrap_or_default().to_owned()
    };
    list.iter()
        .map(|entry| {
            let id = &entry["FindingIdentifier"];
            Unprocessed {
                id: first([&id["Id"], &entry["MetadataUid"], &id["FindingInfoUid"]]),
                product_arn: first([&id["ProductArn"], &Value::Null, &Value::Null]),
                code: first([&entry["ErrorCode"], &Value::Null, &Value::Null]),
                message: first([&entry["ErrorMessage"], &Value::Null, &Value::Null]),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_set_is_sent_and_a_long_note_is_cut_in_sight() {
        let update = Update {
            workflow: Some("RESOLVED".into()),
            note: Some(("é".repeat(600), "midwatch".into())),
            ..Update::default()
        };
        let body = update.body();
        assert_eq!(body.as_object().unwrap().len(), 2);
        let text = body["Note"]["Text"].as_str().unwrap();
        assert_eq!(text.chars().count(), NOTE);
        assert!(text.ends_with('…'));
    }

    #[test]
    fn what_an_update_did_not_reach_is_told_in_both_generations() {
        let first = unprocessed(&json!({ "UnprocessedFindings": [
            { "FindingIdentifier": { "Id": "a", "ProductArn": "p" }, "ErrorCode": "FindingNotFound", "ErrorMessage": "m" },
        ]}));
        assert_eq!(
            (first[0].id.as_str(), first[0].product_arn.as_str()),
            ("a", "p")
        );
        assert!(first[0].is_gone() && !first[0].passes());
        let second = unprocessed(&json!({ "UnprocessedFindings": [
            { "MetadataUid": "u", "ErrorCode": "ConflictException" },
        ]}));
        assert_eq!(second[0].id, "u");
        assert!(second[0].passes());
    }
}
