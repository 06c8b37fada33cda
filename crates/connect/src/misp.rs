//! A MISP server: searches for events page by page, and takes events. Knows no event's inside.

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value, json};
use std::io::Write;
use std::time::Duration;

use crate::Egress;
use crate::egress::download::Ask;
use crate::failure::Failure;
use crate::list::Source;

/// How long a page of events may take.
const WITHIN: Duration = Duration::from_secs(300);

fn headers() -> HeaderMap {
    let json = HeaderValue::from_static("application/json");
    HeaderMap::from_iter([(ACCEPT, json.clone()), (CONTENT_TYPE, json)])
}

/// Fetches a page of the events that were published or changed since a moment (seconds since 1970).
///
/// # Errors
/// Why it was not had.
pub async fn search(
    egress: &Egress,
    source: &Source<'_>,
    since: i64,
    page: u64,
    limit: u64,
    into: &mut (dyn Write + Send),
) -> Result<(), Failure> {
    let mut wanted =
        json!({ "returnFormat": "json", "page": page, "limit": limit, "published": true });
    if since > 0 {
        wanted["timestamp"] = Value::from(since);
    }
    let url = format!("{}/events/restSearch", source.url.trim_end_matches('/'));
    let ask = Ask {
        url: &url,
        reach: source.reach,
        access: source.access,
        headers: headers(),
        body: Some(wanted.to_string().into_bytes()),
        most: source.most,
        within: WITHIN,
    };
    egress
        .download(ask, into)
        .await?
        .answer
        .accepted()
        .map(drop)
}

/// Gives an event to the server: a new one, or the one of the same UUID anew.
///
/// # Errors
/// Why it was not taken.
pub async fn push(egress: &Egress, source: &Source<'_>, event: &Value) -> Result<(), Failure> {
    let base = source.url.trim_end_matches('/');
    let uuid = event["Event"]["uuid"].as_str().unwrap_or_default();
    for path in ["events/add".to_owned(), format!("events/edit/{uuid}")] {
        let url = format!("{base}/{path}");
        let ask = Ask {
            url: &url,
            reach: source.reach,
            access: source.access,
            headers: headers(),
            body: Some(event.to_string().into_bytes()),
            most: source.most,
            within: WITHIN,
        };
        let got = egress.download(ask, &mut std::io::sink()).await?;
        // An event that is there already is refused when added.
        let again = path.ends_with("add") && matches!(got.answer.status, 403 | 409);
        if !again {
            return got.answer.accepted().map(drop);
        }
    }
    Ok(())
}
