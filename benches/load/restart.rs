//! How soon after a start the page goes out that fell due while nothing ran, with very many other timers pending.

use crate::figures::Times;
use crate::stand::{Chat, MONDAY, Seen, Stand};
use crate::{Options, Result, conditions, timers};
use signalbox::clock::Stopwatch;
use signalbox::config::load_embedded;
use signalbox::domain::ids::IncidentId;
use std::time::Duration;

/// For how long nothing ran: past the second level of every ladder of the example.
const GONE_MS: i64 = 45 * 60_000;
/// Timers of other matters.
const OTHERS: i64 = 100_000;
/// After that the page is not late but lost.
const PATIENCE: Duration = Duration::from_secs(30);

pub async fn run(options: &Options) -> Result<()> {
    let mut times = Times::default();
    for _ in 0..options.rounds.max(5) {
        times.add(one(options).await?);
    }
    conditions::disk(&options.folder)?;
    times.show(&format!("start to the first overdue page delivered, {OTHERS} timers pending"));
    Ok(())
}

async fn one(options: &Options) -> Result<Duration> {
    let folder = conditions::fresh(&options.folder, "restart")?;
    timers::pending(&folder, OTHERS).await?;
    let (policy, seen) = (load_embedded().policy, || Seen::new(0, Duration::from_millis(1)));
    let stand = Stand::start(&folder, policy.clone(), Chat::Deaf, seen()).await?;
    stand.does("sara", "/incident P1 checkout is slow").await?;
    let paged = pages(&stand).await?;
    stand.stop().await?;
    let begun = Stopwatch::start();
    let stand = Stand::start_at(MONDAY + GONE_MS, &folder, policy, Chat::Deaf, seen()).await?;
    while pages(&stand).await? <= paged {
        if begun.elapsed_std() > PATIENCE {
            return Err("nobody is paged after a start".into());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let took = begun.elapsed_std();
    stand.stop().await?;
    std::fs::remove_dir_all(folder)?;
    Ok(took)
}

/// Pages of the incident that were delivered.
async fn pages(stand: &Stand) -> Result<usize> {
    let incident = stand.engine.incident(IncidentId(1)).await?;
    Ok(incident.map_or(0, |i| i.climb.pages.iter().filter(|page| page.taken()).count()))
}
