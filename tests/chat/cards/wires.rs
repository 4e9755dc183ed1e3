//! Both adapters in front of both stand-ins: a message goes out over each wire, and what was sent and is seen comes back.

use super::stage::{Place, Shot, policy};
use crate::support::discord::{self, FakeDiscord};
use crate::support::slack::options::{Options, Rates};
use crate::support::slack::{FakeSlack, payload};
use async_trait::async_trait;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};
use signalbox::chat::discord::{DiscordPlatform, render};
use signalbox::chat::slack::SlackPlatform;
use signalbox::chat::{
    Answer, Arrival, ChatError, Envelope, Intake, IntakeError, MessageRef, Platform, PolicyNow, Post, Token,
};
use signalbox::clock::VirtualClock;
use signalbox::command::Catalogue;
use signalbox::domain::ids::PlatformName;
use signalbox::domain::message::{Message, Tone, bold, code, plain};
use signalbox::domain::policy::Policy;
use signalbox::domain::time::Span;
use std::collections::BTreeMap;
use std::sync::Arc;

pub const C_DEPLOYMENTS: &str = "C0DEPLOY01";
const START: &str = "2026-01-05T07:05:00Z";

/// What went over one wire, and what people see of it.
pub struct Sent {
    /// The method of Slack's, or the request of Discord's.
    pub how: String,
    pub body: Value,
    pub words: String,
}

pub struct Wires {
    pub slack: FakeSlack,
    pub discord: FakeDiscord,
    to_slack: SlackPlatform,
    to_discord: DiscordPlatform,
    clock: Arc<VirtualClock>,
    /// The card in whose thread is posted what belongs into one.
    thread: Option<(MessageRef, MessageRef)>,
    /// Acts so far; each is another arrival.
    acts: u32,
}

/// An engine that has said already what it says.
struct Said(Answer);

#[async_trait]
impl Intake for Said {
    async fn receive(&self, _: Envelope) -> Result<Answer, IntakeError> {
        Ok(self.0.clone())
    }
}

impl Wires {
    pub async fn open() -> Self {
        let clock = Arc::new(VirtualClock::starting_at(START.parse().unwrap()));
        let zone = TimeZone::fixed(Offset::constant(3));
        let slack = FakeSlack::start(Options { rates: Rates::Off, ..Options::default().clock(clock.clone()) });
        let slack = slack.await.unwrap();
        let discord = discord::Options { clock: clock.clone(), strict: false, zone, ..discord::Options::default() };
        let discord = FakeDiscord::start(discord).await;
        let policy = Arc::new(people(&slack, &discord));
        for (id, name) in [(C_DEPLOYMENTS, "deployments"), ("C0INCIDENT", "incidents"), ("C0ENGINEER", "engineering")] {
            slack.channel(id, name, &[]);
            discord.add_channel(name);
        }
        let now: PolicyNow = Arc::new(move || Arc::clone(&policy));
        let to_slack = slack_platform(&slack, &clock, &now);
        let to_discord = discord_platform(&discord, &clock, &now);
        let mut wires = Self { slack, discord, to_slack, to_discord, clock, thread: None, acts: 0 };
        let title = vec![code("D-1"), plain(" "), bold("api v1.2.0 → production"), plain(" · awaiting keys")];
        let card = wires.post("card:D-1", Message::new(Tone::Waiting, title), false).await;
        wires.thread = Some(card);
        wires
    }

    /// Lets the shot be seen on both.
    pub async fn show(&mut self, shot: &Shot) -> (Sent, Sent) {
        match &shot.place {
            Place::Channel | Place::Thread => self.posted(shot).await,
            Place::Alone(who) => self.answered(shot, who).await,
            Place::Form { action, form } => {
                let answer = Answer { messages: Vec::new(), form: Some((action.clone(), form.clone())) };
                let slack = self.typed("sara", answer).await;
                let view = self.slack.read(|w| w.views.values().next_back().cloned()).unwrap();
                let modal = render::modal(action, form).unwrap();
                let discord = Sent { how: "callback of type 9".into(), words: modal_words(&modal), body: modal };
                (Sent { words: self.slack.view_text(&view), ..slack }, discord)
            }
            Place::Home => {
                let answer = Answer { messages: vec![shot.message.clone()], form: None };
                let event = json!({"type": "app_home_opened", "user": "U0SARA", "channel": "D0SARA", "tab": "home"});
                let payload = self.slack.with(|world| payload::event(world, event));
                self.works("events_api", &payload, answer).await;
                let home = self.slack.read(|w| w.homes["U0SARA"].clone());
                let slack = Sent { words: self.slack.view_text(&home), ..self.last_call() };
                (slack, Sent { how: "Discord has none".into(), body: Value::Null, words: String::new() })
            }
        }
    }

