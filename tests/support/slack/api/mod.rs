//! The Web API: every call is parsed, checked for its token, scopes and rate, and answered as the real one does.

mod args;
mod chat;
mod conversations;
mod files;
mod hooks;
mod lists;
mod methods;
mod misc;
mod post;
mod reactions;
pub mod views;

pub use hooks::from_ack as commands_reply;
pub use post::say;

use super::FakeSlack;
use super::faults::Fault;
use super::world::{Request, World};
use args::Args;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use serde_json::{Value, json};

/// A refusal in Slack's words.
#[derive(Clone, Debug)]
pub struct Fail {
    pub error: String,
    /// Shown as `response_metadata.messages`.
    pub details: Vec<String>,
    pub extra: Vec<(&'static str, Value)>,
    pub status: u16,
    pub retry_after: Option<u64>,
}

impl From<&str> for Fail {
    fn from(error: &str) -> Self {
        Self { error: error.into(), details: vec![], extra: vec![], status: 200, retry_after: None }
    }
}

impl Fail {
    pub fn because(error: &str, details: Vec<String>) -> Self {
        Self { details, ..Self::from(error) }
    }

    fn with(mut self, key: &'static str, value: Value) -> Self {
        self.extra.push((key, value));
        self
    }
}

pub type Done = Result<Value, Fail>;

/// One call that may be carried out.
pub struct Call<'a> {
    pub world: &'a mut World,
    pub method: &'a str,
    pub now: i64,
    pub args: Args,
}

pub fn routes() -> axum::Router<FakeSlack> {
    axum::Router::new()
        .route("/api/{method}", any(call))
        .route("/hooks/{*key}", post(hooks::respond))
        .route("/upload/{id}", post(files::upload))
        .layer(axum::extract::DefaultBodyLimit::disable())
}

async fn call(
    State(fake): State<FakeSlack>,
    Path(method): Path<String>,
    query: RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let args = Args::read(&method, query.0.as_deref().unwrap_or_default(), &headers, &body);
    if fake.read(|world| world.faults.down) {
        note(&fake, &method, &args, "fault: down");
        return broken();
    }
    let fault = fake.with(|world| world.faults.take(&method));
    if let Some(fault) = &fault
        && let Some(answer) = before(&fake, &method, &args, fault)
    {
        return answer.await;
    }
    let done = fake.with(|world| handle(world, &method, args, &headers));
    match fault {
        None => respond(&fake, &method, done),
        Some(Fault::DoneThenBroken) => broken(),
        Some(Fault::DoneThenHang) => std::future::pending().await,
        Some(Fault::DoneThenBody(body)) => (StatusCode::OK, body).into_response(),
        Some(_) => (StatusCode::INTERNAL_SERVER_ERROR, "<html>Server Error</html>").into_response(),
    }
}

type Later = std::pin::Pin<Box<dyn Future<Output = Response> + Send>>;

/// A fault that answers in place of the workspace.
fn before(fake: &FakeSlack, method: &str, args: &Args, fault: &Fault) -> Option<Later> {
    let answer = match fault {
        Fault::TooMany(seconds) => too_many(*seconds),
        Fault::Status(status) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, "<html>Server Error</html>").into_response()
        }
        Fault::Error(error) => axum::Json(json!({"ok": false, "error": error})).into_response(),
        Fault::Hang => {
            note(fake, method, args, "fault: hang");
            return Some(Box::pin(std::future::pending()));
        }
        _ => return None,
    };
    note(fake, method, args, "fault");
    Some(Box::pin(std::future::ready(answer)))
}

fn note(fake: &FakeSlack, method: &str, args: &Args, outcome: &str) {
    fake.with(|world| {
        let at_ms = world.now();
        world.remember(Request { method: method.into(), at_ms, args: args.value(), outcome: outcome.into() });
    });
}

fn too_many(seconds: u64) -> Response {
    let headers = [("retry-after", seconds.to_string())];
    (StatusCode::TOO_MANY_REQUESTS, headers, axum::Json(json!({"ok": false, "error": "ratelimited"}))).into_response()
}

