//! Cuts text into rows and cells, as RFC 4180 has it and as feeds write it, in bounded memory. Knows no mapping.

use std::io::{BufRead, BufReader, Read};

use crate::fault::{At, Fault};

/// Most cells of a row.
const CELLS: usize = 1000;

/// Rows of a text.
pub struct Rows<R> {
    input: BufReader<R>,
    delimiter: Option<u8>,
    comment: Option<u8>,
    longest: usize,
    line: u64,
    text: Vec<u8>,
    cells: Vec<String>,
}

impl<R: Read> Rows<R> {
    /// Cuts rows of at most `longest` bytes.
    pub fn new(input: R, delimiter: Option<u8>, comment: Option<u8>, longest: usize) -> Self {
        Self {
            input: BufReader::with_capacity(128 << 10, input),
            delimiter,
            comment,
            longest,
            line: 0,
            text: Vec::new(),
            cells: Vec::new(),
        }
    }

    /// The next row that is not empty and no remark, with the number of its first line.
    ///
    /// # Errors
    /// If a row is too long, is no text, or reading fails.
    pub fn read(&mut self) -> Result<Option<(u64, &[String])>, Fault> {
        loop {
            self.text.clear();
            if !self.line()? {
                return Ok(None);
            }
            let first = self.line;
            let begin = self.text.iter().find(|b| !b.is_ascii_whitespace());
            match begin {
                None => continue,
                Some(_) if begin == self.comment.as_ref() => continue,
                Some(_) => (),
            }
            if self.text.contains(&0) {
                return Err(Fault::new(
                    At::Line(first),
                    "this is no text; a list is expected",
                ));
            }
            // A quoted cell may go on over lines.
            while self.delimiter.is_some()
                && self.text.iter().filter(|b| **b == b'"').count() % 2 == 1
            {
                if !self.line()? {
                    return Err(Fault::new(
                        At::Line(first),
                        "a quote opens that never closes; the list was cut off on its way",
                    ));
                }
            }
            self.cut(first)?;
            return Ok(Some((first, &self.cells)));
        }
    }

    /// Reads a line behind what is there. False at the end.
    fn line(&mut self) -> Result<bool, Fault> {
        let at = At::Line(self.line + 1);
        let room = (self.longest + 1).saturating_sub(self.text.len()) as u64;
        let got = (&mut self.input)
            .take(room)
            .read_until(b'\n', &mut self.text)
            .map_err(|e| Fault::new(at, format!("reading failed: {e}")))?;
        if got > 0 {
            self.line += 1;
        }
        if self.text.len() > self.longest {
            return Err(Fault::new(
                at,
                format!("it is longer than {} bytes", self.longest),
            ));
        }
        Ok(got > 0)
    }

    fn cut(&mut self, line: u64) -> Result<(), Fault> {
        self.cells.clear();
        let text = String::from_utf8_lossy(&self.text);
        let text = text.trim_end_matches(['\n', '\r']);
        let Some(delimiter) = self.delimiter.map(char::from) else {
            self.cells.push(text.trim().to_owned());
            return Ok(());
        };
        let mut rest = text;
        loop {
            if self.cells.len() >= CELLS {
                return Err(Fault::new(
                    At::Line(line),
                    format!("it has more than {CELLS} columns"),
                ));
            }
            let (cell, after) = cell(rest, delimiter);
            self.cells.push(cell);
            match after {
                Some(after) => rest = after,
                None => return Ok(()),
            }
        }
    }
}

/// The first cell, and what follows its delimiter.
fn cell(text: &str, delimiter: char) -> (String, Option<&str>) {
    // Some feeds put a space between delimiter and quote.
    let begin = text.trim_start_matches(' ');
    let Some(quoted) = begin.strip_prefix('"') else {
        return match text.split_once(delimiter) {
            Some((cell, rest)) => (cell.to_owned(), Some(rest)),
            None => (text.to_owned(), None),
        };
    };
    let mut cell = String::new();
    let mut rest = quoted;
    while let Some((part, after)) = rest.split_once('"') {
        cell.push_str(part);
        match after.strip_prefix('"') {
            Some(more) => {
                cell.push('"');
                rest = more;
            }
            None => {
                return (cell, after.split_once(delimiter).map(|(_, rest)| rest));
            }
        }
    }
    cell.push_str(rest);
    (cell, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, delimiter: Option<u8>) -> Result<Vec<(u64, Vec<String>)>, Fault> {
        let mut rows = Rows::new(text.as_bytes(), delimiter, Some(b'#'), 100);
        let mut all = Vec::new();
        while let Some((line, cells)) = rows.read()? {
            all.push((line, cells.to_vec()));
        }
        Ok(all)
    }

    #[test]
    fn cells_are_cut_as_written() {
        let text = "# remark\r\n\r\n\"a\", \"b \"\"c\"\"\",d\r\n,\"x\ny\",\nlast";
        let all = rows(text, Some(b',')).unwrap();
        assert_eq!(all[0], (3, vec!["a".into(), "b \"c\"".into(), "d".into()]));
        assert_eq!(
            all[1],
            (4, vec![String::new(), "x\ny".into(), String::new()])
        );
        assert_eq!(all[2], (6, vec!["last".into()]));
        assert_eq!(rows("a,b\n", None).unwrap(), [(1, vec!["a,b".into()])]);
    }

    #[test]
    fn long_open_and_binary_ones_are_refused() {
        let long = rows(&"x".repeat(101), None).unwrap_err();
        assert_eq!(long.to_string(), "line 1: it is longer than 100 bytes");
        assert!(
            rows("a\n\"b\nc", Some(b','))
                .unwrap_err()
                .to_string()
                .starts_with("line 2: a quote")
        );
        assert!(
            rows("a\0b", None)
                .unwrap_err()
                .to_string()
                .contains("no text")
        );
    }
}
