//! A command stored, decided and its reply rendered, through `Intake::receive` of a started service with the real console
//! behind it: at fixed rates (open loop: a slow answer does not slow the next question), and as fast as it goes.

use crate::figures::{Times, middle};
use crate::stand::{Chat, Seen, Stand};
use crate::{Options, Result, conditions};
use signalbox::clock::Stopwatch;
use signalbox::config::load_embedded;
use signalbox::domain::ids::ServiceName;
use signalbox::domain::message::Tone;
use signalbox::domain::policy::{Phase, Policy};
use std::sync::Arc;
use std::time::Duration;

/// Services, each with one deployment that waits for its keys.
const SERVICES: usize = 10;

/// Senders that each wait for their answer before they ask again.
const SENDERS: usize = 64;

pub async fn run(options: &Options) -> Result<()> {
    let folder = conditions::fresh(&options.folder, "commands")?;
    let stand = Arc::new(Stand::start(&folder, policy(), Chat::Console, Seen::new(0, Duration::ZERO)).await?);
    for n in 0..SERVICES {
        stand.does("sara", &format!("/deploy svc-{n} v1.2.0 to production")).await?;
    }
    settle(&stand).await?;
    for (rate, seconds) in [(50, options.seconds * 2), (1_000, options.seconds)] {
        let (mut all, mut medians, mut worst) = (Asked::default(), Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            conditions::disk(&options.folder)?;
            let times = open_loop(&stand, rate, seconds).await?;
            medians.push(times.stored.at(0.5));
            worst.push(times.stored.at(0.99));
            all.stored.extend(times.stored);
            all.questions.extend(times.questions);
            settle(&stand).await?;
        }
        all.stored.show(&format!("{rate}/s, open loop: commands stored and answered"));
        println!("    rounds: p50 {} ms, p99 {} ms", middle(&medians), middle(&worst));
        all.questions.show(&format!("{rate}/s, open loop: questions answered"));
    }
    let mut rates = Vec::new();
    for _ in 0..options.rounds {
        rates.push(closed_loop(&stand, options.seconds).await?);
        settle(&stand).await?;
    }
    println!("commands, {SENDERS} senders that wait: {} /s", middle(&rates));
    Arc::into_inner(stand).ok_or("somebody still sends")?.stop().await
}

/// The example with more services like its first, whose production asks for keys and a checklist only. A section's items
/// begin with those that people tick.
pub fn policy() -> Policy {
    let mut policy = load_embedded().policy;
    if let Some(api) = policy.services.get("api").cloned() {
        let lists = policy.checklists.iter_mut().filter(|c| c.phase == Phase::Before && c.services.contains(&api.name));
        for list in lists {
            list.services.extend((0..SERVICES).map(name));
            list.sections.iter_mut().for_each(|section| section.items.sort_by_key(|item| item.probe.is_some()));
        }
        for n in 0..SERVICES {
            let service = signalbox::domain::policy::Service { name: name(n), default: false, ..api.clone() };
            policy.services.insert(name(n), service);
        }
    }
    if let Some(production) = policy.environments.get_mut("production") {
        production.after = None;
    }
    policy
}

fn name(service: usize) -> ServiceName {
    ServiceName::new(&format!("svc-{service}"))
}

/// The `n`th command and who types it: eight kinds, of which every fourth is a question, one deployment after the other.
fn command(n: usize) -> (&'static str, String) {
    let which = n / 8 % SERVICES;
    let d = format!("D-{}", which + 1);
    match n % 8 {
        0 => ("yusuf", format!("/approve {d}")),
        1 => ("omar", format!("/why {d}")),
        2 => ("lina", format!("/checklist tick {d} 1")),
        3 => ("dana", format!("/lock svc-{which} in staging for 2h load test")),
        4 => ("yusuf", format!("/withdraw {d}")),
        5 => ("omar", format!("/deploy status {d}")),
        6 => ("lina", format!("/checklist untick {d} 1")),
        _ => ("dana", format!("/unlock svc-{which} in staging")),
    }
}

/// By what they were: [`command`] mixes both.
#[derive(Default)]
struct Asked {
    stored: Times,
    questions: Times,
}

/// Sends at its times, whatever has been answered.
async fn open_loop(stand: &Arc<Stand>, rate: u64, seconds: u64) -> Result<Asked> {
    let begun = Stopwatch::start();
    let mut sent = Vec::new();
    for n in 0..rate * seconds {
        let due = Duration::from_micros(n * 1_000_000 / rate);
        if let Some(left) = due.checked_sub(begun.elapsed_std()) {
            tokio::time::sleep(left).await;
        }
        // Begun here, so that waiting for a free thread counts.
        let (stand, one) = (Arc::clone(stand), Stopwatch::start());
        sent.push(tokio::spawn(async move {
            let (person, text) = command(usize::try_from(n)?);
            let answer = stand.says(person, &text).await?;
            let warned = answer.messages.iter().any(|m| m.tone == Tone::Warning);
            Result::Ok((one.elapsed_std(), text.starts_with("/why") || text.starts_with("/deploy"), warned))
        }));
    }
    let (mut times, mut refused) = (Asked::default(), 0);
    for one in sent {
        let (time, question, warned) = one.await??;
        let kind = if question { &mut times.questions } else { &mut times.stored };
        kind.add(time);
        refused += u64::from(warned && !question);
    }
    let took = begun.elapsed_std().as_secs_f64();
    let waiting = stand.store.outbox(100_000).await?.len();
    times.stored.show(&format!("  {rate}/s for {seconds} s: stored"));
    println!("    sent and answered in {took:.2} s, {refused} refused, {waiting} messages still to be posted");
    Ok(times)
}

async fn closed_loop(stand: &Arc<Stand>, seconds: u64) -> Result<f64> {
    let begun = Stopwatch::start();
    let mut senders = Vec::new();
    for sender in 0..SENDERS {
        let (stand, begun) = (Arc::clone(stand), begun);
        senders.push(tokio::spawn(async move {
            let (mut n, mut times) = (sender * 8, Times::default());
            while begun.elapsed_std().as_secs() < seconds {
                let one = Stopwatch::start();
                let (person, text) = command(n);
                stand.says(person, &text).await?;
                times.add(one.elapsed_std());
                n += 1;
            }
            Result::Ok(times)
        }));
    }
    let mut times = Times::default();
    for sender in senders {
        times.extend(sender.await??);
    }
    let rate = times.len() as f64 / begun.elapsed_std().as_secs_f64();
    times.show(&format!("  {SENDERS} senders that wait, {rate:.0}/s"));
    Ok(rate)
}

/// Waits until everything is posted; says how long it took when it was long.
async fn settle(stand: &Stand) -> Result<()> {
    let begun = Stopwatch::start();
    while !stand.store.outbox(1).await?.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if begun.elapsed_std() > Duration::from_secs(60) {
            println!("    {} messages are not posted after a minute", stand.store.outbox(100_000).await?.len());
            return Ok(());
        }
    }
    if begun.elapsed_std() > Duration::from_secs(3) {
        println!("    posted {:.1} s later", begun.elapsed_std().as_secs_f64());
    }
    Ok(())
}
