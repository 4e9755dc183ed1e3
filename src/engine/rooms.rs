//! War rooms that are channels of their own: made once, filled with whoever comes, put aside in the end.
//!
//! Everything that is said in the thread of an incident passes [`Engine::home`], which knows whether it goes there or into the
//! channel. The row that makes the channel is the first of its lane, so what is said waits for it, and never for long: what
//! cannot be made within [`limits::ROOM_WAIT_MS`] is given up, and the thread is the war room.

use super::Engine;
use super::chat_out::{backoff, reference};
use super::effect::RoomAct;
use super::run::receipt;
use super::writer::Request;
use crate::chat::{ChatError, MadeRoom, MessageRef, NewRoom, Platform};
use crate::domain::decide::Input;
use crate::domain::ids::{ChannelName, IncidentId, PlatformName};
use crate::domain::incident::{Incident, RoomCame};
use crate::domain::render::{card_of_incident, incident_of_key};
use crate::limits;
use crate::store::{Claim, MessageRow, Result};
use std::sync::Arc;

/// Where something goes.
pub(super) struct Home {
    pub channel: ChannelName,
    pub thread: Option<MessageRef>,
    /// Whose own channel this is.
    pub room: Option<IncidentId>,
}

impl Engine {
    pub(super) async fn tend_room(
        &self,
        claim: &Claim,
        platform: &PlatformName,
        incident: IncidentId,
        act: &RoomAct,
    ) -> Result<()> {
        let (chat, i) = (self.platform(platform).cloned(), self.incident(incident).await?);
        let (Some(chat), Some(i)) = (chat, i) else { return self.receipt_only(claim, Vec::new()).await };
        match act {
            RoomAct::Make if i.rooms.awaited(platform) => self.make_room(claim, &chat, &i).await,
            RoomAct::Make => self.receipt_only(claim, Vec::new()).await,
            RoomAct::Invite { person } => {
                let Some(room) = i.rooms.channel(platform).filter(|_| !i.rooms.closed) else {
                    return self.receipt_only(claim, Vec::new()).await;
                };
                let said = chat.invite(room, person).await;
                self.room_done(claim, said, &format!("{person} is not in the war room"), Vec::new()).await
            }
            RoomAct::Close => {
                let Some(room) = i.rooms.channel(platform) else { return self.receipt_only(claim, Vec::new()).await };
                let said = chat.close_room(room).await;
                // What is said later is said in the thread.
                self.room_done(claim, said, "the war room stays open", vec![self.no_room(platform, incident)]).await
            }
        }
    }

    async fn make_room(&self, claim: &Claim, chat: &Arc<dyn Platform>, i: &Incident) -> Result<()> {
        let policy = self.policy();
        let room = NewRoom {
            key: if i.rooms.asked > 1 { format!("{}.{}", i.id, i.rooms.asked) } else { i.id.to_string() },
            names: i.rooms.choices(),
            topic: format!("{} {}: {}", i.id, i.severity, i.title),
            beside: policy.channels.incidents.clone(),
            since: i.rooms.since.map_or(i.started, |since| since.wall),
        };
        let since = i.rooms.since.map_or(0, |since| since.work.as_millisecond());
        let left = since + limits::ROOM_WAIT_MS - self.now().work.as_millisecond();
        let made = match chat.make_room(&room, claim.doubt).await {
            Err(ChatError::Later { after_ms, .. }) if after_ms < left => {
                return self.not_now(claim, after_ms.max(limits::LOOP_MIN_MS)).await;
            }
            Err(ChatError::Unknown(_)) if left > 0 => {
                return self.again_in(claim, backoff(claim.row.attempts)).await;
            }
            said => said,
        };
        let platform = chat.name().clone();
        let (came, row) = match made {
            Ok(MadeRoom { channel, name }) => {
                let row = self.room_row(&platform, i.id, channel.as_str(), name.as_str());
                (RoomCame::Made { channel, name }, row)
            }
            Err(error) => {
                let why = match error {
                    ChatError::Later { .. } => format!("{platform} takes too long to make one"),
                    ChatError::Unknown(_) => format!("{platform} does not answer"),
                    ChatError::Gone(why) | ChatError::Barred(why) | ChatError::Refused(why) => why,
                };
                let incident = i.id;
                tracing::warn!(name: "room.refused", %incident, %platform, error = %why, "no channel for {incident}: {why}");
                (RoomCame::Refused { why }, self.no_room(&platform, i.id))
            }
        };
        let input = Input::RoomCame { incident: i.id, platform, came };
        let request = Request { receipt: Some(receipt(claim)), messages: vec![row], ..Request::of(input) };
        self.submit(request).await.map(|_| ())
    }

