//! The gateway's sockets: the loop of each, and the ways in which what is sent goes astray.

use super::Shared;
use super::gateway::{Conn, Out};
use super::world::World;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

pub async fn listen(shared: Arc<Shared>, listener: TcpListener) {
    let mut sockets = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        if !shared.lock().faults.refusing {
            sockets.spawn(serve(shared.clone(), stream));
        }
        while sockets.try_join_next().is_some() {}
    }
}

async fn serve(shared: Arc<Shared>, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let mut asked = String::new();
    #[expect(clippy::result_large_err, reason = "the type is the library's")]
    let seen = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        asked = request.uri().to_string();
        Ok(response)
    };
    let Ok(socket) = tokio_tungstenite::accept_hdr_async(stream, seen).await else { return };
    let (mut sink, mut source) = socket.split();
    let (to, mut out) = mpsc::unbounded_channel();
    let resume_path = asked.contains("/resume");
    let wanted = asked.contains("v=10") && asked.contains("encoding=json") && !asked.contains("compress=");
    let conn = {
        let mut world = shared.lock();
        let conn = world.id();
        let beat_ms = world.ms();
        world.conns.insert(conn, Conn { to, session: None, sent: VecDeque::new(), beat_ms });
        if wanted {
            let interval = world.options.heartbeat_ms;
            world.send(conn, &json!({ "op": 10, "s": null, "t": null, "d": { "heartbeat_interval": interval } }));
        } else {
            world.refuse("gateway", 4012, 0, &format!("asked for {asked}"));
            let _ = world.conns[&conn].to.send(Out::Close(4012));
        }
        world.tell();
        conn
    };
    let mut closed = None;
    loop {
        tokio::select! {
            frame = source.next() => match frame {
                Some(Ok(Message::Text(text))) => {
                    let mut world = shared.lock();
                    if let Err(code) = world.hear(conn, resume_path, &text) {
                        world.refuse("gateway", code, 0, "closed for what was sent");
                        if let Some(conn) = world.conns.get(&conn) {
                            let _ = conn.to.send(Out::Close(code));
                        }
                    }
                }
                Some(Ok(Message::Close(frame))) => {
                    closed = frame.map(|f| u16::from(f.code));
                    let _ = sink.flush().await;
                    break;
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break,
            },
            next = out.recv() => match next {
                Some(Out::Text(text)) => {
                    if sink.send(Message::text(text)).await.is_err() {
                        break;
                    }
                }
                Some(Out::Close(code)) => {
                    let frame = CloseFrame { code: code.into(), reason: "".into() };
                    let _ = sink.send(Message::Close(Some(frame))).await;
                    // Ends a session as Discord does when it is its own doing.
                    closed = matches!(code, 4004 | 4007 | 4009 | 4010..=4014).then_some(1000);
                    break;
                }
                Some(Out::Drop) | None => break,
            },
        }
    }
    shared.lock().gone(conn, closed);
}

impl World {
    /// Sends an event into a socket, or lets happen to it what was ordered.
    pub fn transmit(&mut self, conn: u64, text: String) {
        if self.faults.delay_ms > 0 {
            let due = self.ms() + self.faults.delay_ms;
            self.delayed.push((due, conn, text));
            return;
        }
        if self.faults.reorder > 0 {
            self.faults.reorder -= 1;
            self.held.push((conn, text));
            if self.faults.reorder == 0 {
                for (conn, text) in std::mem::take(&mut self.held).into_iter().rev() {
                    self.put_out(conn, text);
                }
            }
            return;
        }
        if self.faults.duplicates > 0 {
            self.faults.duplicates -= 1;
            self.put_out(conn, text.clone());
        }
        self.put_out(conn, text);
    }

    fn put_out(&self, conn: u64, text: String) {
        if let Some(conn) = self.conns.get(&conn) {
            let _ = conn.to.send(Out::Text(text));
        }
    }

    /// Sends what was delayed and is due.
    pub fn late_events(&mut self) {
        let now = self.ms();
        let (due, later) = std::mem::take(&mut self.delayed).into_iter().partition(|(at, ..)| *at <= now);
        self.delayed = later;
        let due: Vec<(i64, u64, String)> = due;
        for (_, conn, text) in due {
            self.put_out(conn, text);
        }
    }
}
