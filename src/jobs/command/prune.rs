//! Old job folders are forgotten, those of running jobs never.

use super::folder::{Holder, JobFolder};
use crate::domain::time::{Span, after};
use crate::limits;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

/// What a folder is called while it is removed: no job's key begins like this.
const GONE: &str = ".gone-";

/// Removes what nobody touched for [`limits::JOB_DAYS`] before `now`, the time that the disk's own stamps follow. A job that
/// runs stays, and so does every key of `keep`: whoever still asks about a job must never read that it did not begin.
///
/// # Errors
/// When the list of folders cannot be read. One that cannot be removed is left for the next time.
pub fn prune(jobs: &Path, now: Timestamp, keep: &BTreeSet<String>) -> io::Result<usize> {
    let entries = match fs::read_dir(jobs) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(e) => return Err(e),
    };
    let before = after(now, Span::hours(-24 * limits::JOB_DAYS));
    let mut removed = 0;
    for entry in entries {
        let Ok(name) = entry?.file_name().into_string() else { continue };
        let done = match JobFolder::new(jobs, &name) {
            Ok(_) if keep.contains(&name) => continue,
            Ok(folder) => remove_old(jobs, &folder, &name, before),
            // An earlier removal was cut short.
            Err(_) if name.starts_with(GONE) => fs::remove_dir_all(jobs.join(&name)).map(|()| false),
            Err(_) => continue,
        };
        match done {
            Ok(done) => removed += usize::from(done),
            Err(e) => {
                tracing::warn!(name: "job.prune_failed", job = %name, error = %e, "the folder of {name} stays: {e}")
            }
        }
    }
    Ok(removed)
}

fn remove_old(jobs: &Path, folder: &JobFolder, name: &str, before: Timestamp) -> io::Result<bool> {
    if touched(folder.path())? >= before || matches!(folder.holder()?, Holder::Alive(_)) {
        return Ok(false);
    }
    // Out of sight first: half a folder would read as a job that never began.
    let gone = jobs.join(format!("{GONE}{name}"));
    fs::rename(folder.path(), &gone)?;
    fs::remove_dir_all(gone)?;
    Ok(true)
}

/// When anything in the folder last changed.
fn touched(folder: &Path) -> io::Result<Timestamp> {
    let at = |path: &Path| -> io::Result<Timestamp> {
        Timestamp::try_from(fs::symlink_metadata(path)?.modified()?).map_err(io::Error::other)
    };
    let mut newest = at(folder)?;
    for entry in fs::read_dir(folder)? {
        newest = newest.max(at(&entry?.path())?);
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::{JobEnd, JobOutcome, JobStatus};
    use std::time::SystemTime;

    fn aged(folder: &JobFolder, at: Timestamp) {
        let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().path()).collect();
        for path in files.iter().map(std::path::PathBuf::as_path).chain([folder.path()]) {
            fs::File::open(path).unwrap().set_modified(SystemTime::from(at)).unwrap();
        }
    }

    #[test]
    fn folders_go_after_their_days_unless_the_job_runs_or_is_asked_for() {
        let data = tempfile::tempdir().unwrap();
        let jobs = data.path().join("jobs");
        assert_eq!(prune(&jobs, Timestamp::UNIX_EPOCH, &BTreeSet::new()).unwrap(), 0, "no job was ever run");
        let then = crate::domain::time::from_millis(1_772_434_800_000);
        let end = JobEnd { outcome: JobOutcome::Succeeded, summary: "exit code 0".into() };
        let made = |key: &str| {
            let folder = JobFolder::new(&jobs, key).unwrap();
            folder.prepare(&()).unwrap();
            folder
        };
        for key in ["D-1.s0.a1", "D-1.s1.a1"] {
            let folder = made(key);
            folder.claim().unwrap().unwrap().finish(&end).unwrap();
            aged(&folder, then);
        }
        let runs = made("D-2.s0.a1");
        let claim = runs.claim().unwrap().unwrap();
        aged(&runs, then);
        aged(&made("D-3.s0.a1"), then);
        fs::create_dir_all(jobs.join(".gone-D-0.s0.a1/x")).unwrap();
        fs::write(jobs.join("README from somebody"), "").unwrap();

        let keep = BTreeSet::from(["D-1.s1.a1".to_owned()]);
        let limit = after(then, Span::hours(24 * limits::JOB_DAYS));
        assert_eq!(prune(&jobs, limit, &keep).unwrap(), 0, "at the limit");
        assert!(!jobs.join(".gone-D-0.s0.a1").exists());
        assert_eq!(prune(&jobs, after(limit, Span::millis(1)), &keep).unwrap(), 2, "one past it");
        let mut left: Vec<_> = fs::read_dir(&jobs).unwrap().map(|f| f.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["D-1.s1.a1", "D-2.s0.a1", "README from somebody"]);
        assert_eq!(runs.status().unwrap(), JobStatus::Running);
        drop(claim);
        assert_eq!(prune(&jobs, after(limit, Span::millis(1)), &keep).unwrap(), 1);
    }
}