/// The head of an answer, and then nothing: the connection breaks.
fn broken() -> Response {
    let end = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("the line is cut")) });
    Body::from_stream(end).into_response()
}

fn handle(world: &mut World, method: &str, args: Args, headers: &HeaderMap) -> Done {
    let now = world.now();
    let (kept, token) = (args.value(), args.token(headers));
    let done = check(world, method, &args, token, now).and_then(|run| run(&mut Call { world, method, now, args }));
    let outcome = match &done {
        Ok(_) => "ok".to_owned(),
        Err(fail) => fail.error.clone(),
    };
    world.remember(Request { method: method.into(), at_ms: now, args: kept, outcome });
    if let Err(fail) = &done {
        world.refuse(method, &fail.error, fail.details.clone());
    }
    done
}

type Run = fn(&mut Call<'_>) -> Done;

fn check(world: &mut World, method: &str, args: &Args, token: Option<String>, now: i64) -> Result<Run, Fail> {
    let Some(spec) = methods::spec(method) else {
        return Err(Fail::from("unknown_method").with("req_method", json!(method)));
    };
    let token = token.ok_or_else(|| Fail::from("not_authed"))?;
    let options = &world.options;
    let granted = match token {
        token if token == options.bot_token && !spec.app_token => &options.bot_scopes,
        token if token == options.app_token && (spec.app_token || method == "auth.test") => &options.app_scopes,
        token if token == options.bot_token || token == options.app_token => {
            return Err(Fail::from("not_allowed_token_type"));
        }
        _ => return Err(Fail::from("invalid_auth")),
    };
    if !spec.scopes.is_empty() && !spec.scopes.iter().any(|scope| granted.contains(*scope)) {
        return Err(missing(spec.scopes, granted));
    }
    if let Some(problem) = &args.problem {
        return Err(Fail::from(problem.as_str()));
    }
    let channel = args.text("channel").unwrap_or_default();
    let rates = world.options.rates;
    if let Err(seconds) = world.buckets.take(method, &channel, spec.tier, now, rates) {
        return Err(Fail { status: 429, retry_after: Some(seconds), ..Fail::from("ratelimited") });
    }
    Ok(spec.run)
}

pub fn missing(needed: &[&str], granted: &std::collections::BTreeSet<String>) -> Fail {
    let provided: Vec<_> = granted.iter().map(String::as_str).collect();
    Fail::from("missing_scope").with("needed", json!(needed.join(","))).with("provided", json!(provided.join(",")))
}

fn respond(fake: &FakeSlack, method: &str, done: Done) -> Response {
    let (mut body, status, retry) = match done {
        Ok(mut body) => {
            body["ok"] = json!(true);
            (body, 200, None)
        }
        Err(fail) => {
            let mut body = json!({"ok": false, "error": fail.error});
            for (key, value) in fail.extra {
                body[key] = value;
            }
            if !fail.details.is_empty() {
                body["errors"] = json!(fail.details);
                body["response_metadata"] =
                    json!({"messages": fail.details.iter().map(|d| format!("[ERROR] {d}")).collect::<Vec<_>>()});
            }
            (body, fail.status, fail.retry_after)
        }
    };
    let scopes = fake.read(|world| {
        let app = methods::spec(method).is_some_and(|spec| spec.app_token);
        let scopes = if app { &world.options.app_scopes } else { &world.options.bot_scopes };
        world.options.noise.apply(&mut body);
        scopes.iter().map(String::as_str).collect::<Vec<_>>().join(",")
    });
    let accepted = methods::spec(method).map(|spec| spec.scopes.join(",")).unwrap_or_default();
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut answer = (status, axum::Json(body)).into_response();
    let mut set = |name: &'static str, value: String| {
        if let Ok(value) = value.parse() {
            answer.headers_mut().insert(name, value);
        }
    };
    set("x-oauth-scopes", scopes);
    set("x-accepted-oauth-scopes", accepted);
    set("x-slack-req-id", "test-request".into());
    if let Some(seconds) = retry {
        set("retry-after", seconds.to_string());
    }
    answer
}
