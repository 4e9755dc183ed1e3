//! Scenes of runbooks: one is found and read, and a command in it is asked for, run, stopped and lost.

use super::stage::{Place, Stage};
use signalbox::domain::time::Span;
use signalbox::rehearsal::world::Ends;

/// Sheets with many short messages.
const PAGES: &str = "runbooks";
const RUNS: &str = "runbook-commands";
const REPLIES: &str = "runbook-private-replies";

pub async fn all() -> Vec<Stage> {
    vec![pages().await, runs().await]
}

impl Stage {
    fn of_run(&mut self, name: &'static str, place: Place, words: &str) {
        let ours = |key: &str| key.starts_with("runbook") || key.starts_with("output:run");
        let said = self.newest(|s, text| ours(&s.key) && text.contains(words), words);
        self.pick(RUNS, name, place, said.message());
    }
}

async fn pages() -> Stage {
    let mut stage = Stage::at("2026-01-05T10:05").await;
    stage.asks(PAGES, "all", "sara", "/runbook").await;
    stage.asks(PAGES, "one", "khalid", "/runbook memory").await;
    stage.asks(PAGES, "several", "sara", "/runbook timeout").await;
    stage.asks(PAGES, "none", "sara", "/runbook elephants").await;
    stage.asks(REPLIES, "which command", "khalid", "/runbook run memory").await;
    stage.asks(REPLIES, "where", "khalid", "/runbook run memory restart").await;
    stage.asks(REPLIES, "no role", "sara", "/runbook run memory restart api production").await;
    stage.asks(REPLIES, "no such place", "khalid", "/runbook run memory restart frontend production").await;
    stage
}

async fn runs() -> Stage {
    let mut stage = Stage::at("2026-01-05T10:05").await;
    stage.job("barq-restart", None, Some(Span::mins(1)), "api-00042 <@everyone> ```\nserves *100 %*");
    stage.says("omar", "/incident P1 checkout is slow").await;
    let ask = "/runbook run memory restart api production --incident INC-1";
    stage.asks(REPLIES, "asked for", "khalid", ask).await;
    stage.of_run("asked", Place::Channel, "run it?");
    stage.asks(REPLIES, "asked for already", "lina", ask).await;
    stage.asks(REPLIES, "confirmed", "khalid", "/runbook confirm memory 1").await;
    stage.of_run("running", Place::Channel, "· running");
    let begun = stage.newest(|_, text| text.contains("Khalid Nasser runs"), "runs memory #1");
    stage.pick(RUNS, "in the incident's thread", Place::Thread, begun.message());
    stage.wait(Span::mins(2)).await;
    stage.of_run("its output", Place::Thread, "Output of Restart the instances");
    stage.of_run("done", Place::Channel, "done: exit code 0");
    stage.of_run("done, in its thread", Place::Thread, "It is done");
    let ended = stage.newest(|_, text| text.contains("ends: exit code 0"), "ends: exit code 0");
    stage.pick(RUNS, "over, in the incident's thread", Place::Thread, ended.message());
    stage.says("khalid", "/runbook run memory restart api staging").await;
    stage.says("khalid", "/runbook confirm memory 2").await;
    stage.asks(REPLIES, "stopped", "lina", "/runbook stop memory").await;
    stage.of_run("who stops it", Place::Thread, "stops it");
    stage.of_run("stopped", Place::Channel, "stopped: cancelled");
    stage.job("barq-restart", Some(Ends::Lost), None, "");
    stage.says("khalid", "/runbook run memory restart api staging").await;
    stage.says("khalid", "/runbook confirm memory 3").await;
    stage.wait(Span::mins(1)).await;
    stage.of_run("lost", Place::Channel, "nobody knows");
    stage.of_run("lost, in its thread", Place::Thread, "Nobody knows");
    stage.says("khalid", "/runbook run memory grow api production").await;
    stage.of_run("a second key", Place::Channel, "is not who asked for it");
    stage.asks(REPLIES, "somebody else", "khalid", "/runbook confirm memory 4").await;
    stage.wait(Span::mins(16)).await;
    stage.of_run("called off", Place::Channel, "nobody confirmed it in time");
    stage
}
