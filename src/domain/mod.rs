//! The pure core: what every word of the vocabulary means.
//!
//! No I/O, no async, no clock, no randomness, no globals. Time and ids are arguments, effects are data.

pub mod approval;
pub mod command;
pub mod ids;
pub mod journal;
pub mod message;
pub mod plan;
pub mod policy;
pub mod probe;
pub mod time;
pub mod window;
