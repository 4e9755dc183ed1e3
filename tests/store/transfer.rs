//! A whole store moves to another database and back.

use crate::kit::{Any, Tip, event, everything, file, input, memory, message, outbox, run, timer};
use signalbox::store::{Batch, StoreError, audit, migrate_store};

async fn filled(store: &Any) {
    let page = signalbox::limits::STORE_PAGE;
    let mut long = Tip::new("deployment/D-1");
    let mut batch = Batch::default();
    for n in 0..page * 2 {
        long.append(&mut batch, "{}");
        batch.inbox.push(input(&format!("{n:05}"), n));
        batch.timers_set.push(timer(&format!("{n:05}"), n, n % 2 == 0));
    }
    store.commit(&batch).await.unwrap();
    let mut batch = event(&mut Tip::new("environment/staging"));
    batch.history = vec![run(1, "api", "staging"), run(2, "api", "staging")];
    batch.messages.push(message("card", "m1"));
    batch.reactions.push(crate::inbound::reaction("U1", "✅", true, 5));
    batch.inbox.push(signalbox::store::InboxRow { answer: String::new(), open: 7, ..input("slack:1", 1) });
    batch.outbox.extend([outbox("1", "a", "x", 0), outbox("2", "b", "x", 0)]);
    store.commit(&batch).await.unwrap();
    store.claim(5, "gone", 9_999, 1).await.unwrap();
    store.set_setting("clock", "12").await.unwrap();
}

/// Without the lease that stays behind.
fn moved(text: &str) -> String {
    text.lines().filter(|l| !l.starts_with("Some(") && !l.starts_with("None")).collect::<Vec<_>>().join("\n")
}

async fn arrives(from: Any, to: Any) {
    filled(&from).await;
    let report = migrate_store(&*from, &*to).await.unwrap();
    assert_eq!(report.head, audit::head(&*from).await.unwrap());
    assert_eq!(moved(&everything(&*to).await), moved(&everything(&*from).await));
    let claim = to.claim(5, "new", 10, 9).await.unwrap().remove(0);
    assert_eq!((claim.row.id.as_str(), claim.row.attempts), ("1", 2), "free, its attempts counted");
    let again = migrate_store(&*from, &*to).await;
    assert!(matches!(&again, Err(StoreError::Refused(said)) if said.contains("empty")), "{again:?}");
}

#[tokio::test]
async fn from_memory_to_sqlite() {
    let folder = file().await;
    arrives(memory(), folder.store()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_sqlite_to_postgres_and_back() {
    let Some(schema) = crate::postgres::schema().await else { return };
    let (there, back) = (file().await, file().await);
    arrives(there.store(), schema.store()).await;
    migrate_store(&*schema.store, &*back.store).await.unwrap();
    assert_eq!(moved(&everything(&*back.store).await), moved(&everything(&*schema.store).await));
}

#[tokio::test]
async fn a_target_that_holds_anything_is_refused() {
    let fills: [fn(&mut Batch); 7] = [
        |b| *b = event(&mut Tip::new("a/b")),
        |b| b.inbox.push(input("a", 1)),
        |b| b.timers_set.push(timer("a", 1, true)),
        |b| b.outbox.push(outbox("1", "a", "x", 1)),
        |b| b.history.push(run(1, "api", "staging")),
        |b| b.messages.push(message("a", "b")),
        |b| b.reactions.push(crate::inbound::reaction("U1", "✅", true, 5)),
    ];
    for fill in fills {
        let (mut batch, to) = (Batch::default(), memory());
        fill(&mut batch);
        to.commit(&batch).await.unwrap();
        assert!(matches!(migrate_store(&*memory(), &*to).await, Err(StoreError::Refused(_))), "{batch:?}");
    }
    let to = memory();
    to.set_setting("a", "b").await.unwrap();
    assert!(matches!(migrate_store(&*memory(), &*to).await, Err(StoreError::Refused(_))));
}
