//! `signalbox preflight`: who would be woken, in which order and by what, and which levels would page nobody.

use super::cli::ConfigArg;
use super::runtime;
use super::serve::store_url;
use super::setup;
use crate::chat::text::{self, Reader};
use crate::clock::SystemClock;
use crate::domain::render;
use crate::ids::Ids;
use crate::store::{MemoryStore, Store, open_read_only};
use anyhow::{Context as _, anyhow};
use clap::Args;
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Args)]
pub(super) struct PreflightArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Another time than now, in the config's zone: `sunday 03:10`, `2026-12-24 18:00`.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Only this severity.
    #[arg(long, value_name = "SEVERITY")]
    severity: Option<String>,
}

/// Prints the climb of every severity. Exit code 1 when a level would page nobody within the week, but for hours that config
/// gives a roster.
///
/// # Errors
/// When the config has problems, the time is none, or there is no such severity.
pub(super) async fn preflight(args: PreflightArgs) -> anyhow::Result<ExitCode> {
    let loaded = setup::loaded(&args.config.config)?;
    let policy = Arc::new(loaded.policy);
    if let Some(name) = &args.severity {
        policy.response.severity(name).with_context(|| format!("{name} is not a severity of this config"))?;
    }
    let store: Arc<dyn Store> = match open_read_only(&store_url(&loaded.service)?).await {
        Ok(whole) => whole,
        // Before the first start there is none, and nothing was overridden.
        Err(error) => {
            eprintln!("signalbox: without what people changed of the rosters, since the store cannot be read: {error}");
            Arc::new(MemoryStore::new())
        }
    };
    let parts = runtime::Parts {
        store,
        policy: Arc::clone(&policy),
        clock: Arc::new(SystemClock::new()),
        ids: Arc::new(Ids::system().context("no randomness")?),
        platforms: Vec::new(),
        pagers: std::collections::BTreeMap::new(),
        outlets: crate::paging::Outlets::default(),
        executors: Vec::new(),
        owner: "preflight".into(),
    };
    let engine = runtime::engine(&loaded.service.data, parts)?;
    let found = engine.preflight(args.at.as_deref()).await?.map_err(|why| anyhow!("{why}"))?;
    let names = policy.people.values().map(|p| (p.id.clone(), p.name.clone())).collect();
    let zone = crate::domain::window::zone(&policy.zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let reader = Reader { zone, names };
    let wanted = |name: &str| args.severity.as_ref().is_none_or(|only| only.eq_ignore_ascii_case(name));
    for climb in found.climbs.iter().filter(|c| wanted(&c.severity)) {
        println!("{}\n", text::render(&render::foreseen(&policy, climb), &reader));
    }
    match render::unreachable(&found.gaps) {
        Some(message) => println!("{}", text::render(&message, &reader)),
        None => println!("Every level reaches somebody in the week after."),
    }
    Ok(if found.gaps.iter().all(|gap| gap.by_hours) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
