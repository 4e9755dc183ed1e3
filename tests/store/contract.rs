//! What every store promises.

use crate::kit::{Any, Tip, conflict, event, everything, input, message, outbox, receipt, run, stream, timer};
use signalbox::domain::ids::PlatformName;
use signalbox::store::{Batch, HistoryQuery, Receipt, StoreError};

fn full() -> (Batch, Tip) {
    let mut tip = Tip::new("deployment/D-1");
    let mut batch = event(&mut tip);
    tip.append(&mut batch, r#"{"n":2}"#);
    batch.reads.push((stream("deployment/D-1"), 0));
    batch.reads.push((stream("environment/staging"), 0));
    batch.inbox.push(input("console:1", 10));
    batch.timers_set.push(timer("deployment/D-1:expiry", 100, true));
    batch.outbox.push(outbox("01", "card:D-1", "console/deployments", 0));
    batch.history.push(run(1, "api", "staging"));
    batch.messages.push(message("card:D-1", "m1"));
    (batch, tip)
}

pub async fn a_batch_is_stored_whole(store: Any) {
    let (batch, tip) = full();
    store.commit(&batch).await.unwrap();
    assert_eq!(store.events(&tip.stream, 0, 10).await.unwrap(), batch.events);
    assert_eq!(store.events(&tip.stream, 1, 10).await.unwrap(), batch.events[1..]);
    assert_eq!(store.events(&tip.stream, 0, 1).await.unwrap(), batch.events[..1]);
    let asked = [stream("none/x"), tip.stream.clone(), tip.stream.clone()];
    assert_eq!(store.states(&asked).await.unwrap(), batch.states);
    assert_eq!(
        store.answers(&["console:1".to_owned()]).await.unwrap(),
        [("console:1".into(), r#""console:1""#.into())]
    );
    assert_eq!(store.timers(10).await.unwrap(), batch.timers_set);
    assert_eq!(store.outbox(10).await.unwrap(), batch.outbox);
    assert_eq!(store.last_number().await.unwrap(), 1);
    assert_eq!(
        store.message(&PlatformName::new("console"), "card:D-1").await.unwrap(),
        batch.messages.first().cloned()
    );
    assert_eq!(
        store.message_by_id(&PlatformName::new("console"), "m1").await.unwrap(),
        batch.messages.first().cloned()
    );
    assert_eq!(store.message_by_id(&PlatformName::new("slack"), "m1").await.unwrap(), None);
    store.commit(&Batch::default()).await.unwrap();
    store.ping().await.unwrap();
}

pub async fn each_broken_expectation_stores_nothing(store: Any) {
    let (first, tip) = full();
    store.commit(&first).await.unwrap();
    let before = everything(&*store).await;
    type Spoil = fn(&mut Batch, &Tip);
    let breaks: [(&str, Spoil); 8] = [
        ("a stream moved", |b, tip| b.reads.push((tip.stream.clone(), 1))),
        ("a stream has events", |b, tip| b.reads.push((tip.stream.clone(), 0))),
        ("a stream has none", |b, _| b.reads.push((stream("incident/INC-1"), 3))),
        ("an input was decided", |b, _| b.inbox.push(input("console:1", 11))),
        ("a timer moved", |b, _| b.timers_fired.push(("deployment/D-1:expiry".into(), 99))),
        ("a timer is gone", |b, _| b.timers_fired.push(("deployment/D-1:other".into(), 100))),
        ("a lease is not there", |b, _| b.receipts.push(receipt("01", "me", 1))),
        ("an outbox id is taken", |b, _| b.outbox.push(outbox("01", "card:D-9", "x", 0))),
    ];
    for (name, spoil) in breaks {
        let mut tip2 = Tip::new("deployment/D-2");
        let mut batch = event(&mut tip2);
        batch.inbox.push(input("console:2", 11));
        batch.timers_set.push(timer("deployment/D-2:expiry", 100, true));
        batch.timers_cancelled.push("deployment/D-1:expiry".into());
        batch.outbox_cancelled.push("nothing".into());
        batch.outbox.push(outbox("02", "card:D-2", "x", 0));
        batch.history.push(run(2, "api", "staging"));
        batch.messages.push(message("card:D-1", "m2"));
        spoil(&mut batch, &tip);
        conflict(store.commit(&batch).await);
        assert_eq!(everything(&*store).await, before, "{name}");
    }
}

pub async fn a_batch_that_cannot_be_stored_is_refused_before_it_begins(store: Any) {
    let mut stale = event(&mut Tip::new("deployment/D-1"));
    stale.states.clear();
    let mut nul = Batch::default();
    nul.history.push(run(1, "a\0pi", "staging"));
    let mut long = Batch::default();
    long.inbox.push(input(&"k".repeat(signalbox::limits::STORE_KEY_BYTES + 1), 1));
    let mut unlinked = event(&mut Tip::new("deployment/D-1"));
    unlinked.events[0].previous = "made up".into();
    for batch in [stale, nul, long, unlinked] {
        let said = store.commit(&batch).await;
        assert!(matches!(said, Err(StoreError::Corrupt { .. })), "{said:?}");
    }
    let mut longest = Batch::default();
    longest.inbox.push(input(&"k".repeat(signalbox::limits::STORE_KEY_BYTES), 1));
    store.commit(&longest).await.unwrap();
}

pub async fn an_input_is_decided_once(store: Any) {
    let twice = Batch { inbox: vec![input("a", 1), input("a", 1)], ..Batch::default() };
    conflict(store.commit(&twice).await);
    let racing = (0..8).map(|n| {
        let (store, mut batch) = (store.clone(), Batch { inbox: vec![input("slack:1", n)], ..Batch::default() });
        batch.outbox.push(outbox(&n.to_string(), &n.to_string(), "x", 0));
        tokio::spawn(async move { store.commit(&batch).await })
    });
    let mut won = 0;
    for done in futures_util::future::join_all(racing).await {
        match done.unwrap() {
            Ok(()) => won += 1,
            lost => conflict(lost),
        }
    }
    assert_eq!((won, store.outbox(10).await.unwrap().len()), (1, 1));
    assert_eq!(store.answers(&["slack:1".into(), "slack:2".into()]).await.unwrap().len(), 1);
}

pub async fn only_one_of_many_continues_a_stream(store: Any) {
    let mut tip = Tip::new("environment/production");
    for round in 1..=5 {
        let racing = (0..6).map(|n| {
            let (store, mut mine) = (store.clone(), tip.clone());
            let mut batch = Batch { reads: vec![(mine.stream.clone(), mine.seq)], ..Batch::default() };
            mine.append(&mut batch, &n.to_string());
            tokio::spawn(async move { store.commit(&batch).await.map(|()| mine) })
        });
        let done: Vec<_> = futures_util::future::join_all(racing).await.into_iter().map(Result::unwrap).collect();
        let won: Vec<&Tip> = done.iter().flatten().collect();
        assert_eq!(won.len(), 1, "round {round}: {done:?}");
        assert!(done.iter().all(|d| matches!(d, Ok(_) | Err(StoreError::Conflict(_)))), "{done:?}");
        tip = won[0].clone();
        assert_eq!(store.heads("", 10).await.unwrap(), [(tip.stream.clone(), round, tip.hash.clone())]);
    }
    // What was only read counts as well: two that each write what the other read cannot both pass.
    let (mut a, mut b) = (Tip::new("a"), Tip::new("b"));
    for tip in [&mut a, &mut b] {
        store.commit(&event(tip)).await.unwrap();
    }
    let crossed = [(a.clone(), b.clone()), (b, a)].map(|(mut writes, reads)| {
        let mut batch = event(&mut writes);
        batch.reads.push((reads.stream, reads.seq));
        let store = store.clone();
        tokio::spawn(async move { store.commit(&batch).await })
    });
    let passed = futures_util::future::join_all(crossed).await.into_iter().filter(|d| d.as_ref().unwrap().is_ok());
    assert_eq!(passed.count(), 1);
}

/// A stream without events has no row that could be locked, and must hold off its first event all the same.
pub async fn what_was_read_as_empty_is_held_as_well(store: Any) {
    for round in 0..30 {
        let (a, b) = (Tip::new(&format!("lock/a{round}")), Tip::new(&format!("lock/b{round}")));
        let crossed = [(a.clone(), b.clone()), (b, a)].map(|(mut writes, reads)| {
            let mut batch = event(&mut writes);
            batch.reads.push((reads.stream, 0));
            let store = store.clone();
            tokio::spawn(async move { store.commit(&batch).await })
        });
        let done: Vec<_> = futures_util::future::join_all(crossed).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(done.iter().filter(|d| d.is_ok()).count(), 1, "round {round}: {done:?}");
        assert!(done.iter().all(|d| matches!(d, Ok(()) | Err(StoreError::Conflict(_)))), "{done:?}");
    }
    // Both only read it: nothing they rest on has changed, so neither stands in the other's way.
    let (mut c, mut d) = (Tip::new("lock/c"), Tip::new("lock/d"));
    for writes in [&mut c, &mut d] {
        let mut batch = event(writes);
        batch.reads.push((stream("lock/never"), 0));
        store.commit(&batch).await.unwrap();
    }
}

pub async fn a_timer_fires_once_among_many(store: Any) {
    let timers = (0..40).map(|n| timer(&format!("deployment/D-{n}:expiry"), n % 7, true)).collect();
    store.commit(&Batch { timers_set: timers, ..Batch::default() }).await.unwrap();
    let workers = (0..4).map(|worker| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut fired = 0;
            loop {
                let due = store.due_timers(0, 100, 3).await.unwrap();
                if due.is_empty() {
                    return fired;
                }
                let mut batch = Batch::default();
                for t in &due {
                    batch.timers_fired.push((t.id.clone(), t.due_at));
                    batch.outbox.push(outbox(&format!("{worker}-{}", t.id), &format!("{worker}-{}", t.id), &t.id, 0));
                }
                match store.commit(&batch).await {
                    Ok(()) => fired += due.len(),
                    lost => conflict(lost),
                }
            }
        })
    });
    let fired: usize = futures_util::future::join_all(workers).await.into_iter().map(Result::unwrap).sum();
    assert_eq!((fired, store.outbox(100).await.unwrap().len()), (40, 40));
}

