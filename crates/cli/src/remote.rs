//! `midwatch ticket`: the client of the API. Knows the API and people's words, nothing of storage or rules.

mod assets;
mod channels;
mod client;
mod deliveries;
mod feeds;
mod handover;
mod mail;
mod new;
mod observables;
mod oncall;
mod policies;
mod scans;
mod send;
mod settings;
mod show;
mod verbs;

use clap::{Args, Subcommand};
use serde_json::Value;
use std::process::ExitCode;

use crate::output::{self, Style};
use client::{Client, Failure};
pub(crate) use handover::Handover;
pub(crate) use scans::Desk;
pub(crate) use settings::Door;
use settings::Reach;

/// Work tickets on a server. Exit codes: 0 done, 1 refused, 2 not understood, 3 server not reached.
#[derive(Args, Debug)]
pub(crate) struct TicketCommand {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    New(Box<new::New>),
    /// Find tickets: midwatch ticket list 'phase:analysis severity>=high owner:me'
    List(show::List),
    /// Show a ticket with its timeline.
    Show(show::Show),
    #[command(flatten)]
    Verb(verbs::Verbs),
}

impl TicketCommand {
    /// Does it.
    pub(crate) fn run(self) -> ExitCode {
        finish(self.reach.json, self.act())
    }

    async fn act(&self) -> Result<(), Failure> {
        let client = Client::new(self.reach.access()?)?;
        let style = Style::of_stdout();
        let (answer, text) = match &self.what {
            What::New(new) => {
                let opened = new.run(&client).await?;
                let number = word(&opened["ticket"]).to_owned();
                let ticket = if self.reach.json {
                    Value::Null
                } else {
                    client
                        .get(&format!("/tickets/{number}"), &[])
                        .await
                        .unwrap_or_default()
                };
                // Whoever may not list people sees the id.
                let people = client.get("/people", &[]).await.unwrap_or_default();
                let text = show::opened(&number, &ticket, &people, style);
                (opened, text)
            }
            What::List(list) => {
                let found = list.run(&client).await?;
                let text = show::rows(&found, style);
                (found, text)
            }
            What::Show(show) => show.run(&client, style).await?,
            What::Verb(verb) => verb.run(&client, self.reach.json).await?,
        };
        tell(self.reach.json, &answer, &text)
    }
}

/// Look at what goes out from a server, and what does not.
#[derive(Args, Debug)]
pub(crate) struct DeliveriesCommand {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    what: deliveries::Deliveries,
}

impl DeliveriesCommand {
    /// Does it.
    pub(crate) fn run(self) -> ExitCode {
        finish(self.reach.json, async {
            let client = Client::new(self.reach.access()?)?;
            let (answer, text) = self.what.run(&client, Style::of_stdout()).await?;
            tell(self.reach.json, &answer, &text)
        })
    }
}

/// Look at the ways by which a server sends, and try one.
#[derive(Args, Debug)]
pub(crate) struct ChannelsCommand {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    what: channels::Channels,
}

impl ChannelsCommand {
    /// Does it.
    pub(crate) fn run(self) -> ExitCode {
        finish(self.reach.json, async {
            let client = Client::new(self.reach.access()?)?;
            let (answer, text) = self.what.run(&client, Style::of_stdout()).await?;
            tell(self.reach.json, &answer, &text)
        })
    }
}

/// Look at the feeds of indicators of a server, and bring them files.
#[derive(Args, Debug)]
pub(crate) struct FeedsCommand {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    what: feeds::Feeds,
}

impl FeedsCommand {
    /// Does it.
    pub(crate) fn run(self) -> ExitCode {
        finish(self.reach.json, async {
            let client = Client::new(self.reach.access()?)?;
            let (answer, text) = self.what.run(&client, Style::of_stdout()).await?;
            tell(self.reach.json, &answer, &text)
        })
    }
}

/// Look at the assets of a server, and bring it lists.
#[derive(Args, Debug)]
pub(crate) struct AssetsCommand {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    what: assets::Assets,
}

