//! One socket: its envelopes are kept and acknowledged, side by side and in any order; its life is watched by pings.

use crate::chat::slack::{NAME, arrival};
use crate::chat::{Arrival, Inbox};
use crate::limits;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_util::sync::CancellationToken;

/// Why a socket ends, or none came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// Slack wants a new one in its place.
    Refresh,
    /// Socket Mode is turned off.
    Disabled,
    /// There are too many of this app.
    Crowded,
    /// Nothing is heard of the other side.
    Silent,
    /// It ended without a word.
    Lost,
    /// There was no address, or it did not open.
    Unopened,
    /// Not before so many milliseconds.
    Busy(u64),
    /// Not before a person has changed something.
    Refused,
}

impl std::fmt::Display for Leave {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Refresh => "Slack renews it",
            Self::Disabled => "Socket Mode is off",
            Self::Crowded => "too many sockets",
            Self::Silent => "no sign of life",
            Self::Lost => "it broke",
            Self::Unopened => "it does not open",
            Self::Busy(_) => "too many requests",
            Self::Refused => "refused",
        })
    }
}

/// What happens to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    Hello,
    /// It has stood for [`limits::SLACK_SETTLED_MS`].
    Settled,
    /// It will end soon, and still delivers.
    Leaving(Leave),
    Ended(Leave),
}

/// A socket in the hands of its task.
pub struct Line {
    news: mpsc::Receiver<News>,
    drain: CancellationToken,
}

impl Line {
    pub fn start<S>(
        socket: WebSocketStream<S>,
        inbox: Arc<dyn Inbox>,
        stop: &CancellationToken,
        tasks: &mut JoinSet<()>,
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // Four kinds of news, each told once.
        let (tell, news) = mpsc::channel(4);
        let drain = CancellationToken::new();
        let work = Work {
            socket,
            inbox,
            tell,
            drain: drain.clone(),
            stop: stop.clone(),
            keeping: FuturesUnordered::new(),
            leaving: None,
        };
        tasks.spawn(work.run());
        Self { news, drain }
    }

    pub async fn news(&mut self) -> News {
        self.news.recv().await.unwrap_or(News::Ended(Leave::Lost))
    }

    /// Whether it delivers nothing more.
    pub fn has_ended(&mut self) -> bool {
        use mpsc::error::TryRecvError;
        loop {
            match self.news.try_recv() {
                Ok(News::Ended(_)) | Err(TryRecvError::Disconnected) => return true,
                Err(TryRecvError::Empty) => return false,
                Ok(_) => {}
            }
        }
    }

    /// Its successor stands: it ends when Slack closes it, or after [`limits::SLACK_DRAIN_MS`].
    pub fn drain(&self) {
        self.drain.cancel();
    }
}

