//! One service in one environment: which versions run there, who serves how much, and what was counted.

use crate::domain::time::Span;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Requests a minute at a place that the script says nothing about.
pub const REQUESTS_A_MINUTE: f64 = 600.0;

/// What a version does with what it is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Behaviour {
    /// Share of its requests that fail, 0 to 1.
    pub fails: f64,
    /// Why its health is red; empty: it is healthy.
    pub red: String,
    /// All but one in twenty of its answers take at most so long.
    pub p95: Span,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self { fails: 0.0, red: String::new(), p95: Span::millis(120) }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Versions that run, with or without traffic.
    pub running: BTreeSet<String>,
    /// Per cent of the traffic, by version.
    pub weights: BTreeMap<String, u8>,
    pub maintenance: bool,
    /// Requests and errors of each version since it started.
    counted: BTreeMap<String, (f64, f64)>,
    counted_until: Timestamp,
}

impl Place {
    pub fn new(at: Timestamp) -> Self {
        Self {
            running: BTreeSet::new(),
            weights: BTreeMap::new(),
            maintenance: false,
            counted: BTreeMap::new(),
            counted_until: at,
        }
    }

    /// Counts the traffic up to `now`; called before anything about it changes.
    pub fn count(&mut self, now: Timestamp, a_minute: f64, fails: impl Fn(&str) -> f64) {
        let minutes = Span::between(self.counted_until, now).as_millis().max(0) as f64 / 60_000.0;
        self.counted_until = self.counted_until.max(now);
        if self.maintenance {
            return;
        }
        for (version, weight) in &self.weights {
            let requests = minutes * a_minute * f64::from(*weight) / 100.0;
            let (all, failed) = self.counted.entry(version.clone()).or_default();
            *all += requests;
            *failed += requests * fails(version);
        }
    }

    /// Whole requests and errors of a version since it started.
    pub fn counts(&self, version: &str) -> (f64, f64) {
        // A hair above, so that 40 requests at 15 % are 6 errors and not 5.999….
        let whole = |n: f64| (n + 1e-6).floor();
        self.counted.get(version).map_or((0.0, 0.0), |(all, failed)| (whole(*all), whole(*failed)))
    }

    /// What serves most.
    pub fn live(&self) -> Option<&str> {
        self.weights.iter().filter(|(_, w)| **w > 0).max_by_key(|(_, w)| **w).map(|(v, _)| v.as_str())
    }

    pub fn begin(&mut self, version: &str) {
        self.running.insert(version.to_owned());
        self.counted.insert(version.to_owned(), (0.0, 0.0));
    }

    /// Moves this share to `version`; the rest stays with what was live.
    pub fn shift(&mut self, version: &str, weight: u8) {
        let weight = weight.min(100);
        let rest = self.weights.keys().find(|v| v.as_str() != version).cloned();
        self.weights.clear();
        self.weights.insert(version.to_owned(), weight);
        match rest {
            Some(other) if weight < 100 => {
                self.weights.insert(other, 100 - weight);
            }
            _ => self.running.retain(|v| v == version),
        }
    }

    /// All traffic to `version`, and nothing else runs.
    pub fn only(&mut self, version: &str) {
        if !self.running.contains(version) {
            self.begin(version);
        }
        self.running.retain(|v| v == version);
        self.weights = BTreeMap::from([(version.to_owned(), 100)]);
    }

    pub fn end(&mut self, version: &str) {
        if self.weights.get(version).is_none_or(|w| *w == 0) {
            self.running.remove(version);
        }
    }
}