pub async fn timers_come_by_both_clocks_earliest_first(store: Any) {
    assert_eq!(store.next_timers().await.unwrap(), (None, None));
    let set = [("c", 30, true), ("a", 10, false), ("d", 30, false), ("b", 20, true), ("e", 40, true)];
    let timers_set = set.map(|(id, due, work)| timer(id, due, work)).to_vec();
    store.commit(&Batch { timers_set, ..Batch::default() }).await.unwrap();
    let ids = async |wall, work, limit| -> String {
        store.due_timers(wall, work, limit).await.unwrap().into_iter().map(|t| t.id).collect()
    };
    assert_eq!(store.next_timers().await.unwrap(), (Some(10), Some(20)));
    assert_eq!(ids(9, 19, 10).await, "");
    assert_eq!(ids(10, 19, 10).await, "a");
    assert_eq!(ids(30, 30, 10).await, "abcd");
    assert_eq!(ids(30, 30, 3).await, "abc");
    assert_eq!(ids(0, 40, 10).await, "bce");
    assert_eq!(ids(0, 40, 0).await, "");
    let all: String = store.timers(10).await.unwrap().into_iter().map(|t| t.id).collect();
    assert_eq!(all, "abcde");
}

pub async fn timers_are_replaced_cancelled_and_fired(store: Any) {
    let timers_set = vec![timer("a", 10, true), timer("b", 10, true), timer("a", 20, false)];
    store.commit(&Batch { timers_set, ..Batch::default() }).await.unwrap();
    assert_eq!(store.timers(10).await.unwrap(), [timer("b", 10, true), timer("a", 20, false)]);
    let mut batch = Batch { timers_fired: vec![("a".into(), 20)], ..Batch::default() };
    batch.timers_cancelled = vec!["b".into(), "unknown".into()];
    batch.timers_set = vec![timer("a", 50, true)];
    store.commit(&batch).await.unwrap();
    assert_eq!(store.timers(10).await.unwrap(), [timer("a", 50, true)]);
    let twice = Batch { timers_fired: vec![("a".into(), 50), ("a".into(), 50)], ..Batch::default() };
    conflict(store.commit(&twice).await);
}

