//! A typed id for every noun, made by one macro. Ids are opaque text with a prefix; tickets are known by their number.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

use crate::Refusal;

macro_rules! ids {
    ($($(#[$doc:meta])* $Name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $Name(String);

        impl $Name {
            /// What every id of this noun begins with.
            pub const PREFIX: &'static str = $prefix;

            /// Makes an id from 16 bytes of randomness or of a deterministic source.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(format!("{}{}", $prefix, base32(&bytes)))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $Name {
            type Err = Refusal;
            fn from_str(text: &str) -> Result<Self, Refusal> {
                let rest = text.strip_prefix($prefix);
                match rest {
                    Some(r) if (1..=40).contains(&r.len()) && r.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => {
                        Ok(Self(text.to_owned()))
                    }
                    _ => Err(Refusal::invalid("id", format!("This is not an id of the form {}….", $prefix))),
                }
            }
        }

        impl TryFrom<String> for $Name {
            type Error = Refusal;
            fn try_from(text: String) -> Result<Self, Refusal> {
                text.parse()
            }
        }

        impl From<$Name> for String {
            fn from(id: $Name) -> String {
                id.0
            }
        }
    )*};
}

ids! {
    /// A person with an account.
    PersonId = "per_";
    /// A team that tickets are routed to.
    TeamId = "team_";
    /// An API token.
    TokenId = "tok_";
    /// A task of a ticket.
    TaskId = "tsk_";
    /// A piece of evidence of a ticket.
    EvidenceId = "evd_";
    /// A note of a ticket.
    NoteId = "note_";
    /// A saved view of the queue.
    ViewId = "view_";
    /// An escalation policy.
    PolicyId = "pol_";
    /// A calendar of working hours and holidays.
    CalendarId = "cal_";
    /// An on-call schedule.
    ScheduleId = "sch_";
    /// An override of an on-call schedule.
    OverrideId = "ovr_";
    /// A swap asked for in an on-call schedule.
    SwapId = "swp_";
    /// A channel that messages go out by.
    ChannelId = "chn_";
    /// A log review.
    LogReviewId = "lrv_";
    /// A feed of indicators.
    FeedId = "feed_";
    /// An asset.
    AssetId = "ast_";
    /// An alert that a source has reported.
    AlertId = "alr_";
    /// A source of alerts.
    AlertSourceId = "src_";
    /// A rule that judges alerts.
    AlertRuleId = "rul_";
    /// A message on its way to somebody.
    DeliveryId = "dlv_";
}

/// Crockford-like base 32 in lower case: no padding, safe in URLs and file names.
fn base32(bytes: &[u8; 16]) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut value = u128::from_be_bytes(*bytes);
    let mut out = [0u8; 26];
    for slot in out.iter_mut().rev() {
        *slot = ALPHABET[(value & 31) as usize];
        value >>= 5;
    }
    out.iter().map(|b| char::from(*b)).collect()
}

/// The number of a ticket, shown as `MW-1042`. Numbers start at 1 and have no gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TicketNo(pub i64);

impl fmt::Display for TicketNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MW-{}", self.0)
    }
}

impl FromStr for TicketNo {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let digits = match text.get(..3) {
            Some(p) if p.eq_ignore_ascii_case("mw-") => &text[3..],
            _ => text,
        };
        digits
            .parse::<i64>()
            .ok()
            .filter(|n| *n > 0 && digits.bytes().all(|b| b.is_ascii_digit()))
            .map(TicketNo)
            .ok_or_else(|| Refusal::invalid("ticket", "A ticket number looks like MW-1042."))
    }
}

impl TryFrom<String> for TicketNo {
    type Error = Refusal;
    fn try_from(text: String) -> Result<Self, Refusal> {
        text.parse()
    }
}

impl From<TicketNo> for String {
    fn from(n: TicketNo) -> String {
        n.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_number_is_read_back_as_shown() {
        assert_eq!("MW-7".parse::<TicketNo>().unwrap(), TicketNo(7));
        assert_eq!("mw-7".parse::<TicketNo>().unwrap(), TicketNo(7));
        assert_eq!("7".parse::<TicketNo>().unwrap(), TicketNo(7));
        for bad in ["", "MW-", "MW-0", "MW--1", "MW-+1", "XX-1", "MW-1x", "é-1"] {
            assert!(bad.parse::<TicketNo>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_id_of_one_noun_is_not_an_id_of_another() {
        let person = PersonId::from_bytes([7; 16]);
        assert!(person.as_str().parse::<PersonId>().is_ok());
        assert!(person.as_str().parse::<TeamId>().is_err());
        assert!("per_".parse::<PersonId>().is_err());
        assert!("per_../x".parse::<PersonId>().is_err());
    }
}
