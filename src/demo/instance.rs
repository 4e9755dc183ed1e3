//! One running copy of a service: a process of its own that answers on loopback.
//!
//! It prints `listening ADDRESS` and ends when its standard input does, which happens at the latest when the process that
//! started it dies, however it dies.

use super::catalogue::{self, Behaviour};
use crate::clock::Stopwatch;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

/// What a line on standard output begins with, before the address.
pub const LISTENING: &str = "listening ";

struct Instance {
    service: String,
    environment: String,
    version: String,
    revision: String,
    behaviour: Behaviour,
    since: Stopwatch,
    requests: AtomicU64,
    errors: AtomicU64,
}

/// Serves until standard input ends. `args` are service, environment and version; for the hidden subcommand
/// `fleet-instance`.
#[must_use]
pub fn run_instance(args: &[String]) -> ExitCode {
    let [service, environment, version] = args else { return fail("expected: service, environment, version") };
    let Some(known) = catalogue::version(version) else { return fail("there is no such version") };
    let instance = Instance {
        service: service.clone(),
        environment: environment.clone(),
        version: version.clone(),
        revision: catalogue::revision(service, version),
        behaviour: known.behaviour,
        since: Stopwatch::start(),
        requests: AtomicU64::new(0),
        errors: AtomicU64::new(0),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => return fail(&e.to_string()),
    };
    // A terminal's Ctrl-C is for the parent, which ends this process in its own time.
    let _ = rustix::process::setsid();
    match runtime.block_on(serve(instance)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => fail(&e.to_string()),
    }
}

fn fail(why: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "fleet-instance: {why}");
    ExitCode::FAILURE
}

async fn serve(instance: Instance) -> io::Result<()> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let mut out = io::stdout();
    writeln!(out, "{LISTENING}{}", listener.local_addr()?)?;
    out.flush()?;
    let app = Router::new()
        .route("/", get(work))
        .route("/health/live", get(|| async { Json(json!({"status": "alive"})) }))
        .route("/health/ready", get(ready))
        .route("/health/detailed", get(detailed))
        .route("/version", get(version))
        .with_state(Arc::new(instance));
    let parent_gone = async {
        let mut stdin = tokio::io::stdin();
        let mut nothing = [0_u8; 64];
        while stdin.read(&mut nothing).await.is_ok_and(|n| n > 0) {}
    };
    tokio::select! {
        served = async { axum::serve(listener, app).await } => served,
        () = parent_gone => Ok(()),
    }
}

/// The work: a few milliseconds, and what the version makes of it.
async fn work(State(instance): State<Arc<Instance>>) -> Response {
    let number = instance.requests.fetch_add(1, Relaxed);
    tokio::time::sleep(Duration::from_millis(2 + number % 7)).await;
    if instance.behaviour.fails(number) {
        instance.errors.fetch_add(1, Relaxed);
        let body = Json(json!({"error": "cannot read the cache", "version": instance.version}));
        return (StatusCode::INTERNAL_SERVER_ERROR, body).into_response();
    }
    Json(json!({"service": instance.service, "version": instance.version, "request": number})).into_response()
}

async fn ready(State(instance): State<Arc<Instance>>) -> Response {
    match instance.behaviour.ready() {
        Ok(()) => Json(json!({"status": "ready"})).into_response(),
        Err(why) => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "not ready", "reason": why}))).into_response()
        }
    }
}

async fn detailed(State(instance): State<Arc<Instance>>) -> Response {
    let ready = instance.behaviour.ready();
    let body = json!({
        "service": instance.service,
        "environment": instance.environment,
        "version": instance.version,
        "revision": instance.revision,
        "status": if ready.is_ok() { "ok" } else { "red" },
        "reason": ready.err(),
        "uptime_s": instance.since.elapsed().as_secs(),
        "requests": instance.requests.load(Relaxed),
        "errors": instance.errors.load(Relaxed),
    });
    let status = if ready.is_ok() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(body)).into_response()
}

async fn version(State(instance): State<Arc<Instance>>) -> Json<Value> {
    Json(json!({"version": instance.version, "revision": instance.revision}))
}
