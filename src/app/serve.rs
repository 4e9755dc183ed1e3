//! `signalbox serve`: the service itself.

use super::cli::ConfigArg;
use super::feed::Feed;
use super::info::Info;
use super::platforms::{Around, Platforms, PolicySlot};
use super::reception::Reception;
use super::{logs, runtime, setup};
use crate::chat::Platform;
use crate::chat::console::ConsolePlatform;
use crate::clock::{Clock, SystemClock};
use crate::config::{Loaded, ServiceConfig};
use crate::engine::Engine;
use crate::ids::{Ids, secret};
use crate::store::{self, Store};
use crate::web::{ConsoleDeps, bind, console_router, console_url, feed_router, ops_router};
use anyhow::{Context as _, anyhow};
use clap::Args;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long connections to chat may take to close; what comes in meanwhile is kept.
const CONNECTIONS_END: Duration = Duration::from_secs(5);

#[derive(Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Serve the console page on loopback, whatever the config says.
    #[arg(long)]
    console: bool,
}

/// The store a config names; the embedded default without one.
pub(super) fn store_url(service: &ServiceConfig) -> anyhow::Result<String> {
    match &service.store {
        Some(secret) => Ok(secret.resolve(&|name| std::env::var(name).ok())?),
        None => Ok(format!("sqlite:{}", service.data.join("signalbox.db").display())),
    }
}

pub(super) async fn serve(args: ServeArgs) -> anyhow::Result<ExitCode> {
    let path = args.config.config;
    let Loaded { policy, service: settings, report, .. } = setup::loaded(&path)?;
    logs::start(settings.log, "info");
    if report.warnings() > 0 {
        tracing::warn!(name: "config.warnings", count = report.warnings(), "the config has warnings; signalbox check shows them");
    }
    std::fs::create_dir_all(&settings.data).with_context(|| format!("cannot make {}", settings.data.display()))?;
    let store: Arc<dyn Store> = store::open(&store_url(&settings)?).await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let ids = Arc::new(Ids::system().context("no randomness")?);
    let console_on = args.console || settings.console.enabled;
    let console = match console_on {
        true => Some(console(&settings, &clock, &ids).await?),
        false => None,
    };
    let (policy, slot) = (Arc::new(policy), PolicySlot::default());
    let remote = Platforms::new(&settings, &clock, &policy, &slot)?;
    let mut platforms: Vec<Arc<dyn Platform>> = console.iter().map(|c| Arc::clone(c) as Arc<dyn Platform>).collect();
    platforms.extend(remote.list());
    if platforms.is_empty() {
        tracing::warn!(name: "serve.alone", "nobody can talk to it: add [slack], [discord] or [console] to the config");
    }
    let owner = format!("serve-{}", ids.next(clock.now()));
    let reception = Reception::open()?;
    let around = Around {
        store: Arc::clone(&store),
        clock: Arc::clone(&clock),
        owner: owner.clone(),
        reception: reception.handle().clone(),
    };
    let pagers = super::paging::pagers(&settings.paging)?;
    let outlets = super::outlets::outlets(&settings)?;
    let alerts_clock = Arc::clone(&clock);
    let parts = runtime::Parts { store, policy, clock, ids, platforms, executors: Vec::new(), pagers, outlets, owner };
    let engine = runtime::engine(&settings.data, parts)?;
    slot.fill(&engine);
    let service = runtime::start(&engine, &reception).await?;
    let stop = CancellationToken::new();
    let health = runtime::Ready::new(Arc::clone(&engine), stop.clone());
    let listener = bind(settings.listen, true).await?;
    let address = listener.local_addr()?;
    let token = settings.calendar_token.as_ref().map(|s| s.resolve(&|name| std::env::var(name).ok())).transpose()?;
    let alerts = super::alerts::router(&settings.alerts, &alerts_clock, &engine);
    let feeds = feed_router(Arc::new(Feed(Arc::clone(&engine))), token.as_deref());
    let router = ops_router(health).merge(feeds).merge(alerts);
    let ops = tokio::spawn(runtime::serve_http(listener, router, stop.clone()));
    let page = match &console {
        Some(console) => Some(serve_console(&engine, console, &settings, &stop).await?),
        None => None,
    };
    let connections = remote.listen(&engine, &around, &stop).await?;
    tracing::info!(name: "serve.ready", %address, "ready; health and metrics on {address}");
    let reload = tokio::spawn(reload_loop(Arc::clone(&engine), path, stop.clone()));
    runtime::stop_signal().await;
    tracing::info!(name: "serve.stopping", "stopping");
    stop.cancel();
    if let Some(console) = &console {
        console.closing().cancel();
    }
    // Nothing more comes in before what is under way ends.
    if tokio::time::timeout(CONNECTIONS_END, connections.join_all()).await.is_err() {
        tracing::warn!(name: "serve.connections_cut", "some connections to chat did not end in time");
    }
    let ended = service.shutdown().await;
    reload.abort();
    for task in std::iter::once(ops).chain(page) {
        let _ = tokio::time::timeout(Duration::from_secs(3), task).await;
    }
    if let Some(console) = &console {
        console.close().await;
    }
    ended?;
    tracing::info!(name: "serve.stopped", "stopped");
    Ok(ExitCode::SUCCESS)
}