async fn claimed(store: &Any, now: i64, owner: &str, limit: i64) -> Vec<String> {
    store.claim(now, owner, now + 100, limit).await.unwrap().into_iter().map(|c| c.row.id).collect()
}

pub async fn the_outbox_keeps_order_within_a_target(store: Any) {
    let rows = [("5", "y"), ("1", "x"), ("2", "x"), ("3", "y"), ("4", "z")];
    let outbox_rows = rows.map(|(id, target)| outbox(id, &format!("k{id}"), target, 0)).to_vec();
    store.commit(&Batch { outbox: outbox_rows, ..Batch::default() }).await.unwrap();
    assert_eq!(store.next_outbox().await.unwrap(), Some(0));
    assert_eq!(claimed(&store, 10, "me", 2).await, ["1", "3"], "the oldest heads first");
    assert_eq!(claimed(&store, 10, "me", 9).await, ["4"], "a leased head holds its target back");
    assert_eq!(store.next_outbox().await.unwrap(), Some(110));
    store.commit(&Batch { receipts: vec![receipt("1", "me", 1)], ..Batch::default() }).await.unwrap();
    assert_eq!(claimed(&store, 11, "me", 9).await, ["2"]);
    // An older row that comes in late waits for the one under way.
    store.commit(&Batch { outbox: vec![outbox("0", "late", "x", 0)], ..Batch::default() }).await.unwrap();
    assert_eq!(claimed(&store, 11, "me", 9).await, [""; 0]);
    store.commit(&Batch { receipts: vec![receipt("2", "me", 1)], ..Batch::default() }).await.unwrap();
    assert_eq!(claimed(&store, 11, "me", 9).await, ["0"]);
}

