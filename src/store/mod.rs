//! The store: dumb, durable storage. It makes commits atomic and decides nothing.
//!
//! Times and ids always arrive as arguments. One [`Batch`] is one transaction: it stores everything or, when any of its
//! expectations does not hold, nothing, and says [`StoreError::Conflict`]; the caller loads again and decides again.

pub mod audit;
mod backup;
mod batch;
mod dump;
mod lock;
mod memory;
mod migrations;
mod net;
mod open;
mod sql;
mod transfer;

pub use audit::head as journal_head;
pub use backup::backup;
pub use dump::Dump;
pub use lock::Lock as DatabaseLock;
pub use memory::MemoryStore;
pub use open::{open, open_read_only, open_whole};
pub use sql::{PgStore, SqliteStore, open_postgres, open_sqlite};
pub use transfer::migrate_store;

use crate::chat::Kept;
use crate::domain::ids::{PlatformName, Stream};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// A line of the journal. `hash` covers `previous` and every other field, see [`crate::domain::journal`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRow {
    pub stream: Stream,
    /// 1, 2, 3 … within the stream.
    pub seq: i64,
    /// The event's name, such as `key_turned`.
    pub kind: String,
    /// A person's id, or `signalbox`.
    pub actor: String,
    /// Wall clock, ms.
    pub at: i64,
    /// JSON.
    pub body: String,
    /// Hex; the hash of the event before it in the stream, empty for the first.
    pub previous: String,
    /// Hex.
    pub hash: String,
}

/// The current state of a stream, as of its last event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateRow {
    pub stream: Stream,
    pub seq: i64,
    /// The hash of event `seq`.
    pub hash: String,
    /// JSON.
    pub body: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerRow {
    /// `stream:purpose`; setting it again replaces it.
    pub id: String,
    pub stream: Stream,
    /// ms on the clock below.
    pub due_at: i64,
    /// True: due by the work clock; false: by the wall clock.
    pub work: bool,
    /// JSON.
    pub body: String,
}

/// Something to be done outside. Rows of one `target` are done one after the other, oldest `id` first: a row that is not due
/// yet, or is leased, holds back every row behind it in its target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxRow {
    /// Time-ordered and unique.
    pub id: String,
    /// Inserting a row whose key stands already replaces the body of the standing row (its id, attempts and lease stay). The later
    /// due time counts: what is paced or backed off is not sent sooner because there is more to say.
    pub key: String,
    pub target: String,
    pub stream: Stream,
    /// ms on the work clock; not claimed before.
    pub due_at: i64,
    /// How often it was claimed.
    pub attempts: i64,
    /// JSON.
    pub body: String,
}

/// A claimed row with the lease that fences it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub row: OutboxRow,
    pub owner: String,
    /// ms on the work clock; afterwards anyone may claim it.
    pub lease_until: i64,
    /// `version` counts changes of the row; a receipt for an older version leaves the row in place (it was replaced meanwhile).
    pub version: i64,
    /// An earlier claim may have done something outside: it was neither given back untouched nor ended by a receipt.
    pub doubt: bool,
}

/// Something that arrived, and, once it is decided, what its sender was told: a second arrival gets the same answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboxRow {
    /// `platform:id`
    pub key: String,
    /// When it came; ms by the wall clock.
    pub at: i64,
    /// The input as it came.
    pub body: String,
    /// JSON of the answer; empty until it is decided.
    pub answer: String,
    /// Its type in the platform's words.
    pub kind: String,
    /// Rows of one lane are worked one after the other.
    pub lane: String,
    /// The signature it came with.
    pub proof: String,
    /// The process that works it.
    pub holder: String,
    /// Its place among what is to be worked; 0 once it is worked and its sender told.
    pub open: i64,
}

/// What we last knew of a reaction on one of our messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReactionRow {
    pub platform: PlatformName,
    /// The platform's id of the message.
    pub message: String,
    pub account: String,
    pub emoji: String,
    pub added: bool,
    /// The id of the envelope that told.
    pub source: String,
    /// When it was decided; ms by the wall clock.
    pub at: i64,
}

/// One line of the deployment history, kept beside the journal so that lists are quick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// The number in `D-42`.
    pub number: i64,
    pub service: String,
    pub environment: String,
    pub version: String,
    pub revision: String,
    pub status: String,
    pub requester: String,
    pub requested_at: i64,
    /// 0 while it has not started.
    pub started_at: i64,
    /// 0 while it has not ended.
    pub ended_at: i64,
    /// One line: how it ended and why.
    pub note: String,
}

