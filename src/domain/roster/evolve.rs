//! `evolve(state, event)` for rosters, and the timers their states ask for.

use super::{Handoff, NAGS, Offer, Override, RosterEvent as E, RosterState};
use crate::domain::time::{Now, Span, after};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How long an override is remembered after its end: as long as calendars look back.
const KEPT: Span = Span::hours(31 * 24);
/// Hand-offs that a state keeps.
const HANDOFFS: usize = 2;

/// What a timer of a roster is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "purpose")]
pub enum Purpose {
    /// The holder changes, or config or a restart wants it looked at.
    Look,
    /// The hand-off is not accepted.
    Nag,
}

/// The timers this state asks for. All go by the wall clock.
#[must_use]
pub fn timers(state: &RosterState) -> Vec<(Purpose, Timestamp)> {
    let mut out = Vec::new();
    if !state.begun {
        return out;
    }
    out.extend(state.look.map(|at| (Purpose::Look, at)));
    out.extend(state.open_handoff().and_then(|h| h.nag).map(|at| (Purpose::Nag, at)));
    out
}

/// The state after `event`. Every event can happen to every roster.
#[must_use]
pub fn evolve(mut state: RosterState, event: &E, now: Now) -> RosterState {
    forget(&mut state, now.wall);
    match event {
        E::RosterBegun { holder, look } => {
            state.begun = true;
            (state.holder, state.look) = (holder.clone(), Some(*look));
        }
        E::ShiftsPlanned { look } => state.look = Some(*look),
        E::HandedOver(h) => {
            state.last = state.last.max(h.number);
            (state.holder, state.look) = (Some(h.incoming.clone()), Some(h.look));
            state.standing = standing(&state, h);
            state.handoffs.iter_mut().for_each(|before| before.over = true);
            state.handoffs.push(Handoff {
                number: h.number,
                outgoing: h.outgoing.clone(),
                incoming: h.incoming.clone(),
                at: h.at,
                until: h.until,
                notes: h.notes.clone(),
                accepted: h.accepted.then_some(now.wall),
                nags: 0,
                nag: (!h.accepted).then(|| after(now.wall, NAGS[0])),
                over: false,
            });
            let surplus = state.handoffs.len().saturating_sub(HANDOFFS);
            state.handoffs.drain(..surplus);
        }
        E::HandoffAccepted { number, .. } => {
            state.standing.clear();
            if let Some(h) = state.handoffs.iter_mut().find(|h| h.number == *number) {
                (h.accepted, h.nag) = (Some(now.wall), None);
            }
        }
        E::HandoffNagged { number, again } => {
            if let Some(h) = state.handoffs.iter_mut().find(|h| h.number == *number) {
                (h.nags, h.nag) = (h.nags + 1, Some(*again));
            }
        }
        E::Overridden { number, person, from, until, by } => {
            state.last = state.last.max(*number);
            let (number, from, until) = (*number, *from, *until);
            state.overrides.push(Override { number, person: person.clone(), from, until, by: by.clone() });
        }
        E::OverrideCancelled { number, .. } => state.overrides.retain(|o| o.number != *number),
        E::SwapOffered { number, giver, taker, from, until } => {
            state.last = state.last.max(*number);
            let (number, from, until) = (*number, *from, *until);
            state.offers.push(Offer { number, giver: giver.clone(), taker: taker.clone(), from, until });
        }
        E::SwapTaken { number, giver, taker, from, until } => {
            state.offers.retain(|o| o.number != *number);
            // What was agreed last counts, so it gets a number of its own.
            state.last += 1;
            let (number, from, until) = (state.last, *from, *until);
            state.overrides.push(Override { number, person: taker.clone(), from, until, by: giver.clone() });
        }
        E::SwapDeclined { number, .. } => state.offers.retain(|o| o.number != *number),
        E::RosterRetired => {
            (state.begun, state.look, state.holder) = (false, None, None);
            state.standing.clear();
            state.handoffs.iter_mut().for_each(|h| h.over = true);
        }
    }
    state
}

/// When a hand-off that is still open is asked for again.
#[must_use]
pub(crate) fn next_nag(handoff: &Handoff, now: Timestamp) -> Timestamp {
    let nth = usize::try_from(handoff.nags).unwrap_or(usize::MAX).saturating_add(1);
    let due = NAGS.get(nth).map(|span| after(handoff.at, *span)).filter(|due| *due > now);
    due.unwrap_or_else(|| if nth < NAGS.len() { after(now, NAGS[0]) } else { after(now, Span::hours(24)) })
}

/// Whoever stays pageable: nobody where it was accepted; else whoever went before, and whoever has
/// waited for longest to be let go.
fn standing(state: &RosterState, h: &super::Handover) -> Vec<crate::domain::ids::PersonId> {
    if h.accepted {
        return Vec::new();
    }
    let mut out = Vec::new();
    for person in state.standing.first().into_iter().chain(&h.outgoing) {
        if &h.incoming != person && !out.contains(person) {
            out.push(person.clone());
        }
    }
    out
}

/// What has been over for a while is of no use to anybody; until then calendars show it.
fn forget(state: &mut RosterState, now: Timestamp) {
    state.overrides.retain(|o| after(o.until, KEPT) > now);
    state.offers.retain(|o| o.until > now);
}
