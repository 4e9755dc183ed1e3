//! Stand-ins for the outside, and a running engine between them. The engine, its loops, the store and the console are real.

use crate::Result;
use async_trait::async_trait;
use signalbox::chat::console::ConsolePlatform;
use signalbox::chat::{Answer, Body, ChatError, Envelope, Intake as _, MessageRef, Platform, Post};
use signalbox::clock::{Clock, DemoClock, Stopwatch};
use signalbox::domain::ids::{ChannelName, DeploymentId, PlatformName};
use signalbox::domain::message::Message;
use signalbox::domain::plan::Release;
use signalbox::domain::policy::{Ask, Policy, ProbeSpec, Recovery};
use signalbox::domain::probe::{Reading, Verdict};
use signalbox::domain::time::{Now, from_millis};
use signalbox::engine::{Deps, Engine, Service};
use signalbox::ids::Ids;
use signalbox::jobs::{
    Executor, Job, JobAction, JobEnd, JobError, JobOutcome, JobStatus, ResolveError, Revisions, Target,
};
use signalbox::probes::Probe;
use signalbox::store::{Store, open_sqlite};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Monday 2 March 2026, 10:05 where the example works: every window is open.
pub const MONDAY: i64 = 1_772_435_100_000;

/// What the outside was asked, and when, since the beginning.
pub struct Seen {
    since: Stopwatch,
    /// When the reading that is a breach was handed in.
    breach: Mutex<BTreeMap<DeploymentId, Duration>>,
    /// When the job that restores was started.
    restore: Mutex<BTreeMap<DeploymentId, Duration>>,
    reads: Mutex<BTreeMap<DeploymentId, u32>>,
    /// The reading of a deployment that is a breach; 0: never.
    pub breach_at: u32,
    /// Takes this long to post anything.
    pub chat_takes: Duration,
    /// Posts and edits done.
    pub said: AtomicU64,
}

impl Seen {
    pub fn new(breach_at: u32, chat_takes: Duration) -> Arc<Self> {
        Arc::new(Self {
            since: Stopwatch::start(),
            breach: Mutex::default(),
            restore: Mutex::default(),
            reads: Mutex::default(),
            breach_at,
            chat_takes,
            said: AtomicU64::new(0),
        })
    }

    /// From the breach's reading to the start of the way back, for each deployment that got there.
    pub fn ways_back(&self) -> Vec<Duration> {
        let restore = lock(&self.restore);
        lock(&self.breach).iter().filter_map(|(id, at)| restore.get(id)?.checked_sub(*at)).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An executor and a probe that answer at once.
struct Outside(Arc<Seen>);

#[async_trait]
impl Executor for Outside {
    fn name(&self) -> &'static str {
        "fleet"
    }

    fn recovery(&self, _job: &Job) -> Recovery {
        Recovery::Recoverable
    }

    async fn start(&self, job: &Job, _now: Now) -> std::result::Result<(), JobError> {
        if let (JobAction::Restore, Some(id)) = (&job.action, job.target.deployment) {
            lock(&self.0.restore).entry(id).or_insert_with(|| self.0.since.elapsed_std());
        }
        Ok(())
    }

    async fn poll(&self, _job: &Job, _now: Now) -> std::result::Result<JobStatus, JobError> {
        let end = JobEnd { outcome: JobOutcome::Succeeded, summary: "done".into() };
        Ok(JobStatus::Ended { end })
    }

    async fn cancel(&self, _job: &Job) -> std::result::Result<(), JobError> {
        Ok(())
    }

    async fn resolve(&self, _target: &Target, version: &str) -> std::result::Result<Release, ResolveError> {
        Ok(release(version))
    }

    async fn read(&self, _target: &Target, _what: &str, _now: Now) -> std::result::Result<Reading, JobError> {
        Err(JobError("the probe answers itself".into()))
    }
}

pub fn release(version: &str) -> Release {
    let revision = format!("sha256:{}", signalbox::domain::plan::hex(version.as_bytes()));
    Release { version: version.to_owned(), revision, changes: Vec::new() }
}

#[async_trait]
impl Probe for Outside {
    async fn read(&self, spec: &ProbeSpec, target: &Target, now: Now) -> Reading {
        let what = match &spec.ask {
            Ask::Executor { what } => what.as_str(),
            _ => "health",
        };
        let (mut values, mut text) = (BTreeMap::new(), "well".to_owned());
        if what == "version" {
            text = target.release.as_ref().map_or_else(|| "v0".to_owned(), |r| r.version.clone());
        }
        if let ("counters", Some(id)) = (what, target.deployment) {
            let mut reads = lock(&self.0.reads);
            let n = reads.entry(id).or_default();
            *n += 1;
            let breached = self.0.breach_at > 0 && *n >= self.0.breach_at;
            let errors = if breached { 500 } else { 0 };
            values.insert("requests".to_owned(), f64::from(*n) * 1000.0);
            values.insert("errors".to_owned(), f64::from(errors));
            text = format!("{errors} errors in {}000 requests", *n);
            if breached {
                lock(&self.0.breach).entry(id).or_insert_with(|| self.0.since.elapsed_std());
            }
        }
        Reading { probe: spec.name.clone(), at: now.wall, took_ms: 3, verdict: Verdict::Healthy, values, text }
    }
}

#[async_trait]
impl Revisions for Outside {
    async fn ask(&self, version: &str, _argv: &[String]) -> std::result::Result<Release, ResolveError> {
        Ok(release(version))
    }
}

/// A chat that takes a while and keeps nothing.
struct Deaf {
    name: PlatformName,
    seen: Arc<Seen>,
}

#[async_trait]
impl Platform for Deaf {
    fn name(&self) -> &PlatformName {
        &self.name
    }

