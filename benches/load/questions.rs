//! What questions cost with years of deployments in the journal: warm, and right after the page cache was emptied; and how
//! a service with such a database starts.

use crate::figures::{Times, middle};
use crate::process::{database, start_serve, stop};
use crate::stand::{Chat, Seen, Stand};
use crate::{Options, Result, commands, conditions, journal};
use signalbox::clock::Stopwatch;
use signalbox::store::{Store as _, audit, open_sqlite};
use std::path::Path;
use std::time::Duration;

/// How often each question is asked warm, in each round.
const ASKED: usize = 50;

pub async fn run(options: &Options) -> Result<()> {
    let folder = conditions::fresh(&options.folder, "questions")?;
    let data = folder.join("data");
    std::fs::create_dir_all(&data)?;
    let path = database(&folder);
    let store = open_sqlite(&path).await?;
    let deployments = journal::write(&store, options.events).await?;
    store.close().await?;
    println!("database: {:.0} MiB", path.metadata()?.len() as f64 / 1024.0 / 1024.0);

    let stand = Stand::start(&data, commands::policy(), Chat::Deaf, Seen::new(0, Duration::ZERO)).await?;
    stand.does("sara", "/deploy v9.0.0 to production").await?;
    let all = questions(deployments);
    for (name, text) in &all {
        let mut times = Times::default();
        for _ in 0..options.rounds * ASKED {
            times.add(asked(&stand, text).await?);
        }
        times.show(&format!("warm: {name}"));
    }
    stand.stop().await?;

    for (name, text) in &all {
        let mut times = Times::default();
        for _ in 0..options.rounds {
            conditions::chill(&path)?;
            let stand = Stand::start(&data, commands::policy(), Chat::Deaf, Seen::new(0, Duration::ZERO)).await?;
            times.add(asked(&stand, text).await?);
            stand.stop().await?;
        }
        times.show(&format!("cold: {name}"));
    }
    starts(&folder, &path, options).await?;
    verify(&path).await?;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

fn questions(deployments: i64) -> Vec<(&'static str, String)> {
    let (old, open) = (deployments / 2, deployments + 1);
    vec![
        ("/why of one that waits", format!("/why D-{open}")),
        ("/when of one that waits", format!("/when D-{open}")),
        ("/why of one that ended", format!("/why D-{old}")),
        ("/when of a request", "/when v1.7.0 to production".to_owned()),
        ("/deploy history, newest 10", "/deploy history".to_owned()),
        ("/deploy history, 50 of a service and environment", "/deploy history api production --limit 50".to_owned()),
        ("/deploy history of a service that has none", "/deploy history frontend production".to_owned()),
        ("/deploy status", "/deploy status".to_owned()),
        ("/deploy status of an old one", format!("/deploy status D-{old}")),
    ]
}

async fn asked(stand: &Stand, text: &str) -> Result<Duration> {
    let begun = Stopwatch::start();
    let answer = stand.says("omar", text).await?;
    let took = begun.elapsed_std();
    if answer.messages.is_empty() {
        return Err(format!("{text} is not answered").into());
    }
    Ok(took)
}

async fn starts(folder: &Path, path: &Path, options: &Options) -> Result<()> {
    for (name, cold) in [("warm", false), ("cold", true)] {
        let mut times = Vec::new();
        for _ in 0..options.rounds.max(5) {
            if cold {
                conditions::chill(path)?;
            }
            let begun = Stopwatch::start();
            let (mut child, _) = start_serve(folder).await?;
            times.push(begun.elapsed_std().as_secs_f64() * 1e3);
            stop(&mut child).await?;
        }
        println!("{name}: serve with this database, start to ready {} ms", middle(&times));
    }
    Ok(())
}

async fn verify(path: &Path) -> Result<()> {
    let store = open_sqlite(path).await?;
    let begun = Stopwatch::start();
    let report = audit::verify(&store, None).await?;
    let took = begun.elapsed_std().as_secs_f64();
    println!(
        "audit verify: {} events in {took:.1} s, {:.0}/s, {} problems",
        report.events,
        report.events as f64 / took,
        report.problems.len()
    );
    store.close().await?;
    Ok(())
}
