//! The composition root: the only place that names concrete adapters, and the subcommands.

mod ask;
mod check;
mod cli;
mod demo;
#[cfg(feature = "discord")]
pub mod discord;
mod doctor;
mod healthcheck;
mod info;
mod journal;
mod logs;
mod manifest;
mod platforms;
mod rehearse;
mod runtime;
mod serve;
mod setup;
mod welcome;
mod window;

pub use cli::run;
