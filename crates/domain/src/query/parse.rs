//! The grammar: `or = and (OR and)*`, `and = not (AND? not)*`, `not = (- | NOT) not | ( or ) | term`.

use super::lex::{Placed, Token, lex};
use super::near::hint;
use super::term::closed_term;
use super::{
    Compare, Expr, Field, MAX_DEPTH, MAX_TERMS, Query, QueryError, Said, Sort, SortKey, when,
};

/// Reads a query. An empty one asks for everything.
///
/// # Errors
/// Points at the column and says what is expected.
pub fn parse(text: &str) -> Result<Query, QueryError> {
    let tokens = lex(text)?;
    let end = text.chars().count() + 1;
    let mut parser = Parser {
        tokens: &tokens,
        at: 0,
        end,
        depth: 0,
        terms: 0,
        sort: None,
        sort_at: None,
    };
    let filter = if tokens.is_empty() {
        Expr::And(Vec::new())
    } else {
        parser.any()?
    };
    if let Some(extra) = parser.tokens.get(parser.at) {
        // Everything else is an operand or an operator and was read.
        return Err(QueryError::new(
            extra.column,
            extra.length,
            "This parenthesis was never opened. Remove it, or add a ( before.",
        ));
    }
    Ok(Query {
        filter,
        sort: parser.sort,
    })
}

struct Parser<'a> {
    tokens: &'a [Placed],
    at: usize,
    end: usize,
    depth: usize,
    terms: usize,
    sort: Option<Sort>,
    sort_at: Option<(usize, usize)>,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at).map(|t| &t.token)
    }

    fn any(&mut self) -> Result<Expr<Said>, QueryError> {
        let mut branches = vec![self.all()?];
        while matches!(self.peek(), Some(Token::Or)) {
            self.at += 1;
            branches.push(self.all()?);
        }
        // Only `sort:` leaves a branch empty.
        if let (Some((column, length)), true) = (
            self.sort_at,
            branches.len() > 1 && branches.iter().any(is_everything),
        ) {
            return Err(QueryError::new(
                column,
                length,
                "Each side of OR needs a condition, and sort: is not one. Put it at the end.",
            ));
        }
        Ok(joined(branches, Expr::Or, |e| match e {
            Expr::Or(inner) => Ok(inner),
            other => Err(other),
        }))
    }

    fn all(&mut self) -> Result<Expr<Said>, QueryError> {
        let mut parts = Vec::new();
        loop {
            parts.extend(self.operand()?);
            match self.peek() {
                None | Some(Token::Or | Token::Close) => break,
                Some(Token::And) => self.at += 1,
                Some(_) => {}
            }
        }
        Ok(joined(parts, Expr::And, |e| match e {
            Expr::And(inner) => Ok(inner),
            other => Err(other),
        }))
    }

    /// One operand; `sort:` is taken out and leaves none.
    fn operand(&mut self) -> Result<Option<Expr<Said>>, QueryError> {
        let Some(here) = self.tokens.get(self.at) else {
            return Err(QueryError::new(
                self.end,
                1,
                "The query ends too early: a condition or a text must follow.",
            ));
        };
        let wrong = |message: &str| Err(QueryError::new(here.column, here.length, message));
        self.at += 1;
        match &here.token {
            Token::Or | Token::And => wrong(
                "A condition must stand on both sides of this. To look for the word, put it in quotes.",
            ),
            Token::Close => wrong("A condition must stand before this parenthesis."),
            Token::Term(said) if said.field == Some(Field::Sort) => {
                self.sort_by(said, here)?;
                Ok(None)
            }
            Token::Term(said) => self.term(said).map(Some),
            Token::Not => {
                self.deeper(here)?;
                let inner = self.operand()?;
                self.depth -= 1;
                Ok(Some(match inner {
                    Some(Expr::Not(twice)) => *twice,
                    Some(other) => Expr::Not(Box::new(other)),
                    None => return wrong("sort: cannot be excluded."),
                }))
            }
            Token::Open => {
                self.deeper(here)?;
                let inner = self.any()?;
                self.depth -= 1;
                match self.peek() {
                    Some(Token::Close) => self.at += 1,
                    _ => return wrong("This parenthesis is not closed. Add a )."),
                }
                Ok(Some(inner))
            }
        }
    }

    fn deeper(&mut self, here: &Placed) -> Result<(), QueryError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(QueryError::new(
                here.column,
                here.length,
                format!("A query nests at most {MAX_DEPTH} deep."),
            ));
        }
        Ok(())
    }

    fn term(&mut self, said: &Said) -> Result<Expr<Said>, QueryError> {
        self.terms += said.values.len();
        if let (Some(last), true) = (said.values.last(), self.terms > MAX_TERMS) {
            return Err(last.error(format!(
                "A query has at most {MAX_TERMS} terms, counting each value of a list."
            )));
        }
        if let Some(Field::Time(_)) = said.field {
            if let Some(second) = said.values.get(1) {
                return Err(second.error("A time takes one value, not a list."));
            }
            said.values.iter().try_for_each(when::check)?;
        }
        closed_term(said)?;
        // `!=` is only another way to write an exclusion.
        if said.compare == Compare::IsNot {
            let said = Said {
                compare: Compare::Is,
                ..said.clone()
            };
            return Ok(Expr::Not(Box::new(Expr::Term(said))));
        }
        Ok(Expr::Term(said.clone()))
    }

    fn sort_by(&mut self, said: &Said, here: &Placed) -> Result<(), QueryError> {
        let wrong = |message: String| Err(QueryError::new(here.column, here.length, message));
        if self.depth > 0 {
            return wrong("sort: stands for itself, outside of parentheses and negations.".into());
        }
        if self.sort.is_some() {
            return wrong("There is a sort: already. One is enough.".into());
        }
        let [value] = said.values.as_slice() else {
            return wrong("sort: takes one value.".into());
        };
        let text = value.text.to_lowercase();
        let (descending, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text.as_str()),
        };
        let key = SortKey::ALL.iter().find(|k| k.as_str() == name);
        let (Some(key), Compare::Is) = (key, said.compare) else {
            let hint = hint(name, SortKey::ALL.iter().map(|k| k.as_str()));
            return Err(value.error(format!("Expected {}.{hint}", Field::Sort.expects())));
        };
        self.sort_at = Some((here.column, here.length));
        self.sort = Some(Sort {
            key: *key,
            descending,
        });
        Ok(())
    }
}

fn is_everything(e: &Expr<Said>) -> bool {
    matches!(e, Expr::And(parts) if parts.is_empty())
}

/// Joins parts: one stands for itself, and parts of the same kind are taken in.
fn joined(
    parts: Vec<Expr<Said>>,
    join: impl Fn(Vec<Expr<Said>>) -> Expr<Said>,
    same: impl Fn(Expr<Said>) -> Result<Vec<Expr<Said>>, Expr<Said>>,
) -> Expr<Said> {
    let mut flat = Vec::new();
    for part in parts {
        match same(part) {
            Ok(inner) => flat.extend(inner),
            Err(other) => flat.push(other),
        }
    }
    if flat.len() == 1
        && let Some(only) = flat.pop()
    {
        return only;
    }
    join(flat)
}
