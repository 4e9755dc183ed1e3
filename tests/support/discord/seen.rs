//! What a person sees.

use super::FakeDiscord;
use super::text::plain;

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
}
