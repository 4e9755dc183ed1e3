//! An outage on the real program, as a person at a browser goes through it: from the first word to the reviewed post-mortem.

use super::driver::{Browser, with_browser};
use serde_json::json;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// The demo in a folder of its own, and its address with the key.
async fn demo(folder: &std::path::Path) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_signalbox"))
        .args(["demo", "--port", "0"])
        .current_dir(folder)
        .env_remove("SIGNALBOX_CONFIG")
        .env_remove("SIGNALBOX_STORE")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next_line().await.unwrap().unwrap();
    let url = first.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned();
    // Somebody has to read on, or it stands still when the pipe is full.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (child, url)
}

/// The page as somebody's.
async fn as_person(page: &Browser, url: &str, who: &str, name: &str) {
    page.client.goto("about:blank").await.unwrap();
    page.client.goto(&format!("{url}&as={who}")).await.unwrap();
    page.sees("#me", name).await;
    page.until("document.querySelector('#live')?.textContent === 'Live'").await;
    page.click("[data-channel=incidents]").await;
    page.until("document.querySelector('[data-channel=incidents]').getAttribute('aria-current') !== null").await;
}

/// Types a line and sends it; an open list of completions is left first.
async fn says(page: &Browser, line: &str) {
    page.click("#composer-text").await;
    page.types(line).await;
    page.types(" ").await;
    page.click(".composer-box button").await;
    page.until("document.querySelector('#composer-text').value === ''").await;
}

/// Waits until one of the messages of a kind holds a text.
async fn shows(page: &Browser, kind: &str, text: &str) {
    let (css, text) = (json!(format!("#messages {kind}")), json!(text));
    page.until(&format!("[...document.querySelectorAll({css})].some((e) => e.innerText.includes({text}))")).await;
}

/// Presses a button of the incident's card, which is drawn anew whenever something happens to it.
async fn presses(page: &Browser, label: &str) {
    let css = json!(format!("#messages [data-focus$='-{label}']"));
    page.until(&format!("((b) => b && (b.click(), true))(document.querySelector({css}))")).await;
}

#[tokio::test]
async fn an_outage_is_declared_taken_told_about_resolved_and_reviewed() {
    with_browser(async |page| {
        let folder = tempfile::tempdir().unwrap();
        let (mut program, url) = demo(folder.path()).await;
        as_person(page, &url, "omar", "Omar Farouk").await;
        says(page, "/incident P0 the API is down --service api").await;
        shows(page, ".only-me", "INC-1 is declared as P0").await;
        shows(page, ".card", "INC-1 P0 the API is down · open").await;
        shows(page, ".card", "L2 Khalid Nasser").await;

        // Its war room is a channel of its own, and what is typed there is about it.
        page.until("((b) => b && (b.click(), true))(document.querySelector('#channels [data-channel=inc-1]'))").await;
        shows(page, ".card", "The war room of INC-1: P0 the API is down").await;
        shows(page, ".card", "First questions and quick wins for INC-1").await;
        says(page, "/incident impact every shop").await;
        shows(page, ".card", "Impact: every shop").await;

        // Whoever is paged takes it by a button, and says how it stands in a form.
        as_person(page, &url, "khalid", "Khalid Nasser").await;
        presses(page, "Acknowledge").await;
        shows(page, ".card", "acknowledged").await;
        presses(page, "Update").await;
        page.sees("dialog", "How it stands").await;
        page.types("a disk is full, we make room").await;
        page.click("dialog button[type=submit]").await;
        shows(page, ".card", "a disk is full, we make room").await;
        presses(page, "Mitigated").await;
        page.sees("dialog", "What helped").await;
        page.types("made room").await;
        page.click("dialog button[type=submit]").await;
        shows(page, ".card", "· mitigated").await;

        // Without a cause it is not over; what was typed stays.
        presses(page, "Resolve").await;
        page.sees("dialog", "Its root cause").await;
        page.types("the disk has room again").await;
        page.click("dialog button[type=submit]").await;
        page.sees("dialog .form-error", "root cause").await;
        page.click("dialog [name=cause]").await;
        page.types("logs were never rotated").await;
        page.click("dialog button[type=submit]").await;
        shows(page, ".card", "Root cause: logs were never rotated").await;

        // The draft is in the thread at once, with what happened in it.
        presses(page, "Post-mortem").await;
        shows(page, ".only-me", "logs were never rotated").await;
        presses(page, "Reviewed").await;
        shows(page, ".only-me", "/incident lessons INC-1").await;
        presses(page, "Lessons").await;
        page.sees("dialog", "What was learned").await;
        page.types("a full disk is an alarm").await;
        page.click("dialog button[type=submit]").await;
        shows(page, ".card", "complete, by Khalid Nasser").await;
        says(page, "/incident action INC-1 rotate the logs --owner dana --due 7d").await;
        shows(page, ".card", "rotate the logs · Dana Khoury").await;
        presses(page, "Reviewed").await;
        shows(page, ".card", "· reviewed").await;
        program.kill().await.unwrap();
    })
    .await;
}
