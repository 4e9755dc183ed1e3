//! Roles that a platform's own groups give, laid over the policy.
//!
//! The config stays the base: its hash, and everything but the roles of people, is what it says. What platforms told last is
//! kept in the store, so that a start without a platform takes no turned key away. Whoever has no entry in the config gets
//! no role.

use super::Engine;
use crate::chat::ChatError;
use crate::domain::ids::{PlatformName, Role};
use crate::domain::policy::Policy;
use crate::limits;
use crate::store::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// By account.
type Given = BTreeMap<String, BTreeSet<Role>>;

struct Policies {
    base: Arc<Policy>,
    given: BTreeMap<PlatformName, Given>,
    merged: Arc<Policy>,
}

/// The policy of the moment.
pub(super) struct Overlay(RwLock<Policies>);

impl Overlay {
    pub(super) fn new(base: Arc<Policy>) -> Self {
        Self(RwLock::new(Policies { merged: Arc::clone(&base), base, given: BTreeMap::new() }))
    }

    pub(super) fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).merged)
    }

    pub(super) fn set_base(&self, base: Arc<Policy>) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.merged = merged(&base, &all.given);
        all.base = base;
    }

    /// What is worth keeping of what a platform told, when it is new.
    fn give(&self, platform: &PlatformName, mut told: Given) -> Option<Given> {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let known = |account: &String| {
            let mut people = all.base.people.values();
            people.any(|p| p.accounts.get(platform.as_str()).is_some_and(|a| a == account))
        };
        told.retain(|account, roles| !roles.is_empty() && known(account));
        if all.given.get(platform).map_or(told.is_empty(), |before| *before == told) {
            return None;
        }
        all.given.insert(platform.clone(), told.clone());
        all.merged = merged(&all.base, &all.given);
        Some(told)
    }
}

fn merged(base: &Arc<Policy>, given: &BTreeMap<PlatformName, Given>) -> Arc<Policy> {
    if given.values().all(BTreeMap::is_empty) {
        return Arc::clone(base);
    }
    let mut policy = Policy::clone(base);
    for (platform, roles) in given {
        for person in policy.people.values_mut() {
            if let Some(more) = person.accounts.get(platform.as_str()).and_then(|account| roles.get(account)) {
                person.roles.extend(more.iter().cloned());
            }
        }
    }
    Arc::new(policy)
}

fn setting(platform: &PlatformName) -> String {
    format!("roles:{platform}")
}

impl Engine {
    /// Takes up what platforms told before the last stop.
    pub(super) async fn remember_roles(&self) -> Result<()> {
        for platform in self.platform_names() {
            if let Some(text) = self.deps.store.setting(&setting(&platform)).await? {
                self.policy.give(&platform, serde_json::from_str(&text).unwrap_or_default());
            }
        }
        Ok(())
    }

    /// Asks a platform for the roles that its groups give. When they changed, what waits is asked again.
    pub(super) async fn refresh_roles(&self, platform: &PlatformName) {
        let Some(chat) = self.platform(platform).cloned() else { return };
        let told = match chat.roles().await {
            Ok(told) => told,
            Err(error @ (ChatError::Refused(_) | ChatError::Barred(_))) => {
                tracing::error!(name: "roles.refused", %platform, %error, "{platform} does not tell its groups' roles: {error}");
                return;
            }
            Err(error) => {
                tracing::warn!(name: "roles.unknown", %platform, %error, "the roles of {platform} stay as they were: {error}");
                return;
            }
        };
        if let Err(error) = self.set_roles(platform, told).await {
            tracing::error!(name: "roles.not_kept", %platform, %error, "new roles of {platform} are not kept: {error}");
        }
    }

    /// These accounts hold these roles besides what the config says.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn set_roles(&self, platform: &PlatformName, told: BTreeMap<String, BTreeSet<Role>>) -> Result<()> {
        let Some(kept) = self.policy.give(platform, told) else { return Ok(()) };
        tracing::info!(name: "roles.changed", %platform, accounts = kept.len(), "{platform} gives roles to {} accounts", kept.len());
        let text = serde_json::to_string(&kept).unwrap_or_default();
        self.deps.store.set_setting(&setting(platform), &text).await?;
        self.reconsider().await
    }
}

/// Asks every platform now, every few minutes, and after a new config, which may know more people.
pub(super) async fn roles_loop(engine: Arc<Engine>, stop: CancellationToken) {
    let mut often = tokio::time::interval(Duration::from_millis(limits::ROLES_EVERY_MS));
    often.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = often.tick() => {}
            () = engine.new_policy.notified() => {}
            () = stop.cancelled() => return,
        }
        for platform in engine.platform_names() {
            tokio::select! {
                () = engine.refresh_roles(&platform) => {}
                () = stop.cancelled() => return,
            }
        }
    }
}
