//! WebSockets to a platform: opened within a time limit, with a bound on what one message may hold, TLS by rustls with ring.

use crate::limits;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

/// An open connection.
pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why there is none. The address, which may hold a ticket, is not named.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    #[error("no answer within {} s", limits::SOCKET_CONNECT_MS / 1000)]
    Late,
    #[error("the socket does not open: {0}")]
    Refused(String),
}

/// Opens one.
///
/// # Errors
/// When the server does not answer in time, or with something else than a WebSocket.
pub async fn open(url: &str) -> Result<Socket, SocketError> {
    // Fails only when a provider is set already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = WebSocketConfig::default()
        .max_message_size(Some(limits::SOCKET_MESSAGE_BYTES))
        .max_frame_size(Some(limits::SOCKET_MESSAGE_BYTES));
    let opening = connect_async_with_config(url, Some(config), true);
    match tokio::time::timeout(Duration::from_millis(limits::SOCKET_CONNECT_MS), opening).await {
        Err(_) => Err(SocketError::Late),
        Ok(Err(error)) => Err(SocketError::Refused(error.to_string())),
        Ok(Ok((socket, _))) => Ok(socket),
    }
}