pub async fn a_head_that_is_not_due_holds_its_target_back(store: Any) {
    let rows = vec![outbox("1", "a", "x", 50), outbox("2", "b", "x", 0), outbox("3", "c", "y", 60)];
    store.commit(&Batch { outbox: rows, ..Batch::default() }).await.unwrap();
    assert_eq!(claimed(&store, 49, "me", 9).await, [""; 0]);
    assert_eq!(store.next_outbox().await.unwrap(), Some(50));
    assert_eq!(claimed(&store, 50, "me", 9).await, ["1"]);
    assert_eq!(store.next_outbox().await.unwrap(), Some(60));
    store.commit(&Batch { outbox_cancelled: vec!["a".into(), "nothing".into()], ..Batch::default() }).await.unwrap();
    assert_eq!(claimed(&store, 60, "me", 9).await, ["2", "3"]);
    store.commit(&Batch { outbox_cancelled: vec!["b".into(), "c".into()], ..Batch::default() }).await.unwrap();
    assert_eq!(store.next_outbox().await.unwrap(), None);
}

pub async fn a_row_is_due_when_it_was_put_back_to(store: Any) {
    assert_eq!(store.outbox_due("a").await.unwrap(), None);
    store.commit(&Batch { outbox: vec![outbox("1", "a", "x", 5)], ..Batch::default() }).await.unwrap();
    assert_eq!(store.outbox_due("a").await.unwrap(), Some(5));
    let claim = store.claim(10, "me", 100, 9).await.unwrap().remove(0);
    assert_eq!(store.outbox_due("a").await.unwrap(), Some(5), "leased");
    store.put_back(&claim, 70).await.unwrap();
    assert_eq!((store.outbox_due("a").await.unwrap(), store.outbox_due("x").await.unwrap()), (Some(70), None));
    store.commit(&Batch { outbox_cancelled: vec!["a".into()], ..Batch::default() }).await.unwrap();
    assert_eq!(store.outbox_due("a").await.unwrap(), None);
}

