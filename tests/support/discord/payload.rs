//! Discord's objects in the shape it documents.

use super::permissions as p;
use super::world::{Channel, Command, Message, User, World};
use serde_json::{Value, json};

pub fn user(user: &User) -> Value {
    json!({
        "id": user.id.to_string(), "username": user.name, "discriminator": "0", "global_name": user.name,
        "avatar": null, "bot": user.bot, "system": false, "public_flags": 0, "avatar_decoration_data": null,
        "collectibles": null, "primary_guild": null, "clan": null,
    })
}

pub fn emoji(emoji: &str) -> Value {
    match emoji.split_once(':') {
        Some((name, id)) if !name.is_empty() => json!({ "id": id, "name": name }),
        _ => json!({ "id": null, "name": emoji }),
    }
}

impl World {
    pub fn user(&self, id: u64) -> Value {
        self.users.get(&id).map_or(Value::Null, user)
    }

    /// A member without its `user`, as messages carry it.
    pub fn partial_member(&self, id: u64) -> Value {
        let roles = self.users.get(&id).map(|u| u.roles.iter().map(u64::to_string).collect::<Vec<_>>());
        json!({
            "roles": roles.unwrap_or_default(), "nick": null, "avatar": null, "banner": null, "flags": 0,
            "joined_at": "2026-01-05T09:00:00.000000+00:00", "premium_since": null, "deaf": false, "mute": false,
            "pending": false, "communication_disabled_until": null,
        })
    }

    pub fn member(&self, id: u64) -> Value {
        let mut member = self.partial_member(id);
        member["user"] = self.user(id);
        member
    }

    pub fn role(&self, id: u64) -> Value {
        let role = &self.roles[&id];
        json!({
            "id": role.id.to_string(), "name": role.name, "color": 0, "hoist": false, "position": 1,
            "permissions": role.permissions.to_string(), "managed": false, "mentionable": false, "flags": 0,
            "icon": null, "unicode_emoji": null,
        })
    }

    pub fn channel(&self, channel: &Channel) -> Value {
        let id = channel.id.to_string();
        if channel.kind == 1 {
            let with = channel.with.map_or(Value::Null, |user| self.user(user));
            return json!({ "id": id, "type": 1, "recipients": [with], "last_message_id": null, "flags": 0 });
        }
        let last = self.in_channel(channel.id).rfind(|m| m.only_for.is_none()).map(|m| m.id.to_string());
        let mut value = json!({
            "id": id, "type": channel.kind, "guild_id": self.guild.to_string(), "name": channel.name,
            "last_message_id": last, "rate_limit_per_user": 0, "flags": 0,
            "parent_id": channel.parent.map(|parent| parent.to_string()),
        });
        if channel.kind == 11 {
            value["owner_id"] = json!(self.bot.to_string());
            value["message_count"] = json!(self.in_channel(channel.id).count());
            value["member_count"] = json!(1);
            value["total_message_sent"] = json!(self.in_channel(channel.id).count());
            value["thread_metadata"] = json!({
                "archived": channel.archived, "locked": channel.locked, "archive_timestamp": channel.at,
                "auto_archive_duration": channel.auto_archive, "create_timestamp": channel.at,
            });
        } else {
            value["position"] = json!(0);
            value["topic"] = if channel.topic.is_empty() { Value::Null } else { json!(channel.topic) };
            value["nsfw"] = json!(false);
            value["permission_overwrites"] = if channel.denied == 0 {
                channel.overwrites.clone()
            } else {
                let deny = channel.denied.to_string();
                json!([{ "id": self.bot.to_string(), "type": 1, "allow": "0", "deny": deny }])
            };
        }
        value
    }

    pub fn guild(&self) -> Value {
        let roles: Vec<Value> = self.roles.keys().map(|id| self.role(*id)).collect();
        json!({
            "id": self.guild.to_string(), "name": "Test server", "icon": null, "splash": null, "banner": null,
            "owner_id": self.users.keys().next().map(u64::to_string), "roles": roles, "emojis": [], "features": [],
            "mfa_level": 0, "verification_level": 1, "default_message_notifications": 1, "afk_timeout": 300,
            "explicit_content_filter": 0, "application_id": null, "system_channel_id": null, "nsfw_level": 0,
            "system_channel_flags": 0, "rules_channel_id": null, "preferred_locale": "en-GB", "premium_tier": 0,
            "premium_progress_bar_enabled": false, "public_updates_channel_id": null, "stickers": [],
            "safety_alerts_channel_id": null, "afk_channel_id": null, "vanity_url_code": null, "description": null,
            "discovery_splash": null,
        })
    }

