//! The first response to an interaction, which Discord wants within three seconds: a form, a question, or "thinking".
//!
//! Everything it needs is in memory, so nothing but the store can delay it. It is only for the person who acted.

use super::memory::First;
use super::read::{self, Act};
use crate::chat::discord::arrival::{sender, text};
use crate::chat::discord::register::ArgKind;
use crate::chat::discord::rest::{Call, RestError};
use crate::chat::discord::{DiscordPlatform, render};
use crate::chat::{Arrival, Envelope, Inbox, Offer};
use crate::domain::ids::ChannelName;
use crate::limits;
use reqwest::Method;
use serde_json::{Value, json};
use serenity::http::Route;
use serenity::model::id::InteractionId;
use std::time::Duration;

/// Only the person who acted sees the answer.
const EPHEMERAL: u64 = 1 << 6;
const MESSAGE: u8 = 4;
const DEFERRED: u8 = 5;
const CHOICES: u8 = 8;
const MODAL: u8 = 9;
/// It is too late, or it was never there.
const UNKNOWN_INTERACTION: i64 = 10_062;
/// Somebody was quicker: another replica, or ourselves before the connection broke.
const ALREADY: i64 = 40_060;
/// Characters of a choice's name and value.
const CHOICE_CHARS: usize = 100;

impl DiscordPlatform {
    /// Answers what was just kept, when it is something that can be answered.
    pub async fn respond(&self, arrival: &Arrival, inbox: &dyn Inbox) {
        let Ok(event) = serde_json::from_str::<Value>(&arrival.body) else { return };
        if !event["token"].is_string() {
            return;
        }
        let (response, first) = self.response(&event, arrival, inbox);
        let first = match self.callback(&event, response).await {
            // Whoever was quicker decided alike.
            Ok(()) | Err(RestError::Code { code: ALREADY, .. }) => first,
            // It may have arrived; working it will show.
            Err(RestError::Lost(_)) if first == First::Deferred => first,
            Err(error) => {
                let id = &arrival.id;
                let late = matches!(error, RestError::Code { code: UNKNOWN_INTERACTION, .. });
                tracing::warn!(name: "discord.not_acknowledged", arrival = %id, late, %error, "{id} is not acknowledged: {error}");
                First::Missed
            }
        };
        self.inbound.answered(&arrival.id, first);
    }

    fn response(&self, event: &Value, arrival: &Arrival, inbox: &dyn Inbox) -> (Value, First) {
        let deferred = (json!({ "type": DEFERRED, "data": { "flags": EPHEMERAL } }), First::Deferred);
        let Some(Act { body, ask_first }) = read::interaction(event, &self.commands) else { return deferred };
        if let Some((custom_id, label)) = ask_first {
            let mut data = self.question(&custom_id, &label).body();
            data["flags"] = EPHEMERAL.into();
            return (json!({ "type": MESSAGE, "data": data }), First::Shown);
        }
        // Its channel means nothing to a form, and looking its name up would take time.
        let envelope = Envelope {
            platform: arrival.platform.clone(),
            id: arrival.id.clone(),
            account: sender(event).unwrap_or_default(),
            channel: ChannelName::new(&text(&event["channel_id"]).unwrap_or_default()),
            body,
        };
        // A form cannot be answered by a form.
        let form = inbox.form(&envelope).filter(|_| event["type"].as_i64() != Some(5));
        match form.and_then(|(action, form)| render::modal(&action, &form)) {
            Some(modal) => (json!({ "type": MODAL, "data": modal }), First::Shown),
            None => deferred,
        }
    }

    /// Offers for a command that somebody is typing.
    pub async fn complete(&self, event: &Value, inbox: &dyn Inbox) {
        let choices = choices(self, &event["data"], inbox);
        if let Err(error) = self.callback(event, json!({ "type": CHOICES, "data": { "choices": choices } })).await {
            tracing::debug!(name: "discord.not_completed", %error, "a completion is not delivered: {error}");
        }
    }

    async fn callback(&self, event: &Value, response: Value) -> Result<(), RestError> {
        let id = text(&event["id"]).and_then(|id| id.parse::<u64>().ok()).filter(|id| *id > 0);
        let (Some(id), Some(token)) = (id, event["token"].as_str()) else {
            return Err(RestError::Lost("an interaction without id or token".into()));
        };
        let again = async {
            loop {
                let route = Route::InteractionResponse { interaction_id: InteractionId::new(id), token };
                let wait = match self.rest.send(Call::new(Method::POST, route).body(response.clone())).await {
                    Ok(_) => return Ok(()),
                    Err(RestError::Limited { after_ms }) => after_ms.max(limits::DISCORD_FIRST_AGAIN_MS),
                    // If it did arrive, Discord says so the second time.
                    Err(RestError::Lost(_)) => limits::DISCORD_FIRST_AGAIN_MS,
                    Err(error) => return Err(error),
                };
                tokio::time::sleep(Duration::from_millis(wait.unsigned_abs())).await;
            }
        };
        let late = |_| Err(RestError::Lost("none within three seconds".into()));
        tokio::time::timeout(Duration::from_millis(limits::DISCORD_FIRST_MS), again).await.unwrap_or_else(late)
    }
}

/// What can stand in the option that is being typed.
fn choices(platform: &DiscordPlatform, data: &Value, inbox: &dyn Inbox) -> Vec<Value> {
    let name = data["name"].as_str().unwrap_or_default();
    let options = data["options"].as_array().map(Vec::as_slice).unwrap_or_default();
    let focused = options.iter().find(|o| o["focused"].as_bool() == Some(true));
    let Some(focused) = focused else { return Vec::new() };
    let typed = text(&focused["value"]).unwrap_or_default();
    let Some(spec) = platform.commands.iter().find(|s| s.name.replace(' ', "-") == name) else { return Vec::new() };
    let arg = focused["name"].as_str().unwrap_or_default();
    // Words of other arguments, and of commands that begin like this one, fit the line but not the option.
    let other = |word: &str| {
        let args = spec.args.iter().filter(|a| a.name != arg);
        let listed = args.filter_map(|a| match &a.kind {
            ArgKind::Choice(words) => Some(words),
            _ => None,
        });
        listed.flatten().any(|w| w == word)
            || platform.commands.iter().any(|c| c.name.strip_prefix(&format!("{} ", spec.name)) == Some(word))
    };
    let line = format!("/{} {}", spec.name, typed.trim_start());
    let fits = |offer: &Offer| {
        let word = offer.label.trim();
        offer.insert.trim_end() != line.trim_end()
            && !word.is_empty()
            && !word.contains(char::is_whitespace)
            && !word.starts_with('-')
            && !other(word)
            && word.chars().count() <= CHOICE_CHARS
    };
    let mut offers: Vec<Offer> = inbox.complete(&line).into_iter().filter(fits).collect();
    offers.truncate(limits::SUGGESTIONS);
    offers.iter().map(choice).collect()
}

fn choice(offer: &Offer) -> Value {
    let value = offer.label.trim();
    let name = if offer.help.is_empty() { value.to_owned() } else { format!("{value} – {}", offer.help) };
    json!({ "name": crate::chat::clip::clip(&name, CHOICE_CHARS), "value": value })
}
