//! A job's folder: what was asked, who took it, what it printed and how it ended.
//!
//! ```text
//! <data>/jobs/<key>/spec     what is to be run (JSON)
//!                   taken    exists from the moment a process took the job; that process holds a lock on it while it lives
//!                   program  number and start of the process that runs (see [`super::tree::started`])
//!                   output   what the job printed, kept up to a bound
//!                   dropped  how many bytes were left out; absent while none are
//!                   cancel   exists once somebody wants it ended
//!                   abandon  exists once it is to end and leave no `end`
//!                   ending   space put aside for the end, so that a full disk cannot swallow it
//!                   end      how it ended (JSON)
//! ```
//!
//! Every file appears whole (written aside, then linked or renamed). `taken` can be linked once, so of any number of
//! processes that try, at any time, one runs the job. The lock is the kernel's: it goes with the process, whatever kills
//! it, and cannot be mistaken for another process that got the same number later.

use crate::domain::time::Span;
use crate::jobs::{JobEnd, JobError, JobStatus};
use crate::limits;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

#[derive(Clone, Debug)]
pub struct JobFolder(PathBuf);

/// Proof that this process is the one that runs the job. Dropping it without an end makes the job lost.
#[derive(Debug)]
pub struct Claim {
    _lock: File,
    end: File,
    folder: JobFolder,
}

impl JobFolder {
    /// The folder of a key under `<data>/jobs`; nothing is created.
    ///
    /// # Errors
    /// When the key could name anything else than one folder.
    pub fn new(jobs: &Path, key: &str) -> Result<Self, JobError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        if key.is_empty() || key.len() > limits::JOB_KEY_CHARS || key.starts_with('.') || !key.bytes().all(plain) {
            return Err(JobError(format!("`{}` cannot be a job's key", key.escape_debug())));
        }
        Ok(Self(jobs.join(key)))
    }

    /// A folder that exists, as its supervisor is given it.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self(path.to_path_buf())
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Creates the folder with its spec; an earlier spec stays as it was.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn prepare<T: Serialize>(&self, spec: &T) -> io::Result<()> {
        if self.file("spec").exists() {
            return Ok(());
        }
        self.make()?;
        let (aside, mut file) = self.aside("spec")?;
        file.write_all(&serde_json::to_vec(spec)?)?;
        file.sync_all()?;
        self.link_once(&aside, "spec").map(|_| ())
    }

    /// Makes the folder, on disk before this returns.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn make(&self) -> io::Result<()> {
        let private = |path: &Path| fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
        let parent = |path: &Path| path.parent().map_or_else(|| Path::new(".").to_path_buf(), Path::to_path_buf);
        let jobs = parent(&self.0);
        private(&jobs)?;
        private(&self.0)?;
        // Names are on disk only once their folder is; an earlier call may have been cut short before that.
        for folder in [parent(&jobs), jobs] {
            let folder = if folder.as_os_str().is_empty() { Path::new(".").to_path_buf() } else { folder };
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    /// Writes a file that nobody else may read. Not whole at once, so for what may be missing or half there.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.create(name)?.write_all(bytes)
    }

    /// # Errors
    /// As [`JobFolder::write`].
    pub fn create(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(self.file(name))
    }

    /// # Errors
    /// When there is no spec or it cannot be read.
    pub fn spec<T: DeserializeOwned>(&self) -> io::Result<T> {
        Ok(serde_json::from_slice(&fs::read(self.file("spec"))?)?)
    }

    /// Takes the job for this process, or `None` when one took it before. On disk before this returns.
    ///
    /// # Errors
    /// When the disk refuses; the job is then not taken.
    pub fn claim(&self) -> io::Result<Option<Claim>> {
        if self.file("taken").exists() {
            return Ok(None);
        }
        let (ending, mut end) = self.aside("end")?;
        end.write_all(&[b' '; limits::JOB_END_BYTES])?;
        end.sync_all()?;
        let (aside, mut lock) = self.aside("taken")?;
        lock.lock()?;
        writeln!(lock, "{}", std::process::id())?;
        lock.sync_all()?;
        if !self.link_once(&aside, "taken")? {
            fs::remove_file(ending)?;
            return Ok(None);
        }
        fs::rename(ending, self.file("ending"))?;
        self.sync()?;
        Ok(Some(Claim { _lock: lock, end, folder: self.clone() }))
    }

    /// How the job stands, from its files alone.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn status(&self) -> io::Result<JobStatus> {
        if let Some(end) = self.end()? {
            return Ok(JobStatus::Ended { end });
        }
        match self.holder()? {
            Holder::Nobody => Ok(JobStatus::NotFound),
            Holder::Alive(_) => Ok(JobStatus::Running),
            // It may have ended between the two looks.
            Holder::Gone => Ok(self.end()?.map_or(JobStatus::Lost, |end| JobStatus::Ended { end })),
        }
    }

    fn end(&self) -> io::Result<Option<JobEnd>> {
        match fs::read(self.file("end")) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Who took the job, and whether that process lives.
    ///
    /// # Errors
    /// When `taken` exists and cannot be read.
    pub fn holder(&self) -> io::Result<Holder> {
        let taken = match File::open(self.file("taken")) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Holder::Nobody),
            Err(e) => return Err(e),
        };
        match taken.try_lock_shared() {
            Ok(()) => Ok(Holder::Gone),
            Err(TryLockError::WouldBlock) => {
                let text = io::read_to_string(&taken)?;
                Ok(text.trim().parse().map_or(Holder::Gone, Holder::Alive))
            }
            Err(TryLockError::Error(e)) => Err(e),
        }
    }

    /// A file of this process's own beside the others.
    fn aside(&self, name: &str) -> io::Result<(PathBuf, File)> {
        use std::sync::atomic::{AtomicU64, Ordering};
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let unique = format!(".{name}.{}.{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = self.file(&unique);
        // A leftover of an earlier process with the same number is of no use to anybody.
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        Ok((path, file))
    }

    /// Gives a finished file its name, unless the name is taken.
    fn link_once(&self, aside: &Path, name: &str) -> io::Result<bool> {
        let linked = fs::hard_link(aside, self.file(name));
        fs::remove_file(aside)?;
        match linked {
            Ok(()) => self.sync().map(|()| true),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(e) => Err(e),
        }
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }
}

