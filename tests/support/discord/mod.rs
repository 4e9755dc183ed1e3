//! A Discord server on loopback: REST and gateway, with one bot, one guild, and people who act in it.
//!
//! Written from Discord's documentation, not from our adapter. It refuses what the real one refuses (limits, permissions,
//! rate limits, late answers) with Discord's codes, records every refusal, and misbehaves on demand. Absent: voice, other
//! guilds, shards, OAuth, compression and everything else a bot like ours has no use for; such a route is 404.

#![expect(dead_code, reason = "each program that includes the stand-in uses a part of it")]

mod check_command;
mod check_components;
mod check_message;
mod command_data;
pub mod delivery;
mod error;
pub mod faults;
pub mod gateway;
pub mod interaction;
mod limits;
mod multipart;
pub mod noise;
mod notify;
mod payload;
mod people;
pub mod permissions;
mod rest;
mod routes;
pub mod seen;
mod setup;
mod socket;
mod text;
pub mod world;

use noise::Noise;
use signalbox::clock::{Clock, SystemClock};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use world::World;

/// The bot's token unless told otherwise.
pub const TOKEN: &str = "test-bot-token";

/// How long a test waits for another task before it fails.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often deadlines by the fake's clock are looked at.
const TICK: Duration = Duration::from_millis(10);

#[derive(Clone)]
pub struct Options {
    /// Limits and deadlines go by it.
    pub clock: Arc<dyn Clock>,
    pub token: String,
    /// Rate limits are enforced.
    pub strict: bool,
    /// Times are shown in it.
    pub zone: jiff::tz::TimeZone,
    pub heartbeat_ms: i64,
    pub noise: Noise,
    /// The application was granted the privileged intent to read all messages.
    pub message_content: bool,
    /// The application was granted the privileged intent to list members.
    pub member_list: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock::new()),
            token: TOKEN.into(),
            strict: true,
            zone: jiff::tz::TimeZone::UTC,
            heartbeat_ms: 41_250,
            noise: Noise::default(),
            message_content: false,
            member_list: false,
        }
    }
}

struct Shared {
    world: Mutex<World>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The server. It ends when it is dropped.
pub struct FakeDiscord {
    shared: Arc<Shared>,
    rest: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for FakeDiscord {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Takes connections, unless none is to be taken.
struct Door {
    listener: TcpListener,
    shared: Arc<Shared>,
}

impl axum::serve::Listener for Door {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            if let Ok((stream, from)) = self.listener.accept().await
                && !self.shared.lock().faults.refusing
            {
                let _ = stream.set_nodelay(true);
                return (stream, from);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl FakeDiscord {
    /// Starts with the bot, an empty guild, and nobody in it.
    pub async fn start(options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sockets = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let rest = listener.local_addr().unwrap();
        let mut world = World::new(options);
        world.gateway_url = format!("ws://{}", sockets.local_addr().unwrap());
        let shared = Arc::new(Shared { world: Mutex::new(world) });
        let router = axum::Router::new().fallback(rest::handle).with_state(shared.clone());
        let door = Door { listener, shared: shared.clone() };
        let tasks = vec![
            tokio::spawn(async move {
                let _ = axum::serve(door, router).await;
            }),
            tokio::spawn(socket::listen(shared.clone(), sockets)),
            tokio::spawn(tick(shared.clone())),
        ];
        Self { shared, rest, tasks }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.lock()
    }

    /// What stands for `https://discord.com`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.rest)
    }

    /// Waits until `ask` has something to say.
    pub async fn until<T>(&self, what: &str, ask: impl Fn(&Self) -> Option<T>) -> T {
        let mut changes = self.world().changed.subscribe();
        let waiting = async {
            loop {
                if let Some(found) = ask(self) {
                    return found;
                }
                let _ = changes.changed().await;
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(found) => found,
            Err(_) => panic!("it did not happen: {what}; refused so far: {:#?}", self.refusals()),
        }
    }

    /// Waits until a bot is connected and ready.
    pub async fn connected(&self) {
        let ready = |fake: &Self| fake.world().sessions.values().any(|s| s.conn.is_some()).then_some(());
        self.until("a session of the bot", ready).await;
    }
}

/// Deadlines by the fake's clock, which may be a virtual one: nothing can wait for it, so it is looked at.
async fn tick(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(TICK).await;
        let mut world = shared.lock();
        world.expire();
        world.late_events();
        drop(world);
        gateway::silent(&shared);
    }
}
