//! The loops of a running signalbox, and how they end.

use super::effect::{is_page, is_task};
use super::{Engine, writer};
use crate::limits;
use crate::store::Result;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The tasks of one engine.
pub struct Service {
    engine: Arc<Engine>,
    stop: CancellationToken,
    writer_stop: CancellationToken,
    loops: TaskTracker,
    writer: TaskTracker,
}

impl Service {
    /// Starts the writer and the loops, and asks again about everything that is open.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn start(engine: Arc<Engine>) -> Result<Self> {
        Self::start_with(engine, &Handle::current()).await
    }

    /// The same with the arrivals' writer on a runtime of its own, beside those who hand in.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn start_with(engine: Arc<Engine>, reception: &Handle) -> Result<Self> {
        let (send, receive) = mpsc::channel::<writer::Queued>(limits::WRITER_QUEUE);
        let (stop, writer_stop) = (CancellationToken::new(), CancellationToken::new());
        let (loops, writer) = (TaskTracker::new(), TaskTracker::new());
        let _ = engine.queue.set(send);
        let broken = engine.deps.store.break_leases().await?;
        if broken > 0 {
            tracing::info!(name: "service.resumed", rows = broken, "{broken} effects that were under way are taken up again");
        }
        {
            let (engine, stop) = (Arc::clone(&engine), writer_stop.clone());
            writer.spawn(async move {
                tokio::select! {
                    () = engine.write_loop(receive) => {}
                    () = stop.cancelled() => {}
                }
            });
        }
        // What the process before has left goes first.
        engine.sweep().await?;
        engine.go_on_behind().await?;
        if let Some(queue) = engine.arrivals_queue() {
            let (engine, stop) = (Arc::clone(&engine), writer_stop.clone());
            writer.spawn_on(async move { engine.arrive_loop(queue, stop).await }, reception);
        }
        loops.spawn(work_loop(Arc::clone(&engine), stop.clone(), loops.clone()));
        loops.spawn(prune_loop(Arc::clone(&engine), stop.clone()));
        engine.remember_roles().await?;
        engine.reconsider().await?;
        loops.spawn(super::roles::roles_loop(Arc::clone(&engine), stop.clone()));
        engine.refresh_known().await;
        loops.spawn(super::work::lane_loop(Arc::clone(&engine), stop.clone(), loops.clone()));
        Ok(Self { engine, stop, writer_stop, loops, writer })
    }

    /// Stops taking work, lets what is under way end (bounded), and closes the store.
    ///
    /// # Errors
    /// When the store cannot be closed cleanly; everything committed is safe all the same.
    pub async fn shutdown(self) -> Result<()> {
        self.stop.cancel();
        self.loops.close();
        let patience = Duration::from_millis(limits::SHUTDOWN_MS);
        if tokio::time::timeout(patience, self.loops.wait()).await.is_err() {
            tracing::warn!(name: "service.cut_short", "some effects did not end in time; they are resumed at the next start");
        }
        // The writer ends last and only between groups: a group that has begun is committed whole.
        let _between_groups = self.engine.writer.lock().await;
        self.writer_stop.cancel();
        self.writer.close();
        drop(_between_groups);
        self.writer.wait().await;
        self.engine.deps.store.close().await
    }
}

/// How much is done outside at the same time.
struct Room {
    all: Arc<Semaphore>,
    /// Of these, chat: a platform that hangs must not hold up a way back.
    chat: Arc<Semaphore>,
    /// Of these, pages: what hangs there holds up neither chat nor a way back.
    pages: Arc<Semaphore>,
}

/// Fires timers and acts on the outbox, as soon as something is due and never hot.
async fn work_loop(engine: Arc<Engine>, stop: CancellationToken, tracker: TaskTracker) {
    let room = Room {
        all: Arc::new(Semaphore::new(limits::EFFECTS_AT_ONCE)),
        chat: Arc::new(Semaphore::new(limits::CHAT_AT_ONCE)),
        pages: Arc::new(Semaphore::new(limits::PAGES_AT_ONCE)),
    };
    while !stop.is_cancelled() {
        let stirred = engine.stirred.notified();
        match turn(&engine, &room, &tracker).await {
            Ok(Turn::Busy) => {}
            Ok(rest) => {
                // With full hands, rows that are due wait for the end of another, which stirs this loop.
                let due = if rest == Turn::Full { engine.until_timer().await } else { engine.until_due().await };
                let wait = due.unwrap_or(limits::IDLE_POLL_MS).max(limits::LOOP_MIN_MS);
                tokio::select! {
                    () = stirred => {}
                    () = tokio::time::sleep(Duration::from_millis(u64::try_from(wait).unwrap_or(1))) => {}
                    () = stop.cancelled() => {}
                }
            }
            Err(error) => {
                tracing::error!(name: "engine.turn_failed", %error, "the store fails: {error}; trying again in a second");
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                    () = stop.cancelled() => {}
                }
            }
        }
    }
    room.chat.close();
    room.pages.close();
}

