//! `check`, `schema` and `commands`: what people ask of a config before they run it.

use super::cli::ConfigArg;
use super::logs;
use super::setup;
use crate::config::{Loaded, schema as config_schema};
use clap::Args;
use std::io::IsTerminal as _;
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
