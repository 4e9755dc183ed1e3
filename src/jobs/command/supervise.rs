//! The process that runs one command job and outlives signalbox.
//!
//! It takes the job (or leaves when another process did), runs the program in a process group of its own, keeps its output,
//! holds the time limit, ends everything the program started, and writes down how it ended. It is told to end the job by a
//! `cancel` file and SIGTERM, or to end it and leave no result by an `abandon` file; without a file SIGTERM is ignored, so
//! that a service manager that stops signalbox does not end jobs by accident.

use super::abandon::ABANDON;
use super::folder::JobFolder;
use super::output;
use super::spec::{self, Spec};
use super::tree;
use crate::clock::Stopwatch;
use crate::domain::time::Span;
use crate::jobs::{JobEnd, JobOutcome};
use crate::limits;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus};
use std::io::{self, PipeReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;
use tokio::signal::unix::{Signal as Signals, SignalKind, signal};
use tokio::sync::oneshot;

/// Said on standard output once the job belongs to this process.
pub const TAKEN: &str = "taken";
/// How a job ended that was cancelled first.
pub const NEVER_BEGAN: &str = "cancelled before it began";
/// Said when it belongs to another.
pub const GONE: &str = "gone";

/// Bytes left out between two updates of the `dropped` file.
const DROPPED_NOTE_BYTES: u64 = 16 * 1024 * 1024;

/// Runs the job in `folder`. For the hidden subcommand `job-supervisor`; its standard output is read by the executor.
#[must_use]
pub fn supervise(folder: &Path) -> ExitCode {
    let folder = JobFolder::at(folder);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => return say(&format!("cannot begin: {e}"), ExitCode::FAILURE),
    };
    let code = runtime.block_on(run(&folder));
    // A pump may still wait on a pipe that an unkillable process holds.
    runtime.shutdown_background();
    code
}

fn say(line: &str, code: ExitCode) -> ExitCode {
    let mut out = io::stdout();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    code
}

async fn run(folder: &JobFolder) -> ExitCode {
    // Detached first: from here on no terminal and no parent can end this process.
    let _ = rustix::process::setsid();
    let ready = rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .map_err(io::Error::from)
        .and_then(|()| Ok((signal(SignalKind::child())?, signal(SignalKind::terminate())?)))
        .and_then(|(children, wishes)| Ok((children, wishes, folder.spec::<Spec>()?, folder.claim()?)));
    let (children, wishes, spec, claim) = match ready {
        Ok((children, wishes, spec, Some(claim))) => (children, wishes, spec, claim),
        Ok((.., None)) => return say(GONE, ExitCode::SUCCESS),
        Err(e) => return say(&format!("cannot begin: {e}"), ExitCode::FAILURE),
    };
    say(TAKEN, ExitCode::SUCCESS);
    let end = Supervisor { folder, spec, watch: Stopwatch::start() }.run(children, wishes).await;
    let Some(end) = end else { return ExitCode::SUCCESS };
    claim.finish_in_time(&end).await.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

struct Supervisor<'a> {
    folder: &'a JobFolder,
    spec: Spec,
    watch: Stopwatch,
}

/// Why the wait for the program is over.
enum Over {
    Exited(WaitStatus),
    TimeLimit,
    Cancelled,
    Abandoned,
}

