//! Status pages against a stand-in that holds requests to Statuspage's documented API, and mails of one incident against the
//! real mail server.

use super::mail::Mail;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use signalbox::chat::Token;
use signalbox::domain::status::{Mail as Letter, Phase, PublicNotice, Recipient};
use signalbox::paging::{
    Mailer as _, PageError, SIGNATURE, StatusPage as _, StatusWebhook, Statuspage, StatuspageSettings, TIMESTAMP, Tls,
    signature,
};
use std::sync::{Arc, Mutex};

const TOKEN: &str = "planted-status-token";
const PAGE: &str = "kctbh9vrtdwd";
const STATES: [&str; 4] = ["operational", "degraded_performance", "partial_outage", "major_outage"];

/// What the page shows, and how it misbehaves next.
#[derive(Default)]
pub struct Shown {
    pub incidents: Vec<Value>,
    /// What customers read of each component, the newest last.
    pub components: Vec<(String, String)>,
    /// So many components are listed before ours.
    crowd: usize,
    /// Takes the next request that changes something, and answers it with this status all the same.
    loses: Option<u16>,
    /// Answers the next request with this status, and does nothing.
    pub refuses: Option<u16>,
    signed: Vec<Value>,
    /// Takes the next request that changes something, and never answers it.
    pub hangs: bool,
}

#[derive(Clone, Default)]
pub struct Server {
    base: String,
    shown: Arc<Mutex<Shown>>,
}

impl Server {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { base, ..Self::default() };
        let app = Router::new().fallback(answer).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        server
    }

    fn page_with(&self, components: &[(&str, &str)], token: &str) -> Statuspage {
        let components = components.iter().map(|(service, id)| ((*service).into(), (*id).to_owned())).collect();
        let (page, token) = (PAGE.to_owned(), Token::new(token.into()));
        let settings = StatuspageSettings { page, token, base_url: Some(self.base.clone()), components };
        Statuspage::new(signalbox::http::loopback().unwrap(), settings)
    }

    pub fn page(&self) -> Statuspage {
        self.page_with(&[("api", "api-component"), ("frontend", "api-component")], TOKEN)
    }

    pub fn shown<T>(&self, look: impl FnOnce(&mut Shown) -> T) -> T {
        look(&mut self.shown.lock().unwrap())
    }

    /// `investigating: Some payments fail.`, the oldest first.
    pub fn updates(&self, n: usize) -> Vec<String> {
        self.shown(|shown| {
            let updates = shown.incidents[n]["incident_updates"].as_array().unwrap();
            let text = |u: &Value| format!("{}: {}", u["status"].as_str().unwrap(), u["body"].as_str().unwrap());
            updates.iter().rev().map(text).collect()
        })
    }
}

/// Statuspage's API, as far as it is spoken: https://developer.statuspage.io/#tag/incidents
async fn answer(State(server): State<Server>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let response = respond(&server, &method, &uri, &headers, &body);
    if method != Method::GET && server.shown(|s| std::mem::take(&mut s.hangs)) {
        return std::future::pending().await;
    }
    response
}

