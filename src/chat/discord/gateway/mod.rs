//! Discord's gateway: our own loop, a thin shell around [`protocol`].
//!
//! It connects when this replica holds the seat, resumes whenever it can, and reads only as fast as what it read is stored.
//! Every wait before a new connection is jittered and grows; identifying is rationed twice, by us and by Discord's word.
//! Whenever the connection comes up, [`Inbox::connected`] has everything read back that may have been missed.
//!
//! Deliberately absent: compression, shards, presence, and any command to Discord but the ones that keep the connection.

mod address;
mod frame;
mod keeper;
mod protocol;
mod seat;

pub use frame::Dispatch;
pub use seat::{Seat, StoreSeat};

use super::DiscordPlatform;
use crate::chat::backoff::Backoff;
use crate::chat::discord::rest::{self, Call, RestError};
use crate::chat::pace::{Pace, Rate};
use crate::chat::socket::{self, Socket};
use crate::chat::{Inbox, Platform as _};
use crate::clock::Clock;
use crate::limits;
use futures_util::{SinkExt, StreamExt};
use keeper::{Job, Keeper, Progress};
use protocol::{Ended, KEEP_SESSION, Protocol, Session, Step};
use serde_json::Value;
use serenity::http::Route;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Identifying: not more often than every 5 s, and well below the thousand a day after which Discord resets the token.
const IDENTIFY: [(&str, Rate); 2] = [
    ("identify", Rate { burst: 1, every_ms: limits::GATEWAY_IDENTIFY_MS }),
    ("identify by day", Rate { burst: 100, every_ms: limits::GATEWAY_IDENTIFY_DAY_MS }),
];

/// The gateway of one bot.
pub struct Gateway {
    platform: Arc<DiscordPlatform>,
    inbox: Arc<dyn Inbox>,
    seat: Arc<dyn Seat>,
    clock: Arc<dyn Clock>,
    pace: Pace,
    dice: fastrand::Rng,
}

/// Discord says something that connecting again cannot change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Stopped(pub &'static str);

/// How a connection ended.
enum End {
    /// Told to stop.
    Stop,
    /// It would end the same way every time.
    Never(&'static str),
    /// The seat went to somebody else.
    Unseated,
    /// By us: connect again, not before so many milliseconds.
    Left(u64),
    /// By Discord, with its code, or by the network.
    Closed(Option<u16>),
}

/// Why it is not known where to connect.
enum NoAddress {
    /// Not before so many milliseconds.
    Later(String, u64),
    Never(&'static str),
}

impl From<RestError> for NoAddress {
    fn from(error: RestError) -> Self {
        match error {
            RestError::Code { http: 401, .. } => Self::Never(rest::BAD_TOKEN),
            RestError::Limited { after_ms } => Self::Later(error.to_string(), after_ms.max(0).unsigned_abs()),
            error => Self::Later(error.to_string(), 0),
        }
    }
}

/// Where a loop hands things on to.
struct Lines {
    queue: mpsc::Sender<Job>,
    progress: watch::Receiver<Progress>,
    /// The session as text, for the seat.
    session: watch::Sender<String>,
    /// Readings back on their way.
    readings: TaskTracker,
}

impl Gateway {
    /// The seed is for jitter, and should differ between processes.
    #[must_use]
    pub fn new(platform: Arc<DiscordPlatform>, inbox: Arc<dyn Inbox>, seat: Arc<dyn Seat>, seed: u64) -> Self {
        let clock = Arc::clone(&platform.clock);
        let pace = Pace::new(Arc::clone(&clock));
        Self { platform, inbox, seat, clock, pace, dice: fastrand::Rng::with_seed(seed) }
    }

    /// Runs until told to stop.
    ///
    /// # Errors
    /// When Discord says something that connecting again cannot change; it is logged, and says what to do.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), Stopped> {
        let (queue, jobs) = mpsc::channel(limits::GATEWAY_QUEUE);
        let (told, progress) = watch::channel((String::new(), 0));
        let keeper = Keeper::new(Arc::clone(&self.platform), Arc::clone(&self.inbox));
        let keeping = tokio::spawn(keeper.run(jobs, told));
        let lines = Lines { queue, progress, session: watch::channel(String::new()).0, readings: TaskTracker::new() };
        let session = self.sessions(&lines, &stop).await;
        if let Err(Stopped(why)) = &session {
            tracing::error!(name: "discord.stopped", "signalbox does not connect to Discord any more: {why}");
            self.platform.health.barred(why);
        }
        let Lines { queue, progress, readings, .. } = lines;
        drop(queue);
        readings.close();
        let rest = Duration::from_millis(limits::SHUTDOWN_MS / 2);
        let _ = tokio::time::timeout(rest, async { (keeping.await, readings.wait().await) }).await;
        if let Some(mut session) = session? {
            let (id, seq) = progress.borrow().clone();
            if id == session.id {
                session.kept = session.kept.max(seq);
            }
            self.remember(&session).await;
            // Nobody has to wait for the lease to run out.
            let _ = self.seat.hold(self.now(), self.now()).await;
        }
        Ok(())
    }

