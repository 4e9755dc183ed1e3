//! The service itself, without the demo.

use crate::support::journal::{count, events};
use crate::support::yard::Yard;
use crate::support::{tree, until};
use rustix::process::Signal;
use serde_json::Value;

#[tokio::test]
async fn it_says_how_it_is_logs_for_machines_and_stops_in_good_order() {
    let yard = Yard::new();
    let serving = yard.serve(&[], &[]).await;
    assert_eq!(serving.get("/healthz").await, (200, "ok\n".into()));
    assert_eq!(serving.get("/readyz").await, (200, "ready\n".into()));
    let (status, metrics) = serving.get("/metrics").await;
    assert_eq!(status, 200);
    assert!(!metrics.contains("secret"), "{metrics}");
    assert_eq!(serving.get("/api/state?as=ada").await.0, 404, "there is no console on this port");
    assert_eq!(tree::listening(serving.program.pid).len(), 1, "the console is off unless asked for");
    assert!(serving.program.said().is_empty(), "{:?}", serving.program.said());
    let healthy = yard.run(&["healthcheck", "--url", &serving.ops]).await.good();
    assert_eq!(healthy, "ready\n");
    let log = serving.program.log();
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        for field in ["timestamp", "level", "message", "target"] {
            assert!(line[field].is_string(), "{field} of {line}");
        }
    }
    let url = serving.ops.clone();
    serving.stop().await;
    let said = yard.run(&["healthcheck", "--url", &url]).await.bad();
    assert!(said.contains(&url), "{said}");
    assert!(!yard.file("data/signalbox.db-wal").exists(), "the log is checkpointed into the database");
    yard.sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_deploy_and_their_output_is_shown_and_kept_whole() {
    let yard = Yard::new();
    let serving = yard.serve(&["--console"], &[]).await;
    let c = serving.console();
    let (status, no) = c.ask("/api/advance", Some(serde_json::json!({"span": "1h"}))).await;
    assert_eq!(status, 400, "a service's clock cannot be moved: {no}");

    c.say("ada", "/deploy v1 to depot").await;
    assert!(c.say("bob", "/approve D-1").await.contains("is turned"));
    c.shows("D-1", &["Now: Install"]).await;
    c.told("D-1", "built v1 at aaaa").await;
    let kept = yard.text("data/jobs/D-1.s0.a1/output");
    assert_eq!(kept.lines().count(), 3001, "all of the output is kept");
    let shown: usize = c.thread("D-1").await.iter().map(|m| m.text().len()).sum();
    assert!(shown < 10_000, "the thread is not flooded: {shown} characters");
    yard.go("v1");
    let card = c.shows("D-1", &["· succeeded"]).await;
    assert!(card.text().contains("Was live: v0") || card.text().contains("v1 is live"), "{}", card.text());
    assert_eq!((yard.text("live"), yard.text("begun")), ("v1\n".into(), "v1\n".into()));
    let (_, metrics) = serving.get("/metrics").await;
    assert!(metrics.contains("signalbox_intake_seconds"), "{metrics}");
    serving.stop().await;
    yard.sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_job_outlives_stops_and_kills_and_runs_once() {
    let yard = Yard::new();
    let serving = yard.serve(&["--console"], &[]).await;
    serving.console().say("ada", "/deploy v1 to depot").await;
    serving.console().say("bob", "/approve D-1").await;
    serving.console().shows("D-1", &["Now: Install"]).await;
    until("the job to begin", async || if yard.text("begun") == "v1\n" { Ok(()) } else { Err(()) }).await;
    serving.stop().await;

    let mut serving = yard.serve(&["--console"], &[]).await;
    serving.console().shows("D-1", &["Now: Install"]).await;
    serving.program.kill().await;
    yard.go("v1");
    until("the job to end without anybody", async || if yard.text("live") == "v1\n" { Ok(()) } else { Err(()) }).await;

    let again = yard.serve(&["--console"], &[]).await;
    again.console().shows("D-1", &["· succeeded"]).await;
    assert_eq!(yard.text("begun"), "v1\n", "it ran once");
    let all = events(&yard.file("data"), "deployment/D-1").await;
    assert_eq!((count(&all, "started"), count(&all, "step_ended")), (1, 3));
    again.stop().await;
    yard.sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_config_that_changes_leaves_running_plans_alone_and_voids_waiting_keys() {
    let yard = Yard::new();
    let serving = yard.serve(&["--console"], &[]).await;
    let c = serving.console();
    c.say("ada", "/deploy v1 to depot").await;
    c.say("bob", "/approve D-1").await;
    c.shows("D-1", &["Now: Install"]).await;
    c.say("ada", "/deploy v2 to depot").await;
    assert!(c.say("bob", "/approve D-2").await.contains("is turned"));
    c.shows("D-2", &["D-1"]).await;

    // A broken one is named, with file and line, and the old one stays.
    yard.configure(|text| text.replace("roles = [\"engineer\"]", "roles = [\"enginer\"]"));
    serving.program.signal(Signal::HUP);
    until("the log to name the problem", async || {
        let log = serving.program.log();
        if log.contains("the old one stays") && log.contains("enginer") && log.contains("signalbox.toml") {
            Ok(())
        } else {
            Err(log)
        }
    })
    .await;
    assert_eq!(count(&events(&yard.file("data"), "deployment/D-2").await, "keys_voided"), 0);

    yard.configure(|text| text.replace("old way", "new way"));
    serving.program.signal(Signal::HUP);
    let told = c.told("D-2", "The plan has changed").await;
    assert!(told.text().contains("steps"), "it says what changed: {}", told.text());
    yard.go("v1");
    c.shows("D-1", &["· succeeded"]).await;
    c.told("D-1", "old way").await;
    c.shows("D-2", &["· awaiting", "Engineer: Bob can turn it"]).await;
    yard.go("v2");
    assert!(c.say("bob", "/approve D-2").await.contains("is turned"));
    c.shows("D-2", &["· succeeded"]).await;
    c.told("D-2", "new way").await;
    assert_eq!(yard.text("begun"), "v1\nv2\n");
    serving.stop().await;
    yard.sound().await;
}
