//! Tests through the library's public face, in one binary to keep linking cheap: one module per feature.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod alerts;
mod command_executor;
mod commands_complete;
mod commands_docs;
mod commands_parse;
mod config_alerts;
mod config_bounds;
mod config_example;
mod config_ics;
mod config_mutations;
mod config_problems;
mod config_rhythm;
mod config_runbook;
mod config_schema;
mod console_api;
mod console_ops;
mod cron_oracle;
mod engine_shell;
mod fleet;
mod gate_oracle;
mod http_probe;
mod hung_chat;
mod in_step;
mod inbox;
mod keys_oracle;
mod pagers;
mod preflight;
mod rehearsal_examples;
mod rehearsal_script;
mod rehearsal_world;
mod rhythm;
mod roster_feed;
mod rosters_oracle;
mod runbooks;
mod windows_oracle;
