//! What people type, as Slack sends it: signed forms, and envelopes of a socket. Every fourth act is a command that is decided
//! and stored with an event of its own; the others are questions.

use crate::Result;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;
use signalbox::clock::{Clock as _, SystemClock};
use std::fmt::Write as _;
use std::net::SocketAddr;

pub const BOT_TOKEN: &str = "test-bot-token";
pub const APP_TOKEN: &str = "test-app-token";
pub const SECRET: &str = "test-signing-secret";
pub const CHANNEL: &str = "C0LOAD";
pub const PEOPLE: usize = 64;
pub const DEPLOYMENTS: usize = 16;

/// The account of a person.
pub fn account(person: usize) -> String {
    format!("U0LOAD{person:03}")
}

/// Somebody types something.
pub struct Act {
    pub n: usize,
    command: &'static str,
    text: String,
    person: usize,
}

/// Whether the act of this number leaves an event, with [`reason`] in it.
pub fn decides(n: usize) -> bool {
    n % 4 == 3
}

pub fn reason(n: usize) -> String {
    format!("act {n}")
}

impl Act {
    pub fn of(n: usize) -> Self {
        let person = n / 4 % PEOPLE;
        let (command, text) = match decides(n) {
            true => ("/checklist", format!("na D-{} {} {}", person % DEPLOYMENTS + 1, n / 4 % 2 + 1, reason(n))),
            false => ("/window", "depot".to_owned()),
        };
        Self { n, command, text, person }
    }

    /// A request to deploy, which leaves a deployment that waits for a key.
    pub fn deploy(n: usize, service: usize) -> Self {
        Self { n, command: "/deploy", text: format!("svc-{service} v1 to depot"), person: 0 }
    }

    /// In the order of time, as Slack's are.
    fn trigger(n: usize) -> String {
        format!("{}.4200000000000.{:032x}", 9_000_000_000_000 + n, n.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// Under which it is kept.
    pub fn key(n: usize) -> String {
        format!("slack:{}", Self::trigger(n))
    }

    fn fields(&self, web: SocketAddr) -> [(&'static str, String); 13] {
        [
            ("token", "test-verification-token".into()),
            ("team_id", "T0LOAD".into()),
            ("team_domain", "yard".into()),
            ("channel_id", CHANNEL.into()),
            ("channel_name", "deployments".into()),
            ("user_id", account(self.person)),
            ("user_name", format!("person{}", self.person)),
            ("command", self.command.into()),
            ("text", self.text.clone()),
            ("api_app_id", "A0LOAD".into()),
            ("is_enterprise_install", "false".into()),
            ("response_url", format!("http://{web}/hook/{}", self.n)),
            ("trigger_id", Self::trigger(self.n)),
        ]
    }

    /// Payload of an envelope, whose id is the act's number.
    pub fn envelope(&self, web: SocketAddr) -> String {
        let payload: serde_json::Map<_, _> =
            self.fields(web).into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
        let id = self.n.to_string();
        json!({ "envelope_id": id, "type": "slash_commands", "accepts_response_payload": true, "payload": payload })
            .to_string()
    }

    /// The whole request. Each `attempt` is signed at another second, as Slack's own second tries are.
    pub fn request(&self, web: SocketAddr, attempt: i64) -> Result<Vec<u8>> {
        let mut body = String::with_capacity(512);
        for (name, value) in self.fields(web) {
            let between = if body.is_empty() { "" } else { "&" };
            write!(body, "{between}{name}={}", encoded(&value)?)?;
        }
        let time = SystemClock::new().now().wall.as_second() + attempt;
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
        mac.update(format!("v0:{time}:{body}").as_bytes());
        let signature = signalbox::domain::plan::hex(&mac.finalize().into_bytes());
        Ok(format!(
            "POST /slack/commands HTTP/1.1\r\nHost: signalbox.test\r\nUser-Agent: Slackbot 1.0\r\n\
             Accept: application/json,*/*\r\nAccept-Encoding: gzip,deflate\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
             X-Slack-Request-Timestamp: {time}\r\nX-Slack-Signature: v0={signature}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes())
    }
}

fn encoded(text: &str) -> Result<String> {
    let mut out = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => write!(out, "%{byte:02X}")?,
        }
    }
    Ok(out)
}
