//! `midwatch bench`: measures what the design aims for and prints a table. Measures; judges nothing.

mod client;
mod escalation;
mod fanout;
mod indicators;
mod load;
mod server;
mod table;
mod text;

use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use server::Server;
use table::Table;

/// A subject to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Start to ready, and resident memory.
    Start,
    /// Durable ticket creations through HTTP, 1 and 64 clients.
    Create,
    /// Queue page, filtered list, full-text search and ticket page with many tickets.
    Read,
    /// Verification of the record.
    Verify,
    /// 100,000 tickets whose clocks run, and 1,000 more that are due in the same second; 10,000 pages at once.
    Escalation,
    /// Extraction from texts, and logs searched for 10,000, 1,000,000 and 10,000,000 indicators.
    Indicators,
}

/// Measure this machine.
#[derive(Args, Debug)]
pub struct Bench {
    /// Only these subjects; else all.
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Under a minute: short runs, few tickets.
    #[arg(long)]
    quick: bool,
    /// Tickets for the reads, one run for each number.
    #[arg(long, value_delimiter = ',', value_name = "N")]
    tickets: Vec<i64>,
    /// An empty PostgreSQL database to measure as well.
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// Write the texts and lists of `indicators` here too, to measure other tools with them.
    #[arg(long, value_name = "DIR")]
    texts: Option<PathBuf>,
    /// A folder for the data; it is emptied of what the measurement made.
    #[arg(long, value_name = "DIR", default_value = "midwatch-bench")]
    folder: PathBuf,
}

impl Bench {
    /// Measures and prints.
    ///
    /// # Errors
    /// Says what could not be measured.
    pub fn run(&self) -> Result<(), String> {
        let wants = |p: Part| self.parts.is_empty() || self.parts.contains(&p);
        let mut table = Table::default();
        table.note(&machine());
        if wants(Part::Indicators) {
            let size = if self.quick {
                indicators::Size {
                    text: 8_000_000,
                    indicators: vec![10_000, 100_000],
                }
            } else {
                indicators::Size {
                    text: 128_000_000,
                    indicators: vec![10_000, 1_000_000, 10_000_000],
                }
            };
            indicators::measure(&size, self.texts.as_deref(), &mut table)?;
            if self.parts == [Part::Indicators] {
                crate::say(&table.print());
                return Ok(());
            }
        }
        let mut engines: Vec<(&str, Option<&str>)> = vec![("embedded", None)];
        match &self.postgres {
            Some(url) => engines.push(("PostgreSQL", Some(url))),
            None => {
                table.note("PostgreSQL was not measured: name an empty database with --postgres.");
            }
        }
        crate::wait(async {
            for (name, url) in engines {
                if wants(Part::Start) || wants(Part::Create) {
                    self.start_and_create(
                        name,
                        url,
                        wants(Part::Start),
                        wants(Part::Create),
                        &mut table,
                    )
                    .await?;
                }
                if wants(Part::Escalation) {
                    self.escalate(name, url, &mut table).await?;
                    if url.is_none() {
                        self.fan_out(name, &mut table).await?;
                    }
                }
                if url.is_some() || !(wants(Part::Read) || wants(Part::Verify)) {
                    continue;
                }
                for tickets in self.sizes() {
                    self.read_and_verify(
                        tickets,
                        wants(Part::Read),
                        wants(Part::Verify),
                        &mut table,
                    )
                    .await?;
                }
            }
            Ok(())
        })?;
        crate::say(&table.print());
        Ok(())
    }

    fn sizes(&self) -> Vec<i64> {
        match (self.tickets.is_empty(), self.quick) {
            (false, _) => self.tickets.clone(),
            (true, true) => vec![10_000],
            (true, false) => vec![100_000, 1_000_000],
        }
    }

    fn seconds(&self) -> u64 {
        if self.quick { 2 } else { 10 }
    }

    async fn start_and_create(
        &self,
        engine: &str,
        url: Option<&str>,
        start: bool,
        create: bool,
        table: &mut Table,
    ) -> Result<(), String> {
        let folder = self.fresh("create")?;
        let token = load::prepare(&folder, url)?;
        let server = Server::start(&folder, url).await?;
        if start {
            table.row(
                engine,
                "start to ready",
                &format!("{} ms", server.ready_in.as_millis()),
                "",
            );
            table.row(
                engine,
                "resident memory, idle",
                &format!("{:.1} MiB", server.resident_mib()),
                "",
            );
        }
        if create {
            for clients in [1, 64] {
                let run = client::run(
                    server.address,
                    clients,
                    Duration::from_secs(self.seconds()),
                    &|i| load::creation(&token, clients, i),
                )
                .await?;
                table.row(
                    engine,
                    &format!("create a ticket, {clients} clients"),
                    &run.rate(),
                    &run.spread(),
                );
            }
            table.row(
                engine,
                "resident memory, after",
                &format!("{:.1} MiB", server.resident_mib()),
                "",
            );
        }
        drop(server);
        drop(std::fs::remove_dir_all(&folder));
        Ok(())
    }

