//! A server that repeats the token it was sent, wherever an answer has room for it.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Slack's way of saying no, with the token for a reason.
    Word,
    Scope,
    Arguments,
    /// Discord's.
    Form,
    Forbidden,
    Gone,
    Redirect,
    TooMany,
    Broken,
    NoJson,
    /// An address for a socket, with the token in it, that nobody listens at.
    Socket,
    Unauthorised,
}

impl Answer {
    pub const ALL: [Self; 12] = [
        Self::Word,
        Self::Scope,
        Self::Arguments,
        Self::Form,
        Self::Forbidden,
        Self::Gone,
        Self::Redirect,
        Self::TooMany,
        Self::Broken,
        Self::NoJson,
        Self::Socket,
        Self::Unauthorised,
    ];

    fn with(self, token: &str) -> (u16, Option<String>, String) {
        let t = format!("who is {token}?");
        let json = |status: u16, value: Value| (status, None, value.to_string());
        match self {
            Self::Word => json(200, json!({"ok": false, "error": token})),
            Self::Scope => {
                json(200, json!({"ok": false, "error": "missing_scope", "needed": token, "provided": token}))
            }
            Self::Arguments => {
                json(200, json!({"ok": false, "error": "invalid_arguments", "response_metadata": {"messages": [t]}}))
            }
            Self::Form => {
                let wrong = json!({token: {"_errors": [{"code": token, "message": t}]}});
                json(400, json!({"message": t, "code": 50_035, "errors": wrong}))
            }
            Self::Forbidden => json(403, json!({"message": t, "code": 50_013, "ok": false, "error": token})),
            Self::Gone => json(404, json!({"message": t, "code": 10_008, "ok": false, "error": token})),
            Self::Redirect => (302, Some(format!("http://127.0.0.1:9/{token}?token={token}")), t),
            Self::TooMany => json(429, json!({"message": t, "retry_after": 0.5, "ok": false, "error": token})),
            Self::Broken => (500, None, format!("<html>{t}</html>")),
            Self::NoJson => (200, None, t),
            Self::Socket => {
                let url = format!("ws://127.0.0.1:9/{token}?ticket={token}");
                json(200, json!({"ok": true, "url": url, "session_start_limit": {"remaining": 9, "total": 9}}))
            }
            Self::Unauthorised => json(401, json!({"message": t, "code": 0, "ok": false, "error": "invalid_auth"})),
        }
    }
}

/// Counts what was asked, as (Slack, Discord).
#[derive(Clone)]
pub struct Parrot {
    way: Arc<Mutex<Answer>>,
    pub asked: watch::Sender<(usize, usize)>,
    /// Requests that brought a token.
    pub tokens: Arc<AtomicUsize>,
    pub address: String,
}

impl Parrot {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (way, asked) = (Arc::new(Mutex::new(Answer::Word)), watch::Sender::new((0, 0)));
        let parrot = Self { way, asked, tokens: Arc::default(), address };
        let app = Router::new().fallback(says).with_state(parrot.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        parrot
    }

    pub fn answers(&self, way: Answer) {
        *self.way.lock().unwrap() = way;
        self.asked.send_replace((0, 0));
    }
}

async fn says(State(parrot): State<Parrot>, request: Request) -> Response {
    let header = request.headers().get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let token = header.split_once(' ').map_or("nobody", |(_, token)| token).to_owned();
    if token != "nobody" {
        parrot.tokens.fetch_add(1, Ordering::Relaxed);
    }
    let slack = !request.uri().path().contains("/api/v10/");
    let (status, location, body) = parrot.way.lock().unwrap().with(&token);
    let mut response = Response::builder().status(status).header("content-type", "application/json");
    if let Some(location) = location {
        response = response.header("location", location);
    }
    if status == 429 {
        response = response.header("retry-after", "1").header("x-ratelimit-bucket", &token);
    }
    parrot.asked.send_modify(|(a, b)| *(if slack { a } else { b }) += 1);
    response.body(Body::from(body)).unwrap()
}
