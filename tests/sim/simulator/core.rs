//! What every simulated part shares: the dice, the virtual time, the faults and the record of what happened.
//!
//! Everything is drawn from one seeded generator by one thread, so one seed is one history.

use signalbox::clock::Clock;
use signalbox::domain::time::{Now, from_millis};
use std::collections::VecDeque;
use std::future::Future;
use std::hash::{DefaultHasher, Hasher as _};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

/// Monday 2 March 2026, 10:00 in +03:00.
pub const MONDAY: i64 = 1_772_434_800_000;
/// Lines of the record kept for a failure.
const KEPT: usize = 80;

pub const REPLICAS: usize = 2;

/// How often each fault happens, in thousandths, drawn by each seed for itself.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    pub commit_fails: u32,
    pub commit_unanswered: u32,
    pub crash_at_commit: u32,
    pub store_fails: u32,
    pub store_outage: u32,
    pub chat_fails: u32,
    pub chat_unanswered: u32,
    pub chat_later: u32,
    pub chat_deletes: u32,
    pub crash_at_effect: u32,
    pub job_unreachable: u32,
    pub job_unanswered: u32,
    pub job_fails: u32,
    pub job_hangs: u32,
    pub job_lost: u32,
    pub probe_unhealthy: u32,
    pub probe_inconclusive: u32,
    pub duplicates: u32,
    pub stalls: u32,
    pub slow: u32,
    pub clock_jumps: u32,
    pub policy_changes: u32,
    pub moved_tags: u32,
    pub outlet_later: u32,
    pub outlet_refuses: u32,
    pub outlet_unanswered: u32,
}

impl Rates {
    pub fn draw(dice: &mut fastrand::Rng) -> Self {
        // Every third fault is absent from a seed, so that the others are seen by themselves.
        // Some seeds are gentle, so that deployments get far before something breaks.
        let scale = [100, 30, 10][dice.usize(..3)];
        let slow = [0, 100, 500][dice.usize(..3)];
        let mut upto = |most: u32| {
            if dice.u32(..3) == 0 { 0 } else { (dice.u32(1..=most) * scale / 100).max(1) }
        };
        Self {
            commit_fails: upto(60),
            commit_unanswered: upto(50),
            crash_at_commit: upto(30),
            store_fails: upto(20),
            store_outage: upto(6),
            chat_fails: upto(150),
            chat_unanswered: upto(150),
            chat_later: upto(150),
            chat_deletes: upto(5),
            crash_at_effect: upto(30),
            job_unreachable: upto(150),
            job_unanswered: upto(150),
            job_fails: upto(150),
            job_hangs: upto(100),
            job_lost: upto(100),
            probe_unhealthy: upto(60),
            probe_inconclusive: upto(250),
            duplicates: upto(300),
            stalls: upto(40),
            slow,
            clock_jumps: upto(6),
            policy_changes: upto(8),
            moved_tags: upto(8),
            outlet_later: upto(150),
            outlet_refuses: upto(150),
            outlet_unanswered: upto(200),
        }
    }
}

/// How one replica's clocks differ from the true time, in ms.
#[derive(Clone, Copy, Debug, Default)]
pub struct Skew {
    pub wall: i64,
    pub work: i64,
}

pub struct Core {
    pub dice: fastrand::Rng,
    /// True time: ms since the simulation began.
    pub t: i64,
    pub rates: Rates,
    /// Off in liveness mode.
    pub faults: bool,
    pub skew: [Skew; REPLICAS],
    /// A crash hit this replica; the scheduler ends it.
    pub crashed: [bool; REPLICAS],
    /// Deaths, failures of the store and lost answers that each replica met: what may make it do something again.
    pub troubles: [u64; REPLICAS],
    /// The store does not answer until then.
    pub outage_until: i64,
    /// Clocks tell parts of milliseconds, as real ones do.
    pub nanos: i64,
    pub record: Record,
    /// The arrivals that were stored, each with how many were before it.
    pub kept: std::collections::BTreeMap<String, usize>,
    pub violation: Option<String>,
    pub tally: std::collections::BTreeMap<&'static str, u64>,
}

