//! The writer: decides inputs one after the other and stores them as one group.
//!
//! The world it decides on is a cache of the store. A commit that loses a race (another replica was faster) empties the
//! cache and decides again from what the store says; a commit that fails changes nothing that anybody has been told.

use super::Engine;
use super::derive::{Derive, timer_rows};
use crate::chat::Answer;
use crate::domain::decide::{Ctx, Decision, Input, Stop, decide, streams_of};
use crate::domain::ids::Stream;
use crate::domain::journal::event_hash;
use crate::domain::message::Message;
use crate::domain::time::Now;
use crate::domain::world::{Loaded, State, World};
use crate::store::{Batch, EventRow, InboxRow, MessageRow, ReactionRow, Receipt, Result, StateRow, StoreError};
use std::collections::BTreeMap;
use tokio::sync::oneshot;

/// Streams kept in memory before the cache is emptied.
const CACHE_STREAMS: usize = 2_000;
/// Streams one decision may load; more is a bug.
const LOADS: usize = 200;
/// Times one input is decided again after losing a race.
const RACES: usize = 8;
/// The same of a timer.
const TIMER_RACES: usize = 2;

/// An input with what must stand or fall with it.
#[derive(Clone, Debug)]
pub struct Request {
    /// Without one nothing is decided, and the rest is stored.
    pub input: Option<Input>,
    /// Key and body of the envelope it came in.
    pub inbox: Option<(String, String)>,
    /// The timer it is the consequence of, with its due time.
    pub timer: Option<(String, i64)>,
    /// Proof of the outbox row it ends.
    pub receipt: Option<Receipt>,
    pub messages: Vec<MessageRow>,
    pub reactions: Vec<ReactionRow>,
}

impl Request {
    #[must_use]
    pub fn of(input: Input) -> Self {
        Self { input: Some(input), ..Self::note() }
    }

    /// Something to be stored, in a transaction with whatever else is, that asks for no decision.
    #[must_use]
    pub fn note() -> Self {
        Self { input: None, inbox: None, timer: None, receipt: None, messages: Vec::new(), reactions: Vec::new() }
    }
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Decided {
        replies: Vec<Message>,
        refused: Option<&'static str>,
        /// How many events were stored.
        events: usize,
        /// How often what became of something, for metrics.
        counted: BTreeMap<&'static str, u64>,
    },
    /// It was decided before; this is what the sender was told then.
    Before(Answer),
    /// Its timer or outbox row was dealt with by somebody else.
    Gone,
}

pub(super) type Queued = (Request, oneshot::Sender<Result<Outcome>>);

/// The store's streams in memory.
#[derive(Default)]
pub(super) struct Cache {
    world: World,
    /// The next deployment's number, when known.
    next_number: Option<u64>,
}

impl Cache {
    pub(super) fn len(&self) -> usize {
        self.world.len()
    }

    fn clear(&mut self) {
        self.world.clear();
        self.next_number = None;
    }
}

/// A group on its way into one transaction.
struct Group {
    batch: Batch,
    base: BTreeMap<Stream, i64>,
    answers: BTreeMap<String, Answer>,
}

impl Engine {
    /// Decides and stores one request; returns after the commit.
    ///
    /// # Errors
    /// When it could not be stored. Nothing has happened then.
    pub async fn submit(&self, request: Request) -> Result<Outcome> {
        let Some(queue) = self.queue.get() else {
            let mut outcomes = self.apply(vec![request]).await;
            return outcomes.pop().unwrap_or_else(|| Err(StoreError::Unavailable("nothing was decided".into())));
        };
        let (tell, told) = oneshot::channel();
        let stopping = || StoreError::Unavailable("signalbox is stopping".into());
        queue.send((request, tell)).await.map_err(|_| stopping())?;
        told.await.map_err(|_| stopping())?
    }

