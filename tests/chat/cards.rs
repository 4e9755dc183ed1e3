//! What people see of signalbox on Slack and on Discord: a snapshot of every card and of every kind of message.

mod alerts;
mod every;
mod incidents;
mod made;
mod oncall;
mod rhythm;
mod runbooks;
mod scenes;
mod sheet;
mod stage;
mod wires;

use std::collections::{BTreeMap, BTreeSet};
use wires::Wires;

#[tokio::test]
async fn every_message_looks_as_it_should_on_both() {
    let mut wires = Wires::open().await;
    let mut sheets: BTreeMap<&str, String> = BTreeMap::new();
    let played: Vec<_> = scenes::all().await.into_iter().flat_map(|stage| stage.shots).collect();
    for shot in played.into_iter().chain(made::all()) {
        let (slack, discord) = wires.show(&shot).await;
        let sheet = sheets.entry(shot.sheet).or_default();
        assert!(sheet.is_empty() || !shot.name.is_empty(), "{} is there twice", shot.sheet);
        sheet.push_str(&sheet::write(shot.name, &slack, &discord));
    }
    wires.nothing_refused();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("cards/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (name, text) in sheets {
            insta::assert_snapshot!(name, text);
        }
    });
}

#[tokio::test]
async fn no_status_no_hold_and_nothing_that_is_told_lacks_a_snapshot() {
    let stages = scenes::all().await;
    let shots = || stages.iter().flat_map(|stage| &stage.shots);
    for status in every::statuses() {
        // The card says its status itself, and the engine has it so.
        let words = status.words();
        let shown = shots().any(|shot| shot.status == Some(status) && title(shot).contains(words));
        assert!(shown, "no card is {words}");
    }
    for hold in every::holds() {
        assert!(shots().any(|shot| shot.hold == Some(hold)), "no card is held: {hold:?}");
    }
    let mut lanes = BTreeSet::new();
    for stage in &stages {
        lanes.extend(every::deployments(stage).await.iter().map(|d| every::lane(&d.lane)));
    }
    assert_eq!(lanes.len(), 3, "{lanes:?}");
    for lane in lanes {
        assert!(shots().any(|shot| shot.status.is_some() && title(shot).contains(lane)), "no card of {lane}");
    }
    let none: Vec<String> = Vec::new();
    assert_eq!(every::events_without_a_snapshot(&stages).await, none);
}

fn title(shot: &stage::Shot) -> String {
    signalbox::domain::render::words(&shot.message.title)
}
