//! Tells the sender of an act what came of it, and nobody else.
//!
//! Interactions: in place of "thinking", and ephemeral messages after it. When that is too late, and for reactions and
//! mentions: by direct message. When direct messages are closed: a line in the channel that says so, without the content.
//! What may or may not have been said is said again, under the same nonce where Discord looks at it: twice, never not at all.

use super::DiscordPlatform;
use super::inbound::Sender;
use super::render::{self, Names, Rendered};
use super::rest::{Call, RestError};
use crate::chat::split::split;
use crate::chat::{Answer, ChatError};
use crate::domain::message::{Action, Button, ButtonStyle, Form, Message, Tone};
use crate::limits;
use reqwest::Method;
use serde_json::json;
use serenity::http::Route;
use serenity::model::id::{ApplicationId, ChannelId};
use sha2::{Digest, Sha256};

/// Only the person who acted sees it.
const EPHEMERAL: u64 = 1 << 6;
/// This person takes no direct messages from us.
const CLOSED: i64 = 50_007;
/// Characters of a nonce.
const NONCE_CHARS: usize = 25;

impl DiscordPlatform {
    /// Tells what the engine answered.
    pub(super) async fn tell(&self, sender: &Sender<'_>, answer: Answer) -> Result<(), ChatError> {
        let Answer { mut messages, form } = answer;
        if let Some((action, form)) = form {
            let mut last = messages.pop().unwrap_or_else(|| Message::line(Tone::Neutral, form.title.clone()));
            last.buttons.extend(fill_in(&action, form));
            messages.push(last);
        }
        let channels = self.known();
        let names = Names { policy: &(self.policy)(), channels: &channels };
        let parts = messages.into_iter().flat_map(|m| split(m, limits::ANSWER_PARTS, |m| render::fits(m, &names)));
        let shown: Vec<Rendered> = parts.map(|m| self.rendered(&m, None)).collect();
        self.show(sender, &shown).await
    }

    /// Shows messages to the sender, wherever they can be reached.
    pub(super) async fn show(&self, sender: &Sender<'_>, messages: &[Rendered]) -> Result<(), ChatError> {
        if self.show_in_place(sender, messages).await? || messages.is_empty() || sender.account.is_empty() {
            return Ok(());
        }
        match self.show_alone(sender, messages).await {
            Err(RestError::Code { code: CLOSED, .. }) => self.say_closed(sender).await,
            Err(RestError::Code { http, code, message }) => {
                let account = &sender.account;
                tracing::warn!(name: "discord.not_told", account, http, code, "{account} is not told what came of it: {message}");
                Ok(())
            }
            Err(error) => Err(again(&error)),
            Ok(()) => Ok(()),
        }
    }

    /// Answers the interaction itself; false when there is none, or no longer one.
    async fn show_in_place(&self, sender: &Sender<'_>, messages: &[Rendered]) -> Result<bool, ChatError> {
        let Some(interaction) = &sender.interaction else { return Ok(false) };
        let application_id = ApplicationId::new(interaction.application);
        let token = interaction.token;
        for call in calls(application_id, token, messages) {
            match self.rest.send(call).await {
                Ok(_) => {}
                Err(RestError::Code { http, code, .. }) => {
                    let id = sender.arrival;
                    tracing::info!(name: "discord.answer_refused", arrival = id, http, code, "{id} can no longer be answered in place");
                    // What was told before is told again with the rest.
                    return Ok(false);
                }
                Err(error) => return Err(again(&error)),
            }
        }
        Ok(true)
    }

    async fn show_alone(&self, sender: &Sender<'_>, messages: &[Rendered]) -> Result<(), RestError> {
        let channel_id = match sender.alone.then(|| channel(&sender.channel)).flatten() {
            Some(here) => here,
            None => self.direct(&sender.account).await?,
        };
        for (n, message) in messages.iter().enumerate() {
            let mut body = message.body();
            body["nonce"] = nonce(&format!("{}:{n}", sender.arrival)).into();
            body["enforce_nonce"] = true.into();
            let call = Call::new(Method::POST, Route::ChannelMessages { channel_id }).body(body);
            self.rest.send(call.files(message.files.clone())).await?;
        }
        Ok(())
    }

