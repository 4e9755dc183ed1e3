//! Asking a platform, and comparing clocks with it.

use super::Finding;
use crate::chat::Token;
use jiff::Timestamp;
use reqwest::header::AUTHORIZATION;
use serde_json::Value;

/// A clock that is off by more than this many seconds is pointed out; signatures hold for 300.
const SKEW_WARNING: i64 = 30;
const SKEW_BAD: i64 = 240;

/// Compares our clock with the platform's, as its `Date` header has it.
#[must_use]
pub fn skew(now: Timestamp, date: Option<&str>) -> Option<Finding> {
    let theirs = jiff::fmt::rfc2822::parse(date?).ok()?.timestamp();
    let off = now.as_second() - theirs.as_second();
    let what = match off {
        0 => "the clock agrees".to_owned(),
        n if n > 0 => format!("the clock is {n} s ahead"),
        n => format!("the clock is {} s behind", -n),
    };
    Some(match off.abs() {
        n if n >= SKEW_BAD => Finding::bad(what, "set the clock (timedatectl set-ntp true): signatures are refused"),
        n if n >= SKEW_WARNING => Finding::warning(what, "let NTP set the clock: timedatectl set-ntp true"),
        _ => Finding::good(what),
    })
}

/// An answer to one request of a doctor.
pub struct Asked {
    #[cfg_attr(not(feature = "discord"), expect(dead_code, reason = "Slack says in the body what is wrong"))]
    pub status: u16,
    pub date: Option<String>,
    /// Named headers, in lower case.
    pub headers: std::collections::BTreeMap<String, String>,
    pub body: Value,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// Sends a request; an answer that is no JSON has the body `null`. Where the answer repeats the token it is hidden: findings
/// are shown, and copied into tickets.
pub async fn ask(request: reqwest::RequestBuilder) -> Result<Asked, String> {
    let limit = std::time::Duration::from_millis(crate::limits::DOCTOR_MS);
    let (client, request) = request.timeout(limit).build_split();
    let request = request.map_err(|_| "the request cannot be built".to_owned())?;
    let sent = request.headers().get(AUTHORIZATION).and_then(|v| v.to_str().ok()?.split_once(' '));
    let token = Token::new(sent.map_or_else(String::new, |(_, token)| token.to_owned()));
    let response = client.execute(request).await.map_err(|e| match (e.is_timeout(), e.is_connect()) {
        (true, _) => "no answer in time".to_owned(),
        (_, true) => "it cannot be reached".to_owned(),
        _ => "the request failed".to_owned(),
    })?;
    let status = response.status().as_u16();
    let text = |v: &reqwest::header::HeaderValue| token.hidden_in(v.to_str().unwrap_or_default());
    let headers = response.headers().iter().map(|(k, v)| (k.as_str().to_owned(), text(v))).collect();
    let date = response.headers().get("date").map(text);
    let body = response.text().await.unwrap_or_default();
    let body = serde_json::from_str(&token.hidden_in(&body)).unwrap_or_default();
    Ok(Asked { status, date, headers, body })
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn a_wrong_clock_is_found() {
        let at = |s: &str| skew(s.parse().unwrap(), Some("Mon, 05 Jan 2026 07:05:00 GMT")).unwrap().level;
        assert_eq!(at("2026-01-05T07:05:10Z"), Level::Good);
        assert_eq!(at("2026-01-05T07:04:20Z"), Level::Warning);
        assert_eq!(at("2026-01-05T07:10:00Z"), Level::Bad);
        assert_eq!(skew("2026-01-05T07:10:00Z".parse().unwrap(), Some("yesterday")), None);
    }
}
