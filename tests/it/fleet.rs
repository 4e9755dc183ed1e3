//! The demo's fleet, with real processes and real traffic.

use signalbox::clock::{Clock as _, Stopwatch, SystemClock};
use signalbox::demo::{Fleet, Load, PlaceStats};
use signalbox::domain::ids::{EnvironmentName, ServiceName};
use signalbox::domain::plan::Release;
use signalbox::domain::probe::{Reading, Verdict};
use signalbox::domain::time::{Now, Span, after};
use signalbox::jobs::{Executor as _, Job, JobAction, JobEnd, JobOutcome, JobStatus, ResolveError, Target};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_signalbox");

/// Far longer than anything here takes; a test that gets there has failed.
const PATIENCE: Span = Span::secs(60);

/// Traffic comes from the tests themselves, so that they count what they sent.
const QUIET: Load = Load { production: 0, elsewhere: 0 };

struct Yard {
    data: TempDir,
    fleet: Arc<Fleet>,
    clock: SystemClock,
}

impl Yard {
    async fn new(load: Load) -> Self {
        let data = tempfile::tempdir().unwrap();
        let fleet = Fleet::start(data.path(), Path::new(BINARY), load).await.unwrap();
        Self { data, fleet, clock: SystemClock::new() }
    }

    async fn restarted(self) -> Self {
        self.fleet.shutdown().await;
        let fleet = Fleet::start(self.data.path(), Path::new(BINARY), QUIET).await.unwrap();
        Self { fleet, ..self }
    }

    fn now(&self) -> Now {
        self.clock.now()
    }

    async fn status(&self, job: &Job) -> JobStatus {
        self.fleet.poll(job, self.now()).await.unwrap()
    }

