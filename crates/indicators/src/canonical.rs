//! The canonical form of a value of a known kind, and the kind of a value that stands alone. Does not search a text.

use crate::bytes::{is_alnum, text};
use crate::scan::{self, wallet};
use crate::{Kind, Options, Reason};
use std::net::{IpAddr, Ipv6Addr};

/// The canonical form of a value, or why it is none of its kind. Defanged values are read too.
///
/// ```
/// use indicators::{canonical, Kind, Reason};
/// assert_eq!(canonical(Kind::Domain, "Shop[.]EXAMPLE.").as_deref(), Ok("shop.example"));
/// assert_eq!(canonical(Kind::Ipv4, "300.1.1.1"), Err(Reason::OutOfRange));
/// ```
///
/// # Errors
/// The reason why the value is none of that kind.
pub fn canonical(kind: Kind, value: &str) -> Result<String, Reason> {
    let leads_somewhere = matches!(
        kind,
        Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr | Kind::Domain | Kind::Url | Kind::Email
    );
    let value = if leads_somewhere {
        text(&crate::refang::refang(value.trim().as_bytes()).text)
    } else {
        value.to_owned()
    };
    let value = value.trim();
    if value.is_empty() {
        return Err(Reason::Malformed);
    }
    if value.len() > 16 * 1024 {
        return Err(Reason::TooLong);
    }
    exact(kind, value)
}

fn exact(kind: Kind, value: &str) -> Result<String, Reason> {
    let bytes = value.as_bytes();
    let or = |found: Option<String>| found.ok_or(Reason::Malformed);
    match kind {
        Kind::Ipv4 => match scan::ipv4(bytes) {
            Some(address) => Ok(address.to_string()),
            None if bytes
                .iter()
                .all(|byte| byte.is_ascii_digit() || *byte == b'.') =>
            {
                Err(Reason::OutOfRange)
            }
            None => Err(Reason::Malformed),
        },
        Kind::Ipv6 => {
            let inner = value.trim_start_matches('[').trim_end_matches(']');
            let inner = inner.split_once('%').map_or(inner, |(address, _)| address);
            or(inner
                .parse::<Ipv6Addr>()
                .ok()
                .map(|address| address.to_string()))
        }
        Kind::Cidr => or(cidr(value)),
        Kind::Domain => match scan::canonical_domain(bytes) {
            Some((name, suffix)) if name.len() == suffix.length && !suffix.private => {
                Err(Reason::SuffixOnly)
            }
            Some((name, _)) => Ok(name),
            None => Err(Reason::UnknownSuffix),
        },
        Kind::Url => or(scan::canonical_url(bytes).map(|url| url.text)),
        Kind::Email => or(scan::canonical_email(bytes)),
        Kind::Md5 | Kind::Imphash | Kind::Ja3 | Kind::Ja3s => hex(value, 32),
        Kind::Sha1 => hex(value, 40),
        Kind::Sha256 => hex(value, 64),
        Kind::Sha512 => hex(value, 128),
        Kind::Tlsh => {
            let body = value
                .strip_prefix("T1")
                .or_else(|| value.strip_prefix("t1"))
                .unwrap_or(value);
            hex(body, 70).map(|body| format!("T1{}", body.to_ascii_uppercase()))
        }
        Kind::Ssdeep => or(scan::canonical_fuzzy(bytes)),
        Kind::Cve
        | Kind::Cwe
        | Kind::Attack
        | Kind::Asn
        | Kind::Ja4
        | Kind::AwsKey
        | Kind::AwsInstance
        | Kind::AwsAccount
        | Kind::Arn => or(scan::canonical_identifier(kind, value)),
        Kind::Mac => or(scan::canonical_mac(bytes)),
        Kind::Regkey => or(scan::canonical_regkey(value)),
        Kind::Filepath => or(scan::canonical_path(value)),
        Kind::Filename => {
            let sound = !value.contains(['/', '\\', '\n']) && value.len() <= 260;
            or(sound.then(|| value.to_owned()))
        }
        Kind::Btc | Kind::Eth | Kind::Xmr => wallet::canonical(kind, value).ok_or(Reason::Checksum),
        Kind::Phone => or(scan::canonical_phone(value)),
        Kind::CommandLine | Kind::UserAgent => Ok(value.to_owned()),
        Kind::Mutex
        | Kind::Service
        | Kind::ScheduledTask
        | Kind::AwsRole
        | Kind::Yara
        | Kind::Sigma => or(name(kind, value)),
    }
}

/// What kind of value this is, and its canonical form: for one value that somebody typed.
///
/// ```
/// use indicators::{classify, Kind};
/// assert_eq!(classify("hxxp://Shop[.]example/a"), Some((Kind::Url, "http://shop.example/a".to_owned())));
/// assert_eq!(classify("198.51.100.0/24"), Some((Kind::Cidr, "198.51.100.0/24".to_owned())));
/// assert_eq!(classify("hello there"), None);
/// ```
#[must_use]
pub fn classify(value: &str) -> Option<(Kind, String)> {
    let value = value.trim().trim_matches(['"', '\'', '<', '>', '`']);
    if value.is_empty() || value.len() > 16 * 1024 {
        return None;
    }
    let options = Options::default().decode_depth(0);
    let found = crate::extract(value.as_bytes(), &options);
    let whole = |hit: &&crate::Hit| hit.start == 0 && hit.end == value.len() as u64;
    let best = found
        .hits
        .iter()
        .filter(whole)
        .min_by_key(|hit| hit.weak.is_some());
    if let Some(hit) = best {
        return Some((hit.kind, hit.value.clone()));
    }
    // What only a word beside it would give away in a text.
    [Kind::AwsAccount, Kind::Phone]
        .into_iter()
        .find_map(|kind| exact(kind, value).ok().map(|value| (kind, value)))
}

fn hex(value: &str, length: usize) -> Result<String, Reason> {
    if value.len() != length || !value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Reason::Malformed);
    }
    Ok(value.to_ascii_lowercase())
}

fn cidr(value: &str) -> Option<String> {
    let (address, prefix) = value.split_once('/')?;
    let address: IpAddr = address
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()?;
    scan::network(address.into(), prefix.parse().ok()?)
}

/// The name of a thing, without what quotes or escapes it.
pub(crate) fn name(kind: Kind, value: &str) -> Option<String> {
    let value = value.trim().trim_matches(['"', '\'', '`', ' ']);
    let value = match kind {
        Kind::Mutex | Kind::ScheduledTask | Kind::Service => single_backslashes(value),
        Kind::AwsRole => value.rsplit('/').next().unwrap_or_default().to_owned(),
        Kind::Yara => value.trim_end_matches([':', '{', ' ']).to_owned(),
        _ => value.to_owned(),
    };
    let sound = value.bytes().any(is_alnum) && value.len() <= 260 && !value.contains('\n');
    sound.then_some(value)
}

/// Without backslashes beside backslashes.
fn single_backslashes(value: &str) -> String {
    let mut single = String::with_capacity(value.len());
    for letter in value.chars() {
        if letter != '\\' || !single.ends_with('\\') {
            single.push(letter);
        }
    }
    single
}

/// A command line on one line, without the escapes of a string.
pub(crate) fn command_line(value: &str) -> Option<String> {
    let value = value.trim().trim_matches('`');
    let escaped = value.contains("\\\"") || value.contains(":\\\\");
    let value = if escaped {
        value.replace("\\\"", "\"").replace("\\\\", "\\")
    } else {
        value.to_owned()
    };
    let value = value.trim();
    (value.len() >= 3 && value.bytes().any(is_alnum)).then(|| value.to_owned())
}
