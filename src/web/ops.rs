//! What watches signalbox: is it alive, is it ready, its metrics and its version. No secret, and nothing secret in it.

use async_trait::async_trait;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;

/// Asked on every request.
#[async_trait]
pub trait Health: Send + Sync {
    /// Can it take work now? What does not work all the same is told, one line each.
    ///
    /// # Errors
    /// What is in the way, in one line.
    async fn ready(&self) -> Result<Vec<String>, String>;

    /// In the text format of Prometheus.
    fn metrics(&self) -> String;
}

/// `/healthz` (the process answers), `/readyz` (it can take work), `/metrics`, `/version`.
pub fn ops_router(health: Arc<dyn Health>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/version", get(async || concat!("signalbox ", env!("CARGO_PKG_VERSION"), "\n")))
        .with_state(health)
}

async fn ready(State(health): State<Arc<dyn Health>>) -> Response {
    match health.ready().await {
        Ok(troubles) => troubles.iter().fold("ready\n".to_owned(), |text, line| text + line + "\n").into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")).into_response(),
    }
}

async fn metrics(State(health): State<Arc<dyn Health>>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], health.metrics()).into_response()
}
