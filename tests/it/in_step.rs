//! Two platforms show the same, within a second of whatever happens. Counted in the engine's own time.

use crate::inbox::kit::{monday, policy};
use async_trait::async_trait;
use signalbox::chat::{Body, ChatError, Envelope, Intake as _, MessageRef, Platform, Post};
use signalbox::clock::{Clock, VirtualClock};
use signalbox::domain::ids::{ChannelName, DeploymentId, PlatformName};
use signalbox::domain::message::Message;
use signalbox::domain::render;
use signalbox::domain::time::{Now, from_millis};
use signalbox::engine::{Deps, Engine};
use signalbox::ids::Ids;
use signalbox::jobs::command::revision::CommandRevisions;
use signalbox::limits;
use signalbox::rehearsal::world::{Behaviour, Outside, ScriptExecutor, ScriptProbe};
use signalbox::store::{MemoryStore, Store as _};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// A platform that keeps every version of every message, with its time.
struct Screen {
    name: PlatformName,
    clock: Arc<VirtualClock>,
    versions: Mutex<BTreeMap<String, Vec<(i64, Message)>>>,
    /// Until then it takes nothing, ms on the work clock.
    shut_until: Mutex<i64>,
}

impl Screen {
    fn show(&self, key: &str, message: &Message) -> Result<(), ChatError> {
        let now = self.clock.now().work.as_millisecond();
        let left = *self.shut_until.lock().unwrap() - now;
        if left > 0 {
            return Err(ChatError::Later { what: "too many requests".into(), after_ms: left });
        }
        self.versions.lock().unwrap().entry(key.to_owned()).or_default().push((now, message.clone()));
        Ok(())
    }

    fn shows(&self, key: &str) -> Message {
        self.versions.lock().unwrap()[key].last().unwrap().1.clone()
    }
}

#[async_trait]
impl Platform for Screen {
    fn name(&self) -> &PlatformName {
        &self.name
    }

    async fn post(&self, post: &Post) -> Result<MessageRef, ChatError> {
        self.show(&post.key, &post.message)?;
        Ok(MessageRef { channel: post.channel.clone(), id: post.key.clone() })
    }

    async fn edit(&self, at: &MessageRef, message: &Message) -> Result<(), ChatError> {
        self.show(&at.id, message)
    }

    async fn find(&self, _: &ChannelName, _: Option<&MessageRef>, key: &str) -> Result<Option<MessageRef>, ChatError> {
        let there = self.versions.lock().unwrap().contains_key(key);
        Ok(there.then(|| MessageRef { channel: ChannelName::new("deployments"), id: key.to_owned() }))
    }
}

struct World {
    clock: Arc<VirtualClock>,
    store: Arc<MemoryStore>,
    engine: Arc<Engine>,
    screens: [Arc<Screen>; 2],
    acts: usize,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(VirtualClock::starting_at(monday()));
        let (store, outside) = (Arc::new(MemoryStore::new()), Arc::new(Outside::new(monday())));
        outside.behave("api", "v1.2.0", Behaviour::default(), monday());
        let screens = ["slack", "discord"].map(|name| {
            Arc::new(Screen {
                name: PlatformName::new(name),
                clock: Arc::clone(&clock),
                versions: Mutex::default(),
                shut_until: Mutex::default(),
            })
        });
        let mut policy = policy();
        for person in policy.people.values_mut() {
            person.accounts.insert("discord".into(), format!("U-{}", person.id));
        }
        let executor = Arc::new(ScriptExecutor::new(Arc::clone(&outside)));
        let deps = Deps {
            store: store.clone(),
            platforms: screens.iter().map(|s| Arc::clone(s) as Arc<dyn Platform>).collect(),
            executors: policy.services.values().map(|s| (s.executor.clone(), executor.clone() as _)).collect(),
            probe: Arc::new(ScriptProbe::new(outside)),
            revisions: Arc::new(CommandRevisions),
            pagers: Default::default(),
            outlets: Default::default(),
            clock: clock.clone(),
            ids: Arc::new(Ids::seeded(1)),
            owner: "me".into(),
        };
        let engine = Engine::new(deps, Arc::new(policy)).unwrap();
        Self { clock, store, engine, screens, acts: 0 }
    }

    fn now(&self) -> i64 {
        self.clock.now().work.as_millisecond()
    }

    async fn says(&mut self, person: &str, text: &str) {
        self.acts += 1;
        let platform = ["slack", "discord"][self.acts % 2];
        let envelope = Envelope {
            platform: PlatformName::new(platform),
            id: format!("e{}", self.acts),
            account: format!("U-{person}"),
            channel: ChannelName::new("deployments"),
            body: Body::Command { text: text.to_owned(), thread: None },
        };
        let before = self.engine.store().heads("", 99).await.unwrap();
        self.engine.receive(envelope).await.unwrap();
        assert_ne!(self.engine.store().heads("", 99).await.unwrap(), before, "{person} changes nothing by {text}");
        self.quiet().await;
    }

    /// Everything that is due at this instant.
    async fn quiet(&self) {
        loop {
            let fired = self.engine.fire_timers().await.unwrap();
            let claims = self.engine.claim(99).await.unwrap();
            if fired == 0 && claims.is_empty() {
                return;
            }
            for claim in claims {
                self.engine.act(&claim).await.unwrap();
            }
        }
    }

    /// Moves on by so many ms, stopping whenever something falls due.
    async fn passes(&self, ms: i64) {
        let end = self.now() + ms;
        loop {
            let (wall, work) = self.store.next_timers().await.unwrap();
            let dues = [wall, work, self.store.next_outbox().await.unwrap()];
            let next = dues.into_iter().flatten().min().map(|at| at.max(self.now() + 1)).filter(|at| *at <= end);
            self.clock.set(Now::at(from_millis(next.unwrap_or(end))));
            self.quiet().await;
            if next.is_none() {
                return;
            }
        }
    }

    /// Every card of the deployment, as its state is now.
    async fn cards(&self) -> Vec<(String, Message)> {
        let d = self.engine.deployment(DeploymentId(1)).await.unwrap().unwrap();
        render::cards(&self.engine.policy(), &d).into_iter().map(|c| (c.key, c.message)).collect()
    }

    #[track_caller]
    fn shown(&self, cards: &[(String, Message)], screens: &[Arc<Screen>], when: &str) {
        for (key, message) in cards {
            for screen in screens {
                assert_eq!(screen.shows(key), *message, "{key} on {} {when}", screen.name);
            }
        }
    }
}

