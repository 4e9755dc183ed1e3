//! App Home: what `/deploy status` says to the person who looks, and how to begin.

use super::SlackPlatform;
use super::answer::again;
use super::inbound::Place;
use super::render;
use crate::chat::{Body, ChatError, Intake};
use crate::domain::ids::ChannelName;
use crate::domain::message::{Message, Tone, code, plain};
use crate::limits;
use serde_json::json;

/// The command whose answer the home is.
const QUESTION: &str = "/deploy status";

impl SlackPlatform {
    /// Publishes the home of the person in `place`. A question changes nothing, so it is asked anew each time.
    pub(super) async fn show_home(&self, id: &str, place: &Place, intake: &dyn Intake) -> Result<(), ChatError> {
        let body = Body::Command { text: QUESTION.to_owned(), thread: None };
        let envelope = self.envelope(format!("{id}+home"), place, ChannelName::new(&place.account), body);
        let again_later = |what: String| ChatError::Later { what, after_ms: limits::WORK_AGAIN_MS };
        let answer = intake.receive(envelope).await.map_err(|e| again_later(e.to_string()))?;
        let mut messages = answer.messages;
        messages.push(beginning());
        let view = render::home(&messages, &self.book());
        match self.ask("views.publish", &json!({ "user_id": place.account, "view": view })).await {
            Ok(_) => Ok(()),
            Err(error) if error.code().is_none() => Err(again(&error)),
            Err(error) => {
                let account = &place.account;
                tracing::warn!(name: "slack.no_home", account, %error, "the home of {account} is not shown: {error}");
                Ok(())
            }
        }
    }
}

fn beginning() -> Message {
    let how = vec![
        plain("Type "),
        code("/deploy VERSION to ENVIRONMENT"),
        plain(" in a channel, or write to me here. "),
        code("/help"),
        plain(" lists every command."),
    ];
    Message::line(Tone::Neutral, "How to begin").text(how)
}
