//! The fleet as an executor: deployments, traffic and the way back, each done once per key.

use super::catalogue;
use super::fleet::Fleet;
use super::place::Place;
use super::saved::Record;
use super::site::{Said, Site};
use crate::domain::plan::Release;
use crate::domain::policy::Recovery;
use crate::domain::probe::{Reading, Verdict};
use crate::domain::time::{Now, Span};
use crate::jobs::{Executor, Job, JobAction, JobEnd, JobError, JobOutcome, JobStatus, ResolveError, Target};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Not ready this often, and a release will not become ready.
const READY_TRIES: u32 = 40;

#[async_trait]
impl Executor for Fleet {
    fn name(&self) -> &'static str {
        "fleet"
    }

    fn recovery(&self, job: &Job) -> Recovery {
        match job.action {
            JobAction::Traffic { .. } | JobAction::Restore | JobAction::Maintenance { .. } => Recovery::Idempotent,
            _ => Recovery::Recoverable,
        }
    }

    async fn start(&self, job: &Job, now: Now) -> Result<(), JobError> {
        let _one_at_a_time = self.turn(job).await;
        if self.record(&job.key).is_some() {
            return Ok(());
        }
        let end = match self.begin(job).await {
            Ok(None) => None,
            Ok(Some(summary)) => Some(JobEnd { outcome: JobOutcome::Succeeded, summary }),
            Err(summary) => Some(JobEnd { outcome: JobOutcome::Failed, summary }),
        };
        self.remember(&job.key, Record { started: now.work, end, red: 0 }).map_err(JobError)
    }

    async fn poll(&self, job: &Job, now: Now) -> Result<JobStatus, JobError> {
        let Some(mut record) = self.record(&job.key) else { return Ok(JobStatus::NotFound) };
        if record.end.is_none() {
            record.end = match (self.site_of(job), version(job)) {
                (Ok(site), Ok(version)) => self.readiness(site, version, job, &mut record, now).await,
                (Err(summary), _) | (_, Err(summary)) => Some(JobEnd { outcome: JobOutcome::Failed, summary }),
            };
            // While the look was taken it may have been cancelled; what was written first stays.
            match self.record(&job.key).and_then(|r| r.end) {
                Some(end) => return Ok(JobStatus::Ended { end }),
                None => self.remember(&job.key, record.clone()).map_err(JobError)?,
            }
        }
        Ok(record.end.map_or(JobStatus::Running, |end| JobStatus::Ended { end }))
    }

    async fn cancel(&self, job: &Job) -> Result<(), JobError> {
        let _one_at_a_time = self.turn(job).await;
        let cancelled = |summary: &str| Some(JobEnd { outcome: JobOutcome::Cancelled, summary: summary.into() });
        let Some(mut record) = self.record(&job.key) else {
            // Remembered as the newest, so that it is not the first to be forgotten.
            let record = Record { started: self.newest(), end: cancelled("cancelled before it began"), red: 0 };
            return self.remember(&job.key, record).map_err(JobError);
        };
        if record.end.is_some() {
            return Ok(());
        }
        record.end = cancelled("cancelled");
        self.remember(&job.key, record).map_err(JobError)?;
        if let (Ok(site), Ok(version)) = (self.site_of(job), version(job)) {
            site.change(|place| place.without(version)).await.map_err(JobError)?;
        }
        Ok(())
    }

    async fn resolve(&self, target: &Target, version: &str) -> Result<Release, ResolveError> {
        self.site(target.service.as_str(), target.environment.as_str()).map_err(ResolveError::Unreachable)?;
        catalogue::release(target.service.as_str(), version)
            .ok_or_else(|| ResolveError::Unknown { version: version.to_owned(), known: catalogue::known() })
    }

    async fn read(&self, target: &Target, what: &str, now: Now) -> Result<Reading, JobError> {
        let site = self.site(target.service.as_str(), target.environment.as_str()).map_err(JobError)?;
        let place = site.place();
        let live = place.live().map(|s| s.version.clone()).unwrap_or_default();
        let asked = target.release.as_ref().map_or(live.as_str(), |r| r.version.as_str());
        let (verdict, values, text) = match what {
            "counters" => counters(&place, asked),
            "health" => health(site.ask(asked, "/health/ready").await, asked),
            "version" => live_version(site, &place, &live).await,
            _ => return Err(JobError(format!("the fleet has no `{what}`; it reads counters, health and version"))),
        };
        Ok(Reading { probe: what.to_owned(), at: now.wall, took_ms: 0, verdict, values, text })
    }
}

impl Fleet {
    fn site_of(&self, job: &Job) -> Result<&Arc<Site>, String> {
        self.site(job.target.service.as_str(), job.target.environment.as_str())
    }

