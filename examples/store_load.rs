//! How fast the store is on this machine, beside how fast its disk is.
//!
//! ```text
//! cargo run --release --example store_load -- FOLDER [--timers N] [--seconds S] [--postgres URL]
//! ```
//! FOLDER is on the disk to be measured; PostgreSQL is measured only with a URL, in a schema of its own choosing (say so in the
//! URL). One input is an inbox row, an event, a state and an outbox row, as a chat command makes them.

use signalbox::clock::Stopwatch;
use signalbox::domain::ids::Stream;
use signalbox::domain::journal::event_hash;
use signalbox::store::{Batch, EventRow, InboxRow, OutboxRow, StateRow, Store, TimerRow, open_postgres, open_sqlite};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

struct Options {
    folder: String,
    timers: i64,
    seconds: u64,
    postgres: Option<String>,
}

fn options() -> Option<Options> {
    let mut args = std::env::args().skip(1);
    let mut options = Options { folder: args.next()?, timers: 100_000, seconds: 2, postgres: None };
    while let Some(name) = args.next() {
        let value = args.next()?;
        match name.as_str() {
            "--timers" => options.timers = value.parse().ok()?,
            "--seconds" => options.seconds = value.parse().ok()?,
            "--postgres" => options.postgres = Some(value),
            _ => return None,
        }
    }
    Some(options)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(options) = options() else {
        return Err("usage: store_load FOLDER [--timers N] [--seconds S] [--postgres URL]".into());
    };
    let folder = Path::new(&options.folder);
    std::fs::create_dir_all(folder)?;
    disk(folder, options.seconds)?;
    println!("resident before: {} MiB", resident());
    let store = open_sqlite(&folder.join("store_load.db")).await?;
    println!("SQLite open: resident {} MiB", resident());
    measure("SQLite", &store, &options).await?;
    store.close().await?;
    if let Some(url) = &options.postgres {
        measure("PostgreSQL", &open_postgres(url).await?, &options).await?;
    }
    Ok(())
}

fn disk(folder: &Path, seconds: u64) -> std::io::Result<()> {
    let path = folder.join("store_load.raw");
    let mut file = std::fs::File::create(&path)?;
    let mut times = Vec::new();
    let mut left = Duration::from_secs(seconds);
    while let Some(rest) = left.checked_sub(timed(&mut times, || {
        file.write_all(&[7; 4096])?;
        file.sync_data()
    })?) {
        left = rest;
    }
    show("disk, 4 KiB append and fdatasync", &mut times, 1);
    std::fs::remove_file(path)
}

fn timed<T>(times: &mut Vec<Duration>, work: impl FnOnce() -> std::io::Result<T>) -> std::io::Result<Duration> {
    let begun = Stopwatch::start();
    work()?;
    times.push(begun.elapsed_std());
    Ok(begun.elapsed_std())
}

fn show(name: &str, times: &mut [Duration], each: usize) {
    times.sort_unstable();
    let sum: Duration = times.iter().sum();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    let rate = (times.len() * each) as f64 / sum.as_secs_f64();
    println!("{name:<44} {rate:>9.0}/s   p50 {:>7.3} ms   p99 {:>7.3} ms", at(50), at(99));
}

/// MiB.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|p| p.parse::<u64>().ok()).unwrap_or(0) * 4096 / (1024 * 1024)
}

async fn measure(name: &str, store: &dyn Store, options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let mut next = store.last_number().await?;
    for group in [1, 16, 64] {
        let (mut times, begun) = (Vec::new(), Stopwatch::start());
        while begun.elapsed_std().as_secs() < options.seconds {
            let mut batch = Batch::default();
            for _ in 0..group {
                next += 1;
                if batch.absorb(input(next)).is_err() {
                    return Err("an input did not join its group".into());
                }
            }
            let begun = Stopwatch::start();
            store.commit(&batch).await?;
            times.push(begun.elapsed_std());
        }
        show(&format!("{name}, inputs in groups of {group}"), &mut times, group);
    }
    timers(name, store, options.timers).await?;
    println!("{name}: resident {} MiB", resident());
    Ok(())
}

fn input(n: i64) -> Batch {
    let (stream, body) =
        (Stream::new(&format!("deployment/D-{n}")), format!(r#"{{"kind":"requested","service":"api","n":{n}}}"#));
    let hash = event_hash("", stream.as_str(), 1, "requested", "sara", n, &body);
    let key = format!("{n:012}");
    Batch {
        reads: vec![(stream.clone(), 0)],
        inbox: vec![InboxRow {
            key: key.clone(),
            at: n,
            body: body.clone(),
            answer: "{}".into(),
            ..InboxRow::default()
        }],
        states: vec![StateRow { stream: stream.clone(), seq: 1, hash: hash.clone(), body: body.clone() }],
        outbox: vec![OutboxRow {
            id: key.clone(),
            key: format!("card:{n}"),
            target: format!("console/{}", n % 20),
            stream: stream.clone(),
            due_at: 0,
            attempts: 0,
            body: body.clone(),
        }],
        events: vec![EventRow {
            stream,
            seq: 1,
            kind: "requested".into(),
            actor: "sara".into(),
            at: n,
            body,
            previous: String::new(),
            hash,
        }],
        ..Batch::default()
    }
}

async fn timers(name: &str, store: &dyn Store, pending: i64) -> Result<(), Box<dyn std::error::Error>> {
    let timer = |n: i64, due_at: i64| TimerRow {
        id: format!("deployment/D-{n:09}:expiry"),
        stream: Stream::new(&format!("deployment/D-{n}")),
        due_at,
        work: true,
        body: "{}".into(),
    };
    let mut times = Vec::new();
    for from in (0..pending).step_by(1_000) {
        let timers_set = (from..(from + 1_000).min(pending)).map(|n| timer(n, 1_000_000 + n)).collect();
        let begun = Stopwatch::start();
        store.commit(&Batch { timers_set, ..Batch::default() }).await?;
        times.push(begun.elapsed_std());
    }
    show(&format!("{name}, timers set, 1 000 at once"), &mut times, 1_000);
    let (mut idle, mut look, mut fire) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..300 {
        let begun = Stopwatch::start();
        store.next_timers().await?;
        idle.push(begun.elapsed_std());
        store.commit(&Batch { timers_set: vec![timer(pending + n, n)], ..Batch::default() }).await?;
        let begun = Stopwatch::start();
        let due = store.due_timers(n, n, 100).await?;
        look.push(begun.elapsed_std());
        let timers_fired = due.into_iter().map(|t| (t.id, t.due_at)).collect();
        store.commit(&Batch { timers_fired, ..Batch::default() }).await?;
        fire.push(begun.elapsed_std());
    }
    show(&format!("{name}, next of {pending} timers"), &mut idle, 1);
    show(&format!("{name}, the one due among {pending}"), &mut look, 1);
    show(&format!("{name}, the same and fired"), &mut fire, 1);
    let mut claims = Vec::new();
    for n in 0..100 {
        let begun = Stopwatch::start();
        store.claim(n, "load", n + 1, 20).await?;
        claims.push(begun.elapsed_std());
    }
    show(&format!("{name}, 20 outbox heads claimed"), &mut claims, 1);
    Ok(())
}
