//! The loop against a server in memory, in virtual time.

use super::*;
use crate::chat::{Answer, Arrival, Envelope, Intake, IntakeError, Kept, Offer};
use crate::domain::message::Form;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::DuplexStream;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

type Peer = WebSocketStream<DuplexStream>;

/// Hands the server's end of each socket to the test.
struct Memory {
    peers: mpsc::UnboundedSender<Peer>,
    opened: AtomicUsize,
}

#[async_trait]
impl Door for Memory {
    type Stream = DuplexStream;

    fn stands(&self, _: Result<bool, &str>) {}

    async fn open(&self) -> Result<Peer, ChatError> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let theirs = WebSocketStream::from_raw_socket(theirs, Role::Server, None).await;
        self.peers.send(theirs).map_err(|_| ChatError::Refused("invalid_auth".into()))?;
        Ok(WebSocketStream::from_raw_socket(ours, Role::Client, None).await)
    }
}

struct Rows {
    ids: Mutex<BTreeSet<String>>,
    /// Each keep takes one.
    may: Semaphore,
    full: std::sync::atomic::AtomicBool,
    connected: AtomicUsize,
    back: Notify,
}

#[async_trait]
impl Intake for Rows {
    async fn receive(&self, _: Envelope) -> Result<Answer, IntakeError> {
        Ok(Answer::default())
    }
}

#[async_trait]
impl Inbox for Rows {
    async fn keep(&self, arrival: Arrival) -> Result<Kept, IntakeError> {
        self.may.acquire().await.unwrap().forget();
        if self.full.load(Ordering::Relaxed) {
            return Err(IntakeError { reason: "the disk is full".into() });
        }
        Ok(if self.ids.lock().unwrap().insert(arrival.id) { Kept::New } else { Kept::Again })
    }

    fn form(&self, _: &Envelope) -> Option<(String, Form)> {
        None
    }

    fn complete(&self, _: &str) -> Vec<Offer> {
        Vec::new()
    }

    async fn connected(&self, _: &PlatformName) {
        self.connected.fetch_add(1, Ordering::Relaxed);
        self.back.notify_one();
    }
}

struct World {
    door: Arc<Memory>,
    rows: Arc<Rows>,
    peers: mpsc::UnboundedReceiver<Peer>,
    stop: CancellationToken,
    runs: tokio::task::JoinHandle<()>,
}

impl World {
    fn start(keeps: usize) -> Self {
        let (tell, peers) = mpsc::unbounded_channel();
        let door = Arc::new(Memory { peers: tell, opened: AtomicUsize::new(0) });
        let rows = Arc::new(Rows {
            ids: Mutex::default(),
            may: Semaphore::new(keeps),
            full: false.into(),
            connected: AtomicUsize::new(0),
            back: Notify::new(),
        });
        let stop = CancellationToken::new();
        let mode = SocketMode::new(Arc::clone(&door), rows.clone() as Arc<dyn Inbox>, 1, stop.clone());
        Self { door, rows, peers, stop, runs: tokio::spawn(mode.run()) }
    }

    /// The next socket, greeted.
    async fn peer(&mut self) -> Peer {
        let mut peer = self.peers.recv().await.unwrap();
        say(&mut peer, json!({ "type": "hello", "num_connections": 1 })).await;
        peer
    }

    async fn end(self) {
        self.stop.cancel();
        let bound = Duration::from_millis(2 * limits::SLACK_CLOSE_MS + 100);
        timeout(bound, self.runs).await.expect("it ends in bounded time").unwrap();
    }

    fn kept(&self) -> usize {
        self.rows.ids.lock().unwrap().len()
    }
}

async fn say(peer: &mut Peer, frame: Value) {
    peer.send(Message::text(frame.to_string())).await.unwrap();
}

async fn deliver(peer: &mut Peer, id: &str) {
    let payload = json!({ "event_id": format!("Ev-{id}"), "event": { "type": "reaction_added", "user": "U1" } });
    say(peer, json!({ "type": "events_api", "envelope_id": id, "payload": payload })).await;
}

/// The next acknowledgement; pings are answered on the way. `None` when the socket ended.
async fn ack(peer: &mut Peer) -> Option<String> {
    while let Some(Ok(message)) = peer.next().await {
        if let Message::Text(text) = message {
            let frame: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(frame.as_object().unwrap().len(), 1, "{frame}");
            return Some(frame["envelope_id"].as_str().unwrap().to_owned());
        }
    }
    None
}

fn disconnect(reason: &str) -> Value {
    json!({ "type": "disconnect", "reason": reason, "debug_info": { "host": "wss-1" } })
}

