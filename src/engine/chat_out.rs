//! Chat as a projection: cards are rendered from the state of the moment, posted once, and edited in place.

use super::Engine;
use super::effect::{card_row, is_card};
use super::rooms::Home;
use super::writer::parse_state;
use crate::chat::{ChatError, MessageRef, Platform, Post};
use crate::domain::ids::{ChannelName, DeploymentId, IncidentId, PersonId, PlatformName, Stream};
use crate::domain::message::Message;
use crate::domain::plan::hex;
use crate::domain::render;
use crate::domain::world::State;
use crate::limits;
use crate::store::{Claim, MessageRow, Result};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// What a platform's answer means for the row.
pub(super) enum Said {
    At(MessageRef),
    /// Nothing was sent; again in so many ms.
    Later(i64),
    /// It may have been sent: it is looked up before it is sent again, in so many ms.
    InDoubt(i64),
    /// Nothing was sent, and nothing will be before a person has changed something.
    Barred(String),
    /// It will never work; the row is dropped and the failure logged.
    Never(String),
}

/// Where a message goes that is posted once.
pub(super) struct Addressed<'a> {
    pub channel: &'a ChannelName,
    /// The key of the card in whose thread it goes.
    pub thread_of: Option<&'a str>,
    pub only_for: Option<&'a PersonId>,
}

impl Engine {
    pub(super) fn platform(&self, name: &PlatformName) -> Option<&Arc<dyn Platform>> {
        self.deps.platforms.iter().find(|p| p.name() == name)
    }

    pub(super) async fn show_card(
        &self,
        claim: &Claim,
        platform: &PlatformName,
        card: &str,
        stream: &Stream,
    ) -> Result<()> {
        let Some(chat) = self.platform(platform).cloned() else { return self.receipt_only(claim, Vec::new()).await };
        let rows = self.deps.store.states(std::slice::from_ref(stream)).await?;
        let state = rows.first().map(parse_state).transpose()?;
        let awaited = matches!(&state, Some(State::Incident(i)) if i.rooms.awaited(platform));
        let cards = match state {
            Some(State::Deployment(d)) => render::cards(&self.policy(), &d),
            Some(State::Incident(i)) => render::incident_cards(&self.policy(), &i),
            Some(State::Roster(r)) => render::handoff_cards(&self.policy(), stream.name(), &r),
            Some(State::Maintenance(m)) => render::maintenance_cards(&self.policy(), stream.name(), &m),
            Some(State::Runbook(r)) => render::runbook_cards(&self.policy(), stream.name(), &r),
            _ => Vec::new(),
        };
        let Some(card) = cards.into_iter().find(|c| c.key == card) else {
            return self.receipt_only(claim, Vec::new()).await;
        };
        let shown = fingerprint(&card.message);
        let stands = self.deps.store.message(platform, &card.key).await?;
        let now = self.now().work.as_millisecond();
        if let Some(stands) = &stands {
            if stands.shown == shown {
                return self.receipt_only(claim, Vec::new()).await;
            }
            let next = stands.at + limits::EDIT_EVERY_MS;
            if now < next {
                return self.deps.store.put_back(claim, next).await;
            }
        }
        // What stands in a room waits until it is known whether there is one.
        if awaited && stands.is_none() && card.thread_of.is_some() && claim.row.attempts < limits::THREAD_WAITS {
            return self.put_back(claim, limits::THREAD_WAIT_MS).await;
        }
        let Some(home) = self.home_or_wait(claim, &chat, &card.channel, card.thread_of.as_deref()).await? else {
            return Ok(());
        };
        let _seen_before_stored = stands.is_none().then(|| self.posting.begin(platform));
        let Home { channel, thread, room } = home;
        let (key, message) = (card.key.clone(), card.message);
        let post = Post { key, channel: channel.clone(), thread, only_for: None, message };
        let said = self.put(&chat, claim, post, stands.as_ref()).await;
        if let Some((incident, why)) = lost(&*chat, room, &said) {
            return self.room_lost(claim, platform, incident, why).await;
        }
        let found =
            claim.doubt && stands.is_none() && matches!(said, Said::At(_)) && super::reactions::is_card(&card.key);
        self.keep(claim, platform, &card.key, &channel, shown, said).await?;
        if let Some(id) = DeploymentId::parse(stream.name()).filter(|_| found && stream.kind() == "deployment") {
            self.read_back_found(&chat, id).await;
        }
        Ok(())
    }

