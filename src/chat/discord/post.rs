//! Messages on Discord: posted once per key, edited in place, found again by key; threads, and the reactions that stand.

use super::DiscordPlatform;
use super::recent::Known;
use super::render::{Rendered, address, nonce, plain_line};
use super::rest::{Call, RestError};
use crate::chat::text::{Reader, render_text};
use crate::chat::{ChatError, MessageRef, Post, Reacted};
use crate::domain::ids::{ChannelName, PersonId};
use crate::domain::message::Message;
use crate::limits;
use reqwest::Method;
use serde_json::{Value, json};
use serenity::all::{ChannelId, MessageId};
use serenity::http::Route;

/// The emoji that mean something to the engine, encoded as they stand in a path.
const EMOJI: [(&str, &str); 2] = [("✅", "%E2%9C%85"), ("❌", "%E2%9D%8C")];
/// What Discord gives in one page of messages, or of people who reacted.
const PAGE: usize = 100;
/// Characters of a thread's name.
const THREAD_NAME: usize = 100;
/// Minutes without a message after which a thread is put aside: a week. Posting brings it back.
const THREAD_REST_MIN: u32 = 10_080;

pub(super) const UNKNOWN_CHANNEL: i64 = 10_003;
pub(super) const UNKNOWN_MESSAGE: i64 = 10_008;
const NO_ACCESS: i64 = 50_001;
const NO_DIRECT_MESSAGE: i64 = 50_007;
const NO_PERMISSION: i64 = 50_013;
const ARCHIVED: i64 = 50_083;
const THREAD_EXISTS: i64 = 160_004;

impl DiscordPlatform {
    pub(super) async fn post_once(&self, post: &Post) -> Result<MessageRef, ChatError> {
        let home = match &post.only_for {
            Some(person) => self.direct_channel(person).await?,
            None => self.channel_id(&post.channel).await?,
        };
        let channel = match &post.thread {
            Some(thread) if post.only_for.is_none() => self.thread(home, thread).await?.unwrap_or(home),
            _ => home,
        };
        let rendered = self.rendered(&post.message, Some(&post.key));
        let mut body = rendered.body();
        body["nonce"] = json!(nonce(&post.key));
        body["enforce_nonce"] = json!(true);
        let route = Route::ChannelMessages { channel_id: ChannelId::new(channel) };
        let said = self.write(channel, Method::POST, route, &body, &rendered).await;
        let made = said.map_err(|e| explain(e, &post.channel, "post", channel != home))?;
        let Some(id) = made["id"].as_str() else {
            return Err(ChatError::Unknown("Discord took a message and does not say which".into()));
        };
        let id = format!("{channel}:{id}");
        self.remember(&id, Some(&post.key), &post.message);
        Ok(MessageRef { channel: post.channel.clone(), id })
    }

    pub(super) async fn edit_in_place(&self, at: &MessageRef, message: &Message) -> Result<(), ChatError> {
        let (channel, id) = place(at)?;
        let key = self.recent.get(&at.id).key;
        let rendered = self.rendered(message, key.as_deref());
        let route = Route::ChannelMessage { channel_id: ChannelId::new(channel), message_id: MessageId::new(id) };
        let said = self.write(channel, Method::PATCH, route, &rendered.body(), &rendered).await;
        said.map_err(|e| explain(e, &at.channel, "edit messages", false))?;
        self.remember(&at.id, None, message);
        Ok(())
    }

    /// Looks through the latest messages, in the thread when it was meant for one. A message whose answer was lost is young, so
    /// it is among them; a repeated post within some minutes meets Discord's own check of the nonce as well.
    pub(super) async fn find_posted(
        &self,
        channel: &ChannelName,
        thread: Option<&MessageRef>,
        key: &str,
    ) -> Result<Option<MessageRef>, ChatError> {
        let me = self.me().await?.user.to_string();
        let home = self.channel_id(channel).await?;
        let mut places = vec![home];
        if let Some(thread) = thread {
            let (parent, message) = place(thread)?;
            places.insert(0, if parent == home { message } else { parent });
        }
        let url = address(key);
        for place in places {
            let Some(id) = self.look(place, &me, &url).await? else { continue };
            let at = MessageRef { channel: channel.clone(), id: format!("{place}:{id}") };
            self.recent.keep(&at.id, Known { key: Some(key.to_owned()), title: None });
            return Ok(Some(at));
        }
        Ok(None)
    }

