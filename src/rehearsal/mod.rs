//! Rehearsals: unit tests for an operations policy. A script of chat acts and clock moves is played against the real engine
//! in virtual time, and what is posted, run and refused is compared with what the script expects.
//!
//! It promises that a script plays the same way every time and touches nothing outside. Deliberately absent: real jobs,
//! real probes and real chat.

pub mod world;

pub use world::World;
