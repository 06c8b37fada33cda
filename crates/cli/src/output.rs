//! How the command line speaks to people: aligned tables, colour on terminals only, nothing that steers a terminal. Knows no API.

use std::io::{IsTerminal as _, Write as _};

/// Where people read: whether with colour, and how wide a line is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    colour: bool,
}

impl Style {
    /// As standard output can: colour on a terminal unless `NO_COLOR` is set.
    pub(crate) fn of_stdout() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        Self {
            colour: wanted && std::io::stdout().is_terminal(),
        }
    }

    /// Without colour.
    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self { colour: false }
    }

    /// Text that stands out.
    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Text that stands back.
    pub(crate) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// A severity in its colour; the word says it too.
    pub(crate) fn severity(self, severity: &str) -> String {
        let code = match severity.trim_end() {
            "critical" => "1;31",
            "high" => "31",
            "medium" => "33",
            _ => "0",
        };
        self.paint(code, severity)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Text from elsewhere without what could steer a terminal or turn the order of letters. Line breaks stay.
pub(crate) fn clean(text: &str) -> String {
    let steers = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().filter(|c| !steers(*c)).collect()
}

/// Like [`clean`], on one line.
pub(crate) fn line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text indented under something.
pub(crate) fn indented(text: &str, by: usize) -> String {
    let space = " ".repeat(by);
    let lines: Vec<String> = clean(text).lines().map(|l| format!("{space}{l}")).collect();
    lines.join("\n")
}

/// Rows with their columns aligned; the last column is not padded. The first row is the heading.
pub(crate) fn table(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |i: usize| {
        let widths = rows.iter().filter_map(|r| r.get(i));
        widths.map(|c| c.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let pad = |(i, cell): (usize, &String)| {
        let missing = widths[i].saturating_sub(cell.chars().count());
        let last = i + 1 == columns;
        format!("{cell}{}", " ".repeat(if last { 0 } else { missing }))
    };
    let row = |r: &Vec<String>| r.iter().enumerate().map(pad).collect();
    rows.iter().map(row).collect()
}

/// Writes a line to standard output; a closed pipe is nobody listening, not a failure.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Writes a line to standard error.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "midwatch: {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_elsewhere_steers_the_terminal() {
        assert_eq!(clean("\u{1b}[2Ja\u{202e}b\rc\nd\u{9b}31m"), "[2Jabc\nd31m");
        assert_eq!(line(" a\n\tb "), "a b");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let row = |cells: &[&str]| cells.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
        let got = table(&[row(&["NUMBER", "TITLE"]), row(&["MW-1", "é"])]);
        assert_eq!(got, [row(&["NUMBER", "TITLE"]), row(&["MW-1  ", "é"])]);
        assert_eq!(Style::plain().bold("x"), "x");
    }
}
