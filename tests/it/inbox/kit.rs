//! A wire that a test holds in its hand, and engines around it.

use async_trait::async_trait;
use signalbox::chat::{
    Answer, Arrival, Body, ChatError, Envelope, Inbox as _, Intake, Kept, MessageRef, Platform, Post, Reacted,
};
use signalbox::clock::VirtualClock;
use signalbox::config::load_embedded;
use signalbox::domain::ids::{ChannelName, PlatformName, Role};
use signalbox::domain::message::Message;
use signalbox::domain::policy::Policy;
use signalbox::engine::{Deps, Engine};
use signalbox::ids::Ids;
use signalbox::jobs::command::revision::CommandRevisions;
use signalbox::rehearsal::world::{Outside, ScriptExecutor, ScriptProbe};
use signalbox::store::Store;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::sync::{Notify, Semaphore};

/// A platform whose wire is JSON of [`Envelope`].
pub struct Wire {
    name: PlatformName,
    /// Who was told what, by the arrival's id, in order.
    pub told: Mutex<Vec<(String, Answer)>>,
    pub heard: Notify,
    /// What the next tellings come to; then they succeed.
    pub troubles: Mutex<VecDeque<ChatError>>,
    /// Work waits for a permit, when a test holds it.
    pub gate: Option<Semaphore>,
    pub reactions: Mutex<Vec<Reacted>>,
    /// Run while reactions are asked for.
    pub meanwhile: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    pub roles: Mutex<BTreeMap<String, BTreeSet<Role>>>,
    posts: Mutex<u32>,
    /// What the next posts come to; `Unknown` ones arrive all the same.
    pub lost: Mutex<VecDeque<ChatError>>,
    /// The keys that were posted, and those that were looked for.
    pub posted: Mutex<Vec<String>>,
    pub sought: Mutex<Vec<String>>,
}

impl Wire {
    pub fn new() -> Arc<Self> {
        Arc::new(Self::gated(None))
    }

    pub fn gated(gate: Option<Semaphore>) -> Self {
        Self {
            name: slack(),
            told: Mutex::default(),
            heard: Notify::new(),
            troubles: Mutex::default(),
            gate,
            reactions: Mutex::default(),
            meanwhile: Mutex::default(),
            roles: Mutex::default(),
            posts: Mutex::default(),
            lost: Mutex::default(),
            posted: Mutex::default(),
            sought: Mutex::default(),
        }
    }

    pub fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().iter().map(|(id, _)| id.clone()).collect()
    }

    /// Returns once so many were told.
    pub async fn has_told(&self, many: usize) -> Vec<String> {
        let all = async {
            loop {
                let heard = self.heard.notified();
                let told = self.told();
                if told.len() >= many {
                    return told;
                }
                heard.await;
            }
        };
        let limit = std::time::Duration::from_secs(60);
        tokio::time::timeout(limit, all).await.unwrap_or_else(|_| panic!("only {} were told", self.told().len()))
    }
}

#[async_trait]
impl Platform for Wire {
    fn name(&self) -> &PlatformName {
        &self.name
    }

    async fn post(&self, post: &Post) -> Result<MessageRef, ChatError> {
        let trouble = self.lost.lock().unwrap().pop_front();
        if let Some(error @ ChatError::Later { .. }) = trouble {
            return Err(error);
        }
        let mut posts = self.posts.lock().unwrap();
        *posts += 1;
        self.posted.lock().unwrap().push(post.key.clone());
        if let Some(error) = trouble {
            return Err(error);
        }
        Ok(MessageRef { channel: post.channel.clone(), id: format!("C1:{posts}") })
    }

    async fn edit(&self, _at: &MessageRef, _message: &Message) -> Result<(), ChatError> {
        Ok(())
    }

    async fn find(
        &self,
        _channel: &ChannelName,
        _thread: Option<&MessageRef>,
        key: &str,
    ) -> Result<Option<MessageRef>, ChatError> {
        self.sought.lock().unwrap().push(key.to_owned());
        let posted = self.posted.lock().unwrap().iter().position(|k| k == key);
        let at = |n: usize| MessageRef { channel: ChannelName::new("deployments"), id: format!("C1:{}", n + 1) };
        Ok(posted.map(at))
    }

