//! `midwatch aws`: looks whether AWS is set up as Midwatch needs it, and prints what sets it up. Changes nothing there.

use ::aws::findings::{FindingId, Update};
use ::aws::policy::Setup;
use ::aws::trust::Role;
use ::aws::{Caller, Endpoints, Fault, Kind, Outside, Request, Response, Source, Unreachable};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Look whether AWS is set up, and print what sets it up.
#[derive(clap::Subcommand)]
pub(crate) enum AwsCommand {
    /// Ask AWS for everything that Midwatch will, and name what is missing. Keys come from the environment or a profile.
    Doctor(Doctor),
    /// Print the least policy, or a template of rule, queues and role.
    Template(Template),
}

#[derive(clap::Args)]
pub(crate) struct Doctor {
    /// The region of the queue and of Security Hub.
    #[arg(long, env = "AWS_REGION")]
    region: String,
    /// The address of the queue.
    #[arg(long)]
    queue: String,
    /// A profile of the credentials file, instead of the environment.
    #[arg(long)]
    profile: Option<String>,
    /// A role to ask through.
    #[arg(long)]
    role: Option<String>,
    /// What was agreed on with the owner of the role.
    #[arg(long, requires = "role")]
    external_id: Option<String>,
    /// Findings are only read, never written to.
    #[arg(long)]
    read_only: bool,
}

#[derive(clap::Args)]
pub(crate) struct Template {
    /// What to print.
    #[arg(value_enum)]
    what: What,
    /// The region of the queue and of Security Hub.
    #[arg(long, env = "AWS_REGION")]
    region: String,
    /// The account of both, twelve digits.
    #[arg(long)]
    account: String,
    /// The name of the queue.
    #[arg(long, default_value = "midwatch")]
    queue: String,
    /// The user or role that Midwatch asks as; nothing: anybody in the account whom a policy allows.
    #[arg(long)]
    trusted: Option<String>,
    /// What to agree on with whoever takes the role.
    #[arg(long, default_value = "midwatch")]
    external_id: String,
    /// Findings are only read, never written to.
    #[arg(long)]
    read_only: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum What {
    Policy,
    Cloudformation,
    Terraform,
}

impl AwsCommand {
    /// Looks or prints.
    ///
    /// # Errors
    /// If this machine has no HTTPS client.
    pub(crate) fn run(&self) -> Result<ExitCode, String> {
        match self {
            Self::Doctor(doctor) => crate::wait(doctor.run()),
            Self::Template(template) => template.run(),
        }
    }
}

impl Template {
    fn run(&self) -> Result<ExitCode, String> {
        if self.account.len() != 12 || !self.account.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!(
                "`{}` is no account: expected twelve digits, such as 123456789012.",
                self.account
            ));
        }
        let root = || {
            format!(
                "arn:{}:iam::{}:root",
                ::aws::partition(&self.region),
                self.account
            )
        };
        let setup = Setup {
            region: self.region.clone(),
            account: self.account.clone(),
            queue: self.queue.clone(),
            trusted: self.trusted.clone().unwrap_or_else(root),
            external_id: self.external_id.clone(),
            write_back: !self.read_only,
        };
        let printed = match self.what {
            What::Policy => setup.policy(),
            What::Cloudformation => setup.cloudformation(),
            What::Terraform => setup.terraform(),
        };
        crate::say(&serde_json::to_string_pretty(&printed).map_err(|e| e.to_string())?);
        Ok(ExitCode::SUCCESS)
    }
}

