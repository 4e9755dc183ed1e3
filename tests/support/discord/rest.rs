//! The REST side: what every request goes through before its route sees it.

use super::Shared;
use super::error::{self, ApiError, Form};
use super::faults::Fault;
use super::limits::{Limited, Standing};
use super::multipart::{self, Upload};
use super::world::World;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const BODY_BYTES: usize = 64 << 20;

/// A request, taken apart.
pub struct Call {
    pub method: String,
    /// Behind `/api/v10`, decoded.
    pub path: Vec<String>,
    pub query: BTreeMap<String, String>,
    pub body: Value,
    pub files: Vec<Upload>,
    headers: HeaderMap,
    raw: Vec<u8>,
}

pub enum Reply {
    Json(u16, Value),
    Empty,
}

pub type Answer = Result<Reply, ApiError>;

pub fn ok(value: Value) -> Answer {
    Ok(Reply::Json(200, value))
}

/// What becomes of a request in the end.
enum Outcome {
    Answer(Response),
    Hang,
    Drop,
}

pub async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let raw = axum::body::to_bytes(body, BODY_BYTES).await.unwrap_or_default().to_vec();
    let query = parts.uri.query().unwrap_or_default();
    let call = Call {
        method: parts.method.to_string(),
        path: parts.uri.path().split('/').skip(1).map(decode).collect(),
        query: query.split('&').filter_map(|p| p.split_once('=')).map(|(k, v)| (decode(k), decode(v))).collect(),
        body: Value::Null,
        files: Vec::new(),
        headers: parts.headers,
        raw,
    };
    let outcome = serve(&mut shared.lock(), call);
    match outcome {
        Outcome::Answer(response) => response,
        Outcome::Hang => std::future::pending().await,
        // Ends the connection's task without a word, and with it the connection.
        Outcome::Drop => std::panic::resume_unwind(Box::new("the connection is dropped")),
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|h| std::str::from_utf8(h).ok()).and_then(|h| u8::from_str_radix(h, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The route's name, such as `PATCH /channels/{id}/messages/{id}`, and the id its limits are counted by.
fn route(method: &str, path: &[String]) -> (String, String) {
    let mut name = format!("{method} ");
    for (n, part) in path.iter().enumerate() {
        let before = n.checked_sub(1).and_then(|b| path.get(b)).map(String::as_str);
        let token = n == 2 && matches!(path[0].as_str(), "interactions" | "webhooks");
        let shown = match before {
            _ if token => "{token}",
            Some("reactions") => "{emoji}",
            _ if !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) => "{id}",
            _ => part,
        };
        name.push('/');
        name.push_str(shown);
    }
    let major = match path.first().map(String::as_str) {
        Some("webhooks") => path.get(1..3).unwrap_or_default().join("/"),
        Some("channels" | "guilds" | "interactions") => path.get(1).cloned().unwrap_or_default(),
        _ => String::new(),
    };
    (name, major)
}

fn serve(world: &mut World, mut call: Call) -> Outcome {
    let version = (call.path.first().map(String::as_str) == Some("api")).then(|| call.path.get(1).cloned()).flatten();
    call.path.drain(..call.path.len().min(2));
    let (name, major) = route(&call.method, &call.path);
    *world.requests.entry(name.clone()).or_default() += 1;
    let now = world.ms();
    if world.faults.refusing {
        return Outcome::Drop;
    }
    let fault = world.faults.take(&name);
    match &fault {
        Some(Fault::Hang) => return Outcome::Hang,
        Some(Fault::Limited { after_ms, global, shared }) => {
            let limited = Limited { after_ms: *after_ms, global: *global, shared: *shared };
            return Outcome::Answer(too_many(&limited, None));
        }
        Some(Fault::Status(status)) => {
            return Outcome::Answer(text(*status, "text/html", "<html><body>upstream error</body></html>"));
        }
        Some(Fault::Refuse { status, code }) => {
            let error = ApiError::new(*status, *code, "Planned refusal");
            return Outcome::Answer(respond(Err(error), None));
        }
        _ => {}
    }
    if world.options.strict && world.buckets.banned(now) {
        world.refuse(&name, 429, 0, "shut out after 10,000 invalid requests");
        return Outcome::Answer(text(429, "text/html", "<html><body>You are being blocked</body></html>"));
    }
    let mut standing = None;
    let answer = match admit(world, &mut call, version.as_deref(), &name) {
        Err(error) => Err(error),
        Ok(()) => {
            let (found, limited) = world.buckets.take(&name, &major, now);
            if let Some(limited) = limited.filter(|_| world.options.strict) {
                world.buckets.invalid(now);
                world.refuse(&name, 429, 0, if limited.global { "global rate limit" } else { "rate limit" });
                return Outcome::Answer(too_many(&limited, Some(&found)));
            }
            standing = Some(found).filter(|_| !world.options.noise.sparse);
            super::routes::go(world, &call)
        }
    };
    if let Err(error) = &answer {
        if matches!(error.status, 401 | 403) {
            world.buckets.invalid(now);
        }
        let text = serde_json::to_string(&error.body()).unwrap_or_default();
        world.refuse(&name, error.status, error.code, &text);
    }
    world.tell();
    match (fault, answer) {
        (Some(Fault::DropAnswer), _) => Outcome::Drop,
        (Some(Fault::Empty), Ok(_)) => Outcome::Answer(respond(Ok(Reply::Empty), standing.as_ref())),
        (Some(Fault::NullComponents), Ok(Reply::Json(status, mut body))) => {
            for odd in ["components", "embeds", "attachments", "mentions"] {
                body[odd] = Value::Null;
            }
            Outcome::Answer(respond(Ok(Reply::Json(status, body)), standing.as_ref()))
        }
        (_, answer) => Outcome::Answer(respond(answer, standing.as_ref())),
    }
}

/// Version, user agent, token, and a body that can be read.
fn admit(world: &World, call: &mut Call, version: Option<&str>, name: &str) -> Result<(), ApiError> {
    let header = |name: &str| call.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    match version {
        Some("v10" | "v9") => {}
        Some(_) => return Err(error::invalid_version()),
        None => return Err(error::no_such_route()),
    }
    if !header("user-agent").starts_with("DiscordBot (") {
        return Err(error::blocked_by_agent());
    }
    let by_token = name.contains("/webhooks/{id}/{token}") || name.contains("/interactions/{id}/{token}");
    let open = by_token || name == "GET /gateway";
    if !open && header("authorization") != format!("Bot {}", world.token) {
        return Err(error::unauthorized());
    }
    if call.raw.is_empty() || call.method == "GET" || call.method == "DELETE" {
        return Ok(());
    }
    let kind = header("content-type").to_owned();
    if kind.starts_with("application/json") {
        call.body = serde_json::from_slice(&call.raw).map_err(|_| error::invalid_json())?;
    } else if kind.starts_with("multipart/form-data") {
        let (body, files) = multipart::read(&kind, &call.raw).ok_or_else(error::invalid_json)?;
        (call.body, call.files) = (body, files);
    } else {
        let mut form = Form::default();
        let text = "Expected \"Content-Type\" header to be one of {'application/json', 'multipart/form-data'}.";
        form.add("", "CONTENT_TYPE_INVALID", text);
        form.done()?;
    }
    Ok(())
}

fn respond(answer: Answer, standing: Option<&Standing>) -> Response {
    let mut response = match answer {
        Ok(Reply::Json(status, body)) => text(status, "application/json", &body.to_string()),
        Ok(Reply::Empty) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        Err(error) => text(error.status, "application/json", &error.body().to_string()),
    };
    if let Some(standing) = standing {
        put_headers(&mut response, standing);
    }
    response
}

fn too_many(limited: &Limited, standing: Option<&Standing>) -> Response {
    let seconds = limited.after_ms as f64 / 1000.0;
    let message = if limited.shared { "The resource is being rate limited." } else { "You are being rate limited." };
    let body = json!({ "message": message, "retry_after": seconds, "global": limited.global });
    let mut response = text(429, "application/json", &body.to_string());
    if let Some(standing) = standing {
        put_headers(&mut response, standing);
    }
    let scope = match limited {
        Limited { global: true, .. } => "global",
        Limited { shared: true, .. } => "shared",
        _ => "user",
    };
    put(&mut response, "retry-after", &format!("{}", (limited.after_ms + 999) / 1000));
    put(&mut response, "x-ratelimit-scope", scope);
    if limited.global {
        put(&mut response, "x-ratelimit-global", "true");
    }
    response
}

fn put(response: &mut Response, name: &'static str, value: &str) {
    response.headers_mut().insert(name, value.parse().unwrap());
}

fn put_headers(response: &mut Response, standing: &Standing) {
    put(response, "x-ratelimit-limit", &standing.limit.to_string());
    put(response, "x-ratelimit-remaining", &standing.remaining.to_string());
    put(response, "x-ratelimit-reset-after", &format!("{:.3}", standing.reset_after_ms as f64 / 1000.0));
    put(response, "x-ratelimit-bucket", &standing.bucket);
}

fn text(status: u16, kind: &'static str, body: &str) -> Response {
    let mut response = Response::new(Body::from(body.to_owned()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    put(&mut response, "content-type", kind);
    response
}
