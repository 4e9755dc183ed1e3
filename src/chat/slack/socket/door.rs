//! Slack's own door: `apps.connections.open` with the app-level token, and the address that it gives, once.

use super::Door;
use crate::chat::slack::SlackPlatform;
use crate::chat::{ChatError, socket};
use crate::limits;
use async_trait::async_trait;
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// The method that opens sockets.
const METHOD: &str = "apps.connections.open";

#[async_trait]
impl Door for SlackPlatform {
    type Stream = MaybeTlsStream<TcpStream>;

    fn stands(&self, stands: Result<bool, &str>) {
        match stands {
            Ok(stands) => self.health.connected(stands),
            Err(why) => self.health.barred(why),
        }
    }

    async fn open(&self) -> Result<WebSocketStream<Self::Stream>, ChatError> {
        let answer = self.api.call_app(METHOD, &json!({})).await.map_err(|error| match error.bad_token() {
            Some(_) => ChatError::Barred(format!("Slack refuses the app-level token ({error})")),
            None => error.to_chat(METHOD),
        })?;
        let url = answer["url"].as_str().unwrap_or_default();
        if !self.origin.allows(url) {
            return Err(ChatError::Refused("Slack's API gives an address for the socket that is not its own".into()));
        }
        let later = |what: String| ChatError::Later { what, after_ms: limits::SLACK_REACH_MS };
        socket::open(url).await.map_err(|error| later(error.to_string()))
    }
}