const SECOND: i64 = 1_000;

/// Keys turned and withdrawn, so that every act changes the card.
#[tokio::test]
async fn after_any_burst_both_show_the_same_within_a_second() {
    let mut world = World::new();
    world.says("sara", "/deploy v1.2.0 to staging").await;
    world.shown(&world.cards().await, &world.screens, "at once");
    world.passes(2 * SECOND).await;
    let mut dice = fastrand::Rng::with_seed(11);
    for burst in 0..60 {
        for act in 0..dice.usize(1..=6) {
            let verb = if (world.acts % 2) == 1 { "approve" } else { "withdraw" };
            world.says("omar", &format!("/{verb} D-1")).await;
            if act == 0 && burst % 3 == 0 {
                // The first act after a rest is shown at once.
                world.shown(&world.cards().await, &world.screens, "at once after a rest");
            }
            world.passes(dice.i64(0..700)).await;
        }
        let verb = if (world.acts % 2) == 1 { "approve" } else { "withdraw" };
        world.says("omar", &format!("/{verb} D-1")).await;
        let wanted = world.cards().await;
        world.passes(SECOND).await;
        world.shown(&wanted, &world.screens, "a second later");
        world.passes(if burst % 3 == 2 { 2 * SECOND } else { dice.i64(0..SECOND) }).await;
    }
    for screen in &world.screens {
        for (key, versions) in screen.versions.lock().unwrap().iter() {
            let times: Vec<i64> = versions.iter().map(|(at, _)| *at).collect();
            assert!(times.windows(2).all(|w| w[1] - w[0] >= limits::EDIT_EVERY_MS), "{key}: no edit too soon");
        }
    }
}

/// A platform that takes nothing for a while holds up nobody, and is in step within a second of its return.
#[tokio::test]
async fn a_platform_that_wants_rest_holds_up_nobody() {
    let mut world = World::new();
    world.says("sara", "/deploy v1.2.0 to staging").await;
    world.passes(5 * SECOND).await;
    let back = world.now() + 30 * SECOND;
    *world.screens[0].shut_until.lock().unwrap() = back;
    for verb in ["approve", "withdraw", "approve", "withdraw", "approve"] {
        world.says("omar", &format!("/{verb} D-1")).await;
        let wanted = world.cards().await;
        world.passes(SECOND).await;
        world.shown(&wanted, &world.screens[1..], "while the other rests");
    }
    assert_ne!(world.screens[0].shows("card:D-1"), world.screens[1].shows("card:D-1"));
    world.passes(back - world.now() + SECOND).await;
    world.shown(&world.cards().await, &world.screens, "a second after its return");
}

/// What hangs below a card that a platform lets wait is due when the card is: it is not asked about again and again.
#[tokio::test]
async fn what_waits_for_a_card_is_due_when_the_card_is() {
    let mut world = World::new();
    *world.screens[0].shut_until.lock().unwrap() = world.now() + 30 * SECOND;
    world.says("sara", "/deploy v1.2.0 to staging").await;
    world.says("omar", "/approve D-1").await;
    world.passes(29 * SECOND).await;
    let waits = async |world: &World| {
        let mut rows = world.store.outbox(99).await.unwrap();
        rows.retain(|row| row.key.ends_with("@slack"));
        rows
    };
    let waiting = waits(&world).await;
    assert!(waiting.len() > 1, "a card and what hangs below it: {waiting:#?}");
    assert!(waiting.iter().all(|row| row.attempts <= 4), "{waiting:#?}");
    world.passes(2 * SECOND).await;
    assert_eq!(waits(&world).await, [], "all of it is said at the card's return");
    world.shown(&world.cards().await, &world.screens, "a second after its return");
}
