//! A request to a machine of the organisation, signed: whoever takes it can tell that it is ours and that it is fresh.
//!
//! `Signalbox-Timestamp` is the time in seconds since 1970. `Signalbox-Signature` is `v1=` and the hexadecimal
//! HMAC-SHA256, with the shared secret, of `v1:TIMESTAMP:BODY`. `Idempotency-Key` is the same for every try of one page.

use super::{PageError, Pager, answer};
use crate::chat::Token;
use crate::domain::paging::{Follow, Letter, Urgency, Via};
use crate::domain::plan::hex;
use async_trait::async_trait;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use sha2::Sha256;

/// The header with the time of sending.
pub const TIMESTAMP: &str = "signalbox-timestamp";
/// The header with the signature.
pub const SIGNATURE: &str = "signalbox-signature";

/// One address that takes pages.
pub struct Webhook {
    client: reqwest::Client,
    url: String,
    secret: Token,
}

/// The signature of a body sent at `timestamp` (seconds since 1970).
#[must_use]
pub fn signature(secret: &Token, timestamp: i64, body: &[u8]) -> String {
    // Any length of key will do, so this cannot fail; without a signature nobody takes it.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else { return String::new() };
    mac.update(format!("v1:{timestamp}:").as_bytes());
    mac.update(body);
    format!("v1={}", hex(&mac.finalize().into_bytes()))
}

/// A request that carries `body`, signed, sent at `at` (seconds since 1970) under the idempotency key `id`.
pub(super) fn signed(client: &Client, url: &str, secret: &Token, at: i64, id: String, body: &Value) -> RequestBuilder {
    let body = serde_json::to_vec(body).unwrap_or_default();
    client
        .post(url)
        .header(CONTENT_TYPE, "application/json")
        .header("idempotency-key", id)
        .header(TIMESTAMP, at)
        .header(SIGNATURE, signature(secret, at, &body))
        .body(body)
}

impl Webhook {
    /// Requests go to `url`, signed with `secret`.
    #[must_use]
    pub const fn new(client: reqwest::Client, url: String, secret: Token) -> Self {
        Self { client, url, secret }
    }

    async fn send(&self, letter: &Letter, event: &str, id: String) -> Result<(), PageError> {
        let at = letter.sent.as_second();
        let request = signed(&self.client, &self.url, &self.secret, at, id, &body(letter, event));
        answer::send(request, true, &[&self.secret]).await
    }
}

fn body(letter: &Letter, event: &str) -> Value {
    json!({
        "version": 1,
        "event": event,
        "id": letter.id,
        "about": letter.about,
        "subject": letter.subject,
        "severity": letter.severity,
        "urgency": if letter.urgency == Urgency::High { "high" } else { "low" },
        "level": letter.level,
        "why": letter.why,
        "person": { "id": letter.person.as_str(), "name": letter.name },
        "title": letter.title,
        "text": letter.text,
        "link": letter.link,
        "at": letter.at.to_string(),
        "repeat": letter.repeat,
    })
}

#[async_trait]
impl Pager for Webhook {
    fn via(&self) -> Via {
        Via::Webhook
    }

    /// The key says so to whoever listens.
    fn idempotent(&self) -> bool {
        true
    }

    async fn page(&self, letter: &Letter) -> Result<(), PageError> {
        self.send(letter, "page", letter.id.clone()).await
    }

    fn follows(&self) -> bool {
        true
    }

    async fn follow(&self, letter: &Letter, what: Follow) -> Result<(), PageError> {
        let event = match what {
            Follow::Acknowledged => "acknowledged",
            Follow::Resolved => "resolved",
        };
        self.send(letter, event, format!("{}/{event}", letter.id)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The figure of RFC 4231 cannot be used, since the text is ours; this one is openssl's.
    #[test]
    fn a_signature_binds_time_and_body() {
        let secret = Token::new("a-shared-test-key".into());
        let signed = signature(&secret, 1_767_600_000, b"{}");
        assert_eq!(signed, "v1=34a5341fa9b6424740535e3c8dbfa2ef86b1a656ed14cf89975dce0f7348131d");
        assert_ne!(signature(&secret, 1_767_600_001, b"{}"), signed);
        assert_ne!(signature(&secret, 1_767_600_000, b"{ }"), signed);
    }
}
