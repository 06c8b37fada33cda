//! Signature Version 4: proves who asks and that nothing was changed on the way. Pure; the time is given.

use ring::{digest, hmac};
use std::fmt::Write as _;

use crate::credentials::Credentials;
use crate::outside::Request;

/// What a signature is good for.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Where.
    pub region: &'a str,
    /// The service, by its name in signatures.
    pub service: &'a str,
    /// When: milliseconds since 1970, UTC.
    pub at_ms: i64,
}

/// Signs a request: adds the headers that prove who asks.
pub fn sign(request: &mut Request, credentials: &Credentials, scope: Scope<'_>) {
    let time = stamp(scope.at_ms);
    let day = &time[..8];
    request.headers.push(("x-amz-date", time.clone()));
    if let Some(token) = &credentials.session_token {
        request
            .headers
            .push(("x-amz-security-token", token.clone()));
    }
    let (host, path, query) = split(&request.url);
    let mut headers: Vec<(&str, &str)> = request
        .headers
        .iter()
        .map(|(name, value)| (*name, value.trim()))
        .chain([("host", host)])
        .collect();
    headers.sort_unstable();
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");

    let mut canonical = format!(
        "{}\n{}\n{}\n",
        request.method,
        encode_path(path),
        arrange(query)
    );
    for (name, value) in &headers {
        let _ = writeln!(canonical, "{name}:{value}");
    }
    let _ = write!(
        canonical,
        "\n{names}\n{}",
        hex(digest::digest(&digest::SHA256, &request.body).as_ref())
    );

    let reach = format!("{day}/{}/{}/aws4_request", scope.region, scope.service);
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{time}\n{reach}\n{}",
        hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref())
    );
    let mut key = mac(format!("AWS4{}", credentials.secret_key).as_bytes(), day);
    for part in [scope.region, scope.service, "aws4_request"] {
        key = mac(key.as_ref(), part);
    }
    let signature = hex(mac(key.as_ref(), &to_sign).as_ref());
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{reach}, SignedHeaders={names}, Signature={signature}",
        credentials.access_key
    );
    request.headers.push(("authorization", authorization));
}

fn mac(key: &[u8], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A time as signatures write it: `20150830T123600Z`.
fn stamp(at_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default();
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Host with its port, path and query of an address.
fn split(url: &str) -> (&str, &str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    // A client leaves the port out where it is the usual one.
    let usual = if url.starts_with("http://") {
        ":80"
    } else {
        ":443"
    };
    (host.strip_suffix(usual).unwrap_or(host), path, query)
}

/// The path encoded once more, as all services but S3 want it.
fn encode_path(path: &str) -> String {
    if path.is_empty() {
        return "/".to_owned();
    }
    let parts: Vec<String> = path.split('/').map(encode).collect();
    parts.join("/")
}

/// The parameters of an address in order; they are encoded already.
fn arrange(query: &str) -> String {
    let mut parts: Vec<String> = query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            if part.contains('=') {
                part.to_owned()
            } else {
                format!("{part}=")
            }
        })
        .collect();
    parts.sort_unstable();
    parts.join("&")
}

/// Text as it may stand in an address.
pub(crate) fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the documentation of the signature works through: its result is known.
    #[test]
    fn the_documented_example_comes_out() {
        let mut request = Request {
            method: "GET",
            url: "https://iam.amazonaws.com/?Version=2010-05-08&Action=ListUsers".into(),
            headers: vec![(
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8".into(),
            )],
            body: Vec::new(),
        };
        let credentials =
            Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        let scope = Scope {
            region: "us-east-1",
            service: "iam",
            at_ms: 1_440_938_160_000,
        };
        sign(&mut request, &credentials, scope);
        let (_, value) = request.headers.last().unwrap();
        assert_eq!(
            value,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
    }

    #[test]
    fn a_changed_body_another_day_or_token_gives_another_signature() {
        let signature = |body: &str, at_ms, token: Option<&str>| {
            let mut request = Request {
                method: "POST",
                url: "https://sqs.eu-west-1.amazonaws.com/".into(),
                headers: Vec::new(),
                body: body.into(),
            };
            let mut credentials = Credentials::new("A", "b");
            credentials.session_token = token.map(str::to_owned);
            let scope = Scope {
                region: "eu-west-1",
                service: "sqs",
                at_ms,
            };
            sign(&mut request, &credentials, scope);
            request.headers.pop().unwrap().1
        };
        let one = signature("{}", 0, None);
        assert_eq!(one, signature("{}", 0, None));
        assert_ne!(one, signature("{ }", 0, None));
        assert_ne!(one, signature("{}", 86_400_000, None));
        assert_ne!(one, signature("{}", 0, Some("t")));
    }

    #[test]
    fn addresses_are_taken_apart_as_clients_write_them() {
        assert_eq!(split("https://a.b:443/x/y?q=1"), ("a.b", "/x/y", "q=1"));
        assert_eq!(split("http://127.0.0.1:4566"), ("127.0.0.1:4566", "", ""));
        assert_eq!(split("http://h?b&a=2"), ("h", "", "b&a=2"));
        assert_eq!(arrange("b&a=2"), "a=2&b=");
        assert_eq!(encode_path("/a b/%41"), "/a%20b/%2541");
    }
}
