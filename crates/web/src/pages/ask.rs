//! A query as typed into a page: understood or pointed at, taken apart into chips, and put together anew by facets.

use midwatch_domain::query::{self, Expr, Field, Query, QueryError, Resolved, Said, Sort};

use crate::view::queue::{FilterChip, QueryLine};

use super::frame::{Look, escape};

/// What was asked, as far as it was understood.
pub struct Asked {
    /// The query line of the page.
    pub line: QueryLine,
    /// The query, if it can be answered.
    pub resolved: Option<Resolved>,
    query: Option<Query>,
    base: &'static str,
    view: String,
}

impl Asked {
    /// Reads a query. `base` is the page it is asked on, `view` another parameter that links keep.
    pub fn read(look: &Look, text: &str, base: &'static str, view: &str) -> Self {
        let now = midwatch_domain::moment::Moment(look.now.ms);
        let parsed = query::parse(text);
        let resolved = parsed
            .clone()
            .and_then(|q| q.resolve(look.viewer(), look.directory(), now));
        let mut asked = Self {
            line: QueryLine {
                text: text.to_owned(),
                chips: Vec::new(),
                error: resolved.as_ref().err().map(|e| pointing(text, e)),
            },
            query: parsed.ok(),
            resolved: resolved.ok(),
            base,
            view: view.to_owned(),
        };
        asked.line.chips = asked.chips();
        asked
    }

    /// The page with another query.
    pub fn href(&self, text: &str) -> String {
        let view = match self.view.as_str() {
            "" => String::new(),
            v => format!("&view={}", escape(v)),
        };
        format!("{}?q={}{view}", self.base, escape(text))
    }

    /// The query with a part added or, if it is there, taken away; and whether it is there.
    pub fn toggle(&self, part: &str) -> (String, bool) {
        let parts = self.parts();
        let there = parts
            .iter()
            .any(|p| text(std::slice::from_ref(p), None) == part);
        let field = query::parse(part).ok().and_then(|q| field_of(&q.filter));
        let mut rest: Vec<Expr<Said>> = parts
            .into_iter()
            .filter(|p| field.is_none() || field_of(p) != field || keeps_company(field))
            .filter(|p| text(std::slice::from_ref(p), None) != part)
            .collect();
        if !there {
            rest.extend(query::parse(part).ok().map(|q| q.filter));
        }
        (self.href(&text(&rest, self.sort())), there)
    }

    /// The query in another order.
    pub fn sorted(&self, sort: Sort) -> String {
        self.href(&text(&self.parts(), Some(sort)))
    }

    /// The order that the query asks for.
    pub fn sort(&self) -> Option<Sort> {
        self.query.as_ref().and_then(|q| q.sort)
    }

    fn parts(&self) -> Vec<Expr<Said>> {
        match self.query.as_ref().map(|q| &q.filter) {
            Some(Expr::And(parts)) => parts.clone(),
            Some(other) => vec![other.clone()],
            None => Vec::new(),
        }
    }

    fn chips(&self) -> Vec<FilterChip> {
        let parts = self.parts();
        let chip = |i: usize| {
            let mut rest = parts.clone();
            let part = rest.remove(i);
            FilterChip {
                label: text(&[part], None),
                without: self.href(&text(&rest, self.sort())),
            }
        };
        (0..parts.len()).map(chip).collect()
    }
}

/// A tag stands beside other tags; of anything else there is one.
fn keeps_company(field: Option<Field>) -> bool {
    field == Some(Field::Tag)
}

fn field_of(e: &Expr<Said>) -> Option<Field> {
    match e {
        Expr::Term(said) => said.field,
        Expr::And(parts) if parts.len() == 1 => field_of(&parts[0]),
        _ => None,
    }
}

fn text(parts: &[Expr<Said>], sort: Option<Sort>) -> String {
    let filter = match parts {
        [only] => only.clone(),
        all => Expr::And(all.to_vec()),
    };
    Query { filter, sort }.to_string()
}

fn pointing(text: &str, e: &QueryError) -> crate::view::queue::QueryError {
    let part = |from: usize, count: usize| text.chars().skip(from).take(count).collect::<String>();
    let at = e.column.saturating_sub(1);
    crate::view::queue::QueryError {
        before: part(0, at),
        wrong: part(at, e.length.max(1)),
        after: part(at + e.length.max(1), usize::MAX),
        column: e.column,
        message: e.message.clone(),
    }
}
