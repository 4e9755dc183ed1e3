//! A person's own stream: the review debts that fast lanes opened (DESIGN 4.2).

use super::ids::{DeploymentId, PersonId};
use super::time::Now;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a person owes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Debts {
    /// Open debts, by the deployment that opened each.
    pub open: BTreeMap<DeploymentId, Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PersonEvent {
    DebtOpened { deployment: DeploymentId },
    DebtClosed { deployment: DeploymentId, by: PersonId, notes: String },
}

/// The state after `event`.
#[must_use]
pub fn evolve(mut debts: Debts, event: &PersonEvent, at: Now) -> Debts {
    match event {
        PersonEvent::DebtOpened { deployment } => {
            debts.open.insert(*deployment, at.wall);
        }
        PersonEvent::DebtClosed { deployment, .. } => {
            debts.open.remove(deployment);
        }
    }
    debts
}
