//! A plan: exactly what will run, with a digest that keys are turned for.

use super::ids::{EnvironmentName, ServiceName};
use super::policy::StepSpec;
use super::time::Span;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// A version resolved to an immutable revision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Release {
    /// As people say it: `v1.2.0`.
    pub version: String,
    /// What it stands for and can never change: a commit, an image digest.
    pub revision: String,
    /// What changed since the release before, one line each; may be empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
}

/// Service + environment + release + strategy + steps + parameters + policy hash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub service: ServiceName,
    pub environment: EnvironmentName,
    pub release: Release,
    pub strategy: String,
    pub executor: String,
    pub settings: BTreeMap<String, String>,
    pub steps: Vec<StepSpec>,
    pub rollback: Vec<StepSpec>,
    /// How much faster than written it runs; 1 outside the demo.
    pub pace: u32,
    pub live_probe: Option<String>,
    pub policy: String,
}

impl Plan {
    /// SHA-256 (hex) of the plan's one canonical text.
    #[must_use]
    pub fn digest(&self) -> String {
        hex(&Sha256::digest(serde_json::to_vec(self).unwrap_or_default()))
    }

    /// The shortest time a good run takes: every bake in full. Paced.
    #[must_use]
    pub fn min_duration(&self) -> Span {
        use super::policy::StepKind;
        let bakes = self.steps.iter().map(|s| match &s.kind {
            StepKind::Traffic(stage) => stage.bake,
            _ => Span::ZERO,
        });
        bakes.fold(Span::ZERO, |sum, bake| sum + bake).paced(self.pace)
    }

    /// Which parts differ, by the names people know; empty when the digests are equal.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let mut out = Vec::new();
        let mut differ = |changed: bool, name| {
            if changed {
                out.push(name);
            }
        };
        differ(self.service != other.service, "service");
        differ(self.environment != other.environment, "environment");
        differ(self.release.version != other.release.version, "version");
        differ(self.release.revision != other.release.revision, "revision");
        differ(self.release.changes != other.release.changes, "change list");
        differ(self.strategy != other.strategy, "strategy");
        differ(self.executor != other.executor, "executor");
        differ(self.settings != other.settings, "parameters");
        differ(self.steps != other.steps, "steps");
        differ(self.rollback != other.rollback, "rollback steps");
        differ(self.pace != other.pace, "pace");
        differ(self.live_probe != other.live_probe, "live probe");
        differ(self.policy != other.policy, "policy");
        out
    }
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        use std::fmt::Write as _;
        let _ = write!(out, "{b:02x}");
        out
    })
}
