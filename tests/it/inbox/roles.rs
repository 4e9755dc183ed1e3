//! Roles from a platform's groups are laid over the config's, and what waits is asked again.

use super::kit::{Wire, command, engine_with, envelope, policy, slack};
use signalbox::chat::{Inbox as _, Intake as _};
use signalbox::domain::ids::{PersonId, Role};
use signalbox::domain::policy::Policy;
use signalbox::engine::{Engine, Service};
use signalbox::store::MemoryStore;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Omar turns the keys of staging, and here only a group says so.
fn without_omars_roles() -> (Policy, BTreeSet<Role>) {
    let mut policy = policy();
    let omar = policy.people.get_mut("omar").unwrap();
    let roles = std::mem::take(&mut omar.roles);
    (policy, roles)
}

async fn says(engine: &Engine, id: &str, person: &str, text: &str) -> String {
    let answer = engine.receive(envelope(id, person, command(text))).await.unwrap();
    serde_json::to_string(&answer).unwrap()
}

#[tokio::test]
async fn a_role_from_a_group_turns_a_key_and_its_loss_takes_it_away() {
    let (policy, roles) = without_omars_roles();
    let (store, wire, hash) = (Arc::new(MemoryStore::new()), Wire::new(), policy.hash.clone());
    let engine = engine_with(store.clone(), wire.clone(), "me", policy.clone());
    says(&engine, "e1", "sara", "/deploy v1.2.0 to staging").await;
    let refused = says(&engine, "e2", "omar", "/approve D-1").await;

    wire.roles.lock().unwrap().insert("U-omar".into(), roles.clone());
    wire.roles.lock().unwrap().insert("U-nobody".into(), roles.clone());
    engine.connected(&slack()).await;
    assert_eq!(engine.policy().people[&PersonId::new("omar")].roles, roles);
    assert_eq!(engine.policy().hash, hash, "plans stay as they are");
    let turned = says(&engine, "e3", "omar", "/approve D-1").await;
    assert_ne!(refused, turned);

    // A new config keeps what the platform gives; a later start has it before the platform answers.
    engine.set_policy(Arc::new(policy.clone())).await.unwrap();
    assert_eq!(engine.policy().people[&PersonId::new("omar")].roles, roles);
    let next = engine_with(store, wire.clone(), "next", policy);
    let service = Service::start(Arc::clone(&next)).await.unwrap();
    assert_eq!(next.policy().people[&PersonId::new("omar")].roles, roles);
    wire.roles.lock().unwrap().clear();
    next.connected(&slack()).await;
    assert!(next.policy().people[&PersonId::new("omar")].roles.is_empty());
    service.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_waits_is_asked_again_when_roles_change() {
    let (policy, roles) = without_omars_roles();
    let wire = Wire::new();
    let engine = engine_with(Arc::new(MemoryStore::new()), wire.clone(), "me", policy);
    engine.set_roles(&slack(), [("U-omar".to_owned(), roles)].into()).await.unwrap();
    says(&engine, "e1", "sara", "/deploy v1.2.0 to staging").await;
    engine.connected(&slack()).await;
    assert!(engine.policy().people[&PersonId::new("omar")].roles.is_empty(), "the group is empty now");
    let waits = says(&engine, "e2", "sara", "/why D-1").await;
    assert!(waits.contains("nobody") || waits.contains("Keys"), "{waits}");
}
