//! What happened to an environment.

use crate::domain::ids::{DeploymentId, PersonId, ServiceName};
use crate::domain::plan::Release;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EnvironmentEvent {
    /// `scope` is a service, or empty for the whole environment. `taken_from` names whose lock was taken over.
    Locked {
        scope: String,
        owner: Option<PersonId>,
        reason: String,
        until: Option<Timestamp>,
        taken_from: Option<PersonId>,
    },
    /// `by` is empty when it expired.
    Unlocked {
        scope: String,
        by: Option<PersonId>,
    },
    Pending {
        service: ServiceName,
        deployment: DeploymentId,
    },
    /// It will not start: it ended before.
    Withdrawn {
        service: ServiceName,
        deployment: DeploymentId,
    },
    Queued {
        service: ServiceName,
        deployment: DeploymentId,
    },
    SlotTaken {
        service: ServiceName,
        deployment: DeploymentId,
    },
    /// `back`: it goes back to pending, since its start did not come to be.
    SlotFreed {
        service: ServiceName,
        deployment: DeploymentId,
        back: bool,
    },
    /// Read back; `good` is a success, else what a rollback left.
    LiveChanged {
        service: ServiceName,
        release: Release,
        deployment: DeploymentId,
        good: bool,
    },
    Quarantined {
        service: ServiceName,
        release: Release,
        deployment: DeploymentId,
        reason: String,
    },
    QuarantineReleased {
        service: ServiceName,
        revision: String,
        version: String,
        by: PersonId,
        reason: String,
    },
}
