//! Who may ask: the secret, the host and the origin.
//!
//! The page's address carries the secret behind `#`. The page trades it for a cookie that scripts cannot read and other
//! sites' pages cannot use; scripts send it as `Authorization: Bearer`. The cookie's name and value are derived from the
//! secret, so two consoles on two ports of one machine do not log each other out, and no session is stored.

use super::Shared;
use super::reply::Refusal;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, HOST, ORIGIN, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// Nothing but our own files, and those only as what they are.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) struct Guard {
    /// Of the secret; `None` when it is empty, which lets nobody in.
    secret: Option<[u8; 32]>,
    cookie_name: String,
    cookie_value: String,
    hosts: Vec<String>,
}

impl Guard {
    pub fn new(secret: &str, hosts: &[String]) -> Self {
        let derived = |what: &str| crate::domain::plan::hex(&digest(&format!("signalbox console {what}\n{secret}")));
        let mut names: Vec<String> = ["127.0.0.1", "localhost", "[::1]"].map(str::to_owned).into();
        names.extend(hosts.iter().map(|h| h.to_ascii_lowercase()));
        Self {
            secret: (!secret.is_empty()).then(|| digest(secret)),
            cookie_name: format!("signalbox_{}", &derived("cookie name")[..8]),
            cookie_value: derived("cookie value"),
            hosts: names,
        }
    }

    fn is_secret(&self, given: &str) -> bool {
        self.secret.is_some_and(|secret| same(&secret, &digest(given)))
    }

    fn lets_in(&self, headers: &HeaderMap) -> bool {
        if self.secret.is_none() {
            return false;
        }
        let bearer = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
        if let Some(given) = bearer {
            return self.is_secret(given.trim());
        }
        let cookies = headers.get_all(COOKIE).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(';'));
        let mut ours = cookies.filter_map(|c| c.trim().split_once('=')).filter(|(name, _)| *name == self.cookie_name);
        ours.any(|(_, value)| same(&digest(value), &digest(&self.cookie_value)))
    }

    fn knows_host(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        };
        self.hosts.iter().any(|h| h.eq_ignore_ascii_case(name))
    }
}

pub(super) fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// Takes as long whatever the difference is.
pub(super) fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    std::hint::black_box(a.iter().zip(b).fold(0, |sum, (x, y)| sum | (x ^ y))) == 0
}

/// Refuses a request under a foreign name (a rebound DNS name) or sent by another site's page.
pub(super) async fn origin(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let text = |name: &HeaderName| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    let host = text(&HOST).or_else(|| request.uri().authority().map(|a| a.as_str())).unwrap_or_default();
    if !shared.guard.knows_host(host) {
        return Refusal::forbidden("This name is not the console's; open it as 127.0.0.1 or localhost.")
            .into_response();
    }
    let ours = |origin: &str| {
        let rest = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        rest.is_some_and(|o| o.eq_ignore_ascii_case(host))
    };
    let foreign = text(&ORIGIN).is_some_and(|o| !ours(o));
    // A link from elsewhere may open the page; nothing else of another site may ask for anything.
    let site = text(&HeaderName::from_static("sec-fetch-site")).unwrap_or("none");
    let opens_page = text(&HeaderName::from_static("sec-fetch-mode")) == Some("navigate") && request.method() == "GET";
    if foreign || !(matches!(site, "same-origin" | "none") || opens_page) {
        return Refusal::forbidden("This request comes from another site's page; the console answers only its own.")
            .into_response();
    }
    next.run(request).await
}

/// Refuses a request without the secret.
pub(super) async fn secret(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    if shared.guard.lets_in(request.headers()) {
        next.run(request).await
    } else {
        Refusal::unauthorized("Open the console by the address that signalbox printed; its key is missing here.")
            .into_response()
    }
}

#[derive(Deserialize)]
pub(super) struct Key {
    key: String,
}

/// Trades the secret for the cookie.
pub(super) async fn session(State(shared): State<Shared>, Json(Key { key }): Json<Key>) -> Response {
    let guard = &shared.guard;
    if !guard.is_secret(&key) {
        return Refusal::unauthorized("This key is not the console's; copy the whole address that signalbox printed.")
            .into_response();
    }
    let cookie = format!("{}={}; Path=/; HttpOnly; SameSite=Strict", guard.cookie_name, guard.cookie_value);
    ([(SET_COOKIE, cookie)], Json(serde_json::json!({ "ok": true }))).into_response()
}

/// On every answer.
pub(super) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(CONTENT_SECURITY_POLICY, POLICY);
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(X_FRAME_OPTIONS, "DENY");
    set(REFERRER_POLICY, "no-referrer");
    set(CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()");
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn only_the_whole_secret_lets_in() {
        let guard = Guard::new("s3cret", &[]);
        assert!(guard.lets_in(&with(AUTHORIZATION, "Bearer s3cret")));
        for wrong in ["Bearer s3cre", "Bearer ", "Bearer s3cret2", "Basic s3cret", "s3cret"] {
            assert!(!guard.lets_in(&with(AUTHORIZATION, wrong)), "{wrong}");
        }
        let cookie = |value: &str| with(COOKIE, &format!("a=b; {}={value}", guard.cookie_name));
        assert!(guard.lets_in(&cookie(&guard.cookie_value)));
        assert!(!guard.lets_in(&cookie("s3cret")), "the cookie is not the secret");
        assert!(!guard.lets_in(&HeaderMap::new()));
    }

    #[test]
    fn an_empty_secret_lets_nobody_in() {
        let guard = Guard::new("", &[]);
        assert!(!guard.lets_in(&with(AUTHORIZATION, "Bearer ")));
        assert!(!guard.lets_in(&with(COOKIE, &format!("{}={}", guard.cookie_name, guard.cookie_value))));
    }

    #[test]
    fn hosts_are_loopback_names_and_those_added() {
        let guard = Guard::new("x", &["box.internal".to_owned()]);
        for known in ["127.0.0.1", "127.0.0.1:80", "LOCALHOST:1", "[::1]:9", "[::1]", "box.internal:8"] {
            assert!(guard.knows_host(known), "{known}");
        }
        for foreign in ["", "evil.example", "127.0.0.1.evil.example", "localhost.evil:80", "evil:127.0.0.1", "::1"] {
            assert!(!guard.knows_host(foreign), "{foreign}");
        }
    }
}
