//! What people do: say, react, click. Each act that concerns signalbox is handed to [`Intake`] under its envelope id.
//!
//! A typed message is stored before it is handed in, as on any chat. A reaction is handed in first: when signalbox cannot
//! store it, it is not shown either. A retry with the same id finds everything as it was and hands in the same envelope.

use super::ConsolePlatform;
use super::entry::{Content, Entry};
use super::error::ConsoleError;
use super::outbound::New;
use super::read::number;
use super::words::{check_envelope_id, check_name, check_text, command, emoji};
use crate::chat::{Answer, Body, Envelope, Intake};
use crate::domain::ids::{ChannelName, PersonId};
use crate::domain::message::{Action, Form};
use crate::limits::{CONSOLE_ACTION_CHARS, CONSOLE_EMOJI, CONSOLE_FIELDS};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A person types something.
#[derive(Clone, Debug, Deserialize)]
pub struct Say {
    #[serde(rename = "as")]
    pub by: PersonId,
    pub channel: ChannelName,
    /// The message in whose thread it is said.
    #[serde(default)]
    pub thread: Option<String>,
    pub text: String,
    /// The envelope id. Sending the same again is the same act; made up when absent.
    #[serde(default)]
    pub id: Option<String>,
}

/// A person puts a reaction on a message, or takes it off.
#[derive(Clone, Debug, Deserialize)]
pub struct React {
    #[serde(rename = "as")]
    pub by: PersonId,
    pub message: String,
    pub emoji: String,
    /// `false` takes it off.
    #[serde(default = "yes")]
    pub added: bool,
    #[serde(default)]
    pub id: Option<String>,
}

fn yes() -> bool {
    true
}

/// A person presses a button, or submits the form that it or an answer opened.
#[derive(Clone, Debug, Deserialize)]
pub struct Click {
    #[serde(rename = "as")]
    pub by: PersonId,
    pub message: String,
    /// The wire form of [`Action`].
    #[serde(default)]
    pub action: Option<String>,
    /// Instead of `action`: the button with this label.
    #[serde(default)]
    pub button: Option<String>,
    /// What was filled in.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    #[serde(default)]
    pub id: Option<String>,
}

/// What came of an act.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// The envelope id: sending the act again with it changes nothing.
    pub id: String,
    /// What was said.
    pub posted: Option<Entry>,
    /// What signalbox answered, seen only by the person who acted.
    pub answers: Vec<Entry>,
    pub form: Option<OpenForm>,
}

/// A form to be filled in and sent as a [`Click`] with `message` and `action`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenForm {
    pub message: String,
    pub action: String,
    pub form: Form,
}

impl ConsolePlatform {
    /// Stores what was typed; a command is handed in. A line that begins with `/` is seen only by whoever typed it.
    ///
    /// # Errors
    /// When the text or a name does not fit, the thread is gone, or it could not be stored.
    pub async fn say(&self, intake: &dyn Intake, say: Say) -> Result<Done, ConsoleError> {
        check_name("person", say.by.as_str())?;
        check_name("channel", say.channel.as_str())?;
        check_text(&say.text)?;
        let id = self.envelope_id(say.id)?;
        let private = say.text.trim_start().starts_with('/');
        let content = Content::Typed(say.text.clone());
        let new = New {
            key: &format!("typed/{id}"),
            channel: &say.channel,
            thread: say.thread.as_deref(),
            author: Some(&say.by),
            only_for: private.then_some(&say.by),
            content: &content,
        };
        let at = self.store(&new).await?;
        let posted = match self.entry(&say.by, &at.id).await {
            Ok(entry) if entry.content == content && entry.from.as_ref() == Some(&say.by) => entry,
            _ => return Err(ConsoleError::Refused(format!("The id {id} stands for another message; use a new one."))),
        };
        let Some(text) = command(&say.text) else {
            return Ok(Done { id, posted: Some(posted), answers: vec![], form: None });
        };
        let body = Body::Command { text, thread: posted.thread.clone() };
        let mut done = self.hand_in(intake, id, &say.by, &posted, body).await?;
        done.posted = Some(posted);
        Ok(done)
    }

