//! Jobs: how signalbox changes the outside. One trait; adapters beside it.
//!
//! A job is started once per idempotency key and then polled, so that the same shape serves a child process, a Cloud Run
//! revision, a Cloud Build, a GitHub workflow run and a Kubernetes rollout. Nothing here decides what is run when.

pub mod command;
pub mod fill;
pub mod http;

use crate::domain::ids::{DeploymentId, EnvironmentName, ServiceName};
use crate::domain::plan::Release;
use crate::domain::policy::Recovery;
use crate::domain::probe::Reading;
use crate::domain::time::{Now, Span};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One piece of work outside. `key` names it for ever: `D-42.s3.a1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    pub key: String,
    pub target: Target,
    pub action: JobAction,
    /// Measured on the work clock, already paced; the executor ends the job itself when it is over.
    pub time_limit: Span,
}

/// What a job or a probe is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub deployment: Option<DeploymentId>,
    pub service: ServiceName,
    pub environment: EnvironmentName,
    /// The executor's settings of that service.
    pub settings: BTreeMap<String, String>,
    pub release: Option<Release>,
    /// What was live before.
    pub previous: Option<Release>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "action")]
pub enum JobAction {
    /// `env` names variables passed on; everything else is cleared.
    Command {
        argv: Vec<String>,
        env: Vec<String>,
        cwd: Option<String>,
        recovery: Recovery,
    },
    Http {
        method: String,
        url: String,
        body: Option<String>,
        expect_status: u16,
        recovery: Recovery,
    },
    /// Start `target.release` beside the live one, without traffic.
    Deploy,
    /// Move this share (per cent) of the traffic to `target.release`; 100 makes it live.
    Traffic {
        weight: u8,
    },
    /// All traffic to `target.previous`, and end `target.release`.
    Restore,
    Maintenance {
        on: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum JobStatus {
    /// The key was never started here, as far as the outside can tell.
    NotFound,
    Running,
    Ended {
        end: JobEnd,
    },
    /// It was started, and nobody can tell any more what became of it.
    Lost,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobEnd {
    pub outcome: JobOutcome,
    /// One line for the card: `exit code 0`, `revision api-00042 serves 10 %`.
    pub summary: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobOutcome {
    Succeeded,
    Failed,
    TimedOut,
    Cancelled,
}

/// A piece of a job's output, by byte offset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    pub text: String,
    /// Where the next piece begins.
    pub next: u64,
    /// Bytes left out because the job wrote more than is kept.
    pub dropped: u64,
}

/// The outside could not be asked; whether anything happened is unknown until [`Executor::poll`] answers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct JobError(pub String);

/// Runs jobs somewhere.
///
/// A call that does not return in [`crate::limits::OUTSIDE_MS`] is dropped half-way, and counts as one without an answer.
#[async_trait]
pub trait Executor: Send + Sync {
    /// As in a service's `executor` or a step's kind.
    fn name(&self) -> &'static str;

    /// What may be done about this job after a crash between start and receipt.
    fn recovery(&self, job: &Job) -> Recovery;

    /// Starts the job, or does nothing when its key was started before. Returns when it is started, not when it ended.
    async fn start(&self, job: &Job, now: Now) -> Result<(), JobError>;

    /// How a started job stands.
    async fn poll(&self, job: &Job, now: Now) -> Result<JobStatus, JobError>;

    /// Ends it, with everything it started. Harmless when it has ended. When it never began it never will: a start that comes
    /// later, or is still on its way, does nothing.
    async fn cancel(&self, job: &Job) -> Result<(), JobError>;

    /// What it printed, from a byte offset on; empty for executors without output.
    async fn output(&self, _key: &str, _from: u64) -> Result<Output, JobError> {
        Ok(Output::default())
    }

    /// Forgets jobs that nobody asks about any more, except those of `keep`; says how many.
    async fn prune(&self, _now: Now, _keep: &BTreeSet<String>) -> Result<usize, JobError> {
        Ok(0)
    }

    /// The immutable release behind a version.
    async fn resolve(&self, target: &Target, version: &str) -> Result<Release, ResolveError>;

    /// Answers a probe that asks the executor (`counters`, `health`, `version`).
    async fn read(&self, target: &Target, what: &str, now: Now) -> Result<Reading, JobError>;
}

/// Why a version has no release.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    #[error("there is no version {version}; known: {}", known.join(", "))]
    Unknown { version: String, known: Vec<String> },
    #[error("{0}")]
    Unreachable(String),
}

/// Asks a program for the revision behind a version (a service's `releases` of kind `command`).
#[async_trait]
pub trait Revisions: Send + Sync {
    /// `argv` is filled in. The first output line is the revision, the others are what changed.
    async fn ask(&self, version: &str, argv: &[String]) -> Result<Release, ResolveError>;
}