impl Supervisor<'_> {
    /// How the job ended; `None` when nobody is to be told.
    async fn run(&self, mut children: Signals, mut wishes: Signals) -> Option<JobEnd> {
        if self.wanted("cancel") {
            return Some(end(JobOutcome::Cancelled, NEVER_BEGAN));
        }
        let (pid, pumped) = match self.spawn() {
            Ok(started) => started,
            Err(why) => return Some(end(JobOutcome::Failed, &why)),
        };
        let over = self.wait(pid, &mut children, &mut wishes).await;
        let left = self.end_everything(pid, &mut children).await;
        // Everything that held the pipe is dead, so this is short; the bound is for what could not be killed.
        let _ = tokio::time::timeout(Span::millis(limits::JOB_GRACE_MS).to_std(), pumped).await;
        match over {
            Over::TimeLimit => {
                Some(end(JobOutcome::TimedOut, &format!("time limit of {} reached", self.spec.time_limit)))
            }
            Over::Cancelled => Some(end(JobOutcome::Cancelled, "cancelled")),
            Over::Abandoned => None,
            Over::Exited(status) => Some(verdict(status, left)),
        }
    }

    /// Starts the program in its own group with one pipe for both of its outputs.
    fn spawn(&self) -> Result<(Pid, oneshot::Receiver<()>), String> {
        let (program, args) = self.spec.argv.split_first().ok_or("no program is named")?;
        if let Some(cwd) = self.spec.cwd.as_deref().filter(|cwd| !Path::new(cwd).is_dir()) {
            return Err(format!("the working folder `{cwd}` does not exist"));
        }
        let broken = |e: io::Error| format!("cannot keep the output: {e}");
        let (reader, writer) = io::pipe().map_err(broken)?;
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null()).stdout(writer.try_clone().map_err(broken)?).stderr(writer);
        command.process_group(0);
        if let Some(cwd) = &self.spec.cwd {
            command.current_dir(cwd);
        }
        let child = command.spawn().map_err(|e| spec::why_not(program, &e))?;
        let pid = Pid::from_child(&child);
        // The command holds the pipe's writing end; without this the output would never end.
        drop(command);
        if let Some(started) = tree::started(pid.as_raw_nonzero().get()) {
            // For whoever must end the program when this process can no longer do it; the job does not depend on it.
            let _ = self.folder.write("program", format!("{} {started}", pid.as_raw_nonzero()).as_bytes());
        }
        Ok((pid, self.keep_output(reader)))
    }

    fn keep_output(&self, reader: PipeReader) -> oneshot::Receiver<()> {
        let (done, pumped) = oneshot::channel();
        let folder = self.folder.clone();
        std::thread::spawn(move || {
            let note = |dropped: u64| {
                let _ = folder.write("dropped", dropped.to_string().as_bytes());
            };
            match folder.create("output") {
                Ok(file) => output::pump(reader, file, limits::JOB_OUTPUT_BYTES, DROPPED_NOTE_BYTES, note),
                Err(_) => output::pump(reader, io::sink(), 0, DROPPED_NOTE_BYTES, note),
            };
            let _ = done.send(());
        });
        pumped
    }

    async fn wait(&self, pid: Pid, children: &mut Signals, wishes: &mut Signals) -> Over {
        let left = self.spec.time_limit.as_millis() - self.watch.elapsed().as_millis();
        let limit = tokio::time::sleep(Span::millis(left).to_std());
        tokio::pin!(limit);
        loop {
            if let Some(status) = reap(pid) {
                return Over::Exited(status);
            }
            tokio::select! {
                _ = children.recv() => {}
                _ = wishes.recv() => {
                    if self.wanted("cancel") {
                        return Over::Cancelled;
                    }
                    if self.wanted(ABANDON) {
                        return Over::Abandoned;
                    }
                }
                () = &mut limit => return Over::TimeLimit,
            }
        }
    }

    /// Asks the whole tree to end, waits a little, then kills what is left until nothing is. Returns how many processes
    /// there were to end beside the program itself.
    async fn end_everything(&self, pid: Pid, children: &mut Signals) -> usize {
        let mut left = tree::descendants();
        let strays = left.len() - usize::from(left.contains(&pid.as_raw_nonzero().get()));
        tree::signal(&left, Signal::TERM);
        let grace = Stopwatch::start();
        while !left.is_empty() && grace.elapsed() < Span::millis(limits::JOB_GRACE_MS) {
            // A grandchild's end is no signal to us, so look again now and then.
            let _ = tokio::time::timeout(Duration::from_millis(50), children.recv()).await;
            reap(pid);
            left = tree::descendants();
        }
        for _ in 0..limits::KILL_ROUNDS {
            if left.is_empty() {
                break;
            }
            // Stopped first, so that none can start another while the rest are killed.
            tree::signal(&left, Signal::STOP);
            tree::signal(&tree::descendants(), Signal::KILL);
            let _ = tokio::time::timeout(Duration::from_millis(10), children.recv()).await;
            reap(pid);
            left = tree::descendants();
        }
        strays
    }

    fn wanted(&self, wish: &str) -> bool {
        self.folder.file(wish).exists()
    }
}

/// Collects every dead child; the status of `pid` when it was among them.
fn reap(pid: Pid) -> Option<WaitStatus> {
    let mut status = None;
    while let Ok(Some((dead, how))) = rustix::process::wait(WaitOptions::NOHANG) {
        if dead == pid && (how.exited() || how.signaled()) {
            status = Some(how);
        }
    }
    status
}

fn verdict(status: WaitStatus, strays: usize) -> JobEnd {
    let (outcome, mut summary) = match (status.exit_status(), status.terminating_signal()) {
        (Some(0), _) => (JobOutcome::Succeeded, "exit code 0".to_owned()),
        (Some(code), _) => (JobOutcome::Failed, format!("exit code {code}")),
        (None, Some(signal)) => (JobOutcome::Failed, format!("ended by {}", spec::signal_name(signal))),
        (None, None) => (JobOutcome::Failed, "ended in an unknown way".to_owned()),
    };
    match strays {
        0 => {}
        1 => summary.push_str("; one process left behind was ended"),
        n => summary.push_str(&format!("; {n} processes left behind were ended")),
    }
    JobEnd { outcome, summary }
}

fn end(outcome: JobOutcome, summary: &str) -> JobEnd {
    JobEnd { outcome, summary: summary.to_owned() }
}
