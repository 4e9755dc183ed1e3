//! Calls of Discord's REST API: one request, one answer, nothing waits in here.
//!
//! A route is serenity's, its host is ours: the path is taken and put behind the configured base, so no call can reach another
//! host. serenity's own `Request::build` is not used, because it writes the body and interaction tokens of each request into a
//! tracing span. Redirects are not followed (see `crate::http`). Answers are read up to a bound, within a time limit.
//!
//! Deliberately absent: waiting and repeating. What may not be sent yet is [`RestError::Limited`].

use crate::chat::{ChatError, Token};
use crate::clock::Clock;
use crate::limits;
use reqwest::header::{AUTHORIZATION, HeaderValue, USER_AGENT};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, Url};
use serde_json::Value;
use serenity::http::Route;
use std::sync::Arc;
use std::time::Duration;

/// As Discord demands of every bot: a name, where to read about it, and its version.
const AGENT: &str = concat!("DiscordBot (", env!("CARGO_PKG_NAME"), ", ", env!("CARGO_PKG_VERSION"), ")");
/// What serenity's routes begin with.
const HOST: &str = "https://discord.com";

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
    clock: Arc<dyn Clock>,
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
        Self { client, base: base.trim_end_matches('/').to_owned(), token, clock }
    }

    /// Sends once. An empty answer is `null`.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn send(&self, call: Call<'_>) -> Result<Value, RestError> {
        let request = self.request(call)?;
        let answer = self.client.execute(request).await.map_err(|e| RestError::Lost(why_not(&e)))?;
        let status = answer.status();
        let bytes = body(answer).await?;
        let value: Option<Value> =
            if bytes.is_empty() { Some(Value::Null) } else { serde_json::from_slice(&bytes).ok() };
        if status.is_success() {
            return value.ok_or_else(|| RestError::Lost(format!("{status} with a body that is no JSON")));
        }
        let value = value.unwrap_or_default();
        if status.is_server_error() {
            return Err(RestError::Lost(status.to_string()));
        }
        if status.as_u16() == 429 {
            return Err(RestError::Limited { after_ms: 1000 });
        }
        let message = value["message"].as_str().unwrap_or("no reason given").to_owned();
        Err(RestError::Code { http: status.as_u16(), code: value["code"].as_i64().unwrap_or(0), message })
    }

    fn request(&self, call: Call<'_>) -> Result<reqwest::Request, RestError> {
        let wrong = |what: &str| RestError::Code { http: 0, code: 0, message: what.to_owned() };
        let path = call.route.path();
        let path = path.strip_prefix(HOST).filter(|p| p.starts_with('/')).ok_or_else(|| wrong("a route elsewhere"))?;
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
        let request = request.header(USER_AGENT, AGENT).header(AUTHORIZATION, token).build();
        request.map_err(|_| wrong("a request that cannot be built"))
    }
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
            RestError::Code { code: 10_008, .. } => Self::Gone(error.to_string()),
            RestError::Code { .. } => Self::Refused(error.to_string()),
        }
    }
}
