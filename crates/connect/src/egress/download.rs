//! Larger answers, written away as they come: within a size and a time, redirects only within the same host. Knows no format.

use midwatch_domain::secret::Secret;
use reqwest::header::{
    AUTHORIZATION, ETAG, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED, LOCATION,
};
use reqwest::{Method, Url};
use std::io::Write;
use std::time::Duration;

use super::{Answer, Egress, Reach, beginning, target, unanswered, wait};
use crate::failure::Failure;

/// Redirects that are followed.
const HOPS: usize = 4;
/// How long nothing may come in the middle of an answer.
const SILENCE: Duration = Duration::from_secs(30);

/// How the other side is told who asks.
#[derive(Clone, Debug)]
pub enum Access {
    /// Not at all.
    None,
    /// User name and password.
    Basic(String, Secret),
    /// A bearer token.
    Bearer(Secret),
    /// A header of this name.
    Header(String, Secret),
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// The address.
    pub url: &'a str,
    /// How far it may lead.
    pub reach: Reach,
    /// Who asks.
    pub access: &'a Access,
    /// More headers.
    pub headers: HeaderMap,
    /// A body to post; nothing: it is only read.
    pub body: Option<Vec<u8>>,
    /// Most bytes of the answer.
    pub most: u64,
    /// How long all of it may take.
    pub within: Duration,
}

/// What came.
#[derive(Clone, Debug)]
pub struct Download {
    /// The status, and the beginning of the body if it is no success.
    pub answer: Answer,
    /// The headers.
    pub headers: HeaderMap,
    /// Bytes written.
    pub bytes: u64,
    /// The address that answered in the end.
    pub url: Url,
}

impl Download {
    /// A header as text, or nothing.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.get(name);
        found.and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// What tells this version from others.
    pub fn etag(&self) -> &str {
        self.header(ETAG.as_str())
    }

    /// When it was changed last.
    pub fn last_modified(&self) -> &str {
        self.header(LAST_MODIFIED.as_str())
    }
}

impl Egress {
    /// Asks and writes the body of a success away; of anything else the beginning is in the answer.
    ///
    /// # Errors
    /// If the address is refused, nothing comes in time, or too much comes.
    pub async fn download(
        &self,
        ask: Ask<'_>,
        into: &mut (dyn Write + Send),
    ) -> Result<Download, Failure> {
        let mut url = target(ask.url, ask.reach).map_err(|r| Failure::never(r.message))?;
        let mut headers = ask.headers.clone();
        sign(&mut headers, ask.access)?;
        let client = match ask.reach {
            Reach::Public => &self.public,
            Reach::Private => &self.private,
        };
        for _ in 0..=HOPS {
            let host = url.host_str().unwrap_or_default().to_owned();
            let method = if ask.body.is_some() {
                Method::POST
            } else {
                Method::GET
            };
            let request = client
                .request(method, url.clone())
                .headers(headers.clone())
                .body(ask.body.clone().unwrap_or_default())
                .timeout(ask.within);
            let mut response = request
                .send()
                .await
                .map_err(|e| unanswered(&host, e, &self.limits))?;
            let status = response.status();
            if status.is_redirection() && status.as_u16() != 304 {
                match same_host(&url, response.headers()) {
                    Some(next) => {
                        url = target(next.as_str(), ask.reach)
                            .map_err(|r| Failure::never(r.message))?;
                        continue;
                    }
                    None => {
                        return Err(Failure::never(format!(
                            "{host} redirects to somewhere else, which is not followed. Enter the final address."
                        )));
                    }
                }
            }
            let headers = response.headers().clone();
            let retry_after = wait(&headers);
            let mut bytes = 0;
            let mut text = String::new();
            if status.is_success() {
                loop {
                    let chunk = tokio::time::timeout(SILENCE, response.chunk()).await;
                    let chunk = chunk.map_err(|_| {
                        Failure::later(format!("{host} went silent in the middle of its answer."))
                    })?;
                    let Some(chunk) = chunk.map_err(|e| unanswered(&host, e, &self.limits))? else {
                        break;
                    };
                    bytes += chunk.len() as u64;
                    if bytes > ask.most {
                        return Err(Failure::never(format!(
                            "{host} sends more than {} bytes.",
                            ask.most
                        )));
                    }
                    into.write_all(&chunk).map_err(|e| {
                        Failure::later(format!("What {host} sends cannot be written away: {e}."))
                    })?;
                }
            } else {
                text = beginning(response, self.limits.answer_bytes).await;
            }
            let answer = Answer {
                status: status.as_u16(),
                text,
                retry_after,
            };
            return Ok(Download {
                answer,
                headers,
                bytes,
                url,
            });
        }
        Err(Failure::never("The address redirects again and again."))
    }
}

/// Adds who asks.
fn sign(headers: &mut HeaderMap, access: &Access) -> Result<(), Failure> {
    use base64::Engine as _;
    let wrong = |_| Failure::never("The secret has characters that cannot be sent in a header.");
    let (name, text) = match access {
        Access::None => return Ok(()),
        Access::Basic(user, password) => {
            let pair = format!("{user}:{}", password.expose());
            let pair = base64::engine::general_purpose::STANDARD.encode(pair);
            (AUTHORIZATION, format!("Basic {pair}"))
        }
        Access::Bearer(token) => (AUTHORIZATION, format!("Bearer {}", token.expose())),
        Access::Header(name, value) => {
            let name = HeaderName::try_from(name.as_str())
                .map_err(|_| Failure::never(format!("“{name}” is no name of a header.")))?;
            (name, value.expose().to_owned())
        }
    };
    let mut value = HeaderValue::try_from(text).map_err(wrong)?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

/// Where a redirect leads, if it stays on the host and does not give up encryption.
fn same_host(from: &Url, headers: &HeaderMap) -> Option<Url> {
    let to = from.join(headers.get(LOCATION)?.to_str().ok()?).ok()?;
    let safe = from.scheme() != "https" || to.scheme() == "https";
    let port = to.port_or_known_default() == from.port_or_known_default()
        || (from.scheme() == "http" && to.scheme() == "https" && to.port().is_none());
    (to.host_str() == from.host_str() && safe && port).then_some(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_stays_on_its_host() {
        let from = Url::parse("https://feeds.example.org/a").unwrap();
        let to = |text: &'static str| {
            let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(text))]);
            same_host(&from, &headers).map(|u| u.to_string())
        };
        assert_eq!(to("/b/").as_deref(), Some("https://feeds.example.org/b/"));
        assert_eq!(
            to("https://feeds.example.org/c").as_deref(),
            Some("https://feeds.example.org/c")
        );
        for elsewhere in [
            "http://feeds.example.org/a",
            "https://evil.example/a",
            "https://feeds.example.org:8443/a",
            "//evil.example/",
        ] {
            assert_eq!(to(elsewhere), None, "{elsewhere}");
        }
    }
}
