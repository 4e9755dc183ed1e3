//! A push by ntfy: one topic for each person. Published as JSON, so that titles may hold any letter.

use super::{PageError, Pager, answer};
use crate::chat::Token;
use crate::domain::paging::{Letter, Urgency, Via};
use async_trait::async_trait;
use serde_json::json;

/// Characters of a message; ntfy's limit is 4096 bytes.
const MESSAGE_CHARS: usize = 1_000;
/// ntfy's own server.
const HOME: &str = "https://ntfy.sh";
/// Its highest priority makes phones ring through their quiet hours; its middle one is the default.
const LOUD: u8 = 5;
const QUIET: u8 = 3;

/// An ntfy server.
pub struct Ntfy {
    client: reqwest::Client,
    base_url: String,
    token: Option<Token>,
}

impl Ntfy {
    /// `base_url` has no slash at its end; absent: ntfy.sh.
    #[must_use]
    pub fn new(client: reqwest::Client, base_url: Option<String>, token: Option<Token>) -> Self {
        Self { client, base_url: base_url.unwrap_or_else(|| HOME.to_owned()), token }
    }
}

#[async_trait]
impl Pager for Ntfy {
    fn via(&self) -> Via {
        Via::Ntfy
    }

    async fn page(&self, letter: &Letter) -> Result<(), PageError> {
        let Some(topic) = &letter.address else { return Err(PageError::Refused("they have no topic".into())) };
        let loud = letter.urgency == Urgency::High;
        let mut body = json!({
            "topic": topic,
            "title": letter.title,
            "message": letter.text.chars().take(MESSAGE_CHARS).collect::<String>(),
            "priority": if loud { LOUD } else { QUIET },
            "tags": [if loud { "rotating_light" } else { "warning" }],
        });
        if let (Some(link), Some(object)) = (&letter.link, body.as_object_mut()) {
            object.insert("click".into(), link.as_str().into());
        }
        let mut request = self.client.post(&self.base_url).json(&body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose());
        }
        answer::send(request, false, &self.token.iter().collect::<Vec<_>>()).await
    }
}
