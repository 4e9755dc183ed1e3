//! Runs jobs in virtual time: each takes as long and ends as the script says, and what it did can be read back.

use super::outside::{Ends, JOB_TAKES, JobSeen, Outside, Run, State, describe};
use crate::domain::plan::Release;
use crate::domain::policy::Recovery;
use crate::domain::probe::{Reading, Verdict};
use crate::domain::time::{Now, Span, after};
use crate::jobs::{Executor, Job, JobAction, JobEnd, JobError, JobOutcome, JobStatus, Output, ResolveError, Target};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How long a version that is not healthy is looked at before its start has failed.
const NOT_READY: Span = Span::secs(30);

/// The executor of every service, and of commands and requests.
#[derive(Debug)]
pub struct ScriptExecutor(Arc<Outside>);

impl ScriptExecutor {
    #[must_use]
    pub fn new(outside: Arc<Outside>) -> Self {
        Self(outside)
    }
}

#[async_trait]
impl Executor for ScriptExecutor {
    fn name(&self) -> &'static str {
        "rehearsal"
    }

    fn recovery(&self, job: &Job) -> Recovery {
        match &job.action {
            JobAction::Command { recovery, .. } | JobAction::Http { recovery, .. } => *recovery,
            _ => Recovery::Recoverable,
        }
    }

    async fn start(&self, job: &Job, now: Now) -> Result<(), JobError> {
        let mut state = self.0.lock();
        if state.runs.contains_key(&job.key) {
            return Ok(());
        }
        let what = describe(job);
        let rule = state.rule_for(&what);
        let red = match &job.target.release {
            Some(release) if job.action == JobAction::Deploy => {
                let place = state.place_at(&job.target.service, &job.target.environment, now.work);
                place.begin(&release.version);
                state.behaviour(&job.target.service, &release.version).red
            }
            _ => String::new(),
        };
        let (takes, ends) = if red.is_empty() {
            (JOB_TAKES, Ends::Well)
        } else {
            (NOT_READY, Ends::Failing(format!("it did not become ready in {NOT_READY}: {red}")))
        };
        let run = Run {
            job: job.clone(),
            started: now.work,
            takes: rule.takes.unwrap_or(takes),
            ends: rule.ends.unwrap_or(ends),
            prints: rule.prints.unwrap_or_default(),
            end: None,
        };
        state.runs.insert(job.key.clone(), run);
        state.seen.push(JobSeen { key: job.key.clone(), what, at: now.wall });
        Ok(())
    }

    async fn poll(&self, job: &Job, now: Now) -> Result<JobStatus, JobError> {
        let mut state = self.0.lock();
        let Some(run) = state.runs.get(&job.key).cloned() else { return Ok(JobStatus::NotFound) };
        if let Some(end) = run.end {
            return Ok(JobStatus::Ended { end });
        }
        if run.ends == Ends::Lost {
            return Ok(JobStatus::Lost);
        }
        let Some(end) = ended(&mut state, &run, now) else { return Ok(JobStatus::Running) };
        if let Some(run) = state.runs.get_mut(&job.key) {
            run.end = Some(end.clone());
        }
        Ok(JobStatus::Ended { end })
    }

    async fn cancel(&self, job: &Job) -> Result<(), JobError> {
        let mut state = self.0.lock();
        let Some(run) = state.runs.get_mut(&job.key) else { return Ok(()) };
        if run.end.is_none() && run.ends != Ends::Stuck {
            run.end = Some(JobEnd { outcome: JobOutcome::Cancelled, summary: "cancelled".into() });
        }
        Ok(())
    }

    async fn output(&self, key: &str, from: u64) -> Result<Output, JobError> {
        let state = self.0.lock();
        let text = state.runs.get(key).map_or("", |r| r.prints.as_str());
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(text.len());
        Ok(Output { text: text.get(from..).unwrap_or_default().to_owned(), next: text.len() as u64, dropped: 0 })
    }

    async fn resolve(&self, target: &Target, version: &str) -> Result<Release, ResolveError> {
        self.0.resolve(&target.service, version)
    }

    async fn read(&self, target: &Target, what: &str, now: Now) -> Result<Reading, JobError> {
        let mut state = self.0.lock();
        let place = state.place_at(&target.service, &target.environment, now.work);
        let live = place.live().map(str::to_owned);
        let asked = target.release.as_ref().map(|r| r.version.clone()).or_else(|| live.clone());
        let Some(asked) = asked else { return Err(JobError("nothing runs there".into())) };
        let counts = place.counts(&asked);
        let weight = place.weights.get(&asked).copied().unwrap_or(0);
        let runs = place.running.contains(&asked);
        let (verdict, values, text) = match what {
            "version" => match live {
                Some(live) => (Verdict::Healthy, BTreeMap::new(), live),
                None => return Err(JobError("nothing serves there".into())),
            },
            "counters" | "health" if !runs => return Err(JobError(format!("{asked} does not run"))),
            "counters" => {
                let (requests, errors) = counts;
                let p95 = state.behaviour(&target.service, &asked).p95.as_millis() as f64;
                let values =
                    [("requests", requests), ("errors", errors), ("p95_ms", p95)].map(|(k, v)| (k.to_owned(), v));
                let text = format!("{errors} errors in {requests} requests to {asked} at {weight} %");
                (Verdict::Healthy, BTreeMap::from(values), text)
            }
            "health" => match state.behaviour(&target.service, &asked).red {
                red if red.is_empty() => (Verdict::Healthy, BTreeMap::new(), format!("{asked} is healthy")),
                red => (Verdict::Unhealthy, BTreeMap::new(), format!("{asked} is not healthy: {red}")),
            },
            _ => return Err(JobError(format!("there is no `{what}` to read; there are counters, health and version"))),
        };
        Ok(Reading { probe: what.to_owned(), at: now.wall, took_ms: 0, verdict, values, text })
    }
}

