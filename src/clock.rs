//! The only file that reads the operating system's clock.
//!
//! Everything else takes a [`Now`] as an argument, so that virtual time can drive the same code. The work clock is anchored
//! once and then follows the monotonic clock: when somebody sets the machine's time, windows move and running jobs do not.

#![expect(clippy::disallowed_methods, reason = "the home of the clock")]

use crate::domain::time::{Now, Span, after};
use jiff::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Tells the time.
pub trait Clock: Send + Sync {
    fn now(&self) -> Now;
}

/// Measures how long something took, whatever happens to the wall clock meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Since [`Stopwatch::start`], in whole milliseconds, rounded down.
    #[must_use]
    pub fn elapsed(&self) -> Span {
        Span::millis(i64::try_from(self.0.elapsed().as_millis()).unwrap_or(i64::MAX))
    }

    /// Since [`Stopwatch::start`], at full resolution.
    #[must_use]
    pub fn elapsed_std(&self) -> std::time::Duration {
        self.0.elapsed()
    }
}

/// An instant that goes on by itself and never jumps.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    at: Timestamp,
    since: Stopwatch,
}

impl Anchor {
    fn new(at: Timestamp) -> Self {
        Self { at, since: Stopwatch::start() }
    }

    fn now(&self) -> Timestamp {
        after(self.at, self.since.elapsed())
    }
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    work: Anchor,
}

impl SystemClock {
    #[must_use]
    pub fn new() -> Self {
        Self { work: Anchor::new(Timestamp::now()) }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        Now { wall: Timestamp::now(), work: self.work.now() }
    }
}

/// The demo's clock: the wall starts where it is told and can be advanced; the work clock is the machine's.
#[derive(Debug)]
pub struct DemoClock {
    wall: Anchor,
    work: Anchor,
    advanced: Mutex<Span>,
}

impl DemoClock {
    /// Shows `wall` now, and goes on from there.
    #[must_use]
    pub fn starting_at(wall: Timestamp) -> Self {
        Self { wall: Anchor::new(wall), work: Anchor::new(Timestamp::now()), advanced: Mutex::default() }
    }

    /// Moves the wall clock forward; a negative span is ignored, since nothing here may run backwards.
    pub fn advance(&self, by: Span) {
        if by > Span::ZERO {
            let mut advanced = lock(&self.advanced);
            *advanced = *advanced + by;
        }
    }

    /// Moves the wall clock forward to an instant, and says whether that was in the future.
    pub fn advance_to(&self, wall: Timestamp) -> bool {
        let by = Span::between(self.now().wall, wall);
        self.advance(by);
        by > Span::ZERO
    }
}

impl Clock for DemoClock {
    fn now(&self) -> Now {
        Now { wall: after(self.wall.now(), *lock(&self.advanced)), work: self.work.now() }
    }
}

/// Stands still until it is told to move: for tests, rehearsals and the simulation.
#[derive(Debug)]
pub struct VirtualClock(Mutex<Now>);

impl VirtualClock {
    #[must_use]
    pub fn starting_at(at: Timestamp) -> Self {
        Self(Mutex::new(Now::at(at)))
    }

    /// Moves both clocks; a negative span moves them back, which is how a clock jump is simulated.
    pub fn advance(&self, by: Span) {
        let mut now = lock(&self.0);
        *now = Now { wall: after(now.wall, by), work: after(now.work, by) };
    }

    pub fn set(&self, now: Now) {
        *lock(&self.0) = now;
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Now {
        *lock(&self.0)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONDAY: i64 = 1_772_434_800_000;

    fn monday() -> Timestamp {
        crate::domain::time::from_millis(MONDAY)
    }

    #[test]
    fn the_demo_moves_the_wall_and_not_the_work() {
        let clock = DemoClock::starting_at(monday());
        let before = clock.now();
        clock.advance(Span::hours(2));
        clock.advance(Span::hours(-1));
        let after = clock.now();
        assert!(Span::between(before.wall, after.wall) >= Span::hours(2));
        assert!(Span::between(before.wall, after.wall) < Span::hours(2) + Span::mins(1));
        assert!(Span::between(before.work, after.work) < Span::mins(1));
        assert!(!clock.advance_to(monday()), "the past is not reached");
        assert!(clock.advance_to(crate::domain::time::after(monday(), Span::hours(5))));
        assert!(clock.now().wall >= crate::domain::time::after(monday(), Span::hours(5)));
    }

    #[test]
    fn virtual_time_stands_still() {
        let clock = VirtualClock::starting_at(monday());
        assert_eq!(clock.now(), Now::at(monday()));
        clock.advance(Span::secs(5));
        assert_eq!(clock.now(), Now::at(crate::domain::time::after(monday(), Span::secs(5))));
        clock.advance(Span::secs(-5));
        assert_eq!(clock.now(), Now::at(monday()));
    }
}
