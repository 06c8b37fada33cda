//! The one client that leaves: resolves, judges the address, connects to that very address, within limits. Knows no channel.

pub mod download;

use midwatch_domain::Refusal;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Certificate, Client, Method, StatusCode, Url, redirect};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::address;
use crate::failure::{Failure, Retry};

/// How far something may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses only.
    Public,
    /// Also this machine and the network around it, as somebody allowed for a channel.
    Private,
}

/// How long and how much.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Until a connection stands.
    pub connect: Duration,
    /// From the first byte out to the last byte in.
    pub total: Duration,
    /// Bytes of an answer that are read.
    pub answer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            total: Duration::from_secs(15),
            answer_bytes: 16 << 10,
        }
    }
}

/// The client.
pub struct Egress {
    public: Client,
    private: Client,
    authorities: Option<Vec<u8>>,
    limits: Limits,
}

/// What the other side said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The beginning of the body, as text.
    pub text: String,
    /// How long it asks to be left alone.
    pub retry_after: Option<Duration>,
}

const MAX_URL: usize = 2048;
/// How long an other side may ask to be left alone.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// Characters of an answer that are repeated to people.
const SHOWN: usize = 200;

impl Egress {
    /// A client.
    ///
    /// # Errors
    /// If this machine has no way to speak TLS.
    pub fn new(limits: Limits, authorities: Option<Vec<u8>>) -> Result<Self, Failure> {
        // Whoever was first has chosen the same: there is one provider in this house.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let pem = authorities.as_deref().unwrap_or_default();
        let trusted = Certificate::from_pem_bundle(pem)
            .map_err(|e| Failure::never(format!("A certificate cannot be read: {e}.")))?;
        let client = |reach| {
            Client::builder()
                .tls_certs_merge(trusted.clone())
                .user_agent(concat!("midwatch/", env!("CARGO_PKG_VERSION")))
                .redirect(redirect::Policy::none())
                .referer(false)
                .no_proxy()
                .retry(reqwest::retry::never())
                .connect_timeout(limits.connect)
                .timeout(limits.total)
                .dns_resolver(Resolver(reach))
                .build()
                .map_err(|e| Failure::never(format!("No HTTPS client can be made here: {e}.")))
        };
        Ok(Self {
            public: client(Reach::Public)?,
            private: client(Reach::Private)?,
            authorities,
            limits,
        })
    }

    /// Authorities that are trusted besides the system's.
    pub(crate) fn authorities(&self) -> Option<&[u8]> {
        self.authorities.as_deref()
    }

    /// The limits it keeps.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Sends a body to an address and takes what is answered, whatever the status.
    ///
    /// # Errors
    /// If the address is refused or nothing is answered in time.
    pub async fn post(
        &self,
        url: &str,
        reach: Reach,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Answer, Failure> {
        self.request(Method::POST, url, reach, headers, body).await
    }

    /// Reads from an address, whatever the status.
    ///
    /// # Errors
    /// If the address is refused or nothing is answered in time.
    pub async fn get(&self, url: &str, reach: Reach) -> Result<Answer, Failure> {
        self.request(Method::GET, url, reach, HeaderMap::new(), Vec::new())
            .await
    }

    async fn request(
        &self,
        method: Method,
        url: &str,
        reach: Reach,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Answer, Failure> {
        let url = target(url, reach).map_err(|r| Failure::never(r.message))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let client = match reach {
            Reach::Public => &self.public,
            Reach::Private => &self.private,
        };
        let request = client.request(method, url).headers(headers).body(body);
        let response = request
            .send()
            .await
            .map_err(|e| unanswered(&host, e, &self.limits))?;
        let status = response.status().as_u16();
        let retry_after = wait(response.headers());
        let text = beginning(response, self.limits.answer_bytes).await;
        Ok(Answer {
            status,
            text,
            retry_after,
        })
    }

    /// Addresses of a host to which something may go, for protocols other than HTTP.
    ///
    /// # Errors
    /// If it is not found, or none of its addresses may be reached.
    pub async fn resolve(
        &self,
        host: &str,
        port: u16,
        reach: Reach,
    ) -> Result<Vec<SocketAddr>, Failure> {
        tokio::time::timeout(self.limits.connect, resolve(host, port, reach))
            .await
            .map_err(|_| Failure::later(format!("The name {host} was not found in time.")))?
    }
}

impl Answer {
    /// The answer, if the other side took what was sent.
    ///
    /// # Errors
    /// What it said instead; worth another try if it was too busy or at fault itself.
    pub fn accepted(self) -> Result<Self, Failure> {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_GATEWAY);
        if status.is_success() {
            return Ok(self);
        }
        let name = status.canonical_reason().unwrap_or_default();
        let mut reason = format!("The other side answered {} {name}", self.status);
        reason.truncate(reason.trim_end().len());
        if status.is_redirection() {
            reason += "; redirects are not followed. Enter the final address.";
            return Err(Failure::never(reason));
        }
        let shown = self.shown();
        if !shown.is_empty() {
            reason += &format!(": {shown}");
        }
        let busy = matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        );
        let retry = match self.retry_after {
            _ if !busy && !status.is_server_error() => Retry::Never,
            Some(wait) => Retry::After(wait),
            None => Retry::Later,
        };
        Err(Failure { reason, retry })
    }

    /// The beginning of the body as one clean line.
    pub fn shown(&self) -> String {
        midwatch_domain::message::line(&self.text, SHOWN)
    }
}

