//! Asks the console as a script would.

use super::fake::Fake;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::request::Builder;
use axum::http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use signalbox::web::console_router;
use std::sync::Arc;
use tower::ServiceExt as _;

pub const SECRET: &str = "opensesame";

pub struct World {
    pub fake: Arc<Fake>,
    pub app: Router,
}

pub async fn world() -> World {
    let fake = Fake::new(None).await;
    World { app: console_router(fake.deps(), SECRET), fake }
}

pub fn request(method: &str, path: &str) -> Builder {
    Request::builder().method(method).uri(path).header("host", "127.0.0.1:8080")
}

pub fn authorised(method: &str, path: &str) -> Builder {
    request(method, path).header("authorization", format!("Bearer {SECRET}"))
}

pub async fn read(response: Response<Body>) -> (StatusCode, Value) {
    let status = response.status();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes))))
}

impl World {
    pub async fn raw(&self, request: Request<Body>) -> Response<Body> {
        self.app.clone().oneshot(request).await.unwrap()
    }

    pub async fn status(&self, request: Builder) -> StatusCode {
        self.raw(request.body(Body::empty()).unwrap()).await.status()
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = read(self.raw(authorised("GET", path).body(Body::empty()).unwrap()).await).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    pub async fn try_post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let request = authorised("POST", path).header("content-type", "application/json");
        read(self.raw(request.body(Body::from(body.to_string())).unwrap()).await).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.try_post(path, body).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    }

    pub async fn says(&self, who: &str, text: &str) -> Value {
        self.post("/api/post", json!({ "as": who, "channel": "deployments", "text": text })).await
    }

    /// The plain text of every message of #deployments that this person sees, outside threads.
    pub async fn reads(&self, who: &str) -> Vec<String> {
        let page = self.get(&format!("/api/channels/deployments?as={who}")).await;
        page["messages"].as_array().unwrap().iter().map(|m| m["text"].as_str().unwrap().to_owned()).collect()
    }
}
