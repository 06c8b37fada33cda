//! A document at an address, asked for only if it changed. Knows no format.

use reqwest::header::{HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use std::io::Write;
use std::time::Duration;

use crate::Egress;
use crate::egress::Reach;
use crate::egress::download::{Access, Ask};
use crate::failure::Failure;

/// How long a document may take.
const WITHIN: Duration = Duration::from_secs(600);

/// Where a document is.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    /// The address.
    pub url: &'a str,
    /// How far it may lead.
    pub reach: Reach,
    /// Who asks.
    pub access: &'a Access,
    /// Most bytes.
    pub most: u64,
}

/// What tells one version of a document from another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// Its tag.
    pub etag: String,
    /// When it was changed.
    pub last_modified: String,
}

/// Fetches a document into `into`; nothing, if it is still the version that is known.
///
/// # Errors
/// Why it was not had.
pub async fn fetch(
    egress: &Egress,
    source: &Source<'_>,
    known: &Version,
    into: &mut (dyn Write + Send),
) -> Result<Option<Version>, Failure> {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (IF_NONE_MATCH, &known.etag),
        (IF_MODIFIED_SINCE, &known.last_modified),
    ] {
        if let (false, Ok(value)) = (value.is_empty(), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    let ask = Ask {
        url: source.url,
        reach: source.reach,
        access: source.access,
        headers,
        body: None,
        most: source.most,
        within: WITHIN,
    };
    let got = egress.download(ask, into).await?;
    if got.answer.status == 304 {
        return Ok(None);
    }
    let version = Version {
        etag: got.etag().to_owned(),
        last_modified: got.last_modified().to_owned(),
    };
    got.answer.accepted()?;
    Ok(Some(version))
}