impl Doctor {
    async fn run(&self) -> Result<ExitCode, String> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(std::time::Duration::from_secs(30))
            .build()
            .map_err(|e| e.to_string())?;
        let world = World(client);
        let endpoints = Endpoints::default().with_variables(&world);
        let source = match &self.profile {
            Some(profile) => Source::Profile(profile.clone()),
            None if world.variable("AWS_ACCESS_KEY_ID").is_none()
                && world.variable("AWS_WEB_IDENTITY_TOKEN_FILE").is_some() =>
            {
                Source::WebIdentity
            }
            None => Source::Environment,
        };
        let role = self.role.as_ref().map(|arn| Role {
            arn: arn.clone(),
            external_id: self.external_id.clone(),
            session: "midwatch-doctor".into(),
        });
        let caller = Caller::new(world, &self.region, endpoints, source, role);
        let well = self.look(&caller).await;
        Ok(if well {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    async fn look(&self, caller: &Caller<World>) -> bool {
        let identity = match caller.identity().await {
            Ok(identity) => identity,
            Err(fault) => return tell("credentials", Err(fault)),
        };
        let mut well = tell("credentials", Ok(identity.arn));
        let told = caller.queue_attributes(&self.queue).await;
        well &= match &told {
            Ok(told) => {
                let waits = told
                    .get("ApproximateNumberOfMessages")
                    .map_or("?", String::as_str);
                tell(
                    "sqs:GetQueueAttributes",
                    Ok(format!("{waits} messages wait")),
                ) & tell("queue policy", admits(told.get("Policy")))
                    & tell("dead letters", dead(told.get("RedrivePolicy")))
                    & tell("encryption", sealed(told.get("KmsMasterKeyId")))
            }
            Err(fault) => tell("sqs:GetQueueAttributes", Err(fault.clone())),
        };
        // Taken for no time: whoever reads the queue sees it at once, counted as taken once more.
        let took = caller.receive(&self.queue, 0, 0).await;
        well &= tell("sqs:ReceiveMessage", took.map(|_| String::new()));
        // A receipt that never was: allowed, nothing happens; not allowed, it is said.
        let deleted = caller.delete(&self.queue, &["midwatch-doctor"]).await;
        well &= tell("sqs:DeleteMessage", unless_barred(deleted));
        let held = caller
            .hold_messages(&self.queue, &["midwatch-doctor"], 0)
            .await;
        well &= tell("sqs:ChangeMessageVisibility", unless_barred(held));
        well &= tell("securityhub:DescribeHub", caller.hub().await);
        let nothing = json!({ "Id": [{ "Value": "midwatch-doctor", "Comparison": "EQUALS" }] });
        let read = caller.findings(&nothing, None).await;
        well &= tell("securityhub:GetFindings", read.map(|_| String::new()));
        if !self.read_only {
            let id = FindingId {
                id: "midwatch-doctor".into(),
                product_arn: format!(
                    "arn:{}:securityhub:{}:{}:product/{}/default",
                    ::aws::partition(&self.region),
                    self.region,
                    identity.account,
                    identity.account
                ),
            };
            let update = Update {
                workflow: Some("NOTIFIED".into()),
                ..Update::default()
            };
            let wrote = caller.update_findings(&[id], &update).await;
            well &= tell("securityhub:BatchUpdateFindings", unless_barred(wrote));
        }
        well
    }
}

/// An answer that says the thing asked about is not there shows that asking is allowed.
fn unless_barred<T>(answer: Result<T, Fault>) -> Result<String, Fault> {
    match answer {
        Err(fault) if fault.kind != Kind::Wrong || fault.code.is_empty() => Err(fault),
        _ => Ok(String::new()),
    }
}

/// Whether rules of events may send to the queue.
fn admits(policy: Option<&String>) -> Result<String, Fault> {
    let policy: Value = policy
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let statements = policy["Statement"].as_array().cloned().unwrap_or_default();
    let lets = statements.iter().find(|one| {
        let text = one.to_string();
        one["Effect"] == "Allow"
            && one["Principal"]
                .to_string()
                .contains("events.amazonaws.com")
            && text.to_lowercase().contains("sqs:sendmessage")
    });
    match lets {
        Some(one) if one["Condition"].to_string().contains("aws:SourceArn") => {
            Ok("rules of events may send".into())
        }
        Some(_) => Err(Fault::wrong(
            "Any rule of anybody may send to this queue. Add the condition aws:SourceArn.",
        )),
        None => Err(Fault::wrong(
            "Rules of events may not send: allow events.amazonaws.com sqs:SendMessage. Without it events are lost silently.",
        )),
    }
}

fn dead(policy: Option<&String>) -> Result<String, Fault> {
    policy.map(|_| "messages nobody can read go aside".to_owned()).ok_or_else(|| {
        Fault::wrong("The queue has no queue for dead letters: a message that nobody can read stays until it ends.")
    })
}

fn sealed(key: Option<&String>) -> Result<String, Fault> {
    match key.map(String::as_str).filter(|key| !key.is_empty()) {
        None => Ok("by SQS itself, or none".into()),
        Some(key) if key.ends_with("alias/aws/sqs") => Err(Fault::wrong(
            "The queue is sealed with the key alias/aws/sqs, which rules of events cannot use. Take a key of your own or that of SQS.",
        )),
        Some(key) => Ok(format!(
            "by the key {key}: its policy must let events.amazonaws.com use kms:GenerateDataKey and kms:Decrypt"
        )),
    }
}

/// Prints one line; whether it is well.
fn tell(what: &str, found: Result<String, Fault>) -> bool {
    match found {
        Ok(more) => crate::say(&format!("ok       {what:<32}{more}")),
        Err(fault) => {
            crate::say(&format!("MISSING  {what:<32}{fault}"));
            return false;
        }
    }
    true
}

/// This process and its machine.
struct World(reqwest::Client);

impl Outside for World {
    async fn send(&self, request: Request) -> Result<Response, Unreachable> {
        let method = request.method.parse().unwrap_or(reqwest::Method::POST);
        let mut out = self.0.request(method, &request.url).body(request.body);
        for (name, value) in request.headers {
            out = out.header(name, value);
        }
        let broken = |e: reqwest::Error| Unreachable {
            reason: e.to_string(),
            again: true,
        };
        let answer = out.send().await.map_err(broken)?;
        let status = answer.status().as_u16();
        let id = answer
            .headers()
            .get("x-amzn-requestid")
            .and_then(|id| id.to_str().ok());
        let request_id = id.map(str::to_owned);
        let body = answer.bytes().await.map_err(broken)?.to_vec();
        Ok(Response {
            status,
            request_id,
            body,
        })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a command that ends at once signs with the time it is"
    )]
    fn now_ms(&self) -> i64 {
        jiff::Timestamp::now().as_millisecond()
    }

    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn file(&self, path: &str) -> std::io::Result<String> {
        std::fs::read_to_string(path)
    }
}
