//! A deployment: one run of a plan, from request to its end (DESIGN 4.3).
//!
//! The state is a fold of its events and nothing else. What must happen next (timers, tasks outside) is derived from the
//! state, so it cannot be forgotten or left over.

mod event;
mod evolve;
mod lists;
mod progress;
mod run;
mod tasks;

pub use event::{DeploymentEvent, Request};
pub use evolve::evolve;
pub use lists::{ItemMark, ItemState, ListState, TickedBy};
pub use run::{Activity, Counts, Hold, HoldReason, Monitor, Outcome, Run, StepRun, StepStatus};
pub use tasks::{Purpose, Task, TaskKind, TimerSpec, job_key, run_step, tasks, timers};

pub use super::command::RollbackMode;
use super::ids::{ChannelName, DeploymentId, PersonId, PlatformName};
use super::message::Text;
use super::plan::{Plan, Release};
use super::policy::{Phase, Slot};
use super::time::{Now, Span};
use super::window::Freeze;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where in its life a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for keys, checklist, window, queue or lock.
    Awaiting,
    /// All is there; release and plan are read once more.
    Starting,
    Running,
    /// A stage has its traffic and is being watched.
    Baking,
    Verifying,
    /// Waits for a person, the window or a lock, at a safe stage.
    Held,
    RollingBack,
    Succeeded,
    RolledBack,
    Failed,
    Rejected,
    Cancelled,
    Expired,
    Superseded,
    Refused,
}

impl Status {
    /// As people read it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Awaiting => "awaiting",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Baking => "baking",
            Self::Verifying => "verifying",
            Self::Held => "held",
            Self::RollingBack => "rolling back",
            Self::Succeeded => "succeeded",
            Self::RolledBack => "rolled back",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Refused => "refused",
        }
    }

    /// How it stands, behind its name: `D-42 has not started yet`.
    #[must_use]
    pub const fn stands(self) -> &'static str {
        match self {
            Self::Awaiting => "has not started yet",
            Self::Starting => "is starting",
            Self::Running => "is running",
            Self::Baking => "is baking",
            Self::Verifying => "is being verified",
            Self::Held => "is held",
            Self::RollingBack => "is rolling back",
            Self::Succeeded => "has succeeded",
            Self::RolledBack => "is rolled back",
            Self::Failed => "has failed",
            Self::Rejected => "was rejected",
            Self::Cancelled => "was cancelled",
            Self::Expired => "has expired",
            Self::Superseded => "was superseded",
            Self::Refused => "was refused",
        }
    }

    /// Nothing more will run.
    #[must_use]
    pub const fn ended(self) -> bool {
        !matches!(self, Self::Awaiting) && !self.active()
    }

    /// It holds its service's slot in the environment.
    #[must_use]
    pub const fn active(self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Baking | Self::Verifying | Self::Held | Self::RollingBack)
    }
}

/// By which rules it may run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "lane")]
pub enum Lane {
    Regular,
    /// Any time, with its own keys; opens a debt.
    Hotfix {
        reason: String,
    },
    /// The way back: never gated by windows, freezes or locks.
    Rollback {
        mode: RollbackMode,
        reason: String,
    },
}

/// A turned key. It counts for one plan only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    pub person: PersonId,
    pub at: Timestamp,
}

/// Where the request came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub platform: PlatformName,
    pub channel: ChannelName,
}

