//! Bounds of keeping what arrives.

/// Arrivals that wait to be kept before those who hand them in have to wait as well.
pub const ARRIVALS_QUEUE: usize = 1024;

/// Arrivals kept in one transaction at most.
pub const ARRIVALS_AT_ONCE: usize = 256;

/// What was worked is marked so in the store within this time, in milliseconds; sooner together with an arrival.
pub const CLOSE_EVERY_MS: u64 = 100;
