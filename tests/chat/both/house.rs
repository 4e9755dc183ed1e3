//! A whole signalbox in one process: the real engine with its loops, both adapters, and both stand-ins.

use crate::support::discord::{self, FakeDiscord};
use crate::support::slack::options::Options;
use crate::support::slack::{FakeSlack, world::World};
use signalbox::app::discord::commands;
use signalbox::chat::discord::rest::RestError;
use signalbox::chat::discord::{DiscordPlatform, Gateway, StoreSeat};
use signalbox::chat::slack::{SlackPlatform, SocketMode};
use signalbox::chat::{Inbox, Platform, PolicyNow, Token};
use signalbox::clock::{Clock, SystemClock};
use signalbox::command::Catalogue;
use signalbox::config::load_embedded;
use signalbox::domain::paging::Via;
use signalbox::domain::policy::Policy;
use signalbox::domain::time::{Now, Span, after};
use signalbox::engine::{Deps, Engine, Service, Troubles};
use signalbox::ids::Ids;
use signalbox::jobs::Executor;
use signalbox::jobs::command::revision::CommandRevisions;
use signalbox::paging::{Outlets, Pager};
use signalbox::rehearsal::world::{Behaviour, Outside, ScriptExecutor, ScriptProbe};
use signalbox::store::{MemoryStore, Store};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub const C_DEPLOYMENTS: &str = "C0DEPLOY01";
const PATIENCE: Duration = Duration::from_secs(60);

/// What stays when signalbox ends: the workspace, the server, what is stored, and the time.
pub struct Ground {
    pub slack: FakeSlack,
    pub discord: Arc<FakeDiscord>,
    pub clock: Arc<Leaping>,
    /// The ways to people besides chat.
    pub pagers: BTreeMap<Via, Arc<dyn Pager>>,
    /// Where those hear of incidents who are not paged about them.
    pub outlets: Outlets,
    /// What is otherwise than in the example.
    pub otherwise: fn(&mut Policy),
    store: Arc<MemoryStore>,
    /// How often it was started.
    starts: u64,
}

/// A clock, the machine's as a rule, which can be put forward.
pub struct Leaping {
    clock: Arc<dyn Clock>,
    ahead: Mutex<Span>,
}

impl Leaping {
    pub fn on(clock: Arc<dyn Clock>) -> Self {
        Self { clock, ahead: Mutex::default() }
    }

    pub fn leap(&self, by: Span) {
        let mut ahead = self.ahead.lock().unwrap();
        *ahead = *ahead + by;
    }
}

impl Clock for Leaping {
    fn now(&self) -> Now {
        let (now, ahead) = (self.clock.now(), *self.ahead.lock().unwrap());
        Now { wall: after(now.wall, ahead), work: after(now.work, ahead) }
    }
}

