//! The virtual world by itself: time moves from due instant to due instant, and a crash loses nothing.

use signalbox::config::load_embedded;
use signalbox::domain::deployment::Status;
use signalbox::domain::ids::DeploymentId;
use signalbox::domain::time::Span;
use signalbox::rehearsal::world::{Behaviour, World};
use std::sync::Arc;

/// A Monday, 10:05 in the example's zone.
const MONDAY: &str = "2026-01-05T10:05:00+03:00";

fn world() -> World {
    let start = MONDAY.parse().unwrap();
    let world = World::new(Arc::new(load_embedded().policy), start, "console").unwrap();
    world.outside().behave("api", "v1.2.0", Behaviour::default(), start);
    world
}

async fn status(world: &World) -> Status {
    world.engine().deployment(DeploymentId(1)).await.unwrap().unwrap().status
}

#[tokio::test]
async fn a_release_goes_to_staging() {
    let mut w = world();
    w.was_deployed("api", "v1.1.0", "staging").await.unwrap();
    w.says("sara", "deployments", "/deploy v1.2.0 to staging").await.unwrap();
    assert_eq!(status(&w).await, Status::Awaiting);
    w.says("omar", "deployments", "/approve D-1").await.unwrap();
    w.advance(Span::secs(5)).await.unwrap();
    w.crash().await.unwrap();
    w.advance(Span::mins(2)).await.unwrap();
    assert_eq!(status(&w).await, Status::Succeeded);
    assert_eq!(w.outside().live("api", "staging").as_deref(), Some("v1.2.0"));
    let jobs: Vec<_> = w.outside().jobs().into_iter().map(|j| j.what).collect();
    assert_eq!(jobs, ["deploy api v1.2.0 in staging", "traffic 100 % to api v1.2.0 in staging"]);
    assert_eq!(w.chat().channel("deployments").len(), 1, "one card, edited in place");
}

/// The draft as somebody reads it who asks for it.
async fn draft(w: &mut World) -> String {
    let answer = w.says("lina", "incidents", "/incident postmortem INC-1").await.unwrap();
    answer.messages.iter().map(|m| serde_json::to_string(m).unwrap()).collect()
}

#[tokio::test]
async fn the_draft_of_a_post_mortem_is_there_within_seconds_and_the_same_whenever_it_is_made() {
    let mut w = world();
    w.was_deployed("api", "v1.1.0", "production").await.unwrap();
    for (person, text) in [
        ("sara", "/incident P1 checkout is slow --service api"),
        ("lina", "/incident ack INC-1"),
        ("lina", "/incident impact INC-1 every third customer"),
        ("lina", "/incident update INC-1 the pool is full"),
        ("lina", "/incident mitigate INC-1 a larger pool"),
        ("lina", "/incident action INC-1 watch the pool --owner lina --due 7d"),
    ] {
        w.says(person, "incidents", text).await.unwrap();
        w.advance(Span::mins(3)).await.unwrap();
    }
    w.says("lina", "incidents", "/incident resolve INC-1 a larger pool --cause \"too few connections\"").await.unwrap();
    w.advance(Span::secs(5)).await.unwrap();
    let key = |s: &signalbox::rehearsal::world::Said| s.key.contains("/draft@");
    let posted = w.chat().said().into_iter().find(key).unwrap();
    let (first, again) = (draft(&mut w).await, draft(&mut w).await);
    assert_eq!(first, again);
    assert_eq!(first, serde_json::to_string(&posted.message()).unwrap(), "what is asked for is what was posted");
    for part in ["checkout is slow", "every third customer", "too few connections", "watch the pool", "Lina Aziz"] {
        assert!(first.contains(part), "{part} is missing: {first}");
    }
    w.crash().await.unwrap();
    w.advance(Span::hours(20)).await.unwrap();
    assert_eq!(first, draft(&mut w).await, "a new process on another day makes the same bytes");
}
