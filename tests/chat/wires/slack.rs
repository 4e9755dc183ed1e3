//! Slack behind a rehearsal: people act at the stand-in, over signed requests or over a socket.

use super::tee::{Line, On, Shown, Side, same_form};
use crate::support::slack::FakeSlack;
use crate::support::slack::delivery::{Delivery, Outcome};
use crate::support::slack::options::{Mode, Options, Urls};
use crate::support::slack::world::{Kind, Refusal, World};
use async_trait::async_trait;
use signalbox::chat::slack::{Settings, SlackPlatform, SocketMode, router};
use signalbox::chat::text::Reader;
use signalbox::chat::{Body, Inbox, MessageRef, Platform, Token};
use signalbox::clock::{Clock, VirtualClock};
use signalbox::domain::policy::Policy;
use signalbox::rehearsal::world::{Acted, Talk};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How Slack reaches us in a scene.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Socket,
    Http,
}

pub struct SlackSide {
    fake: FakeSlack,
    adapter: Arc<SlackPlatform>,
    reader: Reader,
    _stop: DropGuard,
}

/// Everybody has an account of this form.
pub fn account(person: &str) -> String {
    format!("U0{}", person.to_uppercase())
}

fn id_of(channel: &str) -> String {
    // One that the app has made has its id already.
    if channel.starts_with("C0") {
        return channel.to_owned();
    }
    format!("C0{}", channel.to_uppercase())
}

/// The policy with everybody on Slack.
pub fn with_accounts(mut policy: Policy) -> Policy {
    for person in policy.people.values_mut() {
        person.accounts.insert("slack".into(), account(person.id.as_str()));
    }
    policy
}

impl SlackSide {
    pub async fn open(policy: &Arc<Policy>, clock: &Arc<VirtualClock>, line: &Arc<Line>, way: Way) -> Self {
        let manifest = match way {
            Way::Socket => include_str!("../../../deploy/slack-socket.yaml"),
            Way::Http => include_str!("../../../deploy/slack-http.yaml"),
        };
        let clock = Arc::clone(clock) as Arc<dyn Clock>;
        let fake = FakeSlack::start(Options::default().manifest(manifest).clock(Arc::clone(&clock))).await.unwrap();
        let everybody: Vec<String> = policy.people.keys().map(|id| account(id.as_str())).collect();
        let everybody: Vec<&str> = everybody.iter().map(String::as_str).collect();
        for person in policy.people.values() {
            fake.person(&account(person.id.as_str()), person.id.as_str(), &person.name, "Asia/Riyadh");
        }
        if policy.response.has_rooms() {
            fake.with(|world| world.options.bot_scopes.insert("channels:manage".into()));
        }
        let channels = &policy.channels;
        for channel in channels.all() {
            fake.channel(&id_of(channel.as_str()), channel.as_str(), &everybody);
        }
        let (bot, app, secret) =
            fake.read(|w| (w.options.bot_token.clone(), w.options.app_token.clone(), w.options.signing_secret.clone()));
        let settings = Settings {
            bot_token: Token::new(bot),
            app_token: Some(Token::new(app)),
            signing_secret: Some(Token::new(secret.clone())),
            base_url: fake.api_url(),
            channels: BTreeMap::new(),
            groups: BTreeMap::new(),
        };
        let client = signalbox::http::loopback().unwrap();
        let adapter = Arc::new(SlackPlatform::new(settings, Arc::clone(&clock), line.policy(), client).unwrap());
        let (stop, inbox) = (CancellationToken::new(), Arc::clone(line) as Arc<dyn Inbox>);
        match way {
            Way::Socket => {
                tokio::spawn(SocketMode::new(Arc::clone(&adapter), inbox, 1, stop.clone()).run());
                fake.sockets_open(1).await.unwrap();
            }
            Way::Http => {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                let url = format!("http://{}/slack", listener.local_addr().unwrap());
                let app = router("/slack", &Token::new(secret), clock, inbox);
                let stopped = stop.clone().cancelled_owned();
                tokio::spawn(async move { axum::serve(listener, app).with_graceful_shutdown(stopped).await });
                fake.deliver_by(Mode::Http(Urls::one(&url)));
            }
        }
        Self { fake, adapter, reader: Reader::of(policy), _stop: stop.drop_guard() }
    }

    /// Whoever is not in config is on Slack all the same.
    fn known(&self, act: &Acted) {
        if self.fake.read(|world| !world.users.contains_key(&act.account)) {
            self.fake.person(&act.account, &act.person, &act.person, "Asia/Riyadh");
            self.fake.with(|world| {
                for channel in world.channels.values_mut().filter(|c| c.kind == Kind::Public) {
                    channel.members.insert(act.account.clone());
                }
            });
        }
    }

    fn types(&self, act: &Acted, text: &str) -> Result<Delivery, String> {
        let channel = id_of(&act.channel);
        let line = text.trim_start_matches('/');
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        // Slack keeps /help for itself, and its client lets no unknown command through; those are written to the bot.
        let slash = match command {
            "help" => self.fake.slash(&act.account, &channel, "/signalbox", line),
            _ => self.fake.slash(&act.account, &channel, &format!("/{command}"), rest),
        };
        slash.or_else(|_| self.fake.mention(&act.account, &channel, line))
    }

    async fn arrives(&self, delivery: Delivery, line: &Line, before: usize) -> Result<(), String> {
        match delivery.settled().await? {
            Outcome::Acknowledged => line.worked(before).await,
            other => Err(format!("Slack says {other:?}")),
        }
    }
}

