//! What every store promises about what arrives: kept once, worked in order, closed, handed over, and never doubted in vain.

use crate::kit::{Any, conflict, input, outbox, receipt};
use signalbox::chat::Kept;
use signalbox::domain::ids::PlatformName;
use signalbox::store::{Batch, InboxRow, MessageRow, ReactionRow, StoreError};

fn arrival(key: &str, open: i64, holder: &str) -> InboxRow {
    InboxRow {
        key: key.to_owned(),
        at: open / 1000,
        body: format!("{{\"raw\":\"{key}\"}}"),
        kind: "slash_commands".to_owned(),
        lane: "U1".to_owned(),
        holder: holder.to_owned(),
        open,
        ..InboxRow::default()
    }
}

fn signed(key: &str, proof: &str) -> InboxRow {
    InboxRow { proof: proof.to_owned(), ..arrival(key, 1, "me") }
}

async fn open(store: &Any, holder: &str) -> String {
    let rows = store.open_inbox(holder, (0, ""), 99).await.unwrap();
    rows.into_iter().map(|row| row.key).collect::<Vec<_>>().join(" ")
}

pub async fn what_arrives_is_kept_once(store: Any) {
    use Kept::{Again, New, Replayed};
    assert_eq!(store.keep(&[], &[]).await.unwrap(), []);
    let first = [signed("s:1", "v0=a"), signed("s:2", "v0=b"), signed("s:1", "v0=c"), signed("s:2", "v0=b")];
    assert_eq!(store.keep(&first, &[]).await.unwrap(), [New, New, Again, Replayed], "also within one group");
    let second = [signed("s:2", "v0=x"), signed("s:3", ""), signed("s:1", "v0=a")];
    assert_eq!(store.keep(&second, &[]).await.unwrap(), [Again, New, Replayed]);
    assert_eq!(
        store.keep(&[signed("s:3", "")], &[]).await.unwrap(),
        [Again],
        "without a signature nothing is replayed"
    );
    assert_eq!(store.inbox_page("s:1", 1).await.unwrap(), [signed("s:2", "v0=b")], "the first one stays as it came");
    let said = store.keep(&[signed("s:4", ""), signed("s:\0", "")], &[]).await;
    assert!(matches!(said, Err(StoreError::Corrupt { .. })), "{said:?}");
    assert_eq!(store.open_inbox_count().await.unwrap(), 3);
    let racing = (0..6).map(|n| {
        let store = store.clone();
        tokio::spawn(async move { store.keep(&[arrival("s:9", n + 1, "me")], &[]).await.unwrap()[0] })
    });
    let told = futures_util::future::join_all(racing).await.into_iter().map(Result::unwrap);
    assert_eq!(told.filter(|kept| *kept == New).count(), 1);
}

pub async fn what_was_kept_takes_one_answer(store: Any) {
    let row = arrival("s:1", 5_000, "me");
    store.keep(std::slice::from_ref(&row), &[]).await.unwrap();
    let keys = ["s:1".to_owned()];
    assert_eq!(store.answers(&keys).await.unwrap(), [], "it is undecided");
    let decided = Batch { inbox: vec![input("s:1", 9)], ..Batch::default() };
    store.commit(&decided).await.unwrap();
    assert_eq!(store.answers(&keys).await.unwrap(), [("s:1".to_owned(), "\"s:1\"".to_owned())]);
    let stands = InboxRow { answer: "\"s:1\"".to_owned(), ..row };
    assert_eq!(store.inbox_page("", 9).await.unwrap(), [stands], "as it came, and open until its sender is told");
    conflict(store.commit(&decided).await);
    let other = Batch { inbox: vec![input("s:2", 9), input("s:1", 9)], ..Batch::default() };
    conflict(store.commit(&other).await);
    assert_eq!(store.inbox_page("", 9).await.unwrap().len(), 1);
}

pub async fn open_rows_are_worked_in_their_order_and_closed(store: Any) {
    let rows = [arrival("s:c", 1_000, "me"), arrival("s:a", 2_000, "me"), arrival("s:b", 2_000, "me")];
    store.keep(&rows, &[]).await.unwrap();
    assert_eq!(open(&store, "me").await, "s:c s:a s:b", "by place, then by key");
    assert_eq!(store.last_place().await.unwrap(), 2_000);
    let page = store.open_inbox("me", (2_000, "s:a"), 1).await.unwrap();
    assert_eq!(page, [arrival("s:b", 2_000, "me")]);
    let next = [arrival("s:d", 3_000, "me")];
    store.keep(&next, &["s:a".into(), "s:none".into(), "s:c".into()]).await.unwrap();
    assert_eq!(open(&store, "me").await, "s:b s:d");
    assert_eq!(store.prune_inbox(i64::MAX, 99).await.unwrap(), 2, "what is open stays");
    store.keep(&[], &["s:b".into(), "s:d".into()]).await.unwrap();
    assert_eq!((store.open_inbox_count().await.unwrap(), store.prune_inbox(i64::MAX, 99).await.unwrap()), (0, 2));
}

pub async fn what_the_dead_left_is_handed_over(store: Any) {
    assert!(store.inbox_holders().await.unwrap().is_empty());
    let rows = [arrival("s:1", 1, "old"), arrival("s:2", 2, "me"), arrival("s:3", 3, "old"), arrival("s:4", 4, "gone")];
    store.keep(&rows, &[]).await.unwrap();
    store.keep(&[], &["s:4".into()]).await.unwrap();
    assert_eq!(store.inbox_holders().await.unwrap(), ["me", "old"], "whoever has nothing to do is no holder");
    assert_eq!(store.adopt_inbox("old", "me").await.unwrap(), 2);
    assert_eq!(store.adopt_inbox("old", "me").await.unwrap(), 0);
    assert_eq!(open(&store, "me").await, "s:1 s:2 s:3");
    assert_eq!(open(&store, "old").await, "");
}

