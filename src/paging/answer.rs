//! What an HTTP answer, or the lack of one, means for a page.

use super::{PageError, SAID_CHARS};
use crate::chat::Token;
use crate::{http, limits};
use reqwest::{RequestBuilder, Response, StatusCode};
use std::time::Duration;

/// As [`ask`], where the answer says nothing more than that it was taken.
///
/// # Errors
/// As [`ask`].
pub async fn send(request: RequestBuilder, harmless: bool, secrets: &[&Token]) -> Result<(), PageError> {
    ask(request, harmless, secrets).await.map(|_| ())
}

/// Statuspage's word for too many requests.
const ENHANCE_YOUR_CALM: u16 = 420;

/// Sends a request. `harmless`: a second one means the same, so what may have arrived is simply sent again.
///
/// # Errors
/// As the answer means; `secrets` stand in none of them.
pub async fn ask(request: RequestBuilder, harmless: bool, secrets: &[&Token]) -> Result<Response, PageError> {
    let doubt = |what: String| match harmless {
        true => PageError::Later { what, after_ms: 0 },
        false => PageError::Unknown(what),
    };
    let response = match request.timeout(Duration::from_millis(limits::PAGE_CALL_MS)).send().await {
        Ok(response) => response,
        Err(error) if error.is_connect() => {
            return Err(PageError::Later { what: http::why_not(&error), after_ms: 0 });
        }
        Err(error) => return Err(doubt(http::why_not(&error))),
    };
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let after_ms = retry_after(&response);
    let what = format!("HTTP {}{}", status.as_u16(), said(response, secrets).await);
    Err(match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => PageError::Later { what, after_ms },
        s if s.as_u16() == ENHANCE_YOUR_CALM => PageError::Later { what, after_ms },
        StatusCode::REQUEST_TIMEOUT => doubt(what),
        s if s.is_server_error() => doubt(what),
        _ => PageError::Refused(what),
    })
}

/// Whole seconds, as servers send them; a date is not read.
fn retry_after(response: &Response) -> i64 {
    let seconds =
        response.headers().get(reqwest::header::RETRY_AFTER).and_then(|v| v.to_str().ok()?.parse::<i64>().ok());
    seconds.unwrap_or(0).clamp(0, limits::RETRY_MAX_MS / 1000) * 1000
}

/// The start of what it said, in one line.
async fn said(response: Response, secrets: &[&Token]) -> String {
    let Ok(body) = http::body(response).await else { return String::new() };
    let text = secrets.iter().fold(body.text(), |text, secret| secret.hidden_in(&text));
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let start: String = line.chars().take(SAID_CHARS).collect();
    if start.is_empty() { start } else { format!(": {start}") }
}
