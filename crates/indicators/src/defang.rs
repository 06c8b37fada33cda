//! Makes a value harmless to click. The extractor reads it back as it was.

use crate::Kind;

/// The value with its dots, scheme and at-sign masked; values that lead nowhere stay as they are.
///
/// ```
/// use indicators::{defang, Kind};
/// assert_eq!(defang(Kind::Url, "https://shop.example/a.b"), "hxxps://shop[.]example/a.b");
/// assert_eq!(defang(Kind::Email, "a.b@shop.example"), "a.b[@]shop[.]example");
/// assert_eq!(defang(Kind::Md5, "d41d8cd98f00b204e9800998ecf8427e"), "d41d8cd98f00b204e9800998ecf8427e");
/// ```
#[must_use]
pub fn defang(kind: Kind, value: &str) -> String {
    match kind {
        Kind::Ipv4 | Kind::Domain => value.replace('.', "[.]"),
        Kind::Cidr if value.contains('.') => value.replace('.', "[.]"),
        Kind::Ipv6 | Kind::Cidr => value.replace(':', "[:]"),
        Kind::Email => match value.rsplit_once('@') {
            Some((local, host)) => format!("{local}[@]{}", host.replace('.', "[.]")),
            None => value.to_owned(),
        },
        Kind::Url => url(value),
        _ => value.to_owned(),
    }
}

fn url(value: &str) -> String {
    let (scheme, body) = value
        .split_once("://")
        .map_or((None, value), |(scheme, body)| (Some(scheme), body));
    let split = body.find(['/', '?', '#']).unwrap_or(body.len());
    let (authority, rest) = body.split_at(split);
    // An IPv6 host stands in brackets of its own.
    let authority = if authority.contains('[') {
        authority.to_owned()
    } else {
        authority.replace('.', "[.]")
    };
    let scheme = match scheme {
        Some("http") => "hxxp://".to_owned(),
        Some("https") => "hxxps://".to_owned(),
        Some("ftp") => "fxp://".to_owned(),
        Some("ftps") => "fxps://".to_owned(),
        Some(other) => format!("{other}://"),
        None => String::new(),
    };
    format!("{scheme}{authority}{rest}")
}
