//! The chat platforms on other machines: made from the config's sections, and kept connected while the service runs.

use crate::chat::{Inbox, Platform, PolicyNow, Token};
use crate::clock::Clock;
use crate::config::{Secret, ServiceConfig};
use crate::engine::Engine;
use crate::store::Store;
use anyhow::Context as _;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

#[cfg(feature = "discord")]
use crate::chat::discord::{self, DiscordPlatform};
#[cfg(feature = "slack")]
use crate::chat::slack::{self, SlackPlatform};
#[cfg(feature = "slack")]
use crate::config::{SlackConfig, SlackMode};

/// What is connected.
#[derive(Default)]
pub(super) struct Platforms {
    #[cfg(feature = "slack")]
    pub slack: Option<(Arc<SlackPlatform>, SlackConfig)>,
    #[cfg(feature = "discord")]
    pub discord: Option<Arc<DiscordPlatform>>,
}

/// What listening needs besides the platforms.
#[cfg_attr(
    not(all(feature = "slack", feature = "discord")),
    expect(dead_code, reason = "each platform needs another part of it")
)]
pub(super) struct Around {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    /// Names this process in leases.
    pub owner: String,
    /// Where connections run.
    pub reception: Handle,
}

/// The policy of the moment, for platforms that are made before the engine is.
#[derive(Clone, Default)]
pub(super) struct PolicySlot(Arc<Mutex<Option<Weak<Engine>>>>);

impl PolicySlot {
    pub(super) fn fill(&self, engine: &Arc<Engine>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::downgrade(engine));
    }

    /// `first` is the policy until there is an engine.
    fn policy(&self, first: Arc<crate::domain::policy::Policy>) -> PolicyNow {
        let slot = self.clone();
        Arc::new(move || {
            let engine = slot.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(Weak::upgrade);
            engine.map_or_else(|| Arc::clone(&first), |engine| engine.policy())
        })
    }
}

impl Platforms {
    /// Resolves the secrets and makes what the config names.
    ///
    /// # Errors
    /// When a secret is not there, or this binary was built without the platform.
    pub(super) fn new(
        settings: &ServiceConfig,
        clock: &Arc<dyn Clock>,
        policy: &Arc<crate::domain::policy::Policy>,
        slot: &PolicySlot,
    ) -> anyhow::Result<Self> {
        let mut out = Self::default();
        let now = slot.policy(Arc::clone(policy));
        #[cfg(feature = "slack")]
        if let Some(config) = &settings.slack {
            let client = crate::http::client().context("cannot make an HTTP client")?;
            let platform = SlackPlatform::new(slack_settings(config)?, Arc::clone(clock), Arc::clone(&now), client);
            out.slack = Some((Arc::new(platform.context("Slack")?), config.clone()));
        }
        #[cfg(not(feature = "slack"))]
        anyhow::ensure!(
            settings.slack.is_none(),
            "this signalbox is built without Slack; take [slack] out of the config"
        );
        #[cfg(feature = "discord")]
        if let Some(config) = &settings.discord {
            let client = crate::http::client().context("cannot make an HTTP client")?;
            let platform = DiscordPlatform::new(discord_settings(config)?, client, Arc::clone(clock), now)
                .with_commands(super::discord::commands(&crate::command::Catalogue::embedded()?));
            out.discord = Some(Arc::new(platform));
        }
        #[cfg(not(feature = "discord"))]
        anyhow::ensure!(
            settings.discord.is_none(),
            "this signalbox is built without Discord; take [discord] out of the config"
        );
        Ok(out)
    }

    /// What the engine speaks to.
    pub(super) fn list(&self) -> Vec<Arc<dyn Platform>> {
        let mut out: Vec<Arc<dyn Platform>> = Vec::new();
        #[cfg(feature = "slack")]
        out.extend(self.slack.iter().map(|(p, _)| Arc::clone(p) as Arc<dyn Platform>));
        #[cfg(feature = "discord")]
        out.extend(self.discord.iter().map(|p| Arc::clone(p) as Arc<dyn Platform>));
        out
    }

