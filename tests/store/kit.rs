//! What the tests build with: stores of their own, and rows that are right unless a test says otherwise.

use signalbox::domain::ids::{PlatformName, Stream};
use signalbox::domain::journal::event_hash;
use signalbox::store::{
    Batch, Dump, EventRow, HistoryRow, InboxRow, MemoryStore, MessageRow, OutboxRow, Receipt, SqliteStore, StateRow,
    StoreError, TimerRow, open_sqlite,
};
use std::path::PathBuf;
use std::sync::Arc;

pub type Any = Arc<dyn Dump>;

pub fn memory() -> Any {
    Arc::new(MemoryStore::new())
}

/// An embedded database in a folder that goes with it.
pub struct Folder {
    pub dir: tempfile::TempDir,
    pub store: Arc<SqliteStore>,
}

impl Folder {
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("box.db")
    }

    pub fn store(&self) -> Any {
        self.store.clone()
    }
}

pub async fn file() -> Folder {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(open_sqlite(&dir.path().join("box.db")).await.unwrap());
    Folder { dir, store }
}

pub fn stream(name: &str) -> Stream {
    Stream::new(name)
}

/// Where a stream stands.
#[derive(Clone, Debug)]
pub struct Tip {
    pub stream: Stream,
    pub seq: i64,
    pub hash: String,
}

impl Tip {
    pub fn new(name: &str) -> Self {
        Self { stream: stream(name), seq: 0, hash: String::new() }
    }

    /// Adds the next event and the state as of it to `batch`.
    pub fn append(&mut self, batch: &mut Batch, body: &str) {
        let (seq, previous, at) = (self.seq + 1, self.hash.clone(), 1_000 + self.seq);
        let hash = event_hash(&previous, self.stream.as_str(), seq, "key_turned", "sara", at, body);
        let (kind, actor) = ("key_turned".to_owned(), "sara".to_owned());
        let stream = self.stream.clone();
        batch.events.push(EventRow {
            stream,
            seq,
            kind,
            actor,
            at,
            body: body.to_owned(),
            previous,
            hash: hash.clone(),
        });
        batch.states.retain(|s| s.stream != self.stream);
        let state = StateRow { stream: self.stream.clone(), seq, hash: hash.clone(), body: body.to_owned() };
        batch.states.push(state);
        (self.seq, self.hash) = (seq, hash);
    }
}

pub fn event(tip: &mut Tip) -> Batch {
    let mut batch = Batch::default();
    tip.append(&mut batch, r#"{"n":1}"#);
    batch
}

pub fn input(key: &str, at: i64) -> InboxRow {
    InboxRow { key: key.to_owned(), at, body: "{}".to_owned(), answer: format!(r#""{key}""#), ..InboxRow::default() }
}

pub fn timer(id: &str, due_at: i64, work: bool) -> TimerRow {
    TimerRow { id: id.to_owned(), stream: stream("deployment/D-1"), due_at, work, body: "{}".to_owned() }
}

pub fn outbox(id: &str, key: &str, target: &str, due_at: i64) -> OutboxRow {
    let (id, key, target) = (id.to_owned(), key.to_owned(), target.to_owned());
    OutboxRow { id, key, target, stream: stream("deployment/D-1"), due_at, attempts: 0, body: "1".to_owned() }
}

pub fn receipt(id: &str, owner: &str, version: i64) -> Receipt {
    Receipt { id: id.to_owned(), owner: owner.to_owned(), version }
}

pub fn run(number: i64, service: &str, environment: &str) -> HistoryRow {
    HistoryRow {
        number,
        service: service.to_owned(),
        environment: environment.to_owned(),
        version: format!("v1.{number}.0"),
        revision: "r".to_owned(),
        status: "running".to_owned(),
        requester: "sara".to_owned(),
        requested_at: 1,
        started_at: 0,
        ended_at: 0,
        note: String::new(),
    }
}

pub fn message(key: &str, id: &str) -> MessageRow {
    let (key, id) = (key.to_owned(), id.to_owned());
    let platform = PlatformName::new("console");
    MessageRow { platform, key, channel: "deployments".to_owned(), id, shown: "s".to_owned(), at: 5 }
}

#[track_caller]
pub fn conflict(result: Result<(), StoreError>) {
    assert!(matches!(result, Err(StoreError::Conflict(_))), "{result:?}");
}

/// Everything that can be seen of a store, as one text to compare.
pub async fn everything(store: &dyn Dump) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    let all = 1_000_000;
    for (stream, seq, hash) in store.heads("", all).await.unwrap() {
        writeln!(out, "head {stream} {seq} {hash}").unwrap();
    }
    for stream in store.streams("", all).await.unwrap() {
        writeln!(out, "{:?}", store.states(std::slice::from_ref(&stream)).await.unwrap()).unwrap();
        for event in store.events(&stream, 0, all).await.unwrap() {
            writeln!(out, "{event:?}").unwrap();
        }
    }
    for row in store.inbox_page("", all).await.unwrap() {
        writeln!(out, "{row:?}").unwrap();
    }
    writeln!(out, "{:?}", store.timers(all).await.unwrap()).unwrap();
    writeln!(out, "{:?}", store.timers_page("", all).await.unwrap()).unwrap();
    writeln!(out, "{:?}", store.next_timers().await.unwrap()).unwrap();
    writeln!(out, "{:?}", store.due_timers(50, 20, 3).await.unwrap()).unwrap();
    for row in store.outbox(all).await.unwrap() {
        writeln!(out, "{row:?}").unwrap();
    }
    writeln!(out, "{:?} {}", store.next_outbox().await.unwrap(), store.last_number().await.unwrap()).unwrap();
    let query = signalbox::store::HistoryQuery { limit: all, ..Default::default() };
    writeln!(out, "{:?}", store.history(&query).await.unwrap()).unwrap();
    writeln!(out, "{:?}", store.messages_page((&PlatformName::new(""), ""), all).await.unwrap()).unwrap();
    writeln!(out, "{:?}", store.reactions_page([""; 4], all).await.unwrap()).unwrap();
    writeln!(out, "{:?}", store.settings_page("", all).await.unwrap()).unwrap();
    out
}
