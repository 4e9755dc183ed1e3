//! Looks at a workspace from the outside: tokens, rights, channels, clock. Changes nothing, posts nothing.

use super::Settings;
use crate::chat::Token;
use crate::chat::doctor::{Asked, Finding, ask, skew};
use crate::domain::ids::ChannelName;
use crate::limits;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is asked about.
pub struct Examination<'a> {
    pub settings: &'a Settings,
    pub client: &'a reqwest::Client,
    pub now: Timestamp,
    /// Every scope that something uses.
    pub scopes: &'a [&'a str],
    /// The channels of the config.
    pub channels: &'a [ChannelName],
    /// People in the config, and how many of them have an account here.
    pub people: (usize, usize),
}

impl Examination<'_> {
    /// Every finding, in the order in which they are mended.
    pub async fn run(&self) -> Vec<Finding> {
        let mut out = Vec::new();
        let asked = match self.ask("auth.test", &self.settings.bot_token, &[]).await {
            Ok(asked) => asked,
            Err(why) => {
                let todo = "check the network, the proxy, and slack.base_url if it is set";
                return vec![Finding::bad(format!("Slack's API: {why}"), todo)];
            }
        };
        out.extend(skew(self.now, asked.date.as_deref()));
        if asked.body["ok"] != true {
            out.push(refused("the bot's token", &asked.body, "take the Bot User OAuth Token from Install App"));
            return out;
        }
        let text = |key: &str| asked.body[key].as_str().unwrap_or("?").to_owned();
        out.push(Finding::good(format!("the bot's token is that of @{} in {}", text("user"), text("team"))));
        out.extend(self.rights(&asked));
        out.push(self.delivery().await);
        out.extend(self.rooms().await);
        out.extend(self.groups().await);
        out.push(self.accounts());
        out.push(Finding::good(
            "Slack says nothing of its limits before they are reached; signalbox_chat_limited_total counts them",
        ));
        out
    }

    fn rights(&self, asked: &Asked) -> Vec<Finding> {
        let Some(given) = asked.header("x-oauth-scopes") else {
            return vec![Finding::warning(
                "this server does not say which rights the token has",
                "compare them with signalbox manifest slack",
            )];
        };
        let given: Vec<&str> = given.split(',').map(str::trim).filter(|s| !s.is_empty()).collect();
        let missing: Vec<&str> = self.scopes.iter().filter(|s| !given.contains(s)).copied().collect();
        let idle: Vec<&str> = given.iter().filter(|s| !self.scopes.contains(s)).copied().collect();
        let mut out = Vec::new();
        if missing.is_empty() {
            out.push(Finding::good(format!("all {} rights are there", self.scopes.len())));
        } else {
            let what = format!("the token lacks {}", missing.join(", "));
            out.push(Finding::bad(what, "paste signalbox manifest slack under App Manifest, then Install App again"));
        }
        if !idle.is_empty() {
            let what = format!("the token may also {}", idle.join(", "));
            out.push(Finding::warning(what, "signalbox uses none of these: take them out of the app"));
        }
        out
    }

    /// How deliveries come in.
    async fn delivery(&self) -> Finding {
        let Some(app) = &self.settings.app_token else {
            let secret = self.settings.signing_secret.as_ref().map_or("", Token::expose);
            let hex = secret.len() == 32 && secret.chars().all(|c| c.is_ascii_hexdigit());
            return if hex {
                Finding::good("signed requests can be verified once Slack sends one")
            } else {
                Finding::bad("the signing secret is not one", "take it from Basic Information, App Credentials")
            };
        };
        match self.ask("apps.connections.open", app, &[]).await {
            Ok(asked) if asked.body["ok"] == true => Finding::good("a socket can be opened"),
            Ok(asked) => refused(
                "the app-level token",
                &asked.body,
                "make one with connections:write under Basic Information, and turn Socket Mode on",
            ),
            Err(why) => Finding::bad(
                format!("a socket cannot be opened: {why}"),
                "let this machine reach Slack over https and wss",
            ),
        }
    }

    async fn rooms(&self) -> Vec<Finding> {
        let known = match self.channel_list().await {
            Ok(known) => known,
            Err(finding) => return vec![finding],
        };
        let mut out = Vec::new();
        for name in self.channels {
            let at = match self.settings.channels.get(name) {
                Some(id) => known.values().find(|(i, _)| i == id),
                None => known.get(name.as_str()),
            };
            out.push(match at {
                None => Finding::bad(
                    format!("#{name}: there is no such public channel"),
                    format!("make it, or name another under [channels]; a private one needs [slack.channels] {name} = \"C…\""),
                ),
                Some((_, true)) => Finding::good(format!("#{name}: the bot is a member")),
                // A reaction or mention before its first message there would not reach it.
                Some((_, false)) => Finding::warning(
                    format!("#{name}: the bot is not a member yet"),
                    format!("it joins with its first message; to have it now, type /invite @signalbox in #{name}"),
                ),
            });
        }
        out
    }

    /// Name to id and membership.
    async fn channel_list(&self) -> Result<BTreeMap<String, (String, bool)>, Finding> {
        let mut known = BTreeMap::new();
        let mut cursor = String::new();
        for _ in 0..limits::DOCTOR_PAGES {
            let params = [("limit", "200"), ("exclude_archived", "true"), ("cursor", cursor.as_str())];
            let asked = self.ask("conversations.list", &self.settings.bot_token, &params).await;
            let asked =
                asked.map_err(|why| Finding::bad(format!("the channels cannot be listed: {why}"), "try again"))?;
            if asked.body["ok"] != true {
                return Err(refused("the list of channels", &asked.body, "give the app channels:read"));
            }
            for channel in asked.body["channels"].as_array().into_iter().flatten() {
                let text = |key: &str| channel[key].as_str().unwrap_or_default().to_owned();
                known.insert(text("name"), (text("id"), channel["is_member"] == true));
            }
            cursor = asked.body["response_metadata"]["next_cursor"].as_str().unwrap_or_default().to_owned();
            if cursor.is_empty() {
                break;
            }
        }
        Ok(known)
    }

    async fn groups(&self) -> Vec<Finding> {
        let mut out = Vec::new();
        for (group, role) in &self.settings.groups {
            let asked = self.ask("usergroups.users.list", &self.settings.bot_token, &[("usergroup", group)]).await;
            out.push(match asked {
                Ok(asked) if asked.body["ok"] == true => {
                    let n = asked.body["users"].as_array().map_or(0, Vec::len);
                    Finding::good(format!("user group {group}: {n} hold {role} by it"))
                }
                Ok(asked) => refused(
                    &format!("user group {group}"),
                    &asked.body,
                    "check its id, and give the app usergroups:read",
                ),
                Err(why) => Finding::bad(format!("user group {group}: {why}"), "try again"),
            });
        }
        out
    }

    fn accounts(&self) -> Finding {
        let (all, here) = self.people;
        let what = format!("{here} of {all} people have a Slack account in the config");
        if here == all {
            Finding::good(what)
        } else {
            Finding::warning(what, "the others can only look: add accounts = { slack = \"U…\" }")
        }
    }

    async fn ask(&self, method: &str, token: &Token, params: &[(&str, &str)]) -> Result<Asked, String> {
        let url = format!("{}/{method}", self.settings.base_url);
        ask(self.client.post(url).bearer_auth(token.expose()).form(params)).await
    }
}

fn refused(what: &str, body: &Value, todo: &str) -> Finding {
    let code = body["error"].as_str().unwrap_or("no reason given");
    Finding::bad(format!("{what} is not taken: {code}"), todo)
}
