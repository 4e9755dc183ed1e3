//! Reactions that were read back after a connection was away: the engine hands them in as arrivals of a kind of their own.
//!
//! The body of such an arrival is the JSON of an [`Envelope`] whose body is a [`Body::Reaction`], and its lane is the sender's
//! account, so that it is worked behind what the connection itself delivered. A platform's [`super::Platform::work`] asks
//! [`Arrival::as_read_back`] first, hands the envelope to the intake as it is, and tells the sender as after any reaction.

use super::{Arrival, Body, Envelope};

/// The kind of such arrivals, for counts and logs.
pub const READ_BACK: &str = "reaction_read_back";

impl Arrival {
    /// An arrival of a reaction that was read back.
    #[must_use]
    pub fn read_back(envelope: &Envelope) -> Self {
        Self {
            platform: envelope.platform.clone(),
            id: envelope.id.clone(),
            kind: READ_BACK.to_owned(),
            lane: envelope.account.clone(),
            proof: String::new(),
            body: serde_json::to_string(envelope).unwrap_or_default(),
        }
    }

    /// The envelope of a reaction that was read back; `None` when this arrival came from the platform.
    #[must_use]
    pub fn as_read_back(&self) -> Option<Envelope> {
        if self.kind != READ_BACK {
            return None;
        }
        let envelope: Envelope = serde_json::from_str(&self.body).ok()?;
        let ours = envelope.platform == self.platform && envelope.id == self.id;
        (ours && matches!(envelope.body, Body::Reaction { .. })).then_some(envelope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{ChannelName, PlatformName};

    #[test]
    fn a_reaction_that_was_read_back_survives_the_store() {
        let body = Body::Reaction { message: "C1:1.2".into(), emoji: "✅".into(), added: true };
        let (platform, channel) = (PlatformName::new("slack"), ChannelName::new("deployments"));
        let envelope = Envelope { platform, id: "back:1".into(), account: "U1".into(), channel, body };
        let arrival = Arrival::read_back(&envelope);
        assert_eq!((arrival.lane.as_str(), arrival.as_read_back()), ("U1", Some(envelope)));
        let delivered = Arrival { kind: "reaction_added".into(), ..arrival.clone() };
        assert_eq!(delivered.as_read_back(), None);
        assert_eq!(Arrival { id: "2".into(), ..arrival }.as_read_back(), None);
    }
}
