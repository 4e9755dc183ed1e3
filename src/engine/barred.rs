//! What is not said on a platform before a person changes something there: a token, a right, an invitation.
//!
//! Nothing of it is lost: the rows wait, and are tried again now and then. The cause is logged once and told on `/readyz`.

use super::Engine;
use crate::chat::Platform;
use crate::domain::ids::{ChannelName, PlatformName};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// By place, why nothing can be said there. No more entries than the policy has channels.
#[derive(Default)]
pub(super) struct Barred(Mutex<BTreeMap<(PlatformName, ChannelName), String>>);

/// What is in the way of chat, one line each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Troubles {
    pub lines: Vec<String>,
    /// On every platform: nobody can be told anything.
    pub everywhere: bool,
}

impl Barred {
    pub(super) fn note(&self, platform: &PlatformName, channel: &ChannelName, why: &str) {
        let mut all = self.lock();
        let known = all.insert((platform.clone(), channel.clone()), why.to_owned());
        let n = all.keys().filter(|(p, _)| p == platform).count();
        drop(all);
        show(platform, n);
        if known.as_deref() != Some(why) {
            tracing::error!(name: "chat.barred", %platform, %channel, error = %why, "messages for #{channel} wait: {why}");
        }
    }

    pub(super) fn said(&self, platform: &PlatformName, channel: &ChannelName) {
        let mut all = self.lock();
        let Some(why) = all.remove(&(platform.clone(), channel.clone())) else { return };
        let n = all.keys().filter(|(p, _)| p == platform).count();
        drop(all);
        show(platform, n);
        tracing::info!(name: "chat.unbarred", %platform, %channel, before = %why, "messages for #{channel} are sent again");
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(PlatformName, ChannelName), String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a handful of channels")]
fn show(platform: &PlatformName, channels: usize) {
    metrics::gauge!("signalbox_chat_barred", "platform" => platform.to_string()).set(channels as f64);
}

impl Engine {
    /// Whether messages of this platform wait for a person.
    pub(super) fn is_barred(&self, chat: &dyn Platform) -> bool {
        chat.trouble().is_some() || self.barred.lock().keys().any(|(p, _)| p == chat.name())
    }

    /// What a person has to change before everything is said everywhere.
    #[must_use]
    pub fn troubles(&self) -> Troubles {
        let mut out = Troubles { lines: Vec::new(), everywhere: !self.deps.platforms.is_empty() };
        for chat in &self.deps.platforms {
            let name = chat.name();
            match chat.trouble() {
                Some(why) => out.lines.push(format!("{name}: {why}")),
                None => {
                    out.everywhere = false;
                    let all = self.barred.lock();
                    out.lines
                        .extend(all.iter().filter(|((p, _), _)| p == name).map(|(_, why)| format!("{name}: {why}")));
                }
            }
        }
        out.lines.dedup();
        out
    }
}