/// Why it does not run yet, as the gate said last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// Reason codes, as in the gate.
    pub codes: Vec<String>,
    /// When it is worth asking again, if only time is missing.
    pub until: Option<Timestamp>,
    /// What the stopping rules say, without keys and checklist, which the card shows by themselves.
    pub because: Vec<Text>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    pub id: DeploymentId,
    pub plan: Plan,
    pub digest: String,
    pub lane: Lane,
    pub requester: PersonId,
    pub requested_at: Timestamp,
    pub origin: Origin,
    pub status: Status,
    /// When its last event happened; cards tell times as of then.
    pub updated: Now,
    /// The keys it needs, in the order shown.
    pub slots: Vec<Slot>,
    pub keys: Vec<Key>,
    pub expires_at: Timestamp,
    /// Why continuous-integration checks were skipped, if they were.
    pub skip_ci: Option<String>,
    pub lists: Vec<ListState>,
    /// How often the automatic checks were read.
    pub checks_read: u32,
    /// When they are read next; none without automatic checks.
    pub next_check: Option<Timestamp>,
    /// A reading is under way.
    pub checking: bool,
    pub wait: Option<Wait>,
    /// How often it was started (a changed plan sends it back to awaiting).
    pub starts: u32,
    /// What was live when it started; what a rollback puts back.
    pub previous: Option<Release>,
    pub run: Option<Run>,
    pub ended_at: Option<Timestamp>,
    /// One line: how it ended and why.
    pub note: String,
    /// A rollback was tried and did not work: a person must act.
    pub stuck: bool,
    /// Its end locked the service and put the release into quarantine.
    #[serde(default)]
    pub kept_out: bool,
    pub watch: Option<Watch>,
    /// Follow-ups still to be posted, by due time.
    pub follow_ups: Vec<FollowUp>,
}

/// Watching a success (FACTS: monitor 30 minutes after production).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    /// Wall clock.
    pub until: Timestamp,
    pub next: Timestamp,
    pub reads: u32,
    pub reading: bool,
    /// Consecutive unhealthy reads.
    pub unhealthy: u32,
    pub alarmed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    pub after: Span,
    /// Wall clock.
    pub due: Timestamp,
}

impl Deployment {
    /// Every item of every list, with the list it stands in.
    pub fn items(&self) -> impl Iterator<Item = (&ListState, &ItemState)> {
        self.lists.iter().flat_map(|l| l.items.iter().map(move |i| (l, i)))
    }

    /// Whether automatic items of lists of this phase are read now: those from before until it runs, those of the run and
    /// of its success until they are ticked, and after a rollback only the list that is for it.
    #[must_use]
    pub fn reads_checks_of(&self, phase: Phase) -> bool {
        let waits = matches!(self.status, Status::Awaiting | Status::Starting);
        match phase {
            Phase::Before => waits,
            Phase::During | Phase::After(_) => match self.status {
                Status::Succeeded => true,
                Status::RollingBack => false,
                s => s.active() && !waits,
            },
            Phase::AfterRollback => self.status.ended(),
        }
    }

    /// The automatic items that are read now. Once it runs, one that is ticked has done its duty.
    pub fn items_to_read(&self) -> impl Iterator<Item = (&ListState, &ItemState)> {
        let wanted = |l: &ListState, i: &ItemState| {
            i.probe.is_some() && self.reads_checks_of(l.phase) && (l.phase == Phase::Before || !i.settled())
        };
        self.items().filter(move |(l, i)| wanted(l, i))
    }

    /// The people whose keys are turned, in turn order.
    #[must_use]
    pub fn turned(&self) -> Vec<PersonId> {
        self.keys.iter().map(|k| k.person.clone()).collect()
    }

    /// The first eight characters of the digest, as cards show it and buttons carry it.
    #[must_use]
    pub fn short_digest(&self) -> &str {
        self.digest.get(..8).unwrap_or(&self.digest)
    }

    /// The next free item number over all lists.
    #[must_use]
    pub fn next_item(&self) -> u32 {
        self.items().map(|(_, i)| i.no).max().unwrap_or(0) + 1
    }

    #[must_use]
    pub fn is_rollback(&self) -> bool {
        matches!(self.lane, Lane::Rollback { .. })
    }
}

/// A freeze's extra key as a slot, so that the matching treats it like any other.
#[must_use]
pub fn freeze_slot(freeze: &Freeze) -> Slot {
    Slot { roles: freeze.pass.clone(), optional: false, source: freeze.source.clone() }
}

#[cfg(test)]
mod tests;
