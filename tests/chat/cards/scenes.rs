//! The scenes: each shows cards and messages that the real engine makes, in the order in which people meet them.

use super::stage::{Place, Stage, policy};
use signalbox::domain::deployment::Status;
use signalbox::domain::ids::Role;
use signalbox::domain::policy::{StepKind, StepSpec};
use signalbox::domain::probe::Verdict;
use signalbox::domain::time::Span;
use signalbox::rehearsal::world::{Ends, ProbeScript};
use std::collections::BTreeSet;

const MORNING: &str = "2026-01-05T10:05";
const NIGHT: &str = "2026-01-05T22:00";
const RELEASE: &str = "/deploy v1.2.0 to production";

/// Sheets with many short messages.
const LINES: &str = "lines-in-the-thread";
const POSTS: &str = "posts-in-the-channel";
const REPLIES: &str = "private-replies";
const REFUSALS: &str = "private-refusals";

fn unclear(text: &str) -> Option<ProbeScript> {
    Some(ProbeScript { verdict: Some(Verdict::Inconclusive), values: Default::default(), text: text.into() })
}

/// Everything, scene by scene.
pub async fn all() -> Vec<Stage> {
    let mut all = vec![
        canary().await,
        breach().await,
        holds().await,
        doubt().await,
        failures().await,
        endings().await,
        hotfix().await,
        night().await,
        locks().await,
        queue().await,
        ways_back().await,
        person().await,
        questions().await,
    ];
    all.extend(super::incidents::all().await);
    all.extend(super::oncall::all().await);
    all.extend(super::rhythm::all().await);
    all.extend(super::runbooks::all().await);
    all.extend(super::alerts::all().await);
    all
}

async fn canary() -> Stage {
    let mut stage = Stage::at(MORNING).await;
    let built =
        "#1 load the build definition\n#2 compile 214 files\nwarning: `retry` is never read\n#3 push the image\n";
    stage.job("run /bin/echo image", None, None, built);
    stage.asks(REPLIES, "asked for", "sara", RELEASE).await;
    stage.card("card-awaiting", "D-1").await;
    stage.said(LINES, "keys wanted", "Keys wanted");
    stage.said("checklist-open", "", "Before production for D-1");
    stage.form_of("form-reject", "Reject", "card:D-1");
    stage.form_of("form-not-applicable", "Not applicable", "Before production for D-1");
    stage.asks(REFUSALS, "a key of another role", "omar", "/approve D-1").await;
    stage.asks(REFUSALS, "the requester's own key", "sara", "/approve D-1").await;
    stage.asks(REPLIES, "a key turned", "khalid", "/approve D-1").await;
    stage.said(LINES, "a key turned", "turns a key");
    stage.says("khalid", "/withdraw D-1").await;
    stage.said(LINES, "a key taken back", "takes their key back");
    stage.says("khalid", "/approve D-1").await;
    stage.says("sara", "/checklist na D-1 13 this release has no migration").await;
    stage.asks(REPLIES, "items ticked", "sara", "/checklist tick D-1 1 2 22").await;
    stage.says("omar", "/checklist untick D-1 2").await;
    stage.said(LINES, "an item open again", "is open again");
    stage.card("card-awaiting-one-key", "D-1").await;
    stage.asks("why", "", "omar", "/why D-1").await;
    stage.asks(REPLIES, "when", "omar", "/when D-1").await;
    stage.says("yusuf", "/approve D-1").await;
    stage.card("card-running", "D-1").await;
    stage.said(LINES, "started", "D-1 starts");
    stage.said("checklist-closed", "", "Before production for D-1");
    stage.said("checklist-during", "", "While it runs for D-1");
    stage.until("D-1", Status::Baking).await;
    stage.wait(Span::mins(2)).await;
    stage.said(LINES, "a step done", "Migrate the database done");
    stage.said(LINES, "a stage begun", "at most 5 errors");
    stage.said("output", "", "Output of Build the image");
    stage.card("card-baking", "D-1").await;
    stage.asks(REPLIES, "paused", "sara", "/pause D-1").await;
    stage.card("card-paused", "D-1").await;
    stage.says("sara", "/resume D-1").await;
    stage.said(LINES, "let go on", "lets it go on");
    stage.until("D-1", Status::Baking).await;
    stage.says("khalid", "/promote D-1").await;
    stage.said(LINES, "promoted", "promotes it");
    stage.wait(Span::mins(2)).await;
    stage.probe("live-version", unclear("no answer within 5 s"));
    stage.until("D-1", Status::Verifying).await;
    stage.wait(Span::secs(12)).await;
    stage.card("card-verifying", "D-1").await;
    stage.probe("live-version", None);
    stage.until("D-1", Status::Succeeded).await;
    stage.card("card-succeeded", "D-1").await;
    stage.said(LINES, "succeeded", "D-1 succeeded");
    stage.wait(Span::mins(6)).await;
    stage.said(LINES, "a list at its time", "the follow-up checklist is in this thread");
    stage.said("checklist-afterwards", "", "First minutes for D-1");
    stage.behaves("v1.2.0", 0.0, "out of memory");
    stage.wait(Span::mins(3)).await;
    stage.said("watch-alarm", "", "is unhealthy while it is watched");
    stage.card("card-watched-and-unhealthy", "D-1").await;
    stage.behaves("v1.2.0", 0.0, "");
    stage.wait(Span::hours(1)).await;
    stage.said(LINES, "the watch ended", "The watch ends");
    stage
}

