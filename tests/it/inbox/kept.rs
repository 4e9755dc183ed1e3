//! Keeping, working and telling, through crashes and floods.

use super::kit::{Wire, arrival, command, engine, engine_at, envelope, keeps, monday, policy, slack};
use signalbox::chat::{ChatError, Inbox as _, Intake as _, Kept};
use signalbox::clock::{Clock as _, VirtualClock};
use signalbox::domain::time::{Now, Span, after};
use signalbox::engine::Service;
use signalbox::limits;
use signalbox::store::{MemoryStore, Store as _};
use std::sync::Arc;
use tokio::sync::Semaphore;

const ASK: &str = "/deploy status";

#[tokio::test]
async fn a_crash_between_keeping_and_working_loses_nothing() {
    let store = Arc::new(MemoryStore::new());
    let dead = engine(store.clone(), Wire::new(), "dead");
    assert_eq!(keeps(&dead, "e1", "sara", command("/deploy v1.2.0 to staging")).await, Kept::New);
    assert!(dead.open_deployments().await.unwrap().is_empty(), "nothing is done before it is worked");
    let wire = Wire::new();
    let next = engine(store.clone(), wire.clone(), "next");
    assert_eq!(next.work_kept().await.unwrap(), 1);
    assert_eq!(next.open_deployments().await.unwrap().len(), 1);
    assert_eq!(wire.told(), ["e1"]);
    assert_eq!((next.work_kept().await.unwrap(), store.open_inbox_count().await.unwrap()), (0, 0));
}

#[tokio::test]
async fn a_crash_between_deciding_and_telling_tells_the_same_again() {
    let store = Arc::new(MemoryStore::new());
    let ask = envelope("e1", "sara", command("/deploy v1.2.0 to staging"));
    let dead = engine(store.clone(), Wire::new(), "dead");
    dead.keep(arrival(&ask)).await.unwrap();
    let told = dead.receive(ask).await.unwrap();
    let wire = Wire::new();
    let next = engine(store, wire.clone(), "next");
    assert_eq!(next.work_kept().await.unwrap(), 1);
    assert_eq!(*wire.told.lock().unwrap(), [("e1".to_owned(), told)]);
    assert_eq!(next.open_deployments().await.unwrap().len(), 1, "and nothing was done twice");
}

#[tokio::test]
async fn what_comes_twice_is_worked_once_and_a_replay_is_told_apart() {
    let (store, wire) = (Arc::new(MemoryStore::new()), Wire::new());
    let engine = engine(store, wire.clone(), "me");
    let first = arrival(&envelope("e1", "sara", command(ASK)));
    let redelivered = signalbox::chat::Arrival { proof: "v0=later".into(), ..first.clone() };
    let kept = async |a: &signalbox::chat::Arrival| engine.keep(a.clone()).await.unwrap();
    assert_eq!(
        [kept(&first).await, kept(&redelivered).await, kept(&first).await],
        [Kept::New, Kept::Again, Kept::Replayed]
    );
    engine.work_kept().await.unwrap();
    assert_eq!(kept(&redelivered).await, Kept::Again, "also when it was worked");
    assert_eq!((engine.work_kept().await.unwrap(), wire.told()), (0, vec!["e1".to_owned()]));
}

#[tokio::test]
async fn what_cannot_be_told_now_waits_with_its_lane() {
    let (store, wire) = (Arc::new(MemoryStore::new()), Wire::new());
    let engine = engine(store.clone(), wire.clone(), "me");
    wire.troubles.lock().unwrap().push_back(ChatError::Later { what: "busy".into(), after_ms: 5 });
    for (id, person) in [("e1", "sara"), ("e2", "omar"), ("e3", "sara")] {
        keeps(&engine, id, person, command(ASK)).await;
    }
    assert_eq!((engine.work_kept().await.unwrap(), wire.told()), (1, vec!["e2".to_owned()]));
    assert_eq!((engine.work_kept().await.unwrap(), wire.told().join(" ")), (2, "e2 e1 e3".to_owned()));
    wire.troubles.lock().unwrap().push_back(ChatError::Refused("no such channel".into()));
    keeps(&engine, "e4", "sara", command(ASK)).await;
    assert_eq!((engine.work_kept().await.unwrap(), store.open_inbox_count().await.unwrap()), (1, 0), "that is final");
}

