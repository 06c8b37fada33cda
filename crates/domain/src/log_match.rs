//! An indicator seen in a log: what is kept of it, which campaign it belongs to, when its ticket is told. Reads no log, asks no feed.

use indicators::Kind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use utoipa::ToSchema;

use crate::Refusal;
use crate::id::TicketNo;
use crate::moment::Moment;
use crate::observable::{ObservableKey, kind_name};
use crate::refusal::{optional_text, required_line};

/// Most matches that are brought at once.
pub const MOST: usize = 1000;
/// Key of the template of a ticket about matches.
pub const TEMPLATE: &str = "indicator_match";
/// Most characters that are kept of a line.
pub const LONGEST_LINE: usize = 1000;
/// Most characters of the names of sources, places and campaigns.
const LONGEST_NAME: usize = 300;
/// As many matches are told one by one.
const TOLD: usize = 20;

/// An indicator that was seen in a log, once or several times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogMatch {
    /// The indicator's kind.
    #[serde(with = "kind_name")]
    #[schema(value_type = String)]
    pub kind: Kind,
    /// The indicator's canonical value.
    pub value: String,
    /// What stood in the line.
    #[serde(default)]
    pub matched: String,
    /// Whose log it is, such as the name of a machine.
    pub source: String,
    /// Where in it: a file and line, or who sent it.
    #[serde(default)]
    pub place: String,
    /// The line, or what stands around the match.
    #[serde(default)]
    pub line: String,
    /// When it was seen last, where lines come as they are written; not for a file, which can be read again.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub at: Option<Moment>,
    /// How often.
    #[serde(default = "once")]
    pub count: i64,
    /// The list that holds the indicator, if it is one that the desk knows nothing of.
    #[serde(default)]
    pub list: String,
}

fn once() -> i64 {
    1
}

impl LogMatch {
    /// Checks and cleans it; cuts the line where it is long.
    ///
    /// # Errors
    /// A refusal naming the field.
    pub fn validate(mut self) -> Result<Self, Refusal> {
        self.value = ObservableKey::read(self.kind.as_str(), &self.value)?.value;
        let short = |text: &str| optional_text("line", &cut(text, LONGEST_LINE), LONGEST_LINE);
        self.matched = short(&self.matched)?;
        self.line = short(&self.line)?;
        self.source = source_name(&self.source)?;
        self.place = optional_text("place", &cut(&self.place, LONGEST_NAME), LONGEST_NAME)?;
        self.list = optional_text("list", &cut(&self.list, LONGEST_NAME), LONGEST_NAME)?;
        if self.count < 1 {
            return Err(Refusal::invalid("count", "Expected 1 or more."));
        }
        self.count = self.count.min(1_000_000_000_000);
        Ok(self)
    }

    /// The indicator.
    pub fn key(&self) -> ObservableKey {
        ObservableKey {
            kind: self.kind,
            value: self.value.clone(),
        }
    }

    /// What tells it from all other matches: source, place and value. In a file that is another one since, the line differs.
    pub fn identity(&self) -> u64 {
        let line = match self.at {
            None => self.line.as_str(),
            Some(_) => "",
        };
        let all = format!("{}\0{}\0{}\0{line}", self.value, self.source, self.place);
        indicators::fingerprint(self.kind, &all)
    }
}

/// The name of a source, checked and cleaned.
///
/// # Errors
/// A refusal naming `source`.
pub fn source_name(name: &str) -> Result<String, Refusal> {
    required_line("source", name, LONGEST_NAME)
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// Who says that a value is bad.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The feed's name.
    pub feed: String,
    /// What it calls the indicator, or nothing.
    pub name: String,
    /// Campaigns that it ties it to.
    pub campaigns: Vec<String>,
    /// Malware that it ties it to.
    pub malware: Vec<String>,
    /// How sure it is, from 0 to 100.
    pub confidence: i64,
}

/// What a match belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The open ticket that has confirmed the indicator.
    Ticket(TicketNo),
    /// A campaign of this name.
    Campaign(String),
}

