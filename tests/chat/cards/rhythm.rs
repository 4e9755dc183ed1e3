//! Scenes of the rhythm: a day with its digests, and a round of maintenance from its beginning to its end.

use super::stage::{Place, Stage};
use signalbox::domain::probe::Verdict;
use signalbox::domain::time::Span;
use signalbox::rehearsal::world::ProbeScript;

/// Sheets with many short messages.
const DIGESTS: &str = "digests";
const ROUNDS: &str = "maintenance";
const REPLIES: &str = "rhythm-private-replies";
const ANSWERS: &str = "rhythm-answers";

pub async fn all() -> Vec<Stage> {
    vec![a_day().await, a_week().await]
}

impl Stage {
    fn digest(&mut self, name: &'static str, words: &str) {
        let said = self.newest(|s, text| s.key.starts_with("digest/") && text.contains(words), words);
        self.pick(DIGESTS, name, Place::Channel, said.message());
    }

    fn round(&mut self, name: &'static str, words: &str) {
        let said = self.newest(|s, text| s.key.starts_with("maintenance:") && text.contains(words), words);
        self.pick(ROUNDS, name, Place::Channel, said.message());
    }

    fn of_round(&mut self, name: &'static str, words: &str) {
        let said = self.newest(|s, text| s.key.starts_with("maintenance/") && text.contains(words), words);
        self.pick(ROUNDS, name, Place::Channel, said.message());
    }
}

async fn a_day() -> Stage {
    let mut stage = Stage::at("2026-01-05T08:30").await;
    stage.wait(Span::mins(31)).await;
    stage.digest("a quiet morning", "Morning");
    stage.asks(ANSWERS, "which digests", "sara", "/digest").await;
    let script = ProbeScript { verdict: Some(Verdict::Unhealthy), values: Default::default(), text: "503".into() };
    stage.probe("live-health", Some(script));
    stage.says("omar", "/incident P2 search finds nothing").await;
    stage.asks(ANSWERS, "a digest before its time", "sara", "/digest morning").await;
    stage.wait(Span::hours(10)).await;
    stage.digest("an evening", "Evening");
    stage.digest("the week", "The week");
    stage.asks(ANSWERS, "numbers", "sara", "/stats").await;
    stage.asks(ANSWERS, "numbers of nothing", "sara", "/stats moon").await;
    stage
}

async fn a_week() -> Stage {
    let mut stage = Stage::at("2026-01-06T09:59").await;
    stage.wait(Span::mins(2)).await;
    stage.round("a round", "Every week");
    stage.wait(Span::hours(24)).await;
    stage.of_round("chased", "has 4 open items");
    stage.asks(ANSWERS, "what is open", "sara", "/maintenance").await;
    stage.asks(REPLIES, "ticked", "lina", "/maintenance tick weekly 1-3").await;
    stage.round("nearly done", "Every week");
    stage.asks(REPLIES, "no such item", "lina", "/maintenance tick weekly 9").await;
    stage.asks(REPLIES, "set aside", "lina", "/maintenance na weekly 4 nothing was left over").await;
    stage.of_round("set aside, and done", "is done");
    stage.round("done", "Every week");
    stage.asks(REPLIES, "opened again", "lina", "/maintenance untick weekly 4").await;
    stage.asks(REPLIES, "ticked at last", "lina", "/maintenance tick weekly 4").await;
    stage.of_round("done at last", "is done");
    stage.asks(REPLIES, "not begun", "lina", "/maintenance tick quarterly 1").await;
    stage
}
