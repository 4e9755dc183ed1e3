//! What only PostgreSQL has: several replicas, calls that are dropped half-way, a server that goes away.

use crate::kit::{Tip, conflict, event, input, outbox};
use crate::postgres::{schema, url};
use signalbox::store::{Batch, PgStore, Store as _, StoreError, open_postgres};
use std::task::Poll;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_start_at_once_migrate_once() {
    let Some(url) = url().await else { return };
    let starting = (0..6).map(|_| {
        let url = url.clone();
        tokio::spawn(async move { open_postgres(&url).await })
    });
    let stores: Vec<PgStore> =
        futures_util::future::join_all(starting).await.into_iter().map(|s| s.unwrap().unwrap()).collect();
    let mut tip = Tip::new("deployment/D-1");
    for store in &stores {
        store.commit(&event(&mut tip)).await.unwrap();
    }
    assert_eq!(stores[0].heads("", 9).await.unwrap()[0].1, 6);
}

/// Polls a call so often and drops it then; true when it had not ended. Polls, not time: a fast machine drops as many.
async fn dropped_after(polls: u32, call: impl Future) -> bool {
    let mut call = std::pin::pin!(call);
    for _ in 0..polls {
        let ended = std::future::poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_ready())).await;
        if ended {
            return false;
        }
        tokio::task::yield_now().await;
    }
    true
}

/// A driver that loses count of a transaction on a dropped call answers "stored" to writes that never are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_call_poisons_nothing() {
    let Some(schema) = schema().await else { return };
    let witness = open_postgres(&schema.url).await.unwrap();
    let mut rng = fastrand::Rng::with_seed(7);
    let mut dropped = 0;
    for n in 0..120_u32 {
        let key = n.to_string();
        let batch = Batch {
            inbox: vec![input(&key, 1)],
            outbox: vec![outbox(&format!("{n:03}"), &key, "x", 0)],
            ..Batch::default()
        };
        let polls = rng.u32(1..400);
        dropped += u32::from(dropped_after(polls, schema.store.commit(&batch)).await);
        dropped_after(polls, schema.store.claim(0, "me", 1, 1)).await;
        schema.store.set_setting("n", &key).await.unwrap();
        assert_eq!(witness.setting("n").await.unwrap(), Some(key), "a write that was answered is not there");
    }
    assert!(dropped > 10, "only {dropped} calls were dropped");
    schema.store.close().await.unwrap();
    let (inputs, rows) =
        (signalbox::store::Dump::inbox_page(&witness, "", 999).await.unwrap(), witness.outbox(999).await.unwrap());
    let keys = |all: Vec<String>| all.into_iter().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(keys(inputs.into_iter().map(|i| i.key).collect()), keys(rows.into_iter().map(|r| r.key).collect()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_race_between_replicas_is_a_conflict() {
    let Some(schema) = schema().await else { return };
    let other = open_postgres(&schema.url).await.unwrap();
    let tip = Tip::new("deployment/D-1");
    let (mine, theirs) = (event(&mut tip.clone()), event(&mut tip.clone()));
    let (a, b) = tokio::join!(schema.store.commit(&mine), other.commit(&theirs));
    let lost = if a.is_ok() { b } else { a.and(b) };
    conflict(lost);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_starts_leaves_the_leases_of_the_others() {
    let Some(schema) = schema().await else { return };
    crate::contract::leases_of_the_dead_are_broken_where_nobody_else_lives(schema.store(), false).await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said_without_its_password() {
    let said = open_postgres("postgres://me:hunter2@127.0.0.1:9/none?sslmode=disable").await.err().unwrap();
    assert!(matches!(said, StoreError::Unavailable(_)) && !said.to_string().contains("hunter2"), "{said}");
    let said = open_postgres("postgres://me:hunter2@[bad/none").await.err().unwrap();
    assert!(matches!(said, StoreError::Refused(_)) && !said.to_string().contains("hunter2"), "{said}");
}
