//! A copy of the embedded database, also while the service works with it.
//!
//! The copy is one instant's, complete and on disk, or absent: it is made beside its name, checked whole, then renamed.

use super::audit::{self, Report};
use super::{Result, SqliteStore, Store as _, StoreError};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Copies the database at `from` to `to`, which must not exist, and returns the audit of the copy.
///
/// # Errors
/// `Refused` when there is nothing to copy, `to` exists, or the copy is not sound; `Full` when it does not fit. Nothing is
/// left behind then.
pub async fn backup(from: &Path, to: &Path) -> Result<Report> {
    let refused = |path: &Path, what: &str| Err(StoreError::Refused(format!("{}: {what}", path.display())));
    if to.exists() {
        return refused(to, "it exists already; name a new file for the backup");
    }
    let mut partial = to.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial) {
        Ok(_) => {}
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            return refused(&partial, "another backup is at work; if none is, remove this file");
        }
        Err(e) => return refused(&partial, &format!("cannot write the backup: {e}")),
    }
    let copied = copy(from, &partial, to).await;
    if copied.is_err() {
        let _ = std::fs::remove_file(&partial);
    }
    copied
}

async fn copy(from: &Path, partial: &Path, to: &Path) -> Result<Report> {
    SqliteStore::copy_into(from, partial).await?;
    let copy = SqliteStore::of_copy(partial).await?;
    let report = audit::verify(&copy, None).await;
    copy.close().await?;
    let report = report?;
    if let Some(problem) = report.problems.first() {
        return Err(StoreError::Refused(format!("the journal is not sound, no backup was made: {problem}")));
    }
    keep(partial, to).map_err(|e| match e.kind() {
        io::ErrorKind::StorageFull => StoreError::Full,
        _ => StoreError::Refused(format!("{}: cannot keep the backup: {e}", to.display())),
    })?;
    Ok(report)
}

/// On disk before it has its name, and never over another file.
fn keep(partial: &Path, to: &Path) -> io::Result<()> {
    File::open(partial)?.sync_all()?;
    match renameat_with(CWD, partial, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems cannot promise it; then this has to do.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) if !to.exists() => std::fs::rename(partial, to)?,
        other => other?,
    }
    let folder = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
