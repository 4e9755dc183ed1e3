//! Health, readiness, metrics and version, asked without a socket.

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use signalbox::web::{Health, ops_router};
use std::sync::Arc;
use tower::ServiceExt as _;

struct Sick(Option<&'static str>);

/// One of its platforms does not work.
struct Limping;

#[async_trait]
impl Health for Sick {
    async fn ready(&self) -> Result<Vec<String>, String> {
        self.0.map_or(Ok(Vec::new()), |why| Err(why.to_owned()))
    }

    fn metrics(&self) -> String {
        "signalbox_up 1\n".into()
    }
}

#[async_trait]
impl Health for Limping {
    async fn ready(&self) -> Result<Vec<String>, String> {
        Ok(vec!["slack: the token is refused".into(), "discord: the bot is not in #deployments".into()])
    }

    fn metrics(&self) -> String {
        String::new()
    }
}

async fn ask(health: impl Health + 'static, path: &str) -> (StatusCode, String) {
    let request = Request::builder().uri(path).body(Body::empty()).unwrap();
    let response = ops_router(Arc::new(health)).oneshot(request).await.unwrap();
    let status = response.status();
    (status, String::from_utf8(to_bytes(response.into_body(), 1 << 16).await.unwrap().to_vec()).unwrap())
}

#[tokio::test]
async fn a_process_that_is_not_ready_is_alive_all_the_same() {
    let sick = || Sick(Some("the database is locked"));
    assert_eq!(ask(sick(), "/healthz").await, (StatusCode::OK, "ok\n".into()));
    let ready = (StatusCode::SERVICE_UNAVAILABLE, "not ready: the database is locked\n".into());
    assert_eq!(ask(sick(), "/readyz").await, ready);
    assert_eq!(ask(Sick(None), "/readyz").await, (StatusCode::OK, "ready\n".into()));
    let told = "ready\nslack: the token is refused\ndiscord: the bot is not in #deployments\n";
    assert_eq!(ask(Limping, "/readyz").await, (StatusCode::OK, told.into()));
}

#[tokio::test]
async fn metrics_and_version_are_text() {
    assert_eq!(ask(Sick(None), "/metrics").await, (StatusCode::OK, "signalbox_up 1\n".into()));
    let version = format!("signalbox {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(ask(Sick(None), "/version").await, (StatusCode::OK, version));
}
