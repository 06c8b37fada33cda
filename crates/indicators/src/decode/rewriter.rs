//! Takes the target out of links that a mail filter or a redirect wraps. Opens nothing.

use super::{base64, percent};
use memchr::memmem;

/// Hosts of rewriters and how they carry the target: a query field with percent signs.
const FIELDS: &[(&str, &str)] = &[
    ("safelinks.protection.outlook.com", "url"),
    ("urldefense.proofpoint.com/v1/", "u"),
    ("linkprotect.cudasvc.com", "a"),
    ("www.google.com/url", "q"),
    ("www.google.com/url", "url"),
    ("google.com/url", "q"),
    ("l.facebook.com/l.php", "u"),
    ("lm.facebook.com/l.php", "u"),
    ("protection.sophos.com", "u"),
    ("us-west-2.protection.sophos.com", "u"),
    ("clicktime.symantec.com", "u"),
    ("slack-redir.net", "url"),
    ("statics.teams.cdn.office.net", "url"),
    ("www.youtube.com/redirect", "q"),
    ("steamcommunity.com/linkfilter", "url"),
    ("out.reddit.com", "url"),
    ("vk.com/away.php", "to"),
    ("deref-mail.com", "redirectUrl"),
    ("deref-gmx.net", "redirectUrl"),
];

/// The link that a known rewriter wraps.
pub(crate) fn target(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    if rest.starts_with("urldefense.proofpoint.com/v2/") {
        return field(url, "u").map(|coded| proofpoint(&coded));
    }
    if rest.starts_with("urldefense.com/v3/")
        || rest.starts_with("urldefense.us/v3/")
        || rest.starts_with("urldefense.proofpoint.com/v3/")
    {
        return third(rest);
    }
    if rest.starts_with("secure-web.cisco.com/") {
        let coded = rest.rsplit('/').next()?;
        return link(percent(coded.as_bytes()));
    }
    let host = rest.split(['/', '?']).next()?;
    let known = FIELDS.iter().filter(|(known, _)| {
        if known.contains('/') {
            rest.starts_with(known)
        } else {
            host == *known
                || host.ends_with(known) && host.as_bytes()[host.len() - known.len() - 1] == b'.'
        }
    });
    known
        .filter_map(|(_, name)| field(url, name))
        .find_map(|coded| {
            let plain = percent(coded.as_bytes());
            link(plain.clone()).or_else(|| link(base64(&plain)?))
        })
}

/// Links with percent signs anywhere in a URL, as redirects carry them.
pub(crate) fn carried(url: &str) -> Vec<String> {
    let lower = url.to_ascii_lowercase();
    let mut found = Vec::new();
    for start in memmem::find_iter(lower.as_bytes(), b"%3a%2f%2f").take(8) {
        let head = url[..start]
            .rfind(|letter: char| !letter.is_ascii_alphanumeric())
            .map_or(0, |sign| sign + 1);
        let rest = &url[head..];
        let end = rest.find(['&', '#', ';', '"']).unwrap_or(rest.len());
        if head > 8
            && let Some(plain) = link(percent(&rest.as_bytes()[..end]))
        {
            found.push(plain);
        }
    }
    found
}

/// The values of the query and the parts of the path, for a look beneath their coat.
pub(crate) fn values(url: &str) -> impl Iterator<Item = &str> {
    let body = url.split_once("://").map_or(url, |(_, body)| body);
    let after = body
        .find(['/', '?', '#'])
        .map_or("", |sign| &body[sign + 1..]);
    after
        .split(['?', '&', '#', '/', ';'])
        .map(|part| part.split_once('=').map_or(part, |(_, value)| value))
        .filter(|value| value.len() >= 16)
}

fn field(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let pairs = query.split(['&', ';']);
    let value = pairs
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| key.trim_start_matches("amp;") == name)?
        .1;
    Some(value.to_owned())
}

/// `-` stands for a percent sign, `_` for a slash.
fn proofpoint(coded: &str) -> String {
    let plain = percent(coded.replace('-', "%").replace('_', "/").as_bytes());
    String::from_utf8_lossy(&plain).into_owned()
}

/// `…/v3/__https://target/*a__;code!!…`: each `*` stands for a character of the code.
fn third(rest: &str) -> Option<String> {
    let start = rest.find("__")? + 2;
    let body = &rest[start..];
    let end = body.find("__;").or_else(|| body.rfind("__"))?;
    let (written, code) = (
        &body[..end],
        body[end..].strip_prefix("__;").unwrap_or_default(),
    );
    let code = code.split('!').next().unwrap_or_default();
    let replaced = base64(code.as_bytes())
        .and_then(|code| String::from_utf8(code).ok())
        .unwrap_or_default();
    let mut replaced = replaced.chars();
    let plain: String = written
        .chars()
        .map(|letter| {
            if letter == '*' {
                replaced.next().unwrap_or('*')
            } else {
                letter
            }
        })
        .collect();
    // One slash after the colon was lost on some ways.
    let plain = match plain.split_once(":/") {
        Some((scheme, tail)) if !tail.starts_with('/') => format!("{scheme}://{tail}"),
        _ => plain,
    };
    link(plain.into_bytes())
}

fn link(plain: Vec<u8>) -> Option<String> {
    let plain = String::from_utf8(plain).ok()?;
    let sign = plain.find("://")?;
    (sign > 2 && sign < 12).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unwraps_what_filters_wrap() {
        for (wrapped, meant) in [
            (
                "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fevil.example%2Fa%3Fb%3D1&data=05",
                "https://evil.example/a?b=1",
            ),
            (
                "https://urldefense.proofpoint.com/v2/url?u=https-3A__evil.example_a-5Fb&d=DwM",
                "https://evil.example/a_b",
            ),
            (
                "https://urldefense.com/v3/__https://evil.example/a?b=*c__;Kw!!AbC",
                "https://evil.example/a?b=+c",
            ),
            (
                "https://www.google.com/url?q=https://evil.example/a&sa=D",
                "https://evil.example/a",
            ),
        ] {
            assert_eq!(target(wrapped).as_deref(), Some(meant));
        }
        assert_eq!(
            target("https://shop.example/?url=https%3A%2F%2Fa.example"),
            None
        );
        assert_eq!(
            carried("https://shop.example/?to=https%3A%2F%2Fa.example%2Fx&y=1"),
            ["https://a.example/x"]
        );
    }
}
