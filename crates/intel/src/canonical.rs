//! Values in the one form in which equal ones are equal. Judges the form, not the meaning.

use indicators::Kind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The canonical form of a trimmed text of a kind, if it has that form.
pub fn canonical(kind: Kind, text: &str) -> Option<String> {
    match kind {
        Kind::Ipv4 => text.parse::<Ipv4Addr>().ok().map(|ip| ip.to_string()),
        Kind::Ipv6 => text.parse::<Ipv6Addr>().ok().map(|ip| ip.to_string()),
        Kind::Cidr => cidr(text),
        Kind::Domain => domain(text),
        Kind::Url => url(text),
        Kind::Email => {
            let (local, host) = text.rsplit_once('@')?;
            let plain = !local.is_empty() && !local.contains(char::is_whitespace);
            plain.then_some(())?;
            Some(format!("{}@{}", local.to_ascii_lowercase(), domain(host)?))
        }
        Kind::Md5 | Kind::Imphash | Kind::Ja3 | Kind::Ja3s => hex(text, 32),
        Kind::Sha1 => hex(text, 40),
        Kind::Sha256 => hex(text, 64),
        Kind::Sha512 => hex(text, 128),
        Kind::Cve => text
            .get(..4)
            .filter(|p| p.eq_ignore_ascii_case("cve-"))
            .map(|_| text.to_ascii_uppercase()),
        Kind::Asn => {
            let digits = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
            digits.parse::<u32>().ok().map(|n| format!("AS{n}"))
        }
        Kind::Mac => {
            let hex: String = text.chars().filter(char::is_ascii_hexdigit).collect();
            let pairs = hex
                .as_bytes()
                .chunks(2)
                .map(|p| String::from_utf8_lossy(p).to_lowercase());
            (hex.len() == 12).then(|| pairs.collect::<Vec<_>>().join(":"))
        }
        _ => (!text.is_empty() && !text.contains(char::is_control)).then(|| text.to_owned()),
    }
}

fn hex(text: &str, length: usize) -> Option<String> {
    let fits = text.len() == length && text.bytes().all(|b| b.is_ascii_hexdigit());
    fits.then(|| text.to_ascii_lowercase())
}

fn cidr(text: &str) -> Option<String> {
    let (ip, prefix) = text.split_once('/')?;
    let prefix: u32 = prefix.parse().ok()?;
    match ip.parse().ok()? {
        IpAddr::V4(ip) if prefix <= 32 => {
            let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
            Some(format!("{}/{prefix}", Ipv4Addr::from(u32::from(ip) & mask)))
        }
        IpAddr::V6(ip) if prefix <= 128 => {
            let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
            Some(format!(
                "{}/{prefix}",
                Ipv6Addr::from(u128::from(ip) & mask)
            ))
        }
        _ => None,
    }
}

fn domain(text: &str) -> Option<String> {
    let text = text.trim_end_matches('.');
    let fits = |label: &str| {
        let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_') || !c.is_ascii();
        !label.is_empty() && label.len() <= 63 && label.chars().all(inner)
    };
    let numeric = text
        .rsplit('.')
        .next()
        .is_some_and(|l| l.bytes().all(|b| b.is_ascii_digit()));
    (text.len() <= 253 && !numeric && text.split('.').all(fits)).then(|| text.to_lowercase())
}

fn url(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let plain = scheme
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let fits = plain && !scheme.is_empty() && !host.is_empty() && !text.contains(char::is_control);
    let after = &rest[host.len()..];
    fits.then(|| {
        format!(
            "{}://{}{after}",
            scheme.to_ascii_lowercase(),
            host.to_ascii_lowercase()
        )
    })
}
