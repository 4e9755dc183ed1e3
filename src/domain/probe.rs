//! A probe's reading and its verdict.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Three-valued: what cannot be measured is never healthy and never a breach by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Healthy,
    Unhealthy,
    Inconclusive,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
            Self::Inconclusive => "inconclusive",
        })
    }
}

/// What a probe said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    pub probe: String,
    /// When, on the wall clock.
    pub at: Timestamp,
    pub took_ms: i64,
    pub verdict: Verdict,
    /// Named numbers such as `status`, `latency_ms`, `requests`, `errors`. Never NaN: such a value is left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, f64>,
    /// One line for people: `HTTP 200 in 12 ms, status "ok"`.
    pub text: String,
}