    async fn posted(&mut self, shot: &Shot) -> (Sent, Sent) {
        let key = format!("{}:{}", shot.sheet, shot.name);
        let (slack, discord) = self.post(&key, shot.message.clone(), shot.place == Place::Thread).await;
        let zone = TimeZone::fixed(Offset::constant(3));
        let (channel, ts) = slack.id.split_once(':').unwrap();
        let to_slack = Sent { words: self.slack.message_text(channel, ts, &zone), ..self.last_call() };
        let (channel, id) = discord.id.split_once(':').unwrap();
        let seen = self.discord.visible(channel, "sara").into_iter().find(|m| m.id.to_string() == id).unwrap();
        let rendered = self.to_discord.rendered(&shot.message, Some(&key));
        let mut body = rendered.body();
        let stands = self.discord.message(channel, id.parse().unwrap()).unwrap();
        assert_eq!(stands.now().content, body["content"], "what was sent is what is shown here");
        assert_eq!(stands.now().embeds.len(), body["embeds"].as_array().unwrap().len());
        body["nonce"] = json!(stands.nonce);
        body["enforce_nonce"] = json!(true);
        let files: Vec<_> = rendered.files.iter().map(|f| json!({"name": f.name, "bytes": f.bytes.len()})).collect();
        if !files.is_empty() {
            body["files beside it"] = json!(files);
        }
        let to_discord = Sent { how: "POST /channels/{id}/messages".into(), body, words: seen.text };
        (to_slack, to_discord)
    }

    async fn answered(&mut self, shot: &Shot, who: &str) -> (Sent, Sent) {
        let answer = Answer { messages: vec![shot.message.clone()], form: None };
        let slack = self.typed(who, answer).await;
        let user = format!("U0{}", who.to_uppercase());
        let seen = self.slack.read(|w| {
            let mine = w.channels[C_DEPLOYMENTS].messages.iter().rev();
            mine.filter(|m| m.only_for.as_deref() == Some(&user)).map(|m| m.ts.clone()).next()
        });
        let zone = TimeZone::fixed(Offset::constant(3));
        let words = self.slack.message_text(C_DEPLOYMENTS, &seen.unwrap(), &zone);
        // It takes the place of "thinking", for which Discord keeps no message that could be asked for; posted, it reads the same.
        let body = self.to_discord.rendered(&shot.message, None).body();
        let seen = self.posted(shot).await.1.words;
        let how = "PATCH /webhooks/{application}/{token}/messages/@original".into();
        (Sent { words, ..slack }, Sent { how, body, words: seen })
    }

    /// Somebody types a command, and is answered so.
    async fn typed(&mut self, who: &str, answer: Answer) -> Sent {
        let user = format!("U0{}", who.to_uppercase());
        let payload = self.slack.with(|w| payload::command(w, &user, C_DEPLOYMENTS, "/deploy", ""));
        self.works("slash_commands", &payload, answer).await;
        self.last_call()
    }

    async fn works(&mut self, kind: &str, payload: &Value, answer: Answer) {
        self.acts += 1;
        let arrival = Arrival {
            platform: PlatformName::new("slack"),
            id: format!("act {}", self.acts),
            kind: kind.into(),
            lane: String::new(),
            proof: String::new(),
            body: json!({"type": kind, "payload": payload}).to_string(),
        };
        let intake = Said(answer);
        self.patiently(|| self.to_slack.work(&arrival, &intake)).await;
    }

    async fn post(&self, key: &str, message: Message, threaded: bool) -> (MessageRef, MessageRef) {
        let post = |thread: Option<&MessageRef>| Post {
            key: key.into(),
            channel: "deployments".into(),
            thread: thread.filter(|_| threaded).cloned(),
            only_for: None,
            message: message.clone(),
        };
        let (slack, discord) = (self.thread.as_ref().map(|t| &t.0), self.thread.as_ref().map(|t| &t.1));
        let (slack, discord) = (post(slack), post(discord));
        let slack = self.patiently(|| self.to_slack.post(&slack)).await;
        (slack, self.patiently(|| self.to_discord.post(&discord)).await)
    }

