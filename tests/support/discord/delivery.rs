//! What came of something a person did.

use super::FakeDiscord;
use super::interaction::{Ack, FIRST_MS};
use super::text::plain;
use serde_json::Value;

/// What a person sees when the first answer does not come in time.
pub const NO_ANSWER: &str = "The application did not respond";

/// Something a person did, and its way to an answer.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub(super) done: Done,
}

#[derive(Clone, Debug)]
pub(super) enum Done {
    /// The client did not let the person.
    Blocked(String),
    Interaction(u64),
    Message {
        channel: u64,
        id: u64,
    },
    /// Nothing that is answered.
    Plain,
}

/// A form as the person has it before them.
#[derive(Clone, Debug)]
pub struct Modal {
    pub title: String,
    pub custom_id: String,
    /// As it was sent.
    pub data: Value,
    pub(super) interaction: u64,
}

impl Modal {
    /// Labels and ids of its inputs, in order.
    pub fn inputs(&self) -> Vec<(String, String)> {
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        inputs(&self.data).into_iter().map(|(label, input)| (text(&label), text(&input["custom_id"]))).collect()
    }
}

/// Every input of a modal with its label, in rows or in labels.
pub(super) fn inputs(data: &Value) -> Vec<(Value, Value)> {
    let parts = data["components"].as_array().map_or(&[][..], Vec::as_slice);
    let one = |part: &Value| match part["type"].as_u64() {
        Some(1) => Some((part["components"][0]["label"].clone(), part["components"][0].clone())),
        Some(18) => Some((part["label"].clone(), part["component"].clone())),
        _ => None,
    };
    parts.iter().filter_map(one).collect()
}

impl Delivery {
    /// Why the client did not let the person do it.
    pub fn blocked(&self) -> Option<&str> {
        match &self.done {
            Done::Blocked(why) => Some(why),
            _ => None,
        }
    }

    /// The interaction's or the message's id.
    #[track_caller]
    pub fn id(&self) -> u64 {
        match &self.done {
            Done::Interaction(id) | Done::Message { id, .. } => *id,
            Done::Blocked(why) => panic!("the client did not let the person do it: {why}"),
            Done::Plain => panic!("nothing was sent that has an id"),
        }
    }

    /// The first answer, or none when it did not come in time.
    pub async fn outcome(&self, fake: &FakeDiscord) -> Option<Ack> {
        let id = self.id();
        let ask = |fake: &FakeDiscord| {
            let mut world = fake.world();
            let now = world.ms();
            let interaction = world.interactions.get_mut(&id)?;
            interaction.late |= interaction.ack.is_none() && now - interaction.at_ms > FIRST_MS;
            if interaction.late { Some(None) } else { interaction.ack.map(Some) }
        };
        fake.until("an acknowledgement", ask).await
    }

    /// The first answer, which must come in time.
    pub async fn acknowledged(&self, fake: &FakeDiscord) -> Ack {
        match self.outcome(fake).await {
            Some(ack) => ack,
            None => panic!("{NO_ANSWER}; refused: {:#?}", fake.refusals()),
        }
    }

    /// What the person reads in answer, as plain text. For a mention: the first reply to it.
    pub async fn answer(&self, fake: &FakeDiscord) -> String {
        if let Done::Message { channel, id } = self.done {
            return fake.until("a reply", |fake| reply(fake, channel, id)).await;
        }
        if self.outcome(fake).await.is_none() {
            return NO_ANSWER.to_owned();
        }
        let id = self.id();
        let ask = |fake: &FakeDiscord| {
            let world = fake.world();
            let interaction = world.interactions.get(&id).filter(|i| !i.loading)?;
            let message = interaction.original.and_then(|key| world.messages.get(&key));
            Some(message.map(|m| plain(&world, m)).unwrap_or_default())
        };
        fake.until("the answer after the acknowledgement", ask).await
    }

    /// Everything it was answered with so far, one text a message.
    pub fn answers(&self, fake: &FakeDiscord) -> Vec<String> {
        let world = fake.world();
        let Some(interaction) = world.interactions.get(&self.id()) else { return Vec::new() };
        let keys = interaction.original.iter().chain(&interaction.followups);
        keys.filter_map(|key| world.messages.get(key)).map(|m| plain(&world, m)).collect()
    }

    /// The answer's own message, with its channel.
    pub fn original(&self, fake: &FakeDiscord) -> Option<(u64, u64)> {
        fake.world().interactions.get(&self.id())?.original
    }

    /// The offered completions, as (name, value).
    pub async fn choices(&self, fake: &FakeDiscord) -> Vec<(String, String)> {
        self.acknowledged(fake).await;
        let choices = fake.world().interactions[&self.id()].choices.clone().unwrap_or_default();
        let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        choices.iter().map(|c| (text(&c["name"]), text(&c["value"]))).collect()
    }

    /// The form that was opened.
    pub async fn modal(&self, fake: &FakeDiscord) -> Modal {
        let ack = self.acknowledged(fake).await;
        let data = fake.world().interactions[&self.id()].modal.clone();
        let Some(data) = data else { panic!("no form was opened, but answered with type {}", ack.kind) };
        let text = |key: &str| data[key].as_str().unwrap_or_default().to_owned();
        Modal { title: text("title"), custom_id: text("custom_id"), interaction: self.id(), data }
    }
}

fn reply(fake: &FakeDiscord, channel: u64, id: u64) -> Option<String> {
    let world = fake.world();
    let direct = world.channels[&channel].kind == 1;
    let by_bot = |m: &&super::world::Message| m.author == world.bot && m.id > id;
    let here = world.in_channel(channel).filter(by_bot).find(|m| m.reply_to == Some(id) || direct);
    let found = here.or_else(|| world.in_channel(id).find(by_bot));
    found.map(|m| plain(&world, m))
}
