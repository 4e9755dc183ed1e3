//! `signalbox demo`: the service itself, on the embedded default, with a stand-in fleet to deploy to.

use super::feed::Feed;
use super::info::{CLOCK, Info};
use super::reception::Reception;
use super::{logs, runtime, setup, welcome};
use crate::chat::Platform as _;
use crate::chat::console::ConsolePlatform;
use crate::clock::{Clock, DemoClock, SystemClock};
use crate::config::{Loaded, LogFormat, load_embedded};
use crate::demo::{Fleet, Load, catalogue};
use crate::domain::ids::ServiceName;
use crate::domain::policy::Policy;
use crate::domain::time::{Span, after, from_millis};
use crate::domain::window::{opening, zone};
use crate::engine::Engine;
use crate::ids::{Ids, secret};
use crate::jobs::command::abandon;
use crate::store::{DatabaseLock, Store, open_sqlite};
use crate::web::{ConsoleDeps, bind, console_router, console_url, feed_router, ops_router};
use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[derive(Args)]
pub(super) struct DemoArgs {
    /// The console's port on loopback; 0 picks a free one.
    #[arg(long, default_value_t = 8300)]
    port: u16,
    /// Where database, fleet and jobs are kept.
    #[arg(long, default_value = "signalbox-demo", value_name = "DIR")]
    data: PathBuf,
    /// Begin anew: forget what an earlier demo left in the data folder.
    #[arg(long)]
    fresh: bool,
    /// Another setup than the example.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// The files a demo keeps in its folder; `--fresh` removes these and nothing else.
const FILES: [&str; 8] = [
    "signalbox.db",
    "signalbox.db-wal",
    "signalbox.db-shm",
    "console.db",
    "console.db-wal",
    "console.db-shm",
    "fleet.json",
    "secret",
];

pub(super) async fn demo(args: DemoArgs) -> anyhow::Result<ExitCode> {
    logs::start(LogFormat::Text, "warn");
    let loaded = match &args.config {
        Some(path) => setup::loaded(path)?,
        None => load_embedded(),
    };
    let Loaded { policy, .. } = loaded.for_demo();
    let data = prepare(&args.data, args.fresh)?;
    let store: Arc<dyn Store> = Arc::new(open_sqlite(&data.join("signalbox.db")).await?);
    let clock = Arc::new(clock(&policy, store.as_ref()).await?);
    let ids = Arc::new(Ids::system().context("no randomness")?);
    let console = {
        let (ids, clock) = (Arc::clone(&ids), Arc::clone(&clock));
        let new_id = {
            let clock = Arc::clone(&clock);
            Arc::new(move || ids.next(clock.now()))
        };
        Arc::new(ConsolePlatform::open(&data.join("console.db"), clock, new_id).await?)
    };
    let binary = std::env::current_exe().context("cannot find this program's own file")?;
    let fleet = Fleet::start(&data, &binary, Load::default()).await?;
    let parts = runtime::Parts {
        store: Arc::clone(&store),
        policy: Arc::new(policy),
        clock: clock.clone(),
        ids,
        platforms: vec![console.clone()],
        executors: vec![fleet.clone()],
        pagers: BTreeMap::new(),
        outlets: super::outlets::nowhere(),
        owner: "demo".into(),
    };
    let engine = runtime::engine(&data, parts)?;
    let reception = Reception::open()?;
    let service = runtime::start(&engine, &reception).await?;
    let stop = CancellationToken::new();
    console.post(&welcome::welcome(&engine.policy())).await.context("cannot post the welcome")?;
    let info = info(&engine, &clock);
    let key = secret_of(&data)?;
    let deps = ConsoleDeps { platform: console.clone(), intake: engine.clone(), info: info.clone(), hosts: Vec::new() };
    let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, args.port)), false).await?;
    let address = listener.local_addr()?;
    let health = runtime::Ready::new(Arc::clone(&engine), stop.clone());
    let feed = feed_router(Arc::new(Feed(Arc::clone(&engine))), None);
    let router = ops_router(health).merge(feed).merge(console_router(deps, &key));
    let http = tokio::spawn(runtime::serve_http(listener, router, stop.clone()));
    let keeping = tokio::spawn(keep(info, store.clone(), clock, console.clone(), stop.clone()));
    hello(&console_url(address, &key), &data, &engine)?;
    runtime::stop_signal().await;
    eprintln!("signalbox: stopping; everything is kept in {}", data.display());
    stop.cancel();
    console.closing().cancel();
    let ended = service.shutdown().await;
    fleet.shutdown().await;
    if let Err(error) = abandon(&data).await {
        tracing::warn!(name: "demo.jobs_left", %error, "running jobs cannot be looked for: {error}");
    }
    let _ = tokio::time::timeout(Duration::from_secs(3), http).await;
    keeping.abort();
    console.close().await;
    ended?;
    Ok(ExitCode::SUCCESS)
}

