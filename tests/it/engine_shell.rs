//! The engine's loops around an outside that hangs, in paused time: every call ends, leases are kept, and nobody spins.

use async_trait::async_trait;
use signalbox::chat::{Body, ChatError, Envelope, Intake as _, MessageRef, Platform, Post};
use signalbox::clock::Clock;
use signalbox::config::load_embedded;
use signalbox::domain::deployment::Status;
use signalbox::domain::ids::{ChannelName, DeploymentId, PlatformName, Stream};
use signalbox::domain::message::Message;
use signalbox::domain::plan::Release;
use signalbox::domain::policy::Recovery;
use signalbox::domain::probe::Reading;
use signalbox::domain::time::{Now, Span, after};
use signalbox::engine::{Deps, Effect, Engine, Service};
use signalbox::ids::Ids;
use signalbox::jobs::command::revision::CommandRevisions;
use signalbox::jobs::{Executor, Job, JobError, JobStatus, ResolveError, Target};
use signalbox::limits;
use signalbox::rehearsal::world::{Outside, ScriptProbe};
use signalbox::store::{Batch, MemoryStore, OutboxRow, Store as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

/// Follows the runtime's paused time and counts how often it is asked; each turn of a loop asks a few times.
struct Ticking {
    from: jiff::Timestamp,
    since: tokio::time::Instant,
    asked: AtomicUsize,
}

impl Clock for Ticking {
    fn now(&self) -> Now {
        self.asked.fetch_add(1, SeqCst);
        let passed = i64::try_from(self.since.elapsed().as_millis()).unwrap();
        Now::at(after(self.from, Span::millis(passed)))
    }
}

/// Each post takes this long, and so does each look for one, unless posts take for ever.
struct Slow {
    name: PlatformName,
    takes: Duration,
    posts: AtomicUsize,
}

#[async_trait]
impl Platform for Slow {
    fn name(&self) -> &PlatformName {
        &self.name
    }

    async fn post(&self, post: &Post) -> Result<MessageRef, ChatError> {
        self.posts.fetch_add(1, SeqCst);
        tokio::time::sleep(self.takes).await;
        Ok(MessageRef { channel: post.channel.clone(), id: post.key.clone() })
    }

    async fn edit(&self, _at: &MessageRef, _message: &Message) -> Result<(), ChatError> {
        Ok(())
    }

    async fn find(
        &self,
        _channel: &ChannelName,
        _thread: Option<&MessageRef>,
        _key: &str,
    ) -> Result<Option<MessageRef>, ChatError> {
        if self.takes < FOR_EVER {
            tokio::time::sleep(self.takes).await;
        }
        Ok(None)
    }
}

/// Knows every release, takes for ever to find one of them, and never answers about a job.
struct Deaf;

#[async_trait]
impl Executor for Deaf {
    fn name(&self) -> &'static str {
        "deaf"
    }

    fn recovery(&self, _job: &Job) -> Recovery {
        Recovery::Recoverable
    }

    async fn start(&self, _job: &Job, _now: Now) -> Result<(), JobError> {
        std::future::pending().await
    }

    async fn poll(&self, _job: &Job, _now: Now) -> Result<JobStatus, JobError> {
        std::future::pending().await
    }

    async fn cancel(&self, _job: &Job) -> Result<(), JobError> {
        std::future::pending().await
    }

    async fn resolve(&self, _target: &Target, version: &str) -> Result<Release, ResolveError> {
        match version {
            "v9.9.9" => std::future::pending().await,
            _ => Ok(Release { version: version.into(), revision: format!("r-{version}"), changes: Vec::new() }),
        }
    }

    async fn read(&self, _target: &Target, _what: &str, _now: Now) -> Result<Reading, JobError> {
        std::future::pending().await
    }
}

struct Shell {
    engine: Arc<Engine>,
    store: Arc<MemoryStore>,
    clock: Arc<Ticking>,
    chat: Arc<Slow>,
}

impl Shell {
    /// A Monday, 10:05 in the example's zone; posts take so long.
    fn new(takes: Duration) -> Self {
        let from: jiff::Timestamp = "2026-01-05T10:05:00+03:00".parse().unwrap();
        #[expect(clippy::disallowed_methods, reason = "the runtime's paused clock is the time of this test")]
        let since = tokio::time::Instant::now();
        let clock = Arc::new(Ticking { from, since, asked: AtomicUsize::new(0) });
        let store = Arc::new(MemoryStore::new());
        let chat = Arc::new(Slow { name: PlatformName::new("console"), takes, posts: AtomicUsize::new(0) });
        let policy = load_embedded().policy;
        let names = policy.services.values().map(|s| s.executor.clone());
        let deps = Deps {
            store: store.clone(),
            platforms: vec![chat.clone()],
            executors: names.map(|name| (name, Arc::new(Deaf) as Arc<dyn Executor>)).collect(),
            probe: Arc::new(ScriptProbe::new(Arc::new(Outside::new(from)))),
            revisions: Arc::new(CommandRevisions),
            pagers: Default::default(),
            outlets: Default::default(),
            clock: clock.clone(),
            ids: Arc::new(Ids::seeded(1)),
            owner: "me".to_owned(),
        };
        Self { engine: Engine::new(deps, Arc::new(policy)).unwrap(), store, clock, chat }
    }

    fn ms(&self) -> i64 {
        self.clock.now().work.as_millisecond()
    }

