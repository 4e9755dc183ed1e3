//! What completion offers beyond the policy's names: open deployments and incidents, and versions, from memory.

use super::Engine;
use crate::command::{Kind, Suggestion, Vocabulary, complete};
use crate::domain::deployment::Deployment;
use crate::domain::ids::{DeploymentId, IncidentId};
use crate::domain::incident::Incident;
use crate::domain::policy::{Policy, ReleaseSource};
use crate::domain::world::State;
use crate::limits;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Value and description.
type Offers = Vec<(String, String)>;

/// Things that are open, each in one line.
#[derive(Default)]
pub(super) struct Known {
    deployments: Open<DeploymentId>,
    incidents: Open<IncidentId>,
}

struct Open<Id>(Mutex<BTreeMap<Id, String>>);

impl<Id> Default for Open<Id> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<Id: Ord + std::fmt::Display> Open<Id> {
    fn set(&self, id: Id, text: Option<String>) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match text {
            None => _ = open.remove(&id),
            Some(text) => _ = open.insert(id, text),
        }
        while open.len() > limits::KNOWN_OPEN {
            open.pop_first();
        }
    }

    fn replace(&self, all: BTreeMap<Id, String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = all;
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The newest first.
    fn offers(&self) -> Offers {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.iter().rev().take(limits::SUGGESTIONS).map(|(id, text)| (id.to_string(), text.clone())).collect()
    }
}

impl Known {
    /// A state changed.
    pub(super) fn see(&self, state: Option<&State>) {
        match state {
            Some(State::Deployment(d)) => self.deployments.set(d.id, (!d.status.ended()).then(|| in_a_line(d))),
            Some(State::Incident(i)) => self.incidents.set(i.id, (!i.status.ended()).then(|| said(i))),
            _ => {}
        }
    }

    pub(super) fn len(&self) -> usize {
        self.deployments.len() + self.incidents.len()
    }
}

fn in_a_line(d: &Deployment) -> String {
    let plan = &d.plan;
    format!("{} {} → {}, {}", plan.service, plan.release.version, plan.environment, d.status.words())
}

fn said(i: &Incident) -> String {
    format!("{} {}, {}", i.severity, i.title, i.status.words())
}

impl Engine {
    /// Reads which deployments and incidents are open. What this process decides is known without it; what other replicas decide is not.
    pub async fn refresh_known(&self) {
        let Ok(ids) = self.open_deployments().await else { return };
        let mut open = BTreeMap::new();
        for id in ids.into_iter().rev().take(limits::SUGGESTIONS) {
            if let Ok(Some(d)) = self.deployment(id).await {
                open.insert(id, in_a_line(&d));
            }
        }
        self.known.deployments.replace(open);
        let Ok(board) = self.board().await else { return };
        let mut open = BTreeMap::new();
        for id in board.open.into_keys().rev().take(limits::SUGGESTIONS) {
            if let Ok(Some(i)) = self.incident(id).await {
                open.insert(id, said(&i));
            }
        }
        self.known.incidents.replace(open);
    }

    /// What can come next at the end of a line; `versions` are offered before those that the policy's tables name.
    #[must_use]
    pub fn completions(&self, line: &str, versions: &[(String, String)]) -> Vec<Suggestion> {
        let policy = self.policy();
        let extra = |kind: Kind| match kind {
            Kind::Deployment => self.known.deployments.offers(),
            Kind::Incident => self.known.incidents.offers(),
            Kind::Version if versions.is_empty() => tabled(&policy),
            Kind::Version => versions.to_vec(),
            _ => Vec::new(),
        };
        complete(self.catalogue(), &Vocabulary::of(&policy), line, &extra)
    }
}

/// The versions that tables name, the last in their order first.
fn tabled(policy: &Policy) -> Offers {
    let mut out = Offers::new();
    for service in policy.services.values() {
        if let ReleaseSource::Table { versions } = &service.releases {
            out.extend(versions.keys().rev().map(|v| (v.clone(), format!("of {}", service.name))));
        }
    }
    out
}
