//! The main job: good, faulty and red releases, with real processes, real traffic and real errors.

use crate::support::journal::count;
use crate::support::{Demo, tree, until};
use serde_json::Value;
use std::collections::BTreeMap;

/// v1.2.0 goes all the way; then v1.3.0 is good enough for staging and is brought back from production.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_release_arrives_and_a_faulty_one_comes_back_by_itself() {
    let mut demo = Demo::start().await;
    demo.stage("D-1", "v1.2.0").await;
    assert_eq!(demo.live("staging").await, "v1.2.0");
    arrives(&demo).await;
    comes_back(&demo).await;
    demo.stop().await;
}

async fn arrives(demo: &Demo) {
    let c = &demo.console;
    demo.produce("D-2", "v1.2.0").await;
    for (weight, text) in [(10, "Now: 10 % of the traffic bakes"), (50, "Now: 50 % of the traffic bakes")] {
        let card = c.shows("D-2", &[text]).await;
        assert!(card.buttons().contains(&"Abort"), "{:?}", card.buttons());
        shares(demo, weight).await;
        counted(demo, weight.into()).await;
    }
    let card = c.shows("D-2", &["· succeeded", "Succeeded: v1.2.0 is live"]).await;
    for part in ["Requested by: Sara Haddad", "Revision: ", "Khalid Nasser", "Yusuf Rahman", "Was live: v1.1.0"] {
        assert!(card.text().contains(part), "{part} is missing in\n{}", card.text());
    }
    assert_eq!(demo.live("production").await, "v1.2.0");
    c.told("D-2", "image api:v1.2.0 built").await;
    let events = demo.events("D-2").await;
    assert_eq!(count(&events, "started"), 1);
    assert_eq!(count(&events, "step_ended"), 7, "each of the canary's steps once");
}

/// What users get, asked through the balancer by us.
async fn shares(demo: &Demo, weight: u32) {
    let (address, client) = (demo.balancer("production").await, signalbox::http::loopback().unwrap());
    let mut by_version: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..100 {
        let said = client.get(format!("http://{address}/")).send().await.unwrap().text().await.unwrap();
        let said: Value = serde_json::from_str(&said).unwrap();
        *by_version.entry(said["version"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    // Other traffic takes turns with ours, so ours alone need not be exact.
    let new = by_version.get("v1.2.0").copied().unwrap_or_default();
    assert!(new.abs_diff(weight) <= 8, "{weight} % was wanted: {by_version:?}");
    assert_eq!(new + by_version["v1.1.0"], 100);
}

/// What the fleet counted over a while of this stage.
async fn counted(demo: &Demo, weight: u64) {
    let counts = || {
        let fleet = demo.fleet();
        let all = fleet["places"]["api/production"]["shares"].as_array().unwrap().clone();
        let of = |v: &str| all.iter().find(|s| s["version"] == v).map_or(0, |s| s["requests"].as_u64().unwrap());
        (of("v1.2.0"), of("v1.1.0"))
    };
    let first = counts();
    let (new, old) = until("150 counted requests", async || {
        let (new, old) = counts();
        let (new, old) = (new - first.0, old - first.1);
        if new + old >= 150 { Ok((new, old)) } else { Err((new, old)) }
    })
    .await;
    let share = new * 100 / (new + old);
    assert!(share.abs_diff(weight) <= 5, "{weight} % was wanted: {new} of {}", new + old);
}

async fn comes_back(demo: &Demo) {
    let c = &demo.console;
    demo.stage("D-3", "v1.3.0").await;
    demo.produce("D-4", "v1.3.0").await;
    let card = c.shows("D-4", &["· rolled back", "into quarantine and a lock on api"]).await;
    assert!(card.text().contains("errors"), "{}", card.text());
    assert_eq!(demo.live("production").await, "v1.2.0");
    let events = demo.events("D-4").await;
    assert_eq!(count(&events, "went_back"), 1);
    let breach = events.iter().position(|e| e.kind == "went_back").unwrap();
    let (seen, issued) = (events[breach - 1].at, events[breach].at);
    assert!(issued - seen < 2_000, "breach seen to rollback issued: {} ms", issued - seen);

    let post = until("the post in #engineering", async || {
        let all = c.channel("engineering", "hassan").await;
        all.iter().find(|m| m.text().contains("D-4")).cloned().ok_or(all)
    })
    .await;
    assert!(post.text().contains("v1.3.0"), "{}", post.text());

    // Locked, and quarantined even after the lock is gone.
    let said = c.say("sara", "/deploy v1.2.0 to production").await;
    assert!(said.contains("lock"), "{said}");
    c.say("lina", "/unlock api in production").await;
    let said = c.say("sara", "/deploy v1.3.0 to production").await;
    assert!(said.contains("quarantine"), "{said}");
    let said = c.say("sara", "/quarantine list").await;
    assert!(said.contains("v1.3.0") && said.contains("D-4"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_red_release_fails_in_staging_and_never_serves() {
    let demo = Demo::start().await;
    let c = &demo.console;
    c.say("sara", "/deploy v1.4.0 to staging").await;
    c.say("omar", "/approve D-1").await;
    let card = c.shows("D-1", &["D-1", "the session store refuses this version"]).await;
    let card = match card.title() {
        t if t.contains("rolled back") || t.contains("failed") => card,
        _ => c.shows("D-1", &["· rolled back"]).await,
    };
    assert!(card.text().contains("v1.4.0"), "{}", card.text());
    assert_eq!(demo.live("staging").await, "v1.1.0");
    let said = c.say("sara", "/deploy v1.4.0 to production").await;
    assert!(said.contains("staging"), "{said}");
    until("the red release's process to end", async || {
        let left: Vec<_> =
            tree::descendants(demo.program.pid).into_iter().filter(|p| p.command.ends_with("v1.4.0")).collect();
        if left.is_empty() { Ok(()) } else { Err(left) }
    })
    .await;
}

/// A power cut in the middle of a bake.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_demo_goes_on_where_it_was_and_runs_nothing_twice() {
    let mut demo = Demo::start().await;
    demo.stage("D-1", "v1.2.0").await;
    demo.produce("D-2", "v1.2.0").await;
    demo.console.shows("D-2", &["Now: 10 % of the traffic bakes"]).await;
    let jobs = demo.jobs();
    assert_eq!(jobs.len(), 2, "the two command steps of the canary: {jobs:?}");
    demo.program.kill().await;

    demo.again(&[]).await;
    demo.console.shows("D-2", &["· succeeded"]).await;
    assert_eq!(demo.live("production").await, "v1.2.0");
    assert_eq!(demo.jobs(), jobs, "no command ran again");
    let events = demo.events("D-2").await;
    assert_eq!(count(&events, "started"), 1);
    assert_eq!(count(&events, "step_ended"), 7);
    assert_eq!(count(&events, "went_back"), 0);
    let fleet = demo.fleet();
    let keys = fleet["jobs"].as_object().unwrap().keys().filter(|k| k.starts_with("D-2.")).count();
    assert_eq!(keys, 4, "deploy and three shares of traffic: {}", fleet["jobs"]);
    let told: Vec<_> = demo.console.thread("D-2").await.iter().map(|m| m.text().to_owned()).collect();
    for once in ["D-2 starts", "image api:v1.2.0 built", "D-2 succeeded"] {
        assert_eq!(told.iter().filter(|t| t.contains(once)).count(), 1, "{once:?} in {told:#?}");
    }
    assert_eq!(
        demo.console.channel("deployments", "watcher").await.iter().filter(|m| m.text().starts_with("`D-2`")).count(),
        1
    );
    demo.stop().await;
}