async fn breach() -> Stage {
    let mut stage = Stage::at(MORNING).await;
    stage.job("restore", None, Some(Span::secs(30)), "");
    stage.behaves("v1.2.0", 0.5, "");
    stage.says("sara", RELEASE).await;
    stage.complete("D-1").await;
    stage.until("D-1", Status::RollingBack).await;
    stage.wait(Span::secs(4)).await;
    stage.card("card-rolling-back", "D-1").await;
    stage.said("going-back", "", "rolls back: ");
    stage.said(LINES, "it rolls back", "It rolls back");
    stage.until("D-1", Status::RolledBack).await;
    stage.card("card-rolled-back", "D-1").await;
    stage.said(LINES, "rolled back", "D-1 rolled back");
    stage.said(POSTS, "rolled back, for the engineers", "is rolled back in production");
    stage.said("quarantine", "", "is quarantined in production");
    stage.said(POSTS, "locked by signalbox", "is locked by signalbox");
    stage.asks(REPLIES, "what is quarantined", "sara", "/quarantine list").await;
    stage.asks(REFUSALS, "a release in quarantine", "sara", RELEASE).await;
    stage.presses("khalid", "Release it", "is quarantined in production", &[("reason", "it was the load test")]).await;
    stage.said(POSTS, "released from quarantine", "from its quarantine");
    stage
}

async fn holds() -> Stage {
    let mut stage = Stage::at(MORNING).await;
    stage.says("sara", RELEASE).await;
    stage.complete("D-1").await;
    stage.until("D-1", Status::Baking).await;
    stage.says("dana", "/lock production for 20m database move").await;
    stage.until("D-1", Status::Held).await;
    stage.card("card-held-by-a-lock", "D-1").await;
    stage.said(LINES, "held", "Held: ");
    stage.until("D-1", Status::Baking).await;
    stage.said(LINES, "goes on by itself", "it goes on by itself");
    stage.world.outside().set_rate("api", 0.0, stage.world.now().work);
    stage.until("D-1", Status::Held).await;
    stage.card("card-held-and-asking", "D-1").await;
    stage
}

async fn doubt() -> Stage {
    let mut stage = Stage::at(MORNING).await;
    stage.job("run /bin/echo schema", Some(Ends::Lost), None, "");
    stage.says("sara", RELEASE).await;
    stage.complete("D-1").await;
    stage.until("D-1", Status::Held).await;
    stage.card("card-held-in-doubt", "D-1").await;
    stage
}