    /// As the outbox does it: whoever is told to come later does.
    async fn patiently<T, F: Future<Output = Result<T, ChatError>>>(&self, act: impl Fn() -> F) -> T {
        for _ in 0..100 {
            match act().await {
                Ok(done) => return done,
                Err(ChatError::Later { after_ms, .. }) => self.clock.advance(Span::millis(after_ms)),
                Err(error) => panic!("{error}: {:#?} {:#?}", self.slack.refusals(), self.discord.refusals()),
            }
        }
        panic!("it is never sent")
    }

    fn last_call(&self) -> Sent {
        let request = self.slack.read(|w| w.requests.back().cloned()).unwrap();
        assert_eq!(request.outcome, "ok", "{}", request.method);
        let mut body = request.args;
        // Counted by the stand-in, so it is another one whenever there is one message more.
        if body["trigger_id"].is_string() {
            body["trigger_id"] = json!("of the act");
        }
        Sent { how: request.method, body, words: String::new() }
    }

    /// Neither stand-in refused anything.
    pub fn nothing_refused(&self) {
        assert!(self.slack.refusals().is_empty(), "{:#?}", self.slack.refusals());
        self.discord.nothing_refused();
    }
}

/// Everybody who has an account is there, under it.
fn people(slack: &FakeSlack, discord: &FakeDiscord) -> Policy {
    let mut policy = policy();
    slack.person("U0KIM", "kim", "Kim", "Asia/Riyadh");
    for person in policy.people.values_mut() {
        if let Some(account) = person.accounts.get("slack") {
            slack.person(account, person.id.as_str(), &person.name, "Asia/Riyadh");
        }
        if person.accounts.contains_key("discord") {
            let account = discord.add_user(person.id.as_str());
            person.accounts.insert("discord".into(), account.to_string());
        }
    }
    policy
}

fn modal_words(modal: &Value) -> String {
    let rows = modal["components"].as_array().into_iter().flatten().map(|label| {
        let input = &label["component"];
        let star = if input["required"] == false { "" } else { "*" };
        let text = |of: &Value, key: &str| of[key].as_str().unwrap_or_default().to_owned();
        let options = input["options"].as_array().into_iter().flatten().map(|o| text(o, "label"));
        let options = options.collect::<Vec<_>>().join(" | ");
        let blank = if options.is_empty() { "____".to_owned() } else { format!("[{options}]") };
        let hint = text(input, "placeholder") + &text(label, "description");
        format!("{}{star}: {blank} {hint}", text(label, "label")).trim_end().to_owned()
    });
    let title = modal["title"].as_str().unwrap_or_default().to_owned();
    std::iter::once(title).chain(rows).collect::<Vec<_>>().join("\n")
}

fn slack_platform(fake: &FakeSlack, clock: &Arc<VirtualClock>, policy: &PolicyNow) -> SlackPlatform {
    let settings = signalbox::chat::slack::Settings {
        bot_token: Token::new(fake.read(|w| w.options.bot_token.clone())),
        app_token: None,
        signing_secret: None,
        base_url: fake.api_url(),
        channels: BTreeMap::new(),
        groups: BTreeMap::new(),
    };
    let client = signalbox::http::loopback().unwrap();
    SlackPlatform::new(settings, clock.clone(), Arc::clone(policy), client).unwrap()
}

fn discord_platform(fake: &FakeDiscord, clock: &Arc<VirtualClock>, policy: &PolicyNow) -> DiscordPlatform {
    let settings = signalbox::chat::discord::Settings {
        token: Token::new(discord::TOKEN.to_owned()),
        guild: fake.guild(),
        base_url: fake.base_url(),
        channels: BTreeMap::new(),
        roles: BTreeMap::new(),
    };
    let client = signalbox::http::loopback().unwrap();
    let commands = signalbox::app::discord::commands(&Catalogue::embedded().unwrap());
    DiscordPlatform::new(settings, client, clock.clone(), Arc::clone(policy)).with_commands(commands)
}
