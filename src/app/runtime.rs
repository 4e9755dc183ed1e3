//! What `serve` and `demo` are made of: engine, loops, health, and an HTTP server that stops in good order.

use super::reception::Reception;
use crate::chat::Platform;
use crate::clock::Clock;
use crate::domain::paging::Via;
use crate::domain::policy::Policy;
use crate::engine::{Deps, Engine, Service};
use crate::ids::Ids;
use crate::jobs::Executor;
use crate::jobs::command::CommandExecutor;
use crate::jobs::command::revision::CommandRevisions;
use crate::jobs::http::HttpExecutor;
use crate::limits;
use crate::paging::{Outlets, Pager};
use crate::probes::{ExecutorOf, Probes};
use crate::store::Store;
use crate::web::Health;
use anyhow::Context as _;
use async_trait::async_trait;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock, RwLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What a runtime is built from.
pub(super) struct Parts {
    pub store: Arc<dyn Store>,
    pub policy: Arc<Policy>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<Ids>,
    pub platforms: Vec<Arc<dyn Platform>>,
    /// Besides `command` and `http`.
    pub executors: Vec<Arc<dyn Executor>>,
    /// The ways to people besides chat.
    pub pagers: BTreeMap<Via, Arc<dyn Pager>>,
    /// Where those hear of incidents who are not paged about them.
    pub outlets: Outlets,
    /// Names this process in leases.
    pub owner: String,
}

/// Builds the engine with the built-in executors and probes.
pub(super) fn engine(data: &Path, parts: Parts) -> anyhow::Result<Arc<Engine>> {
    let binary = std::env::current_exe().context("cannot find this program's own file")?;
    let client = crate::http::client().context("cannot make an HTTP client")?;
    let mut executors: BTreeMap<String, Arc<dyn Executor>> = BTreeMap::new();
    executors.insert("command".into(), Arc::new(CommandExecutor::new(data, &binary)));
    executors.insert("http".into(), Arc::new(HttpExecutor::new(data, client.clone())));
    for executor in parts.executors {
        executors.insert(executor.name().to_owned(), executor);
    }
    let policy: Arc<RwLock<Option<std::sync::Weak<Engine>>>> = Arc::default();
    let (known, shared) = (executors.clone(), Arc::clone(&policy));
    let executor_of: ExecutorOf = Arc::new(move |service| {
        let engine = shared.read().ok()?.as_ref()?.upgrade()?;
        let name = engine.policy().services.get(service)?.executor.clone();
        known.get(&name).cloned()
    });
    let engine = Engine::new(
        Deps {
            store: parts.store,
            platforms: parts.platforms,
            executors,
            probe: Arc::new(Probes::new(client, executor_of)),
            revisions: Arc::new(CommandRevisions),
            pagers: parts.pagers,
            outlets: parts.outlets,
            clock: parts.clock,
            ids: parts.ids,
            owner: parts.owner,
        },
        parts.policy,
    )?;
    if let Ok(mut slot) = policy.write() {
        *slot = Some(Arc::downgrade(&engine));
    }
    Ok(engine)
}

/// Says whether the service can take work, and renders its metrics.
pub(super) struct Ready {
    engine: Arc<Engine>,
    stopping: CancellationToken,
    metrics: Option<PrometheusHandle>,
}

impl Ready {
    pub(super) fn new(engine: Arc<Engine>, stopping: CancellationToken) -> Arc<Self> {
        let metrics = recorder();
        if let Some(metrics) = metrics.clone() {
            tokio::spawn(fold_up(metrics, stopping.clone()));
        }
        Arc::new(Self { engine, stopping, metrics })
    }
}

/// From half a millisecond, which a commit takes, to the length of a canary.
const BUCKETS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 60.0, 300.0, 1200.0];

/// One recorder a process.
fn recorder() -> Option<PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let seconds = Matcher::Suffix("_seconds".into());
            let builder = PrometheusBuilder::new().set_buckets_for_metric(seconds, &BUCKETS).ok()?;
            let handle = builder.install_recorder().ok();
            crate::engine::describe();
            handle
        })
        .clone()
}

/// Histograms keep every sample until they are folded up: where nobody reads the metrics, that is for ever.
async fn fold_up(metrics: PrometheusHandle, stop: CancellationToken) {
    let mut often = tokio::time::interval(Duration::from_millis(limits::METRICS_UPKEEP_MS));
    often.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = often.tick() => metrics.run_upkeep(),
            () = stop.cancelled() => return,
        }
    }
}

#[async_trait]
impl Health for Ready {
    /// One platform that works is enough to be of use. Where none does, nobody can be told anything.
    async fn ready(&self) -> Result<Vec<String>, String> {
        if self.stopping.is_cancelled() {
            return Err("stopping".into());
        }
        self.engine.store().ping().await.map_err(|e| e.to_string())?;
        let troubles = self.engine.troubles();
        if troubles.everywhere { Err(troubles.lines.join("; ")) } else { Ok(troubles.lines) }
    }

    fn metrics(&self) -> String {
        self.metrics
            .as_ref()
            .map(|m| {
                m.run_upkeep();
                m.render()
            })
            .unwrap_or_default()
    }
}

/// Serves until `stop`.
pub(super) async fn serve_http(
    listener: tokio::net::TcpListener,
    router: axum::Router,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let stopped = async move { stop.cancelled().await };
    let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(stopped).await.context("the HTTP server failed")
}

/// Waits for Ctrl-C or the service manager's word.
pub(super) async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut term = match signal(SignalKind::terminate()) {
        Ok(term) => term,
        Err(error) => {
            tracing::error!(name: "signal.unavailable", %error, "cannot listen for signals: {error}");
            return std::future::pending().await;
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = term.recv() => {}
    }
}

/// Starts the engine's loops; what takes in runs on `reception`.
pub(super) async fn start(engine: &Arc<Engine>, reception: &Reception) -> anyhow::Result<Service> {
    let _ = recorder();
    Service::start_with(Arc::clone(engine), reception.handle()).await.context("the engine does not start")
}
