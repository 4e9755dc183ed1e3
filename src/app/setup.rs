//! The config as the subcommands use it: read with the environment's overrides, checked against today, paths made whole.

use crate::clock::{Clock as _, SystemClock};
use crate::config::{Given, Loaded, Report, load_with};
use std::path::Path;

/// Reads and checks the config at `path`, a file or its folder.
///
/// # Errors
/// Every problem at once.
pub(super) fn load(path: &Path) -> Result<Loaded, Report> {
    let env = std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
    let now = Some(SystemClock::new().now().wall);
    let mut loaded = load_with(path, &Given { env, now })?;
    let folder = if path.is_dir() { Some(path) } else { path.parent() };
    loaded.service.root_at(folder.unwrap_or(Path::new("")));
    Ok(loaded)
}

/// As [`load`], with the problems as one error.
///
/// # Errors
/// Every problem at once.
pub(super) fn loaded(path: &Path) -> anyhow::Result<Loaded> {
    load(path).map_err(|report| anyhow::anyhow!("the config has problems\n{}", report.render(false)))
}
