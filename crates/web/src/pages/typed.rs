//! What somebody typed into a form: kept as it came, turned into a command's JSON, and put back when it is refused.

use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use midwatch_domain::moment::Moment;
use serde_json::Value;

use crate::problem::Problem;
use crate::view::form::Field;
use crate::{App, form};

/// Names of fields that hold a time as a browser's `datetime-local` gives it, without a zone.
const TIMES: &[&str] = &[
    "occurred_at",
    "discovered_at",
    "collected_at",
    "effective_at",
    "until",
    "filed_at",
];

/// The fields of a posted form, in order.
#[derive(Clone, Debug, Default)]
pub struct Typed(pub Vec<(String, String)>);

impl FromRequest<App> for Typed {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        // The script posts bare acts without any field, hence without a type.
        if kind.is_none() {
            return Ok(Self::default());
        }
        let read = axum::Form::<Vec<(String, String)>>::from_request(request, app).await;
        read.map(|axum::Form(fields)| Self(fields)).map_err(|r| {
            Problem::new(
                r.status(),
                "invalid.body",
                format!("{}. Send a form.", r.body_text()),
            )
        })
    }
}

impl Typed {
    /// The first value of a field; empty if it was not sent.
    pub fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, v)| v.as_str())
    }

    /// Every value of a field, sent under its name or as a list `name[]`.
    pub fn all(&self, name: &str) -> Vec<String> {
        let is = |n: &str| n == name || n.strip_suffix("[]") == Some(name);
        let some = self.0.iter().filter(|(n, v)| is(n) && !v.is_empty());
        some.map(|(_, v)| v.clone()).collect()
    }

    /// Whether anything was sent under this name.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    /// Takes fields out that are about the form rather than of the command.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|(n, _)| !names.contains(&n.as_str()));
        self
    }

    /// The command's JSON. Times without a zone are read in `zone`; `times` names more fields that hold one.
    pub fn object(&self, zone: &TimeZone, times: &[String]) -> Value {
        let is_time = |n: &str| {
            // When an event of a regime happened: the regime names the event.
            let trigger = n.starts_with("triggers.");
            trigger || TIMES.contains(&n) || times.iter().any(|t| t == n)
        };
        let each = self.0.iter().map(|(n, v)| {
            let value = if is_time(n) {
                instant(v, zone)
            } else {
                v.clone()
            };
            (n.clone(), value)
        });
        form::object(each.collect())
    }

    /// Puts what was typed back into the fields, and the problem beside the field it is about; what is about none of
    /// them is returned.
    pub fn put_back(
        &self,
        fields: &mut [Field],
        problem: Option<&Problem>,
    ) -> Option<crate::view::piece::Problem> {
        for field in fields.iter_mut().filter(|f| self.has(&f.name)) {
            field.value = self.get(&field.name).to_owned();
            field.values = self.all(&field.name);
        }
        let problem = problem?;
        let about = problem.field.as_deref().unwrap_or_default();
        let wrong = fields
            .iter_mut()
            .find(|f| f.name == about || f.name.strip_suffix("[]") == Some(about));
        match wrong {
            Some(field) => {
                field.error = Some(problem.detail.clone());
                field.focus = true;
                None
            }
            None => Some(as_piece(problem)),
        }
    }
}

/// A problem as a piece of a page that kept everything else.
pub fn as_piece(problem: &Problem) -> crate::view::piece::Problem {
    crate::view::piece::Problem {
        title: problem.detail.clone(),
        detail: String::new(),
        remedy: "Nothing was changed; what you typed is kept.".to_owned(),
        items: Vec::new(),
        way: None,
    }
}

/// The status under which a form is shown again. A number in it that names nothing is wrong input, not a wrong address.
pub fn status(problem: &Problem) -> StatusCode {
    if problem.status == 404 {
        return StatusCode::UNPROCESSABLE_ENTITY;
    }
    StatusCode::from_u16(problem.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY)
}

/// Whether the problem is one that somebody can mend in the form.
pub fn can_mend(problem: &Problem) -> bool {
    let names_nothing = problem.status == 404 && problem.field.is_some();
    matches!(problem.status, 409 | 412 | 413 | 422 | 429) || names_nothing
}

/// A `datetime-local` value as an instant; anything else stays for the command to judge.
fn instant(text: &str, zone: &TimeZone) -> String {
    let local = text.trim();
    let zoned = local
        .parse::<DateTime>()
        .ok()
        .filter(|_| matches!(local.len(), 16 | 19))
        .and_then(|at| at.to_zoned(zone.clone()).ok());
    match zoned {
        Some(at) => Moment(at.timestamp().as_millisecond()).to_string(),
        None => text.to_owned(),
    }
}

/// An instant as `datetime-local` wants it.
pub fn local_time(at: Moment, zone: &TimeZone) -> String {
    let zoned = at.timestamp().to_zoned(zone.clone());
    zoned.strftime("%Y-%m-%dT%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_a_zone_is_read_in_the_organisations() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let typed = Typed(vec![
            ("occurred_at".into(), "2026-07-01T12:00".into()),
            ("text".into(), "2026-07-01T12:00".into()),
        ]);
        let object = typed.object(&zone, &[]);
        assert_eq!(object["occurred_at"], "2026-07-01T10:00:00.000Z");
        assert_eq!(object["text"], "2026-07-01T12:00");
        let at = "2026-07-01T10:00:00Z".parse().unwrap();
        assert_eq!(local_time(at, &zone), "2026-07-01T12:00");
    }

    #[test]
    fn what_was_typed_comes_back_with_the_problem_beside_its_field() {
        let typed = Typed(vec![("reason".into(), "because".into())]);
        let mut fields = vec![Field::text("reason", "Why"), Field::text("to", "To")];
        let problem = Problem::from(midwatch_domain::Refusal::invalid("to", "Choose somebody."));
        assert!(typed.put_back(&mut fields, Some(&problem)).is_none());
        assert_eq!(fields[0].value, "because");
        assert_eq!(fields[1].error.as_deref(), Some("Choose somebody."));
        let other = Problem::from(midwatch_domain::Refusal::conflict("x", "Not now."));
        assert_eq!(
            typed.put_back(&mut fields, Some(&other)).unwrap().title,
            "Not now."
        );
    }
}
