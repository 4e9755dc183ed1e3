//! What is left to do once it is over: the post-mortem, and the actions that come of it (DESIGN 4.5).

use super::{Incident, Status};
use crate::domain::ids::PersonId;
use crate::domain::time::{Span, after};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How long before its due time something is brought to mind, the longest first (DESIGN 4.5).
pub const NAG_BEFORE: [Span; 3] = [Span::hours(24), Span::hours(6), Span::hours(1)];
/// How often it is brought to mind from its due time on.
pub const NAG_AGAIN: Span = Span::hours(24);
/// Actions of one incident at most.
pub const ACTIONS: usize = 50;

/// Something to be done so that it does not happen again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Counts from 1 within its incident.
    pub n: u32,
    pub text: String,
    pub owner: Option<PersonId>,
    pub due: Option<Timestamp>,
    pub done: Option<Timestamp>,
    /// How often it was brought to mind, or need not be.
    pub nagged: usize,
}

/// What was learned; with it a post-mortem is more than a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lessons {
    pub by: PersonId,
    pub at: Timestamp,
    pub text: String,
}

/// When something due at `due` is brought to mind next, after so many times.
#[must_use]
pub fn next_nag(due: Timestamp, nagged: usize) -> Timestamp {
    match NAG_BEFORE.get(nagged) {
        Some(before) => after(due, Span::millis(-before.as_millis())),
        None => {
            let late = i64::try_from(nagged - NAG_BEFORE.len()).unwrap_or(i64::MAX);
            after(due, Span::millis(NAG_AGAIN.as_millis().saturating_mul(late)))
        }
    }
}

/// How many of its reminders lie before `now`, so that what is due soon begins with the next one.
#[must_use]
pub fn passed(due: Timestamp, now: Timestamp) -> usize {
    (0..NAG_BEFORE.len()).take_while(|n| next_nag(due, *n) <= now).count()
}

impl Incident {
    /// When the post-mortem that is still owed is brought to mind next.
    #[must_use]
    pub fn post_mortem_nag(&self) -> Option<Timestamp> {
        let owed = self.status == Status::Resolved && self.lessons.is_none();
        self.post_mortem_due.filter(|_| owed).map(|due| next_nag(due, self.post_mortem_nagged))
    }

    /// When each open action is brought to mind next.
    pub fn action_nags(&self) -> impl Iterator<Item = (u32, Timestamp)> + '_ {
        let open = self.actions.iter().filter(|a| a.done.is_none() && a.owner.is_some());
        open.filter_map(|a| Some((a.n, next_nag(a.due?, a.nagged))))
    }

    #[must_use]
    pub fn action(&self, n: u32) -> Option<&Action> {
        self.actions.iter().find(|a| a.n == n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_brought_to_mind_a_day_six_hours_and_an_hour_before_then_at_its_time_and_daily() {
        let due: Timestamp = "2026-01-10T10:00:00Z".parse().unwrap();
        let at: Vec<String> = (0..6).map(|n| next_nag(due, n).to_string()).collect();
        assert_eq!(
            at,
            [
                "2026-01-09T10:00:00Z",
                "2026-01-10T04:00:00Z",
                "2026-01-10T09:00:00Z",
                "2026-01-10T10:00:00Z",
                "2026-01-11T10:00:00Z",
                "2026-01-12T10:00:00Z"
            ]
        );
        assert_eq!(passed(due, "2026-01-08T10:00:00Z".parse().unwrap()), 0);
        assert_eq!(passed(due, "2026-01-10T05:00:00Z".parse().unwrap()), 2);
        assert_eq!(passed(due, "2026-01-11T05:00:00Z".parse().unwrap()), 3, "its own time is said in any case");
    }
}
