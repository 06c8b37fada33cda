//! Messages: whether there is a way to people, and whether what should go out does.

use midwatch_domain::notify::is_unreached;
use midwatch_store::StoreError;
use midwatch_store::read::deliveries;

use super::{Check, Level, check};
use crate::Desk;

/// As many people are named.
const SHOWN: usize = 8;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

pub(super) fn channels(desk: &Desk, _: bool) -> Result<Check, StoreError> {
    let directory = desk.store.read(|tx| desk.store.directory(tx))?;
    let lacks = |c: &&midwatch_domain::channel::Channel| c.enabled && !c.is_usable();
    if let Some(c) = directory.channels.values().find(lacks) {
        let what = c.settings.secret().map_or("secret", |(name, _)| name);
        let says = format!(
            "The channel “{}” has no {}. Set it, or switch the channel off.",
            c.name,
            what.to_lowercase()
        );
        return Ok(check("channels", Level::Warn, says));
    }
    if directory.mail().is_none() {
        let now = desk.store.now();
        let unreached = directory.people.values().filter(|p| p.can_own());
        let unreached = unreached.filter(|p| is_unreached(&directory, &p.id, now));
        let mut names: Vec<&str> = unreached.map(|p| p.name.as_str()).collect();
        names.sort_unstable();
        let more = names.len().saturating_sub(SHOWN);
        let who = match (names.is_empty(), more) {
            (true, _) => String::new(),
            (_, 0) => format!(" Not reached: {}.", names.join(", ")),
            (_, n) => format!(" Not reached: {} and {n} more.", names[..SHOWN].join(", ")),
        };
        let says = format!(
            "There is no channel for mail: pages reach only people who look at Midwatch or chose another channel.{who} Add one under Settings, Channels."
        );
        return Ok(check("channels", Level::Warn, says));
    }
    let count = directory.channels.values().filter(|c| c.enabled).count();
    Ok(check("channels", Level::Ok, format!("{count} in use")))
}

pub(super) fn messages(desk: &Desk, _: bool) -> Result<Check, StoreError> {
    let now = desk.store.now();
    let (dead, late) = desk.store.read(|tx| {
        let dead = deliveries::count_dead(tx, now.plus_ms(-DAY_MS))?.0;
        let late = deliveries::count_late(tx, now.plus_ms(-5 * MINUTE_MS))?;
        Ok::<_, StoreError>((dead, late))
    })?;
    Ok(if late > 0 {
        let says = format!(
            "{late} messages wait for more than five minutes. A Midwatch must run (`midwatch serve`) for them to go out."
        );
        check("messages", Level::Fail, says)
    } else if dead > 0 {
        let says = format!(
            "{dead} messages of the last day did not go out. The page Deliveries says why."
        );
        check("messages", Level::Warn, says)
    } else {
        check("messages", Level::Ok, "nothing is stuck")
    })
}
