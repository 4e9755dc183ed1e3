//! The composition root: the only place that names concrete adapters, and the subcommands.

mod alerts;
mod ask;
mod check;
mod cli;
mod demo;
#[cfg(feature = "discord")]
pub mod discord;
#[cfg_attr(
    not(any(feature = "slack", feature = "discord")),
    expect(unused, reason = "a signalbox with the console alone has nothing to connect to")
)]
mod doctor;
mod feed;
mod healthcheck;
mod info;
mod journal;
mod logs;
mod manifest;
mod outlets;
mod paging;
#[cfg_attr(
    not(any(feature = "slack", feature = "discord")),
    expect(unused, reason = "a signalbox with the console alone has nothing to connect to")
)]
mod platforms;
mod preflight;
mod reception;
mod rehearse;
mod runtime;
mod serve;
mod setup;
mod welcome;
mod window;

pub use cli::run;
