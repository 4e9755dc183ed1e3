//! Calls of Discord's REST API: one request, one answer, nothing waits in here.
//!
//! A route is serenity's, its host is ours: the path is taken and put behind the configured base, so no call can reach another
//! host. serenity's own `Request::build` is not used, because it writes the body and interaction tokens of each request into a
//! tracing span. Redirects are not followed (see `crate::http`). Answers are read up to a bound, within a time limit.
//!
//! Deliberately absent: waiting and repeating. What may not be sent yet is [`RestError::Limited`].

use super::buckets::{Buckets, Stop, Ticket};
use super::place::Place;
use crate::chat::clip::clip;
use crate::chat::health::Health;
use crate::chat::{ChatError, Token};
use crate::clock::Clock;
use crate::limits;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, USER_AGENT};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, Url};
use serde_json::Value;
use serenity::http::Route;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// As Discord demands of every bot: an address, and its version. Ours has no page of its own.
const AGENT: &str = concat!("DiscordBot (https://signalbox.invalid, ", env!("CARGO_PKG_VERSION"), ")");
/// What serenity's routes begin with.
const HOST: &str = "https://discord.com";

/// What to do about a token that Discord does not take: to ask with it again would count towards a ban.
pub const BAD_TOKEN: &str = "Discord does not take the token: make a new one at the developer portal, set it as `token` of \
    [discord], and start signalbox again";

/// Discord's code for a body it does not take.
const INVALID_FORM: i64 = 50_035;

/// What is asked of Discord.
#[derive(Debug)]
pub struct Call<'a> {
    pub route: Route<'a>,
    pub method: Method,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<Value>,
    pub files: Vec<File>,
}

/// A file that goes with a message; `attachments` in the body names it by its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestError {
    /// Not yet, by our own count or by Discord's word. Nothing was done.
    #[error("Discord wants {after_ms} ms of rest")]
    Limited { after_ms: i64 },
    /// Discord says no. `code` is Discord's own, zero when it gives none.
    #[error("Discord says {http}, code {code}: {message}")]
    Code { http: u16, code: i64, message: String },
    /// It may or may not have happened.
    #[error("no answer from Discord: {0}")]
    Lost(String),
}

/// Speaks to one server with one token.
pub struct Rest {
    client: Client,
    base: String,
    token: Token,
    buckets: Buckets,
    /// The token is wrong; only a restart brings another.
    stopped: AtomicBool,
    health: Option<Arc<Health>>,
}

impl<'a> Call<'a> {
    #[must_use]
    pub fn new(method: Method, route: Route<'a>) -> Self {
        Self { route, method, query: Vec::new(), body: None, files: Vec::new() }
    }

    #[must_use]
    pub fn get(route: Route<'a>) -> Self {
        Self::new(Method::GET, route)
    }

    #[must_use]
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    #[must_use]
    pub fn files(mut self, files: Vec<File>) -> Self {
        self.files = files;
        self
    }
}

impl Rest {
    #[must_use]
    pub fn new(client: Client, base: &str, token: Token, clock: Arc<dyn Clock>) -> Self {
        let (base, buckets) = (base.trim_end_matches('/').to_owned(), Buckets::new(clock));
        Self { client, base, token, buckets, stopped: AtomicBool::new(false), health: None }
    }

    /// Tells when the token is refused.
    #[must_use]
    pub fn telling(mut self, health: Arc<Health>) -> Self {
        self.health = Some(health);
        self
    }