pub async fn a_replaced_row_outlives_its_receipt(store: Any) {
    store.commit(&Batch { outbox: vec![outbox("1", "card", "x", 5)], ..Batch::default() }).await.unwrap();
    let old = store.claim(10, "me", 100, 9).await.unwrap().remove(0);
    assert_eq!((old.version, old.row.attempts), (1, 1));
    let mut again = outbox("7", "card", "other", 20);
    again.body = "2".into();
    store.commit(&Batch { outbox: vec![again.clone()], ..Batch::default() }).await.unwrap();
    let standing = store.outbox(9).await.unwrap().remove(0);
    assert_eq!((standing.id.as_str(), standing.target.as_str(), standing.attempts), ("1", "x", 1));
    assert_eq!((standing.body.as_str(), standing.due_at), ("2", 20));
    let late = Batch { receipts: vec![receipt("1", "me", old.version)], ..Batch::default() };
    store.commit(&late).await.unwrap();
    conflict(store.commit(&late).await);
    assert_eq!(store.next_outbox().await.unwrap(), Some(20), "free again, due as the replacement said");
    let new = store.claim(20, "me", 100, 9).await.unwrap().remove(0);
    assert_eq!((new.version, new.row.attempts, new.row.body.as_str()), (2, 2, "2"));
    // A receipt and the same key again in one batch: the old row is done, a new one stands.
    let mut both = Batch { receipts: vec![receipt("1", "me", 2)], ..Batch::default() };
    both.outbox.extend([outbox("8", "card", "x", 1), outbox("9", "card", "x", 3)]);
    store.commit(&both).await.unwrap();
    let rows = store.outbox(9).await.unwrap();
    assert_eq!(rows, [outbox("8", "card", "x", 3)]);
    assert_eq!(store.claim(20, "me", 100, 9).await.unwrap()[0].version, 2, "two changes");
}

pub async fn a_lease_is_taken_over_and_fences(store: Any) {
    store.commit(&Batch { outbox: vec![outbox("1", "card", "x", 0)], ..Batch::default() }).await.unwrap();
    let mine = store.claim(0, "me", 100, 9).await.unwrap().remove(0);
    assert!(store.renew(&mine, 120).await.unwrap());
    assert!(store.claim(119, "you", 300, 9).await.unwrap().is_empty());
    let yours = store.claim(120, "you", 300, 9).await.unwrap().remove(0);
    assert_eq!((yours.row.attempts, yours.owner.as_str(), yours.lease_until), (2, "you", 300));
    assert!(!store.renew(&mine, 500).await.unwrap());
    store.release(&mine, 0).await.unwrap();
    let done = |owner: &str| Batch { receipts: vec![receipt("1", owner, 1)], ..Batch::default() };
    conflict(store.commit(&done("me")).await);
    assert_eq!(store.next_outbox().await.unwrap(), Some(300));
    store.release(&yours, 150).await.unwrap();
    assert_eq!(store.next_outbox().await.unwrap(), Some(150));
    conflict(store.commit(&done("you")).await);
    assert!(!store.renew(&yours, 500).await.unwrap());
    let again = store.claim(150, "you", 160, 9).await.unwrap().remove(0);
    // The same owner after its own lease ran out: the older claim is fenced by its count.
    let newest = store.claim(160, "you", 300, 9).await.unwrap().remove(0);
    assert!(!store.renew(&again, 999).await.unwrap() && store.renew(&newest, 400).await.unwrap());
    store.commit(&done("you")).await.unwrap();
    assert!(store.outbox(9).await.unwrap().is_empty());
}

/// Where nobody else can be at work, what an earlier process left leased is free at once, and it is fenced.
pub async fn leases_of_the_dead_are_broken_where_nobody_else_lives(store: Any, alone: bool) {
    let rows = vec![outbox("1", "a", "x", 0), outbox("2", "b", "y", 0)];
    store.commit(&Batch { outbox: rows, ..Batch::default() }).await.unwrap();
    let dead = store.claim(0, "dead", 60_000, 1).await.unwrap().remove(0);
    let broken = store.break_leases().await.unwrap();
    assert_eq!(broken, u64::from(alone));
    assert_eq!(store.renew(&dead, 90_000).await.unwrap(), !alone);
    if !alone {
        return;
    }
    conflict(store.commit(&Batch { receipts: vec![receipt("1", "dead", 1)], ..Batch::default() }).await);
    assert_eq!(store.next_outbox().await.unwrap(), Some(0));
    let claims = store.claim(0, "new", 60_000, 9).await.unwrap();
    let attempts: Vec<_> = claims.iter().map(|c| (c.row.id.as_str(), c.row.attempts)).collect();
    assert_eq!(attempts, [("1", 2), ("2", 1)], "the next attempt knows that there was one before");
    assert_eq!(store.break_leases().await.unwrap(), 2);
    assert_eq!(store.break_leases().await.unwrap(), 0);
}

