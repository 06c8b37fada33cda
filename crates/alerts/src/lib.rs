//! Reads what sources of alerts send, in the formats of several tools, as alerts of one form; and judges alerts by conditions.
//! Pure: knows no tickets, no clock, no network and no database.
//!
//! ```
//! use alerts::{Format, read};
//! let body = br#"{ "type": "external", "source": "siem", "sourceRef": "7", "title": "Login", "description": "" }"#;
//! let found = read(Format::TheHive, None, body).unwrap();
//! assert_eq!((found[0].key.as_str(), found[0].title.as_str()), ("external/siem/7", "Login"));
//! ```
#![forbid(unsafe_code)]

mod alert;
mod alertmanager;
pub mod condition;
mod fault;
mod generic;
mod group;
mod json;
mod path;
mod thehive;
mod time;

pub use alert::{Alert, AssetId, AssetRef, Format, IdKind, Level, Status, Value};
pub use fault::Fault;
pub use generic::{AssetPath, Mapping, ObservablePath};

/// Most bytes of a body.
pub const MOST_BYTES: usize = 8 << 20;
/// Most alerts in a body.
pub const MOST_ALERTS: usize = 10_000;

/// The alerts that a body holds, in order. Unknown fields never fail; what is missing and needed does.
///
/// # Errors
/// What is wrong, where, and what is expected; nothing of the body is taken then.
pub fn read(format: Format, mapping: Option<&Mapping>, body: &[u8]) -> Result<Vec<Alert>, Fault> {
    if body.len() > MOST_BYTES {
        return Err(Fault::new("", "more than 8 MiB").expected("a smaller body"));
    }
    let found = match format {
        Format::Generic => {
            let mapping = mapping.ok_or_else(|| {
                Fault::new("", "the generic format needs a mapping")
                    .expected("where key and title stand")
            })?;
            generic::read(mapping, &json::parse(body)?)?
        }
        Format::TheHive => thehive::read(&json::parse(body)?)?,
        Format::Alertmanager => alertmanager::read(&json::parse(body)?)?,
    };
    if found.len() > MOST_ALERTS {
        return Err(
            Fault::new("", format!("{} alerts in one body", found.len()))
                .expected("at most 10,000"),
        );
    }
    found.into_iter().map(Alert::checked).collect()
}