    async fn turn(&self, job: &Job) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        match self.site_of(job) {
            Ok(site) => Some(site.turning.lock().await),
            Err(_) => None,
        }
    }

    /// Does the job, or begins it (`None`). The summary says what was done, or why it was not.
    async fn begin(&self, job: &Job) -> Result<Option<String>, String> {
        let site = self.site_of(job)?;
        match &job.action {
            JobAction::Deploy => {
                let version = version(job)?;
                site.change(|place| place.begin(version)).await?;
                Ok(None)
            }
            JobAction::Traffic { weight } => {
                let version = version(job)?;
                let place = site.change(|place| place.shift(version, *weight)).await?;
                let weight = place.share(version).map_or(0, |s| s.weight);
                Ok(Some(format!("{} {version} serves {weight} %", site.service)))
            }
            JobAction::Restore => {
                let previous = job.target.previous.as_ref().ok_or("there is no previous release to restore")?;
                let previous = known(&previous.version)?;
                site.change(|place| place.restore(previous)).await?;
                Ok(Some(format!("{} {previous} serves 100 %", site.service)))
            }
            JobAction::Maintenance { on } => {
                site.change(|place| Place { maintenance: *on, ..place }).await?;
                let state = if *on { "on" } else { "off" };
                Ok(Some(format!("maintenance is {state} for {}", site.service)))
            }
            JobAction::Command { .. } | JobAction::Http { .. } => {
                Err("the fleet deploys; commands and requests have their own executors".into())
            }
        }
    }

    /// Whether a deployed release is ready by now; `None` to look again later.
    async fn readiness(&self, site: &Site, version: &str, job: &Job, record: &mut Record, now: Now) -> Option<JobEnd> {
        let (verdict, _, said) = health(site.ask(version, "/health/ready").await, version);
        if verdict == Verdict::Healthy {
            let summary = format!("{} {version} is ready, without traffic so far", site.service);
            return Some(JobEnd { outcome: JobOutcome::Succeeded, summary });
        }
        record.red += 1;
        let spent = Span::between(record.started, now.work);
        let over = spent >= job.time_limit;
        if !over && record.red < READY_TRIES {
            return None;
        }
        let outcome = if over { JobOutcome::TimedOut } else { JobOutcome::Failed };
        let looks = if record.red == 1 { "one look".to_owned() } else { format!("{} looks", record.red) };
        let summary = format!("{} {version} did not become ready in {spent}, {looks}: {said}", site.service);
        // It never took traffic, so nothing is lost with it; what cannot be ended now ends with the next change.
        let _ = site.change(|place| place.without(version)).await;
        Some(JobEnd { outcome, summary })
    }
}

/// The version a job is about, when it exists.
fn version(job: &Job) -> Result<&str, String> {
    known(&job.target.release.as_ref().ok_or("the job names no release")?.version)
}

fn known(version: &str) -> Result<&str, String> {
    let unknown = || format!("there is no version {version}; known: {}", catalogue::known().join(", "));
    catalogue::version(version).map(|v| v.name).ok_or_else(unknown)
}

type Read = (Verdict, BTreeMap<String, f64>, String);

fn counters(place: &Place, version: &str) -> Read {
    let Some(share) = place.share(version) else {
        return (Verdict::Inconclusive, BTreeMap::new(), format!("{version} does not run"));
    };
    let mut values = BTreeMap::from([
        ("requests".to_owned(), share.requests as f64),
        ("errors".to_owned(), share.errors as f64),
        ("share".to_owned(), f64::from(share.weight)),
    ]);
    values.extend(share.p95_us.map(|us| ("p95_ms".to_owned(), us as f64 / 1_000.0)));
    let errors = if share.errors == 1 { "1 error".to_owned() } else { format!("{} errors", share.errors) };
    (Verdict::Healthy, values, format!("{errors} in {} requests to {version} at {} %", share.requests, share.weight))
}

fn health(said: Result<Said, String>, version: &str) -> Read {
    match said {
        Ok(said) => {
            let word = said.body["status"].as_str().unwrap_or("no status");
            let reason = said.body["reason"].as_str().map(|r| format!(" ({r})")).unwrap_or_default();
            let verdict = if said.status == 200 { Verdict::Healthy } else { Verdict::Unhealthy };
            let values = BTreeMap::from([("status".to_owned(), f64::from(said.status))]);
            (verdict, values, format!("{version} says {} {word}{reason}", said.status))
        }
        Err(why) => (Verdict::Inconclusive, BTreeMap::new(), why),
    }
}

/// Asked of the instance that has the largest share, not of what the fleet believes it runs.
async fn live_version(site: &Site, place: &Place, live: &str) -> Read {
    match site.ask(live, "/version").await {
        Ok(Said { status: 200, body }) if body["version"].is_string() => {
            let share = place.live().map_or(0, |s| s.weight);
            let values = BTreeMap::from([("share".to_owned(), f64::from(share))]);
            (Verdict::Healthy, values, body["version"].as_str().unwrap_or_default().to_owned())
        }
        Ok(said) => (Verdict::Inconclusive, BTreeMap::new(), format!("{live} says {} and no version", said.status)),
        Err(why) => (Verdict::Inconclusive, BTreeMap::new(), why),
    }
}
