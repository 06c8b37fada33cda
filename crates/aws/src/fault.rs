//! Why a call did not do what was asked, in words for people, and what may be done about it. Holds no secret.

use serde_json::Value;

use crate::outside::{Response, Unreachable};
use crate::xml;

/// What kind of fault: decides whether another try makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing was answered. Again, later.
    Unreachable,
    /// Too many calls, or the service is at fault. Again, later.
    Busy,
    /// Who asks may not. Not again before somebody changed a policy.
    Denied,
    /// Who asks is not known, or its keys have expired. Again with fresh ones; static ones must be changed.
    Credentials,
    /// What was asked for is not there.
    Missing,
    /// What was asked is wrong, or the answer is not one of this service. Somebody must look.
    Wrong,
}

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// What kind.
    pub kind: Kind,
    /// The service's own word for it; empty if nothing was answered.
    pub code: String,
    /// In words, with the call and the id of the request.
    pub message: String,
    /// The status; 0 if nothing was answered.
    pub status: u16,
}

const SHOWN: usize = 300;

impl Fault {
    /// What was asked cannot be, seen before it was asked.
    pub fn wrong(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Wrong,
            code: String::new(),
            message: message.into(),
            status: 0,
        }
    }

    /// There are no keys to ask with.
    pub fn credentials(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Credentials,
            ..Self::wrong(message)
        }
    }

    /// Whether the same may succeed later by itself.
    pub fn passes(&self) -> bool {
        matches!(self.kind, Kind::Unreachable | Kind::Busy)
    }

    pub(crate) fn unanswered(call: &str, why: &Unreachable) -> Self {
        Self {
            kind: if why.again {
                Kind::Unreachable
            } else {
                Kind::Wrong
            },
            code: String::new(),
            message: format!("{call}: {}", why.reason),
            status: 0,
        }
    }

    pub(crate) fn undecodable(call: &str, response: &Response, why: &str) -> Self {
        Self {
            kind: Kind::Wrong,
            code: String::new(),
            message: format!(
                "{call}: answered {} with something that is not from this service ({why}): {}. Check the endpoint.",
                response.status,
                line(&String::from_utf8_lossy(&response.body))
            ),
            status: response.status,
        }
    }

    /// Reads the fault out of an answer, in whichever of the three forms services write it.
    pub(crate) fn answered(call: &str, response: &Response) -> Self {
        let text = String::from_utf8_lossy(&response.body);
        let json: Option<Value> = serde_json::from_slice(&response.body).ok();
        let field = |names: &[&str]| {
            let from = json.as_ref()?;
            names
                .iter()
                .find_map(|name| from.get(*name)?.as_str().map(str::to_owned))
        };
        let code = field(&["__type", "Code", "code"]).or_else(|| xml::text(&text, "Code"));
        let Some(code) = code else {
            return Self::unknown(call, response, &text, json.is_some());
        };
        // A name may come with its namespace before it or an address behind it.
        let code = code.rsplit('#').next().unwrap_or_default();
        let code = code.split(':').next().unwrap_or_default().to_owned();
        let said = field(&["message", "Message"]).or_else(|| xml::text(&text, "Message"));
        let mut message = format!("{call}: {code}");
        if let Some(said) = said.filter(|said| !said.is_empty()) {
            message += &format!(": {}", line(&said));
        }
        if let Some(id) = &response.request_id {
            message += &format!(" (request {})", line(id));
        }
        Self {
            kind: kind(&code, response.status),
            code,
            message,
            status: response.status,
        }
    }

    fn unknown(call: &str, response: &Response, text: &str, json: bool) -> Self {
        match response.status {
            429 | 500.. => Self {
                kind: Kind::Busy,
                code: String::new(),
                message: format!("{call}: answered {}: {}", response.status, line(text)),
                status: response.status,
            },
            403 if json => Self {
                kind: Kind::Denied,
                code: String::new(),
                message: format!("{call}: answered 403: {}", line(text)),
                status: 403,
            },
            _ => Self::undecodable(call, response, "it names no error"),
        }
    }
}

fn kind(code: &str, status: u16) -> Kind {
    let plain = code.strip_suffix("Exception").unwrap_or(code);
    match plain {
        "AccessDenied"
        | "UnauthorizedOperation"
        | "AuthorizationError"
        | "NotAuthorized"
        | "InvalidAccess"
        | "KMS.AccessDenied"
        | "KmsAccessDenied" => Kind::Denied,
        "ExpiredToken"
        | "TokenRefreshRequired"
        | "InvalidClientTokenId"
        | "UnrecognizedClient"
        | "SignatureDoesNotMatch"
        | "InvalidSignature"
        | "MissingAuthenticationToken"
        | "InvalidAccessKeyId"
        | "IncompleteSignature"
        | "InvalidIdentityToken"
        | "RequestExpired"
        | "AuthFailure"
        | "ExpiredTokenId" => Kind::Credentials,
        "Throttling"
        | "TooManyRequests"
        | "LimitExceeded"
        | "RequestThrottled"
        | "RequestLimitExceeded"
        | "SlowDown"
        | "KmsThrottled"
        | "OverLimit"
        | "ServiceUnavailable"
        | "Internal"
        | "InternalServer"
        | "InternalFailure"
        | "InternalError" => Kind::Busy,
        "ResourceNotFound" | "NotFound" | "QueueDoesNotExist" | "NoSuchEntity" => Kind::Missing,
        _ if plain.ends_with("NonExistentQueue") => Kind::Missing,
        _ if status == 429 || status >= 500 => Kind::Busy,
        _ => Kind::Wrong,
    }
}

/// The beginning of a text as one line.
fn line(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(SHOWN)
        .collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> Fault {
        let response = Response {
            status,
            request_id: Some("r-1".into()),
            body: body.into(),
        };
        Fault::answered("sqs:ReceiveMessage", &response)
    }

    #[test]
    fn three_forms_of_errors_are_read() {
        let json = read(
            400,
            r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"}"#,
        );
        assert_eq!(
            (json.kind, json.code.as_str()),
            (Kind::Missing, "QueueDoesNotExist")
        );
        assert_eq!(
            json.message,
            "sqs:ReceiveMessage: QueueDoesNotExist: gone (request r-1)"
        );
        let rest = read(429, r#"{"Code":"LimitExceededException","Message":"slow"}"#);
        assert_eq!(rest.kind, Kind::Busy);
        let query = read(
            403,
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no &lt;you&gt;</Message></Error></ErrorResponse>",
        );
        assert_eq!(
            (query.kind, query.code.as_str()),
            (Kind::Denied, "AccessDenied")
        );
        assert!(query.message.contains("no <you>"));
        assert_eq!(
            read(403, r#"{"__type":"ExpiredTokenException:http://x"}"#).kind,
            Kind::Credentials
        );
    }

    #[test]
    fn what_is_no_answer_of_the_service_is_shown_as_it_came() {
        let page = read(404, "<!doctype html><title>404\nNot Found</title>");
        assert_eq!(page.kind, Kind::Wrong);
        assert!(page.message.contains("404 Not Found"), "{}", page.message);
        assert!(read(503, "upstream").passes());
        assert!(!read(400, "<Code>ValidationError</Code>").passes());
    }
}
