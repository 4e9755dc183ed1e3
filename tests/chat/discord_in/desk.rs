//! An engine that only writes down: it keeps, has its platform work at once, and answers with what it was handed.

use crate::support::discord::{FakeDiscord, Options, TOKEN};
use async_trait::async_trait;
use reqwest::Method;
use serde_json::json;
use serenity::http::Route;
use serenity::model::id::{ApplicationId, GuildId};
use signalbox::chat::discord::gateway::{Gateway, Stopped, StoreSeat};
use signalbox::chat::discord::register::CommandSpec;
use signalbox::chat::discord::rest::Call;
use signalbox::chat::discord::{DiscordPlatform, Settings};
use signalbox::chat::{Answer, Arrival, Body, Envelope, Inbox, Intake, IntakeError, Kept, Offer, Platform, Token};
use signalbox::clock::{Clock, SystemClock};
use signalbox::config::load_embedded;
use signalbox::domain::ids::PlatformName;
use signalbox::domain::message::{Block, FieldKind, Form, FormField, Line, Mark, Message, Tone, plain};
use signalbox::store::MemoryStore;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long a test waits for another task before it fails.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Default)]
pub struct Book {
    pub kept: Vec<Arrival>,
    pub again: usize,
    pub received: Vec<Envelope>,
    pub connected: usize,
    /// So often storing fails from now on.
    pub failing: usize,
}

pub struct Desk {
    pub book: Mutex<Book>,
    /// Storing waits for a permit while it is shut.
    pub gate: Semaphore,
    platform: OnceLock<Arc<DiscordPlatform>>,
    changed: watch::Sender<()>,
    myself: std::sync::Weak<Desk>,
}

impl Desk {
    pub fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }

    fn tell(&self) {
        self.changed.send_replace(());
    }

    pub async fn until<T>(&self, what: &str, ask: impl Fn(&Book) -> Option<T>) -> T {
        let mut changes = self.changed.subscribe();
        let waiting = async {
            loop {
                if let Some(found) = ask(&self.book()) {
                    return found;
                }
                changes.changed().await.unwrap();
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(found) => found,
            Err(_) => panic!("it did not happen: {what}; received {:#?}", self.book().received),
        }
    }

    pub async fn received(&self, n: usize) -> Vec<Body> {
        let bodies = |book: &Book| book.received.iter().map(|e| e.body.clone()).collect::<Vec<_>>();
        self.until(&format!("{n} acts"), |b| (b.received.len() >= n).then(|| bodies(b))).await
    }

    pub async fn connected(&self, n: usize) {
        self.until(&format!("connection {n}"), |b| (b.connected >= n).then_some(())).await;
    }
}

#[async_trait]
impl Intake for Desk {
    async fn receive(&self, envelope: Envelope) -> Result<Answer, IntakeError> {
        let said = match &envelope.body {
            Body::Command { text, .. } => format!("you said: {text}"),
            Body::Click { action, fields, .. } => format!("you did: {action} {fields:?}"),
            Body::Reaction { emoji, added, .. } => format!("you reacted: {emoji} {added}"),
        };
        self.book().received.push(envelope);
        self.tell();
        let message = if said.contains("history") { long() } else { Message::line(Tone::Good, said) };
        Ok(Answer { messages: vec![message], form: None })
    }
}

/// Three hundred lines, as a long history has them.
fn long() -> Message {
    let line = |n: usize| Line { mark: Mark::Bullet, text: vec![plain(format!("line {n:03} {}", "word ".repeat(12)))] };
    Message::line(Tone::Neutral, "All of them").block(Block::List((0..300).map(line).collect()))
}

#[async_trait]
impl Inbox for Desk {
    async fn keep(&self, arrival: Arrival) -> Result<Kept, IntakeError> {
        let _open = self.gate.acquire().await.unwrap();
        let mut book = self.book();
        if book.failing > 0 {
            book.failing -= 1;
            return Err(IntakeError { reason: "as ordered".into() });
        }
        if book.kept.iter().any(|a| a.id == arrival.id) {
            book.again += 1;
            drop(book);
            self.tell();
            return Ok(Kept::Again);
        }
        book.kept.push(arrival.clone());
        drop(book);
        self.tell();
        let (desk, platform) = (self.myself.upgrade().unwrap(), self.platform.get().unwrap().clone());
        tokio::spawn(async move { platform.work(&arrival, &*desk).await });
        Ok(Kept::New)
    }

