//! Some minutes of steady traffic against the program itself, in real time: does it grow?
//!
//! ```text
//! cargo build --release && cargo run --release --example soak -- [MINUTES] [PROGRAM]
//! ```
//! `signalbox serve` runs as a process of its own with its database on disk, against stand-ins of Slack and Discord in this
//! one, so that what is read in `/proc` is signalbox's alone. People ask, decide and talk on both; sockets drop, calls are
//! limited, answers are lost, deliveries come twice. Every ten seconds memory, descriptors, sockets, threads, tasks and rows
//! are written down. It ends with 1 when the second half grew over the first by more than the bounds in `judge.rs`.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a measurement that cannot go on says so")]

mod judge;
mod looked;
#[path = "../../tests/support/mod.rs"]
mod support;
mod yard;

use judge::{Sample, judge};
use signalbox::clock::Stopwatch;
use std::process::ExitCode;
use std::time::Duration;
use yard::Yard;

/// Between two rounds of traffic, and between two samples.
const ROUND: Duration = Duration::from_millis(1_000);
const SAMPLE_MS: i64 = 10_000;

#[tokio::main]
async fn main() -> ExitCode {
    let mut given = std::env::args().skip(1);
    let minutes: f64 = given.next().map_or(3.0, |m| m.parse().expect("MINUTES is a number"));
    let beside = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("signalbox");
    let program = given.next().map_or(beside, Into::into);
    assert!(program.exists(), "{} is not there: build it first, or name it", program.display());
    let mut yard = Yard::open(&program).await;
    let watch = Stopwatch::start();
    #[expect(clippy::cast_possible_truncation, reason = "minutes of a person's patience")]
    let until = (minutes * 60_000.0) as i64;
    let mut samples: Vec<Sample> = Vec::new();
    println!("{}", Sample::head());
    while watch.elapsed().as_millis() < until {
        yard.round().await;
        let due = i64::try_from(samples.len()).unwrap() * SAMPLE_MS;
        if watch.elapsed().as_millis() >= due {
            let sample = looked::at(&yard, watch.elapsed().as_millis()).await;
            println!("{sample}");
            samples.push(sample);
        }
        tokio::time::sleep(ROUND).await;
    }
    println!("{} acts, {} deployments", yard.acts, yard.deployments);
    yard.close().await;
    let wrong = judge(&samples);
    wrong.iter().for_each(|line| println!("{line}"));
    if wrong.is_empty() {
        println!("nothing grows");
        return ExitCode::SUCCESS;
    }
    ExitCode::FAILURE
}
