//! TLP as STIX marks it: the constants of TLP 1 and TLP 2, and marking definitions of a document's own.

use serde_json::{Value, json};

use crate::Tlp;

const V1: [(&str, Tlp); 4] = [
    ("613f2e26-407d-48c7-9eca-b8e91df99dc9", Tlp::Clear),
    ("34098fce-860f-48ae-8e50-ebd3cc5e41da", Tlp::Green),
    ("f88d31f6-486f-44da-b317-01333bde0b82", Tlp::Amber),
    ("5e57c739-391a-4eb3-b6be-7d15ca92d5ed", Tlp::Red),
];

const V2: [(&str, Tlp); 5] = [
    ("94868c89-83c2-464b-929b-a1a8aa3c8487", Tlp::Clear),
    ("bab4a63c-aed9-4cf5-a766-dfca5abac2bb", Tlp::Green),
    ("55d920b0-5e8b-4f79-9ee9-91f868d9b421", Tlp::Amber),
    ("939a9414-2ddd-4d32-a0cd-375ea402b003", Tlp::AmberStrict),
    ("e828b379-4e03-4974-9ac4-e53a884c97c1", Tlp::Red),
];

/// The extension that defines TLP 2.
const EXTENSION: &str = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";

/// The TLP that one of the constants stands for.
pub fn of_id(id: &str) -> Option<Tlp> {
    let id = id.strip_prefix("marking-definition--")?;
    let found = V1.iter().chain(&V2).find(|(known, _)| id == *known);
    found.map(|(_, tlp)| *tlp)
}

/// The TLP that a marking definition of a document's own defines, if it is one.
pub fn of_object(text: &str) -> Option<Tlp> {
    let object: Value = serde_json::from_str(text).ok()?;
    let v1 = object["definition"]["tlp"].as_str();
    let v2 = object["extensions"][EXTENSION]["tlp_2_0"].as_str();
    v1.or(v2).or(object["name"].as_str())?.parse().ok()
}

/// The id of the TLP 2 marking, and its whole definition.
pub fn definition(tlp: Tlp) -> (String, Value) {
    let found = V2.iter().find(|(_, t)| *t == tlp);
    let id = format!("marking-definition--{}", found.map_or("", |(id, _)| id));
    let object = json!({
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": id,
        "created": "2022-10-01T00:00:00.000Z",
        "name": format!("TLP:{tlp}"),
        "extensions": {
            EXTENSION: {
                "extension_type": "property-extension",
                "tlp_2_0": tlp.as_str().to_ascii_lowercase(),
            }
        },
    });
    (id, object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_known_and_own_ones_are_read() {
        for tlp in Tlp::ALL {
            let (id, object) = definition(tlp);
            assert_eq!(of_id(&id), Some(tlp));
            assert_eq!(of_object(&object.to_string()), Some(tlp));
        }
        let white = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9";
        assert_eq!(of_id(white), Some(Tlp::Clear));
        assert_eq!(of_id("marking-definition--x"), None);
        let own = json!({ "definition_type": "tlp", "definition": { "tlp": "amber" } });
        assert_eq!(of_object(&own.to_string()), Some(Tlp::Amber));
        let copyright = json!({ "definition": { "statement": "Copyright" }, "name": "(c)" });
        assert_eq!(of_object(&copyright.to_string()), None);
    }
}
