//! Scenes of incidents, in the order in which people meet them.

use super::stage::{Place, Stage};
use signalbox::domain::deployment::Status;
use signalbox::domain::paging::Via;
use signalbox::domain::time::Span;

const MORNING: &str = "2026-01-05T10:05";

/// Sheets with many short messages.
const LINES: &str = "incident-lines-in-the-thread";
const POSTS: &str = "incident-posts-in-the-channel";
const ALONE: &str = "incident-told-alone";
const REPLIES: &str = "incident-private-replies";

pub async fn all() -> Vec<Stage> {
    vec![
        one_life().await,
        nobody_answers().await,
        afterwards().await,
        mail_is_down().await,
        asked_for().await,
        a_drill().await,
        customers().await,
        a_room().await,
        no_room().await,
    ]
}

impl Stage {
    fn incident_card(&mut self, sheet: &'static str) {
        let said = self.newest(|s, _| s.key == "card:INC-1", "INC-1");
        self.pick(sheet, "", Place::Channel, said.message());
    }

    /// The checklist in its thread.
    fn first_questions(&mut self, sheet: &'static str) {
        let said = self.newest(|s, _| s.key == "list:INC-1:first", "INC-1");
        self.pick(sheet, "", Place::Thread, said.message());
    }

    /// What somebody was told alone.
    fn told_alone(&mut self, name: &'static str, words: &str) {
        let said = self.newest(|s, text| s.only_for.is_some() && text.contains(words), words);
        self.pick(ALONE, name, Place::Channel, said.message());
    }

    fn elsewhere(&mut self, name: &'static str, channel: &str, words: &str) {
        let said = self.newest(|s, text| s.channel.as_str() == channel && text.contains(words), words);
        self.pick(POSTS, name, Place::Channel, said.message());
    }

    fn in_channel(&mut self, name: &'static str, words: &str) {
        let posted = |s: &signalbox::rehearsal::world::Said, text: &str| {
            s.thread.is_none() && s.only_for.is_none() && !s.key.starts_with("card:") && text.contains(words)
        };
        let said = self.newest(posted, words);
        self.pick(POSTS, name, Place::Channel, said.message());
    }
}

async fn asked_for() -> Stage {
    let mut stage = Stage::at(MORNING).await;
    stage.asks(REPLIES, "somebody paged", "omar", "/page tariq the database is on fire").await;
    stage.told_alone("a page by name", "asks for you");
    stage.incident_card("incident-of-a-page");
    stage.asks(REPLIES, "a role paged", "omar", "/page dba the replica as well --incident INC-1").await;
    stage.said(LINES, "somebody else called", "Omar Farouk pages");
    stage.asks(REPLIES, "nobody to page", "omar", "/page desk the logo is blurred").await;
    stage
}

/// A channel of its own, from its first line to its last.
async fn a_room() -> Stage {
    let mut stage = Stage::at(MORNING).await;
    stage.says("sara", "/incident P0 all payments fail").await;
    stage.incident_card("incident-with-a-channel");
    stage.said(LINES, "the first in a channel of its own", "The war room of");
    stage.asks(REPLIES, "joined, with a channel", "omar", "/incident join INC-1").await;
    stage.says("lina", "/incident ack INC-1").await;
    stage.says("lina", "/incident resolve INC-1 renewed it --cause \"it ran out\"").await;
    stage.says("lina", "/incident lessons INC-1 look at dates").await;
    stage.says("lina", "/incident review INC-1").await;
    stage.wait(Span::hours(8 * 24)).await;
    stage.said(LINES, "the last in a channel of its own", "this channel is put aside");
    stage
}

/// Nobody lets signalbox make channels.
async fn no_room() -> Stage {
    let mut stage = Stage::at(MORNING).await;
    stage.world.chat().set_shut(true);
    stage.says("sara", "/incident P0 all payments fail").await;
    stage.said(LINES, "no channel of its own", "It has no channel of its own here");
    stage
}

/// Customers are told, with a mail server that knows nobody and a status page that is down for a while.
async fn customers() -> Stage {
    let mut stage = Stage::at(MORNING).await;
    stage.world.outlets().refuse_mail();
    stage.world.outlets().set_pages_down(true);
    stage.says("omar", "/incident P0 the API is down --service api").await;
    stage.said(LINES, "a mail that is lost", "A mail about this is lost");
    stage.elsewhere("declared, elsewhere", "engineering", "declared as full outage");
    stage.form_of("form-tell-customers", "Tell customers", "card:INC-1");
    stage.asks(REPLIES, "no right to tell customers", "omar", "/incident publish The API is down.").await;
    stage.asks(REPLIES, "customers told", "yusuf", "/incident publish The API is down. --title \"API outage\"").await;
    stage.said(LINES, "customers told", "Customers are told");
    stage.wait(Span::mins(1)).await;
    stage.said(LINES, "a status page that is down", "does not have it");
    stage.incident_card("incident-not-on-the-page");
    stage.world.outlets().set_pages_down(false);
    stage.wait(Span::mins(2)).await;
    stage.said(LINES, "customers read it", "Customers read it on");
    stage.incident_card("incident-on-the-page");
    stage.form_of("form-update-in-public", "Update", "card:INC-1");
    stage.asks(REPLIES, "told twice", "yusuf", "/incident publish Again. --title \"Another\"").await;
    stage
}

