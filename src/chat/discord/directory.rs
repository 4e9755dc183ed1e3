//! Who and what there is on the server: channels by name, our own account, and roles.
//!
//! Channels that config names by id are not looked up. The others are read from the server, kept, and read again when a name is
//! missing, but not more often than once in a while. No privileged intent is needed: people in config are asked for one by one.

use super::rest::{Call, Rest, RestError};
use super::{DiscordPlatform, NAME};
use crate::chat::ChatError;
use crate::domain::ids::{ChannelName, Role};
use crate::limits;
use serde_json::Value;
use serenity::all::{GuildId, UserId};
use serenity::http::Route;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// Kinds of channel that messages are posted in: text and announcements.
const TEXT: [i64; 2] = [0, 5];
/// Digits of an id, at least: Discord counts from 2015. A name of fewer digits may be a channel's.
const ID_DIGITS: usize = 17;
/// Discord's codes for somebody who is not, or not any more, on the server.
const UNKNOWN_MEMBER: i64 = 10_007;
const UNKNOWN_USER: i64 = 10_013;

/// Channels, and who we are.
pub struct Directory {
    channels: Mutex<Channels>,
    me: OnceCell<Me>,
}

struct Channels {
    by_name: Arc<BTreeMap<ChannelName, String>>,
    read_at: Option<i64>,
}

/// The bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Me {
    pub user: u64,
    pub application: u64,
}

impl Directory {
    /// Knows the channels that config names by id.
    pub(super) fn new(named: &BTreeMap<ChannelName, String>) -> Self {
        let by_name = Arc::new(named.clone());
        Self { channels: Mutex::new(Channels { by_name, read_at: None }), me: OnceCell::new() }
    }
}

impl DiscordPlatform {
    /// The bot's own ids; asked once.
    ///
    /// # Errors
    /// When Discord does not say.
    pub async fn me(&self) -> Result<&Me, RestError> {
        self.directory.me.get_or_try_init(|| who(&self.rest)).await
    }

    /// The channel's name for the core; one that has none there, such as a thread, is called by its id.
    pub async fn channel_name(&self, id: &str) -> ChannelName {
        let named = |all: &BTreeMap<ChannelName, String>| {
            all.iter().find(|(_, known)| *known == id).map(|(name, _)| name.clone())
        };
        if let Some(name) = named(&self.settings.channels).or_else(|| named(&self.known())) {
            return name;
        }
        if let Err(error) = self.read_channels().await {
            tracing::warn!(name: "discord.channels", %error, "the server's channels cannot be read: {error}");
        }
        named(&self.known()).unwrap_or_else(|| ChannelName::new(id))
    }

    /// The id of a channel.
    ///
    /// # Errors
    /// When there is none of that name that signalbox can see, or Discord does not say.
    pub async fn channel_id(&self, name: &ChannelName) -> Result<u64, ChatError> {
        if let Some(id) = self.settings.channels.get(name) {
            return id
                .parse()
                .map_err(|_| ChatError::Barred(format!("#{name}: `{id}` in config is no id of a channel")));
        }
        let found = |all: &BTreeMap<ChannelName, String>| all.get(name).and_then(|id| id.parse().ok());
        if let Some(id) = found(&self.known()) {
            return Ok(id);
        }
        // The core calls a channel without a name by its id, and so it calls those that it made.
        if let Some(id) = name.as_str().parse().ok().filter(|_| name.as_str().len() >= ID_DIGITS) {
            return Ok(id);
        }
        self.read_channels().await?;
        found(&self.known()).or_else(|| name.as_str().parse().ok()).ok_or_else(|| {
            ChatError::Barred(format!(
                "there is no channel #{name} on the Discord server that signalbox can see; create it, or give signalbox the \
                 permission View Channel there"
            ))
        })
    }

