//! An environment: what is live in it, what runs and waits there, and who holds it (locks and quarantine).

mod event;
mod evolve;

pub use event::EnvironmentEvent;
pub use evolve::{evolve, timers};

use super::ids::{DeploymentId, PersonId, ServiceName};
use super::plan::Release;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// By service; the empty name holds the whole environment.
    pub locks: BTreeMap<String, Lock>,
    pub tracks: BTreeMap<ServiceName, Track>,
}

/// A held environment, or one service in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// None: signalbox itself, after a rollback.
    pub owner: Option<PersonId>,
    pub reason: String,
    pub since: Timestamp,
    pub until: Option<Timestamp>,
}

/// One service in one environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// As read back last.
    pub live: Option<Release>,
    /// Good releases before the live one, newest first.
    pub before: Vec<Release>,
    /// Holds the slot.
    pub running: Option<DeploymentId>,
    /// Requested and neither started nor ended, oldest first.
    pub pending: Vec<DeploymentId>,
    /// Ready but for the slot, in the order they will start.
    pub queue: Vec<DeploymentId>,
    /// Revisions that succeeded here, with the newest deployment that brought them.
    pub succeeded: BTreeMap<String, DeploymentId>,
    /// By revision.
    pub quarantine: BTreeMap<String, Quarantine>,
}

/// A revision that must not come back by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    pub version: String,
    pub deployment: DeploymentId,
    pub reason: String,
    pub since: Timestamp,
}

impl Environment {
    /// The locks that hold `service`, the environment's own first.
    pub fn locks_on(&self, service: &ServiceName) -> impl Iterator<Item = (&str, &Lock)> {
        ["", service.as_str()]
            .into_iter()
            .filter_map(|scope| self.locks.get_key_value(scope))
            .map(|(k, v)| (k.as_str(), v))
    }

    /// A service's track; an empty one before the first deployment.
    #[must_use]
    pub fn track(&self, service: &ServiceName) -> Track {
        self.tracks.get(service).cloned().unwrap_or_default()
    }

    /// Everything that is pending or runs here.
    #[must_use]
    pub fn open(&self) -> Vec<DeploymentId> {
        let mut out: Vec<_> = self.tracks.values().flat_map(|t| t.running.iter().chain(&t.pending).copied()).collect();
        out.sort_unstable();
        out
    }
}

impl Track {
    /// The release a rollback puts back: the newest good one before the live one that is not quarantined.
    #[must_use]
    pub fn good_before(&self) -> Option<&Release> {
        self.before.iter().find(|r| !self.quarantine.contains_key(&r.revision))
    }
}