    async fn post(&self, post: &Post) -> std::result::Result<MessageRef, ChatError> {
        tokio::time::sleep(self.seen.chat_takes).await;
        let n = self.seen.said.fetch_add(1, Ordering::Relaxed);
        Ok(MessageRef { channel: post.channel.clone(), id: format!("m{n}") })
    }

    async fn edit(&self, _at: &MessageRef, _message: &Message) -> std::result::Result<(), ChatError> {
        tokio::time::sleep(self.seen.chat_takes).await;
        self.seen.said.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn find(
        &self,
        _channel: &ChannelName,
        _thread: Option<&MessageRef>,
        _key: &str,
    ) -> std::result::Result<Option<MessageRef>, ChatError> {
        Ok(None)
    }
}

/// Which chat stands behind the platform `console`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Chat {
    /// The console as it ships, with its own database.
    Console,
    /// One that only takes time.
    Deaf,
}

/// A running signalbox.
pub struct Stand {
    pub engine: Arc<Engine>,
    pub store: Arc<dyn Store>,
    pub clock: Arc<DemoClock>,
    pub seen: Arc<Seen>,
    console: Option<Arc<ConsolePlatform>>,
    service: Service,
    envelopes: AtomicU64,
}

impl Stand {
    pub async fn start(folder: &Path, policy: Policy, chat: Chat, seen: Arc<Seen>) -> Result<Self> {
        Self::start_at(MONDAY, folder, policy, chat, seen).await
    }

    /// As [`Stand::start`], at another time.
    pub async fn start_at(at: i64, folder: &Path, policy: Policy, chat: Chat, seen: Arc<Seen>) -> Result<Self> {
        let store: Arc<dyn Store> = Arc::new(open_sqlite(&folder.join("signalbox.db")).await?);
        let clock = Arc::new(DemoClock::starting_at(from_millis(at)));
        let ids = Arc::new(Ids::system()?);
        let console = match chat {
            Chat::Console => {
                let (ids, clock) = (Arc::clone(&ids), Arc::clone(&clock));
                let new_id = {
                    let clock = Arc::clone(&clock);
                    Arc::new(move || ids.next(clock.now()))
                };
                Some(Arc::new(ConsolePlatform::open(&folder.join("console.db"), clock, new_id).await?))
            }
            Chat::Deaf => None,
        };
        let platform: Arc<dyn Platform> = match &console {
            Some(console) => Arc::clone(console) as Arc<dyn Platform>,
            None => Arc::new(Deaf { name: PlatformName::new("console"), seen: Arc::clone(&seen) }),
        };
        let executor: Arc<dyn Executor> = Arc::new(Outside(Arc::clone(&seen)));
        let names = ["fleet", "command", "http"];
        let deps = Deps {
            store: Arc::clone(&store),
            platforms: vec![platform],
            executors: names.into_iter().map(|n| (n.to_owned(), Arc::clone(&executor))).collect(),
            probe: Arc::new(Outside(Arc::clone(&seen))),
            revisions: Arc::new(Outside(Arc::clone(&seen))),
            pagers: Default::default(),
            outlets: Default::default(),
            clock: clock.clone(),
            ids,
            owner: "load".into(),
        };
        let engine = Engine::new(deps, Arc::new(policy))?;
        let service = Service::start(Arc::clone(&engine)).await?;
        Ok(Self { engine, store, clock, seen, console, service, envelopes: AtomicU64::new(0) })
    }

    /// What a person types in the deployments' channel, and what they are told.
    pub async fn says(&self, person: &str, text: &str) -> Result<Answer> {
        let n = self.envelopes.fetch_add(1, Ordering::Relaxed);
        let envelope = Envelope {
            platform: PlatformName::new("console"),
            // Time-ordered, as those of the platforms are.
            id: format!("{:013}.{n:08}", self.clock.now().work.as_millisecond()),
            account: person.to_owned(),
            channel: ChannelName::new("deployments"),
            body: Body::Command { text: text.to_owned(), thread: None },
        };
        Ok(self.engine.receive(envelope).await?)
    }

    /// As [`Stand::says`], when the answer must be about something done.
    pub async fn does(&self, person: &str, text: &str) -> Result<()> {
        let answer = self.says(person, text).await?;
        for message in &answer.messages {
            if message.tone == signalbox::domain::message::Tone::Warning {
                return Err(format!("{person}: {text}: {message:?}").into());
            }
        }
        Ok(())
    }

    pub async fn stop(self) -> Result<()> {
        self.service.shutdown().await?;
        if let Some(console) = self.console {
            console.close().await;
        }
        Ok(())
    }
}
