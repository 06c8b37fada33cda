//! What can be said on the command line about a ticket. How it is sent stands in `send`.

use clap::{Args, Subcommand};
use midwatch_domain::id::TicketNo;
use midwatch_domain::moment::Moment;
use std::path::PathBuf;

use super::number;

#[derive(Args, Debug)]
pub(super) struct On {
    /// The ticket, such as MW-1042.
    #[arg(value_parser = number)]
    pub(super) ticket: TicketNo,
}

/// Reads `key=value`.
fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text
        .split_once('=')
        .ok_or("expected a key, = and a value, such as aware=2026-11-22T03:04:05Z")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// When something ends: at a time, or so long from now.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(super) struct End {
    /// Until when, such as 2026-11-22T03:04:05Z; at most seven days from now.
    #[arg(long)]
    until: Option<String>,
    /// For how long, such as 45m, 2h or 1d12h; at most seven days.
    #[arg(long = "for", value_name = "TIME", value_parser = length_ms)]
    length_ms: Option<i64>,
}

impl End {
    /// As the server reads it.
    pub(super) fn at(&self, now: Moment) -> String {
        match (&self.until, self.length_ms) {
            (Some(until), _) => until.clone(),
            (None, ms) => now.plus_ms(ms.unwrap_or(0)).to_string(),
        }
    }
}

/// Reads a length of time such as `1d12h` or `45m`.
fn length_ms(text: &str) -> Result<i64, String> {
    let bad = || "expected a time such as 45m, 2h or 1d12h".to_owned();
    let (mut ms, mut digits) = (0_i64, String::new());
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let unit = match c {
            'm' => 60_000,
            'h' => 3_600_000,
            'd' => 86_400_000,
            _ => return Err(bad()),
        };
        let n: i64 = digits.parse().map_err(|_| bad())?;
        ms = ms.saturating_add(n.saturating_mul(unit));
        digits.clear();
    }
    // What has no unit, or is nothing at all, was not meant.
    if ms == 0 || !digits.is_empty() {
        return Err(bad());
    }
    Ok(ms)
}

#[derive(Args, Debug)]
pub(super) struct OnBecause {
    #[command(flatten)]
    pub(super) on: On,
    /// Why.
    #[arg(long)]
    pub(super) reason: Option<String>,
}

