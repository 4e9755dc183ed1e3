//! Runbooks: found and shown, and their commands run as jobs that survive this process.
//!
//! A command runs by the executor of `command` steps, under a key that names it for ever. After a crash the executor is asked before
//! anything is begun again; one that may run at most once, and of which nobody can tell what became, is said to be so.

use super::Engine;
use super::follow::Followed;
use super::output::{Following, output_key, render as render_output};
use super::run::receipt;
use super::writer::{Request, parse_state};
use crate::domain::decide::Input;
use crate::domain::ids::{EnvironmentName, PersonId, PlatformName, ServiceName, Stream};
use crate::domain::message::Message;
use crate::domain::plan::hex;
use crate::domain::render;
use crate::domain::runbook::{
    Asked, Came, Ended, Found, Output, Run, RunStatus, RunbookCommand, RunbookState, find, job_key,
};
use crate::domain::world::State;
use crate::jobs::{Executor, Job, JobAction, JobEnd, JobOutcome, JobStatus, Target};
use crate::limits;
use crate::store::{Claim, Result};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

impl Engine {
    /// A runbook, those that fit what was typed, or all.
    pub(super) fn runbook_answer(&self, person: Option<&PersonId>, command: &RunbookCommand) -> Message {
        let (policy, nobody) = (self.policy(), PersonId::new(""));
        let RunbookCommand::Show { name, words, from, incident } = command else { return Message::default() };
        let page = |book| render::runbook_page(&policy, person.unwrap_or(&nobody), book, *from, *incident);
        let known = name.as_ref().and_then(|name| policy.runbooks.get(name));
        let asked = match (known, words) {
            (Some(book), None) => return page(book),
            (_, Some(words)) => [name.as_deref().unwrap_or_default(), words].join(" "),
            (None, None) => match name {
                Some(name) => name.clone(),
                None => return render::runbook_list(&policy),
            },
        };
        match find(&policy.runbooks, &asked) {
            Found::One(book) => page(book),
            Found::Several(all) => render::runbooks_found(&all, asked.trim(), *incident),
            Found::Nothing => render::runbooks_found(&[], asked.trim(), *incident),
        }
    }

    async fn runs_of(&self, runbook: &str) -> Result<RunbookState> {
        let rows = self.deps.store.states(&[Stream::runbook(runbook)]).await?;
        Ok(match rows.first().map(parse_state).transpose()? {
            Some(State::Runbook(state)) => *state,
            _ => RunbookState::default(),
        })
    }

    /// Begins a command's job and follows it, or ends it.
    pub(super) async fn run_command(&self, claim: &Claim, runbook: &str, number: u32, stop: bool) -> Result<()> {
        let state = self.runs_of(runbook).await?;
        let wanted = |run: &&Run| match run.status {
            RunStatus::Running => !stop,
            RunStatus::Stopping { .. } => stop,
            _ => false,
        };
        let Some(run) = state.run(number).filter(wanted) else { return self.receipt_only(claim, Vec::new()).await };
        let Some(executor) = self.deps.executors.get("command").cloned() else {
            let summary = "there is no executor for commands here".to_owned();
            return self.run_came(claim, runbook, number, Ended { came: Came::Failed, summary, output: None }).await;
        };
        let job = job_of(runbook, &run.asked);
        if stop {
            self.stop_command(claim, runbook, number, &executor, &job).await
        } else {
            self.follow_command(claim, runbook, &run.asked, &executor, &job).await
        }
    }

    async fn follow_command(
        &self,
        claim: &Claim,
        runbook: &str,
        asked: &Asked,
        executor: &Arc<dyn Executor>,
        job: &Job,
    ) -> Result<()> {
        let (number, card) = (asked.number, render::run_key(runbook, asked.number));
        let following = Following { card: &card, job: &job.key, step: &asked.title };
        let end = match self.follow_job(claim, executor.as_ref(), job, following).await? {
            None => return Ok(()),
            Some(Followed::Ended(end)) => self.ended(executor.as_ref(), &job.key, &end).await,
            Some(Followed::Lost(why)) => lost(why),
        };
        self.run_came(claim, runbook, number, end).await
    }

