//! Who would be paged, in which order and by what, if an incident began at some instant: asked before it does.
//!
//! People are looked up as the ladder does it, each level at its own time, with the overrides that are known now. Deliberately
//! absent: whether a way works at that moment, which only a page or a drill shows.

use super::ids::PersonId;
use super::paging::{Step, Urgency, Via};
use super::policy::{Person, Policy};
use super::response::{Ladder, Level, Severity};
use super::roster::{Roster, RosterState, holder, shifts};
use super::time::{Span, after};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// How far ahead a look for nights without anybody goes.
pub const AHEAD: Span = Span::hours(7 * 24);
/// Instants within it that are looked at; more changes than that are not looked for.
const INSTANTS: usize = 200;

/// A ladder as it would be climbed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreseen {
    pub severity: String,
    pub at: Timestamp,
    /// Empty: nobody is paged about this severity.
    pub rungs: Vec<Rung>,
    /// So often it begins again, and how long after the last level.
    pub repeat: u32,
    pub pause: Span,
}

/// One level at its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    pub level: String,
    pub after: Span,
    pub unresolved: Option<Span>,
    pub at: Timestamp,
    pub urgency: Urgency,
    /// In the order of their ids.
    pub people: Vec<Reached>,
    /// Rosters of it that nobody holds then, in words.
    pub nobody: String,
    pub all: bool,
}

/// One person and their ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    pub person: PersonId,
    pub ways: Vec<Step>,
    /// None of these ways leads to them.
    pub unreachable: bool,
}

/// A level that would page nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreachable {
    pub ladder: String,
    pub level: String,
    /// The first instant in the time looked at.
    pub at: Timestamp,
    pub why: String,
    /// Only because its rosters have hours, as config wants it.
    pub by_hours: bool,
}

/// Who is on a level, in the order of their ids, and which of its rosters have nobody to page, in words. `on_call` says who is
/// to be paged for a roster.
///
/// # Errors
/// Those of `on_call`.
pub fn on_level<E>(
    policy: &Policy,
    level: &Level,
    mut on_call: impl FnMut(&str) -> Result<Vec<PersonId>, E>,
) -> Result<(Vec<PersonId>, String), E> {
    let by_role = policy.holders(&level.roles).map(|p| p.id.clone());
    let by_name = level.people.iter().filter(|id| policy.people.contains_key(*id)).cloned();
    let mut all: BTreeSet<PersonId> = by_role.chain(by_name).collect();
    let mut nobody = Vec::new();
    for roster in &level.rosters {
        let there = on_call(roster)?;
        if there.is_empty() {
            nobody.push(format!("nobody is on call in {roster}"));
        }
        all.extend(there);
    }
    Ok((all.into_iter().collect(), nobody.join(", ")))
}

/// The climb of a severity's ladder if an incident began at `at`.
#[must_use]
pub fn climb(policy: &Policy, rosters: &BTreeMap<String, RosterState>, severity: &Severity, at: Timestamp) -> Foreseen {
    let ladder = policy.response.ladder_of(&severity.name);
    let rung = |level: &Level| {
        let at = after(at, level.after);
        let (people, nobody) = there(policy, rosters, level, at);
        let urgency = policy.response.urgency(&severity.name, &policy.zone, at);
        let reached = |id: PersonId| {
            let person = policy.people.get(&id);
            let ways = person.map(|p| p.ways.of(urgency).to_vec()).unwrap_or_default();
            let unreachable = !person.is_some_and(|p| reaches(policy, p, &ways));
            Reached { person: id, ways, unreachable }
        };
        Rung {
            level: level.name.clone(),
            after: level.after,
            unresolved: level.unresolved,
            at,
            urgency,
            people: people.into_iter().map(reached).collect(),
            nobody,
            all: level.all,
        }
    };
    Foreseen {
        severity: severity.name.clone(),
        at,
        rungs: ladder.map(|l| l.levels.iter().map(rung).collect()).unwrap_or_default(),
        repeat: ladder.map_or(0, |l| l.repeat),
        pause: ladder.map_or(Span::ZERO, |l| l.pause),
    }
}

