//! Discord behind a rehearsal: people act at the stand-in, and it arrives over the gateway.

use super::tee::{Line, On, Shown, Side, same_form};
use crate::support::discord::delivery::Delivery;
use crate::support::discord::permissions::MANAGE_CHANNELS;
use crate::support::discord::world::Refusal;
use crate::support::discord::{FakeDiscord, Options, TOKEN};
use async_trait::async_trait;
use signalbox::app::discord::commands;
use signalbox::chat::discord::{DiscordPlatform, Gateway, Settings, StoreSeat};
use signalbox::chat::text::zone;
use signalbox::chat::{Body, Inbox, MessageRef, Platform, Token};
use signalbox::clock::{Clock, VirtualClock};
use signalbox::command::{Catalogue, Value, Vocabulary, parse};
use signalbox::domain::policy::Policy;
use signalbox::rehearsal::world::{Acted, Talk};
use signalbox::store::MemoryStore;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The first response to a click that is asked about: a message.
const MESSAGE: u8 = 4;
/// The first response that opens a form.
const MODAL: u8 = 9;

pub struct DiscordSide {
    fake: FakeDiscord,
    adapter: Arc<DiscordPlatform>,
    catalogue: Catalogue,
    vocabulary: Vocabulary,
    /// Questions that Discord's adapter asks before a button counts.
    questions: Mutex<BTreeSet<u64>>,
    _stop: DropGuard,
}

/// Everybody has an account: a number behind this.
const ACCOUNTS: u64 = 100_000_000_000_000_000;

/// The policy with everybody on Discord.
pub fn with_accounts(mut policy: Policy) -> Policy {
    for (n, person) in policy.people.values_mut().enumerate() {
        person.accounts.insert("discord".into(), (ACCOUNTS + n as u64).to_string());
    }
    policy
}

impl DiscordSide {
    pub async fn open(policy: &Arc<Policy>, clock: &Arc<VirtualClock>, line: &Arc<Line>) -> Self {
        let clock = Arc::clone(clock) as Arc<dyn Clock>;
        let zone = zone(&policy.zone).unwrap();
        // The wire's clock stands still for most of a scene, so a silent bot cannot be told from a waiting one.
        let options = Options { clock: Arc::clone(&clock), zone, message_content: true, ..Options::default() };
        let fake = FakeDiscord::start(options).await;
        if policy.response.has_rooms() {
            fake.let_everybody(MANAGE_CHANNELS);
        }
        let channels = &policy.channels;
        for channel in channels.all() {
            fake.add_channel(channel.as_str());
        }
        for person in policy.people.values() {
            fake.add_user_as(person.accounts["discord"].parse().unwrap(), &person.name);
        }
        let settings = Settings {
            token: Token::new(TOKEN.into()),
            guild: fake.guild(),
            base_url: fake.base_url(),
            channels: BTreeMap::new(),
            roles: BTreeMap::new(),
        };
        let catalogue = Catalogue::embedded().unwrap();
        let client = signalbox::http::loopback().unwrap();
        let adapter = DiscordPlatform::new(settings, client, clock, line.policy()).with_commands(commands(&catalogue));
        let (adapter, stop) = (Arc::new(adapter), CancellationToken::new());
        adapter.register().await.unwrap();
        let seat = Arc::new(StoreSeat::new(Arc::new(MemoryStore::new()), fake.guild(), "rehearsal"));
        let inbox = Arc::clone(line) as Arc<dyn Inbox>;
        tokio::spawn(Gateway::new(Arc::clone(&adapter), inbox, seat, 1).run(stop.clone()));
        fake.connected().await;
        let (vocabulary, questions) = (Vocabulary::of(policy), Mutex::default());
        Self { fake, adapter, catalogue, vocabulary, questions, _stop: stop.drop_guard() }
    }

