//! A deployment that runs: its steps, what it does now, and how its traffic is watched.

use super::Status;
use crate::domain::plan::Release;
use crate::domain::probe::Reading;
use crate::domain::time::Now;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub started: Now,
    pub forward: Vec<StepRun>,
    /// The way back, once it is taken.
    pub back: Vec<StepRun>,
    pub going_back: bool,
    /// Index of the current step in the current direction.
    pub at: usize,
    /// How often the current step was begun.
    pub attempt: u32,
    pub activity: Activity,
    /// A person, the window, a lock or a doubt holds it.
    pub hold: Option<Hold>,
    pub monitor: Option<Monitor>,
    /// Per cent of the traffic the release has.
    pub weight: u8,
    /// Something was started outside, so ending means going back.
    pub touched: bool,
    /// Why it goes back.
    pub why_back: String,
    /// How it ends when the way back works.
    pub as_status: Status,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRun {
    pub name: String,
    pub status: StepStatus,
    pub started: Option<Now>,
    pub ended: Option<Now>,
    /// One line: what came of it.
    pub summary: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    Pending,
    Running,
    Done,
    Failed,
    Skipped,
}

/// What the current step waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "activity")]
pub enum Activity {
    /// Between two steps; only a hold explains why the next one does not begin.
    Idle,
    /// A job outside, by its key.
    Job { key: String, since: Now },
    /// A person's confirmation.
    Person { since: Now },
    /// A bake, until this instant of the work clock.
    Bake { since: Timestamp, until: Timestamp },
    /// Probes that must be healthy; `next` is when they are read again (work clock).
    Verify { tries: u32, next: Timestamp, reading: bool, last: String },
    /// Nobody can tell whether the job happened: a person decides.
    Doubt { key: String, since: Now },
    /// A job is told to end before anything else begins.
    Cancel { key: String, since: Now },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub reason: HoldReason,
    pub text: String,
    pub since: Now,
    /// Work clock; then it goes back.
    pub until: Option<Timestamp>,
    /// Wall clock; then the gate is asked again.
    pub ask_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// `/pause`.
    Paused,
    /// The bake ended without a verdict.
    Inconclusive,
    /// The gate does not let the next stage begin.
    Gate,
    /// A job's fate is unknown.
    Doubt,
}

/// Watches a release that has traffic, whatever the step does meanwhile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Monitor {
    /// The traffic step whose budget counts.
    pub step: usize,
    /// Counters when this window began.
    pub base: Option<Counts>,
    pub last: Option<Counts>,
    /// When this window began (work clock); while people are waited for, windows of one bake follow each other.
    pub window: Timestamp,
    /// Readings so far, over the whole run; part of each task's key.
    pub reads: u32,
    pub reading: bool,
    /// Work clock.
    pub next: Timestamp,
    /// Consecutive unhealthy readings by probe.
    pub unhealthy: BTreeMap<String, u32>,
    /// The newest reading of each probe.
    pub latest: Vec<Reading>,
}

/// Requests and errors of a release since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub requests: u64,
    pub errors: u64,
}

impl Counts {
    /// What came since `base`; a counter that went backwards (a restart) counts from zero.
    #[must_use]
    pub fn since(self, base: Self) -> Self {
        let part = |now: u64, then: u64| if now >= then { now - then } else { now };
        Self { requests: part(self.requests, base.requests), errors: part(self.errors, base.errors) }
    }
}

impl Monitor {
    /// Requests and errors in this window; none before two readings.
    #[must_use]
    pub fn counts(&self) -> Option<Counts> {
        Some(self.last?.since(self.base?))
    }
}

/// How a task outside ended, as far as the deployment cares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// The job's end.
    Job { succeeded: bool, summary: String },
    /// Started, and nobody can tell what became of it.
    Lost { summary: String },
    /// Readings of every probe asked.
    Readings { readings: Vec<Reading> },
    /// The release behind the version (or why there is none), and what is live.
    Prepared { release: Option<Release>, problem: String, live: Option<Release> },
}

impl Run {
    /// The steps of the direction it goes in.
    #[must_use]
    pub fn steps(&self) -> &[StepRun] {
        if self.going_back { &self.back } else { &self.forward }
    }

    pub(super) fn steps_mut(&mut self) -> &mut Vec<StepRun> {
        if self.going_back { &mut self.back } else { &mut self.forward }
    }
}

impl StepRun {
    #[must_use]
    pub fn pending(name: &str) -> Self {
        Self { name: name.into(), status: StepStatus::Pending, started: None, ended: None, summary: String::new() }
    }
}