    /// `/lock` lacks something, and nothing else does.
    fn form(&self, envelope: &Envelope) -> Option<(String, Form)> {
        let Body::Command { text, .. } = &envelope.body else { return None };
        let field = FormField {
            name: "reason".into(),
            label: "Why".into(),
            kind: FieldKind::Line,
            required: true,
            help: String::new(),
        };
        let form = Form { title: "Lock".into(), submit: "Lock".into(), fields: vec![field] };
        (text == "/lock").then(|| ("lock".to_owned(), form))
    }

    fn complete(&self, line: &str) -> Vec<Offer> {
        let offer = |insert: &str, label: &str, help: &str| Offer {
            insert: insert.into(),
            label: label.into(),
            help: help.into(),
        };
        assert!(line.starts_with("/approve "), "{line}");
        vec![
            offer("/approve D-42", "D-42", &"long ".repeat(40)),
            offer("/approve DEPLOYMENT", "to production", ""),
            offer("/approve --plan", "--plan", ""),
        ]
    }

    async fn connected(&self, _platform: &PlatformName) {
        self.book().connected += 1;
        self.tell();
    }
}

/// A bot at its desk, and the store that outlives it.
pub struct Bot {
    pub desk: Arc<Desk>,
    stop: CancellationToken,
    running: JoinHandle<Result<(), Stopped>>,
}

impl Bot {
    pub async fn start(fake: &FakeDiscord, store: &Arc<MemoryStore>) -> Self {
        Self::start_as("test", fake, store, Arc::new(SystemClock::new())).await
    }

    /// One of several replicas.
    pub async fn start_as(owner: &str, fake: &FakeDiscord, store: &Arc<MemoryStore>, clock: Arc<dyn Clock>) -> Self {
        let settings = Settings {
            token: Token::new(TOKEN.into()),
            guild: fake.guild(),
            base_url: fake.base_url(),
            channels: BTreeMap::new(),
            roles: BTreeMap::new(),
        };
        let policy = Arc::new(load_embedded().policy);
        let client = signalbox::http::loopback().unwrap();
        let spec = |name: &str| CommandSpec { name: name.into(), summary: "x".into(), args: vec![] };
        let platform = DiscordPlatform::new(settings, client, clock, Arc::new(move || policy.clone()))
            .with_commands(vec![spec("approve"), spec("deploy status"), spec("lock")]);
        let platform = Arc::new(platform);
        register(fake, &platform).await;
        let desk = Arc::new_cyclic(|myself| Desk {
            book: Mutex::default(),
            gate: Semaphore::new(100),
            platform: OnceLock::from(platform.clone()),
            changed: watch::channel(()).0,
            myself: myself.clone(),
        });
        let seat = Arc::new(StoreSeat::new(store.clone(), fake.guild(), owner));
        let stop = CancellationToken::new();
        let gateway = Gateway::new(platform, desk.clone(), seat, 1);
        let running = tokio::spawn(gateway.run(stop.clone()));
        Self { desk, stop, running }
    }

    /// As when its process is killed: nothing is said or given back.
    pub async fn die(self) {
        self.running.abort();
        let _ = self.running.await;
    }

    pub async fn stop(self) -> Result<(), Stopped> {
        self.stop.cancel();
        self.ended().await
    }

    /// How it ends by itself.
    pub async fn ended(self) -> Result<(), Stopped> {
        tokio::time::timeout(PATIENCE, self.running).await.unwrap().unwrap()
    }
}

async fn register(fake: &FakeDiscord, platform: &DiscordPlatform) {
    let route =
        Route::GuildCommands { application_id: ApplicationId::new(fake.bot()), guild_id: GuildId::new(fake.guild()) };
    let number = json!([{ "type": 3, "name": "deployment", "description": "x", "autocomplete": true }]);
    let body = json!([
        { "name": "approve", "description": "x", "options": number },
        { "name": "deploy-status", "description": "x", "options": number },
        { "name": "lock", "description": "x" },
    ]);
    platform.rest().send(Call::new(Method::PUT, route).body(body)).await.unwrap();
}

/// A server with a channel and two people, a bot that is connected, and the store.
pub async fn connected(options: Options) -> (FakeDiscord, Bot, Arc<MemoryStore>) {
    let fake = FakeDiscord::start(options).await;
    fake.add_channel("deployments");
    for person in ["ann", "ben"] {
        fake.add_user(person);
    }
    let store = Arc::new(MemoryStore::new());
    let bot = Bot::start(&fake, &store).await;
    bot.desk.connected(1).await;
    (fake, bot, store)
}
