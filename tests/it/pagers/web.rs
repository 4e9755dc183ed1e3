//! PagerDuty, webhook and push against a server that refuses what the real ones refuse.

use super::letter;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use signalbox::chat::Token;
use signalbox::domain::paging::{Follow, Letter, Urgency};
use signalbox::paging::{Ntfy, PageError, Pager, Pagerduty, SIGNATURE, TIMESTAMP, Webhook, signature};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const KEY: &str = "planted-routing-key-of-lina-00000";
const SECRET: &str = "planted-webhook-secret";
const TOKEN: &str = "planted-push-token";

/// How the server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Well,
    /// Whatever it was sent.
    Status(u16),
    Hangs,
    /// Repeats what it was sent.
    Parrot,
}

#[derive(Clone)]
struct Server {
    base: String,
    how: Arc<Mutex<How>>,
    seen: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Server {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { base, how: Arc::new(Mutex::new(How::Well)), seen: Arc::default() };
        let app = Router::new().fallback(answer).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        server
    }

    fn answers(&self, how: How) {
        *self.how.lock().unwrap() = how;
    }

    fn last(&self) -> (String, Value) {
        self.seen.lock().unwrap().last().cloned().unwrap()
    }

    fn pagerduty(&self) -> Pagerduty {
        let keys = BTreeMap::from([("lina".into(), Token::new(KEY.into()))]);
        Pagerduty::new(client(), Some(self.base.clone()), keys, None)
    }

    fn webhook(&self) -> Webhook {
        Webhook::new(client(), format!("{}/hook", self.base), Token::new(SECRET.into()))
    }

    fn ntfy(&self) -> Ntfy {
        Ntfy::new(client(), Some(self.base.clone()), Some(Token::new(TOKEN.into())))
    }
}

fn client() -> reqwest::Client {
    signalbox::http::loopback().unwrap()
}

async fn answer(State(server): State<Server>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let how = *server.how.lock().unwrap();
    let text = String::from_utf8_lossy(&body).into_owned();
    match how {
        How::Hangs => return std::future::pending().await,
        How::Status(429) => {
            return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "7")], "slow down").into_response();
        }
        How::Status(code) => return (StatusCode::from_u16(code).unwrap(), "no").into_response(),
        How::Parrot => return (StatusCode::BAD_REQUEST, format!("{headers:?} {text}")).into_response(),
        How::Well => {}
    }
    let Ok(value) = serde_json::from_slice::<Value>(&body) else {
        return (StatusCode::BAD_REQUEST, "this is not JSON").into_response();
    };
    let wrong = match uri.path() {
        "/v2/enqueue" => wrong_event(&value),
        "/hook" => wrong_signature(&headers, &body),
        "/" => wrong_push(&headers, &value),
        other => Some(format!("there is no {other}")),
    };
    if let Some(wrong) = wrong {
        return (StatusCode::BAD_REQUEST, wrong).into_response();
    }
    server.seen.lock().unwrap().push((uri.path().to_owned(), value));
    let said = json!({ "status": "success", "message": "Event processed" }).to_string();
    (StatusCode::ACCEPTED, said).into_response()
}

/// The Events API v2: https://developer.pagerduty.com/docs/send-alert-event
fn wrong_event(event: &Value) -> Option<String> {
    let text = |at: &str| event.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    if text("/routing_key").len() != KEY.len() {
        return Some("Invalid routing key".into());
    }
    if !(1..=255).contains(&text("/dedup_key").len()) {
        return Some("dedup_key".into());
    }
    let known = ["routing_key", "event_action", "dedup_key", "payload", "client", "client_url", "links", "images"];
    let stray = event.as_object().into_iter().flatten().find(|(key, _)| !known.contains(&key.as_str()));
    if let Some((key, _)) = stray {
        return Some(format!("unknown {key}"));
    }
    match text("/event_action").as_str() {
        "acknowledge" | "resolve" => None,
        "trigger" => {
            let summary = text("/payload/summary").chars().count();
            let severity = ["critical", "error", "warning", "info"].contains(&text("/payload/severity").as_str());
            let time = text("/payload/timestamp").parse::<jiff::Timestamp>().is_ok();
            let fits = (1..=1024).contains(&summary) && severity && time && !text("/payload/source").is_empty();
            (!fits).then(|| "payload".into())
        }
        other => Some(format!("event_action {other}")),
    }
}

/// As whoever takes our requests would check them; docs/CONFIG.md says how.
fn wrong_signature(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let at = text(TIMESTAMP).parse().unwrap_or(0);
    let right = signature(&Token::new(SECRET.into()), at, body) == text(SIGNATURE);
    (!right || text("idempotency-key").is_empty()).then(|| "signature".into())
}

