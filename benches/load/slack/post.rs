//! Signed requests over connections that stay: in time, as fast as they are acknowledged, and through ends without a word.

use super::acts::Act;
use super::web::Web;
use crate::Result;
use crate::figures::Times;
use signalbox::clock::Stopwatch;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Acts signed beforehand for each second at full speed; more are not sent.
const SIGNED: u64 = 20_000;

/// Tries of one act.
const ATTEMPTS: i64 = 200;

struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(1024) })
    }

    /// Sends a request and returns the status of its answer, which has no body.
    async fn ask(&mut self, request: &[u8]) -> Result<u16> {
        self.stream.write_all(request).await?;
        self.read.clear();
        while !self.read.ends_with(b"\r\n\r\n") {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err("the connection ended".into());
            }
        }
        let status = self.read.get(9..12).and_then(|s| std::str::from_utf8(s).ok());
        Ok(status.unwrap_or_default().parse()?)
    }
}

fn kept(status: u16) -> Result<()> {
    if status == 200 { Ok(()) } else { Err(format!("answered with {status}").into()) }
}

/// One act after the other, each acknowledged before the next.
pub async fn in_order(address: SocketAddr, web: &Web, acts: impl Iterator<Item = Act>) -> Result<()> {
    let mut connection = Connection::open(address).await?;
    for act in acts {
        kept(connection.ask(&act.request(web.address, 0)?).await?)?;
    }
    Ok(())
}

/// At its times, whatever has been acknowledged.
pub async fn open_loop(address: SocketAddr, web: &Web, first: usize, rate: u64, seconds: u64) -> Result<Times> {
    const CONNECTIONS: usize = 16;
    let count = usize::try_from(rate * seconds)?;
    let mut requests = (0..count).map(|n| Act::of(first + n).request(web.address, 0)).collect::<Result<Vec<_>>>()?;
    let begun = Stopwatch::start();
    let mut tasks = Vec::new();
    for c in 0..CONNECTIONS {
        let mine: Vec<(usize, Vec<u8>)> =
            (c..count).step_by(CONNECTIONS).map(|n| (n, std::mem::take(&mut requests[n]))).collect();
        tasks.push(tokio::spawn(async move {
            let (mut connection, mut times) = (Connection::open(address).await?, Times::default());
            for (n, request) in mine {
                let due = Duration::from_micros(n as u64 * 1_000_000 / rate);
                // What a timer is late by is not the program's doing; what the answer before took is.
                let since = match due.checked_sub(begun.elapsed_std()) {
                    Some(left) => {
                        tokio::time::sleep(left).await;
                        begun.elapsed_std()
                    }
                    None => due,
                };
                kept(connection.ask(&request).await?)?;
                times.add(begun.elapsed_std() - since);
            }
            Result::Ok(times)
        }));
    }
    let mut times = Times::default();
    for task in tasks {
        times.extend(task.await??);
    }
    Ok(times)
}

/// Requests for so many seconds at full speed, from the act `first` on.
pub fn signed(web: &Web, first: usize, seconds: u64) -> Result<Arc<Vec<Vec<u8>>>> {
    let count = usize::try_from(SIGNED * seconds)?;
    Ok(Arc::new((0..count).map(|n| Act::of(first + n).request(web.address, 0)).collect::<Result<_>>()?))
}

/// As many connections, each as fast as it is acknowledged; also the rate.
pub async fn closed_loop(
    address: SocketAddr,
    signed: Arc<Vec<Vec<u8>>>,
    connections: usize,
    seconds: u64,
) -> Result<(Times, f64)> {
    let next = Arc::new(AtomicUsize::new(0));
    let begun = Stopwatch::start();
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let (signed, next) = (Arc::clone(&signed), Arc::clone(&next));
        tasks.push(tokio::spawn(async move {
            let (mut connection, mut times) = (Connection::open(address).await?, Times::default());
            while begun.elapsed_std().as_secs() < seconds
                && let Some(request) = signed.get(next.fetch_add(1, Ordering::Relaxed))
            {
                let sent = Stopwatch::start();
                kept(connection.ask(request).await?)?;
                times.add(sent.elapsed_std());
            }
            Result::Ok(times)
        }));
    }
    let mut times = Times::default();
    for task in tasks {
        times.extend(task.await??);
    }
    let rate = times.len() as f64 / begun.elapsed_std().as_secs_f64();
    Ok((times, rate))
}

/// Senders that go on through everything, until they are told to stop: what was not acknowledged is sent again, signed anew.
pub struct Stubborn {
    stop: Arc<AtomicBool>,
    next: Arc<AtomicUsize>,
    again: Arc<AtomicUsize>,
    tasks: Vec<tokio::task::JoinHandle<Result<()>>>,
}

impl Stubborn {
    pub fn start(address: SocketAddr, web: &Web, first: usize, connections: usize) -> Self {
        let (stop, next) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(first)));
        let again = Arc::new(AtomicUsize::new(0));
        let web = web.address;
        let tasks = (0..connections).map(|_| {
            let (stop, next, again) = (Arc::clone(&stop), Arc::clone(&next), Arc::clone(&again));
            tokio::spawn(async move {
                let mut connection = None;
                while !stop.load(Ordering::Relaxed) {
                    let act = Act::of(next.fetch_add(1, Ordering::Relaxed));
                    let mut attempt = 0;
                    while !once(&mut connection, address, &act.request(web, attempt)?).await? {
                        attempt += 1;
                        again.fetch_add(1, Ordering::Relaxed);
                        if attempt > ATTEMPTS {
                            return Err(format!("act {} is not acknowledged", act.n).into());
                        }
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                }
                Ok(())
            })
        });
        Self { tasks: tasks.collect(), stop, next, again }
    }

    /// Acts begun so far.
    pub fn next(&self) -> usize {
        self.next.load(Ordering::Relaxed)
    }

    /// Returns when everything that was begun is acknowledged: the number behind the last act, and how often one was sent again.
    pub async fn stop(self) -> Result<(usize, usize)> {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await??;
        }
        Ok((self.next.load(Ordering::Relaxed), self.again.load(Ordering::Relaxed)))
    }
}

/// Whether it is acknowledged. A wrong answer is an error.
async fn once(connection: &mut Option<Connection>, address: SocketAddr, request: &[u8]) -> Result<bool> {
    if connection.is_none() {
        let Ok(new) = Connection::open(address).await else { return Ok(false) };
        *connection = Some(new);
    }
    let Some(open) = connection else { return Ok(false) };
    match open.ask(request).await {
        Ok(status) => kept(status).map(|()| true),
        Err(_) => {
            *connection = None;
            Ok(false)
        }
    }
}