/// What a match of `key` belongs to; nothing, if nobody says that it is bad. The open ticket that has confirmed it, else the list
/// that was searched for, else what feeds name: a campaign, malware, the indicator itself, the feed. The surest one counts.
pub fn cause(
    key: &ObservableKey,
    list: &str,
    confirmed: Option<TicketNo>,
    said: &[Said],
) -> Option<Cause> {
    if let Some(ticket) = confirmed {
        return Some(Cause::Ticket(ticket));
    }
    if !list.is_empty() {
        return Some(Cause::Campaign(list.to_owned()));
    }
    let mut said: Vec<&Said> = said.iter().collect();
    said.sort_by_key(|s| -s.confidence);
    let campaign = said.iter().find_map(|s| s.campaigns.first());
    let malware = said.iter().find_map(|s| s.malware.first());
    // A name that only repeats the value would make a campaign of each.
    let telling = |name: &&String| !name.is_empty() && !name.contains(&key.value);
    let name = said.iter().map(|s| &s.name).find(telling);
    let feed = said.iter().map(|s| &s.feed).find(|feed| !feed.is_empty());
    let named = campaign.or(malware).or(name).or(feed)?;
    Some(Cause::Campaign(cut(named, LONGEST_NAME)))
}

/// The name under which a campaign's ticket is found again, however it is written.
pub fn raised_as(campaign: &str) -> String {
    let words: Vec<&str> = campaign.split_whitespace().collect();
    format!("campaign {}", words.join(" ").to_lowercase())
}

/// Whether a ticket is told that a value was seen in a source again: at first, and each time there are ten times as many.
pub fn worth_telling(before: i64, after: i64) -> bool {
    after > before && (before < 1 || before.ilog10() < after.ilog10())
}

/// What a ticket is told of its matches: how many, and the first of them with their lines, as Markdown.
pub fn account(matches: &[LogMatch]) -> String {
    let values: BTreeSet<ObservableKey> = matches.iter().map(LogMatch::key).collect();
    let sources: BTreeSet<&str> = matches.iter().map(|m| m.source.as_str()).collect();
    let lines: i64 = matches.iter().map(|m| m.count).fold(0, i64::saturating_add);
    let mut out = format!(
        "{} in {} of {}.\n",
        many(values.len(), "indicator", "indicators"),
        match lines {
            1 => "1 line".to_owned(),
            n => format!("{n} lines"),
        },
        match sources.len() {
            1..=3 => sources
                .iter()
                .map(|s| code(s))
                .collect::<Vec<_>>()
                .join(", "),
            n => format!("{n} sources"),
        }
    );
    for m in matches.iter().take(TOLD) {
        let times = match m.count {
            1 => String::new(),
            n => format!(", {n} times"),
        };
        let place = match m.place.as_str() {
            "" => code(&m.source),
            place => format!("{} {}", code(&m.source), code(place)),
        };
        // Writing to a string cannot fail.
        let _ = write!(out, "\n- {} {} at {place}{times}", m.kind, code(&m.value));
        if !m.line.is_empty() {
            let _ = write!(out, ":\n  {}", code(&m.line));
        }
    }
    match matches.len().saturating_sub(TOLD) {
        0 => {}
        rest => {
            let _ = write!(out, "\n\nAnd {rest} more, which are kept with the logs.");
        }
    }
    out
}

fn many(n: usize, one: &str, more: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        n => format!("{n} {more}"),
    }
}