    /// Rows that say something, each in a channel of its own.
    async fn to_say(&self, rows: usize, due_in: i64) {
        let row = |n: usize| {
            let channel = ChannelName::new(&format!("c{n}"));
            let message = Message::default();
            let effect =
                Effect::Post { platform: self.chat.name.clone(), channel, thread_of: None, only_for: None, message };
            let (id, key) = (format!("{n:03}"), format!("k{n}"));
            let target = effect.target(&key);
            let body = serde_json::to_string(&effect).unwrap();
            let (stream, due_at) = (Stream::new("deployment/D-1"), self.ms() + due_in);
            OutboxRow { id, key, target, stream, due_at, attempts: 0, body }
        };
        let outbox = (0..rows).map(row).collect();
        self.store.commit(&Batch { outbox, ..Batch::default() }).await.unwrap();
    }

    async fn says(&self, n: u8, person: &str, text: &str) {
        let envelope = Envelope {
            platform: PlatformName::new("console"),
            id: n.to_string(),
            account: person.to_owned(),
            channel: ChannelName::new("deployments"),
            body: Body::Command { text: text.to_owned(), thread: None },
        };
        self.engine.receive(envelope).await.unwrap();
    }

    /// What a second replica finds to claim.
    async fn others_find(&self) -> Vec<String> {
        let now = self.ms();
        let claims = self.store.claim(now, "other", now + 1, 99).await.unwrap();
        claims.into_iter().map(|c| c.row.key).collect()
    }

    /// How often the clock is asked in so many seconds.
    async fn asked_in(&self, secs: u64) -> usize {
        let before = self.clock.asked.load(SeqCst);
        pass(secs).await;
        self.clock.asked.load(SeqCst) - before
    }
}

async fn pass(secs: u64) {
    tokio::time::sleep(Duration::from_secs(secs)).await;
}

const FOR_EVER: Duration = Duration::from_secs(1_000_000);

#[tokio::test(start_paused = true)]
async fn a_platform_that_hangs_is_given_up_and_asked_again() {
    let shell = Shell::new(FOR_EVER);
    shell.to_say(1, 0).await;
    let service = Service::start(Arc::clone(&shell.engine)).await.unwrap();
    let limit = u64::try_from(limits::OUTSIDE_MS / 1000).unwrap();
    pass(limit - 1).await;
    assert_eq!(shell.chat.posts.load(SeqCst), 1);
    assert_eq!(shell.others_find().await, [""; 0], "it is leased meanwhile");
    pass(3).await;
    assert_eq!(shell.chat.posts.load(SeqCst), 2, "the first call ended without an answer");
    service.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_executor_that_hangs_is_given_up_and_its_row_stays_leased_until_then() {
    let shell = Shell::new(Duration::ZERO);
    let service = Service::start(Arc::clone(&shell.engine)).await.unwrap();
    let before = shell.ms();
    shell.says(1, "sara", "/deploy v9.9.9 to staging").await;
    assert_eq!(shell.ms() - before, limits::OUTSIDE_MS, "whoever asks is answered");
    assert!(shell.engine.deployment(DeploymentId(1)).await.unwrap().is_none());

    shell.says(2, "sara", "/deploy v1.2.0 to staging").await;
    shell.says(3, "omar", "/approve D-1").await;
    pass(5).await;
    let d = shell.engine.deployment(DeploymentId(1)).await.unwrap().unwrap();
    assert_eq!(d.status, Status::Running, "{}", d.note);
    let job = async || shell.store.outbox(99).await.unwrap().into_iter().find(|r| r.key == "D-1.s0.a1").unwrap();
    assert_eq!(job().await.attempts, 1);
    assert!(!shell.others_find().await.contains(&"D-1.s0.a1".to_owned()), "it is leased meanwhile");
    pass(u64::try_from(limits::OUTSIDE_MS / 1000).unwrap()).await;
    assert_eq!(job().await.attempts, 2, "the start had no answer, so the job is looked for");
    service.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_for_as_long_as_somebody_acts() {
    let shell = Shell::new(Duration::from_secs(25));
    shell.to_say(1, 0).await;
    // The second claim, so that the message is looked for first: two calls, together longer than the lease.
    let now = shell.ms();
    shell.store.claim(now, "dead", now, 1).await.unwrap();
    let claim = shell.store.claim(now, "me", now + limits::LEASE_MS / 2, 1).await.unwrap().remove(0);
    let act = {
        let engine = Arc::clone(&shell.engine);
        tokio::spawn(async move { engine.tend(&claim).await })
    };
    for second in 1..50 {
        pass(1).await;
        assert_eq!(shell.others_find().await, [""; 0], "after {second} s");
    }
    act.await.unwrap().unwrap();
    assert!(shell.store.outbox(9).await.unwrap().is_empty(), "its receipt counts");
    assert_eq!(shell.chat.posts.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn an_idle_service_looks_about_once_a_second() {
    let shell = Shell::new(Duration::ZERO);
    let service = Service::start(Arc::clone(&shell.engine)).await.unwrap();
    let seen = shell.asked_in(60).await;
    assert!((60..=60 * 4).contains(&seen), "{seen} looks at the clock in a minute");
    // What is due in an hour changes nothing.
    shell.to_say(3, 3_600_000).await;
    let seen = shell.asked_in(60).await;
    assert!((60..=60 * 4).contains(&seen), "{seen} looks at the clock in a minute");
    service.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn full_hands_do_not_spin_over_what_has_to_wait() {
    let shell = Shell::new(FOR_EVER);
    shell.to_say(limits::EFFECTS_AT_ONCE + 1, 0).await;
    let service = Service::start(Arc::clone(&shell.engine)).await.unwrap();
    pass(1).await;
    assert_eq!(shell.chat.posts.load(SeqCst), limits::CHAT_AT_ONCE);
    let seen = shell.asked_in(20).await;
    assert!(seen <= 20 * 4, "{seen} looks at the clock in 20 seconds");
    pass(15).await;
    assert!(shell.chat.posts.load(SeqCst) > limits::CHAT_AT_ONCE, "the next ones have their turn");
    service.shutdown().await.unwrap();
}