fn respond(server: &Server, method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Response {
    let said = |status: u16, value: Value| (StatusCode::from_u16(status).unwrap(), value.to_string()).into_response();
    let mut shown = server.shown.lock().unwrap();
    if uri.path() == "/hook" {
        let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let at = text(TIMESTAMP).parse().unwrap_or(0);
        if signature(&Token::new(TOKEN.into()), at, body) != text(SIGNATURE) || text("idempotency-key").is_empty() {
            return said(403, json!({ "error": "signature" }));
        }
        shown.signed.push(serde_json::from_slice(body).unwrap());
        return said(200, json!({}));
    }
    if let Some(status) = shown.refuses.take() {
        let response = said(status, json!({ "error": "slow down" }));
        return ([("retry-after", "2")], response).into_response();
    }
    if headers.get("authorization").is_none_or(|v| v.as_bytes() != format!("OAuth {TOKEN}").as_bytes()) {
        return said(401, json!({ "error": format!("Could not authenticate {headers:?}") }));
    }
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let page = uri.path().strip_prefix(&format!("/v1/pages/{PAGE}"));
    if *method == Method::GET && page == Some("/components") {
        // https://developer.statuspage.io/#operation/getPagesPageIdComponents
        let others = (0..shown.crowd).map(|n| format!("other{n}"));
        let all = others.chain(["api-component".into()]).take(100);
        return said(200, all.map(|id| json!({ "id": id, "status": "operational" })).collect());
    }
    if *method == Method::GET && page == Some("/components/api-component") {
        return said(200, json!({ "id": "api-component", "status": "operational" }));
    }
    if *method == Method::GET && page.is_some_and(|rest| rest.starts_with("/components/")) {
        return said(404, json!({ "error": "Component not found" }));
    }
    if let Some(id) = page.and_then(|rest| rest.strip_prefix("/components/")) {
        // https://developer.statuspage.io/#operation/patchPagesPageIdComponentsComponentId
        let status = asked["component"]["status"].as_str().unwrap_or_default();
        if *method != Method::PATCH || id != "api-component" || !STATES.contains(&status) {
            return said(422, json!({ "error": ["Status is invalid"] }));
        }
        shown.components.push((id.to_owned(), status.to_owned()));
        return said(200, json!({ "id": id, "status": status }));
    }
    let Some(rest) = page.and_then(|rest| rest.strip_prefix("/incidents")) else {
        return said(404, json!({ "error": "Page not found" }));
    };
    let wanted = &asked["incident"];
    let value = match (method.as_str(), rest) {
        ("GET", "/unresolved") => {
            let open = |i: &&Value| i["status"] != "resolved";
            return said(200, shown.incidents.iter().filter(open).cloned().collect());
        }
        ("GET", id) => match shown.incidents.iter().find(|i| format!("/{}", i["id"].as_str().unwrap()) == id) {
            Some(incident) => return said(200, incident.clone()),
            None => return said(404, json!({ "error": "Incident not found" })),
        },
        ("POST", "") => {
            let flat = wanted["metadata"].as_object().is_some_and(|m| m.values().any(|v| !v.is_object()));
            if wanted["name"].as_str().unwrap_or_default().is_empty() || flat || !known(wanted) {
                return said(422, json!({ "error": ["Name can't be blank"] }));
            }
            let id = format!("incident{}", shown.incidents.len());
            let mut incident = wanted.clone();
            incident["id"] = id.as_str().into();
            incident["shortlink"] = format!("https://stspg.io/{id}").into();
            incident["incident_updates"] = json!([{ "status": wanted["status"], "body": wanted["body"] }]);
            shown.incidents.push(incident.clone());
            incident
        }
        ("PATCH", id) => {
            let found = shown.incidents.iter_mut().find(|i| format!("/{}", i["id"].as_str().unwrap()) == id);
            let (Some(incident), true) = (found, known(wanted)) else {
                return said(422, json!({ "error": ["Status is invalid"] }));
            };
            incident["status"] = wanted["status"].clone();
            let update = json!({ "status": wanted["status"], "body": wanted["body"] });
            incident["incident_updates"].as_array_mut().unwrap().insert(0, update);
            incident.clone()
        }
        _ => return said(404, json!({ "error": "there is no such thing" })),
    };
    match shown.loses.take() {
        Some(status) => said(status, json!({ "error": "Internal error" })),
        None => said(201, value),
    }
}

fn known(incident: &Value) -> bool {
    let status = incident["status"].as_str().unwrap_or_default();
    Phase::parse(status).is_some() && incident.get("components").is_none()
}

fn notice(post: usize, phase: Phase, text: &str) -> PublicNotice {
    let at: jiff::Timestamp = "2026-01-05T07:05:00Z".parse().unwrap();
    PublicNotice {
        key: "INC-7/1767596700000/0".into(),
        post,
        same_before: 0,
        title: "Payments".into(),
        phase,
        text: text.into(),
        service: Some("api".into()),
        service_name: Some("Payments".into()),
        rank: 0,
        at,
        sent: at,
    }
}

const FIRST: &str = "Some payments fail.";

#[tokio::test]
async fn an_incident_is_created_followed_and_ended() {
    let server = Server::start().await;
    let page = server.page();
    let stands = page.tell(&notice(0, Phase::Investigating, FIRST), None, false).await.unwrap();
    assert_eq!(stands.link.as_deref(), Some("https://stspg.io/incident0"));
    server.shown(|shown| {
        let made = &shown.incidents[0];
        assert_eq!((&made["name"], &made["impact_override"]), (&"Payments".into(), &"critical".into()));
        assert_eq!(made["component_ids"], json!(["api-component"]));
        assert!(!made.to_string().contains("\"api\""), "the inner name of a service is nobody's: {made}");
    });
    let id = stands.id.as_deref();
    page.tell(&notice(1, Phase::Identified, "We found it."), id, false).await.unwrap();
    page.tell(&notice(2, Phase::Resolved, "It is over."), id, false).await.unwrap();
    assert_eq!(
        server.updates(0),
        ["investigating: Some payments fail.", "identified: We found it.", "resolved: It is over."]
    );
}

#[tokio::test]
async fn a_page_says_what_it_does_not_know_before_anybody_needs_it() {
    let server = Server::start().await;
    let page = server.page_with(&[("api", "api-component"), ("frontend", "gone")], TOKEN);
    for crowd in [0, 98, 99, 100, 250] {
        server.shown(|s| s.crowd = crowd);
        assert_eq!(server.page().unknown().await, Ok(Some(Vec::new())), "{crowd} others are listed before it");
        assert_eq!(page.unknown().await, Ok(Some(vec!["component gone of frontend".to_owned()])), "{crowd}");
    }
    server.shown(|s| s.refuses = Some(429));
    assert!(matches!(server.page().unknown().await, Err(PageError::Later { .. })));
    assert_eq!(server.shown(|s| s.components.len()), 0, "whoever asks changes nothing");
    let error = server.page_with(&[], "planted-wrong-token").unknown().await.unwrap_err();
    assert!(matches!(&error, PageError::Refused(why) if why.starts_with("HTTP 401")), "{error:?}");
}

#[tokio::test]
async fn a_component_is_as_bad_as_the_worst_about_any_of_its_services() {
    let server = Server::start().await;
    let page = server.page();
    let (api, frontend) = ("api".into(), "frontend".into());
    page.component(&api, &[("api".into(), 0), ("frontend".into(), 2)].into()).await.unwrap();
    page.component(&api, &[("frontend".into(), 2), ("other".into(), 0)].into()).await.unwrap();
    page.component(&frontend, &Default::default()).await.unwrap();
    page.component(&"other".into(), &[("other".into(), 0)].into()).await.unwrap();
    let shown = server.shown(|s| s.components.clone());
    let states: Vec<&str> = shown.iter().map(|(_, state)| state.as_str()).collect();
    assert_eq!(
        states,
        ["major_outage", "degraded_performance", "operational"],
        "one without a component is left alone"
    );
    server.shown(|s| s.refuses = Some(429));
    let error = page.component(&api, &Default::default()).await.unwrap_err();
    assert!(matches!(error, PageError::Later { after_ms: 2_000, .. }), "{error:?}");
}

#[tokio::test]
async fn a_lost_answer_is_looked_for_and_not_posted_twice() {
    let server = Server::start().await;
    let page = server.page();
    let first = notice(0, Phase::Investigating, FIRST);
    server.shown(|s| s.loses = Some(502));
    assert!(matches!(page.tell(&first, None, false).await, Err(PageError::Unknown(_))), "it may stand there");
    let stands = page.tell(&first, None, true).await.unwrap();
    assert_eq!((stands.id.as_deref(), server.updates(0).len()), (Some("incident0"), 1));
    let id = stands.id.as_deref();
    for (post, lost) in [(1, false), (2, true)] {
        let same = PublicNotice { same_before: post - 1, ..notice(post, Phase::Investigating, "Still at it.") };
        server.shown(|s| s.loses = lost.then_some(504));
        assert_eq!(page.tell(&same, id, false).await.is_err(), lost);
        page.tell(&same, id, true).await.unwrap();
        assert_eq!(server.updates(0).len(), post + 1, "the same words twice are two posts, and no third: {lost}");
    }
    assert_eq!(server.shown(|s| s.incidents.len()), 1);
    // Nothing arrived, and what was given up may have: both are looked for, and made.
    let other = PublicNotice { key: "INC-8/1767596700000/0".into(), ..notice(1, Phase::Identified, "Another.") };
    page.tell(&other, None, false).await.unwrap();
    assert_eq!(server.shown(|s| s.incidents.len()), 2);
}

#[tokio::test]
async fn too_many_requests_wait_and_a_wrong_token_is_refused_without_being_repeated() {
    let server = Server::start().await;
    for status in [420, 429, 503] {
        server.shown(|s| s.refuses = Some(status));
        let error = server.page().tell(&notice(0, Phase::Investigating, FIRST), None, false).await.unwrap_err();
        assert!(matches!(error, PageError::Later { after_ms: 2_000, .. }), "{status}: {error:?}");
    }
    assert_eq!(server.shown(|s| s.incidents.len()), 0);
    let page = server.page_with(&[], "planted-wrong-token");
    let error = page.tell(&notice(0, Phase::Investigating, FIRST), None, false).await.unwrap_err();
    assert!(matches!(&error, PageError::Refused(why) if why.starts_with("HTTP 401")), "{error:?}");
    assert!(!format!("{error:?}").contains("planted-wrong"), "{error:?}");
}

#[tokio::test]
async fn the_status_webhook_is_signed_and_holds_public_words_only() {
    let server = Server::start().await;
    let url = format!("{}/hook", server.base);
    let hook = StatusWebhook::new(signalbox::http::loopback().unwrap(), url, Token::new(TOKEN.into()));
    hook.tell(&notice(0, Phase::Investigating, FIRST), None, false).await.unwrap();
    let told = server.shown(|s| s.signed[0].clone());
    assert_eq!((&told["title"], &told["status"]), (&"Payments".into(), &"investigating".into()));
    assert_eq!((&told["text"], &told["service"]), (&FIRST.into(), &"Payments".into()));
    let keys: Vec<&str> = told.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys.len(), 9, "{keys:?}");
}

