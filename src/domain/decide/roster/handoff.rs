//! The change of the holder: noticed by a timer, told with notes, and accepted by the incoming person.

use super::roster_state;
use crate::domain::decide::{Facts, Stop, Tx};
use crate::domain::foresee;
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::incident::Incident;
use crate::domain::message::{code, moment, person, plain};
use crate::domain::roster::{
    HORIZON, Handover, Noted, Notes, Purpose, Roster, RosterEvent as E, ahead, next_nag, shifts, timers, who,
};
use crate::domain::time::{Span, after};
use std::collections::BTreeMap;

/// How far ahead the notes of a hand-off look.
const WEEK: Span = Span::hours(7 * 24);

/// A timer of a roster, or a look at it after a start and with a new config.
pub fn fire(tx: &mut Tx<'_>, name: &str, purpose: Purpose, facts: &Facts) -> Result<(), Stop> {
    match purpose {
        Purpose::Look => look(tx, name, facts, None),
        Purpose::Nag => nag(tx, name),
    }
}

/// Compares who holds it now with who did when it was looked at last. What changed is told once: whoever looks next finds it told.
///
/// `asked` has just changed who is on call; who does so for themselves has nothing to accept.
pub fn look(tx: &mut Tx<'_>, name: &str, facts: &Facts, asked: Option<&PersonId>) -> Result<(), Stop> {
    let (state, now) = (roster_state(tx, name)?, tx.ctx.now.wall);
    let Some(roster) = tx.ctx.policy.response.rosters.get(name) else {
        return if state.begun { tx.on_roster(name, E::RosterRetired) } else { Ok(()) };
    };
    let found = who(roster, &state.overrides, now);
    // Where nothing changes within the horizon, it is looked at again when half of it is over.
    let far = state.look.filter(|at| state.begun && *at > after(now, Span::hours(24)));
    let look = found.until.unwrap_or_else(|| far.unwrap_or(after(now, HORIZON)));
    if !state.begun {
        return tx.on_roster(name, E::RosterBegun { holder: found.holder, look });
    }
    let Some(incoming) = found.holder.filter(|holder| state.holder.as_ref() != Some(holder)) else {
        let planned = state.look == Some(look);
        return if planned { Ok(()) } else { tx.on_roster(name, E::ShiftsPlanned { look }) };
    };
    let (roster, number) = (roster.clone(), state.next());
    let notes = notes(tx, &roster, facts)?;
    let accepted = asked == Some(&incoming);
    let handover = Handover {
        number,
        outgoing: state.holder.clone(),
        incoming,
        at: found.since.unwrap_or(now),
        until: found.until,
        notes,
        look,
        accepted,
    };
    tx.on_roster(name, E::HandedOver(Box::new(handover)))
}

/// The incoming person is asked again.
fn nag(tx: &mut Tx<'_>, name: &str) -> Result<(), Stop> {
    let (state, now) = (roster_state(tx, name)?, tx.ctx.now.wall);
    if !timers(&state).iter().any(|(purpose, due)| *purpose == Purpose::Nag && *due <= now) {
        return Ok(());
    }
    let Some(handoff) = state.open_handoff() else { return Ok(()) };
    tx.on_roster(name, E::HandoffNagged { number: handoff.number, again: next_nag(handoff, now) })
}

/// The incoming person has it.
pub fn accept(tx: &mut Tx<'_>, by: &PersonId, roster: &Roster, meant: Option<u32>) -> Result<(), Stop> {
    let state = roster_state(tx, &roster.name)?;
    let name = &roster.name;
    let stale = |number: u32| meant.is_some_and(|m| m != number);
    let Some(handoff) = state.open_handoff().filter(|h| !stale(h.number)) else {
        let mut text = vec![plain(format!("No hand-off of {name} waits for that. "))];
        match &state.holder {
            Some(holder) => text.extend([person(holder), plain(" is on call.")]),
            None => text.push(plain("Nobody is on call.")),
        }
        tx.refuse_text("no_handoff", text);
        return Ok(());
    };
    let Some(incoming) = Some(handoff.incoming.clone()).filter(|incoming| incoming != by) else {
        let (number, standing) = (handoff.number, state.standing.clone());
        tx.on_roster(name, E::HandoffAccepted { number, by: by.clone() })?;
        let mut text = vec![plain(format!("You are on call in {name}"))];
        text.extend(handoff.until.into_iter().flat_map(|until| [plain(" until "), moment(until)]));
        text.push(plain("."));
        if !standing.is_empty() {
            text.push(plain(" "));
            text.extend(crate::domain::decide::refuse::names(&standing));
            text.push(plain(if standing.len() == 1 { " is paged no more." } else { " are paged no more." }));
        }
        tx.done(text);
        return Ok(());
    };
    let text = vec![
        person(&incoming),
        plain(" has to say so, since the shift is theirs. If you take it over: "),
        code(format!("/oncall override {name} {by} for 8h")),
        plain("."),
    ];
    tx.refuse_text("not_incoming", text);
    Ok(())
}

/// What whoever comes next should know.
///
/// # Errors
/// When the board or an incident is not loaded.
pub fn notes(tx: &mut Tx<'_>, roster: &Roster, facts: &Facts) -> Result<Notes, Stop> {
    let (board, now) = (tx.board()?, tx.ctx.now.wall);
    let state = roster_state(tx, &roster.name)?;
    let open = incidents(tx, board.open.keys().copied())?;
    let ended = incidents(tx, board.ended.iter().copied())?;
    let line = |i: &Incident| format!("{} {} {}, {}", i.id, i.severity, i.title, i.status.words());
    let owed = ended.iter().filter_map(|i| {
        let what = format!("{} {}: post-mortem", i.id, i.title);
        i.post_mortem_due.filter(|_| i.lessons.is_none()).map(|at| Noted { what, at })
    });
    let unreachable = gaps(tx)?;
    let until = after(now, WEEK);
    Ok(Notes {
        unreachable,
        incidents: open.iter().map(|i| Noted { what: line(i), at: i.started }).collect(),
        muted: muted(tx)?,
        post_mortems: owed.collect(),
        rolled_back: facts.rolled_back.clone(),
        calendar: ahead(&tx.ctx.policy.calendar, now, until),
        shifts: shifts(roster, &state.overrides, now, until),
    })
}

/// Levels that would page nobody in the week ahead, against what config means.
fn gaps(tx: &mut Tx<'_>) -> Result<Vec<Noted>, Stop> {
    let policy = tx.ctx.policy;
    let mut states = BTreeMap::new();
    for name in policy.response.rosters.keys() {
        states.insert(name.clone(), roster_state(tx, name)?);
    }
    let gaps = foresee::unreachable(policy, &states, tx.ctx.now.wall);
    let noted = |g: foresee::Unreachable| Noted { what: format!("{} of {}: {}", g.level, g.ladder, g.why), at: g.at };
    Ok(gaps.into_iter().filter(|g| !g.by_hours).map(noted).collect())
}

/// What is silenced, and until when.
fn muted(tx: &mut Tx<'_>) -> Result<Vec<Noted>, Stop> {
    let silences = tx.alerts()?.silences.into_iter();
    Ok(silences.map(|s| Noted { what: format!("{}: {}", s.typed, s.reason), at: s.until }).collect())
}

fn incidents(tx: &mut Tx<'_>, ids: impl Iterator<Item = IncidentId>) -> Result<Vec<Incident>, Stop> {
    let found: Result<Vec<_>, Stop> = ids.map(|id| tx.incident(id)).collect();
    Ok(found?.into_iter().flatten().collect())
}
