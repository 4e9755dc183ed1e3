//! How the workspace is set up before anybody connects.

use signalbox::clock::{Clock, SystemClock};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How events, commands and interactions reach the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    Socket,
    Http(Urls),
}

/// Where signed requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Urls {
    pub commands: String,
    pub events: String,
    pub interactions: String,
}

impl Urls {
    pub fn one(url: &str) -> Self {
        Self { commands: url.into(), events: url.into(), interactions: url.into() }
    }
}

/// How closely rate limits are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rates {
    Off,
    /// As documented, with the short bursts that Slack tolerates.
    Documented,
    /// No burst at all: one message a second and channel, tiers spread evenly.
    NoBurst,
}

/// Where the app is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Install {
    Workspace,
    /// On an organisation: interactions carry `team: null` and an `enterprise`.
    Organisation,
}

/// What payloads carry beyond what is documented today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noise {
    None,
    /// Fields nobody has heard of, some of them null, some of them large, on every level.
    Fields,
    /// Nothing that the documentation calls optional, as small emulators send.
    Sparse,
}

/// What becomes of an event while no socket is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSocket {
    Lose,
    /// Tried again on the schedule of retries.
    Retry,
}

#[derive(Clone)]
pub struct Options {
    pub clock: Arc<dyn Clock>,
    pub mode: Mode,
    pub bot_token: String,
    pub app_token: String,
    pub signing_secret: String,
    pub bot_scopes: BTreeSet<String>,
    pub app_scopes: BTreeSet<String>,
    /// Commands with their slash; any command is known when empty.
    pub commands: BTreeSet<String>,
    /// Bot events the app is subscribed to.
    pub events: BTreeSet<String>,
    /// Commands carry `<@U1|name>` for a typed `@name`, and so on for channels.
    pub escape_names: bool,
    /// Typed addresses become `<https://…>`.
    pub auto_link: bool,
    pub install: Install,
    /// Leave out `api_app_id`, as some emulators do.
    pub without_app_id: bool,
    pub noise: Noise,
    pub rates: Rates,
    pub no_socket: NoSocket,
    /// The team's message edit setting: how long after posting a message may be edited.
    pub edit_window_ms: Option<i64>,
    /// The app's tab "Messages" is on: people can write to it.
    pub messages_tab: bool,
    /// Requests and deliveries remembered in full; older ones are only counted.
    pub remember: usize,
}

/// What a ChatOps bot needs, each documented.
pub const SCOPES: &[&str] = &[
    "app_mentions:read",
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "commands",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "reactions:read",
    "reactions:write",
    "team:read",
    "usergroups:read",
    "users:read",
];

const EVENTS: &[&str] =
    &["app_home_opened", "app_mention", "app_uninstalled", "message.im", "reaction_added", "reaction_removed"];

impl Default for Options {
    fn default() -> Self {
        let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
        Self {
            clock: Arc::new(SystemClock::new()),
            mode: Mode::Socket,
            bot_token: "test-bot-token".into(),
            app_token: "test-app-token".into(),
            signing_secret: "test-signing-secret".into(),
            bot_scopes: set(SCOPES),
            app_scopes: set(&["connections:write"]),
            commands: BTreeSet::new(),
            events: set(EVENTS),
            escape_names: true,
            auto_link: false,
            install: Install::Workspace,
            without_app_id: false,
            noise: Noise::None,
            rates: Rates::Documented,
            no_socket: NoSocket::Lose,
            edit_window_ms: None,
            messages_tab: true,
            remember: 20_000,
        }
    }
}

impl Options {
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    pub fn http(mut self, urls: Urls) -> Self {
        self.mode = Mode::Http(urls);
        self
    }

    pub fn rates(mut self, rates: Rates) -> Self {
        self.rates = rates;
        self
    }

    pub fn noise(mut self, noise: Noise) -> Self {
        self.noise = noise;
        self
    }

    pub fn organisation(mut self) -> Self {
        self.install = Install::Organisation;
        self
    }

    pub fn without_scope(mut self, scope: &str) -> Self {
        self.bot_scopes.remove(scope);
        self
    }

    /// Exactly the scopes, events and commands of an app manifest in YAML, one a line as signalbox prints it.
    pub fn manifest(mut self, yaml: &str) -> Self {
        self.bot_scopes.clear();
        self.events.clear();
        self.commands.clear();
        let mut part = "";
        for line in yaml.lines() {
            let words = line.split('#').next().unwrap_or_default().trim();
            if let Some(command) = words.strip_prefix("- command:") {
                self.commands.insert(command.trim().into());
            } else if let Some(word) = words.strip_prefix("- ") {
                match part {
                    "bot:" => drop(self.bot_scopes.insert(word.trim().into())),
                    "bot_events:" => drop(self.events.insert(word.trim().into())),
                    _ => {}
                }
            } else if !words.is_empty() {
                part = words;
            }
        }
        self
    }
}
