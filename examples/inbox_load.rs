//! How fast arrivals are kept on this machine, while what was kept is worked behind.
//!
//! ```text
//! cargo run --release --example inbox_load -- FOLDER [CALLERS] [SECONDS]
//! ```
//! FOLDER is on the disk to be measured. Every fourth arrival is a command that is decided and stored, the others are questions.

use async_trait::async_trait;
use signalbox::chat::{Arrival, ChatError, Inbox as _, Intake, MessageRef, Platform, Post};
use signalbox::clock::{Clock, Stopwatch, SystemClock};
use signalbox::config::load_embedded;
use signalbox::domain::ids::{ChannelName, PlatformName};
use signalbox::domain::message::Message;
use signalbox::engine::{Deps, Engine, Service};
use signalbox::ids::Ids;
use signalbox::jobs::command::revision::CommandRevisions;
use signalbox::rehearsal::world::{Outside, ScriptExecutor, ScriptProbe};
use signalbox::store::{Store, open_sqlite};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Reads JSON envelopes and tells nobody.
struct Wire(PlatformName, AtomicUsize);

#[async_trait]
impl Platform for Wire {
    fn name(&self) -> &PlatformName {
        &self.0
    }

    async fn post(&self, post: &Post) -> Result<MessageRef, ChatError> {
        Ok(MessageRef { channel: post.channel.clone(), id: post.key.clone() })
    }

    async fn edit(&self, _: &MessageRef, _: &Message) -> Result<(), ChatError> {
        Ok(())
    }

    async fn find(&self, _: &ChannelName, _: Option<&MessageRef>, _: &str) -> Result<Option<MessageRef>, ChatError> {
        Ok(None)
    }

    async fn work(&self, arrival: &Arrival, intake: &dyn Intake) -> Result<(), ChatError> {
        let refused = |e: &dyn std::fmt::Display| ChatError::Refused(e.to_string());
        let envelope = serde_json::from_str(&arrival.body).map_err(|e| refused(&e))?;
        intake.receive(envelope).await.map_err(|e| refused(&e))?;
        self.1.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn arrival(platform: &PlatformName, id: String, n: usize) -> Arrival {
    let text = if n.is_multiple_of(4) { "/lock staging for 1m load" } else { "/window" };
    let body = serde_json::json!({
        "platform": platform, "id": id, "account": "U1", "channel": "deployments",
        "body": { "kind": "command", "text": text, "thread": null },
    });
    let (platform, kind, lane) = (platform.clone(), "slash_commands".into(), format!("U{}", n % 50));
    Arrival { platform, id, kind, lane, proof: format!("v0={n:064x}"), body: body.to_string() }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let folder = args.first().ok_or("usage: inbox_load FOLDER [CALLERS] [SECONDS]")?;
    let number = |n: usize, or: usize| args.get(n).map_or(Ok(or), |text| text.parse());
    let (callers, seconds) = (number(1, 16)?, number(2, 5)?);
    std::fs::create_dir_all(folder)?;
    let store: Arc<dyn Store> = Arc::new(open_sqlite(&Path::new(folder).join("inbox_load.db")).await?);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let outside = Arc::new(Outside::new(clock.now().wall));
    let mut policy = load_embedded().policy;
    for person in policy.people.values_mut().take(1) {
        person.accounts.insert("wire".into(), "U1".into());
    }
    let wire = Arc::new(Wire(PlatformName::new("wire"), AtomicUsize::new(0)));
    let executor = Arc::new(ScriptExecutor::new(Arc::clone(&outside)));
    let deps = Deps {
        store: Arc::clone(&store),
        platforms: vec![wire.clone()],
        executors: [("fleet".to_owned(), executor as _)].into(),
        probe: Arc::new(ScriptProbe::new(outside)),
        revisions: Arc::new(CommandRevisions),
        clock,
        ids: Arc::new(Ids::system()?),
        owner: "load".into(),
    };
    let engine = Engine::new(deps, Arc::new(policy))?;
    let service = Service::start(Arc::clone(&engine)).await?;
    let whole = Stopwatch::start();
    let tasks = (0..callers).map(|caller| {
        let (engine, wire) = (Arc::clone(&engine), Arc::clone(&wire));
        tokio::spawn(async move {
            let (mut times, watch) = (Vec::new(), Stopwatch::start());
            while watch.elapsed_std() < Duration::from_secs(seconds as u64) {
                let one = Stopwatch::start();
                let id = format!("{caller}-{}", times.len());
                if engine.keep(arrival(&wire.0, id, times.len())).await.is_err() {
                    return Err("an arrival was not kept");
                }
                times.push(one.elapsed_std());
            }
            Ok(times)
        })
    });
    let mut times = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        times.extend(task.await??);
    }
    let took = whole.elapsed_std().as_secs_f64();
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "{callers} callers: {:.0} kept a second, p50 {:?}, p99 {:?}, most {:?}",
        times.len() as f64 / took,
        at(0.5),
        at(0.99),
        at(1.0)
    );
    let behind = store.open_inbox_count().await?;
    println!(
        "worked meanwhile: {} ({:.0} a second); open: {behind}",
        wire.1.load(Ordering::Relaxed),
        wire.1.load(Ordering::Relaxed) as f64 / took
    );
    let rest = Stopwatch::start();
    while store.open_inbox_count().await? > behind / 2 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("then half of it in {:.1} s", rest.elapsed_std().as_secs_f64());
    Ok(service.shutdown().await?)
}
