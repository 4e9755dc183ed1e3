//! The numbers of a stretch of time.

use super::records::{DeploymentRecord, IncidentRecord, Records, Taken};
use crate::domain::deployment::Status;
use crate::domain::ids::{EnvironmentName, PersonId, ServiceName};
use crate::domain::time::Span;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is asked: `[from, to)`, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub from: Timestamp,
    pub to: Timestamp,
    pub service: Option<ServiceName>,
    pub environment: Option<EnvironmentName>,
}

/// A median, and of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Median {
    pub of: u32,
    /// None of nothing.
    pub at: Option<Span>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub asked: Asked,
    /// By environment, those without deployments left out.
    pub places: BTreeMap<EnvironmentName, PerPlace>,
    /// Declared in this time.
    pub incidents: u32,
    /// By severity.
    pub severities: BTreeMap<String, u32>,
    /// From being declared to the first acknowledgement, and to the end, of those that ended in this time.
    pub acknowledged: Median,
    pub restored: Median,
    pub pages: BTreeMap<PersonId, Pages>,
    /// From a page to its being taken by the first way that took it.
    pub reached: Median,
    pub unreached: u32,
}

/// What went to one environment. Everything is counted when it ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerPlace {
    /// Releases that people were served, or should have been.
    pub deployments: u32,
    pub succeeded: u32,
    /// Taken back, then or later, or failed.
    pub failed: u32,
    /// From the request to the success.
    pub lead: Median,
    /// From the request to the last key.
    pub approval: Median,
    /// With nothing in the way but closed windows, holidays and freezes: in all, and of how many.
    pub closed: Span,
    pub closed_of: u32,
    /// How far releases had come when they were taken back.
    pub taken: Vec<(Taken, u32)>,
    /// From the turn back to the end of it.
    pub way_back: Median,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pages {
    pub all: u32,
    pub by_night: u32,
}

impl Median {
    #[must_use]
    pub fn of(mut spans: Vec<Span>) -> Self {
        spans.sort_unstable();
        let half = spans.len() / 2;
        let at = match (spans.get(half), spans.len() % 2) {
            (Some(upper), 0) => {
                spans.get(half - 1).map(|lower| Span::millis((lower.as_millis() + upper.as_millis()) / 2))
            }
            (upper, _) => upper.copied(),
        };
        Self { of: u32::try_from(spans.len()).unwrap_or(u32::MAX), at }
    }
}

impl PerPlace {
    /// Of 1; none of nothing.
    #[must_use]
    pub fn failure_rate(&self) -> Option<f64> {
        (self.deployments > 0).then(|| f64::from(self.failed) / f64::from(self.deployments))
    }
}

impl Asked {
    fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }

    /// How many days it is long.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "days for a rate")]
    pub fn days(&self) -> f64 {
        Span::between(self.from, self.to).as_millis() as f64 / 86_400_000.0
    }
}

impl Summary {
    /// What `records` answer; `night` says of an instant whether people sleep then.
    #[must_use]
    pub fn of(records: &Records, asked: Asked, night: &dyn Fn(Timestamp) -> bool) -> Self {
        let mut by_place: BTreeMap<&EnvironmentName, Vec<&DeploymentRecord>> = BTreeMap::new();
        for d in records.deployments.values() {
            let meant = asked.service.as_ref().is_none_or(|s| *s == d.service)
                && asked.environment.as_ref().is_none_or(|e| *e == d.environment);
            if meant && d.counts() && d.ended.is_some_and(|(_, at)| asked.holds(at)) {
                by_place.entry(&d.environment).or_default().push(d);
            }
        }
        let places = by_place.into_iter().map(|(name, all)| (name.clone(), place(&all))).collect();
        let meant = |i: &&IncidentRecord| asked.service.is_none() || i.service == asked.service;
        let incidents: Vec<&IncidentRecord> = records.incidents.values().filter(meant).collect();
        let began: Vec<_> = incidents.iter().filter(|i| asked.holds(i.declared)).collect();
        let mut severities: BTreeMap<String, u32> = BTreeMap::new();
        for i in &began {
            *severities.entry(i.severity.clone()).or_default() += 1;
        }
        let over = incidents.iter().filter_map(|i| Some((i, i.resolved.filter(|at| asked.holds(*at))?)));
        let restored = over.map(|(i, at)| Span::between(i.declared, at)).collect();
        let acknowledged = incidents.iter().filter_map(|i| {
            let at = i.acknowledged.filter(|at| asked.holds(*at))?;
            Some(Span::between(i.declared, at))
        });
        let acknowledged = Median::of(acknowledged.collect());
        let mut pages: BTreeMap<PersonId, Pages> = BTreeMap::new();
        let (mut reached, mut unreached) = (Vec::new(), 0);
        for page in incidents.iter().flat_map(|i| &i.pages).filter(|page| asked.holds(page.at)) {
            let of = pages.entry(page.person.clone()).or_default();
            of.all += 1;
            of.by_night += u32::from(night(page.at));
            match page.reached {
                Some(span) => reached.push(span),
                None => unreached += 1,
            }
        }
        Self {
            places,
            incidents: u32::try_from(began.len()).unwrap_or(u32::MAX),
            severities,
            acknowledged,
            restored: Median::of(restored),
            pages,
            reached: Median::of(reached),
            unreached,
            asked,
        }
    }
}

fn place(all: &[&DeploymentRecord]) -> PerPlace {
    let ended = |d: &DeploymentRecord| d.ended.map(|(_, at)| at);
    let succeeded = |d: &&&DeploymentRecord| matches!(d.ended, Some((Status::Succeeded, _)));
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut taken: BTreeMap<Taken, u32> = BTreeMap::new();
    for (stage, _) in all.iter().filter_map(|d| d.taken) {
        *taken.entry(stage).or_default() += 1;
    }
    let good = all.iter().filter(succeeded);
    let lead = good.clone().filter_map(|d| Some(Span::between(d.requested, ended(d)?))).collect();
    let approval = all.iter().filter_map(|d| Some(Span::between(d.requested, d.keyed?))).collect();
    let back = all.iter().filter(|d| !matches!(d.taken, Some((Taken::Afterwards, _))));
    let back = back.filter_map(|d| Some(Span::between(d.taken?.1, ended(d)?))).collect();
    PerPlace {
        deployments: count(all.len()),
        succeeded: count(good.count()),
        failed: count(all.iter().filter(|d| d.failed()).count()),
        lead: Median::of(lead),
        approval: Median::of(approval),
        closed: all.iter().fold(Span::ZERO, |sum, d| sum + d.closed),
        closed_of: count(all.iter().filter(|d| d.closed > Span::ZERO).count()),
        taken: taken.into_iter().collect(),
        way_back: Median::of(back),
    }
}
