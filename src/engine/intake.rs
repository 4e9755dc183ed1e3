//! Inbound, in a fixed order: identify, parse, authorise, look up what the decision needs, decide and store, answer.
//!
//! The platform has verified the sender before. Whatever arrives gets an answer, also when it means nothing any more.

use super::Engine;
use super::catch_up::{back_id, is_back};
use super::reactions::{canonical, command_of, is_card, is_mark};
use super::writer::{Outcome, Request};
use crate::chat::{Answer, Body, Envelope, Intake, IntakeError, asked};
use crate::command::{INCIDENT, Vocabulary, asked_form, form, from_action, named, read};
use crate::domain::command::{Command, DeployRequest};
use crate::domain::decide::{Facts, Input};
use crate::domain::deployment::Origin;
use crate::domain::ids::{IncidentId, PersonId, PlatformName, ServiceName};
use crate::domain::incident::IncidentCommand;
use crate::domain::message::{Form, Message, Tone, code, plain};
use crate::domain::policy::Policy;
use crate::jobs::Target;
use crate::store::{ReactionRow, StoreError};
use async_trait::async_trait;

#[async_trait]
impl Intake for Engine {
    async fn receive(&self, envelope: Envelope) -> Result<Answer, IntakeError> {
        let started = crate::clock::Stopwatch::start();
        let kind = match &envelope.body {
            Body::Command { .. } => "command",
            Body::Reaction { .. } => "reaction",
            Body::Click { .. } => "click",
        };
        let out = self.handle(&envelope).await;
        metrics::histogram!("signalbox_intake_seconds", "kind" => kind).record(started.elapsed_std().as_secs_f64());
        out.map_err(|error| {
            let id = self.deps.ids.next(self.now());
            let envelope = &envelope.id;
            tracing::error!(name: "intake.failed", error_id = %id, %envelope, %error, "{envelope} is not stored: {error}");
            IntakeError { reason: friendly(&error, &id) }
        })
    }
}

/// What broke, for the person: short, with an id that the log repeats.
pub(super) fn friendly(error: &StoreError, id: &str) -> String {
    match error {
        StoreError::Full => format!("the disk is full; make room, error {id}"),
        StoreError::Corrupt { .. } => format!("a record is damaged; run signalbox audit verify, error {id}"),
        StoreError::Conflict(_) => format!("too many people act on it at once, error {id}"),
        StoreError::Unavailable(_) | StoreError::Refused(_) => format!("the database does not answer, error {id}"),
    }
}

impl Engine {
    async fn handle(&self, envelope: &Envelope) -> crate::store::Result<Answer> {
        let policy = self.policy();
        let person = identify(&policy, &envelope.platform, &envelope.account);
        if let Body::Reaction { message, emoji, added } = &envelope.body {
            if is_mark(emoji) {
                return self.marked(&policy, person, envelope, message, *added).await;
            }
            return self.reacted(person, envelope, message, emoji, *added).await;
        }
        let vocabulary = Vocabulary { said_in: self.said_in(envelope).await?, ..Vocabulary::of(&policy) };
        let command = match self.command_in(&vocabulary, envelope) {
            Ok(command) => command,
            // A form is for those who could send it.
            Err(answer) if person.is_none() => {
                return Ok(match answer.messages.is_empty() {
                    true => say(unknown_person(envelope)),
                    false => Answer { form: None, ..answer },
                });
            }
            Err(answer) => return Ok(answer),
        };
        let Some(person) = person else {
            return if matches!(command, Command::Help { .. } | Command::DeployStatus { .. }) {
                self.ask(None, &command).await
            } else {
                Ok(say(unknown_person(envelope)))
            };
        };
        if asks(&command) {
            return self.ask(Some(&person), &command).await;
        }
        let facts = self.facts(&policy, &command).await;
        self.decide(person, envelope, command, facts, Vec::new()).await
    }