/// A text of somebody else's, shown as it stands.
fn code(text: &str) -> String {
    let quiet = text.replace('`', "'").replace(['\n', '\t'], " ");
    format!("`{}`", quiet.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(value: &str, place: &str) -> LogMatch {
        LogMatch {
            kind: Kind::Domain,
            value: value.into(),
            matched: value.into(),
            source: "web01".into(),
            place: place.into(),
            line: format!("GET {value}"),
            at: None,
            count: 1,
            list: String::new(),
        }
    }

    fn said(feed: &str, name: &str, confidence: i64) -> Said {
        Said {
            feed: feed.into(),
            name: name.into(),
            confidence,
            ..Said::default()
        }
    }

    #[test]
    fn a_campaign_is_the_most_telling_name_that_somebody_gives() {
        let key = seen("evil.example", "").key();
        let of = |said: &[Said]| cause(&key, "", None, said);
        let named = |name: &str| Some(Cause::Campaign(name.into()));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[said("List", "", 50)]), named("List"));
        let own_name = said("List", "Seen: evil.example", 90);
        assert_eq!(of(std::slice::from_ref(&own_name)), named("List"));
        assert_eq!(
            of(&[own_name, said("Other", "Loader", 10)]),
            named("Loader")
        );
        let surer = [said("List", "Loader", 50), said("Other", "Stealer", 80)];
        assert_eq!(of(&surer), named("Stealer"));
        let mut tied = said("List", "Loader", 50);
        tied.malware = vec!["BadRabbit".into()];
        assert_eq!(of(&[surer[1].clone(), tied.clone()]), named("BadRabbit"));
        tied.campaigns = vec!["Winter".into()];
        assert_eq!(of(&[surer[1].clone(), tied.clone()]), named("Winter"));
        let listed = cause(&key, "my list", None, &[tied.clone()]);
        assert_eq!(listed, named("my list"));
        let own = cause(&key, "my list", Some(TicketNo(7)), &[tied]);
        assert_eq!(own, Some(Cause::Ticket(TicketNo(7))));
        assert_eq!(raised_as(" Winter  Storm"), raised_as("winter storm"));
    }

    #[test]
    fn the_same_match_is_the_same_and_a_file_that_was_rotated_is_another() {
        let first = seen("evil.example", "/var/log/a:1");
        assert_eq!(
            first.identity(),
            seen("evil.example", "/var/log/a:1").identity()
        );
        for other in [
            LogMatch {
                line: "another".into(),
                ..first.clone()
            },
            LogMatch {
                place: "/var/log/a:2".into(),
                ..first.clone()
            },
            LogMatch {
                source: "web02".into(),
                ..first.clone()
            },
            LogMatch {
                value: "vile.example".into(),
                ..first.clone()
            },
        ] {
            assert_ne!(other.identity(), first.identity(), "{other:?}");
        }
        let at = |ms, line: &str| LogMatch {
            at: Some(Moment(ms)),
            line: line.into(),
            ..first.clone()
        };
        assert_eq!(
            at(1, "a").identity(),
            at(2, "b").identity(),
            "a sender goes on"
        );
    }

    #[test]
    fn a_ticket_is_told_at_first_and_when_there_are_ten_times_as_many() {
        let told: Vec<i64> = (1..=1000).filter(|n| worth_telling(n - 1, *n)).collect();
        assert_eq!(told, [1, 10, 100, 1000]);
        assert!(worth_telling(0, 500) && worth_telling(9, 500) && !worth_telling(500, 500));
    }

    #[test]
    fn an_account_is_bounded_and_shows_what_stands_there_as_it_is() {
        let one = LogMatch {
            line: "`[x](http://y)`\n# no".into(),
            ..seen("evil.example", "/a:1")
        };
        let text = account(&[one]);
        assert_eq!(
            text,
            "1 indicator in 1 line of `web01`.\n\n- domain `evil.example` at `web01` `/a:1`:\n  `'[x](http://y)' # no`"
        );
        let long = LogMatch {
            line: "x".repeat(5000),
            count: 3,
            ..seen("evil.example", "/a:1")
        };
        let many: Vec<LogMatch> = (0..1000)
            .map(|n| LogMatch {
                place: format!("/a:{n}"),
                ..long.clone().validate().unwrap()
            })
            .collect();
        let text = account(&many);
        assert!(text.starts_with("1 indicator in 3000 lines"), "{text}");
        assert!(text.ends_with("And 980 more, which are kept with the logs."));
        assert!(text.chars().count() < 50_000);
    }

    #[test]
    fn what_is_no_match_is_refused() {
        let code = |m: LogMatch| m.validate().unwrap_err().code;
        assert_eq!(code(seen("not a domain", "")), "invalid.value");
        assert_eq!(
            code(LogMatch {
                count: 0,
                ..seen("evil.example", "")
            }),
            "invalid.count"
        );
        assert_eq!(
            code(LogMatch {
                source: " ".into(),
                ..seen("evil.example", "")
            }),
            "invalid.source"
        );
        let cleaned = seen("EVIL[.]example", "").validate().unwrap();
        assert_eq!(cleaned.value, "evil.example");
    }
}
