//! Working what was kept: its platform reads it, hands it to the intake and tells the sender. Then it is closed.
//!
//! Work gives way to arrivals, bounded, so that an acknowledgement comes first and nothing starves. What a process left open
//! when it died is taken up by the next one, or by another replica once its sign of life is old.

use super::Engine;
use super::lanes::{Held, lane};
use crate::alerts;
use crate::chat::{Answer, Arrival, ChatError, Envelope, Intake, IntakeError};
use crate::domain::ids::PlatformName;
use crate::limits;
use crate::store::{InboxRow, Result};
use async_trait::async_trait;
use futures_util::FutureExt as _;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What one go at an arrival came to.
pub(super) enum Worked {
    /// Nothing is left to do; the word is for the count.
    Done(&'static str),
    /// Once more after so many ms.
    Later(i64),
}

/// The engine as an intake that remembers whether the store failed: the platform is told to try again, whatever it makes of it.
struct Watched<'a> {
    engine: &'a Engine,
    failed: AtomicBool,
}

#[async_trait]
impl Intake for Watched<'_> {
    async fn receive(&self, envelope: Envelope) -> std::result::Result<Answer, IntakeError> {
        self.engine.receive(envelope).await.inspect_err(|_| self.failed.store(true, Ordering::Release))
    }
}

impl Engine {
    /// Works everything that is open, one after the other, and closes it; returns how much was worked. What is to be worked later
    /// stays open, with everything behind it in its lane. For virtual worlds, which have no loops.
    ///
    /// # Errors
    /// When the store fails. What was worked until then is closed, but for the last.
    pub async fn work_kept(&self) -> Result<usize> {
        self.sweep().await?;
        let (mut after, mut held_back, mut worked) = ((0, String::new()), BTreeSet::new(), 0);
        loop {
            let page = self.deps.store.open_inbox(&self.deps.owner, (after.0, &after.1), limits::WORK_PAGE).await?;
            let Some(last) = page.last() else { return Ok(worked) };
            after = (last.open, last.key.clone());
            self.go_on_behind_of(&page);
            for row in page {
                let mut held = Held { row, tries: 0, store_tries: 0 };
                if held_back.contains(&lane(&held.row)) {
                    continue;
                }
                match self.work_once(&mut held).await {
                    Worked::Done(_) => {
                        self.deps.store.keep(&[], &[held.row.key]).await?;
                        worked += 1;
                    }
                    Worked::Later(_) => _ = held_back.insert(lane(&held.row)),
                }
            }
        }
    }

    async fn work_once(&self, held: &mut Held) -> Worked {
        let Some(arrival) = arrival_of(&held.row) else { return Worked::Done("unreadable") };
        if arrival.platform.as_str() == alerts::PLATFORM {
            return self.work_alerts(&arrival, held).await;
        }
        let (key, kind, platform) = (&held.row.key, &arrival.kind, &arrival.platform);
        let Some(chat) = self.platform(platform).cloned() else {
            tracing::error!(name: "inbox.no_platform", %key, %kind, "{key} is dropped: {platform} is not connected here any more");
            return Worked::Done("no_platform");
        };
        let watched = Watched { engine: self, failed: AtomicBool::new(false) };
        let said = AssertUnwindSafe(chat.work(&arrival, &watched)).catch_unwind().await;
        let said = said.unwrap_or_else(|_| Err(ChatError::Unknown("the adapter broke off".into())));
        if watched.failed.load(Ordering::Acquire) {
            held.store_tries += 1;
            if held.store_tries < limits::WORK_STORE_TRIES {
                return Worked::Later(super::chat_out::backoff(i64::from(held.store_tries)));
            }
            tracing::error!(name: "inbox.given_up", %key, %kind, "{key} is given up: it cannot be stored");
            return Worked::Done("given_up");
        }
        let (outcome, error) = match said {
            Ok(()) => return Worked::Done("done"),
            Err(ChatError::Later { what, after_ms }) => {
                held.tries += 1;
                if held.tries < limits::WORK_TRIES {
                    return Worked::Later(after_ms.clamp(limits::LOOP_MIN_MS, limits::RETRY_MAX_MS));
                }
                ("given_up", what)
            }
            Err(ChatError::Unknown(what)) => ("unknown", what),
            Err(ChatError::Gone(what)) => ("gone", what),
            Err(ChatError::Barred(what)) => ("barred", what),
            Err(ChatError::Refused(what)) => ("refused", what),
        };
        tracing::warn!(name: "inbox.not_told", %key, %kind, outcome, %error, "{key}: its sender is not told: {error}");
        Worked::Done(outcome)
    }

