//! Socket Mode: single-use addresses, hello, envelopes to one socket after the other, and every way a socket can end.

use super::FakeSlack;
use super::delivery;
use super::world::{APP, World};
use axum::http::StatusCode;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

/// Sockets that one app may have open.
pub const MAX_SOCKETS: usize = 10;

/// What a socket is told to do.
#[derive(Clone, Debug)]
pub enum Out {
    Text(String),
    Ping,
    /// A close frame, then the end.
    Close,
    /// The end, without a close frame.
    Drop,
    /// Read nothing any more: no pong, no acknowledgement, and the connection stays.
    Deafen,
}

#[derive(Clone, Debug)]
pub struct SocketRow {
    pub id: u64,
    pub opened_ms: i64,
    pub closed_ms: Option<i64>,
    pub pings: u64,
    pub pongs: u64,
    pub acks: u64,
    pub(super) out: mpsc::UnboundedSender<Out>,
}

impl SocketRow {
    pub fn is_open(&self) -> bool {
        self.closed_ms.is_none()
    }
}

impl World {
    pub fn open_sockets(&self) -> usize {
        self.sockets.iter().filter(|row| row.is_open()).count()
    }

    /// The next open socket in turn.
    pub(super) fn next_socket(&mut self) -> Option<(u64, mpsc::UnboundedSender<Out>)> {
        let open: Vec<_> = self.sockets.iter().filter(|row| row.is_open()).collect();
        let row = open.get(self.turn % open.len().max(1))?;
        let found = (row.id, row.out.clone());
        self.turn = self.turn.wrapping_add(1);
        Some(found)
    }
}

impl FakeSlack {
    /// Tells every open socket.
    pub fn tell_sockets(&self, what: &Out) {
        self.with(|world| {
            for row in world.sockets.iter().filter(|row| row.is_open()) {
                let _ = row.out.send(what.clone());
            }
        });
    }

    /// Drops every socket without a word.
    pub fn drop_sockets(&self) {
        self.tell_sockets(&Out::Drop);
    }

    /// Tells every socket to go: `warning`, `refresh_requested`, `link_disabled`, `too_many_websockets`. Only after a
    /// warning does the socket stay for a while.
    pub fn disconnect_sockets(&self, reason: &str) {
        self.tell_sockets(&Out::Text(disconnect(reason)));
        if reason != "warning" {
            self.tell_sockets(&Out::Close);
        }
    }

    /// Slack is unreachable: sockets break, no new ones open, and every call's connection breaks. Or it is back.
    pub fn down(&self, down: bool) {
        self.with(|world| world.faults.down = down);
        if down {
            self.drop_sockets();
        }
    }

    /// A frame as it is, to one socket in turn. Says whether there was one.
    pub fn raw_frame(&self, text: &str) -> bool {
        self.with(|world| world.next_socket().is_some_and(|(_, out)| out.send(Out::Text(text.into())).is_ok()))
    }

    /// Waits until so many sockets are open.
    pub async fn sockets_open(&self, count: usize) -> Result<(), String> {
        self.until(&format!("{count} sockets are open"), |world| (world.open_sockets() == count).then_some(())).await
    }
}

