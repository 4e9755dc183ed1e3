//! The scheduler: one thread that polls everything by hand and draws what happens next.

mod alarms;
mod letters;
mod liveness;

use super::chat::{Room, SimChat, Told, Wire};
use super::checker::Checker;
use super::core::{Core, MONDAY, REPLICAS, Rates, Record, Shared, SimClock, Skew, at_once, lock};
use super::outside::{Outside, SimOutside};
use super::pager::SimPager;
use super::people;
use super::policy;
use super::public::SimPublic;
use super::store::SimStore;
use super::{Failure, Options, Report};
use alarms::{Alarm, Post};
use letters::Letter;
use signalbox::chat::{Answer, Body, IntakeError, Kept, Platform};
use signalbox::domain::ids::PlatformName;
use signalbox::domain::paging::Via;
use signalbox::domain::policy::Policy;
use signalbox::domain::status::{STATUSPAGE, WEBHOOK};
use signalbox::engine::{Deps, Engine};
use signalbox::ids::Ids;
use signalbox::jobs::Executor;
use signalbox::paging::{Mailer, Outlets, Pager, StatusPage};
use signalbox::store::{Claim, MemoryStore, Result as StoreResult, Store, StoreError};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// How often a roster must turn or ask, with nothing else left to happen, before a history is over.
const QUIET_TURNS: u32 = 12;

enum Done {
    Timers(StoreResult<usize>),
    Claims(StoreResult<Vec<Claim>>),
    Acted(StoreResult<()>),
    Received(usize, Result<Answer, IntakeError>),
    Kept(usize, Result<Kept, IntakeError>),
    Posted(usize, Result<Kept, IntakeError>),
    Worked(StoreResult<usize>),
    Reconsidered(StoreResult<()>),
}

struct Task {
    replica: usize,
    name: String,
    /// It does nothing before then.
    from: i64,
    future: Pin<Box<dyn Future<Output = Done>>>,
}

#[derive(Default)]
struct Replica {
    engine: Option<Arc<Engine>>,
    back_at: i64,
    boots: u64,
    /// The policy it shall have, once what is under way has ended.
    next: Option<Arc<Policy>>,
}

pub struct World {
    core: Shared,
    store: Arc<MemoryStore>,
    room: Arc<Mutex<Room>>,
    /// What senders of kept letters were told and nobody has looked at yet.
    told: Told,
    outside: Arc<Mutex<Outside>>,
    checker: Arc<Mutex<Checker>>,
    options: Options,
    seed: u64,
    platforms: Vec<PlatformName>,
    replicas: [Replica; REPLICAS],
    tasks: Vec<Task>,
    letters: Vec<Letter>,
    /// When which letter arrives.
    mail: Vec<(i64, usize)>,
    alarms: [Alarm; 5],
    /// What the watching system posts.
    posts: Vec<Post>,
    /// When which post arrives.
    post: Vec<(i64, usize)>,
    policy: Arc<Policy>,
    policies: u32,
    quiet_end: bool,
}

impl World {
    pub fn new(seed: u64, options: &Options) -> Self {
        let mut dice = fastrand::Rng::with_seed(seed);
        let rates = Rates::draw(&mut dice);
        let (policy, times) = policy::draw(&mut dice);
        let policy = Arc::new(policy);
        let names: &[&str] = if dice.bool() { &["console"] } else { &["console", "slack"] };
        let platforms: Vec<PlatformName> = names.iter().map(|n| PlatformName::new(n)).collect();
        let skew = |dice: &mut fastrand::Rng| Skew { wall: dice.i64(-2_000..2_000), work: dice.i64(-300..300) };
        let skew = [skew(&mut dice), skew(&mut dice)];
        let (nanos, quiet_end) = (dice.i64(0..2) * 345_678, dice.u32(..4) == 0);
        let core = Core {
            dice,
            t: 0,
            rates,
            faults: true,
            skew,
            crashed: [false; REPLICAS],
            troubles: [0; REPLICAS],
            outage_until: 0,
            nanos,
            record: Record::new(options.loud),
            kept: BTreeMap::new(),
            violation: None,
            tally: BTreeMap::new(),
        };
        let checker = Checker::new(&policy, times, names.iter().map(|n| (*n).to_owned()).collect());
        Self {
            core: Arc::new(Mutex::new(core)),
            store: Arc::new(MemoryStore::new()),
            room: Arc::default(),
            told: Told::default(),
            outside: Arc::default(),
            checker: Arc::new(Mutex::new(checker)),
            options: *options,
            seed,
            platforms,
            replicas: Default::default(),
            tasks: Vec::new(),
            letters: Vec::new(),
            mail: Vec::new(),
            alarms: alarms::watched(),
            posts: Vec::new(),
            post: Vec::new(),
            policy,
            policies: 0,
            quiet_end,
        }
    }

