//! A stand-in for the Web API that refuses nothing and costs little: every method succeeds, answers to acts are counted, and
//! sockets are handed to whoever waits for them.

use crate::Result;
use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Acts that can be counted.
const ACTS: usize = 4_000_000;

pub struct Web {
    pub address: SocketAddr,
    /// Where sockets are opened.
    pub sockets: TcpListener,
    seen: Arc<Seen>,
}

struct Seen {
    /// How often each act was answered.
    told: Vec<AtomicU8>,
    /// All of these answers.
    answers: AtomicU64,
    /// Calls of any other kind.
    calls: AtomicU64,
    socket: SocketAddr,
    held: watch::Sender<bool>,
}

impl Web {
    pub async fn start() -> Result<Self> {
        let (listener, sockets) = (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
        let seen = Arc::new(Seen {
            told: std::iter::repeat_with(AtomicU8::default).take(ACTS).collect(),
            answers: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            socket: sockets.local_addr()?,
            held: watch::Sender::new(false),
        });
        let address = listener.local_addr()?;
        let router = Router::new().fallback(answer).with_state(Arc::clone(&seen));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, sockets, seen })
    }

    /// How often the act of this number was answered.
    pub fn told(&self, n: usize) -> u8 {
        self.seen.told.get(n).map_or(0, |told| told.load(Ordering::Relaxed))
    }

    pub fn answers(&self) -> u64 {
        self.seen.answers.load(Ordering::Relaxed)
    }

    pub fn calls(&self) -> u64 {
        self.seen.calls.load(Ordering::Relaxed)
    }

    /// While it holds, no answer to an act is taken, so that soon nothing is worked.
    pub fn hold(&self, held: bool) {
        self.seen.held.send_replace(held);
    }

    pub async fn socket(&self) -> Result<tokio_tungstenite::WebSocketStream<TcpStream>> {
        let (stream, _) = self.sockets.accept().await?;
        stream.set_nodelay(true)?;
        Ok(tokio_tungstenite::accept_async(stream).await?)
    }
}

async fn answer(State(seen): State<Arc<Seen>>, uri: Uri) -> Response {
    let json = |body: String| ([(CONTENT_TYPE, "application/json")], body).into_response();
    let act = uri.path().strip_prefix("/hook/").and_then(|n| n.parse::<usize>().ok());
    let Some(told) = act.and_then(|n| seen.told.get(n)) else {
        let n = seen.calls.fetch_add(1, Ordering::Relaxed);
        return json(format!(
            r#"{{"ok":true,"ts":"{n}.000100","channel":"C0LOAD","user_id":"U0BOT","bot_id":"B0BOT","team_id":"T0LOAD",
            "url":"ws://{}/link","channels":[],"messages":[],"usergroups":[],"message":{{"ts":"{n}.000100"}}}}"#,
            seen.socket
        ));
    };
    // It lives as long as this server.
    let _ = seen.held.subscribe().wait_for(|held| !held).await;
    told.fetch_add(1, Ordering::Relaxed);
    seen.answers.fetch_add(1, Ordering::Relaxed);
    "ok".into_response()
}
