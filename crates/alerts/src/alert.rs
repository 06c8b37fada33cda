//! The one form of an alert, whatever tool has sent it.

use indicators::Kind;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::Fault;
use crate::group;

/// Most characters of a key.
const MOST_KEY: usize = 512;
/// Most characters of a title.
const MOST_TITLE: usize = 200;
/// Most characters of a description.
const MOST_DESCRIPTION: usize = 20_000;
/// Most characters of class, rule, group, address.
const MOST_LINE: usize = 2048;
/// Most observables, assets and tags.
const MOST_VALUES: usize = 500;
/// Most fields, and most characters of one.
const MOST_FIELDS: usize = 300;
const MOST_FIELD: usize = 2000;

/// Makes an enum whose values have a word.
macro_rules! words {
    ($(#[$doc:meta])* $Name:ident { $($(#[$vdoc:meta])* $Variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $Name { $($(#[$vdoc])* #[serde(rename = $text)] $Variant,)* }

        impl $Name {
            /// Every value, in order.
            pub const ALL: &'static [$Name] = &[$($Name::$Variant),*];

            /// Its word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $($Name::$Variant => $text),* }
            }
        }

        impl fmt::Display for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $Name {
            type Err = Fault;
            fn from_str(text: &str) -> Result<Self, Fault> {
                let known: Vec<&str> = $Name::ALL.iter().map(|v| v.as_str()).collect();
                let found = $Name::ALL.iter().find(|v| v.as_str() == text).copied();
                found.ok_or_else(|| Fault::new("", format!("“{text}” is not known")).expected(known.join(", ")))
            }
        }
    };
}

words! {
    /// How bad a source says it is.
    Level {
        /// Worth knowing.
        Info = "info",
        /// Low.
        Low = "low",
        /// Medium.
        Medium = "medium",
        /// High.
        High = "high",
        /// Critical.
        Critical = "critical",
    }
}

words! {
    /// Whether it goes on at its source.
    Status {
        /// It goes on, or the source does not say.
        Active = "active",
        /// The source says that it is over.
        Resolved = "resolved",
    }
}

words! {
    /// What identifies an asset.
    IdKind {
        /// Name of a host.
        Hostname = "hostname",
        /// Address.
        Ip = "ip",
        /// Network.
        Cidr = "cidr",
        /// ARN, id of an instance or of an account in a cloud.
        CloudId = "cloud_id",
        /// E-mail address.
        Email = "email",
        /// Name of an account.
        User = "user",
        /// Hardware address.
        Mac = "mac",
        /// Serial number.
        Serial = "serial",
    }
}

words! {
    /// In which format a source reports.
    Format {
        /// JSON with a mapping that says where what stands.
        Generic = "generic",
        /// What tools send that report to TheHive.
        TheHive = "the_hive",
        /// The webhook of Prometheus' Alertmanager.
        Alertmanager = "alertmanager",
    }
}

impl Format {
    /// Its name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Format::Generic => "JSON, with a mapping",
            Format::TheHive => "TheHive alerts (ElastAlert 2, thehive4py, Wazuh scripts)",
            Format::Alertmanager => "Prometheus Alertmanager",
        }
    }
}

/// A value that a source names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// Kind of value.
    #[serde(serialize_with = "write_kind", deserialize_with = "read_kind")]
    pub kind: Kind,
    /// The canonical value.
    pub value: String,
    /// What the source says of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

fn write_kind<S: Serializer>(kind: &Kind, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(kind.as_str())
}

fn read_kind<'de, D: Deserializer<'de>>(d: D) -> Result<Kind, D::Error> {
    let text = String::deserialize(d)?;
    text.parse().map_err(serde::de::Error::custom)
}

impl Value {
    /// A value of a kind, or of the kind that its shape tells; nothing if it is none.
    pub(crate) fn read(kind: Option<Kind>, text: &str, note: &str) -> Option<Self> {
        let (kind, value) = match kind {
            Some(kind) => (kind, indicators::canonical(kind, text.trim()).ok()?),
            None => indicators::classify(text)?,
        };
        let note = line(note, MOST_LINE);
        Some(Self { kind, value, note })
    }
}