/// Publishing as JSON: https://docs.ntfy.sh/publish/#publish-as-json
fn wrong_push(headers: &HeaderMap, push: &Value) -> Option<String> {
    let authorised = headers.get("authorization").is_some_and(|v| v.as_bytes() == format!("Bearer {TOKEN}").as_bytes());
    let priority = push["priority"].as_u64().is_some_and(|p| (1..=5).contains(&p));
    let fits = authorised && priority && push["topic"].is_string() && push["message"].is_string();
    (!fits).then(|| "push".into())
}

fn push() -> Letter {
    Letter { address: Some("lina-on-call".into()), ..letter(Urgency::High) }
}

#[tokio::test]
async fn pagerduty_is_told_of_the_beginning_and_the_end_under_one_key() {
    let server = Server::start().await;
    let pagerduty = server.pagerduty();
    let letter = Letter { title: "x".repeat(2_000), ..letter(Urgency::High) };
    pagerduty.page(&letter).await.unwrap();
    let (_, event) = server.last();
    assert_eq!((&event["event_action"], &event["payload"]["severity"]), (&"trigger".into(), &"critical".into()));
    assert_eq!(event["client_url"], "https://signalbox.barq.test/");
    for (what, action) in [(Follow::Acknowledged, "acknowledge"), (Follow::Resolved, "resolve")] {
        pagerduty.follow(&letter, what).await.unwrap();
        let (_, told) = server.last();
        assert_eq!((&told["event_action"], &told["dedup_key"]), (&action.into(), &event["dedup_key"]));
    }
    let stranger = Letter { person: "omar".into(), ..letter };
    assert!(matches!(pagerduty.page(&stranger).await, Err(PageError::Refused(_))), "there is no key of his");
}

#[tokio::test]
async fn a_webhook_is_signed_and_a_push_is_loud_when_it_must_be() {
    let server = Server::start().await;
    server.webhook().page(&letter(Urgency::High)).await.unwrap();
    let (_, page) = server.last();
    assert_eq!(
        (&page["event"], &page["person"]["id"], &page["urgency"]),
        (&"page".into(), &"lina".into(), &"high".into())
    );
    server.webhook().follow(&letter(Urgency::High), Follow::Resolved).await.unwrap();
    assert_eq!(server.last().1["event"], "resolved");
    server.ntfy().page(&push()).await.unwrap();
    let (_, loud) = server.last();
    assert_eq!((&loud["topic"], &loud["priority"]), (&"lina-on-call".into(), &5.into()));
    assert_eq!(loud["click"], "https://signalbox.barq.test/");
    server.ntfy().page(&Letter { urgency: Urgency::Low, ..push() }).await.unwrap();
    assert_eq!(server.last().1["priority"], 3);
}

#[tokio::test]
async fn what_a_server_answers_is_told_apart() {
    let server = Server::start().await;
    let ways: [(Box<dyn Pager>, bool); 3] =
        [(Box::new(server.pagerduty()), true), (Box::new(server.webhook()), true), (Box::new(server.ntfy()), false)];
    for (pager, harmless) in &ways {
        server.answers(How::Status(400));
        assert!(matches!(pager.page(&push()).await, Err(PageError::Refused(_))));
        server.answers(How::Status(429));
        let error = pager.page(&push()).await.unwrap_err();
        assert_eq!(error, PageError::Later { what: "HTTP 429: slow down".into(), after_ms: 7_000 });
        server.answers(How::Status(500));
        let error = pager.page(&push()).await.unwrap_err();
        assert_eq!(matches!(error, PageError::Later { .. }), *harmless, "{error:?}");
        assert_eq!(matches!(error, PageError::Unknown(_)), !harmless, "it may have arrived: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_is_given_up() {
    let server = Server::start().await;
    server.answers(How::Hangs);
    let error = server.ntfy().page(&push()).await.unwrap_err();
    assert_eq!(error, PageError::Unknown("no answer in time".into()));
}

#[tokio::test]
async fn no_error_repeats_a_secret() {
    let server = Server::start().await;
    server.answers(How::Parrot);
    let ways: [Box<dyn Pager>; 3] = [Box::new(server.pagerduty()), Box::new(server.webhook()), Box::new(server.ntfy())];
    for pager in &ways {
        let error = pager.page(&push()).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(!text.contains("planted-"), "{}", text.replace("planted-", "PLANTED "));
    }
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone = Ntfy::new(client(), Some(format!("http://{nobody}/{TOKEN}")), None);
    let error = gone.page(&push()).await.unwrap_err();
    assert!(matches!(error, PageError::Later { .. }) && !format!("{error:?}").contains(TOKEN), "{error:?}");
}