    /// Picks the command and fills in its options, when Discord's client lets that through; else it is written to the bot.
    fn types(&self, act: &Acted, channel: &str, text: &str) -> Delivery {
        let typed = parse(&self.catalogue, &self.vocabulary, text).ok();
        // In a war room a number alone is an item of its checklist; nobody would pick it as a deployment there.
        let alone = text.starts_with("/checklist ") && !text.contains("D-") && !text.contains("INC-");
        let typed = typed.filter(|_| !alone);
        let picked = typed.filter(|typed| !typed.args.is_empty()).map(|typed| {
            let options: Vec<_> = typed.args.iter().map(|(name, value)| (name.as_str(), written(value))).collect();
            let options: Vec<_> = options.iter().map(|(name, value)| (*name, value.as_str())).collect();
            self.fake.command(&act.account, channel, &typed.command.replace(' ', "-"), &options)
        });
        let line = text.trim_start_matches('/');
        let picked = picked.filter(|delivery| delivery.blocked().is_none());
        picked.unwrap_or_else(|| self.fake.mention(&act.account, channel, line))
    }

    /// A click, with the question and the form that it may open.
    async fn clicks(&self, act: &Acted, clicked: Delivery, line: &Line, before: usize) -> Result<(), String> {
        let Body::Click { fields, .. } = &act.body else { return Err("no click".into()) };
        let mut first = clicked.acknowledged(&self.fake).await;
        let (mut done, mut before) = (clicked, before);
        if first.kind == MESSAGE {
            line.worked(before).await?;
            let (channel, question) = done.original(&self.fake).ok_or("there is no question")?;
            self.questions.lock().unwrap().insert(question);
            before = line.kept();
            let yes = self.yes(channel, question).ok_or("the question has no button")?;
            done = self.fake.click(&act.account, &channel.to_string(), question, &yes);
            first = done.acknowledged(&self.fake).await;
        }
        line.worked(before).await?;
        if first.kind == MODAL {
            let modal = done.modal(&self.fake).await;
            same_form(line, &form_text(&modal.data), false)?;
            let values: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            let before = line.kept();
            let sent = self.fake.submit(&act.account, &modal, &values);
            sent.acknowledged(&self.fake).await;
            line.worked(before).await?;
        }
        Ok(())
    }

    /// A message cannot be answered by a form: its button is pressed, the form looked at, and closed.
    async fn fills_in(&self, user: &str, line: &Line) -> Result<String, String> {
        let told = self.fake.directs(user).pop().ok_or("nothing was said directly")?;
        let label = "Fill in".to_owned();
        let pressed = self.fake.click(user, &told.channel.to_string(), told.id, &label);
        allowed(&pressed)?;
        let modal = pressed.modal(&self.fake).await;
        same_form(line, &form_text(&modal.data), false).map(|()| label)
    }

    fn yes(&self, channel: u64, question: u64) -> Option<String> {
        let found = self.fake.messages(&channel.to_string()).into_iter().find(|m| m.id == question)?;
        Some(found.now().components.first()?["components"][0]["label"].as_str()?.to_owned())
    }

    fn named(&self, account: &str, person: &str) {
        if account.parse::<u64>().is_err() && !self.fake.knows(account) {
            self.fake.add_user(person);
        }
    }
}

/// The client let the person do it.
fn allowed(done: &Delivery) -> Result<(), String> {
    done.blocked().map_or(Ok(()), |why| Err(why.to_owned()))
}

/// An argument as somebody types it into its option.
fn written(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Number(n) => n.to_string(),
        Value::Flag => "true".into(),
        Value::Span(span) => format!("{}m", span.as_millis() / 60_000),
        Value::Deployment(id) => id.to_string(),
        Value::Incident(id) => id.to_string(),
        Value::Person(id) => id.to_string(),
        Value::Service(name) => name.to_string(),
        Value::Environment(name) => name.to_string(),
        Value::Role(role) => role.to_string(),
        Value::Mode(mode) => mode.as_str().to_owned(),
        Value::Items(items) => items.iter().map(u32::to_string).collect::<Vec<_>>().join(","),
    }
}

