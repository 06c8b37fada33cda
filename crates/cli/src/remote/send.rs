//! Sends what was said about a ticket: each command line becomes the verb's body.

use midwatch_domain::id::TicketNo;
use serde_json::{Map, Value, json};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::client::{Client, Failure};
use super::verbs::{Evidence, On, OnBecause, Task, Verbs};
use super::word;

/// A verb, ready to be sent.
struct Sent<'a> {
    ticket: TicketNo,
    verb: &'static str,
    body: Map<String, Value>,
    /// Field that names a person, and how.
    person: Option<(&'static str, &'a str)>,
}

impl<'a> Sent<'a> {
    fn new(on: &On, verb: &'static str) -> Self {
        Self {
            ticket: on.ticket,
            verb,
            body: Map::new(),
            person: None,
        }
    }

    fn because(on: &OnBecause, verb: &'static str) -> Self {
        Self::new(&on.on, verb).opt("reason", on.reason.as_ref())
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.body.insert(name.to_owned(), value.into());
        self
    }

    fn opt(self, name: &str, value: Option<&String>) -> Self {
        match value {
            Some(v) => self.with(name, v.as_str()),
            None => self,
        }
    }

    fn person(mut self, name: &'static str, who: Option<&'a String>) -> Self {
        self.person = who.map(|w| (name, w.as_str()));
        self
    }
}

impl Verbs {
    /// Does it; the answer, and what it says for people.
    ///
    /// # Errors
    /// As the server says.
    pub(super) async fn run(
        &self,
        client: &Client,
        as_json: bool,
    ) -> Result<(Value, String), Failure> {
        match self {
            Verbs::Attach {
                on,
                files,
                description,
                source,
            } => attach(client, on.ticket, files, description, source).await,
            Verbs::Evidence(Evidence::Get {
                on,
                evidence,
                why,
                to,
                output,
            }) => {
                get(
                    client,
                    on.ticket,
                    evidence,
                    &json!({ "why": why, "to": to.clone().unwrap_or_default() }),
                    output,
                )
                .await
            }
            Verbs::Evidence(Evidence::Verify { on, evidence }) => {
                verify(client, on.ticket, evidence, as_json).await
            }
            _ => {
                let mut sent = self.sent()?;
                if let Some((field, who)) = sent.person {
                    sent.body
                        .insert(field.to_owned(), person(client, who).await?.into());
                }
                if sent.verb == "offer_handoff" {
                    let draft = client
                        .get(&format!("/tickets/{}/handoff_brief", sent.ticket), &[])
                        .await?;
                    for (part, drafted) in draft.as_object().into_iter().flatten() {
                        sent.body
                            .entry(part.clone())
                            .or_insert_with(|| drafted.clone());
                    }
                }
                let Sent {
                    ticket, verb, body, ..
                } = sent;
                let done = client
                    .post(&format!("/tickets/{ticket}/{verb}"), &Value::Object(body))
                    .await?;
                let text = said(verb, &done);
                Ok((done, text))
            }
        }
    }

