//! A weighted load balancer in front of one place, on loopback. It counts what each release really answered.
//!
//! Deliberately absent: request bodies, retries and health checks. A release that fails is seen to fail.

use crate::clock::Stopwatch;
use crate::http;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// Answers that the time of an answer is told of.
const LATEST: usize = 400;
/// How long a release may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

const MAINTENANCE_PAGE: &str = "<!doctype html><html lang=\"en\"><title>Maintenance</title>\
    <h1>Back soon</h1><p>This service is being put right. Please try again in a few minutes.</p></html>";

/// What one release answered.
#[derive(Debug, Default)]
pub struct Counts {
    pub requests: AtomicU64,
    pub errors: AtomicU64,
    /// How long the latest answers took, in microseconds, the newest last.
    took: Mutex<VecDeque<u64>>,
}

impl Counts {
    fn took(&self, answer: Duration) {
        let mut took = self.took.lock().unwrap_or_else(PoisonError::into_inner);
        if took.len() >= LATEST {
            took.pop_front();
        }
        took.push_back(u64::try_from(answer.as_micros()).unwrap_or(u64::MAX));
    }

    /// Of the latest answers, all but one in twenty took at most so many microseconds.
    #[must_use]
    pub fn p95_us(&self) -> Option<u64> {
        let mut took: Vec<u64> = self.took.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        took.sort_unstable();
        took.get((took.len() * 95).div_ceil(100).checked_sub(1)?).copied()
    }
}

/// A release to send requests to.
#[derive(Clone, Debug)]
pub struct Backend {
    pub version: String,
    pub address: SocketAddr,
    pub weight: u8,
    pub counts: Arc<Counts>,
}

#[derive(Debug)]
pub struct Balancer {
    pub address: SocketAddr,
    inner: Arc<Inner>,
    server: AbortHandle,
}

#[derive(Debug)]
struct Inner {
    client: reqwest::Client,
    /// Each with its credit: the one with most is next, so shares are exact over any short run of requests.
    backends: Mutex<Vec<(Backend, i32)>>,
    maintenance: AtomicBool,
    total: AtomicU64,
}

impl Balancer {
    /// Listens on a free port, with nothing behind it yet.
    ///
    /// # Errors
    /// When loopback cannot be listened on.
    pub async fn start(client: reqwest::Client) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let address = listener.local_addr()?;
        let inner = Arc::new(Inner {
            client,
            backends: Mutex::default(),
            maintenance: AtomicBool::new(false),
            total: AtomicU64::new(0),
        });
        let app = Router::new().fallback(serve).with_state(inner.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await }).abort_handle();
        Ok(Self { address, inner, server })
    }

    /// Replaces what requests are sent to; requests on their way are answered.
    pub fn set(&self, backends: Vec<Backend>, maintenance: bool) {
        *self.inner.backends() = backends.into_iter().map(|b| (b, 0)).collect();
        self.inner.maintenance.store(maintenance, Relaxed);
    }

    /// Requests that were answered since the start, whoever answered them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.inner.total.load(Relaxed)
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Inner {
    fn backends(&self) -> MutexGuard<'_, Vec<(Backend, i32)>> {
        self.backends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pick(&self) -> Option<Backend> {
        pick(&mut self.backends())
    }
}

fn pick(backends: &mut [(Backend, i32)]) -> Option<Backend> {
    let total: i32 = backends.iter().map(|(b, _)| i32::from(b.weight)).sum();
    for (backend, credit) in backends.iter_mut() {
        *credit += i32::from(backend.weight);
    }
    let (backend, credit) = backends.iter_mut().filter(|(b, _)| b.weight > 0).max_by_key(|(_, credit)| *credit)?;
    *credit -= total;
    Some(backend.clone())
}

async fn serve(State(inner): State<Arc<Inner>>, method: Method, uri: Uri) -> Response {
    inner.total.fetch_add(1, Relaxed);
    if inner.maintenance.load(Relaxed) {
        let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::RETRY_AFTER, "120")];
        return (StatusCode::SERVICE_UNAVAILABLE, html, MAINTENANCE_PAGE).into_response();
    }
    let Some(backend) = inner.pick() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "nothing runs here").into_response();
    };
    let watch = Stopwatch::start();
    let response = forward(&inner.client, &backend, method, &uri).await;
    backend.counts.took(watch.elapsed_std());
    backend.counts.requests.fetch_add(1, Relaxed);
    if response.status().is_server_error() {
        backend.counts.errors.fetch_add(1, Relaxed);
    }
    response
}

async fn forward(client: &reqwest::Client, backend: &Backend, method: Method, uri: &Uri) -> Response {
    let path = uri.path_and_query().map_or("/", |p| p.as_str());
    let url = format!("http://{}{path}", backend.address);
    let answer = async {
        let response = client.request(method, url).timeout(ANSWER_LIMIT).send().await?;
        let (status, kind) = (response.status(), response.headers().get(header::CONTENT_TYPE).cloned());
        http::body(response).await.map(|body| (status, kind, body.bytes))
    };
    match answer.await {
        Ok((status, kind, bytes)) => {
            let mut response = Response::new(Body::from(bytes));
            *response.status_mut() = status;
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, kind.unwrap_or(HeaderValue::from_static("text/plain")));
            if let Ok(version) = HeaderValue::from_str(&backend.version) {
                headers.insert(HeaderName::from_static("x-release"), version);
            }
            response
        }
        Err(e) => (StatusCode::BAD_GATEWAY, http::why_not(&e)).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backend(version: &str, weight: u8) -> (Backend, i32) {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        (Backend { version: version.into(), address, weight, counts: Arc::default() }, 0)
    }

    #[test]
    fn shares_are_exact_and_spread_out() {
        let mut backends = [backend("old", 90), backend("new", 10), backend("warm", 0)];
        let picked: Vec<_> = (0..100).map(|_| pick(&mut backends).unwrap().version).collect();
        assert_eq!(picked.iter().filter(|v| *v == "new").count(), 10);
        assert_eq!(picked.iter().filter(|v| *v == "warm").count(), 0);
        for ten in picked.chunks(10) {
            assert_eq!(ten.iter().filter(|v| *v == "new").count(), 1, "{ten:?}");
        }
        assert!(pick(&mut [backend("warm", 0)]).is_none());
        assert!(pick(&mut []).is_none());
    }

    #[test]
    fn all_but_one_in_twenty_took_at_most_so_long() {
        let counts = Counts::default();
        assert_eq!(counts.p95_us(), None);
        (1..=100).for_each(|ms| counts.took(Duration::from_millis(ms)));
        assert_eq!(counts.p95_us(), Some(95_000));
        (0..LATEST).for_each(|_| counts.took(Duration::from_millis(7)));
        assert_eq!(counts.p95_us(), Some(7_000), "only the latest count");
    }
}
