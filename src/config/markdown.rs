//! Markdown files that config names, as checklists and as runbooks: which there are, and what is wrong in them.

use super::build::Names;
use super::context::{Context, did_you_mean};
use super::load::Folder;
use super::place::At;
use super::problem::Code;
use super::read::shorten;
use crate::runbook::{Mention, Note, Weight};

/// The file of this name, or every Markdown file directly in the folder of this name, in the order of their names.
pub fn files(folder: &dyn Folder, at: &At<String>, code: Code, cx: &mut Context) -> Vec<String> {
    let path = at.value.trim_end_matches('/');
    let Some(mut inside) = folder.list(path) else { return vec![path.to_owned()] };
    inside.retain(|name| name.ends_with(".md"));
    inside.sort();
    if inside.is_empty() {
        cx.warning(code, &at.place, format!("`{path}` has no Markdown file"));
    }
    inside.iter().map(|name| format!("{path}/{name}")).collect()
}

/// What reading a file found, at its lines.
pub fn report(file: usize, notes: Vec<Note>, code: Code, cx: &mut Context) {
    for note in notes {
        let place = cx.files.whole_line(file, note.line);
        let problem = match note.weight {
            Weight::Error => cx.error(code, &place, note.message),
            Weight::Warning => cx.warning(code, &place, note.message),
        };
        problem.hint = note.hint;
    }
}

/// Whether the names in a file exist.
pub fn mentioned(file: usize, mentions: &[Mention], names: &Names<'_>, cx: &mut Context) {
    for mention in mentions {
        let (name, line, known, code, what) = match mention {
            Mention::Service(name, line) => (name, *line, &names.services, Code::UnknownService, "a service"),
            Mention::Environment(name, line) => {
                (name, *line, &names.environments, Code::UnknownEnvironment, "an environment")
            }
            Mention::Role(name, line) => (name, *line, &names.roles, Code::UnknownRole, "a role"),
        };
        exists(file, (name, line), known, (code, what), cx);
    }
}

/// Whether this name, on that line, is one of the known ones.
pub fn exists(file: usize, (name, line): (&str, u32), known: &[&str], (code, what): (Code, &str), cx: &mut Context) {
    if !known.contains(&name) {
        let place = cx.files.whole_line(file, line);
        cx.error(code, &place, format!("`{}` is not {what}", shorten(name)))
            .hint(did_you_mean(name, known.iter().copied()));
    }
}
