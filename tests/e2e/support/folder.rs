//! A folder of a test's own. With it go the processes that name it, such as the supervisors of jobs, and what they started.

use super::tree;
use std::path::Path;
use tempfile::TempDir;

pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        for named in tree::naming(self.path().to_str().unwrap()) {
            let below = tree::descendants(named.pid);
            tree::end(&[named]);
            tree::end(&below);
        }
    }
}
