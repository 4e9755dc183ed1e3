//! The files that rules read, and what is done with their findings.

use std::path::Path;

#[derive(Clone)]
pub struct File {
    /// From the repository's root, with `/`.
    pub path: String,
    pub text: String,
}

impl File {
    pub fn new(path: &str, text: &str) -> File {
        File { path: path.into(), text: text.into() }
    }

    pub fn at(&self, line: usize, what: impl std::fmt::Display) -> String {
        format!("{}:{}: {what}", self.path, line + 1)
    }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file below `folder` whose name ends in one of `endings`; all of them when there are none.
pub fn files(folder: &str, endings: &[&str]) -> Vec<File> {
    let mut found = Vec::new();
    let mut waiting = vec![root().join(folder)];
    while let Some(place) = waiting.pop() {
        let Ok(entries) = std::fs::read_dir(&place) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.strip_prefix(root()).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                if !["target", ".git", "data", "node_modules"].contains(&name.as_str()) {
                    waiting.push(path);
                }
            } else if (endings.is_empty() || endings.iter().any(|ending| name.ends_with(ending)))
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                found.push(File { path: name, text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

pub fn product() -> Vec<File> {
    let files = files("src", &[".rs"]);
    assert!(files.len() > 10, "only {} files in src/: is this run from elsewhere?", files.len());
    files
}

pub fn rust() -> Vec<File> {
    ["src", "tests", "benches", "examples", "build.rs"].iter().flat_map(|folder| files(folder, &[".rs"])).collect()
}

#[track_caller]
pub fn holds(findings: Vec<String>) {
    assert!(findings.is_empty(), "{} findings:\n{}\n", findings.len(), findings.join("\n"));
}

#[track_caller]
pub fn finds(expected: usize, findings: Vec<String>) {
    assert_eq!(findings.len(), expected, "findings:\n{}", findings.join("\n"));
}
