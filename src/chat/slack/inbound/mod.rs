//! Works what was kept: reads it, hands it in, and has its sender told. See `http` and `socket` for how it arrives.
//!
//! Typed models play no part in it. What is not an act of a person that we know is counted by its type and done with; what
//! a person waits on an answer for is answered even then.

mod memory;
mod read;
mod words;

pub use memory::Memory;
pub use read::Place;

use super::{NAME, SlackPlatform, arrival};
use crate::chat::{Answer, Arrival, Body, ChatError, Envelope, Intake, IntakeError};
use crate::domain::ids::ChannelName;
use crate::domain::message::{Message, Tone};
use crate::limits;
use read::Seen;
use serde_json::Value;
use words::Known;

impl SlackPlatform {
    /// [`crate::chat::Platform::work`].
    pub(super) async fn worked(&self, arrival: &Arrival, intake: &dyn Intake) -> Result<(), ChatError> {
        if let Some(envelope) = arrival.as_read_back() {
            return self.reacted_meanwhile(envelope, intake).await;
        }
        let body: Value = serde_json::from_str(&arrival.body).unwrap_or_default();
        let done = match self.seen(&body).await {
            Seen::Acts(place, bodies) => self.acted(arrival, &place, bodies, intake).await,
            Seen::Home(place) => self.show_home(&arrival.id, &place, intake).await,
            Seen::Renamed(id, name) => {
                self.renamed(&id, &name);
                Ok(())
            }
            Seen::Alarm(kind) => {
                alarm(&kind);
                Ok(())
            }
            Seen::Nothing => Ok(()),
            Seen::Unread(kind, place) => {
                self.inbound.unread(&kind);
                let sorry = "signalbox does not know this kind of act yet. Type the command instead: /signalbox help";
                let sorry = Answer { messages: vec![Message::line(Tone::Warning, sorry)], form: None };
                match place {
                    Some(place) => self.tell(&arrival.id, &place, sorry).await,
                    None => Ok(()),
                }
            }
        };
        if done.is_ok() {
            self.inbound.forget(&arrival.id);
        }
        done
    }

    async fn seen(&self, body: &Value) -> Seen {
        // Slack says in the event itself who we are; others that speak its API may not.
        let me = match arrival::text(body, "/payload/authorizations/0/user_id") {
            Some(me) => Some(me.to_owned()),
            None if body["type"] == arrival::EVENT => self.me().await.ok(),
            None => None,
        };
        self.knowing(|known| read::read(body, me.as_deref(), known))
    }

    /// Reads with the names of people and channels at hand.
    fn knowing<T>(&self, read: impl FnOnce(&Known<'_>) -> T) -> T {
        let policy = (self.policy)();
        let channels = self.directory.channels();
        let person = |id: &str| {
            let owns = |p: &&crate::domain::policy::Person| p.accounts.get(NAME).is_some_and(|a| a == id);
            policy.people.values().find(owns).map(|p| p.id.to_string())
        };
        let channel = |id: &str| channels.iter().find(|(_, i)| *i == id).map(|(name, _)| name.to_string());
        read(&Known { person: &person, channel: &channel })
    }

    /// What somebody typed, from Slack's way of writing back to theirs.
    pub(super) fn as_typed(&self, text: &str) -> String {
        self.knowing(|known| words::typed(text, known))
    }

    async fn acted(
        &self,
        arrival: &Arrival,
        place: &Place,
        bodies: Vec<Body>,
        intake: &dyn Intake,
    ) -> Result<(), ChatError> {
        // In App Home there is no channel; what must be said in one is said to the person.
        let channel = if place.channel.is_empty() { &place.account } else { &place.channel };
        let channel = self.channel_name(channel).await;
        for (n, body) in bodies.into_iter().enumerate() {
            let id = if n == 0 { arrival.id.clone() } else { format!("{}+{n}", arrival.id) };
            let envelope = self.envelope(id, place, channel.clone(), body);
            let answer = match intake.receive(envelope).await {
                Ok(answer) => answer,
                Err(error) => return Err(self.not_stored(&arrival.id, place, &error).await),
            };
            self.tell(&arrival.id, place, answer).await?;
        }
        if place.home {
            self.show_home(&arrival.id, place, intake).await?;
        }
        Ok(())
    }

    pub(super) fn envelope(&self, id: String, place: &Place, channel: ChannelName, body: Body) -> Envelope {
        Envelope { platform: self.name.clone(), id, account: place.account.clone(), channel, body }
    }

    /// A reaction that was put on, or taken off, while nothing could reach us.
    async fn reacted_meanwhile(&self, envelope: Envelope, intake: &dyn Intake) -> Result<(), ChatError> {
        let Body::Reaction { message, .. } = &envelope.body else { return Ok(()) };
        let channel = super::post::place(message).map(|(channel, _)| channel.to_owned()).unwrap_or_default();
        let place = Place { account: envelope.account.clone(), channel, ..Place::default() };
        let id = envelope.id.clone();
        let answer = intake.receive(envelope).await.map_err(|e| later(&e))?;
        self.tell(&id, &place, answer).await
    }

    /// It is worked again; the person is told once that it hangs.
    async fn not_stored(&self, id: &str, place: &Place, error: &IntakeError) -> ChatError {
        if self.inbound.tell_once(id) {
            let waits = "signalbox cannot store this now and goes on trying for a while. You are told what came of it.";
            let answer = Answer { messages: vec![Message::line(Tone::Warning, waits)], form: None };
            // What came of it is told in any case.
            let _ = self.tell(id, place, answer).await;
        }
        later(error)
    }
}

fn later(error: &IntakeError) -> ChatError {
    ChatError::Later { what: error.to_string(), after_ms: limits::WORK_AGAIN_MS }
}

/// What Slack says about the app itself, with what to do.
fn alarm(kind: &str) {
    match kind {
        "app_rate_limited" => tracing::error!(
            name: "slack.app_limited",
            "Slack holds back events, since there are more than 30 000 an hour: subscribe the app to fewer"
        ),
        _ => tracing::error!(
            name: "slack.app_removed", kind,
            "Slack says {kind}: the app was removed or its tokens were revoked; install it again and put its tokens in place"
        ),
    }
}