/// Every word of a form.
fn form_text(data: &serde_json::Value) -> String {
    fn collect(value: &serde_json::Value, out: &mut Vec<String>) {
        match value {
            serde_json::Value::Array(all) => all.iter().for_each(|one| collect(one, out)),
            serde_json::Value::Object(one) => {
                for key in ["title", "label", "placeholder", "description", "components", "component", "options"] {
                    match one.get(key) {
                        Some(serde_json::Value::String(text)) => out.push(text.clone()),
                        Some(inner) => collect(inner, out),
                        None => {}
                    }
                }
            }
            _ => {}
        }
    }
    let mut out = Vec::new();
    collect(data, &mut out);
    out.join("\n")
}

fn place(at: &MessageRef) -> (u64, u64) {
    let (channel, message) = at.id.split_once(':').unwrap();
    (channel.parse().unwrap(), message.parse().unwrap())
}

#[async_trait]
impl Side for DiscordSide {
    fn platform(&self) -> Arc<dyn Platform> {
        Arc::clone(&self.adapter) as Arc<dyn Platform>
    }

    async fn act(&self, act: &Acted, on: Option<On>, line: &Line) -> Result<Option<String>, String> {
        self.named(&act.account, &act.person);
        let (user, before) = (&act.account, line.kept());
        let Some(on) = on else {
            let Body::Command { text, .. } = &act.body else { return Err("what is it done to?".into()) };
            let typed = self.types(act, &act.channel, text);
            allowed(&typed)?;
            line.worked(before).await?;
            return if line.asks() { self.fills_in(user, line).await.map(Some) } else { Ok(None) };
        };
        let (channel, message) = place(&on.at);
        let channel = channel.to_string();
        match &act.body {
            Body::Reaction { emoji, added, .. } => {
                let react = if *added { FakeDiscord::react } else { FakeDiscord::unreact };
                let reacted = react(&self.fake, user, &channel, message, emoji);
                allowed(&reacted)?;
                line.worked(before).await?;
                Ok(None)
            }
            Body::Click { .. } => {
                let button = on.button.ok_or("which button?")?;
                let click = if on.stale { FakeDiscord::click_stale } else { FakeDiscord::click };
                let clicked = click(&self.fake, user, &channel, message, &button.label);
                allowed(&clicked)?;
                self.clicks(act, clicked, line, before).await?;
                Ok(None)
            }
            // The thread of a message has its id.
            Body::Command { text, .. } => {
                let typed = self.types(act, &message.to_string(), text);
                allowed(&typed)?;
                line.worked(before).await?;
                if line.asks() { self.fills_in(user, line).await.map(Some) } else { Ok(None) }
            }
        }
    }

    fn shown(&self, at: &MessageRef) -> Option<Shown> {
        let (channel, message) = place(at);
        let text = self.fake.text_of(channel, message)?;
        Some(Shown { text, thread: self.fake.is_thread(channel) })
    }

    fn public(&self) -> usize {
        self.fake.public_by_bot()
    }

    fn told(&self, account: &str) -> Vec<String> {
        let questions = self.questions.lock().unwrap().clone();
        let told = self.fake.told(account).into_iter();
        told.filter(|(id, _)| !questions.contains(id)).map(|(_, text)| text).collect()
    }

    fn delete(&self, at: &MessageRef) {
        let (channel, message) = place(at);
        self.fake.delete(&channel.to_string(), message);
    }

    fn talk(&self, talk: &Talk, thread: Option<&MessageRef>) -> MessageRef {
        // The thread of a message has its id.
        let channel = thread.map_or_else(|| talk.channel.to_string(), |at| place(at).1.to_string());
        let (channel, id) = self.fake.writes(&talk.account, &channel, &talk.text);
        MessageRef { channel: talk.channel.clone(), id: format!("{channel}:{id}") }
    }

    fn retell(&self, at: &MessageRef, text: &str) {
        let (channel, message) = place(at);
        self.fake.rewrite(channel, message, text);
    }

    fn refused(&self) -> Vec<String> {
        // That a message is gone is learned by asking for it.
        let asked = |r: &&Refusal| (r.route.as_str(), r.code) != ("GET /channels/{id}/messages/{id}", 10_008);
        self.fake.refusals().iter().filter(asked).map(|r| format!("Discord refused: {r:?}")).collect()
    }
}
