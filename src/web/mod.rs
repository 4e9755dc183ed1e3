//! HTTP: the console page with its JSON API, and health, metrics and version.
//!
//! It promises that nothing but the page's own static files is served without the secret, that other sites' pages cannot
//! act through a person's browser, and that what people typed reaches the page as data only. Deliberately absent: TLS and
//! accounts; the console belongs on loopback, see [`bind()`].

mod api;
mod bind;
mod feed;
mod guard;
mod info;
mod ops;
mod page;
mod reply;
mod shown;
mod stream;

pub use bind::{BindError, bind};
pub use feed::{Feeds, RosterShifts, calendar, feed_router};
pub use info::{Advance, ClockView, CommandHint, ConsoleInfo, Suggestion};
pub use ops::{Health, ops_router};

use crate::chat::Intake;
use crate::chat::console::ConsolePlatform;
use crate::limits::{CONSOLE_BODY_BYTES, CONSOLE_STREAMS};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};
use guard::Guard;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// What the console needs of the rest.
#[derive(Clone)]
pub struct ConsoleDeps {
    pub platform: Arc<ConsolePlatform>,
    pub intake: Arc<dyn Intake>,
    pub info: Arc<dyn ConsoleInfo>,
    /// Host names besides those of loopback under which it may be asked, without port.
    pub hosts: Vec<String>,
}

/// What each request shares.
#[derive(Clone)]
struct Shared {
    deps: ConsoleDeps,
    guard: Arc<Guard>,
    streams: Arc<Semaphore>,
    /// Counts the moves of the clock, for live updates.
    clock_moves: Arc<watch::Sender<u64>>,
}

/// The page at `/` and its API under `/api`. An empty secret lets nobody in.
pub fn console_router(deps: ConsoleDeps, secret: &str) -> Router {
    let shared = Shared {
        guard: Arc::new(Guard::new(secret, &deps.hosts)),
        deps,
        streams: Arc::new(Semaphore::new(CONSOLE_STREAMS)),
        clock_moves: Arc::new(watch::Sender::new(0)),
    };
    let api = Router::new()
        .route("/api/state", get(api::state))
        .route("/api/channels/{channel}", get(api::channel))
        .route("/api/channels/{channel}/threads/{id}", get(api::thread))
        .route("/api/messages/{id}", get(api::message))
        .route("/api/unread", get(api::unread))
        .route("/api/complete", get(api::complete))
        .route("/api/clock", get(api::clock))
        .route("/api/stream", get(stream::stream))
        .route("/api/post", post(api::post))
        .route("/api/react", post(api::react))
        .route("/api/click", post(api::click))
        .route("/api/submit", post(api::click))
        .route("/api/read", post(api::mark_read))
        .route("/api/advance", post(api::advance))
        .layer(middleware::from_fn_with_state(shared.clone(), guard::secret));
    Router::new()
        .merge(api)
        .route("/api/session", post(guard::session))
        .merge(page::routes())
        .fallback(reply::not_found)
        .layer(DefaultBodyLimit::max(CONSOLE_BODY_BYTES))
        .layer(middleware::from_fn_with_state(shared.clone(), guard::origin))
        .layer(middleware::from_fn(guard::headers))
        .with_state(shared)
}

/// Where a person opens the console. The secret stands behind `#`, which browsers never send anywhere.
#[must_use]
pub fn console_url(address: std::net::SocketAddr, secret: &str) -> String {
    format!("http://{address}/#key={secret}")
}