    /// The server as GUILD_CREATE brings it.
    pub fn full_guild(&self) -> Value {
        let mut guild = self.guild();
        let visible = |c: &&Channel| self.allowed(c.id) & p::VIEW_CHANNEL != 0;
        let of = |kind: u8| {
            let list = self.channels.values().filter(move |c| c.kind == kind && !c.archived).filter(visible);
            list.map(|c| self.channel(c)).collect::<Vec<_>>()
        };
        guild["channels"] = json!(of(0));
        guild["threads"] = json!(of(11));
        guild["members"] = json!([self.member(self.bot)]);
        guild["member_count"] = json!(self.users.values().filter(|u| u.member).count());
        for empty in ["presences", "voice_states", "stage_instances", "guild_scheduled_events", "soundboard_sounds"] {
            guild[empty] = json!([]);
        }
        guild["large"] = json!(false);
        guild["unavailable"] = json!(false);
        guild["joined_at"] = json!("2026-01-05T09:00:00.000000+00:00");
        guild
    }

    /// A message; without `content` what only its readers may see is left empty.
    pub fn message(&self, message: &Message, content: bool) -> Value {
        let now = message.now();
        let mentioned = mentions(&now.content);
        let mentions: Vec<Value> = mentioned.iter().filter_map(|id| self.users.get(id)).map(user).collect();
        let mut value = json!({
            "id": message.id.to_string(), "channel_id": message.channel.to_string(), "type": 0, "tts": false,
            "author": self.user(message.author), "content": now.content, "embeds": now.embeds,
            "components": now.components, "attachments": now.attachments, "mentions": mentions, "mention_roles": [],
            "mention_everyone": message.notified_all, "timestamp": message.at, "edited_timestamp": message.edited,
            "pinned": false, "flags": now.flags,
        });
        if !content {
            for hidden in ["embeds", "components", "attachments"] {
                value[hidden] = json!([]);
            }
            value["content"] = json!("");
        }
        if let Some(nonce) = &message.nonce {
            value["nonce"] = nonce.clone();
        }
        if !message.reactions.is_empty() {
            let list = message.reactions.iter().map(|r| {
                json!({
                    "emoji": emoji(&r.emoji), "count": r.users.len(), "me": r.users.contains(&self.bot),
                    "count_details": { "burst": 0, "normal": r.users.len() }, "me_burst": false, "burst_colors": [],
                })
            });
            value["reactions"] = list.collect();
        }
        if let Some(reply_to) = message.reply_to {
            value["type"] = json!(19);
            value["message_reference"] = json!({
                "type": 0, "message_id": reply_to.to_string(), "channel_id": message.channel.to_string(),
                "guild_id": self.guild.to_string(),
            });
            let original = self.messages.get(&(message.channel, reply_to));
            value["referenced_message"] = original.map_or(Value::Null, |m| self.message(m, self.readable(m)));
        }
        if let Some(interaction) = message.interaction.and_then(|id| self.interactions.get(&id)) {
            value["application_id"] = json!(self.bot.to_string());
            value["webhook_id"] = json!(self.bot.to_string());
            value["interaction_metadata"] = json!({
                "id": interaction.id.to_string(), "type": interaction.kind, "user": self.user(interaction.user),
                "authorizing_integration_owners": { "0": self.guild.to_string() },
            });
        }
        if let Some(thread) = self.channels.get(&message.id).filter(|_| message.thread) {
            value["thread"] = self.channel(thread);
        }
        value
    }

    /// Whether the bot gets the content of a message although it was not granted all content.
    pub fn readable(&self, message: &Message) -> bool {
        let direct = self.channels.get(&message.channel).is_some_and(|c| c.kind == 1);
        let own = message.author == self.bot;
        self.options.message_content || direct || own || mentions(&message.now().content).contains(&self.bot)
    }

    pub fn command(&self, command: &Command) -> Value {
        let mut value = command.body.clone();
        value["id"] = json!(command.id.to_string());
        value["application_id"] = json!(self.bot.to_string());
        value["version"] = json!((command.id + 1).to_string());
        if let Some(guild) = command.guild {
            value["guild_id"] = json!(guild.to_string());
        }
        value
    }
}

/// Whom a text names with `<@id>`, in order.
pub fn mentions(text: &str) -> Vec<u64> {
    let parts = text.split("<@").skip(1);
    let ids = parts.filter_map(|rest| rest.split_once('>').map(|(id, _)| id.trim_start_matches('!')));
    ids.filter_map(|id| id.parse().ok()).collect()
}
