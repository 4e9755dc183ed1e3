//! Runs seeds of the simulation: `cargo run --release --example signalbox-sim -- --seeds 10000`.

#![expect(clippy::panic, reason = "a simulation that cannot go on says so")]

#[path = "../tests/sim/simulator/mod.rs"]
mod simulator;

use clap::Parser;
use simulator::{Options, Sabotage, run};
use std::collections::BTreeMap;
use std::process::ExitCode;

/// Simulates the whole engine in virtual time under faults, and checks its invariants after every commit.
#[derive(Parser)]
struct Arguments {
    /// How many seeds to run.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first seed. Without --seeds it is the only one.
    #[arg(long)]
    seed: Option<u64>,
    /// Steps with faults before they stop.
    #[arg(long, default_value_t = Options::default().steps)]
    steps: u32,
    /// Print everything that happens.
    #[arg(long)]
    verbose: bool,
    /// Plant a bug in the store, to see the invariants fail: ForgetsTimers, DropsEffects, ForgetsInbox, Lies,
    /// KeepsFiredTimers, IgnoresReads, ForgetsLeases, DropsArrivals, ClosesUnworked, ReadsBackwards, LosesPages,
    /// PutsPagesOff, ReadsOldIncidents, ForgetsDoubts, KeepsSentPages, ForgetsAttempts, ForgetsPublicDoubts,
    /// LosesComponents.
    #[arg(long)]
    sabotage: Option<String>,
    /// Stop after this many seeds that fail.
    #[arg(long, default_value_t = 5)]
    failures: u64,
}

fn main() -> ExitCode {
    let given = Arguments::parse();
    let asked_for_many = std::env::args().any(|a| a.starts_with("--seeds"));
    let many = if given.seed.is_some() && !asked_for_many { 1 } else { given.seeds };
    let first = given.seed.unwrap_or(0);
    let all = || Sabotage::ALL.into_iter().chain(Sabotage::BY_WORDS.map(|(sabotage, _)| sabotage));
    let planted = |name: &String| all().find(|s| format!("{s:?}") == *name);
    let sabotage = given.sabotage.as_ref().and_then(planted).unwrap_or_default();
    let options = Options { steps: given.steps, loud: given.verbose, sabotage };
    let (mut failed, mut virtual_ms, mut ran) = (0, 0_i64, 0_u64);
    let mut tally: BTreeMap<&'static str, u64> = BTreeMap::new();
    for seed in first..first.saturating_add(many) {
        ran += 1;
        match run(seed, &options) {
            Ok(report) => {
                virtual_ms += report.took;
                for (what, times) in report.tally {
                    *tally.entry(what).or_default() += times;
                }
                if many == 1 {
                    println!("seed {seed}: {} lines, hash {:016x}", report.lines, report.hash);
                }
            }
            Err(failure) => {
                println!("{failure}\n");
                failed += 1;
                if failed >= given.failures {
                    break;
                }
            }
        }
    }
    let counts: Vec<String> = tally.iter().map(|(what, times)| format!("{times} {what}")).collect();
    println!("{ran} seeds, {failed} failed, {} virtual hours: {}", virtual_ms / 3_600_000, counts.join(", "));
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
