//! The pure core: what every word of the vocabulary means.
//!
//! No I/O, no async, no clock, no randomness, no globals. Time and ids are arguments, effects are data.

pub mod alert;
pub mod approval;
pub mod command;
pub mod decide;
pub mod deployment;
pub mod environment;
pub mod foresee;
pub mod gate;
pub mod ids;
pub mod incident;
pub mod journal;
pub mod message;
pub mod numbers;
pub mod paging;
pub mod person;
pub mod placeholder;
pub mod plan;
pub mod policy;
pub mod probe;
pub mod render;
pub mod response;
pub mod rhythm;
pub mod roster;
pub mod runbook;
pub mod status;
pub mod time;
pub mod window;
pub mod world;