    /// Decides and stores requests as one group, in order.
    pub async fn apply(&self, requests: Vec<Request>) -> Vec<Result<Outcome>> {
        let mut cache = self.writer.lock().await;
        if cache.world.len() > CACHE_STREAMS {
            cache.clear();
        }
        let out = match self.group(&mut cache, &requests).await {
            Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
            // A decision that does not fit its streams may come from a cache that another replica has outrun, or from one damaged
            // stream that must not stop the others: each is decided again by itself, from what the store says.
            Err(StoreError::Conflict(_) | StoreError::Corrupt { .. }) => {
                let mut out = Vec::with_capacity(requests.len());
                for request in requests {
                    out.push(self.alone(&mut cache, request).await);
                }
                out
            }
            Err(error) => {
                cache.clear();
                let text = error.to_string();
                tracing::error!(name: "writer.commit_failed", error = %text, "commit failed");
                let again = |e: &StoreError| match e {
                    StoreError::Full => StoreError::Full,
                    StoreError::Corrupt { table, row, what } => {
                        StoreError::Corrupt { table, row: row.clone(), what: what.clone() }
                    }
                    _ => StoreError::Unavailable(text.clone()),
                };
                requests.iter().map(|_| Err(again(&error))).collect()
            }
        };
        self.stir();
        out
    }

    /// One request by itself, decided again as often as others are faster.
    async fn alone(&self, cache: &mut Cache, request: Request) -> Result<Outcome> {
        let (mut last, mut tried) = (StoreError::Conflict(String::new()), false);
        // Whoever was faster has most often fired the timer; one that still stands is fired next time.
        let races = if request.timer.is_some() { TIMER_RACES } else { RACES };
        for _ in 0..races {
            // What decides nothing rests on nothing but its receipt, which does not come back.
            if request.input.is_some() {
                cache.clear();
            } else if matches!(last, StoreError::Conflict(_)) && tried {
                break;
            }
            tried = true;
            match self.group(cache, std::slice::from_ref(&request)).await {
                Ok(mut outcomes) => return Ok(outcomes.pop().unwrap_or(Outcome::Gone)),
                // Streams are read one after the other, so a race may also look like damage. Damage stays.
                Err(again @ (StoreError::Conflict(_) | StoreError::Corrupt { .. })) => last = again,
                Err(other) => {
                    cache.clear();
                    return Err(other);
                }
            }
        }
        cache.clear();
        let others_did = request.timer.is_some() || request.receipt.is_some();
        if others_did && matches!(last, StoreError::Conflict(_)) { Ok(Outcome::Gone) } else { Err(last) }
    }

    async fn group(&self, cache: &mut Cache, requests: &[Request]) -> Result<Vec<Outcome>> {
        let now = self.now();
        let policy = self.policy();
        let keys: Vec<String> = requests.iter().filter_map(|r| r.inbox.as_ref().map(|(k, _)| k.clone())).collect();
        let known = if keys.is_empty() { Vec::new() } else { self.deps.store.answers(&keys).await? };
        let mut group = Group {
            batch: Batch::default(),
            base: BTreeMap::new(),
            answers: known.into_iter().map(|(k, a)| (k, serde_json::from_str(&a).unwrap_or_default())).collect(),
        };
        let platforms = self.platform_names();
        let derive = Derive { policy: &policy, platforms: &platforms, now, ids: &self.deps.ids };
        let mut outcomes = Vec::with_capacity(requests.len());
        for request in requests {
            if let Some(answer) = request.inbox.as_ref().and_then(|(k, _)| group.answers.get(k)) {
                outcomes.push(Outcome::Before(answer.clone()));
                continue;
            }
            let Some(input) = &request.input else {
                store_facts(&mut group.batch, request);
                outcomes.push(Outcome::Decided {
                    replies: Vec::new(),
                    refused: None,
                    events: 0,
                    counted: BTreeMap::new(),
                });
                continue;
            };
            let decision = self.decided(cache, &mut group, input, now, &policy).await?;
            outcomes.push(store_decision(cache, &mut group, &derive, request, decision, now));
        }
        group.batch.reads = std::mem::take(&mut group.base).into_iter().collect();
        if group.batch != Batch::default() {
            let watch = crate::clock::Stopwatch::start();
            self.deps.store.commit(&group.batch).await?;
            super::told::committed(&group.batch, watch.elapsed_std().as_secs_f64());
            for row in &group.batch.states {
                self.known.see(cache.world.stream(&row.stream).ok().and_then(|l| l.state.as_ref()));
            }
        }
        Ok(outcomes)
    }

