//! A TAXII 2.1 server as a source: finds a collection, and fetches its pages. Reads no object.

use reqwest::Url;
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use serde_json::Value;
use std::io::Write;
use std::time::Duration;

use crate::Egress;
use crate::egress::download::{Ask, Download};
use crate::failure::Failure;
use crate::list::Source;

/// Servers answer 406 to anything else, though the version could be left out.
const TAXII: HeaderValue = HeaderValue::from_static("application/taxii+json;version=2.1");
/// How long a page may take: servers exist that walk all they have for each.
const WITHIN: Duration = Duration::from_secs(180);
/// Most bytes of what a server says of itself.
const SMALL: u64 = 4 << 20;

/// Which page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Only what was added after this; as the server has written it.
    pub added_after: String,
    /// What the page before said; empty: the first page.
    pub next: String,
    /// Objects of a page.
    pub limit: u32,
}

/// What came of asking for a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Got {
    /// It came; when the last object on it was added, if the server says.
    Page {
        /// As the server has written it.
        added_last: String,
    },
    /// The server does not know any more what it said before: begin again after the last that came.
    Forgotten(String),
}

/// Finds the address of a collection's objects. `source` may name them, the collection, the API root or the server; a server
/// with several collections needs to be told which, by id, alias or title.
///
/// # Errors
/// Why it was not found.
pub async fn locate(
    egress: &Egress,
    source: &Source<'_>,
    collection: &str,
) -> Result<String, Failure> {
    let path = source.url.split(['?', '#']).next().unwrap_or_default();
    let parts: Vec<&str> = path.trim_end_matches('/').rsplit('/').collect();
    match parts.as_slice() {
        ["objects", _, "collections", ..] => return Ok(format!("{}/", path.trim_end_matches('/'))),
        [_, "collections", ..] => return Ok(format!("{}/objects/", path.trim_end_matches('/'))),
        _ => (),
    }
    let (at, said) = json(egress, source, source.url).await?;
    let root = match said["api_roots"].as_array() {
        None => at,
        Some(roots) => {
            let first = said["default"]
                .as_str()
                .or(roots.first().and_then(Value::as_str));
            let first = first.ok_or_else(|| Failure::never("The server names no API root."))?;
            // Relative ones exist. Another host than the one that was entered is not followed.
            let root = at
                .join(first)
                .map_err(|_| Failure::never("The server names an API root that is no address."))?;
            if root.host_str() != at.host_str() {
                return Err(Failure::never(format!(
                    "The API root is on another host, {}. Enter its address.",
                    root.host_str().unwrap_or_default()
                )));
            }
            root
        }
    };
    let list = format!("{}/collections/", root.as_str().trim_end_matches('/'));
    let (_, said) = json(egress, source, &list).await?;
    let all = said["collections"].as_array().cloned().unwrap_or_default();
    let named = |c: &&Value| {
        collection.is_empty() || ["id", "alias", "title"].iter().any(|k| c[*k] == collection)
    };
    let titles = || {
        let title = |c: &Value| {
            c["title"]
                .as_str()
                .or(c["id"].as_str())
                .unwrap_or_default()
                .to_owned()
        };
        all.iter()
            .take(20)
            .map(title)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let found: Vec<&Value> = all.iter().filter(named).collect();
    match found.as_slice() {
        [one] if one["can_read"] != false => {
            let id = one["id"].as_str().unwrap_or_default();
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if id.is_empty() || !id.chars().all(plain) {
                return Err(Failure::never("The collection has no usable id."));
            }
            Ok(format!("{list}{id}/objects/"))
        }
        [_] => Err(Failure::never(
            "The collection cannot be read with this sign-in.",
        )),
        [] if all.is_empty() => Err(Failure::never(
            "The server has no collections for this sign-in.",
        )),
        [] => Err(Failure::never(format!(
            "There is no collection “{collection}”. There are: {}.",
            titles()
        ))),
        _ => Err(Failure::never(format!(
            "Name the collection. There are: {}.",
            titles()
        ))),
    }
}

/// Fetches a page of objects into `into`.
///
/// # Errors
/// Why it was not had.
pub async fn page(
    egress: &Egress,
    source: &Source<'_>,
    objects: &str,
    page: &Page,
    into: &mut (dyn Write + Send),
) -> Result<Got, Failure> {
    let mut url =
        Url::parse(objects).map_err(|_| Failure::never("The collection has no usable address."))?;
    {
        // Every argument again with every page: servers refuse a page whose filter has changed.
        let mut query = url.query_pairs_mut();
        query.append_pair("limit", &page.limit.to_string());
        if !page.added_after.is_empty() {
            query.append_pair("added_after", &page.added_after);
        }
        if !page.next.is_empty() {
            query.append_pair("next", &page.next);
        }
    }
    let got = ask(egress, source, url.as_str(), source.most, into).await?;
    let refused = matches!(got.answer.status, 400 | 404 | 410 | 422 | 500);
    if !page.next.is_empty() && refused {
        return Ok(Got::Forgotten(got.answer.shown()));
    }
    let added_last = got.header("X-TAXII-Date-Added-Last").trim().to_owned();
    got.answer.accepted()?;
    Ok(Got::Page { added_last })
}

async fn ask(
    egress: &Egress,
    source: &Source<'_>,
    url: &str,
    most: u64,
    into: &mut (dyn Write + Send),
) -> Result<Download, Failure> {
    let ask = Ask {
        url,
        reach: source.reach,
        access: source.access,
        headers: HeaderMap::from_iter([(ACCEPT, TAXII)]),
        body: None,
        most,
        within: WITHIN,
    };
    egress.download(ask, into).await
}

async fn json(egress: &Egress, source: &Source<'_>, url: &str) -> Result<(Url, Value), Failure> {
    let mut body = Vec::new();
    let got = ask(egress, source, url, SMALL, &mut body).await?;
    let at = got.url.clone();
    got.answer.accepted()?;
    let said = serde_json::from_slice(&body)
        .map_err(|_| Failure::never("The server does not answer in TAXII. Check the address."))?;
    Ok((at, said))
}
