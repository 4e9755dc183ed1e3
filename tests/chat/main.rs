//! Slack and Discord over the wire, against stand-ins of both.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![cfg(all(feature = "slack", feature = "discord"))]

mod both;
mod cards;
mod discord_in;
mod discord_out;
mod doctor;
mod fake_discord;
mod fake_slack;
mod forms;
mod held;
mod process;
mod secrets;
mod slack_in;
mod slack_out;
mod soak;
#[path = "../support/mod.rs"]
mod support;
mod wires;
