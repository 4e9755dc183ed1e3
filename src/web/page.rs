//! The page: plain files in `page/`, built into the binary. No build step, and nothing from elsewhere.

use super::Shared;
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::get;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! files {
    ($($at:literal $kind:ident $file:literal),* $(,)?) => {
        &[$(($at, $kind, include_str!(concat!("page/", $file)))),*]
    };
}

const FILES: &[(&str, &str, &str)] = files![
    "/" HTML "index.html",
    "/icon.svg" SVG "icon.svg",
    "/page/theme.js" JS "theme.js",
    "/page/base.css" CSS "base.css",
    "/page/layout.css" CSS "layout.css",
    "/page/message.css" CSS "message.css",
    "/page/app.js" JS "app.js",
    "/page/api.js" JS "api.js",
    "/page/dom.js" JS "dom.js",
    "/page/time.js" JS "time.js",
    "/page/neutral.js" JS "neutral.js",
    "/page/entry.js" JS "entry.js",
    "/page/feed.js" JS "feed.js",
    "/page/composer.js" JS "composer.js",
    "/page/dialog.js" JS "dialog.js",
    "/page/reactions.js" JS "reactions.js",
    "/page/rail.js" JS "rail.js",
    "/page/clock.js" JS "clock.js",
];

pub(super) fn routes() -> Router<Shared> {
    FILES.iter().fold(Router::new(), |router, &(at, kind, text)| {
        router.route(at, get(async move || ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-cache")], text)))
    })
}
