//! Waiting for another process: asked again and again, with a deadline, and the last answer shown when it passes.

use signalbox::clock::Stopwatch;
use signalbox::domain::time::Span;
use std::fmt::Debug;
use std::time::Duration;

/// Far longer than anything here takes on a busy machine; a test that gets there has failed.
pub const PATIENCE: Span = Span::secs(90);

/// Asks until the answer is `Ok`; `Err` carries what was seen instead.
#[track_caller]
pub fn until<T, E: Debug, F: Future<Output = Result<T, E>>>(
    what: impl Into<String>,
    ask: impl FnMut() -> F,
) -> impl Future<Output = T> {
    within(PATIENCE, what, ask)
}

/// As [`until`], with a deadline of its own.
#[track_caller]
pub fn within<T, E: Debug, F: Future<Output = Result<T, E>>>(
    patience: Span,
    what: impl Into<String>,
    mut ask: impl FnMut() -> F,
) -> impl Future<Output = T> {
    let (here, what) = (std::panic::Location::caller(), what.into());
    async move {
        let watch = Stopwatch::start();
        loop {
            match ask().await {
                Ok(found) => return found,
                Err(seen) if watch.elapsed() > patience => {
                    panic!("{here}: waited {patience} for {what}; instead:\n{seen:?}")
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}
