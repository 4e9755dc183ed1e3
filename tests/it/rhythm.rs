//! The ledger of slots: two signalboxes on one store, restarts and outages, and every digest is posted once for each slot.

use async_trait::async_trait;
use signalbox::chat::{ChatError, MessageRef, Platform, Post};
use signalbox::clock::VirtualClock;
use signalbox::config::load_embedded;
use signalbox::domain::ids::{ChannelName, PlatformName, Stream};
use signalbox::domain::message::Message;
use signalbox::domain::policy::Policy;
use signalbox::domain::render::words;
use signalbox::domain::rhythm::Cron;
use signalbox::domain::time::{Now, Span, after};
use signalbox::engine::{Deps, Engine};
use signalbox::ids::Ids;
use signalbox::jobs::command::revision::CommandRevisions;
use signalbox::rehearsal::world::{Outside, ScriptProbe};
use signalbox::store::{MemoryStore, Store, audit, open_sqlite};
use std::sync::{Arc, Mutex};

/// Remembers the first line of what is posted to engineering, and all of it.
struct Paper {
    name: PlatformName,
    said: Mutex<Vec<Message>>,
}

#[async_trait]
impl Platform for Paper {
    fn name(&self) -> &PlatformName {
        &self.name
    }

    async fn post(&self, post: &Post) -> Result<MessageRef, ChatError> {
        if post.channel.as_str() == "engineering" {
            self.said.lock().unwrap().push(post.message.clone());
        }
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
        Ok(None)
    }
}

/// Several signalboxes in one place and time.
struct Place {
    store: Arc<dyn Store>,
    clock: Arc<VirtualClock>,
    paper: Arc<Paper>,
    policy: Arc<Policy>,
}

fn policy() -> Policy {
    let mut policy = load_embedded().policy;
    policy.rhythm.maintenance.clear();
    policy.rhythm.digests.retain(|name, _| name == "morning" || name == "evening");
    policy
}

impl Place {
    /// A Monday, 08:00 in the example's zone.
    fn new(store: Arc<dyn Store>) -> Self {
        let clock = Arc::new(VirtualClock::starting_at("2026-01-05T08:00:00+03:00".parse().unwrap()));
        let paper = Arc::new(Paper { name: PlatformName::new("console"), said: Mutex::default() });
        Self { store, clock, paper, policy: Arc::new(policy()) }
    }

    /// A process that starts.
    fn start(&self, owner: &str) -> Arc<Engine> {
        let at = signalbox::clock::Clock::now(self.clock.as_ref()).wall;
        let deps = Deps {
            store: Arc::clone(&self.store),
            platforms: vec![self.paper.clone()],
            executors: Default::default(),
            probe: Arc::new(ScriptProbe::new(Arc::new(Outside::new(at)))),
            revisions: Arc::new(CommandRevisions),
            pagers: Default::default(),
            outlets: Default::default(),
            clock: self.clock.clone(),
            ids: Arc::new(Ids::seeded(u64::from(owner.as_bytes()[0]))),
            owner: owner.to_owned(),
        };
        Engine::new(deps, Arc::clone(&self.policy)).unwrap()
    }

    fn at(&self, text: &str) {
        self.clock.set(Now::at(text.parse().unwrap()));
    }

    fn titles(&self) -> Vec<String> {
        self.paper.said.lock().unwrap().iter().map(|m| words(&m.title)).collect()
    }
}

/// Every engine does what it finds, at the same time as the others, until nobody finds anything.
async fn work(engines: &[&Arc<Engine>]) {
    for _ in 0..40 {
        let turns = engines.iter().map(|engine| async move {
            let fired = engine.fire_timers().await.unwrap();
            let claims = engine.claim(16).await.unwrap();
            for claim in &claims {
                engine.act(claim).await.unwrap();
            }
            fired + claims.len()
        });
        if futures_util::future::join_all(turns).await.into_iter().sum::<usize>() == 0 {
            return;
        }
    }
    panic!("they do not come to rest");
}