    /// The channel of direct messages with somebody, opened when it is not yet.
    async fn direct(&self, account: &str) -> Result<ChannelId, RestError> {
        if let Some(known) = self.inbound.direct(account).as_deref().and_then(channel) {
            return Ok(known);
        }
        let call = Call::new(Method::POST, Route::UserMeDmChannels).body(json!({ "recipient_id": account }));
        let opened = self.rest.send(call).await?;
        let id = super::arrival::text(&opened["id"]).unwrap_or_default();
        self.inbound.set_direct(account, &id);
        channel(&id).ok_or_else(|| RestError::Lost("a channel without an id".into()))
    }

    async fn say_closed(&self, sender: &Sender<'_>) -> Result<(), ChatError> {
        let Some(channel_id) = channel(&sender.channel).filter(|_| !sender.alone) else { return Ok(()) };
        let text = format!(
            "<@{}> I have an answer for you and may not send it: you take no direct messages from this server. Allow them \
             in its privacy settings, or use the slash command, whose answer only you see.",
            sender.account
        );
        let mut body = json!({
            "content": text,
            "allowed_mentions": { "parse": [], "users": [sender.account] },
            "nonce": nonce(&format!("{}:closed", sender.arrival)),
            "enforce_nonce": true,
        });
        if let Some(message) = &sender.message {
            body["message_reference"] = json!({ "message_id": message, "fail_if_not_exists": false });
        }
        match self.rest.send(Call::new(Method::POST, Route::ChannelMessages { channel_id }).body(body)).await {
            Ok(_) => Ok(()),
            Err(RestError::Code { http, code, message }) => {
                let account = &sender.account;
                tracing::warn!(name: "discord.not_told", account, http, code, "{account} cannot be told anywhere: {message}");
                Ok(())
            }
            Err(error) => Err(again(&error)),
        }
    }
}

/// The first message takes the place of "thinking", the others follow. Without any, "thinking" goes away.
fn calls<'a>(application_id: ApplicationId, token: &'a str, messages: &[Rendered]) -> Vec<Call<'a>> {
    let original = || Route::WebhookOriginalInteractionResponse { application_id, token };
    if messages.is_empty() {
        return vec![Call::new(Method::DELETE, original())];
    }
    let call = |(n, message): (usize, &Rendered)| {
        let mut body = message.body();
        let call = if n == 0 {
            Call::new(Method::PATCH, original())
        } else {
            body["flags"] = EPHEMERAL.into();
            Call::new(Method::POST, Route::WebhookFollowupMessages { application_id, token })
        };
        call.body(body).files(message.files.clone())
    };
    messages.iter().enumerate().map(call).collect()
}

/// A button that opens a form which could not be opened at once.
fn fill_in(action: &str, form: Form) -> Option<Button> {
    let action = Action::decode(action)?;
    Some(Button { label: "Fill in".into(), style: ButtonStyle::Primary, action, confirm: None, form: Some(form) })
}

fn again(error: &RestError) -> ChatError {
    let after_ms = match error {
        RestError::Limited { after_ms } => (*after_ms).clamp(1, limits::RETRY_MAX_MS),
        _ => limits::WORK_AGAIN_MS,
    };
    ChatError::Later { what: error.to_string(), after_ms }
}

fn channel(id: &str) -> Option<ChannelId> {
    id.parse::<u64>().ok().filter(|id| *id > 0).map(ChannelId::new)
}

/// The same for the same words, so that Discord posts them once.
fn nonce(of: &str) -> String {
    Sha256::digest(of.as_bytes()).iter().map(|b| format!("{b:02x}")).collect::<String>()[..NONCE_CHARS].to_owned()
}