/// The data folder, made, and emptied of an earlier demo when asked.
fn prepare(data: &Path, fresh: bool) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(data).with_context(|| format!("cannot make {}", data.display()))?;
    let data = data.canonicalize().with_context(|| format!("cannot find {}", data.display()))?;
    if fresh {
        // Held while files go: a demo that runs on this folder keeps what it has.
        let _lock = DatabaseLock::take(&data.join(FILES[0]))?;
        for name in FILES {
            match std::fs::remove_file(data.join(name)) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(e).with_context(|| format!("cannot remove {name} in {}", data.display()));
                }
                _ => {}
            }
        }
        match std::fs::remove_dir_all(data.join("jobs")) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e).context("cannot remove old jobs"),
            _ => {}
        }
    }
    Ok(data)
}

/// The demo's clock: where it was left, or a working day at 10:05 in the policy's zone.
async fn clock(policy: &Policy, store: &dyn Store) -> anyhow::Result<DemoClock> {
    let kept = store.setting(CLOCK).await?.and_then(|t| t.parse::<i64>().ok()).map(from_millis);
    let wall = kept.unwrap_or_else(|| working_day(policy, SystemClock::new().now().wall));
    Ok(DemoClock::starting_at(wall))
}

/// The first day from today on which every environment with windows is open at 10:05.
fn working_day(policy: &Policy, today: Timestamp) -> Timestamp {
    let zone = zone(&policy.zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let service = policy.default_service().map_or_else(|| ServiceName::new(""), |s| s.name.clone());
    let open = |at: Timestamp| {
        policy.environments.values().all(|e| {
            let o = opening(&e.windows, &policy.calendar, &service, &e.name, &BTreeSet::new(), at);
            // A day with three hours before closing is a working day that leaves room to try things.
            o.open && o.closes_at.is_none_or(|c| Span::between(at, c) >= Span::hours(3))
        })
    };
    let first = today.to_zoned(zone.clone()).date();
    let days = (0..400).filter_map(|n| first.checked_add(jiff::Span::new().days(n)).ok());
    let mut starts = days.filter_map(|d| d.at(10, 5, 0, 0).to_zoned(zone.clone()).ok()).map(|z| z.timestamp());
    starts.find(|at| open(*at)).unwrap_or(today)
}

/// The console's secret, kept so that an open page survives a restart.
fn secret_of(data: &Path) -> anyhow::Result<String> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = data.join("secret");
    if let Ok(kept) = std::fs::read_to_string(&file)
        && kept.trim().len() >= 32
    {
        return Ok(kept.trim().to_owned());
    }
    let fresh = secret().context("no randomness")?;
    let mut out = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&file)?;
    out.write_all(fresh.as_bytes())?;
    Ok(fresh)
}

fn info(engine: &Arc<Engine>, clock: &Arc<DemoClock>) -> Arc<Info> {
    let versions = catalogue::VERSIONS.iter().map(|v| (v.name.to_owned(), String::new())).collect();
    let (engine, clock) = (Arc::clone(engine), Some(Arc::clone(clock)));
    Arc::new(Info { engine, clock, versions })
}

/// Keeps completion fresh and the clock's place, until stopped.
async fn keep(
    info: Arc<Info>,
    store: Arc<dyn Store>,
    clock: Arc<DemoClock>,
    console: Arc<ConsolePlatform>,
    stop: CancellationToken,
) {
    let mut changes = console.watch();
    let mut next = after(clock.now().work, Span::ZERO);
    loop {
        info.engine.refresh_known().await;
        if clock.now().work >= next {
            let wall = clock.now().wall.as_millisecond().to_string();
            if let Err(error) = store.set_setting(CLOCK, &wall).await {
                tracing::warn!(name: "demo.clock_not_kept", %error, "the demo's clock is not kept");
            }
            next = after(clock.now().work, Span::secs(5));
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(5)) => {}
            changed = changes.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

fn hello(url: &str, data: &Path, engine: &Engine) -> anyhow::Result<()> {
    let policy = engine.policy();
    let now = crate::chat::text::render_time(
        engine.now().wall,
        crate::domain::message::TimeStyle::Moment,
        &zone(&policy.zone).unwrap_or(jiff::tz::TimeZone::UTC),
    );
    let mut out = std::io::stdout().lock();
    write!(
        out,
        "console: {url}

{name}, on this machine alone. The demo's clock says {now}. Everything is kept in {data}; Ctrl-C stops it.

Five things to try in #deployments:
  1. /deploy v1.2.0 to staging, switch to another engineer and press Approve. Then the same to production:
     it wants two keys, of a Tech Lead and a Product Manager, and its checklist.
  2. /deploy v1.3.0 to staging, then to production: it fails one request in seven, and its canary brings it back by itself.
  3. /deploy v1.2.0 to production --dry-run, /why D-1 and /when v1.2.0 to production say what would happen, and why.
  4. Move the clock past 14:00 and ask again: approve now, and it runs when the window opens.
  5. While a canary bakes: Pause, Promote or Abort on its card; or stop signalbox with kill -9 and start it again.
",
        name = policy.name,
        data = data.display(),
    )?;
    out.flush()?;
    Ok(())
}
