//! The one place at Discord's gateway that a bot has: who holds it among replicas, and the session that goes with it.
//!
//! Without the lease nobody connects. The session is remembered beside it, so that the next process, here or elsewhere,
//! resumes where the last one stopped and is sent what happened in between.

use crate::clock::Clock;
use crate::limits;
use crate::store::{Store, StoreError};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Where lease and session are kept.
#[async_trait]
pub trait Seat: Send + Sync {
    /// Takes or extends the lease, in ms on the work clock; false when another replica has it.
    ///
    /// # Errors
    /// When it cannot be told.
    async fn hold(&self, now: i64, until: i64) -> Result<bool, StoreError>;

    /// The session that was remembered last.
    async fn remembered(&self) -> Option<String>;

    /// Keeps a session; what cannot be kept now is tried again soon.
    async fn remember(&self, session: &str) -> Result<(), StoreError>;
}

/// Lease and session in the store, under the server's id.
pub struct StoreSeat {
    store: Arc<dyn Store>,
    name: String,
    owner: String,
}

impl StoreSeat {
    /// `owner` is this process, and no other.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, guild: u64, owner: &str) -> Self {
        Self { store, name: format!("discord-gateway-{guild}"), owner: owner.to_owned() }
    }
}

#[async_trait]
impl Seat for StoreSeat {
    async fn hold(&self, now: i64, until: i64) -> Result<bool, StoreError> {
        self.store.lease(&self.name, &self.owner, now, until).await
    }

    async fn remembered(&self) -> Option<String> {
        self.store.setting(&self.name).await.ok().flatten()
    }

    async fn remember(&self, session: &str) -> Result<(), StoreError> {
        self.store.set_setting(&self.name, session).await
    }
}

/// Takes the lease, waiting for it as long as it takes; false when told to stop.
pub async fn take(seat: &dyn Seat, clock: &dyn Clock, stop: &CancellationToken) -> bool {
    let mut told = false;
    loop {
        let now = clock.now().work.as_millisecond();
        match seat.hold(now, now + limits::GATEWAY_LEASE_MS).await {
            Ok(true) => return true,
            Ok(false) if !told => {
                told = true;
                tracing::info!(name: "discord.elsewhere", "another replica is connected to Discord; this one waits");
            }
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(name: "discord.lease_failed", %error, "the lease of Discord's gateway is not to be had: {error}");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return false,
            () = tokio::time::sleep(Duration::from_millis(limits::GATEWAY_CHORE_MS)) => {}
        }
    }
}

/// Extends the lease and remembers the session, until the lease is lost. To be dropped with the connection.
pub async fn keep(seat: &dyn Seat, clock: &dyn Clock, mut session: watch::Receiver<String>) {
    let now = || clock.now().work.as_millisecond();
    let mut until = now() + limits::GATEWAY_LEASE_MS;
    loop {
        tokio::time::sleep(Duration::from_millis(limits::GATEWAY_CHORE_MS)).await;
        let wanted = now() + limits::GATEWAY_LEASE_MS;
        match seat.hold(now(), wanted).await {
            Ok(true) => until = wanted,
            Ok(false) => return,
            // As long as it runs nobody else can have taken it.
            Err(_) if now() < until => {}
            Err(_) => return,
        }
        if session.has_changed().unwrap_or(false) {
            let text = session.borrow_and_update().clone();
            if let Err(error) = seat.remember(&text).await {
                session.mark_changed();
                tracing::warn!(name: "discord.session_not_kept", %error, "the gateway session is not kept: {error}");
            }
        }
    }
}