    /// Hands in a reaction and shows it.
    ///
    /// # Errors
    /// When the message is gone, the emoji is none, or it could not be stored.
    pub async fn react(&self, intake: &dyn Intake, react: React) -> Result<Done, ConsoleError> {
        check_name("person", react.by.as_str())?;
        let emoji = emoji(&react.emoji)?;
        let id = self.envelope_id(react.id)?;
        let entry = self.entry(&react.by, &react.message).await?;
        let known = entry.reactions.iter().any(|r| r.emoji == emoji);
        if react.added && !known && entry.reactions.len() as i64 >= CONSOLE_EMOJI {
            return Err(ConsoleError::Refused(format!("A message takes {CONSOLE_EMOJI} different emoji at most.")));
        }
        let body = Body::Reaction { message: entry.id.clone(), emoji: emoji.clone(), added: react.added };
        let done = self.hand_in(intake, id, &react.by, &entry, body).await?;
        self.show_reaction(&entry.id, &emoji, &react.by, react.added).await?;
        Ok(done)
    }

    /// Hands in a click. A button that opens a form gives the form back when nothing is filled in yet.
    ///
    /// # Errors
    /// When the message or button is gone, the action is none, or it could not be stored.
    pub async fn click(&self, intake: &dyn Intake, click: Click) -> Result<Done, ConsoleError> {
        check_name("person", click.by.as_str())?;
        let id = self.envelope_id(click.id)?;
        let entry = self.entry(&click.by, &click.message).await?;
        let action = match (click.action, click.button) {
            (Some(action), _) => action,
            (None, Some(label)) => {
                let button = match &entry.content {
                    Content::Message(message) => message.buttons.iter().find(|b| b.label == label),
                    Content::Typed(_) => None,
                };
                let button =
                    button.ok_or_else(|| ConsoleError::Gone(format!("There is no button `{label}` there.")))?;
                let action = button.action.encode();
                if let (Some(form), true) = (&button.form, click.fields.is_empty()) {
                    let form = OpenForm { message: entry.id, action, form: form.clone() };
                    return Ok(Done { id, posted: None, answers: vec![], form: Some(form) });
                }
                action
            }
            (None, None) => return Err(ConsoleError::Refused("A click names an `action` or a `button`.".into())),
        };
        if action.chars().count() > CONSOLE_ACTION_CHARS || Action::decode(&action).is_none() {
            return Err(ConsoleError::Refused("This is not the action of a button.".into()));
        }
        if click.fields.len() > CONSOLE_FIELDS {
            return Err(ConsoleError::Refused(format!("A form has at most {CONSOLE_FIELDS} fields.")));
        }
        for value in click.fields.values().filter(|v| !v.trim().is_empty()) {
            check_text(value)?;
        }
        let body = Body::Click { message: entry.id.clone(), action, fields: click.fields };
        self.hand_in(intake, id, &click.by, &entry, body).await
    }

    /// Hands in an act upon `about` and shows the answer where it was done.
    async fn hand_in(
        &self,
        intake: &dyn Intake,
        id: String,
        by: &PersonId,
        about: &Entry,
        body: Body,
    ) -> Result<Done, ConsoleError> {
        let envelope = Envelope {
            platform: self.name.clone(),
            id: id.clone(),
            account: by.as_str().to_owned(),
            channel: about.channel.clone(),
            body,
        };
        let Answer { messages, form } = intake.receive(envelope).await?;
        for (n, message) in messages.into_iter().enumerate() {
            let new = New {
                key: &format!("answer/{id}/{n}"),
                channel: &about.channel,
                thread: about.thread.as_deref(),
                author: None,
                only_for: Some(by),
                content: &Content::Message(message),
            };
            self.store(&new).await?;
        }
        let answers = self.answers(by, &id).await?;
        let form = form.map(|(action, form)| OpenForm { message: about.id.clone(), action, form });
        Ok(Done { id, posted: None, answers, form })
    }

    async fn show_reaction(&self, id: &str, emoji: &str, by: &PersonId, added: bool) -> Result<(), ConsoleError> {
        let id = number(id)?;
        let mut tx = self.storage.write.begin_with("BEGIN IMMEDIATE").await?;
        let query = if added {
            sqlx::query(
                "INSERT INTO reactions (message, emoji, person, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            )
        } else {
            sqlx::query("DELETE FROM reactions WHERE message = ?1 AND emoji = ?2 AND person = ?3 AND ?4 IS NOT NULL")
        };
        let query = query.bind(id).bind(emoji).bind(by.as_str()).bind(self.now().as_millisecond());
        if query.execute(&mut *tx).await?.rows_affected() == 0 {
            return Ok(());
        }
        let rev = sqlx::query_scalar(super::outbound::TOUCH).bind(id).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        self.changed(rev);
        Ok(())
    }

    fn envelope_id(&self, chosen: Option<String>) -> Result<String, ConsoleError> {
        match chosen {
            Some(id) => check_envelope_id(&id).map(|()| id),
            None => Ok((self.ids)()),
        }
    }
}
