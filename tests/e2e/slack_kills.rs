//! Slash commands over signed HTTP while the program is killed again and again: what was acknowledged is there, worked, and
//! counts once, also when it is delivered a second time.

use crate::support::journal::events;
use crate::support::until;
use crate::support::yard::Yard;
use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use signalbox::clock::{Clock as _, SystemClock};
use signalbox::domain::plan::hex;
use signalbox::store::open_read_only;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::watch;

const ACTS: usize = 300;
const SENDERS: usize = 8;
const KILLS: usize = 3;
const SECRET: &str = "test-signing-secret";

const SLACK: &str = r#"
[slack]
mode = "http"
bot_token = { env = "A_BOT_TOKEN" }
signing_secret = { env = "A_SECRET" }
listen = "127.0.0.1:0"
base_url = "WEB/api"
channels = { deployments = "C0DEPOT" }
"#;

/// A Web API that takes everything, and counts how often each act was answered.
struct Web {
    url: String,
    told: Arc<Vec<AtomicU32>>,
}

impl Web {
    async fn start() -> Self {
        let told: Arc<Vec<AtomicU32>> = Arc::new((0..ACTS).map(|_| AtomicU32::new(0)).collect());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&told));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, told }
    }
}

async fn answer(State(told): State<Arc<Vec<AtomicU32>>>, uri: Uri) -> &'static str {
    if let Some(n) = uri.path().strip_prefix("/hook/") {
        told[n.parse::<usize>().unwrap()].fetch_add(1, Ordering::Relaxed);
    }
    r#"{"ok":true,"ts":"1.000001","channel":"C0DEPOT","user_id":"U0BOT","channels":[],"messages":[]}"#
}

fn reason(n: usize) -> String {
    format!("act number {n}")
}

/// Ada locks the environment and Bob a service in it, with a reason of its own each time.
fn body(web: &str, n: usize) -> String {
    let (who, what) = if n.is_multiple_of(2) { ("UADA", "depot") } else { ("UBOB", "shop+in+depot") };
    let (text, hook) = (format!("{what}+for+2h+{}", reason(n).replace(' ', "+")), web.replace("://", "%3A%2F%2F"));
    format!(
        "team_id=T1&channel_id=C0DEPOT&channel_name=deployments&user_id={who}&command=%2Flock&text={text}\
         &response_url={hook}%2Fhook%2F{n}&trigger_id={}",
        trigger(n)
    )
}

fn trigger(n: usize) -> String {
    format!("{}.42.abcdef", 1_000_000 + n)
}

/// Delivers an act until it is acknowledged, signed anew each time; `addresses` changes with each start of the program.
async fn deliver(addresses: &mut watch::Receiver<String>, body: &str, attempt: &mut i64) {
    let client = signalbox::http::loopback().unwrap();
    loop {
        let address = addresses.borrow_and_update().clone();
        let time = SystemClock::new().now().wall.as_second() + *attempt;
        *attempt += 1;
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(format!("v0:{time}:{body}").as_bytes());
        let request = client
            .post(format!("http://{address}/slack"))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-slack-request-timestamp", time)
            .header("x-slack-signature", format!("v0={}", hex(&mac.finalize().into_bytes())));
        match request.body(body.to_owned()).send().await {
            Ok(answer) => return assert_eq!(answer.status(), 200, "{body}"),
            // It is dead: whether this was kept nobody knows.
            Err(_) => _ = addresses.wait_for(|now| *now != address).await.unwrap(),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slash_commands_are_neither_lost_nor_doubled_by_kills() {
    let (web, yard) = (Web::start().await, Yard::new());
    yard.configure(|text| {
        let of = |name: &str| format!("name = \"{name}\", roles = [\"engineer\"]");
        let known = |name: &str, id: &str| format!("{}, accounts = {{ slack = \"{id}\" }}", of(name));
        let text = text.replace(&of("Ada"), &known("Ada", "UADA")).replace(&of("Bob"), &known("Bob", "UBOB"));
        text + &SLACK.replace("WEB", &web.url)
    });
    let env = [("A_BOT_TOKEN", "test-bot-token"), ("A_SECRET", SECRET)];
    let mut serving = yard.serve(&[], &env).await;
    let (moved, addresses) = watch::channel(serving.slack());
    let (acked, mut so_far) = watch::channel(0);
    let acked = Arc::new(acked);
    let senders = (0..SENDERS).map(|sender| {
        let (mut addresses, acked, url) = (addresses.clone(), Arc::clone(&acked), web.url.clone());
        tokio::spawn(async move {
            for n in (sender..ACTS).step_by(SENDERS) {
                let (body, mut attempt) = (body(&url, n), 0);
                deliver(&mut addresses, &body, &mut attempt).await;
                acked.send_modify(|n| *n += 1);
                if n.is_multiple_of(10) {
                    deliver(&mut addresses, &body, &mut attempt).await;
                }
            }
        })
    });
    let senders: Vec<_> = senders.collect();
    for kill in 1..=KILLS {
        so_far.wait_for(|n| *n >= kill * ACTS / (KILLS + 1)).await.unwrap();
        serving.program.kill().await;
        serving = yard.serve(&[], &env).await;
        moved.send(serving.slack()).unwrap();
    }
    for sender in senders {
        sender.await.unwrap();
    }
    let url = format!("sqlite:{}", yard.file("data/signalbox.db").display());
    let store = open_read_only(&url).await.unwrap();
    until("everything to be worked", async || match store.open_inbox_count().await.unwrap() {
        0 => Ok(()),
        open => Err(open),
    })
    .await;
    serving.stop().await;

    let kept: BTreeSet<String> = store.inbox_page("", 10_000).await.unwrap().into_iter().map(|row| row.key).collect();
    store.close().await.unwrap();
    assert_eq!(kept, (0..ACTS).map(|n| format!("slack:{}", trigger(n))).collect(), "each is kept under its own key");
    let locked = events(&yard.file("data"), "environment/depot").await;
    for n in 0..ACTS {
        let mine = format!("\"reason\":\"{}\"", reason(n));
        let found = locked.iter().filter(|e| e.kind == "locked" && e.body.contains(&mine)).count();
        assert_eq!(found, 1, "{} is in the journal {found} times", reason(n));
        // Told, then killed before that was noted: it is told again, the same.
        let told = web.told[n].load(Ordering::Relaxed);
        assert!((1..=1 + KILLS as u32).contains(&told), "{} was answered {told} times", reason(n));
    }
    yard.sound().await;
}
