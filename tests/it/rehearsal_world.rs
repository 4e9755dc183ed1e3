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
