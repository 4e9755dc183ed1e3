//! Draws what a channel on Slack and on Discord shows of a first `/deploy`, from what signalbox really sends to each.
//!
//! ```text
//! cargo run --example chat_pictures -- docs/pictures [CHROMIUM]
//! ```
//! The messages come out of the real engine and go over the wire to the stand-ins of the tests; only the drawing is made up
//! here, in the plainest likeness of each platform. Chromium takes the picture.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a picture that cannot be drawn is not drawn")]

mod discord;
mod markup;
mod slack;
#[expect(dead_code, reason = "the snapshots use the rest")]
#[path = "../../tests/chat/cards/stage.rs"]
mod stage;
#[path = "../../tests/support/mod.rs"]
mod support;
#[expect(dead_code, reason = "the snapshots use the rest")]
#[path = "../../tests/chat/cards/wires.rs"]
mod wires;

use serde_json::Value;
use signalbox::domain::deployment::Status;
use signalbox::domain::time::Span;
use stage::{Shot, Stage};
use std::path::Path;
use std::process::Command;
use wires::Wires;

/// A message in the channel, as it went over one wire.
pub struct Entry {
    /// As the clock of the reader shows it.
    pub at: String,
    pub body: Value,
    /// Messages in its thread.
    pub replies: usize,
    /// Only the person who asked sees it.
    pub alone: Option<&'static str>,
    pub reactions: Vec<(&'static str, usize)>,
}

struct Seen {
    shot: Shot,
    at: &'static str,
    replies: usize,
    alone: Option<&'static str>,
    reactions: Vec<(&'static str, usize)>,
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let folder = args.next().unwrap_or_else(|| "docs/pictures".into());
    let chromium = args.next().unwrap_or_else(|| "chromium".into());
    let mut wires = Wires::open().await;
    let (mut slack, mut discord) = (Vec::new(), Vec::new());
    for seen in scene().await {
        let (to_slack, to_discord) = wires.show(&seen.shot).await;
        let entry = |body| Entry {
            at: seen.at.to_owned(),
            body,
            replies: seen.replies,
            alone: seen.alone,
            reactions: seen.reactions.clone(),
        };
        slack.push(entry(to_slack.body));
        discord.push(entry(to_discord.body));
    }
    wires.nothing_refused();
    take(&chromium, &folder, "slack-deploy", &slack::page(&slack), (760, 980));
    take(&chromium, &folder, "discord-deploy", &discord::page(&discord), (760, 940));
}

/// A canary in production, and somebody who asks for a release to staging.
async fn scene() -> Vec<Seen> {
    let mut stage = Stage::at("2026-01-05T10:02").await;
    stage.behaves("v1.3.0", 0.0, "");
    stage.says("khalid", "/deploy v1.2.0 to production").await;
    stage.says("khalid", "/checklist tick D-1 1 13 22").await;
    let card = stage.world.chat().keyed("card:D-1").unwrap().id;
    for person in ["mona", "yusuf"] {
        stage.world.reacts(person, &card, "✅", true).await.unwrap();
    }
    stage.until("D-1", Status::Baking).await;
    stage.wait(Span::secs(150)).await;
    stage.card("canary", "D-1").await;
    stage.asks("answer", "", "sara", "/deploy v1.3.0 to staging").await;
    stage.card("staging", "D-2").await;
    let replies = |key: &str| {
        let card = stage.world.chat().keyed(key).unwrap();
        stage.world.chat().thread(&card.id).len()
    };
    let replies = [replies("card:D-1"), 0, replies("card:D-2")];
    let reactions = [vec![("✅", 2)], vec![], vec![]];
    let at = ["10:02", "10:04", "10:04"];
    let alone = [None, Some("/deploy v1.3.0 to staging"), None];
    let all = stage.shots.drain(..).zip(at).zip(replies).zip(alone).zip(reactions);
    all.map(|((((shot, at), replies), alone), reactions)| Seen { shot, at, replies, alone, reactions }).collect()
}

/// `1 reply`, `11 replies`.
pub fn many(n: usize, one: &str, more: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { more })
}

fn take(chromium: &str, folder: &str, name: &str, page: &str, (width, height): (u32, u32)) {
    let html = std::env::temp_dir().join(format!("{name}.html"));
    std::fs::write(&html, page).unwrap();
    let picture = Path::new(folder).join(format!("{name}.png"));
    let done = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
        .arg(format!("--window-size={width},{height}"))
        .arg(format!("--screenshot={}", picture.display()))
        .arg(format!("file://{}", html.display()))
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    println!("{} from {}", picture.display(), html.display());
}