    pub(super) async fn post_notice(
        &self,
        claim: &Claim,
        platform: &PlatformName,
        to: &Addressed<'_>,
        message: Message,
    ) -> Result<()> {
        let Some(chat) = self.platform(platform).cloned() else { return self.receipt_only(claim, Vec::new()).await };
        let Some(home) = self.home_or_wait(claim, &chat, to.channel, to.thread_of).await? else { return Ok(()) };
        let shown = fingerprint(&message);
        let Home { channel, thread, room } = home;
        let (key, at, only_for) = (claim.row.key.clone(), channel.clone(), to.only_for.cloned());
        let said = self.put(&chat, claim, Post { key, channel: at, thread, only_for, message }, None).await;
        if let Some((incident, why)) = lost(&*chat, room, &said) {
            return self.room_lost(claim, platform, incident, why).await;
        }
        self.keep(claim, platform, &claim.row.key, &channel, shown, said).await
    }

    /// Posts a message of its own key in the thread of a card, or edits it where it stands.
    pub(super) async fn show_below(
        &self,
        claim: &Claim,
        platform: &PlatformName,
        (key, channel, card): (&str, &ChannelName, &str),
        message: Message,
    ) -> Result<()> {
        let Some(chat) = self.platform(platform).cloned() else { return self.receipt_only(claim, Vec::new()).await };
        let shown = fingerprint(&message);
        let stands = self.deps.store.message(platform, key).await?;
        if stands.as_ref().is_some_and(|row| row.shown == shown) {
            return self.receipt_only(claim, Vec::new()).await;
        }
        let Some(home) = self.home_or_wait(claim, &chat, channel, Some(card)).await? else { return Ok(()) };
        let Home { channel, thread, .. } = home;
        let post = Post { key: key.to_owned(), channel: channel.clone(), thread, only_for: None, message };
        let said = self.put(&chat, claim, post, stands.as_ref()).await;
        self.keep(claim, platform, key, &channel, shown, said).await
    }

    /// Tells one person something alone, and says where it stands then. Whether it stands there already, the caller has looked.
    pub(super) async fn say_alone(
        &self,
        chat: &Arc<dyn Platform>,
        claim: &Claim,
        to: &Addressed<'_>,
        message: Message,
    ) -> std::result::Result<MessageRow, Said> {
        let (channel, only_for) = (to.channel.clone(), to.only_for.cloned());
        let shown = fingerprint(&message);
        let post = Post { key: claim.row.key.clone(), channel, thread: None, only_for, message };
        match chat.post(&post).await {
            Ok(at) => Ok(self.stands_at(chat, claim, to, at, shown)),
            Err(error) => Err(self.said(claim, error)),
        }
    }

    /// Where an earlier claim has told one person something alone; none: it did not arrive.
    pub(super) async fn stands_alone(
        &self,
        chat: &Arc<dyn Platform>,
        claim: &Claim,
        to: &Addressed<'_>,
        message: &Message,
    ) -> std::result::Result<Option<MessageRow>, Said> {
        match found(chat, to.only_for, (to.channel, None), &claim.row.key).await {
            Ok(found) => Ok(found.map(|at| self.stands_at(chat, claim, to, at, fingerprint(message)))),
            Err(error) => Err(self.said(claim, error)),
        }
    }

    fn stands_at(
        &self,
        chat: &Arc<dyn Platform>,
        claim: &Claim,
        to: &Addressed<'_>,
        at: MessageRef,
        shown: String,
    ) -> MessageRow {
        self.barred.said(chat.name(), to.channel);
        let (platform, channel, key) = (chat.name().clone(), to.channel.to_string(), claim.row.key.clone());
        MessageRow { platform, key, channel, id: at.id, shown, at: self.now().work.as_millisecond() }
    }

    /// Where what belongs into a thread goes; `None`: that is not known yet, and the row was put back.
    async fn home_or_wait(
        &self,
        claim: &Claim,
        chat: &Arc<dyn Platform>,
        channel: &ChannelName,
        card: Option<&str>,
    ) -> Result<Option<Home>> {
        match self.home(chat.name(), channel, card).await? {
            Ok(home) => Ok(Some(home)),
            // Its thread comes once a person has mended what is in the way.
            Err(()) if self.is_barred(&**chat) => {
                self.put_back(claim, backoff(claim.row.attempts)).await.map(|()| None)
            }
            // While a platform lets its first message wait, asking for it would be all that the database does.
            Err(()) if claim.row.attempts < limits::THREAD_WAITS => {
                let first = card.map(|card| card_row(card, chat.name())).unwrap_or_default();
                let due = self.deps.store.outbox_due(&first).await?.unwrap_or_default();
                let soon = self.now().work.as_millisecond() + limits::THREAD_WAIT_MS;
                self.deps.store.put_back(claim, due.max(soon)).await.map(|()| None)
            }
            Err(()) => Ok(Some(Home { channel: channel.clone(), thread: None, room: None })),
        }
    }

