//! The only file that makes randomness.
//!
//! Ids are text whose order is the order they were made in, since databases append such keys cheaply. With a seed the same
//! calls give the same ids, which the simulation needs; without one they are unique across replicas.

#![expect(clippy::disallowed_methods, reason = "the home of randomness")]

use crate::domain::time::Now;
use fastrand::Rng;
use std::sync::{Mutex, PoisonError};

/// Lower case, without i, l, o and u; in the order of their bytes, so that text sorts as numbers do.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Bytes of randomness in a [`secret`].
const SECRET_BYTES: usize = 24;

/// Makes ids.
#[derive(Debug)]
pub struct Ids(Mutex<State>);

#[derive(Debug)]
struct State {
    rng: Rng,
    last_ms: u64,
    count: u16,
}

impl Ids {
    /// The same ids for the same calls.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(State { rng: Rng::with_seed(seed), last_ms: 0, count: 0 }))
    }

    /// Ids that no other process makes.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn system() -> Result<Self, getrandom::Error> {
        let mut seed = [0_u8; 8];
        getrandom::fill(&mut seed)?;
        Ok(Self::seeded(u64::from_le_bytes(seed)))
    }

    /// A new id of 26 characters: 48 bits of wall-clock milliseconds, 16 bits of counter, 64 random bits. Later calls give
    /// greater ids, even when the clock stands still or steps back.
    pub fn next(&self, now: Now) -> String {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ms = u64::try_from(now.wall.as_millisecond()).unwrap_or(0);
        if ms > state.last_ms {
            state.last_ms = ms;
            state.count = 0;
        } else if state.count == u16::MAX {
            state.last_ms += 1;
            state.count = 0;
        } else {
            state.count += 1;
        }
        let high = (u128::from(state.last_ms) << 80) | (u128::from(state.count) << 64);
        base32(high | u128::from(state.rng.u64(..)))
    }

    /// A number from 0 up to `limit`, itself excluded; 0 when `limit` is 0. For jitter.
    pub fn below(&self, limit: u64) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if limit == 0 { 0 } else { state.rng.u64(..limit) }
    }
}

fn base32(number: u128) -> String {
    (0..26).rev().map(|digit| char::from(DIGITS[(number >> (digit * 5)) as usize & 31])).collect()
}

/// Text that nobody can guess, fit for a URL: 192 bits in hexadecimal.
///
/// # Errors
/// When the operating system has no randomness to give.
pub fn secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; SECRET_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(crate::domain::plan::hex(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::from_millis;

    #[test]
    fn ids_grow_even_when_the_clock_does_not() {
        let ids = Ids::seeded(7);
        let mut last = String::new();
        let instants = [5, 5, 9, 3, 3, 1_772_434_800_000, 0];
        for ms in instants.into_iter().chain(std::iter::repeat_n(0, 70_000)) {
            let id = ids.next(Now::at(from_millis(ms)));
            assert!(id > last, "{id} after {last}");
            assert_eq!(id.len(), 26);
            last = id;
        }
    }

    #[test]
    fn a_seed_repeats_itself_and_the_system_does_not() {
        let make = |ids: Ids| (0..5).map(|n| ids.next(Now::at(from_millis(n)))).collect::<Vec<_>>();
        assert_eq!(make(Ids::seeded(1)), make(Ids::seeded(1)));
        assert_ne!(make(Ids::seeded(1)), make(Ids::seeded(2)));
        assert_ne!(make(Ids::system().unwrap()), make(Ids::system().unwrap()));
        assert_ne!(secret().unwrap(), secret().unwrap());
        assert_eq!(secret().unwrap().len(), 48);
    }
}
