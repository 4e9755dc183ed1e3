//! Catching up: what changed on a platform while it could not reach us is read back once the connection stands again.
//!
//! The reactions on the cards of open deployments are compared with what was decided last. Each difference is kept like
//! anything that arrives, in its sender's lane. Its id names what was known before the platform was asked, so that the same
//! difference found twice is one arrival, and one that something newer has overtaken means nothing when its turn comes.

use super::Engine;
use crate::chat::{Arrival, Body, ChatError, Envelope, Inbox as _, Platform, Reacted};
use crate::domain::ids::{ChannelName, DeploymentId, PlatformName};
use crate::domain::plan::hex;
use crate::limits;
use crate::store::{MessageRow, ReactionRow, Result};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// What every id of a read-back begins with.
const BACK: &str = "back:";

/// Whether an envelope's id is that of a reaction that was read back.
pub(super) fn is_back(id: &str) -> bool {
    id.starts_with(BACK)
}

/// The id of a difference: what is to be, and by which envelope it was otherwise before (none: empty).
pub(super) fn back_id(message: &str, account: &str, emoji: &str, added: bool, known: &str) -> String {
    let parts = serde_json::json!([message, account, emoji, added, known]).to_string();
    format!("{BACK}{}", hex(&Sha256::digest(parts)[..16]))
}

impl Engine {
    pub(super) async fn catch_up(&self, platform: &PlatformName) {
        tracing::info!(name: "chat.connected", %platform, "{platform} is connected");
        self.refresh_roles(platform).await;
        if let Err(error) = self.look_at_all_marks(platform).await {
            tracing::error!(name: "chat.marks_unread", %platform, %error, "marked messages on {platform} are not read again: {error}");
        }
        match self.read_back_reactions(platform).await {
            Ok(0) => {}
            Ok(n) => {
                tracing::info!(name: "chat.caught_up", %platform, reactions = n, "{n} reactions on {platform} are read back")
            }
            Err(error) => {
                tracing::error!(name: "chat.not_caught_up", %platform, %error, "reactions on {platform} are not read back: {error}")
            }
        }
    }

    /// How many differences were found.
    async fn read_back_reactions(&self, platform: &PlatformName) -> Result<usize> {
        let Some(chat) = self.platform(platform).cloned() else { return Ok(0) };
        let mut found = 0;
        for id in self.open_deployments().await? {
            found += self.read_back_card(&chat, id).await?;
        }
        Ok(found)
    }

    async fn read_back_card(&self, chat: &Arc<dyn Platform>, id: DeploymentId) -> Result<usize> {
        let platform = chat.name();
        let Some(card) = self.deps.store.message(platform, &format!("card:{id}")).await? else { return Ok(0) };
        // Known before the platform is asked: whatever is decided meanwhile is newer than its answer.
        let known = self.deps.store.reactions(platform, &card.id).await?;
        let Some(stand) = reactions(chat, &card).await else { return Ok(0) };
        let differences = differences(platform, &card, &known, &stand);
        for envelope in &differences {
            if let Err(error) = self.keep(Arrival::read_back(envelope)).await {
                let card = &card.key;
                tracing::error!(name: "chat.not_read_back", %platform, %card, %error, "a reaction is not read back: {error}");
            }
        }
        Ok(differences.len())
    }

    /// A card that stood on the platform before the store knew it: what people put on it meanwhile meant nothing then.
    pub(super) async fn read_back_found(&self, chat: &Arc<dyn Platform>, id: DeploymentId) {
        if let Err(error) = self.read_back_card(chat, id).await {
            let platform = chat.name();
            tracing::error!(name: "chat.not_caught_up", %platform, %error, "reactions on the card of {id} are not read back: {error}");
        }
    }
}

/// What stands on a card now; `None` when the platform does not tell.
async fn reactions(chat: &Arc<dyn Platform>, card: &MessageRow) -> Option<Vec<Reacted>> {
    let at = super::chat_out::reference(card);
    insist(chat, &format!("reactions on {}", card.key), || chat.reactions(&at)).await.ok()
}

/// Asks a platform, a few times if it must be.
///
/// # Errors
/// What the platform said last.
pub(super) async fn insist<T, F>(
    chat: &Arc<dyn Platform>,
    what: &str,
    ask: impl Fn() -> F,
) -> std::result::Result<T, ChatError>
where
    F: Future<Output = std::result::Result<T, ChatError>>,
{
    let (platform, mut attempt) = (chat.name(), 0);
    loop {
        attempt += 1;
        let (error, wait) = match ask().await {
            Ok(said) => return Ok(said),
            Err(error @ ChatError::Later { after_ms, .. }) => (error, after_ms.clamp(1, limits::RETRY_MAX_MS)),
            Err(error @ ChatError::Unknown(_)) => (error, super::chat_out::backoff(attempt)),
            Err(error) => {
                tracing::warn!(name: "chat.not_told", %platform, what, %error, "{what} are not told: {error}");
                return Err(error);
            }
        };
        tracing::warn!(name: "chat.not_known", %platform, what, %error, attempt, "{what} are not known: {error}");
        if attempt >= limits::READ_BACK_TRIES {
            return Err(error);
        }
        // Virtual worlds have no time to wait in.
        if tokio::runtime::Handle::try_current().is_ok() {
            tokio::time::sleep(Duration::from_millis(u64::try_from(wait).unwrap_or(1))).await;
        }
    }
}

fn differences(platform: &PlatformName, card: &MessageRow, known: &[ReactionRow], stand: &[Reacted]) -> Vec<Envelope> {
    let meant = |r: &Reacted| super::reactions::canonical(&r.emoji).map(|emoji| (r.account.clone(), emoji.to_owned()));
    let stand: BTreeSet<(String, String)> = stand.iter().filter_map(meant).collect();
    let known: BTreeMap<(String, String), &ReactionRow> =
        known.iter().map(|r| ((r.account.clone(), r.emoji.clone()), r)).collect();
    let all: BTreeSet<&(String, String)> = stand.iter().chain(known.keys()).collect();
    let mut out = Vec::new();
    for of @ (account, emoji) in all {
        let (added, row) = (stand.contains(of), known.get(of));
        if added == row.is_some_and(|r| r.added) {
            continue;
        }
        let source = row.map_or("", |r| r.source.as_str());
        out.push(Envelope {
            platform: platform.clone(),
            id: back_id(&card.id, account, emoji, added, source),
            account: account.clone(),
            channel: ChannelName::new(&card.channel),
            body: Body::Reaction { message: card.id.clone(), emoji: emoji.clone(), added },
        });
    }
    out
}
