//! A virtual world around the real engine: memory store, virtual clock, seeded ids, and a scripted chat and outside.
//!
//! It promises that one script gives one history: nothing here reads a clock, makes randomness, sleeps or waits for I/O.
//! Time moves from due instant to due instant, so bakes, expiries and follow-ups happen in their order. Deliberately absent:
//! concurrency; what is claimed together is acted on one after the other.

mod alerts;
mod chat;
mod executor;
mod outlet;
mod outside;
mod pager;
mod place;
mod probe;
mod seed;
mod wire;

pub use chat::{ChatEvent, Said, ScriptChat, Talk};
pub use executor::ScriptExecutor;
pub use outlet::ScriptOutlets;
pub use outside::{Ends, JobRule, JobSeen, Outside, ProbeScript};
pub use pager::{ScriptPagers, Taken};
pub use place::Behaviour;
pub use probe::ScriptProbe;
pub use wire::{Acted, NewWire, Wire};

use crate::chat::text::Reader;
use crate::chat::{Answer, Body, Envelope, Intake as _, IntakeError, Platform};
use crate::clock::{Clock as _, VirtualClock};
use crate::command::CatalogueError;
use crate::domain::ids::{ChannelName, PersonId, PlatformName};
use crate::domain::plan::Release;
use crate::domain::policy::Policy;
use crate::domain::time::{Now, Span, after, from_millis};
use crate::engine::{Deps, Engine};
use crate::ids::Ids;
use crate::jobs::{Executor, ResolveError, Revisions};
use crate::limits;
use crate::store::{MemoryStore, Store, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How long chat is given to catch up after an act: a card is edited at most once in [`limits::EDIT_EVERY_MS`].
const SETTLE: Span = Span::millis(limits::EDIT_EVERY_MS + 1200);

/// Turns at one instant; more means that the engine asks itself the same thing for ever.
const TURNS: usize = 10_000;

/// What can go wrong with a world itself, rather than in it.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// Something is due again and again at one instant.
    #[error("at {at} the engine does not come to rest: {what}")]
    Restless { at: Timestamp, what: String },
    /// What stands behind the adapter did not play along.
    #[error("on the wire: {0}")]
    Wire(String),
}

pub type Result<T> = std::result::Result<T, WorldError>;

/// One signalbox with everything around it.
pub struct World {
    policy: Arc<Policy>,
    store: Arc<MemoryStore>,
    clock: Arc<VirtualClock>,
    ids: Arc<Ids>,
    chat: Arc<ScriptChat>,
    wire: Option<Arc<dyn Wire>>,
    outside: Arc<Outside>,
    pagers: Arc<ScriptPagers>,
    outlets: Arc<ScriptOutlets>,
    engine: Arc<Engine>,
    /// How many engines there were before this one.
    crashes: u32,
    envelopes: u64,
}

impl World {
    /// A fresh world at `start`, whose only chat platform is called `platform` (on `console`, people are known by their id).
    ///
    /// # Errors
    /// When the command catalogue in the binary is broken.
    pub fn new(policy: Arc<Policy>, start: Timestamp, platform: &str) -> Result<Self> {
        Self::over(policy, start, platform, None)
    }

    /// As [`World::new`]; with a wire, people act on its side.
    ///
    /// # Errors
    /// As [`World::new`].
    pub fn over(policy: Arc<Policy>, start: Timestamp, platform: &str, wire: Option<&NewWire>) -> Result<Self> {
        let clock = Arc::new(VirtualClock::starting_at(start));
        let chat = Arc::new(ScriptChat::new(PlatformName::new(platform), Arc::clone(&clock)));
        let outside = Arc::new(Outside::new(start));
        let (store, ids) = (Arc::new(MemoryStore::new()), Arc::new(Ids::seeded(1)));
        let wire = wire.map(|new| new(&chat, &clock));
        let platform = platform_of(&chat, wire.as_ref());
        let pagers = Arc::new(ScriptPagers::new(Arc::clone(&clock)));
        let outlets = Arc::new(ScriptOutlets::default());
        let around = Around { outside: &outside, pagers: &pagers, outlets: &outlets };
        let engine = engine(&policy, &store, &clock, &ids, platform, around, 0)?;
        Ok(Self { policy, store, clock, ids, chat, wire, outside, pagers, outlets, engine, crashes: 0, envelopes: 0 })
    }

    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    #[must_use]
    pub fn chat(&self) -> &ScriptChat {
        &self.chat
    }

    #[must_use]
    pub fn outside(&self) -> &Outside {
        &self.outside
    }

    /// Where those hear of incidents who are not paged about them.
    #[must_use]
    pub fn outlets(&self) -> &ScriptOutlets {
        &self.outlets
    }

    /// The ways to people besides chat.
    #[must_use]
    pub fn pagers(&self) -> &ScriptPagers {
        &self.pagers
    }

    #[must_use]
    pub fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    #[must_use]
    pub fn store(&self) -> &Arc<MemoryStore> {
        &self.store
    }

