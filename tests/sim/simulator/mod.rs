//! A simulation of the whole engine in virtual time, from one seed.
//!
//! Two replicas share one store in memory. Chat, jobs, probes and people are simulated and mean no good. One thread polls
//! every future by hand, so nothing depends on the machine. First faults are everywhere (safety); then they stop, and
//! everything must come to an end (liveness).

mod chat;
mod checker;
mod core;
mod outside;
mod pager;
mod people;
mod policy;
mod public;
mod store;
mod world;

pub use store::Sabotage;

use self::core::Rates;
use std::collections::BTreeMap;

/// What is asked of a run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Steps with faults.
    pub steps: u32,
    /// Prints everything as it happens.
    pub loud: bool,
    pub sabotage: Sabotage,
}

impl Default for Options {
    fn default() -> Self {
        Self { steps: 500, loud: false, sabotage: Sabotage::None }
    }
}

/// A run in which every invariant held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Over everything that happened.
    pub hash: u64,
    pub lines: u64,
    /// Virtual time, in ms.
    pub took: i64,
    /// How often what happened.
    pub tally: BTreeMap<&'static str, u64>,
}

/// A run in which an invariant did not hold.
#[derive(Clone, Debug)]
pub struct Failure {
    pub seed: u64,
    pub options: Options,
    pub rates: Rates,
    pub what: String,
    /// The last things that happened.
    pub last: Vec<String>,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for line in &self.last {
            writeln!(f, "{line}")?;
        }
        writeln!(f, "faults in thousandths: {:?}", self.rates)?;
        writeln!(f, "seed {} with {:?}: {}", self.seed, self.options, self.what)?;
        write!(
            f,
            "replay: cargo run --release --example signalbox-sim -- --seed {} --steps {} --verbose",
            self.seed, self.options.steps
        )
    }
}

/// Runs one seed.
///
/// # Errors
/// The first invariant that did not hold.
pub fn run(seed: u64, options: &Options) -> Result<Report, Box<Failure>> {
    let mut world = world::World::new(seed, options);
    world.safety();
    world.liveness();
    world.finish(seed, options)
}
