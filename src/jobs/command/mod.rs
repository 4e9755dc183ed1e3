//! The command executor: a program without a shell, run once, which survives signalbox.
//!
//! Each job has a [`folder`]; a [supervisor](mod@supervise) process takes it and runs it. This executor only starts supervisors
//! and reads folders, so it keeps nothing in memory and after a restart knows as much as before.
//!
//! Deliberately absent: deploying, traffic and restores. A service that is deployed by commands says so in its steps.

mod abandon;
pub mod brief;
pub mod folder;
pub mod output;
mod prune;
pub mod revision;
pub mod spec;
pub mod supervise;
pub mod tree;

use crate::domain::plan::Release;
use crate::domain::policy::Recovery;
use crate::domain::probe::Reading;
use crate::domain::time::{Now, Span};
use crate::jobs::{Executor, Job, JobAction, JobEnd, JobError, JobOutcome, JobStatus, Output, ResolveError, Target};
use crate::limits;
use async_trait::async_trait;
use folder::{Holder, JobFolder};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group};
use spec::Spec;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::AsyncReadExt as _;

pub use abandon::abandon;
pub use supervise::supervise;

pub struct CommandExecutor {
    jobs: PathBuf,
    binary: PathBuf,
}

impl CommandExecutor {
    /// Keeps jobs in `<data>/jobs`; `binary` is this program, run again as `job-supervisor` for each job.
    #[must_use]
    pub fn new(data: &Path, binary: &Path) -> Self {
        Self { jobs: data.join("jobs"), binary: binary.to_path_buf() }
    }

    fn folder(&self, key: &str) -> Result<JobFolder, JobError> {
        JobFolder::new(&self.jobs, key)
    }

    /// Starts a supervisor and waits until it has taken the job, or found it taken.
    async fn supervisor(&self, folder: &JobFolder, env: &[String]) -> Result<(), JobError> {
        let broken = |e: io::Error| JobError(format!("cannot start the job's supervisor: {e}"));
        let mut child = tokio::process::Command::new(&self.binary)
            .arg("job-supervisor")
            .arg(folder.path())
            .env_clear()
            .envs(spec::environment(env))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(broken)?;
        let mut said = Vec::new();
        if let Some(mut out) = child.stdout.take() {
            let mut chunk = [0_u8; 256];
            let listen = async {
                while said.len() < 1024 && !said.contains(&b'\n') {
                    match out.read(&mut chunk).await? {
                        0 => break,
                        n => said.extend_from_slice(&chunk[..n]),
                    }
                }
                io::Result::Ok(())
            };
            let limit = Span::millis(limits::SUPERVISOR_START_MS).to_std();
            tokio::time::timeout(limit, listen)
                .await
                .map_err(|_| JobError("the job's supervisor does not begin".into()))?
                .map_err(broken)?;
        }
        match String::from_utf8_lossy(&said).trim() {
            supervise::TAKEN | supervise::GONE => Ok(()),
            "" => Err(JobError("the job's supervisor ended before it took the job".into())),
            why => Err(JobError(format!("the job's supervisor {why}"))),
        }
    }
}