/// The last lines of what happened, and a hash over all of them.
pub struct Record {
    hash: DefaultHasher,
    lines: VecDeque<String>,
    pub written: u64,
    pub loud: bool,
}

impl Record {
    pub fn new(loud: bool) -> Self {
        Self { hash: DefaultHasher::new(), lines: VecDeque::new(), written: 0, loud }
    }

    pub fn hash(&self) -> u64 {
        self.hash.finish()
    }

    pub fn last(&self) -> Vec<String> {
        self.lines.iter().cloned().collect()
    }
}

pub type Shared = Arc<Mutex<Core>>;

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Core {
    pub fn say(&mut self, line: impl AsRef<str>) {
        if self.violation.is_some() {
            return;
        }
        let line = format!("{:>12} {}", span(self.t), line.as_ref());
        self.record.hash.write(line.as_bytes());
        self.record.written += 1;
        if self.record.loud {
            println!("{line}");
        }
        self.record.lines.push_back(line);
        if self.record.lines.len() > KEPT {
            self.record.lines.pop_front();
        }
    }

    /// Something that must never happen has happened. The first one counts.
    pub fn violate(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.say(format!("VIOLATION {what}"));
        self.violation.get_or_insert(what);
    }

    pub fn chance(&mut self, thousandths: u32) -> bool {
        thousandths > 0 && self.dice.u32(..1000) < thousandths
    }

    /// A fault of this rate happens now.
    pub fn fault(&mut self, rate: impl Fn(&Rates) -> u32) -> bool {
        let rate = rate(&self.rates);
        self.faults && self.chance(rate)
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() { None } else { from.get(self.dice.usize(..from.len())) }
    }

    pub fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    pub fn wall_of(&self, replica: usize) -> i64 {
        MONDAY + self.t + self.skew[replica].wall
    }

    pub fn work_of(&self, replica: usize) -> i64 {
        MONDAY + self.t + self.skew[replica].work
    }
}

pub fn span(ms: i64) -> String {
    format!("{}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

/// The clock of one replica.
pub struct SimClock {
    pub core: Shared,
    pub replica: usize,
}

impl Clock for SimClock {
    fn now(&self) -> Now {
        let core = lock(&self.core);
        let fine = |ms| {
            let at = from_millis(ms);
            at.saturating_add(jiff::SignedDuration::from_nanos(core.nanos)).unwrap_or(at)
        };
        Now { wall: fine(core.wall_of(self.replica)), work: fine(core.work_of(self.replica)) }
    }
}

/// Waits in virtual time: some polls, then until an instant.
pub struct Wait {
    core: Shared,
    polls: u32,
    until: i64,
}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        cx.waker().wake_by_ref();
        if self.polls > 0 {
            self.polls -= 1;
            return Poll::Pending;
        }
        if lock(&self.core).t < self.until { Poll::Pending } else { Poll::Ready(()) }
    }
}

/// Somebody else may go first; when this seed is slow, it also takes up to `most` ms.
pub fn pass(core: &Shared, most: i64) -> Wait {
    let mut c = lock(core);
    let slow = c.faults && {
        let rate = c.rates.slow;
        c.chance(rate)
    };
    let (polls, until) = match slow {
        true => (c.dice.u32(0..3), c.t + c.dice.i64(0..=most)),
        false => (0, 0),
    };
    drop(c);
    Wait { core: Arc::clone(core), polls, until }
}

/// The replica dies here: what comes after never happens.
pub async fn die(core: &Shared, replica: usize, at: &str) {
    {
        let mut c = lock(core);
        c.crashed[replica] = true;
        c.troubles[replica] += 1;
        c.count("crashes");
        c.say(format!("r{replica} dies {at}"));
    }
    std::future::pending::<()>().await;
}

/// The result of a future that is ready at once, as those of the store in memory are.
pub fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a future that must be ready is not"),
    }
}