    /// The incident in whose war room somebody says what names none, where its command can be about one. A typed command that a
    /// platform hands in as a click names the first message of the thread as what was clicked.
    async fn said_in(&self, envelope: &Envelope) -> crate::store::Result<Option<IncidentId>> {
        let (name, root) = match &envelope.body {
            Body::Command { text, thread } => (named(&self.catalogue, text).map(|e| e.name.clone()), thread.as_deref()),
            Body::Click { message, action, .. } => {
                let action = asked(action).map(|(action, _)| action).filter(|a| !a.args.contains_key(INCIDENT));
                (action.map(|a| a.command), Some(message.as_str()).filter(|m| !m.is_empty()))
            }
            Body::Reaction { .. } => return Ok(None),
        };
        let entry = name.and_then(|name| self.catalogue.get(&name)).filter(|entry| entry.arg(INCIDENT).is_some());
        let Some(entry) = entry else { return Ok(None) };
        let meant = self.incident_of_place(&envelope.platform, root, &envelope.channel).await?;
        // What is over needs neither help nor commands: they are for something new.
        let runs = entry.name == "page" || entry.name.starts_with("runbook");
        match meant {
            Some(id) if runs && !self.board().await?.open.contains_key(&id) => Ok(None),
            meant => Ok(meant),
        }
    }

    pub(super) async fn decide(
        &self,
        person: PersonId,
        envelope: &Envelope,
        command: Command,
        facts: Facts,
        reactions: Vec<ReactionRow>,
    ) -> crate::store::Result<Answer> {
        let command_name = command.name();
        let origin = Origin { platform: envelope.platform.clone(), channel: envelope.channel.clone() };
        let input = Input::Command { person, origin, command: Box::new(command), facts };
        let body = serde_json::to_string(envelope).unwrap_or_default();
        let inbox = Some((format!("{}:{}", envelope.platform, envelope.id), body));
        Ok(match self.submit(Request { inbox, reactions, ..Request::of(input) }).await? {
            Outcome::Decided { replies, refused, .. } => {
                super::told::command(command_name, refused);
                Answer { messages: replies, form: None }
            }
            Outcome::Before(answer) => answer,
            Outcome::Gone => Answer::default(),
        })
    }

    /// A reaction on a card is an act, and is remembered with its decision, so that what was missed can be told from it.
    async fn reacted(
        &self,
        person: Option<PersonId>,
        envelope: &Envelope,
        message: &str,
        emoji: &str,
        added: bool,
    ) -> crate::store::Result<Answer> {
        let Some(emoji) = canonical(emoji) else { return Ok(Answer::default()) };
        let platform = &envelope.platform;
        let Some(card) = self.message_with(platform, message).await?.filter(|row| is_card(&row.key)) else {
            return Ok(Answer::default());
        };
        let known = self.deps.store.reactions(platform, message).await?;
        let known = known.into_iter().rfind(|r| r.account == envelope.account && r.emoji == emoji);
        let source = known.as_ref().map_or("", |r| r.source.as_str());
        let at_work_again = source == envelope.id;
        let overtaken =
            is_back(&envelope.id) && envelope.id != back_id(message, &envelope.account, emoji, added, source);
        if overtaken && !at_work_again {
            return Ok(Answer::default());
        }
        let reaction = ReactionRow {
            platform: platform.clone(),
            message: message.to_owned(),
            account: envelope.account.clone(),
            emoji: emoji.to_owned(),
            added,
            source: envelope.id.clone(),
            at: self.now().wall.as_millisecond(),
        };
        // The platform delivers late what was read back before.
        let read_before = is_back(source) && !at_work_again && known.as_ref().is_some_and(|r| r.added == added);
        let command = command_of(&card.key, emoji, added).filter(|_| !read_before);
        match (command, person) {
            (Some(command), Some(person)) => {
                self.decide(person, envelope, command, Facts::default(), vec![reaction]).await
            }
            (command, _) => {
                self.submit(Request { reactions: vec![reaction], ..Request::note() }).await?;
                Ok(command.map_or_else(Answer::default, |_| say(unknown_person(envelope))))
            }
        }
    }

    /// The command in an envelope, or what its sender is told when there is none.
    fn command_in(&self, vocabulary: &Vocabulary, envelope: &Envelope) -> Result<Command, Answer> {
        if let Some((action, form)) = self.form_of(vocabulary, &envelope.body) {
            let messages = match &envelope.body {
                Body::Command { text, .. } => read(&self.catalogue, vocabulary, text).err(),
                _ => None,
            };
            let messages = messages.map(|problem| problem.message_beside_form()).into_iter().collect();
            return Err(Answer { messages, form: Some((action, form)) });
        }
        match &envelope.body {
            Body::Command { text, .. } => read(&self.catalogue, vocabulary, text).map_err(|p| say(p.message())),
            Body::Click { action, fields, .. } => match asked(action) {
                Some((action, _)) => {
                    from_action(&self.catalogue, vocabulary, &action, fields).map_err(|p| say(p.message()))
                }
                None => Err(say(Message::line(
                    Tone::Warning,
                    "This button is from an older signalbox. Type the command instead.",
                ))),
            },
            Body::Reaction { .. } => Err(Answer::default()),
        }
    }

