//! Tells the sender of an act what came of it, and nobody else.
//!
//! First by the response URL of a command or a click, then as a message that only they see in the channel, then directly.
//! What may or may not have been said is said the next way, or again: twice, never not at all. A form opens where it still
//! can; where it cannot, a button opens it.

use super::SlackPlatform;
use super::error::ApiError;
use super::inbound::Place;
use super::post::about_blocks;
use super::render::{self, Rendered};
use crate::chat::split::split;
use crate::chat::{Answer, ChatError};
use crate::domain::message::{Action, Block, Button, ButtonStyle, Form, Message, Tone};
use crate::limits;
use serde_json::{Value, json};

impl SlackPlatform {
    /// Tells what the engine answered to the arrival `id`.
    pub(super) async fn tell(&self, id: &str, place: &Place, answer: Answer) -> Result<(), ChatError> {
        let Answer { mut messages, form } = answer;
        if let Some((action, form)) = form
            && !self.opened(id, place, &action, &form).await
        {
            let mut last = messages.pop().unwrap_or_else(|| Message::line(Tone::Neutral, form.title.clone()));
            last.buttons.extend(fill_in(&action, form));
            messages.push(last);
        }
        for message in bounded(messages) {
            let book = self.book();
            for part in split(message, limits::ANSWER_PARTS, |m| render::fits(m, &book)) {
                self.tell_one(id, place, &part).await?;
            }
        }
        Ok(())
    }

    /// Opens the form, and says whether it stands. A trigger is good for three seconds and one form.
    async fn opened(&self, id: &str, place: &Place, action: &str, form: &Form) -> bool {
        let Some(trigger) = &place.trigger_id else { return false };
        let (channel, message) = (place.channel.clone(), place.message.clone());
        let origin = render::Origin { action: action.to_owned(), channel, message };
        let Some(view) = render::view(form, &origin) else { return false };
        match self.ask("views.open", &json!({ "trigger_id": trigger, "view": view })).await {
            Ok(_) => true,
            Err(error) => {
                tracing::info!(name: "slack.form_not_opened", arrival = id, %error, "the form for {id} does not open: {error}");
                false
            }
        }
    }

    async fn tell_one(&self, id: &str, place: &Place, message: &Message) -> Result<(), ChatError> {
        self.upload_all(message).await;
        let shown = self.rendered(message);
        if let Some(url) = &place.response_url {
            let mut body = json!({
                "response_type": "ephemeral", "replace_original": false, "text": shown.text, "blocks": shown.blocks,
            });
            if let Some(thread) = &place.thread {
                body["thread_ts"] = json!(thread);
            }
            match self.respond(url, &body).await {
                Ok(()) => return Ok(()),
                Err(error) => {
                    tracing::info!(name: "slack.not_responded", arrival = id, %error, "the answer to {id} takes another way: {error}");
                }
            }
        }
        let account = &place.account;
        // A conversation with one person is private as it is; elsewhere only they see it.
        if !place.channel.is_empty() && place.channel != *account {
            let alone = place.channel.starts_with('D');
            let method = if alone { "chat.postMessage" } else { "chat.postEphemeral" };
            let mut body = json!({ "channel": place.channel });
            if !alone {
                body["user"] = json!(account);
            }
            if let Some(thread) = &place.thread {
                body["thread_ts"] = json!(thread);
            }
            match self.show(method, body, &shown).await {
                Ok(()) => return Ok(()),
                Err(error) if error.code().is_none() => return Err(again(&error)),
                // They are not in the channel, or we are not, or it is gone.
                Err(error) => {
                    tracing::info!(name: "slack.not_told_there", arrival = id, %error, "{id} is answered directly: {error}");
                }
            }
        }
        match self.show("chat.postMessage", json!({ "channel": account }), &shown).await {
            Ok(()) => Ok(()),
            Err(error) if error.code().is_none() => Err(again(&error)),
            Err(error) => {
                tracing::warn!(name: "slack.not_told", account, %error, "{account} is not told what came of {id}: {error}");
                Ok(())
            }
        }
    }

    /// Sends blocks; the words alone where Slack does not take these.
    async fn show(&self, method: &str, mut body: Value, shown: &Rendered) -> Result<(), ApiError> {
        body["text"] = json!(shown.text);
        body["blocks"] = shown.blocks.clone();
        body["unfurl_links"] = json!(false);
        body["unfurl_media"] = json!(false);
        let said = self.ask(method, &body).await;
        if !said.as_ref().err().is_some_and(about_blocks) {
            return said.map(|_| ());
        }
        tracing::error!(name: "slack.blocks_refused", method, "Slack takes no blocks of this answer; its words are sent");
        body["blocks"] = json!([]);
        self.ask(method, &body).await.map(|_| ())
    }
}

/// As many as a response URL takes, with room for one more try; what is beyond stands in the last.
fn bounded(mut messages: Vec<Message>) -> Vec<Message> {
    if messages.len() > limits::SLACK_ANSWERS {
        let more = messages.split_off(limits::SLACK_ANSWERS);
        if let Some(last) = messages.last_mut() {
            for message in more {
                last.blocks.push(Block::Divider);
                last.blocks.push(Block::Text(message.title));
                last.blocks.extend(message.blocks);
                last.buttons.extend(message.buttons);
            }
        }
    }
    messages
}

/// A button that opens a form which could not be opened at once.
fn fill_in(action: &str, form: Form) -> Option<Button> {
    let action = Action::decode(action)?;
    Some(Button { label: "Fill in".into(), style: ButtonStyle::Primary, action, confirm: None, form: Some(form) })
}

/// It is worked again, even if it may have been said.
pub(super) fn again(error: &ApiError) -> ChatError {
    let after_ms = match error {
        ApiError::RateLimited { after_ms } => (*after_ms).clamp(1, limits::RETRY_MAX_MS),
        _ => limits::SLACK_REACH_MS,
    };
    ChatError::Later { what: error.to_string(), after_ms }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_answer_is_longer_than_a_response_url_lasts_and_nothing_is_lost() {
        let messages = |n: usize| (0..n).map(|n| Message::line(Tone::Good, format!("m{n}"))).collect::<Vec<_>>();
        assert_eq!(bounded(messages(limits::SLACK_ANSWERS)), messages(limits::SLACK_ANSWERS));
        let joined = bounded(messages(limits::SLACK_ANSWERS + 2));
        assert_eq!(joined.len(), limits::SLACK_ANSWERS);
        let texts = joined.last().unwrap().blocks.iter().filter(|b| matches!(b, Block::Text(_))).count();
        assert_eq!(texts, 2);
    }

    #[test]
    fn what_may_have_been_said_is_said_again() {
        for error in [ApiError::Lost("x".into()), ApiError::Unreachable, ApiError::RateLimited { after_ms: 7 }] {
            assert!(matches!(again(&error), ChatError::Later { after_ms, .. } if after_ms > 0), "{error}");
        }
    }
}
