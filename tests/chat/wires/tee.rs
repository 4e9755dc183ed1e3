//! A rehearsal's wire: what the engine posts goes to the scripted chat and over a real adapter to a stand-in, what people do
//! happens at the stand-in and arrives over its wire, and both are compared word by word.
//!
//! The wire has a clock of its own, which moves a little with each act, and when the adapter asks to wait its turn. So a
//! platform's pace never delays what a script times.

use super::words::{difference, of_plain, words};
use async_trait::async_trait;
use signalbox::chat::text::{Reader, render, render_form};
use signalbox::chat::{
    Answer, Arrival, Body, ChatError, Envelope, Inbox, Intake, IntakeError, Kept, MadeRoom, MessageRef, NewRoom, Offer,
    Platform, PolicyNow, Post, Reacted, Spoken,
};
use signalbox::clock::VirtualClock;
use signalbox::domain::ids::{ChannelName, PersonId, PlatformName, Role};
use signalbox::domain::message::{Button, Form, Message};
use signalbox::domain::policy::Policy;
use signalbox::domain::time::Span;
use signalbox::engine::Engine;
use signalbox::rehearsal::world::{Acted, Said, ScriptChat, Talk, Wire};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::watch;

/// How long anything may take before the scene has failed.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the wire's clock moves before somebody acts.
const BETWEEN: Span = Span::secs(1);
/// So often one call may be told to wait.
const TURNS: usize = 500;

/// What an act is done to.
pub struct On {
    pub at: MessageRef,
    /// The button that is clicked.
    pub button: Option<Button>,
    /// It stands on the message as it was first, on a screen that was not refreshed.
    pub stale: bool,
}

/// A message as people see it.
pub struct Shown {
    pub text: String,
    pub thread: bool,
}

/// A stand-in with the adapter in front of it.
#[async_trait]
pub trait Side: Send + Sync {
    fn platform(&self) -> Arc<dyn Platform>;

    /// Lets the person act, and whatever follows from it on their screen. Calls [`Line::worked`] once something was kept. Gives
    /// the button behind which a form waits where it could not open at once.
    async fn act(&self, act: &Acted, on: Option<On>, line: &Line) -> Result<Option<String>, String>;

    /// Nothing when it is not there.
    fn shown(&self, at: &MessageRef) -> Option<Shown>;

    /// Messages of the bot that are not for one person.
    fn public(&self) -> usize;

    /// All that this account was told privately, in order; questions that the platform asks first are not among it.
    fn told(&self, account: &str) -> Vec<String>;

    fn delete(&self, at: &MessageRef);

    /// Writes something, in a thread if there is one; gives where it stands.
    fn talk(&self, talk: &Talk, thread: Option<&MessageRef>) -> MessageRef;

    /// Whoever wrote it changes it.
    fn retell(&self, at: &MessageRef, text: &str);

    /// What the platform refused so far.
    fn refused(&self) -> Vec<String>;
}

