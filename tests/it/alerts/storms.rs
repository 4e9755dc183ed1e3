//! A thousand services fail at once: one card, and everybody on call hears of it once.

use signalbox::config::load_embedded;
use signalbox::domain::alert::{Glob, Rule, Then};
use signalbox::domain::ids::{IncidentId, PersonId, ServiceName};
use signalbox::domain::policy::{Policy, Source};
use signalbox::domain::response::{Ladder, Level};
use signalbox::domain::time::Span;
use signalbox::rehearsal::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const SERVICES: u32 = 1_000;

/// Ladders of ten teams, each with a person of its own on call; the services are spread over them.
fn policy() -> (Policy, BTreeSet<PersonId>) {
    let mut policy = load_embedded().policy;
    let people: Vec<PersonId> = policy.people.keys().take(10).cloned().collect();
    let api = policy.services[&ServiceName::new("api")].clone();
    policy.alerts.rules.clear();
    for (n, person) in people.iter().enumerate() {
        let name = format!("team-{n}");
        let level = Level {
            name: "L1".into(),
            after: Span::ZERO,
            unresolved: None,
            roles: BTreeSet::new(),
            people: [person.clone()].into(),
            all: false,
            rosters: BTreeSet::new(),
            source: Source::default(),
        };
        let ladder = Ladder {
            name: name.clone(),
            levels: vec![level],
            repeat: 1,
            pause: Span::mins(15),
            urgent: false,
            source: Source::default(),
        };
        policy.response.ladders.insert(name.clone(), ladder);
        policy.alerts.rules.push(Rule {
            sources: Vec::new(),
            labels: BTreeMap::from([("team".to_owned(), vec![Glob::new(&n.to_string())])]),
            title: Vec::new(),
            then: Then::Incident { severity: "P1".into(), ladder: Some(name) },
            service: None,
            environment: None,
            key: vec!["service".into()],
            settle: None,
            over: Default::default(),
            source: Source::default(),
        });
    }
    for n in 0..SERVICES {
        let name = ServiceName::new(&format!("s{n}"));
        policy
            .services
            .insert(name.clone(), signalbox::domain::policy::Service { name, default: false, ..api.clone() });
    }
    (policy, people.into_iter().collect())
}

fn body(from: u32, to: u32, firing: bool) -> String {
    let one = |n: u32| {
        let status = if firing { "firing" } else { "resolved" };
        serde_json::json!({ "key": format!("s{n}"), "status": status, "title": "down", "service": format!("s{n}"),
            "labels": { "team": (n % 10).to_string() } })
    };
    serde_json::Value::from((from..to).map(one).collect::<Vec<_>>()).to_string()
}

#[tokio::test]
async fn a_thousand_services_at_once_page_everybody_once() {
    let (policy, people) = policy();
    let start = "2026-01-05T10:05:00+03:00".parse().unwrap();
    let mut world = World::new(Arc::new(policy), start, "console").unwrap();
    world.posts("prometheus", body(0, SERVICES, true)).await.unwrap();
    let board = world.engine().board().await.unwrap();
    let opened: Vec<IncidentId> = board.open.keys().copied().collect();
    assert_eq!(opened, [IncidentId(1)], "one card");
    let storm = world.engine().incident(IncidentId(1)).await.unwrap().unwrap();
    assert!(storm.alerts.storm && storm.title == "Alert storm", "{}", storm.title);
    assert_eq!((storm.alerts.firing, storm.alerts.services.len()), (SERVICES, 1_000));
    let mut paged: Vec<PersonId> = storm.climb.pages.iter().map(|p| p.person.clone()).collect();
    paged.sort();
    assert_eq!(paged, people.iter().cloned().collect::<Vec<_>>(), "everybody on call, once");
    assert!(storm.alerts.listed.len() <= signalbox::domain::alert::LISTED);
    world.posts("prometheus", body(0, SERVICES, false)).await.unwrap();
    world.advance(Span::mins(6)).await.unwrap();
    let storm = world.engine().incident(IncidentId(1)).await.unwrap().unwrap();
    assert_eq!((storm.alerts.firing, storm.alerts.over), (0, SERVICES));
    assert!(!storm.status.ended(), "somebody says what it was");
}

#[tokio::test]
async fn a_storm_grows_and_pages_whoever_is_new() {
    let (policy, _) = policy();
    let start = "2026-01-05T10:05:00+03:00".parse().unwrap();
    let mut world = World::new(Arc::new(policy), start, "console").unwrap();
    let team = |n: u32, firing: bool| {
        let status = if firing { "firing" } else { "resolved" };
        let one = |m: u32| {
            serde_json::json!({ "key": format!("k{n}.{m}"), "status": status, "service": format!("s{}", n * 20 + m),
                "labels": { "team": n.to_string() } })
        };
        serde_json::Value::from((0..20).map(one).collect::<Vec<_>>()).to_string()
    };
    let paged = async |world: &World| {
        let storm = world.engine().incident(IncidentId(1)).await.unwrap().unwrap();
        storm.climb.pages.iter().map(|p| p.person.to_string()).collect::<Vec<_>>()
    };
    world.posts("prometheus", team(0, true)).await.unwrap();
    assert_eq!(paged(&world).await.len(), 1);
    world.crash().await.unwrap();
    world.posts("prometheus", team(1, true)).await.unwrap();
    world.posts("prometheus", team(1, true)).await.unwrap();
    assert_eq!(paged(&world).await.len(), 2, "the second team's person as well, and nobody twice");
    // After a quiet while what is new has a card of its own again.
    world.advance(Span::mins(6)).await.unwrap();
    let single = r#"{"key":"late","status":"firing","service":"s900","labels":{"team":"3"}}"#.to_owned();
    world.posts("prometheus", single).await.unwrap();
    assert_eq!(world.engine().board().await.unwrap().last, 2);
}
