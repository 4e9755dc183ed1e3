//! What changed while a connection was away is read back, and never against something newer.

use super::kit::{Wire, command, engine, engine_at, envelope, keeps, monday, policy, settle, slack};
use signalbox::chat::{Body, ChatError, Inbox as _, Intake as _, Kept, Reacted};
use signalbox::clock::VirtualClock;
use signalbox::domain::ids::DeploymentId;
use signalbox::domain::time::Span;
use signalbox::engine::Engine;
use signalbox::store::{MemoryStore, Store as _};
use std::sync::Arc;

struct Card {
    store: Arc<MemoryStore>,
    wire: Arc<Wire>,
    engine: Arc<Engine>,
    message: String,
}

impl Card {
    /// D-1 waits for a key, and its card stands.
    async fn posted() -> Self {
        let (store, wire) = (Arc::new(MemoryStore::new()), Wire::new());
        let engine = engine(store.clone(), wire.clone(), "me");
        engine.receive(envelope("ask", "sara", command("/deploy v1.2.0 to staging"))).await.unwrap();
        settle(&engine).await;
        let message = store.message(&slack(), "card:D-1").await.unwrap().unwrap().id;
        Self { store, wire, engine, message }
    }

    fn reaction(&self, added: bool) -> Body {
        Body::Reaction { message: self.message.clone(), emoji: ":white_check_mark:".into(), added }
    }

    fn stand(&self, people: &[&str]) {
        let one = |p: &&str| Reacted { account: format!("U-{p}"), emoji: "white_check_mark".into() };
        *self.wire.reactions.lock().unwrap() = people.iter().map(one).collect();
    }

    /// How often a key was turned or withdrawn, in order.
    async fn keys(&self) -> String {
        let stream = signalbox::domain::ids::Stream::deployment(DeploymentId(1));
        let events = self.store.events(&stream, 0, 99).await.unwrap();
        let keys = events.into_iter().filter(|e| e.kind.starts_with("key_"));
        keys.map(|e| format!("{} {}", e.kind, e.actor)).collect::<Vec<_>>().join(", ")
    }

    /// Connected again, and everything worked that this brought.
    async fn connected(&self) -> usize {
        self.engine.connected(&slack()).await;
        self.engine.work_kept().await.unwrap()
    }
}

/// The platform shows a card whose post was never answered, and somebody is quick.
#[tokio::test]
async fn a_key_that_was_turned_before_the_card_was_known_is_turned_once_it_is_found() {
    let (store, wire) = (Arc::new(MemoryStore::new()), Wire::new());
    let clock = Arc::new(VirtualClock::starting_at(monday()));
    let engine = engine_at(store.clone(), wire.clone(), "me", policy(), clock.clone());
    wire.lost.lock().unwrap().extend((0..4).map(|_| ChatError::Unknown("500".into())));
    engine.receive(envelope("ask", "sara", command("/deploy v1.2.0 to staging"))).await.unwrap();
    settle(&engine).await;
    assert!(store.message(&slack(), "card:D-1").await.unwrap().is_none(), "nobody knows yet that it stands");
    wire.lost.lock().unwrap().clear();
    let card = Card { message: "C1:1".into(), store, wire, engine };
    let early = keeps(&card.engine, "react", "omar", card.reaction(true)).await;
    assert_eq!((early, card.engine.work_kept().await.unwrap()), (Kept::New, 1));
    assert_eq!(card.keys().await, "", "it is on a message of somebody else's, as far as anybody knows");
    card.stand(&["omar"]);
    clock.advance(Span::secs(2));
    settle(&card.engine).await;
    card.engine.work_kept().await.unwrap();
    assert_eq!(card.keys().await, "key_turned omar");
    assert_eq!(card.wire.posted.lock().unwrap().iter().filter(|k| *k == "card:D-1").count(), 1);
}

#[tokio::test]
async fn a_key_that_was_turned_during_an_outage_is_turned() {
    let card = Card::posted().await;
    card.stand(&["omar"]);
    assert_eq!(card.connected().await, 1);
    assert_eq!(card.keys().await, "key_turned omar");
    assert_eq!(
        (card.connected().await, card.wire.told().len()),
        (0, 1),
        "nothing has changed since, and omar was told once"
    );
}

