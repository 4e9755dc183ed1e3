//! Messages that people mark for the timeline of an incident: read when the mark is put on, and looked at again before the
//! timeline or the post-mortem is shown and after a connection was away, so that edits and removals are followed.
//!
//! signalbox reads no message that nobody marks. Deliberately absent: listening to what people say.

use super::Engine;
use super::bounded::ended;
use super::catch_up::insist;
use super::intake::{identify, say, unknown_person};
use super::writer::Request;
use crate::chat::{Answer, ChatError, Envelope, MessageRef, Spoken};
use crate::domain::command::Command;
use crate::domain::decide::{Facts, Input};
use crate::domain::ids::{ChannelName, IncidentId, PersonId, PlatformName};
use crate::domain::incident::{Incident, IncidentCommand, Quote, Status, mark_key};
use crate::domain::message::{Message, Tone};
use crate::domain::policy::Policy;
use crate::domain::render::incident_of_key;
use crate::domain::time::Span;
use crate::limits;
use crate::store::Result;
use futures_util::StreamExt as _;

impl Engine {
    /// Somebody put 📌 on a message, or took it off.
    pub(super) async fn marked(
        &self,
        policy: &Policy,
        person: Option<PersonId>,
        envelope: &Envelope,
        message: &str,
        added: bool,
    ) -> Result<Answer> {
        let (platform, key) = (&envelope.platform, mark_key(&envelope.platform, message));
        let Some(person) = person else {
            return Ok(if added { say(unknown_person(envelope)) } else { Answer::default() });
        };
        if !added {
            let mine = |i: &Incident| i.mark(&key).is_some_and(|m| m.by.contains(&person));
            let Some(incident) = self.not_reviewed().await?.into_iter().find(mine).map(|i| i.id) else {
                return Ok(Answer::default());
            };
            let command = Command::Incident(IncidentCommand::Unmark { incident, message: key });
            return self.decide(person, envelope, command, Facts::default(), Vec::new()).await;
        }
        let at = MessageRef { channel: envelope.channel.clone(), id: message.to_owned() };
        let said = match self.spoken(platform, &at).await {
            Ok(Some(said)) => said,
            Ok(None) => return Ok(Answer::default()),
            Err(error) => return Ok(say(unreadable(&error))),
        };
        let incident = self.incident_of_place(platform, said.thread.as_deref(), &envelope.channel).await?;
        let quote = Box::new(quote(policy, platform, at, said));
        let command = Command::Incident(IncidentCommand::Mark { incident, quote });
        self.decide(person, envelope, command, Facts::default(), Vec::new()).await
    }

    async fn spoken(&self, platform: &PlatformName, at: &MessageRef) -> std::result::Result<Option<Spoken>, ChatError> {
        let Some(chat) = self.platform(platform) else {
            return Err(ChatError::Refused(format!("{platform} is not connected here")));
        };
        match insist(chat, "a marked message and what it says", || chat.spoken(at)).await {
            Err(ChatError::Gone(_)) => Ok(None),
            said => said,
        }
    }

    async fn incident_of_card(&self, platform: &PlatformName, message: &str) -> Result<Option<IncidentId>> {
        let row = self.message_with(platform, message).await?;
        Ok(row.and_then(|row| incident_of_key(&row.key)))
    }

    /// Whose war room this is: the thread of its card, or its own channel.
    pub(super) async fn incident_of_place(
        &self,
        platform: &PlatformName,
        root: Option<&str>,
        channel: &ChannelName,
    ) -> Result<Option<IncidentId>> {
        if let Some(root) = root
            && let Some(incident) = self.incident_of_card(platform, root).await?
        {
            return Ok(Some(incident));
        }
        self.incident_of_room(platform, channel).await
    }

    /// Incidents whose timeline can still change.
    async fn not_reviewed(&self) -> Result<Vec<Incident>> {
        let board = self.board().await?;
        let ids: Vec<IncidentId> = board.open.keys().chain(&board.ended).copied().collect();
        let mut all = self.incidents(&ids).await?;
        all.retain(|i| i.status != Status::Reviewed);
        Ok(all)
    }

    /// Looks at the marked messages of an incident; what cannot be read in time stays as it was read last.
    pub(super) async fn look_at_marks(&self, i: &Incident) -> Result<()> {
        if i.status == Status::Reviewed || i.marked().next().is_none() {
            return Ok(());
        }
        let reads = i.marked().map(|mark| async move {
            let at = MessageRef { channel: mark.quote.channel.clone(), id: mark.quote.message.clone() };
            let chat = self.platform(&mark.quote.platform)?;
            match chat.spoken(&at).await {
                Ok(Some(said)) => Some((mark.quote.key(), Some(said.text))),
                Ok(None) | Err(ChatError::Gone(_)) => Some((mark.quote.key(), None)),
                Err(_) => None,
            }
        });
        let reads: Vec<_> = reads.collect();
        let read = futures_util::stream::iter(reads).buffered(limits::MARK_READS);
        let read = read.filter_map(std::future::ready).collect::<Vec<_>>();
        let Some(read) = ended(read, Span::millis(limits::MARKS_READ_MS)).await else {
            tracing::warn!(name: "incident.marks_unread", incident = %i.id, "marked messages of {} are not looked at in time", i.id);
            return Ok(());
        };
        let differs = |(key, text): &(String, Option<String>)| i.mark(key).is_some_and(|m| !m.reads(text.as_deref()));
        let read: Vec<_> = read.into_iter().filter(differs).collect();
        if !read.is_empty() {
            self.submit(Request::of(Input::MarksRead { incident: i.id, read })).await?;
        }
        Ok(())
    }

    /// The same for every incident that has some on a platform, once its connection stands again.
    pub(super) async fn look_at_all_marks(&self, platform: &PlatformName) -> Result<()> {
        for i in self.not_reviewed().await? {
            if i.marked().any(|m| m.quote.platform == *platform) {
                self.look_at_marks(&i).await?;
            }
        }
        Ok(())
    }
}

fn quote(policy: &Policy, platform: &PlatformName, at: MessageRef, said: Spoken) -> Quote {
    Quote {
        platform: platform.clone(),
        channel: at.channel,
        message: at.id,
        author: identify(policy, platform, &said.account),
        name: said.name,
        at: said.at,
        text: said.text,
        link: said.link.filter(|url| is_address(url)),
    }
}

/// What can stand in Markdown and in a message as it is.
fn is_address(url: &str) -> bool {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"()<>[]\"'`|\\".contains(c);
    url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && rest.chars().all(plain))
}

fn unreadable(error: &ChatError) -> Message {
    let text = match error {
        ChatError::Barred(what) | ChatError::Refused(what) => format!("That message cannot be read: {what}."),
        _ => "That message cannot be read just now. Take 📌 off and put it on again in a minute.".to_owned(),
    };
    Message::line(Tone::Warning, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_becomes_a_link() {
        assert!(is_address("https://team.slack.com/archives/C1/p1767596700000200?thread_ts=1.2&cid=C1"));
        for url in ["http://a.example", "https://", "https://a.example/) [x](javascript:1", "javascript:alert(1)"] {
            assert!(!is_address(url), "{url}");
        }
    }
}
