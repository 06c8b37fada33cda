//! When a message that did not go out is tried again. Pure: chance comes in as a number.

use midwatch_connect::Retry;
use midwatch_domain::moment::Moment;
use midwatch_domain::notify::Urgency;
use std::time::Duration;

/// Seconds between the tries of a page: the next step of the ticket must not wait long for one that cannot be delivered.
const PAGE_S: [i64; 5] = [2, 5, 10, 15, 20];
/// Seconds between the tries of what is only told.
const TELL_S: [i64; 7] = [15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600];
/// A page waits no longer than this, whatever the other side asks for.
const PAGE_LONGEST_S: i64 = 60;

/// When to try again after the `tries`th try failed; `None`: not by itself.
pub(super) fn next(
    urgency: Urgency,
    tries: i64,
    retry: Retry,
    dice: u64,
    now: Moment,
) -> Option<Moment> {
    let (waits, longest) = match urgency {
        Urgency::Page => (&PAGE_S[..], PAGE_LONGEST_S),
        Urgency::Tell => (&TELL_S[..], i64::MAX / 1000),
    };
    let asked = match retry {
        Retry::Never => return None,
        Retry::Later => Duration::ZERO,
        Retry::After(wait) => wait,
    };
    let wait = *waits.get(usize::try_from(tries - 1).ok()?)? * 1000;
    // Up to a quarter more or less, so that those who failed together do not come back together.
    let spread = i64::try_from(dice % 501).unwrap_or(250) - 250;
    let wait = wait + wait * spread / 1000;
    let asked = i64::try_from(asked.as_millis()).unwrap_or(i64::MAX);
    Some(now.plus_ms(wait.max(asked.min(longest * 1000))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(urgency: Urgency, retry: Retry, dice: u64) -> Vec<i64> {
        let next = |tries| next(urgency, tries, retry, dice, Moment(0));
        (1..).map_while(|t| next(t).map(|at| at.0)).collect()
    }

    #[test]
    fn a_page_is_given_up_within_a_minute_or_so_and_the_rest_within_a_day() {
        let page = waits(Urgency::Page, Retry::Later, 500);
        assert_eq!(page.len() + 1, 6);
        assert!(page.iter().sum::<i64>() < 66_000, "{page:?}");
        let tell = waits(Urgency::Tell, Retry::Later, 250);
        assert_eq!(tell.len() + 1, 8);
        assert_eq!(tell[..3], [15_000, 60_000, 300_000]);
        assert!(tell.windows(2).all(|w| w[0] < w[1]));
    }

    #[test]
    fn chance_moves_a_try_by_a_quarter_at_most() {
        for dice in 0..2000 {
            let first = waits(Urgency::Page, Retry::Later, dice)[0];
            assert!((1500..=2500).contains(&first), "{first}");
        }
    }

    #[test]
    fn who_asks_to_wait_is_heard_and_a_page_does_not_wait_long() {
        let hour = Retry::After(Duration::from_secs(3600));
        assert_eq!(waits(Urgency::Tell, hour, 250)[0], 3_600_000);
        assert_eq!(waits(Urgency::Page, hour, 250)[0], 60_000);
        assert_eq!(waits(Urgency::Page, Retry::Never, 250), [] as [i64; 0]);
    }
}
