//! The closed vocabularies: severity, TLP, PAP, phase, outcome, origin, weekday. One spelling each, everywhere.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

use crate::Refusal;

macro_rules! words {
    ($($(#[$doc:meta])* $Name:ident ($field:literal) { $($(#[$vdoc:meta])* $Variant:ident = $text:literal / $label:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(try_from = "String")]
        pub enum $Name {
            $($(#[$vdoc])* #[serde(rename = $text)] $Variant,)*
        }

        impl $Name {
            /// Every value, in order.
            pub const ALL: &'static [$Name] = &[$($Name::$Variant),*];

            /// The value as it is stored and sent.
            pub fn as_str(self) -> &'static str {
                match self { $($Name::$Variant => $text),* }
            }

            /// The value as people read it.
            pub fn label(self) -> &'static str {
                match self { $($Name::$Variant => $label),* }
            }
        }

        impl fmt::Display for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.label())
            }
        }

        impl TryFrom<String> for $Name {
            type Error = Refusal;
            fn try_from(text: String) -> Result<Self, Refusal> {
                text.parse()
            }
        }

        impl FromStr for $Name {
            type Err = Refusal;
            fn from_str(text: &str) -> Result<Self, Refusal> {
                $(if text.eq_ignore_ascii_case($text) { return Ok($Name::$Variant); })*
                let known: &[&str] = &[$($text),*];
                Err(Refusal::invalid($field, format!("Expected one of: {}.", known.join(", "))))
            }
        }
    )*};
}

words! {
    /// How bad it is, or may become.
    Severity("severity") {
        /// Nuisance; next working day.
        Low = "low" / "Low",
        /// Contained harm possible.
        Medium = "medium" / "Medium",
        /// Harm happening or near.
        High = "high" / "High",
        /// The organisation's work or people are at risk now.
        Critical = "critical" / "Critical",
    }
    /// Traffic Light Protocol 2.0 (FIRST): who may be told.
    Tlp("tlp") {
        /// Everyone.
        Clear = "CLEAR" / "TLP:CLEAR",
        /// The community.
        Green = "GREEN" / "TLP:GREEN",
        /// The organisation and its clients, need to know.
        Amber = "AMBER" / "TLP:AMBER",
        /// The organisation only.
        AmberStrict = "AMBER+STRICT" / "TLP:AMBER+STRICT",
        /// Named recipients only.
        Red = "RED" / "TLP:RED",
    }
    /// Permissible Actions Protocol: what may be done with what was learnt.
    Pap("pap") {
        /// Any use.
        Clear = "CLEAR" / "PAP:CLEAR",
        /// Active but not towards the adversary.
        Green = "GREEN" / "PAP:GREEN",
        /// Passive cross-checks with third parties.
        Amber = "AMBER" / "PAP:AMBER",
        /// Nothing that the adversary could notice.
        Red = "RED" / "PAP:RED",
    }
    /// Where in its life a ticket is.
    Phase("phase") {
        /// Something was seen; is it an incident?
        Detection = "detection" / "Detection",
        /// What happened, how far did it get?
        Analysis = "analysis" / "Analysis",
        /// Stop it from getting worse.
        Containment = "containment" / "Containment",
        /// Remove the cause.
        Eradication = "eradication" / "Eradication",
        /// Back to normal work.
        Recovery = "recovery" / "Recovery",
        /// Done, with an outcome.
        Closed = "closed" / "Closed",
    }
    /// What it turned out to be; required to close.
    Outcome("outcome") {
        /// An incident indeed.
        TruePositive = "true_positive" / "True positive",
        /// The signal was wrong.
        FalsePositive = "false_positive" / "False positive",
        /// The signal was right, the activity is allowed.
        Benign = "benign" / "Benign",
        /// Another ticket covers it.
        Duplicate = "duplicate" / "Duplicate",
        /// Could not be determined.
        Indeterminate = "indeterminate" / "Indeterminate",
        /// None of these; the summary says what.
        Other = "other" / "Other",
    }
    /// Through which door a ticket came.
    Origin("origin") {
        /// A person on a page.
        Web = "web" / "Web page",
        /// A reporter on the short form.
        Report = "report" / "Report form",
        /// The command line.
        Cli = "cli" / "Command line",
        /// The API.
        Api = "api" / "API",
        /// Midwatch itself, such as a procedure due for review.
        System = "system" / "Midwatch",
    }
    /// A day of the week; a week begins on Monday.
    Weekday("weekday") {
        /// Monday.
        Monday = "mon" / "Monday",
        /// Tuesday.
        Tuesday = "tue" / "Tuesday",
        /// Wednesday.
        Wednesday = "wed" / "Wednesday",
        /// Thursday.
        Thursday = "thu" / "Thursday",
        /// Friday.
        Friday = "fri" / "Friday",
        /// Saturday.
        Saturday = "sat" / "Saturday",
        /// Sunday.
        Sunday = "sun" / "Sunday",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back() {
        for s in Severity::ALL {
            assert_eq!(s.as_str().parse::<Severity>().unwrap(), *s);
        }
        for t in Tlp::ALL {
            assert_eq!(t.as_str().to_lowercase().parse::<Tlp>().unwrap(), *t);
        }
        let refusal = "sev1".parse::<Severity>().unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some("severity"));
        assert!(refusal.message.contains("low, medium, high, critical"));
        assert!(Severity::Critical > Severity::Low && Phase::Closed > Phase::Detection);
    }
}
