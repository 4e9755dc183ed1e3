//! One headless browser per test, on a console of its own. Waiting is for the page to say so, never for a time to pass.

use super::fake::Fake;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use futures_util::FutureExt as _;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use signalbox::web::{bind, console_router, console_url};
use std::panic::AssertUnwindSafe;
use std::process::Stdio;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

pub const SECRET: &str = "opensesame";

/// How long a page may take to say that something is so; reached only by a failing test.
const PATIENCE_MS: u64 = 20_000;

/// Browsers at once.
static BROWSERS: Semaphore = Semaphore::const_new(2);

const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,860",
];

pub struct Browser {
    pub client: Client,
    pub fake: Arc<Fake>,
    pub url: String,
}

/// Starts a console and a browser, opens the page, and hands both to the test.
pub async fn with_page(test: impl AsyncFnOnce(&Browser)) {
    with_browser(async |browser| {
        browser.client.goto(&browser.url).await.unwrap();
        browser.until("document.querySelector('#live')?.textContent === 'Live'").await;
        browser.until("document.activeElement.id === 'composer-text'").await;
        test(browser).await;
    })
    .await;
}

pub async fn with_browser(test: impl AsyncFnOnce(&Browser)) {
    let _permit = BROWSERS.acquire().await.unwrap();
    let fake = Fake::new(None).await;
    let listener = bind("127.0.0.1:0".parse().unwrap(), false).await.unwrap();
    let url = console_url(listener.local_addr().unwrap(), SECRET);
    let server = tokio::spawn(axum::serve(listener, console_router(fake.deps(), SECRET)).into_future());
    let (mut driver, port) = chromedriver().await;
    let profile = tempfile::tempdir().unwrap();
    let client = connect(port, profile.path().to_str().unwrap()).await;
    let browser = Browser { client, fake, url };
    let ended = AssertUnwindSafe(test(&browser)).catch_unwind().await;
    if ended.is_err() {
        eprintln!("the page was: {}", browser.eval("document.body.innerText").await);
    }
    browser.client.close().await.unwrap();
    driver.kill().await.unwrap();
    server.abort();
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
}

async fn chromedriver() -> (Child, u16) {
    let started = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).kill_on_drop(true).spawn();
    let mut child = started.unwrap_or_else(|error| {
        panic!("cannot start `chromedriver` ({error}); install the packages chromium and chromium-driver, and put it on the PATH")
    });
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            let port = port.trim_end_matches('.').parse().unwrap();
            // Somebody has to read on, or it stands still when the pipe is full.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return (child, port);
        }
    }
    panic!("chromedriver ended before it said its port");
}

async fn connect(port: u16, profile: &str) -> Client {
    let flags: Vec<_> = FLAGS.iter().map(|f| (*f).to_owned()).chain([format!("--user-data-dir={profile}")]).collect();
    let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": { "args": flags } });
    let Value::Object(wanted) = wanted else { unreachable!() };
    let mut builder = ClientBuilder::new(HttpConnector::new());
    let client = builder.capabilities(wanted).connect(&format!("http://127.0.0.1:{port}")).await;
    client.unwrap_or_else(|error| {
        panic!("chromedriver cannot start a browser ({error}); is the package chromium installed?")
    })
}

impl Browser {
    /// The value of an expression on the page.
    pub async fn eval(&self, expression: &str) -> Value {
        self.client.execute(&format!("return ({expression});"), vec![]).await.unwrap()
    }

    /// Waits until an expression is true; asked again whenever anything on the page changes.
    #[track_caller]
    pub fn until<'a>(&'a self, expression: &str) -> impl Future<Output = ()> + use<'a> {
        let caller = std::panic::Location::caller();
        let expression = expression.to_owned();
        let script = format!(
            "const done = arguments[arguments.length - 1];
             const holds = () => {{ try {{ return Boolean({expression}); }} catch {{ return false; }} }};
             const events = ['focusin', 'input', 'scroll', 'transitionend'];
             const look = () => {{ if (holds()) end(true); }};
             const watch = new MutationObserver(look);
             const late = setTimeout(() => end(false), {PATIENCE_MS});
             function end(answer) {{
               watch.disconnect(); clearTimeout(late);
               events.forEach((e) => document.removeEventListener(e, look, true));
               done(answer);
             }}
             watch.observe(document, {{ subtree: true, childList: true, attributes: true, characterData: true }});
             events.forEach((e) => document.addEventListener(e, look, true));
             look();"
        );
        async move {
            let holds = self.client.execute_async(&script, vec![]).await.unwrap();
            assert!(holds == json!(true), "{caller}: never became true: {expression}");
        }
    }

    /// Waits until an element's text holds another.
    #[track_caller]
    pub fn sees<'a>(&'a self, css: &str, text: &str) -> impl Future<Output = ()> + use<'a> {
        self.until(&format!("document.querySelector({})?.innerText.includes({})", json!(css), json!(text)))
    }

    pub async fn click(&self, css: &str) {
        self.until(&format!("document.querySelector({})", json!(css))).await;
        self.client.find(Locator::Css(css)).await.unwrap().click().await.unwrap_or_else(|e| panic!("{css}: {e}"));
    }

    /// Types where the focus is.
    pub async fn types(&self, text: &str) {
        self.client.active_element().await.unwrap().send_keys(text).await.unwrap();
    }

    pub async fn press(&self, key: Key) {
        self.types(&char::from(key).to_string()).await;
    }

    /// Presses Tab, backwards if told, until the focus is on an element; the way a person without a mouse gets there.
    pub async fn tab_to(&self, css: &str, back: bool) {
        let key = if back {
            format!("{}{}", char::from(Key::Shift), char::from(Key::Tab))
        } else {
            char::from(Key::Tab).to_string()
        };
        for _ in 0..60 {
            self.types(&key).await;
            if self.eval(&format!("document.activeElement.matches({})", json!(css))).await == json!(true) {
                return;
            }
        }
        panic!("Tab never reaches {css}");
    }
}
