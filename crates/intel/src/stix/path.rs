//! Which object paths of patterns name a kind of value that we know, and back. Knows no pattern.

use indicators::Kind;

/// The kind of value that an object path such as `file:hashes.'SHA-256'` names.
pub fn kind_of(path: &str, value: &str) -> Option<Kind> {
    let (object, rest) = path.split_once(':')?;
    let kind = match (object, rest) {
        ("ipv4-addr" | "ipv6-addr", "value") => Kind::Ipv4,
        ("domain-name", "value") => Kind::Domain,
        ("url", "value") => Kind::Url,
        ("email-addr", "value")
        | ("email-message", "from_ref.value" | "sender_ref.value" | "to_refs[*].value") => {
            Kind::Email
        }
        ("file" | "artifact" | "x509-certificate", rest) if rest.starts_with("hashes.") => {
            hash_of(rest.trim_start_matches("hashes.").trim_matches('\''))?
        }
        ("file", "name") if value.contains(['/', '\\']) => Kind::Filepath,
        ("file", "name") | ("process", "name") => Kind::Filename,
        ("file", "parent_directory_ref.path") | ("directory", "path") => Kind::Filepath,
        ("file", "extensions.'windows-pebinary-ext'.imphash") => Kind::Imphash,
        ("mutex", "name") => Kind::Mutex,
        ("windows-registry-key", "key") => Kind::Regkey,
        ("process", "command_line") => Kind::CommandLine,
        ("process", "extensions.'windows-service-ext'.service_name") => Kind::Service,
        (
            "network-traffic",
            "extensions.'http-request-ext'.request_header.'User-Agent'"
            | "extensions.'http-request-ext'.request_header.User-Agent",
        ) => Kind::UserAgent,
        ("network-traffic", "dst_ref.value" | "src_ref.value") => {
            let ip = value.parse::<std::net::IpAddr>().is_ok() || value.contains('/');
            if ip { Kind::Ipv4 } else { Kind::Domain }
        }
        ("autonomous-system", "number") => Kind::Asn,
        ("mac-addr", "value") => Kind::Mac,
        ("vulnerability", "name") => Kind::Cve,
        _ => return None,
    };
    Some(kind)
}

fn hash_of(name: &str) -> Option<Kind> {
    let name = name.to_ascii_uppercase();
    Some(match name.as_str() {
        "MD5" => Kind::Md5,
        "SHA-1" | "SHA1" => Kind::Sha1,
        "SHA-256" | "SHA256" => Kind::Sha256,
        "SHA-512" | "SHA512" => Kind::Sha512,
        "SSDEEP" => Kind::Ssdeep,
        "TLSH" => Kind::Tlsh,
        "IMPHASH" => Kind::Imphash,
        _ => return None,
    })
}

/// The object path that names a kind, if STIX has one.
pub fn path_of(kind: Kind, value: &str) -> Option<&'static str> {
    Some(match kind {
        Kind::Ipv4 => "ipv4-addr:value",
        Kind::Ipv6 => "ipv6-addr:value",
        Kind::Cidr if value.contains(':') => "ipv6-addr:value",
        Kind::Cidr => "ipv4-addr:value",
        Kind::Domain => "domain-name:value",
        Kind::Url => "url:value",
        Kind::Email => "email-addr:value",
        Kind::Md5 => "file:hashes.MD5",
        Kind::Sha1 => "file:hashes.'SHA-1'",
        Kind::Sha256 => "file:hashes.'SHA-256'",
        Kind::Sha512 => "file:hashes.'SHA-512'",
        Kind::Ssdeep => "file:hashes.SSDEEP",
        Kind::Tlsh => "file:hashes.TLSH",
        Kind::Imphash => "file:extensions.'windows-pebinary-ext'.imphash",
        Kind::Filename | Kind::Filepath => "file:name",
        Kind::Mutex => "mutex:name",
        Kind::Regkey => "windows-registry-key:key",
        Kind::CommandLine => "process:command_line",
        Kind::Service => "process:extensions.'windows-service-ext'.service_name",
        Kind::UserAgent => {
            "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'"
        }
        Kind::Asn => "autonomous-system:number",
        Kind::Mac => "mac-addr:value",
        _ => return None,
    })
}
