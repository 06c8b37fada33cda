//! How long who fails too often must wait: tries are counted before they are judged, so that many at once gain nothing.

use midwatch_domain::Refusal;
use midwatch_domain::id::PersonId;
use midwatch_store::expired::FAILURES_MS;
use midwatch_store::plain::throttle::{self, Tally};
use midwatch_store::{StoreError, WriteTx};
use std::net::IpAddr;

use midwatch_domain::secret::digest;

const FIRST_WAIT_MS: i64 = 5_000;
const LONGEST_WAIT_MS: i64 = 15 * 60_000;

/// Something that can be tried too often.
pub(crate) struct Gate {
    name: String,
    /// Tries that cost nothing.
    free: i64,
}

impl Gate {
    /// Signing in to one account, existing or not: the name is a digest, since people type passwords into the wrong field.
    pub(crate) fn account(email: &str) -> Self {
        Self {
            name: format!("account:{}", digest(email)),
            free: 5,
        }
    }

    /// Signing in, or trying one-time links, from one network address. Generous: colleagues share addresses.
    pub(crate) fn address(caller: &Caller) -> Option<Self> {
        caller.network().map(|n| Self {
            name: format!("address:{n}"),
            free: 20,
        })
    }

    /// Showing a second factor.
    pub(crate) fn code(person: &PersonId) -> Self {
        Self {
            name: format!("code:{person}"),
            free: 5,
        }
    }

    /// Giving the present password again.
    pub(crate) fn present_password(person: &PersonId) -> Self {
        Self {
            name: format!("present:{person}"),
            free: 5,
        }
    }

    /// Making links for a person.
    pub(crate) fn links(person: &PersonId) -> Self {
        Self {
            name: format!("links:{person}"),
            free: 10,
        }
    }

    /// How many seconds are left to wait, if any.
    pub(crate) fn wait(&self, w: &mut WriteTx<'_>) -> Result<Option<i64>, StoreError> {
        let left = throttle::find(&mut w.tx, &self.name)?.until.since(w.now);
        Ok((left > 0).then_some(left.div_euclid(1000) + 1))
    }

    /// Counts a try. The seconds for which it closes the gate, if it does and nothing undoes that.
    pub(crate) fn count(&self, w: &mut WriteTx<'_>) -> Result<Option<i64>, StoreError> {
        let before = throttle::find(&mut w.tx, &self.name)?;
        let failures = if w.now.since(before.until) > FAILURES_MS {
            1
        } else {
            before.failures + 1
        };
        let wait = wait_ms(failures, self.free);
        throttle::set(
            &mut w.tx,
            &self.name,
            Tally {
                failures,
                until: w.now.plus_ms(wait),
            },
        )?;
        Ok((wait > 0).then_some(wait / 1000))
    }

    /// A try succeeded: what was counted under this name is forgotten.
    pub(crate) fn clear(&self, w: &mut WriteTx<'_>) -> Result<(), StoreError> {
        throttle::clear(&mut w.tx, &self.name)
    }

    /// A try succeeded: it alone is not counted. Earlier ones stay, or one own account would open the gate to all others.
    pub(crate) fn give_back(&self, w: &mut WriteTx<'_>) -> Result<(), StoreError> {
        let tally = throttle::find(&mut w.tx, &self.name)?;
        throttle::set(
            &mut w.tx,
            &self.name,
            Tally {
                failures: (tally.failures - 1).max(0),
                until: w.now,
            },
        )
    }

    /// Counts a try, or refuses it.
    pub(crate) fn pass(&self, w: &mut WriteTx<'_>) -> Result<Result<(), Refusal>, StoreError> {
        if let Some(seconds) = self.wait(w)? {
            return Ok(Err(too_often(seconds)));
        }
        self.count(w)?;
        Ok(Ok(()))
    }
}

/// The refusal that says how long to wait.
pub fn too_often(seconds: i64) -> Refusal {
    Refusal::throttled(format!(
        "Too many tries. Wait {seconds} seconds and try again."
    ))
}

fn wait_ms(failures: i64, free: i64) -> i64 {
    match failures - free {
        n if n < 0 => 0,
        n => (FIRST_WAIT_MS << n.min(10)).min(LONGEST_WAIT_MS),
    }
}

/// From where somebody asks.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// The browser, as it calls itself.
    pub agent: String,
    /// The network address, if it is known.
    pub address: Option<IpAddr>,
}

impl Caller {
    /// The address for people; empty if it says nothing.
    pub(crate) fn place(&self) -> String {
        self.told().map_or_else(String::new, |a| a.to_string())
    }

    /// The agent without what could harm a terminal or fill a disk.
    pub(crate) fn plain_agent(&self) -> String {
        self.agent
            .chars()
            .filter(|c| !c.is_control())
            .take(200)
            .collect()
    }

    /// The network the caller comes from. One customer has a whole /64 of IPv6.
    fn network(&self) -> Option<String> {
        match self.told()? {
            IpAddr::V4(a) => Some(a.to_string()),
            IpAddr::V6(a) => {
                let [a, b, c, d, ..] = a.segments();
                Some(format!("{a:x}:{b:x}:{c:x}:{d:x}::/64"))
            }
        }
    }

    /// This machine's own address is that of a proxy in front, and says nothing about who asks.
    fn told(&self) -> Option<IpAddr> {
        self.address
            .map(|a| a.to_canonical())
            .filter(|a| !a.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_doubles_up_to_a_quarter_of_an_hour() {
        let waits: Vec<i64> = (1..=14).map(|n| wait_ms(n, 5) / 1000).collect();
        assert_eq!(
            waits,
            [0, 0, 0, 0, 5, 10, 20, 40, 80, 160, 320, 640, 900, 900]
        );
        assert_eq!(wait_ms(i64::MAX, 5), LONGEST_WAIT_MS);
    }

    #[test]
    fn a_caller_is_a_network() {
        let caller = |text: &str| Caller {
            agent: String::new(),
            address: Some(text.parse().unwrap()),
        };
        assert_eq!(caller("192.0.2.7").network().unwrap(), "192.0.2.7");
        assert_eq!(caller("::ffff:192.0.2.7").network().unwrap(), "192.0.2.7");
        assert_eq!(
            caller("2001:db8:1:2:3:4:5:6").network().unwrap(),
            "2001:db8:1:2::/64"
        );
        assert_eq!(caller("127.0.0.1").network(), None);
        assert_eq!(caller("::1").network(), None);
    }
}
