//! Steady synthetic traffic: so many requests a second through each place's balancer, over real connections.

use super::site::Site;
use crate::limits;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::MissedTickBehavior;

/// Sends requests until the place is gone. On a busy machine late ones are made up for, so that shares stay what they
/// should be, but at most [`limits::FLEET_IN_FLIGHT`] are on their way at once.
pub async fn send(site: Weak<Site>, client: reqwest::Client, per_second: u32) {
    let Some(url) = site.upgrade().map(|s| format!("http://{}/", s.balancer.address)) else { return };
    let mut tick = tokio::time::interval(Duration::from_secs(1) / per_second.max(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let room = Arc::new(Semaphore::new(limits::FLEET_IN_FLIGHT));
    while site.strong_count() > 0 {
        tick.tick().await;
        let Ok(permit) = room.clone().try_acquire_owned() else { continue };
        let request = client.get(&url);
        tokio::spawn(async move {
            if let Ok(response) = request.send().await {
                // Read to the end, so that the connection is used again.
                let _ = crate::http::body(response).await;
            }
            drop(permit);
        });
    }
}
