//! A button's form, made again from the command's file, is the button's own form.

use super::kit::{Wire, command, engine, engine_with, envelope, policy, settle};
use signalbox::chat::{Body, Inbox as _, Intake as _, wire};
use signalbox::domain::environment::EnvironmentEvent;
use signalbox::domain::ids::{DeploymentId, Stream};
use signalbox::domain::message::Button;
use signalbox::domain::person::PersonEvent;
use signalbox::domain::plan::Release;
use signalbox::domain::policy::Policy;
use signalbox::domain::render::{cards, notices};
use signalbox::domain::world::{Event, State};
use signalbox::engine::Engine;
use signalbox::store::{MemoryStore, Store as _};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

fn click(action: String, fields: BTreeMap<String, String>) -> Body {
    Body::Click { message: "C1:1".into(), action, fields }
}

/// The buttons with a form on every card and notice of what happened in a world.
async fn asking(engine: &Engine, store: &MemoryStore) -> Vec<Button> {
    let (policy, mut out) = (engine.policy(), Vec::new());
    for stream in store.streams("", 99).await.unwrap() {
        let mut state = None;
        for row in store.events(&stream, 0, 999).await.unwrap() {
            let event = Event::read(stream.kind(), &row.body).unwrap();
            let at = signalbox::domain::time::Now::at(signalbox::domain::time::from_millis(row.at));
            let after = signalbox::domain::world::evolve(&stream, state, &event, at).unwrap();
            let actor = signalbox::domain::ids::PersonId::new(&row.actor);
            let said = notices(&policy, &stream, &event, Some(&actor), &after);
            out.extend(said.into_iter().flat_map(|n| n.message.buttons));
            if let State::Deployment(d) = &after {
                out.extend(cards(&policy, d).into_iter().flat_map(|c| c.message.buttons));
            }
            state = Some(after);
        }
    }
    out.extend(rare(&policy));
    out.retain(|b: &Button| b.form.is_some());
    out
}

/// Of what happens late in a deployment's life.
fn rare(policy: &Policy) -> Vec<Button> {
    let release = Release { version: "v1.2.0".into(), revision: "r1".into(), changes: Vec::new() };
    let (service, deployment) = ("api".into(), DeploymentId(1));
    let quarantined = EnvironmentEvent::Quarantined { service, release, deployment, reason: "errors".into() };
    let owes = Event::Person(PersonEvent::DebtOpened { deployment });
    let (production, sara) = (Stream::environment(&"production".into()), Stream::person(&"sara".into()));
    let mut out =
        notices(policy, &production, &Event::Environment(quarantined), None, &State::Environment(Default::default()));
    out.extend(notices(policy, &sara, &owes, None, &State::Person(Default::default())));
    out.into_iter().flat_map(|n| n.message.buttons).collect()
}

#[tokio::test]
async fn every_button_with_a_form_gets_its_own_form_back() {
    let store = Arc::new(MemoryStore::new());
    let mut policy = policy();
    policy.environments.get_mut("production").unwrap().after = None;
    let engine = engine_with(store.clone(), Wire::new(), "me", policy);
    engine.receive(envelope("1", "sara", command("/deploy v1.2.0 to production"))).await.unwrap();
    settle(&engine).await;
    let buttons = asking(&engine, &store).await;
    let commands: BTreeSet<&str> = buttons.iter().map(|b| b.action.command.as_str()).collect();
    let all = ["checklist na", "checklist tick", "quarantine release", "reject", "review"];
    assert_eq!(commands, all.into(), "a new one needs a title and labels in its file");
    for button in &buttons {
        let body = click(wire(button), BTreeMap::new());
        let (action, form) = engine.form(&envelope("c", "omar", body.clone())).unwrap();
        assert_eq!((Some(&form), &action), (button.form.as_ref(), &button.action.encode()), "{}", button.label);
        let answer = engine.receive(envelope("c", "omar", body.clone())).await.unwrap();
        assert_eq!((answer.form, answer.messages), (Some((action, form)), vec![]));
        let stranger = engine.receive(envelope("c", "stranger", body.clone())).await.unwrap();
        assert!(stranger.form.is_none() && stranger.messages.len() == 1, "a stranger is told who may");
        assert_eq!(engine.form(&envelope("c", "stranger", body)), None);
    }
}

#[tokio::test]
async fn a_filled_form_is_an_act() {
    let store = Arc::new(MemoryStore::new());
    let engine = engine(store.clone(), Wire::new(), "me");
    engine.receive(envelope("1", "sara", command("/deploy v1.2.0 to staging"))).await.unwrap();
    let fields: BTreeMap<String, String> = [("reason".to_owned(), "not today".to_owned())].into();
    for (id, action) in [("2", "reject?ask=reason&deployment=D-1"), ("3", "reject?deployment=D-1")] {
        let body = click(action.into(), fields.clone());
        assert_eq!(engine.form(&envelope(id, "omar", body.clone())), None, "{action}");
        assert!(engine.receive(envelope(id, "omar", body)).await.unwrap().form.is_none());
    }
    assert!(engine.open_deployments().await.unwrap().is_empty());
    let typed = engine.form(&envelope("4", "sara", command("/deploy api to staging"))).unwrap();
    assert_eq!(typed.0, "deploy?environment=staging&service=api");
    assert_eq!(engine.form(&envelope("5", "sara", command("/deploy status"))), None);
    let old = click("reject?ask=mood&deployment=D-1".into(), BTreeMap::new());
    assert_eq!(engine.form(&envelope("6", "omar", old)), None, "a field that no command has");
}

#[tokio::test]
async fn completion_knows_open_deployments_and_tabled_versions() {
    let engine = engine(Arc::new(MemoryStore::new()), Wire::new(), "me");
    let offers = |line: &str| engine.complete(line).into_iter().map(|o| o.insert).collect::<Vec<_>>();
    assert!(!offers("/approve ").iter().any(|o| o.contains("D-1")));
    engine.receive(envelope("1", "sara", command("/deploy v1.2.0 to staging"))).await.unwrap();
    assert!(offers("/approve ").iter().any(|o| o.contains("D-1")), "{:?}", offers("/approve "));
    engine.receive(envelope("2", "sara", command("/cancel D-1"))).await.unwrap();
    assert!(!offers("/approve ").iter().any(|o| o.contains("D-1")));
    assert!(offers("/dep").contains(&"/deploy ".to_owned()) && policy().people.len() > 1);
}