/// A verb with what it needs.
#[derive(Subcommand, Debug)]
pub(super) enum Verbs {
    /// Take responsibility.
    Take(OnBecause),
    /// Acknowledge: you have seen it.
    Ack(On),
    /// Offer it to somebody. What the brief lacks is drafted from the ticket.
    Offer {
        #[command(flatten)]
        on: On,
        /// Whom: id, mail address or name.
        #[arg(long)]
        to: String,
        /// What is going on.
        #[arg(long)]
        situation: Option<String>,
        /// What was done so far.
        #[arg(long)]
        done: Option<String>,
        /// What is open.
        #[arg(long)]
        open: Option<String>,
        /// What to do next.
        #[arg(long)]
        next: Option<String>,
    },
    /// Accept what was offered to you.
    Accept(On),
    /// Decline what was offered to you.
    Decline(OnBecause),
    /// Withdraw your offer.
    Withdraw(OnBecause),
    /// Release the owner (leads).
    Release {
        #[command(flatten)]
        on: OnBecause,
        /// Who becomes responsible; else who has the watch.
        #[arg(long)]
        to: Option<String>,
    },
    /// Move to a phase: detection, analysis, containment, eradication, recovery.
    Phase {
        #[command(flatten)]
        on: On,
        /// The phase.
        phase: String,
        /// Why; needed to go back.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Add a note; without text it is read from standard input.
    Note {
        #[command(flatten)]
        on: On,
        /// The text, in Markdown.
        text: Vec<String>,
        /// When it happened, such as 2026-11-22T03:04:05Z.
        #[arg(long)]
        at: Option<String>,
    },
    /// Add, assign, finish or skip a task.
    #[command(subcommand)]
    Task(Task),
    /// Attach files as evidence.
    Attach {
        #[command(flatten)]
        on: On,
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// What they are.
        #[arg(long, default_value = "")]
        description: String,
        /// Where and how they were collected.
        #[arg(long, default_value = "")]
        source: String,
    },
    /// Get or verify evidence.
    #[command(subcommand)]
    Evidence(Evidence),
    /// Change severity, kind, markings or tags.
    Classify {
        #[command(flatten)]
        on: OnBecause,
        /// low, medium, high or critical.
        #[arg(long)]
        severity: Option<String>,
        /// class/type of the taxonomy.
        #[arg(long)]
        kind: Option<String>,
        /// CLEAR, GREEN, AMBER, AMBER+STRICT or RED.
        #[arg(long)]
        tlp: Option<String>,
        /// CLEAR, GREEN, AMBER or RED.
        #[arg(long)]
        pap: Option<String>,
        /// A tag to add; repeat it for several.
        #[arg(long = "tag")]
        add_tags: Vec<String>,
    },
    /// Close.
    Close {
        #[command(flatten)]
        on: On,
        /// true_positive, false_positive, benign, duplicate, indeterminate or other.
        #[arg(long)]
        outcome: String,
        /// What it was and how it ended.
        #[arg(long)]
        summary: String,
        /// What to do better.
        #[arg(long)]
        lessons: Option<String>,
        /// Why mandatory tasks that are open are not needed.
        #[arg(long)]
        skip_tasks_because: Option<String>,
    },
    /// Reopen.
    Reopen {
        #[command(flatten)]
        on: OnBecause,
        /// The phase to go on in.
        #[arg(long)]
        phase: Option<String>,
    },
    /// Link to another ticket.
    Link {
        #[command(flatten)]
        on: On,
        /// The other ticket.
        #[arg(value_parser = number)]
        to: TicketNo,
        /// related, caused_by or causes.
        #[arg(long)]
        relation: Option<String>,
    },
    /// Merge into another ticket.
    Merge {
        #[command(flatten)]
        on: OnBecause,
        /// The ticket that goes on.
        #[arg(long, value_parser = number)]
        into: TicketNo,
    },
    /// Split a new ticket off.
    Split {
        #[command(flatten)]
        on: OnBecause,
        /// Its title.
        #[arg(long)]
        title: String,
        /// A task that goes over; repeat it for several.
        #[arg(long = "task")]
        tasks: Vec<String>,
        /// Evidence that goes along; repeat it for several.
        #[arg(long = "evidence")]
        evidence: Vec<String>,
    },
    /// Page the next level now; the owner stays responsible.
    Escalate(OnBecause),
    /// Answer your own page.
    Answer {
        #[command(flatten)]
        on: On,
        /// coming or cannot.
        answer: String,
        /// More, if you like.
        #[arg(long)]
        text: Option<String>,
    },
    /// Silence the pages for a while (owner or lead). It is not an acknowledgement.
    Snooze {
        #[command(flatten)]
        on: OnBecause,
        #[command(flatten)]
        end: End,
    },
    /// End a snooze: pages go out again.
    Unsnooze(On),
    /// Pause the SLA clocks: somebody outside must act first.
    PauseClocks {
        #[command(flatten)]
        on: OnBecause,
        /// When they run again, such as 2026-11-22T03:04:05Z; at most 30 days from now.
        #[arg(long)]
        until: Option<String>,
    },
    /// Let the SLA clocks run again.
    ResumeClocks(On),
    /// Declare that a regulatory regime applies, or revise that.
    Declare {
        #[command(flatten)]
        on: OnBecause,
        /// The regime, such as nis2, dora, gdpr, sec_8k or cra.
        regime: String,
        /// An event and when it happened, such as aware=2026-11-22T03:04:05Z; repeat it for several.
        #[arg(long = "event", value_parser = pair)]
        events: Vec<(String, String)>,
        /// An answer to a question of the regime, such as entity=other; repeat it for several.
        #[arg(long = "input", value_parser = pair)]
        inputs: Vec<(String, String)>,
    },
    /// Withdraw the declaration of a regime.
    WithdrawDeclaration {
        #[command(flatten)]
        on: OnBecause,
        /// The regime.
        regime: String,
    },
    /// Record that a report of a regime was filed.
    FileReport {
        #[command(flatten)]
        on: On,
        /// The regime.
        regime: String,
        /// The report, such as early_warning.
        report: String,
        /// What the receiver calls it, or where the proof is.
        #[arg(long)]
        reference: String,
        /// When it was filed; else now.
        #[arg(long)]
        at: Option<String>,
    },
    /// Follow.
    Watch(On),
    /// Stop following.
    Unwatch(On),
}

/// What can be done to tasks.
#[derive(Subcommand, Debug)]
pub(super) enum Task {
    /// Add one.
    Add {
        #[command(flatten)]
        on: On,
        /// What to do.
        title: String,
        /// The phase it belongs to; else the present one.
        #[arg(long)]
        phase: Option<String>,
        /// Who is to do it; else the owner.
        #[arg(long)]
        to: Option<String>,
        /// Must be done before closing.
        #[arg(long)]
        mandatory: bool,
    },
    /// Give one to somebody.
    Assign {
        #[command(flatten)]
        on: On,
        /// The task, tsk_….
        task: String,
        /// Whom; else the owner.
        #[arg(long)]
        to: Option<String>,
    },
    /// Finish one.
    Finish {
        #[command(flatten)]
        on: On,
        /// The task, tsk_….
        task: String,
        /// What came of it.
        #[arg(long)]
        result: Option<String>,
    },
    /// Skip one.
    Skip {
        #[command(flatten)]
        on: OnBecause,
        /// The task, tsk_….
        task: String,
    },
}

/// What can be done to evidence.
#[derive(Subcommand, Debug)]
pub(super) enum Evidence {
    /// Download it; to whom and why is recorded first.
    Get {
        #[command(flatten)]
        on: On,
        /// The evidence, evd_….
        evidence: String,
        /// Why.
        #[arg(long)]
        why: String,
        /// To whom; else yourself.
        #[arg(long)]
        to: Option<String>,
        /// The file to write, which must not exist.
        #[arg(long, short)]
        output: PathBuf,
    },
    /// Hash it again.
    Verify {
        #[command(flatten)]
        on: On,
        /// The evidence, evd_….
        evidence: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_has_units() {
        for (text, minutes) in [("45m", 45), ("2h", 120), ("1d12h", 2160), ("1h30m", 90)] {
            assert_eq!(length_ms(text), Ok(minutes * 60_000), "{text}");
        }
        for bad in ["", "2", "h", "2h30", "0m", "2w", "-2h", "1.5h", "2 h"] {
            assert!(length_ms(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn it_ends_when_said_or_so_long_from_now() {
        let end = |until: Option<&str>, length_ms| End {
            until: until.map(str::to_owned),
            length_ms,
        };
        let now = Moment(1_700_000_000_000);
        let said = "2026-11-22T03:04:05Z";
        assert_eq!(end(Some(said), None).at(now), said);
        let later = end(None, Some(7_200_000)).at(now);
        assert_eq!(later.parse(), Ok(now.plus_ms(7_200_000)));
    }
}
