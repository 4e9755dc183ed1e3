//! `POST /alerts/NAME`: a source hands in what it sees.
//!
//! The order is fixed: is there such a source, is there room, does it prove itself, is it stored; then it is told so. Nothing is
//! read before that, so a sender waits for one group commit and for nothing else. Whoever is not answered with success sends
//! again, and hears of 503 with a time to wait when the store cannot take it.

use super::PLATFORM;
use super::format::Format;
use super::proof::{Proof, Unproven};
use crate::chat::{Arrival, Inbox, Kept};
use crate::clock::Clock;
use crate::domain::ids::PlatformName;
use crate::domain::plan::hex;
use crate::limits;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How often one line of the log says that somebody without proof posts, in milliseconds.
const SAY_EVERY_MS: i64 = 60_000;

/// One source of config.
pub struct Source {
    pub name: String,
    pub format: Format,
    pub proof: Proof,
}

struct Endpoint {
    sources: BTreeMap<String, Source>,
    inbox: Arc<dyn Inbox>,
    clock: Arc<dyn Clock>,
    room: Semaphore,
    /// When it was last said that somebody without proof posts, by the work clock.
    said: AtomicI64,
}

/// Answers for these sources.
pub fn router(sources: Vec<Source>, clock: Arc<dyn Clock>, inbox: Arc<dyn Inbox>) -> Router {
    let sources = sources.into_iter().map(|source| (source.name.clone(), source)).collect();
    let (room, said) = (Semaphore::new(limits::ALERT_REQUESTS), AtomicI64::new(i64::MIN));
    let endpoint = Arc::new(Endpoint { sources, inbox, clock, room, said });
    Router::new().route("/alerts/{name}", post(receive)).with_state(endpoint)
}

async fn receive(State(endpoint): State<Arc<Endpoint>>, Path(name): Path<String>, request: Request<Body>) -> Response {
    let Some(source) = endpoint.sources.get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let (response, outcome) = endpoint.take(source, request).await;
    metrics::counter!("signalbox_alert_requests_total", "source" => name, "outcome" => outcome).increment(1);
    response
}

impl Endpoint {
    async fn take(&self, source: &Source, request: Request<Body>) -> (Response, &'static str) {
        if matches!(source.proof, Proof::Closed) {
            return (later(), "closed");
        }
        let Ok(_room) = self.room.try_acquire() else { return (later(), "busy") };
        let (parts, body) = request.into_parts();
        let query = parts.uri.query().unwrap_or_default();
        let now_s = self.clock.now().wall.as_second();
        if let Err(why) = source.proof.first(&parts.headers, query, now_s) {
            return self.unproven(source, why);
        }
        if !is_json(&parts.headers) {
            return (StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response(), "not_json");
        }
        let collected = axum::body::to_bytes(body, limits::ALERT_BODY_BYTES);
        let body = match tokio::time::timeout(Duration::from_millis(limits::ALERT_BODY_MS), collected).await {
            Err(_) => return (StatusCode::REQUEST_TIMEOUT.into_response(), "slow"),
            Ok(Err(_)) => return (StatusCode::PAYLOAD_TOO_LARGE.into_response(), "too_large"),
            Ok(Ok(body)) => body,
        };
        let proof = match source.proof.whole(&parts.headers, &body) {
            Ok(proof) => proof,
            Err(why) => return self.unproven(source, why),
        };
        let kept = self.inbox.keep(self.arrival(source, &parts.headers, &body, proof));
        match tokio::time::timeout(Duration::from_millis(limits::ALERT_KEEP_MS), kept).await {
            Ok(Ok(Kept::New)) => (StatusCode::ACCEPTED.into_response(), "kept"),
            Ok(Ok(Kept::Again | Kept::Replayed)) => (StatusCode::ACCEPTED.into_response(), "again"),
            // It says why where it is not stored. A sender that is told nothing good sends again, and then it is known.
            Ok(Err(_)) => (later(), "not_stored"),
            Err(_) => (later(), "slow_store"),
        }
    }

    /// What a sender numbers is known by that; what is signed, by its signature; anything else by its moment.
    fn arrival(&self, source: &Source, headers: &HeaderMap, body: &Bytes, proof: String) -> Arrival {
        let delivery = headers.get("x-github-delivery").and_then(|v| v.to_str().ok());
        let delivery = delivery.filter(|id| source.format == Format::Github && id.len() <= 64);
        let digest = || hex(&Sha256::digest(body)[..16]);
        let id = match delivery {
            Some(id) => id.to_owned(),
            None if source.proof.is_signature() && !matches!(source.proof, Proof::Grafana(_)) => {
                hex(&Sha256::digest(format!("{proof}{}", digest()).as_bytes())[..16])
            }
            None => format!("{}.{}", self.clock.now().wall.as_millisecond(), digest()),
        };
        Arrival {
            platform: PlatformName::new(PLATFORM),
            id: format!("{}.{id}", source.name),
            kind: source.format.name().to_owned(),
            lane: source.name.clone(),
            proof,
            body: String::from_utf8_lossy(body).into_owned(),
        }
    }

    fn unproven(&self, source: &Source, why: Unproven) -> (Response, &'static str) {
        let now = self.clock.now().work.as_millisecond();
        let last = self.said.load(Ordering::Acquire);
        if last.saturating_add(SAY_EVERY_MS) <= now {
            self.said.store(now, Ordering::Release);
            let (source, why) = (source.name.as_str(), why.word());
            tracing::warn!(name: "alerts.unproven", source, why, "a request to the alerts of {source} does not prove itself: {why}");
        }
        (StatusCode::UNAUTHORIZED.into_response(), why.word())
    }
}

/// Not now: whoever sends comes again.
fn later() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, limits::ALERT_RETRY_S.to_string())]).into_response()
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.ends_with("+json")
}