    /// Takes over what processes that died have left, and says that this one lives.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn sweep(&self) -> Result<()> {
        let (store, me) = (&self.deps.store, &self.deps.owner);
        let now = self.now().work.as_millisecond();
        let until = now + limits::INBOX_LEASE_MS;
        let lease = |holder: &str| format!("inbox:{holder}");
        let shared = store.shared();
        if shared && !store.lease(&lease(me), me, now, until).await? {
            tracing::warn!(name: "inbox.taken_over", "another replica took over what this one was to work: it was silent for too long");
        }
        for holder in store.inbox_holders().await? {
            if &holder == me || (shared && !store.lease(&lease(&holder), me, now, until).await?) {
                continue;
            }
            let rows = store.adopt_inbox(&holder, me).await?;
            tracing::info!(name: "inbox.adopted", %holder, rows, "{rows} arrivals that {holder} left are worked");
            self.lanes.look_again();
        }
        #[expect(clippy::cast_precision_loss, reason = "a graph")]
        metrics::gauge!("signalbox_inbox_open").set(store.open_inbox_count().await? as f64);
        self.tell_remembered();
        Ok(())
    }

    /// Reads back what did not fit into memory, as far as there is room.
    async fn read_back(&self) -> Result<()> {
        while let Some((place, key)) = self.lanes.wants() {
            let page = self.deps.store.open_inbox(&self.deps.owner, (place, &key), limits::WORK_PAGE).await?;
            let last = i64::try_from(page.len()).unwrap_or(0) < limits::WORK_PAGE;
            self.go_on_behind_of(&page);
            self.lanes.read_back(page, last);
        }
        Ok(())
    }
}

/// Hands kept arrivals to workers until `stop`.
pub(super) async fn lane_loop(engine: Arc<Engine>, stop: CancellationToken, tracker: TaskTracker) {
    let room = Arc::new(Semaphore::new(limits::WORK_AT_ONCE));
    let mut sweep = tokio::time::interval(Duration::from_millis(limits::SWEEP_MS));
    sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            _ = sweep.tick() => if let Err(error) = engine.sweep().await {
                tracing::warn!(name: "inbox.sweep_failed", %error, "what others left is not looked for: {error}");
                engine.lanes.look_again();
            },
            () = engine.lanes.changed.notified() => {}
        }
        if let Err(error) = engine.read_back().await {
            tracing::warn!(name: "inbox.read_back_failed", %error, "kept arrivals are not read back: {error}");
        }
        while let Some(held) = engine.lanes.next() {
            let permit = tokio::select! {
                permit = Arc::clone(&room).acquire_owned() => permit,
                () = stop.cancelled() => return,
            };
            let Ok(permit) = permit else { return };
            engine.arrivals.give_way(engine.lanes.held() > limits::WORK_AT_ONCE).await;
            tracker.spawn(work(Arc::clone(&engine), held, permit, stop.clone()));
        }
    }
}

async fn work(engine: Arc<Engine>, mut held: Held, permit: OwnedSemaphorePermit, stop: CancellationToken) {
    let (platform, kind) = (held.row.key.split(':').next().unwrap_or_default().to_owned(), held.row.kind.clone());
    if held.tries + held.store_tries == 0 {
        let waited = engine.now().wall.as_millisecond() - held.row.at;
        #[expect(clippy::cast_precision_loss, reason = "seconds for a graph")]
        metrics::histogram!("signalbox_inbox_wait_seconds", "platform" => platform.clone())
            .record(waited as f64 / 1000.0);
    }
    match engine.work_once(&mut held).await {
        Worked::Done(outcome) => {
            metrics::counter!("signalbox_inbox_worked_total", "platform" => platform, "kind" => kind, "outcome" => outcome)
                .increment(1);
            drop(permit);
            engine.close(held.row.key.clone()).await;
            engine.lanes.done(&held);
        }
        Worked::Later(ms) => {
            drop(permit);
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(u64::try_from(ms).unwrap_or(1))) => engine.lanes.again(held),
                () = stop.cancelled() => {}
            }
        }
    }
}

fn arrival_of(row: &InboxRow) -> Option<Arrival> {
    let (platform, id) = row.key.split_once(':')?;
    Some(Arrival {
        platform: PlatformName::new(platform),
        id: id.to_owned(),
        kind: row.kind.clone(),
        lane: row.lane.clone(),
        proof: row.proof.clone(),
        body: row.body.clone(),
    })
}
