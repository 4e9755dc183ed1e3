//! `[slack]` and `[discord]`.

use super::Pairs;
use crate::config::place::At;
use crate::config::read::{Req, section};
use crate::config::scalars::{Choice, Choices};
use crate::config::service::{SecretEntry, SlackMode};

section! {
    /// Slack.
    SlackEntry {
        /// How Slack reaches signalbox: `socket` (default; no public address) or `http` (signed requests).
        mode: Option<At<Choice<SlackMode>>>,
        /// The bot's token, by reference.
        bot_token: Req<At<SecretEntry>>,
        /// The app-level token, by reference; needed in `socket` mode.
        app_token: Option<At<SecretEntry>>,
        /// The signing secret, by reference; needed in `http` mode.
        signing_secret: Option<At<SecretEntry>>,
        /// Where signed requests are taken in `http` mode. Default 127.0.0.1:8302.
        listen: Option<At<String>>,
        /// Another server that speaks Slack's Web API, such as an emulator. Default `https://slack.com/api`.
        base_url: Option<At<String>>,
        /// Channel ids by the names of `[channels]`, where looking the names up is not wanted.
        channels: Option<Pairs>,
        /// Roles by the id of a user group: its members hold the role as well.
        groups: Option<Pairs>,
    }
}

section! {
    /// Discord.
    DiscordEntry {
        /// The bot's token, by reference.
        token: Req<At<SecretEntry>>,
        /// The id of the server.
        guild: Req<At<String>>,
        /// Another server that speaks Discord's REST API, such as an emulator. Default `https://discord.com`.
        base_url: Option<At<String>>,
        /// Channel ids by the names of `[channels]`, where looking the names up is not wanted.
        channels: Option<Pairs>,
        /// Roles by the id of a role on the server: its holders hold the role as well.
        roles: Option<Pairs>,
    }
}

impl Choices for SlackMode {
    const NAME: &'static str = "SlackMode";
    const ALL: &'static [(&'static str, Self)] = &[("socket", Self::Socket), ("http", Self::Http)];
}