    /// The same, in the conversation with one person.
    pub(super) async fn find_told(
        &self,
        person: &PersonId,
        channel: &ChannelName,
        key: &str,
    ) -> Result<Option<MessageRef>, ChatError> {
        let me = self.me().await?.user.to_string();
        let home = self.direct_channel(person).await?;
        let Some(id) = self.look(home, &me, &address(key)).await? else { return Ok(None) };
        let at = MessageRef { channel: channel.clone(), id: format!("{home}:{id}") };
        self.recent.keep(&at.id, Known { key: Some(key.to_owned()), title: None });
        Ok(Some(at))
    }

    async fn look(&self, channel: u64, me: &str, url: &str) -> Result<Option<String>, ChatError> {
        let mut before: Option<String> = None;
        for _ in 0..limits::DISCORD_FIND_PAGES {
            let mut call =
                Call::get(Route::ChannelMessages { channel_id: ChannelId::new(channel) }).query("limit", PAGE);
            if let Some(before) = &before {
                call = call.query("before", before);
            }
            let page = match self.rest.send(call).await {
                // A thread that is not there yet, or the channel: then there is no message of ours in it either.
                Err(RestError::Code { code: UNKNOWN_CHANNEL, .. }) => return Ok(None),
                answer => {
                    answer.map_err(|e| explain(e, &ChannelName::new(&channel.to_string()), "read messages", false))?
                }
            };
            let list = page.as_array().map(Vec::as_slice).unwrap_or_default();
            let ours = |m: &&Value| m["author"]["id"] == me && m["embeds"][0]["url"] == url;
            if let Some(id) = list.iter().find(ours).and_then(|m| m["id"].as_str()) {
                return Ok(Some(id.to_owned()));
            }
            before = list.last().and_then(|m| m["id"].as_str()).map(str::to_owned);
            if list.len() < PAGE || before.is_none() {
                break;
            }
        }
        Ok(None)
    }

    /// People's ✅ and ❌ on a message.
    pub(super) async fn standing_reactions(&self, at: &MessageRef) -> Result<Vec<Reacted>, ChatError> {
        let (channel, id) = place(at)?;
        let me = self.me().await?.user.to_string();
        let mut out = Vec::new();
        for (emoji, encoded) in EMOJI {
            let mut after = String::from("0");
            for _ in 0..limits::DISCORD_REACTION_PAGES {
                let (channel_id, message_id) = (ChannelId::new(channel), MessageId::new(id));
                let route = Route::ChannelMessageReactionEmoji { channel_id, message_id, reaction: encoded };
                let page = self.rest.send(Call::get(route).query("limit", PAGE).query("after", &after)).await;
                let page = page.map_err(|e| explain(e, &at.channel, "read reactions", false))?;
                let list = page.as_array().map(Vec::as_slice).unwrap_or_default();
                let ids: Vec<&str> = list.iter().filter_map(|u| u["id"].as_str()).collect();
                let people = list.iter().filter(|u| u["bot"] != Value::Bool(true)).filter_map(|u| u["id"].as_str());
                let others = people.filter(|id| *id != me);
                out.extend(others.map(|id| Reacted { account: id.to_owned(), emoji: emoji.to_owned() }));
                let Some(last) = ids.last().filter(|_| list.len() >= PAGE) else { break };
                (*last).clone_into(&mut after);
            }
        }
        Ok(out)
    }

    /// Posts or edits; a thread that was put aside is brought back first.
    async fn write(
        &self,
        channel: u64,
        method: Method,
        route: Route<'_>,
        body: &Value,
        rendered: &Rendered,
    ) -> Result<Value, RestError> {
        let call = || Call::new(method.clone(), route).body(body.clone()).files(rendered.files.clone());
        let said = self.rest.send(call()).await;
        if !matches!(said, Err(RestError::Code { code: ARCHIVED, .. })) {
            return said;
        }
        let open = Call::new(Method::PATCH, Route::Channel { channel_id: ChannelId::new(channel) });
        self.rest.send(open.body(json!({"archived": false}))).await?;
        self.rest.send(call()).await
    }

