//! Names of kinds of values as feeds use them: attribute types of MISP and words of other lists. Reads no document.

use indicators::Kind;

use crate::value;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// One value.
    One(Kind),
    /// An address with a port, which is not part of the value.
    WithPort(Kind),
    /// Two values with a bar between; nothing for one that is of no use.
    Two(Option<Kind>, Option<Kind>),
}

impl Named {
    /// The values in a text.
    ///
    /// # Errors
    /// Why there are none.
    pub fn read(self, text: &str) -> Result<Vec<(Kind, String)>, &'static str> {
        match self {
            Named::One(kind) => value::read_as(kind, text).map(|v| vec![v]),
            Named::WithPort(kind) => {
                let host = match text.rsplit_once([':', '|']) {
                    // An IPv6 address without a port has colons too.
                    Some((host, port))
                        if port.parse::<u16>().is_ok()
                            && text.parse::<std::net::Ipv6Addr>().is_err() =>
                    {
                        host.trim_matches(['[', ']'])
                    }
                    _ => text,
                };
                value::read_as(kind, host).map(|v| vec![v])
            }
            Named::Two(first, second) => {
                let (a, b) = text
                    .split_once('|')
                    .ok_or("two values with a bar between are expected")?;
                let mut all = Vec::new();
                for (kind, text) in [(first, a), (second, b)] {
                    if let Some(kind) = kind {
                        all.push(value::read_as(kind, text)?);
                    }
                }
                Ok(all)
            }
        }
    }
}

/// What a name of a kind stands for, if it is a kind of value that is looked for.
pub fn named(name: &str) -> Option<Named> {
    let lower = name.to_ascii_lowercase();
    if let Some(hash) = lower.strip_prefix("filename|") {
        // A file name alone is weak; its hash names the file.
        let Some(Named::One(kind)) = named(hash) else {
            return None;
        };
        return Some(Named::Two(None, Some(kind)));
    }
    let kind = match lower.as_str() {
        "ip:port" | "ip-dst|port" | "ip-src|port" => return Some(Named::WithPort(Kind::Ipv4)),
        "hostname|port" => return Some(Named::WithPort(Kind::Domain)),
        "domain|ip" => return Some(Named::Two(Some(Kind::Domain), Some(Kind::Ipv4))),
        "regkey|value" => return Some(Named::Two(Some(Kind::Regkey), None)),
        "ip" | "ip-src" | "ip-dst" | "ipv4" | "ipv6" | "ip_address" | "cidr" | "ipv4-addr"
        | "ipv6-addr" => Kind::Ipv4,
        "domain" | "hostname" | "fqdn" | "host" | "domain-name" => Kind::Domain,
        "url" | "uri_full" => Kind::Url,
        "email" | "email-src" | "email-dst" | "email-reply-to" | "email-addr" => Kind::Email,
        "md5" | "md5_hash" | "filehash-md5" => Kind::Md5,
        "sha1" | "sha-1" | "sha1_hash" | "filehash-sha1" | "x509-fingerprint-sha1" => Kind::Sha1,
        "sha256" | "sha-256" | "sha256_hash" | "filehash-sha256" | "x509-fingerprint-sha256" => {
            Kind::Sha256
        }
        "sha512" | "sha-512" | "sha512_hash" => Kind::Sha512,
        "x509-fingerprint-md5" => Kind::Md5,
        "ssdeep" => Kind::Ssdeep,
        "tlsh" => Kind::Tlsh,
        "imphash" | "pehash-imphash" => Kind::Imphash,
        "ja3-fingerprint-md5" | "ja3" => Kind::Ja3,
        "ja3s" => Kind::Ja3s,
        "ja4" => Kind::Ja4,
        "filename" => Kind::Filename,
        "filepath" => Kind::Filepath,
        "regkey" => Kind::Regkey,
        "mutex" => Kind::Mutex,
        "user-agent" | "user_agent" => Kind::UserAgent,
        "windows-service-name" => Kind::Service,
        "windows-scheduled-task" => Kind::ScheduledTask,
        "as" | "asn" => Kind::Asn,
        "mac-address" | "mac" => Kind::Mac,
        "btc" => Kind::Btc,
        "xmr" => Kind::Xmr,
        "eth" => Kind::Eth,
        "vulnerability" | "cve" => Kind::Cve,
        "phone-number" => Kind::Phone,
        other => other.parse().ok()?,
    };
    Some(Named::One(kind))
}