/// Two processes for a week of two digests a day, one of them started anew in between.
async fn a_week_of_two(store: Arc<dyn Store>) {
    let place = Place::new(store);
    let (mut one, two) = (place.start("one"), place.start("two"));
    let mut now: jiff::Timestamp = "2026-01-05T08:00:00+03:00".parse().unwrap();
    for hour in 0..7 * 24 {
        work(&[&one, &two]).await;
        if hour % 50 == 49 {
            one = place.start("one");
        }
        now = after(now, Span::hours(1));
        place.clock.set(Now::at(now));
    }
    let titles = place.titles();
    assert_eq!(titles.len(), 14, "{titles:#?}");
    assert!(titles.iter().all(|t| !t.contains("late")), "{titles:#?}");
    for (n, title) in titles.iter().enumerate() {
        assert!(title.starts_with(if n % 2 == 0 { "Morning" } else { "Evening" }), "{title}");
    }
    let report = audit::verify(place.store.as_ref(), None).await.unwrap();
    assert!(report.problems.is_empty(), "{report:?}");
}

#[tokio::test]
async fn two_on_one_memory_post_every_slot_once() {
    a_week_of_two(Arc::new(MemoryStore::new())).await;
}

#[tokio::test]
async fn two_on_one_file_post_every_slot_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open_sqlite(&folder.path().join("rhythm.db")).await.unwrap());
    a_week_of_two(store.clone()).await;
    store.close().await.unwrap();
}

#[tokio::test]
async fn after_an_outage_only_the_newest_slot_is_caught_up_and_says_how_late() {
    let place = Place::new(Arc::new(MemoryStore::new()));
    let engine = place.start("one");
    work(&[&engine]).await;
    assert_eq!(place.titles(), [""; 0], "nothing is due before nine");
    drop(engine);
    place.at("2026-01-08T10:17:00+03:00");
    let (one, two) = (place.start("one"), place.start("two"));
    work(&[&one, &two]).await;
    let said = place.paper.said.lock().unwrap().clone();
    let mut titles = place.titles();
    titles.sort();
    assert_eq!(titles.len(), 2, "{titles:#?}");
    assert!(titles[0].starts_with("Evening") && titles[1].starts_with("Morning"), "{titles:#?}");
    assert!(titles.iter().all(|t| t.contains("late, at")), "{titles:#?}");
    let all = serde_json::to_string(&said).unwrap();
    assert!(all.contains("those before it were missed (3)"), "{all}");
    place.at("2026-01-08T18:00:00+03:00");
    work(&[&one, &two]).await;
    assert_eq!(place.titles().len(), 3, "it goes on at its next slot");
}

#[tokio::test]
async fn another_schedule_waits_for_its_own_next_slot_and_one_that_is_gone_for_none() {
    let mut place = Place::new(Arc::new(MemoryStore::new()));
    let engine = place.start("one");
    work(&[&engine]).await;
    place.at("2026-01-05T08:30:00+03:00");
    let mut changed = policy();
    let morning = changed.rhythm.digests.get_mut("morning").unwrap();
    morning.cron = Cron::read("0 7 * * *", "+03:00").unwrap();
    changed.rhythm.digests.remove("evening");
    place.policy = Arc::new(changed);
    engine.set_policy(Arc::clone(&place.policy)).await.unwrap();
    work(&[&engine]).await;
    place.at("2026-01-05T20:00:00+03:00");
    work(&[&engine]).await;
    assert_eq!(place.titles(), [""; 0], "seven was over when it was said, and there is no evening any more");
    place.at("2026-01-06T07:00:00+03:00");
    work(&[&engine]).await;
    assert_eq!(place.titles().len(), 1);
    let timers = place.store.timers(20).await.unwrap();
    assert!(timers.iter().all(|t| t.stream != Stream::digest("evening")), "{timers:?}");
}

#[tokio::test]
async fn each_digest_shows_the_head_that_the_journal_has_then() {
    let place = Place::new(Arc::new(MemoryStore::new()));
    let engine = place.start("one");
    work(&[&engine]).await;
    place.at("2026-01-05T09:00:00+03:00");
    engine.fire_timers().await.unwrap();
    let head = audit::head(place.store.as_ref()).await.unwrap();
    work(&[&engine]).await;
    let said = serde_json::to_string(&place.paper.said.lock().unwrap()[0]).unwrap();
    assert!(said.contains(&head), "{said}");
}
