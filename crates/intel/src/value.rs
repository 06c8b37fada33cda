//! One value of a feed made canonical, its kind given or found out by its shape. Knows no format.

use indicators::Kind;
use std::net::IpAddr;

/// Most bytes of one value.
const LONGEST: usize = 8 << 10;

/// The canonical value of a text that is said to be of a kind.
///
/// # Errors
/// Why it is none.
pub fn read_as(kind: Kind, text: &str) -> Result<(Kind, String), &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.len() > LONGEST {
        return Err("it is too long");
    }
    // Feeds say "ip" of networks and of IPv6 alike.
    let kind = match kind {
        Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr => match text.parse::<IpAddr>() {
            Ok(IpAddr::V4(_)) => Kind::Ipv4,
            Ok(IpAddr::V6(_)) => Kind::Ipv6,
            Err(_) if text.contains('/') => Kind::Cidr,
            Err(_) => kind,
        },
        kind => kind,
    };
    match indicators::canonical(kind, text) {
        // A network of one address is that address.
        Ok(value) if kind == Kind::Cidr => match value.rsplit_once('/') {
            Some((ip, "32")) if !ip.contains(':') => Ok((Kind::Ipv4, ip.to_owned())),
            Some((ip, "128")) => Ok((Kind::Ipv6, ip.to_owned())),
            _ => Ok((kind, value)),
        },
        Ok(value) => Ok((kind, value)),
        Err(why) => Err(why.says()),
    }
}

/// The kind of a text by its shape, and its canonical value.
///
/// # Errors
/// Why it is none.
pub fn read_auto(text: &str) -> Result<(Kind, String), &'static str> {
    let text = text.trim();
    let hex = text.bytes().all(|b| b.is_ascii_hexdigit());
    let kind = match text.len() {
        0 => return Err("it is empty"),
        32 if hex => Kind::Md5,
        40 if hex => Kind::Sha1,
        64 if hex => Kind::Sha256,
        128 if hex => Kind::Sha512,
        _ if text.contains("://") => Kind::Url,
        _ if text.contains('@') => Kind::Email,
        _ if is_network(text) => Kind::Cidr,
        _ if text
            .get(..4)
            .is_some_and(|p| p.eq_ignore_ascii_case("cve-")) =>
        {
            Kind::Cve
        }
        _ => match text.parse::<IpAddr>() {
            Ok(IpAddr::V4(_)) => Kind::Ipv4,
            Ok(IpAddr::V6(_)) => Kind::Ipv6,
            Err(_) => return host(text),
        },
    };
    read_as(kind, text)
}

fn is_network(text: &str) -> bool {
    let Some((ip, prefix)) = text.split_once('/') else {
        return false;
    };
    ip.parse::<IpAddr>().is_ok() && prefix.parse::<u8>().is_ok()
}

/// A host name, `host:port` or `host/path`: lists write them all.
fn host(text: &str) -> Result<(Kind, String), &'static str> {
    let name = text.split(['/', ':']).next().unwrap_or_default();
    if !name.contains('.') || name.contains(char::is_whitespace) {
        return Err("it is no address, name, URL or hash that can be told by its shape");
    }
    if text.contains('/') {
        return read_as(Kind::Url, &format!("http://{text}"));
    }
    match name.parse::<IpAddr>() {
        Ok(_) => read_as(Kind::Ipv4, name),
        Err(_) => read_as(Kind::Domain, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_tells_the_kind() {
        for (text, kind, value) in [
            ("203.0.113.9", Kind::Ipv4, "203.0.113.9"),
            ("203.0.113.9:8080", Kind::Ipv4, "203.0.113.9"),
            ("2001:DB8::1", Kind::Ipv6, "2001:db8::1"),
            ("203.0.113.7/24", Kind::Cidr, "203.0.113.0/24"),
            ("203.0.113.7/32", Kind::Ipv4, "203.0.113.7"),
            ("Evil.EXAMPLE.com.", Kind::Domain, "evil.example.com"),
            (
                "http://evil.example.com/A",
                Kind::Url,
                "http://evil.example.com/A",
            ),
            ("evil.example.com/A", Kind::Url, "http://evil.example.com/A"),
            ("CEO@evil.example.com", Kind::Email, "ceo@evil.example.com"),
            (
                "DA39A3EE5E6B4B0D3255BFEF95601890AFD80708",
                Kind::Sha1,
                "da39a3ee5e6b4b0d3255bfef95601890afd80708",
            ),
            ("cve-2021-44228", Kind::Cve, "CVE-2021-44228"),
        ] {
            assert_eq!(read_auto(text), Ok((kind, value.to_owned())), "{text}");
        }
        for text in ["", "evil", "two words.example", "::gg", "http://"] {
            assert!(read_auto(text).is_err(), "{text}");
        }
        assert_eq!(read_as(Kind::Ipv4, "2001:db8::1").unwrap().0, Kind::Ipv6);
        assert!(read_as(Kind::Md5, "xyz").is_err());
    }
}