#[tokio::test(start_paused = true)]
async fn it_is_kept_before_it_is_acknowledged_and_many_at_once() {
    let mut world = World::start(0);
    let mut peer = world.peer().await;
    for id in ["a", "b", "c"] {
        deliver(&mut peer, id).await;
    }
    say(&mut peer, json!({ "type": "tomorrow", "envelope_id": "d", "payload": null })).await;
    assert!(timeout(Duration::from_secs(60), ack(&mut peer)).await.is_err(), "nothing is kept, so nothing is said");
    world.rows.may.add_permits(4);
    let mut acks = Vec::new();
    for _ in 0..4 {
        acks.push(ack(&mut peer).await.unwrap());
    }
    acks.sort();
    assert_eq!(acks, ["a", "b", "c", "d"]);
    assert_eq!((world.kept(), world.rows.connected.load(Ordering::Relaxed)), (4, 1));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_not_stored_is_delivered_again() {
    let mut world = World::start(100);
    let mut peer = world.peer().await;
    world.rows.full.store(true, Ordering::Relaxed);
    deliver(&mut peer, "lost").await;
    assert!(timeout(Duration::from_secs(30), ack(&mut peer)).await.is_err());
    world.rows.full.store(false, Ordering::Relaxed);
    deliver(&mut peer, "lost").await;
    assert_eq!(ack(&mut peer).await.as_deref(), Some("lost"));
    deliver(&mut peer, "lost").await;
    assert_eq!(ack(&mut peer).await.as_deref(), Some("lost"), "a second delivery is acknowledged as well");
    assert_eq!(world.kept(), 1);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_next_socket_stands_before_the_old_one_goes() {
    let mut world = World::start(100);
    let mut old = world.peer().await;
    say(&mut old, disconnect("warning")).await;
    let mut new = world.peers.recv().await.unwrap();
    deliver(&mut old, "while the new one opens").await;
    assert!(ack(&mut old).await.is_some());
    say(&mut new, json!({ "type": "hello" })).await;
    deliver(&mut new, "new").await;
    assert!(ack(&mut new).await.is_some());
    deliver(&mut old, "after the new one stands").await;
    assert!(ack(&mut old).await.is_some());
    assert_eq!(timeout(Duration::from_secs(20), ack(&mut old)).await, Ok(None), "then it is closed");
    assert_eq!(world.rows.connected.load(Ordering::Relaxed), 1, "there was no gap");
    assert_eq!((world.kept(), world.door.opened.load(Ordering::Relaxed)), (3, 2));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn after_a_gap_it_is_caught_up() {
    let mut world = World::start(100);
    drop(world.peer().await);
    let mut peer = world.peer().await;
    world.rows.back.notified().await;
    deliver(&mut peer, "a").await;
    assert!(ack(&mut peer).await.is_some());
    assert_eq!(world.rows.connected.load(Ordering::Relaxed), 2);
    // It ends while its successor is being opened: a gap as well.
    say(&mut peer, disconnect("refresh_requested")).await;
    let mut next = world.peers.recv().await.unwrap();
    drop(peer);
    tokio::time::sleep(Duration::from_secs(1)).await;
    say(&mut next, json!({ "type": "hello" })).await;
    deliver(&mut next, "b").await;
    assert!(ack(&mut next).await.is_some());
    world.rows.back.notified().await;
    assert_eq!(world.rows.connected.load(Ordering::Relaxed), 3);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_dead_peer_is_noticed_within_ten_seconds() {
    let mut world = World::start(100);
    let silent = world.peer().await;
    let next = timeout(Duration::from_secs(11), world.peers.recv()).await;
    assert!(next.is_ok(), "another socket is opened");
    drop(silent);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_pings_stays() {
    let mut world = World::start(100);
    let mut peer = world.peer().await;
    assert!(timeout(Duration::from_secs(3600), ack(&mut peer)).await.is_err());
    assert_eq!(world.door.opened.load(Ordering::Relaxed), 1);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_turns_away_is_not_stormed() {
    for (reason, least, most) in [("too_many_websockets", 10, 55), ("warning", 10, 55), ("link_disabled", 2, 3)] {
        let mut world = World::start(100);
        let flood = async {
            while let Some(mut peer) = world.peers.recv().await {
                say(&mut peer, disconnect(reason)).await;
            }
        };
        assert!(timeout(Duration::from_secs(600), flood).await.is_err());
        let opened = world.door.opened.load(Ordering::Relaxed);
        assert!((least..=most).contains(&opened), "{reason}: {opened} in ten minutes");
        world.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn it_ends_in_bounded_time_whatever_it_does() {
    let mut world = World::start(0);
    let mut peer = world.peer().await;
    deliver(&mut peer, "never kept").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.end().await;
    assert_eq!(ack(&mut peer).await, None, "not kept, so never acknowledged");
    // Nobody says hello, nobody opens.
    let world = World::start(0);
    world.end().await;
}