    async fn run(&self, job: &Job) -> JobEnd {
        self.fleet.start(job, self.now()).await.unwrap();
        let watch = Stopwatch::start();
        loop {
            if let JobStatus::Ended { end } = self.status(job).await {
                return end;
            }
            assert!(watch.elapsed() < PATIENCE, "{} does not end", job.key);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn does(&self, job: Job) -> String {
        let end = self.run(&job).await;
        assert_eq!(end.outcome, JobOutcome::Succeeded, "{}", end.summary);
        end.summary
    }

    async fn release(&self, version: &str) -> Release {
        self.fleet.resolve(&target(), version).await.unwrap()
    }

    async fn job(&self, key: &str, version: &str, action: JobAction) -> Job {
        let (release, previous) = (Some(self.release(version).await), Some(self.release("v1.1.0").await));
        Job { key: key.into(), target: Target { release, previous, ..target() }, action, time_limit: Span::secs(30) }
    }

    async fn read(&self, version: &str, what: &str) -> Reading {
        let target = Target { release: Some(self.release(version).await), ..target() };
        self.fleet.read(&target, what, self.now()).await.unwrap()
    }

    fn place(&self) -> PlaceStats {
        let mut all = self.fleet.stats().into_iter();
        all.find(|p| p.service.as_str() == "api" && p.environment.as_str() == "production").unwrap()
    }

    fn shares(&self) -> Vec<(String, u8)> {
        self.place().releases.into_iter().map(|r| (r.version, r.weight)).collect()
    }

    /// Sends requests for work one after another; the status of each.
    async fn send(&self, requests: usize) -> Vec<u16> {
        let client = signalbox::http::loopback().unwrap();
        let url = self.fleet.url("api", "production").unwrap();
        let mut out = Vec::new();
        for _ in 0..requests {
            out.push(client.get(&url).send().await.unwrap().status().as_u16());
        }
        out
    }
}

fn target() -> Target {
    Target {
        deployment: None,
        service: ServiceName::new("api"),
        environment: EnvironmentName::new("production"),
        settings: Default::default(),
        release: None,
        previous: None,
    }
}

fn shares(expected: &[(&str, u8)]) -> Vec<(String, u8)> {
    expected.iter().map(|(v, w)| ((*v).to_owned(), *w)).collect()
}

fn value(reading: &Reading, name: &str) -> u64 {
    reading.values[name] as u64
}

const fn traffic(weight: u8) -> JobAction {
    JobAction::Traffic { weight }
}

#[tokio::test]
async fn a_good_release_comes_in_by_stages_and_is_read_back() {
    let yard = Yard::new(QUIET).await;
    assert_eq!(yard.read("v1.2.0", "version").await.text, "v1.1.0");
    assert_eq!(yard.read("v1.2.0", "counters").await.verdict, Verdict::Inconclusive);
    let said = yard.does(yard.job("D-1.s1.a1", "v1.2.0", JobAction::Deploy).await).await;
    assert_eq!(said, "api v1.2.0 is ready, without traffic so far");
    assert_eq!(yard.shares(), shares(&[("v1.1.0", 100), ("v1.2.0", 0)]));
    yard.send(20).await;
    assert_eq!(value(&yard.read("v1.2.0", "counters").await, "requests"), 0);

    let ten = yard.job("D-1.s2.a1", "v1.2.0", traffic(10)).await;
    assert_eq!(yard.does(ten).await, "api v1.2.0 serves 10 %");
    assert_eq!(yard.read("v1.2.0", "version").await.text, "v1.1.0");
    assert!(yard.send(50).await.iter().all(|status| *status == 200));
    let counters = yard.read("v1.2.0", "counters").await;
    assert_eq!((value(&counters, "requests"), value(&counters, "errors")), (5, 0), "{}", counters.text);
    assert_eq!(value(&yard.read("v1.1.0", "counters").await, "requests"), 65);

    yard.does(yard.job("D-1.s3.a1", "v1.2.0", traffic(100)).await).await;
    yard.send(10).await;
    let counters = yard.read("v1.2.0", "counters").await;
    assert_eq!(value(&counters, "requests"), 15, "the count goes on from stage to stage");
    let version = yard.read("v1.2.0", "version").await;
    assert_eq!((version.text.as_str(), version.verdict), ("v1.2.0", Verdict::Healthy));
    assert_eq!(yard.place().live.as_deref(), Some("v1.2.0"));
    yard.fleet.shutdown().await;
}

#[tokio::test]
async fn a_faulty_release_is_healthy_and_breaches_its_canary() {
    let yard = Yard::new(QUIET).await;
    yard.does(yard.job("deploy", "v1.3.0", JobAction::Deploy).await).await;
    assert_eq!(yard.read("v1.3.0", "health").await.verdict, Verdict::Healthy);
    yard.does(yard.job("ten", "v1.3.0", traffic(10)).await).await;
    let failed = yard.send(400).await.iter().filter(|status| **status == 500).count() as u64;
    let counters = yard.read("v1.3.0", "counters").await;
    assert_eq!((value(&counters, "requests"), value(&counters, "errors")), (40, failed));
    assert_eq!(failed, 6, "more than an error budget of five");
    assert_eq!(value(&yard.read("v1.1.0", "counters").await, "errors"), 0);
    assert_eq!(yard.does(yard.job("back", "v1.3.0", JobAction::Restore).await).await, "api v1.1.0 serves 100 %");
    assert_eq!(yard.shares(), shares(&[("v1.1.0", 100)]));
    assert!(yard.send(40).await.iter().all(|status| *status == 200));
    yard.does(yard.job("back again", "v1.3.0", JobAction::Restore).await).await;
    assert_eq!(yard.shares(), shares(&[("v1.1.0", 100)]));
    yard.fleet.shutdown().await;
}

#[tokio::test]
async fn a_red_release_fails_and_says_what_was_read() {
    let yard = Yard::new(QUIET).await;
    let deploy = yard.job("deploy", "v1.4.0", JobAction::Deploy).await;
    let began = yard.now();
    yard.fleet.start(&deploy, began).await.unwrap();
    assert_eq!(yard.fleet.poll(&deploy, began).await.unwrap(), JobStatus::Running);
    assert_eq!(yard.read("v1.4.0", "health").await.verdict, Verdict::Unhealthy);
    let late = Now { work: after(began.work, Span::secs(30)), ..began };
    let JobStatus::Ended { end } = yard.fleet.poll(&deploy, late).await.unwrap() else { panic!("its time is over") };
    assert_eq!(end.outcome, JobOutcome::TimedOut);
    assert_eq!(
        end.summary,
        "api v1.4.0 did not become ready in 30 s, 2 looks: \
         v1.4.0 says 503 not ready (the session store refuses this version)"
    );
    assert_eq!(yard.shares(), shares(&[("v1.1.0", 100)]));

    let again = yard.run(&yard.job("again", "v1.4.0", JobAction::Deploy).await).await;
    assert_eq!(again.outcome, JobOutcome::Failed, "looked at often enough: {}", again.summary);
    yard.does(yard.job("back", "v1.4.0", JobAction::Restore).await).await;
    yard.fleet.shutdown().await;
}

#[tokio::test]
async fn a_key_is_done_once_and_a_cancelled_release_is_gone() {
    let yard = Yard::new(QUIET).await;
    let deploy = yard.job("deploy", "v1.4.0", JobAction::Deploy).await;
    assert_eq!(yard.status(&deploy).await, JobStatus::NotFound);
    yard.fleet.start(&deploy, yard.now()).await.unwrap();
    yard.fleet.cancel(&deploy).await.unwrap();
    yard.fleet.cancel(&deploy).await.unwrap();
    assert_eq!(yard.run(&deploy).await.outcome, JobOutcome::Cancelled);
    assert_eq!(yard.shares(), shares(&[("v1.1.0", 100)]));

    let ten = yard.job("ten", "v1.2.0", traffic(10)).await;
    yard.does(ten.clone()).await;
    yard.does(yard.job("back", "v1.2.0", JobAction::Restore).await).await;
    yard.does(ten).await;
    assert_eq!(yard.shares(), shares(&[("v1.1.0", 100)]), "the key was done before");
    yard.fleet.shutdown().await;
}

#[tokio::test]
async fn a_cancellation_that_comes_first_or_at_once_wins() {
    let yard = Yard::new(QUIET).await;
    let never = yard.job("never", "v1.2.0", JobAction::Deploy).await;
    yard.fleet.cancel(&never).await.unwrap();
    let end = yard.run(&never).await;
    assert_eq!((end.outcome, end.summary.as_str()), (JobOutcome::Cancelled, "cancelled before it began"));
    assert_eq!(yard.shares(), shares(&[("v1.1.0", 100)]));
    // The start has begun a process and is not back yet.
    let both = yard.job("both", "v1.4.0", JobAction::Deploy).await;
    let (started, cancelled) = tokio::join!(yard.fleet.start(&both, yard.now()), yard.fleet.cancel(&both));
    started.unwrap();
    cancelled.unwrap();
    assert_eq!(yard.run(&both).await.outcome, JobOutcome::Cancelled);
    assert_eq!(yard.shares(), shares(&[("v1.1.0", 100)]));
    let yard = yard.restarted().await;
    assert_eq!(yard.run(&never).await.outcome, JobOutcome::Cancelled, "also after a restart");
    yard.fleet.shutdown().await;
}

#[tokio::test]
async fn maintenance_turns_everybody_away_until_it_is_off() {
    let yard = Yard::new(QUIET).await;
    yard.does(yard.job("on", "v1.2.0", JobAction::Maintenance { on: true }).await).await;
    assert_eq!(yard.send(3).await, [503, 503, 503]);
    assert!(yard.place().maintenance);
    yard.does(yard.job("back", "v1.2.0", JobAction::Restore).await).await;
    assert_eq!(yard.send(1).await, [503]);
    yard.does(yard.job("off", "v1.2.0", JobAction::Maintenance { on: false }).await).await;
    assert_eq!(yard.send(1).await, [200]);
    assert_eq!(value(&yard.read("v1.1.0", "counters").await, "errors"), 0, "nobody's fault");
    yard.fleet.shutdown().await;
}

#[tokio::test]
async fn a_second_start_resumes_releases_shares_counts_and_jobs() {
    let yard = Yard::new(QUIET).await;
    yard.does(yard.job("deploy", "v1.2.0", JobAction::Deploy).await).await;
    let ten = yard.job("ten", "v1.2.0", traffic(10)).await;
    yard.does(ten.clone()).await;
    yard.send(20).await;
    let red = yard.job("red", "v1.4.0", JobAction::Deploy).await;
    yard.fleet.start(&red, yard.now()).await.unwrap();
    let yard = yard.restarted().await;
    assert_eq!(yard.shares(), shares(&[("v1.1.0", 90), ("v1.2.0", 10), ("v1.4.0", 0)]));
    assert_eq!(value(&yard.read("v1.2.0", "counters").await, "requests"), 2);
    assert!(matches!(yard.status(&ten).await, JobStatus::Ended { .. }));
    assert_eq!(yard.status(&red).await, JobStatus::Running);
    yard.send(10).await;
    assert_eq!(value(&yard.read("v1.2.0", "counters").await, "requests"), 3);
    yard.fleet.shutdown().await;
    std::fs::write(yard.data.path().join("fleet.json"), "not json").unwrap();
    let error = Fleet::start(yard.data.path(), Path::new(BINARY), QUIET).await.unwrap_err().to_string();
    assert!(error.contains("--fresh"), "{error}");
}

#[tokio::test]
async fn what_does_not_exist_is_refused_with_what_does() {
    let yard = Yard::new(QUIET).await;
    let unknown = yard.fleet.resolve(&target(), "v9").await.unwrap_err();
    assert_eq!(unknown.to_string(), "there is no version v9; known: v1.1.0, v1.2.0, v1.3.0, v1.4.0");
    let nowhere = Target { environment: EnvironmentName::new("moon"), ..target() };
    let error = yard.fleet.resolve(&nowhere, "v1.2.0").await.unwrap_err();
    assert_eq!(error, ResolveError::Unreachable("the demo's fleet has no api in moon".into()));
    assert!(yard.fleet.read(&target(), "temperature", yard.now()).await.is_err());
    let mut nothing = yard.job("nothing", "v1.2.0", JobAction::Restore).await;
    nothing.target.previous = None;
    assert_eq!(yard.run(&nothing).await.summary, "there is no previous release to restore");
    yard.fleet.shutdown().await;
}

#[tokio::test]
async fn traffic_is_steady_and_a_dead_instance_comes_back() {
    let yard = Yard::new(Load { production: 100, elsewhere: 0 }).await;
    let watch = Stopwatch::start();
    while yard.place().releases[0].requests < 50 || yard.place().requests_per_second < 20.0 {
        assert!(watch.elapsed() < PATIENCE, "{:?}", yard.place());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let killed = yard.place().releases[0].pid.unwrap();
    assert!(std::process::Command::new("kill").args(["-9", &killed.to_string()]).status().unwrap().success());
    while yard.place().releases[0].pid.is_none_or(|pid| pid == killed) {
        assert!(watch.elapsed() < PATIENCE, "{:?}", yard.place());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(yard.place().releases[0].requests >= 50, "what was counted stays");
    yard.fleet.shutdown().await;
    assert!(yard.place().releases.iter().all(|r| r.pid.is_none()));
}

/// Not a test of its own: the demo that the next test kills. Without its data folder it does nothing.
#[tokio::test]
async fn demo_that_starts_a_fleet_and_hangs() {
    let Some(data) = std::env::var_os("SIGNALBOX_TEST_FLEET") else { return };
    let _fleet = Fleet::start(Path::new(&data), Path::new(BINARY), Load::default()).await.unwrap();
    std::fs::write(Path::new(&data).join("up"), "").unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn no_instance_outlives_a_demo_that_is_killed() {
    let data = tempfile::tempdir().unwrap();
    let mut demo = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "fleet::demo_that_starts_a_fleet_and_hangs"])
        .env("SIGNALBOX_TEST_FLEET", data.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let watch = Stopwatch::start();
    while !data.path().join("up").exists() {
        assert!(watch.elapsed() < PATIENCE, "the demo does not start");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut left = instances_of(demo.id());
    assert_eq!(left.len(), 9);
    demo.kill().unwrap();
    demo.wait().unwrap();
    while !left.is_empty() {
        left.retain(|pid| std::fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|c| !c.is_empty()));
        assert!(watch.elapsed() < PATIENCE, "{left:?} live on");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The instances that `parent` started.
fn instances_of(parent: u32) -> Vec<String> {
    let mine = |pid: &String| {
        let read = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default();
        read("cmdline").split('\0').nth(1) == Some("fleet-instance")
            && read("status").contains(&format!("\nPPid:\t{parent}\n"))
    };
    let pids = std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    pids.filter(mine).collect()
}