    /// The channel of the thread on that message, which has the message's id. `None` when the message is gone: what belongs
    /// into its thread is said in the channel then.
    async fn thread(&self, home: u64, on: &MessageRef) -> Result<Option<u64>, ChatError> {
        let (parent, message) = place(on)?;
        if parent != home {
            // It stands in a thread itself, and threads do not nest.
            return Ok(Some(parent));
        }
        let thread = message.to_string();
        if self.threads.get(&thread).title.is_some() {
            return Ok(Some(message));
        }
        let name = self.recent.get(&on.id).title.unwrap_or_else(|| on.channel.to_string());
        let (channel_id, message_id) = (ChannelId::new(parent), MessageId::new(message));
        let body = json!({"name": name, "auto_archive_duration": THREAD_REST_MIN});
        let call = Call::new(Method::POST, Route::ChannelMessageThreads { channel_id, message_id }).body(body);
        match self.rest.send(call).await {
            Ok(_) | Err(RestError::Code { code: THREAD_EXISTS, .. }) => {}
            Err(RestError::Code { code: UNKNOWN_MESSAGE, .. }) => return Ok(None),
            Err(error) => return Err(explain(error, &on.channel, "start threads", true)),
        }
        self.threads.keep(&thread, Known { key: None, title: Some(name) });
        Ok(Some(message))
    }

    async fn direct_channel(&self, person: &PersonId) -> Result<u64, ChatError> {
        let policy = (self.policy)();
        let account = policy.people.get(person).and_then(|p| p.accounts.get(super::NAME));
        let Some(account) = account else {
            return Err(ChatError::Refused(format!("{person} has no Discord account in config")));
        };
        let call = Call::new(Method::POST, Route::UserMeDmChannels).body(json!({"recipient_id": account}));
        let made = self.rest.send(call).await?;
        let id = made["id"].as_str().and_then(|id| id.parse().ok()).filter(|id| *id > 0);
        id.ok_or_else(|| ChatError::Unknown("Discord opened a direct message and does not say where".into()))
    }

    fn remember(&self, id: &str, key: Option<&str>, message: &Message) {
        let title = render_text(&message.title, &Reader::of(&(self.policy)()));
        let title = Some(plain_line(&title, THREAD_NAME)).filter(|t| !t.is_empty());
        self.recent.keep(id, Known { key: key.map(str::to_owned), title });
    }
}

/// `CHANNEL:MESSAGE`.
pub(super) fn place(at: &MessageRef) -> Result<(u64, u64), ChatError> {
    let id = |text: &str| text.parse::<u64>().ok().filter(|id| *id > 0);
    let both = at.id.split_once(':').and_then(|(channel, message)| Some((id(channel)?, id(message)?)));
    both.ok_or_else(|| ChatError::Refused(format!("`{}` is no message of Discord's", at.id)))
}

/// What went wrong in words that say what to do.
pub(super) fn explain(error: RestError, channel: &ChannelName, doing: &str, in_thread: bool) -> ChatError {
    let RestError::Code { code, .. } = &error else { return error.into() };
    match *code {
        UNKNOWN_MESSAGE => ChatError::Gone(format!("the message in #{channel} was deleted")),
        UNKNOWN_CHANNEL => {
            ChatError::Barred(format!("#{channel} is not there any more; create it, or name another in config"))
        }
        NO_ACCESS => ChatError::Barred(format!(
            "signalbox cannot see #{channel}; give its role the permission View Channel there"
        )),
        NO_PERMISSION => {
            let needed = match doing {
                "start threads" => "Create Public Threads",
                "read messages" | "read reactions" => "Read Message History",
                _ if in_thread => "Send Messages in Threads, Embed Links and Attach Files",
                _ => "Send Messages, Embed Links and Attach Files",
            };
            ChatError::Barred(format!("signalbox may not {doing} in #{channel}; give its role {needed} there"))
        }
        NO_DIRECT_MESSAGE => ChatError::Refused("this person takes no direct messages from signalbox".into()),
        _ => error.into(),
    }
}