async fn a_drill() -> Stage {
    let mut stage = Stage::at(MORNING).await;
    stage.asks(REPLIES, "a drill begun", "hassan", "/drill P1").await;
    stage.told_alone("a page of a drill", "this is a drill");
    stage.asks(REPLIES, "a drill acknowledged", "lina", "/incident ack INC-1").await;
    stage.incident_card("incident-of-a-drill");
    stage.in_channel("a drill over", "The drill is over");
    stage
}

async fn one_life() -> Stage {
    let mut stage = Stage::at(MORNING).await;
    stage.says("sara", "/deploy v1.2.0 to production").await;
    stage.complete("D-1").await;
    stage.until("D-1", Status::Succeeded).await;
    stage.asks(REPLIES, "declared", "omar", "/incident P1 logins fail --service api").await;
    stage.incident_card("incident-open");
    stage.first_questions("incident-first-questions");
    stage.form_of("form-first-questions", "Not applicable", "list:INC-1:first");
    stage.asks(REPLIES, "first questions ticked", "omar", "/checklist tick INC-1 1 3").await;
    stage.asks(REPLIES, "one that does not apply", "omar", "/checklist na INC-1 6 nothing hangs").await;
    stage.first_questions("incident-first-questions-ticked");
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
    stage.first_questions("incident-first-questions-closed");
    stage.asks(REPLIES, "ticked too late", "omar", "/checklist tick INC-1 2").await;
    stage.asks("incident-timeline", "", "omar", "/incident timeline INC-1").await;
    stage.asks(REPLIES, "reopened", "omar", "/incident reopen INC-1 logins fail again").await;
    stage.in_channel("reopened", "is open again");
    stage.asks("incident-list", "", "omar", "/incident list").await;
    stage.asks("incident-status", "", "omar", "/incident status").await;
    stage
}

async fn afterwards() -> Stage {
    let mut stage = Stage::at(MORNING).await;
    stage.behaves("v1.2.0", 0.5, "");
    stage.says("sara", "/deploy v1.2.0 to production").await;
    stage.complete("D-1").await;
    stage.until("D-1", Status::RolledBack).await;
    stage.incident_card("incident-opened-by-itself");
    stage.said(LINES, "a deployment went back", "goes back");
    stage.says("lina", "/incident severity P1").await;
    stage.says("lina", "/incident ack").await;
    stage.asks(REPLIES, "impact", "sara", "/incident impact every third payment fails").await;
    stage.said(LINES, "impact", "Impact: every third payment fails");
    stage.says("lina", "/incident resolve it went back --cause \"a missing index\"").await;
    stage.said("incident-post-mortem", "", "## Timeline");
    stage.asks(REPLIES, "an action", "lina", "/incident action alert on the pool --owner khalid").await;
    stage.said(LINES, "an action", "alert on the pool · Khalid Nasser · no date yet");
    stage.asks(REPLIES, "not ready", "omar", "/incident review").await;
    stage.asks(REPLIES, "planned", "omar", "/incident plan 1 --due 30h").await;
    stage.said(LINES, "planned", "alert on the pool · Khalid Nasser · by");
    stage.wait(Span::hours(24)).await;
    stage.told_alone("an action is due soon", "This is due");
    stage.told_alone("a post-mortem is owed", "its post-mortem is due");
    stage.wait(Span::hours(24)).await;
    stage.said(LINES, "an action was due", "This was due");
    stage.said(LINES, "a post-mortem was due", "its post-mortem was due");
    stage.asks(REPLIES, "lessons", "lina", "/incident lessons no alert on the pool").await;
    stage.said(LINES, "lessons", "Learned: no alert on the pool");
    stage.asks(REPLIES, "done", "khalid", "/incident done 1").await;
    stage.said(LINES, "an action is done", "Action 1 is done");
    stage.form_of("form-action", "Action", "card:INC-1");
    stage.asks(REPLIES, "reviewed", "omar", "/incident review").await;
    stage.said(LINES, "reviewed", "reviewed by");
    stage.incident_card("incident-reviewed");
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

async fn mail_is_down() -> Stage {
    let mut stage = Stage::at(MORNING).await;
    stage.world.pagers().set_down(Via::Email, true);
    stage.says("sara", "/incident P1 checkout is slow").await;
    stage.said(LINES, "a way that fails", "is not reached by e-mail");
    stage.incident_card("incident-without-mail");
    stage
}
