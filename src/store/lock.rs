//! One process per database file: a lock on a file beside it, which the kernel gives back however the process ends.

use super::{Result, StoreError};
use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Held until it is dropped. The file stays; only the lock on it counts.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "closing it gives the lock back")] File);

impl Lock {
    /// # Errors
    /// `Refused`, with the id of the process that holds it.
    pub fn take(database: &Path) -> Result<Self> {
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        let path = Path::new(&name);
        let refused = |what: String| StoreError::Refused(format!("{}: {what}", path.display()));
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let mut file = open.map_err(|e| refused(format!("cannot open the lock file: {e}")))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut holder = String::new();
                let _ = (&file).take(32).read_to_string(&mut holder);
                let holder =
                    holder.trim().parse::<u32>().map_or("another process".to_owned(), |pid| format!("process {pid}"));
                let what = format!("{} is in use by {holder}; stop it first, or name another file", database.display());
                return Err(StoreError::Refused(what));
            }
            Err(e) => return Err(refused(format!("cannot lock: {e}"))),
        }
        let written =
            (file.set_len(0)).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
        written.map_err(|e| match e.kind() {
            std::io::ErrorKind::StorageFull => StoreError::Full,
            _ => refused(format!("cannot write: {e}")),
        })?;
        Ok(Self(file))
    }
}