pub struct House {
    pub slack: FakeSlack,
    pub discord: Arc<FakeDiscord>,
    pub engine: Arc<Engine>,
    pub store: Arc<MemoryStore>,
    pub to_slack: Arc<SlackPlatform>,
    pub to_discord: Arc<DiscordPlatform>,
    ground: Ground,
    service: Service,
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Ground {
    pub async fn lay() -> Self {
        Self::lay_on(Arc::new(SystemClock::new())).await
    }

    /// Everything in it goes by this clock, the stand-ins as well.
    pub async fn lay_on(clock: Arc<dyn Clock>) -> Self {
        let slack_is = Options::default().clock(Arc::clone(&clock));
        let discord_is = discord::Options { clock: Arc::clone(&clock), ..discord::Options::default() };
        Self::lay_with(clock, slack_is, discord_is).await
    }

    /// With stand-ins that behave otherwise.
    pub async fn lay_with(clock: Arc<dyn Clock>, slack_is: Options, discord_is: discord::Options) -> Self {
        let (slack, discord) = (slack(slack_is).await, Arc::new(discord(discord_is).await));
        let clock = Arc::new(Leaping::on(clock));
        let (pagers, outlets, store) = (BTreeMap::new(), Outlets::default(), Arc::new(MemoryStore::new()));
        Self { slack, discord, clock, pagers, outlets, otherwise: |_| {}, store, starts: 0 }
    }

    /// Starts signalbox on it with the tokens that are right, and connects.
    pub async fn build(self) -> House {
        let house = self.build_with(discord::TOKEN).await;
        house.discord.connected().await;
        house.slack.until("a socket", |world| (!world.sockets.is_empty()).then_some(())).await.unwrap();
        house
    }

    /// The same with another token of Discord's; waits for nothing.
    pub async fn build_with(mut self, discord_token: &str) -> House {
        self.starts += 1;
        let clock: Arc<dyn Clock> = self.clock.clone();
        let mut policy = policy(&self.discord);
        (self.otherwise)(&mut policy);
        let policy = Arc::new(policy);
        let engine_slot: Arc<OnceLock<Weak<Engine>>> = Arc::default();
        let (slot, first) = (Arc::clone(&engine_slot), Arc::clone(&policy));
        let now: PolicyNow = Arc::new(move || {
            slot.get().and_then(Weak::upgrade).map_or_else(|| Arc::clone(&first), |engine| engine.policy())
        });
        let to_slack = Arc::new(slack_platform(&self.slack, &clock, &now));
        let commands = commands(&Catalogue::embedded().unwrap());
        let to_discord = Arc::new(discord_platform(&self.discord, discord_token, &clock, &now).with_commands(commands));
        let platforms: Vec<Arc<dyn Platform>> = vec![to_slack.clone(), to_discord.clone()];
        let around = Around { platforms, pagers: self.pagers.clone(), outlets: self.outlets.clone() };
        let engine = engine(&policy, &(self.store.clone() as Arc<dyn Store>), &clock, around, self.starts);
        let _ = engine_slot.set(Arc::downgrade(&engine));
        let service = Service::start(Arc::clone(&engine)).await.unwrap();
        let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
        let inbox = Arc::clone(&engine) as Arc<dyn Inbox>;
        tasks.spawn(SocketMode::new(to_slack.clone(), Arc::clone(&inbox), 1, stop.clone()).run());
        let registering = Arc::clone(&to_discord);
        tasks.spawn(async move {
            while let Err(RestError::Limited { .. }) = registering.register().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let seat = StoreSeat::new(self.store.clone(), self.discord.guild(), "house");
        let gateway = Gateway::new(to_discord.clone(), inbox, Arc::new(seat), 1);
        let stopped = stop.clone();
        tasks.spawn(async move {
            // Without a valid token it says why and is not there.
            let _ = gateway.run(stopped).await;
        });
        let (slack, discord) = (self.slack.clone(), self.discord.clone());
        let store = self.store.clone();
        House { slack, discord, engine, store, to_slack, to_discord, ground: self, service, tasks, stop }
    }
}

impl House {
    pub async fn open() -> Self {
        Ground::lay().await.build().await
    }

    /// Ends signalbox; what the platforms refused is nobody's business here.
    pub async fn leave(self) -> Ground {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.tasks.join_all()).await.unwrap();
        self.service.shutdown().await.unwrap();
        self.ground
    }

    pub async fn close(self) {
        let ground = self.leave().await;
        assert!(ground.slack.refusals().is_empty(), "{:?}", ground.slack.refusals());
        ground.discord.nothing_refused();
    }

    pub fn now(&self) -> Now {
        self.ground.clock.now()
    }

    /// Puts the clock forward.
    pub fn leap(&self, by: Span) {
        self.ground.clock.leap(by);
    }

    /// Waits until it is told on `/readyz`, or no longer.
    pub async fn tells(&self, words: &str, told: bool) -> Troubles {
        let waiting = async {
            loop {
                let troubles = self.engine.troubles();
                if troubles.lines.iter().any(|line| line.contains(words)) == told {
                    return troubles;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        waited.unwrap_or_else(|_| panic!("{words:?} ({told}): {:?}", self.engine.troubles()))
    }

    /// The id of the card in Discord, once it stands there.
    pub async fn card_in_discord(&self, id: &str) -> u64 {
        let found = |fake: &FakeDiscord| {
            fake.visible("deployments", "omar").into_iter().find(|m| is_card(&m.text, id)).map(|m| m.id)
        };
        self.discord.until("the card", found).await
    }

    /// The ts of the card in Slack, once it stands there.
    pub async fn card_in_slack(&self, id: &str) -> String {
        let found = self.slack.until("the card", |world| cards(world, id).first().cloned()).await;
        found.unwrap_or_else(|why| panic!("{why}:\n{}", self.slack.visible(C_DEPLOYMENTS, "UOMAR")))
    }

    pub fn cards_in_slack(&self, id: &str) -> usize {
        self.slack.read(|world| cards(world, id).len())
    }

    pub fn cards_in_discord(&self, id: &str) -> usize {
        self.discord.texts("deployments", "omar").iter().filter(|t| is_card(t, id)).count()
    }

    /// Waits until the card in Slack says so.
    pub async fn slack_says(&self, id: &str, words: &str) {
        let says = |world: &World| {
            let channel = &world.channels[C_DEPLOYMENTS];
            let mut cards = channel.messages.iter().filter(|m| m.thread_ts.is_none() && !m.deleted);
            cards.any(|m| is_card(&m.text(), id) && format!("{:?}", m.now().blocks).contains(words)).then_some(())
        };
        let found = self.slack.until(words, says).await;
        found.unwrap_or_else(|why| panic!("{why}:\n{}", self.slack.visible(C_DEPLOYMENTS, "UOMAR")));
    }

    pub async fn discord_says(&self, id: &str, words: &str) {
        let says = |fake: &FakeDiscord| {
            fake.texts("deployments", "omar").iter().any(|t| is_card(t, id) && t.contains(words)).then_some(())
        };
        self.discord.until(words, says).await;
    }

    pub async fn slack_whispers(&self, user: &str, words: &str) {
        let whispered = |world: &World| {
            let messages = &world.channels[C_DEPLOYMENTS].messages;
            messages.iter().any(|m| m.only_for.as_deref() == Some(user) && m.text().contains(words)).then_some(())
        };
        let found = self.slack.until(words, whispered).await;
        found.unwrap_or_else(|why| panic!("{why}:\n{}", self.slack.visible(C_DEPLOYMENTS, user)));
    }

    pub async fn discord_whispers(&self, user: &str, words: &str) {
        self.discord.until(words, |fake| fake.whispers(user).iter().any(|t| t.contains(words)).then_some(())).await;
    }
}

/// A card's first line names the deployment and what it is.
fn is_card(text: &str, id: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let named = |line: &str| line.split(|c| !word(c)).any(|w| w == id);
    text.lines().next().is_some_and(|line| named(line) && line.contains("→ staging"))
}

fn cards(world: &World, id: &str) -> Vec<String> {
    let messages = &world.channels[C_DEPLOYMENTS].messages;
    let own = messages.iter().filter(|m| m.thread_ts.is_none() && m.only_for.is_none() && !m.deleted);
    own.filter(|m| is_card(&m.text(), id)).map(|m| m.ts.clone()).collect()
}

async fn slack(options: Options) -> FakeSlack {
    let manifest = include_str!("../../../deploy/slack-socket.yaml");
    let fake = FakeSlack::start(options.manifest(manifest)).await.unwrap();
    let people = ["USARA", "UOMAR"];
    for (id, name) in people.iter().zip(["Sara Haddad", "Omar Farouk"]) {
        fake.person(id, &name[..4].to_lowercase(), name, "Asia/Riyadh");
    }
    for (id, name) in [(C_DEPLOYMENTS, "deployments"), ("C0INCIDENT", "incidents"), ("C0ENGINEER", "engineering")] {
        fake.channel(id, name, &people);
    }
    fake
}

async fn discord(options: discord::Options) -> FakeDiscord {
    let fake = FakeDiscord::start(options).await;
    for channel in ["deployments", "incidents", "engineering"] {
        fake.add_channel(channel);
    }
    for person in ["sara", "omar"] {
        fake.add_user(person);
    }
    fake
}

/// The example's policy, with everybody's accounts.
fn policy(discord: &FakeDiscord) -> Policy {
    let mut policy = load_embedded().policy;
    for (id, slack) in [("sara", "USARA"), ("omar", "UOMAR")] {
        let person = policy.people.values_mut().find(|p| p.id.as_str() == id).unwrap();
        person.accounts.insert("slack".into(), slack.into());
        person.accounts.insert("discord".into(), discord.id_of_user(id).to_string());
    }
    policy
}

fn slack_platform(fake: &FakeSlack, clock: &Arc<dyn Clock>, policy: &PolicyNow) -> SlackPlatform {
    let (bot, app) = fake.read(|w| (w.options.bot_token.clone(), w.options.app_token.clone()));
    let settings = signalbox::chat::slack::Settings {
        bot_token: Token::new(bot),
        app_token: Some(Token::new(app)),
        signing_secret: None,
        base_url: fake.api_url(),
        channels: BTreeMap::new(),
        groups: BTreeMap::new(),
    };
    let client = signalbox::http::loopback().unwrap();
    SlackPlatform::new(settings, Arc::clone(clock), Arc::clone(policy), client).unwrap()
}

fn discord_platform(fake: &FakeDiscord, token: &str, clock: &Arc<dyn Clock>, policy: &PolicyNow) -> DiscordPlatform {
    let settings = signalbox::chat::discord::Settings {
        token: Token::new(token.to_owned()),
        guild: fake.guild(),
        base_url: fake.base_url(),
        channels: BTreeMap::new(),
        roles: BTreeMap::new(),
    };
    let client = signalbox::http::loopback().unwrap();
    DiscordPlatform::new(settings, client, Arc::clone(clock), Arc::clone(policy))
}

/// What the engine speaks to people by.
struct Around {
    platforms: Vec<Arc<dyn Platform>>,
    pagers: BTreeMap<Via, Arc<dyn Pager>>,
    outlets: Outlets,
}

fn engine(
    policy: &Arc<Policy>,
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
    Around { platforms, pagers, outlets }: Around,
    seed: u64,
) -> Arc<Engine> {
    let start = clock.now().wall;
    let outside = Arc::new(Outside::new(start));
    for version in ["v1.2.0", "v1.2.1"] {
        outside.behave("api", version, Behaviour::default(), start);
    }
    let executor: Arc<dyn Executor> = Arc::new(ScriptExecutor::new(Arc::clone(&outside)));
    let names = policy.services.values().map(|s| s.executor.clone()).chain(["command".into(), "http".into()]);
    let deps = Deps {
        store: Arc::clone(store),
        platforms,
        executors: names.map(|name| (name, Arc::clone(&executor))).collect(),
        probe: Arc::new(ScriptProbe::new(outside)),
        revisions: Arc::new(CommandRevisions),
        pagers,
        outlets,
        clock: Arc::clone(clock),
        ids: Arc::new(Ids::seeded(seed)),
        owner: format!("house-{seed}"),
    };
    Engine::new(deps, Arc::clone(policy)).unwrap()
}
