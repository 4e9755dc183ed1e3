//! The matching of people to slots on small numbers: people come one by one, slots are bits.

/// Slots one list may have, since a set of slots is one word. Those beyond it are never filled.
pub const MAX_SLOTS: usize = 64;

/// A matching that is largest at every moment: most required slots first, then most slots.
///
/// Each person who is added moves the others as little as possible (along one shortest path), and only when more is filled
/// by it; so adding a person never empties a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matching {
    required: u64,
    /// By person, in the order added: the slots they may fill.
    eligible: Vec<u64>,
    /// By slot: who fills it.
    filled: Vec<Option<usize>>,
}

/// What can be reached by moving people, starting from somebody without a slot.
struct Reach {
    /// Slots, nearest first.
    order: Vec<usize>,
    /// By slot: the slot that its taker would leave; `None` for the newcomer.
    from: [Option<usize>; MAX_SLOTS],
}

impl Matching {
    /// Nobody yet. Bit `s` of `required` says that slot `s` is waited for.
    #[must_use]
    pub fn new(slots: usize, required: u64) -> Self {
        Self { required, eligible: Vec::new(), filled: vec![None; slots] }
    }

    /// Adds a person who may fill the slots in `eligible`; returns which slot is filled now that was not before.
    pub fn add(&mut self, eligible: u64) -> Option<usize> {
        let person = self.eligible.len();
        self.eligible.push(eligible);
        let reach = self.reach(eligible);
        let free = |s: &&usize| self.filled[**s].is_none();
        let required = reach.order.iter().filter(free).find(|s| self.required & (1 << **s) != 0);
        let gained = *required.or_else(|| reach.order.iter().find(free))?;
        let mut slot = gained;
        while let Some(left) = reach.from[slot] {
            self.filled[slot] = self.filled[left];
            slot = left;
        }
        self.filled[slot] = Some(person);
        Some(gained)
    }

    /// The free slots that one more person with `eligible` could bring to be filled, as bits.
    #[must_use]
    pub fn could_gain(&self, eligible: u64) -> u64 {
        let reach = self.reach(eligible);
        reach.order.iter().filter(|s| self.filled[**s].is_none()).fold(0, |bits, s| bits | 1 << s)
    }

    /// By slot: the index, in the order added, of who fills it.
    #[must_use]
    pub fn filled(&self) -> &[Option<usize>] {
        &self.filled
    }

    /// Breadth first, in slot order, so that the path found is a shortest one and always the same.
    fn reach(&self, eligible: u64) -> Reach {
        let mut reach = Reach { order: Vec::new(), from: [None; MAX_SLOTS] };
        let mut seen = 0;
        self.step(eligible, None, &mut seen, &mut reach);
        let mut next = 0;
        while let Some(slot) = reach.order.get(next).copied() {
            next += 1;
            if let Some(person) = self.filled[slot] {
                self.step(self.eligible[person], Some(slot), &mut seen, &mut reach);
            }
        }
        reach
    }

    fn step(&self, eligible: u64, from: Option<usize>, seen: &mut u64, reach: &mut Reach) {
        let mut fresh = eligible & !*seen;
        *seen |= fresh;
        while fresh != 0 {
            let slot = fresh.trailing_zeros() as usize;
            fresh &= fresh - 1;
            if slot < self.filled.len() {
                reach.order.push(slot);
                reach.from[slot] = from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_with_two_roles_gives_way() {
        let mut keys = Matching::new(2, 0b11);
        assert_eq!(keys.add(0b11), Some(0));
        assert_eq!(keys.could_gain(0b01), 0b10);
        assert_eq!(keys.add(0b01), Some(1), "the newcomer takes the first slot and the other moves");
        assert_eq!(keys.filled(), [Some(1), Some(0)]);
        assert_eq!(keys.add(0b11), None);
        assert_eq!(keys.filled(), [Some(1), Some(0)], "nobody is moved for nothing");
    }

    #[test]
    fn required_slots_come_before_optional_ones() {
        let mut keys = Matching::new(2, 0b10);
        assert_eq!(keys.add(0b11), Some(1));
        assert_eq!(keys.add(0b10), Some(0), "then the optional one, by moving");
        let mut keys = Matching::new(2, 0b10);
        assert_eq!(keys.add(0b01), Some(0));
        assert_eq!(keys.add(0b11), Some(1));
    }

    #[test]
    fn the_last_slot_is_filled_and_the_one_beyond_is_not() {
        for slots in [MAX_SLOTS, MAX_SLOTS + 1] {
            let mut keys = Matching::new(slots, u64::MAX);
            for _ in 0..slots {
                keys.add(u64::MAX);
            }
            assert_eq!(keys.filled().iter().flatten().count(), MAX_SLOTS);
        }
    }
}
