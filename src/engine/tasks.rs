//! Tasks outside: prepare a start, run and end jobs, read probes. Each ends in a receipt, which is an input.

use super::Engine;
use super::follow::Followed;
use super::output::Following;
use super::run::receipt;
use super::writer::{Request, parse_state};
use crate::domain::decide::Input;
use crate::domain::deployment::{Deployment, Outcome, Status, TaskKind};
use crate::domain::ids::{DeploymentId, Stream};
use crate::domain::plan::Release;
use crate::domain::policy::{Ask, StepKind, StepSpec};
use crate::domain::probe::{Reading, Verdict};
use crate::domain::render::deployment_key;
use crate::domain::world::State;
use crate::jobs::fill::{fill, fill_url};
use crate::jobs::{Executor, Job, JobAction, JobOutcome, ResolveError, Target};
use crate::limits;
use crate::store::{Claim, Result};
use std::sync::Arc;

impl Engine {
    pub(super) async fn do_task(&self, claim: &Claim, id: DeploymentId, task: &TaskKind) -> Result<()> {
        let rows = self.deps.store.states(&[Stream::deployment(id)]).await?;
        let Some(State::Deployment(d)) = rows.first().map(parse_state).transpose()? else {
            return self.receipt_only(claim, Vec::new()).await;
        };
        match task {
            TaskKind::Prepare => {
                let outcome = self.prepare(&d).await;
                self.report(claim, id, outcome).await
            }
            TaskKind::Sample { probes, live } => {
                let outcome = self.sample(&d, probes, *live).await;
                self.report(claim, id, outcome).await
            }
            TaskKind::Job { back, step } => self.job(claim, &d, *back, *step).await,
            TaskKind::Cancel { job, back, step } => self.cancel(claim, &d, job, (*back, *step)).await,
        }
    }

    async fn report(&self, claim: &Claim, id: DeploymentId, outcome: Outcome) -> Result<()> {
        let input = Input::Receipt { stream: Stream::deployment(id), key: claim.row.key.clone(), outcome };
        let request = Request { receipt: Some(receipt(claim)), ..Request::of(input) };
        self.submit(request).await.map(|_| ())
    }

    /// What a job or probe of `d` is about. For a rollback by hand, the release is what goes and `previous` what comes back.
    pub(super) fn target(&self, d: &Deployment) -> Target {
        let (release, previous) = if d.is_rollback() {
            (d.previous.clone(), Some(d.plan.release.clone()))
        } else {
            (Some(d.plan.release.clone()), d.previous.clone())
        };
        Target {
            deployment: Some(d.id),
            service: d.plan.service.clone(),
            environment: d.plan.environment.clone(),
            settings: d.plan.settings.clone(),
            release,
            previous,
        }
    }

    /// What the probes of `d` are asked about: before the start and on the way back, what serves people and not the release
    /// on trial.
    fn read_target(&self, d: &Deployment) -> Target {
        let mut target = self.target(d);
        let going_back = d.run.as_ref().is_some_and(|r| r.going_back);
        if d.status == Status::Awaiting {
            target.release = None;
        } else if going_back || d.is_rollback() {
            target.release = target.previous.take();
        }
        target
    }

    /// Resolves a version through the service's source of releases.
    ///
    /// # Errors
    /// Why there is none, for people.
    pub async fn resolve(
        &self,
        target: &Target,
        executor: &str,
        version: &str,
    ) -> std::result::Result<Release, String> {
        use crate::domain::policy::ReleaseSource;
        let policy = self.policy();
        let source = policy.services.get(&target.service).map(|s| s.releases.clone());
        match source {
            Some(ReleaseSource::Table { versions }) => match versions.get(version) {
                Some(revision) => {
                    Ok(Release { version: version.into(), revision: revision.clone(), changes: Vec::new() })
                }
                None => {
                    let known = versions.keys().cloned().collect();
                    Err(ResolveError::Unknown { version: version.into(), known }.to_string())
                }
            },
            Some(ReleaseSource::Command { argv }) => self.resolve_by_command(target, &argv, version).await,
            _ => match self.deps.executors.get(executor) {
                Some(executor) => executor.resolve(target, version).await.map_err(|e| e.to_string()),
                None => Err(format!("there is no executor {executor} here")),
            },
        }
    }

