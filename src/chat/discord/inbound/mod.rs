//! Works what was kept: reads it, hands it in, and has its sender told. See `gateway` for how it arrives.
//!
//! Typed models play no part in it. What is not an act of a person that we know is counted by its type and done with; what a
//! person waits on an answer for is answered even then.

mod first;
pub mod memory;
mod read;
mod words;

use super::arrival::{CLEARED, sender, text};
use super::rest::{Call, RestError};
use super::{DiscordPlatform, NAME};
use crate::chat::{Answer, Arrival, Body, ChatError, Envelope, Intake};
use crate::domain::message::{Message, Tone};
use crate::limits;
use memory::First;
use read::Act;
use serde_json::Value;
use serenity::all::ChannelId;
use serenity::http::Route;
use words::Known;

/// Where the sender of an act can be told.
pub struct Sender<'a> {
    /// The key of what they did.
    pub arrival: &'a str,
    pub account: String,
    /// The id of the channel or thread in which they did it; empty when that is not known.
    pub channel: String,
    /// They did it in direct messages.
    pub alone: bool,
    /// The message that they wrote, for a reply.
    pub message: Option<String>,
    pub interaction: Option<Interaction<'a>>,
}

/// An interaction that may still be answered.
pub struct Interaction<'a> {
    pub application: u64,
    pub token: &'a str,
}

impl DiscordPlatform {
    /// [`crate::chat::Platform::work`].
    pub(super) async fn worked(&self, arrival: &Arrival, intake: &dyn Intake) -> Result<(), ChatError> {
        let Ok(event) = serde_json::from_str::<Value>(&arrival.body) else {
            self.inbound.unread(&format!("{} no JSON", arrival.kind));
            return Ok(());
        };
        let done = match arrival.kind.as_str() {
            "MESSAGE_REACTION_ADD" => self.reacted(arrival, &event, true, intake).await,
            "MESSAGE_REACTION_REMOVE" => self.reacted(arrival, &event, false, intake).await,
            "MESSAGE_CREATE" => self.said(arrival, &event, intake).await,
            _ if event["token"].is_string() => self.interacted(arrival, &event, intake).await,
            // The gateway has had the reactions read back.
            kind if CLEARED.contains(&kind) => Ok(()),
            kind => {
                self.inbound.unread(kind);
                Ok(())
            }
        };
        if done.is_ok() {
            self.inbound.forget(&arrival.id);
        }
        done
    }

    async fn interacted(&self, arrival: &Arrival, event: &Value, intake: &dyn Intake) -> Result<(), ChatError> {
        let first = self.inbound.first(&arrival.id).await;
        if first == First::Shown {
            return Ok(());
        }
        let application = text(&event["application_id"]).and_then(|id| id.parse().ok()).filter(|id| *id > 0);
        let interaction = application.zip(event["token"].as_str()).filter(|_| first == First::Deferred);
        let sender = Sender {
            interaction: interaction.map(|(application, token)| Interaction { application, token }),
            ..self.sender(arrival, event)
        };
        let Some(Act { body, ask_first }) = read::interaction(event, &self.commands) else {
            self.inbound.unread(&format!("interaction {}", event["type"]));
            let sorry = "signalbox does not know this kind of act yet. Type the command instead: /help";
            return self.tell(&sender, answer(Message::line(Tone::Warning, sorry))).await;
        };
        if let Some((custom_id, label)) = ask_first {
            let question = self.question(&custom_id, &label);
            return self.show(&sender, &[question]).await;
        }
        let answer = self.hand_in(arrival, &sender, in_thread(body, thread_of(&event["channel"])), intake).await?;
        self.tell(&sender, answer).await
    }

    async fn reacted(
        &self,
        arrival: &Arrival,
        event: &Value,
        added: bool,
        intake: &dyn Intake,
    ) -> Result<(), ChatError> {
        let sender = self.sender(arrival, event);
        if sender.account == self.own_account().await? {
            return Ok(());
        }
        let Some(body) = read::reaction(event, added).filter(|_| !sender.account.is_empty()) else {
            self.inbound.unread(&format!("{} unreadable", arrival.kind));
            return Ok(());
        };
        let answer = self.hand_in(arrival, &sender, body, intake).await?;
        self.tell(&sender, answer).await
    }

