//! Jobs outside, whoever wants them: begun once, asked how they stand, told to end. After a crash the executor is asked before
//! anything is begun again.

use super::Engine;
use super::chat_out::backoff;
use super::output::Following;
use crate::domain::policy::Recovery;
use crate::jobs::{Executor, Job, JobEnd, JobError, JobStatus};
use crate::limits;
use crate::store::{Claim, Result};

/// What became of a job.
pub(super) enum Followed {
    Ended(JobEnd),
    /// Nobody can tell, for this reason.
    Lost(&'static str),
}

impl Engine {
    /// Begins the job of a row unless that was done, and asks how it stands. `None`: not over, and the row comes again.
    pub(super) async fn follow_job(
        &self,
        claim: &Claim,
        executor: &dyn Executor,
        job: &Job,
        following: Following<'_>,
    ) -> Result<Option<Followed>> {
        let (now, key) = (self.now(), &job.key);
        if claim.row.attempts <= 1
            && let Err(error) = executor.start(job, now).await
        {
            start_unknown(key, &error);
            return self.again_in(claim, backoff(1)).await.map(|()| None);
        }
        let wait = match executor.poll(job, now).await {
            Ok(JobStatus::Running) => {
                self.stream_output(following, executor, false).await;
                limits::JOB_POLL_MS
            }
            Ok(JobStatus::Ended { end }) => return Ok(Some(Followed::Ended(end))),
            Ok(JobStatus::NotFound) if executor.recovery(job) != Recovery::AtMostOnce => {
                // Nothing of that key ever began outside, or beginning again is harmless.
                if let Err(error) = executor.start(job, now).await {
                    start_unknown(key, &error);
                }
                limits::JOB_POLL_MS
            }
            Ok(JobStatus::NotFound) => {
                return Ok(Some(Followed::Lost("it was about to start when signalbox stopped")));
            }
            Ok(JobStatus::Lost) => return Ok(Some(Followed::Lost("its process is gone and left no result"))),
            Err(error) => {
                tracing::warn!(name: "job.poll_failed", job = %key, %error, "{key} cannot be asked: {error}");
                backoff(claim.row.attempts.min(4))
            }
        };
        self.again_in(claim, wait).await.map(|()| None)
    }

    /// Tells a job to end, and asks how it stands. `None`: not over, and the row comes again.
    pub(super) async fn cancel_job(
        &self,
        claim: &Claim,
        executor: &dyn Executor,
        job: &Job,
    ) -> Result<Option<std::result::Result<JobStatus, JobError>>> {
        let key = &job.key;
        if let Err(error) = executor.cancel(job).await {
            tracing::warn!(name: "job.cancel_failed", job = %key, %error, "{key} cannot be cancelled: {error}");
            return self.again_in(claim, backoff(claim.row.attempts)).await.map(|()| None);
        }
        match executor.poll(job, self.now()).await {
            Ok(JobStatus::Running) => self.again_in(claim, limits::JOB_POLL_MS).await.map(|()| None),
            said => Ok(Some(said)),
        }
    }
}

/// The start may or may not have happened; the next look tells.
fn start_unknown(job: &str, error: &JobError) {
    tracing::warn!(name: "job.start_unknown", job, %error, "the start of {job} has no answer: {error}");
}
