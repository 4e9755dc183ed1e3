//! What came of a rehearsal, and how it is told.

use std::fmt::Write as _;

/// What came of one script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// As given to [`super::run`].
    pub file: String,
    pub scenes: Vec<SceneOutcome>,
    /// Problems of the script itself, then failures scene by scene.
    pub failures: Vec<Failure>,
    /// The whole conversation; empty unless it was asked for.
    pub transcript: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SceneOutcome {
    pub name: String,
    pub line: usize,
    /// How many expectations were looked at.
    pub expectations: usize,
    pub failures: usize,
}

/// An expectation that did not hold, or a line that cannot be read or played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// From 1.
    pub line: usize,
    /// In characters, from 0.
    pub column: usize,
    pub length: usize,
    /// The line as written.
    pub source: String,
    /// Empty for problems of the script itself.
    pub scene: String,
    pub message: String,
    /// What was there instead, or a hint; one line each.
    pub detail: Vec<String>,
}

impl Outcome {
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }

    #[must_use]
    pub fn expectations(&self) -> usize {
        self.scenes.iter().map(|s| s.expectations).sum()
    }
}

/// A report for a terminal: every failure with its line, a caret and what was posted instead, and one line at the end.
#[must_use]
pub fn render_report(outcome: &Outcome) -> String {
    let mut out = String::new();
    for failure in &outcome.failures {
        render_failure(&mut out, &outcome.file, failure);
    }
    for scene in &outcome.scenes {
        let mark = if scene.failures == 0 { "ok" } else { "FAILED" };
        let _ = writeln!(out, "{mark:>6}  {} · {}", scene.name, many(scene.expectations, "expectation"));
    }
    let (scenes, failures) = (outcome.scenes.len(), outcome.failures.len());
    let verdict = if outcome.passed() { "passed".to_owned() } else { many(failures, "failure") };
    let _ = writeln!(
        out,
        "{}: {}, {}: {verdict}",
        outcome.file,
        many(scenes, "scene"),
        many(outcome.expectations(), "expectation")
    );
    out
}

fn render_failure(out: &mut String, file: &str, f: &Failure) {
    let number = f.line.to_string();
    let gutter = " ".repeat(number.len());
    let scene = if f.scene.is_empty() { String::new() } else { format!(" (in `{}`)", f.scene) };
    let _ = writeln!(out, "{file}:{}:{}: {}{scene}", f.line, f.column + 1, f.message);
    let _ = writeln!(out, "{gutter} |\n{number} | {}", f.source.trim_end());
    let _ = writeln!(out, "{gutter} | {}{}", " ".repeat(f.column), "^".repeat(f.length));
    for line in &f.detail {
        let _ = writeln!(out, "{gutter} = {}", line.trim_end());
    }
    out.push('\n');
}

fn many(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