/// Where a keyed message stands on a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    pub platform: PlatformName,
    pub key: String,
    pub channel: String,
    /// The platform's id.
    pub id: String,
    /// Hash of what it shows, so that an edit that changes nothing is not sent.
    pub shown: String,
    /// ms on the work clock of the last post or edit.
    pub at: i64,
}

/// One transaction.
///
/// Whatever the order of the fields below, it takes effect in this order: inbox, events, states; timers fired, cancelled, set;
/// receipts, outbox rows cancelled, outbox rows put in. So a receipt's consequence may put the same key in again, and
/// "cancel, then set" needs no care; "set, then cancel" of one input after the other is what [`Batch::absorb`] settles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Streams that were read: each must still be at this sequence (0: no events).
    pub reads: Vec<(Stream, i64)>,
    /// Decided inputs. One that was kept before takes the answer; one that has an answer is a conflict.
    pub inbox: Vec<InboxRow>,
    /// In order. The first of a stream continues exactly what is stored: its sequence is the next and its `previous` the stored
    /// hash (this is checked even when the stream is not among `reads`).
    pub events: Vec<EventRow>,
    /// Every stream among `events` brings its state as of the last of them.
    pub states: Vec<StateRow>,
    pub timers_set: Vec<TimerRow>,
    /// Absent ones are ignored.
    pub timers_cancelled: Vec<String>,
    /// `(id, due_at)` of timers this batch is the consequence of: each must still stand with that due time, and is deleted.
    pub timers_fired: Vec<(String, i64)>,
    pub outbox: Vec<OutboxRow>,
    /// Keys of rows that are no longer wanted; absent ones are ignored.
    pub outbox_cancelled: Vec<String>,
    /// Each must still be leased to that owner; deleted, or only released when its version has moved on.
    pub receipts: Vec<Receipt>,
    /// Inserted or replaced by number.
    pub history: Vec<HistoryRow>,
    /// Inserted or replaced by (platform, key).
    pub messages: Vec<MessageRow>,
    /// Inserted or replaced by (platform, message, account, emoji).
    pub reactions: Vec<ReactionRow>,
}

/// Proof that an outbox row was acted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub id: String,
    pub owner: String,
    pub version: i64,
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else committed first, or the input was decided before. Nothing was stored.
    #[error("conflict: {0}")]
    Conflict(String),
    /// A row cannot be what it is: the database was changed by hand or is damaged.
    #[error("{table} row {row}: {what}")]
    Corrupt { table: &'static str, row: String, what: String },
    /// The disk is full; nothing was stored.
    #[error("the disk is full")]
    Full,
    /// Found on opening: the database cannot be used as it is (in use by another process, damaged, made by something newer, a
    /// setting that does not hold). Nothing was changed. The text says what to do.
    #[error("{0}")]
    Refused(String),
    /// The database cannot be reached or answers with an error; nothing was stored, except that a connection lost in the middle
    /// of a commit leaves open whether it was: load again, the inbox and the sequences tell.
    #[error("database: {0}")]
    Unavailable(String),
}

pub type Result<T> = std::result::Result<T, StoreError>;

/// What the history is asked for; all given parts must match. Newest first.
#[derive(Clone, Debug, Default)]
pub struct HistoryQuery {
    pub service: Option<String>,
    pub environment: Option<String>,
    pub before: Option<i64>,
    pub limit: i64,
}

/// The journal, state, timers, outbox, inbox and leases of one signalbox.
#[async_trait]
pub trait Store: Send + Sync {
    /// Stores the whole batch or nothing.
    async fn commit(&self, batch: &Batch) -> Result<()>;

    /// The states of those of `streams` that have events.
    async fn states(&self, streams: &[Stream]) -> Result<Vec<StateRow>>;

    /// The answers to those of `keys` that were decided before.
    async fn answers(&self, keys: &[String]) -> Result<Vec<(String, String)>>;

    /// Keeps what arrived, and closes what was worked, in one transaction. Says of each row whether it was there before; a row
    /// that was stays as it is. Unknown keys among `closed` are ignored.
    async fn keep(&self, rows: &[InboxRow], closed: &[String]) -> Result<Vec<Kept>>;

    /// What `holder` has to work, behind (place, key), in this order.
    async fn open_inbox(&self, holder: &str, after: (i64, &str), limit: i64) -> Result<Vec<InboxRow>>;

    /// How much is to be worked, by whomever.
    async fn open_inbox_count(&self) -> Result<i64>;

    /// Everybody who has something to work.
    async fn inbox_holders(&self) -> Result<Vec<String>>;

    /// The largest place among what is to be worked; 0 when there is nothing.
    async fn last_place(&self) -> Result<i64>;

    /// Hands everything that `from` has to work over to `to`; how much that is.
    async fn adopt_inbox(&self, from: &str, to: &str) -> Result<u64>;

