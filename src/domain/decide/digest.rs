//! Digests: a slot is taken once, and what was gathered for it is said once (DESIGN 4.7).

use super::{Stop, Tx};
use crate::domain::ids::Stream;
use crate::domain::rhythm::{DigestEvent as E, DigestState, Look, Report, look as look_at};
use crate::domain::world::{Event, State};

/// Compares the ledger with the schedule. Whoever looks next finds a slot taken.
pub(super) fn look(tx: &mut Tx<'_>, name: &str) -> Result<(), Stop> {
    let (state, now) = (state(tx, name)?, tx.ctx.now.wall);
    let Some(digest) = tx.ctx.policy.rhythm.digests.get(name) else {
        return if state.armed.is_some() { emit(tx, name, E::DigestRetired) } else { Ok(()) };
    };
    match look_at(&digest.cron, state.armed.as_ref(), now) {
        Look::Quiet => Ok(()),
        Look::Arm(armed) => emit(tx, name, E::DigestArmed { armed }),
        Look::Slot(due) => emit(tx, name, E::DigestDue { slot: due.slot, missed: due.missed, next: due.next }),
    }
}

/// What was gathered for a slot that nobody waits for any more is said to nobody.
pub(super) fn gathered(tx: &mut Tx<'_>, name: &str, report: &Report) -> Result<(), Stop> {
    let state = state(tx, name)?;
    match state.gathering {
        Some(g) if g.slot == report.slot => emit(tx, name, E::DigestPosted { report: Box::new(report.clone()) }),
        _ => Ok(()),
    }
}

fn state(tx: &mut Tx<'_>, name: &str) -> Result<DigestState, Stop> {
    Ok(match tx.state(&Stream::digest(name))? {
        Some(State::Digest(state)) => state,
        _ => DigestState::default(),
    })
}

fn emit(tx: &mut Tx<'_>, name: &str, event: E) -> Result<(), Stop> {
    tx.emit(Stream::digest(name), Event::Digest(event))
}
