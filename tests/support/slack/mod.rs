//! A Slack workspace on loopback, with one app installed in it.
//!
//! It speaks the documented Web API, Socket Mode and signed HTTP, keeps what is posted, and refuses what the real one
//! refuses: scopes, membership, sizes, unknown blocks, rates, triggers and response URLs past their time. Every refusal is
//! kept, so that a test can ask for none. People act through methods of [`FakeSlack`]; nothing is sent to the app that the
//! app is not subscribed to. Limits go by the clock that it is given, waiting in tests by what changes.
//!
//! Absent: workspaces other than one, users' own tokens, files people send, threads' subscriptions, message events other
//! than those written to the app.

#![expect(dead_code, reason = "each binary that includes it uses a part")]

pub mod api;
pub mod click;
pub mod delivery;
pub mod faults;
pub mod kit;
pub mod message;
mod mrkdwn;
pub mod noise;
pub mod options;
pub mod payload;
mod people;
pub mod post;
pub mod rates;
mod reply;
pub mod see;
pub mod socket;
mod submit;
mod typed;
pub mod world;

use options::{Mode, Options};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use world::{BOT_USER, Channel, Group, Kind, Refusal, User, World};

/// How often the fake looks at its clock for acknowledgements that are late.
const LOOK: Duration = Duration::from_millis(10);
/// How long a test waits for what it expects, before it fails.
const PATIENCE: Duration = Duration::from_secs(15);

struct Inner {
    world: Mutex<World>,
    changed: watch::Sender<u64>,
    http: reqwest::Client,
}

/// The workspace. Clones are the same one.
#[derive(Clone)]
pub struct FakeSlack(Arc<Inner>);

impl FakeSlack {
    /// Starts it; it runs until the runtime ends.
    pub async fn start(options: Options) -> Result<Self, std::io::Error> {
        let web = TcpListener::bind("127.0.0.1:0").await?;
        let sockets = TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("http://{}", web.local_addr()?);
        let socket_origin = format!("ws://{}", sockets.local_addr()?);
        let http = signalbox::http::loopback().map_err(std::io::Error::other)?;
        let world = Mutex::new(World::new(options, origin, socket_origin));
        let fake = Self(Arc::new(Inner { world, changed: watch::Sender::new(0), http }));
        let app = api::routes().with_state(fake.clone());
        tokio::spawn(async move { axum::serve(web, app).await });
        tokio::spawn(socket::listen(fake.clone(), sockets));
        let weak = Arc::downgrade(&fake.0);
        tokio::spawn(async move {
            while let Some(inner) = weak.upgrade() {
                Self(inner).look();
                tokio::time::sleep(LOOK).await;
            }
        });
        Ok(fake)
    }

    /// The Web API's base, without a slash at its end.
    pub fn api_url(&self) -> String {
        format!("{}/api", self.read(|world| world.origin.clone()))
    }

    /// From now on, deliveries go this way.
    pub fn deliver_by(&self, mode: Mode) {
        self.with(|world| world.options.mode = mode);
    }

    /// Changes the workspace, and wakes whoever waits for a change.
    pub fn with<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let result = change(&mut self.0.world.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.changed.send_modify(|count| *count += 1);
        result
    }

    /// The same, waking only when `change` says so.
    fn with_quiet<T>(&self, change: impl FnOnce(&mut World) -> (T, bool)) -> T {
        let (result, changed) = change(&mut self.0.world.lock().unwrap_or_else(PoisonError::into_inner));
        if changed {
            self.0.changed.send_modify(|count| *count += 1);
        }
        result
    }

    pub fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.0.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until `look` finds something.
    pub async fn until<T>(&self, what: &str, mut look: impl FnMut(&World) -> Option<T>) -> Result<T, String> {
        let mut changes = self.0.changed.subscribe();
        let waiting = async {
            loop {
                changes.mark_unchanged();
                if let Some(found) = self.read(&mut look) {
                    return found;
                }
                // The sender lives as long as the fake.
                let _ = changes.changed().await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.map_err(|_| format!("it never happened that {what}"))
    }

    fn http(&self) -> &reqwest::Client {
        &self.0.http
    }

    /// Somebody who works here.
    pub fn person(&self, id: &str, name: &str, real_name: &str, zone: &str) {
        let user = User {
            id: id.into(),
            name: name.into(),
            real_name: real_name.into(),
            zone: zone.into(),
            is_bot: false,
            deleted: false,
        };
        self.with(|world| world.users.insert(id.into(), user));
    }

    /// A public channel with these people and the app in it.
    pub fn channel(&self, id: &str, name: &str, people: &[&str]) {
        self.room(id, name, Kind::Public, people, true);
    }

    pub fn room(&self, id: &str, name: &str, kind: Kind, people: &[&str], with_app: bool) {
        let mut members: BTreeSet<String> = people.iter().map(|person| (*person).to_owned()).collect();
        if with_app {
            members.insert(BOT_USER.into());
        }
        let (id, name) = (id.to_owned(), name.to_owned());
        let (made, topic) = (None, String::new());
        let channel = Channel { id: id.clone(), name, kind, members, archived: false, made, topic, messages: vec![] };
        self.with(|world| world.channels.insert(id, channel));
    }

    pub fn group(&self, id: &str, handle: &str, people: &[&str]) {
        let users = people.iter().map(|person| (*person).to_owned()).collect();
        let group = Group { id: id.into(), handle: handle.into(), users, disabled: false };
        self.with(|world| world.groups.insert(id.into(), group));
    }

    /// Everything that was refused so far.
    pub fn refusals(&self) -> Vec<Refusal> {
        self.read(|world| world.refusals.clone())
    }

    /// Calls of a method so far.
    pub fn calls(&self, method: &str) -> u64 {
        self.read(|world| world.request_counts.get(method).copied().unwrap_or_default())
    }
}
