//! Digests: each slot of the schedule is taken once, none is left out unsaid, and what is posted was due.
//!
//! The slots are counted here by plain arithmetic: every full and every half hour from 9:00 to 11:30, three hours east of UTC.

use super::Checker;
use signalbox::domain::rhythm::{DigestEvent, DigestState, MISSED};
use signalbox::domain::world::State;
use signalbox::store::EventRow;

const HALF_HOUR: i64 = 1_800_000;
const DAY: i64 = 86_400_000;
/// East of UTC.
const EAST: i64 = 3 * 3_600_000;

fn is_slot(at: i64) -> bool {
    let local = (at + EAST).rem_euclid(DAY);
    local % HALF_HOUR == 0 && (18..24).contains(&(local / HALF_HOUR))
}

/// The slots in `[from, to]`.
fn slots(from: i64, to: i64) -> Vec<i64> {
    let first = from.div_euclid(HALF_HOUR) * HALF_HOUR;
    (0..).map(|n| first + n * HALF_HOUR).take_while(|at| *at <= to).filter(|at| *at >= from && is_slot(*at)).collect()
}

impl Checker {
    pub(super) fn judge_digest(
        &mut self,
        row: &EventRow,
        event: &DigestEvent,
        before: Option<&State>,
    ) -> Result<(), String> {
        let empty = DigestState::default();
        let state = match before {
            Some(State::Digest(state)) => state,
            _ => &empty,
        };
        match event {
            DigestEvent::DigestArmed { armed } => {
                let next = armed.next.as_millisecond();
                if before.is_some() {
                    return Err("is armed again, and its schedule never changes".into());
                }
                if slots(row.at + 1, next) != [next] {
                    return Err(format!("waits for {next}, which is not the next slot"));
                }
            }
            DigestEvent::DigestDue { slot, missed, next } => {
                let armed = state.armed.as_ref().map_or(i64::MAX, |a| a.next.as_millisecond());
                let (slot, next) = (slot.as_millisecond(), next.as_millisecond());
                let due = slots(armed, row.at);
                if due.last() != Some(&slot) {
                    return Err(format!("takes {slot} of {due:?}"));
                }
                if usize::try_from(*missed).ok() != Some((due.len() - 1).min(MISSED as usize)) {
                    return Err(format!("says that {missed} of {due:?} were missed"));
                }
                if slots(row.at + 1, next) != [next] {
                    return Err(format!("waits for {next}, which is not the next slot"));
                }
            }
            DigestEvent::DigestPosted { report } => {
                if state.gathering.as_ref().map(|g| g.slot) != Some(report.slot) {
                    return Err(format!("posts {} and gathers {:?}", report.slot, state.gathering));
                }
                if state.last.is_some_and(|last| last >= report.slot) {
                    return Err(format!("posts {} after {:?}", report.slot, state.last));
                }
                self.posted_slots += 1;
            }
            DigestEvent::DigestRetired => return Err("is put away, and config always has it".into()),
        }
        Ok(())
    }

    /// Nothing that was due is still unsaid.
    pub(super) fn digests_at_the_end(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (stream, folded) in self.streams.iter().filter(|(stream, _)| stream.kind() == "digest") {
            if let Some(State::Digest(DigestState { gathering: Some(g), .. })) = &folded.state {
                wrong.push(format!("{stream} has never said what was due at {}", g.slot));
            }
        }
        wrong
    }
}