/// Who took a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    Nobody,
    /// The process with this number.
    Alive(i32),
    Gone,
}

impl Claim {
    /// As [`Claim::finish`], again and again for about a minute. The job counts as running meanwhile; given up, it is lost,
    /// which is what is known of it then.
    ///
    /// # Errors
    /// The last one.
    pub async fn finish_in_time(mut self, end: &JobEnd) -> io::Result<()> {
        let mut done = self.finish(end);
        for _ in 1..limits::JOB_END_TRIES {
            if done.is_ok() {
                break;
            }
            tokio::time::sleep(Span::millis(limits::JOB_END_PAUSE_MS).to_std()).await;
            done = self.finish(end);
        }
        done
    }

    /// Records how the job ended, in the space put aside for it.
    ///
    /// # Errors
    /// When the disk refuses all the same.
    pub fn finish(&mut self, end: &JobEnd) -> io::Result<()> {
        let mut text = serde_json::to_vec(end)?;
        if text.len() > limits::JOB_END_BYTES {
            let summary = end.summary.chars().take(limits::JOB_END_BYTES / 16).collect();
            text = serde_json::to_vec(&JobEnd { outcome: end.outcome, summary })?;
        }
        self.end.rewind()?;
        self.end.write_all(&text)?;
        self.end.sync_all()?;
        fs::rename(self.folder.file("ending"), self.folder.file("end"))?;
        self.folder.sync()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::JobOutcome;

    #[test]
    fn keys_that_are_more_than_a_name_are_refused() {
        let data = Path::new("/data");
        for key in ["D-42.s3.a1", "x", "0", &"k".repeat(limits::JOB_KEY_CHARS)] {
            assert_eq!(JobFolder::new(data, key).unwrap().path(), data.join(key));
        }
        let long = "k".repeat(limits::JOB_KEY_CHARS + 1);
        for key in ["", ".", "..", "../x", "a/b", "/etc", ".hidden", "a b", "a\0b", "é", &long] {
            assert!(JobFolder::new(data, key).is_err(), "{key}");
        }
    }

    #[test]
    fn a_job_is_taken_once_and_lost_without_its_process() {
        let data = tempfile::tempdir().unwrap();
        let folder = JobFolder::new(data.path(), "D-1.s1.a1").unwrap();
        assert_eq!(folder.status().unwrap(), JobStatus::NotFound);
        folder.prepare(&"first").unwrap();
        folder.prepare(&"second").unwrap();
        assert_eq!(folder.spec::<String>().unwrap(), "first");
        assert_eq!(folder.status().unwrap(), JobStatus::NotFound);
        let claim = folder.claim().unwrap().expect("nobody else is there");
        assert!(folder.claim().unwrap().is_none());
        assert_eq!(folder.status().unwrap(), JobStatus::Running);
        drop(claim);
        assert_eq!(folder.status().unwrap(), JobStatus::Lost);
        assert!(folder.claim().unwrap().is_none(), "a lost job is not run again");
    }

    #[test]
    fn an_end_fits_into_the_space_put_aside() {
        let data = tempfile::tempdir().unwrap();
        for (key, summary) in [("short", "exit code 0".to_owned()), ("long", "\u{1}".repeat(20_000))] {
            let folder = JobFolder::new(data.path(), key).unwrap();
            folder.prepare(&()).unwrap();
            let end = JobEnd { outcome: JobOutcome::Failed, summary };
            folder.claim().unwrap().unwrap().finish(&end).unwrap();
            let JobStatus::Ended { end: read } = folder.status().unwrap() else { panic!("it ended") };
            assert!(end.summary.starts_with(&read.summary) && !read.summary.is_empty());
            assert_eq!(fs::metadata(folder.file("end")).unwrap().len(), limits::JOB_END_BYTES as u64);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_that_the_disk_refuses_is_written_again_for_a_while() {
        let data = tempfile::tempdir().unwrap();
        let folder = JobFolder::new(&data.path().join("jobs"), "D-1.s1.a1").unwrap();
        folder.prepare(&()).unwrap();
        let end = JobEnd { outcome: JobOutcome::Succeeded, summary: "exit code 0".to_owned() };
        // Nothing can be renamed over a folder.
        fs::create_dir(folder.file("end")).unwrap();
        let tries = limits::JOB_END_PAUSE_MS * i64::from(limits::JOB_END_TRIES - 1);
        let (written, ()) = tokio::join!(folder.claim().unwrap().unwrap().finish_in_time(&end), async {
            tokio::time::sleep(Span::millis(tries - 1).to_std()).await;
            fs::remove_dir(folder.file("end")).unwrap();
        });
        written.unwrap();
        assert_eq!(folder.status().unwrap(), JobStatus::Ended { end: end.clone() });

        let folder = JobFolder::new(&data.path().join("jobs"), "D-1.s2.a1").unwrap();
        folder.prepare(&()).unwrap();
        fs::create_dir(folder.file("end")).unwrap();
        assert!(folder.claim().unwrap().unwrap().finish_in_time(&end).await.is_err(), "not for ever");
    }

    #[test]
    fn only_their_owner_reads_what_jobs_leave() {
        use std::os::unix::fs::PermissionsExt as _;
        let data = tempfile::tempdir().unwrap();
        let folder = JobFolder::new(&data.path().join("jobs"), "D-1.s1.a1").unwrap();
        folder.prepare(&()).unwrap();
        folder.write("program", b"1 2").unwrap();
        let _claim = folder.claim().unwrap().unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&data.path().join("jobs")), mode(folder.path())), (0o700, 0o700));
        for file in fs::read_dir(folder.path()).unwrap() {
            let path = file.unwrap().path();
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }

    #[test]
    fn of_many_takers_one_wins() {
        let data = tempfile::tempdir().unwrap();
        let folder = JobFolder::new(data.path(), "race").unwrap();
        folder.prepare(&()).unwrap();
        let claims: Vec<_> = std::thread::scope(|s| {
            let takers: Vec<_> = (0..16).map(|_| s.spawn(|| folder.claim().unwrap())).collect();
            takers.into_iter().filter_map(|t| t.join().unwrap()).collect()
        });
        assert_eq!(claims.len(), 1);
    }
}
