//! Pages of a whole house, over real sockets: a way that fails falls to the next one, and somebody who has it ends it.

use super::house::{Ground, House};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;
use signalbox::chat::Token;
use signalbox::domain::ids::{IncidentId, Role};
use signalbox::domain::incident::Incident;
use signalbox::domain::paging::{Via, Ways};
use signalbox::domain::policy::Policy;
use signalbox::domain::time::Span;
use signalbox::paging::{Email, EmailSettings, Ntfy, Pager, Pagerduty, Tls};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
const C_INCIDENTS: &str = "C0INCIDENT";

/// A server that keeps what it is sent, and answers all of it alike.
#[derive(Clone)]
struct Server {
    base: String,
    status: StatusCode,
    seen: Arc<Mutex<Vec<Value>>>,
}

impl Server {
    async fn answering(status: StatusCode) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { base, status, seen: Arc::default() };
        let keep = |State(server): State<Self>, body: Bytes| async move {
            server.seen.lock().unwrap().extend(serde_json::from_slice::<Value>(&body));
            server.status
        };
        let app = Router::new().fallback(keep).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        server
    }

    fn seen(&self) -> Vec<Value> {
        self.seen.lock().unwrap().clone()
    }

    fn ntfy(&self) -> Arc<dyn Pager> {
        Arc::new(Ntfy::new(signalbox::http::loopback().unwrap(), Some(self.base.clone()), None))
    }
}

/// A mail server that is not there.
fn no_mail() -> Arc<dyn Pager> {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (host, from) = ("127.0.0.1".to_owned(), "signalbox@barq.test".to_owned());
    Arc::new(Email::new(EmailSettings { host, port, tls: Tls::None, login: None, from }).unwrap())
}

/// Omar is on call, and nobody else is.
fn on_call(policy: &mut Policy, ways: &[&[Via]]) {
    let role = Role::new("on-call");
    // The roster turns with the days, and this house lives today.
    for level in policy.response.ladders.values_mut().flat_map(|ladder| &mut ladder.levels) {
        if !level.rosters.is_empty() {
            level.rosters.clear();
            level.roles.insert(role.clone());
        }
    }
    for person in policy.people.values_mut() {
        person.roles.remove(&role);
        if person.id.as_str() == "omar" {
            person.roles.insert(role.clone());
            person.contact = [(Via::Email, "omar@barq.test".into()), (Via::Ntfy, "barq-omar".into())].into();
            person.ways = Ways { high: ways.iter().map(|step| step.to_vec()).collect(), ..Ways::default() };
        }
    }
}

/// Waits until the incident stands so.
async fn until<T>(house: &House, what: &str, ask: impl Fn(&Incident) -> Option<T>) -> T {
    let waiting = async {
        loop {
            let found = house.engine.incident(IncidentId(1)).await.unwrap();
            if let Some(found) = found.as_ref().and_then(&ask) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    match waited {
        Ok(found) => found,
        Err(_) => panic!("{what}: {:?}", house.engine.incident(IncidentId(1)).await.unwrap().map(|i| i.climb.pages)),
    }
}

async fn declare(house: &House) {
    // Half past eleven in the evening, whenever this runs.
    let local = house.now().wall.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(3)));
    let minutes = i64::from(local.hour()) * 60 + i64::from(local.minute());
    house.leap(Span::mins((23 * 60 + 30 - minutes).rem_euclid(24 * 60)));
    house.slack.slash("USARA", C_INCIDENTS, "/incident", "P2 the API is down").unwrap().settled().await.unwrap();
}

#[tokio::test]
async fn at_night_without_mail_it_is_a_push_and_without_that_it_is_chat() {
    let push = Server::answering(StatusCode::INTERNAL_SERVER_ERROR).await;
    let mut ground = Ground::lay().await;
    ground.pagers = BTreeMap::from([(Via::Email, no_mail()), (Via::Ntfy, push.ntfy())]);
    ground.otherwise = |policy| on_call(policy, &[&[Via::Email], &[Via::Ntfy], &[Via::Chat]]);
    let house = ground.build().await;
    declare(&house).await;
    until(&house, "told in chat", |i| i.climb.pages.first()?.by(Via::Chat)?.delivered).await;
    let failed = until(&house, "what failed", |i| {
        let page = i.climb.pages.first()?;
        Some((page.by(Via::Email)?.ended, page.by(Via::Ntfy)?.ended))
    });
    assert_eq!(failed.await, (true, true));
    let pushes = push.seen();
    assert_eq!(pushes.len(), 3, "a push may have arrived, so it is made again: {pushes:?}");
    let title = |n: usize| pushes[n]["title"].as_str().unwrap().to_owned();
    assert!(!title(0).starts_with("Again") && title(1).starts_with("Again: INC-1"), "{pushes:?}");
    let page = |(_, text): &(u64, String)| text.contains("You are paged as L1");
    house.discord.until("a message", |fake| fake.told("omar").iter().any(page).then_some(())).await;
    house.leave().await;
}

#[tokio::test]
async fn pagerduty_is_told_when_somebody_has_it_and_when_it_is_over() {
    let pagerduty = Server::answering(StatusCode::ACCEPTED).await;
    let key = Some(Token::new("a-test-routing-key".into()));
    let client = signalbox::http::loopback().unwrap();
    let pager = Pagerduty::new(client, Some(pagerduty.base.clone()), BTreeMap::new(), key);
    let mut ground = Ground::lay().await;
    ground.pagers = BTreeMap::from([(Via::Pagerduty, Arc::new(pager) as Arc<dyn Pager>)]);
    ground.otherwise = |policy| on_call(policy, &[&[Via::Pagerduty]]);
    let house = ground.build().await;
    declare(&house).await;
    until(&house, "triggered", |i| i.climb.pages.first()?.by(Via::Pagerduty)?.delivered).await;
    for text in ["ack", "resolve rolled back --cause \"a bad index\""] {
        house.slack.slash("UOMAR", C_INCIDENTS, "/incident", text).unwrap().settled().await.unwrap();
    }
    let told = async {
        while pagerduty.seen().len() < 3 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, told).await.unwrap();
    let seen = pagerduty.seen();
    let actions: Vec<&str> = seen.iter().map(|event| event["event_action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["trigger", "acknowledge", "resolve"]);
    assert!(seen.iter().all(|event| event["dedup_key"] == seen[0]["dedup_key"]), "{seen:?}");
    house.leave().await;
}