/// What lies between a stand-in and the engine of the moment.
pub struct Line {
    engine: Mutex<Weak<Engine>>,
    policy: Arc<Policy>,
    /// Kinds of what was kept.
    kept: watch::Sender<Vec<String>>,
    /// Answers and forms since the act began.
    answers: Mutex<Vec<Answer>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Line {
    pub fn new(policy: &Arc<Policy>) -> Arc<Self> {
        let (engine, policy) = (Mutex::default(), Arc::clone(policy));
        Arc::new(Self { engine, policy, kept: watch::Sender::default(), answers: Mutex::default() })
    }

    pub fn policy(self: &Arc<Self>) -> PolicyNow {
        let line = Arc::clone(self);
        Arc::new(move || line.engine().map_or_else(|| Arc::clone(&line.policy), |engine| engine.policy()))
    }

    fn engine(&self) -> Option<Arc<Engine>> {
        lock(&self.engine).upgrade()
    }

    fn here(&self) -> Result<Arc<Engine>, IntakeError> {
        self.engine().ok_or_else(|| IntakeError { reason: "no engine is there".into() })
    }

    /// So much was kept.
    pub fn kept(&self) -> usize {
        self.kept.borrow().len()
    }

    /// The last answer asks for a form.
    pub fn asks(&self) -> bool {
        lock(&self.answers).last().is_some_and(|answer| answer.form.is_some())
    }

    /// Waits until more was kept, and has it worked.
    pub async fn worked(&self, before: usize) -> Result<(), String> {
        let mut kept = self.kept.subscribe();
        let more = tokio::time::timeout(PATIENCE, kept.wait_for(|kinds| kinds.len() > before)).await;
        more.map_err(|_| "what was done never arrived")?.map_err(|e| e.to_string())?;
        let engine = self.engine().ok_or("no engine is there")?;
        engine.work_kept().await.map(drop).map_err(|e| e.to_string())
    }
}

#[async_trait]
impl Intake for Line {
    async fn receive(&self, envelope: Envelope) -> Result<Answer, IntakeError> {
        self.here()?.receive(envelope).await
    }
}

#[async_trait]
impl Inbox for Line {
    async fn keep(&self, arrival: Arrival) -> Result<Kept, IntakeError> {
        let kind = arrival.kind.clone();
        let kept = self.here()?.keep(arrival).await?;
        self.kept.send_modify(|kinds| kinds.push(kind));
        Ok(kept)
    }

    fn form(&self, envelope: &Envelope) -> Option<(String, Form)> {
        let form = self.engine()?.form(envelope);
        if let Some(form) = &form {
            lock(&self.answers).push(Answer { messages: Vec::new(), form: Some(form.clone()) });
        }
        form
    }

    fn complete(&self, line: &str) -> Vec<Offer> {
        self.engine().map(|engine| engine.complete(line)).unwrap_or_default()
    }

    async fn connected(&self, _: &PlatformName) {}
}

/// Remembers what was answered.
struct Overheard<'a>(&'a dyn Intake, &'a Mutex<Vec<Answer>>);

#[async_trait]
impl Intake for Overheard<'_> {
    async fn receive(&self, envelope: Envelope) -> Result<Answer, IntakeError> {
        let answer = self.0.receive(envelope).await?;
        lock(self.1).push(answer.clone());
        Ok(answer)
    }
}

#[derive(Default)]
struct Book {
    /// Messages of the scripted chat on the platform, and back.
    there: BTreeMap<String, MessageRef>,
    here: BTreeMap<String, String>,
    /// What people wrote there, by what the scripted chat calls it.
    spoken: BTreeMap<String, MessageRef>,
    /// What each account must have been told privately.
    private: BTreeMap<String, Vec<String>>,
    /// Versions that were compared.
    compared: BTreeMap<String, usize>,
    deleted: BTreeSet<String>,
    /// Channels that were made: what the platform calls them, by what the scripted chat does, and back.
    rooms: BTreeMap<String, ChannelName>,
    rooms_here: BTreeMap<ChannelName, ChannelName>,
}

/// Speaks to both.
pub struct Tee {
    script: Arc<ScriptChat>,
    clock: Arc<VirtualClock>,
    side: Arc<dyn Side>,
    line: Arc<Line>,
    book: Mutex<Book>,
}

impl Tee {
    /// `clock` is the wire's.
    pub fn new(script: &Arc<ScriptChat>, clock: Arc<VirtualClock>, side: Arc<dyn Side>, line: Arc<Line>) -> Arc<Self> {
        Arc::new(Self { script: Arc::clone(script), clock, side, line, book: Mutex::default() })
    }

    fn reader(&self) -> Reader {
        Reader::of(&(self.line.policy())())
    }

    /// A turn that the platform grants later comes at once: the wire's clock moves.
    fn waits(&self, error: ChatError, turn: usize) -> Result<(), ChatError> {
        match error {
            ChatError::Later { after_ms, .. } if turn < TURNS => {
                self.clock.advance(Span::millis(after_ms.max(1)));
                Ok(())
            }
            other => Err(other),
        }
    }

    /// What the scripted chat calls a message of the platform.
    fn named_here(&self, at: &MessageRef) -> Result<MessageRef, ChatError> {
        let id = lock(&self.book).here.get(&at.id).cloned();
        let id = id.ok_or_else(|| ChatError::Gone(format!("{} was never posted", at.id)))?;
        Ok(MessageRef { channel: at.channel.clone(), id })
    }

