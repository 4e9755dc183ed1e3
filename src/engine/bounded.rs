//! Calls outside end, with an answer or without one.
//!
//! Every adapter is wrapped once, where the engine is made, so that no call of the engine can be without a bound: one that does
//! not return in [`limits::OUTSIDE_MS`] is dropped and counts as one whose answer is not known. The store is not among them:
//! a commit that was given up may have been stored.

use crate::chat::{Arrival, ChatError, Intake, MadeRoom, MessageRef, NewRoom, Platform, Post, Reacted, Spoken};
use crate::domain::ids::{ChannelName, PersonId, PlatformName, Role, ServiceName};
use crate::domain::message::Message;
use crate::domain::paging::{Follow, Letter, Via};
use crate::domain::plan::Release;
use crate::domain::policy::{ProbeSpec, Recovery};
use crate::domain::probe::{Reading, Verdict};
use crate::domain::status::{Mail, PublicNotice};
use crate::domain::time::{Now, Span};
use crate::jobs::{Executor, Job, JobError, JobStatus, Output, ResolveError, Revisions, Target};
use crate::limits;
use crate::paging::{Mailer, PageError, Pager, Stands, StatusPage};
use crate::probes::Probe;
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;

const LIMIT: Span = Span::millis(limits::OUTSIDE_MS);
const ROOM_LIMIT: Span = Span::millis(limits::ROOM_WAIT_MS);
/// A page has somewhere else to go.
const PAGE_LIMIT: Span = Span::millis(limits::PAGE_CALL_MS.cast_signed());

/// An adapter whose calls end.
pub(super) struct Bounded<T: ?Sized>(pub(super) Arc<T>);

/// `None` when it took too long. Virtual worlds run without timers; what hangs in them is their own affair.
pub(super) async fn ended<T>(call: impl Future<Output = T>, limit: Span) -> Option<T> {
    match tokio::runtime::Handle::try_current() {
        Ok(_) => tokio::time::timeout(limit.to_std(), call).await.ok(),
        Err(_) => Some(call.await),
    }
}

async fn in_time<T, E>(call: impl Future<Output = Result<T, E>>, late: impl FnOnce(String) -> E) -> Result<T, E> {
    in_time_of(LIMIT, call, late).await
}

async fn in_time_of<T, E>(
    limit: Span,
    call: impl Future<Output = Result<T, E>>,
    late: impl FnOnce(String) -> E,
) -> Result<T, E> {
    ended(call, limit).await.unwrap_or_else(|| Err(late(format!("no answer within {limit}"))))
}

#[async_trait]
impl Platform for Bounded<dyn Platform> {
    fn name(&self) -> &PlatformName {
        self.0.name()
    }

    async fn post(&self, post: &Post) -> Result<MessageRef, ChatError> {
        in_time(self.0.post(post), ChatError::Unknown).await
    }

    async fn edit(&self, at: &MessageRef, message: &Message) -> Result<(), ChatError> {
        in_time(self.0.edit(at, message), ChatError::Unknown).await
    }

    async fn find(
        &self,
        channel: &ChannelName,
        thread: Option<&MessageRef>,
        key: &str,
    ) -> Result<Option<MessageRef>, ChatError> {
        in_time(self.0.find(channel, thread, key), ChatError::Unknown).await
    }

    async fn find_alone(
        &self,
        person: &PersonId,
        channel: &ChannelName,
        key: &str,
    ) -> Result<Option<MessageRef>, ChatError> {
        in_time(self.0.find_alone(person, channel, key), ChatError::Unknown).await
    }

    /// The platform bounds its own calls; what is decided meanwhile is not dropped half way.
    async fn work(&self, arrival: &Arrival, intake: &dyn Intake) -> Result<(), ChatError> {
        self.0.work(arrival, intake).await
    }

    async fn reactions(&self, at: &MessageRef) -> Result<Vec<Reacted>, ChatError> {
        in_time(self.0.reactions(at), ChatError::Unknown).await
    }

    async fn spoken(&self, at: &MessageRef) -> Result<Option<Spoken>, ChatError> {
        in_time(self.0.spoken(at), ChatError::Unknown).await
    }

    /// What is said waits for it, so it has no longer than that may be.
    async fn make_room(&self, room: &NewRoom, doubt: bool) -> Result<MadeRoom, ChatError> {
        in_time_of(ROOM_LIMIT, self.0.make_room(room, doubt), ChatError::Unknown).await
    }

