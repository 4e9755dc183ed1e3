//! `check`, `schema`, `commands` and `rehearse`: what people ask of a config before they run it.

use super::cli::ConfigArg;
use super::logs;
use super::setup;
use crate::config::{Loaded, load_embedded, schema as config_schema};
use anyhow::anyhow;
use clap::Args;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// For scripts: every problem with its code, file and line.
    #[arg(long)]
    json: bool,
}

pub(super) fn check(args: &CheckArgs) -> ExitCode {
    let (report, failed) = match setup::load(&args.config.config) {
        Ok(Loaded { report, .. }) => (report, false),
        Err(report) => (report, true),
    };
    if args.json {
        println!("{}", report.to_json());
    } else {
        let colour = std::io::stdout().is_terminal();
        print!("{}", report.render(colour));
        println!("{}", report.summary());
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

pub(super) fn schema() -> ExitCode {
    match serde_json::to_string_pretty(&config_schema()) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => logs::failed(&error.into()),
    }
}

pub(super) fn commands() -> ExitCode {
    match crate::command::Catalogue::embedded() {
        Ok(catalogue) => {
            print!("{}", crate::command::docs(&catalogue));
            ExitCode::SUCCESS
        }
        Err(error) => logs::failed(&error.into()),
    }
}

#[derive(Args)]
pub(super) struct RehearseArgs {
    /// The scripts.
    #[arg(required = true, value_name = "SCRIPT")]
    scripts: Vec<PathBuf>,
    /// The config to rehearse; the example setup without it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the whole conversation.
    #[arg(long)]
    transcript: bool,
}

pub(super) fn rehearse(args: &RehearseArgs) -> ExitCode {
    let loaded = match &args.config {
        Some(path) => match setup::load(path) {
            Ok(loaded) => loaded,
            Err(report) => return logs::failed(&anyhow!("the config has problems\n{}", report.render(false))),
        },
        None => load_embedded(),
    };
    let _ = (loaded, &args.scripts, args.transcript);
    logs::failed(&anyhow!("rehearsals are not wired yet"))
}
