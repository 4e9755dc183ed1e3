//! The stand-in of Slack refuses what Slack refuses.

mod calls;
mod deliveries;
mod kit;
mod people;

use crate::support::slack::FakeSlack;
use crate::support::slack::options::Options;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use signalbox::clock::VirtualClock;
use signalbox::domain::time::from_millis;
use std::sync::Arc;
use tokio_tungstenite::tungstenite::Message;

/// Ann in Berlin and Bo in Dubai, both in `C1`, #deployments.
async fn workspace(options: Options) -> FakeSlack {
    let fake = FakeSlack::start(options).await.unwrap();
    fake.person("U1", "ann", "Ann Lee", "Europe/Berlin");
    fake.person("U2", "bo", "Bo Ray", "Asia/Dubai");
    fake.channel("C1", "deployments", &["U1", "U2"]);
    fake
}

/// The same, on Monday, 2 March 2026, 07:00 UTC, until somebody moves the clock.
async fn standing_still() -> (FakeSlack, Arc<VirtualClock>) {
    let clock = Arc::new(VirtualClock::starting_at(from_millis(1_772_434_800_000)));
    (workspace(Options::default().clock(clock.clone())).await, clock)
}

async fn call(fake: &FakeSlack, method: &str, body: Value) -> Value {
    answer(fake, method, body).await.json().await.unwrap()
}

async fn answer(fake: &FakeSlack, method: &str, body: Value) -> reqwest::Response {
    let request = signalbox::http::loopback().unwrap().post(format!("{}/{method}", fake.api_url()));
    let token = if method.starts_with("apps.") { "test-app-token" } else { "test-bot-token" };
    request.bearer_auth(token).json(&body).send().await.unwrap()
}

/// Reading methods take a query.
async fn get(fake: &FakeSlack, method: &str, query: &[(&str, &str)]) -> Value {
    let request = signalbox::http::loopback().unwrap().get(format!("{}/{method}", fake.api_url()));
    request.bearer_auth("test-bot-token").query(query).send().await.unwrap().json().await.unwrap()
}

async fn posted(fake: &FakeSlack, body: Value) -> String {
    let answer = call(fake, "chat.postMessage", body).await;
    assert_eq!(answer["ok"], true, "{answer}");
    answer["ts"].as_str().unwrap().to_owned()
}

type App = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn address(fake: &FakeSlack) -> String {
    call(fake, "apps.connections.open", json!({})).await["url"].as_str().unwrap().to_owned()
}

/// Opens a socket as an app does, and reads its hello.
async fn socket(fake: &FakeSlack) -> App {
    let (mut socket, _) = tokio_tungstenite::connect_async(address(fake).await).await.unwrap();
    assert_eq!(frame(&mut socket).await["type"], "hello");
    socket
}

async fn frame(socket: &mut App) -> Value {
    loop {
        let Some(Ok(frame)) = socket.next().await else { panic!("the socket ended without a word") };
        if frame.is_text() {
            return serde_json::from_str(frame.to_text().unwrap()).unwrap();
        }
    }
}

async fn ack(socket: &mut App, envelope: &Value, payload: Value) {
    let answer = json!({"envelope_id": envelope["envelope_id"], "payload": payload});
    socket.send(Message::text(answer.to_string())).await.unwrap();
}