    /// Decides, loading whatever the decision needs.
    async fn decided(
        &self,
        cache: &mut Cache,
        group: &mut Group,
        input: &Input,
        now: Now,
        policy: &crate::domain::policy::Policy,
    ) -> Result<Decision> {
        let next_number = match cache.next_number {
            Some(n) => n,
            None => u64::try_from(self.deps.store.last_number().await?).unwrap_or(0) + 1,
        };
        cache.next_number = Some(next_number);
        self.load_ahead(&mut cache.world, input, policy).await?;
        for _ in 0..LOADS {
            match decide(&cache.world, input, Ctx { policy, now, next_number }) {
                Ok(decision) => {
                    for stream in &decision.reads {
                        let seq = cache.world.stream(stream).map_or(0, |l| l.seq);
                        group.base.entry(stream.clone()).or_insert(seq);
                    }
                    return Ok(decision);
                }
                Err(Stop::Need(stream)) => self.load(&mut cache.world, stream).await?,
                Err(Stop::Broken(broken)) => {
                    let (stream, error) = (&broken.stream, &broken.what);
                    tracing::error!(name: "writer.broken", %stream, %error, "a decision does not fit {stream}");
                    let row = broken.stream.to_string();
                    return Err(StoreError::Corrupt { table: "states", row, what: broken.what });
                }
            }
        }
        Err(StoreError::Unavailable("a decision needs too many streams".into()))
    }

    /// What a decision about many streams reads first, in one go.
    async fn load_ahead(&self, world: &mut World, input: &Input, policy: &crate::domain::policy::Policy) -> Result<()> {
        let Input::Alerts { source, alerts, .. } = input else { return Ok(()) };
        let mut missing = streams_of(policy, source, alerts);
        missing.retain(|stream| world.stream(stream).is_err());
        if missing.is_empty() {
            return Ok(());
        }
        for row in self.deps.store.states(&missing).await? {
            missing.retain(|stream| *stream != row.stream);
            let loaded = Loaded { seq: row.seq, state: Some(parse_state(&row)?), hash: row.hash };
            world.put(row.stream, loaded);
        }
        for stream in missing {
            world.put(stream, Loaded { seq: 0, hash: String::new(), state: None });
        }
        Ok(())
    }

    async fn load(&self, world: &mut World, stream: Stream) -> Result<()> {
        let rows = self.deps.store.states(std::slice::from_ref(&stream)).await?;
        let loaded = match rows.into_iter().next() {
            Some(row) => Loaded { seq: row.seq, state: Some(parse_state(&row)?), hash: row.hash },
            None => Loaded { seq: 0, hash: String::new(), state: None },
        };
        world.put(stream, loaded);
        Ok(())
    }

    /// The writer's task: drains what waits and commits it as a group, without waiting for more.
    pub(super) async fn write_loop(&self, mut queue: tokio::sync::mpsc::Receiver<Queued>) {
        let mut waiting = Vec::with_capacity(crate::limits::GROUP_COMMIT);
        while queue.recv_many(&mut waiting, crate::limits::GROUP_COMMIT).await > 0 {
            let (requests, tells): (Vec<_>, Vec<_>) = waiting.drain(..).unzip();
            for (outcome, tell) in self.apply(requests).await.into_iter().zip(tells) {
                // A sender that no longer waits (a closed connection) asks again and is told from the inbox.
                let _ = tell.send(outcome);
            }
        }
    }
}

/// What a request brings besides its input.
fn store_facts(batch: &mut Batch, request: &Request) {
    batch.timers_fired.extend(request.timer.clone());
    batch.receipts.extend(request.receipt.clone());
    batch.messages.extend(request.messages.iter().cloned());
    batch.reactions.extend(request.reactions.iter().cloned());
}

