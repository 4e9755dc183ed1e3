//! Stores what the gateway delivers, in its order, and answers it at once afterwards.
//!
//! Storing goes on side by side, so that one commit takes many, but counts as done only in order: what is remembered of a
//! session never runs ahead of what is stored. What cannot be stored is tried again until it is; meanwhile the queue fills,
//! no more is read from the socket, and nothing of it is lost or acknowledged.

use super::frame::Dispatch;
use crate::chat::backoff::Backoff;
use crate::chat::discord::DiscordPlatform;
use crate::chat::discord::arrival::{self, Seen};
use crate::chat::{Arrival, Inbox, Kept, Platform as _};
use crate::limits;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::task::TaskTracker;

/// An event, and who we are in its session.
pub struct Job {
    pub event: Dispatch,
    pub me: String,
}

/// The session and the number of the last event that is stored, with all before it.
pub type Progress = (String, i64);

/// What storing needs.
#[derive(Clone)]
pub struct Keeper {
    platform: Arc<DiscordPlatform>,
    inbox: Arc<dyn Inbox>,
    /// Answers on their way.
    answers: TaskTracker,
    room: Arc<Semaphore>,
}

impl Keeper {
    #[must_use]
    pub fn new(platform: Arc<DiscordPlatform>, inbox: Arc<dyn Inbox>) -> Self {
        let room = Arc::new(Semaphore::new(limits::GATEWAY_ANSWERS));
        Self { platform, inbox, answers: TaskTracker::new(), room }
    }

    /// Works until the queue is closed and everything in it is stored and answered.
    pub async fn run(self, mut queue: mpsc::Receiver<Job>, progress: watch::Sender<Progress>) {
        let mut under_way = FuturesOrdered::new();
        let mut open = true;
        while open || !under_way.is_empty() {
            tokio::select! {
                job = queue.recv(), if open && under_way.len() < limits::GATEWAY_KEEPS => match job {
                    Some(job) => under_way.push_back(self.clone().one(job)),
                    None => open = false,
                },
                Some(done) = under_way.next(), if !under_way.is_empty() => {
                    // A frame without a place in the session says nothing of it.
                    if !done.0.is_empty() {
                        progress.send_replace(done);
                    }
                }
            }
        }
        self.answers.close();
        self.answers.wait().await;
    }

    async fn one(self, job: Job) -> Progress {
        let Job { event, me } = job;
        match arrival::read(&event, &me) {
            Seen::Keep(arrival) => self.keep(arrival).await,
            Seen::Complete => {
                let (platform, inbox) = (Arc::clone(&self.platform), Arc::clone(&self.inbox));
                self.answer(async move { platform.complete(&event.data, &*inbox).await }).await;
                return (event.session, event.seq);
            }
            Seen::Nothing => {}
            Seen::Unknown => self.platform.inbound.unread(&event.kind),
        }
        (event.session, event.seq)
    }

    async fn keep(&self, arrival: Arrival) {
        let new = self.platform.inbound.announce(&arrival);
        let mut backoff = Backoff::new(arrival.body.len() as u64);
        let kept = loop {
            match self.inbox.keep(arrival.clone()).await {
                Ok(kept) => break kept,
                Err(error) => {
                    let id = &arrival.id;
                    tracing::warn!(name: "discord.not_kept", arrival = %id, %error, "{id} is not stored yet: {error}");
                    tokio::time::sleep(Duration::from_millis(backoff.next_ms())).await;
                }
            }
        };
        if kept != Kept::New {
            tracing::debug!(name: "discord.again", arrival = %arrival.id, "{} came again", arrival.id);
        }
        // What this process answers already is not answered twice; what an earlier one kept may not be answered yet.
        if !new {
            return;
        }
        let (platform, inbox) = (Arc::clone(&self.platform), Arc::clone(&self.inbox));
        if arrival::CLEARED.contains(&arrival.kind.as_str()) {
            // Whose they were is not said, so what stands is read back.
            self.answer(async move { inbox.connected(platform.name()).await }).await;
            return;
        }
        self.answer(async move { platform.respond(&arrival, &*inbox).await }).await;
    }

    /// Goes on by itself, so that nothing is stored later because of it; bounded.
    async fn answer(&self, answering: impl Future<Output = ()> + Send + 'static) {
        if let Ok(permit) = Arc::clone(&self.room).acquire_owned().await {
            self.answers.spawn(async move {
                answering.await;
                drop(permit);
            });
        }
    }
}