    async fn invite(&self, room: &ChannelName, person: &PersonId) -> Result<(), ChatError> {
        in_time(self.0.invite(room, person), ChatError::Unknown).await
    }

    async fn close_room(&self, room: &ChannelName) -> Result<(), ChatError> {
        in_time(self.0.close_room(room), ChatError::Unknown).await
    }

    async fn channel_key(&self, channel: &ChannelName) -> Option<String> {
        ended(self.0.channel_key(channel), ROOM_LIMIT).await.flatten()
    }

    fn trouble(&self) -> Option<String> {
        self.0.trouble()
    }

    async fn roles(&self) -> Result<BTreeMap<String, BTreeSet<Role>>, ChatError> {
        in_time(self.0.roles(), ChatError::Unknown).await
    }
}

#[async_trait]
impl Pager for Bounded<dyn Pager> {
    fn via(&self) -> Via {
        self.0.via()
    }

    fn idempotent(&self) -> bool {
        self.0.idempotent()
    }

    async fn page(&self, letter: &Letter) -> Result<(), PageError> {
        in_time_of(PAGE_LIMIT, self.0.page(letter), PageError::Unknown).await
    }

    fn follows(&self) -> bool {
        self.0.follows()
    }

    async fn follow(&self, letter: &Letter, what: Follow) -> Result<(), PageError> {
        in_time_of(PAGE_LIMIT, self.0.follow(letter, what), PageError::Unknown).await
    }
}

#[async_trait]
impl Mailer for Bounded<dyn Mailer> {
    async fn mail(&self, mail: &Mail) -> Result<(), PageError> {
        in_time(self.0.mail(mail), PageError::Unknown).await
    }
}

#[async_trait]
impl StatusPage for Bounded<dyn StatusPage> {
    fn place(&self) -> &'static str {
        self.0.place()
    }

    async fn tell(&self, notice: &PublicNotice, there: Option<&str>, doubt: bool) -> Result<Stands, PageError> {
        in_time(self.0.tell(notice, there, doubt), PageError::Unknown).await
    }

    async fn component(&self, service: &ServiceName, worst: &BTreeMap<ServiceName, usize>) -> Result<(), PageError> {
        in_time(self.0.component(service, worst), PageError::Unknown).await
    }

    async fn unknown(&self) -> Result<Option<Vec<String>>, PageError> {
        in_time(self.0.unknown(), PageError::Unknown).await
    }
}

#[async_trait]
impl Executor for Bounded<dyn Executor> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn recovery(&self, job: &Job) -> Recovery {
        self.0.recovery(job)
    }

    async fn start(&self, job: &Job, now: Now) -> Result<(), JobError> {
        in_time(self.0.start(job, now), JobError).await
    }

    async fn poll(&self, job: &Job, now: Now) -> Result<JobStatus, JobError> {
        in_time(self.0.poll(job, now), JobError).await
    }

    async fn cancel(&self, job: &Job) -> Result<(), JobError> {
        in_time(self.0.cancel(job), JobError).await
    }

    async fn output(&self, key: &str, from: u64) -> Result<Output, JobError> {
        in_time(self.0.output(key, from), JobError).await
    }

    /// Nobody waits for it, so it may take its time.
    async fn prune(&self, now: Now, keep: &BTreeSet<String>) -> Result<usize, JobError> {
        self.0.prune(now, keep).await
    }

    async fn resolve(&self, target: &Target, version: &str) -> Result<Release, ResolveError> {
        in_time(self.0.resolve(target, version), ResolveError::Unreachable).await
    }

    async fn read(&self, target: &Target, what: &str, now: Now) -> Result<Reading, JobError> {
        in_time(self.0.read(target, what, now), JobError).await
    }
}

#[async_trait]
impl Revisions for Bounded<dyn Revisions> {
    async fn ask(&self, version: &str, argv: &[String]) -> Result<Release, ResolveError> {
        in_time(self.0.ask(version, argv), ResolveError::Unreachable).await
    }
}

#[async_trait]
impl Probe for Bounded<dyn Probe> {
    /// The probe holds its own time limit, which may be long; this is for one that does not.
    async fn read(&self, spec: &ProbeSpec, target: &Target, now: Now) -> Reading {
        let limit = spec.timeout + LIMIT;
        match ended(self.0.read(spec, target, now), limit).await {
            Some(reading) => reading,
            None => Reading {
                probe: spec.name.clone(),
                at: now.wall,
                took_ms: limit.as_millis(),
                verdict: Verdict::Inconclusive,
                values: Default::default(),
                text: format!("no answer within {limit}"),
            },
        }
    }
}
