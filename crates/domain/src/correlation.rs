//! How much a shared value ties two tickets together, and why. Pure arithmetic over what was read; reads nothing.

use indicators::Kind;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use crate::id::TicketNo;
use crate::moment::Moment;
use crate::observable::{ObservableKey, Role, most_telling};

/// A sighting loses half of its weight in so many days.
const HALF_LIFE_DAYS: f64 = 90.0;
/// What is left of the weight of a match that is not of the very same value.
const NEAR: f64 = 0.5;
/// Texts that share fewer of their words are not called alike.
pub const ALIKE: f64 = 0.5;
/// What a wholly equal text weighs.
const TEXT: f64 = 6.0;
/// From this score on, tickets are likely about the same matter.
pub const STRONG: f64 = 5.0;
/// Most reasons that are given.
const MOST_REASONS: usize = 8;

/// What a kind of value is worth by itself: how surely an equal one means the same matter.
pub fn weight(kind: Kind) -> f64 {
    match kind {
        Kind::Sha256 | Kind::Sha512 | Kind::Sha1 | Kind::Md5 => 1.0,
        Kind::Ssdeep | Kind::Tlsh | Kind::Imphash | Kind::Mutex => 0.9,
        Kind::Url | Kind::Email | Kind::CommandLine | Kind::Btc | Kind::Eth | Kind::Xmr => 0.9,
        Kind::AwsKey | Kind::Arn | Kind::AwsInstance | Kind::Phone | Kind::Regkey => 0.8,
        Kind::Domain | Kind::Filepath | Kind::Service | Kind::ScheduledTask | Kind::Mac => 0.7,
        Kind::Ipv4 | Kind::Ipv6 | Kind::Ja4 | Kind::Ja3 | Kind::Ja3s => 0.6,
        Kind::AwsRole | Kind::Yara | Kind::Sigma | Kind::Filename => 0.5,
        Kind::Cidr | Kind::UserAgent => 0.4,
        Kind::AwsAccount | Kind::Cve => 0.3,
        Kind::Asn | Kind::Attack => 0.15,
        Kind::Cwe => 0.05,
        _ => 0.3,
    }
}

/// What is known of one value.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The value.
    pub key: ObservableKey,
    /// Another value that names the very same thing.
    pub same_as: Option<ObservableKey>,
    /// In how many tickets it was seen, as far as the viewer may know.
    pub tickets: i64,
    /// Which part it plays in the ticket that is looked at.
    pub role: Role,
    /// What warning lists leave of its weight, from 0 to 1.
    pub fame: f64,
    /// Whether somebody asked to leave it out of account.
    pub ignored: bool,
}

/// A value that another ticket shares, or that lies near one of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shared<'a> {
    /// The value in the ticket that is looked at.
    pub known: &'a Known,
    /// The part that it plays in the other ticket.
    pub role: Role,
    /// When the other ticket saw it.
    pub at: Moment,
    /// How the two values lie to each other, where they are not the same: "lies within 198.51.100.0/24".
    pub near: Option<String>,
}

/// One reason why two tickets belong together.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Reason {
    /// In words.
    pub says: String,
    /// What it adds to the score.
    pub score: f64,
    /// The value, if it is one.
    #[schema(value_type = Option<String>)]
    pub value: Option<ObservableKey>,
}

/// How strongly two tickets belong together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Tie {
    /// The sum of what each reason adds.
    pub score: f64,
    /// Why, the strongest first.
    pub reasons: Vec<Reason>,
    /// How many values they share beyond those that are named as reasons.
    pub more: i64,
}

/// What is left of the weight of something seen `days` ago.
fn recency(now: Moment, at: Moment) -> f64 {
    let days = now.since(at).max(0) as f64 / 86_400_000.0;
    // What is old is still worth something.
    0.25 + 0.75 * (-days / HALF_LIFE_DAYS * std::f64::consts::LN_2).exp()
}

