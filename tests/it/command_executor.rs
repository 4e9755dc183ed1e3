//! The command executor against real programs, the ill-behaved ones first.

use signalbox::clock::{Clock as _, Stopwatch, SystemClock};
use signalbox::domain::ids::{EnvironmentName, ServiceName};
use signalbox::domain::policy::Recovery;
use signalbox::domain::time::Span;
use signalbox::jobs::command::CommandExecutor;
use signalbox::jobs::{Executor as _, Job, JobAction, JobEnd, JobOutcome, JobStatus, Target};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_signalbox");

/// Far longer than anything here takes; a test that gets there has failed.
const PATIENCE: Span = Span::secs(60);

struct Shop {
    data: TempDir,
    commands: CommandExecutor,
    clock: SystemClock,
}

impl Shop {
    fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let commands = CommandExecutor::new(data.path(), Path::new(BINARY));
        Self { data, commands, clock: SystemClock::new() }
    }

    /// The same folder, as a restarted signalbox sees it.
    fn restarted(&self) -> CommandExecutor {
        CommandExecutor::new(self.data.path(), Path::new(BINARY))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.data.path().join(name)
    }

    async fn start(&self, job: &Job) {
        self.commands.start(job, self.clock.now()).await.unwrap();
    }

    async fn poll(&self, job: &Job) -> JobStatus {
        self.restarted().poll(job, self.clock.now()).await.unwrap()
    }

    /// Processes tell nobody but their parent that they end, so this looks again and again.
    async fn wait_for(&self, what: &str, mut there: impl AsyncFnMut() -> bool) {
        let watch = Stopwatch::start();
        while !there().await {
            assert!(watch.elapsed() < PATIENCE, "waited in vain for {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn end_of(&self, job: &Job) -> JobEnd {
        self.wait_for("the end", async || self.poll(job).await != JobStatus::Running).await;
        match self.poll(job).await {
            JobStatus::Ended { end } => end,
            other => panic!("{other:?}"),
        }
    }

    async fn run(&self, job: &Job) -> JobEnd {
        self.start(job).await;
        self.end_of(job).await
    }

    async fn printed(&self, job: &Job) -> String {
        self.commands.output(&job.key, 0).await.unwrap().text
    }

    /// Waits until a script has written its process number into a file.
    async fn pid_in(&self, name: &str) -> i32 {
        let read = || std::fs::read_to_string(self.path(name)).ok().and_then(|t| t.trim().parse().ok());
        self.wait_for(name, async || read().is_some()).await;
        read().unwrap()
    }
}

fn alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

fn job(key: &str, argv: &[&str]) -> Job {
    Job {
        key: key.into(),
        target: Target {
            deployment: None,
            service: ServiceName::new("api"),
            environment: EnvironmentName::new("staging"),
            settings: Default::default(),
            release: None,
            previous: None,
        },
        action: JobAction::Command {
            argv: argv.iter().map(|a| (*a).to_owned()).collect(),
            env: Vec::new(),
            cwd: None,
            recovery: Recovery::AtMostOnce,
        },
        time_limit: Span::mins(5),
    }
}

fn sh(key: &str, script: &str) -> Job {
    job(key, &["sh", "-c", script])
}

fn within(mut job: Job, time_limit: Span) -> Job {
    job.time_limit = time_limit;
    job
}

fn ended(outcome: JobOutcome, summary: &str) -> JobEnd {
    JobEnd { outcome, summary: summary.into() }
}

#[tokio::test]
async fn exit_codes_become_verdicts_and_output_is_read_by_offset() {
    let shop = Shop::new();
    let good = sh("good", "echo one; echo two >&2");
    assert_eq!(shop.poll(&good).await, JobStatus::NotFound);
    assert_eq!(shop.run(&good).await, ended(JobOutcome::Succeeded, "exit code 0"));
    let all = shop.commands.output("good", 0).await.unwrap();
    assert_eq!((all.text.as_str(), all.next, all.dropped), ("one\ntwo\n", 8, 0));
    assert_eq!(shop.commands.output("good", 4).await.unwrap().text, "two\n");
    assert_eq!(shop.run(&sh("bad", "exit 7")).await, ended(JobOutcome::Failed, "exit code 7"));
    assert_eq!(shop.run(&sh("shot", "kill -9 $$")).await, ended(JobOutcome::Failed, "ended by SIGKILL"));
}

#[tokio::test]
async fn arguments_are_never_read_by_a_shell() {
    let shop = Shop::new();
    let marker = shop.path("marker");
    let text = format!("$(touch {0}); touch {0} | `touch {0}` * \"", marker.display());
    let echo = job("echo", &["printf", "%s", &text]);
    assert_eq!(shop.run(&echo).await.outcome, JobOutcome::Succeeded);
    assert_eq!(shop.printed(&echo).await, text);
    assert!(!marker.exists());
}

#[tokio::test]
async fn the_environment_is_cleared_and_the_folder_is_the_one_asked_for() {
    let shop = Shop::new();
    let mut bare = job("bare", &["env"]);
    shop.run(&bare).await;
    assert_eq!(shop.printed(&bare).await, "PATH=/usr/local/bin:/usr/bin:/bin\n");

    "named".clone_into(&mut bare.key);
    let JobAction::Command { env, .. } = &mut bare.action else { unreachable!() };
    let (name, value) = std::env::vars().find(|(name, value)| name != "PATH" && !value.contains('\n')).unwrap();
    *env = vec![name.clone(), "NO_SUCH_VARIABLE_HERE".into()];
    shop.run(&bare).await;
    assert_eq!(shop.printed(&bare).await.lines().filter(|line| *line == format!("{name}={value}")).count(), 1);
    assert_eq!(shop.printed(&bare).await.lines().count(), 2, "and PATH");

    let mut here = job("here", &["pwd"]);
    let JobAction::Command { cwd, .. } = &mut here.action else { unreachable!() };
    *cwd = Some(shop.data.path().display().to_string());
    shop.run(&here).await;
    assert_eq!(PathBuf::from(shop.printed(&here).await.trim()), shop.data.path().canonicalize().unwrap());
}

#[tokio::test]
async fn what_cannot_be_run_says_why() {
    let shop = Shop::new();
    std::fs::write(shop.path("plain"), "text").unwrap();
    let plain = shop.path("plain").display().to_string();
    let mut nowhere = sh("nowhere", "true");
    let JobAction::Command { cwd, .. } = &mut nowhere.action else { unreachable!() };
    *cwd = Some("/no/such/folder".into());
    for (job, why) in [
        (job("missing", &["no-such-program-here"]), "there is no program `no-such-program-here`".to_owned()),
        (job("plain", &[&plain]), format!("`{plain}` may not be run; is it executable?")),
        (job("none", &[]), "no program is named".to_owned()),
        (nowhere, "the working folder `/no/such/folder` does not exist".to_owned()),
        (
            Job { action: JobAction::Deploy, ..job("deploy", &[]) },
            "the command executor only runs commands; use steps of kind `command`".to_owned(),
        ),
    ] {
        assert_eq!(shop.run(&job).await, ended(JobOutcome::Failed, &why), "{}", job.key);
    }
    let odd = shop.run(&job("nul", &["printf", "a\0b"])).await;
    assert_eq!(odd.outcome, JobOutcome::Failed);
    assert!(shop.commands.start(&sh("../escape", "true"), shop.clock.now()).await.is_err());
}

#[tokio::test]
async fn one_key_runs_once_however_often_and_at_once_it_is_started() {
    let shop = Shop::new();
    let once = sh("once", &format!("echo ran >> {}", shop.path("ran").display()));
    let others: Vec<_> = (0..6).map(|_| shop.restarted()).collect();
    let starts = others.iter().map(|executor| executor.start(&once, shop.clock.now()));
    for started in futures_util::future::join_all(starts).await {
        started.unwrap();
    }
    assert_eq!(shop.end_of(&once).await.outcome, JobOutcome::Succeeded);
    shop.start(&once).await;
    assert_eq!(shop.end_of(&once).await.outcome, JobOutcome::Succeeded);
    assert_eq!(std::fs::read_to_string(shop.path("ran")).unwrap(), "ran\n");
}

#[tokio::test]
async fn a_start_that_was_cut_short_is_finished_by_the_next() {
    let shop = Shop::new();
    let cut = sh("cut", "echo ran");
    // A signalbox that died after it made the folder and before it started a supervisor.
    std::fs::create_dir_all(shop.path("jobs/cut")).unwrap();
    assert_eq!(shop.poll(&cut).await, JobStatus::NotFound);
    assert_eq!(shop.run(&cut).await.outcome, JobOutcome::Succeeded);
    assert_eq!(shop.printed(&cut).await, "ran\n");
}

#[tokio::test]
async fn a_hanging_job_that_ignores_sigterm_is_killed_at_its_time_limit() {
    let shop = Shop::new();
    let pid = shop.path("pid").display().to_string();
    let hang =
        within(sh("hang", &format!("trap '' TERM; echo $$ > {pid}; while :; do sleep 1; done")), Span::millis(300));
    shop.start(&hang).await;
    assert_eq!(shop.poll(&hang).await, JobStatus::Running);
    let pid = shop.pid_in("pid").await;
    assert_eq!(shop.end_of(&hang).await, ended(JobOutcome::TimedOut, "time limit of 300 ms reached"));
    assert!(!alive(pid));
}

#[tokio::test]
async fn a_job_is_cancelled_with_everything_it_started_and_only_once() {
    let shop = Shop::new();
    let pid = shop.path("pid").display().to_string();
    let long = sh("long", &format!("sleep 1000 & echo $! > {pid}; wait"));
    shop.start(&long).await;
    let pid = shop.pid_in("pid").await;
    assert!(alive(pid));
    shop.restarted().cancel(&long).await.unwrap();
    assert_eq!(shop.end_of(&long).await, ended(JobOutcome::Cancelled, "cancelled"));
    assert!(!alive(pid));
    shop.commands.cancel(&long).await.unwrap();
    assert_eq!(shop.end_of(&long).await.outcome, JobOutcome::Cancelled);
}

#[tokio::test]
async fn a_job_that_is_cancelled_while_it_is_about_to_begin_never_runs() {
    let shop = Shop::new();
    let late = sh("late", &format!("touch {}", shop.path("ran").display()));
    let never = ended(JobOutcome::Cancelled, "cancelled before it began");
    shop.commands.cancel(&late).await.unwrap();
    assert_eq!(shop.poll(&late).await, JobStatus::Ended { end: never.clone() });
    assert_eq!(shop.run(&late).await, never);
    shop.restarted().cancel(&late).await.unwrap();
    assert_eq!(shop.run(&late).await, never);
    assert!(!shop.path("ran").exists());
}

/// The cancellation's outbox row and the start that is still on its way may be acted on at once, by two processes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_and_a_cancellation_at_once_end_in_a_cancelled_job() {
    let shop = Shop::new();
    for n in 0..12 {
        let job = sh(&format!("both{n}"), "sleep 1000");
        let (starts, cancels) = (shop.restarted(), shop.restarted());
        let now = shop.clock.now();
        let cancel = async {
            tokio::time::sleep(Duration::from_millis(n)).await;
            cancels.cancel(&job).await
        };
        let (started, cancelled) = tokio::join!(starts.start(&job, now), cancel);
        started.unwrap();
        cancelled.unwrap();
        assert_eq!(shop.end_of(&job).await.outcome, JobOutcome::Cancelled, "after {n} ms");
    }
}

