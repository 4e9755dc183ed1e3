//! The climb of the ladder (DESIGN 4.6): levels are reached at their time, people are looked up at that moment, a level with
//! nobody on it is passed by at once, and after the last one it begins again, until the channel is told.

use crate::domain::decide::{Stop, Tx};
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::incident::{Incident, IncidentEvent as E, Purpose, timers};
use crate::domain::policy::Policy;
use crate::domain::response::Level;
use crate::domain::time::Span;

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
    for at in i.climb.next..ladder.levels.len() {
        let Some(level) = ladder.levels.get(at) else { break };
        let people = on_level(tx.ctx.policy, level);
        let paged = !people.is_empty();
        let reason = why.map_or_else(|| reason(i, level), str::to_owned);
        tx.on_incident(i.id, E::Paged { level: level.name.clone(), people, why: reason })?;
        if paged {
            return Ok(true);
        }
    }
    if i.climb.next >= ladder.levels.len() && why.is_none() {
        let event = if i.climb.round < ladder.repeat { E::RoundBegun } else { E::LadderEnded };
        tx.on_incident(i.id, event)?;
    }
    Ok(false)
}

/// Why this level is reached, as its people read it.
fn reason(i: &Incident, level: &Level) -> String {
    match &i.ack {
        Some(_) => format!("not under control after {}", level.unresolved.unwrap_or(level.after)),
        None if level.after == Span::ZERO => String::new(),
        None => format!("nobody has acknowledged within {}", level.after),
    }
}

/// Who is on a level at this moment, in the order of their ids.
pub fn on_level(policy: &Policy, level: &Level) -> Vec<PersonId> {
    let by_role = policy.holders(&level.roles).map(|p| p.id.clone());
    let by_name = level.people.iter().filter(|id| policy.people.contains_key(*id)).cloned();
    let all: std::collections::BTreeSet<PersonId> = by_role.chain(by_name).collect();
    all.into_iter().collect()
}