    async fn resolve_by_command(
        &self,
        target: &Target,
        argv: &[String],
        version: &str,
    ) -> std::result::Result<Release, String> {
        let release = Release { version: version.into(), revision: String::new(), changes: Vec::new() };
        let target = Target { release: Some(release), ..target.clone() };
        let argv = argv.iter().map(|a| fill(a, &target)).collect::<std::result::Result<Vec<_>, _>>();
        let argv = argv.map_err(|e| e.to_string())?;
        self.deps.revisions.ask(version, &argv).await.map_err(|e| e.to_string())
    }

    async fn prepare(&self, d: &Deployment) -> Outcome {
        let target = self.target(d);
        let live = self.live_release(d, &target).await;
        if d.is_rollback() {
            return Outcome::Prepared { release: Some(d.plan.release.clone()), problem: String::new(), live };
        }
        match self.resolve(&target, &d.plan.executor, &d.plan.release.version).await {
            Ok(release) => Outcome::Prepared { release: Some(release), problem: String::new(), live },
            Err(problem) => Outcome::Prepared { release: None, problem, live },
        }
    }

    /// The release that is live now, as the live probe and the source of releases say.
    async fn live_release(&self, d: &Deployment, target: &Target) -> Option<Release> {
        let policy = self.policy();
        let spec = policy.probes.get(d.plan.live_probe.as_deref()?)?;
        let reading = self.deps.probe.read(spec, target, self.now()).await;
        if reading.verdict == Verdict::Inconclusive {
            return None;
        }
        self.resolve(target, &d.plan.executor, reading.text.trim()).await.ok()
    }

    async fn sample(&self, d: &Deployment, probes: &[String], live: bool) -> Outcome {
        let policy = self.policy();
        let (asked, whole) = (self.read_target(d), self.target(d));
        let now = self.now();
        let extra = d.plan.live_probe.clone().filter(|_| live);
        let reads = probes.iter().cloned().chain(extra).map(|name| {
            let (policy, asked, whole) = (&policy, &asked, &whole);
            async move {
                match policy.probes.get(&name) {
                    Some(spec) => {
                        // Placeholders of a URL or a command name the release on trial; an executor is asked what serves.
                        let target = if matches!(spec.ask, Ask::Executor { .. }) { asked } else { whole };
                        self.deps.probe.read(spec, target, now).await
                    }
                    None => missing(&name, now),
                }
            }
        });
        Outcome::Readings { readings: futures_util::future::join_all(reads).await }
    }

    async fn job(&self, claim: &Claim, d: &Deployment, back: bool, step: usize) -> Result<()> {
        let steps = if back { &d.plan.rollback } else { &d.plan.steps };
        let Some(spec) = steps.get(step) else { return self.receipt_only(claim, Vec::new()).await };
        let (executor, job) = match self.job_of(d, spec, &claim.row.key) {
            Ok(found) => found,
            Err(summary) => return self.report(claim, d.id, Outcome::Job { succeeded: false, summary }).await,
        };
        let card = deployment_key(d);
        let following = Following { card: &card, job: &job.key, step: &spec.name };
        match self.follow_job(claim, executor.as_ref(), &job, following).await? {
            None => Ok(()),
            Some(Followed::Ended(end)) => {
                self.stream_output(following, executor.as_ref(), true).await;
                let succeeded = end.outcome == JobOutcome::Succeeded;
                self.report(claim, d.id, Outcome::Job { succeeded, summary: end.summary }).await
            }
            Some(Followed::Lost(why)) => self.report(claim, d.id, Outcome::Lost { summary: why.to_owned() }).await,
        }
    }