    async fn said(&self, arrival: &Arrival, event: &Value, intake: &dyn Intake) -> Result<(), ChatError> {
        let sender = Sender { message: text(&event["id"]), ..self.sender(arrival, event) };
        let me = self.own_account().await?;
        let said = self.knowing(|known| words::line(event, &me, known));
        let text = if said.is_empty() { "/help".to_owned() } else { said };
        let thread = self.thread_spoken_in(&sender).await?;
        let answer = self.hand_in(arrival, &sender, Body::Command { text, thread }, intake).await?;
        self.tell(&sender, answer).await
    }

    /// The first message of the thread in which somebody writes. What Discord refuses to say is not worth an error; what it does
    /// not say now is asked again, since a command may mean another incident elsewhere.
    async fn thread_spoken_in(&self, sender: &Sender<'_>) -> Result<Option<String>, ChatError> {
        let id = sender.channel.parse().ok().filter(|id| *id > 0 && !sender.alone);
        let known = self.known().values().any(|known| *known == sender.channel);
        let Some(id) = id.filter(|_| !known) else { return Ok(None) };
        match self.rest.send(Call::get(Route::Channel { channel_id: ChannelId::new(id) })).await {
            Ok(room) => Ok(thread_of(&room)),
            Err(RestError::Code { .. }) => Ok(None),
            Err(error) => Err(ChatError::Later { what: error.to_string(), after_ms: limits::WORK_AGAIN_MS }),
        }
    }

    /// Reads with the names of people and channels at hand.
    fn knowing<T>(&self, read: impl FnOnce(&Known<'_>) -> T) -> T {
        let policy = (self.policy)();
        let person = |id: &str| {
            let owns = |p: &&crate::domain::policy::Person| p.accounts.get(NAME).is_some_and(|a| a == id);
            policy.people.values().find(owns).map(|p| p.id.to_string())
        };
        let channels = self.known();
        let named = |id: &str| channels.iter().find(|(_, i)| *i == id).map(|(name, _)| name.to_string());
        read(&Known { person: &person, channel: &named })
    }

    /// What somebody typed, from Discord's way of writing back to theirs.
    pub(super) fn as_typed(&self, message: &Value) -> String {
        self.knowing(|known| words::content(message, known))
    }

    /// Our own account. The gateway tells it; a replica that is not connected asks.
    async fn own_account(&self) -> Result<String, ChatError> {
        if self.inbound.me().is_empty() {
            let me = self.me().await;
            let me = me.map_err(|e| ChatError::Later { what: e.to_string(), after_ms: limits::WORK_AGAIN_MS })?;
            self.inbound.set_me(&me.user.to_string());
        }
        Ok(self.inbound.me())
    }

    async fn hand_in(
        &self,
        arrival: &Arrival,
        sender: &Sender<'_>,
        body: Body,
        intake: &dyn Intake,
    ) -> Result<Answer, ChatError> {
        let envelope = Envelope {
            platform: self.name.clone(),
            id: arrival.id.clone(),
            account: sender.account.clone(),
            channel: self.channel_name(&sender.channel).await,
            body,
        };
        let again =
            |e: crate::chat::IntakeError| ChatError::Later { what: e.to_string(), after_ms: limits::WORK_AGAIN_MS };
        intake.receive(envelope).await.map_err(again)
    }

    fn sender<'a>(&self, arrival: &'a Arrival, event: &Value) -> Sender<'a> {
        Sender {
            arrival: &arrival.id,
            account: sender(event).unwrap_or_default(),
            channel: text(&event["channel_id"]).unwrap_or_default(),
            alone: text(&event["guild_id"]).is_none(),
            message: None,
            interaction: None,
        }
    }
}

/// The first message of a thread, as we keep it.
fn thread_of(room: &Value) -> Option<String> {
    super::spoken::root(room, text(&room["id"])?.parse().ok()?)
}

/// What was typed in a thread, which is not a press on any message.
fn in_thread(body: Body, root: Option<String>) -> Body {
    match (body, root) {
        (Body::Command { text, thread: None }, thread) => Body::Command { text, thread },
        (Body::Click { message, action, fields }, Some(root)) if message.is_empty() => {
            Body::Click { message: root, action, fields }
        }
        (body, _) => body,
    }
}

fn answer(message: Message) -> Answer {
    Answer { messages: vec![message], form: None }
}
