//! What is said at the slots of the rhythm: digests, maintenance, and the delivery numbers.

mod chart;
mod digest;
mod maintenance;
mod numbers;

pub use digest::{digest_list, digest_message};
pub use maintenance::{maintenance_cards, maintenance_list};
pub use numbers::stats;

pub(super) use maintenance::maintenance_notices;

use super::announce::{Notice, Place};
use crate::domain::ids::ChannelName;
use crate::domain::policy::Policy;
use crate::domain::rhythm::DigestEvent;

/// A digest is posted once for each of its slots.
pub(super) fn digest_notices(policy: &Policy, name: &str, e: &DigestEvent) -> Vec<Notice> {
    let DigestEvent::DigestPosted { report } = e else { return Vec::new() };
    let digest = policy.rhythm.digests.get(name);
    let place = Place::Channel(channel(policy, digest.and_then(|d| d.channel.as_ref())));
    let title = digest.map_or(name, |d| d.title.as_str());
    vec![Notice { place, message: digest_message(policy, title, report) }]
}

fn channel(policy: &Policy, own: Option<&ChannelName>) -> ChannelName {
    own.unwrap_or(&policy.channels.engineering).clone()
}
