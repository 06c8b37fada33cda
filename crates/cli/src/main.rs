//! The one executable `midwatch`: server, demo, administration, and a client of the API.

mod admin;
mod aws;
mod bench;
mod config;
mod demo;
mod extract;
mod input;
mod output;
mod remote;
mod scan;
mod serve;
mod telemetry;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Security incident tickets with an owner, a record and proof.
#[derive(Parser)]
#[command(name = "midwatch", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server.
    Serve(config::Flags),
    /// Run a demo: half a year at a small company, in a folder of its own.
    Demo(demo::Demo),
    /// Measure speed, memory and disk on this machine.
    Bench(bench::Bench),
    /// Work tickets on a server.
    Ticket(remote::TicketCommand),
    /// List the escalation policies of a server.
    Policies(remote::PoliciesCommand),
    /// Show whom an escalation policy would page when.
    Policy(remote::PolicyCommand),
    /// Show who is on call for every team of a server, now and next.
    #[command(name = "oncall")]
    OnCall(remote::OnCallCommand),
    /// Look at the messages that a server sends, and send one again.
    Deliveries(remote::DeliveriesCommand),
    /// Look at the ways by which a server sends messages, and try one.
    Channels(remote::ChannelsCommand),
    /// Look at the feeds of indicators of a server, ask one now, bring a file.
    Feeds(remote::FeedsCommand),
    /// Look at the assets of a server, bring it a list, ask whose a value is.
    Assets(remote::AssetsCommand),
    /// Look up values seen in the tickets of a server, and all that is known of one.
    Observables(remote::ObservablesCommand),
    /// Hand a shift over on a server, or accept one.
    Handover(remote::Handover),
    /// Find indicators in a text: files or standard input, packed or not.
    Extract(extract::Extract),
    /// Search logs for indicators: files, folders, a pipe, or a file that grows.
    Scan(scan::Scan),
    /// Look whether AWS is set up, and print what sets it up.
    #[command(subcommand)]
    Aws(aws::AwsCommand),
    /// Print the API's OpenAPI document.
    Openapi,
    /// Print every setting with its default, as a settings file.
    Config,
    /// Check the record: the live database of a data folder, or an export by itself.
    Verify(admin::Verify),
    /// Write the whole record to a file that can be verified without the database.
    Export(admin::Export),
    /// Fold the record anew into the rows, or only compare (--check).
    Rebuild(admin::Rebuild),
    /// Make a backup while work goes on, and verify it.
    Backup(admin::Backup),
    /// Restore a backup into an empty data folder and database, of either engine.
    Restore(admin::Restore),
    /// Look at a desk and say what is well, what to watch and what to do.
    Doctor(admin::Doctor),
}

fn main() -> ExitCode {
    // One cryptographic provider for all TLS of the process; a second installation would only say that there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(code) => code,
        Err(message) => {
            complain(&message);
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode, String> {
    match command {
        Command::Serve(flags) => {
            let config = config::Config::load(&flags)?;
            telemetry::begin(&config.log, &config.log_format);
            let url = config.clone();
            wait(serve::serve(config, None, move |desk, bound| {
                serve::greet(desk, &url.url(bound));
            }))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Demo(demo) => {
            let flags = config::Flags {
                data: demo.flags.data.or_else(|| Some("midwatch-demo".into())),
                ..demo.flags
            };
            let config = config::Config::load(&flags)?;
            telemetry::begin(&config.log, &config.log_format);
            demo::run(config, demo.pace)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Bench(b) => b.run().map(|()| ExitCode::SUCCESS),
        Command::Ticket(t) => Ok(t.run()),
        Command::Policies(p) => Ok(p.run()),
        Command::Policy(p) => Ok(p.run()),
        Command::OnCall(o) => Ok(o.run()),
        Command::Deliveries(d) => Ok(d.run()),
        Command::Channels(c) => Ok(c.run()),
        Command::Feeds(f) => Ok(f.run()),
        Command::Assets(a) => Ok(a.run()),
        Command::Observables(o) => Ok(o.run()),
        Command::Handover(h) => Ok(h.run()),
        Command::Extract(e) => e.run(),
        Command::Scan(s) => s.run(),
        Command::Aws(a) => a.run(),
        Command::Openapi => {
            let document = midwatch_web::api::openapi();
            say(&serde_json::to_string_pretty(&document).map_err(|e| e.to_string())?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Config => {
            say(config::DEFAULTS);
            Ok(ExitCode::SUCCESS)
        }
        Command::Verify(v) => v.run(),
        Command::Export(e) => e.run(),
        Command::Rebuild(r) => r.run(),
        Command::Backup(b) => b.run(),
        Command::Restore(r) => r.run(),
        Command::Doctor(d) => d.run(),
    }
}

/// Runs something to its end.
fn wait<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| e.to_string())?;
    runtime.block_on(work)
}

/// Writes to standard output; a closed pipe is nobody listening, not a failure.
fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout().lock(), "{}", text.trim_end());
}

/// Writes to standard error.
fn complain(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr().lock(), "midwatch: {text}");
}
