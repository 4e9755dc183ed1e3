//! How fast and how large signalbox is on this machine, held against what it promises (`docs/PERFORMANCE.md`).
//!
//! ```text
//! cargo bench --bench load -- [PART ...] [--folder DIR] [--rounds N] [--seconds S] [--timers N] [--events N]
//! ```
//! Parts: `commands`, `process`, `timers`, `restart`, `breach`, `questions`, `console`, `bare`, `slack-http`, `slack-socket`, `alerts`; all
//! of them without a name. Everything runs on SQLite with full sync in a folder on the disk to be measured; the Slack parts once more in
//! memory. Each part prints the machine's conditions first: a durable figure means nothing without the rate at which its disk
//! flushes.

mod alerts;
mod breach;
mod commands;
mod conditions;
mod console;
mod figures;
mod http;
mod journal;
mod process;
mod questions;
mod restart;
mod slack;
mod stand;
mod timers;

use std::path::PathBuf;

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What the command line says.
pub struct Options {
    pub folder: PathBuf,
    pub rounds: usize,
    pub seconds: u64,
    pub timers: i64,
    pub events: i64,
}

const PARTS: [&str; 11] = [
    "commands",
    "process",
    "timers",
    "restart",
    "breach",
    "questions",
    "console",
    "bare",
    "slack-http",
    "slack-socket",
    "alerts",
];

fn options() -> Option<(Options, Vec<String>)> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("load");
    let mut options = Options { folder, rounds: 3, seconds: 5, timers: 1_000_000, events: 1_000_000 };
    let mut parts = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            // Cargo's own word for a benchmark.
            "--bench" => {}
            "--folder" => options.folder = args.next()?.into(),
            "--rounds" => options.rounds = args.next()?.parse().ok()?,
            "--seconds" => options.seconds = args.next()?.parse().ok()?,
            "--timers" => options.timers = args.next()?.parse().ok()?,
            "--events" => options.events = args.next()?.parse().ok()?,
            part if PARTS.contains(&part) => parts.push(part.to_owned()),
            _ => return None,
        }
    }
    if parts.is_empty() {
        parts = PARTS.map(str::to_owned).to_vec();
    }
    Some((options, parts))
}

fn main() -> Result<()> {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|word| word == slack::bare::SERVE) {
        let folder = PathBuf::from(args.next().ok_or("in which folder?")?);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        return runtime.block_on(slack::bare::serve(&folder));
    }
    let Some((options, parts)) = options() else {
        return Err(format!(
            "usage: load [{}] [--folder DIR] [--rounds N] [--seconds S] [--timers N] [--events N]",
            PARTS.join("|")
        )
        .into());
    };
    // As the program itself runs.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    for part in parts {
        println!("\n== {part}");
        conditions::show(&options.folder)?;
        runtime.block_on(async {
            match part.as_str() {
                "commands" => commands::run(&options).await,
                "process" => process::run(&options).await,
                "timers" => timers::run(&options).await,
                "restart" => restart::run(&options).await,
                "breach" => breach::run(&options).await,
                "questions" => questions::run(&options).await,
                "alerts" => alerts::run(&options).await,
                "bare" => slack::bare::run(&options).await,
                "slack-http" => slack::run(&options, slack::Mode::Http).await,
                "slack-socket" => slack::run(&options, slack::Mode::Socket).await,
                _ => console::run(&options).await,
            }
        })?;
    }
    Ok(())
}