    /// Sends once. An empty answer is `null`.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn send(&self, call: Call<'_>) -> Result<Value, RestError> {
        let path = call.route.path();
        let path =
            path.strip_prefix(HOST).filter(|p| p.starts_with("/api/")).ok_or_else(|| wrong("a route elsewhere"))?;
        let place = Place::of(call.method.as_str(), path);
        if self.stopped.load(Ordering::Relaxed) && !place.interaction {
            return Err(RestError::Code { http: 401, code: 0, message: "the token is not valid".into() });
        }
        let request = self.request(path, place.interaction, call)?;
        let ticket = match self.buckets.take(place.clone()) {
            Ok(ticket) => Taken { buckets: &self.buckets, ticket: Some(ticket) },
            Err(Stop::Wait(after_ms)) => return Err(RestError::Limited { after_ms }),
            Err(Stop::Denied(code, message)) => return Err(RestError::Code { http: 403, code, message }),
        };
        let answer = self.client.execute(request).await.map_err(|e| RestError::Lost(why_not(&e)))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut bytes = body(answer).await?;
        if !status.is_success() {
            bytes = self.token.hidden_in(&String::from_utf8_lossy(&bytes)).into_bytes();
        }
        let read = if bytes.is_empty() { Some(Value::Null) } else { serde_json::from_slice(&bytes).ok() };
        let value = read.clone().unwrap_or_default();
        let after_ms = ticket.answered(status.as_u16(), &headers, &value);
        if status.is_success() {
            return read.ok_or_else(|| RestError::Lost(format!("{status} with a body that is no JSON")));
        }
        if after_ms > 0 {
            metrics::counter!("signalbox_chat_limited_total", "platform" => super::NAME).increment(1);
            tracing::info!(name: "discord.limited", kind = %place.kind, after_ms, "Discord limits {} for {after_ms} ms", place.kind);
            return Err(RestError::Limited { after_ms });
        }
        if status.is_server_error() || !status.is_client_error() {
            return Err(RestError::Lost(format!("Discord says {status}")));
        }
        Err(self.refused(&place, status.as_u16(), &value))
    }

    /// How much is remembered of limits, for tests of growth.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.buckets.remembered()
    }

    /// What Discord said no with. A wrong token ends all calls: each would count towards a ban.
    fn refused(&self, place: &Place, http: u16, value: &Value) -> RestError {
        let (kind, code) = (&place.kind, value["code"].as_i64().unwrap_or(0));
        let message = clip(value["message"].as_str().unwrap_or("no reason given"), limits::DISCORD_SAID_CHARS);
        if http == 401 && !place.interaction && !self.stopped.swap(true, Ordering::Relaxed) {
            match &self.health {
                Some(health) => health.refused(BAD_TOKEN, 0),
                None => tracing::error!(name: "discord.token", "{BAD_TOKEN}"),
            }
        } else if code == INVALID_FORM {
            let fields = wrong_fields(&value["errors"]);
            tracing::error!(name: "discord.invalid", %kind, %fields, "Discord does not take the form of {kind}: {fields}");
        }
        RestError::Code { http, code, message }
    }

    fn request(&self, path: &str, interaction: bool, call: Call<'_>) -> Result<reqwest::Request, RestError> {
        let mut url = Url::parse(&format!("{}{path}", self.base)).map_err(|_| wrong("an address that is none"))?;
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let token = HeaderValue::from_str(&format!("Bot {}", self.token.expose()));
        let mut token = token.map_err(|_| wrong("a token that cannot be sent"))?;
        token.set_sensitive(true);
        let mut request = self.client.request(call.method, url).timeout(Duration::from_millis(limits::DISCORD_CALL_MS));
        if call.files.is_empty() {
            if let Some(body) = &call.body {
                request = request.json(body);
            }
        } else {
            let mut form = Form::new().text("payload_json", call.body.unwrap_or_default().to_string());
            for (n, file) in call.files.into_iter().enumerate() {
                let part = Part::bytes(file.bytes).file_name(file.name).mime_str("image/png");
                form = form.part(format!("files[{n}]"), part.map_err(|_| wrong("a file that cannot be sent"))?);
            }
            request = request.multipart(form);
        }
        // An interaction's token is in its path; ours is nobody's business there.
        if !interaction {
            request = request.header(AUTHORIZATION, token);
        }
        request.header(USER_AGENT, AGENT).build().map_err(|_| wrong("a request that cannot be built"))
    }
}

/// A place in a bucket, given back however the call ends.
struct Taken<'a> {
    buckets: &'a Buckets,
    ticket: Option<Ticket>,
}

impl Taken<'_> {
    fn answered(mut self, status: u16, headers: &HeaderMap, body: &Value) -> i64 {
        self.ticket.take().map_or(0, |ticket| self.buckets.answered(ticket, status, headers, body))
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = &self.ticket {
            self.buckets.lost(ticket);
        }
    }
}

fn wrong(what: &str) -> RestError {
    RestError::Code { http: 0, code: 0, message: what.to_owned() }
}

/// The paths of an "Invalid Form Body", without what stood in them: `embeds.0.description`.
fn wrong_fields(errors: &Value) -> String {
    let mut found = Vec::new();
    let mut waiting = vec![(String::new(), errors)];
    while let Some((path, at)) = waiting.pop() {
        if let Some(codes) = at["_errors"].as_array() {
            let codes: Vec<&str> = codes.iter().filter_map(|e| e["code"].as_str()).collect();
            found.push(format!("{path} {}", codes.join(" ")));
        }
        let inner = at.as_object().into_iter().flatten().filter(|(name, _)| *name != "_errors");
        waiting.extend(inner.map(|(name, value)| (format!("{path}.{name}").trim_matches('.').to_owned(), value)));
    }
    found.truncate(limits::DISCORD_WRONG_FIELDS);
    found.join(", ")
}

async fn body(mut answer: reqwest::Response) -> Result<Vec<u8>, RestError> {
    let mut bytes = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|e| RestError::Lost(why_not(&e)))? {
        if bytes.len() + piece.len() > limits::DISCORD_BODY_BYTES {
            return Err(RestError::Lost("an answer too long to read".into()));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// Without the URL, which may hold an interaction's token.
fn why_not(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() {
        "none in time"
    } else if error.is_connect() {
        "it cannot be reached"
    } else {
        "the connection broke"
    };
    what.to_owned()
}

impl From<RestError> for ChatError {
    fn from(error: RestError) -> Self {
        match error {
            RestError::Limited { after_ms } => Self::Later { what: error.to_string(), after_ms },
            RestError::Lost(what) => Self::Unknown(what),
            // The rows stay until somebody sets a valid token and starts signalbox again.
            RestError::Code { http: 401, .. } => Self::Barred(BAD_TOKEN.to_owned()),
            RestError::Code { http: 403, .. } => Self::Barred(format!("{error}; see `signalbox doctor`")),
            RestError::Code { code: 10_008, .. } => Self::Gone(error.to_string()),
            RestError::Code { .. } => Self::Refused(error.to_string()),
        }
    }
}
