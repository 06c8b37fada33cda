//! The canonical text of a query: what is printed is read back as the same query.

use std::fmt::{self, Display, Formatter};

use super::lex::{ends_word, field_name};
use super::{Expr, Field, Query, Said};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let filter = print(&self.filter);
        f.write_str(&filter)?;
        if let Some(sort) = self.sort {
            let space = if filter.is_empty() { "" } else { " " };
            let sign = if sort.descending { "-" } else { "" };
            write!(f, "{space}sort:{sign}{}", sort.key.as_str())?;
        }
        Ok(())
    }
}

fn print(e: &Expr<Said>) -> String {
    let list = |parts: &[Expr<Said>], between: &str, group: fn(&Expr<Said>) -> bool| {
        let each = parts.iter().map(|p| match group(p) {
            true => format!("({})", print(p)),
            false => print(p),
        });
        each.collect::<Vec<_>>().join(between)
    };
    match e {
        Expr::And(parts) => list(parts, " ", |p| matches!(p, Expr::Or(_))),
        Expr::Or(parts) => list(parts, " OR ", |p| matches!(p, Expr::Or(_))),
        Expr::Not(inner) => match **inner {
            Expr::Term(_) => format!("-{}", print(inner)),
            _ => format!("-({})", print(inner)),
        },
        Expr::Term(said) => said.to_string(),
    }
}

impl Display for Said {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(field) = self.field else {
            return self
                .values
                .iter()
                .try_for_each(|v| f.write_str(&word(&v.text)));
        };
        write!(f, "{}{}", field.name(), self.compare.as_str())?;
        let keeps_case = matches!(
            field,
            Field::Person(_) | Field::Team | Field::Title | Field::Time(_)
        );
        let values = self.values.iter().map(|v| match keeps_case {
            true => value(&v.text),
            false => value(&v.text.to_lowercase()),
        });
        f.write_str(&values.collect::<Vec<_>>().join(","))
    }
}

fn word(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let special = matches!(text, "OR" | "AND" | "NOT")
        || text.starts_with('-')
        || field_name(&chars).is_some()
        || chars.iter().any(|c| ends_word(*c));
    if special {
        quoted(text)
    } else {
        text.to_owned()
    }
}

fn value(text: &str) -> String {
    let special =
        text.starts_with([':', '=', '<', '>']) || text.chars().any(|c| ends_word(c) || c == ',');
    if special {
        quoted(text)
    } else {
        text.to_owned()
    }
}

/// In quotes, with a backslash only where it is needed: paths of Windows stay readable.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let escape = match c {
            '"' => true,
            '\\' => matches!(chars.peek(), None | Some('"' | '\\')),
            _ => false,
        };
        if escape {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}
