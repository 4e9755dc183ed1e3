//! Signed HTTP: Slack posts commands, events and interactions, on one path or on three.
//!
//! It promises this order: the request's age and signature are verified over the very bytes that came, then it is kept,
//! then acknowledged with an empty body. Nothing else stands between, so an acknowledgement waits for one group commit and
//! for nothing else. What was kept before is acknowledged again, and played back with the same signature it is refused;
//! except that Slack itself, whose first try of an event got no answer, tries again at once and within the same second signs
//! the same. Either way nothing is worked twice.
//! Deliberately absent: TLS, which a proxy before it ends, and every reading of what was sent.

use super::arrival::{self, Form};
use super::unsigned::Unsaid;
use crate::chat::{Arrival, Inbox, IntakeError, Kept, Token};
use crate::clock::Clock;
use crate::limits;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use std::sync::Arc;
use std::time::Duration;

/// Why a request is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsigned {
    /// A header is missing or is no text.
    Missing,
    /// Its time is not a number, or further from ours than [`limits::SLACK_AGE_S`].
    Age,
    /// Somebody without the secret made it.
    Wrong,
}

impl Unsigned {
    fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Age => "age",
            Self::Wrong => "wrong",
        }
    }
}

/// Verifies requests with the signing secret.
#[derive(Clone)]
pub struct Verifier {
    /// `None` when the secret is empty, which believes nobody.
    mac: Option<Hmac<Sha256>>,
    clock: Arc<dyn Clock>,
}

impl Verifier {
    #[must_use]
    pub fn new(secret: &Token, clock: Arc<dyn Clock>) -> Self {
        let key = secret.expose().as_bytes();
        let mac = if key.is_empty() { None } else { Hmac::new_from_slice(key).ok() };
        Self { mac, clock }
    }

    /// The time and the signature that a request brings, once its time is near ours.
    ///
    /// # Errors
    /// When one is missing, or the time is too far from ours.
    fn brought(&self, headers: &HeaderMap) -> Result<(String, String), Unsigned> {
        let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
        let (time, signature) =
            text("x-slack-request-timestamp").zip(text("x-slack-signature")).ok_or(Unsigned::Missing)?;
        let sent: i64 = time.parse().map_err(|_| Unsigned::Age)?;
        let now = self.clock.now().wall.as_second();
        if now.saturating_sub(sent).saturating_abs() > limits::SLACK_AGE_S {
            return Err(Unsigned::Age);
        }
        Ok((time.to_owned(), signature.to_owned()))
    }

    /// Whether a request of this time was signed only a moment ago.
    fn just_now(&self, time: &str) -> bool {
        let now = self.clock.now().wall.as_second();
        time.parse().is_ok_and(|sent: i64| now.saturating_sub(sent).saturating_abs() <= limits::SLACK_AT_ONCE_S)
    }

    /// Compares in a time that does not depend on what differs.
    ///
    /// # Errors
    /// When the signature is not of this time and body.
    fn verify(&self, time: &str, signature: &str, body: &[u8]) -> Result<(), Unsigned> {
        let given = signature.strip_prefix("v0=").and_then(unhex).ok_or(Unsigned::Wrong)?;
        let mut mac = self.mac.clone().ok_or(Unsigned::Wrong)?;
        for part in [b"v0:", time.as_bytes(), b":", body] {
            mac.update(part);
        }
        mac.verify_slice(&given).map_err(|_| Unsigned::Wrong)
    }
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut out = [0; 32];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        // Only the letters that Slack writes: another spelling of a signature would not be recognised when played back.
        let digit = |b: u8| if b.is_ascii_uppercase() { None } else { char::from(b).to_digit(16) };
        *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?;
    }
    Some(out)
}

struct Endpoint {
    verifier: Verifier,
    inbox: Arc<dyn Inbox>,
    unsaid: Unsaid,
}

/// Answers at `path`, and at `commands`, `events` and `interactions` below it; each takes whatever Slack sends.
pub fn router(path: &str, secret: &Token, clock: Arc<dyn Clock>, inbox: Arc<dyn Inbox>) -> Router {
    let endpoint = Arc::new(Endpoint { verifier: Verifier::new(secret, clock), inbox, unsaid: Unsaid::default() });
    let path = path.trim_matches('/');
    let root = if path.is_empty() { String::new() } else { format!("/{path}") };
    let own = if root.is_empty() { "/".to_owned() } else { root.clone() };
    let mut router = Router::new().route(&own, post(receive));
    for part in ["commands", "events", "interactions"] {
        router = router.route(&format!("{root}/{part}"), post(receive));
    }
    router.with_state(endpoint)
}

