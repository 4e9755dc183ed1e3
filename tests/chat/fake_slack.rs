//! The stand-in of Slack refuses what Slack refuses.

use crate::support::slack::FakeSlack;
use crate::support::slack::options::Options;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

async fn workspace(options: Options) -> FakeSlack {
    let fake = FakeSlack::start(options).await.unwrap();
    fake.person("U1", "ann", "Ann Lee", "Europe/Berlin");
    fake.person("U2", "bo", "Bo Ray", "Asia/Dubai");
    fake.channel("C1", "deployments", &["U1", "U2"]);
    fake
}

async fn call(fake: &FakeSlack, method: &str, body: Value) -> Value {
    let request = signalbox::http::loopback().unwrap().post(format!("{}/{method}", fake.api_url()));
    let token = if method.starts_with("apps.") { "test-app-token" } else { "test-bot-token" };
    request.bearer_auth(token).json(&body).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_message_is_posted_edited_and_seen() {
    let fake = workspace(Options::default()).await;
    let posted = call(&fake, "chat.postMessage", json!({"channel": "C1", "text": "one"})).await;
    assert_eq!(posted["ok"], true, "{posted}");
    let ts = posted["ts"].as_str().unwrap();
    let edited = call(&fake, "chat.update", json!({"channel": "C1", "ts": ts, "text": "two"})).await;
    assert_eq!(edited["text"], "two");
    assert_eq!(fake.read(|world| world.message("C1", ts).unwrap().edits()), 1);
    assert_eq!(fake.refusals(), []);
}

/// Opens a socket as an app does, and reads its hello.
async fn socket(fake: &FakeSlack) -> App {
    let opened = call(fake, "apps.connections.open", json!({})).await;
    let (mut socket, _) = tokio_tungstenite::connect_async(opened["url"].as_str().unwrap()).await.unwrap();
    assert_eq!(frame(&mut socket).await["type"], "hello");
    socket
}

type App = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn frame(socket: &mut App) -> Value {
    let frame = socket.next().await.unwrap().unwrap();
    serde_json::from_str(frame.to_text().unwrap()).unwrap()
}

async fn ack(socket: &mut App, envelope: &Value, payload: Value) {
    let answer = json!({"envelope_id": envelope["envelope_id"], "payload": payload});
    socket.send(Message::text(answer.to_string())).await.unwrap();
}

#[tokio::test]
async fn a_command_goes_over_the_socket_and_its_acknowledgement_is_seen() {
    let fake = workspace(Options::default()).await;
    let mut app = socket(&fake).await;
    let sent = fake.slash("U1", "C1", "/deploy", "v1.2.0 to @bo & <b>").unwrap();
    let envelope = frame(&mut app).await;
    assert_eq!(envelope["type"], "slash_commands");
    assert_eq!(envelope["payload"]["text"], "v1.2.0 to <@U2|bo> &amp; &lt;b&gt;");
    ack(&mut app, &envelope, json!({"text": "on its way"})).await;
    sent.acked().await.unwrap();
    let only_for = fake.read(|world| world.channels["C1"].messages[0].only_for.clone());
    assert_eq!(only_for.as_deref(), Some("U1"));
    assert_eq!(fake.refusals(), []);
}
