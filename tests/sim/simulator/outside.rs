//! The outside that jobs change and probes read. It remembers every effect it ever had, by key.
//!
//! It keeps what the `Executor` trait asks of it: a key begins once, and a key that was cancelled before it began never does.

use super::checker::Checker;
use super::core::{Shared, die, lock, pass};
use async_trait::async_trait;
use signalbox::domain::ids::{EnvironmentName, ServiceName};
use signalbox::domain::plan::Release;
use signalbox::domain::policy::{Ask, ProbeSpec, Recovery};
use signalbox::domain::probe::{Reading, Verdict};
use signalbox::domain::time::Now;
use signalbox::jobs::{
    Executor, Job, JobAction, JobEnd, JobError, JobOutcome, JobStatus, Output, ResolveError, Revisions, Target,
};
use signalbox::probes::Probe;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

#[derive(Clone, Debug)]
struct Running {
    job: Job,
    began: i64,
    ends: i64,
    fate: Fate,
    cancelled_at: Option<i64>,
    done: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Succeeds,
    Fails,
    /// Never ends by itself, and does not keep its limit.
    Hangs,
    Lost,
}

#[derive(Clone, Debug, Default)]
struct Place {
    live: String,
    since: i64,
}

#[derive(Default)]
pub struct Outside {
    jobs: BTreeMap<String, Running>,
    /// Keys that were cancelled before they began.
    never: BTreeSet<String>,
    places: BTreeMap<(ServiceName, EnvironmentName), Place>,
    /// How often each tag was moved to another revision.
    pub moved: BTreeMap<String, u32>,
}

impl Outside {
    pub fn revision(&self, version: &str) -> Option<String> {
        let known = super::policy::VERSIONS.contains(&version);
        known.then(|| format!("{version}+{}", self.moved.get(version).copied().unwrap_or(0)))
    }

    /// What has ended by `t` takes effect.
    fn settle(&mut self, t: i64) {
        let mut ended: Vec<_> = self.jobs.values_mut().filter(|j| !j.done && j.ends <= t).collect();
        ended.sort_by_key(|j| (j.ends, j.job.key.clone()));
        for running in ended {
            running.done = true;
            if running.fate != Fate::Succeeds || running.cancelled_at.is_some() {
                continue;
            }
            let target = &running.job.target;
            let live = match &running.job.action {
                JobAction::Traffic { weight: 100 } => target.release.as_ref(),
                JobAction::Restore => target.previous.as_ref(),
                JobAction::Command { argv, .. } if argv.get(1).is_some_and(|a| a == "switch") => {
                    target.release.as_ref()
                }
                JobAction::Command { argv, .. } if argv.get(1).is_some_and(|a| a == "undo") => target.previous.as_ref(),
                _ => None,
            };
            if let Some(live) = live {
                let at = (target.service.clone(), target.environment.clone());
                self.places.insert(at, Place { live: live.version.clone(), since: running.ends });
            }
        }
    }
}

/// One replica's way to the outside: as executor, as probe and as source of revisions.
#[derive(Clone)]
pub struct SimOutside {
    pub name: &'static str,
    pub outside: Arc<Mutex<Outside>>,
    pub checker: Arc<Mutex<Checker>>,
    pub core: Shared,
    pub replica: usize,
}

impl SimOutside {
    async fn reach(&self, what: &str) -> Result<(), JobError> {
        pass(&self.core, 4_000).await;
        if lock(&self.core).fault(|r| r.crash_at_effect) {
            die(&self.core, self.replica, &format!("before {what}")).await;
        }
        let mut core = lock(&self.core);
        if core.fault(|r| r.job_unreachable) {
            core.say(format!("r{} {what}: unreachable", self.replica));
            return Err(JobError("unreachable".into()));
        }
        Ok(())
    }