/// Turns a decision into rows of the group and state of the cache.
fn store_decision(
    cache: &mut Cache,
    group: &mut Group,
    derive: &Derive<'_>,
    request: &Request,
    decision: Decision,
    now: Now,
) -> Outcome {
    let batch = &mut group.batch;
    store_facts(batch, request);
    let mut before: BTreeMap<Stream, Option<State>> = BTreeMap::new();
    for emitted in &decision.events {
        let stream = &emitted.stream;
        let loaded = cache.world.stream(stream).cloned().unwrap_or(Loaded { seq: 0, hash: String::new(), state: None });
        before.entry(stream.clone()).or_insert_with(|| loaded.state.clone());
        let seq = loaded.seq + 1;
        let row = event_row(emitted, &loaded.hash, seq, now);
        let hash = row.hash.clone();
        batch.events.push(row);
        derive.notices(batch, emitted, seq);
        cache.world.put(stream.clone(), Loaded { seq, hash, state: Some(emitted.after.clone()) });
        if matches!(
            &emitted.event,
            crate::domain::world::Event::Deployment(crate::domain::deployment::DeploymentEvent::Requested { .. })
        ) {
            cache.next_number = cache.next_number.map(|n| n + 1);
        }
    }
    for (stream, old) in &before {
        let Ok(loaded) = cache.world.stream(stream) else { continue };
        let (seq, hash) = (loaded.seq, loaded.hash.clone());
        let body = loaded.state.as_ref().and_then(|s| serde_json::to_string(s).ok()).unwrap_or_default();
        batch.states.retain(|s| &s.stream != stream);
        batch.states.push(StateRow { stream: stream.clone(), seq, hash, body });
        let after = loaded.state.clone();
        derive.stream(batch, stream, old.as_ref(), after.as_ref());
    }
    keep_fired(cache, batch, request, now);
    let answer = Answer { messages: decision.replies.clone(), form: None };
    if let Some((key, body)) = &request.inbox {
        batch.inbox.push(InboxRow {
            key: key.clone(),
            at: now.wall.as_millisecond(),
            body: body.clone(),
            answer: serde_json::to_string(&answer).unwrap_or_default(),
            ..InboxRow::default()
        });
        group.answers.insert(key.clone(), answer);
    }
    let Decision { events, replies, refused, counted, .. } = decision;
    Outcome::Decided { replies, refused, events: events.len(), counted }
}

/// A timer that fired and is still asked for by an unchanged state is set again; if it is due already, a second later, so
/// that a state which asks in vain cannot spin.
fn keep_fired(cache: &Cache, batch: &mut Batch, request: &Request, now: Now) {
    let Some((id, _)) = &request.timer else { return };
    let stream = match &request.input {
        Some(Input::Timer { stream, .. }) => stream.clone(),
        Some(Input::IncidentTimer { incident, .. }) => Stream::incident(*incident),
        Some(Input::Roster { roster, .. }) => Stream::roster(roster),
        Some(Input::Digest { digest }) => Stream::digest(digest),
        Some(Input::Maintenance { maintenance, .. }) => Stream::maintenance(maintenance),
        Some(Input::RunTimer { runbook, .. }) => Stream::runbook(runbook),
        Some(Input::AlertTimer { key, .. }) => Stream::alert(key),
        Some(Input::AlertBoardTimer { .. }) => Stream::alerts(),
        _ => return,
    };
    let stream = &stream;
    if batch.timers_set.iter().any(|t| &t.id == id) {
        return;
    }
    let state = cache.world.stream(stream).ok().and_then(|l| l.state.as_ref());
    if let Some(mut row) = timer_rows(stream, state).remove(id) {
        let clock = if row.work { now.work } else { now.wall };
        row.due_at = row.due_at.max(clock.as_millisecond() + 1000);
        batch.timers_set.push(row);
    }
}

fn event_row(emitted: &crate::domain::decide::Emitted, previous: &str, seq: i64, now: Now) -> EventRow {
    let mut body = serde_json::to_value(&emitted.event).unwrap_or_default();
    if now.work != now.wall
        && let Some(object) = body.as_object_mut()
    {
        object.insert("work_ms".into(), now.work.as_millisecond().into());
    }
    let (kind, body) = (emitted.event.kind(), body.to_string());
    let actor = emitted.actor.as_ref().map_or_else(|| "signalbox".to_owned(), ToString::to_string);
    let at = now.wall.as_millisecond();
    let hash = event_hash(previous, emitted.stream.as_str(), seq, &kind, &actor, at, &body);
    EventRow { stream: emitted.stream.clone(), seq, kind, actor, at, body, previous: previous.to_owned(), hash }
}

/// The state in a row.
pub(super) fn parse_state(row: &StateRow) -> Result<State> {
    serde_json::from_str(&row.body).map_err(|e| StoreError::Corrupt {
        table: "states",
        row: row.stream.to_string(),
        what: e.to_string(),
    })
}