pub async fn claims_of_many_never_overlap(store: Any) {
    let rows = (0..60).map(|n| outbox(&format!("{n:02}"), &format!("k{n}"), &format!("t{}", n % 5), 0)).collect();
    store.commit(&Batch { outbox: rows, ..Batch::default() }).await.unwrap();
    let workers = (0..4).map(|worker| {
        let (store, owner) = (store.clone(), format!("w{worker}"));
        tokio::spawn(async move {
            let mut done = Vec::new();
            while store.next_outbox().await.unwrap().is_some() {
                for claim in store.claim(0, &owner, 1, 2).await.unwrap() {
                    let receipts =
                        vec![Receipt { id: claim.row.id.clone(), owner: owner.clone(), version: claim.version }];
                    store.commit(&Batch { receipts, ..Batch::default() }).await.unwrap();
                    done.push((claim.row.target, claim.row.id));
                }
                tokio::task::yield_now().await;
            }
            done
        })
    });
    let mut done: Vec<_> = futures_util::future::join_all(workers).await.into_iter().flat_map(Result::unwrap).collect();
    done.sort_unstable();
    done.dedup();
    assert_eq!(done.len(), 60);
}

pub async fn leases_belong_to_one(store: Any) {
    assert!(store.lease("gateway", "a", 0, 100).await.unwrap());
    assert!(!store.lease("gateway", "b", 99, 200).await.unwrap());
    assert!(store.lease("gateway", "a", 99, 150).await.unwrap(), "its holder extends it");
    assert!(store.lease("digest", "b", 99, 150).await.unwrap(), "another name is another lease");
    assert!(!store.lease("gateway", "b", 149, 300).await.unwrap());
    assert!(store.lease("gateway", "b", 150, 300).await.unwrap(), "it ran out");
    assert!(!store.lease("gateway", "a", 151, 400).await.unwrap());
}

pub async fn history_pages_newest_first(store: Any) {
    assert_eq!(store.last_number().await.unwrap(), 0);
    let places =
        [("api", "staging"), ("api", "production"), ("web", "staging"), ("api", "staging"), ("api", "staging")];
    let rows = (1..).zip(places).map(|(n, (service, environment))| run(n, service, environment)).collect();
    store.commit(&Batch { history: rows, ..Batch::default() }).await.unwrap();
    let numbers = async |service: Option<&str>, environment: Option<&str>, before, limit| -> Vec<i64> {
        let (service, environment) = (service.map(str::to_owned), environment.map(str::to_owned));
        let query = HistoryQuery { service, environment, before, limit };
        store.history(&query).await.unwrap().iter().map(|r| r.number).collect()
    };
    assert_eq!(numbers(None, None, None, 3).await, [5, 4, 3]);
    assert_eq!(numbers(None, None, Some(3), 3).await, [2, 1]);
    assert_eq!(numbers(Some("api"), Some("staging"), None, 9).await, [5, 4, 1]);
    assert_eq!(numbers(Some("api"), Some("staging"), Some(5), 1).await, [4]);
    assert_eq!(numbers(None, Some("production"), None, 9).await, [2]);
    assert_eq!(numbers(Some("none"), None, None, 9).await, [0; 0]);
    let mut ended = run(2, "api", "production");
    ended.status = "succeeded".into();
    store
        .commit(&Batch { history: vec![run(2, "api", "production"), ended.clone()], ..Batch::default() })
        .await
        .unwrap();
    let query = HistoryQuery { before: Some(3), limit: 1, ..HistoryQuery::default() };
    assert_eq!(store.history(&query).await.unwrap(), [ended]);
    assert_eq!(store.last_number().await.unwrap(), 5);
}

pub async fn messages_and_settings_are_replaced(store: Any) {
    let console = PlatformName::new("console");
    let messages = vec![message("card", "m1"), message("thread", "m2"), message("card", "m3")];
    store.commit(&Batch { messages, ..Batch::default() }).await.unwrap();
    assert_eq!(store.message(&console, "card").await.unwrap(), Some(message("card", "m3")));
    assert_eq!(store.message_by_id(&console, "m1").await.unwrap(), None);
    assert_eq!(store.setting("clock").await.unwrap(), None);
    store.set_setting("clock", "1").await.unwrap();
    store.set_setting("clock", "2").await.unwrap();
    assert_eq!(store.setting("clock").await.unwrap().as_deref(), Some("2"));
}