    /// Reads the server's channels, unless that was done a moment ago.
    ///
    /// # Errors
    /// When Discord does not say.
    pub async fn read_channels(&self) -> Result<(), RestError> {
        let now = self.clock.now().work.as_millisecond();
        let fresh = |at: i64| now - at < limits::DISCORD_CHANNELS_MS;
        let read_at = self.directory.channels.lock().unwrap_or_else(PoisonError::into_inner).read_at;
        if read_at.is_some_and(fresh) {
            return Ok(());
        }
        let list = self.rest.send(Call::get(Route::GuildChannels { guild_id: GuildId::new(self.guild()) })).await?;
        let mut by_name = BTreeMap::new();
        for channel in list.as_array().into_iter().flatten().take(limits::DISCORD_CHANNELS) {
            if let (Some(name), Some(id)) = (channel["name"].as_str(), channel["id"].as_str())
                && channel["type"].as_i64().is_some_and(|t| TEXT.contains(&t))
            {
                // Of two with one name, the older one: its id sorts first.
                let older = |known: &String| (known.len(), known.as_str()) <= (id.len(), id);
                if !by_name.get(&ChannelName::new(name)).is_some_and(older) {
                    by_name.insert(ChannelName::new(name), id.to_owned());
                }
            }
        }
        by_name.extend(self.settings.channels.clone());
        let mut channels = self.directory.channels.lock().unwrap_or_else(PoisonError::into_inner);
        *channels = Channels { by_name: Arc::new(by_name), read_at: Some(now) };
        Ok(())
    }

    /// A channel is there under this name; one that is known by that name stays.
    pub(super) fn learn_channel(&self, id: &str, name: &ChannelName) {
        let mut channels = self.directory.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if channels.by_name.len() < limits::DISCORD_CHANNELS {
            let by_name = Arc::make_mut(&mut channels.by_name);
            by_name.entry(name.clone()).or_insert_with(|| id.to_owned());
        }
    }

    /// What is known of channels now.
    pub(super) fn known(&self) -> Arc<BTreeMap<ChannelName, String>> {
        Arc::clone(&self.directory.channels.lock().unwrap_or_else(PoisonError::into_inner).by_name)
    }

    /// Never zero, which serenity's ids cannot hold.
    pub fn guild(&self) -> u64 {
        self.settings.guild.max(1)
    }

    /// Roles of the people in config, by account.
    pub(super) async fn member_roles(&self) -> Result<BTreeMap<String, BTreeSet<Role>>, ChatError> {
        let mut out = BTreeMap::new();
        if self.settings.roles.is_empty() {
            return Ok(out);
        }
        let policy = (self.policy)();
        let accounts = policy.people.values().filter_map(|p| p.accounts.get(NAME));
        for account in accounts {
            let Some(user) = account.parse().ok().filter(|id| *id > 0) else { continue };
            let route = Route::GuildMember { guild_id: GuildId::new(self.guild()), user_id: UserId::new(user) };
            let member = match self.rest.send(Call::get(route)).await {
                Ok(member) => member,
                Err(RestError::Code { code: UNKNOWN_MEMBER | UNKNOWN_USER, .. }) => Value::Null,
                Err(error) => return Err(error.into()),
            };
            let held = member["roles"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let roles: BTreeSet<Role> = held.filter_map(|id| self.settings.roles.get(id).cloned()).collect();
            out.insert(account.clone(), roles);
        }
        Ok(out)
    }
}

async fn who(rest: &Rest) -> Result<Me, RestError> {
    let id = |value: &Value| value["id"].as_str().and_then(|id| id.parse().ok()).filter(|id| *id > 0);
    let odd = || RestError::Lost("Discord does not say who we are".into());
    let user = id(&rest.send(Call::get(Route::UserMe)).await?).ok_or_else(odd)?;
    let application = id(&rest.send(Call::get(Route::Oauth2ApplicationCurrent)).await?).ok_or_else(odd)?;
    Ok(Me { user, application })
}
