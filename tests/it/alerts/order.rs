//! One episode as three replicas tell it, in any order and with a crash anywhere, is one incident and one page; on each store.

use crate::inbox::kit::{Wire, engine_at, monday, policy, settle};
use fastrand::Rng;
use serde_json::json;
use signalbox::alerts::read;
use signalbox::clock::VirtualClock;
use signalbox::domain::alert::Alert;
use signalbox::domain::ids::IncidentId;
use signalbox::domain::time::Span;
use signalbox::engine::Engine;
use signalbox::store::{MemoryStore, Store, open};
use std::sync::Arc;

/// What a replica posts: two alerts of one matter, in an order of its own, with the status they have.
fn body(firing: bool, dice: &mut Rng) -> Vec<Alert> {
    let one = |n: u8| {
        json!({ "status": if firing { "firing" } else { "resolved" }, "fingerprint": format!("f{n}"),
            "labels": { "alertname": "HealthFailing", "service": "api", "instance": n.to_string() },
            "startsAt": "2026-01-05T07:00:00Z" })
    };
    let mut alerts = vec![one(1), one(2)];
    dice.shuffle(&mut alerts);
    read("alertmanager", &json!({ "version": "4", "alerts": alerts }).to_string()).alerts
}

async fn told(store: Arc<dyn Store>, seed: u64) {
    let mut dice = Rng::with_seed(seed);
    let clock = Arc::new(VirtualClock::starting_at(monday()));
    let new = |n: usize| -> Arc<Engine> {
        engine_at(store.clone(), Wire::new(), &format!("me-{n}"), policy(), clock.clone())
    };
    let mut engines = [new(0), new(1)];
    // Three replicas, each of them twice, all within a minute.
    let mut words: Vec<bool> = [true, false].into_iter().cycle().take(12).collect();
    dice.shuffle(&mut words);
    for (n, firing) in words.iter().enumerate() {
        let alerts = body(*firing, &mut dice);
        let at = dice.usize(..engines.len());
        engines[at].take_alerts("prometheus", alerts).await.unwrap();
        if dice.u8(..4) == 0 {
            engines[at] = new(n + 2);
        }
        clock.advance(Span::secs(4));
    }
    let engine = &engines[0];
    engine.fire_timers().await.unwrap();
    settle(engine).await;
    let board = engine.board().await.unwrap();
    assert_eq!(board.last, 1, "seed {seed}: {words:?} is one incident");
    let incident = engine.incident(IncidentId(1)).await.unwrap().unwrap();
    let paged: Vec<&str> = incident.climb.pages.iter().map(|p| p.person.as_str()).collect();
    let mut once = paged.clone();
    once.dedup();
    assert_eq!(paged, once, "seed {seed}: {words:?} pages nobody twice");
    assert!(!paged.is_empty(), "seed {seed}");
    // Long after, it is over everywhere.
    clock.advance(Span::mins(6));
    engine.fire_timers().await.unwrap();
    let incident = engine.incident(IncidentId(1)).await.unwrap().unwrap();
    assert_eq!((incident.alerts.firing, incident.alerts.over), (0, 1), "seed {seed}: {words:?}");
    assert!(engine.alert_board().await.unwrap().firing.is_empty());
}

#[tokio::test]
async fn any_order_of_three_replicas_is_one_incident_and_one_page() {
    for seed in 0..60 {
        told(Arc::new(MemoryStore::new()), seed).await;
    }
}

#[tokio::test]
async fn the_same_on_the_embedded_database() {
    for seed in 100..104 {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("signalbox.db").display());
        let store = open(&url).await.unwrap();
        told(store, seed).await;
    }
}

/// Both decide on what they know, and one of them loses the race.
#[tokio::test]
async fn two_replicas_at_the_same_moment_open_one_incident() {
    for seed in 0..20 {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let clock = Arc::new(VirtualClock::starting_at(monday()));
        let engine = |owner: &str| engine_at(store.clone(), Wire::new(), owner, policy(), clock.clone());
        let (a, b) = (engine("a"), engine("b"));
        // Each has looked at the board before, and remembers it.
        let mut dice = Rng::with_seed(seed);
        let (first, second) = (body(true, &mut dice), body(true, &mut dice));
        let both = tokio::join!(a.take_alerts("prometheus", first), b.take_alerts("prometheus", second));
        assert!(both.0.is_ok() && both.1.is_ok(), "seed {seed}: {both:?}");
        a.take_alerts("prometheus", body(true, &mut dice)).await.unwrap();
        b.take_alerts("prometheus", body(false, &mut dice)).await.unwrap();
        assert_eq!(a.board().await.unwrap().last, 1, "seed {seed}");
    }
}