    #[must_use]
    pub fn now(&self) -> Now {
        self.clock.now()
    }

    /// A command line, and what its sender is told.
    ///
    /// # Errors
    /// When it could not be stored, or the engine does not come to rest.
    pub async fn says(&mut self, person: &str, channel: &str, text: &str) -> Result<Answer> {
        self.types(person, channel, None, text).await
    }

    /// The same in the thread of the message with this id, or in a channel.
    ///
    /// # Errors
    /// As [`World::says`].
    pub async fn types(&mut self, person: &str, channel: &str, thread: Option<String>, text: &str) -> Result<Answer> {
        self.send(person, channel, Body::Command { text: text.to_owned(), thread }).await
    }

    /// A reaction put on, or taken off, the message with this id of the platform.
    ///
    /// # Errors
    /// As [`World::says`].
    pub async fn reacts(&mut self, person: &str, message: &str, emoji: &str, added: bool) -> Result<Answer> {
        let channel = self.channel_of(message);
        let body = Body::Reaction { message: message.to_owned(), emoji: emoji.to_owned(), added };
        self.send(person, &channel, body).await
    }

    /// A click on a button by its wire form, with the fields of its form.
    ///
    /// # Errors
    /// As [`World::says`].
    pub async fn clicks(
        &mut self,
        person: &str,
        message: &str,
        action: &str,
        fields: BTreeMap<String, String>,
    ) -> Result<Answer> {
        let channel = self.channel_of(message);
        let body = Body::Click { message: message.to_owned(), action: action.to_owned(), fields };
        self.send(person, &channel, body).await
    }

    /// Something that is no command, in the thread of the message with this id or in a channel.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn talks(&self, person: &str, channel: &str, thread: Option<String>, text: &str) -> Result<()> {
        let id = self.chat.talks(&self.account(person), ChannelName::new(channel), thread, text);
        let talk = self.chat.talk().into_iter().find(|t| t.id == id);
        match (&self.wire, talk) {
            (Some(wire), Some(talk)) => wire.talk(&talk).await.map_err(WorldError::Wire),
            _ => Ok(()),
        }
    }

    /// Changes what somebody wrote, or takes it away.
    ///
    /// # Errors
    /// When that could not be done.
    pub async fn retells(&self, talk: &str, text: Option<&str>) -> Result<()> {
        self.chat.retells(talk, text);
        match &self.wire {
            Some(wire) => wire.retell(talk, text).await.map_err(WorldError::Wire),
            None => Ok(()),
        }
    }

    async fn send(&mut self, person: &str, channel: &str, body: Body) -> Result<Answer> {
        self.envelopes += 1;
        if let Some(wire) = &self.wire {
            let (account, person, channel) = (self.account(person), person.to_owned(), channel.to_owned());
            let act = Acted { person, account, channel, body };
            let answer = wire.act(&self.engine, act).await.map_err(WorldError::Wire)?;
            self.settle().await?;
            return Ok(answer);
        }
        let envelope = Envelope {
            platform: self.chat.platform().clone(),
            id: format!("e{}", self.envelopes),
            account: self.account(person),
            channel: ChannelName::new(channel),
            body,
        };
        let answer = self.engine.receive(envelope).await?;
        self.settle().await?;
        Ok(answer)
    }

    fn channel_of(&self, message: &str) -> String {
        let talk = || self.chat.talk().into_iter().find(|t| t.id == message).map(|t| t.channel);
        self.chat.get(message).map(|m| m.channel).or_else(talk).map_or_else(String::new, |c| c.to_string())
    }

    fn account(&self, person: &str) -> String {
        let platform = self.chat.platform().as_str();
        let known = self.policy.people.get(person).and_then(|p| p.accounts.get(platform));
        known.cloned().unwrap_or_else(|| person.to_owned())
    }

    /// Fires timers and acts on effects until nothing is due at this instant.
    ///
    /// # Errors
    /// When the store fails, or there is no end to it.
    pub async fn run_until_quiet(&self) -> Result<()> {
        for _ in 0..TURNS {
            let fired = self.engine.fire_timers().await?;
            let claims = self.engine.claim(64).await?;
            if fired == 0 && claims.is_empty() {
                return Ok(());
            }
            for claim in &claims {
                self.engine.act(claim).await?;
            }
        }
        let timers = self.store.timers(3).await?.into_iter().map(|t| t.id);
        let rows = self.store.outbox(3).await?.into_iter().map(|r| r.key);
        let what = timers.chain(rows).collect::<Vec<_>>().join(", ");
        Err(WorldError::Restless { at: self.now().wall, what })
    }

    /// Moves the clock by `span`, stopping at every instant at which something is due.
    ///
    /// # Errors
    /// As [`World::run_until_quiet`].
    pub async fn advance(&self, span: Span) -> Result<()> {
        self.advance_to(after(self.now().wall, span)).await
    }

    /// Moves the clock to `until`; an instant in the past moves nothing.
    ///
    /// # Errors
    /// As [`World::run_until_quiet`].
    pub async fn advance_to(&self, until: Timestamp) -> Result<()> {
        self.run_until_quiet().await?;
        while let Some(next) = self.next_due().await?.filter(|next| *next <= until) {
            self.clock.set(Now::at(next));
            self.run_until_quiet().await?;
        }
        if until > self.now().wall {
            self.clock.set(Now::at(until));
        }
        self.run_until_quiet().await
    }

    /// The next instant, after now, at which anything is due.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next_due(&self) -> Result<Option<Timestamp>> {
        let now = self.now().wall;
        let (wall, work) = self.store.next_timers().await?;
        let soonest = [wall, work, self.store.next_outbox().await?].into_iter().flatten().min();
        // Whatever is still due although the world is quiet waits for something else; a millisecond on it is asked again.
        Ok(soonest.map(|ms| from_millis(ms).max(after(now, Span::millis(1)))))
    }

    /// Lets everything due happen and chat catch up, a few seconds at most.
    ///
    /// # Errors
    /// As [`World::run_until_quiet`].
    pub async fn settle(&self) -> Result<()> {
        let end = after(self.now().wall, SETTLE);
        self.run_until_quiet().await?;
        while self.chat_is_behind().await? {
            match self.next_due().await?.filter(|next| *next <= end) {
                Some(next) => self.clock.set(Now::at(next)),
                None => break,
            }
            self.run_until_quiet().await?;
        }
        Ok(())
    }

    async fn chat_is_behind(&self) -> Result<bool> {
        let rows = self.store.outbox(1_000).await?;
        Ok(rows
            .iter()
            .any(|r| r.target.starts_with("card:") || r.target.starts_with("say:") || r.target.starts_with("page:")))
    }

    /// The process is gone, and a new one starts on the same store. What was in memory only is lost.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn crash(&mut self) -> Result<()> {
        self.crashes += 1;
        let (policy, store, clock) = (&self.policy, &self.store, &self.clock);
        let platform = platform_of(&self.chat, self.wire.as_ref());
        let around = Around { outside: &self.outside, pagers: &self.pagers, outlets: &self.outlets };
        self.engine = engine(policy, store, clock, &self.ids, platform, around, self.crashes)?;
        self.engine.reconsider().await?;
        self.settle().await
    }

    /// From now on the engine decides by this policy.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn set_policy(&mut self, policy: Arc<Policy>) -> Result<()> {
        self.policy = Arc::clone(&policy);
        self.engine.set_policy(policy).await?;
        self.settle().await
    }

    /// Where people on the wire see something else than the scripted chat has.
    pub async fn differences(&self, reader: &Reader) -> Vec<String> {
        match &self.wire {
            Some(wire) => wire.differences(&self.chat, reader).await,
            None => Vec::new(),
        }
    }

    /// Whether the policy knows this person.
    #[must_use]
    pub fn knows(&self, person: &str) -> bool {
        self.policy.people.contains_key(&PersonId::new(person))
    }
}

