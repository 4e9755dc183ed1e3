//! Posting under trouble: a platform that asks for patience is not searched, one that was not heard is; receipts share groups.

use super::kit::{Wire, command, engine, envelope, monday};
use signalbox::chat::{ChatError, Intake as _};
use signalbox::domain::ids::Stream;
use signalbox::engine::{Outcome, Request};
use signalbox::limits;
use signalbox::store::{Batch, MemoryStore, OutboxRow, Receipt, Store as _};
use std::sync::Arc;

const CARD: &str = "card:D-1";

/// Claims at `ms` after the start, and acts.
async fn turn(engine: &signalbox::engine::Engine, ms: i64) {
    let now = monday().as_millisecond() + ms;
    for claim in engine.store().claim(now, "me", now + limits::LEASE_MS, 99).await.unwrap() {
        engine.act(&claim).await.unwrap();
    }
}

#[tokio::test]
async fn patience_is_no_doubt_and_a_lost_answer_is_one() {
    let (store, wire) = (Arc::new(MemoryStore::new()), Wire::new());
    let engine = engine(store, wire.clone(), "me");
    engine.receive(envelope("ask", "sara", command("/deploy v1.2.0 to staging"))).await.unwrap();
    let later = || ChatError::Later { what: "too many requests".into(), after_ms: 1_000 };
    wire.lost.lock().unwrap().extend([later(), later(), later(), ChatError::Unknown("cut off".into())]);
    let cards = |keys: &std::sync::Mutex<Vec<String>>| keys.lock().unwrap().iter().filter(|k| *k == CARD).count();
    let mut ms = 0;
    while cards(&wire.posted) == 0 {
        assert!(ms < 60_000, "it is never posted");
        turn(&engine, ms).await;
        ms += 1_000;
    }
    assert_eq!(*wire.sought.lock().unwrap(), [""; 0], "nothing was sent, so nothing is looked for");
    wire.lost.lock().unwrap().clear();
    for _ in 0..90 {
        turn(&engine, ms).await;
        ms += 1_000;
    }
    assert_eq!((cards(&wire.posted), wire.sought.lock().unwrap().contains(&CARD.to_owned())), (1, true));
    assert!(engine.store().message(&super::kit::slack(), CARD).await.unwrap().is_some());
}

#[tokio::test]
async fn a_receipt_that_lost_its_row_spoils_nobody_elses() {
    let store = Arc::new(MemoryStore::new());
    let engine = engine(store.clone(), Wire::new(), "me");
    let row = |n: &str| OutboxRow {
        id: n.into(),
        key: n.into(),
        target: n.into(),
        stream: Stream::new("deployment/D-1"),
        due_at: 0,
        attempts: 0,
        body: "{}".into(),
    };
    store.commit(&Batch { outbox: vec![row("1"), row("2")], ..Batch::default() }).await.unwrap();
    store.claim(0, "me", 60_000, 9).await.unwrap();
    let note = |id: &str, owner: &str| {
        let receipt = Some(Receipt { id: id.into(), owner: owner.into(), version: 1 });
        Request { receipt, ..Request::note() }
    };
    let stored = engine.apply(vec![note("1", "me"), note("2", "somebody else")]).await;
    assert!(matches!(&stored[0], Ok(Outcome::Decided { events: 0, .. })), "{stored:?}");
    assert_eq!(stored[1].as_ref().unwrap(), &Outcome::Gone);
    let left: Vec<String> = store.outbox(9).await.unwrap().into_iter().map(|r| r.id).collect();
    assert_eq!(left, ["2"]);
}
