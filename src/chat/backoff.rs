//! How long to wait before connecting again: doubling, with jitter, so that many do not come back at once.

/// Waits of one connection.
#[derive(Debug)]
pub struct Backoff {
    dice: fastrand::Rng,
    tries: u32,
}

/// The first wait is at most this long, in milliseconds.
const FIRST_MS: u64 = 500;
/// No wait is longer, in milliseconds.
const LONGEST_MS: u64 = 30_000;

impl Backoff {
    /// The seed makes the jitter differ between processes.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { dice: fastrand::Rng::with_seed(seed), tries: 0 }
    }

    /// The next wait, in milliseconds: between half of the bound and all of it, and the bound doubles.
    pub fn next_ms(&mut self) -> u64 {
        let bound = FIRST_MS.saturating_mul(1 << self.tries.min(16)).min(LONGEST_MS);
        self.tries = self.tries.saturating_add(1);
        self.dice.u64(bound / 2..=bound)
    }

    /// The connection stood long enough to begin anew.
    pub fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_within_bounds_and_differ() {
        let mut one = Backoff::new(1);
        let waits: Vec<u64> = (0..20).map(|_| one.next_ms()).collect();
        for (n, wait) in waits.iter().enumerate() {
            let bound = (FIRST_MS << n.min(16)).min(LONGEST_MS);
            assert!((bound / 2..=bound).contains(wait), "{n}: {wait}");
        }
        let mut two = Backoff::new(2);
        assert_ne!(waits, (0..20).map(|_| two.next_ms()).collect::<Vec<_>>());
        one.reset();
        assert!(one.next_ms() <= FIRST_MS);
    }
}
