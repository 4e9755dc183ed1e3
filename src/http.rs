//! The home of the HTTP client: limits, redirects and the TLS provider are set here and nowhere else.
//!
//! Redirects are not followed, so that nobody who answers can send signalbox elsewhere. Bodies are read up to a bound.

#![expect(clippy::disallowed_methods, reason = "the home of the HTTP client")]

use crate::limits;
use reqwest::{Client, ClientBuilder, Response};
use std::time::Duration;

/// Used when a request brings no time limit of its own.
const DEFAULT_TIME_LIMIT: Duration = Duration::from_secs(30);

/// A client for the outside. Make one and clone it: clones share their connections.
///
/// # Errors
/// When the machine's certificates cannot be used.
pub fn client() -> Result<Client, reqwest::Error> {
    builder().build()
}

/// A client for this machine's loopback, past any proxy.
///
/// # Errors
/// As [`client`].
pub fn loopback() -> Result<Client, reqwest::Error> {
    builder().no_proxy().build()
}

fn builder() -> ClientBuilder {
    // Fails only when a provider is set already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("signalbox/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_millis(limits::HTTP_CONNECT_MS))
        .timeout(DEFAULT_TIME_LIMIT)
}

/// The start of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    pub bytes: Vec<u8>,
    /// There was more than [`limits::HTTP_BODY_BYTES`].
    pub cut: bool,
}

impl Body {
    /// What is not UTF-8 is shown as `�`.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// Reads a body up to [`limits::HTTP_BODY_BYTES`].
///
/// # Errors
/// When the connection breaks or the request's time limit is over.
pub async fn body(mut response: Response) -> Result<Body, reqwest::Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = limits::HTTP_BODY_BYTES - bytes.len();
        if chunk.len() > room {
            bytes.extend_from_slice(&chunk[..room]);
            return Ok(Body { bytes, cut: true });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Body { bytes, cut: false })
}

/// Why a request brought no answer, in words and without the URL, which may hold a secret.
#[must_use]
pub fn why_not(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".into();
    }
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let what = if error.is_connect() { "cannot connect" } else { "the request failed" };
    if std::ptr::addr_eq(deepest, error) { what.into() } else { format!("{what}: {deepest}") }
}
