//! Matches on standard output, as lines for people or JSON Lines, and to whoever opens tickets of them. Decides nothing about what matches.

use indicators::matching::{Found, Matcher};
use serde_json::json;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Mutex;

use super::Format;
use super::open::Open;
use crate::output::{self, Style};

/// As much is gathered of one file before it is written, so that lines of several files don't mix.
const SHEET: usize = 1 << 16;

/// Where matches of all files go.
pub(super) struct Printer<'m> {
    format: Format,
    quiet: bool,
    style: Style,
    matcher: &'m Matcher,
    open: Option<&'m Open>,
    out: Mutex<std::io::Stdout>,
}

impl<'m> Printer<'m> {
    pub(super) fn new(
        format: Format,
        quiet: bool,
        matcher: &'m Matcher,
        open: Option<&'m Open>,
    ) -> Self {
        Self {
            format,
            quiet,
            style: Style::of_stdout(),
            matcher,
            open,
            out: Mutex::new(std::io::stdout()),
        }
    }

    /// What is found in one file.
    pub(super) fn sheet<'a>(&'a self, name: &'a str) -> Sheet<'a> {
        Sheet {
            printer: self,
            name,
            text: String::new(),
        }
    }
}

/// The matches of one file, written when there are enough and at the end.
pub(super) struct Sheet<'a> {
    printer: &'a Printer<'a>,
    name: &'a str,
    text: String,
}

impl Sheet<'_> {
    /// Adds a match.
    pub(super) fn add(&mut self, found: &Found) {
        if let Some(open) = self.printer.open {
            open.add(self.name, found, self.printer.matcher);
        }
        if self.printer.quiet {
            return;
        }
        let it = &found.indicator;
        let segments = self.printer.matcher.segments();
        let sources: Vec<&str> = it
            .segments
            .iter()
            .filter_map(|index| Some(segments.get(*index)?.name()))
            .collect();
        if self.printer.format == Format::Jsonl {
            let line = json!({
                "file": self.name,
                "line": found.line,
                "offset": found.offset,
                "type": it.kind.as_str(),
                "value": it.value,
                "how": it.how.as_str(),
                "seen": found.seen,
                "sources": sources,
                "context": found.context,
            });
            // Writing to a string cannot fail.
            let _ = writeln!(self.text, "{line}");
        } else {
            let style = self.printer.style;
            let from = if segments.len() > 1 {
                format!(" [{}]", output::line(&sources.join(", ")))
            } else {
                String::new()
            };
            let _ = writeln!(
                self.text,
                "{}:{}: {} {}{}  {}",
                output::line(self.name),
                found.line,
                it.kind,
                style.bold(&output::line(&it.value)),
                from,
                style.dim(&output::line(&found.context)),
            );
        }
        if self.text.len() >= SHEET {
            self.write();
        }
    }

    /// Writes what was gathered.
    pub(super) fn write(&mut self) {
        if let Ok(mut out) = self.printer.out.lock() {
            // A closed pipe is nobody listening, not a failure.
            let _ = out
                .write_all(self.text.as_bytes())
                .and_then(|()| out.flush());
        }
        self.text.clear();
    }
}

impl Drop for Sheet<'_> {
    fn drop(&mut self) {
        self.write();
    }
}

/// A number with its thousands apart.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (given, shown) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(number(given), shown);
        }
    }
}
