//! PagerDuty's Events API, version 2: `trigger`, and `acknowledge` and `resolve` when the incident is.
//!
//! The dedup key names the incident and the person, so a second trigger is the same alert there, and whoever acknowledges
//! here silences it there. Over about 120 calls a minute and key PagerDuty answers 429 and takes nothing in.

use super::{PageError, Pager, answer};
use crate::chat::Token;
use crate::domain::ids::PersonId;
use crate::domain::paging::{Follow, Letter, Via};
use async_trait::async_trait;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The service region of the US.
pub const US: &str = "https://events.pagerduty.com";
/// The service region of the EU.
pub const EU: &str = "https://events.eu.pagerduty.com";
/// Characters of a summary and of a dedup key, by its documents.
const SUMMARY_CHARS: usize = 1_024;
const KEY_CHARS: usize = 255;
/// Where events are put in.
const PATH: &str = "/v2/enqueue";

/// An account's Events API.
pub struct Pagerduty {
    client: reqwest::Client,
    base_url: String,
    keys: BTreeMap<PersonId, Token>,
    key: Option<Token>,
}

impl Pagerduty {
    /// `keys` are the integration keys of people's services; `key` is for everybody else. `base_url`: absent is [`US`].
    #[must_use]
    pub fn new(
        client: reqwest::Client,
        base_url: Option<String>,
        keys: BTreeMap<PersonId, Token>,
        key: Option<Token>,
    ) -> Self {
        Self { client, base_url: base_url.unwrap_or_else(|| US.to_owned()), keys, key }
    }

    async fn send(&self, letter: &Letter, action: &str, rest: Value) -> Result<(), PageError> {
        let Some(key) = self.keys.get(&letter.person).or(self.key.as_ref()) else {
            return Err(PageError::Refused("they have no routing key".into()));
        };
        let mut body = json!({
            "routing_key": key.expose(),
            "event_action": action,
            "dedup_key": letter.about.chars().take(KEY_CHARS).collect::<String>(),
        });
        if let (Some(object), Value::Object(rest)) = (body.as_object_mut(), rest) {
            object.extend(rest);
        }
        answer::send(self.client.post(format!("{}{PATH}", self.base_url)).json(&body), true, &[key]).await
    }
}

#[async_trait]
impl Pager for Pagerduty {
    fn via(&self) -> Via {
        Via::Pagerduty
    }

    fn idempotent(&self) -> bool {
        true
    }

    async fn page(&self, letter: &Letter) -> Result<(), PageError> {
        let severity = match letter.rank {
            0 => "critical",
            1 => "error",
            2 => "warning",
            _ => "info",
        };
        let mut event = json!({
            "payload": {
                "summary": letter.title.chars().take(SUMMARY_CHARS).collect::<String>(),
                "source": "signalbox",
                "severity": severity,
                "timestamp": letter.at.to_string(),
                "component": letter.subject,
                "group": letter.level,
                "custom_details": { "person": letter.name, "severity": letter.severity, "why": letter.why, "text": letter.text },
            },
            "client": "signalbox",
        });
        if let (Some(link), Some(object)) = (&letter.link, event.as_object_mut()) {
            object.insert("client_url".into(), link.as_str().into());
            object.insert("links".into(), json!([{ "href": link, "text": letter.subject }]));
        }
        self.send(letter, "trigger", event).await
    }

    fn follows(&self) -> bool {
        true
    }

    async fn follow(&self, letter: &Letter, what: Follow) -> Result<(), PageError> {
        let action = match what {
            Follow::Acknowledged => "acknowledge",
            Follow::Resolved => "resolve",
        };
        self.send(letter, action, json!({})).await
    }
}
