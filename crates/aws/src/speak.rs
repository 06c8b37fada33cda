//! The three manners in which services are spoken to: JSON with a target, JSON at a path, form with XML back. No service.

use serde_json::Value;

use crate::call::Ask;
use crate::sign::encode;

/// JSON 1.0 and 1.1 with the operation in a header.
pub(crate) fn targeted(
    service: &'static str,
    action: &'static str,
    version: &str,
    prefix: &str,
    body: &Value,
) -> Ask {
    let operation = action.rsplit(':').next().unwrap_or(action);
    Ask {
        service,
        action,
        method: "POST",
        path: "/".into(),
        headers: vec![
            ("content-type", format!("application/x-amz-json-{version}")),
            ("x-amz-target", format!("{prefix}.{operation}")),
        ],
        body: body.to_string().into_bytes(),
    }
}

/// JSON at a path.
pub(crate) fn at_path(
    service: &'static str,
    action: &'static str,
    method: &'static str,
    path: &str,
    body: Option<&Value>,
) -> Ask {
    Ask {
        service,
        action,
        method,
        path: path.to_owned(),
        headers: vec![("content-type", "application/json".into())],
        body: body
            .map(|body| body.to_string().into_bytes())
            .unwrap_or_default(),
    }
}

/// A form, answered in XML.
pub(crate) fn form(
    service: &'static str,
    action: &'static str,
    version: &str,
    fields: &[(&str, &str)],
) -> Ask {
    let operation = action.rsplit(':').next().unwrap_or(action);
    let mut body = format!("Action={operation}&Version={version}");
    for (name, value) in fields {
        body += &format!("&{name}={}", encode(value));
    }
    Ask {
        service,
        action,
        method: "POST",
        path: "/".into(),
        headers: vec![(
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8".into(),
        )],
        body: body.into_bytes(),
    }
}