/// An asset that a source names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetRef {
    /// What it is, as the source says, such as `AwsEc2Instance` or `host`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What identifies it.
    pub ids: Vec<AssetId>,
    /// What the source says of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What identifies an asset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AssetId {
    /// Kind of identifier.
    pub kind: IdKind,
    /// The identifier.
    pub value: String,
}

/// An alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// What tells it from others of its source, 1 to 512 characters.
    pub key: String,
    /// One line, at most 200 characters.
    pub title: String,
    /// What was seen, at most 20,000 characters.
    #[serde(default)]
    pub description: String,
    /// How bad the source says it is.
    #[serde(default)]
    pub severity: Option<Level>,
    /// What sort it is, as the source says.
    #[serde(default)]
    pub class: String,
    /// The rule of the source.
    #[serde(default)]
    pub rule: String,
    /// Similar alerts share it; never empty.
    pub group: String,
    /// Whether it goes on.
    pub status: Status,
    /// When it happened, in milliseconds since 1970 UTC.
    #[serde(default)]
    pub occurred_at: Option<i64>,
    /// When the source changed it.
    #[serde(default)]
    pub updated_at: Option<i64>,
    /// Values that the source names; what its texts hold is not read here.
    #[serde(default)]
    pub observables: Vec<Value>,
    /// Assets that the source names.
    #[serde(default)]
    pub assets: Vec<AssetRef>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Who may be told, such as `amber`.
    #[serde(default)]
    pub tlp: Option<String>,
    /// Where it is at its source.
    #[serde(default)]
    pub url: Option<String>,
    /// What else conditions may ask, by name.
    #[serde(default)]
    pub fields: BTreeMap<String, serde_json::Value>,
}

impl Alert {
    /// An alert with a key and a title, and nothing else.
    pub(crate) fn new(key: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            title: title.into(),
            description: String::new(),
            severity: None,
            class: String::new(),
            rule: String::new(),
            group: String::new(),
            status: Status::Active,
            occurred_at: None,
            updated_at: None,
            observables: Vec::new(),
            assets: Vec::new(),
            tags: Vec::new(),
            tlp: None,
            url: None,
            fields: BTreeMap::new(),
        }
    }

    /// Within the limits, with a group; what is too long is cut.
    pub(crate) fn checked(mut self) -> Result<Self, Fault> {
        self.key = line(&self.key, usize::MAX);
        if self.key.is_empty() || self.key.chars().count() > MOST_KEY {
            let wrong = format!("the key of “{}”", line(&self.title, 80));
            return Err(Fault::new("key", wrong).expected("1 to 512 characters"));
        }
        self.title = line(&self.title, MOST_TITLE);
        if self.title.is_empty() {
            self.title = line(&self.key, MOST_TITLE);
        }
        self.description = text(&self.description, MOST_DESCRIPTION);
        self.class = line(&self.class, MOST_LINE);
        self.rule = line(&self.rule, MOST_LINE);
        self.group = line(&self.group, MOST_LINE);
        if self.group.is_empty() {
            self.group = group::of(&self.rule, &self.title);
        }
        self.url = self
            .url
            .map(|u| line(&u, MOST_LINE))
            .filter(|u| !u.is_empty());
        self.observables.truncate(MOST_VALUES);
        self.assets.truncate(MOST_VALUES);
        let mut tags: Vec<String> = self.tags.iter().map(|t| line(t, 100)).collect();
        tags.retain(|t| !t.is_empty());
        tags.sort();
        tags.dedup();
        tags.truncate(MOST_VALUES);
        self.tags = tags;
        let fields = std::mem::take(&mut self.fields).into_iter();
        self.fields = fields
            .take(MOST_FIELDS)
            .map(|(k, v)| (k, bounded(v)))
            .collect();
        Ok(self)
    }
}

/// A field with no longer texts than rules need.
fn bounded(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::String(s) if s.chars().count() > MOST_FIELD => {
            s.chars().take(MOST_FIELD).collect::<String>().into()
        }
        other => other,
    }
}

/// One line without control characters.
pub(crate) fn line(text: &str, most: usize) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let plain: String = plain.collect();
    plain
        .trim()
        .chars()
        .take(most)
        .collect::<String>()
        .trim_end()
        .to_owned()
}

/// A text with line breaks and tabs, without other control characters.
fn text(text: &str, most: usize) -> String {
    let fits = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    text.trim().chars().filter(fits).take(most).collect()
}