#[tokio::test]
async fn a_daemon_cannot_escape() {
    let shop = Shop::new();
    let pid = shop.path("pid").display().to_string();
    // Its own session, its parent gone, deaf to SIGTERM, holding the output open.
    let daemon = format!("setsid sh -c 'trap \"\" TERM; echo $$ > {pid}; while :; do sleep 1; done' & ");
    let forks = sh("forks", &format!("{daemon} while [ ! -s {pid} ]; do sleep 0.01; done; echo done"));
    let end = shop.run(&forks).await;
    assert_eq!(end.outcome, JobOutcome::Succeeded);
    assert!(end.summary.starts_with("exit code 0; ") && end.summary.ends_with("ended"), "{}", end.summary);
    assert!(!alive(shop.pid_in("pid").await));
    assert_eq!(shop.printed(&forks).await, "done\n");
}

#[tokio::test]
async fn a_flood_is_kept_up_to_the_bound_and_counted() {
    const MIB: u64 = 1024 * 1024;
    let shop = Shop::new();
    let flood = sh("flood", &format!("head -c {} /dev/zero; exit 3", 300 * MIB));
    assert_eq!(shop.run(&flood).await, ended(JobOutcome::Failed, "exit code 3"));
    let bound = signalbox::limits::JOB_OUTPUT_BYTES;
    assert_eq!(std::fs::metadata(shop.path("jobs/flood/output")).unwrap().len(), bound);
    let last = shop.commands.output("flood", bound - 5).await.unwrap();
    assert_eq!((last.text.as_str(), last.next, last.dropped), ("\0\0\0\0\0", bound, 300 * MIB - bound));
}