fn disconnect(reason: &str) -> String {
    json!({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-test"}}).to_string()
}

pub async fn listen(fake: FakeSlack, listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        tokio::spawn(connection(fake.clone(), stream));
    }
}

/// Takes the ticket; or the status and the reason of the refusal.
fn handshake(fake: &FakeSlack, request: &Request) -> Result<(), (StatusCode, &'static str)> {
    let query = request.uri().query().unwrap_or_default();
    let ticket = query.split('&').find_map(|pair| pair.strip_prefix("ticket=")).unwrap_or_default();
    fake.with(|world| {
        if world.faults.down || world.faults.refuse_sockets > 0 {
            world.faults.refuse_sockets = world.faults.refuse_sockets.saturating_sub(1);
            return Err((StatusCode::SERVICE_UNAVAILABLE, "no more sockets today"));
        }
        // An address opens one socket.
        if !world.tickets.remove(ticket) {
            world.refuse("socket", "invalid_ticket", vec![]);
            return Err((StatusCode::NOT_FOUND, "the ticket is unknown or used"));
        }
        Ok(())
    })
}

async fn connection(fake: FakeSlack, stream: TcpStream) {
    #[expect(clippy::result_large_err, reason = "the shape that tungstenite asks for")]
    let check = |request: &Request, response: Response| {
        handshake(&fake, request).map(|()| response).map_err(|(status, why)| {
            let mut refusal = ErrorResponse::new(Some(why.to_owned()));
            *refusal.status_mut() = status;
            refusal
        })
    };
    let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, check).await else { return };
    let Some((id, mut orders)) = enter(&fake) else {
        fake.with(|world| world.refuse("socket", "too_many_websockets", vec![]));
        let _ = socket.send(Message::text(disconnect("too_many_websockets"))).await;
        let _ = socket.close(None).await;
        return;
    };
    let mut deaf = fake.read(|world| world.faults.deaf);
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Out::Text(text)) => {
                    if socket.send(Message::text(text)).await.is_err() {
                        break;
                    }
                }
                Some(Out::Ping) => {
                    fake.with(|world| row(world, id, |row| row.pings += 1));
                    if socket.send(Message::Ping("Ping from applink-test".into())).await.is_err() {
                        break;
                    }
                }
                Some(Out::Close) => {
                    // What the app still says is read until it closes, too.
                    let _ = socket.close(None).await;
                }
                Some(Out::Deafen) => deaf = true,
                Some(Out::Drop) | None => break,
            },
            frame = socket.next(), if !deaf => match frame {
                Some(Ok(Message::Text(text))) => heard(&fake, id, &text),
                Some(Ok(Message::Pong(_))) => fake.with(|world| row(world, id, |row| row.pongs += 1)),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break,
            },
        }
    }
    fake.with(|world| {
        let now = world.now();
        row(world, id, |row| row.closed_ms = Some(now));
        let open = world.open_sockets();
        // Closed rows are history; only so many are kept.
        while world.sockets.len() > open + 1_000 {
            let Some(first) = world.sockets.iter().position(|row| !row.is_open()) else { break };
            world.sockets.remove(first);
        }
    });
}

fn row(world: &mut World, id: u64, change: impl FnOnce(&mut SocketRow)) {
    if let Some(row) = world.sockets.iter_mut().find(|row| row.id == id) {
        change(row);
    }
}

/// Takes the socket in and greets it; nothing when there are too many.
fn enter(fake: &FakeSlack) -> Option<(u64, mpsc::UnboundedReceiver<Out>)> {
    fake.with(|world| {
        if world.faults.too_many_sockets > 0 {
            world.faults.too_many_sockets -= 1;
            return None;
        }
        if world.open_sockets() >= MAX_SOCKETS {
            return None;
        }
        let (out, orders) = mpsc::unbounded_channel();
        let (id, opened_ms) = (world.number(), world.now());
        let hello = json!({"type": "hello", "num_connections": world.open_sockets() + 1,
            "debug_info": {"host": "applink-test", "build_number": 1, "approximate_connection_time": 18_060},
            "connection_info": {"app_id": APP}});
        let _ = out.send(Out::Text(hello.to_string()));
        world.sockets.push(SocketRow { id, opened_ms, closed_ms: None, pings: 0, pongs: 0, acks: 0, out });
        world.sockets_ever += 1;
        Some((id, orders))
    })
}

/// The app said something: an acknowledgement, or nothing Slack understands.
fn heard(fake: &FakeSlack, id: u64, text: &str) {
    fake.with(|world| {
        let said: Value = serde_json::from_str(text).unwrap_or_default();
        match said["envelope_id"].as_str() {
            Some(envelope) => {
                row(world, id, |row| row.acks += 1);
                let reply = said.get("payload").cloned();
                delivery::acknowledged(world, envelope, reply);
            }
            None => world.refuse("socket", "not_an_ack", vec![]),
        }
    });
}
