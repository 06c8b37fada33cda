//! The Reference Security Incident Taxonomy (ENISA, version 1003): classes and types of incidents, as shipped data.

use serde::Deserialize;
use std::sync::OnceLock;

/// A class of incidents.
#[derive(Clone, Debug, Deserialize)]
pub struct Class {
    /// Stable key, such as `intrusions`.
    pub key: String,
    /// Name as shown.
    pub label: String,
    /// What belongs here.
    pub description: String,
    /// Its types.
    #[serde(rename = "type")]
    pub types: Vec<Type>,
}

/// A type of incident within a class.
#[derive(Clone, Debug, Deserialize)]
pub struct Type {
    /// Stable key within the class, such as `phishing`.
    pub key: String,
    /// Name as shown.
    pub label: String,
    /// What belongs here.
    pub description: String,
}

/// The classes, in the taxonomy's order.
pub fn taxonomy() -> &'static [Class] {
    #[derive(Deserialize)]
    struct File {
        class: Vec<Class>,
    }
    static CLASSES: OnceLock<Vec<Class>> = OnceLock::new();
    CLASSES.get_or_init(|| {
        let file: File = toml::from_str(include_str!("../../../content/taxonomy.toml"))
            .expect("the shipped taxonomy is valid, which a test checks");
        file.class
    })
}

/// The label of a kind `class/type`, or the kind itself if unknown.
pub fn label(kind: &str) -> String {
    let found = kind.split_once('/').and_then(|(class, ty)| {
        let class = taxonomy().iter().find(|c| c.key == class)?;
        Some(format!(
            "{}: {}",
            class.label,
            class.types.iter().find(|t| t.key == ty)?.label
        ))
    });
    found.unwrap_or_else(|| kind.to_owned())
}
