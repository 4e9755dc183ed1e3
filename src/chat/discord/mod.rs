//! Discord.

use super::{PolicyNow, Token};
use crate::clock::Clock;
use crate::domain::ids::{ChannelName, PlatformName, Role};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The name under which Discord is known in config and in the journal.
pub const NAME: &str = "discord";

/// What the adapter is told. `app` makes it from the config's section.
#[derive(Clone, Debug)]
pub struct Settings {
    pub token: Token,
    pub guild: u64,
    /// `https://discord.com`, or an emulator's, without a slash at its end.
    pub base_url: String,
    /// Ids of channels that are not looked up by name.
    pub channels: BTreeMap<ChannelName, String>,
    /// The server's role to ours.
    pub roles: BTreeMap<String, Role>,
}

/// One Discord server.
pub struct DiscordPlatform {
    name: PlatformName,
    settings: Settings,
    clock: Arc<dyn Clock>,
    policy: PolicyNow,
}
