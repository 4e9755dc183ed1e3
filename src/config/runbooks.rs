//! Runbooks: which files there are, and whether the names in them exist.

use super::build::Names;
use super::context::{Context, did_you_mean};
use super::load::{Folder, read_file};
use super::problem::Code;
use super::raw::Root;
use super::read::shorten;
use crate::domain::runbook::Runbook;
use crate::limits;
use crate::runbook::{self, Mention, Note, Weight};
use std::collections::{BTreeMap, BTreeSet};

/// Reads every runbook that the config names.
pub fn read(folder: &dyn Folder, root: &Root, cx: &mut Context) -> BTreeMap<String, Runbook> {
    let names = Names::of(root);
    let mut out: BTreeMap<String, Runbook> = BTreeMap::new();
    for at in root.runbooks.iter().flatten() {
        let path = at.value.trim_end_matches('/');
        let files = match folder.list(path) {
            None => vec![path.to_owned()],
            Some(mut inside) => {
                inside.retain(|name| name.ends_with(".md"));
                inside.sort();
                if inside.is_empty() {
                    cx.warning(Code::BadRunbook, &at.place, format!("`{path}` has no Markdown file"));
                }
                inside.iter().map(|name| format!("{path}/{name}")).collect()
            }
        };
        for name in files {
            if out.len() >= limits::RUNBOOKS {
                cx.error(Code::BadRunbook, &at.place, format!("more than {} runbooks", limits::RUNBOOKS));
                return out;
            }
            let Some(file) = read_file(folder, &name, limits::CONFIG_BYTES, Some(&at.place), cx) else { continue };
            let book = one(file, root, &names, cx);
            if let Some(before) = out.get(&book.name) {
                let place = cx.files.whole_line(file, 1);
                let message =
                    format!("two runbooks are called `{}`: the other one is {}", book.name, before.source.file);
                cx.error(Code::DuplicateName, &place, message).hint("rename one of the files");
                continue;
            }
            out.insert(book.name.clone(), book);
        }
    }
    out
}

fn one(file: usize, root: &Root, names: &Names<'_>, cx: &mut Context) -> Runbook {
    let (name, text) = cx.files.get(file).map(|f| (f.name.clone(), f.text.clone())).unwrap_or_default();
    let read = runbook::book(&name, &text);
    report(file, read.notes, cx);
    for mention in &read.mentions {
        let (name, line, known, code, what) = match mention {
            Mention::Service(name, line) => (name, *line, &names.services, Code::UnknownService, "a service"),
            Mention::Environment(name, line) => {
                (name, *line, &names.environments, Code::UnknownEnvironment, "an environment")
            }
            Mention::Role(name, line) => (name, *line, &names.roles, Code::UnknownRole, "a role"),
        };
        if !known.contains(&name.as_str()) {
            let place = cx.files.whole_line(file, line);
            cx.error(code, &place, format!("`{}` is not {what}", shorten(name)))
                .hint(did_you_mean(name, known.iter().copied()));
        }
    }
    for command in &read.runbook.commands {
        let held: BTreeSet<&str> =
            root.people.0.iter().flat_map(|(_, p)| p.roles.iter().flatten()).map(|r| r.value.as_str()).collect();
        let holders = command.roles.iter().filter(|r| held.contains(r.as_str())).count();
        if holders == 0 && !command.roles.is_empty() && command.roles.iter().all(|r| names.roles.contains(&r.as_str()))
        {
            let place = cx.files.whole_line(file, command.source.line);
            cx.error(Code::TooFewHolders, &place, format!("nobody may run `{}`", command.name))
                .hint("name `roles` that somebody holds");
        }
    }
    read.runbook
}

fn report(file: usize, notes: Vec<Note>, cx: &mut Context) {
    for note in notes {
        let place = cx.files.whole_line(file, note.line);
        let problem = match note.weight {
            Weight::Error => cx.error(Code::BadRunbook, &place, note.message),
            Weight::Warning => cx.warning(Code::BadRunbook, &place, note.message),
        };
        problem.hint = note.hint;
    }
}
