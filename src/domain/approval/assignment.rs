//! Who fills which slot, what is missing, and who could help: the matching in terms of people and roles.

use super::matching::{MAX_SLOTS, Matching};
use crate::domain::ids::{PersonId, Role};
use crate::domain::policy::{Policy, Slot};
use std::collections::BTreeSet;

/// How the turned keys are spread over the slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assignment {
    /// By slot: who fills it.
    pub slots: Vec<Option<PersonId>>,
    /// Turned a key but fill nothing, in the order turned: no slot left, no fitting role any more, or the requester.
    pub spare: Vec<PersonId>,
}

impl Assignment {
    /// Whether every slot that is waited for is filled. `slots` is the list it was made from; with any other it is not.
    #[must_use]
    pub fn complete(&self, slots: &[Slot]) -> bool {
        self.slots.len() == slots.len() && self.missing(slots).is_empty()
    }

    /// The slots that are waited for and not filled.
    #[must_use]
    pub fn missing(&self, slots: &[Slot]) -> Vec<usize> {
        (0..slots.len()).filter(|s| !slots[*s].optional && self.slots.get(*s).is_none_or(Option::is_none)).collect()
    }

    /// The slot that `person` fills.
    #[must_use]
    pub fn slot_of(&self, person: &PersonId) -> Option<usize> {
        self.slots.iter().position(|s| s.as_ref() == Some(person))
    }
}

/// What one person's key would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Usefulness {
    /// They would fill this slot; others may move for it.
    Fills(usize),
    /// They hold a fitting role, but nothing they could fill, or free by moving others, is left.
    Spare,
    /// It is their own request.
    Requester,
    /// They hold none of the slots' roles. `needed`: those of the missing slots, or of all when none is missing.
    NoRole { needed: BTreeSet<Role> },
    /// They have turned their key.
    Already,
}

/// Spreads the turned keys, given in the order they were turned, over `slots`.
///
/// The requester, unknown people and people who hold none of a slot's roles now never fill it. Most required slots are
/// filled first, then most optional ones. One key more at the end of `turned` never empties a slot and moves as few people
/// as filling one more slot takes.
#[must_use]
pub fn assign(slots: &[Slot], turned: &[PersonId], policy: &Policy, requester: &PersonId) -> Assignment {
    Turned::new(slots, turned, policy, requester).assignment()
}

/// Who, of those who have not turned a key, could turn one now with which `slot` is filled and no filled slot is emptied,
/// in the order of their ids. Empty when it is filled already.
#[must_use]
pub fn candidates(
    slots: &[Slot],
    turned: &[PersonId],
    policy: &Policy,
    requester: &PersonId,
    slot: usize,
) -> Vec<PersonId> {
    if slot >= slots.len().min(MAX_SLOTS) {
        return Vec::new();
    }
    let keys = Turned::new(slots, turned, policy, requester);
    let helps = |id: &&PersonId| {
        *id != requester
            && !turned.contains(id)
            && keys.matching.could_gain(eligible(slots, policy, id)) & (1 << slot) != 0
    };
    policy.people.keys().filter(helps).cloned().collect()
}

/// Whether the people of the policy could ever fill every slot that is waited for, all turning their keys.
///
/// # Errors
/// The slots that would stay empty.
pub fn reachable(slots: &[Slot], policy: &Policy, requester: &PersonId) -> Result<(), Vec<usize>> {
    let everybody: Vec<PersonId> = policy.people.keys().cloned().collect();
    let missing = assign(slots, &everybody, policy, requester).missing(slots);
    if missing.is_empty() { Ok(()) } else { Err(missing) }
}

/// What it would do if `person` turned a key now.
#[must_use]
pub fn useful(
    slots: &[Slot],
    turned: &[PersonId],
    policy: &Policy,
    requester: &PersonId,
    person: &PersonId,
) -> Usefulness {
    if person == requester {
        return Usefulness::Requester;
    }
    let mut keys = Turned::new(slots, turned, policy, requester);
    if eligible(slots, policy, person) == 0 && !slots.is_empty() {
        let missing = keys.assignment().missing(slots);
        let asked = |s: &usize| missing.is_empty() || missing.contains(s);
        let needed = (0..slots.len()).filter(asked).flat_map(|s| slots[s].roles.iter().cloned()).collect();
        return Usefulness::NoRole { needed };
    }
    if turned.contains(person) {
        return Usefulness::Already;
    }
    keys.turn(slots, policy, requester, person);
    keys.assignment().slot_of(person).map_or(Usefulness::Spare, Usefulness::Fills)
}

/// The matching together with whom its numbers mean.
struct Turned {
    people: Vec<PersonId>,
    matching: Matching,
}

impl Turned {
    fn new(slots: &[Slot], turned: &[PersonId], policy: &Policy, requester: &PersonId) -> Self {
        let required =
            slots.iter().take(MAX_SLOTS).enumerate().filter(|(_, s)| !s.optional).fold(0, |m, (i, _)| m | 1 << i);
        let mut keys =
            Self { people: Vec::with_capacity(turned.len()), matching: Matching::new(slots.len(), required) };
        for person in turned {
            keys.turn(slots, policy, requester, person);
        }
        keys
    }

    fn turn(&mut self, slots: &[Slot], policy: &Policy, requester: &PersonId, person: &PersonId) {
        if self.people.contains(person) {
            return;
        }
        self.people.push(person.clone());
        self.matching.add(if person == requester { 0 } else { eligible(slots, policy, person) });
    }

    fn assignment(&self) -> Assignment {
        let filled = self.matching.filled();
        let slots = filled.iter().map(|p| p.and_then(|p| self.people.get(p)).cloned()).collect();
        let idle = |(i, _): &(usize, &PersonId)| !filled.contains(&Some(*i));
        let spare = self.people.iter().enumerate().filter(idle).map(|(_, p)| p.clone()).collect();
        Assignment { slots, spare }
    }
}

/// The slots that `person` may fill by the roles they hold now, as bits.
fn eligible(slots: &[Slot], policy: &Policy, person: &PersonId) -> u64 {
    let Some(person) = policy.people.get(person) else { return 0 };
    let fits = |(_, slot): &(usize, &Slot)| !slot.roles.is_disjoint(&person.roles);
    slots.iter().take(MAX_SLOTS).enumerate().filter(fits).fold(0, |mask, (i, _)| mask | 1 << i)
}
