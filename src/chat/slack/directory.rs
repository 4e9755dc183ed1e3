//! Who and what is who in the workspace: channels by name and by id, the bot itself, user groups.
//!
//! Looked up when first needed and remembered. Names are asked again when Slack no longer knows an id, at most every
//! [`limits::SLACK_LIST_EVERY_MS`].

use super::SlackPlatform;
use super::error::ApiError;
use crate::chat::ChatError;
use crate::domain::ids::{ChannelName, Role};
use crate::limits;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What was looked up.
pub struct Directory {
    known: Mutex<Known>,
    /// Held by who lists channels, so that others wait for the same list.
    listing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    ids: BTreeMap<ChannelName, String>,
    names: BTreeMap<String, ChannelName>,
    me: Option<String>,
    /// On the work clock, in milliseconds.
    listed_at: Option<i64>,
}

impl Directory {
    pub fn new(configured: &BTreeMap<ChannelName, String>) -> Self {
        let names = configured.iter().map(|(name, id)| (id.clone(), name.clone())).collect();
        let known = Known { ids: configured.clone(), names, ..Known::default() };
        Self { known: Mutex::new(known), listing: tokio::sync::Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many channels are known by id.
    pub fn len(&self) -> usize {
        self.lock().names.len()
    }

    /// Every channel that is known by name.
    pub fn channels(&self) -> BTreeMap<ChannelName, String> {
        self.lock().ids.clone()
    }
}

impl Known {
    fn learn(&mut self, id: &str, name: &str, configured: &BTreeMap<ChannelName, String>) {
        if self.names.len() >= limits::SLACK_CHANNELS && !self.names.contains_key(id) {
            return;
        }
        let name = ChannelName::new(name);
        if configured.contains_key(&name) || configured.values().any(|c| c == id) {
            return;
        }
        self.ids.insert(name.clone(), id.to_owned());
        self.names.insert(id.to_owned(), name);
    }
}

impl SlackPlatform {
    /// The id of a channel; what looks like an id is one.
    pub(super) async fn channel_id(&self, name: &ChannelName) -> Result<String, ChatError> {
        if let Some(id) = self.directory.lock().ids.get(name) {
            return Ok(id.clone());
        }
        if is_id(name.as_str()) {
            return Ok(name.to_string());
        }
        self.list_channels().await.map_err(|e| e.to_chat("conversations.list"))?;
        let found = self.directory.lock().ids.get(name).cloned();
        found.ok_or_else(|| ChatError::Barred(no_channel(name)))
    }

    /// Slack no longer knows the id under which this channel was remembered.
    pub(super) fn forget_channel(&self, name: &ChannelName) {
        if !self.settings.channels.contains_key(name) {
            let mut known = self.directory.lock();
            if let Some(id) = known.ids.remove(name) {
                known.names.remove(&id);
            }
        }
    }

    /// A channel is called differently now.
    pub(super) fn renamed(&self, id: &str, name: &str) {
        let mut known = self.directory.lock();
        if let Some(old) = known.names.get(id).cloned()
            && !self.settings.channels.contains_key(&old)
        {
            known.ids.remove(&old);
            known.names.remove(id);
        }
        known.learn(id, name, &self.settings.channels);
    }

    /// The name of a channel for the core; where there is none, the id.
    pub(super) async fn channel_name(&self, id: &str) -> ChannelName {
        if let Some(name) = self.directory.lock().names.get(id) {
            return name.clone();
        }
        // A conversation with one person has no name.
        if id.starts_with('D') || !is_id(id) {
            return ChannelName::new(id);
        }
        match self.read("conversations.info", &[("channel", id)]).await {
            Ok(said) => match said["channel"]["name"].as_str().filter(|name| !name.is_empty()) {
                Some(name) => {
                    self.directory.lock().learn(id, name, &self.settings.channels);
                    ChannelName::new(name)
                }
                None => ChannelName::new(id),
            },
            Err(error) => {
                tracing::debug!(name: "slack.channel_unknown", channel = id, %error, "the name of {id} is not known");
                ChannelName::new(id)
            }
        }
    }

    /// The bot's own user id.
    pub(super) async fn me(&self) -> Result<String, ApiError> {
        if let Some(me) = &self.directory.lock().me {
            return Ok(me.clone());
        }
        let said = self.read("auth.test", &[]).await?;
        let me = said["user_id"].as_str().ok_or_else(|| ApiError::Lost("auth.test names no user".into()))?.to_owned();
        self.directory.lock().me = Some(me.clone());
        Ok(me)
    }

    /// Roles that user groups give, by account.
    pub(super) async fn group_roles(&self) -> Result<BTreeMap<String, BTreeSet<Role>>, ChatError> {
        let mut out: BTreeMap<String, BTreeSet<Role>> = BTreeMap::new();
        for (group, role) in &self.settings.groups {
            let said = match self.read("usergroups.users.list", &[("usergroup", group)]).await {
                Ok(said) => said,
                // One group that is gone gives nobody a role; the others still do.
                Err(ApiError::Code(code)) => {
                    tracing::warn!(
                        name: "slack.group_unknown", group, code,
                        "Slack does not tell who is in the user group {group} ({code}); see [slack.groups]"
                    );
                    continue;
                }
                Err(error) => return Err(error.to_chat("usergroups.users.list")),
            };
            for account in said["users"].as_array().into_iter().flatten().filter_map(|u| u.as_str()) {
                out.entry(account.to_owned()).or_default().insert(role.clone());
            }
        }
        Ok(out)
    }

    async fn list_channels(&self) -> Result<(), ApiError> {
        let _one_at_a_time = self.directory.listing.lock().await;
        let now = self.clock.now().work.as_millisecond();
        if self.directory.lock().listed_at.is_some_and(|at| now < at + limits::SLACK_LIST_EVERY_MS) {
            return Ok(());
        }
        // Private channels would need a right of their own; they go by their ids, in config.
        self.list_kinds("public_channel").await?;
        self.directory.lock().listed_at = Some(now);
        Ok(())
    }

    async fn list_kinds(&self, kinds: &str) -> Result<(), ApiError> {
        let all = self.each_channel(kinds, |channel| {
            if let (Some(id), Some(name)) = (channel["id"].as_str(), channel["name"].as_str()) {
                self.learn_channel(id, &ChannelName::new(name));
            }
            true
        });
        if !all.await? {
            let most = limits::SLACK_LIST_PAGES * limits::SLACK_PAGE;
            tracing::warn!(
                name: "slack.many_channels",
                "the workspace has more than {most} channels; name the ids of yours in [slack.channels]"
            );
        }
        Ok(())
    }

    /// A channel is there under this name.
    pub(super) fn learn_channel(&self, id: &str, name: &ChannelName) {
        self.directory.lock().learn(id, name.as_str(), &self.settings.channels);
    }

    /// Shows `see` every channel until it wants no more; whether there were no others.
    pub(super) async fn each_channel(
        &self,
        kinds: &str,
        mut see: impl FnMut(&Value) -> bool + Send,
    ) -> Result<bool, ApiError> {
        let page = limits::SLACK_PAGE.to_string();
        let mut cursor = String::new();
        for _ in 0..limits::SLACK_LIST_PAGES {
            let mut params = vec![("types", kinds), ("exclude_archived", "true"), ("limit", page.as_str())];
            if !cursor.is_empty() {
                params.push(("cursor", &cursor));
            }
            let said = self.read("conversations.list", &params).await?;
            if !said["channels"].as_array().into_iter().flatten().all(&mut see) {
                return Ok(true);
            }
            cursor = said["response_metadata"]["next_cursor"].as_str().unwrap_or_default().to_owned();
            if cursor.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Names are in lower case, ids are not.
fn is_id(text: &str) -> bool {
    text.len() >= 8
        && text.starts_with(['C', 'G', 'D'])
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

pub fn no_channel(name: &ChannelName) -> String {
    format!("Slack has no channel #{name} that the bot can see; make it, or type `/invite @signalbox` there")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_from_names() {
        assert!(is_id("C024BE91L") && is_id("D0SIGNAL01"));
        assert!(!is_id("deployments") && !is_id("CORE") && !is_id("Cafe-talk"));
    }

    #[test]
    fn what_config_says_stays() {
        let configured = BTreeMap::from([(ChannelName::new("deployments"), "C1".to_owned())]);
        let directory = Directory::new(&configured);
        directory.lock().learn("C2", "deployments", &configured);
        directory.lock().learn("C1", "renamed", &configured);
        directory.lock().learn("C3", "incidents", &configured);
        let ids: Vec<_> = directory.channels().into_iter().map(|(name, id)| format!("{name} {id}")).collect();
        assert_eq!(ids, ["deployments C1", "incidents C3"]);
    }
}
