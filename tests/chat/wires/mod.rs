//! Every rehearsal of the example setup, on Slack and on Discord: the same text, played over the real adapters and the wire,
//! and what people see there compared with what the console shows, message by message and step by step.

mod discord;
mod slack;
mod tee;
mod words;

use discord::DiscordSide;
use signalbox::chat::text::Reader;
use signalbox::chat::{MessageRef, Platform as _, Post};
use signalbox::clock::{Clock as _, VirtualClock};
use signalbox::config::load_embedded;
use signalbox::domain::message::{Message, Tone};
use signalbox::domain::policy::Policy;
use signalbox::rehearsal::world::{NewWire, ScriptChat, Wire};
use signalbox::rehearsal::{Options, Outcome, render_report, run, run_over_wire};
use slack::{SlackSide, Way};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tee::{Line, Side, Tee, TeeWire};

fn scripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/barq/rehearsals");
    let files = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let mut files: Vec<_> = files.filter(|p| p.extension().is_some_and(|e| e == "rehearsal")).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// Waits for what a world needs before it can be made.
fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(future))
}

fn over_slack(policy: &Arc<Policy>, way: Way) -> NewWire {
    let policy = Arc::clone(policy);
    Arc::new(move |script: &Arc<ScriptChat>, world: &Arc<VirtualClock>| {
        let clock = Arc::new(VirtualClock::starting_at(world.now().wall));
        let line = Line::new(&policy);
        let side: Arc<dyn Side> = Arc::new(now(SlackSide::open(&policy, &clock, &line, way)));
        Arc::new(TeeWire(Tee::new(script, clock, side, line))) as Arc<dyn Wire>
    })
}

fn over_discord(policy: &Arc<Policy>) -> NewWire {
    let policy = Arc::clone(policy);
    Arc::new(move |script: &Arc<ScriptChat>, world: &Arc<VirtualClock>| {
        let clock = Arc::new(VirtualClock::starting_at(world.now().wall));
        let line = Line::new(&policy);
        let side: Arc<dyn Side> = Arc::new(now(DiscordSide::open(&policy, &clock, &line)));
        Arc::new(TeeWire(Tee::new(script, clock, side, line))) as Arc<dyn Wire>
    })
}

/// What a script plays on the console: each scene with how much it expects. Once for all wires.
fn on_the_console(name: &str, text: &str, policy: &Arc<Policy>, only: Option<String>) -> Vec<(String, usize)> {
    static PLAYED: Mutex<BTreeMap<String, Vec<(String, usize)>>> = Mutex::new(BTreeMap::new());
    let played = PLAYED.lock().unwrap().get(name).cloned();
    played.unwrap_or_else(|| {
        let here = run(text, name, Arc::clone(policy), Options { only, ..Options::default() });
        PLAYED.lock().unwrap().insert(name.to_owned(), scenes(&here));
        scenes(&here)
    })
}

fn scenes(outcome: &Outcome) -> Vec<(String, usize)> {
    outcome.scenes.iter().map(|s| (s.name.clone(), s.expectations)).collect()
}

/// Plays all, and says what did not hold. As many scenes must play as on the console.
async fn plays(platform: &str, policy: &Arc<Policy>, wire: NewWire) {
    let mut failed = String::new();
    for path in scripts() {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let only = std::env::var("SIGNALBOX_ONLY_SCENE").ok();
        let options = Options {
            platform: platform.into(),
            wire: Some(Arc::clone(&wire)),
            only: only.clone(),
            ..Options::default()
        };
        let there = run_over_wire(&text, &name, Arc::clone(policy), options).await;
        let here = on_the_console(&name, &text, policy, only);
        if !there.passed() {
            failed.push_str(&render_report(&there));
        } else if scenes(&there) != here {
            failed.push_str(&format!("{name}: it is not played as on the console\n"));
        }
    }
    assert!(failed.is_empty(), "\n{failed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_rehearsal_over_slacks_socket() {
    let policy = Arc::new(slack::with_accounts(load_embedded().policy));
    plays("slack", &policy, over_slack(&policy, Way::Socket)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_rehearsal_over_slacks_signed_requests() {
    let policy = Arc::new(slack::with_accounts(load_embedded().policy));
    plays("slack", &policy, over_slack(&policy, Way::Http)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_rehearsal_over_discords_gateway() {
    let policy = Arc::new(discord::with_accounts(load_embedded().policy));
    plays("discord", &policy, over_discord(&policy)).await;
}

/// The comparison itself: a message that somebody changes at the stand-in, behind the bot's back, is noticed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_differs_is_found() {
    let policy = Arc::new(slack::with_accounts(load_embedded().policy));
    let clock = Arc::new(VirtualClock::starting_at("2026-01-05T07:05:00Z".parse().unwrap()));
    let line = Line::new(&policy);
    let side = Arc::new(SlackSide::open(&policy, &clock, &line, Way::Http).await);
    let script = Arc::new(ScriptChat::new("slack".into(), Arc::clone(&clock)));
    let wire = TeeWire(Tee::new(&script, clock, Arc::clone(&side) as Arc<dyn Side>, line));
    let post = |key: &str| Post {
        key: key.into(),
        channel: policy.channels.deployments.clone(),
        thread: None,
        only_for: None,
        message: Message::line(Tone::Good, "api v1.2.0 is live"),
    };
    let reader = Reader::of(&policy);
    let at = wire.platform().post(&post("one")).await.unwrap();
    assert_eq!(wire.differences(&script, &reader).await, Vec::<String>::new());
    let edited = Message::line(Tone::Good, "api v1.2.1 is live");
    script.edit(&MessageRef { id: "m1".into(), ..at.clone() }, &edited).await.unwrap();
    let seen = wire.differences(&script, &reader).await;
    assert!(seen.len() == 1 && seen[0].contains("v1 2 1 is live"), "{seen:?}");
    side.platform().post(&post("two")).await.unwrap();
    let seen = wire.differences(&script, &reader).await;
    assert_eq!(seen, ["the bot wrote 2 messages there and 1 here"]);
}
