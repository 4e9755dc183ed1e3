//! `signalbox rehearse`: plays scripts in virtual time against a config; exit code 1 when an expectation fails.

use super::{logs, setup};
use crate::config::load_embedded;
use crate::domain::policy::Policy;
use crate::rehearsal::{Options, named_config, render_report, run};
use anyhow::Context as _;
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Args)]
pub(super) struct RehearseArgs {
    /// The scripts.
    #[arg(required = true, value_name = "SCRIPT")]
    scripts: Vec<PathBuf>,
    /// The config to rehearse. Without it the one a script names, or the example setup.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Play only scenes whose name holds this.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Print the whole conversation.
    #[arg(long)]
    transcript: bool,
}

pub(super) fn rehearse(args: &RehearseArgs) -> ExitCode {
    match play(args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => logs::failed(&error),
    }
}

/// Plays every script, whatever the ones before it said; true when all passed.
fn play(args: &RehearseArgs) -> anyhow::Result<bool> {
    let (mut scenes, mut failures) = (0, 0);
    for path in &args.scripts {
        let script = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let policy = policy(args, path, &script)?;
        let options = Options { transcript: args.transcript, only: args.only.clone(), ..Options::default() };
        let outcome = run(&script, &path.display().to_string(), policy, options);
        if args.transcript {
            println!("{}", outcome.transcript);
        }
        println!("{}", render_report(&outcome));
        scenes += outcome.scenes.len();
        failures += outcome.failures.len();
    }
    println!("{scenes} scenes in {} scripts, {failures} failures", args.scripts.len());
    Ok(failures == 0 && scenes > 0)
}

fn policy(args: &RehearseArgs, script: &Path, text: &str) -> anyhow::Result<Arc<Policy>> {
    let named = named_config(text).map(|name| script.parent().unwrap_or(Path::new("")).join(name));
    let loaded = match args.config.clone().or(named) {
        Some(path) => setup::loaded(&path)?,
        None => load_embedded(),
    };
    Ok(Arc::new(loaded.policy))
}