struct Work<S> {
    socket: WebSocketStream<S>,
    inbox: Arc<dyn Inbox>,
    tell: mpsc::Sender<News>,
    drain: CancellationToken,
    stop: CancellationToken,
    /// The acknowledgement of each envelope, once it is kept.
    keeping: FuturesUnordered<BoxFuture<'static, Option<Message>>>,
    leaving: Option<Leave>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Work<S> {
    async fn run(mut self) {
        let why = self.listen().await;
        // Told first, so that the next socket does not wait for this one's end.
        self.say(News::Ended(self.leaving.unwrap_or(why)));
        let ending = async {
            self.finish().await;
            // The other side may be gone already.
            let _ = self.socket.close(None).await;
            while let Some(Ok(_)) = self.socket.next().await {}
        };
        let _ = timeout(Duration::from_millis(limits::SLACK_CLOSE_MS), ending).await;
    }

    /// Until the socket is of no more use.
    async fn listen(&mut self) -> Leave {
        let mut pings = interval(Duration::from_millis(limits::SLACK_PING_MS));
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings.reset();
        let mut settled = std::pin::pin!(sleep(Duration::from_millis(limits::SLACK_SETTLED_MS)).fuse());
        let (drain, stop) = (self.drain.clone(), self.stop.clone());
        let drained = async {
            drain.cancelled().await;
            sleep(Duration::from_millis(limits::SLACK_DRAIN_MS)).await;
        };
        let mut drained = std::pin::pin!(drained);
        let mut silent = 0;
        loop {
            let room = self.keeping.len() < limits::SLACK_IN_FLIGHT;
            let done = tokio::select! {
                () = stop.cancelled() => return Leave::Refresh,
                () = &mut drained => return Leave::Refresh,
                () = &mut settled => { self.say(News::Settled); Ok(()) }
                Some(ack) = self.keeping.next(), if !self.keeping.is_empty() => self.acknowledge(ack).await,
                frame = self.socket.next(), if room => {
                    silent = 0;
                    match frame {
                        Some(Ok(Message::Text(text))) => self.heard(&text),
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return Leave::Lost,
                        // A ping is answered by the library with the next thing that is sent; see below.
                        Some(Ok(Message::Ping(_))) => self.flush().await,
                        Some(Ok(_)) => Ok(()),
                    }
                }
                _ = pings.tick() => {
                    // While there is no room nobody listens, so nothing is learnt.
                    silent = if room { silent + 1 } else { 0 };
                    if silent >= limits::SLACK_PINGS {
                        return Leave::Silent;
                    }
                    self.send(Message::Ping(Vec::new().into())).await
                }
            };
            if let Err(why) = done {
                return why;
            }
        }
    }

    fn say(&self, news: News) {
        // Each is told once, so there is room; and nobody listens to a line that is being drained.
        let _ = self.tell.try_send(news);
    }

    fn heard(&mut self, text: &Utf8Bytes) -> Result<(), Leave> {
        let Ok(mut frame) = serde_json::from_str::<Value>(text) else {
            metrics::counter!("signalbox_chat_unread_total", "platform" => NAME, "kind" => "frame").increment(1);
            tracing::warn!(name: "slack.unread", bytes = text.len(), "a frame of Slack's is no JSON");
            return Ok(());
        };
        if let Some((id, arrival)) = arrival::of_envelope(&mut frame) {
            self.keep(id, arrival);
            return Ok(());
        }
        match arrival::text(&frame, "/type") {
            Some("hello") => self.say(News::Hello),
            Some("disconnect") => {
                let why = match arrival::text(&frame, "/reason") {
                    Some("link_disabled") => Leave::Disabled,
                    Some("too_many_websockets") => Leave::Crowded,
                    _ => Leave::Refresh,
                };
                if self.leaving.is_none() {
                    self.leaving = Some(why);
                    if why == Leave::Refresh {
                        self.say(News::Leaving(why));
                    } else {
                        return Err(why);
                    }
                }
            }
            other => {
                let kind = other.unwrap_or("none");
                metrics::counter!("signalbox_chat_unread_total", "platform" => NAME, "kind" => "frame").increment(1);
                tracing::warn!(name: "slack.unread", kind, "a frame of Slack's is of an unknown type: {kind}");
            }
        }
        Ok(())
    }

    fn keep(&mut self, id: String, arrival: Arrival) {
        let inbox = Arc::clone(&self.inbox);
        self.keeping.push(Box::pin(async move {
            let key = arrival.id.clone();
            match inbox.keep(arrival).await {
                Ok(_) => Some(Message::text(serde_json::json!({ "envelope_id": id }).to_string())),
                Err(error) => {
                    tracing::error!(
                        name: "slack.unkept", envelope = %key, %error,
                        "{key} is not stored and not acknowledged, so Slack delivers it again: {error}"
                    );
                    None
                }
            }
        }));
    }

    /// Sends this one and all that are ready besides, in one go.
    async fn acknowledge(&mut self, first: Option<Message>) -> Result<(), Leave> {
        let mut next = Some(first);
        while let Some(ack) = next {
            if let Some(message) = ack {
                in_time(self.socket.feed(message)).await?;
            }
            next = self.keeping.next().now_or_never().flatten();
        }
        self.flush().await
    }

    async fn send(&mut self, message: Message) -> Result<(), Leave> {
        in_time(self.socket.send(message)).await
    }

    async fn flush(&mut self) -> Result<(), Leave> {
        in_time(self.socket.flush()).await
    }

    /// What is being stored still is, and is acknowledged if somebody still listens.
    async fn finish(&mut self) {
        while let Some(ack) = self.keeping.next().await {
            let _ = self.acknowledge(ack).await;
        }
    }
}

/// A peer that takes nothing more is as good as gone.
async fn in_time(sending: impl Future<Output = Result<(), Error>>) -> Result<(), Leave> {
    match timeout(Duration::from_millis(limits::SLACK_CLOSE_MS), sending).await {
        Err(_) => Err(Leave::Silent),
        Ok(sent) => sent.map_err(|_| Leave::Lost),
    }
}
