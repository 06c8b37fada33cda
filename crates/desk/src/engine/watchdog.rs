//! The heartbeat to a dead man's switch elsewhere: sent only while what must run does. Whoever hears nothing calls for help.

use midwatch_connect::egress::{Reach, target};
use midwatch_domain::Refusal;
use midwatch_store::Fault;
use std::time::Duration;

use super::{audit, ticker};
use crate::{Desk, post};

/// Its name among the parts of the engine.
pub(super) const PART: &str = "watchdog";
/// What must have run, and within how many milliseconds.
const MUST: &[(&str, i64)] = &[
    (ticker::PART, 30_000),
    (post::PART, 30_000),
    (audit::PART, 300_000),
];

/// A dead man's switch.
pub struct Watchdog {
    url: String,
    /// How often it is told.
    pub(super) every: Duration,
}

impl Watchdog {
    /// The switch at an address. Whoever writes the settings of this machine may name one in its own network.
    ///
    /// # Errors
    /// If the address cannot be used.
    pub fn new(url: &str, every: Duration) -> Result<Self, String> {
        target(url, Reach::Private).map_err(|r| r.message)?;
        Ok(Self {
            url: url.to_owned(),
            every,
        })
    }
}

impl Desk {
    /// Tells the dead man's switch that all is well, if there is one and it is.
    ///
    /// # Errors
    /// What does not run, or why the switch could not be told.
    pub async fn tell_watchdog(&self) -> Result<(), Fault> {
        let Some(dog) = &self.watchdog else {
            return Ok(());
        };
        let says = |why: String| Fault::from(Refusal::conflict("watchdog.silent", why));
        let now = self.store.now();
        for (part, most) in MUST {
            let last = self.vitals.last(part);
            if last.is_none_or(|at| now.since(at) > *most) {
                let since = last.map_or("this node started".to_owned(), |at| at.to_string());
                let why = format!(
                    "It is not told that all is well: the {part} has not run since {since}."
                );
                return Err(says(why));
            }
        }
        let outside = self.outside().map_err(|f| says(f.reason))?;
        let answer = outside.egress().get(&dog.url, Reach::Private).await;
        let told = answer.and_then(|a| a.accepted());
        told.map(drop).map_err(|f| says(f.reason))
    }
}
