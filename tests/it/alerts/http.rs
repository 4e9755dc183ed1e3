//! Sources post to a listener on loopback: who is believed, what is stored, and what comes of it.

use crate::inbox::kit::{Wire, engine, settle};
use async_trait::async_trait;
use reqwest::{RequestBuilder, StatusCode};
use signalbox::alerts::{Format, Proof, ProofKey, SIGNATURE, Source, TIMESTAMP, router, signature};
use signalbox::chat::{Answer, Arrival, Envelope, Inbox, Intake, IntakeError, Kept, Offer, Token};
use signalbox::clock::{Clock as _, SystemClock};
use signalbox::domain::ids::{IncidentId, PlatformName};
use signalbox::domain::message::Form;
use signalbox::engine::Engine;
use signalbox::store::MemoryStore;
use std::sync::Arc;

const TOKEN: &str = "test-alerts-token";
const SECRET: &str = "a-shared-test-key";

/// A listener with one source of each kind.
async fn listening(inbox: Arc<dyn Inbox>) -> String {
    let token = || Proof::token(&Token::new(TOKEN.into()), false);
    let key = || ProofKey::new(&Token::new(SECRET.into()));
    let source = |name: &str, format, proof| Source { name: name.into(), format, proof };
    let sources = vec![
        source("prometheus", Format::Alertmanager, token()),
        source("cloud", Format::Google, token()),
        source("ci", Format::Github, Proof::Github(key())),
        source("pager", Format::Pagerduty, Proof::Pagerduty(key())),
        source("own", Format::Json, Proof::Signed(key())),
        source("closed", Format::Json, Proof::Closed),
    ];
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = router(sources, Arc::new(SystemClock::new()), inbox);
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/alerts")
}

async fn house() -> (Arc<Engine>, String) {
    let engine = engine(Arc::new(MemoryStore::new()), Wire::new(), "me");
    let url = listening(engine.clone()).await;
    (engine, url)
}

fn post(url: &str, source: &str, body: &str) -> RequestBuilder {
    let client = signalbox::http::client().unwrap();
    client.post(format!("{url}/{source}")).header("content-type", "application/json").body(body.to_owned())
}

async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.unwrap().status()
}

/// HMAC-SHA256 of the body alone, hexadecimal, as GitHub and PagerDuty make it.
fn hmac(body: &str) -> String {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect()
}

const FIRING: &str = r#"{"version":"4","groupKey":"g","status":"firing","alerts":[{"status":"firing",
    "labels":{"alertname":"HighErrorRate","service":"api","severity":"critical"},
    "annotations":{"summary":"7 % of requests fail"},"startsAt":"2026-01-05T07:00:00Z","fingerprint":"f1"}, 7]}"#;

#[tokio::test]
async fn what_is_proven_is_stored_and_worked() {
    let (engine, url) = house().await;
    let accepted = status(post(&url, "prometheus", FIRING).bearer_auth(TOKEN)).await;
    assert_eq!(accepted, StatusCode::ACCEPTED);
    assert!(engine.board().await.unwrap().open.is_empty(), "nothing is read before it is worked");
    assert_eq!(engine.work_kept().await.unwrap(), 1);
    settle(&engine).await;
    let incident = engine.incident(IncidentId(1)).await.unwrap().unwrap();
    assert_eq!((incident.title.as_str(), incident.severity.as_str()), ("7 % of requests fail", "P1"));
    assert_eq!((incident.alerts.firing, incident.reporter), (1, None));
    let basic = post(&url, "prometheus", FIRING).basic_auth("prometheus", Some(TOKEN));
    assert_eq!(status(basic).await, StatusCode::ACCEPTED, "the password is the token");
    engine.work_kept().await.unwrap();
    assert_eq!(engine.board().await.unwrap().open.len(), 1);
}

#[tokio::test]
async fn what_is_not_proven_is_not_stored() {
    let (engine, url) = house().await;
    let no = StatusCode::UNAUTHORIZED;
    assert_eq!(status(post(&url, "prometheus", FIRING)).await, no);
    assert_eq!(status(post(&url, "prometheus", FIRING).bearer_auth("x")).await, no);
    assert_eq!(status(post(&url, "prometheus?token=test-alerts-token", FIRING)).await, no, "not in the address");
    assert_eq!(
        status(post(&url, "ci", "{}").header("x-hub-signature-256", format!("sha256={}", hmac("{ }")))).await,
        no
    );
    assert_eq!(status(post(&url, "pager", "{}").header("x-pagerduty-signature", "v1=00")).await, no);
    let old = SystemClock::new().now().wall.as_second() - 301;
    let sign = |at: i64| signature(&Token::new(SECRET.into()), at, b"{}");
    assert_eq!(status(post(&url, "own", "{}").header(TIMESTAMP, old).header(SIGNATURE, sign(old))).await, no);
    assert_eq!(status(post(&url, "nobody", FIRING).bearer_auth(TOKEN)).await, StatusCode::NOT_FOUND);
    assert_eq!(engine.work_kept().await.unwrap(), 0);
}