#[tokio::test]
async fn a_key_that_was_taken_back_during_an_outage_is_withdrawn() {
    let card = Card::posted().await;
    // Somebody who turns no key here: the deployment still waits.
    card.engine.receive(envelope("e1", "sara", card.reaction(true))).await.unwrap();
    card.stand(&[]);
    card.engine.connected(&slack()).await;
    let rows = card.store.open_inbox("me", (0, ""), 9).await.unwrap();
    let back = rows[0].body.contains("\"added\":false") && rows[0].lane == "U-sara";
    assert!(rows.len() == 1 && back, "{rows:?}");
    card.engine.work_kept().await.unwrap();
    assert!(!card.store.reactions(&slack(), &card.message).await.unwrap()[0].added);
}

#[tokio::test]
async fn what_was_seen_live_is_not_read_back() {
    let card = Card::posted().await;
    card.engine.receive(envelope("e1", "omar", card.reaction(true))).await.unwrap();
    card.stand(&["omar"]);
    assert_eq!(card.connected().await, 0);
    card.engine.receive(envelope("e2", "unknown", card.reaction(true))).await.unwrap();
    card.stand(&["omar", "unknown"]);
    assert_eq!(card.connected().await, 0, "nor what unknown people do: they are told once");
}

#[tokio::test]
async fn a_live_event_that_was_kept_first_goes_first_and_the_read_back_means_nothing() {
    let card = Card::posted().await;
    // Turned and taken back, both delivered and not yet worked; the platform's answer is from between the two.
    keeps(&card.engine, "e1", "omar", card.reaction(true)).await;
    keeps(&card.engine, "e2", "omar", card.reaction(false)).await;
    card.stand(&["omar"]);
    assert_eq!(card.connected().await, 3);
    assert_eq!(card.wire.told().len(), 3);
    assert!(!card.keys().await.ends_with("key_turned omar"), "{}", card.keys().await);
    assert!(!card.store.reactions(&slack(), &card.message).await.unwrap()[0].added);
}

#[tokio::test]
async fn a_live_event_that_is_decided_while_the_platform_is_asked_wins() {
    let card = Card::posted().await;
    card.stand(&["omar"]);
    let (engine, on, off) = (
        Arc::clone(&card.engine),
        envelope("e1", "omar", card.reaction(true)),
        envelope("e2", "omar", card.reaction(false)),
    );
    let decided = move || {
        futures_util::future::FutureExt::now_or_never(async {
            engine.receive(on).await.unwrap();
            engine.receive(off).await.unwrap();
        })
        .unwrap();
    };
    *card.wire.meanwhile.lock().unwrap() = Some(Box::new(decided));
    assert_eq!(card.connected().await, 1, "a difference was seen");
    assert!(!card.store.reactions(&slack(), &card.message).await.unwrap()[0].added, "and was out of date");
}

#[tokio::test]
async fn what_the_platform_delivers_late_was_read_back_before() {
    let card = Card::posted().await;
    card.stand(&["omar"]);
    card.connected().await;
    let late = card.engine.receive(envelope("e1", "omar", card.reaction(true))).await.unwrap();
    assert_eq!((late, card.keys().await.as_str()), (Default::default(), "key_turned omar"), "omar hears nothing twice");
}

#[tokio::test]
async fn a_read_back_that_was_decided_before_a_crash_is_told_again() {
    let card = Card::posted().await;
    card.stand(&["omar"]);
    card.engine.connected(&slack()).await;
    let row = card.store.open_inbox("me", (0, ""), 9).await.unwrap().remove(0);
    let told = card.engine.receive(serde_json::from_str(&row.body).unwrap()).await.unwrap();
    assert!(!told.messages.is_empty());
    let wire = Wire::new();
    engine(card.store.clone(), wire.clone(), "next").work_kept().await.unwrap();
    assert_eq!(wire.told.lock().unwrap()[0].1, told);
}
