//! What arrives from other machines is kept before anybody reads it.
//!
//! A writer of its own keeps everything that waits as one group, without waiting for more: an acknowledgement waits for its
//! own group and at most one transaction of somebody else, never for a decision. What was worked is closed in the same groups.
//! An engine without loops, in virtual worlds, stores directly.

use super::Engine;
use super::intake::friendly;
use crate::chat::{Arrival, Inbox, IntakeError, Kept, Offer};
use crate::domain::ids::PlatformName;
use crate::domain::message::Form;
use crate::limits;
use crate::store::{InboxRow, Result, StoreError};
use async_trait::async_trait;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// What the arrivals' writer is asked.
pub(super) enum Arriving {
    Keep(InboxRow, oneshot::Sender<Result<Kept>>),
    Close(String),
}

/// Who hands in at the moment, and the place that was given last.
#[derive(Default)]
pub(super) struct Arrivals {
    queue: std::sync::OnceLock<mpsc::Sender<Arriving>>,
    under_way: AtomicUsize,
    quiet: Notify,
    /// How many were handed in, and how many it were when nobody was found to hand in for a while.
    begun: AtomicUsize,
    quiet_at: AtomicUsize,
    last_place: AtomicI64,
}

/// Counts as under way until it is dropped.
struct UnderWay<'a>(&'a Arrivals);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if self.0.under_way.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.quiet.notify_waiters();
        }
    }
}

impl Arrivals {
    fn begin(&self) -> UnderWay<'_> {
        self.under_way.fetch_add(1, Ordering::AcqRel);
        self.begun.fetch_add(1, Ordering::AcqRel);
        UnderWay(self)
    }

    /// Returns when nobody hands in, at the latest after [`limits::WORK_YIELD_MS`]. While many wait for their work, those who
    /// hand in do so without a pause: then it returns when nobody has for [`limits::WORK_QUIET_MS`].
    pub(super) async fn give_way(&self, many: bool) {
        let quiet = async {
            loop {
                let quiet = self.quiet.notified();
                if self.under_way.load(Ordering::Acquire) > 0 {
                    quiet.await;
                }
                let begun = self.begun.load(Ordering::Acquire);
                if !many || self.quiet_at.load(Ordering::Acquire) == begun {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(limits::WORK_QUIET_MS)).await;
                if self.begun.load(Ordering::Acquire) == begun {
                    self.quiet_at.store(begun, Ordering::Release);
                }
            }
        };
        let _ = tokio::time::timeout(Duration::from_millis(limits::WORK_YIELD_MS), quiet).await;
    }
}

#[async_trait]
impl Inbox for Engine {
    async fn keep(&self, arrival: Arrival) -> std::result::Result<Kept, IntakeError> {
        let _under_way = self.arrivals.begin();
        let (platform, kind) = (arrival.platform.to_string(), arrival.kind.clone());
        let watch = crate::clock::Stopwatch::start();
        let kept = self.kept(self.row_of(arrival)).await;
        metrics::histogram!("signalbox_inbox_keep_seconds").record(watch.elapsed_std().as_secs_f64());
        let outcome = match &kept {
            Ok(Kept::New) => "new",
            Ok(Kept::Again) => "again",
            Ok(Kept::Replayed) => "replayed",
            Err(_) => "failed",
        };
        metrics::counter!("signalbox_inbox_kept_total", "platform" => platform.clone(), "kind" => kind.clone(), "outcome" => outcome)
            .increment(1);
        kept.map_err(|error| {
            let id = self.deps.ids.next(self.now());
            let error_id = &id;
            tracing::error!(name: "inbox.not_kept", %error_id, %platform, %kind, %error, "{kind} from {platform} is not kept: {error}");
            IntakeError { reason: friendly(&error, &id) }
        })
    }

    fn form(&self, envelope: &crate::chat::Envelope) -> Option<(String, Form)> {
        self.form_for(envelope)
    }

    fn complete(&self, line: &str) -> Vec<Offer> {
        let found = self.completions(line, &[]);
        found.into_iter().map(|s| Offer { insert: s.insert, label: s.label, help: s.help }).collect()
    }

    async fn connected(&self, platform: &PlatformName) {
        self.catch_up(platform).await;
    }
}

