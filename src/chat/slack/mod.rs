//! Slack.

use super::{PolicyNow, Token};
use crate::clock::Clock;
use crate::domain::ids::{ChannelName, PlatformName, Role};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The name under which Slack is known in config and in the journal.
pub const NAME: &str = "slack";

/// What the adapter is told. `app` makes it from the config's section.
#[derive(Clone, Debug)]
pub struct Settings {
    pub bot_token: Token,
    /// Opens sockets.
    pub app_token: Option<Token>,
    /// Verifies signed requests.
    pub signing_secret: Option<Token>,
    /// `https://slack.com/api`, or an emulator's, without a slash at its end.
    pub base_url: String,
    /// Ids of channels that are not looked up by name.
    pub channels: BTreeMap<ChannelName, String>,
    /// User group to role.
    pub groups: BTreeMap<String, Role>,
}

/// One Slack workspace.
pub struct SlackPlatform {
    name: PlatformName,
    settings: Settings,
    clock: Arc<dyn Clock>,
    policy: PolicyNow,
}