    fn sent(&self) -> Result<Sent<'_>, Failure> {
        Ok(match self {
            Verbs::Take(on) => Sent::because(on, "take"),
            Verbs::Ack(on) => Sent::new(on, "acknowledge"),
            Verbs::Offer {
                on,
                to,
                situation,
                done,
                open,
                next,
            } => Sent::new(on, "offer_handoff")
                .opt("situation", situation.as_ref())
                .opt("done", done.as_ref())
                .opt("open", open.as_ref())
                .opt("next_steps", next.as_ref())
                .person("to", Some(to)),
            Verbs::Accept(on) => Sent::new(on, "accept_handoff"),
            Verbs::Decline(on) => Sent::because(on, "decline_handoff"),
            Verbs::Withdraw(on) => Sent::because(on, "withdraw_handoff"),
            Verbs::Release { on, to } => Sent::because(on, "release").person("to", to.as_ref()),
            Verbs::Phase { on, phase, reason } => Sent::new(on, "move_phase")
                .with("to", phase.as_str())
                .opt("reason", reason.as_ref()),
            Verbs::Note { on, text, at } => Sent::new(on, "note")
                .with("text", spoken(text)?)
                .opt("occurred_at", at.as_ref()),
            Verbs::Task(Task::Add {
                on,
                title,
                phase,
                to,
                mandatory,
            }) => Sent::new(on, "add_task")
                .with("title", title.as_str())
                .with("mandatory", *mandatory)
                .opt("phase", phase.as_ref())
                .person("assignee", to.as_ref()),
            Verbs::Task(Task::Assign { on, task, to }) => Sent::new(on, "assign_task")
                .with("task", task.as_str())
                .person("assignee", to.as_ref()),
            Verbs::Task(Task::Finish { on, task, result }) => Sent::new(on, "finish_task")
                .with("task", task.as_str())
                .opt("result", result.as_ref()),
            Verbs::Task(Task::Skip { on, task }) => {
                Sent::because(on, "skip_task").with("task", task.as_str())
            }
            Verbs::Classify {
                on,
                severity,
                kind,
                tlp,
                pap,
                add_tags,
            } => Sent::because(on, "classify")
                .opt("severity", severity.as_ref())
                .opt("kind", kind.as_ref())
                .opt("tlp", tlp.as_ref())
                .opt("pap", pap.as_ref())
                .with("add_tags", add_tags.clone()),
            Verbs::Close {
                on,
                outcome,
                summary,
                lessons,
                skip_tasks_because,
            } => Sent::new(on, "close")
                .with("outcome", outcome.as_str())
                .with("summary", summary.as_str())
                .opt("lessons", lessons.as_ref())
                .opt("skip_tasks_because", skip_tasks_because.as_ref()),
            Verbs::Reopen { on, phase } => Sent::because(on, "reopen").opt("phase", phase.as_ref()),
            Verbs::Link { on, to, relation } => Sent::new(on, "link")
                .with("to", to.to_string())
                .opt("relation", relation.as_ref()),
            Verbs::Merge { on, into } => Sent::because(on, "merge").with("into", into.to_string()),
            Verbs::Split {
                on,
                title,
                tasks,
                evidence,
            } => Sent::because(on, "split")
                .with("title", title.as_str())
                .with("tasks", tasks.clone())
                .with("evidence", evidence.clone()),
            Verbs::Escalate(on) => Sent::because(on, "escalate"),
            Verbs::Answer { on, answer, text } => Sent::new(on, "answer_page")
                .with("answer", answer.as_str())
                .opt("text", text.as_ref()),
            Verbs::Snooze { on, end } => {
                let now = midwatch_desk::system_clock()();
                Sent::because(on, "snooze").with("until", end.at(now))
            }
            Verbs::Unsnooze(on) => Sent::new(on, "end_snooze"),
            Verbs::PauseClocks { on, until } => {
                Sent::because(on, "pause_clocks").opt("until", until.as_ref())
            }
            Verbs::ResumeClocks(on) => Sent::new(on, "resume_clocks"),
            Verbs::Declare {
                on,
                regime,
                events,
                inputs,
            } => Sent::because(on, "declare")
                .with("regime", regime.as_str())
                .with("triggers", object(events))
                .with("inputs", object(inputs)),
            Verbs::WithdrawDeclaration { on, regime } => {
                Sent::because(on, "withdraw_declaration").with("regime", regime.as_str())
            }
            Verbs::FileReport {
                on,
                regime,
                report,
                reference,
                at,
            } => Sent::new(on, "file_report")
                .with("regime", regime.as_str())
                .with("report", report.as_str())
                .with("reference", reference.as_str())
                .opt("filed_at", at.as_ref()),
            Verbs::Watch(on) => Sent::new(on, "watch"),
            Verbs::Unwatch(on) => Sent::new(on, "unwatch"),
            Verbs::Attach { .. } | Verbs::Evidence(_) => {
                return Err(Failure::usage("Evidence is sent as a file."));
            }
        })
    }
}

/// Pairs of keys and values as an object.
fn object(pairs: &[(String, String)]) -> Value {
    let each = pairs.iter().map(|(k, v)| (k.clone(), v.as_str().into()));
    Value::Object(each.collect())
}

/// What was done, in a line.
fn said(verb: &str, done: &Value) -> String {
    let ticket = word(&done["ticket"]);
    if done["entries"].as_array().is_some_and(Vec::is_empty) {
        return format!("{ticket}: it was so already.");
    }
    match done["opened"].as_str() {
        Some(opened) => format!("{ticket}: {} → {opened}", verb.replace('_', " ")),
        None => format!("{ticket}: {}", verb.replace('_', " ")),
    }
}

/// The text given, or what stands on standard input.
fn spoken(text: &[String]) -> Result<String, Failure> {
    if !text.is_empty() {
        return Ok(text.join(" "));
    }
    let mut out = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut out)
        .map_err(|e| Failure::usage(format!("Standard input cannot be read: {e}")))?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// A person by id, mail address or name.