    /// One connection after the other; gives the session back that can be resumed later.
    async fn sessions(&mut self, lines: &Lines, stop: &CancellationToken) -> Result<Option<Session>, Stopped> {
        let mut backoff = Backoff::new(self.dice.u64(..));
        let mut protocol: Option<Protocol> = None;
        loop {
            if !seat::take(&*self.seat, &*self.clock, stop).await {
                break;
            }
            let seed = self.dice.u64(..);
            let mine = match protocol.as_mut() {
                Some(mine) => mine,
                None => protocol.insert(Protocol::new(self.remembered().await, seed)),
            };
            let (end, steady) = self.once(mine, lines, stop).await;
            self.platform.health.connected(false);
            if steady {
                backoff.reset();
            }
            let pause = match end {
                End::Stop => break,
                End::Never(why) => return Err(Stopped(why)),
                End::Unseated => {
                    // Whoever sits there now goes on with the session.
                    protocol = None;
                    continue;
                }
                End::Left(pause) => {
                    let _ = mine.closed(None);
                    pause
                }
                End::Closed(code) => match mine.closed(code) {
                    Ended::Stop(why) => return Err(Stopped(why)),
                    Ended::Again => 0,
                },
            };
            let wait = pause.max(backoff.next_ms());
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(Duration::from_millis(wait)) => {}
            }
        }
        Ok(protocol.and_then(|p| p.session().cloned()))
    }

    /// One connection, and whether it stood for a while.
    async fn once(&self, mine: &mut Protocol, lines: &Lines, stop: &CancellationToken) -> (End, bool) {
        let url = tokio::select! {
            () = stop.cancelled() => return (End::Stop, false),
            url = self.address(mine) => url,
        };
        let opened = match url {
            Ok(url) => tokio::select! {
                () = stop.cancelled() => return (End::Stop, false),
                opened = socket::open(&url) => opened.map_err(|e| (e.to_string(), 0)),
            },
            Err(NoAddress::Never(why)) => return (End::Never(why), false),
            Err(NoAddress::Later(why, pause)) => Err((why, pause)),
        };
        let mut socket = match opened {
            Ok(socket) => socket,
            Err((why, pause)) => {
                mine.unreachable();
                tracing::warn!(name: "discord.unreachable", pause_ms = pause, "Discord's gateway is not reached: {why}");
                return (End::Left(pause), false);
            }
        };
        let since = self.now();
        let chores = seat::keep(&*self.seat, &*self.clock, lines.session.subscribe());
        let end = tokio::select! {
            () = stop.cancelled() => End::Stop,
            () = chores => End::Unseated,
            end = self.listen(&mut socket, mine, lines) => end,
        };
        let steady = mine.is_up() && self.now() - since >= limits::GATEWAY_STEADY_MS;
        if !matches!(end, End::Closed(_)) {
            close(&mut socket).await;
        }
        (end, steady)
    }

    async fn listen(&self, socket: &mut Socket, mine: &mut Protocol, lines: &Lines) -> End {
        mine.opened(self.now());
        let mut permit = None;
        let mut progress = lines.progress.clone();
        loop {
            let wait = mine.due().map_or(limits::IDLE_POLL_MS, |at| (at - self.now()).clamp(0, limits::IDLE_POLL_MS));
            let steps = tokio::select! {
                reserved = lines.queue.reserve(), if permit.is_none() => match reserved {
                    Ok(reserved) => {
                        permit = Some(reserved);
                        continue;
                    }
                    Err(_) => return End::Stop,
                },
                message = socket.next(), if permit.is_some() => match message {
                    Some(Ok(Message::Text(text))) => self.frame(mine, &text),
                    Some(Ok(Message::Close(frame))) => return End::Closed(frame.map(|f| f.code.into())),
                    Some(Ok(_)) => Vec::new(),
                    Some(Err(error)) => {
                        tracing::info!(name: "discord.dropped", %error, "the gateway's socket broke: {error}");
                        return End::Closed(None);
                    }
                    None => return End::Closed(None),
                },
                Ok(()) = progress.changed() => {
                    let (id, seq) = progress.borrow_and_update().clone();
                    mine.kept(&id, seq);
                    self.publish(mine, lines);
                    Vec::new()
                }
                () = tokio::time::sleep(Duration::from_millis(wait.unsigned_abs())) => mine.tick(self.now()),
            };
            for step in steps {
                match step {
                    Step::Send(out) => {
                        if out == frame::Out::Identify {
                            // Counted from now, however long connecting took.
                            self.pace.shut(IDENTIFY[0].0, limits::GATEWAY_IDENTIFY_MS);
                        }
                        let text = Message::text(out.encode(&self.platform.settings.token));
                        let limit = Duration::from_millis(limits::GATEWAY_SEND_MS);
                        if !matches!(tokio::time::timeout(limit, socket.send(text)).await, Ok(Ok(()))) {
                            return End::Closed(None);
                        }
                    }
                    Step::Event(event) => {
                        let me = mine.session().map(|s| s.me.clone()).unwrap_or_default();
                        if let Some(permit) = permit.take() {
                            permit.send(Job { event, me });
                        }
                    }
                    Step::Up { fresh } => self.up(fresh, mine, lines),
                    Step::Leave { why, pause_ms } => {
                        tracing::info!(name: "discord.leaves", "leaving the gateway for a new connection: {why}");
                        return End::Left(pause_ms);
                    }
                }
            }
        }
    }

