//! Plays scenes: each in a fresh world, line by line, collecting what does not hold.

mod alert;
mod expect;
mod given;
mod nearest;
mod target;

use super::Options;
use super::outcome::{Failure, SceneOutcome};
use super::script::{self, Act, Scene, Script, Step, StepKind, Thing, When};
use super::transcript::Transcript;
use super::world::{World, WorldError};
use crate::chat::Answer;
use crate::chat::text::{Reader, render, render_form};
use crate::domain::policy::Policy;
use crate::store::Store as _;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Failures of one scene that are told; the rest is most often their consequence.
const FAILURES: usize = 8;

/// Why a step came to nothing.
pub(super) struct Trouble {
    pub message: String,
    pub detail: Vec<String>,
    /// Whether the scene goes on.
    pub fatal: bool,
}

impl Trouble {
    pub fn new(message: impl Into<String>, detail: Vec<String>) -> Self {
        Self { message: message.into(), detail, fatal: false }
    }

    pub fn fatal(message: impl Into<String>) -> Self {
        Self { message: message.into(), detail: Vec::new(), fatal: true }
    }
}

impl From<WorldError> for Trouble {
    fn from(error: WorldError) -> Self {
        Self::fatal(error.to_string())
    }
}

impl From<crate::store::StoreError> for Trouble {
    fn from(error: crate::store::StoreError) -> Self {
        Self::fatal(error.to_string())
    }
}

pub(super) type Played<T> = Result<T, Trouble>;

/// A scene on the stage.
pub(super) struct Player<'a> {
    pub world: World,
    pub reader: &'a Reader,
    pub transcript: &'a mut Transcript,
    /// Who acted last.
    pub actor: String,
    /// What each person was answered with last.
    pub replies: BTreeMap<String, Vec<String>>,
    /// Messages that an expectation has met.
    pub read: BTreeSet<String>,
    /// Events in the journal before the last act.
    pub journal: i64,
}

/// Plays one scene.
pub(super) async fn scene(
    script: &Script,
    scene: &Scene,
    policy: &Arc<Policy>,
    options: &Options,
    transcript: &mut Transcript,
) -> (SceneOutcome, Vec<Failure>) {
    transcript.begin(&scene.name);
    let reader = Reader::of(policy);
    let steps: Vec<&Step> = script.background.iter().chain(&scene.steps).collect();
    let mut outcome = SceneOutcome { name: scene.name.clone(), line: scene.line, expectations: 0, failures: 0 };
    let world = match World::over(Arc::clone(policy), start(&steps, &reader), &options.platform, options.wire.as_ref())
    {
        Ok(world) => world,
        Err(error) => return broken(outcome, scene, &error.to_string()),
    };
    // What an engine does at its start is no part of the scene.
    if let Err(error) = world.run_until_quiet().await {
        return broken(outcome, scene, &error.to_string());
    }
    let (replies, read) = (BTreeMap::new(), BTreeSet::new());
    let (actor, reader) = (String::new(), &reader);
    let mut player = Player { world, reader, transcript, actor, replies, read, journal: 0 };
    let mut failures = Vec::new();
    for step in steps {
        outcome.expectations += usize::from(matches!(step.kind, StepKind::Expect(_)));
        if let Err(trouble) = player.step(step).await {
            let fatal = trouble.fatal;
            failures.push(failure(step, &scene.name, trouble));
            if fatal || failures.len() >= FAILURES {
                break;
            }
        }
    }
    let Player { world, transcript, .. } = player;
    transcript.tell(&world, reader);
    outcome.failures = failures.len();
    (outcome, failures)
}

fn broken(mut outcome: SceneOutcome, scene: &Scene, message: &str) -> (SceneOutcome, Vec<Failure>) {
    outcome.failures = 1;
    let source = format!("scene {}", scene.name);
    let length = source.chars().count();
    let (line, name, message) = (scene.line, scene.name.clone(), message.to_owned());
    let failure = Failure { line, column: 0, length, source, scene: name, message, detail: Vec::new() };
    (outcome, vec![failure])
}

fn failure(step: &Step, scene: &str, trouble: Trouble) -> Failure {
    let column = step.source.chars().take_while(|c| c.is_whitespace()).count();
    let length = step.source.trim().chars().count().max(1);
    Failure {
        line: step.line,
        column,
        length,
        source: step.source.clone(),
        scene: scene.to_owned(),
        message: trouble.message,
        detail: trouble.detail,
    }
}

