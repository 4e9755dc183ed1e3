//! How late timers fire with very many pending: real locks that expire, at their times and all at once.

use crate::figures::Times;
use crate::stand::{Chat, Seen, Stand};
use crate::{Options, Result, conditions};
use signalbox::clock::{Clock as _, Stopwatch};
use signalbox::domain::command::Command;
use signalbox::domain::decide::{Facts, Input};
use signalbox::domain::deployment::Origin;
use signalbox::domain::ids::{ChannelName, EnvironmentName, PersonId, PlatformName, Stream};
use signalbox::domain::policy::Policy;
use signalbox::domain::time::Span;
use signalbox::engine::Request;
use signalbox::store::{Batch, Store, TimerRow, open_sqlite};
use std::path::Path;
use std::time::Duration;

/// Environments, each with a lock of its own.
const PLACES: usize = 1_000;

/// Timers set in one transaction.
const AT_ONCE: i64 = 5_000;

pub async fn run(options: &Options) -> Result<()> {
    let folder = conditions::fresh(&options.folder, "timers")?;
    pending(&folder, options.timers).await?;
    let policy = policy();
    for (name, spread) in [("one every 10 ms", 10), ("100 at the same instant, each second", 0)] {
        let stand = Stand::start(&folder, policy.clone(), Chat::Deaf, Seen::new(0, Duration::from_millis(1))).await?;
        let mut all = Times::default();
        for _ in 0..options.rounds {
            all.extend(expire(&stand, spread).await?);
        }
        all.show(&format!("late, {name}, {} pending", options.timers));
        stand.stop().await?;
    }
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

/// So many timers that will not fall due.
pub async fn pending(folder: &Path, timers: i64) -> Result<()> {
    let store = open_sqlite(&folder.join("signalbox.db")).await?;
    let begun = Stopwatch::start();
    let far = crate::stand::MONDAY + 365 * 86_400_000;
    for from in (0..timers).step_by(usize::try_from(AT_ONCE)?) {
        let row = |n: i64| TimerRow {
            id: format!("deployment/D-{n:09}:follow_up"),
            stream: Stream::new(&format!("deployment/D-{n}")),
            due_at: far * 2 + n,
            work: n % 2 == 0,
            body: r#"{"purpose":"expiry"}"#.to_owned(),
        };
        let timers_set = (from..(from + AT_ONCE).min(timers)).map(row).collect();
        store.commit(&Batch { timers_set, ..Batch::default() }).await?;
    }
    let took = begun.elapsed_std().as_secs_f64();
    println!("{timers} timers set in {took:.1} s, {:.0}/s, {AT_ONCE} in a transaction", timers as f64 / took);
    store.close().await?;
    Ok(())
}

fn policy() -> Policy {
    let mut policy = crate::commands::policy();
    if let Some(staging) = policy.environments.get("staging").cloned() {
        for n in 0..PLACES {
            let name = EnvironmentName::new(&format!("place-{n}"));
            policy
                .environments
                .insert(name.clone(), signalbox::domain::policy::Environment { name, ..staging.clone() });
        }
    }
    policy
}

/// Locks every place, lets the locks expire `spread` milliseconds apart (or a hundred together each second), and reads from
/// the journal how late each was taken away.
async fn expire(stand: &Stand, spread: i64) -> Result<Times> {
    let first = stand.clock.now().wall.as_millisecond() + 3_000;
    let mut due = Vec::new();
    let mut locked = Vec::new();
    for n in 0..PLACES {
        let at = i64::try_from(n)?;
        let at = first + if spread == 0 { at / 100 * 1_000 } else { at * spread };
        due.push(at);
        locked.push(lock(stand, n, at));
    }
    futures_util::future::try_join_all(locked).await?;
    let last = due.last().copied().unwrap_or(first);
    while stand.clock.now().wall.as_millisecond() < last + 1_500 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut times = Times::default();
    for (n, at) in due.into_iter().enumerate() {
        let events = stand.store.events(&Stream::environment(&place(n)), 0, 1_000).await?;
        let Some(end) = events.iter().rev().find(|e| e.kind == "environment.unlocked" || e.kind == "unlocked") else {
            return Err(format!("the lock of place {n} stands: {events:?}").into());
        };
        times.add(Duration::from_millis(u64::try_from(end.at - at).unwrap_or(0)));
    }
    Ok(times)
}

fn place(n: usize) -> EnvironmentName {
    EnvironmentName::new(&format!("place-{n}"))
}

/// As a command does it, to the millisecond.
async fn lock(stand: &Stand, n: usize, until: i64) -> Result<()> {
    let span = Span::millis(until - stand.clock.now().wall.as_millisecond());
    let command = Command::Lock {
        service: None,
        environment: place(n),
        span: Some(span),
        reason: "load test".into(),
        take_over: false,
    };
    let origin = Origin { platform: PlatformName::new("console"), channel: ChannelName::new("deployments") };
    let person = PersonId::new("dana");
    let input = Input::Command { person, origin, command: Box::new(command), facts: Facts::default() };
    stand.engine.submit(Request::of(input)).await?;
    Ok(())
}