    async fn read_and_verify(
        &self,
        tickets: i64,
        read: bool,
        verify: bool,
        table: &mut Table,
    ) -> Result<(), String> {
        let folder = self.fresh("read")?;
        let token = load::prepare(&folder, None)?;
        let began = Instant::now();
        let bytes = load::fill(&folder, tickets)?;
        let size = format!("{tickets} tickets");
        let rate = load::per_second(tickets, began.elapsed());
        table.row(
            &size,
            "commands without HTTP, batched",
            &format!("{rate} /s"),
            "",
        );
        table.row(
            &size,
            "database on disk",
            &format!("{:.2} KiB a ticket", load::kib(bytes, tickets)),
            "",
        );
        if read {
            let server = Server::start(&folder, None).await?;
            table.row(
                &size,
                "start to ready",
                &format!("{} ms", server.ready_in.as_millis()),
                "",
            );
            for (what, path) in load::READS {
                for clients in [1, 16] {
                    let run = client::run(
                        server.address,
                        clients,
                        Duration::from_secs(self.seconds().div_ceil(3)),
                        &|i| load::get(&token, path, tickets, i),
                    )
                    .await?;
                    table.row(
                        &size,
                        &format!("{what}, {clients} clients"),
                        &run.rate(),
                        &run.spread(),
                    );
                }
            }
            table.row(
                &size,
                "resident memory",
                &format!("{:.1} MiB", server.resident_mib()),
                "",
            );
            drop(server);
        }
        if verify {
            let began = Instant::now();
            let entries = load::verify(&folder)?;
            let took = began.elapsed();
            table.row(
                &size,
                "verify the record",
                &format!("{} entries/s", load::per_second(entries, took)),
                &format!("{entries} entries in {:.1} s", took.as_secs_f64()),
            );
        }
        drop(std::fs::remove_dir_all(&folder));
        Ok(())
    }

    async fn escalate(
        &self,
        engine: &str,
        url: Option<&str>,
        table: &mut Table,
    ) -> Result<(), String> {
        let folder = self.fresh("escalation")?;
        let (waiting, due) = if self.quick {
            (10_000, 100)
        } else {
            (100_000, 1_000)
        };
        let receiver = fanout::Receiver::start().await?;
        let prepared = escalation::prepare(&folder, url, waiting, due, receiver.address)?;
        let server = Server::start(&folder, url).await?;
        // Starting is no waiting, nor is sending the pages of before.
        receiver.wait_for(due, Instant::now()).await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let (before, began) = (server.processor()?, Instant::now());
        tokio::time::sleep(Duration::from_secs(25)).await;
        let used = server.processor()?.saturating_sub(before);
        let share = 100.0 * used.as_secs_f64() / began.elapsed().as_secs_f64();
        let armed = format!("{} timers set", prepared.armed);
        table.row(
            engine,
            &format!("{armed}: processor while nothing is due"),
            &format!("{share:.2} %"),
            "of one core, over 25 s",
        );
        table.row(
            engine,
            &format!("{armed}: resident memory"),
            &format!("{:.1} MiB", server.resident_mib()),
            "",
        );
        let clock = midwatch_desk::system_clock();
        let rest = u64::try_from(prepared.due_at.since(clock())).map_err(|_| {
            "This machine is too busy: steps came due while waiting was measured. Measure again."
        })?;
        tokio::time::sleep(Duration::from_millis(rest)).await;
        let before = server.processor()?;
        tokio::time::sleep(Duration::from_secs(10)).await;
        let used = server.processor()?.saturating_sub(before);
        drop(server);
        let late = escalation::lateness(&folder, url, prepared.seq)?;
        let at = |percent: usize| percentile(&late, percent);
        table.row(
            engine,
            &format!("{armed}: {due} due at once, lateness"),
            &format!("p50 {} ms", at(50)),
            &format!(
                "p99 {} ms, max {} ms; {} fired, {} ms of processor",
                at(99),
                at(100),
                late.len(),
                used.as_millis()
            ),
        );
        drop(std::fs::remove_dir_all(&folder));
        Ok(())
    }

    async fn fan_out(&self, engine: &str, table: &mut Table) -> Result<(), String> {
        let folder = self.fresh("messages")?;
        let many = if self.quick { 1_000 } else { 10_000 };
        let receiver = fanout::Receiver::start().await?;
        fanout::prepare(&folder, None, many, receiver.address)?;
        let server = Server::start(&folder, None).await?;
        let all = receiver.wait_for(many, Instant::now()).await?;
        let used = server.processor()?;
        // The last answers are on their way into the database.
        tokio::time::sleep(Duration::from_secs(2)).await;
        drop(server);
        let took = fanout::took(&folder, None)?;
        table.row(
            engine,
            &format!("{many} pages at once, until all have arrived"),
            &format!("{} /s", load::per_second(many, all)),
            &format!(
                "{:.1} s, {:.1} s of processor; from the step to the answer p50 {} ms, p99 {} ms; {} sent",
                all.as_secs_f64(),
                used.as_secs_f64(),
                percentile(&took, 50),
                percentile(&took, 99),
                took.len()
            ),
        );
        drop(std::fs::remove_dir_all(&folder));
        Ok(())
    }

    fn fresh(&self, name: &str) -> Result<PathBuf, String> {
        let folder = self.folder.join(name);
        if folder.exists() {
            return Err(format!(
                "{} is left from an earlier measurement. Remove it first.",
                folder.display()
            ));
        }
        std::fs::create_dir_all(&folder)
            .map_err(|e| format!("{} cannot be made: {e}", folder.display()))?;
        Ok(folder)
    }
}

/// So many of a hundred are not above it; the numbers are in rising order.
fn percentile(numbers: &[i64], percent: usize) -> i64 {
    let at = (numbers.len() * percent / 100).min(numbers.len().saturating_sub(1));
    numbers.get(at).copied().unwrap_or(-1)
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown").to_owned();
    format!(
        "{cores} cores, load {load} at the beginning. Server and clients share them: compare rows, do not quote one alone."
    )
}
