//! The HTTP executor: one request per key, whose outcome is kept in the job's folder.
//!
//! The request lives in this process: when signalbox dies while it is on its way, the job is lost and its recovery kind
//! says what may be done. What was answered is kept as the job's output.

use super::command::folder::{Claim, JobFolder};
use super::command::{never_begin, piece, refuse};
use super::{Executor, Job, JobAction, JobEnd, JobError, JobOutcome, JobStatus, Output, ResolveError, Target};
use crate::domain::plan::Release;
use crate::domain::policy::Recovery;
use crate::domain::probe::Reading;
use crate::domain::time::Now;
use crate::http;
use async_trait::async_trait;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

/// Tells a server that knows such keys that a second request is the same one.
const KEY_HEADER: HeaderName = HeaderName::from_static("idempotency-key");

pub struct HttpExecutor {
    jobs: PathBuf,
    client: reqwest::Client,
    /// Held while a job is begun or cancelled, so that the one finds what the other has done.
    turning: tokio::sync::Mutex<()>,
    /// The requests that are on their way, by key.
    running: Arc<Mutex<BTreeMap<String, CancellationToken>>>,
}

impl HttpExecutor {
    /// Keeps jobs in `<data>/jobs`, beside those of the command executor.
    #[must_use]
    pub fn new(data: &Path, client: reqwest::Client) -> Self {
        Self { jobs: data.join("jobs"), client, turning: tokio::sync::Mutex::default(), running: Arc::default() }
    }

    fn folder(&self, key: &str) -> Result<JobFolder, JobError> {
        JobFolder::new(&self.jobs, key)
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<String, CancellationToken>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn request(&self, job: &Job) -> Result<(reqwest::Request, u16), String> {
        let JobAction::Http { method, url, body, expect_status, .. } = &job.action else {
            return Err("the http executor only makes requests; use steps of kind `http`".into());
        };
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| format!("`{method}` is not an HTTP method"))?;
        let mut request = self.client.request(method, url).timeout(job.time_limit.to_std());
        if let Ok(key) = HeaderValue::from_str(&job.key) {
            request = request.header(KEY_HEADER, key);
        }
        if let Some(body) = body {
            let json = serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok();
            let kind = if json { "application/json" } else { "text/plain; charset=utf-8" };
            request = request.header(CONTENT_TYPE, kind).body(body.clone());
        }
        let request = request.build().map_err(|_| "this is not a URL that can be asked".to_owned())?;
        Ok((request, *expect_status))
    }
}

#[async_trait]
impl Executor for HttpExecutor {
    fn name(&self) -> &'static str {
        "http"
    }

    fn recovery(&self, job: &Job) -> Recovery {
        match &job.action {
            JobAction::Http { recovery, .. } => *recovery,
            _ => Recovery::Recoverable,
        }
    }

    async fn start(&self, job: &Job, _now: Now) -> Result<(), JobError> {
        let folder = self.folder(&job.key)?;
        let broken = |e: io::Error| JobError(format!("cannot prepare the job's folder: {e}"));
        let (request, expected) = match self.request(job) {
            Ok(request) => request,
            Err(why) => return refuse(&folder, &why).map_err(broken),
        };
        let (taken, spec) = (folder.clone(), job.action.clone());
        let _one_at_a_time = self.turning.lock().await;
        // It waits for the disk, and others wait for this thread.
        let claim = tokio::task::spawn_blocking(move || taken.prepare(&spec).and_then(|()| taken.claim())).await;
        let Some(claim) = claim.map_err(io::Error::other).flatten().map_err(broken)? else { return Ok(()) };
        let cancel = CancellationToken::new();
        self.running().insert(job.key.clone(), cancel.clone());
        let (client, running, key) = (self.client.clone(), self.running.clone(), job.key.clone());
        tokio::spawn(async move {
            let end = tokio::select! {
                end = ask(&client, request, expected, &folder) => end,
                () = cancel.cancelled() => JobEnd { outcome: JobOutcome::Cancelled, summary: "cancelled".into() },
            };
            finish(claim, &end).await;
            running.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        });
        Ok(())
    }

    async fn poll(&self, job: &Job, _now: Now) -> Result<JobStatus, JobError> {
        self.folder(&job.key)?.status().map_err(|e| JobError(format!("cannot read the job's folder: {e}")))
    }

    async fn cancel(&self, job: &Job) -> Result<(), JobError> {
        let folder = self.folder(&job.key)?;
        let _one_at_a_time = self.turning.lock().await;
        if let Some(cancel) = self.running().get(&job.key) {
            cancel.cancel();
            return Ok(());
        }
        let done = tokio::task::spawn_blocking(move || never_begin(&folder)).await;
        let done = done.map_err(io::Error::other).flatten().map(|_| ());
        done.map_err(|e| JobError(format!("cannot cancel the job: {e}")))
    }

    async fn output(&self, key: &str, from: u64) -> Result<Output, JobError> {
        piece(&self.folder(key)?, from)
    }

    async fn resolve(&self, _target: &Target, _version: &str) -> Result<Release, ResolveError> {
        Err(ResolveError::Unreachable(
            "requests know no versions; give the service `releases` of kind `table` or `command`".into(),
        ))
    }

    async fn read(&self, _target: &Target, what: &str, _now: Now) -> Result<Reading, JobError> {
        Err(JobError(format!("requests have no `{what}` to read; use a probe of kind `http`")))
    }
}

async fn ask(client: &reqwest::Client, request: reqwest::Request, expected: u16, folder: &JobFolder) -> JobEnd {
    let answer = async {
        let response = client.execute(request).await?;
        let status = response.status().as_u16();
        http::body(response).await.map(|body| (status, body))
    };
    match answer.await {
        Ok((status, body)) => {
            // As with a program: what the disk does not take is lost, and the job goes on.
            let folder = folder.clone();
            let _ = tokio::task::spawn_blocking(move || folder.write("output", &body.bytes)).await;
            let outcome = if status == expected { JobOutcome::Succeeded } else { JobOutcome::Failed };
            let wanted = if status == expected { String::new() } else { format!(", expected {expected}") };
            JobEnd { outcome, summary: format!("HTTP {status}{wanted}") }
        }
        Err(e) => {
            let outcome = if e.is_timeout() { JobOutcome::TimedOut } else { JobOutcome::Failed };
            JobEnd { outcome, summary: http::why_not(&e) }
        }
    }
}

async fn finish(claim: Claim, end: &JobEnd) {
    if let Err(e) = claim.finish_in_time(end).await {
        tracing::error!(error = %e, "job.http: cannot write a job's end");
    }
}
