//! Calls within the rates of their methods, see <https://docs.slack.dev/apis/web-api/rate-limits>.
//!
//! Slack counts by method and workspace, posts by channel as well. Rates here stay a little below what is documented, bursts
//! included, so that Slack need not refuse. Who is too early is told so without asking.

use super::SlackPlatform;
use super::error::ApiError;
use crate::chat::pace::Rate;
use serde_json::{Value, json};

/// One post a second and channel; a few at once are tolerated.
const POST: Rate = Rate { burst: 3, every_ms: 1_050 };
/// All posts of a workspace: several hundred a minute.
const POSTS: Rate = Rate { burst: 20, every_ms: 200 };
/// 20 a minute: 8 at once, then 12 more.
const TIER_2: Rate = Rate { burst: 8, every_ms: 5_000 };
/// 50 a minute: 5 at once, then 44 more.
const TIER_3: Rate = Rate { burst: 5, every_ms: 1_350 };
/// 100 a minute: 10 at once, then 88 more.
const TIER_4: Rate = Rate { burst: 10, every_ms: 680 };

/// Whether a call is the first for its message, or the next after Slack refused it as it was. The next is not held back, or a
/// message that always needs two would never have both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    First,
    Again,
}

fn rate(method: &str) -> Rate {
    match method {
        "chat.postMessage" => POSTS,
        "chat.postEphemeral"
        | "views.open"
        | "views.publish"
        | "views.update"
        | "files.getUploadURLExternal"
        | "files.completeUploadExternal"
        | "auth.test" => TIER_4,
        "conversations.list" | "usergroups.users.list" | "usergroups.list" | "users.list" => TIER_2,
        _ => TIER_3,
    }
}

impl SlackPlatform {
    /// Posts JSON to a method, when it may be asked now.
    pub(super) async fn ask(&self, method: &str, body: &Value) -> Result<Value, ApiError> {
        self.ask_on(Turn::First, method, body).await
    }

    async fn ask_on(&self, turn: Turn, method: &str, body: &Value) -> Result<Value, ApiError> {
        self.may_ask()?;
        let channel = match (method, body["channel"].as_str()) {
            ("chat.postMessage", Some(channel)) => Some(format!("{method} {channel}")),
            _ => None,
        };
        let mut wanted = vec![(method, rate(method))];
        wanted.extend(channel.as_deref().map(|name| (name, POST)));
        match turn {
            Turn::First => self.pace.take(&wanted).map_err(|after_ms| ApiError::RateLimited { after_ms })?,
            Turn::Again => self.pace.spend(&wanted),
        }
        let said = self.api.call(method, body).await;
        self.heed(channel.as_deref().unwrap_or(method), method, &said);
        said
    }

    /// Asks a method that only reads, when it may be asked now.
    pub(super) async fn read(&self, method: &str, params: &[(&str, &str)]) -> Result<Value, ApiError> {
        self.may_ask()?;
        self.pace.take(&[(method, rate(method))]).map_err(|after_ms| ApiError::RateLimited { after_ms })?;
        let said = self.api.get(method, params).await;
        self.heed(method, method, &said);
        said
    }

    /// Asks in a channel; one that is public and that the bot is not in yet is joined first.
    pub(super) async fn ask_inside(
        &self,
        turn: Turn,
        method: &str,
        channel: &str,
        body: &Value,
    ) -> Result<Value, ApiError> {
        let said = self.ask_on(turn, method, body).await;
        if said.as_ref().err().and_then(ApiError::code) != Some("not_in_channel") {
            return said;
        }
        match self.ask("conversations.join", &json!({"channel": channel})).await {
            Ok(_) => {
                tracing::info!(name: "slack.joined", channel, "signalbox joined {channel}, to speak there");
                self.ask_on(Turn::Again, method, body).await
            }
            // Worth another try, unlike a channel that cannot be joined.
            Err(error) if error.code().is_none() => Err(error),
            Err(_) => said,
        }
    }

    /// Not with a token that was refused a moment ago.
    fn may_ask(&self) -> Result<(), ApiError> {
        let now = self.clock.now().work.as_millisecond();
        self.health.rests(now).map_or(Ok(()), |why| Err(ApiError::Resting(why)))
    }

    fn heed(&self, bucket: &str, method: &str, said: &Result<Value, ApiError>) {
        match said {
            Ok(_) => self.health.taken(),
            Err(error) => match (error.bad_token(), error.code()) {
                (Some(why), _) => self.health.refused(&why, self.clock.now().work.as_millisecond()),
                (None, Some(_)) => self.health.taken(),
                // No word of Slack's.
                (None, None) => {}
            },
        }
        if let Err(ApiError::RateLimited { after_ms }) = said {
            self.pace.shut(bucket, *after_ms);
            metrics::counter!("signalbox_chat_limited_total", "platform" => super::NAME).increment(1);
            tracing::warn!(name: "slack.limited", method, after_ms, "Slack limits {method} for {after_ms} ms");
        }
    }
}