pub async fn only_a_claim_that_may_have_acted_leaves_a_doubt(store: Any) {
    store.commit(&Batch { outbox: vec![outbox("1", "card", "x", 0)], ..Batch::default() }).await.unwrap();
    let claim = async |now: i64| store.claim(now, "me", now + 100, 9).await.unwrap().remove(0);
    let first = claim(0).await;
    assert!(!first.doubt);
    store.put_back(&first, 10).await.unwrap();
    let second = claim(10).await;
    assert_eq!((second.doubt, second.row.attempts), (false, 2), "counted, but it did nothing");
    store.put_back(&first, 99).await.unwrap();
    store.release(&second, 20).await.unwrap();
    let third = claim(20).await;
    assert!(third.doubt, "the second one may have");
    store.put_back(&third, 30).await.unwrap();
    assert!(claim(30).await.doubt, "and still may");
    assert!(claim(130).await.doubt, "a lease that ran out is a doubt as well");
    // A receipt for what was replaced meanwhile settles it.
    store.commit(&Batch { outbox: vec![outbox("2", "card", "x", 0)], ..Batch::default() }).await.unwrap();
    store.commit(&Batch { receipts: vec![receipt("1", "me", 1)], ..Batch::default() }).await.unwrap();
    assert!(!claim(140).await.doubt);
    let moved = signalbox::store::OutboxRow { attempts: 1, ..outbox("7", "moved", "y", 0) };
    store.commit(&Batch { outbox: vec![moved], ..Batch::default() }).await.unwrap();
    assert!(claim(150).await.doubt, "what another database had claimed");
}

pub fn reaction(account: &str, emoji: &str, added: bool, at: i64) -> ReactionRow {
    let (platform, message) = (PlatformName::new("slack"), "C1:1.2".to_owned());
    let (account, emoji, source) = (account.to_owned(), emoji.to_owned(), format!("e{at}"));
    ReactionRow { platform, message, account, emoji, added, source, at }
}

pub async fn reactions_are_replaced_and_forgotten(store: Any) {
    let (mine, yours) = (reaction("U1", "✅", true, 10), reaction("U2", "✅", true, 30));
    let other = ReactionRow { message: "C1:1.3".into(), ..reaction("U1", "✅", true, 11) };
    let reactions = vec![yours.clone(), mine.clone(), other, reaction("U1", "❌", true, 12)];
    store.commit(&Batch { reactions, ..Batch::default() }).await.unwrap();
    let (slack, card) = (PlatformName::new("slack"), "C1:1.2");
    assert_eq!(store.reactions(&slack, card).await.unwrap(), [mine, reaction("U1", "❌", true, 12), yours.clone()]);
    assert!(store.reactions(&PlatformName::new("discord"), card).await.unwrap().is_empty());
    let off = reaction("U1", "✅", false, 20);
    store.commit(&Batch { reactions: vec![off.clone()], ..Batch::default() }).await.unwrap();
    assert_eq!(store.reactions(&slack, card).await.unwrap()[0], off);
    assert_eq!(store.reactions_page(["slack", "C1:1.2", "U1", "✅"], 1).await.unwrap()[0].emoji, "❌");
    assert_eq!(store.prune_reactions(25, 2).await.unwrap(), 2);
    assert_eq!(store.prune_reactions(25, 2).await.unwrap(), 1);
    assert_eq!(store.reactions(&slack, card).await.unwrap(), [yours]);
}

pub async fn messages_that_nobody_edits_are_forgotten_oldest_first(store: Any) {
    let row = |key: &str, at: i64| MessageRow {
        platform: PlatformName::new("slack"),
        key: key.into(),
        channel: "deployments".into(),
        id: format!("C1:{key}"),
        shown: String::new(),
        at,
    };
    let messages = vec![row("a", 30), row("b", 10), row("c", 20), row("d", 25)];
    store.commit(&Batch { messages, ..Batch::default() }).await.unwrap();
    assert_eq!(store.prune_messages(25, 1).await.unwrap(), 1);
    let slack = PlatformName::new("slack");
    assert!(store.message(&slack, "b").await.unwrap().is_none() && store.message(&slack, "c").await.unwrap().is_some());
    assert_eq!(store.prune_messages(25, 9).await.unwrap(), 1);
    assert_eq!(store.prune_messages(25, 9).await.unwrap(), 0, "at the limit");
    // An edit makes it young again.
    store.commit(&Batch { messages: vec![row("d", 40)], ..Batch::default() }).await.unwrap();
    assert_eq!(store.prune_messages(31, 9).await.unwrap(), 1);
    assert_eq!(store.message(&slack, "d").await.unwrap(), Some(row("d", 40)));
}

pub async fn leases_that_ran_out_long_ago_are_forgotten(store: Any) {
    for (name, until) in [("inbox:a", 10), ("inbox:b", 20), ("gateway", 30)] {
        assert!(store.lease(name, "me", 0, until).await.unwrap());
    }
    assert_eq!(store.prune_leases(20).await.unwrap(), 1);
    assert!(!store.lease("gateway", "you", 25, 50).await.unwrap(), "this one is held");
}