pub(super) async fn person(client: &Client, who: &str) -> Result<String, Failure> {
    if who.starts_with("per_") {
        return Ok(who.to_owned());
    }
    if who == "me" {
        return Ok(word(&client.get("/me", &[]).await?["id"]).to_owned());
    }
    let people = client.get("/people", &[]).await?;
    let wanted = who.to_lowercase();
    let named = |p: &&Value, whole: bool| {
        let (name, email) = (word(&p["name"]).to_lowercase(), word(&p["email"]));
        p["state"] != "disabled"
            && (email == wanted || name == wanted || (!whole && name.starts_with(&wanted)))
    };
    let all: Vec<&Value> = people["items"].as_array().into_iter().flatten().collect();
    let whole: Vec<&&Value> = all.iter().filter(|p| named(p, true)).collect();
    let begun: Vec<&&Value> = all.iter().filter(|p| named(p, false)).collect();
    match (whole.as_slice(), begun.as_slice()) {
        ([one], _) | ([], [one]) => Ok(word(&one["id"]).to_owned()),
        ([], []) => Err(Failure::usage(format!(
            "Nobody is called “{who}”. Give a name, a mail address or an id."
        ))),
        _ => Err(Failure::usage(format!(
            "Several people are called “{who}”. Give the mail address."
        ))),
    }
}

/// An id as one segment of a path.
fn segment(id: &str) -> Result<&str, Failure> {
    let plain = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain {
        Ok(id)
    } else {
        Err(Failure::usage(format!(
            "“{id}” is not an id of evidence, such as evd_01h2x3y4z5."
        )))
    }
}

async fn attach(
    client: &Client,
    ticket: TicketNo,
    files: &[PathBuf],
    description: &str,
    source: &str,
) -> Result<(Value, String), Failure> {
    let (mut answers, mut lines) = (Vec::new(), Vec::new());
    for path in files {
        let says =
            |e: std::io::Error| Failure::usage(format!("{} cannot be read: {e}", path.display()));
        let name = path.file_name().map_or_else(
            || "unnamed".to_owned(),
            |n| n.to_string_lossy().into_owned(),
        );
        let form = || {
            let file = std::fs::File::open(path).map_err(says)?;
            let size = file.metadata().map_err(says)?.len();
            let body = reqwest::Body::from(tokio::fs::File::from_std(file));
            let part =
                reqwest::multipart::Part::stream_with_length(body, size).file_name(name.clone());
            Ok(reqwest::multipart::Form::new()
                .text("description", description.to_owned())
                .text("source", source.to_owned())
                .part("file", part))
        };
        let done = client
            .upload(&format!("/tickets/{ticket}/evidence"), form)
            .await?;
        lines.push(format!("{ticket}: attached {}", crate::output::line(&name)));
        answers.push(done);
    }
    Ok((json!(answers), lines.join("\n")))
}

async fn get(
    client: &Client,
    ticket: TicketNo,
    evidence: &str,
    body: &Value,
    output: &Path,
) -> Result<(Value, String), Failure> {
    use std::io::Write as _;
    let says =
        |e: std::io::Error| Failure::usage(format!("{} cannot be written: {e}", output.display()));
    let path = format!("/tickets/{ticket}/evidence/{}/hand_out", segment(evidence)?);
    let mut file = std::fs::File::create_new(output).map_err(says)?;
    let received = async {
        let mut response = client.post_for(&path, body).await?;
        let mut size = 0_usize;
        while let Some(piece) = response
            .chunk()
            .await
            .map_err(|e| Failure::unreachable(format!("The file broke off: {e}")))?
        {
            size += piece.len();
            file.write_all(&piece).map_err(says)?;
        }
        Ok(size)
    };
    match received.await {
        Ok(size) => Ok((
            json!({ "evidence": evidence, "file": output, "size": size }),
            format!("{size} bytes in {}", output.display()),
        )),
        Err(failure) => {
            // Half a file is no evidence.
            let _ = std::fs::remove_file(output);
            Err(failure)
        }
    }
}

/// Evidence that is not what it was is a failure, for scripts too.
async fn verify(
    client: &Client,
    ticket: TicketNo,
    evidence: &str,
    as_json: bool,
) -> Result<(Value, String), Failure> {
    let path = format!("/tickets/{ticket}/evidence/{}/verify", segment(evidence)?);
    let found = client.post(&path, &json!({})).await?;
    if found["intact"] == true {
        return Ok((found, "Intact: it is what was attached.".to_owned()));
    }
    let mut failure = Failure::refused("IT IS NOT WHAT WAS ATTACHED.");
    failure.problem = Some(found).filter(|_| as_json);
    Err(failure)
}
