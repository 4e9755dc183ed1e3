//! What the fleet remembers across restarts: what runs where, and which jobs it has done. One file, replaced whole.

use super::place::Place;
use crate::jobs::JobEnd;
use crate::limits;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

/// Shares and job ends stand in the same file, so a job is done exactly when its end is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// `api/production` to what runs there.
    pub places: BTreeMap<String, Place>,
    /// By key.
    pub jobs: BTreeMap<String, Record>,
}

/// A job the fleet was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// On the work clock.
    pub started: Timestamp,
    /// Absent while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<JobEnd>,
    /// How often the release was found not ready.
    #[serde(default)]
    pub red: u32,
}

impl Saved {
    /// Reads the file; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read or is not such a file.
    pub fn load(file: &Path) -> io::Result<Option<Self>> {
        match fs::read(file) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// # Errors
    /// When the disk refuses; the file is then as it was.
    pub fn save(&self, file: &Path) -> io::Result<()> {
        let aside = file.with_extension("json.new");
        fs::write(&aside, serde_json::to_vec_pretty(self)?)?;
        fs::rename(aside, file)
    }

    /// Forgets the oldest ended jobs beyond [`limits::FLEET_JOBS`].
    pub fn forget(&mut self) {
        let Some(extra) = self.jobs.len().checked_sub(limits::FLEET_JOBS) else { return };
        let mut ended: Vec<_> =
            self.jobs.iter().filter(|(_, r)| r.end.is_some()).map(|(key, r)| (r.started, key.clone())).collect();
        ended.sort();
        for (_, key) in ended.into_iter().take(extra) {
            self.jobs.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::from_millis;
    use crate::jobs::JobOutcome;

    #[test]
    fn it_comes_back_as_it_was_and_says_when_it_cannot() {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join("fleet.json");
        assert_eq!(Saved::load(&file).unwrap(), None);
        let mut saved = Saved::default();
        saved.places.insert("api/production".into(), Place::with("v1.1.0").begin("v1.2.0").shift("v1.2.0", 10));
        saved.save(&file).unwrap();
        assert_eq!(Saved::load(&file).unwrap(), Some(saved));
        fs::write(&file, "{").unwrap();
        assert!(Saved::load(&file).is_err());
    }

    #[test]
    fn the_oldest_ended_jobs_are_forgotten() {
        let mut saved = Saved::default();
        let end = JobEnd { outcome: JobOutcome::Succeeded, summary: String::new() };
        for n in 0..=limits::FLEET_JOBS {
            let end = (n > 0).then(|| end.clone());
            let started = from_millis(i64::try_from(n).unwrap());
            saved.jobs.insert(format!("D-{n}"), Record { started, end, red: 0 });
        }
        saved.forget();
        assert_eq!(saved.jobs.len(), limits::FLEET_JOBS);
        assert!(saved.jobs.contains_key("D-0"), "it still runs");
        assert!(!saved.jobs.contains_key("D-1"));
        saved.forget();
        assert_eq!(saved.jobs.len(), limits::FLEET_JOBS);
    }
}
