//! What a person sees.

use super::FakeDiscord;
use super::text::plain;
use super::world::Message;

/// A message before a person's eyes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub id: u64,
    pub author: String,
    pub text: String,
    /// Only this person sees it.
    pub only_you: bool,
    /// Emoji and how many people.
    pub reactions: Vec<(String, usize)>,
}

impl FakeDiscord {
    /// What somebody sees in a channel or thread, oldest first.
    pub fn visible(&self, channel: &str, user: &str) -> Vec<Seen> {
        let world = self.world();
        let (channel, user) = (world.channel_id(channel), world.user_id(user));
        let seen = world.in_channel(channel).filter(|m| m.only_for.is_none_or(|only| only == user));
        let shown = seen.map(|m| Seen {
            id: m.id,
            author: world.users[&m.author].name.clone(),
            text: plain(&world, m),
            only_you: m.only_for.is_some(),
            reactions: m.reactions.iter().map(|r| (r.emoji.clone(), r.users.len())).collect(),
        });
        shown.collect()
    }

    /// The texts of [`FakeDiscord::visible`].
    pub fn texts(&self, channel: &str, user: &str) -> Vec<String> {
        self.visible(channel, user).into_iter().map(|seen| seen.text).collect()
    }

    /// What was said to somebody alone: ephemeral answers anywhere, oldest first.
    pub fn whispers(&self, user: &str) -> Vec<String> {
        let world = self.world();
        let user = world.user_id(user);
        let mut found: Vec<_> = world.messages.values().filter(|m| m.only_for == Some(user)).collect();
        found.sort_by_key(|m| m.id);
        found.into_iter().map(|m| plain(&world, m)).collect()
    }

    /// All that the bot told somebody alone, ephemeral answers and direct messages, by id.
    pub fn told(&self, user: &str) -> Vec<(u64, String)> {
        let world = self.world();
        let user = world.user_id(user);
        let alone = |m: &&Message| m.only_for == Some(user) || world.channels[&m.channel].with == Some(user);
        let mut found: Vec<_> = world.messages.values().filter(|m| m.author == world.bot).filter(alone).collect();
        found.sort_by_key(|m| m.id);
        found.into_iter().map(|m| (m.id, plain(&world, m))).collect()
    }

    /// Messages of the bot that everybody in the guild sees.
    pub fn public_by_bot(&self) -> usize {
        let world = self.world();
        let public = |m: &&Message| m.only_for.is_none() && world.channels[&m.channel].with.is_none();
        world.messages.values().filter(|m| m.author == world.bot).filter(public).count()
    }

    /// A message that everybody sees, as plain text; without the people who end its content only because a name in an embed
    /// notifies nobody.
    pub fn text_of(&self, channel: u64, message: u64) -> Option<String> {
        let world = self.world();
        let found = world.messages.get(&(channel, message)).filter(|m| m.only_for.is_none())?;
        let mut now = found.now().clone();
        let embeds = serde_json::Value::from(now.embeds.clone()).to_string();
        while let Some(ping) = now.content.split(' ').next_back().filter(|p| p.starts_with("<@") && embeds.contains(p))
        {
            let rest = now.content.len() - ping.len();
            now.content.truncate(rest);
            now.content.truncate(now.content.trim_end().len());
        }
        Some(plain(&world, &Message { versions: vec![now], ..found.clone() }))
    }
}
