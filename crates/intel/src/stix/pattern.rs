//! STIX patterns of the comparison kind: which values they assert. Patterns over several observations are refused in words.

use indicators::Kind;
use std::collections::HashSet;

use super::path;
use crate::value;

/// Most bytes of a pattern.
const LONGEST: usize = 256 << 10;
/// Most brackets within brackets.
const DEEPEST: usize = 32;

/// A value that a pattern asserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asserted {
    /// What kind of value.
    pub kind: Kind,
    /// The canonical value.
    pub value: String,
    /// Whether more than this value must hold. A hash names one file whatever stands beside it.
    pub partial: bool,
}

/// What a pattern comes down to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    /// The values.
    pub values: Vec<Asserted>,
    /// Comparisons that name no value, such as of a port.
    pub left_out: usize,
}

/// Reads a pattern.
///
/// # Errors
/// Why it asserts no value that could be looked for.
pub fn read(text: &str) -> Result<Pattern, String> {
    if text.len() > LONGEST {
        return Err(format!("the pattern is longer than {LONGEST} bytes"));
    }
    let mut parser = Parser {
        text,
        at: 0,
        out: Pattern::default(),
        why: None,
        depth: 0,
    };
    parser.observations()?;
    let Parser { mut out, why, .. } = parser;
    if out.values.is_empty() {
        return Err(why.unwrap_or_else(|| "the pattern compares nothing".into()));
    }
    let mut seen = HashSet::new();
    out.values
        .retain(|v| seen.insert((v.kind, v.value.clone())));
    Ok(out)
}