/// When the scene begins: what it says last, or a Monday morning.
fn start(steps: &[&Step], reader: &Reader) -> Timestamp {
    let monday = Date::constant(2026, 1, 5);
    let usual = When { weekday: None, date: Some(monday), time: Time::constant(10, 5, 0, 0) };
    let said = steps.iter().rev().find_map(|s| match s.kind {
        StepKind::At(when) => Some(when),
        _ => None,
    });
    let when = said.unwrap_or(usual);
    let when = When { date: when.date.or(Some(monday)), ..when };
    when.after(Timestamp::UNIX_EPOCH, &reader.zone).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn no_card(thing: script::Thing) -> Trouble {
    Trouble::fatal(format!("there is no card of {thing}"))
}

impl Player<'_> {
    async fn step(&mut self, step: &Step) -> Played<()> {
        self.play(step).await?;
        match self.world.differences(self.reader).await {
            none if none.is_empty() => Ok(()),
            seen => Err(Trouble::new("people on the wire see something else", seen)),
        }
    }

    async fn play(&mut self, step: &Step) -> Played<()> {
        match &step.kind {
            StepKind::At(_) => Ok(()),
            StepKind::Given(all) => {
                for given in all {
                    given::apply(&self.world, given).await?;
                }
                Ok(())
            }
            StepKind::Wait(span) => {
                self.note(step);
                self.world.advance(*span).await?;
                self.caught_up().await
            }
            StepKind::WaitUntil(when) => {
                let now = self.world.now().wall;
                let at = when.after(now, &self.reader.zone).filter(|at| *at >= now);
                let at = at.ok_or_else(|| Trouble::fatal("that time is past; the clock only goes forward"))?;
                self.note(step);
                self.world.advance_to(at).await?;
                self.caught_up().await
            }
            StepKind::Crash => {
                self.note(step);
                self.world.crash().await?;
                self.caught_up().await
            }
            StepKind::Person { person, channel, act } => {
                self.note(step);
                self.person(person, channel.as_deref(), act).await
            }
            StepKind::Alert(said) => {
                self.note(step);
                self.alert(said).await
            }
            StepKind::Expect(expect) => self.expect(expect).await,
        }
    }

    /// Puts the line itself into the transcript.
    fn note(&mut self, step: &Step) {
        let text = step.source.trim();
        self.transcript.act(self.world.now().wall, self.reader, text);
    }

    async fn caught_up(&mut self) -> Played<()> {
        self.world.settle().await?;
        self.transcript.tell(&self.world, self.reader);
        Ok(())
    }

    /// The channel in which somebody speaks, and the message in whose thread: in the thread of a card, or in the channel that an
    /// incident has instead.
    fn spoken_in(&self, thread: Option<Thing>, named: Option<&str>) -> Played<(String, Option<String>)> {
        let Some(thing) = thread else {
            let usual = || self.world.policy().channels.deployments.to_string();
            return Ok((named.map_or_else(usual, str::to_owned), None));
        };
        let card = self.card(thing).ok_or_else(|| no_card(thing))?;
        Ok(match self.world.chat().room(&thing.to_string()) {
            Some(room) => (room.name.to_string(), None),
            None => (card.channel.to_string(), Some(card.id)),
        })
    }

    async fn person(&mut self, person: &str, channel_named: Option<&str>, act: &Act) -> Played<()> {
        self.journal = self.journalled().await?;
        person.clone_into(&mut self.actor);
        self.replies.remove(person);
        let answer = match act {
            Act::Talk { text, thread } => {
                let (channel, root) = self.spoken_in(*thread, channel_named)?;
                self.world.talks(person, &channel, root, text).await?;
                Answer::default()
            }
            Act::Retells { was, text } => {
                let said = self.talk(was).ok_or_else(|| Trouble::fatal(format!("nobody said \"{}\"", was.text)))?;
                self.world.retells(&said.id, text.as_deref()).await?;
                Answer::default()
            }
            Act::Command { text, thread } => {
                let (channel, root) = self.spoken_in(*thread, channel_named)?;
                self.world.types(person, &channel, root, text).await?
            }
            Act::Reacts { emoji, added, on } => {
                let id = self.reacted_to(on)?;
                self.world.reacts(person, &id, emoji, *added).await?
            }
            Act::Clicks { label, on, fields } => {
                let (id, action) = self.button(label, on, fields)?;
                self.world.clicks(person, &id, &action, fields.clone()).await?
            }
        };
        let mut texts: Vec<String> = Vec::new();
        for message in &answer.messages {
            self.transcript.reply(message, self.reader);
            texts.push(render(message, self.reader));
        }
        texts.extend(answer.form.iter().map(|(_, form)| render_form(form)));
        self.replies.insert(person.to_owned(), texts);
        self.transcript.tell(&self.world, self.reader);
        Ok(())
    }

    /// How many events the journal holds.
    pub async fn journalled(&self) -> Played<i64> {
        let heads = self.world.store().heads("", i64::MAX).await?;
        Ok(heads.iter().map(|(_, seq, _)| seq).sum())
    }
}
