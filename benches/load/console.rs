//! The console of the demo over real sockets: from the sending of a post to its answer, and to its event on a live stream.

use crate::figures::Times;
use crate::process::{start_demo, stop};
use crate::{Options, Result, conditions, http};
use signalbox::clock::Stopwatch;
use std::time::Duration;
use tokio::sync::mpsc;

pub async fn run(options: &Options) -> Result<()> {
    let folder = conditions::fresh(&options.folder, "console")?;
    let (mut child, address, key) = start_demo(&folder).await?;
    let page = http::ask(address, "GET", "/", &key, "").await?;
    println!("page: HTTP {}, {} bytes", page.split(' ').nth(1).unwrap_or_default(), page.len());
    let mut lines = http::live(address, "/api/stream?as=sara", &key).await?;
    let (heard, mut hears) = mpsc::unbounded_channel();
    let begun = Stopwatch::start();
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some(data) = line.strip_prefix("data:") {
                let _ = heard.send((begun.elapsed_std(), data.to_owned()));
            }
        }
    });
    let (mut answered, mut told) = (Times::default(), Times::default());
    for n in 0..options.rounds * 50 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let text = format!("message number {n} of the load test");
        let body = format!(r##"{{"as":"omar","channel":"engineering","text":"{text}"}}"##);
        let sent = begun.elapsed_std();
        let answer = http::ask(address, "POST", "/api/post", &key, &body).await?;
        answered.add(begun.elapsed_std() - sent);
        if !answer.starts_with("HTTP/1.1 200") {
            return Err(format!("the post is refused: {answer}").into());
        }
        loop {
            let found = tokio::time::timeout(Duration::from_secs(5), hears.recv()).await?;
            let (at, data) = found.ok_or("the live stream ended")?;
            if data.contains(&text) {
                told.add(at.saturating_sub(sent));
                break;
            }
        }
    }
    answered.show("console: post sent to answered");
    told.show("console: post sent to event on a live stream");
    stop(&mut child).await
}