    fn tell(&self, account: &str, text: &str) {
        lock(&self.book).private.entry(account.to_owned()).or_default().extend(of_plain(text));
    }

    /// Deletes there what was deleted here.
    fn deleted(&self) {
        let mut book = lock(&self.book);
        let standing: BTreeSet<String> = self.script.said().into_iter().map(|said| said.id).collect();
        let gone: Vec<_> = book.there.keys().filter(|id| !standing.contains(*id)).cloned().collect();
        for id in gone {
            if book.deleted.insert(id.clone()) {
                self.side.delete(&book.there[&id]);
            }
        }
    }

    fn account(&self, person: &PersonId) -> String {
        let policy = (self.line.policy())();
        let known = policy.people.get(person).and_then(|p| p.accounts.get(self.script.platform().as_str()));
        known.cloned().unwrap_or_else(|| person.to_string())
    }

    fn on(&self, message: &str, action: Option<&str>) -> Result<On, String> {
        let spoken = lock(&self.book).spoken.get(message).cloned();
        if let Some(at) = spoken {
            return Ok(On { at, button: None, stale: false });
        }
        let at = lock(&self.book).there.get(message).cloned().ok_or(format!("{message} is not there"))?;
        let said = self.script.get(message).ok_or(format!("{message} is gone"))?;
        let Some(action) = action else { return Ok(On { at, button: None, stale: false }) };
        let find = |message: &Message| message.buttons.iter().find(|b| b.action.encode() == action).cloned();
        let first = said.versions.first().map(|(_, message)| message.clone()).unwrap_or_default();
        let (now, old) = (find(&said.message()), find(&first));
        let stale = now.is_none();
        let button = now.or(old).ok_or(format!("no button carries {action}"))?;
        Ok(On { at, button: Some(button), stale })
    }

    /// The platform's own name of a channel that was made; others are called as here.
    fn room_there(&self, channel: &str) -> String {
        lock(&self.book).rooms.get(channel).map_or_else(|| channel.to_owned(), ToString::to_string)
    }

    fn compared(&self, said: &Said, reader: &Reader) -> Option<String> {
        let at = lock(&self.book).there.get(&said.id).cloned();
        let at = at.filter(|_| said.only_for.is_none())?;
        let what = format!("{} {}", said.key, at.id);
        let Some(shown) = self.side.shown(&at) else { return Some(format!("{what}: it is not there")) };
        if shown.thread != said.thread.is_some() {
            return Some(format!("{what}: in a thread on one side only"));
        }
        difference(&what, &of_plain(&render(&said.message(), reader)), &words(&shown.text))
    }
}

#[async_trait]
impl Platform for Tee {
    fn name(&self) -> &PlatformName {
        self.script.platform()
    }

    async fn post(&self, post: &Post) -> Result<MessageRef, ChatError> {
        self.deleted();
        let thread = post.thread.as_ref().map(|at| self.named_here(at)).transpose()?;
        let channel = lock(&self.book).rooms_here.get(&post.channel).unwrap_or(&post.channel).clone();
        let here = self.script.post(&Post { thread, channel, ..post.clone() }).await?;
        for turn in 0.. {
            match self.side.platform().post(post).await {
                Ok(there) => {
                    let mut book = lock(&self.book);
                    book.here.insert(there.id.clone(), here.id.clone());
                    let new = book.there.insert(here.id, there.clone()).is_none();
                    drop(book);
                    if let Some(person) = post.only_for.as_ref().filter(|_| new) {
                        self.tell(&self.account(person), &render(&post.message, &self.reader()));
                    }
                    return Ok(there);
                }
                Err(error) => self.waits(error, turn)?,
            }
        }
        Err(ChatError::Refused("no turn ever came".into()))
    }

    async fn edit(&self, at: &MessageRef, message: &Message) -> Result<(), ChatError> {
        self.deleted();
        match self.script.edit(&self.named_here(at)?, message).await {
            Err(ChatError::Gone(_)) => {}
            other => other?,
        }
        for turn in 0.. {
            match self.side.platform().edit(at, message).await {
                Ok(()) => return Ok(()),
                Err(error) => self.waits(error, turn)?,
            }
        }
        Ok(())
    }

