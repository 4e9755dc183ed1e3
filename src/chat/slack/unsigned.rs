//! Requests that Slack did not sign, without a line each: whoever floods the address must not fill the disk.

use crate::limits;
use std::sync::{Mutex, PoisonError};

/// Says when they are worth a line. Each is in `signalbox_chat_unsigned_total`.
#[derive(Debug, Default)]
pub struct Unsaid(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When the last line was, in ms on the work clock.
    said_at: Option<i64>,
    since: u64,
}

impl Unsaid {
    /// One more. Gives how many there were since the last line, when it is time for one: the first, then one a minute at most.
    pub fn one_more(&self, now: i64) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.since += 1;
        if state.said_at.is_some_and(|at| now < at + limits::SLACK_UNSIGNED_MS) {
            return None;
        }
        state.said_at = Some(now);
        Some(std::mem::take(&mut state.since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_said_and_then_a_count_once_a_minute() {
        let unsaid = Unsaid::default();
        assert_eq!(unsaid.one_more(5), Some(1));
        let flood = (0..10_000).filter_map(|n| unsaid.one_more(6 + n % 1_000)).count();
        assert_eq!(flood, 0);
        assert_eq!(unsaid.one_more(4 + limits::SLACK_UNSIGNED_MS), None);
        assert_eq!(unsaid.one_more(5 + limits::SLACK_UNSIGNED_MS), Some(10_002));
        assert_eq!(unsaid.one_more(6 + limits::SLACK_UNSIGNED_MS), None);
        assert_eq!(unsaid.one_more(5 + 3 * limits::SLACK_UNSIGNED_MS), Some(2));
    }
}
