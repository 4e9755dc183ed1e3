//! The durable loop: inputs are decided and stored in groups, timers and outbox rows are claimed and acted on.
//!
//! Every loop is a thin shell around a step that takes the time from the clock it was given, so simulation, rehearsal, demo
//! and production run the same code. Nothing is told to anybody before it is committed; nothing is held over I/O.

mod alerts;
mod ask;
mod barred;
mod bounded;
mod catch_up;
mod chat_out;
mod components;
mod derive;
mod effect;
mod follow;
mod gather;
mod inbox;
mod incidents;
mod intake;
mod known;
mod lanes;
mod marks;
mod numbers;
mod output;
mod pages;
mod posting;
mod reactions;
mod remembered;
mod rhythm;
mod roles;
mod rooms;
mod rosters;
mod run;
mod runbooks;
mod samples;
mod service;
mod status;
mod tasks;
mod told;
mod work;
mod writer;

pub use ask::Explained;
pub use barred::Troubles;
pub use effect::Effect;
pub use rosters::Preflight;
pub use service::Service;
pub use told::describe;
pub use writer::{Outcome, Request};

use crate::chat::Platform;
use crate::clock::Clock;
use crate::command::Catalogue;
use crate::domain::ids::{PlatformName, Stream};
use crate::domain::paging::Via;
use crate::domain::policy::Policy;
use crate::domain::time::{Now, from_millis};
use crate::ids::Ids;
use crate::jobs::Executor;
use crate::paging::{Outlets, Pager};
use crate::probes::Probe;
use crate::store::Store;
use bounded::Bounded;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{Mutex, Notify};

/// What the engine works with. Each is a trait, so that tests and rehearsals can stand in.
pub struct Deps {
    pub store: Arc<dyn Store>,
    pub platforms: Vec<Arc<dyn Platform>>,
    /// By name; `command` and `http` serve steps of these kinds.
    pub executors: BTreeMap<String, Arc<dyn Executor>>,
    pub probe: Arc<dyn Probe>,
    pub revisions: Arc<dyn crate::jobs::Revisions>,
    /// The ways to people besides chat that are connected here.
    pub pagers: BTreeMap<Via, Arc<dyn Pager>>,
    /// Where those hear of incidents who are not paged about them.
    pub outlets: Outlets,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<Ids>,
    /// Names this process in leases.
    pub owner: String,
}

/// One signalbox.
pub struct Engine {
    deps: Deps,
    policy: roles::Overlay,
    /// The policy was replaced.
    new_policy: Notify,
    catalogue: Catalogue,
    writer: Mutex<writer::Cache>,
    queue: std::sync::OnceLock<tokio::sync::mpsc::Sender<writer::Queued>>,
    /// Something was stored that the loops may have to act on.
    stirred: Notify,
    outputs: output::Outputs,
    posting: posting::Posting,
    barred: barred::Barred,
    arrivals: inbox::Arrivals,
    lanes: lanes::Lanes,
    known: known::Known,
    /// Rosters and schedules are to be looked at: after the start, and with a new config.
    look_at_rosters: AtomicBool,
    numbers: numbers::Model,
    /// The same for silences and maintenance.
    look_at_alerts: AtomicBool,
}

impl Engine {
    /// # Errors
    /// When the command catalogue in the binary is broken.
    pub fn new(mut deps: Deps, policy: Arc<Policy>) -> Result<Arc<Self>, crate::command::CatalogueError> {
        for platform in &mut deps.platforms {
            *platform = Arc::new(Bounded(Arc::clone(platform)));
        }
        for executor in deps.executors.values_mut() {
            *executor = Arc::new(Bounded(Arc::clone(executor)));
        }
        for pager in deps.pagers.values_mut() {
            *pager = Arc::new(Bounded(Arc::clone(pager)));
        }
        deps.outlets.mailer = deps.outlets.mailer.map(|mailer| Arc::new(Bounded(mailer)) as _);
        for page in deps.outlets.pages.values_mut() {
            *page = Arc::new(Bounded(Arc::clone(page)));
        }
        deps.probe = Arc::new(Bounded(deps.probe));
        deps.revisions = Arc::new(Bounded(deps.revisions));
        Ok(Arc::new(Self {
            deps,
            policy: roles::Overlay::new(policy),
            new_policy: Notify::new(),
            catalogue: Catalogue::embedded()?,
            writer: Mutex::new(writer::Cache::default()),
            queue: std::sync::OnceLock::new(),
            stirred: Notify::new(),
            outputs: output::Outputs::default(),
            posting: posting::Posting::default(),
            barred: barred::Barred::default(),
            arrivals: inbox::Arrivals::default(),
            lanes: lanes::Lanes::default(),
            known: known::Known::default(),
            look_at_rosters: AtomicBool::new(true),
            numbers: numbers::Model::default(),
            look_at_alerts: AtomicBool::new(true),
        }))
    }

    /// What the config says, with the roles that platforms' groups give.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        self.policy.policy()
    }

    /// From now on decisions are made by this policy. What runs keeps its plan; what waits is asked again.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn set_policy(&self, policy: Arc<Policy>) -> crate::store::Result<()> {
        self.policy.set_base(policy);
        self.look_at_rosters.store(true, Ordering::Release);
        self.look_at_alerts.store(true, Ordering::Release);
        self.new_policy.notify_one();
        self.reconsider().await
    }

    /// In whole milliseconds, as the journal keeps them: the fold of what is stored is then exactly what was decided.
    #[must_use]
    pub fn now(&self) -> Now {
        let now = self.deps.clock.now();
        let whole = |at: jiff::Timestamp| from_millis(at.as_millisecond());
        Now { wall: whole(now.wall), work: whole(now.work) }
    }

    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.deps.store
    }

    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    fn platform_names(&self) -> Vec<PlatformName> {
        self.deps.platforms.iter().map(|p| p.name().clone()).collect()
    }

    /// Wakes the loops: something may be due.
    pub fn stir(&self) {
        self.stirred.notify_waiters();
        self.stirred.notify_one();
    }

    /// Asks the gate again about everything that is open: after a restart and after a new policy.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn reconsider(&self) -> crate::store::Result<()> {
        for id in self.open_deployments().await? {
            let input = crate::domain::decide::Input::Reconsider { deployment: id };
            self.submit(Request::of(input)).await?;
        }
        self.stir();
        Ok(())
    }

    /// Everything that is pending or runs, in every environment of the policy.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open_deployments(&self) -> crate::store::Result<Vec<crate::domain::ids::DeploymentId>> {
        let names: Vec<Stream> = self.policy().environments.keys().map(Stream::environment).collect();
        let mut out = Vec::new();
        for row in self.deps.store.states(&names).await? {
            if let crate::domain::world::State::Environment(env) = writer::parse_state(&row)? {
                out.extend(env.open());
            }
        }
        out.sort_unstable();
        out.dedup();
        Ok(out)
    }
}