    async fn work(&self, arrival: &Arrival, intake: &dyn Intake) -> Result<(), ChatError> {
        if let Some(gate) = &self.gate {
            gate.acquire().await.unwrap().forget();
        }
        let envelope = arrival.as_read_back().or_else(|| serde_json::from_str(&arrival.body).ok());
        let Some(envelope) = envelope else { return Err(ChatError::Refused("cannot be read".into())) };
        let later = |e: signalbox::chat::IntakeError| ChatError::Later { what: e.to_string(), after_ms: 1 };
        let answer = intake.receive(envelope).await.map_err(later)?;
        if let Some(trouble) = self.troubles.lock().unwrap().pop_front() {
            return Err(trouble);
        }
        self.told.lock().unwrap().push((arrival.id.clone(), answer));
        self.heard.notify_waiters();
        Ok(())
    }

    async fn reactions(&self, _at: &MessageRef) -> Result<Vec<Reacted>, ChatError> {
        let stand = self.reactions.lock().unwrap().clone();
        if let Some(meanwhile) = self.meanwhile.lock().unwrap().take() {
            meanwhile();
        }
        Ok(stand)
    }

    async fn roles(&self) -> Result<BTreeMap<String, BTreeSet<Role>>, ChatError> {
        Ok(self.roles.lock().unwrap().clone())
    }
}

pub fn slack() -> PlatformName {
    PlatformName::new("slack")
}

/// A Monday, 10:05 in the example's zone.
pub fn monday() -> jiff::Timestamp {
    "2026-01-05T10:05:00+03:00".parse().unwrap()
}

/// The example, with an account on the wire for everybody: `U-sara`. Staging asks for a second key, by a tech lead.
pub fn policy() -> Policy {
    let mut policy = load_embedded().policy;
    let tech_lead = policy.environments["production"].keys[0].clone();
    policy.environments.get_mut("staging").unwrap().keys.push(tech_lead);
    for person in policy.people.values_mut() {
        person.accounts.insert("slack".into(), format!("U-{}", person.id));
    }
    policy
}

pub fn engine(store: Arc<dyn Store>, wire: Arc<Wire>, owner: &str) -> Arc<Engine> {
    engine_with(store, wire, owner, policy())
}

pub fn engine_with(store: Arc<dyn Store>, wire: Arc<Wire>, owner: &str, policy: Policy) -> Arc<Engine> {
    engine_at(store, wire, owner, policy, Arc::new(VirtualClock::starting_at(monday())))
}

pub fn engine_at(
    store: Arc<dyn Store>,
    wire: Arc<Wire>,
    owner: &str,
    policy: Policy,
    clock: Arc<VirtualClock>,
) -> Arc<Engine> {
    let outside = Arc::new(Outside::new(monday()));
    for version in ["v1.2.0", "v1.2.1"] {
        outside.release("api", version);
    }
    let executor = Arc::new(ScriptExecutor::new(Arc::clone(&outside)));
    let names = policy.services.values().map(|s| s.executor.clone());
    let executors = names.map(|name| (name, executor.clone() as _)).collect();
    let deps = Deps {
        store,
        platforms: vec![wire],
        executors,
        probe: Arc::new(ScriptProbe::new(outside)),
        revisions: Arc::new(CommandRevisions),
        pagers: Default::default(),
        outlets: Default::default(),
        clock,
        ids: Arc::new(Ids::seeded(1)),
        owner: owner.to_owned(),
    };
    Engine::new(deps, Arc::new(policy)).unwrap()
}

pub fn envelope(id: &str, person: &str, body: Body) -> Envelope {
    let channel = ChannelName::new("deployments");
    Envelope { platform: slack(), id: id.to_owned(), account: format!("U-{person}"), channel, body }
}

pub fn command(text: &str) -> Body {
    Body::Command { text: text.to_owned(), thread: None }
}

pub fn arrival(envelope: &Envelope) -> Arrival {
    Arrival {
        platform: slack(),
        id: envelope.id.clone(),
        kind: "slash_commands".to_owned(),
        lane: envelope.account.clone(),
        proof: format!("v0={}", envelope.id),
        body: serde_json::to_string(envelope).unwrap(),
    }
}

pub async fn keeps(engine: &Engine, id: &str, person: &str, body: Body) -> Kept {
    engine.keep(arrival(&envelope(id, person, body))).await.unwrap()
}

/// Everything posted that is to be posted, in a world without loops.
pub async fn settle(engine: &Engine) {
    loop {
        let claims = engine.claim(99).await.unwrap();
        if claims.is_empty() {
            return;
        }
        for claim in claims {
            engine.act(&claim).await.unwrap();
        }
    }
}
