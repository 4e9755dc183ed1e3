//! Nobody gets in without the secret, under another name, or from another site's page.

use super::world::{SECRET, authorised, read, request, world};
use axum::body::Body;
use axum::http::StatusCode;
use serde_json::json;

const API: &[(&str, &str)] = &[
    ("GET", "/api/state?as=sara"),
    ("GET", "/api/channels/deployments?as=sara"),
    ("GET", "/api/channels/deployments/threads/1?as=sara"),
    ("GET", "/api/messages/1?as=sara"),
    ("GET", "/api/unread?as=sara"),
    ("GET", "/api/complete?as=sara&text=/d"),
    ("GET", "/api/clock"),
    ("GET", "/api/stream?as=sara"),
    ("POST", "/api/post"),
    ("POST", "/api/react"),
    ("POST", "/api/click"),
    ("POST", "/api/submit"),
    ("POST", "/api/read"),
    ("POST", "/api/advance"),
];

#[tokio::test]
async fn the_api_wants_the_secret() {
    let world = world().await;
    for (method, path) in API {
        assert_eq!(world.status(request(method, path)).await, StatusCode::UNAUTHORIZED, "{method} {path}");
        let wrong = request(method, path).header("authorization", "Bearer opensesam");
        assert_eq!(world.status(wrong).await, StatusCode::UNAUTHORIZED, "{method} {path}");
        assert_ne!(world.status(authorised(method, path)).await, StatusCode::UNAUTHORIZED, "{method} {path}");
    }
    assert!(world.fake.envelopes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_key_becomes_a_cookie_that_pages_of_others_cannot_use() {
    let world = world().await;
    let session = |key: &str| {
        let body = Body::from(json!({ "key": key }).to_string());
        request("POST", "/api/session").header("content-type", "application/json").body(body).unwrap()
    };
    let refused = world.raw(session("wrong")).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert!(refused.headers().get("set-cookie").is_none());

    let response = world.raw(session(SECRET)).await;
    assert_eq!(response.status(), StatusCode::OK);
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains(SECRET), "{cookie}");
    let pair = cookie.split(';').next().unwrap();
    let with = |pair: &str| request("GET", "/api/clock").header("cookie", pair);
    assert_eq!(world.status(with(pair)).await, StatusCode::OK);
    assert_eq!(world.status(with(&format!("{pair}0"))).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn foreign_names_and_origins_are_refused_even_with_the_secret() {
    let world = world().await;
    let ask = |name: &str, value: &str| {
        let mut request = authorised("GET", "/api/clock");
        request.headers_mut().unwrap().remove(name);
        request.header(name, value)
    };
    for (name, value) in [
        ("host", "evil.example:8080"),
        ("host", "127.0.0.1.evil.example"),
        ("origin", "http://evil.example"),
        ("origin", "http://127.0.0.1:9999"),
        ("origin", "https://127.0.0.1.evil.example:8080"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        assert_eq!(world.status(ask(name, value)).await, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    for (name, value) in [
        ("host", "localhost:1"),
        ("origin", "http://127.0.0.1:8080"),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "none"),
    ] {
        assert_eq!(world.status(ask(name, value)).await, StatusCode::OK, "{name}: {value}");
    }
    // A link on another page may open the console, and that is all it may do.
    let link =
        |method: &str| request(method, "/").header("sec-fetch-site", "cross-site").header("sec-fetch-mode", "navigate");
    assert_eq!(world.status(link("GET")).await, StatusCode::OK);
    assert_eq!(world.status(link("POST")).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_form_of_another_kind_is_no_request() {
    let world = world().await;
    let body = Body::from(r#"{"as":"sara","channel":"deployments","text":"/deploy v1"}"#);
    let plain = authorised("POST", "/api/post").header("content-type", "text/plain").body(body).unwrap();
    assert_eq!(read(world.raw(plain).await).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(world.fake.envelopes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn every_answer_forbids_what_is_not_ours() {
    let world = world().await;
    for path in ["/", "/page/app.js", "/icon.svg", "/api/state", "/nowhere"] {
        let response = world.raw(request("GET", path).body(Body::empty()).unwrap()).await;
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
    }
}

#[tokio::test]
async fn the_page_is_whole_and_keeps_its_own_policy() {
    let world = world().await;
    let text = async |path: &str| read(world.raw(request("GET", path).body(Body::empty()).unwrap()).await).await;
    let (_, html) = text("/").await;
    let html = html.as_str().unwrap().to_owned();
    let quoted = |text: &str, before: &str| -> Vec<String> {
        text.split(before).skip(1).filter_map(|t| t.split('"').next().map(str::to_owned)).collect()
    };
    let mut files = quoted(&html, "src=\"");
    files.extend(quoted(&html, "href=\"").into_iter().filter(|h| !h.starts_with('#')));
    let mut seen = Vec::new();
    while let Some(file) = files.pop() {
        let (status, body) = text(&file).await;
        assert_eq!(status, StatusCode::OK, "{file}");
        let body = body.as_str().unwrap().to_owned();
        for banned in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"] {
            assert!(!body.contains(banned), "{file} has {banned}");
        }
        let more = quoted(&body, "from \"./").into_iter().map(|f| format!("/page/{f}"));
        seen.push(file);
        files.extend(more.filter(|f| !seen.contains(f)).collect::<Vec<_>>());
    }
    for inline in ["<style", " style=\"", " onclick=", "<script>"] {
        assert!(!html.contains(inline), "the policy forbids {inline}");
    }
}
