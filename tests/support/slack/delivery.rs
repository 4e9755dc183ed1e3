//! What the workspace sends to the app, how it was acknowledged, and when it is sent again.

use super::options::{Mode, NoSocket};
use super::socket::Out;
use super::world::World;
use super::{FakeSlack, payload, post, reply};
use serde_json::{Value, json};

/// How long an acknowledgement may take.
pub const ACK_MS: i64 = 3_000;
/// Events are sent again at once, after a minute, and after five.
const RETRY_MS: [i64; 3] = [0, 60_000, 300_000];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Command,
    Event,
    /// Buttons, menus, submitted and closed views.
    Interaction,
}

impl Sort {
    pub fn envelope(self) -> &'static str {
        match self {
            Self::Command => "slash_commands",
            Self::Event => "events_api",
            Self::Interaction => "interactive",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Waiting,
    Acknowledged,
    /// What the person is told: `operation_timeout`, `dispatch_failed`; for an event, that it is given up.
    Failed(String),
}

/// One time it was sent.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub envelope: String,
    pub at_ms: i64,
    pub socket: Option<u64>,
    pub acked_ms: Option<i64>,
    pub failed: Option<String>,
}

/// Something that was sent, with its whole story.
#[derive(Clone, Debug)]
pub struct Sent {
    pub number: u64,
    pub sort: Sort,
    pub payload: Value,
    pub user: String,
    pub channel: Option<String>,
    pub attempts: Vec<Attempt>,
    pub outcome: Outcome,
    /// What the acknowledgement carried.
    pub reply: Option<Value>,
    /// When it is sent again.
    pub due_ms: Option<i64>,
    /// Acknowledgements beyond the first.
    pub more_acks: u32,
    pub held: bool,
}

/// A delivery that a test can wait for.
#[derive(Clone)]
pub struct Delivery {
    pub(super) fake: FakeSlack,
    pub number: u64,
    /// The message that a person wrote, when it is one.
    pub ts: Option<String>,
    /// The confirmation dialog that the person agreed to.
    pub confirm: Option<String>,
}

impl Delivery {
    /// As it stands; empty when it is older than what is remembered.
    pub fn sent(&self) -> Option<Sent> {
        self.fake.read(|world| world.sent.get(&self.number).cloned())
    }

    /// Waits until it is acknowledged or given up.
    pub async fn settled(&self) -> Result<Outcome, String> {
        let number = self.number;
        self.fake
            .until("a delivery is settled", move |world| {
                let sent = world.sent.get(&number)?;
                (sent.outcome != Outcome::Waiting).then(|| sent.outcome.clone())
            })
            .await
    }

    /// Waits for the acknowledgement; how long it took by the fake's clock, or what went wrong.
    pub async fn acked(&self) -> Result<i64, String> {
        match self.settled().await? {
            Outcome::Acknowledged => {
                let sent = self.sent().ok_or("forgotten")?;
                let acked = sent.attempts.iter().find_map(|a| a.acked_ms.map(|ms| ms - a.at_ms));
                acked.ok_or_else(|| "no attempt was acknowledged".into())
            }
            other => Err(format!("{other:?}")),
        }
    }
}

impl FakeSlack {
    /// Sends it by the mode of the workspace.
    pub fn send(&self, sort: Sort, user: &str, channel: Option<&str>, payload: Value) -> Delivery {
        let number = self.with(|world| {
            let number = world.number();
            let held = world.faults.hold;
            let mut payload = payload;
            world.options.noise.apply(&mut payload);
            let (user, channel) = (user.to_owned(), channel.map(str::to_owned));
            let sent = Sent {
                number,
                sort,
                payload,
                user,
                channel,
                attempts: vec![],
                outcome: Outcome::Waiting,
                reply: None,
                due_ms: None,
                more_acks: 0,
                held,
            };
            world.sent.insert(number, sent);
            world.waiting.insert(number);
            while world.sent.len() > world.options.remember {
                if let Some((old, _)) = world.sent.pop_first() {
                    world.waiting.remove(&old);
                }
            }
            number
        });
        if !self.read(|world| world.faults.hold) {
            let copies = 1 + self.read(|world| world.faults.duplicates);
            (0..copies).for_each(|_| self.attempt(number));
        }
        Delivery { fake: self.clone(), number, ts: None, confirm: None }
    }

    /// Sends what is held, in the order given by `arrange` over its positions.
    pub fn release(&self, arrange: impl FnOnce(&mut Vec<u64>)) {
        let mut held: Vec<u64> = self.with(|world| {
            world.faults.hold = false;
            let mut held = Vec::new();
            for sent in world.sent.values_mut().filter(|sent| sent.held) {
                sent.held = false;
                held.push(sent.number);
            }
            held
        });
        arrange(&mut held);
        held.into_iter().for_each(|number| self.attempt(number));
    }

    /// Sends it once more, as Slack does now and then without being asked.
    pub fn again(&self, delivery: &Delivery) {
        self.attempt(delivery.number);
    }

    pub(super) fn attempt(&self, number: u64) {
        let posting = self.with(|world| match world.options.mode.clone() {
            Mode::Socket => {
                by_socket(world, number);
                None
            }
            Mode::Http(urls) => by_http(world, number, &urls),
        });
        if let Some(request) = posting {
            tokio::spawn(post::send(self.clone(), number, request));
        }
    }