    fn frame(&self, mine: &mut Protocol, text: &str) -> Vec<Step> {
        match serde_json::from_str::<Value>(text) {
            Ok(frame) => mine.frame(&frame, self.now()),
            Err(_) => {
                self.platform.inbound.unread("no JSON");
                Vec::new()
            }
        }
    }

    fn up(&self, fresh: bool, mine: &Protocol, lines: &Lines) {
        let how = if fresh { "anew" } else { "where it was" };
        tracing::info!(name: "discord.connected", fresh, "connected to Discord's gateway, {how}");
        metrics::counter!("signalbox_chat_connected_total", "platform" => super::NAME).increment(1);
        self.platform.health.connected(true);
        if let Some(session) = mine.session() {
            self.platform.inbound.set_me(&session.me);
        }
        self.publish(mine, lines);
        let (inbox, platform) = (Arc::clone(&self.inbox), Arc::clone(&self.platform));
        lines.readings.spawn(async move { inbox.connected(platform.name()).await });
    }

    fn publish(&self, mine: &Protocol, lines: &Lines) {
        let text = mine.session().and_then(|s| serde_json::to_string(s).ok()).unwrap_or_default();
        lines.session.send_replace(text);
    }

    /// Where to connect.
    async fn address(&self, mine: &mut Protocol) -> Result<String, NoAddress> {
        let base = &self.platform.settings.base_url;
        if let Some(url) = mine.resume_url() {
            match address::allowed(url, base) {
                Ok(url) => return Ok(url),
                Err(why) => {
                    tracing::error!(name: "discord.address_refused", "{why}; it is not used");
                    mine.unreachable();
                }
            }
        }
        let told = self.platform.rest.send(Call::get(Route::GatewayBot)).await?;
        let starts = &told["session_start_limit"];
        if mine.session().is_none() && starts["remaining"].as_i64() == Some(0) {
            let pause = starts["reset_after"].as_u64().unwrap_or(0).min(limits::GATEWAY_DAY_MS);
            return Err(NoAddress::Later("Discord allows no more new sessions today".into(), pause));
        }
        if mine.session().is_none() {
            let often = |ms: i64| NoAddress::Later("enough new sessions for now".into(), ms.unsigned_abs());
            self.pace.take(&IDENTIFY).map_err(often)?;
        }
        let url = address::allowed(told["url"].as_str().unwrap_or_default(), base);
        url.map_err(|why| NoAddress::Later(why.to_string(), 0))
    }

    async fn remembered(&self) -> Option<Session> {
        let mut session: Session = serde_json::from_str(&self.seat.remembered().await?).ok()?;
        // What was received and not stored is gone with the process that received it.
        session.seen = session.kept;
        self.platform.inbound.set_me(&session.me);
        Some(session)
    }

    async fn remember(&self, session: &Session) {
        let text = serde_json::to_string(session).unwrap_or_default();
        if let Err(error) = self.seat.remember(&text).await {
            tracing::warn!(name: "discord.session_not_kept", %error, "the gateway session is not kept: {error}");
        }
    }

    fn now(&self) -> i64 {
        self.clock.now().work.as_millisecond()
    }
}

/// Closes so that the session stays, and does not wait for the other side.
async fn close(socket: &mut Socket) {
    let frame = CloseFrame { code: KEEP_SESSION.into(), reason: "".into() };
    let _ = tokio::time::timeout(Duration::from_millis(limits::GATEWAY_SEND_MS / 10), socket.close(Some(frame))).await;
}

#[cfg(test)]
mod tests;