/// A pattern for one value, if STIX has a path for its kind.
pub fn write(kind: Kind, value: &str) -> Option<String> {
    let path = path::path_of(kind, value)?;
    if kind == Kind::Asn {
        let number: u32 = value
            .trim_start_matches(|c: char| !c.is_ascii_digit())
            .parse()
            .ok()?;
        return Some(format!("[{path} = {number}]"));
    }
    let value = value.replace('\\', "\\\\").replace('\'', "\\'");
    Some(format!("[{path} = '{value}']"))
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    out: Pattern,
    /// Why the first comparison that was left out was left out.
    why: Option<String>,
    depth: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Token<'a> {
    Mark(&'a str),
    Word(&'a str),
    Path(&'a str),
    Text(String),
    End,
}

impl<'a> Parser<'a> {
    /// `[…] OR […]`, with round brackets.
    fn observations(&mut self) -> Result<(), String> {
        let mut open = 0usize;
        loop {
            while self.peek()? == Token::Mark("(") {
                self.next()?;
                open += 1;
            }
            self.expect("[")?;
            self.any()?;
            self.expect("]")?;
            while open > 0 && self.peek()? == Token::Mark(")") {
                self.next()?;
                open -= 1;
            }
            match self.next()? {
                Token::End if open == 0 => return Ok(()),
                Token::Word("OR") => (),
                Token::Word(w) if matches!(w, "AND" | "FOLLOWEDBY") => {
                    return Err(format!(
                        "it joins several observations by {w}; only comparisons within one can be looked for"
                    ));
                }
                Token::Word(w) if matches!(w, "WITHIN" | "REPEATS" | "START") => {
                    return Err(format!(
                        "it qualifies an observation by {w}; only plain comparisons can be looked for"
                    ));
                }
                other => return Err(self.odd(&other)),
            }
        }
    }

    /// Comparisons joined by OR.
    fn any(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!(
                "brackets stand more than {DEEPEST} deep in each other"
            ));
        }
        self.all()?;
        while self.peek()? == Token::Word("OR") {
            self.next()?;
            self.all()?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Comparisons joined by AND: each value is only a part.
    fn all(&mut self) -> Result<(), String> {
        let from = self.out.values.len();
        self.one()?;
        let mut joined = false;
        while self.peek()? == Token::Word("AND") {
            self.next()?;
            self.one()?;
            joined = true;
        }
        if joined {
            for value in &mut self.out.values[from..] {
                let conclusive = matches!(
                    value.kind,
                    Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512
                );
                value.partial |= !conclusive;
            }
        }
        Ok(())
    }

    fn one(&mut self) -> Result<(), String> {
        match self.next()? {
            Token::Mark("(") => {
                self.any()?;
                self.expect(")")
            }
            Token::Word("EXISTS") => match self.next()? {
                Token::Path(p) => {
                    self.leave(format!("it only asks whether {p} exists"));
                    Ok(())
                }
                other => Err(self.odd(&other)),
            },
            Token::Path(p) => self.comparison(p),
            other => Err(self.odd(&other)),
        }
    }

    fn comparison(&mut self, p: &str) -> Result<(), String> {
        let mut operator = self.next()?;
        let negated = matches!(operator, Token::Word("NOT"));
        if negated {
            operator = self.next()?;
        }
        let values = match operator {
            Token::Word("IN") => self.set()?,
            Token::Mark("=" | "==" | "!=" | "<>" | "<" | ">" | "<=" | ">=")
            | Token::Word("LIKE" | "MATCHES" | "ISSUBSET" | "ISSUPERSET") => vec![self.literal()?],
            ref other => return Err(self.odd(other)),
        };
        let name = match operator {
            Token::Mark(m) => m,
            Token::Word(w) => w,
            _ => "",
        };
        if negated || !matches!(name, "=" | "==" | "IN" | "ISSUBSET") {
            let not = if negated { "NOT " } else { "" };
            self.leave(format!(
                "it compares {p} by {not}{name}, which names no single value"
            ));
            return Ok(());
        }
        for text in values {
            let Some(kind) = path::kind_of(p, &text) else {
                self.leave(format!(
                    "it compares {p}, which is no kind of value that is looked for"
                ));
                continue;
            };
            match value::read_as(kind, &text) {
                Ok((kind, value)) => {
                    let partial = false;
                    self.out.values.push(Asserted {
                        kind,
                        value,
                        partial,
                    });
                }
                Err(why) => self.leave(format!("{why}: {p} = '{text}'")),
            }
        }
        Ok(())
    }

    fn leave(&mut self, why: String) {
        self.out.left_out += 1;
        self.why.get_or_insert(why);
    }

    fn set(&mut self) -> Result<Vec<String>, String> {
        self.expect("(")?;
        let mut values = vec![self.literal()?];
        loop {
            match self.next()? {
                Token::Mark(",") => values.push(self.literal()?),
                Token::Mark(")") => return Ok(values),
                other => return Err(self.odd(&other)),
            }
        }
    }

    fn literal(&mut self) -> Result<String, String> {
        match self.next()? {
            Token::Text(text) => Ok(text),
            Token::Word(w) => Ok(w.to_owned()),
            other => Err(self.odd(&other)),
        }
    }

    fn expect(&mut self, mark: &'static str) -> Result<(), String> {
        match self.next()? {
            Token::Mark(m) if m == mark => Ok(()),
            other => Err(format!("`{mark}` is expected; {}", self.odd(&other))),
        }
    }

    fn odd(&self, token: &Token<'_>) -> String {
        let what = match token {
            Token::End => return "the pattern ends too early".into(),
            Token::Mark(w) | Token::Word(w) | Token::Path(w) => w,
            Token::Text(t) => t.as_str(),
        };
        let what: String = what.chars().take(40).collect();
        format!(
            "`{what}` does not belong at character {} of the pattern",
            self.at
        )
    }

    fn peek(&mut self) -> Result<Token<'a>, String> {
        let at = self.at;
        let token = self.next();
        self.at = at;
        token
    }

    fn next(&mut self) -> Result<Token<'a>, String> {
        let rest = self.text[self.at..].trim_start();
        self.at = self.text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            return Ok(Token::End);
        };
        for mark in [
            "==", "!=", "<>", "<=", ">=", "[", "]", "(", ")", ",", "=", "<", ">",
        ] {
            if rest.starts_with(mark) {
                self.at += mark.len();
                return Ok(Token::Mark(&rest[..mark.len()]));
            }
        }
        // t'…', h'…' and b'…' are texts of a type.
        let typed = matches!(first, 't' | 'h' | 'b') && rest[1..].starts_with('\'');
        if first == '\'' || typed {
            self.at += usize::from(typed) + 1;
            return self.quoted();
        }
        let word = word_end(rest);
        if word == 0 {
            return Err(format!("`{first}` does not belong into a pattern"));
        }
        if rest[word..].starts_with(':') {
            let end = path_end(rest);
            self.at += end;
            return Ok(Token::Path(&rest[..end]));
        }
        self.at += word;
        Ok(Token::Word(&rest[..word]))
    }

    fn quoted(&mut self) -> Result<Token<'a>, String> {
        let rest = &self.text[self.at..];
        let mut text = String::new();
        let mut chars = rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\'' => {
                    self.at += at + 1;
                    return Ok(Token::Text(text));
                }
                '\\' => text.extend(chars.next().map(|(_, c)| c)),
                c => text.push(c),
            }
        }
        Err("a text in the pattern is not closed".into())
    }
}

fn word_end(text: &str) -> usize {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    text.find(|c| !fits(c)).unwrap_or(text.len())
}

/// Where an object path ends: `a:b.'c d'[*].e`.
fn path_end(text: &str) -> usize {
    let mut quoted = false;
    let mut index = false;
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            _ if quoted => (),
            '[' => index = true,
            ']' if index => index = false,
            c if c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.' | '*') => (),
            _ => return at,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests;
