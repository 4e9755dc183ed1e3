//! Probes and the HTTP executor against a server on loopback, and probes that run programs.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{any, get};
use signalbox::clock::{Clock as _, Stopwatch, SystemClock};
use signalbox::domain::ids::{EnvironmentName, ServiceName};
use signalbox::domain::plan::Release;
use signalbox::domain::policy::{Ask, Comparison, Condition, ProbeSpec, Recovery, Source};
use signalbox::domain::probe::{Reading, Verdict};
use signalbox::domain::time::Span;
use signalbox::jobs::command::CommandExecutor;
use signalbox::jobs::http::HttpExecutor;
use signalbox::jobs::{Executor, Job, JobAction, JobEnd, JobOutcome, JobStatus, Target};
use signalbox::limits;
use signalbox::probes::{Probe as _, Probes};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_signalbox");
const PATIENCE: Span = Span::secs(60);

#[derive(Default)]
struct Seen {
    requests: AtomicU64,
    keys: Mutex<Vec<String>>,
    bodies: Mutex<Vec<String>>,
}

/// A server that answers what the tests need.
async fn server() -> (SocketAddr, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let app = Router::new()
        .route("/ok", get(|| async { "v1.2.0\n" }))
        .route("/json", get(|| async { r#"{"status":"ok","checks":{"a/b":[{"ms":12.5}]},"none":null}"# }))
        .route("/red", get(|| async { (StatusCode::SERVICE_UNAVAILABLE, "database gone\n\u{1b}[31m") }))
        .route("/page", get(|| async { "<html>hello</html>" }))
        .route("/long", get(|| async { "x".repeat(limits::HTTP_BODY_BYTES + 1) }))
        .route("/full", get(|| async { format!("{}end", "x".repeat(limits::HTTP_BODY_BYTES - 3)) }))
        .route("/moved", get(|| async { (StatusCode::FOUND, [("location", "/ok")], "") }))
        .route("/path/{version}", get(|axum::extract::Path(v): axum::extract::Path<String>| async move { v }))
        .route("/hang", any(std::future::pending::<()>))
        .route(
            "/hook",
            any(|State(seen): State<Arc<Seen>>, headers: HeaderMap, body: String| async move {
                seen.requests.fetch_add(1, SeqCst);
                seen.keys.lock().unwrap().push(headers["idempotency-key"].to_str().unwrap().to_owned());
                seen.bodies.lock().unwrap().push(format!("{} {body}", headers["content-type"].to_str().unwrap()));
                (StatusCode::CREATED, "made")
            }),
        )
        .with_state(seen.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, seen)
}

fn target() -> Target {
    Target {
        deployment: None,
        service: ServiceName::new("api"),
        environment: EnvironmentName::new("staging"),
        settings: Default::default(),
        release: Some(Release { version: "v1/../x".into(), revision: "abc".into(), changes: Vec::new() }),
        previous: None,
    }
}

fn spec(ask: Ask) -> ProbeSpec {
    ProbeSpec {
        name: "probe".into(),
        ask,
        timeout: Span::secs(20),
        fresh_for: Span::ZERO,
        conditions: Vec::new(),
        source: Source::default(),
    }
}

fn url(url: String) -> ProbeSpec {
    spec(Ask::Http { url, expect_status: 200, json: None, expect_text: None })
}

fn expecting(at: SocketAddr, path: &str, json: Option<&str>, text: Option<&str>) -> ProbeSpec {
    let (json, expect_text) = (json.map(str::to_owned), text.map(str::to_owned));
    spec(Ask::Http { url: format!("http://{at}{path}"), expect_status: 200, json, expect_text })
}

async fn read(spec: &ProbeSpec) -> Reading {
    let none = Arc::new(|_: &ServiceName| None);
    let probes = Probes::new(signalbox::http::loopback().unwrap(), none);
    probes.read(spec, &target(), SystemClock::new().now()).await
}

/// Verdict and text, without the milliseconds.
async fn said(spec: &ProbeSpec) -> (Verdict, String) {
    let reading = read(spec).await;
    let latency = reading.values.get("latency_ms").map(|ms| format!(" in {ms} ms"));
    (reading.verdict, latency.map_or(reading.text.clone(), |l| reading.text.replacen(&l, "", 1)))
}

fn is(verdict: Verdict, text: &str) -> (Verdict, String) {
    (verdict, text.to_owned())
}

#[tokio::test]
async fn status_field_and_text_decide() {
    use Verdict::{Healthy, Inconclusive, Unhealthy};
    let (at, _) = server().await;
    for (path, json, text, expected) in [
        ("/ok", None, None, is(Healthy, "v1.2.0")),
        ("/ok", None, Some("1.2"), is(Healthy, "v1.2.0")),
        ("/ok", None, Some("v9"), is(Unhealthy, "HTTP 200, without \"v9\": v1.2.0")),
        ("/page", None, None, is(Healthy, "HTTP 200")),
        ("/json", Some("/status"), None, is(Healthy, "ok")),
        ("/json", Some("/status"), Some("ok"), is(Healthy, "ok")),
        ("/json", Some("/status"), Some("o"), is(Unhealthy, "HTTP 200, /status is \"ok\", not \"o\"")),
        ("/json", Some("/checks/a~1b/0/ms"), None, is(Healthy, "12.5")),
        ("/json", Some("/nothing"), None, is(Inconclusive, "HTTP 200, the body has no /nothing")),
        ("/ok", Some("/status"), None, is(Inconclusive, "HTTP 200, the body is not JSON")),
        ("/red", None, None, is(Unhealthy, "HTTP 503, expected 200: database gone [31m")),
        ("/red", Some("/status"), None, is(Unhealthy, "HTTP 503, expected 200: database gone [31m")),
        ("/moved", None, None, is(Unhealthy, "HTTP 302, expected 200")),
        ("/full", None, Some("end"), is(Healthy, &format!("{}…", "x".repeat(limits::READING_CHARS)))),
        ("/long", None, Some("end"), is(Inconclusive, "HTTP 200, the body is too long to be read")),
    ] {
        assert_eq!(said(&expecting(at, path, json, text)).await, expected, "{path} {json:?} {text:?}");
    }
    let number = read(&expecting(at, "/json", Some("/checks/a~1b/0/ms"), None)).await;
    assert_eq!((number.values["value"], number.values["status"]), (12.5, 200.0));
    assert_eq!(number.probe, "probe");
}

#[tokio::test]
async fn conditions_are_judged_and_named() {
    let (at, _) = server().await;
    let when = |value: &str, limit| Condition { value: value.into(), op: Comparison::Less, limit };
    let mut probe = expecting(at, "/json", Some("/checks/a~1b/0/ms"), None);
    probe.conditions = vec![when("value", 13.0), when("status", 300.0)];
    assert_eq!(said(&probe).await, is(Verdict::Healthy, "12.5"));
    probe.conditions = vec![when("value", 12.0)];
    assert_eq!(said(&probe).await, is(Verdict::Unhealthy, "12.5; value is 12.5, not value < 12"));
    probe.conditions = vec![when("errors", 5.0)];
    assert_eq!(said(&probe).await, is(Verdict::Inconclusive, "12.5; there is no errors"));
}

#[tokio::test]
async fn what_cannot_be_reached_is_inconclusive() {
    let (at, _) = server().await;
    let mut hang = expecting(at, "/hang", None, None);
    hang.timeout = Span::millis(50);
    assert_eq!(said(&hang).await, is(Verdict::Inconclusive, "no answer in time"));
    // A port that was free a moment ago.
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let refused = said(&expecting(free, "/", None, None)).await;
    assert_eq!(refused.0, Verdict::Inconclusive);
    assert!(refused.1.starts_with("cannot connect"), "{}", refused.1);
    assert_eq!(said(&url("not a url".into())).await, is(Verdict::Inconclusive, "this is not a URL that can be asked"));
    let (verdict, text) = said(&url(format!("http://{at}/{{nope}}"))).await;
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(text.contains("`{nope}` is not known"), "{text}");
    let asked = said(&spec(Ask::Executor { what: "health".into() })).await;
    assert_eq!(asked, is(Verdict::Inconclusive, "nothing here deploys api"));
}

#[tokio::test]
async fn a_value_cannot_leave_its_place_in_a_url() {
    let (at, _) = server().await;
    assert_eq!(said(&url(format!("http://{at}/path/{{version}}"))).await, is(Verdict::Healthy, "v1/../x"));
}

#[tokio::test]
async fn executors_are_asked_by_the_service_they_deploy() {
    let data = tempfile::tempdir().unwrap();
    let commands: Arc<dyn Executor> = Arc::new(CommandExecutor::new(data.path(), Path::new(BINARY)));
    let of = Arc::new(move |service: &ServiceName| (service.as_str() == "api").then(|| commands.clone()));
    let probes = Probes::new(signalbox::http::loopback().unwrap(), of);
    let reading =
        probes.read(&spec(Ask::Executor { what: "health".into() }), &target(), SystemClock::new().now()).await;
    assert_eq!(reading.verdict, Verdict::Inconclusive);
    assert_eq!(reading.text, "commands have no `health` to read; use a probe of kind `command` or `http`");
}

#[tokio::test]
async fn programs_answer_by_exit_code_and_last_line() {
    use Verdict::{Healthy, Inconclusive, Unhealthy};
    let sh = |script: &str| {
        spec(Ask::Command {
            argv: ["sh", "-c", script, "sh", "{version}"].map(str::to_owned).to_vec(),
            env: Vec::new(),
        })
    };
    for (script, verdict, text, value) in [
        ("echo noise; echo 42; echo", Healthy, "42", Some(42.0)),
        ("echo v1.2.0", Healthy, "v1.2.0", None),
        ("echo NaN", Healthy, "NaN", None),
        ("echo \"$1\"", Healthy, "v1/../x", None),
        ("exit 0", Healthy, "exit code 0", None),
        ("echo 7; exit 1", Unhealthy, "exit code 1: 7", Some(7.0)),
        ("exit 2", Inconclusive, "exit code 2", None),
        ("kill -9 $$", Inconclusive, "ended by a signal", None),
    ] {
        let reading = read(&sh(script)).await;
        assert_eq!((reading.verdict, reading.text.as_str()), (verdict, text), "{script}");
        assert_eq!(reading.values.get("value").copied(), value, "{script}");
    }
    let mut hang = sh("sleep 1000");
    hang.timeout = Span::millis(50);
    assert_eq!(said(&hang).await, is(Inconclusive, "`sh` did not answer within 50 ms"));
}

struct Shop {
    data: TempDir,
    http: HttpExecutor,
    clock: SystemClock,
}

impl Shop {
    fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let http = HttpExecutor::new(data.path(), signalbox::http::loopback().unwrap());
        Self { data, http, clock: SystemClock::new() }
    }

    async fn poll(&self, job: &Job) -> JobStatus {
        let restarted = HttpExecutor::new(self.data.path(), signalbox::http::loopback().unwrap());
        restarted.poll(job, self.clock.now()).await.unwrap()
    }

    async fn run(&self, job: &Job) -> JobEnd {
        self.http.start(job, self.clock.now()).await.unwrap();
        let watch = Stopwatch::start();
        loop {
            match self.poll(job).await {
                JobStatus::Ended { end } => return end,
                JobStatus::Running => tokio::time::sleep(Duration::from_millis(5)).await,
                other => panic!("{other:?}"),
            }
            assert!(watch.elapsed() < PATIENCE);
        }
    }
}

fn request(key: &str, url: String, body: Option<&str>) -> Job {
    let action = JobAction::Http {
        method: if body.is_some() { "POST".into() } else { "GET".into() },
        url,
        body: body.map(str::to_owned),
        expect_status: 201,
        recovery: Recovery::AtMostOnce,
    };
    Job { key: key.into(), target: target(), action, time_limit: Span::secs(20) }
}

fn ended(outcome: JobOutcome, summary: &str) -> JobEnd {
    JobEnd { outcome, summary: summary.into() }
}

#[tokio::test]
async fn a_request_is_made_once_and_its_answer_is_kept() {
    let (at, seen) = server().await;
    let shop = Shop::new();
    let hook = request("D-1.s1.a1", format!("http://{at}/hook"), Some("{\"a\":1}"));
    assert_eq!(shop.poll(&hook).await, JobStatus::NotFound);
    assert_eq!(shop.run(&hook).await, ended(JobOutcome::Succeeded, "HTTP 201"));
    assert_eq!(shop.run(&hook).await, ended(JobOutcome::Succeeded, "HTTP 201"));
    assert_eq!(seen.requests.load(SeqCst), 1);
    assert_eq!(*seen.keys.lock().unwrap(), ["D-1.s1.a1"]);
    assert_eq!(*seen.bodies.lock().unwrap(), ["application/json {\"a\":1}"]);
    assert_eq!(shop.http.output("D-1.s1.a1", 0).await.unwrap().text, "made");
    assert_eq!(shop.http.recovery(&hook), Recovery::AtMostOnce);
}

#[tokio::test]
async fn requests_that_go_wrong_say_how() {
    let (at, _) = server().await;
    let shop = Shop::new();
    let other = shop.run(&request("other", format!("http://{at}/ok"), None)).await;
    assert_eq!(other, ended(JobOutcome::Failed, "HTTP 200, expected 201"));
    let mut hang = request("hang", format!("http://{at}/hang"), None);
    hang.time_limit = Span::millis(50);
    assert_eq!(shop.run(&hang).await, ended(JobOutcome::TimedOut, "no answer in time"));
    let odd = shop.run(&request("odd", "::".into(), None)).await;
    assert_eq!(odd, ended(JobOutcome::Failed, "this is not a URL that can be asked"));
    let mut deploy = request("deploy", String::new(), None);
    deploy.action = JobAction::Deploy;
    assert_eq!(shop.run(&deploy).await.outcome, JobOutcome::Failed);
}

#[tokio::test]
async fn a_request_on_its_way_is_cancelled_or_lost() {
    let (at, _) = server().await;
    let shop = Shop::new();
    let hang = request("hang", format!("http://{at}/hang"), None);
    let never = request("never", format!("http://{at}/hang"), None);
    shop.http.cancel(&never).await.unwrap();
    assert_eq!(shop.run(&never).await, ended(JobOutcome::Cancelled, "cancelled before it began"));
    shop.http.start(&hang, shop.clock.now()).await.unwrap();
    assert_eq!(shop.poll(&hang).await, JobStatus::Running);
    shop.http.cancel(&hang).await.unwrap();
    assert_eq!(shop.run(&hang).await, ended(JobOutcome::Cancelled, "cancelled"));

    // The process that asked is gone: its request dies with its runtime.
    let lost = request("lost", format!("http://{at}/hang"), None);
    std::thread::scope(|threads| {
        let asks = async || {
            let http = HttpExecutor::new(shop.data.path(), signalbox::http::loopback().unwrap());
            http.start(&lost, shop.clock.now()).await.unwrap();
        };
        threads.spawn(move || {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(asks())
        });
    });
    assert_eq!(shop.poll(&lost).await, JobStatus::Lost);
}
