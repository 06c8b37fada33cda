//! The kinds of values that can be told apart. Knows their names, not their shapes.

use std::fmt;
use std::str::FromStr;

macro_rules! kinds {
    ($($variant:ident $name:literal $says:literal,)*) => {
        /// What kind of value an indicator is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Kind {
            $(#[doc = $says] $variant,)*
        }

        impl Kind {
            /// Every kind, in the order in which lists show them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in data: `ipv4`, `user_agent`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Its name for people: `IPv4 address`, `user agent`.
            #[must_use]
            pub const fn says(self) -> &'static str {
                match self { $(Self::$variant => $says,)* }
            }
        }
    };
}

kinds! {
    Ipv4 "ipv4" "IPv4 address",
    Ipv6 "ipv6" "IPv6 address",
    Cidr "cidr" "IP network",
    Domain "domain" "domain or host name",
    Url "url" "URL",
    Email "email" "e-mail address",
    Md5 "md5" "MD5 hash",
    Sha1 "sha1" "SHA-1 hash",
    Sha256 "sha256" "SHA-256 hash",
    Sha512 "sha512" "SHA-512 hash",
    Ssdeep "ssdeep" "ssdeep fuzzy hash",
    Tlsh "tlsh" "TLSH fuzzy hash",
    Imphash "imphash" "import hash",
    Ja3 "ja3" "JA3 fingerprint of a TLS client",
    Ja3s "ja3s" "JA3S fingerprint of a TLS server",
    Ja4 "ja4" "JA4 fingerprint of a TLS client",
    Cve "cve" "CVE vulnerability",
    Cwe "cwe" "CWE weakness",
    Attack "attack" "ATT&CK technique, group or software",
    Asn "asn" "autonomous system",
    Mac "mac" "MAC address",
    Regkey "regkey" "Windows registry key",
    Filepath "filepath" "file path",
    Filename "filename" "file name",
    Mutex "mutex" "mutex",
    Service "service" "service",
    ScheduledTask "scheduled_task" "scheduled task",
    UserAgent "user_agent" "user agent",
    CommandLine "command_line" "command line",
    AwsAccount "aws_account" "AWS account",
    Arn "arn" "AWS resource name (ARN)",
    AwsKey "aws_key" "AWS access key id",
    AwsInstance "aws_instance" "EC2 instance",
    AwsRole "aws_role" "IAM role",
    Btc "btc" "Bitcoin address",
    Eth "eth" "Ethereum address",
    Xmr "xmr" "Monero address",
    Yara "yara" "YARA rule",
    Sigma "sigma" "Sigma rule",
    Phone "phone" "phone number",
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The name is not one of a [`Kind`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKind(pub String);

impl fmt::Display for UnknownKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is no kind of indicator; one of ", self.0)?;
        for (index, kind) in Kind::ALL.iter().enumerate() {
            write!(formatter, "{}{kind}", if index == 0 { "" } else { ", " })?;
        }
        formatter.write_str(" is expected")
    }
}

impl std::error::Error for UnknownKind {}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        let found = Self::ALL.iter().find(|kind| kind.as_str() == name);
        found.copied().ok_or_else(|| UnknownKind(name.to_owned()))
    }
}