    fn core(&self) -> std::sync::MutexGuard<'_, Core> {
        lock(&self.core)
    }

    fn failed(&self) -> bool {
        self.core().violation.is_some()
    }

    // ---- Replicas ---------------------------------------------------------------------------------------------------

    fn boot(&mut self, r: usize) {
        let (core, checker) = (Arc::clone(&self.core), Arc::clone(&self.checker));
        let outside = |name: &'static str| SimOutside {
            name,
            outside: Arc::clone(&self.outside),
            checker: Arc::clone(&checker),
            core: Arc::clone(&core),
            replica: r,
        };
        let boots = self.replicas[r].boots + 1;
        // A process that starts again is another owner.
        let owner = format!("r{r}.{boots}");
        let chat = |name: &PlatformName| -> Arc<dyn Platform> {
            let (name, room, core) = (name.clone(), Arc::clone(&self.room), Arc::clone(&core));
            let (told, store, owner) = (Arc::clone(&self.told), Arc::clone(&self.store), owner.clone());
            let wire = Wire { told, store, owner };
            Arc::new(SimChat { name, room, core, checker: Arc::clone(&checker), replica: r, wire })
        };
        let public = |place| SimPublic { place, core: Arc::clone(&core), checker: Arc::clone(&checker), replica: r };
        let page =
            |place: &'static str| -> (String, Arc<dyn StatusPage>) { (place.to_owned(), Arc::new(public(place))) };
        let mailer: Arc<dyn Mailer> = Arc::new(public("email"));
        let pager = |via| -> Arc<dyn Pager> {
            Arc::new(SimPager { via, core: Arc::clone(&core), checker: Arc::clone(&checker), replica: r })
        };
        let executor = |name: &'static str| -> (String, Arc<dyn Executor>) { (name.into(), Arc::new(outside(name))) };
        let store = SimStore {
            inner: Arc::clone(&self.store),
            core: Arc::clone(&core),
            checker: Arc::clone(&checker),
            replica: r,
            sabotage: self.options.sabotage,
            old: Mutex::default(),
        };
        let deps = Deps {
            store: Arc::new(store),
            platforms: self.platforms.iter().map(chat).collect(),
            executors: [executor("sim"), executor("command"), executor("http")].into(),
            probe: Arc::new(outside("probe")),
            revisions: Arc::new(outside("revisions")),
            pagers: [Via::Email, Via::Pagerduty, Via::Webhook, Via::Ntfy].map(|via| (via, pager(via))).into(),
            outlets: Outlets { mailer: Some(mailer), pages: [STATUSPAGE, WEBHOOK].map(page).into() },
            clock: Arc::new(SimClock { core: Arc::clone(&core), replica: r }),
            ids: Arc::new(Ids::seeded(self.seed ^ (boots << 8 | r as u64))),
            owner,
        };
        let policy = self.replicas[r].next.take().unwrap_or_else(|| Arc::clone(&self.policy));
        lock(&self.checker).policies[r] = Arc::clone(&policy);
        let engine = match Engine::new(deps, policy) {
            Ok(engine) => engine,
            Err(error) => return self.core().violate(format!("an engine does not start: {error}")),
        };
        self.core().say(format!("r{r} starts ({boots})"));
        let replica = &mut self.replicas[r];
        (replica.engine, replica.boots) = (Some(Arc::clone(&engine)), boots);
        self.spawn(r, "reconsider", async move { Done::Reconsidered(engine.reconsider().await) });
    }

    fn spawn(&mut self, replica: usize, name: impl Into<String>, future: impl Future<Output = Done> + 'static) {
        self.tasks.push(Task { replica, name: name.into(), from: 0, future: Box::pin(future) });
    }

    fn busy(&self, replica: usize, name: &str) -> bool {
        self.tasks.iter().any(|t| t.replica == replica && t.name == name)
    }

    fn bury(&mut self) {
        for r in 0..REPLICAS {
            if !std::mem::take(&mut self.core().crashed[r]) {
                continue;
            }
            self.tasks.retain(|t| t.replica != r);
            let back = {
                let mut core = self.core();
                core.t + if core.faults { core.dice.i64(0..90_000) } else { 0 }
            };
            let replica = &mut self.replicas[r];
            (replica.engine, replica.back_at) = (None, back);
        }
    }

    /// Boots who is due, starts the loops' steps, brings new policies.
    fn work(&mut self) {
        for r in 0..REPLICAS {
            if self.replicas[r].engine.is_none() {
                if self.replicas[r].back_at <= self.core().t {
                    self.boot(r);
                }
                continue;
            }
            if self.replicas[r].next.is_some() {
                if !self.tasks.iter().any(|t| t.replica == r) {
                    self.switch(r);
                }
                continue;
            }
            let Some(engine) = self.replicas[r].engine.clone() else { continue };
            if !self.busy(r, "timers") && self.core().chance(500) {
                let engine = Arc::clone(&engine);
                self.spawn(r, "timers", async move { Done::Timers(engine.fire_timers().await) });
            }
            if !self.busy(r, "kept") && self.core().chance(500) {
                let engine = Arc::clone(&engine);
                self.spawn(r, "kept", async move { Done::Worked(engine.work_kept().await) });
            }
            if !self.busy(r, "claim") && self.core().chance(600) {
                let limit = self.core().dice.i64(1..6);
                self.spawn(r, "claim", async move { Done::Claims(engine.claim(limit).await) });
            }
        }
    }

    fn switch(&mut self, r: usize) {
        let (Some(policy), Some(engine)) = (self.replicas[r].next.take(), self.replicas[r].engine.clone()) else {
            return;
        };
        self.core().say(format!("r{r} decides by {}", policy.hash));
        lock(&self.checker).policies[r] = Arc::clone(&policy);
        self.spawn(r, "policy", async move { Done::Reconsidered(engine.set_policy(policy).await) });
        self.poll();
    }

    // ---- Polling ----------------------------------------------------------------------------------------------------

    fn poll(&mut self) {
        let mut tasks = std::mem::take(&mut self.tasks);
        self.core().dice.shuffle(&mut tasks);
        let t = self.core().t;
        let mut cx = Context::from_waker(Waker::noop());
        let mut left = Vec::with_capacity(tasks.len());
        let mut ended = Vec::new();
        for mut task in tasks {
            if self.core().crashed[task.replica] {
                continue;
            }
            if task.from > t {
                left.push(task);
                continue;
            }
            match task.future.as_mut().poll(&mut cx) {
                Poll::Ready(done) => ended.push((task.replica, done)),
                Poll::Pending => left.push(task),
            }
        }
        self.tasks = left;
        self.bury();
        for (replica, done) in ended {
            self.done(replica, done);
        }
        self.hear();
    }

    fn done(&mut self, r: usize, done: Done) {
        let broke = match &done {
            Done::Timers(Err(e)) | Done::Claims(Err(e)) | Done::Acted(Err(e)) | Done::Reconsidered(Err(e)) => Some(e),
            Done::Worked(Err(e)) => Some(e),
            _ => None,
        };
        if let Some(error) = broke {
            let corrupt = matches!(error, StoreError::Corrupt { .. });
            let mut core = self.core();
            core.say(format!("r{r} fails: {error}"));
            if corrupt {
                core.violate(format!("r{r} takes the store for damaged: {error}"));
            }
        }
        match done {
            Done::Claims(Ok(claims)) => {
                for claim in claims {
                    self.act(r, claim);
                }
            }
            Done::Received(n, answer) => self.received(r, n, answer),
            Done::Kept(n, kept) => self.kept(r, n, kept),
            Done::Posted(n, kept) => self.posted(r, n, &kept),
            Done::Reconsidered(Err(_)) => {
                // Whoever starts the service starts it again.
                if let Some(engine) = self.replicas[r].engine.clone() {
                    let later = self.core().t + 1_000;
                    self.spawn(r, "reconsider", async move { Done::Reconsidered(engine.reconsider().await) });
                    if let Some(task) = self.tasks.last_mut() {
                        task.from = later;
                    }
                }
            }
            _ => {}
        }
    }

    fn act(&mut self, r: usize, claim: Claim) {
        let Some(engine) = self.replicas[r].engine.clone() else { return };
        let stall = {
            let mut core = self.core();
            let stalls = core.fault(|rates| rates.stalls);
            if stalls { core.t + core.dice.i64(1_000..200_000) } else { 0 }
        };
        let name = format!("act {}", claim.row.key);
        self.spawn(r, name, async move { Done::Acted(engine.act(&claim).await) });
        if let Some(task) = self.tasks.last_mut() {
            task.from = stall;
        }
    }

    /// Lets everything that is under way end, without letting much time pass.
    fn drain(&mut self) {
        for _ in 0..5_000 {
            let t = self.core().t;
            if self.failed() || !self.tasks.iter().any(|task| task.from <= t) {
                return;
            }
            self.core().t += 20;
            self.poll();
        }
        let names: Vec<_> = self.tasks.iter().map(|t| t.name.clone()).collect();
        self.core().violate(format!("these never end: {}", names.join(", ")));
    }

    // ---- Safety -----------------------------------------------------------------------------------------------------

    pub fn safety(&mut self) {
        for _ in 0..self.options.steps {
            self.move_time();
            self.trouble();
            if self.core().chance(350) {
                let platform = {
                    let platforms = self.platforms.clone();
                    self.core().pick(&platforms).cloned().unwrap_or_else(|| "console".into())
                };
                let act = people::act(&mut lock(&self.core), &lock(&self.checker), &lock(&self.room), &platform);
                self.write(act.person, act.body, act.stored, platform);
            }
            if self.core().chance(60) {
                self.watch();
            }
            self.deliver();
            self.post();
            self.work();
            self.poll();
            if self.failed() {
                return;
            }
        }
    }

    fn move_time(&mut self) {
        let dice = self.core().dice.u32(..100);
        match dice {
            0..50 => {
                let by = self.core().dice.i64(0..60);
                self.core().t += by;
            }
            50..68 => {
                let by = self.core().dice.i64(0..1_500);
                self.core().t += by;
            }
            _ => {
                // Calls that are under way do not take hours; only who is stalled sleeps through it.
                self.drain();
                let next = self.next_due();
                let mut core = self.core();
                let by = match (dice, core.dice.u32(..6)) {
                    (68..97, _) => next.map_or(0, |at| at - core.t).clamp(0, 15 * 60_000),
                    (97..99, _) | (_, 0..3) => core.dice.i64(0..6 * 60_000),
                    (_, 3 | 4) => core.dice.i64(0..5 * 3_600_000),
                    _ => {
                        let day = 24 * 3_600_000;
                        let jump = core.skew[0].wall;
                        (day - (core.t + jump).rem_euclid(day)) + core.dice.i64(0..600_000)
                    }
                };
                core.t += by;
            }
        }
    }

    /// When something falls due next, in true time.
    fn next_due(&self) -> Option<i64> {
        let (wall, work) = at_once(self.store.next_timers()).unwrap_or_default();
        let outbox = at_once(self.store.next_outbox()).unwrap_or_default();
        let skew = self.core().skew[0];
        let waits = self.tasks.iter().map(|t| t.from);
        let dues = [
            wall.map(|w| w - MONDAY - skew.wall),
            work.map(|w| w - MONDAY - skew.work),
            outbox.map(|w| w - MONDAY - skew.work),
        ];
        // While there are faults, time passes by itself.
        let faults = self.core().faults;
        let open = (!faults && at_once(self.store.open_inbox_count()).unwrap_or(0) > 0).then(|| self.core().t + 500);
        dues.into_iter()
            .flatten()
            .chain(open)
            .chain(waits)
            .chain(self.mail.iter().chain(&self.post).map(|(at, _)| *at))
            .min()
    }

    fn trouble(&mut self) {
        let mut core = self.core();
        if core.fault(|r| r.store_outage) {
            core.outage_until = core.t + core.dice.i64(0..120_000);
            core.say("the store goes away");
        }
        if core.fault(|r| r.clock_jumps) {
            let by = if core.chance(700) { core.dice.i64(0..3 * 3_600_000) } else { core.dice.i64(-600_000..0) };
            let only = core.chance(200);
            core.skew[0].wall += by;
            if !only {
                core.skew[1].wall += by;
            }
            core.say(format!("the wall clock jumps by {by} ms"));
        }
        let (moved, changed, deleted) =
            (core.fault(|r| r.moved_tags), core.fault(|r| r.policy_changes), core.fault(|r| r.chat_deletes));
        if moved {
            let version = core.pick(&policy::VERSIONS).copied().unwrap_or("v1.0.0");
            *lock(&self.outside).moved.entry(version.into()).or_default() += 1;
            core.say(format!("the tag {version} moves"));
        }
        drop(core);
        if deleted {
            let mut room = lock(&self.room);
            let ids: Vec<String> = room.said.keys().cloned().collect();
            let mut core = lock(&self.core);
            if let Some(said) = core.pick(&ids).and_then(|id| room.said.get_mut(id)) {
                said.deleted = true;
                core.say(format!("somebody deletes {}", said.key));
            }
            if core.chance(300) && !room.made.is_empty() {
                let n = core.dice.usize(0..room.made.len());
                room.archives(n);
                core.say("somebody archives a channel");
            }
        }
        if changed {
            self.policies += 1;
            let next = policy::change(&self.policy, &mut lock(&self.core).dice, self.policies);
            self.policy = Arc::new(next);
            for r in 0..REPLICAS {
                self.replicas[r].next = Some(Arc::clone(&self.policy));
            }
        }
    }

    pub fn finish(self, seed: u64, options: &Options) -> Result<Report, Box<Failure>> {
        let mut core = lock(&self.core);
        if let Some(what) = core.violation.take() {
            let (options, rates, last) = (*options, core.rates.clone(), core.record.last());
            return Err(Box::new(Failure { seed, options, rates, what, last }));
        }
        for d in lock(&self.checker).deployments() {
            core.count("deployments");
            core.count(d.status.words());
        }
        for i in lock(&self.checker).incidents() {
            core.count("incidents");
            core.count(i.status.words());
        }
        Ok(Report { hash: core.record.hash(), lines: core.record.written, took: core.t, tally: core.tally.clone() })
    }
}
