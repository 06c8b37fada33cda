//! The table that a measurement prints.

use std::fmt::Write as _;

/// Rows and notes.
#[derive(Default)]
pub struct Table {
    notes: Vec<String>,
    rows: Vec<[String; 4]>,
}

impl Table {
    /// Adds a note above the table.
    pub fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }

    /// Adds a row and shows it on standard error, since some take long.
    pub fn row(&mut self, on: &str, what: &str, figure: &str, spread: &str) {
        crate::complain(&format!("{on}: {what}: {figure} {spread}"));
        self.rows.push([
            on.to_owned(),
            what.to_owned(),
            figure.to_owned(),
            spread.to_owned(),
        ]);
    }

    /// The table as Markdown.
    pub fn print(&self) -> String {
        let mut out = self.notes.join("\n") + "\n\n";
        let head = ["on", "what", "figure", "spread"].map(str::to_owned);
        let width = |i: usize| {
            self.rows
                .iter()
                .chain([&head])
                .map(|r| r[i].chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths = [width(0), width(1), width(2), width(3)];
        let mut line = |cells: &[String; 4]| {
            let padded: Vec<String> = cells
                .iter()
                .zip(widths)
                .map(|(c, w)| format!("{c:<w$}"))
                .collect();
            // Writing to a string cannot fail.
            let _ = writeln!(out, "| {} |", padded.join(" | "));
        };
        line(&head);
        line(&widths.map(|w| "-".repeat(w)));
        self.rows.iter().for_each(&mut line);
        out
    }
}