#[tokio::test]
async fn signatures_are_believed_and_a_repetition_is_known() {
    let (engine, url) = house().await;
    let run = r#"{"action":"completed","workflow_run":{"name":"CI","head_branch":"main","workflow_id":9,"conclusion":"failure",
        "updated_at":"2026-01-05T07:00:00Z"},"repository":{"full_name":"barq/api"}}"#;
    let ci = || {
        let signed = post(&url, "ci", run).header("x-hub-signature-256", format!("sha256={}", hmac(run)));
        signed.header("x-github-delivery", "72d3162e").header("x-github-event", "workflow_run")
    };
    assert_eq!(status(ci()).await, StatusCode::ACCEPTED);
    assert_eq!(status(ci()).await, StatusCode::ACCEPTED, "delivered once more");
    let signature_of = |body: &str| format!("v1={},v1={}", "0".repeat(64), hmac(body));
    let event = r#"{"event":{"resource_type":"incident","occurred_at":"2026-01-05T07:00:00Z","data":{"id":"P1","type":"incident",
        "status":"triggered","title":"a bump","urgency":"high"}}}"#;
    let pager = post(&url, "pager", event).header("x-pagerduty-signature", signature_of(event));
    assert_eq!(status(pager).await, StatusCode::ACCEPTED);
    let now = SystemClock::new().now().wall.as_second();
    let own = r#"{"key":"disk","status":"firing","severity":"critical"}"#;
    let sign = signature(&Token::new(SECRET.into()), now, own.as_bytes());
    let signed = || post(&url, "own", own).header(TIMESTAMP, now).header(SIGNATURE, &sign);
    assert_eq!((status(signed()).await, status(signed()).await), (StatusCode::ACCEPTED, StatusCode::ACCEPTED));
    assert_eq!(engine.work_kept().await.unwrap(), 3, "each once");
    let google = r#"{"incident":{"incident_id":"0.a","state":"open","policy_name":"DatabaseUnreachable","started_at":1767596400},
        "version":"1.2"}"#;
    assert_eq!(status(post(&url, "cloud", google).bearer_auth(TOKEN)).await, StatusCode::ACCEPTED);
    engine.work_kept().await.unwrap();
    let worst = engine.incident(IncidentId(2)).await.unwrap().unwrap();
    assert_eq!((worst.severity.as_str(), worst.title.as_str()), ("P0", "DatabaseUnreachable"));
}

#[tokio::test]
async fn what_is_no_such_request_is_refused_by_its_kind() {
    let (_engine, url) = house().await;
    let client = signalbox::http::client().unwrap();
    let get = client.get(format!("{url}/prometheus")).bearer_auth(TOKEN);
    assert_eq!(status(get).await, StatusCode::METHOD_NOT_ALLOWED);
    let form =
        client.post(format!("{url}/prometheus")).bearer_auth(TOKEN).header("content-type", "text/plain").body("x");
    assert_eq!(status(form).await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let large = "x".repeat(signalbox::limits::ALERT_BODY_BYTES + 1);
    assert_eq!(status(post(&url, "prometheus", &large).bearer_auth(TOKEN)).await, StatusCode::PAYLOAD_TOO_LARGE);
}

/// A store that takes nothing.
struct Full;

#[async_trait]
impl Intake for Full {
    async fn receive(&self, _: Envelope) -> Result<Answer, IntakeError> {
        Err(IntakeError { reason: "the disk is full".into() })
    }
}

#[async_trait]
impl Inbox for Full {
    async fn keep(&self, _: Arrival) -> Result<Kept, IntakeError> {
        Err(IntakeError { reason: "the disk is full".into() })
    }

    fn form(&self, _: &Envelope) -> Option<(String, Form)> {
        None
    }

    fn complete(&self, _: &str) -> Vec<Offer> {
        Vec::new()
    }

    async fn connected(&self, _: &PlatformName) {}
}

#[tokio::test]
async fn what_cannot_be_stored_is_never_acknowledged() {
    let url = listening(Arc::new(Full)).await;
    for request in [post(&url, "prometheus", FIRING).bearer_auth(TOKEN), post(&url, "closed", "{}")] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.headers().contains_key("retry-after"));
    }
}

#[tokio::test]
async fn a_body_that_nobody_can_read_is_stored_and_stops_nothing() {
    let (engine, url) = house().await;
    assert_eq!(status(post(&url, "prometheus", "{").bearer_auth(TOKEN)).await, StatusCode::ACCEPTED);
    assert_eq!(status(post(&url, "prometheus", FIRING).bearer_auth(TOKEN)).await, StatusCode::ACCEPTED);
    assert_eq!(engine.work_kept().await.unwrap(), 2);
    assert_eq!(engine.board().await.unwrap().open.len(), 1);
}
