//! Slack's slash commands against the program itself: signed over HTTP, or over one socket. Each is in the database before it is
//! acknowledged, and the work behind goes on meanwhile: answers to response URLs, decisions, the edits of cards.
//!
//! Measured from sending to the acknowledgement, at 100/s and at full speed; then the program is killed again and again under
//! full speed, and its books are held against what was acknowledged. All of it on the folder's disk, and in memory.

mod acts;
pub mod bare;
mod post;
mod socket;
mod web;
mod yard;

pub use yard::Mode;

use crate::figures::{Times, middle};
use crate::process::cpu;
use crate::{Options, Result, conditions};
use acts::{Act, DEPLOYMENTS};
use signalbox::clock::Stopwatch;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use web::Web;
use yard::Yard;

/// Connections at full speed.
const CONNECTIONS: usize = 16;
/// Envelopes on a socket at full speed without an acknowledgement.
const FLYING: usize = 64;
/// How long answers are held back at most; the program gives up on one after eight seconds.
const HELD_S: u64 = 5;
/// Ends without a word.
const KILLS: usize = 5;
/// How long the program is under full speed before each.
const BETWEEN: Duration = Duration::from_millis(1_500);
/// How long what was acknowledged may wait for its work.
const PATIENCE: Duration = Duration::from_secs(300);

pub async fn run(options: &Options, mode: Mode) -> Result<()> {
    on(options, mode, &options.folder).await?;
    let memory = Path::new("/dev/shm");
    if memory.is_dir() && !options.folder.starts_with(memory) {
        let folder = conditions::fresh(memory, "signalbox-load")?;
        println!("\nthe same with the database in memory ({})", folder.display());
        on(options, mode, &folder).await?;
        std::fs::remove_dir_all(folder)?;
    }
    Ok(())
}

/// Who sends, and what was sent so far.
struct Sender {
    web: Arc<Web>,
    yard: Yard,
    socket: Option<socket::Socket>,
    /// The number of the next act.
    next: usize,
}

async fn on(options: &Options, mode: Mode, folder: &Path) -> Result<()> {
    let web = Arc::new(Web::start().await?);
    let yard = Yard::start(conditions::fresh(folder, "slack")?, mode, &web).await?;
    let socket = match mode {
        Mode::Http => None,
        Mode::Socket => Some(socket::Socket::accept(&web).await?),
    };
    let mut sender = Sender { web, yard, socket, next: 0 };
    sender.requests().await?;
    conditions::disk(folder)?;
    let (seconds, before) = (options.seconds * 4, conditions::taken()?);
    let times = sender.open_loop(100, seconds).await?;
    times.show("100/s: sent to acknowledged");
    println!("    {:.2} cores taken by the host meanwhile", (conditions::taken()? - before) / seconds as f64);
    sender.drained().await?;
    for held in [false, true] {
        let (mut all, mut rates, mut worst) = (Times::default(), Vec::new(), Vec::new());
        let seconds = if held { options.seconds.min(HELD_S) } else { options.seconds * 2 };
        for _ in 0..options.rounds {
            conditions::disk(folder)?;
            let (times, rate) = sender.full_speed(seconds, held).await?;
            rates.push(rate);
            worst.push(times.at(0.99));
            all.extend(times);
        }
        let work = if held { "with the work held back" } else { "with the work behind it" };
        let name = match mode {
            Mode::Http => format!("{CONNECTIONS} connections"),
            Mode::Socket => format!("one socket, {FLYING} in flight"),
        };
        all.show(&format!("{name}, {work}"));
        println!("    rounds: {} /s, p99 {} ms", middle(&rates), middle(&worst));
    }
    sender.kills().await?;
    sender.yard.stop().await
}

/// Processor seconds of the program, of this one and of the host's others, answers to acts, and other calls of the Web API so far.
fn spent(yard: &Yard, web: &Web) -> Result<[f64; 5]> {
    Ok([yard.cpu()?, cpu(std::process::id())?, conditions::taken()?, web.answers() as f64, web.calls() as f64])
}

impl Sender {
    /// One deployment of each service.
    async fn requests(&mut self) -> Result<()> {
        let acts = (0..DEPLOYMENTS).map(|n| Act::deploy(n, n));
        match &mut self.socket {
            None => post::in_order(self.yard.address, &self.web, acts).await?,
            Some(socket) => socket.in_order(&self.web, acts).await?,
        }
        self.next = DEPLOYMENTS;
        self.drained().await
    }

