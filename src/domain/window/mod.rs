//! Windows, freezes and holidays (DESIGN 4.1): whether an environment is open at an instant, why, and until when.
//!
//! One rule settles every change of the clocks. A window is open while the wall clock of its zone *reads* a time inside it:
//! an hour that is skipped opens nothing, an hour that comes twice opens twice. A prohibition (freeze, holiday) covers one
//! unbroken stretch, from the first instant at which that clock reads its start to the last at which it still reads less
//! than its end, so that setting the clocks back never lifts it for an hour.
//!
//! Everything is half-open and exact to the millisecond. Deliberately absent: locks, which are state and not policy, and
//! the reading of the OS clock or its zone files; zones come from the database inside the binary, so every replica agrees.

mod opening;
mod stretch;
mod types;
mod zone;

pub use opening::{HORIZON, Opening, Reason, freezes_at, open_intervals, opening, stretches};
pub use types::*;
pub use zone::zone;

#[cfg(test)]
mod tests;