async fn failures() -> Stage {
    let mut stage = Stage::at(MORNING).await;
    stage.job("run /bin/echo image", Some(Ends::Failing("exit code 2".into())), None, "error: missing `Dockerfile`\n");
    stage.says("sara", RELEASE).await;
    stage.complete("D-1").await;
    stage.until("D-1", Status::Failed).await;
    stage.card("card-failed", "D-1").await;
    stage.said(LINES, "a step failed", "Build the image failed");
    stage.said(POSTS, "it stops", "stops: ");
    stage.job("restore api", Some(Ends::Failing("the registry does not answer".into())), None, "");
    stage.says("omar", "/rollback api in production users cannot sign in").await;
    stage.until("D-2", Status::Failed).await;
    stage.card("card-stuck", "D-2").await;
    stage.said("needs-a-person", "", "needs a person now");
    stage
}

async fn endings() -> Stage {
    let mut stage = Stage::at(NIGHT).await;
    stage.says("sara", RELEASE).await;
    stage.presses("yusuf", "Reject", "card:D-1", &[("reason", "the shop is full tomorrow, *please* wait")]).await;
    stage.card("card-rejected", "D-1").await;
    stage.said(LINES, "rejected", "D-1 rejected");
    stage.says("sara", RELEASE).await;
    stage.asks(REPLIES, "cancelled", "sara", "/cancel D-2").await;
    stage.card("card-cancelled", "D-2").await;
    stage.behaves("v1.3.0", 0.0, "");
    stage.says("sara", "/deploy v1.2.0 to production").await;
    stage.in_staging("v1.2.1").await;
    stage.says("omar", "/deploy v1.2.1 to production").await;
    stage.card("card-superseded", "D-3").await;
    stage.said(POSTS, "superseded", "D-3 superseded");
    stage.says("sara", "/deploy v1.3.0 to staging").await;
    stage.wait(Span::mins(241)).await;
    stage.card("card-expired", "D-5").await;
    stage.said(POSTS, "expired", "D-5 expired");
    stage.says("omar", "/checklist tick D-4 1 13 22").await;
    stage.says("khalid", "/approve D-4").await;
    stage.says("yusuf", "/approve D-4").await;
    stage.world.outside().set_revision("api", "v1.2.1", "0badc0de");
    stage.wait(Span::hours(8)).await;
    stage.until("D-4", Status::Refused).await;
    stage.card("card-refused", "D-4").await;
    stage.said(POSTS, "refused", "D-4 refused");
    stage.asks("history", "", "sara", "/deploy history").await;
    stage
}

async fn hotfix() -> Stage {
    let mut stage = Stage::at("2026-01-10T03:00").await;
    stage.behaves("v1.1.1", 0.0, "");
    let typed = "@everyone <!channel> *bold* _it_ `x` [a](https://example.org) <@U0OMAR> & <script>";
    stage.says("sara", &format!("/deploy v1.1.1 to production --hotfix \"payments fail\" --skip-ci \"{typed}\"")).await;
    stage.card("card-hotfix", "D-1").await;
    stage.says("sara", "/checklist tick D-1 1 13 22").await;
    stage.says("faisal", "/approve D-1").await;
    stage.said(POSTS, "a hotfix runs", "runs without your keys");
    stage.said("review-wanted", "", "took the fast lane");
    stage.until("D-1", Status::Succeeded).await;
    stage.says("omar", "/review D-1 the cause was a missing index").await;
    stage.said(POSTS, "a review closed", "closes the review");
    stage
}

async fn night() -> Stage {
    let mut stage = Stage::at(NIGHT).await;
    stage.says("sara", RELEASE).await;
    stage.complete("D-1").await;
    stage.card("card-waiting-for-its-window", "D-1").await;
    stage.asks("window", "", "sara", "/window production").await;
    stage.world.outside().set_revision("api", "v1.2.0", "0badc0de");
    stage.in_staging("v1.2.0").await;
    stage.wait(Span::mins(12 * 60 + 2)).await;
    stage.said(LINES, "the plan changed", "The plan has changed");
    let mut frozen = Stage::at("2026-12-28T10:30").await;
    frozen.says("sara", RELEASE).await;
    frozen.card("card-frozen", "D-1").await;
    stage.shots.extend(frozen.shots);
    stage
}

