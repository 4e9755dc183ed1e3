//! Scenes of incidents, in the order in which people meet them.

use super::stage::{Place, Stage};
use signalbox::domain::deployment::Status;
use signalbox::domain::time::Span;

const MORNING: &str = "2026-01-05T10:05";

/// Sheets with many short messages.
const LINES: &str = "incident-lines-in-the-thread";
const POSTS: &str = "incident-posts-in-the-channel";
const ALONE: &str = "incident-told-alone";
const REPLIES: &str = "incident-private-replies";

pub async fn all() -> Vec<Stage> {
    vec![one_life().await, nobody_answers().await]
}

impl Stage {
    fn incident_card(&mut self, sheet: &'static str) {
        let said = self.newest(|s, _| s.key == "card:INC-1", "INC-1");
        self.pick(sheet, "", Place::Channel, said.message());
    }

    /// What somebody was told alone.
    fn told_alone(&mut self, name: &'static str, words: &str) {
        let said = self.newest(|s, text| s.only_for.is_some() && text.contains(words), words);
        self.pick(ALONE, name, Place::Channel, said.message());
    }

    fn in_channel(&mut self, name: &'static str, words: &str) {
        let posted = |s: &signalbox::rehearsal::world::Said, text: &str| {
            s.thread.is_none() && s.only_for.is_none() && !s.key.starts_with("card:") && text.contains(words)
        };
        let said = self.newest(posted, words);
        self.pick(POSTS, name, Place::Channel, said.message());
    }
}

async fn one_life() -> Stage {
    let mut stage = Stage::at(MORNING).await;
    stage.says("sara", "/deploy v1.2.0 to production").await;
    stage.complete("D-1").await;
    stage.until("D-1", Status::Succeeded).await;
    stage.asks(REPLIES, "declared", "omar", "/incident P1 logins fail --service api").await;
    stage.incident_card("incident-open");
    stage.said(LINES, "a level paged", "L1 is paged");
    stage.told_alone("a page", "You are paged as L1");
    stage.form_of("form-resolve", "Resolve", "card:INC-1");
    stage.asks(REPLIES, "nearly the same", "sara", "/incident P2 logins fail").await;
    stage.asks(REPLIES, "joined", "sara", "/incident join").await;
    stage.said(LINES, "joined", "joins");
    stage.asks(REPLIES, "acknowledged", "lina", "/incident ack for 1h").await;
    stage.said(LINES, "acknowledged", "has it, and says more by");
    stage.asks(REPLIES, "a duty given", "sara", "/incident assign commander omar").await;
    stage.said(LINES, "a duty given", "is commander now");
    stage.asks(REPLIES, "told how it stands", "lina", "/incident update the token service is slow").await;
    stage.said(LINES, "how it stands", "the token service is slow");
    stage.incident_card("incident-acknowledged");
    stage.wait(Span::mins(10)).await;
    stage.said(LINES, "the way back", "Going back may be the quickest way out");
    stage.wait(Span::mins(17)).await;
    stage.told_alone("an update is wanted", "People want to hear how it stands");
    stage.asks(REPLIES, "put off", "omar", "/incident snooze 5m").await;
    stage.said(LINES, "put off", "puts the next update off");
    stage.wait(Span::mins(5)).await;
    stage.said(LINES, "an update is due", "An update is due");
    stage.wait(Span::mins(5)).await;
    stage.said(LINES, "an update is overdue", "The update is overdue");
    stage.asks(REPLIES, "worse", "omar", "/incident severity P0").await;
    stage.in_channel("worse", "is P0 now");
    stage.asks(REPLIES, "escalated", "lina", "/incident escalate").await;
    stage.asks(REPLIES, "mitigated", "lina", "/incident mitigate rolled back to v1.1.0").await;
    stage.in_channel("mitigated", "is mitigated");
    stage.incident_card("incident-mitigated");
    stage.asks(REPLIES, "resolved", "lina", "/incident resolve rolled back --cause \"a slow token check\"").await;
    stage.in_channel("resolved", "Root cause: a slow token check");
    stage.incident_card("incident-resolved");
    stage.asks("incident-timeline", "", "omar", "/incident timeline INC-1").await;
    stage.asks(REPLIES, "reopened", "omar", "/incident reopen INC-1 logins fail again").await;
    stage.in_channel("reopened", "is open again");
    stage.asks("incident-list", "", "omar", "/incident list").await;
    stage.asks("incident-status", "", "omar", "/incident status").await;
    stage
}

async fn nobody_answers() -> Stage {
    let mut stage = Stage::at(MORNING).await;
    stage.says("sara", "/incident P2 search finds nothing").await;
    stage.says("lina", "/incident ack for 5m").await;
    stage.wait(Span::mins(5)).await;
    stage.told_alone("a promise has passed", "You said you would have said more");
    stage.wait(Span::mins(5)).await;
    stage.said(LINES, "a promise broken", "has said nothing since");
    stage.wait(Span::mins(15)).await;
    stage.said(LINES, "a new round", "The ladder is climbed again from its start");
    stage.wait(Span::mins(45)).await;
    stage.in_channel("nobody answered", "nobody on its ladder has answered");
    stage.incident_card("incident-unanswered");
    stage
}
