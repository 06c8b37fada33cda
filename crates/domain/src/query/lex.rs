//! Cuts a query into tokens and remembers where each stands. Knows which fields exist, not what their values mean.

use super::near::hint;
use super::{Compare, Field, MAX_CHARACTERS, QueryError, Said, Spoken};

/// A piece of a query.
#[derive(Clone, Debug)]
pub(super) enum Token {
    Open,
    Close,
    Or,
    And,
    Not,
    Term(Said),
}

/// A token, the column of its first character and its length.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) column: usize,
    pub(super) length: usize,
}

/// Cuts a query into tokens.
pub(super) fn lex(text: &str) -> Result<Vec<Placed>, QueryError> {
    // Control characters separate, like spaces: none gets into a value, and columns stay those of the text.
    let chars: Vec<char> = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if chars.len() > MAX_CHARACTERS {
        let over = chars.len() - MAX_CHARACTERS;
        return Err(QueryError::new(
            MAX_CHARACTERS + 1,
            over,
            format!("A query has at most {MAX_CHARACTERS} characters; this one has {over} more."),
        ));
    }
    let mut lexer = Lexer { chars, at: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.token()? {
        tokens.push(token);
    }
    Ok(tokens)
}

/// Whether a character ends a bare word.
pub(super) fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '"')
}

/// If a bare word reads as a field with an operator: how many characters the name has.
/// An address such as `https://…` does not: people paste them to look for them.
pub(super) fn field_name(word: &[char]) -> Option<usize> {
    let name = word
        .iter()
        .take_while(|c| c.is_ascii_alphabetic() || **c == '_')
        .count();
    let rest = &word[name..];
    let operator = match rest {
        [':', '/', '/', ..] => false,
        [':' | '=' | '<' | '>', ..] | ['!', '=', ..] => true,
        _ => false,
    };
    (name > 0 && operator).then_some(name)
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
}

impl Lexer {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn token(&mut self) -> Result<Option<Placed>, QueryError> {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        let start = self.at;
        let Some(first) = self.peek() else {
            return Ok(None);
        };
        let token = match first {
            '(' => self.skip(Token::Open),
            ')' => self.skip(Token::Close),
            '"' => {
                let value = self.quoted()?;
                Token::Term(text(value))
            }
            '-' => {
                self.at += 1;
                if self.peek().is_none_or(|c| c.is_whitespace() || c == ')') {
                    return Err(QueryError::new(
                        start + 1,
                        1,
                        "Write what to exclude right after the -, such as -tag:vpn. To look for the sign itself, put it in quotes.",
                    ));
                }
                Token::Not
            }
            _ => self.word()?,
        };
        Ok(Some(Placed {
            token,
            column: start + 1,
            length: self.at - start,
        }))
    }

    fn skip(&mut self, token: Token) -> Token {
        self.at += 1;
        token
    }

    fn word(&mut self) -> Result<Token, QueryError> {
        let start = self.at;
        let rest = &self.chars[start..];
        if let Some(name) = field_name(rest) {
            return self.field(name);
        }
        let length = rest
            .iter()
            .position(|c| ends_word(*c))
            .unwrap_or(rest.len());
        let word: String = rest[..length].iter().collect();
        self.at += length;
        Ok(match word.as_str() {
            "OR" => Token::Or,
            "AND" => Token::And,
            "NOT" => Token::Not,
            _ => Token::Term(text(Spoken {
                text: word,
                column: start + 1,
                length,
            })),
        })
    }

    fn field(&mut self, length: usize) -> Result<Token, QueryError> {
        let start = self.at;
        let name: String = self.chars[start..start + length].iter().collect();
        let Some(field) = Field::by_name(&name) else {
            let end = self.chars[start..]
                .iter()
                .position(|c| ends_word(*c))
                .unwrap_or(self.chars.len() - start);
            let word: String = self.chars[start..start + end].iter().collect();
            let hint = hint(&name, Field::ALL.iter().map(|(_, n, _)| *n));
            return Err(QueryError::new(
                start + 1,
                length,
                format!(
                    "There is no field “{name}”.{hint} To look for the text, put it in quotes: \"{word}\"."
                ),
            ));
        };
        self.at += length;
        let compare = self.operator();
        if compare.is_ordered() && !field.is_ordered() {
            return Err(QueryError::new(
                start + length + 1,
                compare.as_str().len(),
                format!(
                    "“{}” has no order; write {0}: or {0}!= instead.",
                    field.name()
                ),
            ));
        }
        let mut values = vec![self.value(field, compare)?];
        while self.peek() == Some(',') {
            self.at += 1;
            values.push(self.value(field, compare)?);
        }
        if let (Some(second), true) = (values.get(1), compare.is_ordered()) {
            return Err(second.error(format!(
                "{}{} takes one value; lists go with : and !=.",
                field.name(),
                compare.as_str()
            )));
        }
        Ok(Token::Term(Said {
            field: Some(field),
            compare,
            values,
        }))
    }

    fn operator(&mut self) -> Compare {
        let next = self.chars.get(self.at + 1) == Some(&'=');
        let (compare, length) = match (self.chars[self.at], next) {
            ('!', _) => (Compare::IsNot, 2),
            ('<', true) => (Compare::AtMost, 2),
            ('<', false) => (Compare::Less, 1),
            ('>', true) => (Compare::AtLeast, 2),
            ('>', false) => (Compare::More, 1),
            _ => (Compare::Is, 1),
        };
        self.at += length;
        compare
    }

    fn value(&mut self, field: Field, compare: Compare) -> Result<Spoken, QueryError> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        let start = self.at;
        while self.peek().is_some_and(|c| !ends_word(c) && c != ',') {
            self.at += 1;
        }
        let value: String = self.chars[start..self.at].iter().collect();
        if value.is_empty() || value.starts_with([':', '=', '<', '>']) {
            let (name, op) = (field.name(), compare.as_str());
            return Err(QueryError::new(
                start + 1,
                (self.at - start).max(1),
                format!(
                    "A value must follow {name}{op} without a space: {}.",
                    field.expects()
                ),
            ));
        }
        Ok(Spoken {
            text: value,
            column: start + 1,
            length: self.at - start,
        })
    }

    /// A quoted text. A backslash stands for itself unless a quote or another backslash follows.
    fn quoted(&mut self) -> Result<Spoken, QueryError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let next = self.chars.get(self.at + 1);
            match self.peek() {
                None => {
                    return Err(QueryError::new(
                        start + 1,
                        1,
                        "This quote is not closed. Add a \" at the end.",
                    ));
                }
                Some('"') => break,
                Some('\\') if matches!(next, Some('"' | '\\')) => {
                    text.extend(next);
                    self.at += 2;
                }
                Some(c) => {
                    text.push(c);
                    self.at += 1;
                }
            }
        }
        self.at += 1;
        let spoken = Spoken {
            text: text.trim().to_owned(),
            column: start + 1,
            length: self.at - start,
        };
        if spoken.text.is_empty() {
            Err(spoken.error("There is nothing between these quotes."))
        } else {
            Ok(spoken)
        }
    }
}

fn text(value: Spoken) -> Said {
    Said {
        field: None,
        compare: Compare::Is,
        values: vec![value],
    }
}