    async fn find(
        &self,
        channel: &ChannelName,
        thread: Option<&MessageRef>,
        key: &str,
    ) -> Result<Option<MessageRef>, ChatError> {
        for turn in 0.. {
            match self.side.platform().find(channel, thread, key).await {
                Ok(found) => return Ok(found),
                Err(error) => self.waits(error, turn)?,
            }
        }
        Ok(None)
    }

    async fn find_alone(
        &self,
        person: &PersonId,
        channel: &ChannelName,
        key: &str,
    ) -> Result<Option<MessageRef>, ChatError> {
        for turn in 0.. {
            match self.side.platform().find_alone(person, channel, key).await {
                Ok(found) => return Ok(found),
                Err(error) => self.waits(error, turn)?,
            }
        }
        Ok(None)
    }

    async fn work(&self, arrival: &Arrival, intake: &dyn Intake) -> Result<(), ChatError> {
        let overheard = Overheard(intake, &self.line.answers);
        for turn in 0.. {
            match self.side.platform().work(arrival, &overheard).await {
                Ok(()) => return Ok(()),
                Err(error) => self.waits(error, turn)?,
            }
        }
        Ok(())
    }

    async fn reactions(&self, at: &MessageRef) -> Result<Vec<Reacted>, ChatError> {
        self.side.platform().reactions(at).await
    }

    /// The wire's clock is not the world's: when it was said is told by the script.
    async fn spoken(&self, at: &MessageRef) -> Result<Option<Spoken>, ChatError> {
        let here = self.script.spoken(&self.named_here(at)?).await?;
        let there = self.side.platform().spoken(at).await?;
        assert_eq!(here.as_ref().map(|s| &s.text), there.as_ref().map(|s| &s.text));
        Ok(here.zip(there).map(|(here, there)| Spoken { at: here.at, ..there }))
    }

    async fn make_room(&self, room: &NewRoom, doubt: bool) -> Result<MadeRoom, ChatError> {
        let here = self.script.make_room(room, doubt).await?;
        for turn in 0.. {
            match self.side.platform().make_room(room, doubt).await {
                Ok(there) => {
                    let mut book = lock(&self.book);
                    book.rooms.insert(here.name.to_string(), there.channel.clone());
                    book.rooms_here.insert(there.channel.clone(), here.channel);
                    return Ok(there);
                }
                Err(error) => self.waits(error, turn)?,
            }
        }
        Err(ChatError::Refused("no turn ever came".into()))
    }

    async fn invite(&self, room: &ChannelName, person: &PersonId) -> Result<(), ChatError> {
        let here = lock(&self.book).rooms_here.get(room).cloned();
        self.script.invite(&here.ok_or_else(|| ChatError::Gone("it was never made".into()))?, person).await?;
        for turn in 0.. {
            match self.side.platform().invite(room, person).await {
                Ok(()) => break,
                Err(error) => self.waits(error, turn)?,
            }
        }
        Ok(())
    }

    async fn close_room(&self, room: &ChannelName) -> Result<(), ChatError> {
        let here = lock(&self.book).rooms_here.get(room).cloned();
        self.script.close_room(&here.ok_or_else(|| ChatError::Gone("it was never made".into()))?).await?;
        for turn in 0.. {
            match self.side.platform().close_room(room).await {
                Ok(()) => break,
                Err(error) => self.waits(error, turn)?,
            }
        }
        Ok(())
    }

    async fn channel_key(&self, channel: &ChannelName) -> Option<String> {
        self.side.platform().channel_key(channel).await
    }

    async fn roles(&self) -> Result<BTreeMap<String, BTreeSet<Role>>, ChatError> {
        self.side.platform().roles().await
    }
}

/// The handle that a world holds.
pub struct TeeWire(pub Arc<Tee>);

#[async_trait]
impl Wire for TeeWire {
    fn platform(&self) -> Arc<dyn Platform> {
        Arc::clone(&self.0) as Arc<dyn Platform>
    }

