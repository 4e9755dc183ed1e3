//! How things reach the app: sockets, signed requests, acknowledgements and retries.

use super::{ack, address, call, frame, posted, socket, standing_still, workspace};
use crate::support::slack::delivery::Outcome;
use crate::support::slack::options::{Mode, Noise, Options, Urls};
use crate::support::slack::world::World;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use signalbox::domain::time::Span;
use std::sync::{Arc, Mutex};

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
    assert_eq!((fake.visible("C1", "U1").as_str(), fake.visible("C1", "U2").as_str()), ("on its way", ""));
    assert_eq!(fake.refusals(), []);
}

#[tokio::test]
async fn an_address_opens_one_socket_and_ten_are_the_most() {
    let (fake, clock) = standing_still().await;
    let first = address(&fake).await;
    let mut open = vec![tokio_tungstenite::connect_async(first.as_str()).await.unwrap().0];
    assert!(tokio_tungstenite::connect_async(first.as_str()).await.is_err(), "the ticket is used");
    for _ in 0..9 {
        clock.advance(Span::mins(1));
        open.push(socket(&fake).await);
    }
    fake.sockets_open(10).await.unwrap();
    clock.advance(Span::mins(1));
    let (mut last, _) = tokio_tungstenite::connect_async(address(&fake).await).await.unwrap();
    let told = frame(&mut last).await;
    assert_eq!((&told["type"], &told["reason"]), (&json!("disconnect"), &json!("too_many_websockets")));
    drop(open);
    fake.sockets_open(0).await.unwrap();
}

/// Waits until the first delivery was tried so often.
async fn tries(fake: &crate::support::slack::FakeSlack, count: usize) {
    let tried = move |world: &World| world.sent.values().any(|sent| sent.attempts.len() == count).then_some(());
    fake.until(&format!("it is tried {count} times"), tried).await.unwrap();
}

#[tokio::test]
async fn an_event_without_acknowledgement_comes_three_more_times_and_a_command_does_not() {
    let (fake, clock) = standing_still().await;
    let (mut one, mut two) = (socket(&fake).await, socket(&fake).await);
    let ts = posted(&fake, json!({"channel": "C1", "text": "card"})).await;
    let reacted = fake.react("U1", "C1", &ts, "white_check_mark").unwrap();
    let first = frame(&mut one).await;
    assert_eq!(first["payload"]["event"]["item"]["ts"], ts.as_str());
    clock.advance(Span::millis(3001));
    let second = frame(&mut two).await;
    assert_eq!((&second["retry_attempt"], &second["retry_reason"]), (&json!(1), &json!("timeout")));
    assert_eq!(second["payload"]["event_id"], first["payload"]["event_id"], "it is the same event");
    for (count, wait) in [(3, Span::mins(1)), (4, Span::mins(5))] {
        clock.advance(Span::millis(3001));
        let due = |world: &World| world.sent.values().any(|sent| sent.due_ms.is_some()).then_some(());
        fake.until("a retry is planned", due).await.unwrap();
        clock.advance(wait);
        tries(&fake, count).await;
    }
    let last = [frame(&mut one).await, frame(&mut two).await];
    ack(&mut two, &last[1], json!({})).await;
    assert_eq!(reacted.settled().await.unwrap(), Outcome::Acknowledged);

    let command = fake.slash("U1", "C1", "/why", "D-1").unwrap();
    let late = frame(&mut one).await;
    clock.advance(Span::millis(3001));
    assert_eq!(command.settled().await.unwrap(), Outcome::Failed("operation_timeout".into()));
    ack(&mut one, &late, json!({})).await;
    fake.until("the late one is seen", |world| (world.sent[&command.number].more_acks == 1).then_some(()))
        .await
        .unwrap();
}

#[tokio::test]
async fn events_are_lost_while_no_socket_is_open() {
    let fake = workspace(Options::default()).await;
    let ts = posted(&fake, json!({"channel": "C1", "text": "card"})).await;
    let lost = fake.react("U1", "C1", &ts, "eyes").unwrap();
    assert_eq!(lost.settled().await.unwrap(), Outcome::Failed("lost: no socket is open".into()));
    let command = fake.slash("U1", "C1", "/why", "").unwrap();
    assert_eq!(command.settled().await.unwrap(), Outcome::Failed("dispatch_failed".into()));
    let read = super::get(&fake, "reactions.get", &[("channel", "C1"), ("timestamp", &ts)]).await;
    assert_eq!(read["message"]["reactions"][0]["users"], json!(["U1"]), "it can be read back");
}