    /// The form that an act asks for, from memory; nobody unknown is asked anything.
    pub(super) fn form_for(&self, envelope: &Envelope) -> Option<(String, Form)> {
        let policy = self.policy();
        identify(&policy, &envelope.platform, &envelope.account)?;
        self.form_of(&Vocabulary::of(&policy), &envelope.body)
    }

    fn form_of(&self, vocabulary: &Vocabulary, body: &Body) -> Option<(String, Form)> {
        match body {
            Body::Command { text, .. } => {
                let problem = read(&self.catalogue, vocabulary, text).err()?;
                form(&self.catalogue, vocabulary, text, &problem).map(|(action, form)| (action.encode(), form))
            }
            Body::Click { action, fields, .. } => {
                let (action, names) = asked(action)?;
                let form = asked_form(&self.catalogue, vocabulary, &action, &names)?;
                names.iter().all(|name| !fields.contains_key(name)).then(|| (action.encode(), form))
            }
            Body::Reaction { .. } => None,
        }
    }

    /// What must be read outside before the command can be decided.
    pub(super) async fn facts(&self, policy: &Policy, command: &Command) -> Facts {
        match command {
            Command::Deploy(request) => Facts { release: self.release_for(policy, request).await, ..Facts::default() },
            Command::Incident(IncidentCommand::Declare { .. }) => {
                Facts { suspects: self.suspects().await, ..Facts::default() }
            }
            Command::Oncall(_) => Facts { rolled_back: self.rolled_back().await, ..Facts::default() },
            _ => Facts::default(),
        }
    }

    pub(super) async fn release_for(
        &self,
        policy: &Policy,
        asked: &DeployRequest,
    ) -> Option<Result<crate::domain::plan::Release, String>> {
        let name: &ServiceName = match &asked.service {
            Some(name) => name,
            None => &policy.default_service()?.name,
        };
        let service = policy.services.get(name)?;
        let target = Target {
            deployment: None,
            service: service.name.clone(),
            environment: asked.environment.clone(),
            settings: service.settings.clone(),
            release: None,
            previous: None,
        };
        Some(self.resolve(&target, &service.executor, &asked.version).await)
    }
}

/// The person behind an account. On the console the account is the person's id.
pub(super) fn identify(policy: &Policy, platform: &PlatformName, account: &str) -> Option<PersonId> {
    if platform.as_str() == "console" {
        return policy.people.get(account).map(|p| p.id.clone());
    }
    let owns = |p: &&crate::domain::policy::Person| p.accounts.get(platform.as_str()).is_some_and(|a| a == account);
    policy.people.values().find(owns).map(|p| p.id.clone())
}

/// Whether a command only asks.
fn asks(command: &Command) -> bool {
    matches!(
        command,
        Command::Help { .. }
            | Command::DeployStatus { .. }
            | Command::DeployHistory { .. }
            | Command::Window { .. }
            | Command::Why(_)
            | Command::When(_)
            | Command::QuarantineList
            | Command::Digest { .. }
            | Command::Stats(_)
            | Command::Checklist { .. }
    ) || matches!(command, Command::Incident(command) if command.asks())
        || matches!(command, Command::Oncall(command) if command.asks())
        || matches!(command, Command::Maintenance(command) if command.asks())
        || matches!(command, Command::Alert(command) if command.asks())
        || matches!(command, Command::Runbook(command) if command.asks())
}

pub(super) fn say(message: Message) -> Answer {
    Answer { messages: vec![message], form: None }
}

pub(super) fn unknown_person(envelope: &Envelope) -> Message {
    Message::new(
        Tone::Warning,
        vec![
            plain("signalbox does not know you yet, so you can read "),
            code("/help"),
            plain(" and "),
            code("/deploy status"),
            plain(format!(
                ", and nothing else. Ask for an entry under [people] with {} = \"{}\".",
                envelope.platform, envelope.account
            )),
        ],
    )
}
