//! Pacing: how often a platform may be asked, by method and channel, and how long it wants to be left alone.
//!
//! Nothing waits in here. Who may not act yet is told how long, says [`super::ChatError::Later`], and the row stays in the
//! outbox, where a newer edit can still replace it. So a slow channel holds up nobody else, and a crash forgets no message.

use crate::clock::Clock;
use crate::limits;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// So many at once, then one in so many milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub burst: u32,
    pub every_ms: i64,
}

/// Buckets by name.
pub struct Pace {
    clock: Arc<dyn Clock>,
    buckets: Mutex<BTreeMap<String, Bucket>>,
}

/// When the bucket is full again, and until when it is shut; ms on the work clock.
#[derive(Clone, Copy, Default)]
struct Bucket {
    full_at: i64,
    shut_until: i64,
}

impl Pace {
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, buckets: Mutex::default() }
    }

    /// Takes a place in each of these buckets, or in none.
    ///
    /// # Errors
    /// How many milliseconds to wait before it is worth asking again.
    pub fn take(&self, wanted: &[(&str, Rate)]) -> Result<(), i64> {
        let now = self.clock.now().work.as_millisecond();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.retain(|_, b| b.full_at > now || b.shut_until > now);
        let wait = wanted.iter().map(|(name, rate)| buckets.get(*name).copied().unwrap_or_default().wait(*rate, now));
        let wait = wait.max().unwrap_or(0);
        if wait > 0 {
            return Err(wait);
        }
        for (name, rate) in wanted {
            let bucket = buckets.entry((*name).to_owned()).or_default();
            bucket.full_at = bucket.full_at.max(now) + rate.every_ms;
        }
        Ok(())
    }

    /// Takes a place in each of these buckets, also where there is none: for the second try of a call that had its place. Who
    /// comes next waits longer.
    #[cfg(feature = "slack")]
    pub fn spend(&self, wanted: &[(&str, Rate)]) {
        let now = self.clock.now().work.as_millisecond();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, rate) in wanted {
            let bucket = buckets.entry((*name).to_owned()).or_default();
            bucket.full_at = bucket.full_at.max(now) + rate.every_ms;
        }
    }

    /// How many buckets are remembered, for tests of growth.
    #[must_use]
    #[cfg(feature = "slack")]
    pub fn remembered(&self) -> usize {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Shuts a bucket, as a platform asked; bounded by [`limits::RETRY_MAX_MS`].
    pub fn shut(&self, name: &str, ms: i64) {
        let until = self.clock.now().work.as_millisecond() + ms.clamp(0, limits::RETRY_MAX_MS);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(name.to_owned()).or_default();
        bucket.shut_until = bucket.shut_until.max(until);
    }
}

impl Bucket {
    fn wait(self, rate: Rate, now: i64) -> i64 {
        let ahead = rate.every_ms * i64::from(rate.burst.max(1) - 1);
        (self.full_at - ahead - now).max(self.shut_until - now).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::VirtualClock;
    use crate::domain::time::{Now, Span, after};

    #[test]
    fn a_burst_then_a_steady_rate_and_a_pause() {
        let clock = Arc::new(VirtualClock::starting_at(jiff::Timestamp::UNIX_EPOCH));
        let pace = Pace::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let go = |ms: i64| clock.set(Now::at(after(clock.now().wall, Span::millis(ms))));
        let rate = Rate { burst: 2, every_ms: 1000 };
        assert_eq!([pace.take(&[("a", rate)]), pace.take(&[("a", rate)])], [Ok(()), Ok(())]);
        assert_eq!(pace.take(&[("a", rate)]), Err(1000));
        assert_eq!(pace.take(&[("b", rate), ("a", rate)]), Err(1000), "none is taken when one is full");
        assert_eq!(pace.take(&[("b", Rate { burst: 1, every_ms: 500 })]), Ok(()));
        go(1000);
        assert_eq!([pace.take(&[("a", rate)]), pace.take(&[("a", rate)])], [Ok(()), Err(1000)]);
        pace.spend(&[("a", rate)]);
        assert_eq!(pace.take(&[("a", rate)]), Err(2000), "what was spent is waited for");
        pace.shut("a", 5_000);
        assert_eq!(pace.take(&[("a", rate)]), Err(5_000));
        pace.shut("c", i64::MAX);
        assert_eq!(pace.take(&[("c", rate)]), Err(limits::RETRY_MAX_MS));
        go(limits::RETRY_MAX_MS);
        assert_eq!(pace.take(&[("d", rate)]), Ok(()));
        assert_eq!(pace.buckets.lock().unwrap().len(), 1, "full buckets are forgotten");
    }
}