    /// Whether other processes may be at work on the same database.
    fn shared(&self) -> bool;

    /// Events of one stream with `seq > after`, oldest first.
    async fn events(&self, stream: &Stream, after: i64, limit: i64) -> Result<Vec<EventRow>>;

    /// Every stream's name, last sequence and hash, as its state row says, after `after` in name order.
    async fn heads(&self, after: &str, limit: i64) -> Result<Vec<(Stream, i64, String)>>;

    /// Names of streams that have events, after `after` in name order (from the journal, not from the states).
    async fn streams(&self, after: &str, limit: i64) -> Result<Vec<Stream>>;

    /// The largest deployment number; 0 when there is none.
    async fn last_number(&self) -> Result<i64>;

    async fn history(&self, query: &HistoryQuery) -> Result<Vec<HistoryRow>>;

    /// Timers due by either clock, earliest first.
    async fn due_timers(&self, wall: i64, work: i64, limit: i64) -> Result<Vec<TimerRow>>;

    /// The next due times by the wall and the work clock.
    async fn next_timers(&self) -> Result<(Option<i64>, Option<i64>)>;

    /// Leases the head row of each target that is due and free, oldest id first, at most `limit`. Counts an attempt. The count
    /// also fences: a claim of the same owner from before its lease ran out no longer renews or releases.
    async fn claim(&self, now: i64, owner: &str, lease_until: i64, limit: i64) -> Result<Vec<Claim>>;

    /// Extends a lease; false when it was lost. A lease that ran out but that nobody took is still held.
    async fn renew(&self, claim: &Claim, lease_until: i64) -> Result<bool>;

    /// Gives a claimed row back, due again at `due_at` (at its own time, if it was replaced meanwhile). A lost lease is ignored.
    async fn release(&self, claim: &Claim, due_at: i64) -> Result<()>;

    /// As [`Store::release`], by a claim that certainly did nothing outside: it leaves no doubt.
    async fn put_back(&self, claim: &Claim, due_at: i64) -> Result<()>;

    /// At the start of a process: frees every outbox row that an earlier process left leased, and says how many. Only where
    /// nobody else can be at work (memory; SQLite, by its file's lock); on PostgreSQL it does nothing, and such rows come back
    /// when their leases run out.
    async fn break_leases(&self) -> Result<u64>;

    /// When the next outbox row falls due (its lease end, if it is leased).
    async fn next_outbox(&self) -> Result<Option<i64>>;

    /// When the outbox row of this key is or was due, leased or not; `None`: there is none.
    async fn outbox_due(&self, key: &str) -> Result<Option<i64>>;

    /// Rows in the outbox, oldest first (for status pages and tests).
    async fn outbox(&self, limit: i64) -> Result<Vec<OutboxRow>>;

    /// Timers, earliest first (for status pages and tests).
    async fn timers(&self, limit: i64) -> Result<Vec<TimerRow>>;

    async fn message(&self, platform: &PlatformName, key: &str) -> Result<Option<MessageRow>>;

    /// The key of the message with that platform id.
    async fn message_by_id(&self, platform: &PlatformName, id: &str) -> Result<Option<MessageRow>>;

    /// What is known of the reactions on the message with that platform id.
    async fn reactions(&self, platform: &PlatformName, message: &str) -> Result<Vec<ReactionRow>>;

    /// Takes or extends the named lease; false when somebody else holds it.
    async fn lease(&self, name: &str, owner: &str, now: i64, until: i64) -> Result<bool>;

    /// Deletes inbox rows from before `before` (ms) that nobody has to work any more, at most `limit`; returns how many.
    async fn prune_inbox(&self, before: i64, limit: i64) -> Result<u64>;

    /// Forgets reactions that were told before `before` (ms), at most `limit`; returns how many.
    async fn prune_reactions(&self, before: i64, limit: i64) -> Result<u64>;

    /// Forgets where messages stand that were last edited before `before` (ms on the work clock), at most `limit`, the oldest
    /// first; returns how many.
    async fn prune_messages(&self, before: i64, limit: i64) -> Result<u64>;

    /// Forgets named leases that ran out before `before` (ms on the work clock); returns how many.
    async fn prune_leases(&self, before: i64) -> Result<u64>;

    /// A small named value outside the journal, such as the demo's clock.
    async fn setting(&self, name: &str) -> Result<Option<String>>;

    async fn set_setting(&self, name: &str, value: &str) -> Result<()>;

    /// Cheap proof that the database answers.
    async fn ping(&self) -> Result<()>;

    /// Finishes what is under way and closes; a checkpoint on SQLite.
    async fn close(&self) -> Result<()>;
}
