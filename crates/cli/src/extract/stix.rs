//! Hits as a STIX 2.1 bundle of observed values, whose ids follow from what they say. Knows no source and no time.

use indicators::{Hit, Kind};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

/// The name space in which STIX derives ids of observed values.
const NAME_SPACE: [u8; 16] = [
    0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7,
];

/// The bundle, and how many values have no object in STIX. Rejected and doubtful ones are left out without a word.
pub(super) fn bundle(hits: &[(Hit, u64)]) -> (Value, usize) {
    let mut objects = Vec::new();
    let mut without = 0;
    for (hit, _) in hits.iter().filter(|(hit, _)| hit.is_certain()) {
        let found = objects_of(hit);
        without += usize::from(found.is_empty());
        objects.extend(found);
    }
    objects.sort_by(|one: &Value, other: &Value| one["id"].as_str().cmp(&other["id"].as_str()));
    objects.dedup_by(|next, last| next["id"] == last["id"]);
    let ids: Vec<&str> = objects
        .iter()
        .filter_map(|object| object["id"].as_str())
        .collect();
    let id = format!("bundle--{}", uuid(ids.join(",").as_bytes()));
    (
        json!({ "type": "bundle", "id": id, "objects": objects }),
        without,
    )
}

fn objects_of(hit: &Hit) -> Vec<Value> {
    let value = &hit.value;
    let hash = |name: &str| vec![object("file", json!({ "hashes": { name: value } }))];
    let plain = |kind: &str| vec![object(kind, json!({ "value": value }))];
    match hit.kind {
        Kind::Ipv4 => plain("ipv4-addr"),
        Kind::Ipv6 => plain("ipv6-addr"),
        Kind::Cidr => plain(if value.contains(':') {
            "ipv6-addr"
        } else {
            "ipv4-addr"
        }),
        Kind::Domain => plain("domain-name"),
        Kind::Url => plain("url"),
        Kind::Email => plain("email-addr"),
        Kind::Mac => plain("mac-addr"),
        Kind::Asn => {
            let number: u32 = value.trim_start_matches("AS").parse().unwrap_or(0);
            vec![object("autonomous-system", json!({ "number": number }))]
        }
        Kind::Md5 => hash("MD5"),
        Kind::Sha1 => hash("SHA-1"),
        Kind::Sha256 => hash("SHA-256"),
        Kind::Sha512 => hash("SHA-512"),
        Kind::Ssdeep => hash("SSDEEP"),
        Kind::Tlsh => hash("TLSH"),
        Kind::Filename => vec![object("file", json!({ "name": value }))],
        Kind::Filepath => file_in_folder(value),
        Kind::Regkey => vec![object("windows-registry-key", json!({ "key": value }))],
        Kind::Mutex => vec![object("mutex", json!({ "name": value }))],
        _ => Vec::new(),
    }
}

fn file_in_folder(path: &str) -> Vec<Value> {
    let sign = if path.contains('\\') { '\\' } else { '/' };
    let Some((folder, name)) = path
        .rsplit_once(sign)
        .filter(|(folder, name)| !folder.is_empty() && !name.is_empty())
    else {
        return vec![object("directory", json!({ "path": path }))];
    };
    let folder = object("directory", json!({ "path": folder }));
    let file = object(
        "file",
        json!({ "name": name, "parent_directory_ref": folder["id"] }),
    );
    vec![folder, file]
}

/// An object whose id is made of the properties that say what it is. They are given in the order of their names, so that
/// their plain JSON is the canonical one.
fn object(kind: &str, said: Value) -> Value {
    let id = format!("{kind}--{}", uuid(said.to_string().as_bytes()));
    let mut object = json!({ "type": kind, "spec_version": "2.1", "id": id });
    if let (Value::Object(object), Value::Object(said)) = (&mut object, said) {
        object.extend(said);
    }
    object
}

/// A name-based UUID, version 5.
fn uuid(name: &[u8]) -> String {
    let hash = Sha1::new()
        .chain_update(NAME_SPACE)
        .chain_update(name)
        .finalize();
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_every_producer_derives() {
        // By an independent implementation of name-based UUIDs.
        let address = object("ipv4-addr", json!({ "value": "198.51.100.3" }));
        assert_eq!(
            address["id"],
            "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"
        );
    }
}
