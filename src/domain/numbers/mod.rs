//! Delivery numbers: how often, how fast and how well releases reach people, and what it costs whoever is on call.
//!
//! [`Records`] is a fold of the journal's events, so it can be thrown away and made again. A [`Summary`] is a question to it:
//! a stretch of time, a service, an environment. Times are medians, since one bad day says little; every number says of how
//! many it is.
//!
//! Deliberately absent: when a change was written. Revisions carry no time, so lead time counts from the request, and says so.

mod records;
mod summary;

pub use records::{DeploymentRecord, IncidentRecord, PageRecord, Records, Taken};
pub use summary::{Asked, Median, Pages, PerPlace, Summary};

use serde::{Deserialize, Serialize};

/// Deployments and incidents that are remembered, each; the oldest go first.
pub const RECORDS: usize = 20_000;

/// What a person asks of the numbers, after parsing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatsQuery {
    /// `week`, `month`, a service or an environment, each at most once, in any order.
    pub words: Vec<String>,
}

#[cfg(test)]
mod tests;
