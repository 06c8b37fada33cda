//! What else a value says: the host in a URL, the domain of an address. Does not judge whether it matters.

use crate::scan::suffix;
use crate::{Kind, canonical};
use std::net::{IpAddr, Ipv6Addr};

/// How a derived value belongs to the one it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Relation {
    /// The host that a URL names.
    HostOf,
    /// The domain of an e-mail address.
    DomainOf,
    /// The domain that somebody registered, above a host.
    RegisteredDomainOf,
    /// The last name in a path.
    NameOf,
    /// The account or role in a resource name.
    PartOf,
}

impl Relation {
    /// In words: `host of`.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::HostOf => "host of",
            Self::DomainOf => "domain of",
            Self::RegisteredDomainOf => "registered domain of",
            Self::NameOf => "file name of",
            Self::PartOf => "part of",
        }
    }
}

/// Other values that a canonical value contains, nearest first. A name on somebody's platform, such as
/// `evil.github.io`, is a registered domain of its own.
///
/// ```
/// use indicators::{derive, Kind, Relation};
/// assert_eq!(
///     derive(Kind::Url, "https://cdn.shop.example/a"),
///     [
///         (Kind::Domain, "cdn.shop.example".to_owned(), Relation::HostOf),
///         (Kind::Domain, "shop.example".to_owned(), Relation::RegisteredDomainOf),
///     ]
/// );
/// ```
#[must_use]
pub fn derive(kind: Kind, value: &str) -> Vec<(Kind, String, Relation)> {
    let mut found = Vec::new();
    match kind {
        Kind::Url => {
            if let Some((kind, host)) = host(value) {
                let registered = (kind == Kind::Domain)
                    .then(|| suffix::registered_domain(&host).map(str::to_owned))
                    .flatten();
                push_registered(&mut found, kind, host, registered, Relation::HostOf);
            }
        }
        Kind::Email => {
            if let Some((_, host)) = value.rsplit_once('@') {
                let host = host.trim_matches(['[', ']']).to_owned();
                let kind = if host.parse::<IpAddr>().is_ok() {
                    Kind::Ipv4
                } else {
                    Kind::Domain
                };
                let registered = suffix::registered_domain(&host).map(str::to_owned);
                push_registered(&mut found, kind, host, registered, Relation::DomainOf);
            }
        }
        Kind::Domain => {
            if let Some(registered) =
                suffix::registered_domain(value).filter(|registered| *registered != value)
            {
                found.push((
                    Kind::Domain,
                    registered.to_owned(),
                    Relation::RegisteredDomainOf,
                ));
            }
        }
        Kind::Filepath => {
            if let Some(name) = value
                .rsplit(['\\', '/'])
                .next()
                .filter(|name| name.contains('.') && !name.ends_with('.') && !name.starts_with('.'))
                .filter(|name| crate::canonical(Kind::Filename, name).as_deref() == Ok(name))
            {
                found.push((Kind::Filename, name.to_owned(), Relation::NameOf));
            }
        }
        Kind::Arn => {
            let parts: Vec<&str> = value.splitn(6, ':').collect();
            if let Some(account) = parts.get(4).filter(|account| account.len() == 12) {
                found.push((Kind::AwsAccount, (*account).to_owned(), Relation::PartOf));
            }
            let role = parts.get(5).and_then(|resource| {
                let rest = resource
                    .strip_prefix("role/")
                    .map(|path| path.rsplit('/').next().unwrap_or(path));
                rest.or_else(|| resource.strip_prefix("assumed-role/")?.split('/').next())
            });
            if let Some(role) = role.filter(|role| !role.is_empty()) {
                found.push((Kind::AwsRole, role.to_owned(), Relation::PartOf));
            }
        }
        _ => {}
    }
    found
}

fn push_registered(
    found: &mut Vec<(Kind, String, Relation)>,
    kind: Kind,
    host: String,
    registered: Option<String>,
    relation: Relation,
) {
    let registered = registered.filter(|registered| *registered != host);
    found.push((kind, host, relation));
    if let Some(registered) = registered {
        found.push((Kind::Domain, registered, Relation::RegisteredDomainOf));
    }
}

/// The host of a canonical URL.
fn host(url: &str) -> Option<(Kind, String)> {
    let body = url.split_once("://").map_or(url, |(_, body)| body);
    let authority = body.split(['/', '?', '#']).next()?;
    let place = authority
        .rsplit_once('@')
        .map_or(authority, |(_, place)| place);
    if let Some(rest) = place.strip_prefix('[') {
        let address: Ipv6Addr = rest.split(']').next()?.parse().ok()?;
        return Some((Kind::Ipv6, address.to_string()));
    }
    let host = place.split(':').next()?;
    let kind = if host.parse::<std::net::Ipv4Addr>().is_ok() {
        Kind::Ipv4
    } else {
        Kind::Domain
    };
    canonical(kind, host).ok().map(|host| (kind, host))
}
