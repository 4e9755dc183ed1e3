//! Posts in channels.

use super::super::super::announce::{Notice, Place};
use super::facts::inside;
use super::fill::or_ours;
use super::{marked, moment};
use crate::domain::ids::ChannelName;
use crate::domain::incident::{Incident, IncidentEvent as E};
use crate::domain::message::{Message, Text, Tone};
use crate::domain::policy::Policy;
use crate::domain::status::Template;

/// What is posted at this moment, with its marks. A template of ours is never empty.
pub(super) fn words(policy: &Policy, i: &Incident, e: &E, template: Template) -> String {
    let own = policy.response.status.templates.get(&template);
    or_ours(own, template, &inside(policy, i, e, marked::escaped))
}

/// The post of this moment; none when others are told nothing of it.
pub(in super::super) fn post(policy: &Policy, i: &Incident, e: &E) -> Option<Message> {
    let template = moment(e)?;
    let text = words(policy, i, e, template);
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).map(marked::pieces);
    let tone = match template {
        Template::Resolved => Tone::Good,
        Template::Mitigated => Tone::Waiting,
        Template::Update => Tone::Warning,
        _ => Tone::Bad,
    };
    let first: Text = lines.next()?;
    Some(lines.fold(Message::new(tone, first), Message::text))
}

/// Posts in the channels of its severity, besides what the incidents channel shows anyway. Of a drill nobody else hears.
#[must_use]
pub fn posts(policy: &Policy, i: &Incident, e: &E) -> Vec<Notice> {
    let named = policy.response.status.announce.get(&i.severity).map(Vec::as_slice).unwrap_or_default();
    let shown = |channel: &&ChannelName| **channel == policy.channels.incidents && !matches!(e, E::Updated { .. });
    let mut channels = named.iter().filter(|channel| !shown(channel)).peekable();
    if i.drill || channels.peek().is_none() {
        return Vec::new();
    }
    let Some(message) = post(policy, i, e) else { return Vec::new() };
    channels.map(|c| Notice { place: Place::Channel(c.clone()), message: message.clone() }).collect()
}