async fn receive(State(endpoint): State<Arc<Endpoint>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let collected = axum::body::to_bytes(body, limits::SLACK_BODY_BYTES);
    let body = match tokio::time::timeout(Duration::from_millis(limits::SLACK_BODY_MS), collected).await {
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
        Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Ok(Ok(body)) => body,
    };
    let brought = endpoint.verifier.brought(&parts.headers);
    let verified = brought.and_then(|(time, proof)| {
        endpoint.verifier.verify(&time, &proof, &body).map(|()| (endpoint.verifier.just_now(&time), proof))
    });
    match verified {
        Ok((just_now, proof)) => answer(&endpoint, &parts, &body, proof, just_now).await,
        Err(_) if is_form(&parts) && checks_tls(&body) => StatusCode::OK.into_response(),
        Err(why) => {
            let why = why.word();
            metrics::counter!("signalbox_chat_unsigned_total", "platform" => super::NAME, "why" => why).increment(1);
            let now = endpoint.verifier.clock.now().work.as_millisecond();
            match endpoint.unsaid.one_more(now) {
                Some(1) => {
                    tracing::warn!(name: "slack.unsigned", why, "a request to Slack's endpoint is not signed by Slack: {why}");
                }
                Some(count) => {
                    tracing::warn!(
                        name: "slack.unsigned", why, count,
                        "{count} more requests to Slack's endpoint are not signed by Slack; the last: {why}"
                    );
                }
                None => {}
            }
            StatusCode::UNAUTHORIZED.into_response()
        }
    }
}

async fn answer(endpoint: &Endpoint, parts: &Parts, body: &Bytes, proof: String, just_now: bool) -> Response {
    let arrival = match read(is_form(parts), body, proof) {
        Read::Arrival(arrival) => arrival,
        Read::Challenge(challenge) => return ([(header::CONTENT_TYPE, "text/plain")], challenge).into_response(),
        Read::Nothing => return StatusCode::OK.into_response(),
    };
    let kept = endpoint.inbox.keep(arrival).await;
    // The header is not signed, so it says something only where a second try could look like this, and is worth an answer only.
    let tried_again = just_now && !is_form(parts) && parts.headers.contains_key("x-slack-retry-num");
    if tried_again && matches!(kept, Ok(Kept::Replayed)) {
        return StatusCode::OK.into_response();
    }
    status(&kept).into_response()
}

fn status(kept: &Result<Kept, IntakeError>) -> StatusCode {
    match kept {
        Ok(Kept::New | Kept::Again) => StatusCode::OK,
        Ok(Kept::Replayed) => StatusCode::CONFLICT,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

enum Read {
    Arrival(Arrival),
    /// Slack asks whether the address is ours.
    Challenge(String),
    /// Slack looks at the certificate.
    Nothing,
}

/// Each body is parsed once. The address says nothing: one path may take everything.
fn read(form: bool, body: &[u8], proof: String) -> Read {
    let text = String::from_utf8_lossy(body);
    if form {
        let fields = Form::read(&text);
        return match fields.get("payload") {
            Some(payload) => Read::Arrival(arrival::of_payload(payload, proof)),
            None if fields.get("ssl_check") == Some("1") => Read::Nothing,
            None => Read::Arrival(arrival::of_form(fields, proof)),
        };
    }
    let Ok(value) = serde_json::from_str::<Value>(&text) else {
        return Read::Arrival(arrival::of_text(&text, proof));
    };
    match arrival::text(&value, "/challenge") {
        Some(challenge) if arrival::text(&value, "/type") == Some("url_verification") => {
            Read::Challenge(challenge.to_owned())
        }
        _ => Read::Arrival(arrival::of_json(value, proof)),
    }
}

/// Slack's look at the certificate need not be signed; it is told nothing by a 200.
fn checks_tls(body: &[u8]) -> bool {
    std::str::from_utf8(body).is_ok_and(|text| Form::read(text).get("ssl_check") == Some("1"))
}

fn is_form(parts: &Parts) -> bool {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.starts_with("application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests;
