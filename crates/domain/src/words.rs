//! The closed vocabularies: severity, TLP, PAP, phase, outcome, origin, weekday, and those of assets. One spelling each, everywhere.

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
        /// An alert that a source has reported.
        Alert = "alert" / "Alert",
        /// Midwatch itself, such as a procedure due for review.
        System = "system" / "Midwatch",
    }
    /// How much depends on an asset.
    Criticality("criticality") {
        /// Nobody would miss it for a week.
        Low = "low" / "Low",
        /// Work is slower without it.
        Medium = "medium" / "Medium",
        /// A part of the organisation stands still without it.
        High = "high" / "High",
        /// The organisation stands still without it.
        Critical = "critical" / "Critical",
    }
    /// What kind of thing an asset is.
    AssetKind("kind") {
        /// A server, physical or virtual.
        Server = "server" / "Server",
        /// A desktop or laptop.
        Workstation = "workstation" / "Workstation",
        /// A phone or tablet.
        Mobile = "mobile" / "Mobile device",
        /// A router, switch, firewall or access point.
        NetworkDevice = "network_device" / "Network device",
        /// A range of addresses.
        Network = "network" / "Network",
        /// A machine that controls or measures things.
        Controller = "controller" / "Controller or sensor",
        /// Something that people use, such as a shop or a mail service.
        Application = "application" / "Application",
        /// A database.
        Database = "database" / "Database",
        /// A place where files are kept, such as a bucket.
        Storage = "storage" / "Storage",
        /// A cluster that runs containers.
        Cluster = "cluster" / "Cluster",
        /// Code that runs when it is called.
        Function = "function" / "Function",
        /// An account at a cloud provider.
        CloudAccount = "cloud_account" / "Cloud account",
        /// An account of a person or a program.
        Identity = "identity" / "Identity",
        /// None of these.
        Other = "other" / "Other",
    }
    /// What an asset is run for.
    Environment("environment") {
        /// The real thing.
        Production = "production" / "Production",
        /// The last look before.
        Staging = "staging" / "Staging",
        /// For testing.
        Test = "test" / "Test",
        /// For building.
        Development = "development" / "Development",
        /// Nobody has said.
        Unknown = "unknown" / "Not said",
    }
    /// What data an asset holds, at most.
    DataClass("data_class") {
        /// Anybody may know it.
        Public = "public" / "Public",
        /// Everybody in the organisation may know it.
        Internal = "internal" / "Internal",
        /// Those who need it may know it, such as personal data.
        Confidential = "confidential" / "Confidential",
        /// Named people may know it.
        Secret = "secret" / "Secret",
        /// Nobody has said.
        Unknown = "unknown" / "Not said",
    }
    /// How it is noticed that something is wrong with an asset.
    Monitoring("monitoring") {
        /// A tool watches it.
        Automatic = "automatic" / "Automatic",
        /// People look at its logs now and then.
        Manual = "manual" / "Manual",
        /// Nobody looks.
        None = "none" / "None",
    }
    /// What kind of name an asset goes by.
    IdKind("kind") {
        /// A host name, with or without its domain.
        Hostname = "hostname" / "Host name",
        /// An address.
        Ip = "ip" / "IP address",
        /// A range of addresses.
        Cidr = "cidr" / "Range of addresses",
        /// A name that a cloud provider gave: an ARN, an instance, an account.
        CloudId = "cloud_id" / "Cloud id",
        /// A mail address.
        Email = "email" / "Mail address",
        /// A login name.
        User = "user" / "Login name",
        /// The hardware address of a network card.
        Mac = "mac" / "MAC address",
        /// A serial or inventory number.
        Serial = "serial" / "Serial number",
    }
    /// What became of an alert.
    AlertState("state") {
        /// It waits for somebody to decide.
        Inbox = "inbox" / "Inbox",
        /// It is part of a ticket.
        Ticket = "ticket" / "Ticket",
        /// A rule or a person has decided that nothing is to be done.
        Suppressed = "suppressed" / "Suppressed",
        /// It waits, and not before a time that a person has named.
        Snoozed = "snoozed" / "Snoozed",
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