    /// Posts or edits. When an earlier claim may have posted it, the platform is asked first.
    async fn put(&self, chat: &Arc<dyn Platform>, claim: &Claim, post: Post, stands: Option<&MessageRow>) -> Said {
        if let Some(row) = stands {
            let at = reference(row);
            match chat.edit(&at, &post.message).await {
                Ok(()) => return Said::At(at),
                // Somebody deleted it: it is posted anew, unless an earlier claim has done so and lost the answer.
                Err(ChatError::Gone(_)) => {}
                Err(error) => return self.said(claim, error),
            }
        }
        if claim.doubt {
            let place = (&post.channel, post.thread.as_ref());
            match found(chat, post.only_for.as_ref(), place, &post.key).await {
                Ok(Some(at)) => {
                    return match chat.edit(&at, &post.message).await {
                        Ok(()) => Said::At(at),
                        Err(error) => self.said(claim, error),
                    };
                }
                Ok(None) => {}
                Err(error) => return self.said(claim, error),
            }
        }
        match chat.post(&post).await {
            Ok(at) => Said::At(at),
            Err(error) => self.said(claim, error),
        }
    }

    fn said(&self, claim: &Claim, error: ChatError) -> Said {
        match error {
            ChatError::Later { after_ms, .. } => Said::Later(after_ms.clamp(100, limits::RETRY_MAX_MS)),
            ChatError::Unknown(what) => {
                let key = &claim.row.key;
                tracing::warn!(name: "chat.unknown", %key, error = %what, "no answer for {key}; it is looked up");
                Said::InDoubt(backoff(claim.row.attempts))
            }
            ChatError::Barred(what) => Said::Barred(what),
            ChatError::Gone(what) | ChatError::Refused(what) => {
                tracing::error!(name: "chat.refused", key = %claim.row.key, error = %what, "{} is refused and dropped", claim.row.key);
                metrics::counter!("signalbox_chat_refused_total").increment(1);
                Said::Never(what)
            }
        }
    }

    async fn keep(
        &self,
        claim: &Claim,
        platform: &PlatformName,
        key: &str,
        channel: &ChannelName,
        shown: String,
        said: Said,
    ) -> Result<()> {
        match said {
            Said::Later(ms) => self.put_back(claim, ms).await,
            Said::InDoubt(ms) => self.again_in(claim, ms).await,
            Said::Never(_) => self.receipt_only(claim, Vec::new()).await,
            Said::Barred(why) => {
                if self.platform(platform).is_some_and(|chat| chat.trouble().is_none()) {
                    self.barred.note(platform, channel, &why);
                }
                // Cards say what is so now, so they are worth waiting for; what was news a week ago is none.
                if claim.row.attempts < limits::CHAT_HELD_TRIES || is_card(&claim.row.target) {
                    return self.put_back(claim, backoff(claim.row.attempts)).await;
                }
                let key = &claim.row.key;
                tracing::error!(name: "chat.given_up", %key, error = %why, "{key} is dropped after a week: {why}");
                metrics::counter!("signalbox_chat_refused_total").increment(1);
                self.receipt_only(claim, Vec::new()).await
            }
            Said::At(at) => {
                self.barred.said(platform, channel);
                let row = MessageRow {
                    platform: platform.clone(),
                    key: key.to_owned(),
                    channel: channel.to_string(),
                    id: at.id,
                    shown,
                    at: self.now().work.as_millisecond(),
                };
                self.receipt_only(claim, vec![row]).await
            }
        }
    }
}

/// What an earlier try may have posted under this key, where its readers read it.
async fn found(
    chat: &Arc<dyn Platform>,
    only_for: Option<&PersonId>,
    (channel, thread): (&ChannelName, Option<&MessageRef>),
    key: &str,
) -> std::result::Result<Option<MessageRef>, ChatError> {
    match only_for {
        Some(person) => chat.find_alone(person, channel, key).await,
        None => chat.find(channel, thread, key).await,
    }
}

/// What was to be said in a channel of its own cannot be said there any more, while everything else can.
fn lost(chat: &dyn Platform, room: Option<IncidentId>, said: &Said) -> Option<(IncidentId, String)> {
    match said {
        Said::Barred(why) if chat.trouble().is_none() => Some((room?, why.clone())),
        _ => None,
    }
}

pub(super) fn reference(row: &MessageRow) -> MessageRef {
    MessageRef { channel: ChannelName::new(&row.channel), id: row.id.clone() }
}

/// What a message shows, as a short hash.
pub(super) fn fingerprint(message: &Message) -> String {
    hex(&Sha256::digest(serde_json::to_vec(message).unwrap_or_default())[..16])
}

/// Doubles from a quarter of a second, bounded.
pub(super) fn backoff(attempts: i64) -> i64 {
    let shift = u32::try_from(attempts.clamp(0, 12)).unwrap_or(12);
    (125_i64 << shift).min(limits::RETRY_MAX_MS)
}
