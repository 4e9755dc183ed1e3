//! Signed HTTP: commands as forms, interactions as a form with a payload, events as JSON.

use super::FakeSlack;
use super::delivery::{Delivery, Sort, done, missed};
use super::options::{Mode, Urls};
use serde_json::Value;
use sha2::{Digest, Sha256};

pub struct Request {
    url: String,
    body: String,
    json: bool,
    headers: Vec<(&'static str, String)>,
    /// Which attempt this is, from 0.
    attempt: usize,
}

/// `v0=…` as Slack signs: HMAC-SHA256 over `v0:timestamp:body`.
pub fn signature(secret: &str, timestamp: i64, body: &str) -> String {
    let hash = hmac(secret.as_bytes(), format!("v0:{timestamp}:{body}").as_bytes());
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v0={digits}")
}

/// HMAC with SHA-256, RFC 2104.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

/// Fields as a form.
pub fn form<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let pairs: Vec<_> = fields.into_iter().map(|(key, value)| format!("{}={}", coded(key), coded(value))).collect();
    pairs.join("&")
}

fn coded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The body that carries a payload, and whether it is JSON.
pub fn body(sort: Sort, payload: &Value) -> (String, bool) {
    match sort {
        Sort::Event => (payload.to_string(), true),
        Sort::Interaction => (form([("payload", payload.to_string().as_str())]), false),
        Sort::Command => {
            let fields = payload.as_object().into_iter().flatten();
            let fields: Vec<_> = fields.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))).collect();
            (form(fields), false)
        }
    }
}

pub fn request(
    sort: Sort,
    payload: &Value,
    urls: &Urls,
    secret: &str,
    timestamp: i64,
    retry: Option<(usize, String)>,
    attempt: usize,
) -> Request {
    let (body, json) = body(sort, payload);
    let url = match sort {
        Sort::Command => &urls.commands,
        Sort::Event => &urls.events,
        Sort::Interaction => &urls.interactions,
    };
    let mut headers = vec![
        ("x-slack-request-timestamp", timestamp.to_string()),
        ("x-slack-signature", signature(secret, timestamp, &body)),
        ("user-agent", "Slackbot 1.0 (+https://api.slack.com/robots)".into()),
        ("accept", "application/json,*/*".into()),
    ];
    if let Some((number, reason)) = retry {
        headers.push(("x-slack-retry-num", number.to_string()));
        headers.push(("x-slack-retry-reason", reason));
    }
    Request { url: url.clone(), body, json, headers, attempt }
}

impl FakeSlack {
    /// Somebody who listened sends the first try of a delivery once more, byte for byte, perhaps with a header that nobody
    /// signed. The status of the answer.
    pub async fn play_back(&self, delivery: &Delivery, header: Option<(&str, &str)>) -> Option<u16> {
        let sent = delivery.sent()?;
        let (urls, secret) = self.read(|world| {
            let Mode::Http(urls) = &world.options.mode else { return None };
            Some((urls.clone(), world.options.signing_secret.clone()))
        })?;
        let at = sent.attempts.first()?.at_ms / 1000;
        let request = request(sent.sort, &sent.payload, &urls, &secret, at, None, 0);
        let kind = if request.json { "application/json" } else { "application/x-www-form-urlencoded" };
        let mut call = self.http().post(&request.url).header("content-type", kind).body(request.body);
        for (name, value) in request.headers.iter().map(|(n, v)| (*n, v.as_str())).chain(header) {
            call = call.header(name, value);
        }
        call.send().await.ok().map(|answer| answer.status().as_u16())
    }
}

/// Sends it and notes what came back.
pub async fn send(fake: FakeSlack, number: u64, request: Request) {
    let kind = if request.json { "application/json" } else { "application/x-www-form-urlencoded" };
    let mut call = fake.http().post(&request.url).header("content-type", kind).body(request.body);
    for (name, value) in request.headers {
        call = call.header(name, value);
    }
    let answer = match call.send().await {
        Err(error) if error.is_timeout() => Err("timeout".to_owned()),
        Err(_) => Err("connection_failed".to_owned()),
        Ok(response) if response.status().is_success() => Ok(response.text().await.unwrap_or_default()),
        Ok(response) if response.headers().contains_key("x-slack-no-retry") => Err("http_error, no retry".to_owned()),
        Ok(_) => Err("http_error".to_owned()),
    };
    fake.with(|world| match answer {
        Ok(text) => {
            let reply = match serde_json::from_str(&text) {
                Ok(value) => Some(value),
                Err(_) if text.is_empty() => None,
                Err(_) => Some(Value::String(text)),
            };
            done(world, number, request.attempt, reply);
        }
        Err(why) => {
            let Some(sent) = world.sent.get_mut(&number) else { return };
            if let Some(attempt) = sent.attempts.get_mut(request.attempt)
                && attempt.failed.is_none()
            {
                attempt.failed = Some(why.clone());
                if why.ends_with("no retry") {
                    sent.outcome = super::delivery::Outcome::Failed(why);
                    world.waiting.remove(&number);
                } else {
                    missed(world, number, &why);
                }
            }
        }
    });
}
