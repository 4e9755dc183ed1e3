//! The climb of the ladder (DESIGN 4.6): levels are reached at their time, people are looked up at that moment, a level with
//! nobody on it is passed by at once, and after the last one it begins again, until the channel is told.

use crate::domain::decide::{Stop, Tx};
use crate::domain::foresee;
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::incident::{Incident, IncidentEvent as E, Purpose, Status, timers};
use crate::domain::paging::{Step, Urgency};
use crate::domain::policy::Policy;
use crate::domain::response::Level;
use crate::domain::time::Span;
use std::collections::{BTreeMap, BTreeSet};

/// Levels and rounds that one decision may pass by; more than any ladder has.
const STEPS: usize = 200;

/// Reaches every level that is due.
pub fn go_on(tx: &mut Tx<'_>, id: IncidentId) -> Result<(), Stop> {
    for _ in 0..STEPS {
        let Some(i) = tx.incident(id)? else { return Ok(()) };
        let now = tx.ctx.now.wall;
        if !timers(&i).iter().any(|(purpose, due)| *purpose == Purpose::Climb && *due <= now) {
            return Ok(());
        }
        up(tx, &i, None)?;
    }
    Ok(())
}

/// Reaches every level that a ladder begins with, also when somebody has it: it is worse than they were told.
pub fn at_once(tx: &mut Tx<'_>, id: IncidentId, why: &str) -> Result<(), Stop> {
    for _ in 0..STEPS {
        let Some(i) = tx.incident(id)? else { return Ok(()) };
        let next = i.climb.ladder.as_ref().and_then(|ladder| ladder.levels.get(i.climb.next));
        if next.is_none_or(|level| level.after > Span::ZERO) {
            return Ok(());
        }
        up(tx, &i, Some(why))?;
    }
    Ok(())
}

/// Reaches the next level now, whatever its time, and passes by those with nobody on them. Says whether anybody is paged.
pub fn go_up(tx: &mut Tx<'_>, id: IncidentId, why: &str) -> Result<bool, Stop> {
    let Some(i) = tx.incident(id)? else { return Ok(false) };
    up(tx, &i, Some(why))
}

fn up(tx: &mut Tx<'_>, i: &Incident, why: Option<&str>) -> Result<bool, Stop> {
    let Some(ladder) = &i.climb.ladder else { return Ok(false) };
    let missing = if i.status == Status::Acknowledged { i.missing() } else { BTreeSet::new() };
    for at in i.climb.next..ladder.levels.len() {
        let Some(level) = ladder.levels.get(at) else { break };
        let (mut people, nobody) = on_level(tx, level)?;
        let there = !people.is_empty();
        // It goes on for those who have not acknowledged, and the others are left alone.
        if why.is_none() && !missing.is_empty() {
            people.retain(|person| !i.has_acked(person));
        }
        let paged = !people.is_empty();
        let name = level.name.clone();
        if there && !paged {
            tx.on_incident(i.id, E::Passed { level: name })?;
            continue;
        }
        let why = why.map_or_else(|| reason(tx.ctx.policy, i, level), str::to_owned);
        let why = [why, nobody].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
        let ways = if ladder.urgent { urgent_ways(tx, &people) } else { ways(tx, &i.severity, &people) };
        tx.on_incident(i.id, E::Paged { level: name, people, why, ways, all: level.all })?;
        if paged {
            return Ok(true);
        }
    }
    if i.climb.next >= ladder.levels.len() && why.is_none() {
        let event = if i.climb.round < ladder.repeat { E::RoundBegun } else { E::LadderEnded };
        tx.on_incident(i.id, event)?;
        super::call::drill_over(tx, i.id)?;
    }
    Ok(false)
}

/// Why this level is reached, as its people read it.
fn reason(policy: &Policy, i: &Incident, level: &Level) -> String {
    let missing = i.missing();
    match &i.ack {
        Some(_) if !missing.is_empty() => {
            let names: Vec<&str> = missing.into_iter().map(|person| policy.person_name(person)).collect();
            format!("not acknowledged by {}", names.join(", "))
        }
        Some(_) => format!("not under control after {}", level.unresolved.unwrap_or(level.after)),
        None if level.after == Span::ZERO => String::new(),
        None => format!("nobody has acknowledged within {}", level.after),
    }
}

/// By what each of them is reached at this moment.
pub(super) fn ways(tx: &Tx<'_>, severity: &str, people: &[PersonId]) -> BTreeMap<PersonId, Vec<Step>> {
    let policy = tx.ctx.policy;
    by_urgency(tx, people, policy.response.urgency(severity, &policy.zone, tx.ctx.now.wall))
}

/// By what each of them is woken.
pub(super) fn urgent_ways(tx: &Tx<'_>, people: &[PersonId]) -> BTreeMap<PersonId, Vec<Step>> {
    by_urgency(tx, people, Urgency::High)
}

fn by_urgency(tx: &Tx<'_>, people: &[PersonId], urgency: Urgency) -> BTreeMap<PersonId, Vec<Step>> {
    let policy = tx.ctx.policy;
    let of = |person: &PersonId| Some((person.clone(), policy.people.get(person)?.ways.of(urgency).to_vec()));
    people.iter().filter_map(of).collect()
}

/// Who is on a level at this moment, in the order of their ids; and which of its rosters have nobody to page, in words.
pub(super) fn on_level(tx: &mut Tx<'_>, level: &Level) -> Result<(Vec<PersonId>, String), Stop> {
    let policy = tx.ctx.policy;
    foresee::on_level(policy, level, |roster| tx.on_call(roster))
}
