//! The script language: its errors point and help, and a failing expectation fails with what was posted instead.

use signalbox::config::load_embedded;
use signalbox::rehearsal::{Options, Outcome, render_report, run};
use std::sync::Arc;

fn play(script: &str) -> Outcome {
    run(script, "test.rehearsal", Arc::new(load_embedded().policy), Options::default())
}

#[test]
fn every_line_that_cannot_be_read_is_pointed_at() {
    let outcome = play(
        r#"given apy v1.2.0 is good
at Tue 2026-01-05 10:05
scene Slips of the pen
  sarra: /deploy v1.2.0 to production
  expct D-1 is awaiting
  expect D-1 is waiting
  expect #deploymets says "awaiting"
  expect D-1 says "awaiting
  given api v1.2.0 smells
  given job "deploy" takes long
  wait a while
  omar: clicks Approve on the card
  omar: reacts ✅ D-1
  expect api serves v1.2.0 in prod
  at 10:06
"#,
    );
    assert!(outcome.scenes.is_empty(), "a broken script is not played");
    insta::assert_snapshot!(render_report(&outcome));
}

#[test]
fn a_failing_expectation_shows_what_was_posted_instead() {
    let outcome = play(
        r#"given api v1.1.0 is live
given api v1.2.0 succeeded in staging
scene Wrong on purpose
  sara: /deploy v1.2.0 to production
    expect reply says "It waits for keys and a miracle"
    expect D-1 is running
    expect D-1 does not say "awaiting"
    expect thread of D-1 says "Keys wanted. CTO"
    expect job "deploy api"
    expect no button Approve on D-1
    expect nothing changed
    expect mention of faisal
"#,
    );
    assert_eq!(outcome.failures.len(), 8, "every expectation fails");
    insta::assert_snapshot!(render_report(&outcome));
}

#[test]
fn an_act_that_cannot_be_done_ends_its_scene_and_not_the_others() {
    let outcome = play(
        r#"scene Nothing to click
  sara: clicks Approve on D-1
  expect D-1 is running
scene Elsewhere
  sara: /help
    expect reply says "deploy"
"#,
    );
    assert_eq!(outcome.failures.len(), 1, "{}", render_report(&outcome));
    assert_eq!(outcome.failures[0].message, "there is no card of D-1");
    assert_eq!(outcome.scenes.iter().map(|s| s.failures).collect::<Vec<_>>(), [1, 0]);
}

#[test]
fn what_was_not_expected_is_found() {
    let script = r#"given api v1.1.0 is live
scene Silence
  dana: /lock staging for 1h a test
  expect nothing else
"#;
    let outcome = play(script);
    assert_eq!(outcome.failures[0].message, "1 message was posted unexpectedly");
    let expected = script.replace("expect nothing", "expect #deployments says \"staging is locked\"\n  expect nothing");
    assert!(play(&expected).passed(), "{}", render_report(&play(&expected)));
}

#[test]
fn one_script_gives_one_transcript() {
    let script = r"given api v1.1.0 is live
given api v1.2.0 is good
scene Twice
  sara: /deploy v1.2.0 to staging
  wait 5m
  expect D-1 is awaiting
";
    let options = Options { transcript: true, ..Options::default() };
    let policy = Arc::new(load_embedded().policy);
    let once = run(script, "a", Arc::clone(&policy), options.clone());
    assert!(once.passed() && once.transcript.contains("api v1.2.0 → staging"), "{}", once.transcript);
    assert_eq!(once, run(script, "a", policy, options));
}