async fn locks() -> Stage {
    let mut stage = Stage::at(MORNING).await;
    stage.asks(REPLIES, "locked", "dana", "/lock production for 2h database move").await;
    stage.said("lock", "", "is locked by Dana");
    stage.asks(REFUSALS, "somebody else's lock", "omar", "/lock production for 1h my turn").await;
    stage.says("omar", "/lock production for 1h --take-over my turn").await;
    stage.said(POSTS, "a lock taken over", "taken over from");
    stage.says("sara", RELEASE).await;
    stage.complete("D-1").await;
    stage.card("card-locked", "D-1").await;
    stage.wait(Span::mins(61)).await;
    stage.said(POSTS, "a lock expired", "the lock has expired");
    stage.says("dana", "/lock production for 2h database move").await;
    stage.says("dana", "/unlock production").await;
    stage.said(POSTS, "unlocked", "is unlocked by");
    stage
}

async fn queue() -> Stage {
    let mut stage = Stage::at(MORNING).await;
    stage.in_staging("v1.2.1").await;
    stage.says("sara", RELEASE).await;
    stage.says("sara", "/checklist tick D-1 1 13 22").await;
    stage.says("khalid", "/approve D-1").await;
    stage.begins("yusuf", "/approve D-1", "card-starting", "D-1").await;
    stage.says("omar", "/deploy v1.2.1 to production").await;
    stage.complete("D-2").await;
    stage.card("card-queued", "D-2").await;
    stage.asks("status", "", "sara", "/deploy status").await;
    let answer = stage.says("sara", "/deploy status").await;
    for message in answer.messages {
        stage.pick("app-home", "", Place::Home, message);
    }
    stage
}

async fn ways_back() -> Stage {
    let mut stage = Stage::at(MORNING).await;
    stage.asks(REPLIES, "a rollback asked for", "omar", "/rollback api in production full orders are missing").await;
    stage.card("card-rollback-awaiting", "D-1").await;
    stage.says("omar", "/cancel D-1").await;
    stage.says("omar", "/rollback api in production users cannot sign in").await;
    stage.card("card-rollback-running", "D-2").await;
    stage.until("D-2", Status::Succeeded).await;
    stage.card("card-rollback-done", "D-2").await;
    stage
}

async fn person() -> Stage {
    let mut policy = policy();
    let roles = BTreeSet::from([Role::new("devops-engineer")]);
    let kind = StepKind::Manual { roles, prompt: "Warm the cache from the console of the cluster.".into() };
    let steps = &mut policy.strategies.get_mut("canary").unwrap().steps;
    let by_hand = StepSpec { name: "Warm the cache".into(), kind, ..steps[0].clone() };
    steps.insert(0, by_hand);
    let mut stage = Stage::with(MORNING, policy).await;
    stage.says("sara", RELEASE).await;
    stage.complete("D-1").await;
    stage.wait(Span::secs(5)).await;
    stage.card("card-waiting-for-a-person", "D-1").await;
    stage.said(LINES, "a step for a person", "When it is done, press Done");
    stage
}

async fn questions() -> Stage {
    let mut stage = Stage::at(MORNING).await;
    stage.asks("dry-run", "", "sara", "/deploy v1.2.0 to production --dry-run").await;
    stage.asks("help", "", "sara", "/help").await;
    stage.asks("help-deploy", "", "sara", "/help deploy").await;
    stage.asks(REFUSALS, "somebody unknown", "kim", RELEASE).await;
    stage.asks(REFUSALS, "a slip", "sara", "/aprove D-1").await;
    stage.asks(REFUSALS, "no such deployment", "sara", "/approve D-99").await;
    stage.asks(REFUSALS, "no such version", "sara", "/deploy v9.9.9 to production").await;
    stage.asks(REFUSALS, "not an operator", "yusuf", "/lock production for 2h no idea").await;
    let answer = stage.says("sara", "/deploy").await;
    stage.told(REFUSALS, "something is missing", "sara", answer.clone());
    stage.given("form-deploy", answer);
    stage
}