#[tokio::test]
async fn lanes_keep_their_order_through_a_flood_that_memory_cannot_hold() {
    let store = Arc::new(MemoryStore::new());
    let wire = Arc::new(Wire::gated(Some(Semaphore::new(0))));
    let engine = engine(store.clone(), wire.clone(), "me");
    let service = Service::start(Arc::clone(&engine)).await.unwrap();
    let people = ["sara", "omar", "lina"];
    let each = limits::LANES_HELD / people.len() + 100;
    let many = each * people.len();
    let keeping = people.map(|person| {
        let engine = Arc::clone(&engine);
        async move {
            for n in 0..each {
                assert_eq!(keeps(&engine, &format!("{person}{n}"), person, command("/why")).await, Kept::New);
            }
        }
    });
    futures_util::future::join_all(keeping).await;
    assert_eq!(
        store.open_inbox_count().await.unwrap(),
        i64::try_from(many).unwrap(),
        "acknowledged, and not one is worked"
    );
    wire.gate.as_ref().unwrap().add_permits(many + 1);
    let told = wire.has_told(many).await;
    for person in people {
        let lane: Vec<&str> = told.iter().filter_map(|id| id.strip_prefix(person)).collect();
        assert!(lane.iter().enumerate().all(|(n, told)| *told == n.to_string()), "{person}: {lane:?}");
    }
    assert_eq!(told.len(), many);
    service.shutdown().await.unwrap();
    assert_eq!(store.open_inbox_count().await.unwrap(), 0, "all of it is closed");
}

#[tokio::test]
async fn work_that_fails_for_a_while_is_tried_again_by_itself() {
    let (store, wire) = (Arc::new(MemoryStore::new()), Wire::new());
    let engine = engine(store.clone(), wire.clone(), "me");
    let busy = |n: u32| (0..n).map(|_| ChatError::Later { what: "busy".into(), after_ms: 1 });
    wire.troubles.lock().unwrap().extend(busy(limits::WORK_TRIES - 1));
    let service = Service::start(Arc::clone(&engine)).await.unwrap();
    keeps(&engine, "e1", "sara", command(ASK)).await;
    assert_eq!(wire.has_told(1).await, ["e1"]);
    // One failure more than that is final, and what comes after goes on.
    wire.troubles.lock().unwrap().extend(busy(limits::WORK_TRIES));
    keeps(&engine, "e2", "sara", command(ASK)).await;
    keeps(&engine, "e3", "sara", command(ASK)).await;
    assert_eq!(wire.has_told(2).await, ["e1", "e3"]);
    service.shutdown().await.unwrap();
    assert_eq!(store.open_inbox_count().await.unwrap(), 0);
}

#[tokio::test]
async fn a_started_service_works_what_the_one_before_had_left() {
    let store = Arc::new(MemoryStore::new());
    let dead = engine(store.clone(), Wire::new(), "dead");
    for n in 0..5 {
        keeps(&dead, &format!("e{n}"), "sara", command(ASK)).await;
    }
    let wire = Wire::new();
    let next = engine(store, wire.clone(), "next");
    let service = Service::start(Arc::clone(&next)).await.unwrap();
    keeps(&next, "e5", "sara", command(ASK)).await;
    assert_eq!(wire.has_told(6).await, ["e0", "e1", "e2", "e3", "e4", "e5"]);
    service.shutdown().await.unwrap();
    let late = next.keep(arrival(&envelope("e6", "sara", command(ASK)))).await;
    assert!(late.is_err(), "what comes after the end is not acknowledged");
}

#[tokio::test]
async fn a_replica_leaves_the_others_their_work_for_as_long_as_they_live() {
    let (store, clock) = (Arc::new(MemoryStore::for_replicas()), Arc::new(VirtualClock::starting_at(monday())));
    let (mine, yours) = (Wire::new(), Wire::new());
    let replica = |wire: &Arc<Wire>, owner| engine_at(store.clone(), wire.clone(), owner, policy(), clock.clone());
    let (me, you) = (replica(&mine, "me"), replica(&yours, "you"));
    assert_eq!(me.work_kept().await.unwrap(), 0, "a sign of life");
    keeps(&me, "e1", "sara", command(ASK)).await;
    let wait = |ms| clock.set(Now::at(after(clock.now().wall, Span::millis(ms))));
    wait(limits::INBOX_LEASE_MS - 1);
    assert_eq!(you.work_kept().await.unwrap(), 0);
    wait(1);
    assert_eq!((you.work_kept().await.unwrap(), yours.told(), mine.told().len()), (1, vec!["e1".to_owned()], 0));
    assert_eq!(me.work_kept().await.unwrap(), 0, "it comes back late, and finds it done");
}

#[tokio::test]
async fn an_id_that_no_store_can_index_is_refused_and_text_without_meaning_is_cleaned() {
    let (store, wire) = (Arc::new(MemoryStore::new()), Wire::new());
    let engine = engine(store.clone(), wire, "me");
    let most = limits::STORE_KEY_BYTES - "slack:".len();
    let long = |n: usize| arrival(&envelope(&"x".repeat(n), "sara", command(ASK)));
    assert!(engine.keep(long(most)).await.is_ok() && engine.keep(long(most + 1)).await.is_err());
    let nul = signalbox::chat::Arrival { lane: "U\0".into(), body: "\0".into(), ..long(3) };
    assert_eq!(engine.keep(nul).await.unwrap(), Kept::New);
    assert_eq!(engine.work_kept().await.unwrap(), 2, "what cannot be read is done with, too");
    assert_eq!(slack().as_str(), "slack");
}