/// How much of a surprise it is to meet a value that `tickets` of `all` have, from 0 to some 10.
fn rarity(tickets: i64, all: i64) -> f64 {
    let (tickets, all) = (tickets.max(1) as f64, all.max(1) as f64);
    ((all + 1.0) / tickets).ln().max(0.0).max(f64::EPSILON)
}

/// What one shared value adds.
pub fn value_score(shared: &Shared<'_>, all: i64, now: Moment) -> f64 {
    let known = shared.known;
    if known.ignored {
        return 0.0;
    }
    let role = known.role.factor().min(shared.role.factor());
    let near = if shared.near.is_some() { NEAR } else { 1.0 };
    weight(known.key.kind)
        * rarity(known.tickets, all)
        * recency(now, shared.at)
        * role
        * known.fame.clamp(0.0, 1.0)
        * near
}

/// How strongly another ticket belongs to the one that is looked at. Values of one origin, such as a URL, its host and the
/// domain that it is registered under, have one vote together, and so have several names of one thing.
pub fn tie(shared: &[Shared<'_>], likeness: Option<f64>, all: i64, now: Moment) -> Tie {
    let mut families: BTreeMap<ObservableKey, (f64, &Shared<'_>)> = BTreeMap::new();
    for s in shared {
        let score = value_score(s, all, now);
        if score <= 0.0 {
            continue;
        }
        let name = s.known.same_as.as_ref().unwrap_or(&s.known.key);
        let best = families.entry(most_telling(name));
        let best = best.or_insert((score, s));
        // Of equal ones, the longer value says more.
        if (score, s.known.key.value.len()) > (best.0, best.1.known.key.value.len()) {
            *best = (score, s);
        }
    }
    let mut reasons: Vec<Reason> = families
        .into_values()
        .map(|(score, s)| Reason {
            says: says(s, all, now),
            score: rounded(score),
            value: Some(s.known.key.clone()),
        })
        .collect();
    if let Some(likeness) = likeness.filter(|l| *l >= ALIKE) {
        reasons.push(Reason {
            says: format!(
                "says nearly the same: {:.0} % of the words",
                likeness * 100.0
            ),
            score: rounded(TEXT * likeness * likeness),
            value: None,
        });
    }
    reasons.sort_by(|a, b| {
        let score = b.score.total_cmp(&a.score);
        score.then_with(|| a.says.cmp(&b.says))
    });
    let score = rounded(reasons.iter().map(|r| r.score).sum());
    let more = i64::try_from(reasons.len().saturating_sub(MOST_REASONS)).unwrap_or(i64::MAX);
    reasons.truncate(MOST_REASONS);
    Tie {
        score,
        reasons,
        more,
    }
}

/// Two digits are enough to compare by, and are the same on every machine.
fn rounded(score: f64) -> f64 {
    (score * 100.0).round() / 100.0
}

fn says(s: &Shared<'_>, all: i64, now: Moment) -> String {
    let key = &s.known.key;
    let seen = format!(
        "seen in {} of {} tickets, {}",
        grouped(s.known.tickets),
        grouped(all),
        ago(now, s.at)
    );
    match &s.near {
        None => format!("shares {} {}, {seen}", key.kind, key.value),
        Some(near) => format!("{} {} {near}, {seen}", key.kind, key.value),
    }
}

/// When something was last there, in words.
pub fn ago(now: Moment, at: Moment) -> String {
    let minutes = now.since(at).max(0) / 60_000;
    match minutes {
        0..60 => "within the last hour".to_owned(),
        60..1440 => plural("last", minutes / 60, "hour"),
        _ => plural("last", minutes / 1440, "day"),
    }
}

fn plural(before: &str, n: i64, unit: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{before} {n} {unit}{s} ago")
}

/// A number with its thousands apart: `4,113`.
pub fn grouped(n: i64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        let left = digits.len() - i;
        if i > 0 && left.is_multiple_of(3) && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The number of the last ticket says how many there are: numbers have no gaps.
pub fn all_of(last: Option<TicketNo>) -> i64 {
    last.map_or(0, |n| n.0)
}

#[cfg(test)]
mod tests;