/// What a turn came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Something was found to do, so there may be more.
    Busy,
    Idle,
    /// As many effects are under way as may be.
    Full,
}

async fn turn(engine: &Arc<Engine>, room: &Room, tracker: &TaskTracker) -> Result<Turn> {
    let fired = engine.fire_timers().await?;
    let free = room.all.available_permits();
    if free == 0 {
        return Ok(if fired > 0 { Turn::Busy } else { Turn::Full });
    }
    let claims = engine.claim(i64::try_from(free).unwrap_or(1)).await?;
    let claimed = claims.len();
    for claim in claims {
        let Ok(permit) = Arc::clone(&room.all).acquire_owned().await else { break };
        let target = claim.row.target.as_str();
        let door = if is_page(target) { &room.pages } else { &room.chat };
        let (engine, door) = (Arc::clone(engine), Arc::clone(door));
        tracker.spawn(async move {
            let _turn = match is_task(&claim.row.target) {
                true => None,
                false => match door.acquire().await {
                    Ok(turn) => Some(turn),
                    // signalbox stops; the next start takes the row up again.
                    Err(_) => return,
                },
            };
            if let Err(error) = engine.tend(&claim).await {
                tracing::error!(name: "effect.failed", key = %claim.row.key, %error, "{} is not done: {error}", claim.row.key);
            }
            drop(permit);
            engine.stir();
        });
    }
    Ok(if fired > 0 || claimed > 0 { Turn::Busy } else { Turn::Idle })
}

/// How often the prune loop looks, and at which of its rounds it looks through the jobs: every six hours.
const PRUNE_EVERY: Duration = Duration::from_secs(600);
const JOBS_ROUND: u32 = 36;

/// Page by page, so that arrivals come between, and all of it, so that nothing grows.
async fn prune(engine: &Engine, stop: &CancellationToken) -> Result<()> {
    let (store, now) = (&engine.deps.store, engine.now());
    let before = now.wall.as_millisecond() - limits::INBOX_DAYS * 86_400_000;
    let full = u64::try_from(limits::PRUNE_PAGE).unwrap_or(u64::MAX);
    while !stop.is_cancelled() && store.prune_inbox(before, limits::PRUNE_PAGE).await? == full {
        tokio::task::yield_now().await;
    }
    while !stop.is_cancelled() && store.prune_reactions(before, limits::PRUNE_PAGE).await? == full {
        tokio::task::yield_now().await;
    }
    let untouched = now.work.as_millisecond() - limits::MESSAGE_DAYS * 86_400_000;
    while !stop.is_cancelled() && store.prune_messages(untouched, limits::PRUNE_PAGE).await? == full {
        tokio::task::yield_now().await;
    }
    store.prune_leases(now.work.as_millisecond() - limits::INBOX_DAYS * 86_400_000).await.map(|_| ())
}

/// Forgets inbox rows that nobody can send again, messages that nobody edits, and jobs that nobody asks about. Not at the
/// start: what was under way is taken up again before.
async fn prune_loop(engine: Arc<Engine>, stop: CancellationToken) {
    for round in 0_u32.. {
        tokio::select! {
            () = tokio::time::sleep(PRUNE_EVERY) => {}
            () = stop.cancelled() => return,
        }
        if let Err(error) = prune(&engine, &stop).await {
            tracing::warn!(name: "inbox.prune_failed", %error, "old rows are not pruned: {error}");
        }
        if let Err(error) = engine.sample_objectives().await {
            tracing::warn!(name: "samples.failed", %error, "the objectives are not sampled: {error}");
        }
        if let Err(error) = engine.measure_delivery().await {
            tracing::warn!(name: "numbers.failed", %error, "the delivery numbers are not made: {error}");
        }
        // What other replicas ended is open no more.
        engine.refresh_known().await;
        if round % JOBS_ROUND == 0
            && let Err(error) = engine.prune_jobs().await
        {
            tracing::warn!(name: "jobs.prune_failed", %error, "old jobs are not pruned: {error}");
        }
    }
}