/// An address that something may be sent to, as far as can be seen without resolving its name.
///
/// # Errors
/// Invalid, saying what is not allowed.
pub fn target(text: &str, reach: Reach) -> Result<Url, Refusal> {
    let says = |why: &str| Refusal::invalid("url", why);
    if text.len() > MAX_URL {
        return Err(says("This address is too long: at most 2,048 characters."));
    }
    // What parsers read differently is refused before one of them reads it.
    if !text.is_ascii()
        || text.contains(|c: char| c.is_ascii_control() || " \\\"<>^`{|}".contains(c))
    {
        return Err(says(
            "An address has no spaces, control characters, backslashes or letters beyond ASCII.",
        ));
    }
    let url = Url::parse(text)
        .map_err(|_| says("Expected an address such as https://hooks.example.org/midwatch."))?;
    if !matches!(url.scheme(), "http" | "https") || !is_plain(text) {
        return Err(says(
            "Expected an address that begins with https:// or http://.",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() || authority(text).contains('@') {
        return Err(says(
            "An address must not name a user or password. Set the secret apart.",
        ));
    }
    let refuse = |why: &str| {
        says(&format!(
            "This address leads to {why}, where nothing may be sent."
        ))
    };
    let host = url.host_str().unwrap_or_default();
    if host.is_empty() {
        return Err(says("This address names no host."));
    }
    // Numbers in any writing have become plain addresses by now.
    let why = match bare(host).parse::<IpAddr>() {
        Ok(ip) => address::refused(ip, reach),
        Err(_) => refused_name(host, reach),
    };
    if let Some(why) = why {
        return Err(refuse(why));
    }
    let port = url.port_or_known_default().unwrap_or(0);
    if refused_port(port) {
        return Err(says(&format!(
            "Port {port} belongs to another protocol. Expected 80, 443 or a port from 1024 on."
        )));
    }
    Ok(url)
}

/// A host without the brackets of an IPv6 address.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

fn is_plain(text: &str) -> bool {
    let rest = text.split_once("://").map(|(_, rest)| rest);
    rest.is_some_and(|r| !r.starts_with(['/', '@', '#', '?', ':']))
}

fn authority(text: &str) -> &str {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Names that lead to this machine or to what a cloud tells about itself, however they are resolved.
fn refused_name(name: &str, reach: Reach) -> Option<&'static str> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let is = |end: &str| name == end || name.ends_with(&format!(".{end}"));
    if ["metadata.google.internal", "metadata", "instance-data"]
        .iter()
        .any(|m| is(m))
    {
        return Some("a metadata service of a cloud");
    }
    (reach == Reach::Public && is("localhost")).then_some("an address of this machine")
}

/// Ports on which something else listens that could take a request for its own.
fn refused_port(port: u16) -> bool {
    match port {
        80 | 443 => false,
        0..=1023 => true,
        1719
        | 1720
        | 1723
        | 2049
        | 3659
        | 4045
        | 4190
        | 5060
        | 5061
        | 6000
        | 6379
        | 6566
        | 6665..=6669
        | 6679
        | 6697
        | 10080
        | 11211 => true,
        _ => false,
    }
}

async fn resolve(host: &str, port: u16, reach: Reach) -> Result<Vec<SocketAddr>, Failure> {
    if let Some(why) = refused_name(host, reach) {
        return Err(kept_in(host, why));
    }
    let found: Vec<SocketAddr> = tokio::net::lookup_host((bare(host), port))
        .await
        .map_err(|_| Failure::later(format!("The name {host} is not found.")))?
        .collect();
    let mut why = None;
    let (mut open, mut seen) = (Vec::new(), 0);
    for at in found {
        seen += 1;
        match address::refused(at.ip(), reach) {
            None => open.push(at),
            Some(w) => why = Some(w),
        }
    }
    match (open.is_empty(), why) {
        (true, Some(why)) => Err(kept_in(host, why)),
        (true, None) if seen == 0 => Err(Failure::later(format!("The name {host} is not found."))),
        _ => Ok(open),
    }
}

fn kept_in(host: &str, why: &str) -> Failure {
    Failure::never(format!(
        "{host} leads to {why}, where nothing may be sent. An administrator can allow the channel its own network."
    ))
}

/// Gives the connection only addresses that were judged: what is judged and what is connected to cannot differ.
struct Resolver(Reach);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found = resolve(name.as_str(), 0, reach).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

fn unanswered(host: &str, e: reqwest::Error, limits: &Limits) -> Failure {
    let e = e.without_url();
    let mut cause: Option<&dyn std::error::Error> = Some(&e);
    let mut last = String::new();
    while let Some(c) = cause {
        if let Some(failure) = c.downcast_ref::<Failure>() {
            return failure.clone();
        }
        if let Some(tls) = c.downcast_ref::<rustls::Error>() {
            return Failure::later(format!(
                "{host} shows no certificate that can be trusted: {tls}."
            ));
        }
        last = c.to_string();
        cause = c.source();
    }
    let reason = if e.is_connect() && e.is_timeout() {
        format!(
            "No connection to {host} within {} s.",
            limits.connect.as_secs()
        )
    } else if e.is_timeout() {
        format!("{host} did not answer within {} s.", limits.total.as_secs())
    } else if e.is_connect() {
        format!("No connection to {host}: {last}.")
    } else {
        format!("{host} broke off: {last}.")
    };
    Failure::later(midwatch_domain::message::line(&reason, 300))
}

/// How long the other side asks to be left alone, if it says so in seconds.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let wait = Duration::from_secs(text.trim().parse().ok()?);
    Some(wait.min(LONGEST_WAIT))
}

/// The beginning of a body. What does not come counts as nothing: the status has said what matters.
async fn beginning(mut response: reqwest::Response, limit: usize) -> String {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() >= limit {
            body.truncate(limit);
            break;
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}

#[cfg(test)]
mod tests;