async fn console(
    settings: &ServiceConfig,
    clock: &Arc<dyn Clock>,
    ids: &Arc<Ids>,
) -> anyhow::Result<Arc<ConsolePlatform>> {
    let (id_clock, ids) = (Arc::clone(clock), Arc::clone(ids));
    let new_id = Arc::new(move || ids.next(id_clock.now()));
    Ok(Arc::new(ConsolePlatform::open(&settings.data.join("console.db"), Arc::clone(clock), new_id).await?))
}

async fn serve_console(
    engine: &Arc<Engine>,
    console: &Arc<ConsolePlatform>,
    settings: &ServiceConfig,
    stop: &CancellationToken,
) -> anyhow::Result<tokio::task::JoinHandle<anyhow::Result<()>>> {
    let info = Arc::new(Info { engine: Arc::clone(engine), clock: None, versions: Vec::new() });
    let key = match std::env::var("SIGNALBOX_CONSOLE_SECRET") {
        Ok(key) if key.len() >= 16 => key,
        Ok(_) => return Err(anyhow!("SIGNALBOX_CONSOLE_SECRET is shorter than 16 characters")),
        Err(_) => secret().context("no randomness")?,
    };
    let deps =
        ConsoleDeps { platform: Arc::clone(console), intake: engine.clone(), info: info.clone(), hosts: Vec::new() };
    let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, settings.console.port)), false).await?;
    println!("console: {}", console_url(listener.local_addr()?, &key));
    let mut changes = console.watch();
    let stopped = stop.clone();
    tokio::spawn(async move {
        loop {
            info.engine.refresh_known().await;
            tokio::select! {
                () = stopped.cancelled() => return,
                changed = changes.changed() => if changed.is_err() { return },
            }
        }
    });
    Ok(tokio::spawn(runtime::serve_http(listener, console_router(deps, &key), stop.clone())))
}

/// On SIGHUP the config is read again; a broken one is reported and the old one stays.
async fn reload_loop(engine: Arc<Engine>, path: std::path::PathBuf, stop: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = hangup.recv() => {}
        }
        match setup::load(&path) {
            Ok(loaded) => {
                let hash = loaded.policy.hash.chars().take(8).collect::<String>();
                match engine.set_policy(Arc::new(loaded.policy)).await {
                    Ok(()) => {
                        tracing::info!(name: "config.reloaded", policy = %hash, "the config is read again; policy {hash}")
                    }
                    Err(error) => {
                        tracing::error!(name: "config.reload_failed", %error, "what waits is not asked again: {error}")
                    }
                }
            }
            Err(report) => {
                tracing::error!(name: "config.broken", "the config has problems and the old one stays\n{}", report.render(false))
            }
        }
    }
}
