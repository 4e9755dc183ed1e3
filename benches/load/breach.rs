//! From the reading that is a breach to the start of the job that brings the release before back: the real loops, a console
//! that works, a chat that hangs, and a million timers beside it.

use crate::figures::Times;
use crate::stand::{Chat, Seen, Stand};
use crate::{Options, Result, conditions, timers};
use signalbox::clock::Stopwatch;
use signalbox::domain::policy::{Phase, Policy, StepKind};
use signalbox::domain::time::Span;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Canaries that run at once.
const CANARIES: usize = 10;

/// How long a chat that hangs takes for anything.
const HANGS: Duration = Duration::from_secs(20);

pub async fn run(options: &Options) -> Result<()> {
    let cases = [
        ("console", Chat::Console, Duration::ZERO, 0),
        ("chat that hangs 20 s", Chat::Deaf, HANGS, 0),
        ("console, timers pending", Chat::Console, Duration::ZERO, options.timers),
    ];
    for (name, chat, takes, pending) in cases {
        let mut all = Times::default();
        let folder = conditions::fresh(&options.folder, "breach")?;
        if pending > 0 {
            timers::pending(&folder, pending).await?;
        }
        for round in 0..options.rounds {
            let seen = Seen::new(3, takes);
            let stand = Stand::start(&folder, policy(), chat, seen).await?;
            for n in 0..CANARIES {
                stand.does("sara", &format!("/deploy svc-{n} v{round}.{n} to production")).await?;
            }
            let begun = Stopwatch::start();
            while stand.seen.ways_back().len() < CANARIES && begun.elapsed_std() < Duration::from_secs(60) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            let back = stand.seen.ways_back();
            if back.len() < CANARIES {
                println!(
                    "  only {} of {CANARIES} went back, {} posted",
                    back.len(),
                    stand.seen.said.load(Ordering::Relaxed)
                );
            }
            back.into_iter().for_each(|t| all.add(t));
            stand.stop().await?;
        }
        all.show(&format!("breach read to restore started, {name}"));
    }
    Ok(())
}

/// No keys, no windows, no checklist before the start: each request runs at once, and its canary is read twice a second.
pub fn policy() -> Policy {
    let mut policy = crate::commands::policy();
    policy.checklists.retain(|c| c.phase != Phase::Before);
    for environment in policy.environments.values_mut() {
        environment.keys.clear();
        environment.windows.clear();
        environment.after = None;
        environment.jitter = Span::ZERO;
        environment.lock_after_rollback = false;
    }
    for strategy in policy.strategies.values_mut() {
        for step in &mut strategy.steps {
            if let StepKind::Traffic(stage) = &mut step.kind {
                stage.every = Span::millis(500);
                stage.bake = Span::mins(2);
            }
        }
    }
    policy
}
