//! The bodies of TAXII 2.1: discovery, roots, collections, envelopes, manifests and errors. Knows no HTTP.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The content type of TAXII 2.1, as it must be asked for and answered.
pub const MEDIA_TYPE: &str = "application/taxii+json;version=2.1";
/// The media type of STIX 2.1 objects.
pub const STIX_MEDIA_TYPE: &str = "application/stix+json;version=2.1";
/// The header that says when the first object of a page was added.
pub const ADDED_FIRST: &str = "X-TAXII-Date-Added-First";
/// The header that says when the last object of a page was added: the only cursor for `added_after`.
pub const ADDED_LAST: &str = "X-TAXII-Date-Added-Last";

/// What a server says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discovery {
    /// Name for people.
    #[serde(default)]
    pub title: String,
    /// More.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The root to begin with; may be relative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// All roots; may be relative.
    #[serde(default)]
    pub api_roots: Vec<String>,
}

/// An API root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// Name for people.
    #[serde(default)]
    pub title: String,
    /// Versions it speaks.
    #[serde(default)]
    pub versions: Vec<String>,
    /// Most bytes that may be sent to it.
    #[serde(default)]
    pub max_content_length: u64,
}

/// The collections of a root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collections {
    /// All of them.
    #[serde(default)]
    pub collections: Vec<Collection>,
}

/// A collection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    /// Its id, a UUID.
    pub id: String,
    /// Name for people.
    #[serde(default)]
    pub title: String,
    /// More.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A name to ask for it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Whether it can be read by whoever asks.
    #[serde(default)]
    pub can_read: bool,
    /// Whether it can be written by whoever asks.
    #[serde(default)]
    pub can_write: bool,
    /// What it holds.
    #[serde(default)]
    pub media_types: Vec<String>,
}

/// A page of objects.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Whether there are more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// What to ask the next page by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<Value>,
}

/// A page of what a collection holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Whether there are more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// What to ask the next page by. The standard forgot it; clients that know it page on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<Record>,
}

/// One object of a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The object.
    pub id: String,
    /// When it was added.
    pub date_added: String,
    /// Its version.
    pub version: String,
    /// What it can be had as.
    #[serde(default)]
    pub media_type: String,
}

/// The versions of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Whether there are more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// All of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
}

/// An error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    /// Name of the error.
    #[serde(default)]
    pub title: String,
    /// More.
    #[serde(default)]
    pub description: String,
    /// The status, as text.
    #[serde(default)]
    pub http_status: String,
}
