//! The reactions that stand on a message, read back after a gap.

use super::SlackPlatform;
use super::post::place;
use crate::chat::{ChatError, MessageRef, Reacted};

impl SlackPlatform {
    /// By people; the bot's own are left out. A tone of skin makes no other emoji: `+1::skin-tone-3` is `+1`.
    pub(super) async fn reacted(&self, at: &MessageRef) -> Result<Vec<Reacted>, ChatError> {
        let Some((channel, ts)) = place(&at.id) else { return Ok(Vec::new()) };
        let me = self.me().await.map_err(|e| e.to_chat("auth.test"))?;
        let params = [("channel", channel), ("timestamp", ts), ("full", "true")];
        let said = self.read("reactions.get", &params).await.map_err(|e| match e.code() {
            Some("channel_not_found" | "message_not_found") => ChatError::Gone(format!("{}: {e}", at.id)),
            _ => e.to_chat("reactions.get"),
        })?;
        let mut out = Vec::new();
        for reaction in said["message"]["reactions"].as_array().into_iter().flatten() {
            let name = reaction["name"].as_str().unwrap_or_default();
            let emoji = name.split("::").next().unwrap_or(name);
            let people = reaction["users"].as_array().into_iter().flatten().filter_map(|u| u.as_str());
            out.extend(people.filter(|u| *u != me).map(|u| Reacted { account: u.to_owned(), emoji: emoji.to_owned() }));
        }
        out.sort();
        out.dedup();
        Ok(out)
    }
}
