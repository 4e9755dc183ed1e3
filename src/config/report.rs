//! All problems of a config, rendered for people and for scripts.

use super::context::Context;
use super::place::{Files, Place};
use super::problem::{Code, Problem, Severity};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use serde_json::json;
use std::ops::Range;

/// What a check found, in the order of files and lines.
#[derive(Clone, Debug)]
pub struct Report {
    pub problems: Vec<Problem>,
    pub files: Files,
    /// How many more there were.
    pub left_out: usize,
    /// Put before file names when they are shown, so that they can be opened from where the reader is.
    pub folder: String,
}

impl Report {
    pub(super) fn new(mut cx: Context, folder: &str) -> Self {
        for p in cx.problems.iter().filter(|p| p.code == Code::SecretInPlain) {
            // What is shown ends in terminals, build logs and chat; the value must not.
            if let Some(place) = &p.place {
                cx.files.mask(place);
            }
        }
        cx.problems.sort_by(|a, b| (&a.place, a.severity, a.code).cmp(&(&b.place, b.severity, b.code)));
        Self { problems: cx.problems, files: cx.files, left_out: cx.left_out, folder: folder.to_owned() }
    }

    /// A config with errors is not used; one with warnings is.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors() > 0
    }

    #[must_use]
    pub fn errors(&self) -> usize {
        self.problems.iter().filter(|p| p.severity == Severity::Error).count() + self.left_out
    }

    #[must_use]
    pub fn warnings(&self) -> usize {
        self.problems.iter().filter(|p| p.severity == Severity::Warning).count()
    }

    /// `2 errors, 1 warning`.
    #[must_use]
    pub fn summary(&self) -> String {
        let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        match (self.errors(), self.warnings()) {
            (0, 0) => "no problems".to_owned(),
            (e, 0) => count(e, "error"),
            (0, w) => count(w, "warning"),
            (e, w) => format!("{}, {}", count(e, "error"), count(w, "warning")),
        }
    }

    /// Every problem with its lines and carets, then the summary. `colour` is for terminals.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(120);
        let mut out = String::new();
        for p in &self.problems {
            out.push_str(&renderer.render(&[self.group(p)]));
            out.push_str("\n\n");
        }
        if self.left_out > 0 {
            out.push_str(&format!("and {} more\n", self.left_out));
        }
        out.push_str(&self.summary());
        out.push('\n');
        out
    }

    fn group<'a>(&'a self, p: &'a Problem) -> Group<'a> {
        let level = if p.severity == Severity::Error { Level::ERROR } else { Level::WARNING };
        let mut group = Group::with_title(level.primary_title(p.message.as_str()).id(p.code.to_string()));
        if let Some(place) = &p.place {
            group = self.snippets(group, p, place);
        }
        if let Some(hint) = &p.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        group
    }

    fn snippets<'a>(&'a self, group: Group<'a>, p: &'a Problem, place: &Place) -> Group<'a> {
        let Some(file) = self.files.get(place.file) else { return group };
        if file.text.is_empty() {
            return group.element(Element::from(Origin::path(self.path(&file.name))));
        }
        let mark = |at: &Place, kind: AnnotationKind, label: &'a str| {
            let annotation = kind.span(self.range(at));
            if label.is_empty() { annotation } else { annotation.label(label) }
        };
        let mut snippet = Snippet::source(file.text.as_str()).path(self.path(&file.name)).annotation(mark(
            place,
            AnnotationKind::Primary,
            &p.label,
        ));
        for (at, label) in p.related.iter().filter(|(at, _)| at.file == place.file) {
            snippet = snippet.annotation(mark(at, AnnotationKind::Context, label));
        }
        let mut group = group.element(snippet);
        for (at, label) in p.related.iter().filter(|(at, _)| at.file != place.file) {
            let Some(other) = self.files.get(at.file) else { continue };
            let snippet = Snippet::source(other.text.as_str()).path(self.path(&other.name)).annotation(mark(
                at,
                AnnotationKind::Context,
                label,
            ));
            group = group.element(snippet);
        }
        group
    }

    fn path(&self, name: &str) -> String {
        if self.folder.is_empty() || name.starts_with("SIGNALBOX__") {
            name.to_owned()
        } else {
            format!("{}/{name}", self.folder)
        }
    }

    /// A place's bytes, cut to its first line and to whole characters.
    fn range(&self, place: &Place) -> Range<usize> {
        let text = self.files.get(place.file).map_or("", |f| f.text.as_str());
        let mut start = place.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let mut end = place.end.clamp(start, text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        end = text[start..end].find('\n').map_or(end, |n| start + n);
        if text[start..end].ends_with('\r') {
            end -= 1;
        }
        start..end
    }

    /// One object: `errors`, `warnings`, `problems` with `severity code message file line column hint`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let problem = |p: &Problem| {
            json!({
                "severity": p.severity,
                "code": p.code.to_string(),
                "message": p.message,
                "file": p.place.as_ref().and_then(|at| self.files.get(at.file)).map(|f| self.path(&f.name)),
                "line": p.place.as_ref().map(|at| self.files.line(at)),
                "column": p.place.as_ref().map(|at| self.files.column(at)),
                "hint": p.hint,
            })
        };
        json!({
            "errors": self.errors(),
            "warnings": self.warnings(),
            "left_out": self.left_out,
            "problems": self.problems.iter().map(problem).collect::<Vec<_>>(),
        })
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Report {}
