//! Keys: which turned keys fill which slots (DESIGN 4.2).
//!
//! Promises: a slot is filled by one person who turned a key and holds one of its roles now; nobody fills two; the
//! requester fills none; and as many required slots are filled as any distribution could fill, so that somebody with two
//! roles never stands in the way of the second. Deliberately absent: expiry, veto and the plan's digest, which belong to
//! the deployment: what is handed in as turned is taken to be valid.

mod assignment;
mod matching;

pub use assignment::{Assignment, Usefulness, assign, candidates, reachable, useful};
pub use matching::{MAX_SLOTS, Matching};