#[async_trait]
impl Executor for CommandExecutor {
    fn name(&self) -> &'static str {
        "command"
    }

    fn recovery(&self, job: &Job) -> Recovery {
        match &job.action {
            JobAction::Command { recovery, .. } => *recovery,
            _ => Recovery::Recoverable,
        }
    }

    async fn start(&self, job: &Job, _now: Now) -> Result<(), JobError> {
        let folder = self.folder(&job.key)?;
        let broken = |e: io::Error| JobError(format!("cannot prepare the job's folder: {e}"));
        let JobAction::Command { argv, env, cwd, .. } = &job.action else {
            return refuse(&folder, "the command executor only runs commands; use steps of kind `command`")
                .map_err(broken);
        };
        let spec = Spec { argv: argv.clone(), cwd: cwd.clone(), time_limit: job.time_limit };
        let prepared = folder.clone();
        // It waits for the disk, and others wait for this thread.
        let held = tokio::task::spawn_blocking(move || prepared.prepare(&spec).and_then(|()| prepared.holder())).await;
        if held.map_err(io::Error::other).flatten().map_err(broken)? != Holder::Nobody {
            return Ok(());
        }
        self.supervisor(&folder, env).await
    }

    async fn poll(&self, job: &Job, _now: Now) -> Result<JobStatus, JobError> {
        self.folder(&job.key)?.status().map_err(|e| JobError(format!("cannot read the job's folder: {e}")))
    }

    async fn cancel(&self, job: &Job) -> Result<(), JobError> {
        let folder = self.folder(&job.key)?;
        // It waits for the disk, and others wait for this thread.
        let done = tokio::task::spawn_blocking(move || cancel(&folder)).await;
        done.map_err(io::Error::other).flatten().map_err(|e| JobError(format!("cannot cancel the job: {e}")))
    }

    async fn prune(&self, now: Now, keep: &BTreeSet<String>) -> Result<usize, JobError> {
        let (jobs, keep) = (self.jobs.clone(), keep.clone());
        // The work clock is the machine's, as the stamps on its files are; the wall clock may be a demo's.
        let done = tokio::task::spawn_blocking(move || prune::prune(&jobs, now.work, &keep)).await;
        done.map_err(io::Error::other).flatten().map_err(|e| JobError(format!("cannot look through the jobs: {e}")))
    }

    async fn output(&self, key: &str, from: u64) -> Result<Output, JobError> {
        piece(&self.folder(key)?, from)
    }

    async fn resolve(&self, _target: &Target, _version: &str) -> Result<Release, ResolveError> {
        Err(ResolveError::Unreachable(
            "commands know no versions; give the service `releases` of kind `table` or `command`".into(),
        ))
    }

    async fn read(&self, _target: &Target, what: &str, _now: Now) -> Result<Reading, JobError> {
        Err(JobError(format!("commands have no `{what}` to read; use a probe of kind `command` or `http`")))
    }
}

/// Ends a job that can never be done, in place of a process that would do it.
pub(super) fn refuse(folder: &JobFolder, why: &str) -> io::Result<()> {
    folder.prepare(&why)?;
    let end = JobEnd { outcome: JobOutcome::Failed, summary: why.to_owned() };
    folder.claim()?.map_or(Ok(()), |mut claim| claim.finish(&end))
}

/// Ends a job that nobody has begun: whoever would begin it later finds it taken. False when somebody has.
pub(super) fn never_begin(folder: &JobFolder) -> io::Result<bool> {
    folder.make()?;
    let Some(mut claim) = folder.claim()? else { return Ok(false) };
    let summary = supervise::NEVER_BEGAN.to_owned();
    claim.finish(&JobEnd { outcome: JobOutcome::Cancelled, summary }).map(|()| true)
}

/// A piece of the output in a job's folder.
pub(super) fn piece(folder: &JobFolder, from: u64) -> Result<Output, JobError> {
    let broken = |e: io::Error| JobError(format!("cannot read the job's output: {e}"));
    // Asked before the output is read: what is there then is all there is.
    let ended = !matches!(folder.status().map_err(broken)?, JobStatus::Running);
    output::read(folder.path(), from, ended).map_err(broken)
}

/// Kills the program of a job whose supervisor was killed, with its process group. What has ended stays as it is: the
/// start of the process tells it from a later one with the same number.
fn end_orphan(folder: &JobFolder) {
    let Ok(text) = std::fs::read_to_string(folder.file("program")) else { return };
    let Some((pid, started)) = text.split_once(' ') else { return };
    let (Ok(pid), Ok(started)) = (pid.parse::<i32>(), started.parse::<u64>()) else { return };
    if let Some(group) = Pid::from_raw(pid).filter(|_| tree::started(pid) == Some(started)) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Leaves the wish where the supervisor looks, and wakes it. A job that nobody has taken is taken here and ended, so that a
/// start that is still on its way comes too late.
fn cancel(folder: &JobFolder) -> io::Result<()> {
    folder.make()?;
    // Written before the holder is looked for: a supervisor that takes the job in between reads it before it begins.
    folder.write("cancel", b"")?;
    if never_begin(folder)? {
        return Ok(());
    }
    if folder.holder()? == Holder::Gone {
        end_orphan(folder);
        return Ok(());
    }
    wake(folder)
}

/// Lets the supervisor look at what is wished.
fn wake(folder: &JobFolder) -> io::Result<()> {
    let Holder::Alive(pid) = folder.holder()? else { return Ok(()) };
    let Some(pid) = Pid::from_raw(pid) else { return Ok(()) };
    // The handle stays with one process even if its number is given to another; so ask again who holds the job after
    // taking the handle, and no stranger can be signalled.
    let Ok(handle) = rustix::process::pidfd_open(pid, PidfdFlags::empty()) else { return Ok(()) };
    if matches!(folder.holder()?, Holder::Alive(_)) {
        let _ = rustix::process::pidfd_send_signal(handle, Signal::TERM);
    }
    Ok(())
}
