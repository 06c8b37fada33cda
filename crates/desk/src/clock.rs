//! The clock: time that never runs backwards, follows the wall clock where that is sane, and tells where it was not.
//!
//! Timers hang on it. A wall clock that is set back must not make it stand still; one that leaps ahead, as after a machine
//! slept, is followed at once, because what became due meanwhile is due. Either is told. The pure part is fed with readings.

use midwatch_domain::moment::Moment;
use midwatch_store::Clock;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A step ahead of more than this is told, in milliseconds. A smaller one is followed without a word.
pub const AHEAD_MS: i64 = 60_000;
/// A step back of more than this is told, in milliseconds.
pub const BACK_MS: i64 = 2_000;
/// How far a node may be from the database's server before it goes by the server's clock, in milliseconds.
pub const SKEW_MS: i64 = 2_000;
/// Time that is ahead of the wall runs slower by this part until the wall has caught up. Clocks are slewed by less than that.
const SLOWER: i64 = 1_000;

/// Both clocks of the machine, read together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The time of day, which may be set.
    pub wall: Moment,
    /// Milliseconds since some moment, which only ever grow. Those of a machine's sleep may be missing.
    pub steady_ms: i64,
}

/// A step of the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    /// By how much, in milliseconds; negative: back.
    pub by_ms: i64,
    /// What the wall clock says after it.
    pub wall: Moment,
    /// What time it is taken to be.
    pub now: Moment,
}

/// Time made of readings. Never runs backwards, and never slower than a thousandth less than the steady clock.
#[derive(Clone, Copy, Debug)]
pub struct Steady {
    last: Reading,
    now: Moment,
    /// Time run since whole thousandths were last taken off, in milliseconds.
    owed: i64,
}

impl Steady {
    /// Begins with what the wall says.
    pub fn new(first: Reading) -> Self {
        Self {
            last: first,
            now: first.wall,
            owed: 0,
        }
    }

    /// What time it is, and the step that the wall made since the last reading, if one is to be told.
    pub fn read(&mut self, r: Reading) -> (Moment, Option<Jump>) {
        let passed = r.steady_ms.saturating_sub(self.last.steady_ms).max(0);
        let step = r.wall.since(self.last.wall).saturating_sub(passed);
        let ahead = self.now.since(r.wall).saturating_add(passed);
        self.now = if ahead <= 0 {
            // The wall is not behind: that is what time it is, however far it has leapt.
            self.owed = 0;
            r.wall
        } else {
            self.owed = self.owed.saturating_add(passed);
            let less = (self.owed / SLOWER).min(ahead);
            self.owed %= SLOWER;
            self.now.plus_ms(passed.saturating_sub(less))
        };
        self.last = Reading {
            wall: r.wall,
            steady_ms: r.steady_ms.max(self.last.steady_ms),
        };
        let told = !(-BACK_MS..=AHEAD_MS).contains(&step);
        let jump = told.then_some(Jump {
            by_ms: step,
            wall: r.wall,
            now: self.now,
        });
        (self.now, jump)
    }

    /// Goes on from a moment if it is not there yet: what is recorded was recorded.
    pub fn not_before(&mut self, at: Moment) {
        self.now = self.now.max(at);
    }

    /// How far the time is ahead of the wall, in milliseconds.
    pub fn ahead_ms(&self) -> i64 {
        self.now.since(self.last.wall)
    }
}

/// The steady clock of a process: reads the machine's clocks, keeps the steps until somebody records them, and goes by the
/// clock of the database's server where the machine's is wrong.
pub struct Keeper {
    read: Box<dyn Fn() -> Reading + Send + Sync>,
    state: Mutex<State>,
}

struct State {
    steady: Steady,
    /// What is added to the wall, in milliseconds.
    correction: i64,
    /// How far the server's clock was from the wall when last measured.
    skew: Option<i64>,
    jumps: Vec<Jump>,
}

/// Steps that are kept until they are recorded; a clock that is beside itself tells no more than these.
const KEPT: usize = 100;

impl Keeper {
    /// A keeper of clocks that are read by `read`.
    pub fn new(read: impl Fn() -> Reading + Send + Sync + 'static) -> Arc<Self> {
        let first = read();
        Arc::new(Self {
            read: Box::new(read),
            state: Mutex::new(State {
                steady: Steady::new(first),
                correction: 0,
                skew: None,
                jumps: Vec::new(),
            }),
        })
    }

    /// A keeper of this machine's clocks.
    pub fn of_machine() -> Arc<Self> {
        let (wall, begun) = (crate::system_clock(), Instant::now());
        Self::new(move || Reading {
            wall: wall(),
            steady_ms: i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX),
        })
    }

    /// The clock, for a store.
    pub fn clock(self: &Arc<Self>) -> Clock {
        let keeper = self.clone();
        Arc::new(move || keeper.now())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What time it is.
    pub fn now(&self) -> Moment {
        let mut s = self.state();
        // Read under the lock: two readings taken at once must not be told in the wrong order.
        let r = (self.read)();
        let wall = r.wall.plus_ms(s.correction);
        let (now, jump) = s.steady.read(Reading { wall, ..r });
        if let Some(jump) = jump.filter(|_| s.jumps.len() < KEPT) {
            s.jumps.push(jump);
        }
        now
    }

    /// Goes on from a moment if it is not there yet.
    pub fn not_before(&self, at: Moment) {
        self.now();
        self.state().steady.not_before(at);
    }

    /// The machine's own clocks, as they are.
    pub fn reading(&self) -> Reading {
        (self.read)()
    }

    /// Takes what the database's server said between two readings; the correction, if it is another one now. The answer is of
    /// some moment in between, so half of the way there and back is the doubt.
    pub fn compare(&self, before: Reading, server: Moment, after: Reading) -> Option<i64> {
        let way = after.steady_ms.saturating_sub(before.steady_ms).max(0);
        let skew = server.since(before.wall.plus_ms(way / 2));
        let mut s = self.state();
        s.skew = Some(skew);
        if skew.saturating_sub(s.correction).abs() <= SKEW_MS.saturating_add(way / 2) {
            return None;
        }
        s.correction = if skew.abs() <= SKEW_MS { 0 } else { skew };
        Some(s.correction)
    }

    /// How far the clock of the database's server was from the machine's when last measured, in milliseconds.
    pub fn skew_ms(&self) -> Option<i64> {
        self.state().skew
    }

    /// How far the time is ahead of the wall, in milliseconds.
    pub fn ahead_ms(&self) -> i64 {
        self.state().steady.ahead_ms()
    }

    /// Steps that are not recorded yet.
    pub fn jumps(&self) -> Vec<Jump> {
        self.state().jumps.clone()
    }

    /// The first `count` steps are recorded.
    pub fn recorded(&self, count: usize) {
        let mut s = self.state();
        let count = count.min(s.jumps.len());
        s.jumps.drain(..count);
    }
}

#[cfg(test)]
mod tests;
