//! Live updates: everything once, in order, only what the person may see, from where they left off.

use super::world::{World, authorised, world};
use axum::body::Body;
use axum::http::StatusCode;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use signalbox::chat::{Platform as _, Post};
use signalbox::domain::message::{Message, Tone};
use signalbox::limits::{CONSOLE_STREAM_BATCH, CONSOLE_STREAMS};
use std::time::Duration;

struct Stream {
    body: axum::body::BodyDataStream,
    text: String,
}

#[derive(Debug)]
struct Event {
    id: Option<i64>,
    kind: String,
    data: Value,
}

impl Stream {
    async fn open(world: &World, query: &str, last: Option<i64>) -> Stream {
        let mut request = authorised("GET", &format!("/api/stream?{query}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last.to_string());
        }
        let response = world.raw(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut stream = Stream { body: response.into_body().into_data_stream(), text: String::new() };
        assert_eq!(stream.next().await.kind, "clock", "it begins with the time");
        stream
    }

    async fn piece(&mut self) -> Option<String> {
        // The limit only ends a test that would wait for ever.
        let piece = tokio::time::timeout(Duration::from_secs(20), self.body.next()).await.unwrap();
        piece.map(|bytes| String::from_utf8(bytes.unwrap().to_vec()).unwrap())
    }

    async fn next(&mut self) -> Event {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| event.lines().find_map(|l| l.strip_prefix(name)).map(|v| v.trim().to_owned());
                let Some(data) = field("data:") else { continue };
                let id = field("id:").map(|id| id.parse().unwrap());
                return Event { id, kind: field("event:").unwrap(), data: serde_json::from_str(&data).unwrap() };
            }
            let piece = self.piece().await.unwrap();
            self.text.push_str(&piece);
        }
    }
}

#[tokio::test]
async fn what_changes_arrives_with_its_revision() {
    let world = world().await;
    let mut stream = Stream::open(&world, "as=lea", None).await;
    let card = world.fake.post("card/42", "deployments", world.fake.card()).await;
    let event = stream.next().await;
    assert_eq!((event.kind.as_str(), &event.data["id"]), ("message", &json!(card.id)));
    assert_eq!(event.id, event.data["rev"].as_i64());
    world.post("/api/react", json!({ "as": "omar", "message": card.id, "emoji": "👀" })).await;
    assert_eq!(stream.next().await.data["reactions"][0]["people"], json!(["omar"]));
    world.fake.reply("log", &card, Message::line(Tone::Neutral, "started")).await;
    let (one, two) = (stream.next().await, stream.next().await);
    let mut seen = [(&one.data["id"], &one.data["replies"]), (&two.data["id"], &two.data["replies"])];
    seen.sort_by_key(|(id, _)| id.to_string());
    assert_eq!(seen[0], (&json!(card.id), &json!(1)), "the message tells of its thread");
    assert!(one.id < two.id);
}

#[tokio::test]
async fn a_reader_who_comes_back_misses_nothing() {
    let world = world().await;
    world.says("sara", "one").await;
    let rev = world.get("/api/state?as=lea").await["rev"].as_i64().unwrap();
    world.says("sara", "two").await;
    world.says("sara", "three").await;
    let mut stream = Stream::open(&world, &format!("as=lea&since={rev}"), None).await;
    let two = stream.next().await;
    assert_eq!(two.data["text"], "two");
    drop(stream);
    world.says("sara", "four").await;
    // The browser's header says more than the address it first asked for.
    let mut stream = Stream::open(&world, &format!("as=lea&since={rev}"), two.id).await;
    assert_eq!(stream.next().await.data["text"], "three");
    assert_eq!(stream.next().await.data["text"], "four");
}

#[tokio::test]
async fn more_than_one_batch_arrives_whole() {
    let world = world().await;
    let many = CONSOLE_STREAM_BATCH * 2 + 1;
    for n in 0..many {
        world.fake.post(&format!("m{n}"), "deployments", Message::line(Tone::Neutral, n.to_string())).await;
    }
    let mut stream = Stream::open(&world, "as=lea&since=0", None).await;
    for n in 0..many {
        assert_eq!(stream.next().await.data["text"], n.to_string());
    }
}

#[tokio::test]
async fn private_messages_reach_only_their_person() {
    let world = world().await;
    let (mut sara, mut omar) =
        (Stream::open(&world, "as=sara", None).await, Stream::open(&world, "as=omar", None).await);
    let message = Message::line(Tone::Neutral, "for you");
    let post =
        Post { key: "p".into(), channel: "deployments".into(), thread: None, only_for: Some("sara".into()), message };
    world.fake.platform.post(&post).await.unwrap();
    world.says("lea", "for all").await;
    assert_eq!(sara.next().await.data["text"], "for you");
    assert_eq!(omar.next().await.data["text"], "for all");
}

#[tokio::test]
async fn the_clock_is_told_when_it_moves() {
    let world = world().await;
    let mut stream = Stream::open(&world, "as=lea", None).await;
    let moved = world.post("/api/advance", json!({ "span": "1h30m" })).await;
    assert_eq!(moved["now"], "2027-01-04T08:35:00Z");
    let event = stream.next().await;
    assert_eq!((event.kind.as_str(), &event.data["now"]), ("clock", &moved["now"]));
}

#[tokio::test]
async fn closing_ends_the_streams() {
    let world = world().await;
    let mut stream = Stream::open(&world, "as=lea", None).await;
    world.fake.platform.close().await;
    assert_eq!(stream.piece().await, None);
}

#[tokio::test]
async fn so_many_pages_may_be_open() {
    let world = world().await;
    let mut open = Vec::new();
    for _ in 0..CONSOLE_STREAMS {
        open.push(Stream::open(&world, "as=lea", None).await);
    }
    assert_eq!(world.status(authorised("GET", "/api/stream?as=lea")).await, StatusCode::SERVICE_UNAVAILABLE);
    open.pop();
    Stream::open(&world, "as=lea", None).await;
}
