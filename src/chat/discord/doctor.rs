//! Looks at a server from the outside: token, membership, rights in each channel, clock, connections left. Changes nothing,
//! posts nothing.

use super::Settings;
use crate::chat::doctor::{Asked, Finding, ask, skew};
use crate::domain::ids::ChannelName;
use jiff::Timestamp;
use serde_json::Value;

/// What is asked about.
pub struct Examination<'a> {
    pub settings: &'a Settings,
    pub client: &'a reqwest::Client,
    pub now: Timestamp,
    /// Bit and name of every right that something uses.
    pub permissions: &'a [(u32, &'a str)],
    /// The channels of the config.
    pub channels: &'a [ChannelName],
    /// People in the config, and how many of them have an account here.
    pub people: (usize, usize),
}

/// May do everything everywhere.
const ADMINISTRATOR: u64 = 1 << 3;

impl Examination<'_> {
    /// Every finding, in the order in which they are mended.
    pub async fn run(&self) -> Vec<Finding> {
        let mut out = Vec::new();
        let me = match self.ask("/users/@me").await {
            Ok(asked) => asked,
            Err(why) => {
                let todo = "check the network, the proxy, and discord.base_url if it is set";
                return vec![Finding::bad(format!("Discord's API: {why}"), todo)];
            }
        };
        out.extend(skew(self.now, me.date.as_deref()));
        if me.status != 200 {
            let todo = "take a new one under Bot, Reset Token";
            out.push(Finding::bad(format!("the token is not taken: HTTP {}", me.status), todo));
            return out;
        }
        let name = me.body["username"].as_str().unwrap_or("?");
        out.push(Finding::good(format!("the token is that of @{name}")));
        out.push(self.intents().await);
        out.push(self.connections().await);
        match self.member(me.body["id"].as_str().unwrap_or_default()).await {
            Ok(member) => out.extend(self.rooms(&member).await),
            Err(finding) => out.push(finding),
        }
        out.push(self.accounts());
        out
    }

    async fn intents(&self) -> Finding {
        /// Flags of an application that was given Message Content.
        const CONTENT: u64 = 1 << 18 | 1 << 19;
        match self.ask("/applications/@me").await {
            Ok(asked) if asked.status == 200 && asked.body["flags"].as_u64().unwrap_or(0) & CONTENT != 0 => {
                Finding::good(
                    "Message Content is on: messages marked with 📌 are told in words; signalbox reads no others",
                )
            }
            _ => Finding::good(
                "Message Content is off: a message marked with 📌 is told by author, time and link; \
                 switched on under Bot, in its words",
            ),
        }
    }

    async fn connections(&self) -> Finding {
        match self.ask("/gateway/bot").await {
            Ok(asked) if asked.status == 200 => {
                let limit = &asked.body["session_start_limit"];
                let (left, of) = (limit["remaining"].as_u64().unwrap_or(0), limit["total"].as_u64().unwrap_or(0));
                let calls =
                    asked.header("x-ratelimit-remaining").map_or(String::new(), |n| format!("; {n} such calls left"));
                let what = format!("{left} of {of} connections to the gateway are left today{calls}");
                if left > 20 {
                    Finding::good(what)
                } else {
                    Finding::warning(
                        what,
                        "something connects again and again: look for a second signalbox with this token",
                    )
                }
            }
            Ok(asked) => {
                Finding::bad(format!("the gateway is not given: HTTP {}", asked.status), "try again in a minute")
            }
            Err(why) => Finding::bad(
                format!("the gateway is not given: {why}"),
                "let this machine reach Discord over https and wss",
            ),
        }
    }

    /// The roles of the bot on the server, with the server's roles.
    async fn member(&self, me: &str) -> Result<Member, Finding> {
        let guild = self.settings.guild;
        let invite = "open the address of signalbox manifest discord --application ID, and choose the server";
        let not_there = || Finding::bad(format!("the bot is not on the server {guild}"), invite);
        let member = self.ask(&format!("/guilds/{guild}/members/{me}")).await.ok().filter(|a| a.status == 200);
        let roles = self.ask(&format!("/guilds/{guild}/roles")).await.ok().filter(|a| a.status == 200);
        let (member, roles) = (member.ok_or_else(not_there)?, roles.ok_or_else(not_there)?);
        let mut own: Vec<String> = texts(&member.body["roles"]);
        own.push(guild.to_string());
        let rights = |role: &&Value| own.iter().any(|id| Some(id.as_str()) == role["id"].as_str());
        let base = roles.body.as_array().into_iter().flatten().filter(rights).map(|r| bits(&r["permissions"]));
        let base = base.fold(0, |all, bits| all | bits);
        Ok(Member { id: me.to_owned(), roles: own, base })
    }

    async fn rooms(&self, member: &Member) -> Vec<Finding> {
        let guild = self.settings.guild;
        let asked = match self.ask(&format!("/guilds/{guild}/channels")).await {
            Ok(asked) if asked.status == 200 => asked,
            _ => return vec![Finding::bad("the channels cannot be listed", "give the bot's role View Channels")],
        };
        let all: Vec<&Value> = asked.body.as_array().into_iter().flatten().collect();
        let mut out = Vec::new();
        for name in self.channels {
            let id = self.settings.channels.get(name);
            let is = |c: &&&Value| match id {
                Some(id) => c["id"].as_str() == Some(id),
                None => c["name"].as_str() == Some(name.as_str()) && c["type"] == 0,
            };
            let Some(channel) = all.iter().find(is) else {
                let todo = format!(
                    "make it, or name another under [channels]; or give its id under [discord.channels]: {name} = \"…\""
                );
                out.push(Finding::bad(format!("#{name}: there is no such text channel"), todo));
                continue;
            };
            let has = member.in_channel(guild, &channel["permission_overwrites"]);
            let missing: Vec<&str> =
                self.permissions.iter().filter(|(bit, _)| has & (1 << bit) == 0).map(|(_, name)| *name).collect();
            out.push(if missing.is_empty() {
                Finding::good(format!("#{name}: the bot has all its rights"))
            } else {
                let todo = format!("give them to the bot's role, under Edit Channel, Permissions of #{name}");
                Finding::bad(format!("#{name}: the bot lacks {}", missing.join(", ")), todo)
            });
        }
        out
    }

    fn accounts(&self) -> Finding {
        let (all, here) = self.people;
        let what = format!("{here} of {all} people have a Discord account in the config");
        if here == all {
            Finding::good(what)
        } else {
            Finding::warning(what, "the others can only look: add accounts = { discord = \"…\" }")
        }
    }

    async fn ask(&self, path: &str) -> Result<Asked, String> {
        let url = format!("{}/api/v10{path}", self.settings.base_url);
        let token = format!("Bot {}", self.settings.token.expose());
        let agent = concat!("DiscordBot (https://signalbox.example, ", env!("CARGO_PKG_VERSION"), ")");
        ask(self.client.get(url).header("authorization", token).header("user-agent", agent)).await
    }
}

