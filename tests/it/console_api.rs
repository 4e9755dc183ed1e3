//! The console's JSON API, asked without a socket: who gets in, acts and retries, who sees what, live updates, bad input.

#[path = "../browser/fake.rs"]
mod fake;
mod guard;
mod live;
mod talk;
mod trouble;
mod world;
