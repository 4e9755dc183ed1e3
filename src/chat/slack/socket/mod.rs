//! Socket Mode: Slack delivers over a WebSocket that we open, so no public address is needed.
//!
//! It promises that an envelope is acknowledged only once it is kept; what is not acknowledged Slack delivers again. When
//! Slack announces the end of a socket, the next one stands before the old one goes, and the old one is listened to until
//! it ends. However the server behaves, at most [`limits::SLACK_OPENS`] sockets are opened a minute, and failures wait
//! longer each time. Deliberately absent: what an envelope means, and several sockets at once beyond that hand-over.

mod door;
mod line;
mod pacing;

use crate::chat::{ChatError, Inbox};
use crate::domain::ids::PlatformName;
use crate::limits;
use async_trait::async_trait;
use line::{Leave, Line, News};
use pacing::Pacing;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_util::sync::CancellationToken;

const DISABLED: &str =
    "Socket Mode is turned off for this app: turn it on under Settings, Socket Mode, or set slack.mode = \"http\"";

/// Who opens sockets: `apps.connections.open`, and then the address that it gives.
#[async_trait]
pub trait Door: Send + Sync {
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// A socket that has not said anything yet.
    ///
    /// # Errors
    /// [`ChatError::Refused`] or [`ChatError::Barred`] when asking again will not help before a person has changed something.
    async fn open(&self) -> Result<WebSocketStream<Self::Stream>, ChatError>;

    /// The connection stands or not; `Err` when it will not before a person has changed something.
    fn stands(&self, stands: Result<bool, &str>);
}

/// The connection to one workspace.
pub struct SocketMode<D> {
    door: Arc<D>,
    inbox: Arc<dyn Inbox>,
    stop: CancellationToken,
    pacing: Pacing,
    /// Lines that stand or end, and read-backs under way.
    tasks: JoinSet<()>,
}

impl<D: Door> SocketMode<D> {
    /// The seed makes the jitter differ between processes.
    #[must_use]
    pub fn new(door: Arc<D>, inbox: Arc<dyn Inbox>, seed: u64, stop: CancellationToken) -> Self {
        Self { door, inbox, stop, pacing: Pacing::new(seed), tasks: JoinSet::new() }
    }

    /// Stays connected until it is told to stop; then ends within [`limits::SLACK_CLOSE_MS`], twice at most.
    pub async fn run(mut self) {
        let stop = self.stop.clone();
        stop.run_until_cancelled(self.stay()).await;
        self.door.stands(Ok(false));
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(Duration::from_millis(2 * limits::SLACK_CLOSE_MS), all).await.is_err() {
            self.tasks.abort_all();
        }
        tracing::info!(name: "slack.stopped", "the connection to Slack is closed");
    }

    async fn stay(&mut self) {
        let mut line = self.next_line().await;
        self.caught_up();
        loop {
            while self.tasks.try_join_next().is_some() {}
            match line.news().await {
                News::Hello => {}
                News::Settled => self.pacing.settled(),
                News::Leaving(why) => {
                    tracing::info!(name: "slack.leaving", %why, "Slack will close this socket ({why}); opening the next one");
                    self.pacing.failed(why);
                    let next = self.next_line().await;
                    if line.has_ended() {
                        self.caught_up();
                    }
                    line.drain();
                    line = next;
                }
                News::Ended(why) => {
                    self.door.stands(Ok(false));
                    self.told(why);
                    self.pacing.failed(why);
                    line = self.next_line().await;
                    self.caught_up();
                }
            }
        }
    }

    /// Tries until one stands.
    async fn next_line(&mut self) -> Line {
        loop {
            self.pacing.wait().await;
            match self.open().await {
                Ok(line) => {
                    self.door.stands(Ok(true));
                    metrics::counter!("signalbox_chat_connected_total", "platform" => super::NAME).increment(1);
                    tracing::info!(name: "slack.connected", "the socket to Slack stands");
                    return line;
                }
                Err(why) => {
                    self.told(why);
                    self.pacing.failed(why);
                }
            }
        }
    }

    /// One try: a socket, and its hello.
    async fn open(&mut self) -> Result<Line, Leave> {
        let socket = self.door.open().await.map_err(|error| self.refused(&error))?;
        let mut line = Line::start(socket, Arc::clone(&self.inbox), &self.stop, &mut self.tasks);
        loop {
            match timeout(Duration::from_millis(limits::SLACK_HELLO_MS), line.news()).await {
                Ok(News::Hello) => return Ok(line),
                Ok(News::Settled) => {}
                Ok(News::Leaving(why) | News::Ended(why)) => {
                    line.drain();
                    return Err(why);
                }
                Err(_) => {
                    line.drain();
                    return Err(Leave::Silent);
                }
            }
        }
    }

    /// There was a time without a socket: what people did meanwhile is read back.
    fn caught_up(&mut self) {
        let (inbox, stop) = (Arc::clone(&self.inbox), self.stop.clone());
        self.tasks.spawn(async move {
            stop.run_until_cancelled(inbox.connected(&PlatformName::new(super::NAME))).await;
        });
    }

    fn refused(&self, error: &ChatError) -> Leave {
        match error {
            ChatError::Later { what, after_ms } => {
                tracing::warn!(name: "slack.busy", what, after_ms, "Slack gives out no socket now: {what}");
                Leave::Busy(u64::try_from(*after_ms).unwrap_or(0))
            }
            ChatError::Unknown(what) => {
                tracing::warn!(name: "slack.silent", what, "Slack gives out no socket: {what}");
                Leave::Unopened
            }
            ChatError::Gone(what) | ChatError::Refused(what) | ChatError::Barred(what) => {
                let why = format!(
                    "Slack gives out no socket ({what}): check slack.app_token, an app-level token with connections:write"
                );
                tracing::error!(name: "slack.refused", "{why}");
                self.door.stands(Err(&why));
                Leave::Refused
            }
        }
    }

    fn told(&self, why: Leave) {
        match why {
            Leave::Disabled => {
                tracing::error!(name: "slack.disabled", "{DISABLED}");
                self.door.stands(Err(DISABLED));
            }
            Leave::Crowded => tracing::warn!(
                name: "slack.crowded",
                "Slack takes no more sockets for this app: end the other programs that use the same app-level token"
            ),
            // Said where the reason was known.
            Leave::Busy(_) | Leave::Refused | Leave::Unopened => {}
            _ => tracing::warn!(name: "slack.disconnected", %why, "the socket to Slack is gone ({why})"),
        }
    }
}

#[cfg(test)]
mod tests;
