//! Probes: how signalbox reads the outside. One trait; adapters beside it.

pub mod asked;
pub mod command;
pub mod dispatch;
pub mod http;

pub use dispatch::{ExecutorOf, Probes};

use crate::domain::policy::ProbeSpec;
use crate::domain::probe::Reading;
use crate::domain::time::Now;
use crate::jobs::Target;
use async_trait::async_trait;

/// Asks a system for a reading. Never fails: what cannot be read is an inconclusive reading that says why.
#[async_trait]
pub trait Probe: Send + Sync {
    async fn read(&self, spec: &ProbeSpec, target: &Target, now: Now) -> Reading;
}