/// Levels of ladders that would page nobody at some instant from `from` until [`AHEAD`] of it. Looked at are `from` and every
/// change of a roster; each level once.
#[must_use]
pub fn unreachable(policy: &Policy, rosters: &BTreeMap<String, RosterState>, from: Timestamp) -> Vec<Unreachable> {
    let until = after(from, AHEAD);
    let used: BTreeSet<&str> = policy.response.severities.iter().filter_map(|s| s.ladder.as_deref()).collect();
    let mut out = Vec::new();
    for ladder in used.into_iter().filter_map(|name| policy.response.ladders.get(name)) {
        for level in &ladder.levels {
            out.extend(first_gap(policy, rosters, ladder, level, from, until));
        }
    }
    out
}

fn first_gap(
    policy: &Policy,
    rosters: &BTreeMap<String, RosterState>,
    ladder: &Ladder,
    level: &Level,
    from: Timestamp,
    until: Timestamp,
) -> Option<Unreachable> {
    let mut instants = BTreeSet::from([from]);
    for roster in level.rosters.iter().filter_map(|name| policy.response.rosters.get(name)) {
        let overrides = rosters.get(&roster.name).map(|s| s.overrides.as_slice()).unwrap_or_default();
        instants.extend(shifts(roster, overrides, from, until).into_iter().map(|s| s.from));
    }
    instants.into_iter().take(INSTANTS).find_map(|at| {
        let (people, nobody) = there(policy, rosters, level, at);
        let mut known = people.iter().filter_map(|id| policy.people.get(id));
        // Whichever of their ways it would be: by day another may hold than by night.
        let reached = |p: &Person| reaches(policy, p, &p.ways.low) && reaches(policy, p, &p.ways.high);
        if known.any(reached) {
            return None;
        }
        let held = |name: &String| policy.response.rosters.get(name).is_some_and(|r| nobody_by_hours(policy, r, at));
        let by_hours = people.is_empty() && !level.rosters.is_empty() && level.rosters.iter().all(held);
        let why = match (people.as_slice(), nobody.as_str()) {
            ([], "") => "nobody holds its roles".to_owned(),
            ([], nobody) => nobody.to_owned(),
            (people, _) => {
                let names: Vec<&str> = people.iter().map(|p| policy.person_name(p)).collect();
                format!("no way leads to {}", names.join(", "))
            }
        };
        Some(Unreachable { ladder: ladder.name.clone(), level: level.name.clone(), at, why, by_hours })
    })
}

/// Whether a roster has somebody at other times and nobody then, whom config knows.
fn nobody_by_hours(policy: &Policy, roster: &Roster, at: Timestamp) -> bool {
    holder(roster, &[], at).is_none()
        && roster.layers.iter().any(|l| !l.only.is_empty() && l.people.iter().all(|p| policy.people.contains_key(p)))
}

/// Who would be paged on a level at an instant, as far as config knows them.
fn there(
    policy: &Policy,
    rosters: &BTreeMap<String, RosterState>,
    level: &Level,
    at: Timestamp,
) -> (Vec<PersonId>, String) {
    let on_call = |name: &str| -> Result<Vec<PersonId>, std::convert::Infallible> {
        let Some(roster) = policy.response.rosters.get(name) else { return Ok(Vec::new()) };
        let overrides = rosters.get(name).map(|s| s.overrides.as_slice()).unwrap_or_default();
        let known = |id: &&PersonId| policy.people.contains_key(*id);
        Ok(holder(roster, overrides, at).filter(known).into_iter().cloned().collect())
    };
    match on_level(policy, level, on_call) {
        Ok(found) => found,
        Err(never) => match never {},
    }
}

/// Whether any of these ways leads to them. Chat does where they have an account; where nobody has one, the console is all there
/// is, and knows everybody.
fn reaches(policy: &Policy, person: &Person, ways: &[Step]) -> bool {
    let console_only = || policy.people.values().all(|p| p.accounts.is_empty());
    let leads = |via: &Via| *via != Via::Chat || !person.accounts.is_empty() || console_only();
    ways.iter().flatten().any(leads)
}