    /// Looks at the clock: what is late has failed, what is due is sent again.
    pub(super) fn look(&self) {
        let due = self.with_quiet(|world| {
            let now = world.now();
            let waiting: Vec<u64> = world.waiting.iter().copied().collect();
            let mut due = Vec::new();
            let mut changed = false;
            for number in waiting {
                let Some(sent) = world.sent.get_mut(&number) else { continue };
                if sent.due_ms.is_some_and(|at| at <= now) {
                    sent.due_ms = None;
                    due.push(number);
                    continue;
                }
                let late = |a: &&mut Attempt| a.acked_ms.is_none() && a.failed.is_none() && now - a.at_ms > ACK_MS;
                let Some(attempt) = sent.attempts.iter_mut().find(late) else { continue };
                attempt.failed = Some("timeout".into());
                changed = true;
                missed(world, number, "timeout");
            }
            (due, changed)
        });
        due.into_iter().for_each(|number| self.attempt(number));
    }
}

/// An attempt failed: sent again when it is an event, else the person is told.
pub(super) fn missed(world: &mut World, number: u64, why: &str) {
    let now = world.now();
    let Some(sent) = world.sent.get_mut(&number) else { return };
    if sent.outcome == Outcome::Acknowledged {
        return;
    }
    if sent.sort != Sort::Event {
        let told = if why == "timeout" { "operation_timeout" } else { "dispatch_failed" };
        sent.outcome = Outcome::Failed(told.into());
        world.waiting.remove(&number);
        return;
    }
    match RETRY_MS.get(sent.attempts.len().saturating_sub(1)) {
        Some(wait) => sent.due_ms = Some(now + wait),
        None => {
            sent.outcome = Outcome::Failed(why.into());
            world.waiting.remove(&number);
        }
    }
}

fn by_socket(world: &mut World, number: u64) {
    let (now, envelope) = (world.now(), format!("test-envelope-{:08}", world.number()));
    let socket = world.next_socket();
    let Some(sent) = world.sent.get_mut(&number) else { return };
    let reason = sent.attempts.iter().rev().find_map(|attempt| attempt.failed.clone());
    let retries = sent.attempts.len();
    let mut attempt = Attempt { envelope: envelope.clone(), at_ms: now, socket: None, acked_ms: None, failed: None };
    let Some((id, out)) = socket else {
        attempt.failed = Some("no_socket".into());
        sent.attempts.push(attempt);
        if sent.sort == Sort::Event && world.options.no_socket == NoSocket::Lose {
            sent.outcome = Outcome::Failed("lost: no socket is open".into());
            world.waiting.remove(&number);
        } else {
            missed(world, number, "no_socket");
        }
        return;
    };
    attempt.socket = Some(id);
    sent.attempts.push(attempt);
    let mut frame = json!({"envelope_id": envelope, "type": sent.sort.envelope(), "payload": sent.payload,
        "accepts_response_payload": payload::takes_reply(sent.sort, &sent.payload)});
    if sent.sort == Sort::Event {
        frame["retry_attempt"] = json!(retries);
        frame["retry_reason"] = json!(reason.unwrap_or_default());
    }
    world.envelopes.insert(envelope, number);
    while world.envelopes.len() > world.options.remember {
        world.envelopes.pop_first();
    }
    // A socket that breaks meanwhile loses it, like the real one.
    let _ = out.send(Out::Text(frame.to_string()));
}

fn by_http(world: &mut World, number: u64, urls: &super::options::Urls) -> Option<post::Request> {
    let now = world.now();
    let secret = world.options.signing_secret.clone();
    let sent = world.sent.get_mut(&number)?;
    let retry = (sent.sort == Sort::Event && !sent.attempts.is_empty()).then(|| {
        let reason = sent.attempts.iter().rev().find_map(|attempt| attempt.failed.clone());
        (sent.attempts.len(), reason.unwrap_or_else(|| "http_timeout".into()).replace("timeout", "http_timeout"))
    });
    let at = sent.attempts.len();
    sent.attempts.push(Attempt { envelope: String::new(), at_ms: now, socket: None, acked_ms: None, failed: None });
    Some(post::request(sent.sort, &sent.payload, urls, &secret, now / 1000, retry, at))
}

/// The app acknowledged an envelope over a socket.
pub(super) fn acknowledged(world: &mut World, envelope: &str, reply: Option<Value>) {
    let Some(number) = world.envelopes.get(envelope).copied() else {
        return world.refuse("ack", "unknown_envelope", vec![envelope.to_owned()]);
    };
    let at = world.sent.get(&number).and_then(|sent| sent.attempts.iter().position(|a| a.envelope == envelope));
    if let Some(at) = at {
        done(world, number, at, reply);
    }
}

/// One attempt was acknowledged.
pub(super) fn done(world: &mut World, number: u64, at: usize, answer: Option<Value>) {
    let now = world.now();
    let Some(sent) = world.sent.get_mut(&number) else { return };
    let Some(attempt) = sent.attempts.get_mut(at) else { return };
    if attempt.acked_ms.is_some() {
        sent.more_acks += 1;
        return;
    }
    attempt.acked_ms = Some(now);
    if attempt.failed.is_some() || sent.outcome == Outcome::Acknowledged {
        sent.more_acks += 1;
        return;
    }
    sent.outcome = Outcome::Acknowledged;
    sent.due_ms = None;
    sent.reply.clone_from(&answer);
    let sent = sent.clone();
    world.waiting.remove(&number);
    reply::apply(world, &sent, answer);
}
