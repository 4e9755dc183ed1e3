//! Bad input and bad days: each gets a clear answer and changes nothing.

use super::fake::{Fake, id};
use super::world::{SECRET, World, authorised, world};
use async_trait::async_trait;
use axum::body::Body;
use axum::http::StatusCode;
use serde_json::{Value, json};
use signalbox::chat::{Answer, ChatError, Envelope, Intake, IntakeError, MessageRef, Platform as _};
use signalbox::domain::message::{Message, Tone};
use signalbox::limits::{
    CONSOLE_ACTION_CHARS, CONSOLE_BODY_BYTES, CONSOLE_EMOJI, CONSOLE_FIELDS, CONSOLE_MESSAGE_BYTES, CONSOLE_TEXT_CHARS,
};
use signalbox::web::{ConsoleDeps, console_router};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Notify;

#[tokio::test]
async fn what_does_not_fit_is_refused_with_the_reason() {
    let world = world().await;
    let card = world.fake.post("card", "deployments", world.fake.card()).await;
    let fields = |n: usize| (0..n).map(|n| (format!("f{n}"), "x".to_owned())).collect::<BTreeMap<_, _>>();
    let say = |text: &str| json!({ "as": "sara", "channel": "deployments", "text": text });
    let click =
        |action: &str, n: usize| json!({ "as": "sara", "message": card.id, "action": action, "fields": fields(n) });
    let react = |emoji: &str| json!({ "as": "sara", "message": card.id, "emoji": emoji });
    let action = |n: usize| format!("why?a={}", "x".repeat(n - 6));
    let cases: Vec<(&str, Value, StatusCode)> = vec![
        ("/api/post", say(&"é".repeat(CONSOLE_TEXT_CHARS)), StatusCode::OK),
        ("/api/post", say(&"é".repeat(CONSOLE_TEXT_CHARS + 1)), StatusCode::BAD_REQUEST),
        ("/api/post", say("  \n "), StatusCode::BAD_REQUEST),
        ("/api/post", json!({ "as": "", "channel": "deployments", "text": "x" }), StatusCode::BAD_REQUEST),
        ("/api/post", json!({ "as": "sara", "channel": "a b", "text": "x" }), StatusCode::BAD_REQUEST),
        (
            "/api/post",
            json!({ "as": "sara", "channel": "deployments", "thread": "999", "text": "x" }),
            StatusCode::NOT_FOUND,
        ),
        (
            "/api/post",
            json!({ "as": "sara", "channel": "incidents", "thread": card.id, "text": "x" }),
            StatusCode::NOT_FOUND,
        ),
        ("/api/post", json!({ "as": "sara" }), StatusCode::UNPROCESSABLE_ENTITY),
        ("/api/react", react("<b>"), StatusCode::BAD_REQUEST),
        ("/api/react", json!({ "as": "sara", "message": "1 OR 1=1", "emoji": "👀" }), StatusCode::NOT_FOUND),
        ("/api/click", click(&action(CONSOLE_ACTION_CHARS), 0), StatusCode::OK),
        ("/api/click", click(&action(CONSOLE_ACTION_CHARS + 1), 0), StatusCode::BAD_REQUEST),
        ("/api/click", click("?a=b", 0), StatusCode::BAD_REQUEST),
        ("/api/click", click("why", CONSOLE_FIELDS), StatusCode::OK),
        ("/api/click", click("why", CONSOLE_FIELDS + 1), StatusCode::BAD_REQUEST),
        ("/api/click", json!({ "as": "sara", "message": card.id, "button": "Launch" }), StatusCode::NOT_FOUND),
        ("/api/click", json!({ "as": "sara", "message": card.id }), StatusCode::BAD_REQUEST),
        ("/api/read", json!({ "as": "sara", "channel": "deployments", "upto": "-1" }), StatusCode::NOT_FOUND),
        ("/api/advance", json!({ "span": "5" }), StatusCode::BAD_REQUEST),
        ("/api/advance", json!({ "span": "0s" }), StatusCode::BAD_REQUEST),
        ("/api/advance", json!({ "span": "1000d" }), StatusCode::BAD_REQUEST),
        ("/api/advance", json!({}), StatusCode::BAD_REQUEST),
        ("/api/advance", json!({ "next_opening": {} }), StatusCode::OK),
    ];
    for (path, body, expected) in cases {
        let shown: String = body.to_string().chars().take(120).collect();
        let (status, answer) = world.try_post(path, body).await;
        assert_eq!(status, expected, "{path} {shown}: {answer}");
        assert_eq!(answer["error"].is_string(), status != StatusCode::OK, "{path} {shown}: {answer}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_long_is_not_read() {
    let world = world().await;
    let send = async |bytes: usize| {
        let body = format!("{{\"as\":\"sara\"{}}}", " ".repeat(bytes - 13));
        let request = authorised("POST", "/api/post").header("content-type", "application/json");
        world.raw(request.body(Body::from(body)).unwrap()).await.status()
    };
    assert_eq!(send(CONSOLE_BODY_BYTES).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(send(CONSOLE_BODY_BYTES + 1).await, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_message_takes_so_many_emoji() {
    let world = world().await;
    let card = world.fake.post("card", "deployments", world.fake.card()).await;
    for n in 0..=CONSOLE_EMOJI {
        let body = json!({ "as": "sara", "message": card.id, "emoji": format!("e{n}") });
        let expected = if n < CONSOLE_EMOJI { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        assert_eq!(world.try_post("/api/react", body).await.0, expected, "{n}");
    }
    let known = json!({ "as": "omar", "message": card.id, "emoji": "e0" });
    assert_eq!(world.try_post("/api/react", known).await.0, StatusCode::OK, "a known one is still taken");
}

#[tokio::test]
async fn markup_and_controls_stay_text() {
    let world = world().await;
    let evil = "<img src=x onerror=alert(1)> \u{1b}[2J\u{202e}\u{0} \"quotes\" `code` @signalbox-not &amp; </script>";
    let done = world.says("sara", evil).await;
    assert_eq!(done["posted"]["typed"], evil, "kept as it was typed");
    let text = done["posted"]["text"].as_str().unwrap();
    assert_eq!(text, "<img src=x onerror=alert(1)> [2J \"quotes\" `code` @signalbox-not &amp; </script>");
    assert!(world.fake.envelopes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn when_signalbox_cannot_store_it_the_sender_is_told_to_try_again() {
    let world = world().await;
    let say = json!({ "as": "sara", "channel": "deployments", "text": "/down", "id": "d1" });
    let (status, answer) = world.try_post("/api/post", say).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer["error"].as_str().unwrap().contains("nothing was done, try again"), "{answer}");
}

#[tokio::test]
async fn gone_messages_and_huge_ones_are_refused_by_the_platform() {
    let world = world().await;
    let platform = &world.fake.platform;
    let at = world.fake.post("card", "deployments", world.fake.card()).await;
    for gone in [
        MessageRef { channel: at.channel.clone(), id: "99".into() },
        MessageRef { channel: "incidents".into(), id: at.id.clone() },
        MessageRef { channel: at.channel.clone(), id: "x".into() },
    ] {
        let edited = platform.edit(&gone, &Message::line(Tone::Good, "x")).await;
        assert!(matches!(edited, Err(ChatError::Gone(_))), "{gone:?}: {edited:?}");
    }
    let empty = serde_json::to_string(&Message::line(Tone::Good, "")).unwrap().len() + r#"{"message":}"#.len();
    let fits = Message::line(Tone::Good, "x".repeat(CONSOLE_MESSAGE_BYTES - empty));
    platform.edit(&at, &fits).await.unwrap();
    let longer = Message::line(Tone::Good, "x".repeat(CONSOLE_MESSAGE_BYTES - empty + 1));
    assert!(matches!(platform.edit(&at, &longer).await, Err(ChatError::Refused(_))));
}

#[tokio::test]
async fn everything_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("console.db");
    let first = Fake::new(Some(&file)).await;
    let at = first.post("card/42", "deployments", first.card()).await;
    let rev = first.platform.latest();
    first.platform.close().await;
    let second = Fake::new(Some(&file)).await;
    assert_eq!(second.platform.latest(), rev);
    assert_eq!(second.post("card/42", "deployments", second.card()).await, at, "the key is remembered");
    assert_eq!(second.platform.changes(&id("sara"), 0).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_broken_file_is_named_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("console.db");
    std::fs::write(&file, "this is no database at all, it only looks like a file ".repeat(100)).unwrap();
    let clock = std::sync::Arc::new(signalbox::clock::VirtualClock::starting_at(super::fake::monday()));
    let opened = signalbox::chat::console::ConsolePlatform::open(&file, clock, std::sync::Arc::new(String::new)).await;
    let error = opened.err().unwrap().to_string();
    assert!(error.contains("console's storage failed"), "{error}");
}

/// Tells when it was asked, and answers when it is let.
struct Slow {
    asked: Notify,
    answer: Notify,
}

#[async_trait]
impl Intake for Slow {
    async fn receive(&self, _: Envelope) -> Result<Answer, IntakeError> {
        self.asked.notify_one();
        self.answer.notified().await;
        Ok(Answer { messages: vec![Message::line(Tone::Good, "done")], form: None })
    }
}

#[tokio::test]
async fn an_act_goes_on_when_its_sender_hangs_up() {
    let fake = Fake::new(None).await;
    let slow = Arc::new(Slow { asked: Notify::new(), answer: Notify::new() });
    let deps = ConsoleDeps { intake: slow.clone(), ..fake.deps() };
    let world = World { app: console_router(deps, SECRET), fake };
    let mut changes = world.fake.platform.watch();
    tokio::select! {
        _ = world.says("sara", "/deploy v1") => panic!("nobody answered it yet"),
        () = slow.asked.notified() => {}
    }
    // The request is gone by now.
    changes.borrow_and_update();
    slow.answer.notify_one();
    changes.changed().await.unwrap();
    assert_eq!(world.reads("sara").await, ["/deploy v1", "done"]);
}