impl Engine {
    /// Without its place yet.
    fn row_of(&self, arrival: Arrival) -> InboxRow {
        // PostgreSQL cannot store it, and nobody means it.
        let clean = |text: String| if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text };
        InboxRow {
            key: format!("{}:{}", arrival.platform, clean(arrival.id)),
            at: self.now().wall.as_millisecond(),
            body: clean(arrival.body),
            kind: clean(arrival.kind),
            lane: clean(arrival.lane),
            proof: clean(arrival.proof),
            holder: self.deps.owner.clone(),
            ..InboxRow::default()
        }
    }

    /// The next place in line: about the microsecond, and always behind the one before.
    fn place(&self, at: i64) -> i64 {
        let next = |last: i64| (at.saturating_mul(1000)).max(last + 1);
        let last = self.arrivals.last_place.fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| Some(next(last)));
        next(last.unwrap_or_default())
    }

    /// New places come after those of an earlier process, whatever the clock says.
    pub(super) async fn go_on_behind(&self) -> Result<()> {
        if self.arrivals.last_place.load(Ordering::Acquire) == 0 {
            self.arrivals.last_place.fetch_max(self.deps.store.last_place().await?, Ordering::AcqRel);
        }
        Ok(())
    }

    /// What was taken over from a process with a clock ahead of ours stays before what comes from now on.
    pub(super) fn go_on_behind_of(&self, rows: &[InboxRow]) {
        if let Some(last) = rows.iter().map(|row| row.open).max() {
            self.arrivals.last_place.fetch_max(last, Ordering::AcqRel);
        }
    }

    async fn kept(&self, mut row: InboxRow) -> Result<Kept> {
        if row.key.len() > limits::STORE_KEY_BYTES {
            return Err(StoreError::Unavailable(format!("its id has {} bytes", row.key.len())));
        }
        let Some(queue) = self.arrivals.queue.get() else {
            self.go_on_behind().await?;
            row.open = self.place(row.at);
            let kept = self.deps.store.keep(&[row], &[]).await?;
            return Ok(kept.first().copied().unwrap_or(Kept::Again));
        };
        let stopping = || StoreError::Unavailable("signalbox is stopping".into());
        let (tell, told) = oneshot::channel();
        queue.send(Arriving::Keep(row, tell)).await.map_err(|_| stopping())?;
        told.await.map_err(|_| stopping())?
    }

    /// It is worked: closed with the next group.
    pub(super) async fn close(&self, key: String) {
        if let Some(queue) = self.arrivals.queue.get() {
            // When signalbox is stopping it is worked again at the next start, and its sender is told the same again.
            let _ = queue.send(Arriving::Close(key)).await;
        }
    }

    /// The queue that [`Engine::arrive_loop`] reads; `None` when there is one already.
    pub(super) fn arrivals_queue(&self) -> Option<mpsc::Receiver<Arriving>> {
        let (send, receive) = mpsc::channel(limits::ARRIVALS_QUEUE);
        self.arrivals.queue.set(send).ok().map(|()| receive)
    }

    /// The arrivals' writer: drains what waits and stores it as a group. Ends after `stop`, with everything stored.
    pub(super) async fn arrive_loop(&self, mut queue: mpsc::Receiver<Arriving>, stop: CancellationToken) {
        let mut waiting = Vec::with_capacity(limits::ARRIVALS_AT_ONCE);
        let mut closing: Vec<String> = Vec::new();
        let mut flush = tokio::time::interval(Duration::from_millis(limits::CLOSE_EVERY_MS));
        flush.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let mut due = false;
            tokio::select! {
                biased;
                taken = queue.recv_many(&mut waiting, limits::ARRIVALS_AT_ONCE) => if taken == 0 { break },
                _ = flush.tick(), if !closing.is_empty() => due = true,
                () = stop.cancelled(), if !queue.is_closed() => queue.close(),
            }
            let (mut rows, mut tells) = (Vec::new(), Vec::new());
            for arriving in waiting.drain(..) {
                match arriving {
                    Arriving::Keep(mut row, tell) => {
                        row.open = self.place(row.at);
                        rows.push(row);
                        tells.push(tell);
                    }
                    Arriving::Close(key) => closing.push(key),
                }
            }
            if due || !rows.is_empty() || closing.len() >= limits::ARRIVALS_AT_ONCE {
                self.keep_group(rows, tells, &mut closing).await;
            }
        }
        if !closing.is_empty() {
            self.keep_group(Vec::new(), Vec::new(), &mut closing).await;
        }
    }

    async fn keep_group(
        &self,
        rows: Vec<InboxRow>,
        tells: Vec<oneshot::Sender<Result<Kept>>>,
        closing: &mut Vec<String>,
    ) {
        match self.deps.store.keep(&rows, closing).await {
            Ok(kept) => {
                self.lanes.closed(closing);
                closing.clear();
                // Whoever no longer waits was not acknowledged; it comes again and is found here.
                for (tell, kept) in tells.into_iter().zip(&kept) {
                    let _ = tell.send(Ok(*kept));
                }
                let new = rows.into_iter().zip(kept).filter(|(_, kept)| *kept == Kept::New).map(|(row, _)| row);
                self.lanes.offer(new);
            }
            Err(error) => {
                let what = error.to_string();
                tracing::error!(name: "inbox.commit_failed", error = %what, rows = rows.len(), "arrivals are not kept: {what}");
                let full = matches!(error, StoreError::Full);
                for tell in tells {
                    let said = if full { StoreError::Full } else { StoreError::Unavailable(what.clone()) };
                    let _ = tell.send(Err(said));
                }
                // It may have been stored all the same.
                self.lanes.look_again();
                // The next group tries the closings again, and not at once.
                tokio::time::sleep(Duration::from_millis(limits::CLOSE_EVERY_MS)).await;
            }
        }
    }
}
