//! The journal is the audit trail: [`verify`] finds an edit, a gap and a cut tail, [`export()`] writes it out.
//!
//! Both stream with bounded memory and may run beside the service. An attacker who recomputes a whole chain is found only by
//! a witness outside: the head that was printed in chat, given as the expected one.

mod export;
mod report;
mod walk;

pub use export::{ExportError, Format, export};
pub use report::{Fault, Problem, Report};

use super::{Result, Store, StoreError};
use crate::domain::ids::Stream;
use crate::domain::journal::Head;
use walk::Names;

/// Walks every stream's chain from its first event to its state. `expected_head` is the head as it should be now.
///
/// # Errors
/// Only when the store cannot be read; what is wrong with the journal is in the report.
pub async fn verify(store: &dyn Store, expected_head: Option<&str>) -> Result<Report> {
    verify_as_of(store, expected_head, i64::MAX).await
}

/// As [`verify`], with the head as it was at `at` (wall clock, ms): so a head that was printed days ago can still be held
/// against the journal. It counts each stream's events up to the first one later than `at`.
///
/// # Errors
/// As [`verify`].
pub async fn verify_as_of(store: &dyn Store, expected_head: Option<&str>, at: i64) -> Result<Report> {
    let mut report = Report { expected: expected_head.map(|h| h.trim().to_ascii_lowercase()), ..Report::default() };
    let mut head = Head::default();
    let mut names = Names::default();
    while let Some((stream, state)) = names.next(store).await? {
        let mut tips = walk::Tips::default();
        match walk::chain(store, &stream, state, at, &mut tips, &mut report).await {
            // One unreadable row does not hide the other streams.
            Err(StoreError::Corrupt { what, .. }) => report.add(&stream, tips.last.seq + 1, Fault::Unreadable(what)),
            other => other?,
        }
        report.streams += 1;
        if tips.as_of.seq > 0 {
            head.add(stream.as_str(), tips.as_of.seq, &tips.as_of.hash);
        }
    }
    report.head = head.finish();
    Ok(report)
}

/// The head over all streams as their states say: cheap, for printing. [`verify`] computes the same from the events.
///
/// # Errors
/// When the store cannot be read.
pub async fn head(store: &dyn Store) -> Result<String> {
    let mut head = Head::default();
    let mut after = Stream::new("");
    loop {
        let page = store.heads(after.as_str(), crate::limits::STORE_PAGE).await?;
        let Some((last, ..)) = page.last() else { return Ok(head.finish()) };
        after = last.clone();
        for (stream, seq, hash) in &page {
            head.add(stream.as_str(), *seq, hash);
        }
    }
}