pub async fn streams_and_heads_page_by_name(store: Any) {
    // By bytes, whatever the locale: upper case before lower, "-" before digits.
    let names = ["B/1", "a/-", "a/1", "a/10", "a/2", "ä/1"];
    for name in names.iter().rev() {
        store.commit(&event(&mut Tip::new(name))).await.unwrap();
    }
    let all: Vec<String> = store.streams("", 99).await.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(all, names);
    let page: Vec<String> = store.streams("a/1", 2).await.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(page, ["a/10", "a/2"]);
    let page: Vec<String> = store.heads("a/1", 2).await.unwrap().iter().map(|(s, _, _)| s.to_string()).collect();
    assert_eq!(page, ["a/10", "a/2"]);
    assert!(store.streams("ä/1", 9).await.unwrap().is_empty() && store.heads("ä/1", 9).await.unwrap().is_empty());
}

pub async fn the_inbox_is_pruned_oldest_first(store: Any) {
    let rows = [("a", 30), ("b", 10), ("c", 20), ("d", 40)].map(|(key, at)| input(key, at)).to_vec();
    store.commit(&Batch { inbox: rows, ..Batch::default() }).await.unwrap();
    assert_eq!(store.prune_inbox(40, 2).await.unwrap(), 2);
    let left: String = store.inbox_page("", 9).await.unwrap().into_iter().map(|i| i.key).collect();
    assert_eq!(left, "ad");
    assert_eq!(store.prune_inbox(40, 2).await.unwrap(), 1);
    assert_eq!(store.prune_inbox(40, 2).await.unwrap(), 0);
}

pub async fn text_survives_unchanged(store: Any) {
    let texts = [
        r#"{"said":"\u0000 \"quoted\" \\ back"}"#,
        "{\"n\":123456789012345678901234567890,\"e\":1e400,\"a\":1,\"a\":2}",
        "[\"\u{1f680} ünï \u{202e}rtl\u{7f}\"]",
        "   [ 1 ,\n2 ]  ",
        "",
        "null",
    ];
    let mut tip = Tip::new("person/o'neil %_?$1");
    let mut batch = Batch::default();
    for text in texts {
        tip.append(&mut batch, text);
    }
    batch.events.iter_mut().for_each(|e| assert!(!e.hash.is_empty()));
    let big = format!("\"{}\"", "x\\n".repeat(200_000));
    tip.append(&mut batch, &big);
    batch.timers_set.push(timer("t'", i64::MAX, true));
    batch.timers_set.push(timer("early", i64::MIN, false));
    store.commit(&batch).await.unwrap();
    assert_eq!(store.events(&tip.stream, 0, 99).await.unwrap(), batch.events);
    assert_eq!(store.states(std::slice::from_ref(&tip.stream)).await.unwrap(), batch.states);
    assert_eq!(store.next_timers().await.unwrap(), (Some(i64::MIN), Some(i64::MAX)));
}

pub async fn pages_walk_every_table(store: Any) {
    let mut batch = Batch::default();
    for n in 0..5 {
        batch.inbox.push(input(&format!("i{n}"), n));
        batch.timers_set.push(timer(&format!("t{n}"), 9 - n, n % 2 == 0));
        batch.outbox.push(outbox(&format!("o{n}"), &format!("k{n}"), "x", 0));
        batch.messages.push(message(&format!("m{n}"), "id"));
    }
    store.commit(&batch).await.unwrap();
    for name in ["a", "b", "c"] {
        store.set_setting(name, "v").await.unwrap();
    }
    assert_eq!(store.inbox_page("i1", 2).await.unwrap(), batch.inbox[2..4]);
    assert_eq!(store.timers_page("t1", 2).await.unwrap(), batch.timers_set[2..4]);
    assert_eq!(store.outbox_page("o1", 2).await.unwrap(), batch.outbox[2..4]);
    let console = PlatformName::new("console");
    assert_eq!(store.messages_page((&console, "m1"), 2).await.unwrap(), batch.messages[2..4]);
    assert_eq!(store.settings_page("a", 9).await.unwrap(), [("b".into(), "v".into()), ("c".into(), "v".into())]);
}
