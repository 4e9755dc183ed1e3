//! When the next socket may be opened: a bound on how many a minute, and a wait after each failure.

use super::line::Leave;
use crate::chat::backoff::Backoff;
use crate::limits;
use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// It reads no clock: each opening is remembered by a sleep that ends when it no longer counts.
pub struct Pacing {
    backoff: Backoff,
    counted: VecDeque<Pin<Box<Sleep>>>,
    pause_ms: u64,
}

impl Pacing {
    pub fn new(seed: u64) -> Self {
        Self { backoff: Backoff::new(seed), counted: VecDeque::new(), pause_ms: 0 }
    }

    /// Returns when a socket may be opened, and counts it.
    pub async fn wait(&mut self) {
        sleep(Duration::from_millis(std::mem::take(&mut self.pause_ms))).await;
        if self.counted.len() >= limits::SLACK_OPENS
            && let Some(oldest) = self.counted.front_mut()
        {
            oldest.await;
            self.counted.pop_front();
        }
        self.counted.push_back(Box::pin(sleep(Duration::from_millis(limits::SLACK_OPENS_MS))));
    }

    /// The last socket ended so; the next one waits accordingly.
    pub fn failed(&mut self, why: Leave) {
        self.pause_ms = match why {
            // Slack's own housekeeping: the next one is wanted now.
            Leave::Refresh => 0,
            Leave::Busy(ms) => ms.clamp(self.backoff.next_ms(), limits::SLACK_REFUSED_MS),
            Leave::Disabled | Leave::Refused => limits::SLACK_REFUSED_MS,
            Leave::Crowded | Leave::Silent | Leave::Lost | Leave::Unopened => self.backoff.next_ms(),
        };
    }

    /// The socket stood long enough to begin anew.
    pub fn settled(&mut self) {
        self.backoff.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Openings in ten minutes when each one ends at once for this reason.
    async fn openings(why: Leave) -> usize {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let flood = async move {
            let mut pacing = Pacing::new(1);
            loop {
                pacing.wait().await;
                counted.fetch_add(1, Ordering::Relaxed);
                pacing.failed(why);
            }
        };
        assert!(tokio::time::timeout(Duration::from_millis(10 * limits::SLACK_OPENS_MS), flood).await.is_err());
        count.load(Ordering::Relaxed)
    }

    #[tokio::test(start_paused = true)]
    async fn no_server_makes_us_open_more_than_the_bound() {
        let bound = 11 * limits::SLACK_OPENS;
        for why in [Leave::Refresh, Leave::Lost, Leave::Crowded, Leave::Silent, Leave::Unopened, Leave::Busy(1)] {
            let opened = openings(why).await;
            assert!(opened <= bound && opened >= 20, "{why}: {opened}");
        }
        for why in [Leave::Disabled, Leave::Refused, Leave::Busy(u64::MAX)] {
            assert!(openings(why).await <= 3, "{why}");
        }
    }
}