struct Member {
    id: String,
    /// With the role that everybody has, whose id is the server's.
    roles: Vec<String>,
    base: u64,
}

impl Member {
    /// Rights in a channel: everybody's overwrite first, then those of the roles together, then the member's own.
    fn in_channel(&self, guild: u64, overwrites: &Value) -> u64 {
        if self.base & ADMINISTRATOR != 0 {
            return u64::MAX;
        }
        let all: Vec<(&str, u64, u64)> = overwrites
            .as_array()
            .into_iter()
            .flatten()
            .map(|o| (o["id"].as_str().unwrap_or_default(), bits(&o["allow"]), bits(&o["deny"])))
            .collect();
        let everybody = guild.to_string();
        let of = |wanted: &dyn Fn(&str) -> bool| {
            all.iter().filter(|(id, ..)| wanted(id)).fold((0, 0), |(a, d), (_, allow, deny)| (a | allow, d | deny))
        };
        let layers = [
            of(&|id| id == everybody),
            of(&|id| id != everybody && self.roles.iter().any(|r| r == id)),
            of(&|id| id == self.id),
        ];
        layers.iter().fold(self.base, |has, (allow, deny)| (has & !deny) | allow)
    }
}

/// A set of rights, which Discord writes as a number in a string.
fn bits(value: &Value) -> u64 {
    value.as_str().and_then(|s| s.parse().ok()).or(value.as_u64()).unwrap_or(0)
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn overwrites_go_from_everybody_to_the_member() {
        let member = Member { id: "7".into(), roles: vec!["1".into(), "20".into(), "21".into()], base: 0b111 };
        let has = |overwrites: Value| member.in_channel(1, &overwrites);
        assert_eq!(has(json!([])), 0b111);
        assert_eq!(has(json!([{ "id": "1", "allow": "0", "deny": "1" }])), 0b110);
        let roles = json!([
            { "id": "20", "allow": "0", "deny": "2" },
            { "id": "21", "allow": "10", "deny": "0" },
            { "id": "99", "allow": "0", "deny": "7" },
        ]);
        assert_eq!(has(roles), 0b1111, "what one role allows, another cannot deny");
        assert_eq!(
            has(json!([{ "id": "1", "allow": "8", "deny": "0" }, { "id": "7", "allow": "0", "deny": "12" }])),
            0b11
        );
        let chief = Member { base: ADMINISTRATOR, ..member };
        assert_eq!(chief.in_channel(1, &json!([{ "id": "1", "allow": "0", "deny": "1" }])), u64::MAX);
    }
}
