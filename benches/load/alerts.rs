//! Alerts over HTTP into a running signalbox: how many are taken in durably and how soon they are acknowledged, how long their
//! work takes behind that, and how soon everybody on call is told of a thousand services that fail at once.

use crate::figures::Times;
use crate::stand::{Chat, Seen, Stand};
use crate::{Options, Result, conditions, http};
use serde_json::json;
use signalbox::alerts::{Format, Proof, Source, router};
use signalbox::chat::{Inbox, Token};
use signalbox::clock::{Clock, Stopwatch, SystemClock};
use signalbox::config::load_embedded;
use signalbox::domain::alert::{Glob, Rule, Then};
use signalbox::domain::ids::{IncidentId, PersonId, ServiceName};
use signalbox::domain::policy::{Policy, Service, Source as Place};
use signalbox::domain::response::{Ladder, Level};
use signalbox::domain::time::Span;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Alerts in one request, as Alertmanager sends a large group, and alerts a second.
const BATCH: usize = 100;
const RATE: u64 = 5_000;
/// Services, each with an alert of its own.
const SERVICES: usize = 1_000;
/// What one post to the chat takes.
const CHAT_TAKES: Duration = Duration::from_millis(100);
/// How long everybody's page may take.
const PATIENCE: Duration = Duration::from_secs(60);
const TOKEN: &str = "test-alerts-token";

pub async fn run(options: &Options) -> Result<()> {
    taken_in(options).await?;
    storm(options).await
}

async fn started(options: &Options, name: &str) -> Result<(Stand, SocketAddr)> {
    let folder = conditions::fresh(&options.folder, name)?;
    let stand = Stand::start(&folder, policy(), Chat::Deaf, Seen::new(0, CHAT_TAKES)).await?;
    let proof = Proof::token(&Token::new(TOKEN.into()), false);
    let source = Source { name: "prometheus".into(), format: Format::Alertmanager, proof };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let router = router(vec![source], clock, Arc::clone(&stand.engine) as Arc<dyn Inbox>);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok((stand, address))
}

/// Every alert again and again, as a sender repeats what fires: the first round is news.
async fn taken_in(options: &Options) -> Result<()> {
    let (stand, address) = started(options, "alerts").await?;
    conditions::disk(&options.folder)?;
    let bodies: Vec<Arc<str>> = (0..SERVICES / BATCH).map(|n| body(n * BATCH..(n + 1) * BATCH, 0).into()).collect();
    let (begun, mut sent, every) = (Stopwatch::start(), Vec::new(), BATCH as u64 * 1_000_000 / RATE);
    for n in 0..options.seconds * 2 * RATE / BATCH as u64 {
        if let Some(left) = Duration::from_micros(n * every).checked_sub(begun.elapsed_std()) {
            tokio::time::sleep(left).await;
        }
        let (body, one) = (Arc::clone(&bodies[n as usize % bodies.len()]), Stopwatch::start());
        sent.push(tokio::spawn(async move {
            let answer = http::ask(address, "POST", "/alerts/prometheus", TOKEN, &body).await?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>((answer.starts_with("HTTP/1.1 202"), one.elapsed_std()))
        }));
    }
    let (mut times, mut refused) = (Times::default(), 0);
    for one in sent {
        match one.await?? {
            (true, took) => times.add(took),
            (false, _) => refused += 1,
        }
    }
    let seconds = begun.elapsed_std().as_secs_f64();
    let rate = (times.len() * BATCH) as f64 / seconds;
    times.show(&format!("{RATE} alerts/s in requests of {BATCH}: sent to acknowledged"));
    let (open, watch) = (stand.store.open_inbox_count().await?, Stopwatch::start());
    while stand.store.open_inbox_count().await? > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!(
        "    {rate:.0} alerts/s stored, {refused} requests told to come again; then {open} requests to be worked, in {:.1} s",
        watch.elapsed_std().as_secs_f64()
    );
    stand.stop().await
}

/// All of them at once, after which everybody's page must have been delivered.
async fn storm(options: &Options) -> Result<()> {
    let (stand, address) = started(options, "storm").await?;
    conditions::disk(&options.folder)?;
    let people = on_call(&policy());
    let watch = Stopwatch::start();
    http::ask(address, "POST", "/alerts/prometheus", TOKEN, &body(0..SERVICES, 1)).await?;
    loop {
        let storm = stand.engine.incident(IncidentId(1)).await?;
        let told: BTreeSet<&PersonId> =
            storm.iter().flat_map(|i| &i.climb.pages).filter(|p| p.taken()).map(|p| &p.person).collect();
        if told.len() >= people.len() {
            break;
        }
        if watch.elapsed_std() > PATIENCE {
            return Err(format!("only {} of {} people were told", told.len(), people.len()).into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = watch.elapsed_std().as_secs_f64();
    let incidents = stand.engine.board().await?.last;
    println!(
        "{SERVICES} services at once: all {} on call are told in {took:.2} s, by {incidents} incident(s)",
        people.len()
    );
    stand.stop().await
}

fn body(services: std::ops::Range<usize>, round: usize) -> String {
    let teams = on_call(&load_embedded().policy).len();
    let one = |n: usize| {
        json!({ "status": "firing", "fingerprint": format!("{n:016x}"), "startsAt": "2026-03-02T07:00:00Z",
            "labels": { "alertname": "HealthFailing", "service": name(n).as_str(), "severity": "critical",
                "team": (n % teams).to_string() },
            "annotations": { "summary": format!("{} does not answer", name(n)) }, "generatorURL": "http://prom.test/g" })
    };
    json!({ "version": "4", "groupKey": format!("g{round}"), "alerts": services.map(one).collect::<Vec<_>>() })
        .to_string()
}

fn name(service: usize) -> ServiceName {
    ServiceName::new(&format!("svc-{service}"))
}

fn on_call(policy: &Policy) -> Vec<PersonId> {
    policy.people.keys().cloned().collect()
}

/// A team for each person of the example, with that person on call; the services are spread over them.
fn policy() -> Policy {
    let mut policy = load_embedded().policy;
    policy.alerts.rules.clear();
    let people = on_call(&policy);
    for (n, person) in people.into_iter().enumerate() {
        let ladder = format!("team-{n}");
        let level = Level {
            name: "L1".into(),
            after: Span::ZERO,
            unresolved: None,
            roles: BTreeSet::new(),
            people: [person].into(),
            all: false,
            rosters: BTreeSet::new(),
            source: Place::default(),
        };
        let levels = vec![level];
        let (repeat, pause, source) = (1, Span::mins(15), Place::default());
        policy
            .response
            .ladders
            .insert(ladder.clone(), Ladder { name: ladder.clone(), levels, repeat, pause, urgent: false, source });
        policy.alerts.rules.push(Rule {
            sources: Vec::new(),
            labels: BTreeMap::from([("team".to_owned(), vec![Glob::new(&n.to_string())])]),
            title: Vec::new(),
            then: Then::Incident { severity: "P1".into(), ladder: Some(ladder) },
            service: None,
            environment: None,
            key: vec!["alertname".into(), "service".into()],
            settle: None,
            over: Default::default(),
            source: Place::default(),
        });
    }
    if let Some(api) = policy.services.get("api").cloned() {
        let service = |n| Service { name: name(n), default: false, ..api.clone() };
        policy.services.extend((0..SERVICES).map(|n| (name(n), service(n))));
    }
    policy
}