#[tokio::test]
async fn mails_of_one_incident_are_one_thread() {
    let mut server = Mail::start(&["take"]).await;
    let thread = "INC-7.1767596700000".to_owned();
    let first = Letter {
        id: thread.clone(),
        thread: thread.clone(),
        to: Recipient { name: String::new(), address: "leadership@barq.test".into() },
        subject: "[P0] INC-7 the API is down".into(),
        text: "INC-7 P0 the API is down · declared\n\nStatus: open".into(),
        important: true,
        at: "2026-01-05T07:05:00Z".parse().unwrap(),
    };
    let client = server.client(Tls::None, None);
    client.mail(&first).await.unwrap();
    let again = Letter {
        id: format!("{thread}.9"),
        subject: "Re: [P0] INC-7 the API is down".into(),
        important: false,
        ..first.clone()
    };
    client.mail(&again).await.unwrap();
    let (first, again) = (server.taken().await, server.taken().await);
    let (first, again) = (first["data"].as_str().unwrap(), again["data"].as_str().unwrap());
    let root = "<signalbox.INC-7.1767596700000@barq.test>";
    assert!(first.contains(&format!("Message-ID: {root}")), "{first}");
    assert!(first.contains("Subject: [P0] INC-7 the API is down") && first.contains("Importance: high"), "{first}");
    assert!(first.contains("Content-Type: text/plain; charset=utf-8"), "{first}");
    assert!(!first.contains("In-Reply-To") && !first.contains("References"), "{first}");
    for part in [
        "Message-ID: <signalbox.INC-7.1767596700000.9@barq.test>".to_owned(),
        format!("In-Reply-To: {root}"),
        format!("References: {root}"),
        "Subject: Re: [P0] INC-7 the API is down".to_owned(),
    ] {
        assert!(again.contains(&part), "{part}:\n{again}");
    }
    assert!(!again.contains("Importance"), "{again}");
}
