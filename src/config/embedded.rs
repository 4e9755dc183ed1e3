//! The example setup inside the program, so that the demo needs no files. A test holds the list against the folder.

use super::load::Folder;

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../examples/barq/", $path)))),*]
    };
}

/// Path and text of every file that the example's config reads.
pub const FILES: &[(&str, &str)] = files![
    "signalbox.toml",
    "holidays.ics",
    "checklists/acceptance.md",
    "checklists/after-rollback.md",
    "checklists/before-platform.md",
    "checklists/before-production.md",
    "checklists/during.md",
    "checklists/first-hour.md",
    "checklists/first-minutes.md",
    "checklists/maintenance/hand-off-meeting.md",
    "checklists/maintenance/monthly.md",
    "checklists/maintenance/quarterly.md",
    "checklists/maintenance/rollback-drill.md",
    "checklists/maintenance/weekly.md",
    "checklists/next-day.md",
    "checklists/platform-half-hour.md",
    "checklists/platform-next-day.md",
    "checklists/platform-two-hours.md",
    "checklists/release-day.md",
    "checklists/workflows.md",
    "runbooks/backup-restore.md",
    "runbooks/clear-cache.md",
    "runbooks/connections.md",
    "runbooks/deployment-timeout.md",
    "runbooks/emergency-rollback.md",
    "runbooks/failed-deployment.md",
    "runbooks/high-response-time.md",
    "runbooks/memory.md",
    "runbooks/migration-timeout.md",
    "runbooks/rate-limit.md",
    "runbooks/scale.md",
    "runbooks/secret-access.md",
    "templates/public-declared.j2",
];

/// [`FILES`] as a folder.
pub struct Embedded;

impl Folder for Embedded {
    fn read(&self, path: &str) -> Result<String, String> {
        let found = FILES.iter().find(|(name, _)| *name == path);
        found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| "there is no such file".to_owned())
    }

    fn list(&self, path: &str) -> Option<Vec<String>> {
        let prefix = format!("{path}/");
        let names = FILES.iter().filter_map(|(name, _)| name.strip_prefix(&prefix));
        let names: Vec<String> = names.filter(|n| !n.contains('/')).map(str::to_owned).collect();
        (!names.is_empty()).then_some(names)
    }
}