fn emoji(sign: &str) -> &'static str {
    match sign {
        "✅" => "white_check_mark",
        "❌" => "x",
        "👀" => "eyes",
        "📌" => "pushpin",
        other => panic!("name {other} as Slack does"),
    }
}

fn place(at: &MessageRef) -> (&str, &str) {
    at.id.split_once(':').unwrap()
}

#[async_trait]
impl Side for SlackSide {
    fn platform(&self) -> Arc<dyn Platform> {
        Arc::clone(&self.adapter) as Arc<dyn Platform>
    }

    async fn act(&self, act: &Acted, on: Option<On>, line: &Line) -> Result<Option<String>, String> {
        self.known(act);
        let (user, before) = (&act.account, line.kept());
        let Some(on) = on else {
            let Body::Command { text, .. } = &act.body else { return Err("what is it done to?".into()) };
            let typed = self.types(act, text)?;
            self.arrives(typed, line, before).await?;
            if let Some(view) = self.fake.view_of(user) {
                let view = self.fake.read(|world| world.views[&view].clone());
                same_form(line, &self.fake.view_text(&view), true)?;
                self.fake.close_view(user, &view.id)?;
            }
            return Ok(None);
        };
        let (channel, ts) = place(&on.at);
        match &act.body {
            Body::Reaction { emoji: sign, added, .. } => {
                let name = emoji(sign);
                let react = if *added { FakeSlack::react } else { FakeSlack::unreact };
                self.arrives(react(&self.fake, user, channel, ts, name)?, line, before).await?;
                Ok(None)
            }
            Body::Click { fields, .. } => {
                let button = on.button.ok_or("which button?")?;
                let press = if on.stale { FakeSlack::click_stale } else { FakeSlack::click };
                let pressed = press(&self.fake, user, channel, ts, &button.label)?;
                if button.confirm.is_some() != pressed.confirm.is_some() {
                    return Err(format!("{} is asked about on one side only", button.label));
                }
                self.arrives(pressed, line, before).await?;
                if button.form.is_none() {
                    return Ok(None);
                }
                let view = self.fake.view_of(user).ok_or("no form opened")?;
                let body = self.fake.read(|world| world.views[&view].clone());
                same_form(line, &self.fake.view_text(&body), true)?;
                let values: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                let before = line.kept();
                self.arrives(self.fake.submit(user, &view, &values)?, line, before).await?;
                Ok(None)
            }
            // Slack lets nobody use a slash command in a thread: the bot is mentioned there.
            Body::Command { text, .. } => {
                let said = self.fake.mention_in(user, channel, Some(ts), text.trim_start_matches('/'))?;
                self.arrives(said, line, before).await?;
                Ok(None)
            }
        }
    }

    fn shown(&self, at: &MessageRef) -> Option<Shown> {
        let (channel, ts) = place(at);
        let thread = self.fake.read(|world| {
            let message = world.message(channel, ts).filter(|m| !m.deleted && m.only_for.is_none())?;
            Some(message.thread_ts.as_ref().is_some_and(|root| root != ts))
        })?;
        let notified = self.fake.notification(channel, ts, &self.reader.zone);
        let text = self.fake.message_text(channel, ts, &self.reader.zone);
        // What a lock screen shows begins as the message does.
        let first = text.lines().next().unwrap_or_default();
        assert!(super::words::words(&notified).starts_with(&super::words::words(first)), "{notified}\n{text}");
        Some(Shown { text, thread })
    }

    fn public(&self) -> usize {
        let public = |world: &World| {
            let rooms = world.channels.values().filter(|c| c.kind != Kind::Direct);
            let all = rooms.flat_map(|c| &c.messages).filter(|m| m.by_app() && !m.deleted && m.only_for.is_none());
            all.count()
        };
        self.fake.read(public)
    }

    fn told(&self, account: &str) -> Vec<String> {
        let mut places = self.fake.read(|world| {
            let mut places = Vec::new();
            for channel in world.channels.values() {
                let alone = channel.kind == Kind::Direct && channel.members.contains(account);
                let to = |m: &&_| private(m, account, alone);
                places.extend(channel.messages.iter().filter(to).map(|m| (m.ts.clone(), channel.id.clone())));
            }
            places
        });
        places.sort();
        places.iter().map(|(ts, channel)| self.fake.message_text(channel, ts, &self.reader.zone)).collect()
    }

    fn delete(&self, at: &MessageRef) {
        let (channel, ts) = place(at);
        assert!(self.fake.moderate(channel, ts), "{ts} is there to be deleted");
    }

    fn talk(&self, talk: &Talk, thread: Option<&MessageRef>) -> MessageRef {
        let channel = id_of(talk.channel.as_str());
        let root = thread.map(|at| place(at).1.to_owned());
        let ts = self.fake.writes(&talk.account, &channel, root.as_deref(), &talk.text);
        MessageRef { channel: talk.channel.clone(), id: format!("{channel}:{ts}") }
    }

    fn retell(&self, at: &MessageRef, text: &str) {
        let (channel, ts) = place(at);
        self.fake.rewrite(channel, ts, text);
    }

    fn refused(&self) -> Vec<String> {
        // A name that is taken is followed by the next, and what stands in an archived channel is posted anew.
        let usual = |r: &&Refusal| matches!(r.error.as_str(), "name_taken" | "is_inactive");
        self.fake.refusals().iter().filter(|r| !usual(r)).map(|r| format!("Slack refused: {r:?}")).collect()
    }
}

fn private(message: &crate::support::slack::message::Message, account: &str, alone: bool) -> bool {
    message.by_app() && !message.deleted && (alone || message.only_for.as_deref() == Some(account))
}