    async fn answer(&self, what: &str) -> Result<(), JobError> {
        if lock(&self.core).fault(|r| r.crash_at_effect) {
            die(&self.core, self.replica, &format!("after {what}")).await;
        }
        pass(&self.core, 4_000).await;
        let mut core = lock(&self.core);
        if core.fault(|r| r.job_unanswered) {
            core.say(format!("r{} {what}: done, the answer is lost", self.replica));
            return Err(JobError("no answer".into()));
        }
        Ok(())
    }

    fn begin(&self, job: &Job) {
        let mut outside = lock(&self.outside);
        let mut core = lock(&self.core);
        if outside.never.contains(&job.key) || outside.jobs.contains_key(&job.key) {
            core.say(format!("r{} starts {} again: nothing happens", self.replica, job.key));
            drop(core);
            drop(outside);
            return lock(&self.checker).job_handed_again(job, &self.core);
        }
        let limit = job.time_limit.as_millis();
        let longest = if core.chance(800) { 5_000.min(limit) } else { limit };
        let mut takes = core.dice.i64(0..=longest.max(400) / 2);
        let mut fate = Fate::Succeeds;
        if core.fault(|r| r.job_hangs) {
            (fate, takes) = (Fate::Hangs, i64::MAX / 4);
        } else if core.fault(|r| r.job_lost) {
            fate = Fate::Lost;
        } else if core.fault(|r| r.job_fails) {
            fate = Fate::Fails;
        }
        core.count("jobs");
        core.say(format!("r{} starts {} {:?}, which {fate:?}", self.replica, job.key, short(&job.action)));
        let t = core.t;
        drop(core);
        let running = Running {
            job: job.clone(),
            began: t,
            ends: t.saturating_add(takes),
            fate,
            cancelled_at: None,
            done: false,
        };
        outside.jobs.insert(job.key.clone(), running);
        drop(outside);
        lock(&self.checker).job_began(self.replica, job, &self.core);
    }
}

fn short(action: &JobAction) -> String {
    match action {
        JobAction::Command { argv, .. } => argv.join(" "),
        JobAction::Http { url, .. } => url.clone(),
        other => format!("{other:?}"),
    }
}

#[async_trait]
impl Executor for SimOutside {
    fn name(&self) -> &'static str {
        self.name
    }

    fn recovery(&self, job: &Job) -> Recovery {
        match &job.action {
            JobAction::Command { recovery, .. } | JobAction::Http { recovery, .. } => *recovery,
            _ => Recovery::Recoverable,
        }
    }

    async fn start(&self, job: &Job, _now: Now) -> Result<(), JobError> {
        let what = format!("start of {}", job.key);
        self.reach(&what).await?;
        self.begin(job);
        self.answer(&what).await
    }

    async fn poll(&self, job: &Job, _now: Now) -> Result<JobStatus, JobError> {
        self.reach(&format!("poll of {}", job.key)).await?;
        let t = lock(&self.core).t;
        let mut outside = lock(&self.outside);
        outside.settle(t);
        let Some(running) = outside.jobs.get(&job.key) else { return Ok(JobStatus::NotFound) };
        let end = |outcome, summary: &str| JobStatus::Ended { end: JobEnd { outcome, summary: summary.into() } };
        Ok(match (running.cancelled_at, running.fate) {
            _ if running.ends > t => JobStatus::Running,
            (Some(_), _) => end(JobOutcome::Cancelled, "cancelled"),
            (None, Fate::Succeeds) => end(JobOutcome::Succeeded, "done"),
            (None, Fate::Fails) => end(JobOutcome::Failed, "exit code 1"),
            (None, Fate::Hangs) => end(JobOutcome::TimedOut, "too long"),
            (None, Fate::Lost) => JobStatus::Lost,
        })
    }

    async fn cancel(&self, job: &Job) -> Result<(), JobError> {
        let what = format!("cancel of {}", job.key);
        self.reach(&what).await?;
        {
            let mut outside = lock(&self.outside);
            let mut core = lock(&self.core);
            let t = core.t;
            outside.settle(t);
            core.say(format!("r{} cancels {}", self.replica, job.key));
            match outside.jobs.get_mut(&job.key) {
                Some(running) if running.ends > t && running.cancelled_at.is_none() => {
                    running.cancelled_at = Some(t);
                    // Some take longer than anybody waits.
                    running.ends =
                        t + if core.chance(200) { core.dice.i64(0..60_000) } else { core.dice.i64(0..2_000) };
                }
                Some(_) => {}
                None => {
                    outside.never.insert(job.key.clone());
                }
            }
        }
        self.answer(&what).await
    }

    async fn output(&self, key: &str, from: u64) -> Result<Output, JobError> {
        self.reach(&format!("output of {key}")).await?;
        let text = if from == 0 { format!("{key} speaks\n") } else { String::new() };
        let next = from + u64::try_from(text.len()).unwrap_or(0);
        Ok(Output { text, next, dropped: 0 })
    }

    async fn resolve(&self, target: &Target, version: &str) -> Result<Release, ResolveError> {
        let _ = target;
        self.reach(&format!("lookup of {version}")).await.map_err(|e| ResolveError::Unreachable(e.0))?;
        let revision = lock(&self.outside).revision(version);
        let known = || super::policy::VERSIONS.iter().map(|v| (*v).to_owned()).collect();
        let revision = revision.ok_or_else(|| ResolveError::Unknown { version: version.into(), known: known() })?;
        Ok(Release { version: version.into(), revision, changes: vec!["a change".into()] })
    }

    async fn read(&self, _target: &Target, _what: &str, _now: Now) -> Result<Reading, JobError> {
        Err(JobError("probes are asked elsewhere".into()))
    }
}

