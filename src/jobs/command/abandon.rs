//! Ends every job of a data folder as a power cut would: without a result, so that the next start finds them lost and does
//! with each what its recovery kind says. For the demo, which leaves no process behind; a service's jobs outlive it.

use super::folder::{Holder, JobFolder};
use super::wake;
use crate::clock::Stopwatch;
use crate::domain::time::Span;
use crate::limits;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

/// The file that tells a supervisor to leave without a result.
pub(super) const ABANDON: &str = "abandon";

/// Ends the jobs under `<data>/jobs` that other processes run, and waits until they are gone; bounded.
///
/// # Errors
/// When the folder cannot be read.
pub async fn abandon(data: &Path) -> io::Result<()> {
    let jobs = data.join("jobs");
    let Ok(entries) = fs::read_dir(&jobs) else { return Ok(()) };
    let mut running = Vec::new();
    for entry in entries {
        let folder = JobFolder::at(&entry?.path());
        if others(&folder) {
            folder.write(ABANDON, b"")?;
            wake(&folder)?;
            running.push(folder);
        }
    }
    let watch = Stopwatch::start();
    // They are given their grace to end, and then a little to be killed in.
    let patience = Span::millis(limits::JOB_GRACE_MS + 2_000);
    while running.iter().any(others) && watch.elapsed() < patience {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Whether a process other than this one runs the job.
fn others(folder: &JobFolder) -> bool {
    let me = i32::try_from(std::process::id()).unwrap_or(0);
    matches!(folder.holder(), Ok(Holder::Alive(pid)) if pid != me)
}
