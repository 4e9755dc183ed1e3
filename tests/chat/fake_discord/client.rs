//! A small client of its own, so that the stand-in is not tested with the adapter that it is there to test.

use crate::support::discord::{FakeDiscord, Options, TOKEN};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use signalbox::clock::VirtualClock;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// GUILDS, GUILD_MESSAGES, GUILD_MESSAGE_REACTIONS, DIRECT_MESSAGES.
pub const INTENTS: u64 = 1 | 1 << 9 | 1 << 10 | 1 << 12;

pub fn clock() -> Arc<VirtualClock> {
    Arc::new(VirtualClock::starting_at("2027-01-04T10:00:00Z".parse().unwrap()))
}

/// A server in virtual time, with a channel `deployments`, and Maya and Omar in it.
pub async fn server(clock: &Arc<VirtualClock>) -> FakeDiscord {
    let fake = FakeDiscord::start(Options { clock: clock.clone(), ..Options::default() }).await;
    fake.add_channel("deployments");
    fake.add_user("maya");
    fake.add_user("omar");
    fake
}

#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub body: Value,
    pub headers: reqwest::header::HeaderMap,
}

impl Got {
    /// Discord's code.
    pub fn code(&self) -> u64 {
        self.body["code"].as_u64().unwrap_or_default()
    }

    #[track_caller]
    pub fn fine(self) -> Value {
        assert!(self.status < 300, "{self:#?}");
        self.body
    }

    /// The first complaint under a path of `errors`.
    pub fn complaint(&self, path: &str) -> &str {
        let at = path.split('.').fold(&self.body["errors"], |value, part| &value[part]);
        at["_errors"][0]["code"].as_str().unwrap_or_default()
    }
}

pub async fn call(fake: &FakeDiscord, method: &str, path: &str, body: Value) -> Got {
    request(fake, method, path, &format!("Bot {TOKEN}"), "DiscordBot (https://example.org, 1)", body).await.unwrap()
}

pub async fn request(
    fake: &FakeDiscord,
    method: &str,
    path: &str,
    authorization: &str,
    agent: &str,
    body: Value,
) -> Result<Got, reqwest::Error> {
    let client = signalbox::http::loopback()?;
    let url = format!("{}/api/v10{path}", fake.base_url());
    let mut request = client.request(method.parse().unwrap(), url).header("user-agent", agent);
    request = request.header("authorization", authorization);
    if !body.is_null() {
        request = request.json(&body);
    }
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await?;
    Ok(Got { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
}

/// The bot's end of a gateway socket.
pub struct Bot {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub seq: u64,
}

impl Bot {
    pub async fn dial(fake: &FakeDiscord) -> Self {
        let url = call(fake, "GET", "/gateway/bot", Value::Null).await.fine()["url"].clone();
        Self::at(url.as_str().unwrap()).await
    }

    pub async fn at(url: &str) -> Self {
        let url = format!("{url}/?v=10&encoding=json");
        let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        Self { socket, seq: 0 }
    }

    /// A connected bot; its READY too.
    pub async fn ready(fake: &FakeDiscord) -> (Self, Value) {
        let mut bot = Self::dial(fake).await;
        assert_eq!(bot.next().await["op"], 10);
        bot.identify(TOKEN, INTENTS).await;
        let ready = bot.event("READY").await;
        bot.event("GUILD_CREATE").await;
        (bot, ready)
    }

    pub async fn say(&mut self, payload: Value) {
        self.socket.send(Message::text(payload.to_string())).await.unwrap();
    }

    pub async fn identify(&mut self, token: &str, intents: u64) {
        let properties = json!({ "os": "linux", "browser": "test", "device": "test" });
        self.say(json!({ "op": 2, "d": { "token": token, "intents": intents, "properties": properties } })).await;
    }

    pub async fn resume(&mut self, session: &Value, seq: u64) {
        self.say(json!({ "op": 6, "d": { "token": TOKEN, "session_id": session, "seq": seq } })).await;
    }

    async fn frame(&mut self) -> Option<Message> {
        let waiting = tokio::time::timeout(Duration::from_secs(10), self.socket.next());
        waiting.await.unwrap_or_else(|_| panic!("the gateway said nothing")).and_then(Result::ok)
    }

    pub async fn next(&mut self) -> Value {
        match self.frame().await {
            Some(Message::Text(text)) => {
                let value: Value = serde_json::from_str(&text).unwrap();
                self.seq = value["s"].as_u64().unwrap_or(self.seq);
                value
            }
            other => panic!("not a payload: {other:?}"),
        }
    }

    /// The next dispatch, which must be of that kind.
    pub async fn event(&mut self, kind: &str) -> Value {
        let value = self.next().await;
        assert_eq!(value["t"], kind, "{value:#}");
        value["d"].clone()
    }

    /// The code it is closed with; none when the socket just ends.
    pub async fn closed(&mut self) -> Option<u16> {
        loop {
            match self.frame().await {
                Some(Message::Close(frame)) => return frame.map(|f| f.code.into()),
                Some(_) => {}
                None => return None,
            }
        }
    }

    pub async fn hang_up(mut self, code: u16) {
        let frame = tokio_tungstenite::tungstenite::protocol::CloseFrame { code: code.into(), reason: "".into() };
        self.socket.close(Some(frame)).await.unwrap();
        while let Some(Ok(_)) = self.socket.next().await {}
    }
}

/// Answers an interaction.
pub async fn answer(fake: &FakeDiscord, interaction: &Value, body: Value) -> Got {
    let (id, token) = (interaction["id"].as_str().unwrap(), interaction["token"].as_str().unwrap());
    call(fake, "POST", &format!("/interactions/{id}/{token}/callback"), body).await
}

/// The path of an interaction's answers.
pub fn hook(fake: &FakeDiscord, interaction: &Value, rest: &str) -> String {
    format!("/webhooks/{}/{}{rest}", fake.bot(), interaction["token"].as_str().unwrap())
}
