//! What is counted: rows, tasks, sockets, and everything in memory that has a length.

use crate::both::house::House;
use signalbox::domain::ids::Stream;
use signalbox::store::{Dump as _, Store as _};
use std::collections::BTreeMap;

pub type Count = BTreeMap<String, i64>;

/// The journal and what stands beside it for ever, and what is pruned by age: `limits::INBOX_DAYS` and `MESSAGE_DAYS`. What
/// platforms remember of their latest messages is bounded by number: `limits::DISCORD_RECENT`.
pub const FOR_EVER: [&str; 9] = [
    "memory: discord posted",
    "memory: discord threads",
    "memory: streams",
    "rows: events",
    "rows: history",
    "rows: inbox",
    "rows: messages",
    "rows: reactions",
    "rows: streams",
];

const MANY: i64 = 100_000;

pub async fn count(house: &House) -> Count {
    let mut out = Count::new();
    let mut add = |what: String, n: usize| _ = out.insert(what, i64::try_from(n).unwrap());
    add("tasks".into(), tokio::runtime::Handle::current().metrics().num_alive_tasks());
    add("sockets: slack".into(), house.slack.read(|w| w.open_sockets()));
    add("sockets: discord".into(), house.discord.sessions().iter().filter(|s| s.conn.is_some()).count());
    for (what, n) in house.engine.remembered() {
        add(format!("memory: {what}"), n);
    }
    for (what, n) in house.to_slack.remembered() {
        add(format!("memory: slack {what}"), n);
    }
    for (what, n) in house.to_discord.remembered() {
        add(format!("memory: discord {what}"), n);
    }
    let store = &house.store;
    add("rows: inbox".into(), store.inbox_page("", MANY).await.unwrap().len());
    add("rows: timers".into(), store.timers(MANY).await.unwrap().len());
    add("rows: outbox".into(), store.outbox(MANY).await.unwrap().len());
    add("rows: messages".into(), store.messages_page((&"".into(), ""), MANY).await.unwrap().len());
    add("rows: reactions".into(), store.reactions_page(["", "", "", ""], MANY).await.unwrap().len());
    add("rows: settings".into(), store.settings_page("", MANY).await.unwrap().len());
    add("rows: history".into(), usize::try_from(store.last_number().await.unwrap()).unwrap());
    let (mut streams, mut events) = (0, 0);
    for (_, seq, _) in store.heads("", MANY).await.unwrap() {
        streams += 1;
        events += usize::try_from(seq).unwrap();
    }
    // What one environment holds must not grow with what happened in it.
    let staging = store.states(&[Stream::environment(&"staging".into())]).await.unwrap();
    add("KiB: staging".into(), staging.iter().map(|row| row.body.len() / 1024).sum());
    add("rows: streams".into(), streams);
    add("rows: events".into(), events);
    out
}

/// What is under way at the moment of counting: connections that are kept for the next call, and their tasks.
const UNDER_WAY: i64 = 2;

/// The names of what is more in the second half than it ever was in the first.
pub fn grows(counts: &[Count]) -> Vec<&str> {
    let (first, second) = counts.split_at(counts.len() / 2);
    let most = |of: &[Count], what: &str| of.iter().filter_map(|c| c.get(what)).max().copied().unwrap_or(0);
    let all: std::collections::BTreeSet<&str> = counts.iter().flat_map(|c| c.keys()).map(String::as_str).collect();
    all.into_iter().filter(|what| most(second, what) > most(first, what) + UNDER_WAY).collect()
}
