//! A message that somebody wrote, read when it is marked, and once more when its timeline is.

use super::SlackPlatform;
use super::post::place;
use crate::chat::{ChatError, MessageRef, Spoken};
use serde_json::Value;

impl SlackPlatform {
    /// As it reads now, in the words of whoever wrote it.
    pub(super) async fn read_message(&self, at: &MessageRef) -> Result<Option<Spoken>, ChatError> {
        let Some((channel, ts)) = place(&at.id) else { return Ok(None) };
        // Of a thread this gives its first message and the one meant; of any other message that one alone.
        let params =
            [("channel", channel), ("ts", ts), ("oldest", ts), ("latest", ts), ("inclusive", "true"), ("limit", "2")];
        let said = match self.read("conversations.replies", &params).await {
            Ok(said) => said,
            Err(error) => match error.code() {
                Some("thread_not_found" | "message_not_found") => return Ok(None),
                Some("channel_not_found" | "not_in_channel") => {
                    let what = "signalbox is not in that channel: invite it there, and put 📌 on it again";
                    return Err(ChatError::Barred(what.into()));
                }
                _ => return Err(error.to_chat("conversations.replies")),
            },
        };
        let all = said["messages"].as_array().into_iter().flatten();
        let Some(message) = all.into_iter().find(|m| m["ts"] == ts) else { return Ok(None) };
        let Some(written) = instant(ts) else { return Ok(None) };
        let link = self.read("chat.getPermalink", &[("channel", channel), ("message_ts", ts)]).await;
        let first = |places: &[&str]| {
            let texts = places.iter().filter_map(|p| message.pointer(p).and_then(Value::as_str));
            texts.into_iter().find(|t| !t.is_empty()).map(str::to_owned)
        };
        let account = first(&["/user", "/bot_id"]).unwrap_or_default();
        let named = ["/user_profile/display_name", "/user_profile/real_name", "/username", "/bot_profile/name"];
        Ok(Some(Spoken {
            name: first(&named).unwrap_or_else(|| "somebody on Slack".to_owned()),
            account,
            text: self.as_typed(message["text"].as_str().unwrap_or_default()),
            at: written,
            // Without it the message is told all the same.
            link: link.ok().and_then(|said| said["permalink"].as_str().map(str::to_owned)),
            thread: message["thread_ts"].as_str().filter(|root| *root != ts).map(|root| format!("{channel}:{root}")),
        }))
    }
}

/// A timestamp is seconds with six digits behind the point, and the name of its message.
fn instant(ts: &str) -> Option<jiff::Timestamp> {
    let (seconds, rest) = ts.split_once('.')?;
    let micros: i64 = format!("{rest:0<6}").get(..6)?.parse().ok()?;
    jiff::Timestamp::from_microsecond(seconds.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(micros)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_an_instant() {
        let at = |ts: &str| instant(ts).map(|at| at.to_string());
        assert_eq!(at("1767596700.000200").as_deref(), Some("2026-01-05T07:05:00.0002Z"));
        assert_eq!(at("1767596700.5").as_deref(), Some("2026-01-05T07:05:00.5Z"));
        assert_eq!([at("x.1"), at("1767596700"), at("99999999999999999999.1")], [None, None, None]);
    }
}