    async fn cancel(&self, claim: &Claim, d: &Deployment, key: &str, (back, step): (bool, usize)) -> Result<()> {
        let done = Outcome::Job { succeeded: true, summary: "cancelled".into() };
        let steps = if back { &d.plan.rollback } else { &d.plan.steps };
        let found = steps.get(step).map(|spec| self.job_of(d, spec, key));
        let Some(Ok((executor, job))) = found else { return self.report(claim, d.id, done).await };
        match self.cancel_job(claim, executor.as_ref(), &job).await? {
            None => Ok(()),
            Some(_) => self.report(claim, d.id, done).await,
        }
    }

    /// Lets every executor forget old jobs, except those that the outbox still asks about; says how many went.
    ///
    /// # Errors
    /// When the store cannot be read; then nothing was forgotten.
    pub async fn prune_jobs(&self) -> Result<usize> {
        let rows = self.deps.store.outbox(limits::JOBS_ASKED).await?;
        if i64::try_from(rows.len()).unwrap_or(i64::MAX) >= limits::JOBS_ASKED {
            return Ok(0);
        }
        let keep = rows.into_iter().filter_map(|row| row.target.strip_prefix("task:").map(String::from)).collect();
        let mut removed = 0;
        for executor in self.deps.executors.values() {
            match executor.prune(self.now(), &keep).await {
                Ok(n) => removed += n,
                Err(error) => {
                    let executor = executor.name();
                    tracing::warn!(name: "jobs.prune_failed", executor, %error, "old jobs are not pruned: {error}");
                }
            }
        }
        Ok(removed)
    }

    /// The executor of a step and the job it is asked to run.
    fn job_of(
        &self,
        d: &Deployment,
        spec: &StepSpec,
        key: &str,
    ) -> std::result::Result<(Arc<dyn Executor>, Job), String> {
        let target = self.target(d);
        let filled = |text: &str| fill(text, &target).map_err(|e| e.to_string());
        let (name, action) = match &spec.kind {
            StepKind::Command { argv, env, cwd, recovery } => {
                let argv = argv.iter().map(|a| filled(a)).collect::<std::result::Result<Vec<_>, _>>()?;
                let cwd = cwd.as_deref().map(filled).transpose()?;
                ("command", JobAction::Command { argv, env: env.clone(), cwd, recovery: *recovery })
            }
            StepKind::Http { method, url, body, expect_status, recovery } => {
                let url = fill_url(url, &target).map_err(|e| e.to_string())?;
                let body = body.as_deref().map(filled).transpose()?;
                let (method, expect_status, recovery) = (method.clone(), *expect_status, *recovery);
                ("http", JobAction::Http { method, url, body, expect_status, recovery })
            }
            StepKind::Deploy => (d.plan.executor.as_str(), JobAction::Deploy),
            StepKind::Traffic(stage) => (d.plan.executor.as_str(), JobAction::Traffic { weight: stage.weight }),
            StepKind::Restore => (d.plan.executor.as_str(), JobAction::Restore),
            StepKind::Maintenance { on } => (d.plan.executor.as_str(), JobAction::Maintenance { on: *on }),
            StepKind::Manual { .. } | StepKind::Verify { .. } => return Err("this step runs no job".into()),
        };
        let executor = self.deps.executors.get(name).cloned();
        let executor = executor.ok_or_else(|| format!("there is no executor {name} here"))?;
        let time_limit = spec.time_limit.paced(d.plan.pace);
        Ok((executor, Job { key: key.to_owned(), target, action, time_limit }))
    }
}

pub(super) fn missing(name: &str, now: crate::domain::time::Now) -> Reading {
    Reading {
        probe: name.to_owned(),
        at: now.wall,
        took_ms: 0,
        verdict: Verdict::Inconclusive,
        values: Default::default(),
        text: "the config has no such probe".into(),
    }
}
