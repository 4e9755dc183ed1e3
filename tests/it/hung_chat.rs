//! A chat platform that hangs holds up nothing but chat.

use async_trait::async_trait;
use signalbox::chat::{Body, ChatError, Envelope, Intake as _, MessageRef, Platform, Post};
use signalbox::clock::VirtualClock;
use signalbox::config::load_embedded;
use signalbox::domain::ids::{ChannelName, PlatformName, ServiceName};
use signalbox::domain::message::Message;
use signalbox::domain::plan::Release;
use signalbox::domain::policy::{Policy, Recovery, Service as ServiceSpec};
use signalbox::domain::probe::Reading;
use signalbox::domain::time::Now;
use signalbox::engine::{Deps, Engine, Service};
use signalbox::ids::Ids;
use signalbox::jobs::{Executor, Job, JobError, JobStatus, ResolveError, Revisions, Target};
use signalbox::limits;
use signalbox::rehearsal::world::{Outside, ScriptProbe};
use signalbox::store::MemoryStore;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// More deployments, each with a card to post, than messages may be under way.
const DEPLOYMENTS: usize = limits::CHAT_AT_ONCE + 4;

/// Never answers.
struct Hung(PlatformName);

#[async_trait]
impl Platform for Hung {
    fn name(&self) -> &PlatformName {
        &self.0
    }

    async fn post(&self, _post: &Post) -> Result<MessageRef, ChatError> {
        std::future::pending().await
    }

    async fn edit(&self, _at: &MessageRef, _message: &Message) -> Result<(), ChatError> {
        std::future::pending().await
    }

    async fn find(
        &self,
        _channel: &ChannelName,
        _thread: Option<&MessageRef>,
        _key: &str,
    ) -> Result<Option<MessageRef>, ChatError> {
        std::future::pending().await
    }
}

/// Tells which deployments' jobs were started; none of them ends.
struct Told(mpsc::UnboundedSender<u64>);

#[async_trait]
impl Executor for Told {
    fn name(&self) -> &'static str {
        "fleet"
    }

    fn recovery(&self, _job: &Job) -> Recovery {
        Recovery::Idempotent
    }

    async fn start(&self, job: &Job, _now: Now) -> Result<(), JobError> {
        self.0.send(job.target.deployment.map_or(0, |id| id.0)).map_err(|e| JobError(e.to_string()))
    }

    async fn poll(&self, _job: &Job, _now: Now) -> Result<JobStatus, JobError> {
        Ok(JobStatus::Running)
    }

    async fn cancel(&self, _job: &Job) -> Result<(), JobError> {
        Ok(())
    }

    async fn resolve(&self, _target: &Target, version: &str) -> Result<Release, ResolveError> {
        Ok(Release { version: version.into(), revision: "r1".into(), changes: Vec::new() })
    }

    async fn read(&self, _target: &Target, _what: &str, _now: Now) -> Result<Reading, JobError> {
        Err(JobError("nothing to read".into()))
    }
}

#[async_trait]
impl Revisions for Told {
    async fn ask(&self, version: &str, _argv: &[String]) -> Result<Release, ResolveError> {
        Err(ResolveError::Unreachable(version.into()))
    }
}

/// Services enough that each deployment has one of its own.
fn policy() -> Policy {
    let mut policy = load_embedded().policy;
    let api = policy.services.get("api").cloned().unwrap();
    for n in 1..=DEPLOYMENTS {
        let name = ServiceName::new(&format!("s{n}"));
        policy.services.insert(name.clone(), ServiceSpec { name, default: false, ..api.clone() });
    }
    policy
}

#[tokio::test]
async fn jobs_start_while_chat_hangs() {
    let start = "2026-01-05T10:05:00+03:00".parse().unwrap();
    let (tell, mut told) = mpsc::unbounded_channel();
    let executor = Arc::new(Told(tell));
    let console = PlatformName::new("console");
    let executors: BTreeMap<String, Arc<dyn Executor>> = BTreeMap::from([("fleet".to_owned(), executor.clone() as _)]);
    let deps = Deps {
        store: Arc::new(MemoryStore::new()),
        platforms: vec![Arc::new(Hung(console.clone()))],
        executors,
        probe: Arc::new(ScriptProbe::new(Arc::new(Outside::new(start)))),
        revisions: executor,
        pagers: Default::default(),
        outlets: Default::default(),
        clock: Arc::new(VirtualClock::starting_at(start)),
        ids: Arc::new(Ids::seeded(1)),
        owner: "test".into(),
    };
    let engine = Engine::new(deps, Arc::new(policy())).unwrap();
    let _service = Service::start(engine.clone()).await.unwrap();
    for n in 1..=DEPLOYMENTS {
        let text = format!("/deploy s{n} v1.2.0 to development");
        let body = Body::Command { text, thread: None };
        let (platform, channel) = (console.clone(), ChannelName::new("deployments"));
        let envelope = Envelope { platform, id: format!("e{n}"), account: "sara".into(), channel, body };
        engine.receive(envelope).await.unwrap();
        // Each begins while all cards before it hang; the limit only ends a test that has failed.
        let begun = tokio::time::timeout(Duration::from_secs(20), told.recv()).await;
        assert_eq!(begun.ok().flatten(), Some(n as u64), "the job of D-{n}");
    }
}
