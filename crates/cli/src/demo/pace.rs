//! The clock of a demo that runs faster than the world, so that an hour of waiting can be watched in a minute.

use midwatch_domain::moment::Moment;
use midwatch_store::Clock;
use std::sync::Arc;

/// How many minutes at most pass in one: an hour in a second.
pub const MOST: i64 = 3600;

/// A clock that shows `begin` now and from then on runs `pace` times as fast as `real`.
pub fn paced(real: Clock, begin: Moment, pace: i64) -> Clock {
    let started = real();
    Arc::new(move || {
        let passed = real().since(started).max(0);
        begin.plus_ms(passed.saturating_mul(pace))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, Ordering};

    #[test]
    fn it_begins_where_it_is_told_and_runs_faster() {
        let world = Arc::new(AtomicI64::new(1_000));
        let read = world.clone();
        let real: Clock = Arc::new(move || Moment(read.load(Ordering::SeqCst)));
        let clock = paced(real, Moment(50_000), 60);
        assert_eq!(clock(), Moment(50_000));
        world.store(2_000, Ordering::SeqCst);
        assert_eq!(clock(), Moment(110_000));
        // A world whose clock was set back does not take anything back.
        world.store(0, Ordering::SeqCst);
        assert_eq!(clock(), Moment(50_000));
    }
}
