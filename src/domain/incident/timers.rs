//! What an incident waits for, all of it computed from its state.

use super::{Incident, Status, Told};
use crate::domain::time::{Span, after};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a timer of an incident is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "purpose")]
pub enum Purpose {
    /// The next level of the ladder, the next round, or its end.
    Climb,
    /// Somebody promised to be at it until now.
    Promise,
    /// People want to know how it stands.
    Update,
    /// The way back is brought to mind.
    RollbackReminder,
    /// The post-mortem is owed.
    PostMortem,
    /// An action is due.
    Action,
    /// Its rooms are put aside.
    Rooms,
}

/// How long before an update is due its author is told alone (incident.io, Dispatch and others warn 3 to 5 minutes ahead).
pub const WARN: Span = Span::mins(3);
/// How long after its due time an update that did not come goes up.
pub const OVERDUE: Span = Span::mins(5);
/// How long after the end of a promise it counts as broken.
pub const EDGE: Span = Span::mins(5);

/// The timers this state asks for. All go by the wall clock.
#[must_use]
pub fn timers(i: &Incident) -> Vec<(Purpose, Timestamp)> {
    let mut out = Vec::new();
    out.extend(i.post_mortem_nag().map(|due| (Purpose::PostMortem, due)));
    out.extend(i.action_nags().map(|(_, due)| due).min().map(|due| (Purpose::Action, due)));
    out.extend(i.rooms_close().map(|due| (Purpose::Rooms, due)));
    if i.status.ended() {
        return out;
    }
    // What is silenced comes back with the end of that, which is a timer of the alerts' board.
    if i.hushed().is_some() {
        return out;
    }
    let quiet = i.alerts.hushed.is_some();
    out.extend(climb(i).filter(|_| !quiet).map(|due| (Purpose::Climb, due)));
    if let Some(ack) = i.ack.as_ref().filter(|_| i.status == Status::Acknowledged) {
        out.push((Purpose::Promise, if ack.nudged { after(ack.until, EDGE) } else { ack.until }));
    }
    if let Some(next) = &i.next_update {
        let due = match next.told {
            Told::Nobody => Some(after(next.due, Span::millis(-WARN.as_millis()))),
            Told::Privately => Some(next.due),
            Told::Channel => Some(after(next.due, OVERDUE)),
            Told::Above => None,
        };
        out.extend(due.map(|due| (Purpose::Update, due)));
    }
    out.extend(i.rollback_reminder.map(|due| (Purpose::RollbackReminder, due)));
    out
}

/// When the ladder goes on. Two clocks: nobody has acknowledged, and nobody has got it under control.
fn climb(i: &Incident) -> Option<Timestamp> {
    let climb = &i.climb;
    let ladder = climb.ladder.as_ref().filter(|_| !climb.ended)?;
    let unanswered = i.unanswered();
    match ladder.levels.get(climb.next) {
        Some(level) => {
            let waits = [
                unanswered.then_some(level.after),
                level.unresolved.filter(|_| matches!(i.status, Status::Open | Status::Acknowledged)),
            ];
            waits.into_iter().flatten().min().map(|offset| after(climb.from, offset))
        }
        None => {
            let last = ladder.levels.last().map_or(Span::ZERO, |level| level.after);
            unanswered.then(|| after(climb.from, last + ladder.pause))
        }
    }
}