    async fn open_loop(&mut self, rate: u64, seconds: u64) -> Result<Times> {
        let first = self.next;
        let times = match &mut self.socket {
            None => post::open_loop(self.yard.address, &self.web, first, rate, seconds).await?,
            Some(socket) => socket.open_loop(&self.web, first, rate, seconds).await?,
        };
        self.next += times.len();
        Ok(times)
    }

    /// Then waits until all of it is worked, and says how that went. Held back, answers wait until the end of the load.
    async fn full_speed(&mut self, seconds: u64, held: bool) -> Result<(Times, f64)> {
        let first = self.next;
        self.web.hold(held);
        let ((times, rate), before) = match &mut self.socket {
            None => {
                let signed = post::signed(&self.web, first, seconds)?;
                let before = spent(&self.yard, &self.web)?;
                let done = post::closed_loop(self.yard.address, signed, CONNECTIONS, seconds).await?;
                (done, before)
            }
            Some(socket) => {
                let envelopes = socket::envelopes(&self.web, first, seconds)?;
                let before = spent(&self.yard, &self.web)?;
                (socket.closed_loop(first, envelopes, FLYING, seconds).await?, before)
            }
        };
        let now = spent(&self.yard, &self.web)?;
        let [cores, own, taken, answers, calls] = std::array::from_fn(|n| (now[n] - before[n]) / seconds as f64);
        self.next += times.len();
        times.show(&format!("  {rate:.0}/s for {seconds} s"));
        let open = self.yard.open().await?;
        self.web.hold(false);
        let watch = Stopwatch::start();
        self.drained().await?;
        println!(
            "    {cores:.2} cores used, {own:.2} by the senders, {taken:.2} taken by the host; meanwhile \
             {answers:.0} answered and {calls:.1} posted or edited a second; then {open} to be worked, in {:.1} s",
            watch.elapsed_std().as_secs_f64()
        );
        Ok((times, rate))
    }

    /// Until everything is worked and closed.
    async fn drained(&self) -> Result<()> {
        let watch = Stopwatch::start();
        while self.yard.open().await? > 0 {
            if watch.elapsed_std() > PATIENCE {
                return Err(format!("{} acts are not worked after {PATIENCE:?}", self.yard.open().await?).into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Kills under full speed, and holds the books against what was acknowledged.
    async fn kills(&mut self) -> Result<()> {
        let first = self.next;
        let (next, again) = match self.socket.take() {
            None => {
                let senders = post::Stubborn::start(self.yard.address, &self.web, first, CONNECTIONS);
                self.kill_often(|| senders.next()).await?;
                senders.stop().await?
            }
            Some(socket) => {
                let sender = socket::Stubborn::start(Arc::clone(&self.web), socket, first, FLYING);
                self.kill_often(|| sender.next()).await?;
                sender.stop().await?
            }
        };
        self.next = next;
        self.drained().await?;
        let books = self.yard.books().await?;
        let missing = (0..next).filter(|n| !books.kept.contains(&Act::key(*n))).count();
        let decided = (DEPLOYMENTS..next).filter(|n| acts::decides(*n));
        let wrong = decided.filter(|n| books.reasons.get(&acts::reason(*n)) != Some(&1)).count();
        let silent = (0..next).filter(|n| self.web.told(*n) == 0).count();
        let twice = (0..next).filter(|n| self.web.told(*n) > 1).count();
        println!("{KILLS} times kill -9 at full speed: {} acknowledged, {again} sent again", next - first);
        println!(
            "    lost {missing}, stored twice {}, events lost or doubled {wrong}, never answered {silent}, answered twice {twice}; {}",
            books.kept.len() + missing - next,
            self.yard.verified().await?
        );
        if missing + wrong + silent > 0 || books.kept.len() != next || books.open > 0 {
            return Err("the books do not hold what was acknowledged".into());
        }
        Ok(())
    }

    async fn kill_often(&mut self, sent: impl Fn() -> usize) -> Result<()> {
        for _ in 0..KILLS {
            tokio::time::sleep(BETWEEN).await;
            let (before, watch) = (sent(), Stopwatch::start());
            self.yard.kill_and_restart().await?;
            println!(
                "  killed after {before} acts; ready again {:.0} ms later",
                watch.elapsed_std().as_secs_f64() * 1e3
            );
        }
        tokio::time::sleep(BETWEEN).await;
        Ok(())
    }
}