#[tokio::test]
async fn a_full_disk_costs_output_and_not_the_job() {
    let shop = Shop::new();
    let full = sh("full", "echo lost; exit 0");
    std::fs::create_dir_all(shop.path("jobs/full")).unwrap();
    std::os::unix::fs::symlink("/dev/full", shop.path("jobs/full/output")).unwrap();
    assert_eq!(shop.run(&full).await, ended(JobOutcome::Succeeded, "exit code 0"));
    assert_eq!(std::fs::read_to_string(shop.path("jobs/full/dropped")).unwrap(), "5");
}

#[tokio::test]
async fn a_job_whose_supervisor_is_killed_is_lost_and_never_run_again() {
    let shop = Shop::new();
    let pid = shop.path("pid").display().to_string();
    let lost = sh("lost", &format!("echo $$ > {pid}; sleep 1000"));
    shop.start(&lost).await;
    let child = shop.pid_in("pid").await;
    let supervisor = std::fs::read_to_string(shop.path("jobs/lost/taken")).unwrap();
    assert!(std::process::Command::new("kill").args(["-9", supervisor.trim()]).status().unwrap().success());
    shop.wait_for("the supervisor's death", async || shop.poll(&lost).await != JobStatus::Running).await;
    assert_eq!(shop.poll(&lost).await, JobStatus::Lost);
    shop.start(&lost).await;
    assert_eq!(shop.poll(&lost).await, JobStatus::Lost);
    assert!(alive(child), "nobody ends it unasked");
    shop.commands.cancel(&lost).await.unwrap();
    shop.wait_for("the orphan's end", async || !alive(child)).await;
    assert_eq!(shop.poll(&lost).await, JobStatus::Lost);
}

