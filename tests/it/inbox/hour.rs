//! An hour of arrivals in virtual time, on the stores themselves: no table grows but what is kept for ever or pruned by age.

use super::kit::{Wire, arrival, command, engine_at, envelope, monday, settle, slack};
use signalbox::chat::{Body, Inbox as _, Kept};
use signalbox::clock::{Clock as _, VirtualClock};
use signalbox::config::load_embedded;
use signalbox::domain::time::Span;
use signalbox::engine::Engine;
use signalbox::store::{Dump, MemoryStore, Store, open_sqlite};
use std::collections::BTreeMap;
use std::sync::Arc;

const MANY: i64 = 100_000;
/// Kept for ever: the journal, with a row of state and of history each. Pruned by age: the others. Streams in memory are
/// forgotten together when there are too many.
const FOR_EVER: [&str; 7] = ["events", "in memory: streams", "inbox", "messages", "numbers", "reactions", "states"];

struct Hour<S> {
    store: Arc<S>,
    clock: Arc<VirtualClock>,
    engine: Arc<Engine>,
    wire: Arc<Wire>,
    kept: usize,
    asked: usize,
}

impl<S: Dump + 'static> Hour<S> {
    fn new(store: S) -> Self {
        let (store, wire) = (Arc::new(store), Wire::new());
        let mut policy = load_embedded().policy;
        for person in policy.people.values_mut() {
            person.accounts.insert("slack".into(), format!("U-{}", person.id));
        }
        let clock = Arc::new(VirtualClock::starting_at(monday()));
        let engine = engine_at(store.clone() as Arc<dyn Store>, wire.clone(), "me", policy, clock.clone());
        Self { store, clock, engine, wire, kept: 0, asked: 0 }
    }

    /// Twice, as platforms deliver now and then.
    async fn writes(&mut self, person: &str, body: Body) {
        self.kept += 1;
        let letter = arrival(&envelope(&format!("e{}", self.kept), person, body));
        assert_eq!(self.engine.keep(letter.clone()).await.unwrap(), Kept::New);
        assert_ne!(self.engine.keep(letter).await.unwrap(), Kept::New);
    }

    async fn passes(&self, ms: i64) {
        self.engine.work_kept().await.unwrap();
        for _ in 0..ms / 1_000 {
            settle(&self.engine).await;
            self.engine.fire_timers().await.unwrap();
            self.clock.advance(Span::secs(1));
        }
        settle(&self.engine).await;
    }

    async fn round(&mut self, n: usize) {
        let last = format!("D-{}", self.asked.max(1));
        match n % 6 {
            0 => {
                self.asked += 1;
                let version = ["v1.2.0", "v1.2.1"][self.asked % 2];
                self.writes("sara", command(&format!("/deploy {version} to staging"))).await;
            }
            1 => {
                let card = self.store.message(&slack(), &format!("card:{last}")).await.unwrap().unwrap();
                let emoji = if self.asked.is_multiple_of(4) { ":x:" } else { ":white_check_mark:" };
                self.writes("omar", Body::Reaction { message: card.id, emoji: emoji.into(), added: true }).await;
            }
            2 => self.writes("eve", command(&format!("/approve {last}"))).await,
            3 => self.writes("omar", command(&format!("/why {last}"))).await,
            4 => self.writes("sara", command("/deploi v9")).await,
            _ => {
                let click = Body::Click { message: "C1:1".into(), action: "gone?x=1".into(), fields: BTreeMap::new() };
                self.writes("omar", click).await;
            }
        }
        self.passes(10_000).await;
        if n.is_multiple_of(45) {
            self.engine.connected(&slack()).await;
        }
    }

    async fn count(&self) -> BTreeMap<String, usize> {
        let store = &self.store;
        let heads = store.heads("", MANY).await.unwrap();
        let rows = [
            ("events", heads.iter().map(|(_, seq, _)| usize::try_from(*seq).unwrap()).sum()),
            ("inbox", store.inbox_page("", MANY).await.unwrap().len()),
            ("messages", store.messages_page((&"".into(), ""), MANY).await.unwrap().len()),
            ("numbers", usize::try_from(store.last_number().await.unwrap()).unwrap()),
            ("open", usize::try_from(store.open_inbox_count().await.unwrap()).unwrap()),
            ("outbox", store.outbox(MANY).await.unwrap().len()),
            ("reactions", store.reactions_page(["", "", "", ""], MANY).await.unwrap().len()),
            ("settings", store.settings_page("", MANY).await.unwrap().len()),
            ("states", heads.len()),
            ("timers", store.timers(MANY).await.unwrap().len()),
        ];
        let memory = self.engine.remembered().into_iter().map(|(what, n)| (format!("in memory: {what}"), n));
        rows.into_iter().map(|(what, n)| (what.to_owned(), n)).chain(memory).collect()
    }
}

async fn an_hour(store: impl Dump + 'static) {
    let mut hour = Hour::new(store);
    let mut counts = Vec::new();
    for n in 0..360 {
        hour.round(n).await;
        if n % 30 == 29 {
            counts.push(hour.count().await);
        }
    }
    let most = |of: &[BTreeMap<String, usize>], what: &str| of.iter().map(|c| c[what]).max().unwrap();
    let (first, second) = counts[2..].split_at(5);
    let grown: Vec<&str> =
        first[0].keys().map(String::as_str).filter(|what| most(second, what) > most(first, what)).collect();
    assert_eq!(grown, FOR_EVER, "{counts:#?}");
    assert_eq!(hour.wire.told().len(), 360, "everybody was told, once");
    assert_eq!(second[4]["inbox"], 360);
    assert_eq!((second[4]["numbers"], second[4]["open"], second[4]["outbox"]), (60, 0, 0));

    // As the pruner does, a page at a time.
    hour.clock.advance(Span::hours(24));
    let now = hour.clock.now().wall.as_millisecond();
    let mut pages = 0;
    while hour.store.prune_inbox(now, 100).await.unwrap() > 0 {
        pages += 1;
    }
    assert_eq!(pages, 4);
    assert!(hour.store.prune_reactions(now, 1_000).await.unwrap() > 0);
    assert!(hour.store.prune_messages(now, 10_000).await.unwrap() > 0);
    let after = hour.count().await;
    assert_eq!(["inbox", "messages", "reactions"].map(|what| after[what]), [0, 0, 0]);
}

#[tokio::test]
async fn an_hour_of_arrivals_in_memory() {
    an_hour(MemoryStore::new()).await;
}

#[tokio::test]
async fn an_hour_of_arrivals_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    an_hour(open_sqlite(&folder.path().join("signalbox.db")).await.unwrap()).await;
}