    /// What is worth a few tries and nobody waits for.
    async fn room_done(
        &self,
        claim: &Claim,
        said: std::result::Result<(), ChatError>,
        otherwise: &str,
        rows: Vec<MessageRow>,
    ) -> Result<()> {
        let tries = claim.row.attempts;
        match said {
            Err(ChatError::Later { after_ms, .. }) if tries < limits::ROOM_TRIES => {
                return self.put_back(claim, after_ms.max(backoff(tries))).await;
            }
            Err(ChatError::Unknown(_)) if tries < limits::ROOM_TRIES => {
                return self.again_in(claim, backoff(tries)).await;
            }
            Err(error) => {
                let key = &claim.row.key;
                tracing::warn!(name: "room.given_up", %key, %error, "{otherwise}: {error}");
            }
            Ok(()) => {}
        }
        self.receipt_only(claim, rows).await
    }

    /// Where what belongs into the thread of a card goes; without a card, into the channel. `Err` while the card is not posted.
    pub(super) async fn home(
        &self,
        platform: &PlatformName,
        channel: &ChannelName,
        card: Option<&str>,
    ) -> Result<std::result::Result<Home, ()>> {
        let channel = channel.clone();
        let Some(card) = card else { return Ok(Ok(Home { channel, thread: None, room: None })) };
        if let Some(incident) = incident_of_key(card)
            && let Some(row) =
                self.deps.store.message(platform, &room_key(incident)).await?.filter(|r| !r.id.is_empty())
        {
            let channel = ChannelName::new(&row.channel);
            return Ok(Ok(Home { channel, thread: None, room: Some(incident) }));
        }
        let thread = self.card_at(platform, card).await?;
        Ok(thread.map(|thread| Home { channel, thread: Some(thread), room: None }).ok_or(()))
    }

    /// Where a card stands, once it is posted.
    pub(super) async fn card_at(&self, platform: &PlatformName, card: &str) -> Result<Option<MessageRef>> {
        Ok(self.deps.store.message(platform, card).await?.map(|row| reference(&row)))
    }

    /// Nothing can be said in its channel any more: somebody archived or deleted it, or put signalbox out. The thread is the war
    /// room from now on, and what was to be said is said there.
    pub(super) async fn room_lost(
        &self,
        claim: &Claim,
        platform: &PlatformName,
        incident: IncidentId,
        why: String,
    ) -> Result<()> {
        tracing::warn!(name: "room.lost", %incident, %platform, error = %why, "the channel of {incident} is lost: {why}");
        let (platform, messages) = (platform.clone(), vec![self.no_room(platform, incident)]);
        let input = Input::RoomCame { incident, platform, came: RoomCame::Refused { why } };
        self.submit(Request { messages, ..Request::of(input) }).await?;
        self.put_back(claim, limits::LOOP_MIN_MS).await
    }

    /// Whose own channel this is.
    pub(super) async fn incident_of_room(
        &self,
        platform: &PlatformName,
        channel: &ChannelName,
    ) -> Result<Option<IncidentId>> {
        let Some(chat) = self.platform(platform) else { return Ok(None) };
        let Some(id) = chat.channel_key(channel).await else { return Ok(None) };
        let row = self.deps.store.message_by_id(platform, &id).await?;
        Ok(row.and_then(|row| {
            incident_of_key(&row.key.replacen("room:", "card:", 1)).filter(|_| row.key.starts_with("room:"))
        }))
    }

    fn room_row(&self, platform: &PlatformName, incident: IncidentId, channel: &str, name: &str) -> MessageRow {
        MessageRow {
            platform: platform.clone(),
            key: room_key(incident),
            channel: channel.to_owned(),
            id: channel.to_owned(),
            shown: name.to_owned(),
            at: self.now().work.as_millisecond(),
        }
    }

    fn no_room(&self, platform: &PlatformName, incident: IncidentId) -> MessageRow {
        self.room_row(platform, incident, "", "")
    }
}

/// Under this key the store remembers the channel of an incident, as it remembers where messages stand.
fn room_key(incident: IncidentId) -> String {
    card_of_incident(incident).replacen("card:", "room:", 1)
}