#[tokio::test]
async fn sigterm_without_a_wish_does_not_end_a_job() {
    let shop = Shop::new();
    let go = shop.path("go");
    let calm = sh("calm", &format!("while [ ! -e {} ]; do sleep 0.01; done", go.display()));
    shop.start(&calm).await;
    let supervisor = std::fs::read_to_string(shop.path("jobs/calm/taken")).unwrap();
    assert!(std::process::Command::new("kill").arg(supervisor.trim()).status().unwrap().success());
    std::fs::write(&go, "").unwrap();
    assert_eq!(shop.end_of(&calm).await, ended(JobOutcome::Succeeded, "exit code 0"));
}

/// Not a test of its own: the signalbox that the next test kills. Without its data folder it does nothing.
#[tokio::test]
async fn signalbox_that_starts_a_job_and_hangs() {
    let Some(data) = std::env::var_os("SIGNALBOX_TEST_DATA") else { return };
    let commands = CommandExecutor::new(Path::new(&data), Path::new(BINARY));
    let go = Path::new(&data).join("go");
    commands.start(&sh("survives", &waiting_for(&go)), SystemClock::new().now()).await.unwrap();
    std::future::pending::<()>().await;
}

/// A script that ends well once there is a file.
fn waiting_for(go: &Path) -> String {
    format!("echo begun; while [ ! -e {} ]; do sleep 0.01; done; echo done", go.display())
}

#[tokio::test]
async fn a_job_survives_the_death_of_signalbox() {
    let shop = Shop::new();
    let mut signalbox = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "command_executor::signalbox_that_starts_a_job_and_hangs"])
        .env("SIGNALBOX_TEST_DATA", shop.data.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let go = shop.path("go");
    let survives = sh("survives", &waiting_for(&go));
    shop.wait_for("the job's first output", async || shop.printed(&survives).await == "begun\n").await;
    signalbox.kill().unwrap();
    signalbox.wait().unwrap();
    shop.start(&survives).await;
    assert_eq!(shop.poll(&survives).await, JobStatus::Running);
    std::fs::write(&go, "").unwrap();
    assert_eq!(shop.end_of(&survives).await, ended(JobOutcome::Succeeded, "exit code 0"));
    assert_eq!(shop.printed(&survives).await, "begun\ndone\n");
}