#[async_trait]
impl Revisions for SimOutside {
    async fn ask(&self, _version: &str, _argv: &[String]) -> Result<Release, ResolveError> {
        Err(ResolveError::Unreachable("no service of the simulation asks a command".into()))
    }
}

#[async_trait]
impl Probe for SimOutside {
    async fn read(&self, spec: &ProbeSpec, target: &Target, now: Now) -> Reading {
        pass(&self.core, spec.timeout.as_millis()).await;
        let what = match &spec.ask {
            Ask::Executor { what } => what.as_str(),
            _ => "",
        };
        let mut outside = lock(&self.outside);
        let mut core = lock(&self.core);
        let t = core.t;
        outside.settle(t);
        let place = outside.places.get(&(target.service.clone(), target.environment.clone()));
        let mut values = BTreeMap::new();
        let version = target.release.as_ref().map_or("", |r| r.version.as_str());
        let bad = version == "v1.3.0" || version == "v1.4.0";
        let (verdict, text) = if core.fault(|r| r.probe_inconclusive) {
            (Verdict::Inconclusive, "no answer".to_owned())
        } else {
            match what {
                "version" => (Verdict::Healthy, place.map_or_else(|| "v0.9.0".to_owned(), |p| p.live.clone())),
                "counters" => {
                    // Since the first job of this deployment; a restart begins at zero.
                    let of = |j: &&Running| j.job.target.deployment == target.deployment;
                    let began = outside.jobs.values().filter(of).map(|j| j.began).min().unwrap_or(t);
                    let since = place.map_or(began, |p| p.since.max(began));
                    let seconds = ((t - if core.chance(20) { since } else { began }) / 1000).max(0);
                    let errors = if version == "v1.3.0" { seconds / 20 } else { seconds / 2_000 };
                    values.insert("requests".to_owned(), seconds as f64);
                    // A missing value is what a reading that is not a number comes to.
                    if !core.fault(|r| r.probe_inconclusive / 2) {
                        values.insert("errors".to_owned(), errors as f64);
                    }
                    (Verdict::Healthy, format!("{seconds} requests, {errors} errors"))
                }
                _ if core.fault(|r| r.probe_unhealthy) || (bad && what == "latency") => {
                    (Verdict::Unhealthy, format!("{what} is bad"))
                }
                _ => (Verdict::Healthy, format!("{what} is fine")),
            }
        };
        core.count("readings");
        Reading { probe: spec.name.clone(), at: now.wall, took_ms: 1, verdict, values, text }
    }
}