fn platform_of(chat: &Arc<ScriptChat>, wire: Option<&Arc<dyn Wire>>) -> Arc<dyn Platform> {
    wire.map_or_else(|| Arc::clone(chat) as Arc<dyn Platform>, |wire| wire.platform())
}

/// What stands around an engine, besides its chat.
struct Around<'a> {
    outside: &'a Arc<Outside>,
    pagers: &'a Arc<ScriptPagers>,
    outlets: &'a Arc<ScriptOutlets>,
}

fn engine(
    policy: &Arc<Policy>,
    store: &Arc<MemoryStore>,
    clock: &Arc<VirtualClock>,
    ids: &Arc<Ids>,
    platform: Arc<dyn Platform>,
    around: Around<'_>,
    crashes: u32,
) -> Result<Arc<Engine>> {
    let Around { outside, pagers, outlets } = around;
    let names: BTreeSet<&str> =
        policy.services.values().map(|s| s.executor.as_str()).chain(["command", "http"]).collect();
    let executor: Arc<dyn Executor> = Arc::new(ScriptExecutor::new(Arc::clone(outside)));
    let deps = Deps {
        store: Arc::clone(store) as Arc<dyn Store>,
        platforms: vec![platform],
        executors: names.into_iter().map(|name| (name.to_owned(), Arc::clone(&executor))).collect(),
        probe: Arc::new(ScriptProbe::new(Arc::clone(outside))),
        revisions: Arc::new(Asked(Arc::clone(outside))),
        pagers: pagers.all(),
        outlets: outlets.all(),
        clock: Arc::clone(clock) as Arc<dyn crate::clock::Clock>,
        ids: Arc::clone(ids),
        owner: format!("rehearsal-{crashes}"),
    };
    Ok(Engine::new(deps, Arc::clone(policy))?)
}

/// Answers for programs that would print a revision: the version is looked for in every service.
struct Asked(Arc<Outside>);

#[async_trait]
impl Revisions for Asked {
    async fn ask(&self, version: &str, _argv: &[String]) -> std::result::Result<Release, ResolveError> {
        self.0.resolve_anywhere(version)
    }
}