    /// Keeps everything connected until `stop`.
    ///
    /// # Errors
    /// When the address for signed requests cannot be listened on.
    pub(super) async fn listen(
        &self,
        engine: &Arc<Engine>,
        around: &Around,
        stop: &CancellationToken,
    ) -> anyhow::Result<JoinSet<()>> {
        let mut tasks = JoinSet::new();
        let inbox: Arc<dyn Inbox> = Arc::clone(engine) as Arc<dyn Inbox>;
        let seed = around.owner.bytes().fold(0_u64, |h, b| h.wrapping_mul(31).wrapping_add(u64::from(b)));
        #[cfg(feature = "slack")]
        if let Some((platform, config)) = &self.slack {
            match config.mode {
                SlackMode::Socket => {
                    let socket = slack::SocketMode::new(Arc::clone(platform), Arc::clone(&inbox), seed, stop.clone());
                    tasks.spawn_on(socket.run(), &around.reception);
                }
                SlackMode::Http => {
                    let secret = config.signing_secret.as_ref().context("Slack's HTTP mode needs signing_secret")?;
                    let secret = token("slack.signing_secret", secret)?;
                    let router = slack::router(slack::PATH, &secret, Arc::clone(&around.clock), Arc::clone(&inbox));
                    let bind = crate::web::bind(config.listen, true);
                    let listener = around.reception.spawn(bind).await.context("Slack's requests")??;
                    let address = listener.local_addr()?;
                    tracing::info!(name: "slack.listening", %address, "signed requests of Slack are taken at {address}{}", slack::PATH);
                    let stop = stop.clone();
                    let (name, back) = (platform.name().clone(), Arc::clone(&inbox));
                    tasks.spawn(async move {
                        back.connected(&name).await;
                    });
                    let platform = Arc::clone(platform);
                    let listen = async move {
                        platform.listens(true);
                        if let Err(error) = super::runtime::serve_http(listener, router, stop).await {
                            tracing::error!(name: "slack.not_listening", %error, "signed requests are not taken any more: {error}");
                        }
                        platform.listens(false);
                    };
                    tasks.spawn_on(listen, &around.reception);
                }
            }
        }
        #[cfg(feature = "discord")]
        if let Some(platform) = &self.discord {
            let seat = discord::StoreSeat::new(Arc::clone(&around.store), platform.guild(), &around.owner);
            let gateway = discord::Gateway::new(Arc::clone(platform), Arc::clone(&inbox), Arc::new(seat), seed);
            tasks.spawn(super::discord::register(Arc::clone(platform), stop.clone()));
            let stop = stop.clone();
            let run = async move {
                // It has said why; the other platforms go on.
                let _ = gateway.run(stop).await;
            };
            tasks.spawn_on(run, &around.reception);
        }
        Ok(tasks)
    }
}

#[cfg(feature = "discord")]
pub(super) fn discord_settings(config: &crate::config::DiscordConfig) -> anyhow::Result<discord::Settings> {
    Ok(discord::Settings {
        token: token("discord.token", &config.token)?,
        guild: config.guild,
        base_url: config.base_url.clone().unwrap_or_else(|| discord::BASE_URL.to_owned()),
        channels: config.channels.clone(),
        roles: config.roles.clone(),
    })
}

#[cfg(feature = "slack")]
pub(super) fn slack_settings(config: &SlackConfig) -> anyhow::Result<slack::Settings> {
    let optional = |name: &str, secret: &Option<Secret>| secret.as_ref().map(|s| token(name, s)).transpose();
    Ok(slack::Settings {
        bot_token: token("slack.bot_token", &config.bot_token)?,
        app_token: optional("slack.app_token", &config.app_token)?,
        signing_secret: optional("slack.signing_secret", &config.signing_secret)?,
        base_url: config.base_url.clone().unwrap_or_else(|| slack::BASE_URL.to_owned()),
        channels: config.channels.clone(),
        groups: config.groups.clone(),
    })
}

/// A secret's value; an empty one is a mistake of whoever set it.
pub(super) fn token(name: &str, secret: &Secret) -> anyhow::Result<Token> {
    let value = secret.resolve(&|variable| std::env::var(variable).ok()).with_context(|| name.to_owned())?;
    let value = value.trim();
    anyhow::ensure!(!value.is_empty(), "{name} is empty; set it to the value that the platform shows");
    Ok(Token::new(value.to_owned()))
}
