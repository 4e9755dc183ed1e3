//! The real program, started as people start it and driven through the console's JSON API.
//!
//! Each test has processes and a folder of its own and ends them by their ids. Nothing here waits for a fixed time.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod command_line;
mod postgres;
mod releases;
mod serving;
#[cfg(feature = "slack")]
mod slack_kills;
mod starting;
mod support;
mod talking;