/// The attribute type that MISP has for a kind, and the category it belongs to.
pub fn attribute_of(kind: Kind) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr => ("ip-dst", "Network activity"),
        Kind::Domain => ("domain", "Network activity"),
        Kind::Url => ("url", "Network activity"),
        Kind::Email => ("email-src", "Payload delivery"),
        Kind::Md5 => ("md5", "Payload delivery"),
        Kind::Sha1 => ("sha1", "Payload delivery"),
        Kind::Sha256 => ("sha256", "Payload delivery"),
        Kind::Sha512 => ("sha512", "Payload delivery"),
        Kind::Ssdeep => ("ssdeep", "Payload delivery"),
        Kind::Tlsh => ("tlsh", "Payload delivery"),
        Kind::Imphash => ("imphash", "Payload delivery"),
        Kind::Ja3 => ("ja3-fingerprint-md5", "Network activity"),
        Kind::Filename => ("filename", "Payload delivery"),
        Kind::Regkey => ("regkey", "Artifacts dropped"),
        Kind::Mutex => ("mutex", "Artifacts dropped"),
        Kind::UserAgent => ("user-agent", "Network activity"),
        Kind::Service => ("windows-service-name", "Artifacts dropped"),
        Kind::ScheduledTask => ("windows-scheduled-task", "Artifacts dropped"),
        Kind::Asn => ("AS", "Network activity"),
        Kind::Mac => ("mac-address", "Network activity"),
        Kind::Btc => ("btc", "Financial fraud"),
        Kind::Xmr => ("xmr", "Financial fraud"),
        Kind::Cve => ("vulnerability", "External analysis"),
        Kind::Phone => ("phone-number", "Financial fraud"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_values() {
        let md5 = "9e107d9d372bb6826bd81d3542a419d6";
        for (name, text, expected) in [
            ("ip-dst", "203.0.113.9", vec![(Kind::Ipv4, "203.0.113.9")]),
            ("ip-src", "2001:db8::1", vec![(Kind::Ipv6, "2001:db8::1")]),
            (
                "ip-dst",
                "203.0.113.0/24",
                vec![(Kind::Cidr, "203.0.113.0/24")],
            ),
            (
                "ip-dst|port",
                "203.0.113.9|443",
                vec![(Kind::Ipv4, "203.0.113.9")],
            ),
            (
                "ip:port",
                "[2001:db8::1]:443",
                vec![(Kind::Ipv6, "2001:db8::1")],
            ),
            ("ip:port", "2001:db8::1", vec![(Kind::Ipv6, "2001:db8::1")]),
            (
                "domain|ip",
                "evil.example.com|203.0.113.9",
                vec![
                    (Kind::Domain, "evil.example.com"),
                    (Kind::Ipv4, "203.0.113.9"),
                ],
            ),
            (
                "filename|md5",
                "a.exe|9E107D9D372BB6826BD81D3542A419D6",
                vec![(Kind::Md5, md5)],
            ),
        ] {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(k, v)| (k, v.to_owned()))
                .collect();
            assert_eq!(
                named(name).unwrap().read(text),
                Ok(expected),
                "{name} {text}"
            );
        }
        assert_eq!(named("comment"), None);
        assert_eq!(named("filename|comment"), None);
        assert!(
            named("domain|ip")
                .unwrap()
                .read("evil.example.com")
                .is_err()
        );
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        for kind in Kind::ALL {
            if let Some((name, _)) = attribute_of(*kind) {
                assert!(named(name).is_some(), "{kind} as {name}");
            }
        }
    }
}