    async fn stop_command(
        &self,
        claim: &Claim,
        runbook: &str,
        number: u32,
        executor: &Arc<dyn Executor>,
        job: &Job,
    ) -> Result<()> {
        let end = match self.cancel_job(claim, executor.as_ref(), job).await? {
            None => return Ok(()),
            Some(Ok(JobStatus::Ended { end })) => self.ended(executor.as_ref(), &job.key, &end).await,
            Some(Ok(_)) => lost("it was stopped and left no result"),
            Some(Err(_)) => return self.again_in(claim, limits::JOB_POLL_MS).await,
        };
        self.run_came(claim, runbook, number, end).await
    }

    async fn run_came(&self, claim: &Claim, runbook: &str, number: u32, end: Ended) -> Result<()> {
        let input = Input::RunCame { runbook: runbook.to_owned(), number, end };
        let request = Request { receipt: Some(receipt(claim)), ..Request::of(input) };
        self.submit(request).await.map(|_| ())
    }

    async fn ended(&self, executor: &dyn Executor, job: &str, end: &JobEnd) -> Ended {
        let came = match end.outcome {
            JobOutcome::Succeeded => Came::Succeeded,
            JobOutcome::Failed => Came::Failed,
            JobOutcome::TimedOut => Came::TimedOut,
            JobOutcome::Cancelled => Came::Stopped,
        };
        Ended { came, summary: end.summary.clone(), output: digest(executor, job).await }
    }

    /// Puts what a command printed into the thread of its card, once it is over: the newest lines, as while it ran.
    pub(super) async fn show_run_output(
        &self,
        claim: &Claim,
        platform: &PlatformName,
        runbook: &str,
        number: u32,
    ) -> Result<()> {
        let state = self.runs_of(runbook).await?;
        let (Some(run), Some(executor)) = (state.run(number), self.deps.executors.get("command").cloned()) else {
            return self.receipt_only(claim, Vec::new()).await;
        };
        let job = job_key(runbook, number);
        let Some(tail) = self.whole_tail(&job, executor.as_ref()).await else {
            return self.receipt_only(claim, Vec::new()).await;
        };
        let message = render_output(&run.asked.title, &tail, true);
        let (key, card) = (output_key(&job), render::run_key(runbook, number));
        self.show_below(claim, platform, (&key, &run.asked.channel, &card), message).await
    }
}

fn lost(why: &str) -> Ended {
    Ended { came: Came::Lost, summary: why.to_owned(), output: None }
}

fn job_of(runbook: &str, asked: &Asked) -> Job {
    Job {
        key: job_key(runbook, asked.number),
        target: Target {
            deployment: None,
            service: asked.service.clone().unwrap_or_else(|| ServiceName::new("no service")),
            environment: asked.environment.clone().unwrap_or_else(|| EnvironmentName::new("no environment")),
            settings: Default::default(),
            release: None,
            previous: None,
        },
        action: JobAction::Command {
            argv: asked.argv.clone(),
            env: asked.env.clone(),
            cwd: None,
            recovery: asked.recovery,
        },
        time_limit: asked.limit,
    }
}

/// What a job printed, as a digest of the text that is kept; `None` when it cannot be read.
async fn digest(executor: &dyn Executor, job: &str) -> Option<Output> {
    let (mut hash, mut next, mut bytes, mut dropped) = (Sha256::new(), 0, 0, 0);
    for _ in 0..limits::RUN_OUTPUT_PIECES {
        let piece = executor.output(job, next).await.ok()?;
        dropped = piece.dropped;
        if piece.next <= next {
            break;
        }
        hash.update(piece.text.as_bytes());
        bytes += piece.next - next;
        next = piece.next;
    }
    Some(Output { sha256: hex(&hash.finalize()), bytes, dropped })
}