    async fn act(&self, engine: &Arc<Engine>, act: Acted) -> Result<Answer, String> {
        let tee = &self.0;
        *lock(&tee.line.engine) = Arc::downgrade(engine);
        lock(&tee.line.answers).clear();
        tee.deleted();
        let on = match &act.body {
            Body::Command { thread, .. } => thread.as_ref().map(|root| tee.on(root, None)).transpose()?,
            Body::Reaction { message, .. } => Some(tee.on(message, None)?),
            Body::Click { message, action, .. } => Some(tee.on(message, Some(action))?),
        };
        // People type a while: an answer to them never waits for its turn behind what was posted before.
        tee.clock.advance(BETWEEN);
        let act = Acted { channel: tee.room_there(&act.channel), ..act };
        let behind = tee.side.act(&act, on, &tee.line).await?;
        let mut answers = std::mem::take(&mut *lock(&tee.line.answers));
        if behind.is_some() {
            // The button asked for the same form once more.
            answers.pop();
        }
        let reader = tee.reader();
        for message in answers.iter().flat_map(|answer| &answer.messages) {
            tee.tell(&act.account, &render(message, &reader));
        }
        tee.tell(&act.account, &behind.unwrap_or_default());
        answers.into_iter().next_back().ok_or_else(|| "nobody answered".into())
    }

    async fn talk(&self, talk: &Talk) -> Result<(), String> {
        let tee = &self.0;
        tee.clock.advance(BETWEEN);
        let thread = talk.thread.as_ref().map(|id| lock(&tee.book).there.get(id).cloned().ok_or("no such thread"));
        let talk = &Talk { channel: ChannelName::new(&tee.room_there(talk.channel.as_str())), ..talk.clone() };
        let at = tee.side.talk(talk, thread.transpose()?.as_ref());
        let mut book = lock(&tee.book);
        book.here.insert(at.id.clone(), talk.id.clone());
        book.spoken.insert(talk.id.clone(), at);
        Ok(())
    }

    async fn retell(&self, talk: &str, text: Option<&str>) -> Result<(), String> {
        let tee = &self.0;
        tee.clock.advance(BETWEEN);
        let at = lock(&tee.book).spoken.get(talk).cloned().ok_or("it was never said there")?;
        match text {
            Some(text) => tee.side.retell(&at, text),
            None => tee.side.delete(&at),
        }
        Ok(())
    }

    async fn differences(&self, chat: &ScriptChat, reader: &Reader) -> Vec<String> {
        let tee = &self.0;
        tee.deleted();
        let mut out: Vec<String> = tee.side.refused();
        let said = chat.said();
        for said in &said {
            let versions = said.versions.len();
            if lock(&tee.book).compared.insert(said.id.clone(), versions) != Some(versions) {
                out.extend(tee.compared(said, reader));
            }
        }
        let public = said.iter().filter(|said| said.only_for.is_none()).count();
        if tee.side.public() != public {
            out.push(format!("the bot wrote {} messages there and {public} here", tee.side.public()));
        }
        let private = lock(&tee.book).private.clone();
        for (account, wanted) in private {
            let told: Vec<_> = tee.side.told(&account).iter().flat_map(|text| words(text)).collect();
            out.extend(difference(&format!("what {account} is told"), &wanted, &told));
        }
        out
    }
}

/// A form on the person's screen has every title, field, choice and hint that the engine asks for, in that order; and the words
/// on its button, where the platform lets us choose them.
pub fn same_form(line: &Line, seen: &str, button: bool) -> Result<(), String> {
    let asked = lock(&line.answers).iter().rev().find_map(|answer| answer.form.clone());
    let (_, mut form) = asked.ok_or("a form opened that nobody asked for")?;
    if !button {
        form.submit.clear();
    }
    let mut seen = words(seen).into_iter();
    for part in render_form(&form).lines().flat_map(|line| line.split([':', '|'])) {
        let mut wanted = of_plain(part).into_iter();
        if let Some(missing) = wanted.find(|word| !seen.any(|seen| seen == *word)) {
            return Err(format!("the form does not say {missing:?} of {part:?}"));
        }
    }
    Ok(())
}
