//! Logs and the last line of a failed run.

use crate::config::LogFormat;
use std::io::IsTerminal as _;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Libraries that write what they send, tokens included, when they are asked for every detail. They are not.
const DISCREET: &[&str] = &[
    "h2",
    "hyper",
    "hyper_util",
    "reqwest",
    "rustls",
    "serenity",
    "slack_morphism",
    "tokio_tungstenite",
    "tungstenite",
];

/// Starts logging to standard error; `RUST_LOG` filters, as `info` or `signalbox=debug`.
pub(super) fn start(format: LogFormat, default: &str) {
    let mut filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    for library in DISCREET {
        if let Ok(directive) = format!("{library}=info").parse() {
            filter = filter.add_directive(directive);
        }
    }
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Json => logs.json().flatten_event(true).try_init(),
        LogFormat::Text => logs.with_ansi(std::io::stderr().is_terminal()).try_init(),
    };
    // A second start in one process (tests) keeps the first.
    drop(started);
}

/// The error and its causes on one line.
pub(super) fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("signalbox: {error:#}");
    ExitCode::FAILURE
}
