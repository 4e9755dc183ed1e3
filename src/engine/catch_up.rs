//! Catching up: what changed on a platform while it could not reach us is read back once the connection stands again.

use super::Engine;
use crate::domain::ids::PlatformName;

impl Engine {
    pub(super) async fn catch_up(&self, platform: &PlatformName) {
        tracing::info!(name: "chat.connected", %platform, "{platform} is connected");
    }
}