/// How a run has ended by now, with what it did done at the moment it ended.
fn ended(state: &mut State, run: &Run, now: Now) -> Option<JobEnd> {
    let limit = run.job.time_limit;
    if run.ends == Ends::Stuck {
        return None;
    }
    if run.ends == Ends::Hanging || run.takes > limit {
        let over = Span::between(run.started, now.work) >= limit;
        let summary = format!("it did not end within {limit}");
        return over.then_some(JobEnd { outcome: JobOutcome::TimedOut, summary });
    }
    if Span::between(run.started, now.work) < run.takes {
        return None;
    }
    if let Ends::Failing(summary) = &run.ends {
        if let (JobAction::Deploy, Some(release)) = (&run.job.action, &run.job.target.release) {
            state.place_at(&run.job.target.service, &run.job.target.environment, now.work).end(&release.version);
        }
        return Some(JobEnd { outcome: JobOutcome::Failed, summary: summary.clone() });
    }
    let at = after(run.started, run.takes);
    match done(state, &run.job, at) {
        Ok(summary) => Some(JobEnd { outcome: JobOutcome::Succeeded, summary }),
        Err(summary) => Some(JobEnd { outcome: JobOutcome::Failed, summary }),
    }
}

/// Does what the job is for. The error says why it cannot be.
fn done(state: &mut State, job: &Job, at: jiff::Timestamp) -> Result<String, String> {
    let Target { service, release, previous, .. } = &job.target;
    let release = || release.as_ref().map(|r| r.version.as_str()).ok_or("the job names no release");
    let place = state.place_at(service, &job.target.environment, at);
    Ok(match &job.action {
        JobAction::Deploy => format!("{service} {} is ready, without traffic so far", release()?),
        JobAction::Traffic { weight } => {
            let version = release()?;
            if !place.running.contains(version) {
                return Err(format!("{version} does not run"));
            }
            place.shift(version, *weight);
            format!("{service} {version} serves {weight} %")
        }
        JobAction::Restore => {
            let back = previous.as_ref().ok_or("there is no previous release to restore")?;
            place.only(&back.version);
            format!("{service} {} serves 100 %", back.version)
        }
        JobAction::Maintenance { on } => {
            place.maintenance = *on;
            format!("maintenance is {}", if *on { "on" } else { "off" })
        }
        JobAction::Command { .. } => "exit code 0".into(),
        JobAction::Http { expect_status, .. } => format!("HTTP {expect_status}"),
    })
}
