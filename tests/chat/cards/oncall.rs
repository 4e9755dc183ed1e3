//! Scenes of rosters: a week that is handed over, a night that somebody else takes, a shift that is given away.

use super::stage::{Place, Stage};
use signalbox::domain::time::Span;

const MORNING: &str = "2026-01-05T10:05";

/// Sheets with many short messages.
const LINES: &str = "oncall-lines-in-the-thread";
const POSTS: &str = "oncall-posts-in-the-channel";
const ALONE: &str = "oncall-told-alone";
const REPLIES: &str = "oncall-private-replies";
const ANSWERS: &str = "oncall-answers";

pub async fn all() -> Vec<Stage> {
    vec![a_week().await, exceptions().await]
}

impl Stage {
    fn handoff_card(&mut self, sheet: &'static str) {
        let said = self.newest(|s, _| s.key.starts_with("handoff:primary:"), "a hand-off");
        self.pick(sheet, "", Place::Channel, said.message());
    }

    fn alone(&mut self, name: &'static str, words: &str) {
        let said = self.newest(|s, text| s.only_for.is_some() && text.contains(words), words);
        self.pick(ALONE, name, Place::Channel, said.message());
    }

    fn posted(&mut self, name: &'static str, words: &str) {
        let fits = |s: &signalbox::rehearsal::world::Said, text: &str| {
            s.thread.is_none() && s.only_for.is_none() && !s.key.contains("handoff:") && text.contains(words)
        };
        let said = self.newest(fits, words);
        self.pick(POSTS, name, Place::Channel, said.message());
    }
}

async fn a_week() -> Stage {
    let mut stage = Stage::at(MORNING).await;
    stage.wait(Span::secs(1)).await;
    stage.says("omar", "/incident P1 checkout is slow").await;
    stage.says("lina", "/incident resolve twice the database --cause \"a report without an index\"").await;
    stage.says("omar", "/lock production for 2h a look at the database").await;
    stage.wait(Span::hours(24)).await;
    stage.says("omar", "/incident P2 search finds nothing").await;
    stage.asks(ANSWERS, "notes ahead", "lina", "/oncall handoff primary").await;
    stage.wait(Span::hours(6 * 24)).await;
    stage.handoff_card("handoff-open");
    stage.alone("coming", "You are on call in primary until");
    stage.alone("going", "Your shift of primary is over");
    stage.asks(ANSWERS, "not accepted yet", "omar", "/oncall").await;
    stage.asks(REPLIES, "not theirs to accept", "omar", "/oncall accept primary").await;
    stage.wait(Span::mins(75)).await;
    stage.alone("asked again", "and you have not said that you have it");
    stage.said(LINES, "asked where others read it", "has not taken over primary yet");
    stage.asks(REPLIES, "accepted", "sara", "/oncall accept").await;
    stage.said(LINES, "accepted", "has it.");
    stage.alone("let go", "you are off call");
    stage.handoff_card("handoff-accepted");
    stage
}

async fn exceptions() -> Stage {
    let mut stage = Stage::at(MORNING).await;
    stage.asks(ANSWERS, "simulated", "omar", "/oncall simulate P0 sunday 03:10").await;
    stage.asks(ANSWERS, "simulated with nobody", "omar", "/oncall simulate P3 sunday 03:10").await;
    stage.asks(ANSWERS, "now", "omar", "/oncall").await;
    stage.asks(ANSWERS, "another time", "omar", "/oncall primary at sunday 03:10").await;
    stage.asks(ANSWERS, "no time", "omar", "/oncall at blue o'clock").await;
    stage.asks(ANSWERS, "the week ahead", "omar", "/oncall week primary").await;
    stage.asks(REPLIES, "overridden", "lina", "/oncall override primary sara tomorrow 22:00 for 8h").await;
    stage.posted("overridden", "is on call in primary from");
    stage.alone("put on call", "says Lina");
    stage.asks(REPLIES, "not on the roster", "yusuf", "/oncall override primary yusuf for 4h").await;
    stage.asks(REPLIES, "no end", "lina", "/oncall override primary sara tomorrow").await;
    stage.asks(REPLIES, "taken back", "sara", "/oncall cancel primary 1").await;
    stage.posted("taken back", "is taken back");
    stage.asks(REPLIES, "offered", "sara", "/oncall swap primary omar").await;
    stage.alone("offered", "asks you to take over primary");
    stage.asks(REPLIES, "declined", "omar", "/oncall decline").await;
    stage.alone("declined", "it stays yours");
    stage.says("sara", "/oncall swap primary dana").await;
    stage.asks(REPLIES, "taken", "dana", "/oncall take").await;
    stage.posted("taken", "takes over primary from");
    stage.asks(REPLIES, "nothing to take", "dana", "/oncall take").await;
    stage
}