impl AssetsCommand {
    /// Does it.
    pub(crate) fn run(self) -> ExitCode {
        finish(self.reach.json, async {
            let client = Client::new(self.reach.access()?)?;
            let (answer, text) = self.what.run(&client, Style::of_stdout()).await?;
            tell(self.reach.json, &answer, &text)
        })
    }
}

/// Look up values seen in the tickets of a server.
#[derive(Args, Debug)]
pub(crate) struct ObservablesCommand {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    what: observables::Observables,
}

impl ObservablesCommand {
    /// Does it.
    pub(crate) fn run(self) -> ExitCode {
        finish(self.reach.json, async {
            let client = Client::new(self.reach.access()?)?;
            let (answer, text) = self.what.run(&client, Style::of_stdout()).await?;
            tell(self.reach.json, &answer, &text)
        })
    }
}

/// Look at escalation policies on a server.
#[derive(Args, Debug)]
pub(crate) struct PoliciesCommand {
    #[command(flatten)]
    reach: Reach,
}

/// Look at one escalation policy on a server.
#[derive(Args, Debug)]
pub(crate) struct PolicyCommand {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    what: policies::Policy,
}

impl PoliciesCommand {
    /// Lists them.
    pub(crate) fn run(self) -> ExitCode {
        finish(self.reach.json, async {
            let client = Client::new(self.reach.access()?)?;
            let (answer, text) = policies::list(&client, Style::of_stdout()).await?;
            tell(self.reach.json, &answer, &text)
        })
    }
}

/// Show who is on call on a server, now and next.
#[derive(Args, Debug)]
pub(crate) struct OnCallCommand {
    #[command(flatten)]
    reach: Reach,
}

impl OnCallCommand {
    /// Shows every team.
    pub(crate) fn run(self) -> ExitCode {
        finish(self.reach.json, async {
            let client = Client::new(self.reach.access()?)?;
            let (answer, text) = oncall::list(&client, Style::of_stdout()).await?;
            tell(self.reach.json, &answer, &text)
        })
    }
}

impl PolicyCommand {
    /// Shows it.
    pub(crate) fn run(self) -> ExitCode {
        finish(self.reach.json, async {
            let client = Client::new(self.reach.access()?)?;
            let policies::Policy::Show(show) = &self.what;
            let (answer, text) = show.run(&client, Style::of_stdout()).await?;
            tell(self.reach.json, &answer, &text)
        })
    }
}

/// Runs what asks the server; says what went wrong, and ends as scripts expect.
fn finish(json: bool, work: impl Future<Output = Result<(), Failure>>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(work),
        Err(e) => Err(Failure::usage(e.to_string())),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(problem) = failure.problem.as_ref().filter(|_| json) {
                output::say(&problem.to_string());
            }
            output::complain(&output::clean(&failure.message));
            ExitCode::from(failure.code)
        }
    }
}

/// Prints what the server answered, for programs or for people.
fn tell(json: bool, answer: &Value, text: &str) -> Result<(), Failure> {
    if json {
        let pretty = serde_json::to_string_pretty(answer);
        output::say(&pretty.map_err(|e| Failure::usage(e.to_string()))?);
    } else if !text.is_empty() {
        output::say(text);
    }
    Ok(())
}

/// A text of an answer.
fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The things of a list that the server answered.
fn items(page: &Value) -> impl Iterator<Item = &Value> {
    page["items"].as_array().into_iter().flatten()
}

/// Rows under a heading, in columns.
fn table(heading: &[&str], rows: impl Iterator<Item = Vec<String>>, style: Style) -> String {
    let heading = heading.iter().map(|h| (*h).to_owned()).collect();
    let rows: Vec<Vec<String>> = std::iter::once(heading).chain(rows).collect();
    let cells = output::table(&rows);
    let lines = cells.iter().enumerate().map(|(i, r)| match i {
        0 => style.dim(&r.join("  ")),
        _ => r.join("  "),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A ticket number as people write it, safe in a path.
fn number(text: &str) -> Result<midwatch_domain::id::TicketNo, String> {
    text.parse()
        .map_err(|r: midwatch_domain::Refusal| r.message)
}
