//! Envelopes over one socket: in time, as many at once as it takes, and through ends without a word. As Slack does, it delivers
//! again what was not acknowledged.

use super::acts::Act;
use super::web::Web;
use crate::Result;
use crate::figures::Times;
use futures_util::stream::SplitSink;
use futures_util::{SinkExt as _, StreamExt as _};
use signalbox::clock::Stopwatch;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// Envelopes made beforehand for each second at full speed; more are not sent.
const ENVELOPES: u64 = 20_000;

/// Acknowledgements taken at once.
const TAKEN: usize = 256;

/// A socket that was greeted.
pub struct Socket {
    send: SplitSink<WebSocketStream<TcpStream>, Message>,
    /// Numbers of acts, and when their acknowledgement came; ends with the socket.
    acks: mpsc::UnboundedReceiver<(usize, Duration)>,
    since: Stopwatch,
}

impl Socket {
    /// Waits for the program to open one.
    pub async fn accept(web: &Web) -> Result<Self> {
        let (mut send, mut receive) = web.socket().await?.split();
        send.send(Message::text(r#"{"type":"hello","num_connections":1}"#)).await?;
        let (tell, acks) = mpsc::unbounded_channel();
        let since = Stopwatch::start();
        tokio::spawn(async move {
            while let Some(Ok(frame)) = receive.next().await {
                if let Message::Text(text) = frame
                    && let Some(n) = acknowledged(&text)
                    && tell.send((n, since.elapsed_std())).is_err()
                {
                    return;
                }
            }
        });
        Ok(Self { send, acks, since })
    }

    /// One act after the other, each acknowledged before the next.
    pub async fn in_order(&mut self, web: &Web, acts: impl Iterator<Item = Act>) -> Result<()> {
        for act in acts {
            self.send.send(Message::text(act.envelope(web.address))).await?;
            self.acks.recv().await.ok_or("the socket ended")?;
        }
        Ok(())
    }

    /// At its times, whatever has been acknowledged.
    pub async fn open_loop(&mut self, web: &Web, first: usize, rate: u64, seconds: u64) -> Result<Times> {
        let count = usize::try_from(rate * seconds)?;
        let mut sent = Vec::with_capacity(count);
        let begun = Stopwatch::start();
        for n in 0..count {
            let envelope = Act::of(first + n).envelope(web.address);
            let due = Duration::from_micros(n as u64 * 1_000_000 / rate);
            if let Some(left) = due.checked_sub(begun.elapsed_std()) {
                tokio::time::sleep(left).await;
            }
            sent.push(self.since.elapsed_std());
            self.send.send(Message::text(envelope)).await?;
        }
        let mut times = Times::default();
        while times.len() < count {
            let (n, at) = self.acks.recv().await.ok_or("the socket ended")?;
            times.add(at.saturating_sub(sent[n - first]));
        }
        Ok(times)
    }

    /// So many without an acknowledgement, the next as soon as one comes; also the rate. The acts are numbered from `first`.
    pub async fn closed_loop(
        &mut self,
        first: usize,
        mut envelopes: std::vec::IntoIter<Message>,
        flying: usize,
        seconds: u64,
    ) -> Result<(Times, f64)> {
        let (mut sent, mut times, mut taken) = (Vec::with_capacity(envelopes.len()), Times::default(), Vec::new());
        let begun = Stopwatch::start();
        loop {
            let due = begun.elapsed_std().as_secs() < seconds;
            while due
                && sent.len() - times.len() < flying
                && let Some(envelope) = envelopes.next()
            {
                sent.push(self.since.elapsed_std());
                self.send.feed(envelope).await?;
            }
            self.send.flush().await?;
            if sent.len() == times.len() {
                let rate = times.len() as f64 / begun.elapsed_std().as_secs_f64();
                return Ok((times, rate));
            }
            if self.acks.recv_many(&mut taken, TAKEN).await == 0 {
                return Err("the socket ended".into());
            }
            for (n, at) in taken.drain(..) {
                times.add(at.saturating_sub(sent[n - first]));
            }
        }
    }
}

/// Envelopes for so many seconds at full speed, from the act `first` on.
pub fn envelopes(web: &Web, first: usize, seconds: u64) -> Result<std::vec::IntoIter<Message>> {
    let count = usize::try_from(ENVELOPES * seconds)?;
    let all: Vec<_> = (0..count).map(|n| Message::text(Act::of(first + n).envelope(web.address))).collect();
    Ok(all.into_iter())
}

fn acknowledged(text: &str) -> Option<usize> {
    let frame: serde_json::Value = serde_json::from_str(text).ok()?;
    frame["envelope_id"].as_str()?.parse().ok()
}

/// Delivers through everything, until it is told to stop.
pub struct Stubborn {
    stop: Arc<AtomicBool>,
    next: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<Result<usize>>,
}

impl Stubborn {
    pub fn start(web: Arc<Web>, socket: Socket, first: usize, flying: usize) -> Self {
        let (stop, next) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(first)));
        let task = tokio::spawn(stay(web, socket, flying, Arc::clone(&stop), Arc::clone(&next)));
        Self { stop, next, task }
    }

    /// Acts begun so far.
    pub fn next(&self) -> usize {
        self.next.load(Ordering::Relaxed)
    }

    /// Returns when everything that was begun is acknowledged: the number behind the last act, and how often one was sent again.
    pub async fn stop(self) -> Result<(usize, usize)> {
        self.stop.store(true, Ordering::Relaxed);
        let again = self.task.await??;
        Ok((self.next.load(Ordering::Relaxed), again))
    }
}

async fn stay(
    web: Arc<Web>,
    mut socket: Socket,
    flying: usize,
    stop: Arc<AtomicBool>,
    next: Arc<AtomicUsize>,
) -> Result<usize> {
    let (mut pending, mut again, mut taken) = (BTreeSet::new(), 0, Vec::new());
    loop {
        while pending.len() < flying && !stop.load(Ordering::Relaxed) {
            let n = next.fetch_add(1, Ordering::Relaxed);
            pending.insert(n);
            // An error shows as the end of the acknowledgements.
            let _ = socket.send.feed(Message::text(Act::of(n).envelope(web.address))).await;
        }
        let _ = socket.send.flush().await;
        if pending.is_empty() {
            return Ok(again);
        }
        if socket.acks.recv_many(&mut taken, TAKEN).await == 0 {
            socket = Socket::accept(&web).await?;
            for n in &pending {
                again += 1;
                let _ = socket.send.feed(Message::text(Act::of(*n).envelope(web.address))).await;
            }
        }
        for (n, _) in taken.drain(..) {
            pending.remove(&n);
        }
    }
}