#[tokio::test]
async fn deliveries_are_doubled_and_reordered_and_sockets_break() {
    let fake = workspace(Options::default()).await;
    let mut app = socket(&fake).await;
    fake.with(|world| world.faults.hold = true);
    fake.slash("U1", "C1", "/a", "").unwrap();
    fake.slash("U1", "C1", "/b", "").unwrap();
    fake.release(|held| held.reverse());
    let names = [frame(&mut app).await, frame(&mut app).await].map(|f| f["payload"]["command"].clone());
    assert_eq!(names, [json!("/b"), json!("/a")]);
    fake.with(|world| world.faults.duplicates = 1);
    fake.slash("U1", "C1", "/c", "").unwrap();
    let [one, two] = [frame(&mut app).await, frame(&mut app).await];
    assert_eq!(one["payload"]["trigger_id"], two["payload"]["trigger_id"]);
    fake.down(true);
    fake.sockets_open(0).await.unwrap();
    let client = signalbox::http::loopback().unwrap();
    let dead = client.post(format!("{}/auth.test", fake.api_url())).bearer_auth("test-bot-token").send().await;
    assert!(match dead {
        Ok(answer) => answer.bytes().await.is_err(),
        Err(_) => true,
    });
    fake.down(false);
    assert_eq!(call(&fake, "auth.test", json!({})).await["ok"], true);
}

type Heard = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// An app that answers `status`, and what it heard.
async fn receiver(status: StatusCode) -> (String, Heard) {
    let heard = Heard::default();
    let keep = heard.clone();
    let hear = move |headers: HeaderMap, body: String| async move {
        keep.lock().unwrap().push((headers, body));
        status
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/slack", listener.local_addr().unwrap());
    let app = axum::Router::new().route("/slack", axum::routing::post(hear));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, heard)
}

#[tokio::test]
async fn requests_are_signed_as_slack_signs() {
    let (url, heard) = receiver(StatusCode::OK).await;
    let fake = workspace(Options::default().http(Urls::one(&url))).await;
    let ts = posted(&fake, json!({"channel": "C1", "text": "card"})).await;
    fake.slash("U1", "C1", "/deploy", "v1 & more").unwrap().acked().await.unwrap();
    fake.react("U1", "C1", &ts, "eyes").unwrap().acked().await.unwrap();
    let heard = heard.lock().unwrap().clone();
    assert_eq!(heard.len(), 2);
    let secret = slack_morphism::prelude::SlackSigningSecret::new("test-signing-secret".into());
    let verifier = slack_morphism::signature_verifier::SlackEventSignatureVerifier::new(&secret);
    for (headers, body) in &heard {
        let header = |name: &str| headers[name].to_str().unwrap().to_owned();
        verifier.verify(&header("x-slack-signature"), body, &header("x-slack-request-timestamp")).unwrap();
    }
    assert!(heard[0].1.contains("text=v1+%26amp%3B+more"), "{}", heard[0].1);
    let event: Value = serde_json::from_str(&heard[1].1).unwrap();
    assert_eq!(event["event"]["type"], "reaction_added");
}

#[tokio::test]
async fn an_event_that_is_answered_with_an_error_comes_again_and_says_so() {
    let (url, heard) = receiver(StatusCode::INTERNAL_SERVER_ERROR).await;
    let (fake, _clock) = standing_still().await;
    fake.deliver_by(Mode::Http(Urls::one(&url)));
    fake.direct("U1", "help").unwrap();
    tries(&fake, 2).await;
    let planned = |world: &World| world.sent.values().any(|sent| sent.due_ms.is_some()).then_some(());
    fake.until("the next retry is planned", planned).await.unwrap();
    let heard = heard.lock().unwrap().clone();
    assert!(heard[0].0.get("x-slack-retry-num").is_none());
    assert_eq!(
        (&heard[1].0["x-slack-retry-num"], &heard[1].0["x-slack-retry-reason"]),
        (&"1".parse().unwrap(), &"http_error".parse().unwrap())
    );
    let app_home = call(&fake, "apps.connections.open", json!({})).await;
    assert_eq!(app_home["ok"], false, "there are no sockets in this mode");
}

#[tokio::test]
async fn payloads_may_hold_what_nobody_has_heard_of() {
    let options = Options { without_app_id: true, ..Options::default().organisation().noise(Noise::Fields) };
    let fake = workspace(options).await;
    let mut app = socket(&fake).await;
    let ts = posted(&fake, json!({"channel": "C1", "text": "card"})).await;
    fake.react("U1", "C1", &ts, "eyes").unwrap();
    let payload = frame(&mut app).await["payload"].clone();
    assert_eq!((&payload["team_id"], &payload["api_app_id"]), (&Value::Null, &Value::Null));
    assert!(payload["event"]["zz_rollout"].is_object() && payload["event"]["item"]["ts"] == ts.as_str());
    fake.event("U1", json!({"type": "tea_is_ready", "cups": 2}));
    assert_eq!(frame(&mut app).await["payload"]["event"]["type"], "tea_is_ready");
    assert!(fake.raw_frame(r#"{"type": "weather", "envelope_id": "w1"}"#));
    assert_eq!(frame(&mut app).await["type"], "weather");
    fake.disconnect_sockets("refresh_requested");
    assert_eq!(frame(&mut app).await["reason"], "refresh_requested");
}
