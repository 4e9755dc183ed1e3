//! Who holds a roster: at an instant, and over a stretch of time.

use super::rotation::Rotation;
use super::{Override, Roster};
use crate::domain::ids::PersonId;
use crate::domain::time::{Span, after};
use crate::domain::window::stretches;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How far changes are looked for in both directions: more than two of the longest turns.
pub const HORIZON: Span = Span::hours(400 * 24);
/// Tried first, since most turns are shorter.
const NEAR: [Span; 2] = [Span::hours(16 * 24), Span::hours(64 * 24)];

/// One person's time on call, `[from, until)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// None: nobody is on call, since no layer counts then.
    pub person: Option<PersonId>,
    pub from: Timestamp,
    pub until: Timestamp,
}

/// The answer for one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// None: nobody, since no layer counts then.
    pub holder: Option<PersonId>,
    /// None: for longer than [`HORIZON`].
    pub since: Option<Timestamp>,
    /// None: for longer than [`HORIZON`].
    pub until: Option<Timestamp>,
    /// Who comes then; nobody when that is a gap or there is no change.
    pub next: Option<PersonId>,
}

/// Who holds it at this instant.
#[must_use]
pub fn holder<'a>(roster: &'a Roster, overrides: &'a [Override], at: Timestamp) -> Option<&'a PersonId> {
    let covers = |o: &&Override| o.from <= at && at < o.until;
    if let Some(newest) = overrides.iter().filter(covers).max_by_key(|o| o.number) {
        return Some(&newest.person);
    }
    let counts = |only: &[_]| only.is_empty() || !stretches(only, at, after(at, Span::millis(1))).is_empty();
    let layer = roster.layers.iter().rev().find(|layer| counts(&layer.only))?;
    let rotation = Rotation::new(layer, &roster.zone);
    rotation.person(rotation.turn(at))
}

/// Who holds it over `[from, until)`: shifts in order, each beginning where the one before ends, none with the person of its
/// neighbour. The first begins at `from` and the last ends at `until`, whenever they really do.
#[must_use]
pub fn shifts(roster: &Roster, overrides: &[Override], from: Timestamp, until: Timestamp) -> Vec<Shift> {
    let mut cuts = vec![from];
    for layer in &roster.layers {
        let rotation = Rotation::new(layer, &roster.zone);
        let turns = (rotation.turn(from) + 1..).map(|n| rotation.begins(n)).take_while(|at| *at < until);
        cuts.extend(turns);
        cuts.extend(stretches(&layer.only, from, until).into_iter().flat_map(|(a, b)| [a, b]));
    }
    cuts.extend(overrides.iter().flat_map(|o| [o.from, o.until]));
    cuts.retain(|at| from <= *at && *at < until);
    cuts.sort_unstable();
    cuts.dedup();
    let mut out: Vec<Shift> = Vec::new();
    for at in cuts {
        let person = holder(roster, overrides, at);
        if out.last().is_some_and(|last| last.person.as_ref() == person) {
            continue;
        }
        if let Some(last) = out.last_mut() {
            last.until = at;
        }
        out.push(Shift { person: person.cloned(), from: at, until });
    }
    out
}

/// Who holds it at this instant, since when, until when, and who is next.
#[must_use]
pub fn who(roster: &Roster, overrides: &[Override], at: Timestamp) -> Who {
    let look = |span: Span| {
        let (from, until) = (after(at, Span::millis(-span.as_millis())), after(at, span));
        let all = shifts(roster, overrides, from, until);
        let now = all.iter().position(|s| s.from <= at && at < s.until).unwrap_or(0);
        let shift = all.get(now);
        Who {
            holder: shift.and_then(|s| s.person.clone()),
            since: shift.map(|s| s.from).filter(|since| *since > from),
            until: shift.map(|s| s.until).filter(|end| *end < until),
            next: all.get(now + 1).and_then(|s| s.person.clone()),
        }
    };
    let near = NEAR.into_iter().map(look).find(|w| w.since.is_some() && w.until.is_some());
    near.unwrap_or_else(|| look(HORIZON))
}
